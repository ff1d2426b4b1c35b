# SPDX-License-Identifier: MIT
"""Print the profile of the CPython that runs this script.

    python3.11 conformance/profiles/measure_cpython.py > cpython-3.11.toml

1. What a program can measure (sizes, capacities, thresholds, free lists) is
   measured here, from the language alone: neither the suite nor the extension
   takes part, so a profile is a second witness.
2. What it cannot measure (pool geometry, stack bounds) is a table by version,
   with its source in CPython's own tree.

Sizes are bytes and, like sys.getsizeof, include the collector's header.
Standard library only, CPython 3.8 or later, 64-bit, default build.
"""

import gc
import sys
from functools import partial

VERSION = sys.version_info[:2]
size = sys.getsizeof


def capacity(items):
    """Slots of a list."""
    return (size(items) - size([])) // 8


def growth(count):
    """Capacities a list takes while `count` items are appended."""
    items, seen = [], []
    for number in range(count):
        items.append(number)
        if not seen or capacity(items) != seen[-1]:
            seen.append(capacity(items))
    return items, seen


def one_more_than_exact(count):
    """A list made to measure, which one append has then moved."""
    items = [None] * count
    items.append(None)
    return items


def shrinking(items):
    """(length, capacity) wherever popping changes the capacity."""
    lengths, capacities, last = [], [], capacity(items)
    while items:
        items.pop()
        if capacity(items) != last:
            last = capacity(items)
            lengths.append(len(items))
            capacities.append(last)
    return lengths, capacities


def steps(container, insert, count):
    """(length, size) wherever inserting changes the size."""
    lengths, sizes = [0], [size(container)]
    for number in range(count):
        insert(container, number)
        if size(container) != sizes[-1]:
            lengths.append(len(container))
            sizes.append(size(container))
    return lengths, sizes


def small_ints():
    """Bounds of the integers that are shared."""
    low = high = 0
    while int(str(low - 1)) is int(str(low - 1)):
        low -= 1
    while int(str(high + 1)) is int(str(high + 1)):
        high += 1
    return low, high


