/* SPDX-License-Identifier: MIT */
/*
 * sparse.c - items of typed arrays, sparse vectors, CSR matrices and chunks.
 *
 * Python has no such types in its standard library, so these are classes of
 * our own, of the objects that a program would take: arrays of the module
 * `array`, kept sorted by bisect.  The functions that C calls check the types
 * of their arguments first.
 */
#include "ops.h"

const char pmmi_cpy_sparse_source[] =
    "from array import array\n"
    "from bisect import bisect_left\n"
    "from operator import itemgetter\n"
    "\n"
    "def check(o, kind):\n"
    "    if not isinstance(o, kind):\n"
    "        raise TypeError('not of type ' + kind.__name__)\n"
    "\n"
    "def check_dense(dense, length):\n"
    "    check(dense, array)\n"
    "    if dense.typecode != 'd':\n"
    "        raise TypeError('not an array of doubles')\n"
    "    if len(dense) != length:\n"
    "        raise ValueError('vectors of different lengths')\n"
    "\n"
    "class entries:\n"
    "    __slots__ = ('rows', 'columns', 'starts', 'at', 'values')\n"
    "    __hash__ = None\n"
    "    def __len__(self):\n"
    "        return len(self.at)\n"
    "    def __sizeof__(self):\n"
    "        owned = (self.starts, self.at, self.values)\n"
    "        return object.__sizeof__(self) + sum(\n"
    "            sys.getsizeof(a) for a in owned if a is not None)\n"
    "    def __eq__(self, other):\n"
    "        if type(other) is not type(self):\n"
    "            return NotImplemented\n"
    "        return all(getattr(self, name) == getattr(other, name)\n"
    "                   for name in entries.__slots__)\n"
    "    def __repr__(self):\n"
    "        return '%s(%r)' % (type(self).__name__, list(self))\n"
    "\n"
    "class sparse(entries):\n"
    "    __slots__ = ()\n"
    "    def __init__(self, n, at=(), values=()):\n"
    "        self.rows = 1\n"
    "        self.columns = n\n"
    "        self.starts = None\n"
    "        self.at = array('Q', at)\n"
    "        self.values = array('d', values)\n"
    "    def __iter__(self):\n"
    "        return zip(self.at, self.values)\n"
    "    def __copy__(self):\n"
    "        return sparse(self.columns, self.at, self.values)\n"
    "    def __deepcopy__(self, memo):\n"
    "        return self.__copy__()\n"
    "\n"
    "sparse_new = sparse\n"
    "\n"
    "def place(vector, index):\n"
    "    check(vector, sparse)\n"
    "    if not 0 <= index < vector.columns:\n"
    "        raise IndexError('no such position')\n"
    "    at = bisect_left(vector.at, index)\n"
    "    return at, at < len(vector.at) and vector.at[at] == index\n"
    "\n"
    "no_items = sys.getsizeof(array('Q'))\n"
    "\n"
    "def remove(vector, at):\n"
    "    del vector.at[at]\n"
    "    del vector.values[at]\n"
    "    room = (sys.getsizeof(vector.at) - no_items) // 8\n"
    "    if len(vector.at) < room // 2:  # an array keeps its room by itself\n"
    "        try:\n"
    "            smaller = vector.at[:], vector.values[:]\n"
    "            vector.at, vector.values = smaller\n"
    "        except MemoryError:\n"
    "            pass\n"
    "\n"
    "def sparse_set(vector, index, value):\n"
    "    at, stored = place(vector, index)\n"
    "    if value == 0.0:\n"
    "        if stored:\n"
    "            remove(vector, at)\n"
    "    elif stored:\n"
    "        vector.values[at] = value\n"
    "    else:\n"
    "        vector.at.insert(at, index)\n"
    "        try:\n"
    "            vector.values.insert(at, value)\n"
    "        except MemoryError:\n"
    "            del vector.at[at]\n"
    "            raise\n"
    "\n"
    "def sparse_get(vector, index, absent):\n"
    "    at, stored = place(vector, index)\n"
    "    return vector.values[at] if stored else absent\n"
    "\n"
    "def sparse_dot(vector, dense):\n"
    "    check(vector, sparse)\n"
    "    check_dense(dense, vector.columns)\n"
    "    total = 0.0\n"
    "    for at, value in vector:\n"
    "        total += value * dense[at]\n"
    "    return total\n"
    "\n"
    "def sparse_shape(o):\n"
    "    check(o, entries)\n"
    "    return o.rows, o.columns\n";

