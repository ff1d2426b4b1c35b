/* SPDX-License-Identifier: MIT */
/*
 * arenas.h - a hook on the arena layer that notes what passes through it, and
 * bursts of blocks that make it busy.
 *
 *   struct arenas *a = hook_arenas(t);
 *   struct burst *blocks = burst(t, PMM_DOMAIN_OBJ, 512, BURST_BYTES);
 *   expect_gt(a->held, 0);
 *
 * Invariant: taken = held + regions returned by the address and the size they
 * were taken with; what comes back otherwise is a stranger.
 */
#ifndef PMM_CONFORM_ARENAS_H
#define PMM_CONFORM_ARENAS_H

#include "case.h"

#define MANY_BLOCKS "8 MiB of blocks take too long for a round a failure"

enum { ARENAS_MAX = 4096, BURST_BYTES = 8 << 20 };

/** What the hook saw.  Scratch memory. */
struct arenas {
  struct pmm_arena_allocator below;
  uintptr_t from[ARENAS_MAX];
  size_t size[ARENAS_MAX];
  size_t held;              /* entries in from and size                     */
  uint64_t taken, returned; /* returned counts strangers, too               */
  uint64_t strangers;       /* taken before the hook, or of another size    */
  int refuse;               /* 1: no arena is to be had                     */
};

static inline void *take_arena(void *ctx, size_t size) {
  struct arenas *a = ctx;
  void *base = a->refuse ? NULL : a->below.alloc(a->below.ctx, size);
  if (base != NULL && a->held < ARENAS_MAX) {
    a->from[a->held] = (uintptr_t)base;
    a->size[a->held++] = size;
    a->taken++;
  }
  return base;
}

static inline void return_arena(void *ctx, void *base, size_t size) {
  struct arenas *a = ctx;
  size_t i = 0;
  while (i < a->held && (a->from[i] != (uintptr_t)base || a->size[i] != size)) {
    i++;
  }
  a->returned++;
  if (i < a->held) {
    a->held--;
    a->from[i] = a->from[a->held];
    a->size[i] = a->size[a->held];
  } else {
    a->strangers++;
  }
  a->below.free(a->below.ctx, base, size);
}

static inline void unhook_arenas(struct pmm_test *t, void *subject) {
  struct arenas *a = subject;
  (void)OPS->arena_set(RT, &a->below);
}

/** Hook the arena layer for the rest of the case; nothing but the case's own
 *  operations moves arenas from now on. */
static inline struct arenas *hook_arenas(struct pmm_test *t) {
  struct arenas *a = SCRATCH(struct arenas);
  struct pmm_arena_allocator mine = {a, take_arena, return_arena};
  quiet(t);
  OPS->caches_flush(RT);
  OPS->arena_get(RT, &a->below);
  expect_ok(OPS->arena_set(RT, &mine));
  defer(t, unhook_arenas, a);
  return a;
}

/** 1 when the block lies in a region that is held and was taken through the
 *  hook. */
static inline int lies_in_arena(const struct arenas *a, const void *block) {
  for (size_t i = 0; i < a->held; i++) {
    if ((uintptr_t)block - a->from[i] < a->size[i]) {
      return 1;
    }
  }
  return 0;
}

/** Many blocks of one size and domain. */
struct burst {
  enum pmm_domain domain;
  void **block; /* NULL: freed                                              */
  size_t count;
};

static inline void free_in_burst(struct pmm_test *t, struct burst *b,
                                 size_t i) {
  OPS->domain_free(RT, b->domain, b->block[i]);
  b->block[i] = NULL;
}

static inline void free_burst(struct pmm_test *t, void *subject) {
  struct burst *b = subject;
  for (size_t i = 0; i < b->count; i++) {
    free_in_burst(t, b, i);
  }
}

/** `bytes` in blocks of `size` each, freed with the case. */
static inline struct burst *burst(struct pmm_test *t, enum pmm_domain domain,
                                  size_t size, size_t bytes) {
  struct burst *b = SCRATCH(struct burst);
  b->domain = domain;
  b->count = bytes / size;
  b->block = SCRATCH_ARRAY(void *, b->count);
  defer(t, free_burst, b);
  for (size_t i = 0; i < b->count; i++) {
    b->block[i] = BLOCK(OPS->domain_malloc(RT, domain, size));
  }
  return b;
}

#endif /* PMM_CONFORM_ARENAS_H */
