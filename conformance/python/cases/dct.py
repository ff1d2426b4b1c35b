# SPDX-License-Identifier: MIT
"""Dicts and sets."""


@should("A dict in a cycle is collected", "DCT-012", needs="gc weakref.ref")
def cycles_through_dicts_are_found():
    """Up to 3.13 an empty or atom-only dict is untracked, becomes tracked when a
    trackable value is inserted, and is untracked again only by a full collection; from
    3.14 dicts are always tracked."""
    import weakref

    def leave():
        thing, table = Thing(), {}
        table["self"], table["thing"] = table, thing
        return weakref.ref(thing)

    expect(gone(leave()), "a dict in a cycle was not collected")


@must(
    "A dict that got its container by copying is seen",
    "DCT-013",
    needs="gc weakref.ref",
)
def copied_values_are_seen():
    """A dict that refers to a container is seen by the collector, however the
    container got into it: inserted, stored in place of an atom, or copied."""
    import weakref

    def leave():
        thing, table = Thing(), {}
        table["thing"] = thing
        thing.table = table.copy()
        return weakref.ref(thing)

    expect(gone(leave()), "a cycle through a copied dict was not collected")


@must(
    "A container stored in place of an atom is seen", "DCT-013", needs="gc weakref.ref"
)
def replaced_values_are_seen():
    """A dict that refers to a container is seen by the collector, however the
    container got into it: inserted, stored in place of an atom, or copied."""
    import weakref

    def leave():
        thing, table = Thing(), {"thing": 1}
        collect()
        table["thing"] = thing
        thing.table = table
        return weakref.ref(thing)

    expect(gone(leave()), "a cycle through a replaced value was not collected")


@must(
    "Deleting an entry releases key and value at once",
    "DCT-005",
    needs="death_by_count finalizer",
)
def deletion_releases_key_and_value():
    """Removing an entry releases exactly one reference to key and value,
    immediately."""
    log = []
    table = {Probe(log, "key"): Probe(log, "value")}
    expect_eq(log, [])
    table.popitem()
    expect_eq(sorted(log), ["key", "value"])


@must(
    "Deleting an entry releases no other entry",
    "DCT-005",
    needs="death_by_count finalizer",
)
def deletion_releases_no_other():
    """Removing an entry releases exactly one reference to key and value,
    immediately."""
    log = []
    table = {}
    for number in range(50):
        table[number] = Probe(log, number)
    del table[17]
    expect_eq(log, [17])
    expect_eq(len(table), 49)


@must("A copy of a frozenset is itself", "DCT-011")
def frozensets_are_shared():
    """frozenset(fs) and fs.copy() of an exact frozenset return the same object; set
    copies never do."""
    one = frozenset([1, 2])
    expect(frozenset(one) is one, "frozenset() copied a frozenset")
    expect(one.copy() is one, "copy() copied a frozenset")
    other = {1, 2}
    expect(other.copy() is not other, "the copy of a set is the set")


@must("A frozenset refuses to change", "DCT-031")
def frozensets_refuse_changes():
    """A frozenset never changes: adding and discarding fail, and its items, hash and
    printed form stay as they were."""
    one = frozenset([1, 2])
    before = hash(one)
    for name in ("add", "discard", "remove", "clear", "pop", "update"):
        expect(not hasattr(one, name), "a frozenset has " + name)
    expect_eq(one, frozenset([2, 1]))
    expect_eq(hash(one), before)


@must("An insertion ends an iteration", "DCT-007")
def iteration_notices_insertions():
    """Inserting while iterating raises an error rather than reading freed memory."""
    table = {1: 1, 2: 2}

    def walk():
        for key in table:
            table[key + 100] = 0

    expect_raises(RuntimeError, walk)


@must("A removal ends an iteration", "DCT-007")
def iteration_notices_removals():
    """Inserting while iterating raises an error rather than reading freed memory."""
    table = {1: 1, 2: 2, 3: 3}

    def walk():
        for key in table:
            del table[key]

    expect_raises(RuntimeError, walk)


@must("An insertion ends the iteration of a set", "DCT-007")
def iteration_of_sets_notices_insertions():
    """Inserting while iterating raises an error rather than reading freed memory."""
    items = {1, 2}

    def walk():
        for item in items:
            items.add(item + 100)

    expect_raises(RuntimeError, walk)


@must("Keys keep the order of insertion", "DCT-006", needs="ordered_dict")
def keys_keep_the_order_of_insertion():
    """Assigning to an existing equal key keeps the first key object and releases only
    the old value."""
    table = {}
    for key in (5, 3, 9, 1):
        table[key] = 0
    table[3] = 1
    del table[5]
    table[5] = 0
    expect_eq(list(table), [3, 9, 1, 5])


@must("Overwriting keeps the old key", "DCT-006")
def overwriting_keeps_the_key():
    """Assigning to an existing equal key keeps the first key object and releases only
    the old value."""
    first, second = (1, 2), tuple([1, 2])
    expect(first is not second, "the keys are one object")
    table = {first: "a"}
    table[second] = "b"
    expect_eq(table, {first: "b"})
    expect(list(table)[0] is first, "the key was replaced")


@must("A rebuilt table finds all remaining entries", "DCT-032")
def rebuilt_tables_find_all():
    """After a table is rebuilt, whatever was deleted before, every remaining entry is
    found, in order, and no deleted one is."""
    table, items = {}, set()
    for number in range(2000):
        table[number] = str(number)
        items.add(number)
    for number in range(0, 2000, 3):
        del table[number]
        items.discard(number)
    for number in range(2000, 6000):
        table[number] = str(number)
        items.add(number)
    stayed = [n for n in range(6000) if n >= 2000 or n % 3]
    expect_eq(sorted(table), stayed)
    expect_eq(sorted(items), stayed)
    expect(all([table[n] == str(n) for n in stayed]), "a value is another's")
    expect(0 not in table and 0 not in items, "what was deleted is found")
