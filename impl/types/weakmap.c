/* SPDX-License-Identifier: MIT */
/* weakmap.c - weak containers; idea, invariant and source: weakmap.h. */
#include "types/weakmap.h"

#include <string.h>

#include "types/iter.h"
#include "types/types_state.h"
#include "types/weakmap_copy.h"

/** In the index: an entry was here; a search goes on. */
#define DELETED UINT32_MAX

#define FIRST_ROOM 8u
/** Most entries: positions plus one stay below DELETED. */
#define MOST_ROOM (UINT32_C(1) << 30)

/** An iterator. */
struct weakmap_iter {
  struct pmm_obj base;
  struct pmmi_weakmap *map; /* owned; NULL once it is exhausted             */
  uint32_t position;        /* of the next entry                            */
};

static size_t entries_bytes(uint32_t room) {
  return room * sizeof(struct pmmi_weakmap_entry);
}

static size_t index_bytes(uint32_t room) {
  return (size_t)room * 2 * sizeof(uint32_t);
}

/* ---- the index ---------------------------------------------------------- */

static uint32_t first_probe(const struct pmmi_weakmap *map, int64_t hash) {
  assert(map->room > 0);
  uint64_t mixed = (uint64_t)hash * UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)(mixed >> 32) & (map->room * 2 - 1);
}

static uint32_t next_probe(const struct pmmi_weakmap *map, uint32_t probe) {
  assert(probe < map->room * 2);
  return (probe + 1) & (map->room * 2 - 1);
}

static void index_add(struct pmmi_weakmap *map, uint32_t position) {
  assert(position < map->room);
  uint32_t probe = first_probe(map, map->entries[position].hash);
  while (map->index[probe] != 0) {
    probe = next_probe(map, probe);
  }
  map->index[probe] = position + 1;
}

static void index_remove(struct pmmi_weakmap *map, uint32_t position) {
  assert(position < map->used);
  uint32_t probe = first_probe(map, map->entries[position].hash);
  while (map->index[probe] != position + 1) {
    probe = next_probe(map, probe);
  }
  map->index[probe] = DELETED;
}

/* The key of an entry, one reference more; NULL when the weak part is dead. */
static pmm_obj *entry_key(pmm_rt *rt, const struct pmmi_weakmap *map,
                          const struct pmmi_weakmap_entry *entry) {
  assert(entry->ref != NULL);
  pmm_obj *weak = pmmi_weakref_strong(rt, entry->ref);
  if (weak == NULL || map->kind != PMM_WEAK_VALUES) {
    return weak;
  }
  pmmi_release(rt, weak);
  return pmmi_new_reference(rt, entry->strong);
}

static enum pmm_status is_entry_of(pmm_rt *rt, const struct pmmi_weakmap *map,
                                   const struct pmmi_weakmap_entry *entry,
                                   pmm_obj *key, int64_t hash, int *equal) {
  *equal = 0;
  pmm_obj *other = entry->hash == hash ? entry_key(rt, map, entry) : NULL;
  if (other == NULL) {
    return PMM_OK;
  }
  enum pmm_status status = pmmi_equals(rt, other, key, equal);
  pmmi_release(rt, other);
  return status;
}

/* One walk; *restart: the container has changed under it. */
static enum pmm_status walk(pmm_rt *rt, const struct pmmi_weakmap *map,
                            pmm_obj *key, int64_t hash, uint32_t *position,
                            int *restart) {
  uint32_t changes = map->changes;
  *restart = 0;
  *position = DELETED;
  if (map->room == 0) {
    return PMM_OK;
  }
  uint32_t probe = first_probe(map, hash);
  for (; map->index[probe] != 0; probe = next_probe(map, probe)) {
    if (map->index[probe] == DELETED) {
      continue;
    }
    uint32_t at = map->index[probe] - 1;
    int equal = 0;
    enum pmm_status status =
        is_entry_of(rt, map, &map->entries[at], key, hash, &equal);
    *restart = map->changes != changes;
    if (status != PMM_OK || *restart) {
      return status;
    }
    if (equal) {
      *position = at;
      return PMM_OK;
    }
  }
  return PMM_OK;
}

/* *position of the live entry with this key, or DELETED.  May run code, but
 * none since the entry was found. */
static enum pmm_status find(pmm_rt *rt, const struct pmmi_weakmap *map,
                            pmm_obj *key, int64_t hash, uint32_t *position) {
  int restart = 1;
  enum pmm_status status = PMM_OK;
  while (status == PMM_OK && restart) {
    status = walk(rt, map, key, hash, position, &restart);
  }
  return status;
}

/* ---- room --------------------------------------------------------------- */

