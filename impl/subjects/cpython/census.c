/* SPDX-License-Identifier: MIT */
/*
 * census.c - the interpreter's objects by type.
 *
 * gc.get_objects() lists what the collector tracks.  Nothing lists the rest
 * (numbers, texts, tuples of them), nor tells how many there are: they are a
 * line of unknowns.
 */
#include <stdlib.h>

#include "account.h"
#include "errors.h"
#include "ops.h"

/** One type. */
struct line {
  PyTypeObject *type; /* kept alive by the list                             */
  struct pmm_census row;
};

/** The type's line, made when it is new and moved to the front. */
static struct line *line_of(pmm_rt *rt, struct line *lines, size_t *count,
                            PyObject *o) {
  assert(o != NULL);
  size_t i = 0;
  struct line found;
  while (i < *count && lines[i].type != Py_TYPE(o)) {
    i++;
  }
  if (i == *count) {
    lines[(*count)++] = (struct line){
        .type = Py_TYPE(o),
        .row = {.type = pmmi_cpy_type_name(rt, pmmi_cpy_obj(o))}};
  }
  found = lines[i];
  lines[i] = lines[0];
  lines[0] = found;
  return &lines[0];
}

static int most_bytes_first(const void *a, const void *b) {
  const struct line *left = a;
  const struct line *right = b;
  if (left->row.bytes != right->row.bytes) {
    return left->row.bytes < right->row.bytes ? 1 : -1;
  }
  return (left->row.count < right->row.count) -
         (left->row.count > right->row.count);
}

/** Count the objects of a list; returns how many lines there are. */
static size_t count_all(pmm_rt *rt, PyObject *list, struct line *lines) {
  assert(PyList_Check(list));
  size_t count = 0;
  for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
    PyObject *o = PyList_GetItem(list, i);
    struct line *line = line_of(rt, lines, &count, o);
    size_t bytes = 0;
    (void)pmmi_cpy_size_of(rt, pmmi_cpy_obj(o), &bytes);
    PyErr_Clear();
    line->row.count++;
    line->row.bytes += bytes;
  }
  qsort(lines, count, sizeof *lines, most_bytes_first);
  return count;
}

enum pmm_status pmmi_cpy_census(pmm_rt *rt,
                                void (*report)(void *ctx,
                                               const struct pmm_census *row),
                                void *ctx) {
  assert(report != NULL);
  static const struct pmm_census rest = {
      .type = "", .count = PMM_UNKNOWN, .bytes = PMM_UNKNOWN};
  PyObject *list;
  struct line *lines = NULL;
  size_t count = 0;
  pmmi_cpy_account_pause();
  list = pmmi_cpy_py(pmmi_cpy_gc_objects(rt, -1));
  if (list != NULL) {
    lines = calloc((size_t)PyList_Size(list) + 1, sizeof *lines);
    if (lines == NULL) {
      PyErr_NoMemory();
    } else {
      count = count_all(rt, list, lines);
    }
    Py_DecRef(list);
  }
  pmmi_cpy_account_resume();
  if (lines == NULL) {
    return pmmi_cpy_failure(rt);
  }
  for (size_t i = 0; i < count; i++) {
    report(ctx, &lines[i].row);
  }
  report(ctx, &rest);
  free(lines);
  return PMM_OK;
}
