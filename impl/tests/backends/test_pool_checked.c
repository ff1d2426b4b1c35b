/* SPDX-License-Identifier: MIT */
/* Checked heaps: what misuse does, and what the quarantine keeps. */
#include <signal.h>
#include <unistd.h>

#include "base/child.h"
#include "lab.h"
#include "pool/checked.h"

static struct lab_os os;

static struct pmmi_checked *open_heap(void) {
  struct pmm_backend_config config = lab_config(&os, 4096);
  return pmmi_checked_open(&config);
}

/* 1 when every page came back. */
static int close_heap(struct pmmi_checked *heap) {
  pmmi_checked_close(heap);
  return os.held_bytes == 0;
}

static struct pmm_backend_stats stats_of(struct pmmi_checked *heap) {
  struct pmm_backend_stats stats = {.struct_size = sizeof stats};
  pmmi_checked_stats(heap, &stats);
  return stats;
}

/* How a child ends that does this; 0: as if nothing were wrong. */
static int status(void (*misuse)(struct pmmi_checked *heap)) {
  int end;
  pid_t child = pmmi_child_fork(&end);
  if (child == 0) {
    fclose(stderr);
    misuse(open_heap());
    _exit(0);
  }
  close(end);
  return pmmi_child_wait(child);
}

/* The signal that ends it; 0: none did. */
static int fate(void (*misuse)(struct pmmi_checked *heap)) {
  return pmmi_child_signal(status(misuse));
}

static void free_twice(struct pmmi_checked *heap) {
  void *block = pmmi_checked_alloc(heap, 50);
  pmmi_checked_free(heap, block);
  pmmi_checked_free(heap, block);
}

static void free_inside(struct pmmi_checked *heap) {
  char *block = pmmi_checked_alloc(heap, 50);
  pmmi_checked_free(heap, block + 8);
}

static void free_wrong_size(struct pmmi_checked *heap) {
  pmmi_checked_free_sized(heap, pmmi_checked_alloc(heap, 50), 49);
}

static void free_twice_sized(struct pmmi_checked *heap) {
  void *block = pmmi_checked_alloc(heap, 50);
  pmmi_checked_free_sized(heap, block, 50);
  pmmi_checked_free_sized(heap, block, 50);
}

/* No pool is in use in the arena of a block that was the only one. */
static void free_in_vacant(struct pmmi_checked *heap) {
  void *kept = pmmi_checked_alloc(heap, 16);
  void *block = pmmi_checked_alloc(heap, 50);
  pmmi_checked_free(heap, block);
  (void)pmmi_checked_trim(heap);
  pmmi_checked_free(heap, block);
  pmmi_checked_free(heap, kept);
}

static void free_right(struct pmmi_checked *heap) {
  pmmi_checked_free_sized(heap, pmmi_checked_alloc(heap, 50), 50);
  pmmi_checked_close(heap);
}

static void test_misuse(void) {
  if (pmmi_sanitize_valgrind()) {
    tap_skip("valgrind itself reports misuse");
    return;
  }
  tap_ok(fate(free_twice) == SIGABRT, "a double free aborts");
  tap_ok(fate(free_twice_sized) == SIGABRT, "so does one with the size");
  tap_ok(fate(free_in_vacant) == SIGABRT, "also when its pool has gone");
  tap_ok(fate(free_inside) == SIGABRT, "a free inside a block aborts");
  tap_ok(fate(free_wrong_size) == SIGABRT, "a wrong size aborts");
  tap_ok(fate(free_right) == 0, "right use does not");
}

static void write_freed(struct pmmi_checked *heap) {
  volatile char *block = pmmi_checked_alloc(heap, 50);
  pmmi_checked_free(heap, (void *)(uintptr_t)block);
  block[3] = 1;
}

static void write_beyond(struct pmmi_checked *heap) {
  volatile char *block = pmmi_checked_alloc(heap, 50);
  block[50] = 1;
}

static void write_beyond_resized(struct pmmi_checked *heap) {
  volatile char *block = pmmi_checked_alloc(heap, 50);
  block = pmmi_checked_realloc(heap, (void *)(uintptr_t)block, 50, 49);
  block[49] = 1;
}

/* valgrind only reports such a write, and goes on. */
static void test_touch(void) {
  if (!PMMI_ASAN) {
    tap_skip("only ASan ends a program for touching a block");
    return;
  }
  tap_ok(status(write_freed) != 0, "a write after free ends the process");
  tap_ok(status(write_beyond) != 0, "so does one behind what was asked for");
  tap_ok(status(write_beyond_resized) != 0, "also when it was resized");
}

static void test_quarantine(void) {
  struct pmmi_checked *heap = open_heap();
  void *first = pmmi_checked_alloc(heap, 64);
  pmmi_checked_free(heap, first);
  int early = 0;
  int again = 0;
  for (int i = 0; i < 4096 / 64 - 1; i++) {
    void *block = pmmi_checked_alloc(heap, 64);
    early |= block == first;
    pmmi_checked_free(heap, block);
  }
  for (int i = 0; i < 300; i++) {
    void *block = pmmi_checked_alloc(heap, 64);
    again |= block == first;
    pmmi_checked_free(heap, block);
  }
  tap_ok(!early, "a freed block waits while 4096 bytes are freed after it");
  tap_ok(again, "and is used again then");
  tap_ok(stats_of(heap).live_blocks == 0 && stats_of(heap).live_bytes == 0,
         "what waits is not live");
  tap_ok(lab_sound(pmmi_checked_is_valid(heap)), "the heap is whole");
  (void)pmmi_checked_trim(heap);
  tap_ok(stats_of(heap).arenas == 0, "trim empties the quarantine");
  tap_ok(close_heap(heap), "all pages come back");
}