/* Move the entries to `entries`, closing the holes unless an iterator holds
 * a position, and fill `index`. */
static void rebuild(struct pmmi_weakmap *map,
                    struct pmmi_weakmap_entry *entries, uint32_t *index,
                    uint32_t room) {
  assert(room >= map->live);
  struct pmmi_weakmap_entry *old = map->entries;
  uint32_t used = map->used;
  uint32_t to = 0;
  map->entries = entries;
  map->index = index;
  map->room = room;
  map->changes++;
  memset(index, 0, index_bytes(room));
  for (uint32_t from = 0; from < used; from++) {
    struct pmmi_weakmap_entry entry = old[from];
    if (entry.ref == NULL && map->iterators == 0) {
      continue;
    }
    entries[to] = entry;
    if (entry.ref != NULL) {
      entry.ref->cookie = to;
      index_add(map, to);
    }
    to++;
  }
  map->used = to;
}

/* Room for one more entry.  In place when half of the entries are holes. */
static enum pmm_status reserve(pmm_rt *rt, struct pmmi_weakmap *map) {
  assert(map->used <= map->room && map->live <= map->used);
  if (map->used < map->room) {
    return PMM_OK;
  }
  if (map->iterators == 0 && map->live < map->room / 2) {
    rebuild(map, map->entries, map->index, map->room);
    return PMM_OK;
  }
  uint32_t old_room = map->room;
  uint32_t room = old_room == 0 ? FIRST_ROOM : old_room * 2;
  void *old_entries = map->entries;
  void *old_index = map->index;
  void *entries =
      room > MOST_ROOM ? NULL : pmmi_mem_alloc(rt, entries_bytes(room));
  void *index = entries == NULL ? NULL : pmmi_mem_alloc(rt, index_bytes(room));
  if (index == NULL) {
    pmmi_mem_free(rt, entries, entries_bytes(room));
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a weak entry");
  }
  rebuild(map, entries, index, room);
  pmmi_mem_free(rt, old_entries, entries_bytes(old_room));
  pmmi_mem_free(rt, old_index, index_bytes(old_room));
  return PMM_OK;
}

/* ---- removal ------------------------------------------------------------ */

/* No death is told to a container any more. */
static void detach(struct pmmi_weakref *ref) {
  pmmi_weakref_leave(ref);
  ref->act = NULL;
  ref->ctx = NULL;
}

/* Forget a reference that may outlive its entry. */
static void drop_reference(pmm_rt *rt, struct pmmi_weakref *ref) {
  detach(ref);
  pmmi_release(rt, &ref->base);
}

static void remove_entry(pmm_rt *rt, struct pmmi_weakmap *map,
                         uint32_t position) {
  assert(position < map->used && map->entries[position].ref != NULL);
  struct pmmi_weakmap_entry gone = map->entries[position];
  index_remove(map, position);
  map->entries[position] = (struct pmmi_weakmap_entry){.ref = NULL};
  map->changes++;
  drop_reference(rt, gone.ref);
  pmmi_xrelease(rt, gone.strong);
}

/* A weak part has died. */
static void entry_died(pmm_rt *rt, struct pmmi_weakref *ref) {
  assert(ref->target == NULL);
  struct pmmi_weakmap *map = ref->ctx;
  if (map == NULL) {
    return;
  }
  map->live--;
  map->changes++;
  if (map->iterators == 0) {
    remove_entry(rt, map, (uint32_t)ref->cookie);
  }
}

/* Releasing what an entry held may start another iteration, which then removes
 * the rest, or insert; an entry that an insertion moved is dead in the sight
 * of every operation and goes with the next iteration. */
static void remove_dead(pmm_rt *rt, struct pmmi_weakmap *map) {
  pmmi_retain(rt, &map->base);
  for (uint32_t i = 0; i < map->used && map->iterators == 0; i++) {
    struct pmmi_weakref *ref = map->entries[i].ref;
    if (ref != NULL && ref->target == NULL) {
      map->live -= ref->act != NULL; /* its death is not told yet           */
      remove_entry(rt, map, i);
    }
  }
  pmmi_release(rt, &map->base);
}

/* What one entry held may have been all that kept the weak part of another. */
static void drop_entries(pmm_rt *rt, struct pmmi_weakmap *map) {
  struct pmmi_weakmap_entry *entries = map->entries;
  uint32_t *index = map->index;
  uint32_t used = map->used;
  uint32_t room = map->room;
  map->entries = NULL;
  map->index = NULL;
  map->room = map->used = map->live = 0;
  map->changes++;
  for (uint32_t i = 0; i < used; i++) {
    if (entries[i].ref != NULL) {
      detach(entries[i].ref);
    }
  }
  for (uint32_t i = 0; i < used; i++) {
    if (entries[i].ref != NULL) {
      pmmi_release(rt, &entries[i].ref->base);
      pmmi_xrelease(rt, entries[i].strong);
    }
  }
  pmmi_mem_free(rt, entries, entries_bytes(room));
  pmmi_mem_free(rt, index, index_bytes(room));
}

