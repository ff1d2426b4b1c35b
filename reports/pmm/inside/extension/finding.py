# SPDX-License-Identifier: MIT
"""The types of a module, and how an object of each can be made.

A type is tried without arguments first, then with a few that many types take.
What keeps `p` when it is given is how objects of the type hold others.
"""

import builtins
import gc
import inspect
import os
import re
import sys
import types

from .making import Maker

ARGUMENTS = ("", "[]", "'x'", "b'x'", "1", "P()", "P(), P()", "P(), []", "[], []",
             "int", "int, [1]", "1, 1, 1", "'x', 'x'", "'x', []", "'x', P()",
             "(), ()", "{}", "P, P()", "'i'", "'i', [1]", "None")
"""What a type is called with until it makes an object."""
HOLDING = ("p", "[p]", "p, p", "{1: p}", "p, []", "[], p", "1, p", "p, 1",
           "p, p, p", "'x', p", "int, p", "p, [p]", "p, 'x'", "{'x': p}")
"""What a type is called with to see whether it keeps `p`."""
METHODS = re.compile(
    r"(append|add|push|put|insert|extend|update|set|register|store|enqueue|bind|"
    r"attach|connect|subscribe|link|join|send|rotate|write|feed|__setstate__|"
    r"__setitem__|__init__|__ior__|__iadd__|__call__)")
FORMS = ("p", "[p]", "1, p", "{1: p}", "'x', p", "p, p", "0, p", "p, 1")
MOST_WAYS = 12
EASY = {"__class__", "__dict__", "__doc__", "__weakref__", "__module__"}
WITHOUT = "pmm_held"
"""Name of an attribute that no type has."""


def members_of(kind):
    """Names of the attributes that a type made in C reads and writes itself."""
    found: dict[str, None] = {}
    for base in kind.__mro__[:-1]:
        for name, value in vars(base).items():
            if isinstance(value, (types.MemberDescriptorType,
                                  types.GetSetDescriptorType)):
                found[name] = None
    return [name for name in found if name not in EASY and name.isidentifier()]


def methods_of(kind):
    """Names of the methods that a type made in C has, without those of object."""
    found: dict[str, None] = {}
    for base in kind.__mro__[:-1]:
        for name, value in vars(base).items():
            if isinstance(value, (types.MethodDescriptorType,
                                  types.WrapperDescriptorType,
                                  types.ClassMethodDescriptorType,
                                  types.BuiltinFunctionType)):
                found[name] = None
    return list(found)


def is_made_in_c(kind):
    """Whether a class is no `class` statement's."""
    values = vars(kind)
    if any(isinstance(one, types.FunctionType) for one in values.values()):
        return False
    if "__slots__" in values or "__static_attributes__" in values:
        return False
    return not {"__dict__", "__weakref__"} <= set(values)


def types_of(module, prefix):
    """The types that a module names and that were made in C: name by type."""
    found: dict[type, str] = {}
    for name, value in sorted(vars(module).items()):
        if not isinstance(value, type) or value in found or name[:2] == "__":
            continue
        if issubclass(value, (BaseException, type)) or not is_made_in_c(value):
            continue
        if not is_of(value, prefix):
            continue
        found[value] = name
    return {name: value for value, name in found.items()}


def is_of(kind, module):
    """Whether a type belongs to a module, and is not only used there."""
    if getattr(builtins, kind.__name__, None) is kind:
        return module == "builtins"
    homes = [name.partition(".")[0].lstrip("_")
             for name in (kind.__module__, module)]
    return homes[0] in (homes[1], "builtins")


def import_lines(module, name, paths):
    """The lines that import a module, with its folder if that is needed."""
    file = os.path.abspath(getattr(module, "__file__", None) or "")
    needed = [path for path in paths if file.startswith(path.rstrip("/") + "/")]
    lines = ["import " + name]
    if needed:
        lines.insert(0, f"import sys; sys.path[:0] = {needed!r}")
    return lines


