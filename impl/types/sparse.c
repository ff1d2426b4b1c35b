/* SPDX-License-Identifier: MIT */
/* sparse.c - sparse vectors; idea, drawing and invariant: sparse.h. */
#include "types/sparse.h"

#include <string.h>

#include "types/array.h"
#include "types/types_state.h"

static size_t bytes_of(size_t room) {
  return room * sizeof(struct pmmi_sparse_entry);
}

static enum pmm_status no_memory(pmm_rt *rt) {
  return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a sparse vector");
}

/* ---- entries ------------------------------------------------------------- */

/* Where position `index` is stored, or would be. */
static size_t place_of(const struct pmmi_sparse *v, size_t index) {
  assert(v->var.length <= v->room);
  size_t from = 0;
  size_t to = v->var.length;
  while (from < to) {
    size_t middle = from + (to - from) / 2;
    if (v->entries[middle].position < index) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

static int is_stored(const struct pmmi_sparse *v, size_t place,
                     size_t index) {
  assert(place <= v->var.length);
  return place < v->var.length && v->entries[place].position == index;
}

/* Room for `n` entries and no more; PMM_NO_MEMORY leaves it as it is. */
static enum pmm_status set_room(pmm_rt *rt, struct pmmi_sparse *v, size_t n) {
  assert(n >= v->var.length);
  struct pmmi_sparse_entry *moved = NULL;
  size_t bytes;
  if (n == 0) {
    pmmi_mem_free(rt, v->entries, bytes_of(v->room));
  } else {
    if (pmmi_size_fits(n, sizeof *moved, 0, &bytes)) {
      moved = pmmi_mem_realloc(rt, v->entries, bytes_of(v->room), bytes);
    }
    if (moved == NULL) {
      return PMM_NO_MEMORY;
    }
  }
  v->entries = moved;
  v->room = n;
  return PMM_OK;
}

/* The room that a list of n items would have. */
static size_t room_for(size_t n) {
  return n == 0 ? 0 : (n + (n >> 3) + 6) & ~(size_t)3;
}

static enum pmm_status insert(pmm_rt *rt, struct pmmi_sparse *v, size_t place,
                              struct pmmi_sparse_entry entry) {
  assert(place <= v->var.length && entry.value != 0.0);
  size_t n = v->var.length;
  if (n == v->room && set_room(rt, v, room_for(n + 1)) != PMM_OK) {
    return no_memory(rt);
  }
  assert(v->entries != NULL && n < v->room);
  memmove(v->entries + place + 1, v->entries + place, bytes_of(n - place));
  v->entries[place] = entry;
  v->var.length = n + 1;
  return PMM_OK;
}

/* A shrink that fails keeps the larger block. */
static void remove_at(pmm_rt *rt, struct pmmi_sparse *v, size_t place) {
  assert(place < v->var.length);
  size_t left = --v->var.length;
  memmove(v->entries + place, v->entries + place + 1, bytes_of(left - place));
  if (left < v->room / 2) {
    (void)set_room(rt, v, room_for(left));
  }
}

/* ---- operations ---------------------------------------------------------- */

pmm_obj *pmmi_sparse_new(pmm_rt *rt, size_t n) {
  if (n > PTRDIFF_MAX) {
    return pmmi_fail_null(rt, PMM_VALUE, "too many positions");
  }
  struct pmmi_sparse *v =
      (struct pmmi_sparse *)pmmi_object_new(rt, &pmmi_sparse_type, 0);
  if (v != NULL) {
    v->positions = n;
  }
  return (pmm_obj *)v;
}

static enum pmm_status check(pmm_rt *rt, const pmm_obj *o, size_t index) {
  if (!pmmi_is_sparse(o)) {
    return pmmi_fail(rt, PMM_TYPE, "not a sparse vector");
  }
  if (index >= ((const struct pmmi_sparse *)o)->positions) {
    return pmmi_fail(rt, PMM_INDEX, "no such position");
  }
  return PMM_OK;
}

enum pmm_status pmmi_sparse_set(pmm_rt *rt, pmm_obj *vector, size_t index,
                                double value) {
  enum pmm_status status = check(rt, vector, index);
  if (status != PMM_OK) {
    return status;
  }
  struct pmmi_sparse *v = (struct pmmi_sparse *)vector;
  size_t place = place_of(v, index);
  int stored = is_stored(v, place, index);
  if (value != 0.0 && stored) {
    v->entries[place].value = value;
  } else if (value != 0.0) {
    status = insert(rt, v, place, (struct pmmi_sparse_entry){index, value});
  } else if (stored) {
    remove_at(rt, v, place);
  }
  assert(v->var.length <= v->room);
  return status;
}

enum pmm_status pmmi_sparse_get(pmm_rt *rt, pmm_obj *vector, size_t index,
                                double absent, double *value) {
  assert(value != NULL);
  enum pmm_status status = check(rt, vector, index);
  if (status == PMM_OK) {
    const struct pmmi_sparse *v = (const struct pmmi_sparse *)vector;
    size_t place = place_of(v, index);
    *value = is_stored(v, place, index) ? v->entries[place].value : absent;
  }
  return status;
}

enum pmm_status pmmi_sparse_dot(pmm_rt *rt, pmm_obj *vector, pmm_obj *dense,
                                double *sum) {
  assert(sum != NULL);
  const struct pmmi_sparse *v = (const struct pmmi_sparse *)vector;
  const double *items;
  size_t n;
  if (!pmmi_is_sparse(vector) || !pmmi_array_doubles(dense, &items, &n)) {
    return pmmi_fail(rt, PMM_TYPE, "expected a sparse vector and a dense one");
  }
  if (n != v->positions) {
    return pmmi_fail(rt, PMM_VALUE, "vectors of different lengths");
  }
  *sum = 0.0;
  for (size_t i = 0; i < v->var.length; i++) {
    *sum += v->entries[i].value * items[v->entries[i].position];
  }
  return PMM_OK;
}

enum pmm_status pmmi_sparse_shape(pmm_rt *rt, pmm_obj *o, size_t *rows,
                                  size_t *columns) {
  assert(rows != NULL && columns != NULL);
  if (pmmi_is_csr(o)) {
    *rows = ((const struct pmmi_csr *)o)->rows;
    *columns = ((const struct pmmi_csr *)o)->columns;
  } else if (pmmi_is_sparse(o)) {
    *rows = 1;
    *columns = ((const struct pmmi_sparse *)o)->positions;
  } else {
    return pmmi_fail(rt, PMM_TYPE, "neither a sparse vector nor a matrix");
  }
  return PMM_OK;
}

/* ---- whole vectors ------------------------------------------------------- */

/* An empty vector with room for exactly `n` entries. */
static struct pmmi_sparse *with_room(pmm_rt *rt, size_t positions, size_t n) {
  assert(n <= positions);
  pmm_obj *o = pmmi_sparse_new(rt, positions);
  struct pmmi_sparse *v = (struct pmmi_sparse *)o;
  if (v != NULL && set_room(rt, v, n) != PMM_OK) {
    pmmi_release(rt, o);
    (void)no_memory(rt);
    return NULL;
  }
  return v;
}

pmm_obj *pmmi_sparse_from(pmm_rt *rt, size_t positions, const size_t *at,
                          const double *values, size_t n) {
  assert(n == 0 || (at != NULL && values != NULL));
  struct pmmi_sparse *v = with_room(rt, positions, n);
  for (size_t i = 0; v != NULL && i < n; i++) {
    v->entries[i] = (struct pmmi_sparse_entry){at[i], values[i]};
    v->var.length = i + 1;
  }
  assert(v == NULL || pmmi_sparse_is_valid(&v->var.base));
  return (pmm_obj *)v;
}

static pmm_obj *sparse_copy(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_sparse(o));
  const struct pmmi_sparse *from = (const struct pmmi_sparse *)o;
  struct pmmi_sparse *v = with_room(rt, from->positions, from->var.length);
  if (v != NULL && from->var.length > 0) {
    memcpy(v->entries, from->entries, bytes_of(from->var.length));
    v->var.length = from->var.length;
  }
  return (pmm_obj *)v;
}

static enum pmm_status sparse_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                     int *equal) {
  assert(pmmi_is_sparse(a) && pmmi_is_sparse(b));
  const struct pmmi_sparse *x = (const struct pmmi_sparse *)a;
  const struct pmmi_sparse *y = (const struct pmmi_sparse *)b;
  (void)rt;
  *equal = x->positions == y->positions && x->var.length == y->var.length;
  for (size_t i = 0; i < x->var.length && *equal; i++) {
    *equal = x->entries[i].position == y->entries[i].position &&
             x->entries[i].value == y->entries[i].value;
  }
  return PMM_OK;
}

static void sparse_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  struct pmmi_sparse *v = (struct pmmi_sparse *)o;
  pmmi_mem_free(rt, v->entries, bytes_of(v->room));
  pmmi_object_free(rt, o);
}

static size_t sparse_length(pmm_obj *o) {
  assert(pmmi_is_sparse(o));
  return ((const struct pmmi_sparse *)o)->var.length;
}

static size_t sparse_owned_bytes(pmm_obj *o) {
  return bytes_of(((const struct pmmi_sparse *)o)->room);
}

const struct pmmi_type pmmi_sparse_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "sparse",
    .basic_size = sizeof(struct pmmi_sparse),
    .flags = PMMI_TYPE_ATOM,
    .dealloc = sparse_dealloc,
    .equals = sparse_equals,
    .hash = pmmi_hash_refuse,
    .repr = pmmi_entries_repr,
    .length = sparse_length,
    .iter = pmmi_entries_iter,
    .owned_bytes = sparse_owned_bytes,
    .copy = sparse_copy,
};
