/* SPDX-License-Identifier: MIT */
/*
 * test_search.c - the search for old garbage (gc/search.h) where a random
 * program does not get: containers walked in parts, graphs that overflow the
 * stack, cycles that span the table, and whoever ends a search early.
 */
#include "core/tracked.h"
#include "gc/collect.h"
#include "gc/search.h"
#include "tests/gc/lab.h"
#include "types/dict.h"
#include "types/int.h"

#define NO_DEADLINE UINT64_MAX

static struct lab lab;

/** Called between two slices. */
typedef void (*between)(pmm_rt *rt, pmm_obj *stage);

/* Everything is of the oldest generation. */
static void make_old(pmm_rt *rt) {
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  table->middle_end = table->used;
  table->old_end = table->used;
}

/* A search over all that is there, in slices of `work`. */
static uint64_t search_all(pmm_rt *rt, uint64_t work, between change,
                           pmm_obj *stage) {
  struct pmm_gc_stats before = {.struct_size = sizeof before};
  struct pmm_gc_stats after = {.struct_size = sizeof after};
  (void)pmmi_gc_stats(rt, 2, &before);
  make_old(rt);
  pmmi_gc_search_begin(rt);
  while (pmmi_tracked_of(rt)->walk.phase != PMMI_GC_SEARCH_IDLE) {
    if (pmmi_tracked_of(rt)->walk.phase < PMMI_GC_SEARCH_EXAMINE) {
      pmmi_gc_search_slice(rt, work, NO_DEADLINE);
    } else {
      pmmi_gc_collect_suspects(rt);
    }
    if (change != NULL) {
      change(rt, stage);
    }
  }
  (void)pmmi_gc_stats(rt, 2, &after);
  return after.collected - before.collected;
}

/* A list that holds itself and `n` lists. */
static pmm_obj *wide_cycle(pmm_rt *rt, size_t n) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  (void)pmmi_list_append(rt, list, list);
  for (size_t i = 0; i < n; i++) {
    pmm_obj *item = pmmi_list_new(rt, 0);
    (void)pmmi_list_append(rt, list, item);
    pmmi_release(rt, item);
  }
  return list;
}

/* A chain of lists, the first made last, closed into a cycle. */
static pmm_obj *backward_chain(pmm_rt *rt, size_t n) {
  pmm_obj *last = pmmi_list_new(rt, 0);
  pmm_obj *first = last;
  pmmi_retain(rt, last);
  for (size_t i = 1; i < n; i++) {
    pmm_obj *link = pmmi_list_new(rt, 0);
    (void)pmmi_list_append(rt, link, first);
    pmmi_release(rt, first);
    first = link;
  }
  (void)pmmi_list_append(rt, last, first);
  pmmi_release(rt, last);
  return first;
}

static void test_large_containers(void) {
  pmm_rt *rt = lab_open(&lab, "incremental", 0);
  pmmi_gc_enable(rt, 0);
  pmm_obj *wide = wide_cycle(rt, 10000);
  pmm_obj *dict = pmmi_dict_new(rt);
  for (int64_t i = 0; i < 5000; i++) {
    pmm_obj *key = pmmi_int_new(rt, i);
    (void)pmmi_dict_set(rt, dict, key, dict);
    pmmi_release(rt, key);
  }
  tap_ok(search_all(rt, 100, NULL, NULL) == 0, "held, nothing is found");
  pmmi_release(rt, wide);
  pmmi_release(rt, dict);
  /* What is examined after its owner was cleared dies by its count. */
  uint32_t before = pmmi_tracked_of(rt)->count;
  tap_ok(search_all(rt, 100, NULL, NULL) > 0 &&
             before - pmmi_tracked_of(rt)->count == 10002,
         "dropped, %u objects are gone", before - pmmi_tracked_of(rt)->count);
  lab_end(&lab, "large containers");
}

static void test_overflow(void) {
  pmm_rt *rt = lab_open(&lab, "incremental", 0);
  pmmi_gc_enable(rt, 0);
  pmm_obj *chain = backward_chain(rt, 5000);
  /* Its items stand in front of it, so that they overflow the stack. */
  pmm_obj *items = wide_cycle(rt, 3000);
  pmm_obj *root = pmmi_list_new(rt, 0);
  (void)pmmi_list_extend(rt, root, items);
  (void)pmmi_list_clear(rt, items);
  pmmi_release(rt, items);
  tap_ok(search_all(rt, 50, NULL, NULL) == 0, "nothing held is found");
  pmmi_release(rt, chain);
  tap_ok(search_all(rt, 50, NULL, NULL) == 5000, "the chain is found");
  pmmi_release(rt, root);
  lab_end(&lab, "overflow");
}

