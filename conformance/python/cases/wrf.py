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


@must(
    "Weak references never cause an object to be reclaimed",
    "WRF-002",
    needs="gc weakref.ref",
)
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


@must(
    "Reading a weak reference keeps the target alive", "WRF-004", needs="gc weakref.ref"
)
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


@must("Weak references without a callback are shared", "WRF-005", needs="weakref.ref")
def plain_references_are_shared():
    """Two plain references to one object are the same weak reference object; references
    with callbacks are distinct."""
    import weakref

    one = Thing()
    expect(weakref.ref(one) is weakref.ref(one), "they are two objects")


@must("Weak references with callbacks are distinct", "WRF-005", needs="weakref.ref")
def references_with_callbacks_are_distinct():
    """Two plain references to one object are the same weak reference object; references
    with callbacks are distinct."""
    import weakref

    one, told = Thing(), []
    first, second = weakref.ref(one, told.append), weakref.ref(one, told.append)
    expect(first is not second, "they are one object")
    expect(first is not weakref.ref(one), "it is the plain one")


@must(
    "A callback is called once, with its dead reference",
    "WRF-006",
    needs="gc weakref.ref",
)
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


@must("A dropped weak reference calls nothing back", "WRF-008", needs="gc weakref.ref")
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
    "An error in a weak reference callback is contained",
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


@must(
    "A weak reference keeps its hash after its target's death",
    "WRF-018",
    needs="gc weakref.ref",
)
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
    "The weak reference count is exact",
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
