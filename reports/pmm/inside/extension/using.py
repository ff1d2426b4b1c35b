# SPDX-License-Identifier: MIT
"""What can be done with any object `o`, each thing a line of Python.

An operation may raise what it likes. What it may not: crash, hang, or leave the
interpreter in a state that only a mistake in C makes (a SystemError).
"""

import re
import signal

from .finding import members_of, methods_of

PROTOCOL = (
    "repr(o)", "str(o)", "hash(o)", "o == o", "o != P()", "o < o", "bool(o)",
    "len(o)", "next(iter(o))", "list(itertools.islice(iter(o), 3))", "o[0]",
    "o['x']", "None in o", "o + o", "-o", "abs(o)", "o * 2", "int(o)", "format(o)",
    "dir(o)", "sys.getsizeof(o)", "bytes(memoryview(o))", "next(o)", "o()",
    "with_it(o)", "reversed(o)", "gc.get_referents(o)", "gc.collect()",
)
"""What the language itself asks of objects."""
HELPERS = [
    "import copy, gc, itertools, pickle, sys",
    "def with_it(o):",
    "    with o: pass",
]
DANGEROUS = re.compile(
    r"(fork|kill|abort|_?exit|system|remove|unlink|rmdir|rename|truncate|"
    r"__del__|__init_subclass__|__subclasshook__|__class_getitem__|__new__|"
    r"_debug|_?dump|breakpoint|__reduce__|__sizeof__|__dir__|__format__|"
    r"__get\w*__|__set\w*__|__del\w+__|__init__)")
"""Methods that are not called without being asked for."""
BROKEN = re.compile(
    r"(without setting an exception|with an exception set|error return without|"
    r"NULL without|bad argument to internal function|null argument to internal|"
    r"bad call flags|unexpected exception)")
"""What a SystemError says when a C function broke a rule of the C API."""
OPERATION_SECONDS = 5


def operations(kind, methods=True):
    """Lines that use an object of a type made in C."""
    found = list(PROTOCOL)
    found += [f"o.{name}" for name in members_of(kind)]
    if methods:
        found += [f"o.{name}()" for name in methods_of(kind)
                  if not DANGEROUS.match(name) and not is_slot(name)]
    return found


def is_slot(name):
    """Whether a method is what the language calls itself, as PROTOCOL does."""
    return name.startswith("__") and name not in (
        "__copy__", "__deepcopy__", "__enter__", "__exit__", "__length_hint__")


def prepared(maker):
    """Let the lines of a maker use the helpers."""
    maker.run_lines(HELPERS)
    return maker


def doer(maker, code, parameters="o"):
    """A function of a line that may be a statement."""
    return maker.function(parameters, code)


def bounded(work, *arguments):
    """Do what may block for ever: SIGALRM ends the process then."""
    signal.setitimer(signal.ITIMER_REAL, OPERATION_SECONDS)
    try:
        work(*arguments)
    except BaseException as error:  # anything may be raised
        return error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def broken_rule(error):
    """What a SystemError complains of; None where it is no mistake in C."""
    if isinstance(error, SystemError) and BROKEN.search(str(error)):
        return str(error)
    return None


def try_each(job, codes, setup, fresh):
    """Do each line with an object that `fresh()` makes; tell of broken rules.

    `setup` are the lines of a script before.
    """
    for code in codes:
        if code in job.skip:
            continue
        work = doer(job.maker, code)
        script = [*HELPERS, *setup, "try: " + code, "except Exception: pass"]
        job.teller.phase(code, code=script, skip=code)
        thing = fresh()
        error = bounded(work, thing)
        words = broken_rule(error)
        if words:
            job.teller.finding(
                "FAIL", f"{code} breaks a rule of the C API: SystemError: {words}",
                code=[*HELPERS, *setup, "try: " + code,
                      "except SystemError: print(False)"], calls=code)
        del error, thing
