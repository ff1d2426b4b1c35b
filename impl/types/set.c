/* SPDX-License-Identifier: MIT */
/* set.c - sets and frozensets; idea, invariant and source: set.h. */
#include "types/set.h"

#include <string.h>

#include "gc/gc.h"
#include "types/compare.h"
#include "types/text_builder.h"
#include "types/types_state.h"

pmm_obj pmmi_set_deleted = {.refcnt = PMMI_IMMORTAL};

static struct pmmi_set *set_of(pmm_obj *o) { return (struct pmmi_set *)o; }

static enum pmm_status refuse(pmm_rt *rt) {
  return pmmi_fail(rt, PMM_TYPE, "not a set");
}

/* ---- slots --------------------------------------------------------------- */

/* A walk over the slots that a hash may be in. */
struct probe {
  uint64_t perturb; /* bits of the hash not used yet                        */
  size_t home;      /* the slot the last jump led to                        */
  size_t slot;      /* the present one                                      */
};

static struct probe probe_first(size_t mask, int64_t hash) {
  size_t slot = (size_t)hash & mask;
  return (struct probe){(uint64_t)hash, slot, slot};
}

/* Near the end of the table a home has no neighbours. */
static void probe_next(size_t mask, struct probe *probe) {
  if (probe->home + PMMI_SET_NEAR <= mask &&
      probe->slot < probe->home + PMMI_SET_NEAR) {
    probe->slot++;
    return;
  }
  probe->perturb >>= 5;
  probe->home = (probe->home * 5 + 1 + (size_t)probe->perturb) & mask;
  probe->slot = probe->home;
}

static int is_key(const struct pmmi_set_slot *slot) {
  return slot->key != NULL && slot->key != &pmmi_set_deleted;
}

/* Store a key that is not there, moving the reference in. */
static void put(struct pmmi_set_slot *table, size_t mask, pmm_obj *key,
                int64_t hash) {
  struct probe probe = probe_first(mask, hash);
  while (table[probe.slot].key != NULL) {
    probe_next(mask, &probe);
  }
  table[probe.slot] = (struct pmmi_set_slot){key, hash};
}

pmm_obj *pmmi_set_next(const struct pmmi_set *set, size_t *position) {
  while (*position <= set->mask) {
    const struct pmmi_set_slot *slot = &set->table[(*position)++];
    if (is_key(slot)) {
      return slot->key;
    }
  }
  return NULL;
}

/* ---- the table ----------------------------------------------------------- */

static size_t table_bytes(size_t mask) {
  return (mask + 1) * sizeof(struct pmmi_set_slot);
}

static void set_empty(struct pmmi_set *set) {
  memset(set->few, 0, sizeof set->few);
  set->table = set->few;
  set->mask = PMMI_SET_INLINE - 1;
  set->fill = set->used = 0;
}

/* The least table with more than `least` slots.  0: it cannot be. */
static size_t slots_above(size_t least) {
  size_t slots = PMMI_SET_INLINE;
  while (slots <= least && slots <= SIZE_MAX / 64) {
    slots *= 2;
  }
  return slots > least ? slots : 0;
}

/* Move the keys to a table with more than `least` slots, leaving deleted
 * ones behind. */
static enum pmm_status resize(pmm_rt *rt, struct pmmi_set *set,
                              size_t least) {
  assert(least > set->used || least == 0);
  struct pmmi_set_slot few[PMMI_SET_INLINE] = {{NULL, 0}};
  size_t slots = slots_above(least);
  struct pmmi_set_slot *table =
      slots == PMMI_SET_INLINE ? few
      : slots == 0 ? NULL
                   : pmmi_mem_alloc_zero(rt, table_bytes(slots - 1));
  if (table == NULL) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a set's table");
  }
  for (size_t i = 0; i <= set->mask; i++) {
    if (is_key(&set->table[i])) {
      put(table, slots - 1, set->table[i].key, set->table[i].hash);
    }
  }
  if (set->table != set->few) {
    pmmi_mem_free(rt, set->table, table_bytes(set->mask));
  }
  if (table == few) {
    memcpy(set->few, few, sizeof few);
    table = set->few;
  }
  set->table = table;
  set->mask = slots - 1;
  set->fill = set->used;
  set->changes++;
  return PMM_OK;
}

/* Keep one more slot in use below three fifths of the mask. */
static enum pmm_status reserve(pmm_rt *rt, struct pmmi_set *set) {
  assert(set->fill < set->mask);
  assert(set->used <= set->fill);
  if ((set->fill + 1) * 5 < set->mask * 3) {
    return PMM_OK;
  }
  size_t used = set->used + 1;
  return resize(rt, set, used > PMMI_SET_LARGE ? used * 2 : used * 4);
}

