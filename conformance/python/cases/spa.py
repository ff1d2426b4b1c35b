# SPDX-License-Identifier: MIT
"""Sparse containers."""


@must("Reading an absent position adds no entry", "SPA-002")
def absent_positions_are_not_stored():
    """Reading an absent position returns the default and adds no entry."""
    table = {5: 1.5}
    for position in range(1000):
        table.get(position, 0.0)
    expect_eq(table, {5: 1.5})
    expect_eq(table.get(7, 0.0), 0.0)
