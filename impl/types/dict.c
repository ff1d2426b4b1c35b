/* SPDX-License-Identifier: MIT */
/* dict.c - dictionaries; idea, invariant and source: dict.h. */
#include "types/dict.h"

#include "gc/gc.h"
#include "gc/visit.h"
#include "types/compare.h"
#include "types/list.h"
#include "types/text_builder.h"
#include "types/types_state.h"

static struct pmmi_dict *dict_of(pmm_obj *o) { return (struct pmmi_dict *)o; }

static enum pmm_status refuse(pmm_rt *rt) {
  return pmmi_fail(rt, PMM_TYPE, "not a dict");
}

/* The same for operations that return a handle. */
static int is_dict(pmm_rt *rt, const pmm_obj *o) {
  if (!pmmi_is_dict(o)) {
    (void)refuse(rt);
  }
  return pmmi_is_dict(o);
}

/* ---- looking up ---------------------------------------------------------- */

/* Where a key was found. */
struct place {
  struct pmmi_dict_entry *entry; /* NULL: it is not there                   */
  size_t slot;                   /* that leads to it                        */
};

/* *equal, or *restart when comparing has changed the dict. */
static enum pmm_status compare(pmm_rt *rt, const struct pmmi_dict *dict,
                               const struct pmmi_dict_entry *entry,
                               pmm_obj *key, int *equal, int *restart) {
  uint64_t changes = dict->changes;
  enum pmm_status status = pmmi_items_equal(rt, entry->key, key, equal);
  *restart = dict->changes != changes;
  return status;
}

/* One walk; *restart: the dict has changed under it. */
static enum pmm_status walk(pmm_rt *rt, struct pmmi_dict *dict, pmm_obj *key,
                            int64_t hash, struct place *place, int *restart) {
  struct pmmi_dict_table *table = dict->table;
  *place = (struct place){NULL, 0};
  *restart = 0;
  if (table == NULL) {
    return PMM_OK;
  }
  struct pmmi_dict_probe probe = pmmi_dict_probe_first(table, hash);
  int64_t index;
  while ((index = pmmi_dict_slot_get(table, probe.slot)) != PMMI_DICT_FREE) {
    int equal = 0;
    if (index >= 0) {
      struct pmmi_dict_entry *entry =
          pmmi_dict_entry_at(table, (size_t)index);
      if (entry->key == key) {
        equal = 1;
      } else if (pmmi_dict_entry_hash(table, entry) == hash) {
        enum pmm_status status =
            compare(rt, dict, entry, key, &equal, restart);
        if (status != PMM_OK || *restart) {
          return status;
        }
      }
      if (equal) {
        *place = (struct place){entry, probe.slot};
        return PMM_OK;
      }
    }
    pmmi_dict_probe_next(table, &probe);
  }
  return PMM_OK;
}

/* Find a key by its hash.  May run code, but none since the place was
 * found. */
static enum pmm_status find(pmm_rt *rt, struct pmmi_dict *dict, pmm_obj *key,
                            int64_t hash, struct place *place) {
  int restart = 1;
  enum pmm_status status = PMM_OK;
  while (status == PMM_OK && restart) {
    status = walk(rt, dict, key, hash, place, &restart);
  }
  return status;
}

/* The same by the key alone.  PMM_TYPE: unhashable. */
static enum pmm_status find_key(pmm_rt *rt, struct pmmi_dict *dict,
                                pmm_obj *key, struct place *place) {
  int64_t hash;
  enum pmm_status status = pmmi_hash(rt, key, &hash);
  return status == PMM_OK ? find(rt, dict, key, hash, place) : status;
}

const struct pmmi_dict_entry *pmmi_dict_next(struct pmmi_dict *dict,
                                             size_t *position) {
  struct pmmi_dict_table *table = dict->table;
  while (table != NULL && *position < table->filled) {
    const struct pmmi_dict_entry *entry =
        pmmi_dict_entry_at(table, (*position)++);
    if (entry->key != NULL) {
      return entry;
    }
  }
  return NULL;
}

/* ---- tracking ------------------------------------------------------------ */

static void track_for(pmm_rt *rt, struct pmmi_dict *dict, const pmm_obj *o) {
  if (pmmi_may_be_tracked(o)) {
    pmmi_gc_track(rt, &dict->base);
  }
}

int pmmi_dict_is_atomic(struct pmmi_dict *dict) {
  size_t position = 0;
  const struct pmmi_dict_entry *entry;
  while ((entry = pmmi_dict_next(dict, &position)) != NULL) {
    if (pmmi_may_be_tracked(entry->key) || pmmi_may_be_tracked(entry->value)) {
      return 0;
    }
  }
  return 1;
}

