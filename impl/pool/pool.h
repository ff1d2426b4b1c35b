/* SPDX-License-Identifier: MIT */
/*
 * pool.h - the reference pool: a heap of small blocks for one thread.
 *
 * From small to large:
 *
 *   block   what an owner gets: 16, 32, ... 512 bytes (32 classes)
 *   page    4 KiB; a pool's blocks come into being one page at a time
 *   pool    16 KiB, aligned, blocks of one class from offset 0 on, no header
 *   arena   1 MiB, aligned, 64 pools; the unit asked of the system
 *   heap    all arenas, their tables, and the large blocks
 *
 *   arena  0      16 KiB   32 KiB                 1 MiB
 *          +--------+--------+--------------+--------+
 *          | pool 0 | pool 1 |     ...      | pool 63|
 *          +--------+--------+--------------+--------+
 *              |
 *              v     descriptors, 32 bytes each, dense, outside the pages
 *   pools[]  0      8        16   20   24      26      28 29 30      32
 *            +------+--------+----+----+-------+-------+--+--+-------+
 *            | free | counts |next|prev| fresh | limit |cl|st|   -   |
 *            +------+--------+----+----+-------+-------+--+--+-------+
 *   counts   bits 0..15 live blocks, bits 16..63 blocks ever handed out
 *
 * How it works:
 *
 *   1. A request's class names the heap's *active* pool of that class; its
 *      free list, linked through the blocks, serves it, last freed first.
 *   2. A list that runs dry is extended by the blocks of the next page; a
 *      pool with none left is *full* and leaves the heap's sight.  Blocks that
 *      die together, the last carved first, are taken back without a list.
 *   3. A full pool that gets a block back is *partial* and joins its class's
 *      queue at the tail: at the head it would serve one block and be full
 *      again (measured: 47-114 ns against 22 ns at 100,000 live blocks).
 *   4. The next active pool is the head of that queue, else a *vacant* pool
 *      of the fullest arena, so that emptier arenas drain, else of a new one.
 *   5. A partial pool without live blocks is vacant again, for any class.  An
 *      active one stays, so that one block that comes and goes costs nothing.
 *   6. An arena without live blocks is kept when it is the only such one and
 *      unmapped otherwise.
 *   7. Above 512 bytes, and when no arena is to be had, malloc serves
 *      (large.c); such blocks are found by address in a table of their own.
 *
 * "Is it mine" must not read foreign memory.  Arenas come from the
 * configured hooks, at addresses of their choice, so the heap keeps one
 * *window*: the address range that holds every arena, with one 4-byte slot a
 * MiB.  An address is the pool's when (address - window) / 1 MiB is below
 * the window's length and its slot is taken: a subtraction, a comparison and
 * one load from a table that stays in the first cache level.  The system's
 * own hooks put arenas side by side, so the window has hardly a hole; hooks
 * that scatter them cost 4 bytes of lazily committed table a MiB of span.
 * Tables hold numbers, not pointers, so that they can grow by moving.
 *
 * Invariant (pmmi_pool_is_valid): in every pool, live blocks + blocks on the
 * free list = blocks carved so far; a pool is in exactly one of vacant,
 * active, partial (queued once) and full; live blocks > 0 in partial and
 * full pools.  Suspended inside the functions of pool.c and arena.c only.
 *
 * Files, from low to high: table (pages, tables, the window), large (blocks
 * that malloc serves), arena (arenas and vacant pools), pool (blocks);
 * figures and invariant look at a heap.
 *
 * Source: CPython 3.11 Objects/obmalloc.c (arenas, pools, fullest arena
 * first, realloc in place while 4 * new > 3 * class); mimalloc, Leijen et
 * al., MSR-TR-2019-18 (lists per page, lazily extended).
 */
#ifndef PMMI_POOL_H
#define PMMI_POOL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "pmm/backend.h"
#include "pool/large.h"
#include "pool/table.h"

