/* SPDX-License-Identifier: MIT */
/* iter.c - iterators over sequences, and views of all items: iter.h. */
#include "types/iter.h"

#include "gc/gc.h"
#include "types/array.h"
#include "types/int.h"
#include "types/list.h"
#include "types/str.h"
#include "types/tuple.h"
#include "types/types_state.h"

struct iterator {
  pmm_obj base;
  pmm_obj *sequence; /* owned; NULL once the end was reached                */
  size_t index;      /* of the next item                                    */
};

/* Let an iterator that was just made begin at an item; NULL: it was not. */
static pmm_obj *begin_at(pmm_rt *rt, pmm_obj *o, pmm_obj *sequence,
                         size_t index) {
  if (o == NULL) {
    return NULL;
  }
  pmmi_xretain(rt, sequence);
  ((struct iterator *)o)->sequence = sequence;
  ((struct iterator *)o)->index = index;
  pmmi_gc_track(rt, o);
  return o;
}

pmm_obj *pmmi_sequence_iter(pmm_rt *rt, pmm_obj *sequence) {
  return begin_at(rt, pmmi_gc_new(rt, &pmmi_iterator_type, 0), sequence, 0);
}

/* Making the copy may run code that ends the original, which is read then. */
static pmm_obj *iterator_copy(pmm_rt *rt, pmm_obj *o) {
  assert(o->type == &pmmi_iterator_type);
  const struct iterator *i = (const struct iterator *)o;
  pmm_obj *copy = pmmi_gc_new(rt, &pmmi_iterator_type, 0);
  return begin_at(rt, copy, i->sequence, i->index);
}

pmm_obj **pmmi_sequence_of(pmm_obj *iterator) {
  assert(iterator->type == &pmmi_iterator_type);
  return &((struct iterator *)iterator)->sequence;
}

pmm_obj *pmmi_self_iter(pmm_rt *rt, pmm_obj *iterator) {
  assert(iterator->type->next != NULL);
  return pmmi_new_reference(rt, iterator);
}

/* Item `index`, new.  The sequence has it. */
static pmm_obj *item_at(pmm_rt *rt, pmm_obj *sequence, size_t index) {
  assert(index < ((const struct pmmi_var *)sequence)->length);
  if (pmmi_is_str(sequence)) {
    return pmmi_str_char(
        rt, pmmi_str_at((const struct pmmi_str *)sequence, index));
  }
  if (pmmi_is_bytes(sequence)) {
    return pmmi_int_new(rt, ((struct pmmi_bytes *)sequence)->bytes[index]);
  }
  if (pmmi_is_buffer(sequence)) {
    return pmmi_array_item(rt, sequence, index);
  }
  if (sequence->type == &pmmi_view_type) {
    return pmmi_int_new(rt, pmmi_view_byte(sequence, index));
  }
  pmm_obj *item = pmmi_is_list(sequence)
                      ? ((struct pmmi_list *)sequence)->items[index]
                      : ((struct pmmi_tuple *)sequence)->items[index];
  if (item == NULL) {
    return pmmi_fail_null(rt, PMM_SYSTEM, "a slot was never set");
  }
  return pmmi_new_reference(rt, item);
}

static pmm_obj *iterator_next(pmm_rt *rt, pmm_obj *o) {
  assert(o->type == &pmmi_iterator_type);
  struct iterator *i = (struct iterator *)o;
  if (i->sequence != NULL) {
    if (i->index < ((struct pmmi_var *)i->sequence)->length) {
      pmm_obj *item = item_at(rt, i->sequence, i->index);
      i->index += item != NULL; /* one that could not be made comes again    */
      return item;
    }
    pmmi_clear(rt, &i->sequence);
  }
  return pmmi_fail_null(rt, PMM_STOP, "");
}

static void iterator_clear(pmm_rt *rt, pmm_obj *o) {
  pmmi_clear(rt, &((struct iterator *)o)->sequence);
}

static void iterator_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  iterator_clear(rt, o);
  pmmi_gc_free(rt, o);
}

static int iterator_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(o->type == &pmmi_iterator_type);
  struct iterator *i = (struct iterator *)o;
  return i->sequence != NULL ? visit(ctx, i->sequence) : 0;
}

const struct pmmi_type pmmi_iterator_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "iterator",
    .basic_size = sizeof(struct iterator),
    .flags = PMMI_TYPE_GC,
    .dealloc = iterator_dealloc,
    .traverse = iterator_traverse,
    .clear = iterator_clear,
    .iter = pmmi_self_iter,
    .next = iterator_next,
    .copy = iterator_copy,
};

/* ---- views --------------------------------------------------------------- */

void pmmi_items_refresh(struct pmmi_items *items) {
  assert(pmmi_is_list(items->owner) || pmmi_is_tuple(items->owner));
  items->n = ((const struct pmmi_var *)items->owner)->length;
  items->at = pmmi_is_list(items->owner)
                  ? ((struct pmmi_list *)items->owner)->items
                  : ((struct pmmi_tuple *)items->owner)->items;
}

enum pmm_status pmmi_items_get(pmm_rt *rt, pmm_obj *iterable,
                               struct pmmi_items *items) {
  assert(items != NULL);
  if (pmmi_is_list(iterable) || pmmi_is_tuple(iterable)) {
    items->owner = pmmi_new_reference(rt, iterable);
  } else {
    items->owner = pmmi_list_convert(rt, iterable);
    if (items->owner == NULL) {
      return pmmi_error(rt);
    }
  }
  pmmi_items_refresh(items);
  return PMM_OK;
}

void pmmi_items_drop(pmm_rt *rt, struct pmmi_items *items) {
  pmmi_clear(rt, &items->owner);
}
