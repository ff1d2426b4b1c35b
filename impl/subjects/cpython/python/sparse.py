# SPDX-License-Identifier: MIT
"""Sparse vectors and CSR matrices.

Python's standard library has none, so these are made of what a program would
take: arrays of the module `array`, kept sorted by bisect.  The functions that
C calls check the types of their arguments first.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from operator import itemgetter


def check(o, kind):
    if not isinstance(o, kind):
        raise TypeError("not of type " + kind.__name__)


def check_dense(dense, length):
    check(dense, array)
    if dense.typecode != "d":
        raise TypeError("not an array of doubles")
    if len(dense) != length:
        raise ValueError("vectors of different lengths")


class entries:
    """Values at sorted positions: `values[i]` stands at `at[i]`."""

    __slots__ = ("at", "columns", "rows", "starts", "values")
    __hash__ = None  # type: ignore[assignment]  # they can be changed
    at: array[int]
    columns: int
    rows: int
    starts: array[int] | None
    values: array[float]

    def __len__(self):
        return len(self.at)

    def __iter__(self):
        raise NotImplementedError

    def __sizeof__(self):
        owned = (self.starts, self.at, self.values)
        return object.__sizeof__(self) + sum(
            sys.getsizeof(a) for a in owned if a is not None)

    def __eq__(self, other):
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name)
                   for name in entries.__slots__)

    def __repr__(self):
        return "%s(%r)" % (type(self).__name__, list(self))


class sparse(entries):
    """A vector of `n` positions, of which few are not zero."""

    __slots__ = ()

    def __init__(self, n, at=(), values=()):
        self.rows = 1
        self.columns = n
        self.starts = None
        self.at = array("Q", at)
        self.values = array("d", values)

    def __iter__(self):
        return zip(self.at, self.values)

    def __copy__(self):
        return sparse(self.columns, self.at, self.values)

    def __deepcopy__(self, memo):
        return self.__copy__()


sparse_new = sparse


def place(vector, index):
    """Where a position stands or would stand, and whether it does."""
    check(vector, sparse)
    if not 0 <= index < vector.columns:
        raise IndexError("no such position")
    at = bisect_left(vector.at, index)
    return at, at < len(vector.at) and vector.at[at] == index


no_items = sys.getsizeof(array("Q"))


def remove(vector, at):
    del vector.at[at]
    del vector.values[at]
    room = (sys.getsizeof(vector.at) - no_items) // 8
    if len(vector.at) < room // 2:  # an array keeps its room by itself
        try:
            smaller = vector.at[:], vector.values[:]
            vector.at, vector.values = smaller
        except MemoryError:
            pass


def sparse_set(vector, index, value):
    at, stored = place(vector, index)
    if value == 0.0:
        if stored:
            remove(vector, at)
    elif stored:
        vector.values[at] = value
    else:
        vector.at.insert(at, index)
        try:
            vector.values.insert(at, value)
        except MemoryError:
            del vector.at[at]
            raise


def sparse_get(vector, index, absent):
    at, stored = place(vector, index)
    return vector.values[at] if stored else absent


def sparse_dot(vector, dense):
    check(vector, sparse)
    check_dense(dense, vector.columns)
    total = 0.0
    for at, value in vector:
        total += value * dense[at]
    return total


def sparse_shape(o):
    check(o, entries)
    return o.rows, o.columns


class csr(entries):
    """A matrix by rows: row r has the entries starts[r] to starts[r + 1]."""

    __slots__ = ()
    starts: array[int]

    def __init__(self, rows, columns, triples):
        at, values = [], []
        starts = array("Q", [0]) * (rows + 1)
        for row, column, value in added_up(triples):
            starts[row + 1] += 1
            at.append(column)
            values.append(value)
        for row in range(rows):
            starts[row + 1] += starts[row]
        self.rows = rows
        self.columns = columns
        self.starts = starts
        self.at = array("Q", at)
        self.values = array("d", values)

    def span(self, row):
        return slice(self.starts[row], self.starts[row + 1])

    def __iter__(self):
        for row in range(self.rows):
            span = self.span(row)
            for at, value in zip(self.at[span], self.values[span]):
                yield row, at, value

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def added_up(triples):
    """The triples in order, those of one place as their sum."""
    sums: list[list] = []
    for row, column, value in sorted(triples, key=itemgetter(0, 1)):
        if sums and sums[-1][0] == row and sums[-1][1] == column:
            sums[-1][2] += value
        else:
            sums.append([row, column, value])
    return [entry for entry in sums if entry[2] != 0.0]


def csr_new(rows, columns, triples):
    for row, column, _ in triples:
        if row >= rows or column >= columns:
            raise IndexError("a triple lies outside the matrix")
    return csr(rows, columns, triples)


def csr_row(matrix, row):
    check(matrix, csr)
    if row >= matrix.rows:
        raise IndexError("no such row")
    span = matrix.span(row)
    return sparse(matrix.columns, matrix.at[span], matrix.values[span])


def csr_multiply(matrix, dense):
    check(matrix, csr)
    check_dense(dense, matrix.columns)
    product = array("d", [0.0]) * matrix.rows
    for row, at, value in matrix:
        product[row] += value * dense[at]
    return product
