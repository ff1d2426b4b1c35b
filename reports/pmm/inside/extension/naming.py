# SPDX-License-Identifier: MIT
"""The C function that a line calls: `o.put(p)`, `o.size`, `repr(o)`, `mod.Ring(p)`.

A descriptor of the type knows it: a method its function, an attribute the one that
reads it, a `__name__` of the language the one in the slot.

    descriptor   head | type | name | qualified name | definition | slot function
    definition   name | function or reader | ...
"""

import re
import types
from typing import Any

from .refusing import ctypes

METHOD = re.compile(r"o\.(\w+)\(")
ATTRIBUTE = re.compile(r"o\.(\w+)$")
CALL = re.compile(r"[\w.]+\(")
SPECIAL = {
    "repr(o)": "__repr__", "str(o)": "__str__", "hash(o)": "__hash__",
    "bool(o)": "__bool__", "len(o)": "__len__", "next(o)": "__next__",
    "next(iter(o))": "__iter__", "list(itertools.islice(iter(o), 3))": "__iter__",
    "o()": "__call__", "-o": "__neg__", "abs(o)": "__abs__", "int(o)": "__int__",
    "reversed(o)": "__reversed__", "with_it(o)": "__enter__",
    "setitem(o, E())": "__setitem__", "o[E()]": "__getitem__",
    "o[0]": "__getitem__", "o['x']": "__getitem__", "E() in o": "__contains__",
    "None in o": "__contains__", "copy.copy(o)": "__copy__",
    "copy.deepcopy(o)": "__deepcopy__",
}
OPERATORS = {"==": "__eq__", "!=": "__eq__", "<": "__lt__", "+": "__add__",
             "*": "__mul__", "%": "__mod__"}
OPERATION = re.compile(r"o (==|!=|<|\+|\*|%) ")


def name_in(line):
    """The name that a line looks up in the type; None: it says of none."""
    if line in SPECIAL:
        return SPECIAL[line]
    found = METHOD.match(line) or ATTRIBUTE.match(line)
    if found:
        return found[1]
    found = OPERATION.match(line)
    return OPERATORS[found[1]] if found else None


def descriptor_of(kind, name):
    """What a type, or one that it is derived from, has under a name; not object."""
    for base in kind.__mro__[:-1]:
        if name in vars(base):
            return vars(base)[name]
    return None


def word_at(address):
    """The pointer at an address."""
    return ctypes.c_void_p.from_address(address).value


def function_of(descriptor):
    """The address of the C function behind a descriptor; None: there is none."""
    pointer: Any = ctypes.sizeof(ctypes.c_void_p)
    definition = id(descriptor) + object.__basicsize__ + 3 * pointer
    if isinstance(descriptor, types.WrapperDescriptorType):
        return word_at(definition + pointer)
    if isinstance(descriptor, (types.MethodDescriptorType,
                               types.ClassMethodDescriptorType,
                               types.GetSetDescriptorType)):
        return word_at(word_at(definition) + pointer)
    return None


def called_by(kind, path, line):
    """The address of the C function that a line calls; None: nobody can tell.

    `path` is the expression for the type.
    """
    if ctypes is None:
        return None
    if CALL.match(line) and line.startswith(path + "("):
        made = descriptor_of(kind, "__init__")  # __new__ is called by all alike
        return function_of(made) if made is not None else None
    name = name_in(line)
    return function_of(descriptor_of(kind, name)) if name else None
