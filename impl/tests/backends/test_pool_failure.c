/* SPDX-License-Identifier: MIT */
/* Every request to the system fails once, and once with all that follow. */
#include "kinds.h"

enum { BLOCKS = 6000 };

static struct lab_os os;
static const struct kind *kind; /* under test                              */
static void *blocks[BLOCKS + 1];

/* What a heap does in a life; served requests are counted. */
static size_t use(void *heap) {
  size_t served = 0;
  for (size_t i = 0; i < BLOCKS; i++) {
    size_t size = i % 10 == 0 ? 600 : i % 512;
    blocks[i] = kind->backend->alloc(heap, size);
    if (blocks[i] != NULL) {
      memset(blocks[i], (int)i & 0xff, size);
      served++;
    }
  }
  for (size_t i = 0; i < BLOCKS; i += 7) {
    size_t size = i % 10 == 0 ? 600 : i % 512;
    if (blocks[i] != NULL) {
      void *moved = kind->backend->realloc(heap, blocks[i], size, size + 100);
      blocks[i] = moved != NULL ? moved : blocks[i];
    }
  }
  return served;
}

static void give_back(void *heap) {
  for (size_t i = 0; i < BLOCKS; i++) {
    kind->backend->free(heap, blocks[i]);
    blocks[i] = NULL;
  }
}

/* One life with request number `point` refused; 1 when it was reached. */
static int live_once(uint64_t point, int persist, int *good) {
  struct pmm_backend_config config = lab_config(&os, kind->quarantine);
  void *heap;
  os.refuse_at = point;
  os.persist = persist;
  int opened = kind->backend->init(&config, &heap) == 0;
  size_t served = 0;
  if (opened) {
    served = use(heap);
    *good &= lab_sound(kind->is_valid(heap));
  }
  int reached = os.refuse_at == 0 || (persist && os.refuse_at == 1);
  os.refuse_at = 0;
  if (opened) {
    /* What one refusal takes away, the raw allocator gives. */
    *good &= persist || served >= BLOCKS - BLOCKS / 10;
    give_back(heap);
    *good &= use(heap) == BLOCKS && lab_sound(kind->is_valid(heap));
    give_back(heap);
    kind->backend->fini(heap);
  }
  *good &= os.held_bytes == 0;
  return reached;
}

static void fail_every(int persist) {
  int good = 1;
  uint64_t point = 1;
  while (live_once(point, persist, &good)) {
    point++;
  }
  tap_ok(point > 5, "%s: %llu requests were refused, %s", kind->name,
         (unsigned long long)(point - 1),
         persist ? "with all after them" : "each once");
  tap_ok(good, "the heap stayed whole and usable, and lost no page");
}

static void test_stray(void) {
  struct pmmi_heap *heap = lab_open(&os);
  os.refuse_at = 3; /* not the tables of large blocks, only what comes first */
  os.persist = 0;
  char *first = pmmi_pool_alloc(heap, 40);
  os.refuse_at = 0;
  tap_ok(first != NULL && pmmi_pool_of(heap, first) == NULL,
         "without an arena malloc serves 40 bytes");
  char *second = pmmi_pool_alloc(heap, 40);
  tap_ok(pmmi_pool_of(heap, second) != NULL, "with one the pool does again");
  memset(first, 'f', 40);
  first = pmmi_pool_realloc(heap, first, 40, 48);
  tap_ok(first != NULL && first[39] == 'f', "such a block is resized");
  pmmi_pool_free_sized(heap, first, 48);
  pmmi_pool_free_sized(heap, second, 40);
  tap_ok(lab_stats(heap).live_blocks == 0 && lab_close(heap, &os),
         "and given back by its size");
}

/* Failing to map an arena a hundred times uses no number up. */
static void test_again_and_again(void) {
  struct pmmi_heap *heap = lab_open(&os);
  int served = 1;
  pmmi_pool_free(heap, pmmi_pool_alloc(heap, 600)); /* the large table */
  pmmi_pool_free(heap, pmmi_pool_alloc(heap, 40));
  (void)pmmi_pool_trim(heap);
  uint64_t mapped = lab_stats(heap).mapped_bytes;
  os.refuse_at = 1;
  os.persist = 1;
  for (size_t i = 0; i < 100; i++) {
    blocks[i] = pmmi_pool_alloc(heap, 40);
    served &= blocks[i] != NULL;
  }
  os.refuse_at = 0;
  give_back(heap);
  pmmi_pool_free(heap, pmmi_pool_alloc(heap, 40));
  (void)pmmi_pool_trim(heap);
  tap_ok(served, "malloc serves small blocks while no arena is to be had");
  tap_ok(lab_stats(heap).mapped_bytes == mapped, "the tables stay as they are");
  tap_ok(lab_valid(heap) && lab_close(heap, &os), "the heap stays whole");
}

/* One arena full of blocks of 512, and no page more. */
static void test_shrink(void) {
  struct pmmi_heap *heap = lab_open(&os);
  for (size_t i = 0; i < 2048; i++) {
    blocks[i] = pmmi_pool_alloc(heap, 512);
  }
  os.refuse_at = 1;
  os.persist = 1;
  memset(blocks[0], 's', 512);
  tap_ok(pmmi_pool_alloc(heap, 16) == NULL &&
             pmmi_pool_alloc(heap, 600) == NULL,
         "no memory is left for any class, nor for a large block");
  tap_ok(pmmi_pool_realloc(heap, blocks[0], 512, 16) == blocks[0],
         "a block that shrinks stays where it is rather than fail");
  tap_ok(pmmi_pool_realloc(heap, blocks[1], 512, 600) == NULL,
         "one that grows fails");
  os.refuse_at = 0;
  give_back(heap);
  tap_ok(lab_valid(heap) && lab_close(heap, &os), "the heap stays whole");
}

/* A batch that runs out of memory gives what it has got, as live blocks; with
 * memory again, a batch is whole. */
static void fail_in_batch(void) {
  struct pmm_backend_config config = lab_config(&os, kind->quarantine);
  void *heap;
  tap_need(kind->backend->init(&config, &heap) == 0);
  blocks[0] = kind->backend->alloc(heap, 512);
  os.refuse_at = 1;
  os.persist = 1;
  size_t got = kind->backend->alloc_batch(heap, 512, BLOCKS, blocks + 1);
  os.refuse_at = 0;
  tap_ok(got > 0 && got < BLOCKS && kind_live_blocks(kind, heap) == got + 1,
         "%s: a batch of %d ends at block %zu", kind->name, BLOCKS, got);
  kind->backend->free_batch(heap, 512, got + 1, blocks);
  tap_ok(kind_live_blocks(kind, heap) == 0, "a batch gives all of it back");
  tap_ok(kind->backend->alloc_batch(heap, 512, BLOCKS, blocks) == BLOCKS,
         "with memory again, a batch is whole");
  kind->backend->free_batch(heap, 512, BLOCKS, blocks);
  tap_ok(kind_close(kind, heap, &os), "the heap lost no page");
}

static void test_no_heap(void) {
  pmmi_pool_close(lab_open(&os));
  struct pmm_backend_config config = {.struct_size = sizeof config,
                                      .os = &os.os};
  os.refuse_at = 1;
  tap_ok(pmmi_pool_open(&config) == NULL, "no page, no heap");
}

int main(void) {
  tap_plan(0);
  kind = &kinds[0];
  test_no_heap();
  test_stray();
  test_again_and_again();
  test_shrink();
  for (size_t i = 0; i < KINDS; i++) {
    kind = &kinds[i];
    fail_every(0);
    fail_every(1);
    fail_in_batch();
  }
  return tap_done();
}
