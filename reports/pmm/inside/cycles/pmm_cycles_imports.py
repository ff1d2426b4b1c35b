# SPDX-License-Identifier: MIT
"""Garbage of other people's imports: made once, and nobody's fault.

A module that is executed leaves functions and classes that decorators replaced,
and they are cycles. While a module of the standard library or of a package is
loaded, the garbage is counted and not studied. Collections of the young generations
at both ends keep what was made outside out of it.

The function that replaces importlib's bears the name of importlib's file, so that
the interpreter leaves it out of tracebacks as it does the original.
"""

import gc
import sys

from pmm_cycles_whose import BUILT_IN, UNKNOWN, YOURS, of_file, of_module

FILE = "<frozen importlib._bootstrap>"
SOURCE = """
def _find_and_load(name, import_):
    before = enter(name)
    if before is None:
        return original(name, import_)
    try:
        return original(name, import_)
    finally:
        leave(before)
"""
YOUNG = 1


class Imports:
    """Whether the module that is being loaded is the program's own."""

    def __init__(self, watch):
        self.watch = watch
        self.foreign = False
        self.answers = {}

    def is_foreign(self, name):
        """Tell whether a module is of the standard library or of a package."""
        top = name.partition(".")[0]
        if top not in self.answers:
            self.answers[top] = top in BUILT_IN or look_up(top) not in (YOURS, UNKNOWN)
        return self.answers[top]

    def enter(self, name):
        """Begin to load a module; return what to go back to, or None."""
        foreign = self.is_foreign(name)
        if foreign == self.foreign or self.watch.flags is not None:
            return None
        self.switch(foreign)
        return (not foreign,)

    def leave(self, before):
        """Go back."""
        self.switch(before[0])

    def switch(self, foreign):
        """Collect what was made so far, then look away or look again."""
        gc.collect(YOUNG)
        self.foreign = self.watch.muted = foreign


def look_up(top):
    """Tell whose a module is that may not be loaded yet."""
    if top in sys.modules:
        return of_module(top)
    finder = sys.modules["_frozen_importlib_external"].PathFinder
    try:
        spec = finder.find_spec(top, None)
    except Exception:  # a hook of the program's
        return UNKNOWN
    if spec is None:
        return UNKNOWN
    places = list(spec.submodule_search_locations or ())
    return of_file(spec.origin if spec.has_location else (places + [None])[0])


def watch_imports(watch):
    """Have imports tell the watch when they begin and end."""
    bootstrap = sys.modules["_frozen_importlib"]
    original = getattr(bootstrap, "_find_and_load", None)
    if original is None:
        return
    imports = Imports(watch)
    names = {"original": original, "enter": imports.enter, "leave": imports.leave}
    exec(compile(SOURCE, FILE, "exec"), names)
    vars(bootstrap)["_find_and_load"] = names["_find_and_load"]
