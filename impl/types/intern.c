/* SPDX-License-Identifier: MIT */
/*
 * intern.c - one object per value, without keeping any alive.
 *
 *   1. The table is an array of borrowed strings, a power of two long and at
 *      most half full, searched linearly from the hash.
 *   2. A dying string takes itself out: the entries behind it move up where
 *      they would not be found otherwise (base/slots.h), so no tombstone is
 *      left.
 *   3. The last one out gives the table back.
 *
 * Invariant: from an entry's hash to its slot no slot is empty.
 */
#include "types/intern.h"

#include <string.h>

#include "base/slots.h"
#include "types/str.h"
#include "types/types_state.h"

#define LEAST_ROOM 16

static size_t slot_of(const struct pmmi_strs *strs, pmm_obj *o) {
  assert(strs->interned_room > 0);
  return (size_t)pmmi_str_hash((struct pmmi_str *)o) &
         (strs->interned_room - 1);
}

static size_t next_slot(const struct pmmi_strs *strs, size_t slot) {
  assert(slot < strs->interned_room);
  return (slot + 1) & (strs->interned_room - 1);
}

/* The slot that holds an equal string, or the empty one where it belongs. */
static size_t find(const struct pmmi_strs *strs, pmm_obj *o) {
  assert(strs->interned_count < strs->interned_room);
  size_t slot = slot_of(strs, o);
  while (strs->interned[slot] != NULL &&
         pmmi_str_order(strs->interned[slot], o) != 0) {
    slot = next_slot(strs, slot);
  }
  return slot;
}

static void give_back(pmm_rt *rt) {
  struct pmmi_strs *strs = pmmi_strs_of(rt);
  pmmi_mem_free(rt, strs->interned, strs->interned_room * sizeof(pmm_obj *));
  strs->interned = NULL;
  strs->interned_room = 0;
}

static enum pmm_status grow(pmm_rt *rt) {
  struct pmmi_strs *strs = pmmi_strs_of(rt);
  assert(2 * (strs->interned_count + 1) > strs->interned_room);
  struct pmmi_strs old = {.interned = strs->interned,
                          .interned_room = strs->interned_room};
  size_t room = old.interned_room == 0 ? LEAST_ROOM : 2 * old.interned_room;
  pmm_obj **table = pmmi_mem_alloc_zero(rt, room * sizeof(pmm_obj *));
  if (table == NULL) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for the intern table");
  }
  strs->interned = table;
  strs->interned_room = room;
  for (size_t i = 0; i < old.interned_room; i++) {
    if (old.interned[i] != NULL) {
      table[find(strs, old.interned[i])] = old.interned[i];
    }
  }
  pmmi_mem_free(rt, old.interned, old.interned_room * sizeof(pmm_obj *));
  return PMM_OK;
}

enum pmm_status pmmi_str_intern(pmm_rt *rt, pmm_obj **str) {
  assert(str != NULL);
  struct pmmi_strs *strs = pmmi_strs_of(rt);
  pmm_obj *o = *str;
  if (!pmmi_is_str(o)) {
    return pmmi_fail(rt, PMM_TYPE, "not a str");
  }
  if (o->refcnt == PMMI_IMMORTAL || ((struct pmmi_str *)o)->interned) {
    return PMM_OK;
  }
  if (2 * (strs->interned_count + 1) > strs->interned_room &&
      grow(rt) != PMM_OK) {
    return PMM_NO_MEMORY;
  }
  size_t slot = find(strs, o);
  if (strs->interned[slot] != NULL) {
    *str = pmmi_new_reference(rt, strs->interned[slot]);
    pmmi_release(rt, o);
    return PMM_OK;
  }
  strs->interned[slot] = o;
  strs->interned_count++;
  ((struct pmmi_str *)o)->interned = 1;
  return PMM_OK;
}

void pmmi_str_forget(pmm_rt *rt, struct pmmi_str *s) {
  assert(s->interned && pmmi_strs_of(rt)->interned_count > 0);
  struct pmmi_strs *strs = pmmi_strs_of(rt);
  size_t hole = find(strs, &s->var.base);
  assert(strs->interned[hole] == &s->var.base);
  for (size_t i = next_slot(strs, hole); strs->interned[i] != NULL;
       i = next_slot(strs, i)) {
    if (pmmi_slots_moves(hole, slot_of(strs, strs->interned[i]), i,
                         strs->interned_room)) {
      strs->interned[hole] = strs->interned[i];
      hole = i;
    }
  }
  strs->interned[hole] = NULL;
  if (--strs->interned_count == 0) {
    give_back(rt);
  }
}

void pmmi_strs_fini(pmm_rt *rt) { give_back(rt); }
