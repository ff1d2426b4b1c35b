/* SPDX-License-Identifier: MIT */
/*
 * cases_contents.c - many blocks: they do not overlap, keep their bytes, and
 * are zero where that was asked for, also when it goes wrong but once in a
 * hundred thousand times.
 */
#include <string.h>

#include "blocks.h"
#include "measure.h"

enum { SLOTS = 512, STEPS = 40000 };

static size_t some_size(struct check *check) {
  switch (check_random(check, 8)) {
    case 0:
      return 1 + check_random(check, 16);
    case 1:
      return 500 + check_random(check, 30);
    case 2:
      return 1 + check_random(check, 5000);
    default:
      return 16 + check_random(check, 240);
  }
}

static enum check_maker some_maker(struct check *check) {
  static const enum check_maker fresh[] = {BY_ALLOC, BY_ZERO, BY_ALIGNED};
  return fresh[check_random(check, 3)];
}

/* A live block that shares a byte with `fresh`; NULL: none. */
static const struct block *overlap(const struct block *blocks,
                                   const struct block *fresh) {
  for (size_t i = 0; i < SLOTS; i++) {
    const struct block *b = &blocks[i];
    if (b != fresh && b->at != NULL && fresh->at < b->at + b->usable &&
        b->at < fresh->at + fresh->usable) {
      return b;
    }
  }
  return NULL;
}

/* "Live blocks never overlap." */
MUST(no_overlap, "Live blocks never overlap", REQ("ALLOC-007"),
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  static struct block blocks[SLOTS];
  for (size_t step = 0; step < STEPS; step++) {
    struct block *block = &blocks[check_random(check, SLOTS)];
    if (block->at != NULL) {
      TRY(block_drop(check, block));
      continue;
    }
    TRY(block_make(check, some_maker(check), some_size(check), block));
    const struct block *other = overlap(blocks, block);
    EXPECT(check, other == NULL, "step %zu: %p+%zu overlaps %p+%zu", step,
           (void *)block->at, block->usable, (void *)other->at,
           other->usable);
  }
  TRY(block_drop_all(check, blocks, SLOTS));
}

/* "The bytes of a block belong to its owner until it is freed." */
MUST(contents, "A block keeps its bytes", REQ("ALLOC-008"),
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  static struct block blocks[SLOTS];
  for (size_t step = 0; step < STEPS; step++) {
    struct block *block = &blocks[check_random(check, SLOTS)];
    uint64_t chance = check_random(check, 6);
    if (block->at == NULL) {
      TRY(block_make(check, (enum check_maker)(step % BY_ALIGNED),
                     some_size(check), block));
    } else if (chance == 0) {
      TRY(block_drop_sized(check, block));
    } else if (chance < 4) {
      TRY(block_drop(check, block));
    } else {
      TRY(block_resize(check, block, some_size(check)));
    }
  }
  TRY(block_drop_all(check, blocks, SLOTS));
}

/* ---- zeroed ------------------------------------------------------------- */

enum { DIRTY = 16 };

/* Fill blocks, free them, and ask for zeroed ones in their place. */
static int zeroed_round(struct check *check, size_t size, size_t count) {
  struct block blocks[DIRTY];
  for (size_t i = 0; i < count; i++) {
    enum check_maker maker = i % 4 == 3 ? BY_ALIGNED : BY_ALLOC;
    TRY_OR_RETURN(block_make(check, maker, size, &blocks[i]));
  }
  TRY_OR_RETURN(block_drop_all(check, blocks, count));
  for (size_t i = 0; i < count; i++) {
    size_t n = i % 3 == 0 ? 1 : i % 3 == 1 ? size : 7;
    TRY_OR_RETURN(block_make_zero(check, n, size / n + (size % n != 0),
                                  &blocks[i]));
  }
  return block_drop_all(check, blocks, count);
}

/* "alloc_zero returns zero bytes, also where dirty memory is used again, up to
 * 64 MiB." */
MUST(zeroed, "Zeroed memory is zero", REQ("ALLOC-013")) {
  for (size_t size = 1; size <= 20000; size += size < 600 ? 7 : 1900) {
    TRY(zeroed_round(check, size, DIRTY));
  }
}

/* "alloc_zero returns zero bytes, also where dirty memory is used again, up to
 * 64 MiB." */
MUST(zeroed_large, "Zeroed memory from 32 KiB to 64 MiB", REQ("ALLOC-013"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  for (size_t size = 32768; size <= 3u << 20; size += size / 3 + 1) {
    TRY(zeroed_round(check, size, 4));
  }
  for (size_t size = 4u << 20; size <= 64u << 20; size *= 4) {
    TRY(zeroed_round(check, size - 100, 1));
  }
  struct block block;
  TRY(block_make(check, BY_ALLOC, 3000000, &block));
  TRY(block_resize(check, &block, 1000));
  TRY(zeroed_round(check, 1000000, 2));
  TRY(block_drop(check, &block));
}

/* ---- seldom ------------------------------------------------------------- */

enum { RING = 4096 };

/* `times` blocks of up to 100 bytes from one function, 4096 alive at a time. */
static void churn(struct check *check, enum check_maker maker, size_t times) {
  static struct block blocks[RING];
  check->blames_itself = 1;
  times = measure_is_slow() ? times / 100 : times;
  for (size_t i = 0; i < times; i++) {
    struct block *block = &blocks[check_random(check, RING)];
    size_t size = 1 + check_random(check, 100);
    TRY(block_drop(check, block));
    TRY(block_make(check, maker, size, block));
  }
  TRY(block_drop_all(check, blocks, RING));
}

/* "What holds for one block holds for each of a million: address, size and
 * bytes."  "Blocks of 16 bytes or more are aligned to 16; ..." */
MUST(seldom, "A million blocks", REQ("ALLOC-044", "ALLOC-001")) {
  churn(check, BY_ALLOC, 1000000);
}

/* "What holds for one block holds for each of a million: address, size and
 * bytes." */
MUST(seldom_zero, "Zeroed blocks in hundreds of thousands",
     REQ("ALLOC-044")) {
  churn(check, BY_ZERO, 300000);
}

/* "What holds for one block holds for each of a million: address, size and
 * bytes." */
MUST(seldom_realloc, "Resized blocks in hundreds of thousands",
     REQ("ALLOC-044")) {
  churn(check, BY_REALLOC, 300000);
}

/* "What holds for one block holds for each of a million: address, size and
 * bytes." */
MUST(seldom_aligned, "Aligned blocks in hundreds of thousands",
     REQ("ALLOC-044"), .needs = PMM_BACKEND_ALIGNED) {
  churn(check, BY_ALIGNED, 300000);
}
