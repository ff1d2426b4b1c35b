/* SPDX-License-Identifier: MIT */
/*
 * cases_block.c - the rules about one block: its address, its size, its
 * contents.
 */
#include <string.h>

#include "check.h"

enum { MOST = 600, SLOTS = 512, STEPS = 40000 };

CHECK(alignment, "Blocks of 16 bytes or more are aligned to 16; smaller "
                 "blocks to the largest power of two not above their size.",
      .needs = 0) {
  static void *kept[2 * MOST];
  for (size_t size = 1; size <= MOST; size++) {
    void *first = check->backend->alloc(check->heap, size);
    void *second = check->backend->alloc(check->heap, size);
    size_t align = 16;
    while (align > size) {
      align /= 2;
    }
    EXPECT(check, first != NULL && second != NULL, "no memory for %zu", size);
    EXPECT(check, ((uintptr_t)first | (uintptr_t)second) % align == 0,
           "%p or %p, of %zu bytes, is not aligned to %zu", first, second,
           size, align);
    kept[2 * size - 2] = first;
    kept[2 * size - 1] = second;
  }
  for (size_t i = 0; i < 2 * MOST; i++) {
    check->backend->free(check->heap, kept[i]);
  }
}

/* What C wants aligned_alloc() to be asked for: a multiple of `align`. */
static size_t whole_units(size_t size, size_t align) {
  size_t least = size == 0 ? 1 : size;
  return (least + align - 1) & ~(align - 1);
}

CHECK(aligned, "alloc_aligned serves powers of two up to 4096.",
      .needs = PMM_BACKEND_ALIGNED) {
  for (size_t align = 1; align <= 4096; align *= 2) {
    for (size_t size = 0; size <= 1024; size += 37) {
      void *block = check->backend->alloc_aligned(check->heap, align, size);
      EXPECT(check, block != NULL, "no memory for %zu at %zu", size, align);
      EXPECT(check, (uintptr_t)block % align == 0,
             "%p, for %zu bytes aligned to %zu, is not aligned (a malloc "
             "library is asked for %zu bytes)",
             block, size, align, whole_units(size, align));
      memset(block, 0xa5, size);
      check->backend->free(check->heap, block);
    }
  }
}

CHECK(zero_size, "A request of 0 bytes returns a pointer that differs from "
                 "every live block; without the claim it may return NULL.",
      .refuses = PMM_BACKEND_ONE_BLOCK) {
  void *first = check->backend->alloc(check->heap, 0);
  void *second = check->backend->alloc(check->heap, 0);
  void *third = check->backend->alloc_zero(check->heap, 0, 8);
  if (check->backend->capabilities & PMM_BACKEND_ZERO_UNIQUE) {
    EXPECT(check, first != NULL && second != NULL && third != NULL,
           "size 0 gave NULL although ZERO_UNIQUE is claimed");
  }
  EXPECT(check, (first != second && second != third && first != third) ||
                    (first == NULL && second == NULL && third == NULL),
         "size 0 gave %p, %p and %p", first, second, third);
  check->backend->free(check->heap, third);
  check->backend->free_sized(check->heap, second, 0);
  check->backend->free(check->heap, first);
}

CHECK(overflow, "A request above PTRDIFF_MAX, or n * size that wraps, "
                "returns NULL and touches nothing.",
      .needs = 0) {
  const struct pmm_backend *b = check->backend;
  void *kept = b->alloc(check->heap, 40);
  EXPECT(check, kept != NULL, "no memory for 40 bytes");
  check_fill(kept, 40, 1);
  EXPECT(check, b->alloc(check->heap, (size_t)PTRDIFF_MAX + 1) == NULL,
         "PTRDIFF_MAX + 1 bytes were served");
  EXPECT(check, b->alloc(check->heap, SIZE_MAX) == NULL,
         "SIZE_MAX bytes were served");
  EXPECT(check, b->alloc_zero(check->heap, SIZE_MAX / 2, 4) == NULL,
         "n * size wrapped");
  EXPECT(check, b->alloc_zero(check->heap, 4, SIZE_MAX / 4 + 2) == NULL,
         "n * size wrapped to 8 bytes");
  EXPECT(check, check_damage(kept, 40, 1) == 40, "a live block changed");
  b->free(check->heap, kept);
}

CHECK(free_null, "free(NULL) is a no-op, and so is free_sized(NULL, n).",
      .needs = 0) {
  check->backend->free(check->heap, NULL);
  check->backend->free_sized(check->heap, NULL, 16);
  check->backend->free_sized(check->heap, NULL, 4096);
  void *block = check->backend->alloc(check->heap, 16);
  EXPECT(check, block != NULL, "the heap is unusable afterwards");
  check->backend->free(check->heap, block);
}

/* ---- random traces ------------------------------------------------------- */