def attempt(teller, code, work, skip):
    """Call what may fail or crash; None where it failed or is to be left out."""
    if code in skip:
        return None
    teller.phase("calling " + code, code=[code], skip=code)
    try:
        return work()
    except BaseException as error:  # whatever it raises, it did not work
        return Refusal(error)


class Refusal:
    """An error instead of an object."""

    def __init__(self, error):
        self.text = f"{type(error).__name__}: {error}"


def is_made(value):
    """Whether an attempt made something."""
    return value is not None and not isinstance(value, Refusal)


class Search:
    """Looks for the ways to make an object of a type, or from a function."""

    def __init__(self, teller, prologue, path, skip):
        self.teller = teller
        self.path = path
        self.skip = skip
        self.maker = Maker({"name": path, "prologue": prologue, "call": "None"})
        self.first = ""

    def called(self, code):
        """What an expression gives."""
        return attempt(self.teller, code, self.maker.function(
            "", "return " + code), self.skip)

    def find_call(self):
        """Set the expression that makes an object; return whether there is one."""
        for arguments in ARGUMENTS:
            code = f"{self.path}({arguments})"
            made = self.called(code)
            if is_made(made):
                self.maker.call = code
                return True
            if not self.first and isinstance(made, Refusal):
                self.first = made.text
        return False

    def gained(self, code, give):
        """How many references to `p` an object keeps; 0 when it cannot be given."""
        item = self.maker.probe()
        before = sys.getrefcount(item)
        made = attempt(self.teller, code, lambda: give(item), self.skip)
        if not is_made(made) or made is item:
            return 0
        kept = sys.getrefcount(item) - before
        del made
        return kept

    def find_holders(self, forms):
        """Expressions whose object keeps `p`."""
        found = []
        for arguments in forms:
            code = f"{self.path}({arguments})"
            give = self.maker.function("p", "return " + code)
            if self.gained(code, give) > 0:
                found.append(code)
        return found

    def find_ways(self, kind):
        """Statements after which `o` keeps `p`."""
        found = []
        for code in possible_ways(kind):
            give = self.maker.function(
                "p", "o = " + self.maker.call, code, "return o")
            if self.gained(code, give) > 0:
                found.append(code)
            if len(found) == MOST_WAYS:
                break
        return found


def possible_ways(kind):
    """Yield statements that might let an object `o` keep `p`."""
    for name in members_of(kind):
        yield f"o.{name} = p"
    if kind.__dictoffset__:
        yield f"o.{WITHOUT} = p"
    if hasattr(kind, "__setitem__"):
        yield from ("o[0] = p", "o['x'] = p", "o[p] = p")
    for name in methods_of(kind):
        if METHODS.match(name):
            for form in FORMS:
                yield f"o.{name}({form})"


def takes_one(function):
    """Whether a function of Python needs exactly one argument."""
    try:
        needed = [one for one in inspect.signature(function).parameters.values()
                  if one.default is one.empty
                  and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):
        return False
    return len(needed) == 1


def describe(search, given):
    """What the runner is told of a type or a factory that makes objects."""
    maker = search.maker
    maker.make = maker.function("", "return " + maker.call)
    made = maker.make()
    kind = type(made)
    if isinstance(given, types.FunctionType):
        holders = search.find_holders(["p"]) if takes_one(given) else []
    else:
        holders = search.find_holders(HOLDING)
    return {
        "name": maker.name, "prologue": maker.prologue, "call": maker.call,
        "holders": holders[:MOST_WAYS], "ways": search.find_ways(kind),
        "type": full_name(kind),
        "file": file_of(kind), "tracked": gc.is_tracked(made),
    }


def full_name(kind):
    """Module and name of a type; some types have no module."""
    return "{}.{}".format(getattr(kind, "__module__", "?"), kind.__qualname__)


def file_of(kind):
    """The shared object that a type comes from; empty: the interpreter itself."""
    module = sys.modules.get(getattr(kind, "__module__", ""))
    file = getattr(module, "__file__", None) or ""
    return os.path.realpath(file) if ".so" in os.path.basename(file) else ""
