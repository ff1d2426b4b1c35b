# SPDX-License-Identifier: MIT
"""Lists."""


@must("A growing list does not move", "LST-001")
def growing_keeps_identity():
    """Growing a list never moves the list object: its id is stable through any number
    of appends."""
    items = []
    before = id(items)
    for number in range(100000):
        items.append(number)
    expect_eq(id(items), before, "the id")
    expect_eq(sum(items), 4999950000)


@must("Concatenation copies no item", "LST-007")
def concat_shares_items():
    """a+b is a new list; items are not copied, each gains one reference per occurrence;
    a and b unchanged."""
    one, other = [Thing()], [Thing()]
    both = one + other
    expect(both is not one and both is not other, "it is one of them")
    expect(both[0] is one[0] and both[1] is other[0], "an item was copied")
    expect_eq((len(one), len(other)), (1, 1))


@must("In-place extension shows in every alias", "LST-008")
def extend_keeps_identity():
    """a += b keeps a's id and is visible through aliases of a; a = a + b does not."""
    items = [1]
    alias, before = items, id(items)
    items += [2, 3]
    expect_eq(id(items), before, "the id")
    expect_eq(alias, [1, 2, 3])
    items = items + [4]
    expect_eq(alias, [1, 2, 3])


@must("Every in-place form shows in every alias", "LST-008")
def in_place_forms_keep_identity():
    """a += b keeps a's id and is visible through aliases of a; a = a + b does not."""
    items = [1]
    alias = items
    items += (2,)
    items *= 2
    items.extend(iter([3]))
    items[1:1] = [9]
    expect(alias is items, "an in-place form made another list")
    expect_eq(alias, [1, 9, 2, 1, 2, 3])


@must("An exhausted list iterator stays exhausted", "LST-020")
def ended_iterators_stay_ended():
    """An exhausted iterator stays exhausted, whatever happens to the object it
    iterated over, and no longer owns that object."""
    items = [1, 2]
    one = iter(items)
    expect_eq(list(one), [1, 2])
    items.append(3)
    expect_eq(list(one), [])


@must("Exhausted iterators over dicts and sets stay exhausted", "LST-020")
def ended_iterators_over_tables_stay_ended():
    """An exhausted iterator stays exhausted, whatever happens to the object it
    iterated over, and no longer owns that object."""
    table, items = {1: 1}, {1}
    for source, grow in (
        (table, lambda: table.update({2: 2})),
        (items, lambda: items.add(2)),
    ):
        one = iter(source)
        expect_eq(list(one), [1])
        grow()
        expect_eq(list(one), [])


@must("An exhausted iterator releases its container", "LST-020", needs="gc weakref.ref")
def ended_iterators_own_nothing():
    """An exhausted iterator stays exhausted, whatever happens to the object it
    iterated over, and no longer owns that object."""
    import weakref

    def make():
        thing = Thing()
        items = [thing]
        one = iter(items)
        expect_eq(len(list(one)), 1)
        return one, weakref.ref(thing)

    one, watch = make()
    expect(gone(watch), "an ended iterator keeps its list")
    expect_eq(list(one), [])


@must("Removing takes out one occurrence", "LST-012")
def removal_releases_one():
    """Removing a value releases one occurrence, shifts later items by one, and keeps
    order."""
    one = Thing()
    items = [one, 2, one, 3]
    items.remove(one)
    expect(items[1] is one, "the wrong one was removed")
    expect_eq([items[0], items[2], len(items)], [2, 3, 3])


def spliced(items, start, stop, fresh):
    """Return what a slice assignment has to give."""
    return (
        [items[at] for at in range(start)]
        + list(fresh)
        + [items[at] for at in range(max(start, stop), len(items))]
    )


@must("Every slice can be replaced by every other", "LST-031")
def slices_are_as_the_model():
    """After an assignment to a slice the list holds the items before the slice, the
    new items and the items after it, in order, for every length, position and source,
    including the list itself."""
    for length in range(6):
        for start in range(length + 1):
            for stop in range(length + 1):
                for more in range(6):
                    items = list(range(length))
                    fresh = list(range(100, 100 + more))
                    wanted = spliced(items, start, stop, fresh)
                    items[start:stop] = fresh
                    expect_eq(items, wanted)


@must("Replacing slices of a long list moves its tail correctly", "LST-031")
def long_slices_are_as_the_model():
    """After an assignment to a slice the list holds the items before the slice, the
    new items and the items after it, in order, for every length, position and source,
    including the list itself."""
    for length, start, stop, more in (
        (3000, 5, 9, 700),
        (3000, 5, 2900, 3),
        (3000, 0, 0, 5000),
        (3000, 2999, 3000, 0),
    ):
        items = list(range(length))
        wanted = spliced(items, start, stop, range(more))
        items[start:stop] = list(range(more))
        expect_eq(items, wanted)
    own = [1, 2, 3]
    own[1:2] = own
    expect_eq(own, [1, 1, 2, 3, 3])


