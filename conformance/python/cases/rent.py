# SPDX-License-Identifier: MIT
"""Code that runs in the middle of an operation."""


def filled(items, source):
    """Assign a source to a slice, where a slice takes more than a list."""
    try:
        [1][0:1] = iter([2])
    except TypeError:
        raise Unsupported("slice assignment from an iterator")
    items[5:10] = source


@must("The source of a list's items may change the list", "RENT-031")
def sources_change_what_is_filled():
    """An operation that fills a container from an iterable does not rely on what it
    saw of the container before: code of the iterable may empty, grow and rewrite the
    container, and may fail."""
    items = list(range(20))

    def empties():
        yield 100
        items.clear()
        yield 101
        items.extend([7] * 50)
        yield 102

    filled(items, empties())
    expect(all([type(one) is int for one in items]), "an item is none of those stored")
    expect(100 in items and 101 in items and 102 in items, "what came is not there")
    more = list(range(20))

    def grows():
        for number in range(100, 110):
            more.append(0)
            yield number

    more.extend(grows())
    expect(
        all([number in more for number in range(100, 110)]), "what came is not there"
    )


@must("The source of a list's items may change the list and then fail", "RENT-031")
def sources_change_what_is_filled_and_fail():
    """An operation that fills a container from an iterable does not rely on what it
    saw of the container before: code of the iterable may empty, grow and rewrite the
    container, and may fail."""
    items = list(range(20))

    def fails():
        yield 100
        items.clear()
        raise KeyError("x")

    expect_raises(KeyError, filled, items, fails())
    expect_raises(KeyError, items.extend, fails())
    expect(all([type(one) is int for one in items]), "an item is none of those stored")


class Acts:
    """Does something when it is finalized."""

    def __init__(self, act):
        self.act = act

    def __del__(self):
        self.act()


@must(
    "Items' finalizers may change their list",
    "RENT-002",
    needs="death_by_count finalizer",
)
def finalizers_change_lists():
    """An operation that releases an item has already finished with the container, or
    uses the container as it is afterwards: code of the item's finalizer or weak
    reference callbacks may read and change it."""
    for change in (list.clear, lambda items: items.extend([1] * 100), list.reverse):
        items = []
        items.extend([Acts(lambda: change(items)), 2, 3])
        items[0] = None
        items.append(4)
        expect(items[-1] == 4, "what was appended is not there")
        items[:] = [Acts(lambda: change(items)), 5]
        items.pop(0)
        expect(
            all([type(one) in (int, type(None)) for one in items]),
            "a dead item is left",
        )


@must(
    "Values' finalizers may change their dict",
    "RENT-002",
    needs="death_by_count finalizer",
)
def finalizers_change_dicts():
    """An operation that releases an item has already finished with the container, or
    uses the container as it is afterwards: code of the item's finalizer or weak
    reference callbacks may read and change it."""

    def grows(table):
        for number in range(100, 200):
            table[number] = 0

    for change in (dict.clear, grows):
        table = {}
        table[1] = Acts(lambda: change(table))
        table[1] = None
        table[2] = Acts(lambda: change(table))
        table.pop(2, None)
        table[3] = 3
        expect_eq(table[3], 3)
        expect_eq(len(list(table)), len(table))


@must(
    "Items' finalizers may change their set",
    "RENT-002",
    needs="death_by_count finalizer",
)
def finalizers_change_sets():
    """An operation that releases an item has already finished with the container, or
    uses the container as it is afterwards: code of the item's finalizer or weak
    reference callbacks may read and change it."""

    def grows(items):
        items.update(range(100, 200))

    for change in (set.clear, grows):
        items = set()
        one = Acts(lambda: change(items))
        items.add(one)
        items.add(1)
        del one
        items.intersection_update([1])
        items.add(3)
        expect(3 in items, "what was added is not there")
        expect_eq(len(list(items)), len(items))


@must(
    "A finalizer of an attribute or slot may set the others",
    "RENT-032",
    needs="death_by_count finalizer",
)
def finalizers_change_their_owner():
    """An operation that sets an attribute or a slot has finished with the instance
    when it releases the old value: the old value's finalizer may set, overwrite and
    clear any attribute or slot of the instance."""
    owner = Thing()

    def changes():
        owner.name = Thing("late")
        owner.more = 1
        owner.__dict__.pop("gone", None)

    owner.gone = 1
    owner.name = Acts(changes)
    owner.name = "new"
    expect(owner.name == "new" or owner.name.name == "late", "neither value is there")
    expect_eq(owner.more, 1)
    expect(not hasattr(owner, "gone"), "what was deleted is there")


@must(
    "Weak callbacks of items may change their list",
    "RENT-002",
    needs="death_by_count weakref.ref",
)
def weak_callbacks_change_lists():
    """An operation that releases an item has already finished with the container, or
    uses the container as it is afterwards: code of the item's finalizer or weak
    reference callbacks may read and change it."""
    import weakref

    watches = []

    def holds(items):
        one = Thing()
        watches.append(weakref.ref(one, lambda dead: items.extend([1] * 100)))
        return one

    items = []
    items.append(holds(items))
    items[0] = 5
    expect_eq(items, [5] + [1] * 100)
    items.insert(0, holds(items))
    items.pop(0)
    expect_eq(items, [5] + [1] * 200)


@must(
    "Weak callbacks of values may change their dict",
    "RENT-002",
    needs="death_by_count weakref.ref",
)
def weak_callbacks_change_dicts():
    """An operation that releases an item has already finished with the container, or
    uses the container as it is afterwards: code of the item's finalizer or weak
    reference callbacks may read and change it."""
    import weakref

    watches = []

    def holds(table):
        one = Thing()
        watches.append(
            weakref.ref(one, lambda dead: table.update({n: 0 for n in range(100, 200)}))
        )
        return one

    table = {}
    table[1] = holds(table)
    table[1] = 5
    expect_eq((table[1], len(table)), (5, 101))
    table[2] = holds(table)
    del table[2]
    expect_eq(len(list(table)), 101)


@must(
    "A failing finalizer does not replace the pending error",
    "RENT-004",
    needs="death_by_count sys.unraisablehook finalizer",
)
def failing_finalizers_keep_the_error():
    """A pending error stays pending, with its message, whatever code the death of an
    object runs: finalizers, weak reference callbacks, finalize helpers, the cleanup of
    suspended generators, entries of weak maps. A failure of such code is reported as
    unraisable and does not replace the pending error."""
    told = []

    def fails():
        held = Acts(lambda: 1 // 0)
        held.name = 1
        raise KeyError("outside")

    before = sys.unraisablehook
    sys.unraisablehook = lambda said: told.append(said.exc_type.__name__)
    try:
        try:
            fails()
        except KeyError as error:
            expect_eq(error.args, ("outside",))
    finally:
        sys.unraisablehook = before
    expect_eq(told, ["ZeroDivisionError"])
