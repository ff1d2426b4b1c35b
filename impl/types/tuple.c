/* SPDX-License-Identifier: MIT */
/* tuple.c - the life of tuples; idea, drawing and invariant: tuple.h. */
#include "types/tuple.h"

#include <string.h>

#include "types/compare.h"
#include "types/instance.h"
#include "types/iter.h"
#include "types/release_many.h"
#include "types/text_builder.h"
#include "types/types_state.h"

/* ---- kept tuples --------------------------------------------------------- */

static size_t block_bytes(size_t n) {
  assert(n <= PMMI_TUPLE_KEPT_LENGTH);
  return PMMI_GC_HEAD_BYTES + offsetof(struct pmmi_tuple, items) +
         n * sizeof(pmm_obj *);
}

/* Take a tuple of `n` items from its list; NULL when that is empty. */
static struct pmmi_tuple *take_kept(pmm_rt *rt, size_t n) {
  assert(n > 0 && n <= PMMI_TUPLE_KEPT_LENGTH);
  struct pmmi_tuple_list *list = &pmmi_tuples_of(rt)->kept[n];
  struct pmmi_tuple *t = (struct pmmi_tuple *)list->first;
  if (t != NULL) {
    list->first = t->items[0];
    list->count--;
    pmmi_memory_of(rt)->objects++;
    pmmi_gc_revive(rt, &t->var.base);
  }
  return t;
}

int pmmi_tuple_keep(pmm_rt *rt, struct pmmi_tuple *t) {
  assert(pmmi_is_tuple(&t->var.base));
  size_t n = t->var.length;
  if (n == 0 || n > PMMI_TUPLE_KEPT_LENGTH ||
      t->var.base.type != &pmmi_tuple_type) {
    return 0;
  }
  struct pmmi_tuple_list *list = &pmmi_tuples_of(rt)->kept[n];
  if (list->count >= PMMI_TUPLE_KEPT) {
    return 0;
  }
  t->items[0] = list->first;
  list->first = &t->var.base;
  list->count++;
  pmmi_memory_of(rt)->objects--;
  return 1;
}

void pmmi_tuples_flush(pmm_rt *rt) {
  for (size_t n = 1; n <= PMMI_TUPLE_KEPT_LENGTH; n++) {
    struct pmmi_tuple_list *list = &pmmi_tuples_of(rt)->kept[n];
    while (list->first != NULL) {
      struct pmmi_tuple *t = (struct pmmi_tuple *)list->first;
      list->first = t->items[0];
      list->count--;
      pmmi_memory_of(rt)->objects++; /* pmmi_gc_free() counts it down again */
      pmmi_gc_free(rt, &t->var.base);
    }
  }
}

/* A list that says it is full and has nothing takes and gives nothing. */
void pmmi_tuples_keep(pmm_rt *rt, int on) {
  pmmi_tuples_flush(rt);
  for (size_t n = 1; n <= PMMI_TUPLE_KEPT_LENGTH; n++) {
    pmmi_tuples_of(rt)->kept[n].count = on ? 0 : PMMI_TUPLE_KEPT;
  }
}

void pmmi_tuples_figures(pmm_rt *rt, struct pmm_memory *out) {
  for (size_t n = 1; n <= PMMI_TUPLE_KEPT_LENGTH; n++) {
    const struct pmmi_tuple_list *list = &pmmi_tuples_of(rt)->kept[n];
    size_t count = list->first != NULL ? list->count : 0;
    out->cached_blocks += count;
    out->cached_bytes += count * block_bytes(n);
  }
}

/* ---- making and dying ---------------------------------------------------- */

struct pmmi_tuple *pmmi_tuple_alloc(pmm_rt *rt, size_t n) {
  assert(n > 0);
  if (n <= PMMI_TUPLE_KEPT_LENGTH) {
    struct pmmi_tuple *t = take_kept(rt, n);
    if (t != NULL) {
      return t;
    }
  }
  return (struct pmmi_tuple *)pmmi_gc_new(rt, &pmmi_tuple_type, n);
}

static pmm_obj *empty(pmm_rt *rt) { return &pmmi_tuples_of(rt)->empty.base; }

pmm_obj *pmmi_tuple_new(pmm_rt *rt, size_t n) {
  if (n == 0) {
    return empty(rt);
  }
  struct pmmi_tuple *t = pmmi_tuple_alloc(rt, n);
  if (t == NULL) {
    return NULL;
  }
  memset(t->items, 0, n * sizeof *t->items);
  pmmi_gc_track(rt, &t->var.base);
  return &t->var.base;
}

