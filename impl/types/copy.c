/* SPDX-License-Identifier: MIT */
/* copy.c - copying; idea and source: copy.h. */
#include "types/copy.h"

#include <string.h>

#include "types/dict.h"
#include "types/instance.h"
#include "types/iter.h"
#include "types/list.h"
#include "types/set.h"
#include "types/tuple.h"
#include "types/types_state.h"

#define LEAST_ROOM 16

/** An object and its copy, both owned while the deep copy runs. */
struct copied {
  pmm_obj *from; /* NULL: the slot is free                                  */
  pmm_obj *to;
};

/** What was copied: open addressing by address, at most half full. */
struct memo {
  pmm_rt *rt;
  struct copied *slots;
  size_t room; /* a power of two; 0: no table                               */
  size_t count;
};

static pmm_obj *refuse(pmm_rt *rt) {
  return pmmi_fail_null(rt, PMM_TYPE, "objects of this type cannot be copied");
}

/* Atoms that never change, and what stands for itself. */
static int is_own_copy(const pmm_obj *o) {
  const struct pmmi_type *type = o->type;
  return ((type->flags & PMMI_TYPE_ATOM) != 0 && type->copy == NULL) ||
         (type->flags & PMMI_TYPE_OWN_COPY) != 0;
}

pmm_obj *pmmi_copy(pmm_rt *rt, pmm_obj *o) {
  if (is_own_copy(o)) {
    return pmmi_new_reference(rt, o);
  }
  return o->type->copy != NULL ? o->type->copy(rt, o) : refuse(rt);
}

/* ---- the memo ------------------------------------------------------------ */

static struct copied *find(const struct memo *memo, const pmm_obj *from) {
  assert(memo->room > 0 && from != NULL);
  size_t slot = (size_t)pmmi_hash_identity(from) & (memo->room - 1);
  while (memo->slots[slot].from != NULL && memo->slots[slot].from != from) {
    slot = (slot + 1) & (memo->room - 1);
  }
  return &memo->slots[slot];
}

static enum pmm_status grow(struct memo *memo) {
  assert(2 * memo->count <= memo->room);
  struct memo old = *memo;
  memo->room = old.room == 0 ? LEAST_ROOM : 2 * old.room;
  memo->slots = pmmi_mem_alloc_zero(memo->rt, memo->room * sizeof *memo->slots);
  if (memo->slots == NULL) {
    *memo = old;
    (void)pmmi_fail(memo->rt, PMM_NO_MEMORY, "no memory for a deep copy");
    return PMM_NO_MEMORY;
  }
  for (size_t i = 0; i < old.room; i++) {
    if (old.slots[i].from != NULL) {
      *find(memo, old.slots[i].from) = old.slots[i];
    }
  }
  pmmi_mem_free(memo->rt, old.slots, old.room * sizeof *old.slots);
  return PMM_OK;
}

static enum pmm_status remember(struct memo *memo, pmm_obj *from,
                                pmm_obj *to) {
  assert(from != NULL && to != NULL);
  if (2 * (memo->count + 1) > memo->room && grow(memo) != PMM_OK) {
    return PMM_NO_MEMORY;
  }
  struct copied *slot = find(memo, from);
  slot->from = pmmi_new_reference(memo->rt, from);
  slot->to = pmmi_new_reference(memo->rt, to);
  memo->count++;
  return PMM_OK;
}

/* The copy there is already, borrowed, or NULL. */
static pmm_obj *recall(const struct memo *memo, const pmm_obj *from) {
  return memo->room > 0 ? find(memo, from)->to : NULL;
}

static void forget_all(struct memo *memo) {
  assert(2 * memo->count <= memo->room);
  for (size_t i = 0; i < memo->room; i++) {
    pmmi_xrelease(memo->rt, memo->slots[i].from);
    pmmi_xrelease(memo->rt, memo->slots[i].to);
  }
  pmmi_mem_free(memo->rt, memo->slots, memo->room * sizeof *memo->slots);
}

