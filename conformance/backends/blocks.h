/* SPDX-License-Identifier: MIT */
/*
 * blocks.h - blocks as a case makes, resizes and frees them.
 *
 *   request  [ size bytes ][ usable beyond ]   all filled with one pattern
 *
 *   1. A block that is made is looked at: its address is aligned, its usable
 *      size is no less than the request, zeroed memory is zero.
 *   2. All of its usable bytes are filled with a pattern of its own.
 *   3. Before it is resized or freed all of them are looked at, so two blocks
 *      that share a byte, or a byte that somebody else wrote, are found
 *      whatever the case is about.
 *
 * Functions return 0, or -1 when an expectation failed and the case is over.
 */
#ifndef PMM_BACKENDS_BLOCKS_H
#define PMM_BACKENDS_BLOCKS_H

#include "check.h"

/** The function of the contract that makes a block. */
enum check_maker {
  BY_ALLOC,
  BY_ZERO,    /* alloc_zero                                                 */
  BY_REALLOC, /* from a block of about half the size                        */
  BY_ALIGNED, /* at 32 to 4096 in turn; alloc where that is not offered     */
  CHECK_MAKERS
};

/** A live block; `at` NULL: none. */
struct block {
  char *at;
  size_t size;     /* bytes asked for                                       */
  size_t usable;   /* bytes that carry the pattern, at least `size`         */
  uint64_t seed;   /* of the pattern                                        */
};

/** What the maker is called in messages. */
const char *block_maker_name(enum check_maker maker);

/** Make a block of `size` bytes, above 0. */
int block_make(struct check *check, enum check_maker maker, size_t size,
               struct block *block);
/** The same aligned to `align`; `size` may be 0. */
int block_make_aligned(struct check *check, size_t align, size_t size,
                       struct block *block);
/** The same of n * size zero bytes. */
int block_make_zero(struct check *check, size_t n, size_t size,
                    struct block *block);

/** Look at a block that a function `name` made, and fill it.  No memory is a
 *  failure, except for 0 bytes and where the check may be refused. */
int block_take(struct check *check, const char *name, void *at, size_t size,
               size_t align, struct block *block);

/** All bytes are as they were filled. */
int block_intact(struct check *check, const struct block *block);

/** Give the block another size, above 0. */
int block_resize(struct check *check, struct block *block, size_t size);

/** Look at the block and free it; nothing when there is none. */
int block_drop(struct check *check, struct block *block);
/** The same by free_sized; not for a block of BY_ALIGNED. */
int block_drop_sized(struct check *check, struct block *block);

/** Drop all blocks of an array. */
int block_drop_all(struct check *check, struct block *blocks, size_t count);

/** Make `count` blocks of one size. */
int block_make_all(struct check *check, enum check_maker maker, size_t size,
                   struct block *blocks, size_t count);

/** Look at all blocks of an array. */
int block_all_intact(struct check *check, const struct block *blocks,
                     size_t count);

#endif /* PMM_BACKENDS_BLOCKS_H */
