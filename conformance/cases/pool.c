/* SPDX-License-Identifier: MIT */
/*
 * cases/pool.c - the pool below the runtime, through its object domain:
 * classes, reuse, overlap, contents, resizing (requirements POOL-…).  What any
 * allocator owes its callers is judged over all of them; what is a pool's own
 * says so by NEEDS(pool).  Arenas are in pool_arena.c.
 */
#include <stdlib.h>

#include "layout.h"


static void free_cell(struct pmm_test *t, void *cell) {
  OPS->domain_free(RT, PMM_DOMAIN_OBJ, *(void **)cell);
  *(void **)cell = NULL;
}

/* A block whose cell is freed with the case, unless it was freed before. */
static void **take(struct pmm_test *t, size_t size) {
  void **cell = SCRATCH(void *);
  *cell = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, size));
  defer(t, free_cell, cell);
  return cell;
}

/* One block each from malloc, calloc and realloc; 1: all aligned to 16. */
static int are_aligned(struct pmm_test *t, size_t size) {
  void **grown = take(t, size / 2);
  void **zeroed = take(t, 1);
  free_cell(t, zeroed);
  *zeroed = BLOCK(OPS->domain_calloc(RT, PMM_DOMAIN_OBJ, 1, size));
  *grown = BLOCK(OPS->domain_realloc(RT, PMM_DOMAIN_OBJ, *grown, size));
  uintptr_t bits = (uintptr_t)*take(t, size) | (uintptr_t)*zeroed;
  return ((bits | (uintptr_t)*grown) & 15) == 0;
}

/* "On 64-bit every block returned for any request 0..600 is aligned to 16
 * bytes." */
MUST(pool, blocks_are_aligned, "Every block is aligned to 16",
     REQ("POOL-001"), NEEDS(pool, domains)) {
  for (size_t size = 0; size <= 600; size++) {
    expect(are_aligned(t, size));
  }
}

/* "On 64-bit every block returned for any request 0..600 is aligned to 16
 * bytes."  Where no pool serves, only those that can hold what needs it:
 * general allocators align 8 bytes to 8. */
MUST(pool, blocks_of_16_are_aligned, "Blocks of 16 and more are aligned to 16",
     REQ("POOL-001"), NEEDS(domains)) {
  for (size_t size = 16; size <= 600; size++) {
    expect(are_aligned(t, size));
  }
}

static int compare_addresses(const void *a, const void *b) {
  const uintptr_t *left = a;
  const uintptr_t *right = b;
  return (*left > *right) - (*left < *right);
}

/* The smallest distance of 400 blocks of all sizes from..to in turn. */
static int64_t smallest_gap(struct pmm_test *t, size_t from, size_t to) {
  enum { N = 400 };
  uintptr_t at[N];
  int64_t gap = INT64_MAX;
  for (size_t i = 0; i < N; i++) {
    at[i] = (uintptr_t)*take(t, from + i % (to - from + 1));
  }
  qsort(at, N, sizeof at[0], compare_addresses);
  for (int i = 1; i < N; i++) {
    int64_t next = (int64_t)(at[i] - at[i - 1]);
    gap = next < gap ? next : gap;
  }
  return gap;
}

/* "Requests 1..16 share class 16, 17..32 class 32, ... 497..512 class 512: 32
 * classes; neighbouring blocks in one pool are exactly the class size apart."
 */
MUST(pool, classes_step_by_the_profile, "Size classes are the profile's",
     REQ("POOL-002"), NEEDS(pool, domains), OWN_LAYOUT) {
  size_t n = 0;
  const int64_t *sizes = profile_ints(t, "pool_class_bytes", &n);
  int64_t before = 0;
  for (size_t i = 0; i < n; i++) {
    expect_eq(smallest_gap(t, (size_t)before + 1, (size_t)sizes[i]), sizes[i]);
    before = sizes[i];
    DROP_ALL();
  }
  expect_eq(before, profile_int(t, "pool_max_bytes"));
}

/* "Allocating 0 bytes returns a non-null pointer distinct from all other live
 * blocks and freeable." */
MUST(pool, zero_bytes_are_a_block, "A request of 0 bytes gives a block",
     REQ("POOL-004"), NEEDS(domains)) {
  enum { N = 100 };
  uintptr_t at[N];
  for (int i = 0; i < N; i++) {
    at[i] = (uintptr_t)*take(t, i % 4 ? 0 : 1);
  }
  qsort(at, N, sizeof at[0], compare_addresses);
  for (int i = 1; i < N; i++) {
    expect_ne(at[i], at[i - 1]);
  }
}

