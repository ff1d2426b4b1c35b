/* SPDX-License-Identifier: MIT */
/*
 * cases/prof.c - tracing and census: figures that a reader can rely on
 * (requirements PROF-001…006, 009; PEP 454).
 *
 * Reading a figure may itself take a few bytes for the time of the reading;
 * SLACK is room for that, small against every size the cases use.
 */
#include "case.h"

#define SLACK 4096

struct traced {
  uint64_t current;
  uint64_t peak;
};

static struct traced traced(struct pmm_test *t) {
  struct traced read;
  OPS->trace_get(RT, &read.current, &read.peak);
  expect_ge(read.peak, read.current);
  return read;
}

static void stop_tracing(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->trace_stop(RT);
}

static void start_tracing(struct pmm_test *t) {
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
}

/* A bytes object of that many zeros. */
static pmm_obj *block_of(struct pmm_test *t, size_t size) {
  return NEW(OPS->bytes_new(RT, SCRATCH_ARRAY(char, size), size));
}

/* "While tracing, current equals live traced bytes, peak is the maximum, and
 * peak >= current always." */
MUST(prof, current_and_peak,
     "Current follows the live bytes, peak their maximum",
     REQ("PROF-001"), NEEDS(trace, bytes)) {
  enum { SIZE = 1000000 };
  start_tracing(t);
  uint64_t start = traced(t).current;
  pmm_obj *first = block_of(t, SIZE);
  pmm_obj *second = block_of(t, SIZE);
  expect_ge(traced(t).current, start + 2 * SIZE);
  expect_le(traced(t).current, start + 2 * SIZE + SLACK);
  DROP(first);
  expect_ge(traced(t).current, start + SIZE);
  expect_le(traced(t).current, start + SIZE + SLACK);
  DROP(second);
  expect_le(traced(t).current, start + SLACK);
  expect_ge(traced(t).peak, start + 2 * SIZE);
  expect_le(traced(t).peak, start + 2 * SIZE + SLACK);
}

/* "While tracing, current equals live traced bytes, peak is the maximum ..." */
MUST(prof, growing_moves_the_peak, "A block that grows moves the peak",
     REQ("PROF-001"), NEEDS(trace, copy)) {
  enum { SMALL = 1000, LARGE = 1000000 };
  start_tracing(t);
  uint64_t start = traced(t).current;
  pmm_obj *array = NEW(OPS->bytearray_new(RT, SMALL));
  expect_ok(OPS->bytearray_resize(RT, array, LARGE));
  expect_ge(traced(t).peak, start + LARGE);
  expect_ok(OPS->bytearray_resize(RT, array, SMALL));
  expect_le(traced(t).current, start + LARGE / 2);
  expect_ge(traced(t).peak, start + LARGE);
}

/* "While tracing, current equals live traced bytes ..."  To the byte, where
 * the counters are exact. */
MUST(prof, current_is_exact, "Current moves exactly as live bytes do",
     REQ("PROF-001"), NEEDS(trace, list, bytes)) {
  (void)profile_int(t, "exact_counters");
  quiet(t);
  start_tracing(t);
  uint64_t start = traced(t).current;
  uint64_t before = live_bytes(t);
  pmm_obj *list = list_of_ints(t, 1000);
  for (size_t i = 0; i < 100; i++) {
    expect_ok(OPS->list_append(RT, list, block_of(t, 10 * i)));
    expect_eq(traced(t).current - start, live_bytes(t) - before);
  }
  DROP_ALL();
  expect_eq(OPS->error(RT), PMM_OK);
}

/* "Blocks older than start are not traced, and freeing them does not make the
 * total negative." */
MUST(prof, older_blocks_are_not_traced,
     "Blocks older than the start are not traced",
     REQ("PROF-002"), NEEDS(trace, bytes)) {
  enum { SIZE = 1000000 };
  pmm_obj *old = block_of(t, SIZE);
  start_tracing(t);
  expect_lt(traced(t).current, SLACK);
  uint64_t before = traced(t).current;
  DROP(old);
  expect_le(traced(t).current, before + SLACK);
  expect_lt(traced(t).peak, SIZE);
}

