# SPDX-License-Identifier: MIT
"""Weak references."""


def watched(callback=None):
    """Make something, refer to it weakly, and leave it."""
    import weakref

    def make():
        return weakref.ref(Thing(), callback)

    return make()


@must("A weak reference does not keep its target", "WRF-001", needs="gc weakref.ref")
def does_not_keep_alive():
    """Creating weak references leaves the strong count unchanged and the referent dies
    with its last strong reference."""
    expect(gone(watched()), "a weak reference keeps its target")


@must("A strong reference is enough", "WRF-002", needs="gc weakref.ref")
def never_causes_reclamation():
    """Weak references never cause reclamation: as long as one strong reference exists
    the target stays."""
    import weakref

    one = Thing("alive")
    watches = [weakref.ref(one) for _ in range(10)]
    del watches
    watch = weakref.ref(one)
    collect()
    expect(watch() is one, "a target with an owner is gone")


@must(
    "A dead reference stays dead when memory is reused",
    "WRF-003",
    needs="gc weakref.ref",
)
def dead_stays_dead():
    """After the referent dies the reference yields null/None for ever, also when the
    address is reused."""
    watch = watched()
    expect(gone(watch), "the target is alive")
    made = []
    for number in range(1000):
        made.append(Thing(number))
        expect(watch() is None, "a dead reference gives an object")


@must("Reading keeps the target alive", "WRF-004", needs="gc weakref.ref")
def reading_gives_a_strong_reference():
    """Dereferencing a live weak reference returns an owned reference that keeps the
    target alive until released."""
    import weakref

    holder = [Thing("alive")]
    watch = weakref.ref(holder[0])
    one = watch()
    holder.clear()
    collect()
    expect_eq(one.name, "alive")
    del one
    expect(gone(watch), "what was read is not let go of")


@must("Plain references are one object", "WRF-005", needs="weakref.ref")
def plain_references_are_shared():
    """Two plain references to one object are the same weak reference object; references
    with callbacks are distinct."""
    import weakref

    one = Thing()
    expect(weakref.ref(one) is weakref.ref(one), "they are two objects")


@must(
    "References with callbacks are objects of their own", "WRF-005", needs="weakref.ref"
)
def references_with_callbacks_are_distinct():
    """Two plain references to one object are the same weak reference object; references
    with callbacks are distinct."""
    import weakref

    one, told = Thing(), []
    first, second = weakref.ref(one, told.append), weakref.ref(one, told.append)
    expect(first is not second, "they are one object")
    expect(first is not weakref.ref(one), "it is the plain one")


@must("The callback gets its dead reference, once", "WRF-006", needs="gc weakref.ref")
def callback_fires_once_with_the_dead_reference():
    """The callback is called exactly once, after the reference is cleared, with the
    reference itself as argument."""
    told = []

    def hears(dead):
        told.append((dead, dead()))

    watch = watched(hears)
    expect(gone(watch), "the target is alive")
    collect()
    expect_eq(len(told), 1, "the number of calls")
    expect(told[0][0] is watch, "it is not the reference")
    expect(told[0][1] is None, "the reference is not dead")


@must("The newest callback runs first", "WRF-007", needs="gc weakref.ref")
def callbacks_run_newest_first():
    """Callbacks of one object run from the most recently registered to the oldest."""
    import weakref

    told, watches = [], []

    def make():
        one = Thing()
        for number in range(4):
            watches.append(weakref.ref(one, lambda dead, n=number: told.append(n)))

    make()
    burn()
    collect()
    expect_eq(told, [3, 2, 1, 0])


@must("A dropped reference is silent", "WRF-008", needs="gc weakref.ref")
def dropped_reference_fires_nothing():
    """If the weak reference object is destroyed before the referent, its callback is
    never called."""
    import weakref

    told = []
    one = Thing()
    watch = weakref.ref(one, told.append)
    del watch
    collect()
    del one
    collect()
    expect_eq(told, [])


@must(
    "A callback's error goes nowhere",
    "WRF-009",
    needs="gc weakref.ref sys.unraisablehook",
)
def callback_errors_are_contained():
    """An error in a callback is reported as unraisable; other callbacks and the
    deallocation proceed."""
    import weakref

    told, heard, watches = [], [], []

    def fails(dead):
        raise ValueError("of a callback")

    def make():
        one = Thing()
        watches.append(weakref.ref(one, heard.append))
        watches.append(weakref.ref(one, fails))

    before = sys.unraisablehook
    sys.unraisablehook = lambda said: told.append(said.exc_type.__name__)
    try:
        make()
        collect()
    finally:
        sys.unraisablehook = before
    expect_eq(told, ["ValueError"])
    expect_eq(len(heard), 1)