enum {
  PMMI_POOL_ARENA_SHIFT = 20, /* 1 MiB                                       */
  PMMI_POOL_SHIFT = 14,       /* 16 KiB                                      */
  PMMI_POOL_PAGE_BYTES = 4096,
  PMMI_POOL_STEP_BYTES = 16, /* between classes; every block's alignment    */
  PMMI_POOL_SMALL_MAX = 512, /* largest request a pool serves               */
  PMMI_POOL_CLASSES = PMMI_POOL_SMALL_MAX / PMMI_POOL_STEP_BYTES,
  PMMI_POOL_PER_ARENA = 1 << (PMMI_POOL_ARENA_SHIFT - PMMI_POOL_SHIFT)
};

#define PMMI_POOL_ARENA_BYTES ((size_t)1 << PMMI_POOL_ARENA_SHIFT)
#define PMMI_POOL_BYTES ((size_t)1 << PMMI_POOL_SHIFT)

/** No pool, no arena. */
#define PMMI_POOL_NONE UINT32_MAX

/** What `counts` gains when a block is handed out; it loses 1 when one comes
 *  back. */
#define PMMI_POOL_HANDED_OUT UINT64_C(0x10001)

/** Where a pool is. */
enum pmmi_pool_state {
  PMMI_POOL_VACANT = 0,  /* serves no class; a bit of its arena's `vacant`  */
  PMMI_POOL_ACTIVE = 1,  /* heap->active[class]; the only one extended      */
  PMMI_POOL_PARTIAL = 2, /* in heap->queue[class]                           */
  PMMI_POOL_FULL = 3     /* nowhere; the next free finds it by address      */
};

/** Descriptor of one pool.  The first 16 bytes serve the fast path. */
struct pmmi_pool {
  void *free;          /* last freed block; NULL: none                      */
  uint64_t counts;     /* see the drawing                                   */
  uint32_t next;       /* number of the next pool in the class's queue      */
  uint32_t prev;       /* number of the one before                          */
  uint16_t fresh;      /* blocks carved so far                              */
  uint16_t limit;      /* blocks the pool has room for                      */
  uint8_t class_index; /* block size / 16; 0: vacant                        */
  uint8_t state;       /* enum pmmi_pool_state                              */
  uint16_t unused;     /* 0                                                 */
};

static_assert(sizeof(struct pmmi_pool) == 32, "the drawing above");
static_assert(offsetof(struct pmmi_pool, counts) == 8 &&
                  offsetof(struct pmmi_pool, next) == 16 &&
                  offsetof(struct pmmi_pool, prev) == 20 &&
                  offsetof(struct pmmi_pool, fresh) == 24 &&
                  offsetof(struct pmmi_pool, limit) == 26 &&
                  offsetof(struct pmmi_pool, class_index) == 28 &&
                  offsetof(struct pmmi_pool, state) == 29 &&
                  offsetof(struct pmmi_pool, unused) == 30,
              "DESIGN.md's drawing");
static_assert(PMMI_POOL_PER_ARENA == 64, "one bit a pool in 64-bit words");

/** One arena. */
struct pmmi_arena {
  char *base;      /* NULL: the number is not in use                        */
  uint64_t vacant; /* bit i: pool i is vacant                               */
  uint64_t dirty;  /* bit i: pool i was written since it was last discarded */
  uint32_t next;   /* in heap->ranks[vacant pools], or of unused numbers    */
  uint32_t prev;   /* in heap->ranks[vacant pools]                          */
  uint32_t queued; /* partial and full pools; each has a live block         */
  uint32_t unused; /* 0                                                     */
};

/** A queue of partial pools. */
struct pmmi_pool_queue {
  uint32_t head; /* next to become active                                   */
  uint32_t tail; /* last that became partial                                */
};

/** A heap.  The first lines are the fast path's. */
struct pmmi_heap {
  uintptr_t window;        /* address of the window's first byte            */
  size_t window_slots;     /* its length in MiB                             */
  const uint32_t *slots;   /* arena number + 1; 0: a hole                   */
  struct pmmi_pool *pools; /* descriptor of pool p of arena a: a * 64 + p   */
  /** Never NULL: `none` where there is no pool.  [0] serves size 0, and is
   *  the same as [1]. */
  struct pmmi_pool *active[PMMI_POOL_CLASSES + 1];