/* ---- looking up ---------------------------------------------------------- */

/* One walk; *found is NULL when the key is not there.  *restart: the set has
 * changed under it. */
static enum pmm_status walk(pmm_rt *rt, struct pmmi_set *set, pmm_obj *key,
                            int64_t hash, struct pmmi_set_slot **found,
                            int *restart) {
  struct probe probe = probe_first(set->mask, hash);
  struct pmmi_set_slot *slot;
  *found = NULL;
  *restart = 0;
  while ((slot = &set->table[probe.slot])->key != NULL) {
    int equal = slot->key == key;
    if (!equal && is_key(slot) && slot->hash == hash) {
      uint64_t changes = set->changes;
      enum pmm_status status = pmmi_items_equal(rt, slot->key, key, &equal);
      *restart = set->changes != changes;
      if (status != PMM_OK || *restart) {
        return status;
      }
    }
    if (equal) {
      *found = slot;
      return PMM_OK;
    }
    probe_next(set->mask, &probe);
  }
  return PMM_OK;
}

/* May run code, but none since the slot was found. */
static enum pmm_status find(pmm_rt *rt, struct pmmi_set *set, pmm_obj *key,
                            int64_t hash, struct pmmi_set_slot **found) {
  int restart = 1;
  enum pmm_status status = PMM_OK;
  while (status == PMM_OK && restart) {
    status = walk(rt, set, key, hash, found, &restart);
  }
  return status;
}

/* The same by the key alone.  PMM_TYPE: unhashable. */
static enum pmm_status find_key(pmm_rt *rt, struct pmmi_set *set, pmm_obj *key,
                                struct pmmi_set_slot **found) {
  int64_t hash;
  enum pmm_status status = pmmi_hash(rt, key, &hash);
  return status == PMM_OK ? find(rt, set, key, hash, found) : status;
}

/* ---- single items -------------------------------------------------------- */

enum pmm_status pmmi_set_insert(pmm_rt *rt, struct pmmi_set *set,
                                pmm_obj *key) {
  int64_t hash;
  struct pmmi_set_slot *found;
  enum pmm_status status = pmmi_hash(rt, key, &hash);
  if (status == PMM_OK) {
    status = find(rt, set, key, hash, &found);
  }
  if (status != PMM_OK || found != NULL) {
    return status;
  }
  status = reserve(rt, set);
  if (status == PMM_OK) {
    put(set->table, set->mask, pmmi_new_reference(rt, key), hash);
    set->fill++;
    set->used++;
    set->changes++;
  }
  return status;
}

/* PMM_TYPE, or PMM_SYSTEM for a frozenset. */
static enum pmm_status may_change(pmm_rt *rt, const pmm_obj *set) {
  if (set->type == &pmmi_frozenset_type) {
    return pmmi_fail(rt, PMM_SYSTEM, "a frozenset cannot be changed");
  }
  return set->type == &pmmi_set_type ? PMM_OK : refuse(rt);
}

enum pmm_status pmmi_set_add(pmm_rt *rt, pmm_obj *set, pmm_obj *item) {
  enum pmm_status status = may_change(rt, set);
  return status == PMM_OK ? pmmi_set_insert(rt, set_of(set), item) : status;
}

enum pmm_status pmmi_set_contains(pmm_rt *rt, pmm_obj *set, pmm_obj *item,
                                  int *found) {
  struct pmmi_set_slot *slot = NULL;
  enum pmm_status status = pmmi_is_set(set)
                               ? find_key(rt, set_of(set), item, &slot)
                               : refuse(rt);
  *found = status == PMM_OK && slot != NULL;
  return status;
}

enum pmm_status pmmi_set_discard(pmm_rt *rt, pmm_obj *set, pmm_obj *item) {
  struct pmmi_set *s = set_of(set);
  struct pmmi_set_slot *slot = NULL;
  enum pmm_status status = may_change(rt, set);
  if (status == PMM_OK) {
    status = find_key(rt, s, item, &slot);
  }
  if (status == PMM_OK && slot != NULL) {
    pmm_obj *key = slot->key;
    *slot = (struct pmmi_set_slot){&pmmi_set_deleted, -1};
    s->used--;
    s->changes++;
    pmmi_release(rt, key);
  }
  return status;
}

/* ---- making and dying ---------------------------------------------------- */

