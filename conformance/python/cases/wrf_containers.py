# SPDX-License-Identifier: MIT
"""Weak containers and what is called when something dies."""


@must(
    "Entries are removed when their weak part dies",
    "WRF-020",
    needs="gc weakref.WeakValueDictionary weakref.WeakKeyDictionary weakref.WeakSet",
)
def weak_containers_drop_entries():
    """A weak value map, weak key map or weak set entry disappears as soon as its weak
    part dies; the length drops by one and the other part is released."""
    import weakref

    values, keys = weakref.WeakValueDictionary(), weakref.WeakKeyDictionary()
    members = weakref.WeakSet()

    def fill():
        one = Thing()
        values["key"], keys[one] = one, "value"
        members.add(one)
        expect_eq([len(values), len(keys), len(members)], [1, 1, 1])

    fill()
    burn()
    collect()
    expect_eq([len(values), len(keys), len(members)], [0, 0, 0])


@must(
    "A weak value map forgets dead values",
    "WRF-020",
    needs="gc weakref.WeakValueDictionary",
)
def weak_values_can_be_read():
    """A weak value map, weak key map or weak set entry disappears as soon as its weak
    part dies; the length drops by one and the other part is released."""
    import weakref

    values = weakref.WeakValueDictionary()
    one = Thing("alive")
    values["key"] = one
    expect(values["key"] is one, "the value is another")
    del one
    burn()
    collect()
    expect(values.get("key") is None, "a dead value is found")
    expect_raises(KeyError, lambda: values["key"])


@must(
    "Entries may die while a weak set is iterated",
    "WRF-021",
    needs="gc weakref.WeakSet",
)
def iterating_while_entries_die_is_safe():
    """Entries dying during iteration neither crash nor corrupt the iteration; removals
    are deferred."""
    import weakref

    things = [Thing(number) for number in range(100)]
    members = weakref.WeakSet(things)
    seen = 0
    for one in members:
        seen += 1
        del one
        if seen == 10:
            things.clear()
            collect()
    expect(10 <= seen <= 100, "the walk saw %d" % seen)
    collect()
    expect_eq(len(members), 0)


@must(
    "Entries may die while a weak map is iterated",
    "WRF-021",
    needs="gc weakref.WeakValueDictionary",
)
def maps_may_lose_entries_while_walked():
    """Entries dying during iteration neither crash nor corrupt the iteration; removals
    are deferred."""
    import weakref

    things = [Thing(number) for number in range(100)]
    values = weakref.WeakValueDictionary(enumerate(things))
    seen = 0
    for key in values.keys():
        seen += 1
        if seen == 10:
            things.clear()
            collect()
    expect(10 <= seen <= 100, "the walk saw %d" % seen)
    collect()
    expect_eq(len(values), 0)


@should("A finalize helper runs once", "WRF-025", needs="gc weakref.finalize")
def finalize_helper_runs_once():
    """A registered finalizer callback runs once at death or at exit (newest first at
    exit), returns none when called again, and can be detached."""
    import weakref

    told = []

    def make():
        one = Thing()
        return weakref.finalize(one, told.append, "dead")

    helper = make()
    burn()
    collect()
    expect_eq(told, ["dead"])
    expect(helper() is None and not helper.alive, "it can be called again")
    expect_eq(told, ["dead"])


@should(
    "A finalize helper that was called does not run again",
    "WRF-025",
    needs="weakref.finalize",
)
def finalize_helper_can_be_called():
    """A registered finalizer callback runs once at death or at exit (newest first at
    exit), returns none when called again, and can be detached."""
    import weakref

    one, told = Thing(), []
    helper = weakref.finalize(one, lambda: told.append(1) or "result")
    expect_eq(helper(), "result")
    expect(helper() is None, "it was called twice")
    other = weakref.finalize(one, told.append, 2)
    expect(other.detach() is not None, "it cannot be detached")
    del one
    collect()
    expect_eq(told, [1])
