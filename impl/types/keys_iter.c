/* SPDX-License-Identifier: MIT */
/*
 * keys_iter.c - iterators over the keys of a dict or a set.
 *
 * An iterator is its container and a position in the table.  The number of
 * keys tells it, at each step, that the container has changed since it was
 * made; the position is compared with the table as it is then, so it is never
 * stale.
 *
 * Source: CPython 3.11 Objects/dictobject.c (dictiter_iternextkey),
 * Objects/setobject.c (setiter_iternext).
 */
#include "types/keys_iter.h"

#include "gc/gc.h"
#include "types/dict.h"
#include "types/iter.h"
#include "types/list.h"
#include "types/set.h"
#include "types/types_state.h"

struct iterator {
  pmm_obj base;
  pmm_obj *keys;   /* owned dict or set; NULL once the end was reached      */
  size_t used;     /* its keys at the start; SIZE_MAX: it has changed       */
  size_t position; /* in its table                                          */
  size_t left;     /* keys still to come                                    */
};

static size_t used_of(const pmm_obj *o) {
  assert(pmmi_is_dict(o) || pmmi_is_set(o));
  return pmmi_is_dict(o) ? ((const struct pmmi_dict *)o)->used
                         : ((const struct pmmi_set *)o)->used;
}

/* The next key, borrowed, or NULL. */
static pmm_obj *step(struct iterator *i) {
  assert(i->keys != NULL);
  if (!pmmi_is_dict(i->keys)) {
    return pmmi_set_next((struct pmmi_set *)i->keys, &i->position);
  }
  const struct pmmi_dict_entry *entry =
      pmmi_dict_next((struct pmmi_dict *)i->keys, &i->position);
  return entry != NULL ? entry->key : NULL;
}

static pmm_obj *iter_new(pmm_rt *rt, const struct pmmi_type *type,
                         pmm_obj *keys) {
  assert(type->next != NULL);
  pmm_obj *o = pmmi_gc_new(rt, type, 0);
  if (o != NULL) {
    struct iterator *i = (struct iterator *)o;
    i->keys = pmmi_new_reference(rt, keys);
    i->used = i->left = used_of(keys);
    pmmi_gc_track(rt, o);
  }
  return o;
}

pmm_obj *pmmi_dict_iter(pmm_rt *rt, pmm_obj *dict) {
  assert(pmmi_is_dict(dict));
  return iter_new(rt, &pmmi_dict_iterator_type, dict);
}

pmm_obj *pmmi_set_iter(pmm_rt *rt, pmm_obj *set) {
  assert(pmmi_is_set(set));
  return iter_new(rt, &pmmi_set_iterator_type, set);
}

/* One that has noticed a change never goes on. */
static pmm_obj *stop_changed(pmm_rt *rt, struct iterator *i,
                             const char *message) {
  assert(i->keys != NULL);
  i->used = SIZE_MAX;
  return pmmi_fail_null(rt, PMM_RUNTIME, message);
}

/* A container that lost one key and gained another keeps its size; the key
 * too many at the end tells. */
static pmm_obj *iterator_next(pmm_rt *rt, pmm_obj *o) {
  struct iterator *i = (struct iterator *)o;
  if (i->keys != NULL && i->used != used_of(i->keys)) {
    return stop_changed(rt, i, "container changed size during iteration");
  }
  pmm_obj *key = i->keys != NULL ? step(i) : NULL;
  if (key == NULL) {
    pmmi_clear(rt, &i->keys);
    return pmmi_fail_null(rt, PMM_STOP, "");
  }
  if (i->left == 0) {
    return stop_changed(rt, i, "keys changed during iteration");
  }
  i->left--;
  return pmmi_new_reference(rt, key);
}

static void iterator_clear(pmm_rt *rt, pmm_obj *o) {
  pmmi_clear(rt, &((struct iterator *)o)->keys);
}

static void iterator_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  iterator_clear(rt, o);
  pmmi_gc_free(rt, o);
}

static int iterator_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  struct iterator *i = (struct iterator *)o;
  return i->keys != NULL ? visit(ctx, i->keys) : 0;
}

/* Another one at the same place, for the time of the copying. */
static pmm_obj *twin_of(pmm_rt *rt, const struct iterator *i) {
  pmm_obj *o = pmmi_gc_new(rt, i->base.type, 0);
  if (o != NULL) {
    struct iterator *twin = (struct iterator *)o;
    *twin = (struct iterator){.base = twin->base,
                              .keys = i->keys,
                              .used = i->used,
                              .position = i->position,
                              .left = i->left};
    pmmi_xretain(rt, i->keys);
    pmmi_gc_track(rt, o);
  }
  return o;
}

/* The copy goes over a list of the keys that are left, as those of the
 * container may change. */
static pmm_obj *iterator_copy(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *twin = twin_of(rt, (const struct iterator *)o);
  pmm_obj *left = twin != NULL ? pmmi_list_convert(rt, twin) : NULL;
  pmm_obj *copy = left != NULL ? pmmi_sequence_iter(rt, left) : NULL;
  pmmi_xrelease(rt, left);
  pmmi_xrelease(rt, twin);
  return copy;
}

#define ITERATOR_TYPE(name_text)                                              \
  {.base = {.refcnt = PMMI_IMMORTAL},                                         \
   .name = name_text,                                                         \
   .basic_size = sizeof(struct iterator),                                     \
   .flags = PMMI_TYPE_GC,                                                     \
   .dealloc = iterator_dealloc,                                               \
   .traverse = iterator_traverse,                                             \
   .clear = iterator_clear,                                                   \
   .iter = pmmi_self_iter,                                                    \
   .next = iterator_next,                                                     \
   .copy = iterator_copy}

const struct pmmi_type pmmi_dict_iterator_type =
    ITERATOR_TYPE("dict_keyiterator");
const struct pmmi_type pmmi_set_iterator_type = ITERATOR_TYPE("set_iterator");
