# SPDX-License-Identifier: MIT
"""Whose code a cycle is made of: the program's, a package's, the standard library's.

Judged by the functions, frames, classes and instances in it. The rule: one piece
of the program's own makes it the program's; else a package's one makes it the
package's.
"""

import os
import sys
from types import FrameType, FunctionType, MethodType

from pmm_cycles_names import FRAMES
from pmm_cycles_watch import HEAP, IMMUTABLE, NAMESPACE

YOURS = ("yours", "")
LIBRARY = ("stdlib", "")
UNKNOWN = ("unknown", "")
PACKAGES = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)
FOLDER = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
BUILT_IN = set(sys.builtin_module_names) | set(getattr(sys, "stdlib_module_names", ()))
CODES = {"generator": "gi_code", "coroutine": "cr_code", "async_generator": "ag_code"}


def of_file(path):
    """Tell whose a file is."""
    if not path or path == "<string>":
        return UNKNOWN
    for mark in PACKAGES:
        if mark in path:
            first = path.rpartition(mark)[2].split(os.sep)[0]
            return ("package", first[:-3] if first.endswith(".py") else first)
    inside = path.startswith(FOLDER) or path.startswith("<frozen ")
    return LIBRARY if inside else YOURS


def of_module(title):
    """Tell whose a module is."""
    if title == "__main__":
        return YOURS
    module = sys.modules.get(title)
    if module is None:
        return UNKNOWN
    path = getattr(module, "__file__", None)
    return of_file(path) if path and path.endswith(".py") else UNKNOWN


def of_class(kind):
    """Tell whose a class is: nobody's where it is written in C."""
    if kind.__flags__ & (HEAP | IMMUTABLE) != HEAP:
        return UNKNOWN
    title = NAMESPACE(kind).get("__module__")
    return of_module(title) if isinstance(title, str) else UNKNOWN


def of_object(one):
    """Tell whose code an object is, or is made of."""
    kind = type(one)
    if kind is FunctionType:
        return of_file(one.__code__.co_filename)
    if kind is FrameType:
        return of_file(one.f_code.co_filename)
    if kind is MethodType:
        return UNKNOWN
    if kind in FRAMES:
        return of_file(getattr(one, CODES[kind.__name__]).co_filename)
    return of_class(one if isinstance(one, type) else kind)


def whose(objects):
    """Tell whose a component is."""
    found = {of_object(one) for one in objects}
    if YOURS in found:
        return YOURS
    packages = sorted(one for one in found if one[0] == "package")
    if packages:
        return packages[0]
    return LIBRARY if LIBRARY in found else UNKNOWN


def is_replaced_class(objects):
    """Tell whether a component is a class that its own module has in another form,
    as a decorator such as `dataclass(slots=True)` leaves it: made once, no leak.
    """
    classes = [one for one in objects if isinstance(one, type)]
    return bool(classes) and all(namesake(one) is not None for one in classes)


def namesake(kind):
    """Return another class of that name where the class says it is; None: no."""
    module = sys.modules.get(NAMESPACE(kind).get("__module__"))
    names = vars(module) if module is not None else {}
    found = None
    for part in type.__dict__["__qualname__"].__get__(kind).split("."):
        found = names.get(part)
        if not isinstance(found, type):
            return None
        names = NAMESPACE(found)
    return found if found is not kind else None
