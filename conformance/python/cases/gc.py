# SPDX-License-Identifier: MIT
"""What the collector finds, and what it leaves."""


@must("A self-cycle is freed by the collector alone", "GC-001", needs="gc weakref.ref")
def self_cycle_is_reclaimed():
    """An object whose only reference is its own is not freed by counting but is freed
    by the next collection of its generation, and the collection reports it."""
    import weakref

    def leave():
        one = Thing()
        one.own = one
        return weakref.ref(one)

    expect(gone(leave()), "a self-cycle was not collected")


@must("A ring of any size is freed by one collection", "GC-002", needs="gc weakref.ref")
def rings_are_reclaimed_whole():
    """An unreachable ring of n tracked objects is freed completely in one full
    collection, for n from 2 to 100000."""
    import weakref

    def leave(size):
        members = [Thing(number) for number in range(size)]
        for number in range(size):
            members[number].next = members[(number + 1) % size]
        return [weakref.ref(members[0]), weakref.ref(members[-1])]

    for size in (2, 3, 10, 1000, 100000):
        expect(all([gone(one) for one in leave(size)]), "a ring of %d is left" % size)


@must("A collected ring leaves no member behind", "GC-002", needs="gc weakref.ref")
def rings_leave_no_remnant():
    """An unreachable ring of n tracked objects is freed completely in one full
    collection, for n from 2 to 100000."""
    import weakref

    def leave():
        members = [Thing(number) for number in range(500)]
        for number in range(500):
            members[number].next = members[number - 1]
        return [weakref.ref(one) for one in members]

    left = [one for one in leave() if not gone(one)]
    expect_eq(left, [])


@must(
    "Objects that hang off a garbage cycle are freed", "GC-003", needs="gc weakref.ref"
)
def what_hangs_off_garbage_goes():
    """Objects reachable only from an unreachable cycle are freed too, tracked or
    not."""
    import weakref

    def leave():
        one, tail = Thing(), Thing()
        one.own, one.tail = one, [tail]
        return weakref.ref(tail)

    expect(gone(leave()), "what hangs off garbage is left")


@must(
    "One reference from outside keeps a whole cycle alive",
    "GC-004",
    needs="gc weakref.ref",
)
def cycle_held_from_outside_survives():
    """A cycle with one reference from outside the candidate set (other object, native
    holder, frame) is not touched."""
    import weakref

    one, other = Thing("one"), Thing("other")
    one.next, other.next = other, one
    watch = weakref.ref(one)
    del one
    collect()
    expect(watch() is not None, "a cycle that is held was collected")
    expect_eq(other.next.name, "one")


@must(
    "A local of a suspended generator keeps a cycle alive",
    "GC-004",
    needs="gc weakref.ref",
)
def cycle_held_by_a_generator_survives():
    """A cycle with one reference from outside the candidate set (other object, native
    holder, frame) is not touched."""
    import weakref

    def holds(watches):
        one = Thing("one")
        one.own = one
        watches.append(weakref.ref(one))
        yield 1
        yield one.name

    watches = []
    waiting = holds(watches)
    next(waiting)
    collect()
    expect(watches[0]() is not None, "what a generator holds was collected")
    expect_eq(next(waiting), "one")


@must("A local of a frame keeps a cycle alive", "GC-004", needs="gc weakref.ref")
def cycle_held_by_a_local_survives():
    """A cycle with one reference from outside the candidate set (other object, native
    holder, frame) is not touched."""
    import weakref

    one = Thing("one")
    one.own = one
    watch = weakref.ref(one)
    collect()
    expect(watch() is one, "what a local holds was collected")


@must(
    "A collection started in a finalizer returns 0",
    "GC-016",
    needs="collect_counts finalizer",
)
def collect_is_not_reentrant():
    """A collection started from a finalizer or callback during a collection returns at
    once with 0."""
    found = []

    class Collects:
        def __del__(self):
            found.append(gc.collect())

    def leave():
        one = Collects()
        one.own = one

    leave()
    gc.collect()
    expect_eq(found, [0])


@must(
    "Collect returns the number of unreachable objects",
    "GC-017",
    needs="collect_counts",
)
def collect_counts_what_is_unreachable():
    """Collect returns the number of unreachable objects found (collected plus
    uncollectable), not counting resurrected ones."""
    gc.collect()
    gc.disable()
    try:
        ring = []
        for _ in range(9):
            ring = [ring]
        last = ring
        while last:
            inner = last[0]
            if not inner:
                inner.append(ring)
                break
            last = inner
        del ring, last, inner
        expect_eq(gc.collect(), 10, "the number of objects")
    finally:
        gc.enable()


@must(
    "A list that contains itself counts as one object",
    "GC-001",
    "GC-017",
    needs="collect_counts",
)
def self_list_is_counted_once():
    """An object whose only reference is its own is not freed by counting but is freed
    by the next collection of its generation, and the collection reports it. Collect
    returns the number of unreachable objects found (collected plus uncollectable), not
    counting resurrected ones."""
    gc.collect()
    own = []
    own.append(own)
    del own
    expect_eq(gc.collect(), 1, "the number of objects")