const char pmmi_cpy_csr_source[] =
    "class csr(entries):\n"
    "    __slots__ = ()\n"
    "    def __init__(self, rows, columns, triples):\n"
    "        at, values = [], []\n"
    "        starts = array('Q', [0]) * (rows + 1)\n"
    "        for row, column, value in added_up(triples):\n"
    "            starts[row + 1] += 1\n"
    "            at.append(column)\n"
    "            values.append(value)\n"
    "        for row in range(rows):\n"
    "            starts[row + 1] += starts[row]\n"
    "        self.rows = rows\n"
    "        self.columns = columns\n"
    "        self.starts = starts\n"
    "        self.at = array('Q', at)\n"
    "        self.values = array('d', values)\n"
    "    def span(self, row):\n"
    "        return slice(self.starts[row], self.starts[row + 1])\n"
    "    def __iter__(self):\n"
    "        for row in range(self.rows):\n"
    "            span = self.span(row)\n"
    "            for at, value in zip(self.at[span], self.values[span]):\n"
    "                yield row, at, value\n"
    "    def __copy__(self):\n"
    "        return self\n"
    "    def __deepcopy__(self, memo):\n"
    "        return self\n"
    "\n"
    "def added_up(triples):\n"
    "    sums = []\n"
    "    for row, column, value in sorted(triples, key=itemgetter(0, 1)):\n"
    "        if sums and sums[-1][0] == row and sums[-1][1] == column:\n"
    "            sums[-1][2] += value\n"
    "        else:\n"
    "            sums.append([row, column, value])\n"
    "    return [entry for entry in sums if entry[2] != 0.0]\n"
    "\n"
    "def csr_new(rows, columns, triples):\n"
    "    for row, column, value in triples:\n"
    "        if row >= rows or column >= columns:\n"
    "            raise IndexError('a triple outside the matrix')\n"
    "    return csr(rows, columns, triples)\n"
    "\n"
    "def csr_row(matrix, row):\n"
    "    check(matrix, csr)\n"
    "    if row >= matrix.rows:\n"
    "        raise IndexError('no such row')\n"
    "    span = matrix.span(row)\n"
    "    return sparse(matrix.columns, matrix.at[span], matrix.values[span])\n"
    "\n"
    "def csr_multiply(matrix, dense):\n"
    "    check(matrix, csr)\n"
    "    check_dense(dense, matrix.columns)\n"
    "    product = array('d', [0.0]) * matrix.rows\n"
    "    for row, at, value in matrix:\n"
    "        product[row] += value * dense[at]\n"
    "    return product\n";

