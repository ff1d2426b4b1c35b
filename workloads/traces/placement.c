/* SPDX-License-Identifier: MIT */
/* placement.c - see placement.h. */
#include "placement.h"

#include <assert.h>
#include <stdlib.h>

#include "host.h"

enum { SWEEPS = 5 };

static int by_address(const void *a, const void *b) {
  const struct place *x = a;
  const struct place *y = b;
  return (x->address > y->address) - (x->address < y->address);
}

static int by_birth(const void *a, const void *b) {
  const struct place *x = a;
  const struct place *y = b;
  return (x->birth > y->birth) - (x->birth < y->birth);
}

uint64_t placement_units(const struct place *places, size_t count,
                         uint64_t unit) {
  uint64_t found = 0;
  uint64_t next = 0; /* the first unit that was not counted                 */
  assert(unit > 0 && (unit & (unit - 1)) == 0);
  for (size_t i = 0; i < count; i++) {
    uint64_t first = places[i].address / unit;
    uint64_t behind = (places[i].address + places[i].size - 1) / unit + 1;
    first = first < next ? next : first;
    if (behind > first) {
      found += behind - first;
      next = behind;
    }
  }
  return found;
}

/** Look at each block; nanoseconds for all, the least of a few times. */
static uint64_t sweep(const struct place *places, size_t count) {
  uint64_t least = UINT64_MAX;
  for (int n = 0; n < SWEEPS; n++) {
    unsigned sum = 0;
    uint64_t start = pmmi_host_clock_ns();
    for (size_t i = 0; i < count; i++) {
      sum += *(const volatile unsigned char *)places[i].address;
    }
    uint64_t took = pmmi_host_clock_ns() - start + (sum == UINT32_MAX);
    least = took < least ? took : least;
  }
  return least;
}

static void shuffle(struct place *places, size_t count) {
  uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
  for (size_t i = count; i > 1; i--) {
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    size_t other = (size_t)((state >> 24) % i);
    struct place kept = places[i - 1];
    places[i - 1] = places[other];
    places[other] = kept;
  }
}

/** List the blocks that are live after the words up to `end`; their number. */
static size_t gather(const struct replay *replay, size_t end,
                     struct place *by_slot) {
  const struct trace_ops *ops = replay->ops;
  size_t count = 0;
  for (size_t i = 0; i < end; i++) {
    struct op op = ops->ops[i];
    struct place *place = &by_slot[op_slot(op)];
    unsigned kind = op_kind(op);
    if (kind == TRACE_FREE) {
      place->size = 0;
    } else if (kind != OPS_OLD) {
      place->size = op.size;
      place->birth = kind == TRACE_RESIZE ? place->birth : i;
    }
  }
  for (uint32_t slot = 0; slot < ops->slots; slot++) {
    if (by_slot[slot].size > 0) {
      by_slot[count] = by_slot[slot];
      by_slot[count++].address = (uintptr_t)replay->blocks[slot];
    }
  }
  return count;
}

static uint64_t picoseconds(uint64_t ns, size_t count) {
  return count > 0 ? ns * 1000 / count : 0;
}

enum { CHUNK_LEAST = 1 << 16 };

/** Count into stretches of `size` bytes; 0, or -1: there are too many. */
static int map_by(const struct place *places, size_t count, uint64_t size,
                  struct pass_places *out) {
  uint64_t first = count > 0 ? places[0].address / size : 0;
  out->chunk_bytes = size;
  out->chunk_count = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t at = places[i].address;
    uint64_t end = at + places[i].size;
    while (at < end) {
      uint64_t number = at / size - first;
      uint64_t stop = (at / size + 1) * size;
      uint64_t here = (stop < end ? stop : end) - at;
      struct pass_chunk *last = out->chunk_count > 0
                                    ? &out->chunks[out->chunk_count - 1]
                                    : NULL;
      if (last == NULL || last->number != number) {
        if (out->chunk_count == PASS_CHUNKS) {
          return -1;
        }
        last = &out->chunks[out->chunk_count++];
        *last = (struct pass_chunk){.number = number};
      }
      last->bytes += here;
      at += here;
    }
  }
  return 0;
}

void placement_map(const struct place *places, size_t count,
                   struct pass_places *out) {
  uint64_t size = CHUNK_LEAST;
  while (map_by(places, count, size, out) != 0) {
    size *= 2;
  }
}

/** What the backend set aside for the blocks, where it tells. */
static uint64_t usable_bytes(const struct replay *replay,
                             const struct place *places, size_t count) {
  const struct pmm_backend *backend = replay->backend;
  uint64_t sum = 0;
  if ((backend->capabilities & PMM_BACKEND_USABLE_SIZE) == 0) {
    return PMM_UNKNOWN;
  }
  for (size_t i = 0; i < count; i++) {
    sum += backend->usable_size(replay->heap,
                                (const void *)places[i].address);
  }
  return sum;
}

int placement_count(const struct replay *replay, size_t end, int at_peak,
                    struct pass_placement *out) {
  struct pass_places *there = at_peak ? &out->peak : &out->end;
  struct place *places = calloc((size_t)replay->ops->slots + 1,
                                sizeof *places);
  if (places == NULL) {
    return -1;
  }
  size_t count = gather(replay, end, places);
  there->blocks = count;
  for (size_t i = 0; i < count; i++) {
    there->bytes += places[i].size;
  }
  there->usable = usable_bytes(replay, places, count);
  if (at_peak) {
    qsort(places, count, sizeof *places, by_birth);
    out->ordered_ps = picoseconds(sweep(places, count), count);
    shuffle(places, count);
    out->random_ps = picoseconds(sweep(places, count), count);
  }
  qsort(places, count, sizeof *places, by_address);
  there->pages = placement_units(places, count, 4096);
  there->lines = placement_units(places, count, 64);
  there->regions = placement_units(places, count, 2 << 20);
  placement_map(places, count, there);
  free(places);
  return 0;
}