  struct pmmi_pool none;           /* empty for ever                        */
  struct pmmi_arena *arenas;       /* by number                             */
  struct pmmi_pool_queue queue[PMMI_POOL_CLASSES + 1];
  uint32_t ranks[PMMI_POOL_PER_ARENA + 1]; /* arenas by vacant pools        */
  uint64_t ranked;      /* bit i: ranks[i + 1] is not empty                 */
  uint32_t unused_arena; /* first unused arena number                       */
  uint32_t arena_limit; /* numbers the tables have room for                 */
  uint32_t spare;       /* the arena kept without live blocks, if still so  */
  uint32_t unused;      /* 0                                                */

  struct pmm_os os;                    /* where pages come from             */
  struct pmmi_pool_table slot_table;   /* behind `slots`                    */
  struct pmmi_pool_table pool_table;   /* behind `pools`                    */
  struct pmmi_pool_table arena_table;  /* behind `arenas`                   */
  struct pmmi_large large;

  uint64_t retired;        /* blocks handed out by pools since vacant       */
  uint64_t arena_count;    /* mapped                                        */
  uint64_t arenas_mapped;  /* since the heap was opened                     */
  uint64_t arenas_unmapped;
  uint64_t mapped_bytes;   /* arenas and tables                             */
  uint64_t peak_mapped_bytes;
  uint64_t os_calls;
};

/* ---- a heap's life ------------------------------------------------------- */

/** A new heap over `config`, which is read during the call only.  NULL: no
 *  memory. */
struct pmmi_heap *pmmi_pool_open(const struct pmm_backend_config *config);

/** Give everything back; live blocks become invalid. */
void pmmi_pool_close(struct pmmi_heap *heap);

/** The same for a heap that is part of something larger: make it in zero
 *  bytes that came from `os`, `bytes` of them mapped; give back all but
 *  those. */
void pmmi_pool_init(struct pmmi_heap *heap, const struct pmm_os *os,
                    size_t bytes);
void pmmi_pool_fini(struct pmmi_heap *heap);

/* ---- slow paths, used by the inline functions ---------------------------- */

/** A block of `size` bytes, of any size, when the active pool has none. */
void *pmmi_pool_alloc_slow(struct pmmi_heap *heap, size_t size);

/** Give back a block whose pool has an empty list. */
void pmmi_pool_free_slow(struct pmmi_heap *heap, struct pmmi_pool *pool,
                         void *block);

/** The pool just lost its last live block. */
void pmmi_pool_emptied(struct pmmi_heap *heap, struct pmmi_pool *pool);

/* ---- pools, for whoever keeps their lists -------------------------------- */

/** The active pool for `size` bytes: with blocks on its list, or with some
 *  not carved yet.  NULL: no memory. */
struct pmmi_pool *pmmi_pool_find(struct pmmi_heap *heap, size_t size);

/** What follows when a block was put on the list of a pool and its count
 *  taken back: requeue a full pool, notice an empty one. */
void pmmi_pool_after_free(struct pmmi_heap *heap, struct pmmi_pool *pool);

/* ---- blocks -------------------------------------------------------------- */

/** The pool that holds an address; NULL: none.  Reads nothing at it. */
static inline struct pmmi_pool *pmmi_pool_of(const struct pmmi_heap *heap,
                                             const void *address) {
  size_t offset = (uintptr_t)address - heap->window;
  size_t slot = offset >> PMMI_POOL_ARENA_SHIFT;
  if (slot >= heap->window_slots || heap->slots[slot] == 0) {
    return NULL;
  }
  assert(heap->pools != NULL); /* an arena has its descriptors              */
  size_t first = ((size_t)heap->slots[slot] - 1) * PMMI_POOL_PER_ARENA;
  return &heap->pools[first + ((offset >> PMMI_POOL_SHIFT) &
                               (PMMI_POOL_PER_ARENA - 1))];
}

/* Index into heap->active of a small size. */
static inline size_t pmmi_pool_class(size_t size) {
  return (size + PMMI_POOL_STEP_BYTES - 1) / PMMI_POOL_STEP_BYTES;
}

/** New block of `size` bytes, aligned to 16; size 0 gives one of its own.
 *  NULL: no memory. */