/* ---- the copying --------------------------------------------------------- */

static pmm_obj *copy_any(struct memo *memo, pmm_obj *o);

/* Append the copy of an item that is held meanwhile. */
static enum pmm_status append_copy(struct memo *memo, struct pmmi_list *to,
                                   pmm_obj *item) {
  assert(pmmi_is_list(&to->var.base));
  if (item == NULL) {
    return pmmi_fail(memo->rt, PMM_SYSTEM, "a slot was never set");
  }
  pmmi_retain(memo->rt, item);
  pmm_obj *copy = copy_any(memo, item);
  pmmi_release(memo->rt, item);
  return copy != NULL ? pmmi_list_append_steal(memo->rt, to, copy)
                      : pmmi_error(memo->rt);
}

/* The copy is known before its items are copied: they may lead back to it. */
static pmm_obj *copy_list(struct memo *memo, pmm_obj *o) {
  assert(pmmi_is_list(o));
  const struct pmmi_list *from = (const struct pmmi_list *)o;
  pmm_obj *to = pmmi_list_new(memo->rt, 0);
  enum pmm_status status =
      to != NULL ? remember(memo, o, to) : PMM_NO_MEMORY;
  for (size_t i = 0; status == PMM_OK && i < from->var.length; i++) {
    status = append_copy(memo, (struct pmmi_list *)to, from->items[i]);
  }
  if (status != PMM_OK) {
    pmmi_xrelease(memo->rt, to);
    return NULL;
  }
  return to;
}

/* Store the copies of a key and a value that are held meanwhile. */
static enum pmm_status set_copies(struct memo *memo, pmm_obj *to,
                                  pmm_obj *key, pmm_obj *value) {
  assert(pmmi_is_dict(to) && key != NULL && value != NULL);
  pmm_rt *rt = memo->rt;
  pmmi_retain(rt, key);
  pmmi_retain(rt, value);
  pmm_obj *new_key = copy_any(memo, key);
  pmm_obj *new_value = new_key != NULL ? copy_any(memo, value) : NULL;
  enum pmm_status status = new_value != NULL
                               ? pmmi_dict_set(rt, to, new_key, new_value)
                               : pmmi_error(rt);
  pmmi_xrelease(rt, new_value);
  pmmi_xrelease(rt, new_key);
  pmmi_release(rt, value);
  pmmi_release(rt, key);
  return status;
}

/* As a list's; making copies may run code that changes the original. */
static pmm_obj *copy_dict(struct memo *memo, pmm_obj *o) {
  assert(pmmi_is_dict(o));
  struct pmmi_dict *from = (struct pmmi_dict *)o;
  pmm_obj *to = pmmi_dict_new(memo->rt);
  enum pmm_status status =
      to != NULL ? remember(memo, o, to) : PMM_NO_MEMORY;
  size_t used = from->used;
  size_t position = 0;
  const struct pmmi_dict_entry *entry;
  while (status == PMM_OK &&
         (entry = pmmi_dict_next(from, &position)) != NULL) {
    status = set_copies(memo, to, entry->key, entry->value);
    if (status == PMM_OK && from->used != used) {
      status = pmmi_fail(memo->rt, PMM_RUNTIME,
                         "dictionary changed size during iteration");
    }
  }
  if (status != PMM_OK) {
    pmmi_xrelease(memo->rt, to);
    return NULL;
  }
  return to;
}

/* By way of a list of the items' copies.  No item can lead back to the set:
 * what is hashable and has a copy was whole before it was put in. */
static pmm_obj *copy_set(struct memo *memo, pmm_obj *o) {
  assert(pmmi_is_set(o));
  pmm_rt *rt = memo->rt;
  pmm_obj *from = pmmi_list_convert(rt, o);
  pmm_obj *items = from != NULL ? copy_list(memo, from) : NULL;
  pmm_obj *to = NULL;
  if (items != NULL) {
    to = o->type == &pmmi_set_type ? pmmi_set_new(rt, items)
                                   : pmmi_frozenset_new(rt, items);
  }
  if (to != NULL && remember(memo, o, to) != PMM_OK) {
    pmmi_clear(rt, &to);
  }
  pmmi_xrelease(rt, items);
  pmmi_xrelease(rt, from);
  return to;
}

