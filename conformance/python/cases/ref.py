# SPDX-License-Identifier: MIT
"""Owners of objects."""


@must(
    "The last release destroys before it returns",
    "REF-003",
    needs="death_by_count finalizer",
)
def destruction_at_zero_is_immediate():
    """When the last reference is dropped the deallocator runs synchronously, before the
    dropping call returns, with no collector run."""
    log = []
    one = Probe(log, "dead")
    expect_eq(log, [])
    del one
    expect_eq(log, ["dead"])


@must("Each object dies exactly once", "REF-004", needs="finalizer")
def destruction_happens_once():
    """Each object is deallocated once and only once whatever the path (refcount,
    container teardown, collector)."""
    log = []

    def leave():
        one, other, ring = Probe(log, 1), Probe(log, 2), Probe(log, 3)
        ring.own = ring
        ring.items = [one, one, [other]]
        holder = (one, ring)
        return len(holder)

    leave()
    burn()
    collect()
    expect_eq(sorted(log), [1, 2, 3])


@must("An argument lives as long as the call", "REF-016", needs="gc weakref.ref")
def a_call_keeps_its_argument():
    """While a callee runs, its argument objects stay alive even if the caller's only
    other reference is removed during the call."""
    import weakref

    def reads(thing):
        holder.clear()
        collect()
        expect(watch() is not None, "the argument died during the call")
        return thing.name

    holder = [Thing("alive")]
    watch = weakref.ref(holder[0])
    expect_eq(reads(holder[0]), "alive")
    expect(gone(watch), "the argument outlives the call")


@must("An alias adds one and copies nothing", "REF-006", needs="counts sys.getrefcount")
def an_alias_adds_one():
    """Binding another owner to an object adds one; removing that owner subtracts one;
    neither copies the object."""
    one = Thing()
    before = sys.getrefcount(one)
    other = one
    expect_eq(sys.getrefcount(one), before + 1, "the count")
    expect(other is one, "it was copied")
    del other
    expect_eq(sys.getrefcount(one), before, "the count")


@must(
    "n increments and n decrements cancel out",
    "REF-002",
    needs="counts sys.getrefcount",
)
def increments_and_decrements_are_exact():
    """n increments followed by n decrements leave the count at its starting value for
    every n from 0 to 100000, and the object is not destroyed in between."""
    one = Thing()
    before = sys.getrefcount(one)
    for number in (1, 10, 100000):
        held = [one] * number
        expect_eq(sys.getrefcount(one), before + number, "the count")
        del held
        expect_eq(sys.getrefcount(one), before, "the count")


@must(
    "Appending to a list adds one reference", "REF-009", needs="counts sys.getrefcount"
)
def list_append_adds_one():
    """List append and dict/set insertion take their own reference and leave the
    caller's untouched."""
    one, items = Thing(), []
    before = sys.getrefcount(one)
    items.append(one)
    expect_eq(sys.getrefcount(one), before + 1, "the count")


@must(
    "Storing in a dictionary adds one reference",
    "REF-009",
    needs="counts sys.getrefcount",
)
def dict_insertion_adds_one():
    """List append and dict/set insertion take their own reference and leave the
    caller's untouched."""
    key, value = Thing(), Thing()
    before = [sys.getrefcount(key), sys.getrefcount(value)]
    table = {key: value}
    after = [sys.getrefcount(key) - 1, sys.getrefcount(value) - 1]
    expect_eq(after, before, "the counts less one")
    expect_eq(len(table), 1)


@must("Adding to a set adds one reference", "REF-009", needs="counts sys.getrefcount")
def set_insertion_adds_one():
    """List append and dict/set insertion take their own reference and leave the
    caller's untouched."""
    one, items = Thing(), set()
    before = sys.getrefcount(one)
    items.add(one)
    expect_eq(sys.getrefcount(one), before + 1, "the count")


@must(
    "A dying container releases each occurrence of an item",
    "REF-005",
    needs="counts sys.getrefcount",
)
def containers_release_each_occurrence():
    """Destroying a container drops exactly one reference per stored occurrence, so an
    item stored k times loses k."""
    one = Thing()
    before = sys.getrefcount(one)
    items = [one] * 5
    expect_eq(sys.getrefcount(one), before + 5, "the count")
    del items
    expect_eq(sys.getrefcount(one), before, "the count")


class SeesItem:
    """Reads a place of a list when it is finalized."""

    def __init__(self, items, log):
        self.items = items
        self.log = log

    def __del__(self):
        self.log.append(self.items[0])


@must("The old item's finalizer sees the new item", "REF-012", needs="finalizer")
def overwriting_stores_before_release():
    """Replacing a slot stores the new value first and only then drops the old one, so a
    finalizer of the old item sees the new value."""
    log, items = [], [None]

    def put():
        items[0] = SeesItem(items, log)

    put()
    items[0] = "new"
    collect()
    expect_eq(log, ["new"])


class Leaves:
    """Takes itself out of a registry when it is finalized."""

    def __init__(self, registry, log):
        self.registry = registry
        self.log = log
        registry.append(self)

    def __del__(self):
        if self in self.registry:
            self.registry.remove(self)
        self.log.append("left")


@must("A finalizer may remove its own object", "REF-019", needs="finalizer")
def self_removal_is_safe():
    """A finalizer that removes its own object from a registry while it is being
    released does not free it twice."""
    registry, log = [], []

    def make():
        for _ in range(3):
            Leaves(registry, log)

    make()
    expect_eq(len(registry), 3)
    registry.clear()
    burn()
    collect()
    expect_eq(log, ["left"] * 3)
    expect_eq(registry, [])


@must("A returned object has one owner", "REF-017", needs="gc weakref.ref")
def return_transfers_ownership():
    """Returning an owned object neither adds nor drops a reference and the object
    outlives the callee's frame."""
    import weakref

    def makes():
        return Thing("made")

    one = makes()
    watch = weakref.ref(one)
    collect()
    expect_eq(one.name, "made")
    del one
    expect(gone(watch), "what was returned has another owner")
