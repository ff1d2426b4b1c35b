# SPDX-License-Identifier: MIT
"""Finalizers, and what comes back."""


class Lazarus:
    """Comes back from its finalizer, once."""

    def __init__(self, log, kept, name=None):
        self.log = log
        self.kept = kept
        self.name = name

    def __del__(self):
        self.log.append(self.name)
        self.kept.append(self)


@must("A resurrected object is not finalized again", "FIN-002", needs="finalizer")
def finalizer_runs_once():
    """A collector-supported object's finalizer is called at most once in its life, even
    if it is resurrected and dies again."""
    log, kept = [], []

    def leave():
        Lazarus(log, kept, "one")

    leave()
    collect()
    expect_eq(log, ["one"])
    kept.pop()
    collect()
    expect_eq(log, ["one"])


@must("A resurrected cycle is not finalized again", "FIN-002", needs="finalizer")
def finalizer_runs_once_in_a_cycle():
    """A collector-supported object's finalizer is called at most once in its life, even
    if it is resurrected and dies again."""
    log, kept = [], []

    def leave():
        one = Lazarus(log, kept, "one")
        one.own = one

    leave()
    burn()
    collect()
    expect_eq(log, ["one"])
    expect(kept[0].own is kept[0], "the cycle is broken")
    kept.pop()
    collect()
    expect_eq(log, ["one"])


@must(
    "An object finalized by a collection is not finalized again",
    "FIN-002",
    needs="finalizer",
)
def one_finalizer_for_both_ways_to_die():
    """A collector-supported object's finalizer is called at most once in its life, even
    if it is resurrected and dies again."""
    log, kept = [], []

    def leave():
        one = Lazarus(log, kept, "one")
        one.own = one

    leave()
    burn()
    collect()
    kept[0].own = None
    kept.pop()
    collect()
    expect_eq(log, ["one"])


class Sees:
    """Writes what its finalizer can read."""

    def __init__(self, log):
        self.log = log

    def __del__(self):
        self.log.append((self.first, self.second[0], getattr(self, "own", 0) is self))


@must(
    "A finalizer sees all slots and attributes of its object",
    "FIN-001",
    needs="finalizer",
)
def finalizer_sees_every_field():
    """The finalizer receives a live object with all fields intact and count at least
    1."""
    log = []

    def leave():
        one = Sees(log)
        one.first, one.second = 1, [2]

    leave()
    collect()
    expect_eq(log, [(1, 2, False)])


@must(
    "In a collected cycle a finalizer sees all slots and attributes",
    "FIN-001",
    needs="finalizer",
)
def finalizer_in_a_cycle_sees_every_field():
    """The finalizer receives a live object with all fields intact and count at least
    1."""
    log = []

    def leave():
        one = Sees(log)
        one.first, one.second, one.own = 1, [2], one

    leave()
    burn()
    collect()
    expect_eq(log, [(1, 2, True)])


class Member:
    """A member of a ring, which walks around it when it is finalized."""

    def __init__(self, log, name):
        self.log = log
        self.name = name

    def __del__(self):
        around, at = [], self.next
        while at is not None and at is not self and len(around) < 10:
            around.append(at.name)
            at = at.next
        self.log.append((self.name, around))


def ring_of(log, size):
    """Make a ring and leave it."""
    members = [Member(log, number) for number in range(size)]
    for number in range(size):
        members[number].next = members[(number + 1) % size]


@must(
    "Every finalizer of a cycle can read every member",
    "FIN-006",
    needs="finalizer",
)
def finalizers_see_the_whole_cycle():
    """Each finalizer in a garbage cycle sees every other member intact."""
    log = []
    ring_of(log, 3)
    burn()
    collect()
    expect_eq(sorted(log), [(0, [1, 2]), (1, [2, 0]), (2, [0, 1])])


class Cuts:
    """Cuts its ring when it is finalized."""

    def __init__(self, log, name):
        self.log = log
        self.name = name
        self.next = None

    def __del__(self):
        self.log.append(self.name)
        self.next = None