/* A set of any hashable items, by iteration. */
static enum pmm_status fill_from(pmm_rt *rt, struct pmmi_set *set,
                                 pmm_obj *iterable) {
  pmm_obj *iterator = pmmi_iter(rt, iterable);
  if (iterator == NULL) {
    return pmmi_error(rt);
  }
  enum pmm_status status = PMM_OK;
  while (status == PMM_OK) {
    pmm_obj *item = pmmi_next(rt, iterator);
    status = item != NULL ? pmmi_set_insert(rt, set, item) : pmmi_error(rt);
    pmmi_xrelease(rt, item);
  }
  if (status == PMM_STOP) {
    pmmi_error_clear(rt);
    status = PMM_OK;
  }
  pmmi_release(rt, iterator);
  return status;
}

/* From another set: its hashes are known and its keys differ, so no code
 * runs.  Room as for twice the keys. */
static enum pmm_status fill_from_set(pmm_rt *rt, struct pmmi_set *set,
                                     const struct pmmi_set *from) {
  if (from->used * 5 >= set->mask * 3) {
    enum pmm_status status = resize(rt, set, from->used * 2);
    if (status != PMM_OK) {
      return status;
    }
  }
  for (size_t i = 0; i <= from->mask; i++) {
    const struct pmmi_set_slot *slot = &from->table[i];
    if (is_key(slot)) {
      put(set->table, set->mask, pmmi_new_reference(rt, slot->key),
          slot->hash);
    }
  }
  set->fill = set->used = from->used;
  return PMM_OK;
}

/* Tracked from the start: filling it runs code, which the collector may be
 * part of. */
static pmm_obj *make(pmm_rt *rt, const struct pmmi_type *type,
                     pmm_obj *iterable) {
  pmm_obj *o = pmmi_gc_new(rt, type, 0);
  if (o == NULL) {
    return NULL;
  }
  set_empty(set_of(o));
  set_of(o)->hash = -1;
  pmmi_gc_track(rt, o);
  enum pmm_status status = PMM_OK;
  if (iterable != NULL) {
    status = pmmi_is_set(iterable)
                 ? fill_from_set(rt, set_of(o), set_of(iterable))
                 : fill_from(rt, set_of(o), iterable);
  }
  if (status != PMM_OK) {
    struct pmmi_error error;
    pmmi_error_save(rt, &error);
    pmmi_clear(rt, &o);
    pmmi_error_restore(rt, &error);
  }
  return o;
}

pmm_obj *pmmi_set_new(pmm_rt *rt, pmm_obj *iterable) {
  return make(rt, &pmmi_set_type, iterable);
}

pmm_obj *pmmi_frozenset_new(pmm_rt *rt, pmm_obj *iterable) {
  return iterable != NULL && iterable->type == &pmmi_frozenset_type
             ? pmmi_new_reference(rt, iterable)
             : make(rt, &pmmi_frozenset_type, iterable);
}

pmm_obj *pmmi_set_copy(pmm_rt *rt, pmm_obj *set) {
  if (!pmmi_is_set(set)) {
    (void)refuse(rt);
    return NULL;
  }
  return set->type == &pmmi_frozenset_type ? pmmi_new_reference(rt, set)
                                           : pmmi_set_new(rt, set);
}

/* The set is empty before the first key goes, its inline keys set aside. */
static void set_clear(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_set *set = set_of(o);
  struct pmmi_set_slot few[PMMI_SET_INLINE];
  struct pmmi_set_slot *table = set->table;
  size_t mask = set->mask;
  if (table == set->few) {
    memcpy(few, set->few, sizeof few);
    table = few;
  }
  set_empty(set);
  set->changes++;
  for (size_t i = 0; i <= mask; i++) {
    if (is_key(&table[i])) {
      pmmi_release(rt, table[i].key);
    }
  }
  if (table != few) {
    pmmi_mem_free(rt, table, table_bytes(mask));
  }
}

static void set_dealloc(pmm_rt *rt, pmm_obj *o) {
  pmmi_gc_untrack(rt, o);
  set_clear(rt, o);
  pmmi_gc_free(rt, o);
}

static int set_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  size_t position = 0;
  pmm_obj *key;
  int result = 0;
  while (result == 0 && (key = pmmi_set_next(set_of(o), &position)) != NULL) {
    result = visit(ctx, key);
  }
  return result;
}

static size_t set_owned_bytes(pmm_obj *o) {
  const struct pmmi_set *set = set_of(o);
  return set->table == set->few ? 0 : table_bytes(set->mask);
}

static size_t set_length(pmm_obj *o) { return set_of(o)->used; }

