# SPDX-License-Identifier: MIT
"""Streams."""


@must("A loop ends its iterator, and its body may do so", "LST-020")
def loops_end_their_iterators():
    """An iterator that has ended stays so, whatever becomes of what it was over, and no
    longer owns it."""
    items = [1, 2, 3]
    one = iter(items)
    for item in one:
        if item == 2:
            expect_eq(list(one), [3])
    expect_eq(list(one), [])
    items.append(4)
    expect_eq(list(one), [])
