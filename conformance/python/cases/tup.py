# SPDX-License-Identifier: MIT
"""Tuples."""

EMPTY = ()
"""Compared by identity under a name: a literal would be warned of."""


class Own(tuple):
    """A subclass."""


@must("A shared tuple cannot change", "TUP-001")
def a_shared_tuple_cannot_change():
    """After publication a tuple's length and slots cannot change through public
    operations; an attempt fails with an error and no effect."""
    one = (1, [2], 3)

    def stores():
        one[0] = 5

    def deletes():
        del one[0]

    expect_raises(TypeError, stores)
    expect_raises(TypeError, deletes)

    def adds():
        one[1] += [9]

    expect_raises(TypeError, adds)
    expect_eq(one, (1, [2, 9], 3))


@must("No operation that changes lists changes a tuple", "TUP-001")
def what_changes_lists_refuses_tuples():
    """After publication a tuple's length and slots cannot change through public
    operations; an attempt fails with an error and no effect."""
    for name in (
        "append",
        "extend",
        "insert",
        "pop",
        "remove",
        "clear",
        "sort",
        "reverse",
        "__setitem__",
        "__delitem__",
    ):
        expect(not hasattr((1, 2), name), "a tuple has " + name)


@must("There is one empty tuple", "TUP-002")
def the_empty_tuple_is_one_object():
    """All zero-length tuples share one address and creating them allocates nothing."""
    expect(tuple([]) is EMPTY, "tuple([]) is another one")
    expect((1, 2)[5:] is EMPTY, "an empty slice is another one")
    expect(tuple(iter([])) is tuple(""), "conversions differ")


@must("Whole-tuple conversions return the same tuple", "TUP-003")
def whole_conversions_share():
    """Converting an exact tuple to tuple, slicing it whole, adding the empty tuple, and
    repeating it once return the same object."""
    one = (1, Thing())
    for other in (tuple(one), one[:], one + (), one * 1, () + one):
        expect(other is one, "what changes nothing made another tuple")


@must("A subclass instance never stands for an exact tuple", "TUP-004")
def subclass_instances_are_not_shared():
    """Conversion or full slice of a tuple-subclass instance yields a new exact tuple,
    and an empty subclass instance is not the singleton."""
    one = Own([1, 2])
    for other in (tuple(one), one[:]):
        expect(type(other) is tuple, "it is no exact tuple")
        expect_eq(other, (1, 2))
    expect(Own() is not EMPTY, "an empty instance is the singleton")
    expect(type(Own()) is Own, "it is no instance")


@must(
    "Sharing a tuple counts its items once", "TUP-005", needs="counts sys.getrefcount"
)
def sharing_counts_items_once():
    """k owners of one tuple cost k counts on the tuple and only one count per item."""
    item = Thing()
    one = (item,)
    before = sys.getrefcount(item)
    owners = [one] * 10
    expect_eq(sys.getrefcount(item), before, "the count of the item")
    expect_eq(len(owners), 10)


@must("A dead tuple releases all its items", "TUP-012", needs="gc weakref.ref")
def deallocation_releases_items():
    """Dropping the last reference to a tuple destroys items it solely owned and makes
    the block available: tuples are deallocated."""
    import weakref

    def leave():
        item = Thing()
        one = (item, (item,))
        return weakref.ref(one[0])

    expect(gone(leave()), "a dead tuple keeps its item")


@should(
    "A tuple's items die last to first", "TUP-013", needs="death_by_count finalizer"
)
def items_die_last_to_first():
    """A tuple's items are released from the highest index down."""
    log = []
    one = (Probe(log, 0), Probe(log, 1), Probe(log, 2))
    del one
    expect_eq(log, [2, 1, 0])
