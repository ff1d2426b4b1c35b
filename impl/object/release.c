/* SPDX-License-Identifier: MIT */
/* release.c - letting go of many objects at once; see release.h. */
#include "object/release.h"

#include "gc/gc.h"
#include "object/int.h"
#include "object/list.h"
#include "object/runtime.h"
#include "object/tuple.h"

/** Blocks of a batch. */
#define BATCH 32u

/** Items between fetching one and releasing it. */
#define AHEAD 8u

/** Dead objects of one size, not given back yet. */
struct dead {
  size_t size;
  size_t count;
  void *blocks[BATCH];
};

/* Apart, so that the loops over objects stay small. */
__attribute__((noinline)) static void give_back_some(pmm_rt *rt,
                                                     struct dead *dead) {
  rt->memory.objects -= dead->count;
  pmmi_free_many(rt, dead->blocks, dead->count, dead->size);
  dead->count = 0;
}

static inline void give_back(pmm_rt *rt, struct dead *dead) {
  if (dead->count > 0) {
    give_back_some(rt, dead);
  }
}

static inline void put_aside(pmm_rt *rt, struct dead *dead, void *block,
                             size_t size) {
  if (size != dead->size || dead->count == BATCH) {
    give_back(rt, dead);
    dead->size = size;
  }
  dead->blocks[dead->count++] = block;
}

/* ---- what dies without anybody noticing ---------------------------------- */

static inline int is_plain(const pmm_obj *o) {
  return (o->type->flags & PMMI_TYPE_PLAIN) != 0;
}

static inline void bury_plain(pmm_rt *rt, struct dead *dead, pmm_obj *o) {
  put_aside(rt, dead, o,
            o->type == &pmmi_int_type ? pmmi_int_block_bytes(o)
                                      : o->type->basic_size);
}

/* A tuple whose items live on, even if it holds one of them n times, or are
 * plain. */
static inline int bury_tuple(pmm_rt *rt, struct dead *dead,
                             struct pmmi_tuple *t) {
  size_t n = t->var.length;
  for (size_t i = 0; i < n; i++) {
    if (t->items[i] != NULL && t->items[i]->refcnt <= n &&
        !is_plain(t->items[i])) {
      return 0;
    }
  }
  pmmi_gc_untrack(rt, &t->var.base);
  for (size_t i = n; i-- > 0;) {
    pmm_obj *item = t->items[i];
    if (item != NULL && item->refcnt == 1) {
      bury_plain(rt, dead, item);
    } else if (item != NULL && item->refcnt != PMMI_IMMORTAL) {
      item->refcnt--; /* it has other owners                                 */
    }
  }
  if (!pmmi_tuple_keep(rt, t)) {
    pmmi_gc_uncount(&rt->gc);
    put_aside(rt, dead, pmmi_gc_head_of(&t->var.base),
              PMMI_GC_HEAD_BYTES + sizeof *t + n * sizeof t->items[0]);
  }
  return 1;
}

/* An empty list. */
static inline int bury_list(pmm_rt *rt, struct dead *dead,
                            struct pmmi_list *list) {
  if (list->var.length > 0 || list->capacity != 0) {
    return 0;
  }
  pmmi_gc_untrack(rt, &list->var.base);
  if (!pmmi_list_keep(rt, list)) {
    pmmi_gc_uncount(&rt->gc);
    put_aside(rt, dead, pmmi_gc_head_of(&list->var.base),
              PMMI_GC_HEAD_BYTES + sizeof *list);
  }
  return 1;
}

/* The last reference to a container: 1 when it died of it, and nothing but
 * ints and floats with it.  Not inlined, so that the loop over ints stays in
 * registers. */
__attribute__((noinline)) static int bury_container(pmm_rt *rt,
                                                    struct dead *dead,
                                                    pmm_obj *o) {
  if (o->type == &pmmi_tuple_type) {
    return bury_tuple(rt, dead, (struct pmmi_tuple *)o);
  }
  return o->type == &pmmi_list_type &&
         bury_list(rt, dead, (struct pmmi_list *)o);
}

void pmmi_release_many(pmm_rt *rt, pmm_obj *const *items, size_t n) {
  struct dead dead; /* not the blocks: most containers are small            */
  dead.count = 0;
  dead.size = 0;
  while (n-- > 0) {
    pmm_obj *o = items[n];
    if (n >= AHEAD) {
      __builtin_prefetch(items[n - AHEAD], 1);
    }
    if (o == NULL) {
      continue;
    }
    if (o->refcnt > 1) { /* immortal ones too                               */
      pmmi_release(rt, o);
    } else if (is_plain(o)) {
      bury_plain(rt, &dead, o);
    } else if (!bury_container(rt, &dead, o)) {
      give_back(rt, &dead);
      pmmi_release(rt, o);
    }
  }
  give_back(rt, &dead);
}