class Key:
    """Compares by a number, and does something first."""

    def __init__(self, number, act=None):
        self.number = number
        self.act = act

    def __lt__(self, other):
        if self.act is not None:
            self.act()
        return self.number < other.number


@must("A sort whose key fails leaves the list as it was", "LST-018")
def a_sort_that_fails_keeps_its_items():
    """Mutating a list while it is being sorted raises an error and leaves a valid list
    with all references accounted for."""
    things = [Thing(number) for number in (3, 1, 2)]
    items = list(things)

    def fails(thing):
        if thing.name == 2:
            raise KeyError("x")
        return thing.name

    expect_raises(KeyError, lambda: items.sort(key=fails))
    expect_eq(sorted([one.name for one in items]), [1, 2, 3])
    expect(all([one in things for one in items]), "an item is another")


@must("Sorting fails when the list is changed meanwhile", "LST-018")
def sorting_detects_mutation():
    """Mutating a list while it is being sorted raises an error and leaves a valid list
    with all references accounted for."""
    items = []

    def grow():
        items.append(Key(0))

    items.extend([Key(number, grow) for number in (3, 1, 2)])
    expect_raises(ValueError, items.sort)
    expect(len(items) >= 3, "items are lost")


@must("Sorting refuses an item of another kind at any place", "LST-021")
def sorting_refuses_an_odd_item():
    """Sorting a list whose items cannot be ordered fails with a type error and leaves
    all items in the list."""
    for at in range(4):
        for odd in ("text", None, [1]):
            items = [4, 3, 2, 1]
            items[at] = odd
            kept = list(items)
            expect_raises(TypeError, items.sort)
            expect_eq(len(items), 4)
            expect(all([one in items for one in kept]), "an item is lost")


@must("Sorting tuples refuses one that holds an item of another kind", "LST-021")
def sorting_refuses_an_odd_item_in_tuples():
    """Sorting a list whose items cannot be ordered fails with a type error and leaves
    all items in the list."""
    for at in range(4):
        items = [(4,), (3,), (2,), (1,)]
        items[at] = ("text",)
        kept = list(items)
        expect_raises(TypeError, items.sort)
        expect(all([one in items for one in kept]), "an item is lost")


class Appends:
    """Appends to a list when it is finalized."""

    def __init__(self, items):
        self.items = items

    def __del__(self):
        self.items.append("late")


@must(
    "Finalizers may append to a list that is being cleared",
    "LST-016",
    needs="death_by_count finalizer",
)
def clearing_is_reentrant():
    """Finalizers of released items may append to the same list during clear or slice
    assignment without corrupting it; items added survive."""
    items = []
    items.extend([Appends(items) for _ in range(5)])
    items.clear()
    expect_eq(items, ["late"] * 5)


@must(
    "Finalizers may append while a slice is replaced",
    "LST-016",
    needs="death_by_count finalizer",
)
def slice_assignment_is_reentrant():
    """Finalizers of released items may append to the same list during clear or slice
    assignment without corrupting it; items added survive."""
    items = []
    items.extend([1] + [Appends(items) for _ in range(5)] + [2])
    items[1:6] = [7]
    expect_eq(items[:3], [1, 7, 2])
    expect_eq(items[3:], ["late"] * 5)


@must("A list's items die last to first", "LST-017", needs="death_by_count finalizer")
def items_die_last_to_first():
    """A list's items are released from the end when the list dies or is cleared."""
    log = []
    items = [Probe(log, number) for number in range(3)]
    del items
    expect_eq(log, [2, 1, 0])


@must("An emptied list keeps no array", "LST-011", needs="death_by_count weakref.ref")
def emptying_releases_storage():
    """Emptying a list (clear, del [:], [:]=[]) frees the item array: sizeof returns to
    56 and all items are released."""
    import weakref

    def clears(items):
        items.clear()

    def deletes(items):
        del items[:]

    def assigns(items):
        items[:] = []

    for empty in (clears, deletes, assigns):
        items = [Thing() for _ in range(100)]
        watches = [weakref.ref(one) for one in items]
        empty(items)
        expect(all([watch() is None for watch in watches]), "an item is left")
        if hasattr(sys, "getsizeof"):
            expect_eq(sys.getsizeof(items), sys.getsizeof([]), "the size")
