# SPDX-License-Identifier: MIT
"""Run cases of the Python face: `ANY_PYTHON harness.py [--lacks NAMES] FILE CASE...`

1. One file, no import that a small Python may lack: no json, no traceback, no
   class that is derived from one of the library's.
2. FILE is read and executed among the words below; each case in it is a function
   under `must`, `should` or `may`.
3. A case ends as PASS, FAIL or UNSUPPORTED, with a line of JSON for each: one when
   its body begins, so that a crash can be placed, and one when it has ended.

`conform.py` beside this file starts it, one process a case, and judges crashes,
hangs and what else may come. `--lacks` names behaviours that a Python does not
have by its design (profiles.toml), with commas between.
"""

import sys

try:
    import gc
except ImportError:
    gc = None
TOO_DEEP = getattr(__import__("builtins"), "RecursionError", RuntimeError)
"""What an operation that goes too deep ends with."""

BEHAVIOURS = (
    "collect_counts", "counts", "death_by_count", "finalizer", "ordered_dict",
)  # fmt: skip
"""What a case may need beside modules and what is in them."""
ROUNDS = 4
"""Collections until all is told: a finalizer may be one behind its object."""

CASES = {}
LACKS = set()


class Failed(Exception):
    """An expectation does not hold."""


class Unsupported(Exception):
    """The interpreter does not offer something; the text names it."""


# ------------------------------------------------------------------ declaration


def declare(needs):
    """Make the decorator that keeps a case with what it needs."""

    def keep(body):
        CASES[body.__name__] = (body, needs.split())
        return body

    return keep


def must(title, *requirements, needs=""):
    """Declare a case of a requirement that has to hold."""
    return declare(needs)


def should(title, *requirements, needs=""):
    """Declare a case of a requirement that ought to hold."""
    return declare(needs)


def may(title, *requirements, needs=""):
    """Declare a case of a requirement that may hold."""
    return declare(needs)


# ----------------------------------------------------------------- expectations


def expect(holds, what):
    """End the case as failed unless something holds; `what` says it."""
    if not holds:
        raise Failed(what)


def expect_eq(seen, wanted, what="it"):
    """End the case as failed unless two values are equal."""
    if not seen == wanted:
        raise Failed(f"{what} is {shown(seen)}, not {shown(wanted)}")


def expect_raises(kinds, action, *arguments):
    """End the case as failed unless an action raises one of some errors."""
    try:
        action(*arguments)
    except kinds as error:
        return error
    named = kinds if isinstance(kinds, tuple) else (kinds,)
    raise Failed("no " + " or ".join([kind.__name__ for kind in named]))


def shown(value):
    """Return a value as text, cut."""
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + "..."


def need(*names):
    """End the case as unsupported unless everything that is named is there."""
    for name in names:
        if name in LACKS:
            raise Unsupported(name)
        if name not in BEHAVIOURS:
            find(name)


def find(name):
    """Return what a dotted name means: a module or something in it."""
    parts = name.split(".")
    try:
        found = __import__(parts[0])
        for part in parts[1:]:
            found = getattr(found, part)
    except (ImportError, AttributeError):
        raise Unsupported(name)
    return found


# ------------------------------------------------------------------------ words


class Thing:
    """An object with attributes, which weak references may refer to."""

    def __init__(self, name=None):
        self.name = name


class Probe:
    """An object that writes its name into a log when it is finalized."""

    def __init__(self, log, name=None):
        self.log = log
        self.name = name

    def __del__(self):
        self.log.append(self.name)


def collect():
    """Collect until finalizers and weak callbacks have run, too."""
    if gc is None:
        raise Unsupported("gc")
    for _ in range(ROUNDS):
        gc.collect()


def burn(depth=40):
    """Overwrite what calls left on the stack, for collectors that scan it."""
    return 0 if depth == 0 else burn(depth - 1) + 1


def gone(reference):
    """Tell whether a weak reference is dead, after a collection if need be."""
    if reference() is None:
        return True
    burn()
    collect()
    return reference() is None


# ------------------------------------------------------------------------- lines


def quoted(text):
    """Return a text as a JSON string of ASCII alone."""
    out = []
    for one in text:
        code = ord(one)
        if one in '"\\':
            out.append("\\" + one)
        elif 32 <= code < 127:
            out.append(one)
        elif code < 0x10000:
            out.append("\\u" + hex(code + 0x10000)[3:])
        else:
            out.append("?")
    return '"' + "".join(out) + '"'


def line(**fields):
    """Print one line of JSON."""
    inside = [
        quoted(key) + ": " + ("null" if fields[key] is None else quoted(fields[key]))
        for key in sorted(fields)
    ]
    print("{" + ", ".join(inside) + "}")
    flush = getattr(sys.stdout, "flush", None)
    if flush is not None:
        flush()


def run(body, needs):
    """Run a case; return class, message and the name of what is missing."""
    try:
        need(*needs)
        body()
    except Unsupported as error:
        return "UNSUPPORTED", None, str(error.args[0])
    except Failed as error:
        return "FAIL", str(error.args[0]), None
    except Exception as error:  # noqa: BLE001 - anybody's
        return "FAIL", f"{type(error).__name__}: {error}", None
    return "PASS", None, None


def load(path):
    """Execute a file of cases among the words of this one."""
    with open(path) as file:
        text = file.read()
    words = dict(globals())
    words["SOURCE"] = path
    exec(compile(text, path, "exec"), words)  # noqa: S102 - the cases


def who():
    """Print what this interpreter is."""
    own = sys.implementation
    name, version = own.name, tuple(own.version)[:3]
    if hasattr(sys, "pypy_version_info"):
        version = tuple(sys.pypy_version_info)[:3]
    elif sys.platform == "emscripten":
        name, version = "pyodide", __import__("pyodide").__version__.split(".")
    python = ".".join([str(part) for part in sys.version_info[:3]])
    line(who=name, version=".".join([str(part) for part in version]), python=python)


def main(arguments):
    """Run the cases that are named, or all of a file; `--who` tells what this is."""
    if arguments == ["--who"]:
        return who()
    if arguments[:1] == ["--lacks"]:
        LACKS.update(arguments[1].split(","))
        arguments = arguments[2:]
    load(arguments[0])
    for name in arguments[1:] or sorted(CASES):
        body, needs = CASES[name]
        line(case=name, phase="body")
        kind, message, missing = run(body, needs)
        fields = {"class": kind, "message": message, "feature": missing}
        line(case=name, **fields)


if __name__ == "__main__":
    main(sys.argv[1:])
