# SPDX-License-Identifier: MIT
"""Generators."""


def counts_to(number, log=None):
    """Yield numbers, and tell when it ends."""
    try:
        for at in range(number):
            yield at
    finally:
        if log is not None:
            log.append("end")


@must("A second close does nothing", "GENR-007")
def close_is_idempotent():
    """Closing twice, closing a finished one, and stepping after close behave as no-op,
    no-op and exhaustion."""
    log = []
    one = counts_to(3, log)
    next(one)
    one.close()
    one.close()
    expect_eq(log, ["end"])
    expect_raises(StopIteration, next, one)
    done = counts_to(0)
    expect_eq(list(done), [])
    done.close()


@must("Creating a generator runs no body code", "GENR-001")
def creation_runs_nothing():
    """Creating a generator executes nothing of its body; the first step does."""
    log = []

    def body():
        log.append("ran")
        yield 1

    one = body()
    expect_eq(log, [])
    next(one)
    expect_eq(log, ["ran"])


@must("The inner generator closes first", "GENR-012")
def delegation_closes_inner_first():
    """Closing an outer generator closes the delegated inner one, inner cleanup
    first."""
    log = []

    def inner():
        try:
            yield 1
        finally:
            log.append("inner")

    def outer():
        try:
            yield from inner()
        finally:
            log.append("outer")

    one = outer()
    next(one)
    one.close()
    expect_eq(log, ["inner", "outer"])


@must("Dropping a generator runs its finally", "GENR-005", needs="death_by_count")
def drop_runs_pending_cleanup():
    """Dropping the last reference to a suspended generator raises generator-exit at the
    yield, runs finally blocks and frees locals at once."""
    log = []
    one = counts_to(3, log)
    next(one)
    expect_eq(log, [])
    del one
    expect_eq(log, ["end"])


@must("An ended generator keeps no locals", "GENR-009", needs="gc weakref.ref")
def exhaustion_releases_the_frame():
    """On normal end or error the frame and its locals are released although the
    generator object lives."""
    import weakref

    def holds(watches, fails):
        local = Thing()
        watches.append(weakref.ref(local))
        yield 1
        if fails:
            raise ValueError("x")

    for fails in (False, True):
        watches = []
        one = holds(watches, fails)
        next(one)
        expect_raises((StopIteration, ValueError), next, one)
        expect(gone(watches[0]), "an ended generator keeps its locals")
        expect_raises(StopIteration, next, one)


@must(
    "The collector closes a generator in a cycle",
    "GENR-014",
    "GC-023",
    needs="finalizer gc weakref.ref",
)
def garbage_generators_are_closed():
    """A suspended generator that is part of garbage has its cleanup run by the
    collection. Values referenced from a suspended generator's frame are visited, so a
    generator in a cycle is collected and its cleanup runs."""
    log = []

    def leave():
        holder = Thing()

        def waits():
            try:
                yield holder
            finally:
                log.append("closed")

        holder.waits = waits()
        next(holder.waits)

    leave()
    burn()
    collect()
    expect_eq(log, ["closed"])


@must("A generator that yields in close is an error", "GENR-008")
def ignoring_exit_is_an_error():
    """A generator that yields after generator-exit makes close report an error; on drop
    the error is reported as unraisable."""

    def ignores():
        while True:
            try:
                yield 1
            except GeneratorExit:
                yield 2
                return

    one = ignores()
    next(one)
    expect_raises(RuntimeError, one.close)


@must("A pipeline pulls no more than it needs", "GENR-013")
def pipelines_are_lazy():
    """A chain of generators pulls from the source only what is needed for the items
    taken."""
    pulled = []

    def source():
        for number in range(1000):
            pulled.append(number)
            yield number

    squares = (number * number for number in source())
    even = (number for number in squares if number % 2 == 0)
    expect_eq([next(even), next(even)], [0, 4])
    expect_eq(pulled, [0, 1, 2])


@must("A running generator cannot be stepped", "GENR-011")
def reentry_is_refused():
    """Stepping a generator while it runs is an error."""
    seen = []

    def steps_itself():
        try:
            next(one)
        except ValueError:
            seen.append("refused")
        yield 1
        yield 2

    one = steps_itself()
    expect_eq(list(one), [1, 2])
    expect_eq(seen, ["refused"])


@must("A running generator refuses every re-entry", "GENR-032")
def running_generators_refuse_every_way():
    """A running generator that is entered again, by whatever operation and from
    wherever, reports an error and continues where it was."""
    seen = []

    def enters_itself():
        for way in (
            lambda: one.send(None),
            lambda: one.throw(KeyError("x")),
            one.close,
            lambda: list(one),
        ):
            try:
                way()
            except ValueError:
                seen.append("refused")
        yield 1

    one = enters_itself()
    expect_eq(list(one), [1])
    expect_eq(seen, ["refused"] * 4)


@must("A thrown error is raised at the yield", "GENR-010")
def throw_raises_where_it_waits():
    """Throwing into a suspended generator raises there; into an unstarted one raises
    without running the body and finishes it."""
    log = []

    def waits():
        log.append("began")
        try:
            yield 1
        except KeyError:
            log.append("caught")
        yield 2

    one = waits()
    next(one)
    expect_eq(one.throw(KeyError("x")), 2)
    expect_eq(log, ["began", "caught"])
    other = waits()
    expect_raises(KeyError, other.throw, KeyError("x"))
    expect_eq(log, ["began", "caught"])
    expect_raises(StopIteration, next, other)


@must(
    "Closing a generator that never started releases its arguments",
    "GENR-016",
    needs="gc weakref.ref",
)
def unstarted_generators_let_go():
    """A generator that never started releases its arguments when it is closed, thrown
    into or dropped."""
    import weakref

    def takes(thing):
        yield thing

    def make(end):
        thing = Thing()
        one = takes(thing)
        try:
            end(one)
        except KeyError:
            pass
        return one, weakref.ref(thing)

    for end in (lambda one: one.close(), lambda one: one.throw(KeyError("x"))):
        one, watch = make(end)
        expect(gone(watch), "a generator that never started keeps its argument")
        expect_raises(StopIteration, next, one)


@must("An unstarted generator runs nothing", "GENR-006")
def unstarted_needs_no_cleanup():
    """Dropping or closing a generator that never started runs no body code."""
    log = []

    def body():
        try:
            log.append("ran")
            yield 1
        finally:
            log.append("cleaned")

    body().close()
    one = body()
    one = None
    collect()
    expect_eq((log, one), ([], None))


@must("The depth of delegating generators is limited", "GENR-017")
def delegation_is_limited():
    """Generators that delegate to one another nest to a limit: beyond it the step
    fails with a recursion error, and all of them can still be dropped."""

    def passes(source):
        yield from source

    chain = iter([1])
    for _ in range(5000):
        chain = passes(chain)
    expect_raises(TOO_DEEP, next, chain)
    chain = None
    collect()