enum { K = 8 };

/* K blocks that lie in one pool; blocks of other pools stay taken. */
static void take_from_one_pool(struct pmm_test *t, void **cells[K]) {
  uintptr_t pool = (uintptr_t)profile_int(t, "pool_bytes");
  int same = 0;
  for (int round = 0; round < 100 && same < K; round++) {
    same = 0;
    for (int i = 0; i < K; i++) {
      cells[i] = take(t, 200);
      same += (uintptr_t)*cells[i] / pool == (uintptr_t)*cells[0] / pool;
    }
  }
  expect_eq(same, K);
}

/* "Within one size class a free followed by an equal-class allocation returns
 * the same address; k frees are returned in reverse order." */
SHOULD(pool, reuse_is_last_in_first_out, "The block freed last is used first",
       REQ("POOL-007"), NEEDS(pool, domains), OWN_LAYOUT) {
  void **cells[K];
  uintptr_t freed[K];
  take_from_one_pool(t, cells);
  for (int i = 0; i < K; i++) {
    freed[i] = (uintptr_t)*cells[i];
    free_cell(t, cells[i]);
  }
  for (int i = K; i-- > 0;) {
    expect_eq((uintptr_t)*take(t, 200), freed[i]);
  }
}

/* "A block freed at 33 bytes serves a following 48-byte request." */
MUST(pool, reuse_crosses_requests, "A freed block serves its whole class",
     REQ("POOL-008"), NEEDS(pool, domains), OWN_LAYOUT) {
  void **cell = take(t, 33);
  uintptr_t freed = (uintptr_t)*cell;
  int found = 0;
  free_cell(t, cell);
  for (int i = 0; i < 2000 && !found; i++) {
    found = (uintptr_t)*take(t, 48) == freed;
  }
  expect(found);
}

/* ---- random traces ------------------------------------------------------ */

enum { SLOTS = 300, STEPS = 20000 };

/** Blocks of a trace; each is filled with a byte of its own. */
struct trace {
  void *block[SLOTS];
  size_t size[SLOTS];
  unsigned char fill[SLOTS];
  size_t largest;
  uint64_t random;
};

static uint64_t draw(struct trace *trace) {
  trace->random = trace->random * UINT64_C(6364136223846793005) + 1;
  return trace->random >> 33;
}

static int is_intact(const struct trace *trace, int slot, size_t bytes) {
  const unsigned char *block = trace->block[slot];
  for (size_t i = 0; i < bytes; i++) {
    if (block[i] != trace->fill[slot]) {
      return 0;
    }
  }
  return 1;
}

static void fill(struct trace *trace, int slot) {
  trace->fill[slot] = (unsigned char)draw(trace);
  memset(trace->block[slot], trace->fill[slot], trace->size[slot]);
}

static void step(struct pmm_test *t, struct trace *trace) {
  int slot = (int)(draw(trace) % SLOTS);
  size_t size = draw(trace) % (trace->largest + 1);
  size_t old = trace->size[slot];
  if (trace->block[slot] == NULL) {
    trace->block[slot] = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, size));
    trace->size[slot] = size;
    fill(trace, slot);
    return;
  }
  expect(is_intact(trace, slot, old));
  if (draw(trace) % 3 == 0) {
    trace->block[slot] = BLOCK(
        OPS->domain_realloc(RT, PMM_DOMAIN_OBJ, trace->block[slot], size));
    expect(is_intact(trace, slot, old < size ? old : size));
    trace->size[slot] = size;
    fill(trace, slot);
  } else {
    OPS->domain_free(RT, PMM_DOMAIN_OBJ, trace->block[slot]);
    trace->block[slot] = NULL;
  }
}

static void free_trace(struct pmm_test *t, void *subject) {
  struct trace *trace = subject;
  for (int i = 0; i < SLOTS; i++) {
    OPS->domain_free(RT, PMM_DOMAIN_OBJ, trace->block[i]);
    trace->block[i] = NULL;
  }
}

static struct trace *new_trace(struct pmm_test *t, size_t largest) {
  struct trace *trace = SCRATCH(struct trace);
  trace->largest = largest;
  trace->random = 20240229;
  defer(t, free_trace, trace);
  return trace;
}

struct range {
  uintptr_t from, to;
};

