# SPDX-License-Identifier: MIT
"""When a collection starts, and who hears of it."""


@must(
    "Callbacks get start, then stop with the numbers", "GEN-015", needs="gc.callbacks"
)
def callbacks_bracket_collections():
    """Each collection calls every callback with start then stop, with the generation,
    and in stop the collected and uncollectable numbers."""
    told = []

    def hears(phase, info):
        told.append((phase, info["generation"], info["collected"] >= 0))

    gc.collect()
    gc.callbacks.append(hears)
    try:
        gc.collect(1)
    finally:
        gc.callbacks.remove(hears)
    expect_eq(told, [("start", 1, True), ("stop", 1, True)])


@must(
    "All callbacks are called in the order they were added",
    "GEN-015",
    needs="gc.callbacks",
)
def every_callback_is_called():
    """Each collection calls every callback with start then stop, with the generation,
    and in stop the collected and uncollectable numbers."""
    told = []

    def first(phase, info):
        told.append("first " + phase)

    def second(phase, info):
        told.append("second " + phase)

    gc.collect()
    gc.callbacks.extend([first, second])
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(first)
        gc.callbacks.remove(second)
    expect_eq(told, ["first start", "second start", "first stop", "second stop"])


@must(
    "An error in a collector callback stops nothing",
    "GEN-016",
    needs="gc.callbacks sys.unraisablehook weakref.ref",
)
def callback_errors_are_contained():
    """An exception in a callback is reported as unraisable and the collection proceeds;
    both phases are still called."""
    import weakref

    told = []

    def fails(phase, info):
        raise ValueError("of a callback")

    def leave():
        one = Thing()
        one.own = one
        return weakref.ref(one)

    watch, before = leave(), sys.unraisablehook
    sys.unraisablehook = lambda said: told.append(said.exc_type.__name__)
    gc.callbacks.append(fails)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(fails)
        sys.unraisablehook = before
    expect_eq(told, ["ValueError", "ValueError"])
    expect(watch() is None, "the collection did nothing")


@must("Disabling stops automatic runs", "GEN-011", needs="gc.callbacks gc.disable")
def disabled_means_no_automatic_run():
    """Disabled: no automatic run, explicit collect works, reference counting
    unaffected; enable restores."""
    told = []

    def hears(phase, info):
        told.append(phase)

    gc.collect()
    gc.disable()
    gc.callbacks.append(hears)
    try:
        kept = [[] for _ in range(100000)]
    finally:
        gc.callbacks.remove(hears)
        gc.enable()
    expect_eq(told, [])
    expect_eq(len(kept), 100000)


@must(
    "Enabling restarts automatic collections", "GEN-011", needs="gc.callbacks gc.enable"
)
def enabling_restores_automatic_runs():
    """Disabled: no automatic run, explicit collect works, reference counting
    unaffected; enable restores."""
    told = []

    def hears(phase, info):
        told.append(phase)

    gc.collect()
    gc.disable()
    gc.enable()
    gc.callbacks.append(hears)
    try:
        kept = [[] for _ in range(100000)]
    finally:
        gc.callbacks.remove(hears)
    expect(told, "no collection started by itself")
    expect_eq(len(kept), 100000)
