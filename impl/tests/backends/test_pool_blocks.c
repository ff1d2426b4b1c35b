/* SPDX-License-Identifier: MIT */
/* Geometry, reuse and resizing of the pool's blocks. */
#include "lab.h"

enum { MANY = 2000 };

static struct lab_os os;

static void test_geometry(void) {
  struct pmmi_heap *heap = lab_open(&os);
  int aligned = 1;
  int apart = 1;
  int distinct_pools = 1;
  static void *kept[2 * 513];
  for (size_t size = 1; size <= 512; size++) {
    size_t class_bytes = (size + 15) / 16 * 16;
    char *first = pmmi_pool_alloc(heap, size);
    char *second = pmmi_pool_alloc(heap, size);
    aligned &= ((uintptr_t)first | (uintptr_t)second) % 16 == 0;
    /* Neighbours of one pool lie a class apart; a block may start a pool. */
    apart &= second == first + class_bytes ||
             (uintptr_t)second % PMMI_POOL_BYTES == 0;
    distinct_pools &= pmmi_pool_of(heap, first)->class_index * 16u ==
                      class_bytes;
    kept[2 * size] = first;
    kept[2 * size + 1] = second;
  }
  tap_ok(aligned, "blocks of 1 to 512 bytes are aligned to 16");
  tap_ok(apart, "neighbours are a class size apart");
  tap_ok(distinct_pools, "a block lies in a pool of its class");
  for (size_t size = 513; size <= 600; size++) {
    void *block = pmmi_pool_alloc(heap, size);
    aligned &= (uintptr_t)block % 16 == 0;
    pmmi_pool_free(heap, block);
  }
  tap_ok(aligned, "and so are those of 513 to 600");
  tap_ok(lab_valid(heap), "the heap is whole");
  for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
    pmmi_pool_free(heap, kept[i]);
  }
  tap_ok(lab_close(heap, &os), "all pages come back");
}

static void test_close_full(void) {
  struct pmmi_heap *heap = lab_open(&os);
  for (size_t size = 0; size <= 5000; size += 50) {
    (void)pmmi_pool_alloc(heap, size);
  }
  tap_ok(lab_close(heap, &os), "closing with live blocks gives all back");
}

static void test_capacity(void) {
  struct pmmi_heap *heap = lab_open(&os);
  int full = 1;
  for (size_t size = 16; size <= 512; size += 16) {
    struct pmm_class_stats c = {.struct_size = sizeof c};
    int found = pmmi_pool_class_stats(heap, size / 16 - 1, &c) == 0;
    full &= found && c.block_size == size &&
            c.blocks_per_pool == PMMI_POOL_BYTES / size;
  }
  struct pmm_class_stats none = {.struct_size = sizeof none};
  tap_ok(full, "a pool of 16 KiB has no header: 1024 blocks of 16, 32 of 512");
  tap_ok(pmmi_pool_class_stats(heap, 32, &none) == -1, "there are 32 classes");
  tap_ok(lab_close(heap, &os), "an empty heap gives all back");
}

static void test_threshold(void) {
  struct pmmi_heap *heap = lab_open(&os);
  void *small = pmmi_pool_alloc(heap, 512);
  void *large = pmmi_pool_alloc(heap, 513);
  struct pmm_backend_stats stats = lab_stats(heap);
  tap_ok(pmmi_pool_of(heap, small) != NULL, "512 bytes come from a pool");
  tap_ok(pmmi_pool_of(heap, large) == NULL, "513 come from malloc");
  tap_ok(stats.large_blocks == 1 && stats.large_bytes == 513,
         "which is counted");
  tap_ok(pmmi_pool_owns(heap, large) &&
             pmmi_pool_owns(heap, (char *)large + 512) &&
             !pmmi_pool_owns(heap, (char *)large + 513 + 64),
         "the heap owns a large block from its first to its last byte");
  pmmi_pool_free(heap, large);
  tap_ok(!pmmi_pool_owns(heap, large), "and not when it is freed");
  pmmi_pool_free(heap, small);
  tap_ok(lab_close(heap, &os), "all pages come back");
}

static void test_zero_size(void) {
  struct pmmi_heap *heap = lab_open(&os);
  pmmi_pool_free(heap, NULL);
  pmmi_pool_free_sized(heap, NULL, 16);
  pmmi_pool_free_sized(heap, NULL, 5000);
  tap_ok(lab_valid(heap), "an empty heap takes NULL back");
  void *a = pmmi_pool_alloc(heap, 0);
  void *b = pmmi_pool_alloc(heap, 0);
  void *c = pmmi_pool_alloc_zero(heap, 0, 7);
  tap_ok(a && b && c && a != b && b != c && a != c,
         "size 0 gives blocks of their own");
  pmmi_pool_free_sized(heap, a, 0);
  pmmi_pool_free(heap, b);
  pmmi_pool_free(heap, c);
  tap_ok(lab_stats(heap).live_blocks == 0, "that are given back");
  tap_ok(lab_close(heap, &os), "all pages come back");
}