/* "Resetting the peak sets it to current." */
MUST(prof, peak_is_reset, "A reset peak starts from current", REQ("PROF-003"),
     NEEDS(trace, bytes)) {
  enum { SIZE = 1000000 };
  start_tracing(t);
  pmm_obj *kept = block_of(t, SIZE);
  DROP(block_of(t, SIZE));
  expect_ge(traced(t).peak, 2 * SIZE);
  OPS->trace_reset_peak(RT);
  expect_ge(traced(t).peak, SIZE);
  expect_le(traced(t).peak, traced(t).current + SLACK);
  DROP(kept);
}

/* ---- sites -------------------------------------------------------------- */

static void pop_site(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->site_pop(RT);
}

#define SITES 8

/* Live traced blocks and bytes by site. */
struct snapshot {
  struct pmm_site sites[SITES];
  size_t count;
};

static struct snapshot snapshot(struct pmm_test *t) {
  struct snapshot taken;
  taken.count = OPS->trace_snapshot(RT, taken.sites, SITES);
  expect_le(taken.count, SITES);
  return taken;
}

/* What a snapshot tells of one site; zeros when it is not in it. */
static struct pmm_site site_in(const struct snapshot *taken,
                               const char *name) {
  for (size_t i = 0; i < taken->count; i++) {
    if (strcmp(taken->sites[i].name, name) == 0) {
      return taken->sites[i];
    }
  }
  return (struct pmm_site){.name = name};
}

/* "Growing a block keeps one trace with the new size." */
MUST(prof, realloc_keeps_one_trace, "A block that grows is traced once",
     REQ("PROF-004"), NEEDS(trace, copy)) {
  enum { ARRAYS = 50, SMALL = 5000, LARGE = 10000 };
  pmm_obj **arrays = SCRATCH_ARRAY(pmm_obj *, ARRAYS);
  start_tracing(t);
  for (int large = 0; large < 2; large++) {
    struct snapshot taken = snapshot(t);
    struct pmm_site before = site_in(&taken, "growing");
    expect_ok(OPS->site_push(RT, "growing"));
    defer(t, pop_site, NULL);
    for (int i = 0; i < ARRAYS; i++) {
      if (large) {
        expect_ok(OPS->bytearray_resize(RT, arrays[i], LARGE));
      } else {
        arrays[i] = NEW(OPS->bytearray_new(RT, SMALL));
      }
    }
    taken = snapshot(t);
    struct pmm_site after = site_in(&taken, "growing");
    expect_ge(after.bytes - before.bytes, ARRAYS * (LARGE - SMALL) - SLACK);
    expect_le(after.bytes - before.bytes, ARRAYS * (LARGE - SMALL) + 2 * SLACK);
    expect_le(after.blocks, before.blocks + (large ? ARRAYS / 2 : 3 * ARRAYS));
  }
}

/* "A resize that fails leaves the trace of the block as it was." */
MUST(prof, failed_resizes_keep_the_trace,
     "A block that could not be resized stays traced", REQ("PROF-012"),
     NEEDS(trace, domains)) {
  enum { SIZE = 100000 };
  static const enum pmm_domain domains[] = {PMM_DOMAIN_MEM, PMM_DOMAIN_OBJ,
                                            PMM_DOMAIN_RAW};
  start_tracing(t);
  for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
    uint64_t before = traced(t).current;
    void *block = BLOCK(OPS->domain_malloc(RT, domains[i], SIZE));
    void *moved =
        OPS->domain_realloc(RT, domains[i], block, (size_t)PTRDIFF_MAX / 2);
    uint64_t with = traced(t).current;
    OPS->domain_free(RT, domains[i], moved != NULL ? moved : block);
    expect(moved == NULL);
    expect_ge(with, before + SIZE);
    expect_le(with, before + SIZE + SLACK);
    expect_le(traced(t).current, before + SLACK);
  }
}