static void expect_disjoint(struct pmm_test *t, const struct trace *trace) {
  struct range ranges[SLOTS];
  size_t n = 0;
  for (int i = 0; i < SLOTS; i++) {
    if (trace->block[i] != NULL) {
      uintptr_t from = (uintptr_t)trace->block[i];
      size_t size = trace->size[i] > 0 ? trace->size[i] : 1;
      ranges[n++] = (struct range){from, from + size};
    }
  }
  qsort(ranges, n, sizeof ranges[0], compare_addresses);
  for (size_t i = 1; i < n; i++) {
    expect_le(ranges[i - 1].to, ranges[i].from);
  }
}

/* "For any random alloc/free/realloc trace, byte ranges of live blocks are
 * disjoint." */
MUST(pool, live_blocks_never_overlap, "No two live blocks share a byte",
     REQ("POOL-009"), NEEDS(domains),
     OOM_EXEMPT("20000 steps take too long for a round a failure")) {
  struct trace *trace = new_trace(t, 700);
  for (int i = 0; i < STEPS; i++) {
    step(t, trace);
    if (i % 50 == 0) {
      expect_disjoint(t, trace);
    }
  }
}

/* "A pattern written over the full requested size of each live block is intact
 * at free time under random traces." */
MUST(pool, contents_are_preserved, "A block keeps its bytes till it is freed",
     REQ("POOL-010"), NEEDS(domains)) {
  struct trace *trace = new_trace(t, 520);
  for (int i = 0; i < STEPS; i++) {
    step(t, trace);
  }
  for (int i = 0; i < SLOTS; i++) {
    expect(trace->block[i] == NULL || is_intact(trace, i, trace->size[i]));
  }
}

/* "Free and realloc of any pointer route to pool or raw allocator by address
 * lookup, and never by reading memory before an arbitrary pointer." */
MUST(pool, ownership_is_looked_up,
     "Small and large blocks can be freed and resized in any mix",
     REQ("POOL-016"), NEEDS(domains),
     OOM_EXEMPT("20000 steps take too long for a round a failure")) {
  struct trace *trace = new_trace(t, 6000);
  for (int i = 0; i < STEPS; i++) {
    step(t, trace);
  }
  expect_disjoint(t, trace);
}

/* ---- resizing and zeroing ----------------------------------------------- */

static unsigned char pattern(size_t i) { return (unsigned char)(i * 7 + 3); }

/* Resize the cell's block and look at what both sizes share. */
static void resize(struct pmm_test *t, void **cell, size_t old, size_t size) {
  *cell = BLOCK(OPS->domain_realloc(RT, PMM_DOMAIN_OBJ, *cell, size));
  unsigned char *bytes = *cell;
  for (size_t i = 0; i < (old < size ? old : size); i++) {
    expect_eq(bytes[i], pattern(i));
  }
  for (size_t i = 0; i < size; i++) {
    bytes[i] = pattern(i);
  }
}

/* "Realloc preserves min(old,new) bytes when crossing classes and the 512
 * threshold in both directions." */
MUST(pool, realloc_keeps_data, "Resizing keeps the common bytes",
     REQ("POOL-011"), NEEDS(domains)) {
  static const size_t sizes[] = {16, 513, 16, 17, 512, 600, 512, 100000, 513,
                                 48, 1, 64, 4096, 33};
  void **cell = take(t, 16);
  size_t old = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    now_at(t, "from %zu to %zu bytes", old, sizes[i]);
    resize(t, cell, old, sizes[i]);
    old = sizes[i];
  }
}

/* 1 when the block lies in a pool of that class: a multiple of the class
 * behind the pool's header. */
static int is_of_class(struct pmm_test *t, const void *block, int64_t bytes) {
  int64_t offset =
      (int64_t)((uintptr_t)block % (uintptr_t)profile_int(t, "pool_bytes"));
  return (offset - profile_int(t, "pool_header_bytes")) % bytes == 0;
}

static int stays(struct pmm_test *t, size_t from, size_t to) {
  void **cell = take(t, from);
  uintptr_t before = (uintptr_t)*cell;
  *cell = BLOCK(OPS->domain_realloc(RT, PMM_DOMAIN_OBJ, *cell, to));
  return (uintptr_t)*cell == before;
}

/* "Growing within the class keeps the address; shrinking keeps it while 4*new
 * > 3*class, otherwise the block moves to a smaller class." */