@must("A finalizer may break its cycle", "FIN-007", needs="finalizer")
def finalizer_may_break_the_cycle():
    """A finalizer that clears a link, freeing a member early, causes no double free."""
    log = []

    def leave():
        one, other = Cuts(log, 1), Cuts(log, 2)
        one.next, other.next = other, one

    leave()
    burn()
    collect()
    expect_eq(sorted(log), [1, 2])


class Busy:
    """Allocates and collects when it is finalized."""

    def __init__(self, log):
        self.log = log
        self.own = self

    def __del__(self):
        made = [[number] for number in range(5000)]
        gc.collect()
        self.log.append(len(made))


@must("A finalizer may allocate and collect", "FIN-010", needs="finalizer")
def finalizers_may_allocate_and_collect():
    """A finalizer that allocates containers past the threshold, or calls collect,
    leaves the heap consistent."""
    log = []

    def leave():
        for _ in range(5):
            Busy(log)

    leave()
    burn()
    collect()
    expect_eq(log, [5000] * 5)


@must(
    "A finalizer run by reference counting may allocate and collect",
    "FIN-010",
    needs="death_by_count finalizer",
)
def dying_objects_may_allocate_and_collect():
    """A finalizer that allocates containers past the threshold, or calls collect,
    leaves the heap consistent."""
    log = []
    one = Busy(log)
    one.own = None
    del one
    expect_eq(log, [5000])


class Breeds:
    """Leaves a cycle behind when it is finalized."""

    def __init__(self, log):
        self.log = log
        self.own = self

    def __del__(self):
        other = Cuts(self.log, "bred")
        other.next = other
        self.log.append("first")


@must("A cycle made by a finalizer is collected later", "FIN-011", needs="finalizer")
def garbage_made_by_finalizers_is_not_lost():
    """New cycles created by finalizers during a collection are collected by a later
    one."""
    log = []

    def leave():
        Breeds(log)

    leave()
    burn()
    collect()
    collect()
    expect_eq(sorted(log), ["bred", "first"])


@must("A resurrected object keeps count and contents", "FIN-003", needs="finalizer")
def acyclic_resurrection_aborts_deallocation():
    """If the finalizer stores a new reference, the object stays alive with correct
    count and contents and is later deallocated normally."""
    log, kept = [], []

    def leave():
        one = Lazarus(log, kept, "one")
        one.items = [1, 2]

    leave()
    collect()
    expect_eq(len(kept), 1)
    expect_eq(kept[0].items, [1, 2])
    expect_eq(kept[0].name, "one")


@must(
    "What a resurrected cycle member reaches stays intact", "FIN-004", needs="finalizer"
)
def cyclic_resurrection_keeps_what_it_reaches():
    """Objects reachable from a resurrected member of a cycle stay intact; the
    collection does not clear any of them."""
    log, kept = [], []

    def leave():
        one, other = Lazarus(log, kept, "one"), Thing("other")
        one.next, other.next, other.items = other, one, [1, 2]

    leave()
    burn()
    collect()
    expect_eq(len(kept), 1)
    expect_eq(kept[0].next.items, [1, 2])
    expect(kept[0].next.next is kept[0], "the cycle is broken")


@must(
    "Unrelated garbage is freed in spite of a resurrection",
    "FIN-005",
    needs="finalizer weakref.ref",
)
def resurrection_saves_no_unrelated_garbage():
    """Other unreachable objects found in the same collection are still freed."""
    import weakref

    log, kept = [], []

    def leave():
        one, other = Lazarus(log, kept, "one"), Thing("other")
        one.own, other.own = one, other
        return weakref.ref(other)

    expect(gone(leave()), "unrelated garbage was kept")
    expect_eq(len(kept), 1)


@must(
    "A 100000-long chain with finalizers dies on a small stack",
    "FIN-014",
    needs="death_by_count finalizer",
)
def deep_chains_with_finalizers_are_safe():
    """Dropping a 1e5-long chain whose members all have finalizers does not overflow the
    profile's small stack and calls each finalizer once."""
    log = []

    class Link:
        def __init__(self, following):
            self.next = following

        def __del__(self):
            log.append(1)

    chain = None
    for _ in range(100000):
        chain = Link(chain)
    del chain
    expect_eq(len(log), 100000)