static int same_items(const struct pmmi_tuple *tuple,
                      const struct pmmi_list *list) {
  assert(tuple->var.length == list->var.length);
  return memcmp(tuple->items, list->items,
                tuple->var.length * sizeof *tuple->items) == 0;
}

/* From the copies of a tuple's items to the tuple's copy. */
static pmm_obj *finish_tuple(struct memo *memo, pmm_obj *o,
                             struct pmmi_list *items) {
  assert(pmmi_is_tuple(o));
  pmm_obj *known = recall(memo, o); /* an item led back here */
  if (known != NULL || same_items((const struct pmmi_tuple *)o, items)) {
    return pmmi_new_reference(memo->rt, known != NULL ? known : o);
  }
  size_t n = items->var.length;
  pmm_obj *to =
      o->type == &pmmi_tuple_type
          ? pmmi_tuple_from(memo->rt, items->items, n)
          : pmmi_tuple_subtype_new(memo->rt, (pmm_obj *)(uintptr_t)o->type,
                                   items->items, n);
  if (to != NULL && remember(memo, o, to) != PMM_OK) {
    pmmi_clear(memo->rt, &to);
  }
  return to;
}

static pmm_obj *copy_tuple(struct memo *memo, pmm_obj *o) {
  assert(pmmi_is_tuple(o));
  const struct pmmi_tuple *from = (const struct pmmi_tuple *)o;
  if (from->var.length == 0) {
    return pmmi_copy(memo->rt, o);
  }
  pmm_obj *items = pmmi_list_new(memo->rt, 0);
  enum pmm_status status = items != NULL ? PMM_OK : PMM_NO_MEMORY;
  for (size_t i = 0; status == PMM_OK && i < from->var.length; i++) {
    status = append_copy(memo, (struct pmmi_list *)items, from->items[i]);
  }
  pmm_obj *to = NULL;
  if (status == PMM_OK) {
    to = finish_tuple(memo, o, (struct pmmi_list *)items);
  }
  pmmi_xrelease(memo->rt, items);
  return to;
}

/* Put a copy in the place of what a holder holds, which somebody else holds
 * meanwhile.  `at` finds the holder again, as copying may run code. */
static enum pmm_status replace(struct memo *memo, pmm_obj *o, size_t index,
                               pmm_obj **(*at)(pmm_obj *o, size_t index)) {
  assert(at != NULL);
  pmm_obj **holder = at(o, index);
  if (*holder == NULL) {
    return PMM_OK;
  }
  pmm_obj *item = pmmi_new_reference(memo->rt, *holder);
  pmm_obj *copy = copy_any(memo, item);
  pmmi_release(memo->rt, item);
  holder = at(o, index);
  if (copy == NULL || holder == NULL) {
    pmmi_xrelease(memo->rt, copy);
    return copy == NULL ? pmmi_error(memo->rt) : PMM_OK;
  }
  pmm_obj *old = *holder;
  *holder = copy;
  pmmi_xrelease(memo->rt, old);
  return PMM_OK;
}

static pmm_obj **slot_at(pmm_obj *o, size_t index) {
  assert(pmmi_is_instance(o) && index < pmmi_instance_slots(o));
  return &((struct pmmi_instance *)o)->slots[index];
}

static pmm_obj **sequence_at(pmm_obj *o, size_t index) {
  (void)index;
  return pmmi_sequence_of(o);
}

/* A shallow copy that is known before what it holds is copied. */
static pmm_obj *begin_copy(struct memo *memo, pmm_obj *o) {
  pmm_obj *to = pmmi_copy(memo->rt, o);
  if (to != NULL && remember(memo, o, to) != PMM_OK) {
    pmmi_clear(memo->rt, &to);
  }
  return to;
}