/* ---- the container ------------------------------------------------------ */

static void weakmap_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  drop_entries(rt, (struct pmmi_weakmap *)o);
  pmmi_gc_free(rt, o);
}

static int weakmap_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  const struct pmmi_weakmap *map = (const struct pmmi_weakmap *)o;
  for (uint32_t i = 0; i < map->used; i++) {
    const struct pmmi_weakmap_entry *entry = &map->entries[i];
    int result = entry->ref != NULL ? visit(ctx, &entry->ref->base) : 0;
    if (result == 0 && entry->strong != NULL) {
      result = visit(ctx, entry->strong);
    }
    if (result != 0) {
      return result;
    }
  }
  return 0;
}

static void weakmap_clear(pmm_rt *rt, pmm_obj *o) {
  drop_entries(rt, (struct pmmi_weakmap *)o);
}

static size_t weakmap_length(pmm_obj *o) {
  return ((const struct pmmi_weakmap *)o)->live;
}

static size_t weakmap_owned_bytes(pmm_obj *o) {
  uint32_t room = ((const struct pmmi_weakmap *)o)->room;
  return entries_bytes(room) + index_bytes(room);
}

pmm_obj *pmmi_weak_new(pmm_rt *rt, enum pmm_weak_kind kind) {
  if (kind < PMM_WEAK_VALUES || kind > PMM_WEAK_SET) {
    return pmmi_fail_null(rt, PMM_VALUE, "unknown kind of weak container");
  }
  pmm_obj *o = pmmi_gc_new(rt, &pmmi_weakmap_type, 0);
  if (o != NULL) {
    ((struct pmmi_weakmap *)o)->kind = kind;
    pmmi_gc_track(rt, o);
  }
  return o;
}

/* Fill a reserved entry; steals `ref`. */
static void insert(pmm_rt *rt, struct pmmi_weakmap *map, int64_t hash,
                   struct pmmi_weakref *ref, pmm_obj *strong) {
  assert(map->used < map->room);
  uint32_t position = map->used++;
  pmmi_xretain(rt, strong);
  map->entries[position] = (struct pmmi_weakmap_entry){ref, strong, hash};
  ref->ctx = map;
  ref->cookie = position;
  index_add(map, position);
  map->live++;
  map->changes++;
}

enum pmm_status pmmi_weak_set(pmm_rt *rt, pmm_obj *weak, pmm_obj *key,
                              pmm_obj *value) {
  struct pmmi_weakmap *map = (struct pmmi_weakmap *)weak;
  int64_t hash = 0;
  uint32_t old = DELETED;
  struct pmmi_weakref *before = NULL; /* of the entry to be replaced        */
  if (weak->type != &pmmi_weakmap_type) {
    return pmmi_fail(rt, PMM_TYPE, "not a weak container");
  }
  int values = map->kind == PMM_WEAK_VALUES;
  if (pmmi_hash(rt, key, &hash) != PMM_OK) {
    return pmmi_error(rt);
  }
  struct pmmi_weakref *ref = pmmi_weakref_watch(
      rt, &pmmi_weakref_type, values ? value : key, entry_died, NULL);
  if (ref == NULL) {
    return pmmi_error(rt);
  }
  enum pmm_status status = find(rt, map, key, hash, &old);
  if (status == PMM_OK && old != DELETED) {
    before = map->entries[old].ref;
  }
  if (status == PMM_OK && (before == NULL || map->kind != PMM_WEAK_SET)) {
    status = reserve(rt, map); /* moves entries; references know where      */
  }
  if (status != PMM_OK || (before != NULL && map->kind == PMM_WEAK_SET)) {
    drop_reference(rt, ref);
    return status;
  }
  pmm_obj *strong = values ? key : map->kind == PMM_WEAK_KEYS ? value : NULL;
  insert(rt, map, hash, ref, strong);
  if (before != NULL) {
    map->live--;
    remove_entry(rt, map, (uint32_t)before->cookie);
  }
  return PMM_OK;
}

