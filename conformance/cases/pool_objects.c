/* SPDX-License-Identifier: MIT */
/*
 * cases/pool_objects.c - the pool as objects show it: where a subject offers
 * no domains, bytes objects are the blocks, and the counters are the windows
 * (requirements POOL-…).
 */
#include <stdlib.h>

#include "layout.h"

enum { BURST = 8 << 20 };

/** Sums over all size classes. */
struct totals {
  uint64_t used, pools;
};

static struct totals totals(struct pmm_test *t) {
  struct totals sum = {0, 0};
  struct pmm_class_stats stats = {.struct_size = sizeof stats};
  for (size_t i = 0; OPS->class_stats(RT, i, &stats) == 0; i++) {
    sum.used += stats.blocks_used;
    sum.pools += stats.pools;
    stats.struct_size = sizeof stats;
  }
  return sum;
}

/* A bytes object of a block of `block` bytes. */
static pmm_obj *block(struct pmm_test *t, size_t block_bytes) {
  static const char zeros[8192];
  size_t header = (size_t)profile_int(t, "bytes_empty_bytes");
  return NEW(OPS->bytes_new(RT, zeros, block_bytes - header));
}

/* Regions held from the operating system. */
static uint64_t arenas(struct pmm_test *t) {
  struct pmm_memory memory;
  memset(&memory, 0xff, sizeof memory); /* unread fields are PMM_UNKNOWN */
  memory.struct_size = sizeof memory;
  OPS->memory(RT, &memory);
  if (memory.arenas == PMM_UNKNOWN) {
    unsupported(t, "memory.arenas");
  }
  return memory.arenas;
}

/** Objects of one size. */
struct burst {
  pmm_obj **object;
  size_t count;
};

static struct burst burst(struct pmm_test *t, size_t block_bytes) {
  struct burst b = {NULL, BURST / block_bytes};
  b.object = SCRATCH_ARRAY(pmm_obj *, b.count);
  for (size_t i = 0; i < b.count; i++) {
    b.object[i] = block(t, block_bytes);
  }
  return b;
}

/* "A 512-byte request comes from a pool; 513 bytes goes to the raw
 * allocator." */
MUST(pool, larger_objects_are_not_pooled, "Above the threshold no pool serves",
     REQ("POOL-003"), NEEDS(pool, pool_stats, bytes), OWN_LAYOUT) {
  size_t most = (size_t)profile_int(t, "pool_max_bytes");
  (void)integer(t, 1);
  quiet(t);
  uint64_t used = totals(t).used;
  (void)block(t, most);
  expect_eq(totals(t).used, used + 1);
  (void)block(t, most + 1);
  expect_eq(totals(t).used, used + 1);
  (void)block(t, 4 * most);
  expect_eq(totals(t).used, used + 1);
}

/* "A block freed at 33 bytes serves a following 48-byte request." */
MUST(pool, objects_reuse_their_class, "A class reuses what was freed in it",
     REQ("POOL-008"), NEEDS(pool, pool_stats, bytes), OWN_LAYOUT) {
  enum { N = 20000 };
  pmm_obj **objects = SCRATCH_ARRAY(pmm_obj *, N);
  quiet(t);
  for (int i = 0; i < N; i++) {
    objects[i] = block(t, 49);
  }
  uint64_t pools = totals(t).pools;
  for (int i = N; i-- > 0;) {
    DROP(objects[i]);
  }
  for (int i = 0; i < N; i++) {
    objects[i] = block(t, 64);
  }
  expect_le(totals(t).pools, pools);
}

/* ---- random traces ------------------------------------------------------ */

enum { SLOTS = 300, STEPS = 20000, LARGEST = 6000 };

struct range {
  uintptr_t from, to;
};

/** Bytes objects; each holds one byte value throughout. */
struct trace {
  pmm_obj *object[SLOTS];
  unsigned char fill[SLOTS];
  unsigned char buffer[LARGEST];
  size_t largest;
  uint64_t random;
};

static uint64_t draw(struct trace *trace) {
  trace->random = trace->random * UINT64_C(6364136223846793005) + 1;
  return trace->random >> 33;
}

static int is_intact(struct pmm_test *t, const struct trace *trace, int slot) {
  size_t size = 0;
  const unsigned char *data =
      OPS->bytes_data(RT, trace->object[slot], &size);
  for (size_t i = 0; i < size; i++) {
    if (data[i] != trace->fill[slot]) {
      return 0;
    }
  }
  return 1;
}

