/* SPDX-License-Identifier: MIT */
/* test_memory.c - counting, peaks and injected failures (memory.c). */
#include "tests/fixture.h"

static void test_counters(pmm_rt *rt) {
  struct pmm_memory before = fixture_memory(rt);
  void *a = pmmi_alloc(rt, 100);
  void *b = pmmi_alloc_zero(rt, 50);
  struct pmm_memory with = fixture_memory(rt);
  tap_ok(with.live_blocks == before.live_blocks + 2, "two blocks live");
  tap_ok(with.live_bytes == before.live_bytes + 150, "of 150 bytes");
  tap_ok(with.allocations == before.allocations + 2, "two allocations");
  tap_ok(((char *)b)[0] == 0 && ((char *)b)[49] == 0, "zeroed");
  memset(a, 7, 100);
  a = pmmi_realloc(rt, a, 100, 3000);
  struct pmm_memory grown = fixture_memory(rt);
  tap_ok(((char *)a)[0] == 7 && ((char *)a)[99] == 7, "a resize keeps bytes");
  tap_ok(grown.live_bytes == before.live_bytes + 3050, "a resize is counted");
  tap_ok(grown.reallocations == with.reallocations + 1 &&
             grown.allocations == with.allocations,
         "as a resize, not as an allocation");
  a = pmmi_realloc(rt, a, 3000, 10);
  pmmi_free(rt, a, 10);
  pmmi_free(rt, b, 50);
  pmmi_free(rt, NULL, 0);
  struct pmm_memory after = fixture_memory(rt);
  tap_ok(after.live_bytes == before.live_bytes, "bytes are back");
  tap_ok(after.frees == before.frees + 2, "two frees, none for NULL");
}

static void test_peak(pmm_rt *rt) {
  pmmi_memory_reset_peak(rt);
  uint64_t base = fixture_memory(rt).live_bytes;
  pmmi_free(rt, pmmi_alloc(rt, 1000), 1000);
  tap_ok(fixture_memory(rt).peak_bytes == base + 1000, "the peak stays");
  pmmi_memory_reset_peak(rt);
  tap_ok(fixture_memory(rt).peak_bytes == base, "until it is reset");
}

static void test_inject(pmm_rt *rt) {
  pmmi_inject_arm(rt, 2, 0);
  void *first = pmmi_alloc(rt, 16);
  void *second = pmmi_alloc(rt, 16);
  void *third = pmmi_alloc(rt, 16);
  tap_ok(first != NULL && second == NULL && third != NULL,
         "the second fails once");
  tap_ok(pmmi_inject_disarm(rt) == 1, "one failure is counted");
  pmmi_inject_arm(rt, 1, 1);
  tap_ok(pmmi_realloc(rt, first, 16, 32) == NULL, "growing can fail");
  first = pmmi_realloc(rt, first, 16, 8);
  tap_ok(first != NULL, "shrinking is not injected");
  tap_ok(pmmi_alloc_zero(rt, 16) == NULL, "persistent failures go on");
  tap_ok(pmmi_inject_disarm(rt) == 2, "two failures are counted");
  void *fourth = pmmi_alloc(rt, 16);
  tap_ok(fourth != NULL, "disarmed");
  pmmi_free(rt, first, 8);
  pmmi_free(rt, third, 16);
  pmmi_free(rt, fourth, 16);
}

static void test_overflow(pmm_rt *rt) {
  size_t size;
  tap_ok(pmmi_size_fits(3, 8, 24, &size) && size == 48, "sizes add up");
  tap_ok(!pmmi_size_fits(SIZE_MAX / 8, 16, 0, &size), "products may not wrap");
  tap_ok(!pmmi_size_fits(1, PTRDIFF_MAX, 1, &size), "nor pass PTRDIFF_MAX");
  struct pmm_memory before = fixture_memory(rt);
  tap_ok(pmmi_alloc(rt, PTRDIFF_MAX) == NULL, "too much is refused");
  tap_ok(fixture_memory(rt).allocations == before.allocations,
         "and not counted");
}

static void test_short_struct(pmm_rt *rt) {
  struct pmm_memory memory = {
      .struct_size = offsetof(struct pmm_memory, peak_bytes),
      .peak_bytes = 12345};
  pmmi_memory(rt, &memory);
  tap_ok(memory.peak_bytes == 12345 &&
             memory.struct_size == offsetof(struct pmm_memory, peak_bytes),
         "no byte is written beyond struct_size");
}

int main(void) {
  tap_plan(0);
  fixture_each("counters", test_counters);
  fixture_each("peak", test_peak);
  fixture_each("inject", test_inject);
  fixture_each("overflow", test_overflow);
  fixture_each("short struct", test_short_struct);
  return tap_done();
}
