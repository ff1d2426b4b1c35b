# SPDX-License-Identifier: MIT
"""What sort of cycle a way round is, what would break it, and who is not accused."""

from __future__ import annotations

import re
from typing import NamedTuple

from pmm.documents.cycles import FoundGroup


class Sort(NamedTuple):
    """A sort of cycle."""

    name: str
    mark: str
    """What its line holds: a pattern over `kind.reference` steps."""
    advice: str


SORTS = (
    Sort("exception and its traceback", r"\.__traceback__|\.tb_frame",
         "the frame keeps the exception in a variable: `del` it in a `finally`, or "
         "store `exc.with_traceback(None)`"),
    Sort("exception that refers to itself", r"\.__context__|\.__cause__",
         "raise a fresh exception instead of one that is handled already"),
    Sort("task or future", r"asyncio\.\w*(Task|Future)|futures\.\w*Future",
         "do not keep a task where its own coroutine can reach it; take it out in "
         "`add_done_callback`"),
    Sort("cached method", r"lru_cache",
         "a cache on a method keeps `self` as a key: cache a function of plain "
         "values, or use `functools.cached_property`"),
    Sort("thread-local data", r"_thread\._local|_threading_local",
         "do not keep in a thread-local what refers back to it"),
    Sort("weakref callback", r"weakref|WeakMethod",
         "the callback keeps what the weak reference should let go: make it a "
         "static function, or `weakref.finalize` without the object"),
    Sort("context variable", r"Context\b|Token\b|ContextVar|hamt",
         "reset the variable with its token, and do not keep the context in a value "
         "of its own"),
    Sort("C callback", r"ctypes|CThunk|CFunctionType|CFUNCTYPE",
         "keep the callback elsewhere than on the object that it calls, or have it "
         "hold a weak reference"),
    Sort("partial function", r"functools\.partial",
         "bind a weak reference, or let the owner of the partial be another object"),
    Sort("log handler", r"logging\.",
         "remove the handler or filter when its owner is closed"),
    Sort("generator or coroutine frame", r"^(async_)?(generator|coroutine) | → "
         r"(async_)?(generator|coroutine) ",
         "a suspended frame keeps its own generator in a variable: close it, or do "
         "not keep it there"),
    Sort("frame", r"frame of ",
         "a frame is kept by one of its own variables: do not store frames"),
    Sort("closure", r" closure '",
         "a function refers to itself through a variable of its maker: make it a "
         "method or a module's function, or `del` the name at the end"),
    Sort("bound method", r"method\.__self__",
         "an object keeps a method of its own: keep a `weakref.WeakMethod`, or look "
         "the method up when it is called"),
    Sort("property or descriptor", r"property|descriptor",
         "the descriptor keeps an instance: keep what belongs to an instance on it, "
         "or in a `WeakKeyDictionary`"),
    Sort("class", r"class \S+\.",
         "a class is a cycle by itself: make it once, outside of the function"),
    Sort("iterator in C", r"itertools\.|_iterator",
         "the iterator draws from an object that keeps it: do not store it there"),
    Sort("parent link", r"\.(_*(parent|owner|root|prev|previous|up|container|"
         r"manager|master|outer)\w*) ",
         "make the link back a `weakref.ref` or `weakref.proxy`"),
    Sort("container that holds itself", r"^(list|dict|tuple|set|frozenset)\S* → ",
         "do not put a container into itself"),
)  # fmt: skip
ITSELF = Sort("object that refers to itself", "",
              "drop the attribute when the object is closed")  # fmt: skip
OTHERS = Sort("objects that refer to each other", "",
              "make one of the references a `weakref.ref`")  # fmt: skip


def sort_of(group: FoundGroup) -> Sort:
    """Return the first sort that a group's way is like."""
    kinds = [one.kind for one in group.way]
    line = " → ".join(f"{one.kind}{one.reference}" for one in group.way)
    line = f"{line} → {kinds[0]}"
    for sort in SORTS:
        if re.search(sort.mark, line):
            return sort
    return ITSELF if len(kinds) == 1 else OTHERS


RUNNERS = {"_pytest", "pytest", "pluggy", "xdist", "execnet"}
RAISES = "_pytest._code.code.ExceptionInfo"


def explanation(group: FoundGroup) -> str | None:
    """Say why a group is nobody's fault; None: it is a finding."""
    if group.replaced:
        return "a class that a decorator replaced: it is made once, with its module"
    if group.owner == "stdlib":
        return "made by the standard library, with nothing of yours in it"
    if group.owner == "package" and group.package in RUNNERS:
        return "made by the test runner"
    if any(one.name == RAISES for one in group.kinds):
        return "pytest keeps an exception with the frame of the test"
    return None