static void test_reuse(void) {
  struct pmmi_heap *heap = lab_open(&os);
  void *blocks[8];
  int reversed = 1;
  for (int i = 0; i < 8; i++) {
    blocks[i] = pmmi_pool_alloc(heap, 40);
  }
  for (int i = 0; i < 8; i++) {
    pmmi_pool_free(heap, blocks[i]);
  }
  for (int i = 8; i-- > 0;) {
    reversed &= pmmi_pool_alloc(heap, 33) == blocks[i];
  }
  tap_ok(reversed, "eight freed blocks come back in reverse order");
  for (int i = 0; i < 8; i++) {
    pmmi_pool_free_sized(heap, blocks[i], 33);
  }
  tap_ok(lab_valid(heap) && lab_close(heap, &os), "the heap stays whole");
}

enum { BATCHED = 3000, BATCH = 37 };

/* Give back, in batches, every step-th block from `first` on, the last made
 * first, and see that the heap stays whole. */
static int free_in_batches(struct pmmi_heap *heap, void **blocks, size_t first,
                           size_t step) {
  void *batch[BATCH];
  size_t count = 0;
  int whole = 1;
  for (size_t i = BATCHED; i-- > 0;) {
    if (i % step == first) {
      batch[count++] = blocks[i];
    }
    if (count == BATCH || i == 0) {
      pmmi_pool_free_batch(heap, 20, count, batch);
      whole &= lab_valid(heap);
      count = 0;
    }
  }
  return whole;
}

/* Blocks that go last made first leave no list behind; those between which
 * others stay do. */
static void test_batches(void) {
  static void *blocks[BATCHED];
  struct pmmi_heap *heap = lab_open(&os);
  for (size_t step = 1; step <= 3; step++) {
    int whole = 1;
    int ordered = 1;
    for (int i = 0; i < BATCHED; i++) {
      blocks[i] = pmmi_pool_alloc(heap, 20);
    }
    for (size_t first = 0; first < step; first++) {
      whole &= free_in_batches(heap, blocks, first, step);
      void *a = pmmi_pool_alloc(heap, 20);
      void *b = pmmi_pool_alloc(heap, 20);
      ordered &= a != b && lab_valid(heap);
      pmmi_pool_free(heap, b);
      pmmi_pool_free(heap, a);
    }
    tap_ok(whole && ordered && lab_stats(heap).live_blocks == 0,
           "%d blocks go in batches, every %zu. at a time", BATCHED, step);
  }
  for (int i = 0; i < 8; i++) {
    blocks[i] = pmmi_pool_alloc(heap, 20);
  }
  pmmi_pool_free_batch(heap, 20, 3,
                       (void *[]){blocks[7], blocks[6], blocks[5]});
  tap_ok(pmmi_pool_alloc(heap, 20) == blocks[5] &&
             pmmi_pool_alloc(heap, 20) == blocks[6] &&
             pmmi_pool_alloc(heap, 20) == blocks[7],
         "who went last is back first");
  pmmi_pool_free_batch(heap, 20, 8, blocks);
  tap_ok(lab_valid(heap) && lab_close(heap, &os), "all pages come back");
}

static void test_resize(void) {
  struct pmmi_heap *heap = lab_open(&os);
  char *block = pmmi_pool_alloc(heap, 60);
  tap_ok(pmmi_pool_realloc(heap, block, 60, 64) == block,
         "60 -> 64 stays in its class");
  pmmi_pool_free_sized(heap, block, 64);
  block = pmmi_pool_alloc(heap, 100);
  memset(block, 'x', 100);
  tap_ok(pmmi_pool_realloc(heap, block, 100, 90) == block,
         "100 -> 90 stays: a quarter of 112 may lie idle");
  char *moved = pmmi_pool_realloc(heap, block, 90, 84);
  tap_ok(moved != block && moved[0] == 'x' && moved[83] == 'x',
         "90 -> 84 moves and keeps its bytes");
  char *large = pmmi_pool_realloc(heap, moved, 84, 5000);
  tap_ok(large != NULL && large[83] == 'x' && lab_stats(heap).large_blocks == 1,
         "84 -> 5000 becomes large");
  large = pmmi_pool_realloc(heap, large, 5000, 90000);
  tap_ok(large != NULL && large[83] == 'x' &&
             pmmi_pool_usable_size(heap, large) == 90000,
         "5000 -> 90000 stays large");
  char *small = pmmi_pool_realloc(heap, large, 90000, 84);
  tap_need(small != NULL);
  tap_ok(small[83] == 'x' &&
             lab_stats(heap).large_blocks == 0,
         "90000 -> 84 is small again");
  tap_ok(pmmi_pool_realloc(heap, small, 84, SIZE_MAX) == NULL &&
             pmmi_pool_realloc(heap, small, 84, (size_t)1 << 62) == NULL &&
             small[83] == 'x',
         "a resize that fails leaves the block");
  pmmi_pool_free_sized(heap, small, 84);
  tap_ok(lab_close(heap, &os), "all pages come back");
}