/* The items stay where they are while the block is made: the caller owns
 * them, and owns what holds them. */
pmm_obj *pmmi_tuple_from(pmm_rt *rt, pmm_obj *const *items, size_t n) {
  assert(n == 0 || items != NULL);
  if (n == 0) {
    return empty(rt);
  }
  struct pmmi_tuple *t = pmmi_tuple_alloc(rt, n);
  if (t == NULL) {
    return NULL;
  }
  for (size_t i = 0; i < n; i++) {
    t->items[i] = pmmi_new_reference(rt, items[i]);
  }
  pmmi_gc_track(rt, &t->var.base);
  return &t->var.base;
}

pmm_obj *pmmi_tuple_subtype_new(pmm_rt *rt, pmm_obj *type,
                                pmm_obj *const *items, size_t n) {
  assert(n == 0 || items != NULL);
  const struct pmmi_type *subtype = (const struct pmmi_type *)type;
  if (type->type != &pmmi_type_type || !(subtype->flags & PMMI_TYPE_TUPLE)) {
    return pmmi_fail_null(rt, PMM_TYPE, "not a subclass of tuple");
  }
  struct pmmi_tuple *t = (struct pmmi_tuple *)pmmi_gc_new(rt, subtype, n);
  if (t == NULL) {
    return NULL;
  }
  for (size_t i = 0; i < n; i++) {
    t->items[i] = pmmi_new_reference(rt, items[i]);
  }
  pmmi_gc_track(rt, &t->var.base);
  return &t->var.base;
}

static void tuple_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0 && pmmi_is_tuple(o));
  struct pmmi_tuple *t = (struct pmmi_tuple *)o;
  pmmi_gc_untrack(rt, o);
  pmmi_release_items(rt, t->items, t->var.length);
  if (!pmmi_tuple_keep(rt, t)) {
    pmmi_gc_free(rt, o);
  }
}

static int tuple_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(pmmi_is_tuple(o));
  struct pmmi_tuple *t = (struct pmmi_tuple *)o;
  for (size_t i = 0; i < t->var.length; i++) {
    if (t->items[i] != NULL) {
      int result = visit(ctx, t->items[i]);
      if (result != 0) {
        return result;
      }
    }
  }
  return 0;
}

static size_t tuple_length(pmm_obj *o) {
  assert(pmmi_is_tuple(o));
  return ((struct pmmi_var *)o)->length;
}

/* ---- comparison and text ------------------------------------------------- */

static enum pmm_status tuple_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                    int *equal) {
  assert(pmmi_is_tuple(a) && pmmi_is_tuple(b));
  const struct pmmi_tuple *s = (const struct pmmi_tuple *)a;
  const struct pmmi_tuple *t = (const struct pmmi_tuple *)b;
  *equal = s->var.length == t->var.length;
  for (size_t i = 0; i < s->var.length && *equal; i++) {
    enum pmm_status status = pmmi_items_equal(rt, s->items[i], t->items[i],
                                              equal);
    if (status != PMM_OK) {
      return status;
    }
  }
  return PMM_OK;
}

/* Source: xxHash's round (github.com/Cyan4973/xxHash), as CPython uses it. */
static enum pmm_status tuple_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  assert(pmmi_is_tuple(o));
  const struct pmmi_tuple *t = (const struct pmmi_tuple *)o;
  uint64_t mixed = UINT64_C(2870177450012600261);
  for (size_t i = 0; i < t->var.length; i++) {
    int64_t lane = 0;
    if (t->items[i] != NULL) {
      enum pmm_status status = pmmi_hash(rt, t->items[i], &lane);
      if (status != PMM_OK) {
        return status;
      }
    }
    mixed += (uint64_t)lane * UINT64_C(14029467366897019727);
    mixed = mixed << 31 | mixed >> 33;
    mixed *= UINT64_C(11400714785074694791);
  }
  mixed += t->var.length ^ UINT64_C(2870177450013471926);
  *hash = mixed == UINT64_MAX ? 1546275796 : (int64_t)mixed;
  return PMM_OK;
}