def retained(make, count):
    """Blocks that stay allocated after `count` objects came and went."""
    gc.collect()
    before = sys.getallocatedblocks()
    held = [make() for _ in range(count)]
    del held
    kept = sys.getallocatedblocks() - before
    return 0 if kept < 20 else min(kept // 80 * 80, 2000)


def reused(length):
    """1 when a freed tuple's block serves the next tuple of that length."""
    source = [0] * length
    hits = 0
    for _ in range(8):
        first = tuple(source)
        address = id(first)
        del first
        hits += id(tuple(source)) == address
    return int(hits == 8)


def instance_cycle():
    """What collect() counts for one instance that names itself.

    From 3.13 on only classes without C fields keep few values in the instance,
    and every probe type has some: Objects/typeobject.c (type_new_alloc).  A
    subclass of a type with C fields shows what theirs do.
    """
    base = list if VERSION >= (3, 13) else object

    class Node(base):
        pass

    gc.collect()
    node = Node()
    node.itself = node
    del node
    return gc.collect()


def literal_sizes():
    """Sizes of a literal of three, and of it with a fourth and a fifth item."""
    items = [11, 12, 13]
    sizes = [size(items)]
    for number in (14, 15):
        items.append(number)
        sizes.append(size(items))
    return sizes


def counter(limit):
    """A generator with two locals."""
    for number in range(limit):  # noqa: UP028 (a frame with two locals)
        yield number


def local_bytes():
    """What one more local adds to a generator; before 3.11 its frame is an
    object of its own, so nothing.
    """

    # One statement a local: assigning them in one needs a deeper stack.
    def narrow():
        a = None  # noqa: F841 (only its place counts)
        yield

    def wide():
        a = None  # noqa: F841
        b = None  # noqa: F841
        c = None  # noqa: F841
        yield

    return (size(wide()) - size(narrow())) // 2


def bias():
    """What getrefcount reports beyond the one owner.

    The owner is a list: from 3.14 on a local is lent to the call, not counted.
    """
    owner = [object()]
    return sys.getrefcount(owner[0]) - 1


def counts():
    """What counts look like."""
    low, high = small_ints()
    before = sys.getrefcount(None)
    held = [None] * 1000
    moved = sys.getrefcount(None) - before
    del held
    return [
        ("", "counts and shared objects"),
        ("refcount_bias", bias()),
        ("immortal", int(moved == 0)),
        ("small_int_min", low),
        ("small_int_max", high),
    ]


def sizes():
    """Sizes of objects."""
    string = [size(letter * 1000) - 1000 * width for letter, width in
              (("a", 1), ("\xe9", 1), ("\u0100", 2), ("\U00010000", 4))]
    return [
        ("", "sizes"),
        ("pointer_bytes", 8),
        ("gc_header_bytes", size([]) - list.__basicsize__),
        ("gc_bytes_per_object_max", 16),
        ("object_bytes", object.__basicsize__),
        ("var_object_bytes", int.__basicsize__),
        ("none_bytes", size(None)),
        ("float_bytes", size(1.0)),
        ("int_bytes", size(1)),
        ("int_digit_bytes", size(1 << 30) - size(1)),
        ("int_digit_bits", sys.int_info.bits_per_digit),
        ("bytes_empty_bytes", size(b"")),
        ("str_ascii_bytes", string[0]),
        ("str_latin1_bytes", string[1]),
        ("str_ucs2_bytes", string[2]),
        ("str_ucs4_bytes", string[3]),
        ("tuple_empty_bytes", size(())),
        ("tuple_hash_bytes", tuple.__basicsize__ - int.__basicsize__),
        ("tuple_item_bytes", size((1, 2)) - size((1,))),
        ("list_empty_bytes", size([])),
        ("list_item_bytes", 8),
        ("dict_empty_bytes", size({})),
        ("set_empty_bytes", size(set())),
        ("generator_bytes", size(counter(3))),
        ("generator_local_bytes", local_bytes()),
    ]


def lists():
    """Growth, shrinking and caching of lists."""
    lengths, shrunk = shrinking(growth(1000)[0])
    trimmed, rooms = shrinking(one_more_than_exact(1000))
    million = growth(1000000)[0]
    return [
        ("", "lists"),
        ("list_capacities", growth(5000)[1]),
        ("list_capacity_million", capacity(million)),
        ("list_million_bytes", size(million)),
        ("list_shrink_start", 1000),
        ("list_shrink_lengths", lengths),
        ("list_shrink_capacities", shrunk),
        ("list_trim_start", 1000),
        ("list_trim_lengths", trimmed),
        ("list_trim_capacities", rooms),
        ("list_literal_bytes", literal_sizes()),
        ("list_from_tuple_bytes", [size(list((0,) * n)) for n in range(10)]),
        ("list_freelist_max", retained(list, 500)),
    ]


def tuples():
    """Caching of tuples."""
    kept = {length: retained(partial(tuple, [0] * length), 3000)
            for length in range(1, 22)}
    return [
        ("", "tuples"),
        ("tuple_constant_shared", 1),
        ("tuple_freelist_max", kept[3]),
        ("tuple_freelist_lengths",
         max(length for length, blocks in kept.items() if blocks > 0)),
        ("tuple_freelist_reused_length",
         max(n for n in range(1, 20) if reused(n))
         if VERSION < (3, 13) else 20),
    ]


def tables():
    """Growth of dictionaries and sets."""
    ints = steps({}, lambda d, n: d.__setitem__(n, n), 1400)
    strings = steps({}, lambda d, n: d.__setitem__(str(n), n), 1400)
    members = steps(set(), lambda s, n: s.add(n), 1300)
    shared = [] if VERSION >= (3, 13) else [
        # From 3.13 on only classes without C fields keep few values, and every
        # probe type has some: Objects/typeobject.c (type_new_alloc).
        ("probe_keys_shared", 1),
    ]
    return [
        ("", "dictionaries and sets: the entry that grows the table, and sizes"),
        ("dict_resize_counts", ints[0][1:]),
        ("dict_int_bytes", ints[1]),
        ("dict_str_bytes", strings[1]),
        ("set_resize_counts", members[0][1:]),
        ("set_bytes", members[1]),
    ] + shared


def collector():
    """Defaults of the collector."""
    return [
        ("", "the collector"),
        ("gc_thresholds", list(gc.get_threshold())),
        ("gc_full_fraction", 4),
        ("gc_instance_cycle_count", instance_cycle()),
        ("gc_dict_untracked", int(not gc.is_tracked({}))),
        ("recursion_limit", sys.getrecursionlimit()),
    ]


def fixed():
    """What cannot be measured from the language."""
    large = VERSION >= (3, 10)
    pool = 16384 if large else 4096
    classes = [16 * (index + 1) for index in range(32)]
    return [
        ("", "pool geometry: Objects/obmalloc.c, Include/internal/pycore_obmalloc.h"),
        ("pool_max_bytes", 512),
        ("pool_class_bytes", classes),
        ("pool_bytes", pool),
        ("pool_header_bytes", 48),
        ("pool_shrink_percent", 75),
        ("arena_bytes", 1 << 20 if large else 1 << 18),
        ("arena_retained_max", 1),
        ("", "levels at which recursive operations fail: counted up to 3.13; from"),
        ("", "3.14 on 8 MiB of stack bound them, some 70 bytes a level"),
        ("recursion_fails_at", 200000 if VERSION >= (3, 14) else 100000),
        ("", "stacks: up to 3.11 and in 3.12.1 deep structures die on 256 KiB;"),
        ("", "3.13 counts calls instead of bytes and needs the default 8 MiB"),
        ("deep_stack_bytes", 8 << 20 if VERSION >= (3, 13) else 256 << 10),
    ]


def main():
    """Print the profile."""
    name = "cpython-{}.{}".format(*VERSION)
    print("# SPDX-License-Identifier: MIT")
    print("# Numbers of CPython {}.{}, 64-bit, default build.".format(*VERSION))
    print(f"# Measured on {sys.version.split()[0]} by measure_cpython.py, "
          "which says how.")
    print(f'schema = 1\nname = "{name}"\n\n[numbers]')
    for group in (counts, sizes, lists, tuples, tables, collector, fixed):
        for key, value in group():
            print(f"{key} = {value}" if key else "# " + value)


if __name__ == "__main__":
    main()