const char pmmi_cpy_chunks_source[] =
    "class chunks_base:\n"
    "    __slots__ = ('source', 'size', 'filling')\n"
    "    def __init__(self, source, size):\n"
    "        if size < 1:\n"
    "            raise ValueError('a chunk has at least one item')\n"
    "        self.source = source\n"
    "        self.size = size\n"
    "        self.filling = None\n"
    "    def __iter__(self):\n"
    "        return self\n"
    "    def __reduce_ex__(self, protocol):\n"
    "        raise TypeError('chunks have no copy')\n"
    "\n"
    "class chunks_of_items(chunks_base):\n"
    "    __slots__ = ()\n"
    "    def __next__(self):\n"
    "        source = self.source\n"
    "        if source is None:\n"
    "            raise StopIteration\n"
    "        chunk = self.filling or []\n"
    "        self.filling = None\n"
    "        try:\n"
    "            while len(chunk) < self.size:\n"
    "                chunk.append(next(source))\n"
    "        except StopIteration:\n"
    "            self.source = None\n"
    "            if not chunk:\n"
    "                raise\n"
    "        except BaseException:\n"
    "            if self.filling is None:\n"
    "                self.filling = chunk\n"
    "            raise\n"
    "        return chunk\n"
    "\n"
    "class chunks_of_file(chunks_base):\n"
    "    __slots__ = ()\n"
    "    def __next__(self):\n"
    "        if self.source is None:\n"
    "            raise StopIteration\n"
    "        data = self.source.read(self.size)\n"
    "        if not data:\n"
    "            self.source = None\n"
    "            raise StopIteration\n"
    "        return data\n"
    "\n"
    "def chunks(iterable, size):\n"
    "    return chunks_of_items(iter(iterable), size)\n"
    "\n"
    "def file_chunks(file, size):\n"
    "    check(file, io.IOBase)\n"
    "    return chunks_of_file(file, size)\n";

/* ---- typed arrays -------------------------------------------------------- */

/** 1, 0 with TypeError, or -1 with another exception. */
static int is_array(PyObject *o) {
  assert(o != NULL);
  int result = PyByteArray_Check(o)
                   ? 1
                   : PyObject_IsInstance(o, PMMI_CPY_FN(array));
  if (result == 0) {
    PyErr_SetString(PyExc_TypeError, "not a typed array");
  }
  return result;
}

pmm_obj *pmmi_cpy_array_get(pmm_rt *rt, pmm_obj *array, size_t index) {
  (void)rt;
  return is_array(pmmi_cpy_py(array)) > 0
             ? pmmi_cpy_obj(PySequence_GetItem(pmmi_cpy_py(array),
                                               pmmi_cpy_size(index)))
             : NULL;
}

enum pmm_status pmmi_cpy_array_set(pmm_rt *rt, pmm_obj *array, size_t index,
                                   pmm_obj *value) {
  int result = is_array(pmmi_cpy_py(array)) > 0
                   ? PySequence_SetItem(pmmi_cpy_py(array),
                                        pmmi_cpy_size(index),
                                        pmmi_cpy_py(value))
                   : -1;
  return pmmi_cpy_result(rt, result);
}

/* ---- sparse vectors ------------------------------------------------------ */

/** The doubles that a call returned, given up. */
static enum pmm_status take_double(pmm_rt *rt, PyObject *o, double *value) {
  assert(value != NULL);
  if (o != NULL) {
    *value = PyFloat_AsDouble(o);
    Py_DecRef(o);
  }
  return PyErr_Occurred() != NULL ? pmmi_cpy_failure(rt) : PMM_OK;
}

pmm_obj *pmmi_cpy_sparse_new(pmm_rt *rt, size_t n) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  if (n > PTRDIFF_MAX) {
    return pmmi_cpy_fail_null(PMM_VALUE, "more positions than there can be");
  }
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  return pmmi_cpy_obj(PyObject_CallFunction(PMMI_CPY_FN(sparse_new), "n",
                                            pmmi_cpy_size(n)));
}

enum pmm_status pmmi_cpy_sparse_set(pmm_rt *rt, pmm_obj *vector, size_t index,
                                    double value) {
  return pmmi_cpy_consume(
      rt, PyObject_CallFunction(PMMI_CPY_FN(sparse_set), "Ond",
                                pmmi_cpy_py(vector), pmmi_cpy_size(index),
                                value));
}

enum pmm_status pmmi_cpy_sparse_get(pmm_rt *rt, pmm_obj *vector, size_t index,
                                    double absent, double *value) {
  assert(value != NULL);
  return take_double(
      rt,
      PyObject_CallFunction(PMMI_CPY_FN(sparse_get), "Ond",
                            pmmi_cpy_py(vector), pmmi_cpy_size(index), absent),
      value);
}