static void test_usable(void) {
  struct pmmi_checked *heap = open_heap();
  void *block = pmmi_checked_alloc(heap, 50);
  tap_ok(pmmi_checked_usable_size(heap, block) == 50,
         "a checked block has the bytes asked for and no more");
  block = pmmi_checked_realloc(heap, block, 50, 60);
  tap_ok(pmmi_checked_usable_size(heap, block) == 60, "also when resized");
  pmmi_checked_free_sized(heap, block, 60);
  tap_ok(close_heap(heap), "all pages come back");
}

/* ---- requests ------------------------------------------------------------ */

static void test_requests(void) {
  struct pmm_backend_config none = {.struct_size = sizeof none};
  struct pmmi_checked *heap = pmmi_checked_open(&none);
  tap_need(heap != NULL);
  pmmi_checked_close(heap);
  heap = pmmi_checked_open(NULL);
  tap_need(heap != NULL);
  unsigned char *block = pmmi_checked_realloc(heap, NULL, 0, 40);
  memset(block, 'x', 40);
  pmmi_checked_free_sized(heap, block, 40);
  unsigned char *again = pmmi_checked_alloc_zero(heap, 5, 8);
  tap_ok(again == block && again[0] == 0 && again[39] == 0,
         "without a quarantine the last freed block is next, zeroed");
  tap_ok(pmmi_checked_alloc_zero(heap, SIZE_MAX / 2, 3) == NULL,
         "a product that wraps is refused");
  unsigned char *large = pmmi_checked_alloc_zero(heap, 100, 30);
  tap_ok(large[0] == 0 && large[2999] == 0, "large blocks are zeroed too");
  unsigned char *plain = pmmi_checked_alloc_aligned(heap, 16, 40);
  tap_ok(pmmi_pool_of(&heap->heap, plain) != NULL,
         "the pools' own alignment comes from them");
  unsigned char *aligned = pmmi_checked_alloc_aligned(heap, 256, 40);
  unsigned char *empty = pmmi_checked_alloc_aligned(heap, 256, 0);
  tap_ok(aligned != NULL && ((uintptr_t)aligned & 255) == 0 && empty != NULL &&
             ((uintptr_t)empty & 255) == 0,
         "more of it is had too, for no bytes as well");
  pmmi_checked_free(heap, NULL);
  pmmi_checked_free(heap, again);
  pmmi_checked_free_sized(heap, large, 3000);
  pmmi_checked_free(heap, plain);
  pmmi_checked_free(heap, aligned);
  pmmi_checked_free(heap, empty);
  pmmi_checked_close(heap);
}

/* ---- figures ------------------------------------------------------------- */

/* Live blocks that a visit has seen. */
static int count_live(void *ctx, const struct pmm_block *block) {
  *(int *)ctx += block->live;
  return 0;
}

static void test_figures(void) {
  struct pmmi_checked *heap = open_heap();
  void *blocks[3];
  for (int i = 0; i < 3; i++) {
    blocks[i] = pmmi_checked_alloc(heap, 64);
  }
  pmmi_checked_free(heap, blocks[1]);
  void *large = pmmi_checked_alloc(heap, 5000);
  struct pmm_class_stats of_class = {.struct_size = sizeof of_class};
  tap_ok(pmmi_checked_class_stats(heap, 3, &of_class) == 0 &&
             of_class.blocks_used == 2 &&
             of_class.blocks_free == of_class.blocks_per_pool - 2,
         "a block that waits counts as a free one of its class");
  tap_ok(pmmi_checked_class_stats(heap, PMMI_POOL_CLASSES, &of_class) == -1,
         "there are no more classes than the pool has");
  int live = 0;
  tap_ok(pmmi_checked_visit(heap, count_live, &live) == 0 && live == 3,
         "a visit tells it from those that are live");
  pmmi_checked_free(heap, large);
  pmmi_checked_free(heap, blocks[0]);
  pmmi_checked_free(heap, blocks[2]);
  tap_ok(close_heap(heap), "all pages come back");
}

/* ---- resizing ------------------------------------------------------------ */

static void test_resize(void) {
  struct pmmi_checked *heap = open_heap();
  char *block = pmmi_checked_alloc(heap, 100);
  memset(block, 'r', 100);
  tap_ok(pmmi_checked_realloc(heap, block, 100, 90) == block,
         "a block that fits stays");
  char *moved = pmmi_checked_realloc(heap, block, 90, 20);
  tap_ok(moved != block && moved[19] == 'r', "one that is loose moves");
  char *large = pmmi_checked_realloc(heap, moved, 20, 5000);
  tap_ok(pmmi_checked_usable_size(heap, large) == 5000 && large[19] == 'r',
         "one that grows out of the pools moves to malloc");
  large = pmmi_checked_realloc(heap, large, 5000, 6000);
  tap_ok(pmmi_checked_usable_size(heap, large) == 6000, "and is resized there");
  char *small = pmmi_checked_realloc(heap, large, 6000, 0);
  tap_ok(pmmi_pool_of(&heap->heap, small) != NULL &&
             pmmi_checked_usable_size(heap, small) == 0,
         "one of no bytes comes back to the pools");
  tap_ok(pmmi_checked_realloc(heap, small, 0, (size_t)PTRDIFF_MAX + 1) == NULL,
         "and is refused what nobody has");
  pmmi_checked_free_sized(heap, small, 0);
  tap_ok(close_heap(heap), "all pages come back");
}

int main(void) {
  tap_plan(0);
  test_misuse();
  test_touch();
  test_quarantine();
  test_usable();
  test_requests();
  test_figures();
  test_resize();
  return tap_done();
}
