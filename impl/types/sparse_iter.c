/* SPDX-License-Identifier: MIT */
/*
 * sparse_iter.c - the entries of sparse vectors and matrices as objects:
 * walking over them, their text, and their invariant (sparse.h).
 *
 * An iterator is its container and an index into the entries; the row of a
 * matrix follows from the index, as both only go up.
 */
#include "types/sparse_iter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "types/iter.h"
#include "types/sparse.h"
#include "types/text_builder.h"
#include "types/tuple.h"
#include "types/types_state.h"

struct iterator {
  pmm_obj base;
  pmm_obj *entries; /* owned vector or matrix; NULL once the end was reached */
  size_t index;     /* of the next entry                                     */
  size_t row;       /* at or before that of the next entry                   */
};

/** An entry as numbers; a vector's row is 0. */
struct entry {
  size_t row;
  size_t column;
  double value;
};

static size_t stored_in(const pmm_obj *o) {
  assert(pmmi_is_sparse(o) || pmmi_is_csr(o));
  return ((const struct pmmi_var *)o)->length;
}

/* Entry `index`, which is there; its row is not below `row`. */
static struct entry entry_at(const pmm_obj *o, size_t index, size_t row) {
  assert(index < stored_in(o));
  assert(index < stored_in(o));
  if (pmmi_is_sparse(o)) {
    const struct pmmi_sparse *v = (const struct pmmi_sparse *)o;
    return (struct entry){0, v->entries[index].position,
                          v->entries[index].value};
  }
  const struct pmmi_csr *m = (const struct pmmi_csr *)o;
  while (m->starts[row + 1] <= index) {
    row++;
  }
  return (struct entry){row, pmmi_csr_columns(m)[index],
                        pmmi_csr_values(m)[index]};
}

/* ---- the iterator -------------------------------------------------------- */

/* (position, value) or (row, column, value); NULL: no memory. */
static pmm_obj *tuple_of(pmm_rt *rt, const struct entry *entry, int has_row) {
  pmm_obj *parts[3] = {NULL};
  size_t n = 0;
  if (has_row) {
    parts[n++] = pmmi_int_new(rt, (int64_t)entry->row);
  }
  if (n == 0 || parts[0] != NULL) {
    parts[n++] = pmmi_int_new(rt, (int64_t)entry->column);
  }
  if (parts[n - 1] != NULL) {
    parts[n++] = pmmi_float_new(rt, entry->value);
  }
  pmm_obj *tuple =
      parts[n - 1] != NULL ? pmmi_tuple_from(rt, parts, n) : NULL;
  for (size_t i = 0; i < n; i++) {
    pmmi_xrelease(rt, parts[i]);
  }
  return tuple;
}

static pmm_obj *iterator_next(pmm_rt *rt, pmm_obj *o) {
  struct iterator *i = (struct iterator *)o;
  if (i->entries == NULL || i->index >= stored_in(i->entries)) {
    pmmi_clear(rt, &i->entries);
    return pmmi_fail_null(rt, PMM_STOP, "");
  }
  struct entry entry = entry_at(i->entries, i->index, i->row);
  pmm_obj *tuple = tuple_of(rt, &entry, pmmi_is_csr(i->entries));
  if (tuple != NULL) {
    i->index++;
    i->row = entry.row;
  }
  return tuple;
}

static void iterator_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_clear(rt, &((struct iterator *)o)->entries);
  pmmi_object_free(rt, o);
}

/* Owns nothing but an atom, so it is in no cycle and needs no collector. */
static const struct pmmi_type iterator_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "entries_iterator",
    .basic_size = sizeof(struct iterator),
    .dealloc = iterator_dealloc,
    .iter = pmmi_self_iter,
    .next = iterator_next,
};

pmm_obj *pmmi_entries_iter(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_sparse(o) || pmmi_is_csr(o));
  struct iterator *i =
      (struct iterator *)pmmi_object_new(rt, &iterator_type, 0);
  if (i != NULL) {
    i->entries = pmmi_new_reference(rt, o);
  }
  return (pmm_obj *)i;
}

/* ---- text ---------------------------------------------------------------- */

static void add_size(struct pmmi_text *text, size_t n, const char *after) {
  assert(after != NULL);
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%zu%s", n, after);
  pmmi_text_add(text, digits, (size_t)length);
}

static void add_value(struct pmmi_text *text, double value) {
  pmm_obj *o = text->failed ? NULL : pmmi_float_new(text->rt, value);
  if (o == NULL) {
    text->failed = 1;
    return;
  }
  pmmi_text_add_repr(text, o);
  pmmi_release(text->rt, o);
}

/* sparse(9, {2: 1.0, 7: 2.5}), csr(2, 9, {(0, 2): 1.0, (1, 7): 2.5}). */
pmm_obj *pmmi_entries_repr(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_sparse(o) || pmmi_is_csr(o));
  struct pmmi_text text;
  size_t rows = 0;
  size_t columns = 0;
  struct entry entry = {0, 0, 0.0};
  int has_row = pmmi_is_csr(o);
  (void)pmmi_sparse_shape(rt, o, &rows, &columns);
  pmmi_text_init(&text, rt);
  pmmi_text_add(&text, has_row ? "csr(" : "sparse(", has_row ? 4 : 7);
  if (has_row) {
    add_size(&text, rows, ", ");
  }
  add_size(&text, columns, ", {");
  for (size_t i = 0; i < stored_in(o) && !text.failed; i++) {
    entry = entry_at(o, i, entry.row);
    pmmi_text_add(&text, ", ", i > 0 ? 2 : 0);
    if (has_row) {
      pmmi_text_add(&text, "(", 1);
      add_size(&text, entry.row, ", ");
    }
    add_size(&text, entry.column, has_row ? "): " : ": ");
    add_value(&text, entry.value);
  }
  pmmi_text_add(&text, "})", 2);
  return pmmi_text_finish(&text);
}

/* ---- the invariant ------------------------------------------------------- */

static int is_valid_vector(const struct pmmi_sparse *v) {
  int valid = v->var.length <= v->room && (v->entries != NULL) == (v->room > 0);
  for (size_t i = 0; i < v->var.length && valid; i++) {
    const struct pmmi_sparse_entry *e = &v->entries[i];
    valid = e->position < v->positions && e->value != 0.0 &&
            (i == 0 || e[-1].position < e->position);
  }
  return valid;
}

static int is_valid_row(const struct pmmi_csr *m, size_t row) {
  assert(row < m->rows);
  const size_t *columns = pmmi_csr_columns(m);
  int valid = m->starts[row] <= m->starts[row + 1] &&
              m->starts[row + 1] <= m->var.length;
  for (size_t i = m->starts[row]; valid && i < m->starts[row + 1]; i++) {
    valid = columns[i] < m->columns && pmmi_csr_values(m)[i] != 0.0 &&
            (i == m->starts[row] || columns[i - 1] < columns[i]);
  }
  return valid;
}

int pmmi_sparse_is_valid(const pmm_obj *o) {
  if (pmmi_is_sparse(o)) {
    return is_valid_vector((const struct pmmi_sparse *)o);
  }
  const struct pmmi_csr *m = (const struct pmmi_csr *)o;
  int valid = pmmi_is_csr(o) && m->starts[0] == 0 &&
              m->starts[m->rows] == m->var.length;
  for (size_t row = 0; valid && row < m->rows; row++) {
    valid = is_valid_row(m, row);
  }
  return valid;
}
