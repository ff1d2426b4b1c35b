# SPDX-License-Identifier: MIT
"""Frames and their locals."""


@must("An object that is returned or stored outlives its frame", "STK-002")
def objects_outlive_their_frame():
    """An object returned from a frame or stored elsewhere outlives the frame."""
    stored = []

    def makes():
        one, other = [1, 2], [3]
        stored.append(other)
        return one

    one = makes()
    burn()
    collect()
    expect_eq((one, stored), ([1, 2], [[3]]))


@must("Closures share a variable's cell", "STK-003")
def a_kept_cell_keeps_its_variable():
    """Holding the frame object, a closure cell or a traceback keeps referenced locals
    alive; clearing the frame releases them."""

    def makes():
        total = [0]

        def adds(number):
            total[0] += number
            return total[0]

        return adds, lambda: total[0]

    adds, reads = makes()
    adds(5)
    collect()
    adds(6)
    expect_eq(reads(), 11)


@must(
    "A closure keeps only the variables it captures", "STK-004", needs="gc weakref.ref"
)
def closures_keep_what_they_capture():
    """A closure keeps the captured cell's value alive and frees it when the closure
    dies; uncaptured locals die at return."""
    import weakref

    def makes():
        kept, left = Thing("kept"), Thing("left")
        return (lambda: kept), weakref.ref(kept), weakref.ref(left)

    reads, kept, left = makes()
    expect(gone(left), "a closure keeps what it does not name")
    expect(kept() is not None and reads().name == "kept", "what it names is dead")


@must("A kept error keeps its locals", "STK-003", needs="gc weakref.ref")
def a_kept_error_keeps_its_locals():
    """Holding the frame object, a closure cell or a traceback keeps referenced locals
    alive; clearing the frame releases them."""
    import weakref

    watches = []

    def fails():
        local = Thing()
        watches.append(weakref.ref(local))
        raise ValueError("kept")

    kept = None
    try:
        fails()
    except ValueError as error:
        kept = error
    collect()
    expect(watches[0]() is not None, "the error does not keep the locals")
    expect_eq(kept.args, ("kept",))
    kept = None
    expect(gone(watches[0]), "the locals outlive the error")


@must("A suppressed error keeps nothing alive", "STK-009", needs="gc weakref.ref")
def swallowed_errors_are_gone():
    """When the block ends in which an except clause or a context manager suppressed an
    error, the error is gone: none is pending or being handled, and no frame, local or
    error object of it is left."""
    import weakref

    watches = []

    def fails():
        local = Thing()
        watches.append(weakref.ref(local))
        raise ValueError("swallowed")

    try:
        fails()
    except ValueError:
        pass
    expect(gone(watches[0]), "a swallowed error keeps its locals")


@must(
    "Locals are released before the caller's next statement",
    "STK-001",
    needs="death_by_count weakref.ref",
)
def locals_die_at_return():
    """A function's locals are released when it returns or fails, before the caller's
    next statement."""
    import weakref

    watches = []

    def leaves():
        local = Thing()
        watches.append(weakref.ref(local))

    leaves()
    expect(watches[0]() is None, "a local outlives its call")


@must(
    "A handled error releases its frames",
    "STK-001",
    "STK-007",
    needs="death_by_count weakref.ref",
)
def locals_die_with_the_error():
    """A function's locals are released when it returns or fails, before the caller's
    next statement. When the handled error is dropped, all frames it kept are
    released."""
    import weakref

    watches = []

    def fails():
        local = Thing()
        watches.append(weakref.ref(local))
        raise ValueError("x")

    try:
        fails()
    except ValueError:
        pass
    expect(watches[0]() is None, "a local outlives the handled error")


@must("Calls nest up to about the recursion limit", "STK-006")
def recursion_is_limited():
    """Exceeding the limit (default 1000) gives a recursion error at a depth of about
    the limit, and the runtime is usable after it."""

    def down(depth):
        return down(depth + 1) + 1

    expect_raises(TOO_DEEP, down, 0)
    expect_raises(TOO_DEEP, down, 0)


@must("Deleting a name drops one reference", "STK-008", needs="counts sys.getrefcount")
def deleting_drops_one_reference():
    """Deleting a variable releases one reference at once; the object dies only if it
    was the last."""
    one = Thing()
    other = one
    before = sys.getrefcount(one)
    del other
    expect_eq(sys.getrefcount(one), before - 1, "the count")