/* *position of the live entry of a key, or DELETED. */
static enum pmm_status look_up(pmm_rt *rt, pmm_obj *weak, pmm_obj *key,
                               uint32_t *position) {
  int64_t hash = 0;
  *position = DELETED;
  if (weak->type != &pmmi_weakmap_type) {
    return pmmi_fail(rt, PMM_TYPE, "not a weak container");
  }
  enum pmm_status status = pmmi_hash(rt, key, &hash);
  return status != PMM_OK ? status
                          : find(rt, (const struct pmmi_weakmap *)weak, key,
                                 hash, position);
}

pmm_obj *pmmi_weak_get(pmm_rt *rt, pmm_obj *weak, pmm_obj *key) {
  const struct pmmi_weakmap *map = (const struct pmmi_weakmap *)weak;
  uint32_t position;
  if (look_up(rt, weak, key, &position) != PMM_OK) {
    return NULL;
  }
  if (map->kind == PMM_WEAK_SET) {
    return pmmi_fail_null(rt, PMM_TYPE, "a weak set has no values");
  }
  if (position == DELETED) {
    return NULL;
  }
  const struct pmmi_weakmap_entry *entry = &map->entries[position];
  return map->kind == PMM_WEAK_VALUES
             ? pmmi_weakref_strong(rt, entry->ref)
             : pmmi_new_reference(rt, entry->strong);
}

enum pmm_status pmmi_weak_delete(pmm_rt *rt, pmm_obj *weak, pmm_obj *key) {
  struct pmmi_weakmap *map = (struct pmmi_weakmap *)weak;
  uint32_t position;
  enum pmm_status status = look_up(rt, weak, key, &position);
  if (status == PMM_OK && position == DELETED) {
    status = pmmi_fail(rt, PMM_KEY, "no such key");
  }
  if (status == PMM_OK) {
    map->live--;
    remove_entry(rt, map, position);
  }
  return status;
}

/* ---- iteration ---------------------------------------------------------- */

static pmm_obj *weakmap_iter(pmm_rt *rt, pmm_obj *o) {
  assert(o->type == &pmmi_weakmap_type);
  struct pmmi_weakmap *map = (struct pmmi_weakmap *)o;
  pmm_obj *iter = pmmi_gc_new(rt, &pmmi_weakmap_iter_type, 0);
  if (iter != NULL) {
    ((struct weakmap_iter *)iter)->map = map;
    pmmi_retain(rt, o);
    map->iterators++;
    pmmi_gc_track(rt, iter);
  }
  return iter;
}

static void iter_end(pmm_rt *rt, pmm_obj *o) {
  struct weakmap_iter *iter = (struct weakmap_iter *)o;
  struct pmmi_weakmap *map = iter->map;
  if (map == NULL) {
    return;
  }
  iter->map = NULL;
  assert(map->iterators > 0);
  map->iterators--;
  if (map->iterators == 0) {
    remove_dead(rt, map);
  }
  pmmi_release(rt, &map->base);
}

static pmm_obj *iter_next(pmm_rt *rt, pmm_obj *o) {
  assert(o->type == &pmmi_weakmap_iter_type);
  struct weakmap_iter *iter = (struct weakmap_iter *)o;
  const struct pmmi_weakmap *map = iter->map;
  while (map != NULL && iter->position < map->used) {
    const struct pmmi_weakmap_entry *entry = &map->entries[iter->position++];
    pmm_obj *key = entry->ref != NULL ? entry_key(rt, map, entry) : NULL;
    if (key != NULL) {
      return key;
    }
  }
  iter_end(rt, o);
  return pmmi_fail_null(rt, PMM_STOP, "a weak container is exhausted");
}

static void iter_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  iter_end(rt, o);
  pmmi_gc_free(rt, o);
}

static int iter_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  struct weakmap_iter *iter = (struct weakmap_iter *)o;
  return iter->map != NULL ? visit(ctx, &iter->map->base) : 0;
}

const struct pmmi_type pmmi_weakmap_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "weakmap",
    .basic_size = sizeof(struct pmmi_weakmap),
    .flags = PMMI_TYPE_GC,
    .weak_offset = offsetof(struct pmmi_weakmap, weak),
    .dealloc = weakmap_dealloc,
    .traverse = weakmap_traverse,
    .clear = weakmap_clear,
    .hash = pmmi_hash_refuse,
    .length = weakmap_length,
    .iter = weakmap_iter,
    .owned_bytes = weakmap_owned_bytes,
    .copy = pmmi_weakmap_copy,
};

const struct pmmi_type pmmi_weakmap_iter_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "weakmap_iterator",
    .basic_size = sizeof(struct weakmap_iter),
    .flags = PMMI_TYPE_GC,
    .dealloc = iter_dealloc,
    .traverse = iter_traverse,
    .clear = iter_end,
    .iter = pmmi_self_iter,
    .next = iter_next,
};