const char *pmmi_set_check(pmm_obj *o) {
  struct pmmi_set *set = set_of(o);
  size_t keys = 0;
  size_t fill = 0;
  for (size_t i = 0; i <= set->mask; i++) {
    const struct pmmi_set_slot *slot = &set->table[i];
    fill += slot->key != NULL;
    if (is_key(slot)) {
      struct probe probe = probe_first(set->mask, slot->hash);
      keys++;
      while (probe.slot != i && set->table[probe.slot].key != NULL) {
        probe_next(set->mask, &probe);
      }
      if (probe.slot != i) {
        return "a key of a set cannot be found";
      }
    }
  }
  return keys == set->used && fill == set->fill && fill < set->mask
             ? NULL
             : "a set's count of slots is wrong";
}

/* ---- comparison, hash and text ------------------------------------------- */

static enum pmm_status set_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                  int *equal) {
  const struct pmmi_set *left = set_of(a);
  size_t position = 0;
  pmm_obj *key;
  *equal = left->used == set_of(b)->used;
  while (*equal && (key = pmmi_set_next(left, &position)) != NULL) {
    pmmi_retain(rt, key); /* comparing may run code */
    enum pmm_status status = pmmi_set_contains(rt, b, key, equal);
    pmmi_release(rt, key);
    if (status != PMM_OK) {
      return status;
    }
  }
  return PMM_OK;
}

static uint64_t shuffle_bits(uint64_t hash) {
  return ((hash ^ 89869747u) ^ (hash << 16)) * 3644798167u;
}

/* Independent of the order of the slots. */
static enum pmm_status frozenset_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  struct pmmi_set *set = set_of(o);
  (void)rt;
  if (set->hash == -1) {
    uint64_t sum = (set->used + 1) * UINT64_C(1927868237);
    for (size_t i = 0; i <= set->mask; i++) {
      if (is_key(&set->table[i])) {
        sum ^= shuffle_bits((uint64_t)set->table[i].hash);
      }
    }
    sum ^= (sum >> 11) ^ (sum >> 25);
    sum = sum * 69069 + 907133923;
    set->hash = sum == UINT64_MAX ? 590923713 : (int64_t)sum;
  }
  *hash = set->hash;
  return PMM_OK;
}

static void add_text(struct pmmi_text *text, const char *words) {
  pmmi_text_add(text, words, strlen(words));
}

static pmm_obj *set_repr(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_repr repr;
  struct pmmi_text text;
  size_t position = 0;
  pmm_obj *key;
  int frozen = o->type == &pmmi_frozenset_type;
  pmmi_text_init(&text, rt);
  if (!pmmi_repr_enter(rt, &repr, o)) {
    add_text(&text, frozen ? "frozenset(...)" : "set(...)");
    return pmmi_text_finish(&text);
  }
  int empty = set_of(o)->used == 0;
  add_text(&text, frozen ? "frozenset(" : empty ? "set(" : "");
  for (int first = 1; !text.failed &&
                      (key = pmmi_set_next(set_of(o), &position)) != NULL;
       first = 0) {
    add_text(&text, first ? "{" : ", ");
    pmmi_retain(rt, key); /* printing may run code */
    pmmi_text_add_repr(&text, key);
    pmmi_release(rt, key);
  }
  add_text(&text, empty ? "" : "}");
  add_text(&text, frozen || empty ? ")" : "");
  pmmi_repr_leave(rt, &repr);
  return pmmi_text_finish(&text);
}

/* ---- the types ----------------------------------------------------------- */

#define SET_TYPE(name_text, hash_function)                                    \
  {.base = {.refcnt = PMMI_IMMORTAL},                                         \
   .name = name_text,                                                         \
   .basic_size = sizeof(struct pmmi_set),                                     \
   .flags = PMMI_TYPE_GC,                                                     \
   .weak_offset = offsetof(struct pmmi_set, weak),                            \
   .dealloc = set_dealloc,                                                    \
   .traverse = set_traverse,                                                  \
   .check = pmmi_set_check,                                                   \
   .clear = set_clear,                                                        \
   .equals = set_equals,                                                      \
   .hash = hash_function,                                                     \
   .repr = set_repr,                                                          \
   .length = set_length,                                                      \
   .iter = pmmi_set_iter,                                                     \
   .owned_bytes = set_owned_bytes,                                            \
   .copy = pmmi_set_copy}

const struct pmmi_type pmmi_set_type = SET_TYPE("set", pmmi_hash_refuse);
const struct pmmi_type pmmi_frozenset_type =
    SET_TYPE("frozenset", frozenset_hash);