/* The budget allows some hundreds of suspects at a time. */
static void test_spanning_cycle(void) {
  pmm_rt *rt = lab_open(&lab, "incremental", 0);
  pmmi_gc_enable(rt, 0);
  (void)pmmi_gc_set_budget(rt, 20000);
  pmm_obj *chain = backward_chain(rt, 3000);
  pmmi_release(rt, chain);
  uint64_t found = search_all(rt, 1000, NULL, NULL);
  tap_ok(found == 3000, "a cycle of more objects than a budget: %llu",
         (unsigned long long)found);
  (void)pmmi_gc_set_budget(rt, 0);
  lab_end(&lab, "spanning cycle");
}

/* Small cycles among the links of a long one: each batch finds some garbage,
 * and has to remember the others. */
static void test_mixed_batches(void) {
  pmm_rt *rt = lab_open(&lab, "incremental", 0);
  pmmi_gc_enable(rt, 0);
  (void)pmmi_gc_set_budget(rt, 20000);
  pmm_obj *last = pmmi_list_new(rt, 0);
  pmm_obj *first = last;
  pmmi_retain(rt, last);
  for (int i = 1; i < 2000; i++) {
    pmm_obj *link = pmmi_list_new(rt, 0);
    (void)pmmi_list_append(rt, link, first);
    pmmi_release(rt, first);
    first = link;
    pmmi_release(rt, wide_cycle(rt, 0));
  }
  (void)pmmi_list_append(rt, last, first);
  pmmi_release(rt, last);
  pmmi_release(rt, first);
  uint64_t found = search_all(rt, 1000, NULL, NULL);
  tap_ok(found == 3999, "small cycles and one that spans them: %llu",
         (unsigned long long)found);
  lab_end(&lab, "mixed batches");
}

/* Lists die, and the table is compacted, between any two slices. */
static void thin_out(pmm_rt *rt, pmm_obj *stage) {
  size_t length = 0;
  (void)pmmi_length(rt, stage, &length);
  for (size_t i = 0; i < 40 && length > 1; i++, length--) {
    pmmi_xrelease(rt, pmmi_list_pop(rt, stage, length / 2));
  }
  pmmi_gc_compact(pmmi_tracked_of(rt));
}

static void test_moving_slots(void) {
  pmm_rt *rt = lab_open(&lab, "incremental", 0);
  pmmi_gc_enable(rt, 0);
  pmm_obj *stage = wide_cycle(rt, 6000);
  pmm_obj *chain = backward_chain(rt, 500);
  pmmi_release(rt, chain);
  uint64_t found = search_all(rt, 100, thin_out, stage);
  tap_ok(found == 500, "garbage is found though slots move: %llu",
         (unsigned long long)found);
  pmmi_release(rt, stage);
  lab_end(&lab, "moving slots");
}

static void end_early(pmm_rt *rt, int how) {
  uint64_t found = 0;
  switch (how) {
  case 0:
    (void)pmmi_collect(rt, 2, &found);
    break;
  case 1:
    (void)pmmi_gc_freeze(rt);
    break;
  default:
    tap_ok(pmmi_heap_verify(rt) == NULL, "the heap is sound");
  }
}

static void test_ends_early(void) {
  for (int how = 0; how < 3; how++) {
    for (uint64_t slices = 1; slices < 12; slices += 2) {
      pmm_rt *rt = lab_open(&lab, "incremental", 0);
      pmmi_gc_enable(rt, 0);
      pmm_obj *wide = wide_cycle(rt, 500);
      make_old(rt);
      pmmi_gc_search_begin(rt);
      for (uint64_t i = 0; i < slices; i++) {
        pmmi_gc_search_slice(rt, 100, NO_DEADLINE);
      }
      end_early(rt, how);
      tap_ok(pmmi_tracked_of(rt)->walk.phase == PMMI_GC_SEARCH_IDLE,
             "way %d ends a search", how);
      (void)pmmi_gc_unfreeze(rt);
      pmmi_release(rt, wide);
      lab_end(&lab, "ended early");
    }
  }
}

int main(int argc, char **argv) {
  lab_start(argc, argv);
  test_large_containers();
  test_overflow();
  test_spanning_cycle();
  test_mixed_batches();
  test_moving_slots();
  test_ends_early();
  return tap_done();
}