static int dict_is_atomic(pmm_obj *o) {
  return pmmi_dict_is_atomic(dict_of(o));
}

const char *pmmi_dict_check(pmm_obj *o) {
  struct pmmi_dict *dict = dict_of(o);
  if (dict->table == NULL) {
    return dict->used == 0 ? NULL : "a dict without table has entries";
  }
  if (pmmi_gc_head_of(o)->slot == PMMI_GC_UNTRACKED &&
      !pmmi_dict_is_atomic(dict)) {
    return "an untracked dict holds what the collector must see";
  }
  return pmmi_dict_table_check(dict->table, dict->used);
}

/* ---- changing ------------------------------------------------------------ */

/* Move the entries to a table of `slots`. */
static enum pmm_status rebuild(pmm_rt *rt, struct pmmi_dict *dict,
                               size_t slots, int only_str) {
  assert(slots >= PMMI_DICT_LEAST_SLOTS);
  struct pmmi_dict_table *old = dict->table;
  struct pmmi_dict_table *table = pmmi_dict_table_new(rt, slots, only_str);
  if (table == NULL) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a dict's table");
  }
  if (old != NULL) {
    pmmi_dict_table_move(table, old);
    pmmi_dict_table_free(rt, old);
  }
  dict->table = table;
  dict->changes++;
  return PMM_OK;
}

/* Room for one more entry, with this key.  Runs no code. */
static enum pmm_status reserve(pmm_rt *rt, struct pmmi_dict *dict,
                               const pmm_obj *key) {
  const struct pmmi_dict_table *table = dict->table;
  int is_str = pmmi_is_str(key);
  if (table == NULL) {
    return rebuild(rt, dict, PMMI_DICT_LEAST_SLOTS, is_str);
  }
  int only_str = table->only_str && is_str;
  if (table->filled == table->room) {
    return rebuild(rt, dict, pmmi_dict_slots_for(dict->used), only_str);
  }
  return only_str == table->only_str
             ? PMM_OK
             : rebuild(rt, dict, table->mask + 1, only_str);
}

static void replace(pmm_rt *rt, struct pmmi_dict *dict,
                    struct pmmi_dict_entry *entry, pmm_obj *value) {
  pmm_obj *old = entry->value;
  entry->value = pmmi_new_reference(rt, value);
  track_for(rt, dict, value);
  pmmi_release(rt, old);
}

/* `hash` is the key's. */
static enum pmm_status set_hashed(pmm_rt *rt, struct pmmi_dict *dict,
                                  pmm_obj *key, int64_t hash,
                                  pmm_obj *value) {
  struct place place;
  enum pmm_status status = find(rt, dict, key, hash, &place);
  if (status == PMM_OK && place.entry != NULL) {
    replace(rt, dict, place.entry, value);
    return PMM_OK;
  }
  if (status == PMM_OK) {
    status = reserve(rt, dict, key);
  }
  if (status == PMM_OK) {
    pmmi_dict_table_add(dict->table, pmmi_new_reference(rt, key), hash,
                        pmmi_new_reference(rt, value));
    dict->used++;
    dict->changes++;
    track_for(rt, dict, key);
    track_for(rt, dict, value);
  }
  return status;
}

enum pmm_status pmmi_dict_set(pmm_rt *rt, pmm_obj *dict, pmm_obj *key,
                              pmm_obj *value) {
  int64_t hash;
  if (!pmmi_is_dict(dict)) {
    return refuse(rt);
  }
  enum pmm_status status = pmmi_hash(rt, key, &hash);
  return status == PMM_OK ? set_hashed(rt, dict_of(dict), key, hash, value)
                          : status;
}

pmm_obj *pmmi_dict_get(pmm_rt *rt, pmm_obj *dict, pmm_obj *key) {
  struct place place;
  if (!is_dict(rt, dict) ||
      find_key(rt, dict_of(dict), key, &place) != PMM_OK) {
    return NULL;
  }
  return place.entry != NULL ? place.entry->value : NULL;
}

pmm_obj *pmmi_dict_get_strong(pmm_rt *rt, pmm_obj *dict, pmm_obj *key) {
  pmm_obj *value = pmmi_dict_get(rt, dict, key);
  pmmi_xretain(rt, value);
  return value;
}