@must("A million-long ring is collected on a small stack", "GC-015")
def collecting_does_not_recurse():
    """Collecting a 1e6-long chain closed into a cycle does not overflow the profile's
    small stack."""

    def leave():
        first = chain = []
        for _ in range(1000000):
            chain = [chain]
        first.append(chain)

    leave()
    collect()


@must("A collection moves no object and changes no contents", "GC-013")
def survivors_keep_identity_and_contents():
    """A collection moves no object and changes no container content."""
    kept = [[number, str(number), (number,)] for number in range(1000)]
    before = [id(one) for one in kept]
    collect()
    expect_eq([id(one) for one in kept], before, "the ids")
    expect_eq(kept, [[n, str(n), (n,)] for n in range(1000)])


@should(
    "An exception kept in its own frame is freed by the collector",
    "GC-022",
    needs="death_by_count gc weakref.ref",
)
def kept_exception_is_a_cycle():
    """An exception kept in a local of the frame its traceback names forms a cycle that
    only the collector frees."""
    import weakref

    def leave():
        local = Thing()
        watch = weakref.ref(local)
        try:
            raise ValueError("kept")
        except ValueError as error:
            kept = error  # noqa: F841 - a local of the frame that it names
        return watch

    gc.disable()
    try:
        watch = leave()
        expect(watch() is not None, "the exception was no cycle")
        expect(gone(watch), "the exception's cycle was not collected")
    finally:
        gc.enable()


@should(
    "An exception that nobody keeps is freed with its clause",
    "GC-022",
    needs="death_by_count weakref.ref",
)
def named_exception_is_no_cycle():
    """An exception kept in a local of the frame its traceback names forms a cycle that
    only the collector frees."""
    import weakref

    def leave():
        local = Thing()
        watch = weakref.ref(local)
        try:
            raise ValueError("not kept")
        except ValueError as error:
            error.args = ()
        return watch

    expect(leave()() is None, "the local outlives its frame")


@must("Referents are exactly the owned references", "GC-006", needs="gc.get_referents")
def traversal_visits_each_reference_once():
    """For every container type the visitor is called exactly once per owned reference
    to a trackable object."""
    one = Thing()
    found = [item for item in gc.get_referents([one, one, 1]) if item is one]
    expect_eq(len(found), 2, "the number of references")


@must(
    "Every object that refers to another is among its referrers",
    "GC-006",
    needs="gc.get_referrers",
)
def referrers_mirror_referents():
    """For every container type the visitor is called exactly once per owned reference
    to a trackable object."""
    one = Thing()
    holder = [one]
    found = [item for item in gc.get_referrers(one) if item is holder]
    expect_eq(len(found), 1, "the number of referrers")


@must(
    "Frozen garbage stays until unfreeze",
    "GC-018",
    needs="gc.freeze gc.unfreeze weakref.ref",
)
def frozen_objects_are_ignored():
    """After freeze, tracked objects move to a permanent set whose reported count is the
    number moved; they are not collected even when they become garbage, and after
    unfreeze (count 0) they are collectable again from the oldest generation."""
    import weakref

    one = Thing()
    one.own = one
    watch = weakref.ref(one)
    gc.freeze()
    del one
    collect()
    expect(watch() is not None, "a frozen object was collected")
    gc.unfreeze()
    expect(gone(watch), "an object that is frozen no more was not collected")


@should(
    "Save-all puts garbage into the list", "GC-019", needs="gc.set_debug gc.garbage"
)
def save_all_keeps_garbage():
    """With the save-all debug flag unreachable objects are appended to the garbage list
    instead of being freed, and finalizers are still subject to once-only."""
    collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        own = ["saved"]
        own.append(own)
        del own
        gc.collect()
        saved = [one for one in gc.garbage if type(one) is list and one[0] == "saved"]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    expect_eq(len(saved), 1, "the number of saved lists")


@must(
    "Finalizers make no garbage uncollectable", "GC-020", needs="finalizer gc.garbage"
)
def garbage_list_stays_empty():
    """Cycles with ordinary finalizers do not land in the garbage list (since 3.4)."""
    log = []

    def leave():
        one = Probe(log, "one")
        one.own = one

    leave()
    burn()
    collect()
    expect_eq(log, ["one"])
    expect_eq(list(gc.garbage), [])


@must(
    "What a suspended loop iterates over is traversed", "GC-023", needs="gc weakref.ref"
)
def loops_that_wait_are_visited():
    """Values referenced from a suspended generator's frame are visited, so a generator
    in a cycle is collected and its cleanup runs."""
    import weakref

    def leave():
        one = Thing()

        def walks():
            for item in [one, 1]:
                yield item

        one.walk = walks()
        next(one.walk)
        return weakref.ref(one)

    expect(gone(leave()), "a cycle through a suspended loop was not collected")


@must(
    "A collection started in a weak reference callback returns 0",
    "GC-016",
    needs="gc weakref.ref",
)
def weak_callbacks_do_not_collect():
    """A collection started from a finalizer or callback during a collection returns at
    once with 0."""
    import weakref

    need("collect_counts")
    found = []

    def leave():
        one = Thing()
        one.own = one
        return weakref.ref(one, lambda dead: found.append(gc.collect()))

    watch = leave()
    gc.collect()
    expect(watch() is None, "the cycle was not collected")
    expect_eq(found, [0])
