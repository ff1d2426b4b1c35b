/* SPDX-License-Identifier: MIT */
/* Arenas: asked for one at a time, filled, drained, given back. */
#include "lab.h"

enum { BURST = 40000, MIXED = 80000 };

static struct lab_os os;
static void *blocks[MIXED];

static void fill(struct pmmi_heap *heap, size_t n, size_t size) {
  for (size_t i = 0; i < n; i++) {
    blocks[i] = pmmi_pool_alloc(heap, size);
  }
}

static void drain(struct pmmi_heap *heap, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    pmmi_pool_free(heap, blocks[i]);
  }
}

static uint64_t held(struct pmmi_heap *heap) { return lab_stats(heap).arenas; }

static void test_burst(void) {
  struct pmmi_heap *heap = lab_open(&os);
  fill(heap, BURST, 512);
  uint64_t need = BURST / 2048 + 1;
  tap_ok(os.arenas_mapped == need && os.odd_arenas == 0,
         "a burst of 20 MB takes %llu arenas of 1 MiB, one at a time",
         (unsigned long long)need);
  tap_ok(lab_valid(heap), "the full heap is whole");
  drain(heap, 0, BURST);
  tap_ok(held(heap) <= 1, "drained, it keeps at most one");
  tap_ok(lab_valid(heap), "the drained heap is whole");
  fill(heap, BURST, 64);
  uint64_t most = held(heap);
  drain(heap, 0, BURST);
  fill(heap, 4000, 512);
  tap_ok(held(heap) <= most, "vacant pools serve another class");
  drain(heap, 0, 4000);
  tap_ok(held(heap) <= 1 && lab_close(heap, &os), "all comes back");
}

static void test_mixed(void) {
  struct pmmi_heap *heap = lab_open(&os);
  uint32_t seed = 7;
  for (size_t i = 0; i < MIXED; i++) {
    blocks[i] = pmmi_pool_alloc(heap, lab_random(&seed) % 513);
  }
  for (size_t i = MIXED; i-- > 1;) {
    size_t j = lab_random(&seed) % (i + 1);
    void *other = blocks[j];
    blocks[j] = blocks[i];
    blocks[i] = other;
  }
  uint64_t most = held(heap);
  drain(heap, 0, MIXED);
  tap_ok(most > 16 && held(heap) <= 1,
         "all classes drained in random order: %llu arenas, then %llu",
         (unsigned long long)most, (unsigned long long)held(heap));
  tap_ok(lab_valid(heap) && lab_close(heap, &os), "the heap stays whole");
}

/* More arenas than the first tables have room for, again and again. */
static void test_numbers(void) {
  struct pmmi_heap *heap = lab_open(&os);
  uint64_t first = 0;
  for (int round = 0; round < 5; round++) {
    fill(heap, BURST, 512);
    drain(heap, 0, BURST);
    uint64_t mapped = lab_stats(heap).mapped_bytes;
    first = round == 0 ? mapped : first;
    tap_ok(mapped <= first, "drain %d leaves %llu bytes mapped", round,
           (unsigned long long)mapped);
  }
  tap_ok(lab_valid(heap) && lab_close(heap, &os), "the heap stays whole");
}

static void test_pinned(void) {
  struct pmmi_heap *heap = lab_open(&os);
  fill(heap, BURST, 512);
  for (size_t i = 0; i < BURST; i++) {
    if (i % 2048 != 0) {
      pmmi_pool_free(heap, blocks[i]);
    }
  }
  tap_ok(held(heap) == BURST / 2048 + 1, "one live block pins its arena");
  for (size_t i = 0; i < BURST; i += 2048) {
    pmmi_pool_free(heap, blocks[i]);
  }
  tap_ok(held(heap) <= 1, "and lets it go when it is freed");
  tap_ok(lab_valid(heap) && lab_close(heap, &os), "the heap stays whole");
}

static void test_churn(void) {
  struct pmmi_heap *heap = lab_open(&os);
  fill(heap, 2048 * 2, 512); /* two arenas, full */
  void *extra = pmmi_pool_alloc(heap, 512);
  uint64_t maps = os.maps;
  for (int i = 0; i < 10000; i++) {
    pmmi_pool_free_sized(heap, extra, 512);
    extra = pmmi_pool_alloc(heap, 512);
  }
  tap_ok(os.maps == maps && os.arenas_unmapped == 0,
         "one block that comes and goes asks the system nothing");
  pmmi_pool_free(heap, extra);
  drain(heap, 0, 2048 * 2);
  tap_ok(held(heap) <= 1 && lab_close(heap, &os), "all comes back");
}