enum pmm_status pmmi_dict_delete(pmm_rt *rt, pmm_obj *dict, pmm_obj *key) {
  struct place place;
  if (!pmmi_is_dict(dict)) {
    return refuse(rt);
  }
  struct pmmi_dict *d = dict_of(dict);
  enum pmm_status status = find_key(rt, d, key, &place);
  if (status != PMM_OK) {
    return status;
  }
  if (place.entry == NULL) {
    return pmmi_fail(rt, PMM_KEY, "no such key");
  }
  struct pmmi_dict_entry gone = pmmi_dict_table_take(d->table, place.slot);
  d->used--;
  d->changes++;
  pmmi_release(rt, gone.key);
  pmmi_release(rt, gone.value);
  return PMM_OK;
}

/* The dict is empty before the first object goes. */
static void dict_clear(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_dict *dict = dict_of(o);
  struct pmmi_dict_table *table = dict->table;
  dict->table = NULL;
  dict->used = 0;
  dict->changes++;
  for (size_t i = 0; table != NULL && i < table->filled; i++) {
    struct pmmi_dict_entry *entry = pmmi_dict_entry_at(table, i);
    pmmi_xrelease(rt, entry->key);
    pmmi_xrelease(rt, entry->value);
  }
  pmmi_dict_table_free(rt, table);
}

enum pmm_status pmmi_dict_clear(pmm_rt *rt, pmm_obj *dict) {
  if (!pmmi_is_dict(dict)) {
    return refuse(rt);
  }
  dict_clear(rt, dict);
  return PMM_OK;
}

/* ---- making and dying ---------------------------------------------------- */

pmm_obj *pmmi_dict_new(pmm_rt *rt) {
  return pmmi_gc_new(rt, &pmmi_dict_type, 0);
}

static void dict_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  dict_clear(rt, o);
  pmmi_gc_free(rt, o);
}

/* Slots for a copy: as many as the original has, unless holes are more than
 * a third of its entries. */
static size_t slots_of_copy(const struct pmmi_dict *dict) {
  assert(dict->table != NULL && dict->used > 0);
  const struct pmmi_dict_table *table = dict->table;
  return dict->used >= table->filled * 2 / 3
             ? table->mask + 1
             : pmmi_dict_slots_for((dict->used + 1) / 2);
}

/* Fill an empty dict.  Runs no code. */
static enum pmm_status copy_entries(pmm_rt *rt, struct pmmi_dict *to,
                                    struct pmmi_dict *from) {
  size_t position = 0;
  const struct pmmi_dict_entry *entry;
  if (from->used == 0) {
    return PMM_OK;
  }
  enum pmm_status status =
      rebuild(rt, to, slots_of_copy(from), from->table->only_str);
  while (status == PMM_OK &&
         (entry = pmmi_dict_next(from, &position)) != NULL) {
    pmmi_dict_table_add(to->table, pmmi_new_reference(rt, entry->key),
                        pmmi_dict_entry_hash(from->table, entry),
                        pmmi_new_reference(rt, entry->value));
    to->used++;
  }
  return status;
}

/* Making the dict may run code, filling it does not. */
pmm_obj *pmmi_dict_copy(pmm_rt *rt, pmm_obj *dict) {
  pmm_obj *copy = is_dict(rt, dict) ? pmmi_dict_new(rt) : NULL;
  if (copy == NULL) {
    return NULL;
  }
  if (copy_entries(rt, dict_of(copy), dict_of(dict)) != PMM_OK) {
    pmmi_clear(rt, &copy);
  } else if (pmmi_gc_is_tracked(rt, dict)) {
    pmmi_gc_track(rt, copy);
  }
  return copy;
}

/* A list of one part of each entry.  Making the list may run code, giving it
 * an array does not. */
static pmm_obj *list_of(pmm_rt *rt, pmm_obj *dict, int values) {
  struct pmmi_list *list =
      is_dict(rt, dict) ? pmmi_list_alloc(rt, 0) : NULL;
  if (list == NULL) {
    return NULL;
  }
  if (pmmi_list_set_exact(rt, list, dict_of(dict)->used) != PMM_OK) {
    pmmi_release(rt, &list->var.base);
    return NULL;
  }
  size_t position = 0;
  for (size_t i = 0; i < list->var.length; i++) {
    const struct pmmi_dict_entry *entry =
        pmmi_dict_next(dict_of(dict), &position);
    list->items[i] = pmmi_new_reference(rt, values ? entry->value : entry->key);
  }
  pmmi_gc_track(rt, &list->var.base);
  return &list->var.base;
}

pmm_obj *pmmi_dict_keys(pmm_rt *rt, pmm_obj *dict) {
  return list_of(rt, dict, 0);
}

pmm_obj *pmmi_dict_values(pmm_rt *rt, pmm_obj *dict) {
  return list_of(rt, dict, 1);
}

/* ---- for the collector --------------------------------------------------- */