static void step(struct pmm_test *t, struct trace *trace) {
  int slot = (int)(draw(trace) % SLOTS);
  if (trace->object[slot] != NULL) {
    expect(is_intact(t, trace, slot));
    DROP(trace->object[slot]);
    trace->object[slot] = NULL;
    return;
  }
  size_t size = draw(trace) % (trace->largest + 1);
  trace->fill[slot] = (unsigned char)draw(trace);
  memset(trace->buffer, trace->fill[slot], size);
  trace->object[slot] = NEW(OPS->bytes_new(RT, trace->buffer, size));
}

static struct trace *run_trace(struct pmm_test *t, size_t largest) {
  struct trace *trace = SCRATCH(struct trace);
  trace->largest = largest;
  trace->random = 20240229;
  for (int i = 0; i < STEPS; i++) {
    step(t, trace);
  }
  return trace;
}

static int compare_ranges(const void *a, const void *b) {
  const struct range *left = a;
  const struct range *right = b;
  return (left->from > right->from) - (left->from < right->from);
}

static void expect_disjoint(struct pmm_test *t, const struct trace *trace) {
  struct range ranges[SLOTS];
  size_t n = 0;
  for (int i = 0; i < SLOTS; i++) {
    size_t size = 0;
    if (trace->object[i] != NULL && length_of(t, trace->object[i]) > 1) {
      const void *data = OPS->bytes_data(RT, trace->object[i], &size);
      ranges[n++] = (struct range){(uintptr_t)data, (uintptr_t)data + size};
    }
  }
  qsort(ranges, n, sizeof ranges[0], compare_ranges);
  for (size_t i = 1; i < n; i++) {
    expect_le(ranges[i - 1].to, ranges[i].from);
  }
}

/* "For any random alloc/free/realloc trace, byte ranges of live blocks are
 * disjoint." */
MUST(pool, live_objects_never_overlap, "No two live objects share a byte",
     REQ("POOL-009"), NEEDS(bytes)) {
  expect_disjoint(t, run_trace(t, 500));
}

/* "A pattern written over the full requested size of each live block is intact
 * at free time under random traces." */
MUST(pool, objects_keep_their_bytes, "An object keeps its bytes till it dies",
     REQ("POOL-010"), NEEDS(bytes)) {
  struct trace *trace = run_trace(t, 500);
  for (int i = 0; i < SLOTS; i++) {
    expect(trace->object[i] == NULL || is_intact(t, trace, i));
  }
}

/* "Free and realloc of any pointer route to pool or raw allocator by address
 * lookup, and never by reading memory before an arbitrary pointer." */
MUST(pool, small_and_large_objects_mix, "Small and large objects mix freely",
     REQ("POOL-016"), NEEDS(bytes)) {
  struct trace *trace = run_trace(t, LARGEST);
  expect_disjoint(t, trace);
  for (int i = 0; i < SLOTS; i++) {
    expect(trace->object[i] == NULL || is_intact(t, trace, i));
  }
}

/* ---- resizing and zeroing ----------------------------------------------- */

/* "Realloc preserves min(old,new) bytes when crossing classes and the 512
 * threshold in both directions." */
MUST(pool, resized_arrays_keep_items, "A resized array keeps its items",
     REQ("POOL-011"), NEEDS(list)) {
  static const size_t lengths[] = {2, 60, 3, 64, 65, 66, 2, 5000, 64, 1};
  pmm_obj *list = empty_list(t);
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    now_at(t, "length %zu", lengths[i]);
    size_t n = length_of(t, list);
    for (; n < lengths[i]; n++) {
      expect_ok(OPS->list_append(RT, list, integer(t, (int64_t)n + 1000)));
    }
    expect_ok(OPS->list_assign_slice(RT, list, lengths[i], n, NULL));
    for (size_t k = 0; k < lengths[i]; k++) {
      expect_int(OPS->list_get(RT, list, k), (int64_t)k + 1000);
    }
  }
}

/* "When realloc returns null the original block and its contents remain usable
 * and must still be freed by the caller." */
MUST(pool, a_failed_growth_keeps_items, "A list that cannot grow is unchanged",
     REQ("POOL-013"), NEEDS(list, fail_inject),
     OOM_EXEMPT("the case makes its own allocations fail")) {
  pmm_obj *item = probe(t, 1);
  for (size_t n = 0; n < 300; n += 11) {
    pmm_obj *list = list_of_ints(t, n);
    for (int i = 0; i < 60; i++) {
      size_t before = length_of(t, list);
      OPS->inject_arm(RT, 1, 1);
      enum pmm_status status = OPS->list_append(RT, list, item);
      uint64_t failures = OPS->inject_disarm(RT);
      if (failures > 0) {
        expect_error(status, PMM_NO_MEMORY);
        expect_eq(length_of(t, list), before);
        expect_ok(OPS->list_append(RT, list, item));
      }
      expect_eq(length_of(t, list), before + 1);
    }
    for (size_t k = 0; k < n; k++) {
      expect_int(OPS->list_get(RT, list, k), k);
    }
  }
}

