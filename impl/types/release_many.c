/* SPDX-License-Identifier: MIT */
/* release_many.c - letting go of many objects at once; see release_many.h. */
#include "types/release_many.h"

#include <string.h>

#include "core/tracked.h"
#include "gc/gc.h"
#include "types/int.h"
#include "types/list.h"
#include "types/tuple.h"
#include "types/types_state.h"

/** Blocks of a batch, and batches that are open at a time. */
#define BATCH 32u
#define BATCHES 4u

/** Items between fetching one and releasing it. */
#define AHEAD 16u

/** Dead objects of one size, not given back yet. */
struct batch {
  size_t size;
  uint32_t count;
  uint32_t collectable; /* of them, objects that were counted as such        */
  void *blocks[BATCH];
};

/** All that is dead and not given back. */
struct dead {
  uint32_t taken_out; /* of the collector's table, which was not told yet   */
  struct batch batches[BATCHES]; /* by size class                            */
};

/* Not the blocks: most containers are small. */
static inline void dead_init(struct dead *dead) {
  dead->taken_out = 0;
  for (unsigned i = 0; i < BATCHES; i++) {
    dead->batches[i].size = 0;
    dead->batches[i].count = 0;
    dead->batches[i].collectable = 0;
  }
}

static void tell_collector(pmm_rt *rt, struct dead *dead) {
  assert(dead->taken_out <= pmmi_tracked_of(rt)->count);
  if (dead->taken_out > 0) {
    pmmi_gc_taken_out(rt, dead->taken_out);
    dead->taken_out = 0;
  }
}

/* Apart, so that the loops over objects stay small. */
__attribute__((noinline)) static void give_back(pmm_rt *rt, struct dead *dead,
                                                struct batch *batch) {
  assert(batch->count > 0 && batch->count <= BATCH);
  tell_collector(rt, dead);
  assert(batch->collectable <= batch->count && batch->size > 0);
  pmmi_gc_uncount(pmmi_tracked_of(rt), batch->collectable);
  pmmi_memory_of(rt)->objects -= batch->count;
  pmmi_free_many(rt, batch->blocks, batch->count, batch->size);
  batch->count = 0;
  batch->collectable = 0;
}

static void give_back_all(pmm_rt *rt, struct dead *dead) {
  for (unsigned i = 0; i < BATCHES; i++) {
    if (dead->batches[i].count > 0) {
      give_back(rt, dead, &dead->batches[i]);
    }
  }
  tell_collector(rt, dead); /* of those that are kept for reuse              */
}

/* The batch for blocks of a size, with room.  Sizes that an allocator with
 * steps of 16 bytes serves alike share one, so that the block which dies last
 * is given back last. */
static inline struct batch *batch_for(pmm_rt *rt, struct dead *dead,
                                      size_t size) {
  size_t steps = (size + 15) / 16;
  struct batch *batch = &dead->batches[(steps ^ steps / BATCHES) % BATCHES];
  if (batch->count == BATCH || (batch->size != size && batch->count > 0)) {
    give_back(rt, dead, batch);
  }
  batch->size = size;
  return batch;
}

/* ---- what dies without anybody noticing ---------------------------------- */

static inline int is_plain(const pmm_obj *o) {
  return (o->type->flags & PMMI_TYPE_PLAIN) != 0;
}

static inline void bury_plain(pmm_rt *rt, struct dead *dead, pmm_obj *o) {
  struct batch *batch = batch_for(rt, dead,
                                  o->type == &pmmi_int_type
                                      ? pmmi_int_block_bytes(o)
                                      : o->type->basic_size);
  batch->blocks[batch->count++] = o;
}

static inline int dies_as_digit(const pmm_obj *o) {
  return o != NULL && o->refcnt == 1 && o->type == &pmmi_int_type &&
         pmmi_int_digit_count((const struct pmmi_int *)o) == 1;
}

/* Items n - 1 … as long as they are ints of one digit, of which large lists
 * are made; the first is.  Returns how many are left. */