static int dict_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  return pmmi_dict_table_visit(dict_of(o)->table, 1, visit, ctx);
}

/* Keys that are all strings are no business of the collector. */
static int dict_walk(pmm_obj *o, pmm_visit visit, void *ctx) {
  struct pmmi_dict_table *table = dict_of(o)->table;
  int keys = table != NULL && !table->only_str;
  return pmmi_dict_table_visit(table, keys, visit, ctx);
}

static size_t dict_visit_part(pmm_obj *o, size_t at, size_t most,
                              pmm_visit visit, void *ctx) {
  size_t position = at;
  for (size_t n = 0; n < most / 2; n++) {
    const struct pmmi_dict_entry *entry = pmmi_dict_next(dict_of(o), &position);
    if (entry == NULL) {
      return 0;
    }
    (void)visit(ctx, entry->key);
    (void)visit(ctx, entry->value);
  }
  return position;
}

static size_t dict_owned_bytes(pmm_obj *o) {
  return pmmi_dict_table_bytes(dict_of(o)->table);
}

static size_t dict_length(pmm_obj *o) { return dict_of(o)->used; }

/* ---- comparison and text ------------------------------------------------- */

/* *equal: the key of an entry of `a` leads to an equal value in `b`.  The key
 * and both values are held, as comparing may run code. */
static enum pmm_status entry_equals(pmm_rt *rt, struct pmmi_dict *b,
                                    pmm_obj *key, int64_t hash,
                                    pmm_obj *value, int *equal) {
  struct place place;
  *equal = 0;
  pmmi_retain(rt, key);
  pmmi_retain(rt, value);
  enum pmm_status status = find(rt, b, key, hash, &place);
  if (status == PMM_OK && place.entry != NULL) {
    status = pmmi_items_equal(rt, value, place.entry->value, equal);
  }
  pmmi_release(rt, value);
  pmmi_release(rt, key);
  return status;
}

static enum pmm_status dict_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                   int *equal) {
  assert(pmmi_is_dict(a) && pmmi_is_dict(b));
  struct pmmi_dict *left = dict_of(a);
  size_t position = 0;
  const struct pmmi_dict_entry *entry;
  *equal = left->used == dict_of(b)->used;
  while (*equal && (entry = pmmi_dict_next(left, &position)) != NULL) {
    enum pmm_status status = entry_equals(
        rt, dict_of(b), entry->key, pmmi_dict_entry_hash(left->table, entry),
        entry->value, equal);
    if (status != PMM_OK) {
      return status;
    }
  }
  return PMM_OK;
}

static void add_entry(pmm_rt *rt, struct pmmi_text *text, pmm_obj *key,
                      pmm_obj *value) {
  pmmi_retain(rt, key);
  pmmi_retain(rt, value);
  pmmi_text_add_repr(text, key);
  pmmi_text_add(text, ": ", 2);
  pmmi_text_add_repr(text, value);
  pmmi_release(rt, value);
  pmmi_release(rt, key);
}

static pmm_obj *dict_repr(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_repr repr;
  if (!pmmi_repr_enter(rt, &repr, o)) {
    return pmmi_str_new(rt, "{...}", 5);
  }
  struct pmmi_text text;
  size_t position = 0;
  const struct pmmi_dict_entry *entry;
  pmmi_text_init(&text, rt);
  pmmi_text_add(&text, "{", 1);
  for (int first = 1; !text.failed &&
                      (entry = pmmi_dict_next(dict_of(o), &position)) != NULL;
       first = 0) {
    pmmi_text_add(&text, ", ", first ? 0 : 2);
    add_entry(rt, &text, entry->key, entry->value);
  }
  pmmi_text_add(&text, "}", 1);
  pmmi_repr_leave(rt, &repr);
  return pmmi_text_finish(&text);
}

/* ---- the type ------------------------------------------------------------ */

const struct pmmi_type pmmi_dict_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "dict",
    .basic_size = sizeof(struct pmmi_dict),
    .flags = PMMI_TYPE_GC,
    .dealloc = dict_dealloc,
    .apart_offset = offsetof(struct pmmi_dict, table),
    .traverse = dict_traverse,
    .walk = dict_walk,
    .visit_part = dict_visit_part,
    .is_atomic = dict_is_atomic,
    .check = pmmi_dict_check,
    .clear = dict_clear,
    .equals = dict_equals,
    .hash = pmmi_hash_refuse,
    .repr = dict_repr,
    .length = dict_length,
    .iter = pmmi_dict_iter,
    .owned_bytes = dict_owned_bytes,
    .copy = pmmi_dict_copy,
};
