# SPDX-License-Identifier: MIT
"""Numbers of which most are 0.0: what five ways to keep them cost.

Source of the shape: article 2 (sparse data) and requirement SPA-003.  Of
`positions`, k are stored, evenly spread; position p holds p + 1.  The standard
library has no sparse vector and no matrix, so they are made of typed arrays:
sorted positions beside values, and compressed sparse rows of 100 columns.

A cost is the reported size of a thing with all that it alone holds.  The sums
are known from the numbers alone; the break-even is the least k for which dict,
sparse and csr cost more than the dense one, measured at k and at k - 1.
"""

from __future__ import annotations

import sys
from array import array
from typing import Any, Callable, Tuple

from measure import Stage

SUMMARY = "bytes of sparse data at densities from 0.1 to 100 percent"
PARAMETERS = {"positions": (100000, 1000, 10000000, "positions")}
COLUMNS = 100
PERMILLES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

Vector = Tuple[Any, Any]
Matrix = Tuple[Any, Any, Any]


def positions_of(stage: Stage) -> int:
    """Positions asked for, in whole rows."""
    positions: int = stage.parameters["positions"]
    return positions - positions % COLUMNS


def places(n: int, k: int) -> list[int]:
    return [i * n // k for i in range(k)]


def known_sum(n: int, k: int) -> int:
    return sum(at + 1 for at in places(n, k))


# -- list and array ----------


def list_build(n: int, k: int) -> list[float]:
    numbers = [0.0] * n
    for at in places(n, k):
        numbers[at] = float(at + 1)
    return numbers


def list_cost(numbers: list[float]) -> int:
    """The one 0.0 that all share, if there is one, and every other float."""
    shared = sys.getsizeof(0.0) if 0.0 in numbers else 0
    stored = sum(sys.getsizeof(number) for number in numbers if number)
    return sys.getsizeof(numbers) + shared + stored


def array_build(n: int, k: int) -> Any:
    numbers = array("d", [0.0]) * n
    for at in places(n, k):
        numbers[at] = at + 1
    return numbers


# -- dict ----------


def dict_build(n: int, k: int) -> dict[int, float]:
    return {at: float(at + 1) for at in places(n, k)}


def dict_cost(numbers: dict[int, float]) -> int:
    """Integers up to 256 are the interpreter's own."""
    keys = sum(sys.getsizeof(at) for at in numbers if at > 256)
    values = sum(sys.getsizeof(value) for value in numbers.values())
    return sys.getsizeof(numbers) + keys + values


# -- sparse vector and matrix ----------


def sparse_build(n: int, k: int) -> Vector:
    """Stored in order of position, so that each goes to the end."""
    at_array, values = array("Q"), array("d")
    for at in places(n, k):
        at_array.append(at)
        values.append(at + 1)
    return at_array, values


def arrays_cost(arrays: tuple[Any, ...]) -> int:
    return sys.getsizeof(arrays) + sum(sys.getsizeof(a) for a in arrays)


def sparse_total(vector: Vector) -> float:
    return float(sum(vector[1]))


def csr_build(n: int, k: int) -> Matrix:
    starts = array("Q", [0]) * (n // COLUMNS + 1)
    where = places(n, k)
    for at in where:
        starts[at // COLUMNS + 1] += 1
    for row in range(n // COLUMNS):
        starts[row + 1] += starts[row]
    return (starts, array("Q", [at % COLUMNS for at in where]),
            array("d", [at + 1 for at in where]))


def csr_total(matrix: Matrix) -> float:
    starts, _, values = matrix
    return float(sum(sum(values[starts[row]:starts[row + 1]])
                     for row in range(len(starts) - 1)))


# -- costs ----------


class Form:
    """A way to keep numbers: how it is built, priced and added up."""

    def __init__(self, build: Callable[[int, int], Any],
                 cost: Callable[[Any], int],
                 total: Callable[[Any], float]) -> None:
        self.build = build
        self.cost = cost
        self.total = total

    def costs(self, n: int, k: int) -> int:
        return self.cost(self.build(n, k))


LIST = Form(list_build, list_cost, sum)
ARRAY = Form(array_build, sys.getsizeof, sum)
DICT = Form(dict_build, dict_cost, lambda d: float(sum(d.values())))
SPARSE = Form(sparse_build, arrays_cost, sparse_total)
CSR = Form(csr_build, arrays_cost, csr_total)


def curve(stage: Stage, form: Form) -> None:
    n = positions_of(stage)
    stage.phase("densities")
    for permille in PERMILLES:
        k = n * permille // 1000
        numbers = form.build(n, k)
        stage.figure(f"bytes_at_{permille / 10:g}_percent",
                     form.cost(numbers))
        stage.verify(known_sum(n, k), int(form.total(numbers)))
        del numbers
        stage.sample()


def least_above(n: int, form: Form, dense: Callable[[int], int]) -> int:
    """The least k that costs more than the dense one; 0: none does."""
    if form.costs(n, n) <= dense(n):
        return 0
    below, above = 0, n
    while above - below > 1:
        middle = (below + above) // 2
        if form.costs(n, middle) > dense(middle):
            above = middle
        else:
            below = middle
    return above


def break_even(stage: Stage, form: Form, name: str,
               dense: Callable[[int], int]) -> None:
    n = positions_of(stage)
    least = least_above(n, form, dense)
    if least:
        stage.verify(
            (True, False),
            (form.costs(n, least) > dense(least),
             form.costs(n, least - 1) > dense(least - 1)))
    stage.figure(f"break_even_{name}_entries", least or None, "entries")
    stage.figure(f"break_even_{name}_density",
                 least * 10000 // n if least else None, "1/10000")


def with_break_even(stage: Stage, form: Form) -> None:
    """Sizes do not depend on the pass, and tracing would make it slow."""
    stage.phase("break-even")
    if not stage.traced:
        break_evens(stage, form)
    curve(stage, form)


def break_evens(stage: Stage, form: Form) -> None:
    n = positions_of(stage)
    first = LIST.costs(n, 0)
    each = LIST.costs(n, 1) - first
    flat = ARRAY.costs(n, 0)
    break_even(stage, form, "list", lambda k: first + k * each)
    break_even(stage, form, "array", lambda k: flat)


VARIANTS = {
    "array": lambda stage: curve(stage, ARRAY),
    "sparse": lambda stage: with_break_even(stage, SPARSE),
    "csr": lambda stage: with_break_even(stage, CSR),
    "dict": lambda stage: with_break_even(stage, DICT),
    "list": lambda stage: curve(stage, LIST),
}