static size_t bury_digits(pmm_rt *rt, struct dead *dead,
                          pmm_obj *const *items, size_t n) {
  assert(n > 0 && dies_as_digit(items[n - 1]));
  struct batch *batch = batch_for(rt, dead, pmmi_int_size(1));
  uint32_t count = batch->count;
  do {
    if (n > AHEAD) {
      __builtin_prefetch(items[n - 1 - AHEAD]);
    }
    if (count == BATCH) {
      batch->count = count;
      give_back(rt, dead, batch);
      count = 0;
    }
    batch->blocks[count++] = items[--n];
  } while (n > 0 && dies_as_digit(items[n - 1]));
  batch->count = count;
  return n;
}

/* ---- tuples and lists ---------------------------------------------------- */

/* Let go of items n - 1 … as long as they live on; returns how many are
 * left. */
static inline size_t leave_items(pmm_obj *const *items, size_t n) {
  for (; n > 0; n--) {
    pmm_obj *item = items[n - 1];
    if (item != NULL && item->refcnt == 1) {
      break;
    }
    if (item != NULL && item->refcnt != PMMI_IMMORTAL) {
      item->refcnt--;
    }
  }
  return n;
}

/* The same as long as they live on or are plain. */
static inline size_t bury_items(pmm_rt *rt, struct dead *dead,
                                pmm_obj *const *items, size_t n) {
  while ((n = leave_items(items, n)) > 0 && is_plain(items[n - 1])) {
    bury_plain(rt, dead, items[--n]);
  }
  return n;
}

/* What a tuple has let go of is no longer in it. */
static inline void forget_items(struct pmmi_tuple *t, size_t left) {
  memset(&t->items[left], 0, (t->var.length - left) * sizeof t->items[0]);
}

static inline int is_bare_list(const pmm_obj *o) {
  const struct pmmi_list *list = (const struct pmmi_list *)o;
  return o->type == &pmmi_list_type && list->var.length == 0 &&
         list->capacity == 0;
}

/* Bytes of the block of a tuple or a list. */
static inline size_t block_bytes(const pmm_obj *o) {
  return PMMI_GC_HEAD_BYTES + o->type->basic_size +
         ((const struct pmmi_var *)o)->length * o->type->item_size;
}

/* The head goes on naming the slot: a block that is given back is not written,
 * so that its cache line need not go back to memory. */
static inline uint32_t take_out(pmm_rt *rt, const pmm_obj *o) {
  if (pmmi_gc_head_of(o)->slot == PMMI_GC_UNTRACKED) {
    return 0;
  }
  pmmi_gc_take_out(pmmi_tracked_of(rt), o);
  return 1;
}

static inline int is_like(const pmm_obj *o, const struct pmmi_type *type,
                          size_t length) {
  return o != NULL && o->refcnt == 1 && o->type == type &&
         ((const struct pmmi_var *)o)->length == length;
}

/* 1 when the tuple or list ends nobody else; what it holds is let go of. */
static inline int dies_alone(pmm_obj *o, size_t length) {
  if (length == 0) {
    return is_bare_list(o);
  }
  struct pmmi_tuple *t = (struct pmmi_tuple *)o;
  size_t left = leave_items(t->items, length);
  if (left > 0 && left < length) {
    forget_items(t, left);
  }
  return left == 0;
}

/* Items n - 1 … as long as they are bare lists, or tuples of the same length
 * whose items live on; returns how many are left.  The first is a
 * bare list or a tuple, and none is kept for reuse. */