/* "After stop current and peak are 0 and a snapshot is an error; ..." */
MUST(prof, stop_clears_everything, "Stopping forgets all figures",
     REQ("PROF-005"), NEEDS(trace, bytes)) {
  expect_ok(OPS->trace_start(RT));
  pmm_obj *kept = block_of(t, 100000);
  expect_ge(traced(t).current, 100000);
  OPS->trace_stop(RT);
  expect_eq(traced(t).current, 0);
  expect_eq(traced(t).peak, 0);
  struct pmm_site site;
  size_t count = OPS->trace_snapshot(RT, &site, 1);
  enum pmm_status status = OPS->error(RT);
  OPS->error_clear(RT);
  expect(count == SIZE_MAX);
  expect_eq(status, PMM_RUNTIME);
  DROP(kept);
}

/* "... overhead is reported separately and never inside current." */
MUST(prof, tracer_does_not_count_itself,
     "The tracer does not count its own memory",
     REQ("PROF-005"), NEEDS(trace, list, sizeof)) {
  enum { N = 10000 };
  quiet(t);
  pmm_obj *all = list_of_ints(t, 0);
  pmm_obj *none = NEW(OPS->none(RT));
  for (int i = 0; i < N; i++) {
    expect_ok(OPS->list_append(RT, all, none));
  }
  size_t each = size_of(t, empty_list(t));
  each += (size_t)profile_int(t, "gc_bytes_per_object_max");
  start_tracing(t);
  uint64_t start = traced(t).current;
  for (size_t i = 0; i < N; i++) {
    pmm_obj *list = OPS->list_new(RT, 0);
    expect(list != NULL);
    expect_ok(OPS->list_set_steal(RT, all, i, list));
  }
  expect_le(traced(t).current - start, N * each);
}

/* "... overhead is reported separately and never inside current." */
MUST(prof, overhead_is_told_apart,
     "The tracer's own memory is reported separately",
     REQ("PROF-005"), NEEDS(trace, list)) {
  enum { N = 20000 };
  pmm_obj *list = list_of_ints(t, 0);
  start_tracing(t);
  uint64_t start = traced(t).current;
  uint64_t overhead = OPS->trace_overhead(RT);
  expect_gt(overhead, 0);
  for (int64_t i = 0; i < N; i++) {
    pmm_obj *item = OPS->int_new(RT, 1000 + i);
    expect(item != NULL);
    enum pmm_status status = OPS->list_append(RT, list, item);
    OPS->release(RT, item);
    expect_ok(status);
  }
  /* One trace an int at least, whatever it takes; ints are 32 bytes, slots 8
   * and a reserve of an eighth. */
  expect_ge(OPS->trace_overhead(RT) - overhead, N * 8);
  expect_le(traced(t).current - start, N * (32 + 8 + 1) + SLACK);
}

/* "Comparing two snapshots ranks the allocation site of 100 leaked 1000-byte
 * objects first with its exact count and byte growth." */
MUST(prof, difference_finds_the_leak, "The site that leaks grows most",
     REQ("PROF-006"), NEEDS(trace, sizeof, bytes)) {
  enum { LEAKED = 100, SIZE = 1000 };
  struct pmm_growth growth[SITES];
  start_tracing(t);
  expect_ok(OPS->site_push(RT, "steady"));
  defer(t, pop_site, NULL);
  pmm_obj *steady = block_of(t, 500000);
  expect_ok(OPS->trace_keep(RT));
  expect_ok(OPS->site_push(RT, "leaking"));
  pmm_obj *leaked = NULL;
  for (int i = 0; i < LEAKED; i++) {
    leaked = block_of(t, SIZE);
  }
  OPS->site_pop(RT);
  size_t each = size_of(t, leaked);
  DROP(steady);
  (void)block_of(t, 550000);
  expect_ge(OPS->trace_growth(RT, growth, SITES), 2);
  expect(strcmp(growth[0].name, "leaking") == 0);
  expect_eq(growth[0].blocks, LEAKED);
  expect_eq(growth[0].bytes, LEAKED * each);
  expect(strcmp(growth[1].name, "steady") == 0);
  expect_ge(growth[1].bytes, 50000);
}

