/* SPDX-License-Identifier: MIT */
/* test_trace.c - traced bytes to the byte, sites, and what tracing costs. */
#include "tests/code/lab.h"

#include "memory/trace.h"

static uint64_t current(pmm_rt *rt) {
  uint64_t now = 0;
  uint64_t peak = 0;
  pmmi_trace_get(rt, &now, &peak);
  return peak >= now ? now : UINT64_MAX;
}

static uint64_t peak(pmm_rt *rt) {
  uint64_t now = 0;
  uint64_t most = 0;
  pmmi_trace_get(rt, &now, &most);
  return most;
}

static void bytes_are_exact(pmm_rt *rt) {
  void *old = pmmi_alloc(rt, 500);
  tap_ok(current(rt) == 0, "nothing before the start");
  pmmi_trace_start(rt);
  pmmi_trace_start(rt);
  void *a = pmmi_alloc(rt, 1000);
  void *b = pmmi_alloc_zero(rt, 24);
  tap_ok(current(rt) == 1024 && peak(rt) == 1024, "what is allocated counts");
  a = pmmi_realloc(rt, a, 1000, 5000);
  tap_ok(current(rt) == 5024 && peak(rt) == 5024, "a resized block, once");
  a = pmmi_realloc(rt, a, 5000, 100);
  tap_ok(current(rt) == 124 && peak(rt) == 5024, "the peak stays");
  pmmi_trace_reset_peak(rt);
  tap_ok(peak(rt) == 124, "until it is reset");
  pmmi_free(rt, old, 500);
  tap_ok(current(rt) == 124, "an older block does not count when it goes");
  pmmi_free(rt, b, 24);
  tap_ok(current(rt) == 100, "a traced one does");
  pmmi_trace_stop(rt);
  tap_ok(current(rt) == 0 && peak(rt) == 0, "stopping clears all");
  tap_ok(pmmi_trace_snapshot(rt, NULL, 0) == SIZE_MAX &&
             lab_status(rt) == PMM_RUNTIME,
         "and there is no snapshot");
  pmmi_trace_start(rt);
  pmmi_free(rt, a, 100);
  tap_ok(current(rt) == 0, "blocks of an earlier trace are old");
  pmmi_trace_stop(rt);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void old_blocks_become_traced(pmm_rt *rt) {
  void *old = pmmi_alloc(rt, 100);
  pmmi_trace_start(rt);
  old = pmmi_realloc(rt, old, 100, 300);
  tap_ok(current(rt) == 300, "an older block that is resized is traced");
  pmmi_free(rt, old, 300);
  tap_ok(current(rt) == 0, "until it goes");
  pmmi_trace_stop(rt);
}

static void tracer_is_not_traced(pmm_rt *rt) {
  enum { BLOCKS = 20000 };
  static void *blocks[BLOCKS];
  uint64_t before = lab_blocks(rt);
  pmmi_trace_start(rt);
  for (int i = 0; i < BLOCKS; i++) {
    blocks[i] = pmmi_alloc(rt, 16 + (size_t)(i % 100));
  }
  uint64_t sum = 0;
  for (int i = 0; i < BLOCKS; i++) {
    sum += 16 + (uint64_t)(i % 100);
  }
  tap_ok(current(rt) == sum && lab_blocks(rt) == before + BLOCKS,
         "the table's own memory is in no figure");
  tap_ok(pmmi_trace_overhead(rt) > BLOCKS * 16, "but its own");
  for (int i = 0; i < BLOCKS; i += 2) { /* holes in every run of slots */
    pmmi_free(rt, blocks[i], 16 + (size_t)(i % 100));
    sum -= 16 + (uint64_t)(i % 100);
  }
  tap_ok(current(rt) == sum, "half of them gone");
  for (int i = 1; i < BLOCKS; i += 2) {
    pmmi_free(rt, blocks[i], 16 + (size_t)(i % 100));
  }
  tap_ok(current(rt) == 0, "all of them gone");
  pmmi_trace_stop(rt);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void sites_are_ranked(pmm_rt *rt) {
  struct pmm_site sites[4];
  static void *leaked[100];
  pmmi_trace_start(rt);
  void *plain = pmmi_alloc(rt, 8);
  pmmi_site_push(rt, "outer.py:1");
  void *small = pmmi_alloc(rt, 64);
  pmmi_site_push(rt, "leak.py:7");
  for (int i = 0; i < 100; i++) {
    leaked[i] = pmmi_alloc(rt, 1000);
  }
  pmmi_site_pop(rt);
  void *more = pmmi_alloc(rt, 36);
  pmmi_site_pop(rt);
  size_t n = pmmi_trace_snapshot(rt, sites, 4);
  tap_ok(n == 3 && strcmp(sites[0].name, "leak.py:7") == 0 &&
             sites[0].blocks == 100 && sites[0].bytes == 100000,
         "the leaking site comes first, with its figures");
  tap_ok(strcmp(sites[1].name, "outer.py:1") == 0 && sites[1].blocks == 2 &&
             sites[1].bytes == 100 && sites[2].bytes == 8 &&
             strcmp(sites[2].name, "") == 0,
         "then the others; no name where none was pushed");
  tap_ok(strcmp(pmmi_trace_site_of(rt, leaked[5]), "leak.py:7") == 0 &&
             strcmp(pmmi_trace_site_of(rt, sites), "") == 0,
         "a block knows its site");
  tap_ok(pmmi_trace_snapshot(rt, sites, 1) == 3 &&
             strcmp(sites[0].name, "leak.py:7") == 0,
         "a short answer has the largest");
  for (int i = 0; i < 100; i++) {
    pmmi_free(rt, leaked[i], 1000);
  }
  tap_ok(pmmi_trace_snapshot(rt, sites, 4) == 2 && sites[0].bytes == 100,
         "a site without live blocks is not there");
  pmmi_free(rt, plain, 8);
  pmmi_free(rt, small, 64);
  pmmi_free(rt, more, 36);
  pmmi_trace_stop(rt);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* Not in a block that another site's dead object left. */
static void reuse_has_its_own_site(pmm_rt *rt) {
  struct pmm_site sites[4];
  pmm_obj *made[10];
  for (int i = 0; i < 10; i++) { /* what free lists hold beforehand         */
    made[i] = i % 2 ? pmmi_tuple_new(rt, 3) : pmmi_list_new(rt, 0);
  }
  for (int i = 0; i < 10; i++) {
    pmmi_xrelease(rt, made[i]);
  }
  pmmi_trace_start(rt);
  pmmi_site_push(rt, "transient.py:1");
  for (int i = 0; i < 10; i++) {
    pmmi_xrelease(rt, i % 2 ? pmmi_tuple_new(rt, 3) : pmmi_list_new(rt, 0));
  }
  pmmi_site_pop(rt);
  pmmi_site_push(rt, "kept.py:1");
  for (int i = 0; i < 10; i++) {
    made[i] = i % 2 ? pmmi_tuple_new(rt, 3) : pmmi_list_new(rt, 0);
  }
  pmmi_site_pop(rt);
  tap_ok(pmmi_trace_snapshot(rt, sites, 4) == 1 &&
             strcmp(sites[0].name, "kept.py:1") == 0 && sites[0].blocks == 10,
         "an object is traced where it was made");
  struct pmm_memory memory = {.struct_size = sizeof memory};
  pmmi_memory(rt, &memory);
  tap_ok(memory.cached_blocks == 0, "no free list holds anything meanwhile");
  for (int i = 0; i < 10; i++) {
    pmmi_xrelease(rt, made[i]);
  }
  pmmi_trace_stop(rt);
  pmmi_xrelease(rt, pmmi_list_new(rt, 0));
  pmmi_memory(rt, &memory);
  tap_ok(memory.cached_blocks == 1, "after it they do");
  tap_ok(lab_clean(rt), "nothing stays");
}

static void generators_need_no_memory(pmm_rt *rt) {
  struct pmm_code code = CODE(0, 1, RANGE(0, 1000000), YIELD(0), END);
  int64_t sum = 0;
  pmmi_trace_start(rt);
  pmm_obj *g = pmmi_generator_new(rt, &code, NULL, 0);
  for (pmm_obj *item; (item = pmmi_next(rt, g)) != NULL;) {
    sum += lab_int(rt, item);
  }
  tap_ok(lab_status(rt) == PMM_STOP && sum == INT64_C(499999500000) &&
             peak(rt) < 2048,
         "a million items, %" PRIu64 " bytes at the peak", peak(rt));
  pmmi_release(rt, g);
  tap_ok(current(rt) == 0, "and none after it");
  pmmi_trace_stop(rt);
}

static void frames_give_back(pmm_rt *rt) {
  struct pmm_code code =
      CODE(0, 20, TRY, AGAIN(-1, -1), EXCEPT(PMM_RECURSION), END);
  pmm_obj *function = pmmi_function_new(rt, &code);
  pmmi_trace_start(rt);
  pmm_obj *result = pmmi_call(rt, function, NULL, 0);
  tap_ok(result != NULL && peak(rt) > 100000 && current(rt) == 0,
         "1000 frames take %" PRIu64 " bytes and give them back", peak(rt));
  pmmi_xrelease(rt, result);
  pmmi_trace_stop(rt);
  pmmi_release(rt, function);
  tap_ok(lab_clean(rt), "nothing stays");
}

static enum pmm_status traced_job(pmm_rt *rt) {
  if (pmmi_trace_start(rt) != PMM_OK ||
      pmmi_site_push(rt, "job.py:1") != PMM_OK) {
    return pmmi_error(rt);
  }
  pmm_obj *list = pmmi_list_new(rt, 0);
  for (int64_t i = 0; list != NULL && i < 40; i++) {
    pmm_obj *item = pmmi_int_new(rt, 1000 + i);
    if (item == NULL || pmmi_list_append(rt, list, item) != PMM_OK) {
      pmmi_clear(rt, &list);
    }
    pmmi_xrelease(rt, item);
  }
  pmmi_xrelease(rt, list);
  pmmi_site_pop(rt);
  pmmi_caches_flush(rt);
  if (current(rt) != 0) {
    pmmi_fail(rt, PMM_SYSTEM, "traced bytes stay");
  }
  pmmi_trace_stop(rt);
  return pmmi_error(rt);
}

int main(int argc, char **argv) {
  tap_plan(0);
  pmm_rt *rt = lab_open(argc, argv);
  bytes_are_exact(rt);
  old_blocks_become_traced(rt);
  tracer_is_not_traced(rt);
  sites_are_ranked(rt);
  reuse_has_its_own_site(rt);
  generators_need_no_memory(rt);
  frames_give_back(rt);
  tap_ok(lab_sweep(rt, traced_job) > 50, "every allocation may fail");
  pmmi_trace_start(rt);
  pmmi_close(rt);
  tap_ok(1, "a runtime may close while it traces");
  return tap_done();
}
