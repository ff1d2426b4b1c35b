# SPDX-License-Identifier: MIT
"""Managers and files."""


class Manager:
    """Logs enter and exit; may fail in either, and may suppress."""

    def __init__(self, log, name="m", fails="", suppresses=False):
        self.log = log
        self.name = name
        self.fails = fails
        self.suppresses = suppresses

    def __enter__(self):
        if self.fails == "enter":
            raise ValueError("enter")
        self.log.append("+" + self.name)
        return self

    def __exit__(self, kind, error, trace):
        self.log.append("-" + self.name + (kind.__name__ if kind else ""))
        if self.fails == "exit":
            raise KeyError("exit")
        return self.suppresses


def lowest_descriptor():
    """The number that the next file would have."""
    import os

    need("os.open", "os.close")
    number = os.open(SOURCE, os.O_RDONLY)
    os.close(number)
    return number


@must(
    "A dropped open file is closed with a warning",
    "CTX-011",
    needs="death_by_count warnings.catch_warnings os.open",
)
def dropped_file_is_closed_with_a_warning():
    """The last reference to an unclosed file closes the descriptor at once and emits a
    resource warning; a closed file emits none."""
    import warnings

    before = lowest_descriptor()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        file = open(SOURCE, "rb")
        expect_eq(file.fileno(), before)
        del file
        expect_eq(lowest_descriptor(), before, "the lowest free descriptor")
    expect_eq([one.category.__name__ for one in told], ["ResourceWarning"])


@must(
    "Dropping a generator closes the file of its with block",
    "CTX-013",
    needs="death_by_count os.open",
)
def dropped_generator_closes_its_file():
    """A suspended generator inside a block closes the file when dropped."""

    def lines():
        with open(SOURCE, "rb") as file:
            yield file.readline()

    before = lowest_descriptor()
    one = lines()
    next(one)
    expect(lowest_descriptor() != before, "the file is not open")
    del one
    expect_eq(lowest_descriptor(), before, "the lowest free descriptor")


@must("Exit may suppress or replace an error", "CTX-003")
def exit_may_suppress_or_replace():
    """Exit gets the error kind (none on normal exit); a true result suppresses the
    error, a false one lets it continue; an exit error replaces it and keeps the old one
    as context."""
    log = []
    with Manager(log, suppresses=True):
        raise ValueError("gone")

    def lets_through():
        with Manager(log):
            raise ValueError("stays")

    def replaces():
        with Manager(log, fails="exit"):
            raise ValueError("old")

    expect_raises(ValueError, lets_through)
    error = expect_raises(KeyError, replaces)
    expect_eq(log, ["+m", "-mValueError"] * 3)
    old = getattr(error, "__context__", None)
    if not hasattr(error, "__context__"):
        raise Unsupported("BaseException.__context__")
    expect(isinstance(old, ValueError), "the old error is not the new one's context")


@must("Exit runs once however the block ends", "CTX-001")
def exit_runs_on_every_way_out():
    """The exit action runs exactly once on normal end, error, early return, break and
    continue out of the block."""
    log = []

    def ways(how):
        for _ in range(1):
            with Manager(log):
                if how == "return":
                    return
                if how == "break":
                    break
                if how == "continue":
                    continue
                if how == "error":
                    raise ValueError("x")

    for how in ("end", "return", "break", "continue"):
        ways(how)
    expect_raises(ValueError, ways, "error")
    expect_eq(log, ["+m", "-m"] * 4 + ["+m", "-mValueError"])


