# SPDX-License-Identifier: MIT
"""Streams."""


@must("A loop, or its body, may exhaust its iterator", "LST-020")
def loops_end_their_iterators():
    """An exhausted iterator stays exhausted, whatever happens to the object it
    iterated over, and no longer owns that object."""
    items = [1, 2, 3]
    one = iter(items)
    for item in one:
        if item == 2:
            expect_eq(list(one), [3])
    expect_eq(list(one), [])
    items.append(4)
    expect_eq(list(one), [])