@must(
    "A reference inside the garbage does not call back",
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


@must("Live references compare as their targets", "WRF-018", needs="weakref.ref")
def live_references_compare_as_targets():
    """Live references compare as their targets; a dead one equals only itself; the hash
    is the target's and is kept after death if computed before, else an error."""
    import weakref

    class Equal:
        def __init__(self, number):
            self.number = number

        def __eq__(self, other):
            return self.number == other.number

        def __hash__(self):
            return hash(self.number)

    one, other, third = Equal(1), Equal(1), Equal(2)
    expect(weakref.ref(one) == weakref.ref(other), "equal targets are told apart")
    expect(weakref.ref(one) != weakref.ref(third), "unequal targets are equal")
    expect_eq(hash(weakref.ref(one)), hash(one), "the hash")


@must(
    "References to equal targets are equal, and hash alike",
    "WRF-018",
    needs="weakref.ref",
)
def references_to_equal_targets_are_equal():
    """Live references compare as their targets; a dead one equals only itself; the hash
    is the target's and is kept after death if computed before, else an error."""
    import weakref

    one, other = frozenset([1, 2]), frozenset([2, 1])
    first, second = weakref.ref(one), weakref.ref(other)
    expect(first == second, "equal targets are told apart")
    expect_eq(hash(first), hash(second), "the hash")


@must("A hash that was asked for is kept", "WRF-018", needs="gc weakref.ref")
def hash_is_kept_after_death():
    """Live references compare as their targets; a dead one equals only itself; the hash
    is the target's and is kept after death if computed before, else an error."""
    import weakref

    def make(asked):
        one = Thing()
        watch = weakref.ref(one)
        if asked:
            hash(watch)
        return watch, hash(one)

    watch, before = make(True)
    expect(gone(watch), "the target is alive")
    expect_eq(hash(watch), before, "the hash")
    watch, before = make(False)
    expect(gone(watch), "the target is alive")
    expect_raises(TypeError, hash, watch)


@must("A proxy notices its target's death", "WRF-019", needs="gc weakref.proxy")
def proxy_reports_a_dead_target():
    """Using a proxy after death raises a reference error; proxies are unhashable and
    shared when without callback."""
    import weakref

    def make():
        one = Thing("alive")
        proxy = weakref.proxy(one)
        expect_eq(proxy.name, "alive")
        expect(weakref.proxy(one) is proxy, "plain proxies are not shared")
        expect_raises(TypeError, hash, proxy)
        return proxy

    proxy = make()
    burn()
    collect()
    expect_raises(ReferenceError, lambda: proxy.name)


@must(
    "Entries go when their weak part dies",
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
    "Entries may die while a weak set is walked", "WRF-021", needs="gc weakref.WeakSet"
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
    "Entries may die while a weak map is walked",
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
    "A finalize helper that was called is done", "WRF-025", needs="weakref.finalize"
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


@must("Seven kinds of objects accept weak references", "WRF-017", needs="weakref.ref")
def many_types_accept():
    """Instances, functions, generators, sets, frozensets, files and types accept weak
    references; int, str, tuple, list, dict, plain object and slotted types without a
    weak slot give a type error and change nothing."""
    import weakref

    def waits():
        yield 1

    with open(SOURCE, "rb") as file:
        for one in (Thing(), collect, waits(), {1}, frozenset([1]), file, Thing):
            expect(weakref.ref(one)() is one, "no reference to " + type(one).__name__)


@must("Seven kinds of objects refuse weak references", "WRF-017", needs="weakref.ref")
def types_opt_in():
    """Instances, functions, generators, sets, frozensets, files and types accept weak
    references; int, str, tuple, list, dict, plain object and slotted types without a
    weak slot give a type error and change nothing."""
    import weakref

    class Slotted:
        __slots__ = ("name",)

    for one in (5, "text", (1,), [1], {1: 1}, object(), Slotted()):
        expect_raises(TypeError, weakref.ref, one)


@must(
    "Weak parent links need no collector", "WRF-022", needs="death_by_count weakref.ref"
)
def weak_parents_break_cycles():
    """A tree with strong child and weak parent links is freed by reference counting
    alone."""
    import weakref

    def make():
        parent = Thing("parent")
        parent.children = [Thing(number) for number in range(3)]
        for child in parent.children:
            child.parent = weakref.ref(parent)
        return [weakref.ref(parent)] + [weakref.ref(one) for one in parent.children]

    gc.disable()
    try:
        expect(all([one() is None for one in make()]), "the tree is alive")
    finally:
        gc.enable()


@must(
    "The count is that of live references",
    "WRF-024",
    needs="weakref.getweakrefcount gc",
)
def count_is_exact():
    """The number of weak references to an object equals the live ones and drops when a
    reference object is destroyed."""
    import weakref

    one, told = Thing(), []
    expect_eq(weakref.getweakrefcount(one), 0, "the number")
    first, second = weakref.ref(one), weakref.ref(one, told.append)
    expect_eq(weakref.getweakrefcount(one), 2, "the number")
    expect(first() is second(), "the targets differ")
    del second
    collect()
    expect_eq(weakref.getweakrefcount(one), 1, "the number")


@must(
    "By count: finalizer with live references, then callback",
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
    "References survive a resurrection by count",
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
    "A reference made by a finalizer dies with the garbage",
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
    "A reference in a cycle with its callback is collected",
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
    "A callback of a reference that its target holds is called",
    "WRF-042",
    needs="death_by_count weakref.ref",
)
def own_references_are_called():
    """A weak reference that its target alone holds is called as any other when the
    target dies by its count."""
    import weakref

    told = []
    one = Thing()
    one.watch = weakref.ref(one, lambda dead: told.append(dead() is None))
    del one
    expect_eq(told, [True])