enum pmm_status pmmi_cpy_sparse_dot(pmm_rt *rt, pmm_obj *vector,
                                    pmm_obj *dense, double *sum) {
  assert(sum != NULL);
  return take_double(rt,
                     PyObject_CallFunctionObjArgs(
                         PMMI_CPY_FN(sparse_dot), pmmi_cpy_py(vector),
                         pmmi_cpy_py(dense), NULL),
                     sum);
}

enum pmm_status pmmi_cpy_sparse_shape(pmm_rt *rt, pmm_obj *o, size_t *rows,
                                      size_t *columns) {
  assert(rows != NULL && columns != NULL);
  PyObject *shape = PyObject_CallFunctionObjArgs(PMMI_CPY_FN(sparse_shape),
                                                 pmmi_cpy_py(o), NULL);
  if (shape != NULL) {
    *rows = PyLong_AsSize_t(PyTuple_GetItem(shape, 0));
    *columns = PyLong_AsSize_t(PyTuple_GetItem(shape, 1));
  }
  return pmmi_cpy_consume(rt, shape);
}

/* ---- matrices ------------------------------------------------------------ */

/** A list of tuples (row, column, value). */
static PyObject *triples_of(const struct pmm_triple *triples, size_t n) {
  assert(n == 0 || triples != NULL);
  PyObject *list = PyList_New(pmmi_cpy_size(n));
  for (size_t i = 0; i < n && list != NULL; i++) {
    PyObject *triple = Py_BuildValue("nnd", pmmi_cpy_size(triples[i].row),
                                     pmmi_cpy_size(triples[i].column),
                                     triples[i].value);
    if (triple == NULL) {
      Py_DecRef(list);
      return NULL;
    }
    PyList_SetItem(list, pmmi_cpy_size(i), triple);
  }
  return list;
}

pmm_obj *pmmi_cpy_csr_new(pmm_rt *rt, size_t rows, size_t columns,
                          const struct pmm_triple *triples, size_t n) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  PyObject *list;
  PyObject *matrix = NULL;
  (void)rt;
  if (rows > PTRDIFF_MAX || columns > PTRDIFF_MAX) {
    return pmmi_cpy_fail_null(PMM_VALUE, "more rows than there can be");
  }
  if (pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  list = triples_of(triples, n);
  if (list != NULL) {
    matrix = PyObject_CallFunction(PMMI_CPY_FN(csr_new), "nnO",
                                   pmmi_cpy_size(rows),
                                   pmmi_cpy_size(columns), list);
  }
  Py_DecRef(list);
  return pmmi_cpy_obj(matrix);
}

pmm_obj *pmmi_cpy_csr_row(pmm_rt *rt, pmm_obj *matrix, size_t row) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunction(PMMI_CPY_FN(csr_row), "On",
                                            pmmi_cpy_py(matrix),
                                            pmmi_cpy_size(row)));
}

pmm_obj *pmmi_cpy_csr_multiply(pmm_rt *rt, pmm_obj *matrix, pmm_obj *dense) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunctionObjArgs(
      PMMI_CPY_FN(csr_multiply), pmmi_cpy_py(matrix), pmmi_cpy_py(dense),
      NULL));
}

/* ---- chunks -------------------------------------------------------------- */

pmm_obj *pmmi_cpy_chunks(pmm_rt *rt, pmm_obj *iterable, size_t size) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunction(PMMI_CPY_FN(chunks), "On",
                                            pmmi_cpy_py(iterable),
                                            pmmi_cpy_size(size)));
}

pmm_obj *pmmi_cpy_file_chunks(pmm_rt *rt, pmm_obj *file, size_t size) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  return pmmi_cpy_obj(PyObject_CallFunction(PMMI_CPY_FN(file_chunks), "On",
                                            pmmi_cpy_py(file),
                                            pmmi_cpy_size(size)));
}
