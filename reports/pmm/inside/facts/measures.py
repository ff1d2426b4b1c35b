# SPDX-License-Identifier: MIT
"""What one interpreter's memory manager is made of, measured.

`FACTS` names each measurement: its key, its group, its title, its unit, and
the function that takes it.  Nothing is looked up by version: a function asks
the running interpreter, and returns None where that does not say.

Blocks that are kept: an object type's free list is drained by making many and
filled by dropping them; what is held afterwards, less what the allocator took
back, is what the list keeps.
"""

from __future__ import annotations

import functools
import gc
import os
import re
import struct
import sys
import tempfile
from array import array
from collections import deque
from typing import Any, Callable, List, NamedTuple, Union

Value = Union[int, bool, str, List[int], None]
POINTER = struct.calcsize("P")
MADE = 3000
"""Objects that are made to drain a free list; none is longer."""
KEPT_ALIVE = 100000
LARGEST_SHARED = 2000
NOTHING = None
"""A name, so that a tuple of it is no constant."""


class Fact(NamedTuple):
    """One row of the table."""

    key: str
    group: str
    title: str
    unit: str
    measure: Callable[[], Value]


class Plain:
    """A class as people write them."""

    def __init__(self) -> None:
        self.name = None
        self.value = None


class Slotted:
    """A class whose instances have no dict."""

    __slots__ = ("name", "value")


def generator_function() -> Any:
    yield


async def coroutine_function() -> None:
    pass


def coroutine_bytes() -> int:
    made = coroutine_function()
    size = sys.getsizeof(made)
    made.close()
    return size


def size_of(make: Callable[[], Any]) -> Callable[[], Value]:
    return lambda: sys.getsizeof(make())


# -- the allocator ----------


