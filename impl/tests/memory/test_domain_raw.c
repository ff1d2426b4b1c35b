/* SPDX-License-Identifier: MIT */
/* test_domain_raw.c - the raw domain in one thread; more: test_threads.c. */
#include "tests/fixture.h"

static uint64_t peak_above(pmm_rt *rt, uint64_t level) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  pmmi_memory(rt, &memory);
  return memory.peak_bytes - level;
}

/* Raw and others rise and fall in turns; the most is known at any time. */
static void test_peak(pmm_rt *rt) {
  uint64_t level = fixture_memory(rt).live_bytes;
  pmmi_memory_reset_peak(rt);
  tap_ok(peak_above(rt, level) == 0, "the peak begins with what lives");
  void *raw = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 1000);
  void *mem = pmmi_domain_malloc(rt, PMM_DOMAIN_MEM, 500);
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, raw);
  mem = pmmi_domain_realloc(rt, PMM_DOMAIN_MEM, mem, 1400);
  tap_ok(peak_above(rt, level) == 1500, "the peak is that of the sum");
  raw = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 100);
  tap_ok(peak_above(rt, level) == 1500, "which was not reached again");
  raw = pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, raw, 300);
  tap_ok(peak_above(rt, level) == 1700, "until now");
  pmmi_domain_free(rt, PMM_DOMAIN_MEM, mem);
  pmmi_memory_reset_peak(rt);
  tap_ok(peak_above(rt, level) == 300, "a reset leaves what lives");
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, raw);
}

/* Blocks that the base handed out, unknown to the operations. */
static void test_strangers(pmm_rt *rt) {
  struct pmm_domain_allocator base;
  pmmi_domain_get(rt, PMM_DOMAIN_RAW, &base);
  unsigned char *block = base.calloc(base.ctx, 0, 40);
  struct pmm_memory before = fixture_memory(rt);
  block = pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, block, 400);
  tap_need(block != NULL);
  block[399] = 7;
  block = base.realloc(base.ctx, block, 0);
  tap_ok(block != NULL, "raw blocks of others are resized");
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, block);
  tap_ok(fixture_is_back(rt, before), "and freed, and never counted");
}

static void *refuse_realloc(void *ctx, void *block, size_t size) {
  (void)ctx;
  (void)block;
  (void)size;
  return NULL;
}

static unsigned char *block_of_50(pmm_rt *rt) {
  unsigned char *block = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 50);
  tap_need(block != NULL);
  return memset(block, 3, 50);
}

static int is_whole(const unsigned char *block) {
  return block[0] == 3 && memcmp(block, block + 1, 49) == 0;
}

/* A resize that hooks refuse; block and figures are as they were. */
static void refuse_once(pmm_rt *rt, unsigned char *block, const char *how) {
  struct pmm_memory before = fixture_memory(rt);
  struct pmm_domain_allocator below;
  struct pmm_domain_allocator mine;
  pmmi_domain_get(rt, PMM_DOMAIN_RAW, &below);
  mine = below;
  mine.realloc = refuse_realloc;
  (void)pmmi_domain_set(rt, PMM_DOMAIN_RAW, &mine);
  tap_ok(pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, block, 900) == NULL &&
             pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, block, 9) == NULL &&
             pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, NULL, 9) == NULL,
         "%s: hooks refuse a resize", how);
  (void)pmmi_domain_set(rt, PMM_DOMAIN_RAW, &below);
  tap_ok(is_whole(block) && fixture_is_back(rt, before),
         "%s: the block is as it was", how);
}

static void test_refused(pmm_rt *rt) {
  uint64_t current = 0;
  uint64_t peak = 0;
  unsigned char *older = block_of_50(rt);
  refuse_once(rt, older, "untraced");
  tap_need(pmmi_trace_start(rt) == PMM_OK);
  unsigned char *traced = block_of_50(rt);
  refuse_once(rt, older, "older than the trace");
  refuse_once(rt, traced, "traced");
  pmmi_trace_get(rt, &current, &peak);
  tap_ok(current == 50, "the tracer still knows one of the two");
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, older);
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, traced);
  pmmi_trace_get(rt, &current, &peak);
  tap_ok(current == 0, "until it goes");
  pmmi_trace_stop(rt);
}

int main(void) {
  tap_plan(0);
  fixture_each("peak", test_peak);
  fixture_each("strangers", test_strangers);
  fixture_each("refused", test_refused);
  return tap_done();
}