static size_t bury_alike(pmm_rt *rt, struct dead *dead, pmm_obj *const *items,
                         size_t n) {
  assert(n > 0 && items[n - 1]->refcnt == 1);
  const struct pmmi_type *type = items[n - 1]->type;
  const size_t length = ((const struct pmmi_var *)items[n - 1])->length;
  struct batch *batch = batch_for(rt, dead, block_bytes(items[n - 1]));
  uint32_t before = batch->count;
  uint32_t count = before;
  uint32_t taken_out = 0;
  for (; n > 0 && is_like(items[n - 1], type, length) &&
         dies_alone(items[n - 1], length);
       n--) {
    if (n > AHEAD) {
      __builtin_prefetch(items[n - 1 - AHEAD]);
    }
    if (count == BATCH) {
      batch->count = count;
      batch->collectable += count - before;
      dead->taken_out += taken_out;
      give_back(rt, dead, batch);
      before = count = taken_out = 0;
    }
    taken_out += take_out(rt, items[n - 1]);
    batch->blocks[count++] = pmmi_gc_head_of(items[n - 1]);
  }
  batch->count = count;
  batch->collectable += count - before;
  dead->taken_out += taken_out;
  return n;
}

/* 1 when a dead one would be kept for reuse. */
static inline int keeps(pmm_rt *rt, const pmm_obj *o) {
  size_t n = ((const struct pmmi_var *)o)->length;
  return o->type == &pmmi_list_type
             ? pmmi_lists_of(rt)->count < PMMI_LISTS_KEPT
             : n <= PMMI_TUPLE_KEPT_LENGTH &&
                   pmmi_tuples_of(rt)->kept[n].count < PMMI_TUPLE_KEPT;
}

static inline int is_kept(pmm_rt *rt, pmm_obj *o) {
  int kept = o->type == &pmmi_tuple_type
                 ? pmmi_tuple_keep(rt, (struct pmmi_tuple *)o)
                 : pmmi_list_keep(rt, (struct pmmi_list *)o);
  if (kept) {
    pmmi_gc_head_of(o)->slot = PMMI_GC_UNTRACKED;
  }
  return kept;
}

/* One tuple or list: 1 when nobody but plain objects dies with it. */
static int bury_container(pmm_rt *rt, struct dead *dead, pmm_obj *o) {
  assert(o->refcnt == 1);
  if (o->type == &pmmi_tuple_type) {
    struct pmmi_tuple *t = (struct pmmi_tuple *)o;
    size_t left = bury_items(rt, dead, t->items, t->var.length);
    if (left > 0) {
      forget_items(t, left);
      return 0;
    }
  }
  size_t size = block_bytes(o);
  dead->taken_out += take_out(rt, o);
  if (!is_kept(rt, o)) {
    struct batch *batch = batch_for(rt, dead, size);
    batch->blocks[batch->count++] = pmmi_gc_head_of(o);
    batch->collectable++;
  }
  return 1;
}

/* ---- all kinds ----------------------------------------------------------- */

static inline int is_container(const pmm_obj *o) {
  return o->type == &pmmi_tuple_type || is_bare_list(o);
}

/* Release item n - 1, and those before it that are like it; returns how many
 * are left. */
static size_t release_some(pmm_rt *rt, struct dead *dead,
                           pmm_obj *const *items, size_t n) {
  assert(n > 0 && items[n - 1] != NULL);
  pmm_obj *o = items[n - 1];
  if (o->refcnt > 1) { /* immortal ones too                                 */
    pmmi_release(rt, o);
    return n - 1;
  }
  if (is_plain(o)) {
    bury_plain(rt, dead, o);
    return n - 1;
  }
  if (is_container(o)) {
    size_t left = keeps(rt, o) ? n : bury_alike(rt, dead, items, n);
    if (left < n) {
      return left;
    }
    if (bury_container(rt, dead, o)) {
      return n - 1;
    }
  }
  give_back_all(rt, dead);
  pmmi_release(rt, o);
  return n - 1;
}

void pmmi_release_many(pmm_rt *rt, pmm_obj *const *items, size_t n) {
  assert(n == 0 || items != NULL);
  struct dead dead;
  dead_init(&dead);
  while (n > 0) {
    if (dies_as_digit(items[n - 1])) {
      n = bury_digits(rt, &dead, items, n);
    } else if (items[n - 1] != NULL) {
      if (n > AHEAD) {
        __builtin_prefetch(items[n - 1 - AHEAD]);
      }
      n = release_some(rt, &dead, items, n);
    } else {
      n--;
    }
  }
  give_back_all(rt, &dead);
}