static void test_aligned(void) {
  struct pmmi_heap *heap = lab_open(&os);
  int good = 1;
  for (size_t align = 1; align <= 4096; align *= 2) {
    for (size_t size = 0; size < 700; size += 23) {
      char *block = pmmi_pool_alloc_aligned(heap, align, size);
      tap_need(block != NULL);
      good &= (uintptr_t)block % align == 0;
      memset(block, 1, size);
      pmmi_pool_free(heap, block);
    }
  }
  tap_ok(good, "blocks are aligned to any power of two up to 4096");
  tap_ok(pmmi_pool_alloc_aligned(heap, 4096, SIZE_MAX - 100) == NULL,
         "and a size that wraps is refused");
  tap_ok(lab_valid(heap) && lab_close(heap, &os), "the heap stays whole");
}

static void test_overflow(void) {
  struct pmmi_heap *heap = lab_open(&os);
  uint64_t maps = os.maps;
  tap_ok(pmmi_pool_alloc(heap, (size_t)PTRDIFF_MAX + 1) == NULL,
         "PTRDIFF_MAX + 1 is refused");
  tap_ok(pmmi_pool_alloc_zero(heap, SIZE_MAX / 2, 4) == NULL,
         "n * size that wraps is refused");
  tap_ok(os.maps == maps && lab_stats(heap).allocated_blocks == 0,
         "and nobody below is asked");
  tap_ok(lab_close(heap, &os), "all pages come back");
}

struct seen {
  size_t live; /* live blocks visited                                       */
  size_t gaps; /* free ones                                                 */
};

static int see(void *ctx, const struct pmm_block *block) {
  struct seen *seen = ctx;
  seen->live += block->live != 0;
  seen->gaps += block->live == 0;
  return 0;
}

static void test_figures(void) {
  static void *blocks[MANY];
  struct pmmi_heap *heap = lab_open(&os);
  struct seen seen = {0};
  for (size_t i = 0; i < MANY; i++) {
    blocks[i] = pmmi_pool_alloc(heap, i % 700);
  }
  for (size_t i = 0; i < MANY; i += 2) {
    pmmi_pool_free_sized(heap, blocks[i], i % 700);
  }
  struct pmm_backend_stats stats = lab_stats(heap);
  tap_ok(stats.live_blocks == MANY / 2 && stats.allocated_blocks == MANY,
         "half of the blocks are live, all were allocated");
  tap_ok(pmmi_pool_visit(heap, see, &seen) == 0 && seen.live == MANY / 2 &&
             seen.gaps > 0,
         "a visit sees the same, and gaps");
  uint64_t used = stats.large_blocks;
  int consistent = 1;
  struct pmm_class_stats c = {.struct_size = sizeof c};
  for (size_t i = 0; pmmi_pool_class_stats(heap, i, &c) == 0; i++) {
    consistent &=
        c.blocks_used + c.blocks_free == c.pools * c.blocks_per_pool;
    used += c.blocks_used;
  }
  tap_ok(consistent && used == stats.live_blocks,
         "classes and large blocks add up");
  tap_ok(stats.mapped_bytes == os.held_bytes &&
             stats.arenas == os.arenas_mapped,
         "mapped bytes and arenas are the system's");
  for (size_t i = 1; i < MANY; i += 2) {
    pmmi_pool_free(heap, blocks[i]);
  }
  stats = lab_stats(heap);
  tap_ok(stats.live_blocks == 0 && stats.live_bytes == 0 &&
             stats.allocated_blocks == MANY,
         "nothing is live in the end, and the total stays");
  tap_ok(lab_close(heap, &os), "all pages come back");
}

int main(void) {
  tap_plan(0);
  test_geometry();
  test_close_full();
  test_capacity();
  test_threshold();
  test_zero_size();
  test_reuse();
  test_batches();
  test_resize();
  test_aligned();
  test_overflow();
  test_figures();
  return tap_done();
}
