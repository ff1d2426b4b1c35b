# SPDX-License-Identifier: MIT
"""Errors in finalizers, and errors that are pending when they run."""


class Raises:
    """Its finalizer fails."""

    def __del__(self):
        raise ValueError("of a finalizer")


def unraisable_of(leave):
    """Return the kinds of the errors that are reported while garbage goes."""
    told = []
    find("sys.unraisablehook")
    before = sys.unraisablehook
    sys.unraisablehook = lambda said: told.append(said.exc_type.__name__)
    try:
        leave()
        burn()
        collect()
    finally:
        sys.unraisablehook = before
    return told


@must(
    "A finalizer's error is reported and ignored",
    "FIN-008",
    needs="finalizer sys.unraisablehook",
)
def errors_in_finalizers_are_reported():
    """An error raised by a finalizer is passed to the unraisable reporter, later
    finalizers run and deallocation completes."""
    log = []

    def leave():
        one = Raises()
        one.own, one.more = one, Probe(log, "later")

    expect_eq(unraisable_of(leave), ["ValueError"])
    expect_eq(log, ["later"])


@must(
    "An error in a finalizer run by reference counting is reported",
    "FIN-008",
    needs="finalizer sys.unraisablehook",
)
def errors_of_counted_death_are_reported():
    """An error raised by a finalizer is passed to the unraisable reporter, later
    finalizers run and deallocation completes."""
    log = []

    def leave():
        one = Raises()
        one.more = Probe(log, "later")

    expect_eq(unraisable_of(leave), ["ValueError"])
    expect_eq(log, ["later"])


@must(
    "A finalizer leaves the pending error", "FIN-009", needs="death_by_count finalizer"
)
def pending_error_is_preserved():
    """A finalizer running while an error is propagating does not lose or replace that
    error."""
    log = []

    class Handles:
        def __del__(self):
            try:
                raise KeyError("inside")
            except KeyError:
                log.append("handled")

    def fails():
        held = Handles()
        held.name = 1
        raise ValueError("outside")

    try:
        fails()
    except ValueError as error:
        expect_eq(error.args, ("outside",))
    expect_eq(log, ["handled"])


@must(
    "A reported error releases the object that died",
    "FIN-031",
    needs="finalizer sys.unraisablehook weakref.ref",
)
def reported_errors_hold_nobody():
    """An error raised in a finalizer or callback releases the dying object once the
    error has been reported; while anybody holds the error, the object lives."""
    import weakref

    held = []

    def leave():
        one = Raises()
        held.append(weakref.ref(one))

    expect_eq(unraisable_of(leave), ["ValueError"])
    expect(gone(held[0]), "the reported error keeps the object")
