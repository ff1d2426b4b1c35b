# SPDX-License-Identifier: MIT
"""What is left of generators, and what outlives them."""


class HeldError(ValueError):
    """An error with attributes."""


@must(
    "A closure reads the local of a generator that has ended",
    "GENR-034",
    needs="gc weakref.ref",
)
def closures_outlive_generators():
    """A closure over a local of a generator, and an error that the generator handled
    under a name, keep their locals after the generator has ended, in whatever way; the
    locals die once, with the last of those that keep them."""
    import weakref

    def makes(watches):
        local = Thing("kept")
        watches.append(weakref.ref(local))
        yield lambda: local.name

    watches = []
    one = makes(watches)
    reads = next(one)
    one.close()
    collect()
    expect_eq(reads(), "kept")
    del one, reads
    expect(gone(watches[0]), "the local outlives its closure")


@must(
    "Locals live as long as the generator or the error it handled",
    "GENR-034",
    needs="gc weakref.ref",
)
def handled_errors_outlive_generators():
    """A closure over a local of a generator, and an error that the generator handled
    under a name, keep their locals after the generator has ended, in whatever way; the
    locals die once, with the last of those that keep them."""
    import weakref

    def handles(watches, kept):
        local = Thing()
        watches.append(weakref.ref(local))
        try:
            raise ValueError("handled")
        except ValueError as error:
            kept.append(error)
        yield 1

    watches, kept = [], []
    one = handles(watches, kept)
    next(one)
    one.close()
    expect_eq(kept[0].args, ("handled",))
    kept.pop()
    del one
    expect(gone(watches[0]), "the local outlives the error")


@must("50000 nested generators need no deep stack", "GENR-015", needs="death_by_count")
def deep_chains_are_released_safely():
    """Dropping 50000 nested suspended generators runs every pending cleanup without
    overflowing the profile's small stack."""
    log = []

    def waits(inner):
        try:
            yield inner
        finally:
            log.append(1)

    chain = None
    for _ in range(50000):
        chain = waits(chain)
        next(chain)
    chain = None
    expect_eq(len(log), 50000, "the number of cleanups")


@must("A collected error leaves its generator's locals intact", "GENR-035", needs="gc")
def garbage_errors_spare_generators():
    """An error that a suspended generator has handled may die, also as part of
    garbage, while the generator is alive: the generator continues with all its
    locals."""

    def waits():
        local = [1, 2]
        try:
            raise HeldError("x")
        except HeldError as error:
            error.own = error
            yield 1
        yield local

    one = waits()
    next(one)
    collect()
    expect_eq(next(one), [1, 2])
    collect()
    expect_raises(StopIteration, next, one)


@must(
    "A generator that its own cleanup stores stays alive", "GENR-033", needs="finalizer"
)
def generators_are_resurrected():
    """A generator that its own cleanup stores somewhere while it is dying stays alive,
    finished, and dies once when that reference is released."""
    kept = []

    def stores():
        try:
            yield 1
        finally:
            kept.append(names["own"])

    names = {}

    def leave():
        names["own"] = stores()
        next(names["own"])
        holder = names["own"]
        holder.close()

    leave()
    names.clear()
    collect()
    expect_eq(len(kept), 1)
    expect_raises(StopIteration, next, kept[0])