static inline void *pmmi_pool_alloc(struct pmmi_heap *heap, size_t size) {
  if (size <= PMMI_POOL_SMALL_MAX) {
    struct pmmi_pool *pool = heap->active[pmmi_pool_class(size)];
    void **block = pool->free;
    if (block != NULL) {
      pool->free = *block;
      pool->counts += PMMI_POOL_HANDED_OUT;
      return block;
    }
  }
  return pmmi_pool_alloc_slow(heap, size);
}

/* Put a block on a list that is not empty; 1 when the pool lost its last
 * live block by that. */
static inline int pmmi_pool_push(struct pmmi_pool *pool, void *block) {
  assert(block != NULL); /* NULL lies in no pool                            */
  *(void **)block = pool->free;
  pool->free = block;
  pool->counts--;
  return (uint16_t)pool->counts == 0;
}

/** Give back a block of this heap; NULL is ignored. */
static inline void pmmi_pool_free(struct pmmi_heap *heap, void *block) {
  struct pmmi_pool *pool = pmmi_pool_of(heap, block);
  if (pool == NULL) {
    pmmi_large_free(heap, block);
  } else if (pool->free == NULL) {
    pmmi_pool_free_slow(heap, pool, block);
  } else if (pmmi_pool_push(pool, block)) {
    pmmi_pool_emptied(heap, pool);
  }
}

/** The same, with the size, which names the class's active pool: a block
 *  that lies beside that pool's last freed one needs no look-up, and the
 *  next alloc does not wait for its end.  The size is a hint. */
static inline void pmmi_pool_free_sized(struct pmmi_heap *heap, void *block,
                                        size_t size) {
  if (size > PMMI_POOL_SMALL_MAX) {
    pmmi_large_free(heap, block);
    return;
  }
  struct pmmi_pool *pool = heap->active[pmmi_pool_class(size)];
  if (((uintptr_t)pool->free ^ (uintptr_t)block) < PMMI_POOL_BYTES &&
      block != NULL) {
    if (pmmi_pool_push(pool, block)) {
      pmmi_pool_emptied(heap, pool);
    }
    return;
  }
  pool = pmmi_pool_of(heap, block);
  if (pool == NULL) {
    pmmi_large_free(heap, block);
  } else if (pool->free == NULL) {
    pmmi_pool_free_slow(heap, pool, block);
  } else if (pmmi_pool_push(pool, block)) {
    pmmi_pool_emptied(heap, pool);
  }
}

/** Give back `count` blocks of one size; cheaper than one by one where they
 *  lie side by side. */
void pmmi_pool_free_batch(struct pmmi_heap *heap, size_t size, size_t count,
                          void **blocks);

/** New block of n * size zero bytes; NULL: no memory, or overflow. */
void *pmmi_pool_alloc_zero(struct pmmi_heap *heap, size_t n, size_t size);

/** New block aligned to `align`, a power of two up to 4096.  NULL: no
 *  memory. */
void *pmmi_pool_alloc_aligned(struct pmmi_heap *heap, size_t align,
                              size_t size);

/** 1 when more than a quarter of the bytes that a block has would lie idle. */
static inline int pmmi_pool_is_loose(size_t reserved, size_t size) {
  return 4 * size <= 3 * reserved;
}

/** Resize.  In place when the class still fits and no more than a quarter
 *  would lie idle.  NULL: no memory, the old block is untouched; a block
 *  that shrinks stays where it is rather than fail. */
void *pmmi_pool_realloc(struct pmmi_heap *heap, void *block, size_t old_size,
                        size_t new_size);

/** Bytes the owner may use. */
size_t pmmi_pool_usable_size(struct pmmi_heap *heap, const void *block);

/** 1 when the address lies in an arena or a live large block.  Constant for
 *  arenas; an address inside a large block costs a walk over all of them. */
int pmmi_pool_owns(struct pmmi_heap *heap, const void *address);

/** Give back every arena and discard every pool that holds no live block;
 *  returns the bytes.  A page with free blocks beside live ones stays. */
size_t pmmi_pool_trim(struct pmmi_heap *heap);

#endif /* PMMI_POOL_H */