/* "Zeroed allocation returns all-zero bytes even when the block was dirty, and
 * nelem*elsize overflow yields null." */
MUST(pool, recycled_slots_are_empty, "Slots of recycled memory are empty",
     REQ("POOL-014"), NEEDS(tuple, bytes, sizeof)) {
  char dirt[2000];
  memset(dirt, 0xa5, sizeof dirt);
  for (size_t n = 1; n < 200; n += 3) {
    size_t header = (size_t)profile_int(t, "bytes_empty_bytes");
    size_t size = size_of(t, NEW(OPS->tuple_new(RT, n)));
    DROP(NEW(OPS->bytes_new(RT, dirt, size > header ? size - header : 0)));
    pmm_obj *tuple = NEW(OPS->tuple_new(RT, n));
    for (size_t i = 0; i < n; i++) {
      expect(OPS->tuple_get(RT, tuple, i) == NULL);
    }
  }
}

/* ---- arenas ------------------------------------------------------------- */

/* "After freeing every block, each arena but at most one retained is released
 * to the OS layer." */
MUST(pool, arenas_of_dead_objects_go_back, "Arenas without objects go back",
     REQ("POOL-017"), NEEDS(pool, bytes), OWN_LAYOUT) {
  quiet(t);
  uint64_t before = arenas(t);
  struct burst b = burst(t, 128);
  expect_ge(arenas(t), before + 2);
  for (size_t i = 0; i < b.count; i++) {
    DROP(b.object[b.count - 1 - i]);
  }
  OPS->caches_flush(RT);
  expect_le(arenas(t),
            before + (uint64_t)profile_int(t, "arena_retained_max"));
}

/* "An arena with one live block is not released; it is released when that
 * block is freed." */
MUST(pool, one_object_pins_its_arena, "One live object keeps its arena",
     REQ("POOL-018"), NEEDS(pool, bytes)) {
  enum { EACH = 1000 };
  quiet(t);
  uint64_t before = arenas(t);
  struct burst b = burst(t, 512);
  uint64_t most = arenas(t);
  for (size_t i = b.count; i-- > 0;) {
    if (i % EACH != 0) {
      DROP(b.object[i]);
    }
  }
  OPS->caches_flush(RT);
  expect_ge(arenas(t), before + (most - before) / 2);
  for (size_t i = 0; i < b.count; i += EACH) {
    expect_eq(length_of(t, b.object[i]),
              512 - profile_int(t, "bytes_empty_bytes"));
    DROP(b.object[i]);
  }
  OPS->caches_flush(RT);
  expect_le(arenas(t),
            before + (uint64_t)profile_int(t, "arena_retained_max"));
}

/* "A pool that becomes empty serves another size class; a 64-byte burst fully
 * freed lets a 512-byte burst run without more arenas than its own need." */
MUST(pool, dead_objects_leave_room_for_others,
     "Memory of one class serves another", REQ("POOL-020"),
     NEEDS(pool, bytes), OWN_LAYOUT) {
  quiet(t);
  struct burst b = burst(t, 512);
  uint64_t own_need = arenas(t);
  for (size_t i = b.count; i-- > 0;) {
    DROP(b.object[i]);
  }
  b = burst(t, 64);
  for (size_t i = b.count; i-- > 0;) {
    DROP(b.object[i]);
  }
  (void)burst(t, 512);
  expect_le(arenas(t), own_need + 1);
}

/* "Allocating and freeing one block 1e4 times requests and releases no
 * arena." */
MUST(pool, churn_of_one_object_is_quiet,
     "Churn of one object requests and releases no arena",
     REQ("POOL-021"), NEEDS(pool, bytes), OWN_LAYOUT) {
  quiet(t);
  DROP(block(t, 100));
  uint64_t before = arenas(t);
  for (int i = 0; i < 10000; i++) {
    DROP(block(t, 100));
    expect_eq(arenas(t), before);
  }
}

/* "The allocated-block counter rises by one per successful allocation (pool or
 * raw fallback of this allocator) and returns to the baseline after frees." */
MUST(pool, objects_are_counted, "The counter follows every object's block",
     REQ("POOL-022"), NEEDS(bytes, prompt)) {
  static const size_t sizes[] = {50, 100, 512, 513, 1024, 4096};
  pmm_obj *objects[6];
  quiet(t);
  (void)block(t, 40);
  uint64_t before = live_blocks(t);
  for (uint64_t i = 0; i < 6; i++) {
    objects[i] = block(t, sizes[i]);
    expect_eq(live_blocks(t), before + i + 1);
  }
  for (uint64_t i = 0; i < 6; i++) {
    DROP(objects[i]);
    expect_eq(live_blocks(t), before + 5 - i);
  }
}
