/* SPDX-License-Identifier: MIT */
/*
 * cases/prof_leaks.c - the leak detector: what it finds is lost, and what is
 * merely held it tells apart (requirements PROF-007, PROF-008).
 */
#include "case.h"

/* What the detector said of the types of a case.  Scratch memory. */
struct report {
  uint64_t held;   /* REFERENCE, type "held"                                */
  uint64_t ring;   /* CYCLE, type "ring"                                    */
  uint64_t wrong;  /* either of them as anything else                       */
  uint64_t others; /* REFERENCE or CYCLE of lists and tuples                */
  uint64_t cached; /* blocks that free lists hold                           */
  uint64_t arenas; /* that are pinned by a block ...                        */
  uint64_t room;   /* ... and their bytes beside such blocks                */
};

static void read_leak(void *ctx, const struct pmm_leak *leak) {
  struct report *report = ctx;
  report->cached += leak->kind == PMM_LEAK_CACHED ? leak->count : 0;
  report->arenas += leak->kind == PMM_LEAK_ARENA ? leak->count : 0;
  report->room += leak->kind == PMM_LEAK_ARENA ? leak->bytes : 0;
  int is_held = strcmp(leak->type, "held") == 0;
  int is_ring = strcmp(leak->type, "ring") == 0;
  if (is_held && leak->kind == PMM_LEAK_REFERENCE) {
    report->held += leak->count;
  } else if (is_ring && leak->kind == PMM_LEAK_CYCLE) {
    report->ring += leak->count;
  } else if (is_held || is_ring) {
    report->wrong += leak->count;
  } else if (leak->kind == PMM_LEAK_REFERENCE ||
             leak->kind == PMM_LEAK_CYCLE) {
    report->others += strcmp(leak->type, "list") == 0 ||
                      strcmp(leak->type, "tuple") == 0;
  }
}

static struct report *leaks(struct pmm_test *t) {
  struct report *report = SCRATCH(struct report);
  expect_ok(OPS->leaks(RT, read_leak, report));
  return report;
}

/* Lists in tuples in a ring, probes and text: made, used and dropped. */
static void work(struct pmm_test *t, pmm_obj *type) {
  for (int i = 0; i < 50; i++) {
    pmm_obj *list = LIST(probe_of(t, type, i), text(t, "some text"));
    pmm_obj *tuple = TUPLE(list, integer(t, 1000 + i));
    expect_ok(OPS->list_append(RT, list, tuple));
    DROP(NEW(OPS->repr(RT, tuple)));
  }
}

/* "A clean run ... ends with zero live blocks above the baseline after free
 * lists are flushed; the detector is checked by a planted one-object leak." */
MUST(prof, detector_is_exact, "A clean run has no leak, a planted one has one",
     REQ("PROF-007"), NEEDS(diag, gc, list, tuple, str)) {
  uint64_t blocks = 0;
  uint64_t others = 0; /* what is the runtime's own */
  for (int round = 0; round < 3; round++) {
    work(t, probe_type(t, "held", 1, PMM_TYPE_GC, NULL, NULL));
    DROP_ALL();
    collect(t);
    OPS->caches_flush(RT);
    const struct report *report = leaks(t);
    expect_eq(report->held + report->wrong, 0);
    expect(round < 2 || report->others == others);
    expect(round < 2 || live_blocks(t) <= blocks);
    others = report->others;
    blocks = live_blocks(t);
  }
  pmm_obj *type = probe_type(t, "held", 1, PMM_TYPE_GC, NULL, NULL);
  (void)probe_of(t, type, 1);
  expect_eq(leaks(t)->held, 1);
  expect_eq(leaks(t)->others, others);
}

/* "A leak report tells apart unreleased references, uncollected cycles and
 * blocks held by caches ..." */
