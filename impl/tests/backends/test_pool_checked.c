/* SPDX-License-Identifier: MIT */
/* Checked heaps: what misuse does, and what the quarantine keeps. */
#include <signal.h>
#include <unistd.h>

#include "base/child.h"
#include "lab.h"

static struct lab_os os;

/* The signal that ends a child which does this; 0: none did. */
static int fate(void (*misuse)(struct pmmi_heap *heap)) {
  int end;
  pid_t child = pmmi_child_fork(&end);
  if (child == 0) {
    fclose(stderr);
    misuse(lab_open(&os, 4096));
    _exit(0);
  }
  close(end);
  return pmmi_child_signal(pmmi_child_wait(child));
}

static void free_twice(struct pmmi_heap *heap) {
  void *block = pmmi_pool_alloc(heap, 50);
  pmmi_pool_free(heap, block);
  pmmi_pool_free(heap, block);
}

static void free_inside(struct pmmi_heap *heap) {
  char *block = pmmi_pool_alloc(heap, 50);
  pmmi_pool_free(heap, block + 8);
}

static void free_wrong_size(struct pmmi_heap *heap) {
  pmmi_pool_free_sized(heap, pmmi_pool_alloc(heap, 50), 49);
}

static void free_right(struct pmmi_heap *heap) {
  pmmi_pool_free_sized(heap, pmmi_pool_alloc(heap, 50), 50);
  pmmi_pool_close(heap);
}

static void test_misuse(void) {
  if (pmmi_sanitize_valgrind()) {
    tap_skip("valgrind itself reports misuse");
    return;
  }
  tap_ok(fate(free_twice) == SIGABRT, "a double free aborts");
  tap_ok(fate(free_inside) == SIGABRT, "a free inside a block aborts");
  tap_ok(fate(free_wrong_size) == SIGABRT, "a wrong size aborts");
  tap_ok(fate(free_right) == 0, "right use does not");
}

static void test_quarantine(void) {
  struct pmmi_heap *heap = lab_open(&os, 4096);
  void *first = pmmi_pool_alloc(heap, 64);
  pmmi_pool_free(heap, first);
  int early = 0;
  int again = 0;
  for (int i = 0; i < 4096 / 64 - 1; i++) {
    void *block = pmmi_pool_alloc(heap, 64);
    early |= block == first;
    pmmi_pool_free(heap, block);
  }
  for (int i = 0; i < 300; i++) {
    void *block = pmmi_pool_alloc(heap, 64);
    again |= block == first;
    pmmi_pool_free(heap, block);
  }
  tap_ok(!early, "a freed block waits while 4096 bytes are freed after it");
  tap_ok(again, "and is used again then");
  tap_ok(lab_stats(heap).live_blocks == 0 && lab_stats(heap).live_bytes == 0,
         "what waits is not live");
  tap_ok(lab_valid(heap), "the heap is whole");
  (void)pmmi_pool_trim(heap);
  tap_ok(lab_stats(heap).arenas == 0, "trim empties the quarantine");
  tap_ok(lab_close(heap, &os), "all pages come back");
}

static void test_usable(void) {
  struct pmmi_heap *heap = lab_open(&os, 4096);
  void *block = pmmi_pool_alloc(heap, 50);
  tap_ok(pmmi_pool_usable_size(heap, block) == 50,
         "a checked block has the bytes asked for and no more");
  block = pmmi_pool_realloc(heap, block, 50, 60);
  tap_ok(pmmi_pool_usable_size(heap, block) == 60, "also when resized");
  pmmi_pool_free_sized(heap, block, 60);
  tap_ok(lab_close(heap, &os), "all pages come back");
}

int main(void) {
  tap_plan(0);
  test_misuse();
  test_quarantine();
  test_usable();
  return tap_done();
}