SHOULD(pool, realloc_stays_when_it_fits, "A block that fits stays in place",
       REQ("POOL-012"), NEEDS(pool, domains), OWN_LAYOUT) {
  size_t kept = (size_t)profile_int(t, "pool_shrink_percent") * 112 / 100;
  expect(stays(t, 60, 64));
  expect(stays(t, 100, 112));
  expect(stays(t, 100, kept + 1));
  for (int i = 0; kept > 0 && i < 20; i++) {
    void **cell = take(t, 100);
    uintptr_t before = (uintptr_t)*cell;
    expect(is_of_class(t, *cell, 112));
    *cell = BLOCK(OPS->domain_realloc(RT, PMM_DOMAIN_OBJ, *cell, kept));
    expect((uintptr_t)*cell != before);
    expect(is_of_class(t, *cell, 96));
  }
}

/* "When realloc returns null the original block and its contents remain usable
 * and must still be freed by the caller." */
MUST(pool, a_failed_realloc_keeps_the_block, "A failed resize changes nothing",
     REQ("POOL-013"), NEEDS(domains)) {
  static const size_t sizes[] = {1, 100, 512, 513, 5000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    now_at(t, "%zu bytes", sizes[i]);
    void **cell = take(t, sizes[i]);
    resize(t, cell, 0, sizes[i]);
    void *moved = OPS->domain_realloc(RT, PMM_DOMAIN_OBJ, *cell,
                                      (size_t)1 << 62);
    expect(moved == NULL);
    resize(t, cell, sizes[i], sizes[i] + 1);
  }
}

static int is_zero(const unsigned char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != 0) {
      return 0;
    }
  }
  return 1;
}

/* "Zeroed allocation returns all-zero bytes even when the block was dirty, and
 * nelem*elsize overflow yields null." */
MUST(pool, calloc_zeroes_recycled_memory, "Zeroed memory is zero",
     REQ("POOL-014"), NEEDS(domains)) {
  enum { BLOCKS = 20 };
  for (size_t size = 1; size < 2000; size += 37) {
    void **dirty[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
      dirty[i] = take(t, size);
      memset(*dirty[i], 0xa5, size);
    }
    for (int i = 0; i < BLOCKS; i++) {
      free_cell(t, dirty[i]);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
      size_t n = i % 2 ? size : 1;
      *dirty[i] = BLOCK(OPS->domain_calloc(RT, PMM_DOMAIN_OBJ, n, size / n));
      expect(is_zero(*dirty[i], size));
    }
  }
  for (int bits = 1; bits < 64; bits++) {
    size_t n = (size_t)1 << bits;
    void *huge = OPS->domain_calloc(RT, PMM_DOMAIN_OBJ, n, SIZE_MAX / n + 2);
    expect(huge == NULL); /* n * that wraps round to n                      */
  }
}

/* "A request larger than the maximum signed size fails in every domain without
 * calling the underlying allocator." */
MUST(pool, oversized_requests_fail, "More than the signed maximum fails",
     REQ("POOL-015"), NEEDS(domains)) {
  static const enum pmm_domain domains[] = {PMM_DOMAIN_RAW, PMM_DOMAIN_MEM,
                                            PMM_DOMAIN_OBJ};
  for (int i = 0; i < 3; i++) {
    size_t size = (size_t)PTRDIFF_MAX + 1;
    expect(OPS->domain_malloc(RT, domains[i], size) == NULL);
    expect(OPS->domain_malloc(RT, domains[i], SIZE_MAX) == NULL);
    expect(OPS->domain_calloc(RT, domains[i], 1, size) == NULL);
    expect(OPS->domain_realloc(RT, domains[i], NULL, size) == NULL);
  }
}

/* ---- counting ----------------------------------------------------------- */

/* "The allocated-block counter rises by one per successful allocation (pool or
 * raw fallback of this allocator) and returns to the baseline after frees." */
MUST(pool, live_blocks_are_counted, "The counter follows every block",
     REQ("POOL-022"), NEEDS(domains)) {
  static const size_t sizes[] = {0, 1, 16, 512, 513, 1024};
  void **cells[6];
  quiet(t);
  uint64_t before = live_blocks(t);
  for (uint64_t i = 0; i < 6; i++) {
    cells[i] = take(t, sizes[i]);
    expect_eq(live_blocks(t), before + i + 1);
  }
  expect(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, SIZE_MAX) == NULL);
  for (uint64_t i = 0; i < 6; i++) { /* over the threshold and back          */
    *cells[i] = BLOCK(
        OPS->domain_realloc(RT, PMM_DOMAIN_OBJ, *cells[i], 1040 - sizes[i]));
    expect_eq(live_blocks(t), before + 6);
  }
  for (uint64_t i = 0; i < 6; i++) {
    free_cell(t, cells[i]);
    expect_eq(live_blocks(t), before + 5 - i);
  }
}