struct slot {
  char *block; /* NULL: empty                                              */
  size_t size;
  uint64_t seed;
};

static size_t some_size(struct check *check) {
  switch (check_random(check, 8)) {
    case 0:
      return check_random(check, 16);
    case 1:
      return 500 + check_random(check, 30);
    case 2:
      return check_random(check, 5000);
    default:
      return 16 + check_random(check, 240);
  }
}

/* A live block that shares a byte with `fresh`; NULL: none. */
static const struct slot *overlap(const struct slot *slots,
                                  const struct slot *fresh) {
  for (size_t i = 0; i < SLOTS; i++) {
    const struct slot *s = &slots[i];
    if (s != fresh && s->block != NULL && s->size > 0 && fresh->size > 0 &&
        fresh->block < s->block + s->size &&
        s->block < fresh->block + fresh->size) {
      return s;
    }
  }
  return NULL;
}

static void drop(struct check *check, struct slot *slot) {
  if (check_random(check, 2) == 0) {
    check->backend->free(check->heap, slot->block);
  } else {
    check->backend->free_sized(check->heap, slot->block, slot->size);
  }
  slot->block = NULL;
}

static void drop_all(struct check *check, struct slot *slots) {
  for (size_t i = 0; i < SLOTS; i++) {
    check->backend->free(check->heap, slots[i].block);
  }
}

CHECK(no_overlap, "Live blocks never overlap.",
      .refuses = PMM_BACKEND_ONE_BLOCK) {
  static struct slot slots[SLOTS];
  for (size_t step = 0; step < STEPS; step++) {
    struct slot *slot = &slots[check_random(check, SLOTS)];
    if (slot->block != NULL) {
      drop(check, slot);
      continue;
    }
    slot->size = some_size(check);
    slot->block = check->backend->alloc(check->heap, slot->size);
    EXPECT(check, slot->block != NULL || slot->size == 0,
           "no memory for %zu bytes", slot->size);
    const struct slot *other = overlap(slots, slot);
    EXPECT(check, other == NULL, "step %zu: %p+%zu overlaps %p+%zu", step,
           (void *)slot->block, slot->size, (void *)other->block,
           other->size);
  }
  drop_all(check, slots);
}

static int replace(struct check *check, struct slot *slot) {
  const struct pmm_backend *b = check->backend;
  size_t size = 1 + some_size(check);
  if (slot->block == NULL) {
    slot->block = b->alloc(check->heap, size);
    REQUIRE(check, slot->block != NULL, "no memory for %zu bytes", size);
  } else {
    size_t keep = size < slot->size ? size : slot->size;
    char *moved = b->realloc(check->heap, slot->block, slot->size, size);
    REQUIRE(check, moved != NULL, "no memory for %zu bytes", size);
    slot->block = moved;
    size_t at = check_damage(moved, keep, slot->seed);
    REQUIRE(check, at == keep, "realloc %zu -> %zu lost byte %zu",
            slot->size, size, at);
  }
  slot->size = size;
  slot->seed = check_random(check, 1000);
  check_fill(slot->block, size, slot->seed);
  return 0;
}

CHECK(contents, "The bytes of a block belong to its owner until it is freed.",
      .refuses = PMM_BACKEND_ONE_BLOCK) {
  static struct slot slots[SLOTS];
  for (size_t step = 0; step < STEPS; step++) {
    struct slot *slot = &slots[check_random(check, SLOTS)];
    if (slot->block != NULL) {
      size_t at = check_damage(slot->block, slot->size, slot->seed);
      EXPECT(check, at == slot->size,
             "step %zu: byte %zu of a live block of %zu changed", step, at,
             slot->size);
    }
    if (slot->block != NULL && check_random(check, 3) > 0) {
      drop(check, slot);
    } else if (replace(check, slot) != 0) {
      return;
    }
  }
  drop_all(check, slots);
}

/* ---- realloc ------------------------------------------------------------- */

CHECK(realloc_data, "A realloc keeps the bytes that both sizes have, across "
                    "classes and the limit of a pool.",
      .needs = 0) {
  static const size_t sizes[] = {1,   16,  17,   48,  512,  513, 16,
                                 600, 512, 5000, 511, 1040, 1,   70000};
  void *block = check->backend->alloc(check->heap, sizes[0]);
  EXPECT(check, block != NULL, "no memory");
  check_fill(block, sizes[0], 0);
  for (size_t i = 1; i < sizeof sizes / sizeof sizes[0]; i++) {
    size_t old = sizes[i - 1];
    size_t keep = old < sizes[i] ? old : sizes[i];
    block = check->backend->realloc(check->heap, block, old, sizes[i]);
    EXPECT(check,
           block != NULL || (check->backend->capabilities &
                             PMM_BACKEND_ONE_BLOCK) != 0,
           "no memory for %zu", sizes[i]);
    if (block == NULL) {
      return;
    }
    size_t at = check_damage(block, keep, i - 1);
    EXPECT(check, at == keep, "%zu -> %zu lost byte %zu", old, sizes[i], at);
    check_fill(block, sizes[i], i);
  }
  check->backend->free(check->heap, block);
}