@must(
    "An exit stack runs all callbacks, the last first",
    "CTX-005",
    needs="contextlib.ExitStack",
)
def exit_stack_unwinds_completely():
    """A dynamic exit stack runs callbacks last-in first-out and continues after one
    raises."""
    import contextlib

    log = []

    def body():
        with contextlib.ExitStack() as stack:
            for name in "abc":
                stack.callback(log.append, name)
            stack.callback(lambda: 1 // 0)
            stack.callback(log.append, "d")

    expect_raises(ZeroDivisionError, body)
    expect_eq(log, ["d", "c", "b", "a"])


@must("A failed enter is not followed by an exit", "CTX-002")
def failed_enter_means_no_exit():
    """If enter fails, exit is not called and nothing acquired earlier leaks."""
    log = []

    def body():
        with Manager(log, fails="enter"):
            log.append("body")

    expect_raises(ValueError, body)
    expect_eq(log, [])


@must("A failed flush still closes the descriptor", "CTX-010")
def failed_flush_still_closes():
    """If the flush in close fails the error is reported and the descriptor is closed
    all the same."""
    try:
        file = open("/dev/full", "wb")
    except OSError:
        raise Unsupported("/dev/full")
    before = file.fileno() if hasattr(file, "fileno") else None
    need("os.open")

    def flush():
        file.write(b"x")
        file.close()

    expect_raises(OSError, flush)
    expect_eq(lowest_descriptor(), before, "the lowest free descriptor")


@must("A later enter that fails closes the earlier file", "CTX-004", needs="os.open")
def failed_later_enter_closes_the_file():
    """Several managers exit in reverse order of entry, and a failing later enter exits
    the earlier ones."""
    log = []
    before = lowest_descriptor()

    def body():
        with open(SOURCE, "rb"), Manager(log, fails="enter"):
            log.append("body")

    expect_raises(ValueError, body)
    expect_eq(lowest_descriptor(), before, "the lowest free descriptor")
    expect_eq(log, [])


@must("A later enter that fails exits the earlier manager", "CTX-004")
def failed_later_enter_exits_the_earlier():
    """Several managers exit in reverse order of entry, and a failing later enter exits
    the earlier ones."""
    log = []

    def body():
        with Manager(log, "a"), Manager(log, "b", fails="enter"):
            log.append("body")

    expect_raises(ValueError, body)
    expect_eq(log, ["+a", "-aValueError"])


@must("A failed open closes no descriptor", "CTX-015", needs="os.open")
def failed_opens_touch_no_descriptor():
    """A file that cannot be opened leaves no object and no descriptor behind, and
    closes no descriptor that is not its own, neither at once nor later."""
    before = lowest_descriptor()
    for _ in range(100):
        expect_raises(OSError, open, "/no/such/folder/file", "rb")
    collect()
    expect_eq(lowest_descriptor(), before, "the lowest free descriptor")


@must(
    "A generator works as a context manager",
    "CTX-014",
    needs="contextlib.contextmanager",
)
def generator_based_manager():
    """A manager made from a one-yield generator runs its cleanup on error, and yielding
    twice is an error."""
    import contextlib

    log = []

    @contextlib.contextmanager
    def once():
        try:
            yield 1
        finally:
            log.append("cleaned")

    @contextlib.contextmanager
    def twice():
        yield 1
        yield 2

    def fails():
        with once():
            raise ValueError("x")

    def ends():
        with twice():
            pass

    expect_raises(ValueError, fails)
    expect_eq(log, ["cleaned"])
    expect_raises(RuntimeError, ends)


@must("The descriptor is closed after the block", "CTX-006", needs="os.open os.fstat")
def leaving_the_block_closes_the_descriptor():
    """At block exit the OS descriptor is closed before the next statement; using it
    gives EBADF and using the file object is an error."""
    import os

    with open(SOURCE, "rb") as file:
        number = file.fileno()
    expect_raises(OSError, os.fstat, number)
    expect_raises(ValueError, file.read)


@must("3000 open and close rounds leave no descriptor open", "CTX-012", needs="os.open")
def loops_do_not_grow_descriptors():
    """3000 open/read/leave rounds, with or without explicit close, leave the descriptor
    count unchanged with a limit of 256."""
    before = lowest_descriptor()
    for _ in range(3000):
        with open(SOURCE, "rb") as file:
            file.read(1)
    expect_eq(lowest_descriptor(), before, "the lowest free descriptor")
    if "death_by_count" not in LACKS:
        import warnings

        warnings.simplefilter("ignore")
        for _ in range(3000):
            open(SOURCE, "rb").read(1)
        expect_eq(lowest_descriptor(), before, "the lowest free descriptor")


@must("The manager entered last exits first", "CTX-004")
def managers_unwind_in_reverse():
    """Several managers exit in reverse order of entry, and a failing later enter exits
    the earlier ones."""
    log = []
    with Manager(log, "a"), Manager(log, "b"), Manager(log, "c"):
        log.append("body")
    expect_eq(log, ["+a", "+b", "+c", "body", "-c", "-b", "-a"])


@must(
    "The statement after the block finds the descriptor closed",
    "CTX-006",
    needs="os.open",
)
def the_next_statement_finds_it_closed():
    """At block exit the OS descriptor is closed before the next statement; using it
    gives EBADF and using the file object is an error."""
    before = lowest_descriptor()
    with open(SOURCE, "rb") as file:
        file.read(1)
    after = lowest_descriptor()
    expect_eq(after, before, "the lowest free descriptor")