static pmm_obj *tuple_repr(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_tuple(o));
  const struct pmmi_tuple *t = (const struct pmmi_tuple *)o;
  struct pmmi_repr repr;
  if (!pmmi_repr_enter(rt, &repr, o)) {
    return pmmi_str_new(rt, "(...)", 5);
  }
  struct pmmi_text text;
  pmmi_text_init(&text, rt);
  pmmi_text_add(&text, "(", 1);
  for (size_t i = 0; i < t->var.length; i++) {
    pmmi_text_add(&text, ", ", i > 0 ? 2 : 0);
    pmmi_text_add_item(&text, t->items[i]);
  }
  pmmi_text_add(&text, ",", t->var.length == 1);
  pmmi_text_add(&text, ")", 1);
  pmmi_repr_leave(rt, &repr);
  return pmmi_text_finish(&text);
}

/* Of a subclass a new one: it may hold what its type alone knows of. */
static pmm_obj *tuple_copy(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_tuple *t = (struct pmmi_tuple *)o;
  return o->type == &pmmi_tuple_type
             ? pmmi_new_reference(rt, o)
             : pmmi_tuple_subtype_new(rt, (pmm_obj *)(uintptr_t)o->type,
                                      t->items, t->var.length);
}

const struct pmmi_type pmmi_tuple_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "tuple",
    .basic_size = offsetof(struct pmmi_tuple, items),
    .item_size = sizeof(pmm_obj *),
    .flags = PMMI_TYPE_GC | PMMI_TYPE_TUPLE | PMMI_TYPE_INLINE,
    .dealloc = tuple_dealloc,
    .traverse = tuple_traverse,
    .equals = tuple_equals,
    .hash = tuple_hash,
    .repr = tuple_repr,
    .length = tuple_length,
    .iter = pmmi_sequence_iter,
    .copy = tuple_copy,
};

/* ---- constants and state ------------------------------------------------- */

/* Code holds its constants, so they are made before any code is, and stay. */
static pmm_obj *make_constant(pmm_rt *rt, size_t site) {
  assert(site < PMMI_TUPLE_CONSTANTS);
  size_t n = site == 0 ? 0 : site + 1;
  pmm_obj *items[PMMI_TUPLE_CONSTANTS] = {NULL};
  for (size_t i = 0; i < n; i++) {
    items[i] = pmmi_int_new(rt, (int64_t)i);
  }
  return pmmi_tuple_from(rt, items, n);
}

static pmm_obj *constant_at(pmm_rt *rt, size_t site) {
  assert(site < PMMI_TUPLE_CONSTANTS);
  char *block = pmmi_tuples_of(rt)->constants[site];
  return block != NULL ? (pmm_obj *)(void *)(block + PMMI_GC_HEAD_BYTES) : NULL;
}

static const struct pmmi_cache tuple_cache = {
    pmmi_tuples_flush, pmmi_tuples_keep, pmmi_tuples_figures};

enum pmm_status pmmi_tuples_init(pmm_rt *rt) {
  assert(pmmi_tuples_of(rt)->constants[0] == NULL);
  struct pmmi_tuples *tuples = pmmi_tuples_of(rt);
  tuples->empty_head.slot = PMMI_GC_UNTRACKED;
  tuples->empty.base.refcnt = PMMI_IMMORTAL;
  tuples->empty.base.type = &pmmi_tuple_type;
  for (size_t site = 0; site < PMMI_TUPLE_CONSTANTS; site++) {
    pmm_obj *constant = make_constant(rt, site);
    if (constant == NULL) {
      pmmi_tuples_fini(rt);
      return PMM_NO_MEMORY;
    }
    pmmi_gc_untrack(rt, constant);
    tuples->constants[site] = (char *)constant - PMMI_GC_HEAD_BYTES;
  }
  pmmi_caches_add(rt, &tuple_cache);
  return PMM_OK;
}

void pmmi_tuples_fini(pmm_rt *rt) {
  for (size_t site = 0; site < PMMI_TUPLE_CONSTANTS; site++) {
    pmm_obj *constant = constant_at(rt, site);
    pmmi_tuples_of(rt)->constants[site] = NULL;
    pmmi_xrelease(rt, constant);
  }
  pmmi_tuples_flush(rt);
}

pmm_obj *pmmi_tuple_constant(pmm_rt *rt, unsigned site) {
  if (site >= PMMI_TUPLE_CONSTANTS) {
    return pmmi_fail_null(rt, PMM_INDEX, "no such site");
  }
  return pmmi_new_reference(rt, constant_at(rt, site));
}