CHECK(realloc_null, "realloc(NULL, 0, n) is alloc(n).",
      .needs = 0) {
  char *block = check->backend->realloc(check->heap, NULL, 0, 100);
  EXPECT(check, block != NULL, "no memory for 100 bytes");
  check_fill(block, 100, 7);
  block = check->backend->realloc(check->heap, block, 100, 0);
  EXPECT(check, block != NULL, "shrinking to 0 bytes reads as no memory");
  check->backend->free(check->heap, block);
}

CHECK(realloc_failure, "A failed realloc leaves the old block valid and "
                       "unchanged.",
      .needs = 0) {
  static const size_t sizes[] = {16, 100, 512, 513, 40000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    void *block = check->backend->alloc(check->heap, sizes[i]);
    EXPECT(check, block != NULL, "no memory for %zu", sizes[i]);
    check_fill(block, sizes[i], i);
    void *moved = check->backend->realloc(check->heap, block, sizes[i],
                                          (size_t)1 << 62);
    EXPECT(check, moved == NULL, "2^62 bytes were served");
    moved = check->backend->realloc(check->heap, block, sizes[i], SIZE_MAX);
    EXPECT(check, moved == NULL, "SIZE_MAX bytes were served");
    EXPECT(check, check_damage(block, sizes[i], i) == sizes[i],
           "the old block of %zu bytes changed", sizes[i]);
    check->backend->free(check->heap, block);
  }
}

/* ---- zeroed, sized, large ------------------------------------------------ */

static int zeroed_round(struct check *check, size_t size) {
  const struct pmm_backend *b = check->backend;
  void *blocks[16];
  for (size_t i = 0; i < 16; i++) {
    blocks[i] = b->alloc(check->heap, size);
    REQUIRE(check, blocks[i] != NULL, "no memory for %zu", size);
    memset(blocks[i], 0xff, size);
  }
  for (size_t i = 0; i < 16; i++) {
    b->free(check->heap, blocks[i]);
  }
  for (size_t i = 0; i < 16; i++) {
    unsigned char *block = b->alloc_zero(check->heap, 1, size);
    REQUIRE(check, block != NULL, "no memory for %zu", size);
    for (size_t at = 0; at < size; at++) {
      REQUIRE(check, block[at] == 0, "byte %zu of %zu is 0x%02x", at, size,
              (unsigned)block[at]);
    }
    blocks[i] = block;
  }
  for (size_t i = 0; i < 16; i++) {
    b->free(check->heap, blocks[i]);
  }
  return 0;
}

CHECK(zeroed, "alloc_zero returns zero bytes, also where dirty memory is "
              "used again.",
      .needs = 0) {
  for (size_t size = 1; size <= 20000; size += size < 600 ? 7 : 1900) {
    if (zeroed_round(check, size) != 0) {
      return;
    }
  }
}

CHECK(sized_free, "free_sized gives a block back that was requested with "
                  "that size, by whichever function.",
      .needs = 0) {
  const struct pmm_backend *b = check->backend;
  for (size_t round = 0; round < 3; round++) {
    for (size_t size = 0; size <= MOST; size++) {
      void *plain = b->alloc(check->heap, size);
      void *zero = b->alloc_zero(check->heap, 3, size);
      void *grown = b->alloc(check->heap, size);
      EXPECT(check, size == 0 || (plain != NULL && zero != NULL),
             "no memory for %zu", size);
      grown = b->realloc(check->heap, grown, size, size * 2 + 1);
      EXPECT(check, grown != NULL, "no memory for %zu", size * 2 + 1);
      b->free_sized(check->heap, grown, size * 2 + 1);
      b->free_sized(check->heap, plain, size);
      b->free_sized(check->heap, zero, 3 * size);
    }
  }
}

CHECK(large, "Blocks of many megabytes are served, written and given back.",
      .refuses = PMM_BACKEND_ONE_BLOCK) {
  for (size_t size = 1 << 16; size <= 32u << 20; size *= 4) {
    char *block = check->backend->alloc(check->heap, size);
    EXPECT(check, block != NULL, "no memory for %zu", size);
    block[0] = 1;
    block[size / 2] = 2;
    block[size - 1] = 3;
    char *grown = check->backend->realloc(check->heap, block, size, size * 2);
    EXPECT(check, grown != NULL, "no memory for %zu", size * 2);
    EXPECT(check,
           grown[0] == 1 && grown[size / 2] == 2 && grown[size - 1] == 3,
           "a block of %zu bytes lost its contents", size);
    check->backend->free_sized(check->heap, grown, size * 2);
  }
}