/* "Comparing two snapshots ranks the allocation site ..." */
MUST(prof, comparing_needs_a_snapshot, "Comparing without a snapshot fails",
     REQ("PROF-006"), NEEDS(trace)) {
  struct pmm_growth growth;
  expect_error(OPS->trace_keep(RT), PMM_RUNTIME);
  start_tracing(t);
  size_t count = OPS->trace_growth(RT, &growth, 1);
  enum pmm_status status = OPS->error(RT);
  OPS->error_clear(RT);
  expect(count == SIZE_MAX);
  expect_eq(status, PMM_RUNTIME);
  expect_ok(OPS->trace_keep(RT));
  OPS->trace_stop(RT);
  expect_ok(OPS->trace_start(RT));
  expect(OPS->trace_growth(RT, &growth, 1) == SIZE_MAX);
  OPS->error_clear(RT);
}

/* ---- census ------------------------------------------------------------- */

/* Lines of a census that a case asks for.  Scratch memory. */
struct counts {
  const char *types[4];  /* names, NULL-terminated                          */
  uint64_t count[4];
  uint64_t bytes[4];
  uint64_t unlisted;     /* objects the subject cannot list                 */
};

static void read_line(void *ctx, const struct pmm_census *row) {
  struct counts *counts = ctx;
  if (row->type[0] == '\0') {
    counts->unlisted = row->count;
  }
  for (int i = 0; counts->types[i] != NULL; i++) {
    if (strcmp(row->type, counts->types[i]) == 0) {
      counts->count[i] += row->count;
      counts->bytes[i] += row->bytes;
    }
  }
}

static struct counts *census(struct pmm_test *t, const char *a, const char *b,
                             const char *c) {
  struct counts *counts = SCRATCH(struct counts);
  *counts = (struct counts){.types = {a, b, c}};
  expect_ok(OPS->census(RT, read_line, counts));
  return counts;
}

/* "A census counts the live objects of each type and the bytes they report:
 * it moves by exactly what was made and dropped." */
MUST(prof, census_counts_containers,
     "A census changes by exactly what was made",
     REQ("PROF-009"), NEEDS(census, sizeof, list, gc)) {
  enum { LISTS = 30, PROBES = 7 };
  quiet(t);
  pmm_obj *type = probe_type(t, "held", 2, PMM_TYPE_GC, NULL, NULL);
  pmm_obj *lists[LISTS];
  struct counts *before = census(t, "held", "list", NULL);
  size_t bytes = 0;
  for (size_t i = 0; i < LISTS; i++) {
    lists[i] = list_of_ints(t, i);
    bytes += size_of(t, lists[i]);
  }
  size_t each = 0;
  for (int i = 0; i < PROBES; i++) {
    each = size_of(t, probe_of(t, type, i));
  }
  struct counts *after = census(t, "held", "list", NULL);
  expect_eq(after->count[0] - before->count[0], PROBES);
  expect_eq(after->bytes[0] - before->bytes[0], PROBES * each);
  expect_eq(after->count[1] - before->count[1], LISTS);
  expect_eq(after->bytes[1] - before->bytes[1], bytes);
  DROP(lists[29]);
  DROP(lists[0]);
  expect_eq(census(t, "list", NULL, NULL)->count[0], after->count[1] - 2);
}

/* "A census counts the live objects of each type and the bytes they report:
 * it moves by exactly what was made and dropped."  While blocks that are no
 * objects are traced, too. */
MUST(prof, census_while_tracing, "A census counts objects, not blocks",
     REQ("PROF-009"), NEEDS(census, trace, domains, list, gc)) {
  enum { LISTS = 30 };
  quiet(t);
  start_tracing(t);
  struct counts *before = census(t, "list", NULL, NULL);
  for (int i = 0; i < LISTS; i++) {
    enum pmm_domain domain = i % 2 == 0 ? PMM_DOMAIN_MEM : PMM_DOMAIN_RAW;
    (void)list_of_ints(t, 9);
    void *block = BLOCK(OPS->domain_calloc(RT, domain, 8, 64));
    struct counts *now = census(t, "list", NULL, NULL);
    OPS->domain_free(RT, domain, block);
    expect_eq(now->count[0], before->count[0] + (uint64_t)i + 1);
  }
}

