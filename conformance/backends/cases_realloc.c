/* SPDX-License-Identifier: MIT */
/*
 * cases_realloc.c - a block that gets another size: its contents, and what is
 * left of it when there is no memory.
 */
#include <string.h>

#include "blocks.h"

/* "A realloc keeps the bytes that both sizes have, from 1 byte to 64 MiB." */
MUST(realloc_data, "realloc keeps contents", REQ("ALLOC-009")) {
  static const size_t sizes[] = {1,   16,  17,   48,  512,  513, 16,
                                 600, 512, 5000, 511, 1040, 1,   70000,
                                 65,  64,  63,   24,  25,   8,   7};
  struct block block;
  TRY(block_make(check, BY_ALLOC, sizes[0], &block));
  for (size_t i = 1; i < sizeof sizes / sizeof sizes[0]; i++) {
    TRY(block_resize(check, &block, sizes[i]));
  }
  TRY(block_drop(check, &block));
}

/* "A realloc keeps the bytes that both sizes have, from 1 byte to 64 MiB." */
MUST(realloc_pairs, "realloc between many sizes, with neighbours",
     REQ("ALLOC-009"), .refuses = PMM_BACKEND_ONE_BLOCK) {
  static struct block blocks[64];
  for (size_t step = 0; step < 40000; step++) {
    struct block *block = &blocks[check_random(check, 64)];
    size_t most = (size_t)32 << check_random(check, 11);
    size_t size = 1 + check_random(check, most);
    enum check_maker maker = (enum check_maker)check_random(check, 4);
    if (block->at == NULL) {
      TRY(block_make(check, maker, size, block));
    } else if (check_random(check, 8) == 0) {
      TRY(block_drop(check, block));
    } else {
      TRY(block_resize(check, block, size));
    }
  }
  TRY(block_drop_all(check, blocks, 64));
}

/* Grow and shrink a block of `size` with a neighbour on each side, the upper
 * one gone or there: what reads or writes beyond either end is seen. */
static int resize_large(struct check *check, size_t size, int freed) {
  struct block above, block, below;
  TRY_OR_RETURN(block_make(check, BY_ALLOC, size, &above));
  TRY_OR_RETURN(block_make(check, BY_ALLOC, size, &block));
  TRY_OR_RETURN(block_make(check, BY_ALLOC, size / 4, &below));
  if (freed) {
    TRY_OR_RETURN(block_drop(check, &above));
  }
  TRY_OR_RETURN(block_resize(check, &block, size + size / 7));
  TRY_OR_RETURN(block_resize(check, &block, size / 2 + 3));
  TRY_OR_RETURN(block_resize(check, &block, size + 1));
  TRY_OR_RETURN(block_drop(check, &above));
  TRY_OR_RETURN(block_drop(check, &below));
  return block_drop(check, &block);
}

/* "A realloc keeps the bytes that both sizes have, from 1 byte to 64 MiB." */
MUST(realloc_large, "realloc of large blocks of odd sizes", REQ("ALLOC-009"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  static const size_t sizes[] = {65537,   150001,  400003,  1048577,
                                 3000017, 8388617, 17000003};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    TRY(resize_large(check, sizes[i], 0));
    TRY(resize_large(check, sizes[i], 1));
  }
  TRY(resize_large(check, 34603021, 1));
}

/* "realloc(NULL, 0, n) is alloc(n); a realloc to 0 bytes gives a block that can
 * be freed, and frees the old one." */
MUST(realloc_null, "realloc of nothing, and to nothing", REQ("ALLOC-011"),
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  const struct pmm_backend *b = check->backend;
  void *none = b->realloc(check->heap, NULL, 0, 0);
  EXPECT(check, none != NULL, "realloc(NULL, 0, 0) reads as no memory");
  b->free(check->heap, none);
  for (size_t size = 1; size <= 200000; size += size < 200 ? 9 : size) {
    struct block block;
    void *at = b->realloc(check->heap, NULL, 0, size);
    TRY(block_take(check, "realloc(NULL)", at, size, 1, &block));
    TRY(block_intact(check, &block));
    at = b->realloc(check->heap, block.at, size, 0);
    EXPECT(check, at != NULL, "shrinking to 0 bytes reads as no memory");
    b->free(check->heap, at);
  }
}

/* ---- failure ------------------------------------------------------------ */

enum { SAME = 6 };

/* More blocks of the size of `block`: none may be its memory. */
static int same_size_again(struct check *check, const struct block *block,
                           struct block *others) {
  for (size_t i = 0; i < SAME; i++) {
    enum check_maker maker = i % 2 == 0 ? BY_ALLOC : BY_ZERO;
    TRY_OR_RETURN(block_make(check, maker, block->size, &others[i]));
    REQUIRE(check,
            others[i].at != block->at ||
                (check->backend->capabilities & PMM_BACKEND_ONE_BLOCK) != 0,
            "a live block of %zu bytes was handed out again", block->size);
  }
  TRY_OR_RETURN(block_intact(check, block));
  TRY_OR_RETURN(block_drop_all(check, others, SAME));
  return block_intact(check, block);
}

static int fail_to_grow(struct check *check, struct block *block) {
  static const size_t sizes[] = {(size_t)1 << 62, (size_t)PTRDIFF_MAX + 1,
                                 SIZE_MAX - 4095, SIZE_MAX - 15, SIZE_MAX};
  struct block others[SAME];
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    void *moved = check->backend->realloc(check->heap, block->at, block->size,
                                          sizes[i]);
    REQUIRE(check, moved == NULL, "realloc: %zu bytes were served", sizes[i]);
    TRY_OR_RETURN(block_intact(check, block));
    TRY_OR_RETURN(same_size_again(check, block, others));
  }
  return 0;
}

/* "A failed realloc leaves the old block valid, unchanged and its owner's:
 * nobody else gets it." */
MUST(realloc_failure, "A failed realloc", REQ("ALLOC-012"),
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  static const size_t sizes[] = {8,    16,    100,    512,    513,
                                 5000, 40000, 150000, 1100000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (int maker = 0; maker < CHECK_MAKERS; maker++) {
      struct block block;
      TRY(block_make(check, (enum check_maker)maker, sizes[i], &block));
      TRY(fail_to_grow(check, &block));
      TRY(block_resize(check, &block, sizes[i] + 100));
      TRY(block_drop(check, &block));
    }
  }
}

/* "After a request that was refused the heap is as it was: live blocks keep
 * their bytes, and the next request gets memory of its own." */
MUST(refused, "What a refused request leaves", REQ("ALLOC-045"),
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  const struct pmm_backend *b = check->backend;
  static const size_t sizes[] = {16, 90, 700, 9000, 300000};
  struct block blocks[SAME], others[SAME];
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    TRY(block_make_all(check, BY_ALLOC, sizes[i], blocks, SAME));
    for (size_t way = 0; way < SAME; way++) {
      size_t size = way % 2 == 0 ? (size_t)1 << 60 : SIZE_MAX - 100;
      TRY(block_drop(check, &blocks[way]));
      TRY(block_make(check, BY_ALLOC, sizes[i], &blocks[way]));
      void *got = way < 2   ? b->alloc(check->heap, size)
                  : way < 4 ? b->alloc_zero(check->heap, size, way)
                            : b->alloc_aligned(check->heap, 64, size);
      EXPECT(check, got == NULL, "%zu bytes were served", size);
      TRY(same_size_again(check, &blocks[way], others));
      TRY(block_all_intact(check, blocks, SAME));
    }
    TRY(block_drop_all(check, blocks, SAME));
  }
}