static pmm_obj *end_copy(struct memo *memo, pmm_obj *to,
                         enum pmm_status status) {
  assert(to != NULL || status != PMM_OK);
  if (status != PMM_OK) {
    pmmi_xrelease(memo->rt, to);
    return NULL;
  }
  return to;
}

static pmm_obj *copy_instance(struct memo *memo, pmm_obj *o) {
  assert(pmmi_is_instance(o));
  pmm_obj *to = begin_copy(memo, o);
  enum pmm_status status = to != NULL ? PMM_OK : PMM_NO_MEMORY;
  size_t slots = to != NULL ? pmmi_instance_slots(to) : 0;
  for (size_t i = 0; status == PMM_OK && i < slots; i++) {
    status = replace(memo, to, i, slot_at);
  }
  for (size_t i = 0;
       status == PMM_OK && pmmi_instance_attribute(to, i) != NULL; i++) {
    status = replace(memo, to, i, pmmi_instance_attribute);
  }
  return end_copy(memo, to, status);
}

/* Over a copy of the sequence.  One over keys becomes one over a list. */
static pmm_obj *copy_iterator(struct memo *memo, pmm_obj *o) {
  assert(o->type->next != NULL);
  pmm_obj *to = begin_copy(memo, o);
  enum pmm_status status =
      to != NULL ? replace(memo, to, 0, sequence_at) : PMM_NO_MEMORY;
  return end_copy(memo, to, status);
}

static int is_iterator(const pmm_obj *o) {
  return o->type == &pmmi_iterator_type ||
         o->type == &pmmi_dict_iterator_type ||
         o->type == &pmmi_set_iterator_type;
}

/* The copying of what holds items, or NULL. */
static pmm_obj *(*copier_of(const pmm_obj *o))(struct memo *, pmm_obj *) {
  return pmmi_is_list(o)       ? copy_list
         : pmmi_is_tuple(o)    ? copy_tuple
         : pmmi_is_dict(o)     ? copy_dict
         : pmmi_is_set(o)      ? copy_set
         : pmmi_is_instance(o) ? copy_instance
         : is_iterator(o)      ? copy_iterator
                               : NULL;
}

static pmm_obj *copy_any(struct memo *memo, pmm_obj *o) {
  if (is_own_copy(o)) {
    return pmmi_new_reference(memo->rt, o);
  }
  pmm_obj *to = recall(memo, o);
  if (to != NULL) {
    return pmmi_new_reference(memo->rt, to);
  }
  pmm_obj *(*copier)(struct memo *, pmm_obj *) = copier_of(o);
  if (copier != NULL) {
    if (pmmi_recursion_enter(memo->rt) != PMM_OK) {
      return NULL;
    }
    to = copier(memo, o);
    pmmi_recursion_leave(memo->rt);
    return to;
  }
  return (o->type->flags & PMMI_TYPE_ATOM) != 0 ? begin_copy(memo, o)
                                                : refuse(memo->rt);
}

/* What a failed copy leaves may contain itself, so it is emptied first. */
static void empty_copies(struct memo *memo) {
  for (size_t i = 0; i < memo->room; i++) {
    pmm_obj *to = memo->slots[i].to;
    if (to != NULL && pmmi_is_list(to)) {
      (void)pmmi_list_clear(memo->rt, to);
    } else if (to != NULL && pmmi_is_dict(to)) {
      (void)pmmi_dict_clear(memo->rt, to);
    } else if (to != NULL && pmmi_is_instance(to)) {
      pmmi_instance_clear(memo->rt, to);
    }
  }
}

pmm_obj *pmmi_copy_deep(pmm_rt *rt, pmm_obj *o) {
  struct memo memo = {.rt = rt};
  pmm_obj *to = copy_any(&memo, o);
  struct pmmi_error error;
  pmmi_error_save(rt, &error);
  if (to == NULL) {
    empty_copies(&memo);
  }
  forget_all(&memo);
  pmmi_error_restore(rt, &error);
  return to;
}