/* "A census counts the live objects of each type ..." */
MUST(prof, census_counts_atoms, "Objects outside the collector count too",
     REQ("PROF-009"), NEEDS(census, trace, sizeof, tuple, str)) {
  enum { FLOATS = 25, TUPLES = 5 };
  start_tracing(t);
  struct counts *before = census(t, "float", "tuple", "str");
  if (before->unlisted == PMM_UNKNOWN) {
    unsupported(t, "census.atoms");
  }
  size_t bytes = 0;
  for (int i = 0; i < FLOATS; i++) {
    bytes += size_of(t, NEW(OPS->float_new(RT, 0.5 + i)));
  }
  pmm_obj *word = text(t, "one that is long enough");
  for (int i = 0; i < TUPLES; i++) {
    DROP(TUPLE(word, word, word)); /* a free list may keep it               */
    (void)TUPLE(word);
  }
  struct counts *after = census(t, "float", "tuple", "str");
  expect_eq(after->count[0] - before->count[0], FLOATS);
  expect_eq(after->bytes[0] - before->bytes[0], bytes);
  expect_eq(after->count[1] - before->count[1], TUPLES);
  expect_eq(after->count[2] - before->count[2], 1);
  expect_eq(after->bytes[2] - before->bytes[2], size_of(t, word));
}

/* "Blocks older than start are not traced, and freeing them does not make the
 * total negative." */
MUST(prof, freeing_older_blocks_takes_nothing,
     "Freeing older blocks takes nothing from the total", REQ("PROF-002"),
     NEEDS(trace, list)) {
  uint64_t before;
  uint64_t after;
  uint64_t peak;
  pmm_obj *old = list_of_ints(t, 1000);
  start_tracing(t);
  OPS->trace_get(RT, &before, &peak);
  DROP(old);
  OPS->trace_get(RT, &after, &peak);
  expect_ge(after, 0); /* compared with their sign                          */
  expect_le(after, before + 1024);
}

/* The order of a census.  Scratch memory. */
struct order {
  uint64_t last; /* bytes of the line before                                 */
  int lines;
  int rises; /* lines with more bytes than the one before                     */
};

static void note_line(void *ctx, const struct pmm_census *row) {
  struct order *order = ctx;
  if (row->type[0] == '\0') {
    return; /* what cannot be listed comes last                               */
  }
  order->rises += order->lines > 0 && row->bytes > order->last;
  order->last = row->bytes;
  order->lines++;
}

static void expect_ordered(struct pmm_test *t) {
  struct order *order = SCRATCH(struct order);
  expect_ok(OPS->census(RT, note_line, order));
  expect_ge(order->lines, 2);
  expect_eq(order->rises, 0);
}

/* "A census tells the types by the bytes of their objects, the most first."
 * The type of the last object is the smallest, then the largest, and so on. */
MUST(prof, census_tells_the_most_first, "A census is ordered by bytes",
     REQ("PROF-013"), NEEDS(census, list, tuple)) {
  static const int counts[] = {10, 40, 1, 400, 2, 1500, 1};
  pmm_obj *all = empty_list(t);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    for (int n = 0; n < counts[i]; n++) {
      pmm_obj *one = i % 2 == 0 ? TUPLE(all, all) : LIST(all, all);
      expect_ok(OPS->list_append(RT, all, one));
      DROP(one);
    }
    expect_ordered(t);
  }
  expect_ok(OPS->list_clear(RT, all));
}

/* "A snapshot gives the largest sites, at most as many as are asked for." */
MUST(prof, snapshots_give_the_largest, "A snapshot keeps to its room",
     REQ("PROF-014"), NEEDS(trace, bytes)) {
  enum { ROOM = 3 };
  static const char *const names[] = {"a", "b", "c", "d", "e"};
  struct pmm_site sites[ROOM + 1];
  start_tracing(t);
  for (size_t i = 0; i < 5; i++) {
    expect_ok(OPS->site_push(RT, names[i]));
    (void)block_of(t, 100000 * (1 + (i * 3) % 5));
    OPS->site_pop(RT);
  }
  for (size_t n = 1; n <= ROOM; n++) {
    memset(sites, 0x5a, sizeof sites);
    struct pmm_site beyond = sites[n];
    expect_ge(OPS->trace_snapshot(RT, sites, n), n);
    expect(memcmp(&beyond, &sites[n], sizeof beyond) == 0);
    for (size_t i = 0; i < n; i++) {
      expect_ge(sites[i].bytes, 100000 * (5 - i));
    }
  }
}