@functools.lru_cache(maxsize=None)
def allocator_report() -> str:
    """What the interpreter prints of its own small-object allocator."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            sys._debugmallocstats()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        return file.read().decode(errors="replace")


def told(pattern: str) -> Callable[[], Value]:
    """A number of that report; None where it has none."""

    def find() -> Value:
        found = re.search(pattern, allocator_report())
        return int(found.group(1)) if found else None

    return find


def class_step() -> int | None:
    """How much larger the blocks of a size class are than those before."""
    rows = re.findall(r"^ *(\d+) +(\d+) +\d+ +\d+ +\d+$", allocator_report(),
                      re.M)
    sizes = sorted({(int(number), int(size)) for number, size in rows})
    steps = {(b[1] - a[1]) // (b[0] - a[0]) for a, b in zip(sizes, sizes[1:])}
    return min(steps) if steps else None


# -- how containers grow ----------


def list_capacities() -> list[int]:
    """Items that an appended list has room for, as it grows to 100."""
    values: list[None] = []
    empty = sys.getsizeof(values)
    seen = []
    for _ in range(100):
        values.append(None)
        room = (sys.getsizeof(values) - empty) // POINTER
        if room not in seen:
            seen.append(room)
    return seen


def sizes_as_it_grows(add: Callable[[int], int]) -> list[int]:
    """The sizes in bytes that a container has, from empty to 100 items."""
    seen = []
    for number in range(101):
        size = add(number)
        if size not in seen:
            seen.append(size)
    return seen


def dict_sizes() -> list[int]:
    values: dict[int, None] = {}

    def add(number: int) -> int:
        size = sys.getsizeof(values)
        values[number] = None
        return size

    return sizes_as_it_grows(add)


def set_sizes() -> list[int]:
    values: set[int] = set()

    def add(number: int) -> int:
        size = sys.getsizeof(values)
        values.add(number)
        return size

    return sizes_as_it_grows(add)


def removed_until_shrinking() -> int | None:
    """Items of 64 that a list still has when pop() first makes it smaller."""
    values = [None] * 64
    before = sys.getsizeof(values)
    while values:
        values.pop()
        if sys.getsizeof(values) < before:
            return len(values)
    return None


# -- the collector ----------


def head_bytes() -> int:
    """What the collector keeps in front of an object that it follows."""
    return sys.getsizeof([]) - [].__sizeof__()


def collections_while(job: Callable[[], Any]) -> list[int]:
    """How often each generation is collected meanwhile."""
    counts = [0] * 3

    def seen(phase: str, info: Any) -> None:
        if phase == "start":
            counts[info["generation"]] += 1

    gc.collect()
    gc.callbacks.append(seen)
    try:
        kept = job()
    finally:
        gc.callbacks.remove(seen)
    del kept
    return counts


def made_until_collected() -> int | None:
    """Lists that can be made until the youngest is collected by itself."""
    started: list[int] = []
    made: list[Any] = []

    def seen(phase: str, _: Any) -> None:
        if phase == "start" and not started:
            started.append(len(made))

    gc.collect()
    gc.callbacks.append(seen)
    try:
        while not started and len(made) < KEPT_ALIVE:
            made.append([])
    finally:
        gc.callbacks.remove(seen)
    return started[0] if started else None


def collections_of_many() -> list[int]:
    return collections_while(lambda: [[] for _ in range(KEPT_ALIVE)])


def tracked_tuple(after: bool) -> bool:
    """Whether the collector follows a tuple of numbers."""
    one = tuple(range(MADE, MADE + 2))
    if after:
        gc.collect()
    return gc.is_tracked(one)


# -- what is shared ----------


def small_ints() -> list[int]:
    """The lowest and the highest whole number there is once only."""
    low = high = 0
    while low > -LARGEST_SHARED and int(str(low - 1)) is int(str(low - 1)):
        low -= 1
    while high < LARGEST_SHARED and int(str(high + 1)) is int(str(high + 1)):
        high += 1
    return [low, high]


def is_one(kind: Callable[[list[Any]], Any]) -> bool:
    """Whether two that are made of nothing are the same object."""
    first, second = kind([]), kind([])
    return first is second


def is_immortal(value: Any) -> bool:
    """Whether ten references more are not counted."""
    before = sys.getrefcount(value)
    more = [value] * 10
    after = sys.getrefcount(value)
    del more
    return after == before


def immortal(value: Any) -> Callable[[], Value]:
    return lambda: is_immortal(value)


def made_name() -> str:
    return "".join(["a", "_", "name"])


# -- free lists ----------


def kept_blocks(make: Callable[[int], Any]) -> Callable[[], Value]:
    """Blocks that stay with a type when MADE of its objects are dropped."""

    def measure() -> Value:
        if not sys.getallocatedblocks():
            return None
        gc.collect()
        first: list[Any] = [None] * MADE
        second: list[Any] = [None] * MADE
        blocks = array("q", bytes(8 * 3))
        for at in range(MADE):
            first[at] = make(at)
        blocks[0] = sys.getallocatedblocks()
        for at in range(MADE):
            second[at] = make(at)
        blocks[1] = sys.getallocatedblocks()
        for at in range(MADE):
            first[at] = second[at] = None
        blocks[2] = sys.getallocatedblocks()
        each = round((blocks[1] - blocks[0]) / MADE)
        return max(2 * MADE * each - (blocks[1] - blocks[2]), 0)

    return measure


COLLECTOR = "Collector"
ALLOCATOR = "Allocator for small objects"
EMPTY = "Size of an object with nothing in it"
SMALL = "Size of small objects"
GROWTH = "How containers grow"
SHARED = "What there is once only"
FREE = "Blocks that stay with a type for the next one (free lists)"

FACTS = (
    Fact("thresholds", COLLECTOR, "thresholds", "", lambda: list(
        gc.get_threshold())),
    Fact("generations", COLLECTOR, "generations with statistics", "", lambda:
         len(gc.get_stats())),
    Fact("until_young", COLLECTOR,
         "lists made until the youngest is collected", "",
         made_until_collected),
    Fact("while_making", COLLECTOR, "collections by generation while "
         f"{KEPT_ALIVE:,} lists are made and kept", "", collections_of_many),
    Fact("head", COLLECTOR, "its head in front of an object", "bytes",
         head_bytes),
    Fact("tracks_empty_dict", COLLECTOR, "follows {}", "",
         lambda: gc.is_tracked({})),
    Fact("tracks_plain_dict", COLLECTOR, "follows {1: 2}", "",
         lambda: gc.is_tracked({1: 2})),
    Fact("tracks_tuple", COLLECTOR, "follows a tuple of numbers when made",
         "", lambda: tracked_tuple(False)),
    Fact("tracks_tuple_after", COLLECTOR, "follows it after a collection", "",
         lambda: tracked_tuple(True)),
    Fact("arena", ALLOCATOR, "arena", "bytes",
         told(r"arenas \* (\d+) bytes/arena")),
    Fact("pool", ALLOCATOR, "pool", "bytes",
         told(r"unused pools \* (\d+) bytes")),
    Fact("small_request", ALLOCATOR, "largest request that it serves",
         "bytes", told(r"threshold = (\d+)")),
    Fact("classes", ALLOCATOR, "size classes", "",
         told(r"in (\d+) size classes")),
    Fact("step", ALLOCATOR, "step from class to class", "bytes", class_step),
    Fact("empty_list", EMPTY, "[]", "bytes", size_of(list)),
    Fact("empty_tuple", EMPTY, "()", "bytes", size_of(tuple)),
    Fact("empty_dict", EMPTY, "{}", "bytes", size_of(dict)),
    Fact("empty_set", EMPTY, "set()", "bytes", size_of(set)),
    Fact("empty_frozenset", EMPTY, "frozenset()", "bytes",
         size_of(frozenset)),
    Fact("empty_str", EMPTY, "''", "bytes", size_of(str)),
    Fact("empty_bytes", EMPTY, "b''", "bytes", size_of(bytes)),
    Fact("empty_bytearray", EMPTY, "bytearray()", "bytes",
         size_of(bytearray)),
    Fact("empty_deque", EMPTY, "deque()", "bytes", size_of(deque)),
    Fact("object", EMPTY, "object()", "bytes", size_of(object)),
    Fact("zero", EMPTY, "0", "bytes", size_of(int)),
    Fact("generator", SMALL, "a generator", "bytes",
         size_of(generator_function)),
    Fact("generator_expression", SMALL, "(x for x in y)", "bytes",
         size_of(lambda: (x for x in ""))),
    Fact("coroutine", SMALL, "a coroutine", "bytes", coroutine_bytes),
    Fact("function", SMALL, "a function", "bytes",
         size_of(lambda: generator_function)),
    Fact("plain_instance", SMALL, "an instance with two attributes", "bytes",
         size_of(Plain)),
    Fact("instance_dict", SMALL, "the __dict__ of two attributes", "bytes",
         size_of(lambda: vars(Plain()))),
    Fact("slotted_instance", SMALL, "an instance with two __slots__", "bytes",
         size_of(Slotted)),
    Fact("list_of_3", SMALL, "[a, b, c]", "bytes",
         size_of(lambda: [POINTER, MADE, KEPT_ALIVE])),
    Fact("tuple_of_3", SMALL, "(a, b, c)", "bytes",
         size_of(lambda: (POINTER, MADE, KEPT_ALIVE))),
    Fact("set_of_3", SMALL, "{a, b, c}", "bytes",
         size_of(lambda: {POINTER, MADE, KEPT_ALIVE})),
    Fact("dict_of_3", SMALL, "{a: a, b: b, c: c}", "bytes",
         size_of(lambda: {1: 1, 2: 2, 3: 3})),
    Fact("text_ascii", SMALL, "'aaaa'", "bytes", size_of(lambda: "a" * 4)),
    Fact("text_latin", SMALL, "'éééé'", "bytes",
         size_of(lambda: "\xe9" * 4)),
    Fact("text_greek", SMALL, "'αααα'", "bytes",
         size_of(lambda: "\u03b1" * 4)),
    Fact("int_small", SMALL, "1", "bytes", size_of(lambda: 1)),
    Fact("int_large", SMALL, "2 ** 70", "bytes", size_of(lambda: 2 ** 70)),
    Fact("float", SMALL, "1.0", "bytes", size_of(float)),
    Fact("list_growth", GROWTH, "items a list has room for, append() by "
         "append()", "items", list_capacities),
    Fact("list_shrinks", GROWTH, "items left of 64 when pop() first gives "
         "room back", "items", removed_until_shrinking),
    Fact("dict_growth", GROWTH, "sizes of a dict on its way to 100 items",
         "bytes", dict_sizes),
    Fact("set_growth", GROWTH, "sizes of a set on its way to 100 items",
         "bytes", set_sizes),
    Fact("small_ints", SHARED, "whole numbers from, to", "", small_ints),
    Fact("one_empty_tuple", SHARED, "()", "", lambda: is_one(tuple)),
    Fact("one_empty_frozenset", SHARED, "frozenset()", "",
         lambda: is_one(frozenset)),
    Fact("one_letter", SHARED, "'é' made twice", "",
         lambda: chr(233) is bytes([233]).decode("latin-1")),
    Fact("one_name", SHARED, "'a_name' made twice", "",
         lambda: made_name() is made_name()),
    Fact("immortal_none", SHARED, "None is not counted (immortal)", "",
         immortal(None)),
    Fact("immortal_zero", SHARED, "0 is not counted", "", immortal(0)),
    Fact("immortal_large", SHARED, "1000000 in a program is not counted", "",
         immortal(1000000)),
    Fact("immortal_empty", SHARED, "() is not counted", "", immortal(())),
    Fact("immortal_name", SHARED, "a name in a program is not counted", "",
         immortal("immortal_name")),
    Fact("immortal_type", SHARED, "the type int is not counted", "",
         immortal(int)),
    Fact("free_float", FREE, "float", "blocks",
         kept_blocks(lambda at: at + 0.5)),
    Fact("free_int", FREE, "int", "blocks",
         kept_blocks(lambda at: at + 5000)),
    Fact("free_list", FREE, "list", "blocks", kept_blocks(lambda at: [])),
    Fact("free_dict", FREE, "dict", "blocks", kept_blocks(lambda at: {})),
    Fact("free_tuple_1", FREE, "tuple of 1", "blocks",
         kept_blocks(lambda at: (NOTHING,))),
    Fact("free_tuple_20", FREE, "tuple of 20", "blocks",
         kept_blocks(lambda at: (NOTHING,) * 20)),
    Fact("free_tuple_21", FREE, "tuple of 21", "blocks",
         kept_blocks(lambda at: (NOTHING,) * 21)),
    Fact("free_set", FREE, "set", "blocks", kept_blocks(lambda at: set())),
    Fact("free_object", FREE, "object", "blocks",
         kept_blocks(lambda at: object())),
    Fact("free_generator", FREE, "generator", "blocks",
         kept_blocks(lambda at: generator_function())),
)


def measured() -> list[dict[str, Any]]:
    """Every fact, with its value in this interpreter."""
    return [
        {"key": fact.key, "group": fact.group, "title": fact.title,
         "unit": fact.unit, "value": fact.measure()}
        for fact in FACTS
    ]