/* Vacant pools of two arenas, one nearly full: the next comes from there. */
static void test_fullest(void) {
  struct pmmi_heap *heap = lab_open(&os);
  fill(heap, 2048 * 2, 512);
  uintptr_t first = (uintptr_t)blocks[0] & ~(PMMI_POOL_ARENA_BYTES - 1);
  uintptr_t second = (uintptr_t)blocks[2048] & ~(PMMI_POOL_ARENA_BYTES - 1);
  drain(heap, 0, 32 * 50);              /* 50 pools of the first arena */
  drain(heap, 2048, 2048 + 32 * 4);     /* 4 pools of the second       */
  void *block = pmmi_pool_alloc(heap, 48);
  tap_ok(first != second && ((uintptr_t)block & ~(PMMI_POOL_ARENA_BYTES - 1)) ==
                                second,
         "a pool comes from the fullest arena");
  pmmi_pool_free(heap, block);
  drain(heap, 32 * 50, 2048);
  drain(heap, 2048 + 32 * 4, 2048 * 2);
  tap_ok(held(heap) <= 1 && lab_close(heap, &os), "all comes back");
}

static void test_trim(void) {
  struct pmmi_heap *heap = lab_open(&os);
  fill(heap, 3000, 256);
  char *kept = blocks[0];
  memset(kept, 'k', 256);
  drain(heap, 1, 3000);
  tap_ok(pmmi_pool_trim(heap) > 0, "trim gives back vacant pools");
  tap_ok(pmmi_pool_trim(heap) == 0, "once");
  tap_ok(kept[0] == 'k' && kept[255] == 'k', "and leaves live blocks");
  fill(heap, 3000, 256);
  drain(heap, 0, 3000);
  pmmi_pool_free(heap, kept);
  (void)pmmi_pool_trim(heap);
  tap_ok(held(heap) == 0 && lab_valid(heap),
         "a trimmed heap without blocks holds no arena");
  tap_ok(lab_close(heap, &os), "all comes back");
}

/* Hooks may put arenas anywhere; the window spans them. */
static void test_scattered(void) {
  struct pmmi_heap *heap = lab_open(&os);
  os.spread_bytes = (size_t)512 << 20;
  fill(heap, 20000, 512);
  os.spread_bytes = 0;
  int found = 1;
  for (size_t i = 0; i < 20000; i++) {
    const struct pmmi_pool *pool = pmmi_pool_of(heap, blocks[i]);
    found &= pool != NULL && pool->class_index == 32;
  }
  tap_ok(found && held(heap) > 5, "blocks of scattered arenas are found");
  tap_ok(pmmi_pool_of(heap, (char *)blocks[0] + ((size_t)256 << 20)) == NULL,
         "what lies between them is not");
  tap_ok(lab_valid(heap), "the heap is whole");
  drain(heap, 0, 20000);
  tap_ok(held(heap) <= 1 && lab_close(heap, &os), "all comes back");
}

/* The second arena lies far above the first. */
static void test_upwards(void) {
  struct pmmi_heap *heap = lab_open(&os);
  os.spread_bytes = (size_t)512 << 20;
  fill(heap, 2048, 512);
  os.spread_bytes = 0;
  void *above = pmmi_pool_alloc(heap, 512);
  tap_ok(pmmi_pool_of(heap, above) != NULL &&
             pmmi_pool_of(heap, blocks[0]) != NULL && lab_valid(heap),
         "arenas %lld MiB apart are both found",
         (long long)(((intptr_t)above - (intptr_t)blocks[0]) >> 20));
  pmmi_pool_free(heap, above);
  drain(heap, 0, 2048);
  tap_ok(lab_close(heap, &os), "all comes back");
}

int main(void) {
  tap_plan(0);
  test_burst();
  test_mixed();
  test_numbers();
  test_pinned();
  test_churn();
  test_fullest();
  test_trim();
  test_scattered();
  test_upwards();
  return tap_done();
}
