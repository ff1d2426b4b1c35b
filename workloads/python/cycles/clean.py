# SPDX-License-Identifier: MIT
"""The kinds of planted.py as they are right: the collector has nothing to do.

`pmm cycles -- python3 clean.py` finds nothing that it accuses. Valid on CPython
3.8 and later.
"""

import argparse
import asyncio
import collections
import contextvars
import csv
import ctypes
import dataclasses
import enum
import functools
import io
import itertools
import json
import logging
import sqlite3
import subprocess
import sys
import tempfile
import threading
import typing
import weakref
from concurrent.futures import ThreadPoolExecutor


class Colour(enum.Flag):
    """A class that leaves pieces of its making behind."""

    RED = 1
    BLUE = 2


class Pair(typing.NamedTuple):
    """A typed tuple."""

    left: int
    right: int


SLOTS = {"slots": True} if sys.version_info >= (3, 10) else {}


@dataclasses.dataclass(**SLOTS)
class Record:
    """With slots, the decorator makes another class of it."""

    name: str


class Node:
    """A tree whose links to the parent are weak."""

    def __init__(self, parent=None):
        self.parent = weakref.ref(parent) if parent is not None else None
        self.children = []
        if parent is not None:
            parent.children.append(self)


def tree():
    root = Node()
    Node(Node(root))


class Button:
    """It knows its own method weakly."""

    def __init__(self):
        self.on_click = weakref.WeakMethod(self.clicked)

    def clicked(self):
        """React."""


def callbacks():
    Button().on_click()
    functools.partial(print, Node())
    ctypes.CFUNCTYPE(None)(lambda: None)()


def exceptions():
    for _ in range(3):
        try:
            try:
                raise ValueError("inner")
            except ValueError as inner:
                raise KeyError("outer") from inner
        except KeyError as error:
            kept = error
            try:
                str(kept)
            finally:
                del kept


def generators():
    def produce():
        yield from range(3)

    left = produce()
    next(left)
    return list(itertools.islice(produce(), 2))


def closures():
    def add(number):
        return lambda other: number + other

    return add(1)(2)


class Closing:
    """It has a finalizer and no cycle."""

    def __del__(self):
        self.closed = True


def finalizers():
    Closing()
    weakref.finalize(Node(), str)


def caches():
    class_cache = functools.lru_cache(maxsize=8)(abs)
    class_cache(-1)


def records():
    Record("a"), Pair(1, 2), Colour.RED | Colour.BLUE
    collections.deque([1, 2]).rotate()


def contexts():
    variable = contextvars.ContextVar("clean")
    token = variable.set(1)
    variable.reset(token)


async def work():
    await asyncio.gather(*(asyncio.sleep(0, one) for one in range(3)))


def tasks():
    asyncio.run(work())


def threads():
    local = threading.local()
    local.value = 1
    one = threading.Thread(target=closures)
    one.start()
    one.join()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(abs, [1, 2]))


def logs():
    logger = logging.Logger("clean")
    handler = logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    logger.warning("clean")
    logger.removeHandler(handler)
    handler.close()


def files():
    with tempfile.TemporaryFile("w+") as file:
        csv.writer(file).writerow([1, 2])
    json.dumps({"list": [1, 2]}, indent=1)
    json.loads("[1]")


def library():
    argparse.ArgumentParser().parse_args([])
    base = sqlite3.connect(":memory:")
    base.execute("select 1").fetchall()
    base.close()
    subprocess.run([sys.executable, "-S", "-c", ""], check=True)


CLEAN = (
    tree, callbacks, exceptions, generators, closures, finalizers, caches,
    records, contexts, tasks, threads, logs, files, library,
)  # fmt: skip


if __name__ == "__main__":
    for function in CLEAN:
        function()
