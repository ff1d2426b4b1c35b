# SPDX-License-Identifier: MIT
"""Weak references, finalizers and the collector: what comes first."""


@must(
    "A weak reference that is part of the garbage calls nothing back",
    "WRF-010",
    needs="gc weakref.ref",
)
def references_in_garbage_are_silent():
    """If the weak reference is itself part of the unreachable set, its callback is not
    run."""
    import weakref

    told = []

    def leave():
        one, other = Thing(), Thing()
        one.next, other.next = other, one
        one.watch = weakref.ref(other, lambda dead: told.append(1))

    leave()
    burn()
    collect()
    expect_eq(told, [])


@must(
    "No callback can reach another member of the garbage",
    "WRF-011",
    needs="gc weakref.ref",
)
def collector_clears_before_it_calls():
    """In a collection all weak references (with callbacks) to the garbage are cleared
    before any callback is called, so no callback can obtain another member."""
    import weakref

    told, watches = [], []

    def hears(dead):
        told.append([watch() for watch in watches])

    def leave():
        one, other = Thing(), Thing()
        one.next, other.next = other, one
        watches.append(weakref.ref(one, hears))
        watches.append(weakref.ref(other, hears))

    leave()
    burn()
    collect()
    expect_eq(told, [[None, None], [None, None]])


@must(
    "By reference counting, finalizers run before callbacks",
    "WRF-013",
    needs="death_by_count finalizer weakref.ref",
)
def finalizer_precedes_callbacks_by_count():
    """For acyclic death the finalizer runs first while weak references are still alive,
    then they are cleared and callbacks run."""
    import weakref

    told, watches = [], []

    class Looks:
        def __del__(self):
            told.append("finalizer" if watches[0]() is self else "dead")

    one = Looks()
    watches.append(weakref.ref(one, lambda dead: told.append("callback")))
    del one
    expect_eq(told, ["finalizer", "callback"])


@must(
    "Weak references survive an acyclic resurrection",
    "WRF-014",
    needs="death_by_count finalizer weakref.ref",
)
def acyclic_resurrection_keeps_references():
    """If a plain finalizer resurrects the object, its weak references stay valid and
    callbacks do not fire until the real death."""
    import weakref

    kept, told = [], []

    class Returns:
        def __del__(self):
            kept.append(self)

    one = Returns()
    watch = weakref.ref(one, told.append)
    del one
    expect(watch() is kept[0], "the reference is dead")
    expect_eq(told, [])
    kept.clear()
    expect(watch() is None, "the reference is alive")
    expect_eq(len(told), 1)


@must(
    "A weak reference made by a finalizer is cleared",
    "WRF-016",
    needs="finalizer gc weakref.ref",
)
def references_made_by_finalizers_are_cleared():
    """A weak reference made to a garbage object during its finalizer is dead after the
    collection."""
    import weakref

    made = []

    class Refers:
        def __del__(self):
            made.append(weakref.ref(self))

    def leave():
        one = Refers()
        one.own = one

    leave()
    burn()
    collect()
    expect_eq(len(made), 1)
    expect(made[0]() is None, "a reference to a dead object is alive")


@must(
    "A weak reference in a cycle with its callback is collected",
    "WRF-023",
    needs="gc weakref.ref",
)
def cycles_through_callbacks_are_collected():
    """A weak reference object is itself tracked by the collector (it can own a
    callback), so a cycle through a callback is collectable."""
    import weakref

    def leave():
        one, target = Thing(), Thing()
        one.watch = weakref.ref(target, lambda dead: one)
        one.target = target
        return weakref.ref(one)

    expect(gone(leave()), "a cycle through a callback was not collected")


@must(
    "The callback of a reference that only its target holds is called",
    "WRF-042",
    needs="death_by_count weakref.ref",
)
def own_references_are_called():
    """The callback of a weak reference that only its target holds is called like any
    other when the target dies by reference counting."""
    import weakref

    told = []
    one = Thing()
    one.watch = weakref.ref(one, lambda dead: told.append(dead() is None))
    del one
    expect_eq(told, [True])
