# SPDX-License-Identifier: MIT
"""What is shorter in Python: run once, when the extension is imported."""

import contextlib
import os
import platform
import sys
import sysconfig
import tracemalloc
import types


def compile_code(source):
    """The code object of the one function that a source defines."""
    module = compile(source, "<pmm code>", "exec")
    for constant in module.co_consts:
        if isinstance(constant, types.CodeType):
            return constant
    return None


def count_of(holder):
    """What sys.getrefcount says of the item of a list or tuple of one."""
    return sys.getrefcount(holder[0]) - 1


def manager_of(source):
    """The context manager of a generator, or of a function that makes one."""
    function = source if callable(source) else lambda: source
    return contextlib.contextmanager(function)()


def sites(known):
    """Blocks and bytes by the innermost frame whose file is in `known`."""
    totals: dict[str, list[int]] = {}
    for trace in tracemalloc.take_snapshot().traces:
        site = ""
        for frame in reversed(trace.traceback):
            if frame.filename in known:
                site = frame.filename
                break
        total = totals.setdefault(site, [0, 0])
        total[0] += 1
        total[1] += trace.size
    rows = [(site, total[0], total[1]) for site, total in totals.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))


def site_of(item, known):
    """Where an object was allocated, as `sites` names it."""
    for frame in reversed(tracemalloc.get_object_traceback(item) or ()):
        if frame.filename in known:
            return frame.filename
    return ""


def reset_peak():
    """tracemalloc.reset_peak, which came with 3.9."""
    reset = getattr(tracemalloc, "reset_peak", None)
    if reset is not None:
        reset()


def optimised():
    """Whether the interpreter was built with optimisations."""
    # A distribution optimises in its own build rules, without a trace.
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    return sys.base_prefix == "/usr" or "--enable-optimizations" in arguments


def build_text():
    """Compiler, kind of build and settings, for the subject's `build`."""
    parts = [platform.python_compiler(),
             "optimised" if optimised() else "not optimised"]
    if hasattr(sys, "gettotalrefcount"):
        parts.append("debug")
    for name in ("PYTHONMALLOC", "PMM_CPYTHON_ACCOUNT"):
        if os.environ.get(name):
            parts.append(name + "=" + os.environ[name])
    return ", ".join(parts)


# Sites of compiled code that each name one constant tuple.


def constant0():
    return ()


def constant1():
    return (0, 1)


def constant2():
    return (0, 1, 2)


def constant3():
    return (0, 1, 2, 3)


def constant4():
    return (0, 1, 2, 3, 4)


def constant5():
    return (0, 1, 2, 3, 4, 5)


def constant6():
    return (0, 1, 2, 3, 4, 5, 6)


def constant7():
    return (0, 1, 2, 3, 4, 5, 6, 7)
