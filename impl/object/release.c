/* SPDX-License-Identifier: MIT */
/* release.c - letting go of many objects at once; see release.h. */
#include "object/release.h"

#include "object/int.h"
#include "object/runtime.h"

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

static void give_back_some(pmm_rt *rt, struct dead *dead) {
  rt->memory.objects -= dead->count;
  pmmi_free_many(rt, dead->blocks, dead->count, dead->size);
  dead->count = 0;
}

static inline void give_back(pmm_rt *rt, struct dead *dead) {
  if (dead->count > 0) {
    give_back_some(rt, dead);
  }
}

static size_t size_of_plain(const pmm_obj *o) {
  return o->type == &pmmi_int_type ? pmmi_int_block_bytes(o)
                                   : o->type->basic_size;
}

static void put_aside(pmm_rt *rt, struct dead *dead, pmm_obj *o) {
  size_t size = size_of_plain(o);
  if (size != dead->size || dead->count == BATCH) {
    give_back(rt, dead);
    dead->size = size;
  }
  dead->blocks[dead->count++] = o;
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
    } else if ((o->type->flags & PMMI_TYPE_PLAIN) != 0) {
      put_aside(rt, &dead, o);
    } else {
      give_back(rt, &dead);
      pmmi_release(rt, o);
    }
  }
  give_back(rt, &dead);
}
