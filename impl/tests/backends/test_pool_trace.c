/* SPDX-License-Identifier: MIT */
/*
 * Random traces: every live block is written in full, checked before each
 * change, kept in a map by address, and the heap's invariant is called.
 */
#include "kinds.h"

enum { SLOTS = 4000, STEPS = 300000, PHASE = 25000 };

struct slot {
  unsigned char *block; /* NULL: empty                                      */
  size_t size;
  unsigned char mark; /* every byte of it                                   */
};

static struct lab_os os;
static const struct kind *kind; /* under test                              */
static struct slot slots[SLOTS];
static uint32_t seed = 12345;

static size_t some_size(void) {
  uint32_t r = lab_random(&seed);
  switch (r & 15) {
    case 0:
      return r >> 16 & 15;
    case 1:
      return 505 + (r >> 16 & 15);
    case 2:
      return r >> 16 & 4095;
    default:
      return 16 + (r >> 16) % 300;
  }
}

static int intact(const struct slot *slot) {
  for (size_t i = 0; i < slot->size; i++) {
    if (slot->block[i] != slot->mark) {
      return 0;
    }
  }
  return 1;
}

static void paint(struct slot *slot) {
  slot->mark = (unsigned char)lab_random(&seed);
  memset(slot->block, slot->mark, slot->size);
}

static int make(void *heap, struct slot *slot) {
  slot->size = some_size();
  if (lab_random(&seed) % 4 == 0) {
    slot->block = kind->backend->alloc_zero(heap, 1, slot->size);
    slot->mark = 0;
    if (slot->block == NULL || !intact(slot)) {
      return 0;
    }
  } else {
    slot->block = kind->backend->alloc(heap, slot->size);
  }
  if (slot->block == NULL) {
    return 0;
  }
  paint(slot);
  return 1;
}

static int change(void *heap, struct slot *slot) {
  if (!intact(slot)) {
    return 0;
  }
  uint32_t r = lab_random(&seed);
  if (r % 4 == 0) {
    size_t size = some_size();
    size_t keep = size < slot->size ? size : slot->size;
    slot->block = kind->backend->realloc(heap, slot->block, slot->size, size);
    slot->size = keep;
    if (slot->block == NULL || !intact(slot)) {
      return 0;
    }
    slot->size = size;
    paint(slot);
    return 1;
  }
  if (r % 4 == 1) {
    kind->backend->free(heap, slot->block);
  } else {
    kind->backend->free_sized(heap, slot->block, slot->size);
  }
  slot->block = NULL;
  return 1;
}

static int live_count(void) {
  int count = 0;
  for (size_t i = 0; i < SLOTS; i++) {
    count += slots[i].block != NULL;
  }
  return count;
}

/* Phases drift between growing and shrinking, so that arenas come and go. */
static void run_trace(size_t steps) {
  void *heap = kind_open(kind, &os);
  int good = 1;
  int whole = 1;
  int counted = 1;
  for (size_t step = 0; step < steps && good; step++) {
    size_t window = 1 + (step / PHASE % 2 == 0 ? SLOTS - 1 : SLOTS / 50);
    struct slot *slot = &slots[lab_random(&seed) % window];
    good = slot->block == NULL ? make(heap, slot) : change(heap, slot);
    if (step % (steps / 40) == 0) {
      whole &= lab_sound(kind->is_valid(heap));
      counted &= kind_live_blocks(kind, heap) == (uint64_t)live_count();
    }
  }
  tap_ok(good, "%s: %zu random steps keep every byte", kind->name, steps);
  tap_ok(whole, "the invariant holds on the way");
  tap_ok(counted, "live blocks are counted exactly");
  for (size_t i = 0; i < SLOTS; i++) {
    good &= slots[i].block == NULL || intact(&slots[i]);
    kind->backend->free(heap, slots[i].block);
    slots[i].block = NULL;
  }
  tap_ok(good && kind_live_blocks(kind, heap) == 0, "drained");
  tap_ok(lab_sound(kind->is_valid(heap)) && kind_close(kind, heap, &os), "all pages come back");
}

int main(void) {
  size_t steps = pmmi_sanitize_valgrind() ? STEPS / 30 : STEPS;
  tap_plan(0);
  for (size_t i = 0; i < KINDS; i++) {
    kind = &kinds[i];
    run_trace(steps);
  }
  return tap_done();
}
