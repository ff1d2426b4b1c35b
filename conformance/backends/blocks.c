/* SPDX-License-Identifier: MIT */
/* blocks.c - see blocks.h. */
#include "blocks.h"

#include <string.h>

const char *block_maker_name(enum check_maker maker) {
  static const char *const names[] = {"alloc", "alloc_zero", "realloc",
                                      "alloc_aligned"};
  return names[maker];
}

/* One block for all: its bytes are nobody's. */
static int shares(const struct check *check) {
  return (check->backend->capabilities & PMM_BACKEND_ONE_BLOCK) != 0;
}

static size_t natural_align(size_t size) {
  size_t align = 16;
  while (align > 1 && align > size) {
    align /= 2;
  }
  return align;
}

static size_t usable_of(struct check *check, const char *at, size_t size) {
  const struct pmm_backend *b = check->backend;
  return (b->capabilities & PMM_BACKEND_USABLE_SIZE) != 0
             ? b->usable_size(check->heap, at)
             : size;
}

/* Look at a fresh block of `name` and fill it.  `aligns` is the requirement of
 * its address; NULL: that of the case. */
static int take(struct check *check, const char *aligns, const char *name,
                void *at, size_t size, size_t align, struct block *block) {
  *block = (struct block){NULL, 0, 0, 0};
  if (at == NULL && (size == 0 || check->may_refuse || shares(check))) {
    return 0;
  }
  REQUIRE(check, at != NULL, "%s: no memory for %zu bytes", name, size);
  if ((uintptr_t)at % align != 0) {
    check_blame(check, aligns, CHECK_HERE,
                "%s: %p, of %zu bytes, is not aligned to %zu%s", name, at, size,
                align,
                align > 16 ? " (a malloc library is asked for a multiple of it)"
                           : "");
    return -1;
  }
  size_t usable = usable_of(check, at, size);
  REQUIRE(check, usable >= size, "%s: of %zu bytes only %zu are usable", name,
          size,
          usable);
  *block = (struct block){at, size, usable, check->made++};
  if (!shares(check)) {
    check_fill(at, usable, block->seed);
  }
  return 0;
}

int block_take(struct check *check, const char *name, void *at, size_t size,
               size_t align, struct block *block) {
  return take(check, NULL, name, at, size, align, block);
}

int block_make_zero(struct check *check, size_t n, size_t size,
                    struct block *block) {
  char *at = check->backend->alloc_zero(check->heap, n, size);
  size_t bytes = n * size;
  if (at != NULL && bytes > 0 &&
      (at[0] != 0 || memcmp(at, at + 1, bytes - 1) != 0)) {
    size_t i = 0;
    while (at[i] == 0) {
      i++;
    }
    check_fail(check, CHECK_HERE, "alloc_zero: byte %zu of %zu is 0x%02x", i,
               bytes, (unsigned)(unsigned char)at[i]);
    return -1;
  }
  return take(check, "ALLOC-001", "alloc_zero", at, bytes,
              natural_align(bytes), block);
}

int block_make_aligned(struct check *check, size_t align, size_t size,
                       struct block *block) {
  void *at = check->backend->alloc_aligned(check->heap, align, size);
  return take(check, align <= 4096 ? "ALLOC-002" : "ALLOC-003",
              "alloc_aligned", at, size, align, block);
}

static int make_plain(struct check *check, size_t size, struct block *block) {
  void *at = check->backend->alloc(check->heap, size);
  return take(check, "ALLOC-001", "alloc", at, size, natural_align(size),
              block);
}

static int make_by_realloc(struct check *check, size_t size,
                           struct block *block) {
  TRY_OR_RETURN(make_plain(check, size / 2 + 1, block));
  if (block->at == NULL) {
    return 0;
  }
  return block_resize(check, block, size);
}

int block_make(struct check *check, enum check_maker maker, size_t size,
               struct block *block) {
  int aligns = (check->backend->capabilities & PMM_BACKEND_ALIGNED) != 0;
  if (maker == BY_ZERO) {
    return block_make_zero(check, 1, size, block);
  }
  if (maker == BY_REALLOC) {
    return make_by_realloc(check, size, block);
  }
  if (maker == BY_ALIGNED && aligns) {
    size_t align = (size_t)32 << check->made % 8;
    return block_make_aligned(check, align, size, block);
  }
  return make_plain(check, size, block);
}

int block_intact(struct check *check, const struct block *block) {
  if (block->at == NULL || shares(check)) {
    return 0;
  }
  size_t at = check_damage(block->at, block->usable, block->seed);
  REQUIRE(check, at == block->usable,
          "byte %zu of a live block of %zu bytes (%zu usable) at %p changed",
          at, block->size, block->usable, (void *)block->at);
  return 0;
}

int block_resize(struct check *check, struct block *block, size_t size) {
  size_t old = block->size;
  size_t keep = old < size ? old : size;
  uint64_t seed = block->seed;
  if (block->at == NULL) {
    return 0; /* its maker was refused, which the check allows */
  }
  TRY_OR_RETURN(block_intact(check, block));
  char *at = check->backend->realloc(check->heap, block->at, old, size);
  if (at != NULL && !shares(check)) {
    size_t same = check_damage(at, keep, seed);
    REQUIRE(check, same == keep, "realloc %zu -> %zu lost byte %zu", old, size,
            same);
  }
  return take(check, "ALLOC-001", "realloc", at, size, natural_align(size),
              block);
}

/* The block is forgotten first: nobody frees it a second time. */
static struct block forget(struct block *block) {
  struct block was = *block;
  block->at = NULL;
  return was;
}

int block_drop(struct check *check, struct block *block) {
  struct block was = forget(block);
  int result = block_intact(check, &was);
  check->backend->free(check->heap, was.at);
  return result;
}

int block_drop_sized(struct check *check, struct block *block) {
  struct block was = forget(block);
  int result = block_intact(check, &was);
  check->backend->free_sized(check->heap, was.at, was.size);
  return result;
}

int block_drop_all(struct check *check, struct block *blocks, size_t count) {
  for (size_t i = 0; i < count; i++) {
    TRY_OR_RETURN(block_drop(check, &blocks[i]));
  }
  return 0;
}

int block_make_all(struct check *check, enum check_maker maker, size_t size,
                   struct block *blocks, size_t count) {
  for (size_t i = 0; i < count; i++) {
    TRY_OR_RETURN(block_make(check, maker, size, &blocks[i]));
  }
  return 0;
}

int block_all_intact(struct check *check, const struct block *blocks,
                     size_t count) {
  for (size_t i = 0; i < count; i++) {
    TRY_OR_RETURN(block_intact(check, &blocks[i]));
  }
  return 0;
}