MUST(prof, kinds_of_leaks_are_told_apart,
     "References, cycles and caches are told apart",
     REQ("PROF-008"), NEEDS(diag, gc, list, tuple)) {
  quiet(t);
  pmm_obj *held = probe_type(t, "held", 1, PMM_TYPE_GC, NULL, NULL);
  pmm_obj *ring = probe_type(t, "ring", 1, PMM_TYPE_GC, NULL, NULL);
  (void)probe_of(t, held, 1);
  for (int64_t i = 0; i < 2; i++) {
    pmm_obj *a = probe_of(t, ring, i);
    pmm_obj *b = probe_of(t, ring, i);
    expect_ok(OPS->slot_set(RT, a, 0, b));
    expect_ok(OPS->slot_set(RT, b, 0, a));
    DROP(a);
    DROP(b);
  }
  for (size_t i = 0; i < 20; i++) { /* what their free lists keep */
    DROP(empty_list(t));
    DROP(tuple_of_ints(t, 5));
  }
  struct report *report = leaks(t);
  expect_eq(report->held, 1);
  expect_eq(report->ring, 4);
  expect_eq(report->wrong, 0);
  expect_eq(report->others, 0);
}

/* Blocks that only free lists hold, as the counters say. */
static uint64_t cached_blocks(struct pmm_test *t) {
  struct pmm_memory memory;
  memset(&memory, 0xff, sizeof memory); /* unread fields are PMM_UNKNOWN     */
  memory.struct_size = sizeof memory;
  OPS->memory(RT, &memory);
  if (memory.cached_blocks == PMM_UNKNOWN) {
    unsupported(t, "memory.cached_blocks");
  }
  return memory.cached_blocks;
}

/* "A leak report tells apart unreleased references, uncollected cycles and
 * blocks held by caches ..." */
MUST(prof, caches_are_told_apart,
     "Blocks kept by free lists are reported as cached",
     REQ("PROF-008"), NEEDS(diag, list)) {
  quiet(t);
  (void)cached_blocks(t);
  for (int i = 0; i < 20; i++) {
    (void)empty_list(t);
  }
  DROP_ALL();
  expect_ge(cached_blocks(t), 20);
  expect_eq(leaks(t)->cached, cached_blocks(t));
  expect_eq(leaks(t)->others, 0);
  OPS->caches_flush(RT);
  expect_eq(leaks(t)->cached, 0);
}

/* "A leak report tells apart unreleased references, uncollected cycles and
 * blocks held by caches or pinned arenas." */
MUST(prof, pinned_arenas_are_told_apart, "Room in pinned arenas is no leak",
     REQ("PROF-008"), NEEDS(diag, arena_stats, bytes)) {
  enum { N = 16384, SIZE = 450, EACH = 1800 }; /* one stays in 0.8 MiB       */
  static const char zeros[SIZE];
  quiet(t);
  pmm_obj **blocks = SCRATCH_ARRAY(pmm_obj *, N);
  const struct report *before = leaks(t);
  for (int i = 0; i < N; i++) {
    blocks[i] = NEW(OPS->bytes_new(RT, zeros, SIZE));
  }
  const struct report *full = leaks(t);
  for (int i = N; i-- > 0;) {
    if (i % EACH != 0) {
      DROP(blocks[i]);
    }
  }
  const struct report *pinned = leaks(t);
  expect_ge(full->arenas, before->arenas + 7);
  expect_le(full->room, before->room + 2 * (1 << 20));
  expect_ge(pinned->arenas, before->arenas + 6);
  expect_ge(pinned->room, full->room + 5 * (1 << 20));
  expect_eq(pinned->others + pinned->held + pinned->wrong, before->others);
}

static void count_plain(void *ctx, const struct pmm_leak *leak) {
  uint64_t *count = ctx;
  if (strcmp(leak->type, "plain") == 0 && leak->kind == PMM_LEAK_REFERENCE) {
    *count += leak->count;
  }
}

/* "A clean run of every workload ends with zero live blocks above the baseline
 * after free lists are flushed; the detector is checked by a planted
 * one-object leak."  One that the collector does not know, where the counters
 * are exact: else nothing tells of it. */
MUST(prof, detector_sees_plain_instances,
     "A planted leak without collector header is found", REQ("PROF-007"),
     NEEDS(diag)) {
  uint64_t *count = SCRATCH(uint64_t);
  expect_eq(profile_int(t, "exact_counters"), 1);
  pmm_obj *type = probe_type(t, "plain", 1, 0, NULL, NULL);
  expect_ok(OPS->leaks(RT, count_plain, count));
  expect_eq(*count, 0);
  (void)probe_of(t, type, 1);
  expect_ok(OPS->leaks(RT, count_plain, count));
  expect_eq(*count, 1);
}
