/* SPDX-License-Identifier: MIT */
/*
 * cases_sizes.c - one block of any size: where it lies, what of it may be used,
 * which requests are refused.
 */
#include <string.h>

#include "blocks.h"
#include "measure.h"

enum { MOST = 600, PAIRS = 2 * MOST };

/* "Blocks of 16 bytes or more are aligned to 16; smaller blocks to the largest
 * power of two not above their size; whichever function made or resized
 * them." */
MUST(alignment, "Blocks are aligned by their size", REQ("ALLOC-001")) {
  static struct block kept[PAIRS];
  for (int maker = BY_ALLOC; maker <= BY_REALLOC; maker++) {
    for (size_t size = 1; size <= MOST; size++) {
      for (size_t i = 0; i < 2; i++) {
        TRY(block_make(check, (enum check_maker)maker, size,
                       &kept[2 * size - 2 + i]));
      }
    }
    TRY(block_drop_all(check, kept, PAIRS));
  }
  for (size_t size = 1000; size <= 3000000; size += size / 3 + 7) {
    TRY(block_make(check, BY_ALLOC, size, &kept[0]));
    TRY(block_make(check, BY_ZERO, size, &kept[1]));
    TRY(block_resize(check, &kept[0], size + size / 5));
    TRY(block_drop_all(check, kept, 2));
  }
}

/* "With PMM_BACKEND_ZERO_UNIQUE a request of 0 bytes returns a pointer that
 * differs from every live block and must be freed; without it it may return
 * NULL." */
MUST(zero_size, "A request of 0 bytes", REQ("ALLOC-004"),
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  const struct pmm_backend *b = check->backend;
  for (size_t round = 0; round < 100; round++) {
    void *first = b->alloc(check->heap, 0);
    void *second = b->alloc(check->heap, 0);
    void *third = b->alloc_zero(check->heap, 0, 8);
    void *fourth = b->alloc_zero(check->heap, 8, 0);
    int none = first == NULL && second == NULL && third == NULL;
    EXPECT(check,
           !(b->capabilities & PMM_BACKEND_ZERO_UNIQUE) ||
               (first != NULL && second != NULL && third != NULL),
           "size 0 gave NULL although ZERO_UNIQUE is claimed");
    EXPECT(check,
           none || (first != second && second != third && first != third &&
                    fourth != first && fourth != second && fourth != third),
           "size 0 gave %p, %p, %p and %p", first, second, third, fourth);
    b->free(check->heap, fourth);
    b->free(check->heap, third);
    b->free_sized(check->heap, second, 0);
    b->free(check->heap, first);
  }
}

/* ---- requests that are refused ------------------------------------------ */

/* Sizes near which additions wrap. */
static const size_t too_large[] = {
    (size_t)PTRDIFF_MAX + 1, (size_t)PTRDIFF_MAX + 4097, SIZE_MAX / 2 + 9,
    SIZE_MAX - 70000,        SIZE_MAX - 4096,            SIZE_MAX - 4095,
    SIZE_MAX - 1000,         SIZE_MAX - 64,              SIZE_MAX - 32,
    SIZE_MAX - 31,           SIZE_MAX - 16,              SIZE_MAX - 15,
    SIZE_MAX - 8,            SIZE_MAX - 7,               SIZE_MAX - 1,
    SIZE_MAX};
enum { TOO_LARGE = sizeof too_large / sizeof too_large[0] };

/* "A request above PTRDIFF_MAX, or n * size that wraps, returns NULL and
 * touches nothing." */
MUST(overflow, "A request that cannot be served is refused",
     REQ("ALLOC-005")) {
  const struct pmm_backend *b = check->backend;
  struct block kept;
  TRY(block_make(check, BY_ALLOC, 40, &kept));
  for (size_t i = 0; i < TOO_LARGE; i++) {
    EXPECT(check, b->alloc(check->heap, too_large[i]) == NULL,
           "%zu bytes were served", too_large[i]);
    EXPECT(check, b->alloc_zero(check->heap, 1, too_large[i]) == NULL,
           "1 * %zu zero bytes were served", too_large[i]);
    EXPECT(check, b->alloc_zero(check->heap, too_large[i], 1) == NULL,
           "%zu * 1 zero bytes were served", too_large[i]);
  }
  for (size_t n = 2; n <= (size_t)1 << 40; n *= 2) {
    EXPECT(check, b->alloc_zero(check->heap, n, SIZE_MAX / n + 2) == NULL,
           "%zu * size wrapped to a few bytes", n);
    EXPECT(check, b->alloc_zero(check->heap, SIZE_MAX / n + 2, n) == NULL,
           "n * %zu wrapped to a few bytes", n);
  }
  EXPECT(check, b->alloc_zero(check->heap, SIZE_MAX, SIZE_MAX) == NULL,
         "SIZE_MAX * SIZE_MAX wrapped to 1");
  TRY(block_drop(check, &kept));
}

/* "free(NULL) is a no-op, and so is free_sized(NULL, n)." */
MUST(free_null, "free(NULL) does nothing", REQ("ALLOC-006")) {
  struct block block;
  check->backend->free(check->heap, NULL);
  check->backend->free_sized(check->heap, NULL, 16);
  check->backend->free_sized(check->heap, NULL, 4096);
  TRY(block_make(check, BY_ALLOC, 16, &block));
  TRY(block_drop(check, &block));
}

/* ---- sized, usable ------------------------------------------------------ */

/* "free_sized gives a block back that was last requested with that size, by
 * whichever function." */
MUST(sized_free, "A sized free", REQ("ALLOC-014")) {
  struct block blocks[3];
  for (size_t size = 1; size <= 3 << 20; size += size < MOST ? 1 : size / 3) {
    for (size_t round = 0; round < 2; round++) {
      TRY(block_make(check, BY_ALLOC, size, &blocks[0]));
      TRY(block_make_zero(check, 3, size, &blocks[1]));
      TRY(block_make(check, BY_REALLOC, size, &blocks[2]));
      for (size_t i = 0; i < 3; i++) {
        TRY(block_drop_sized(check, &blocks[i]));
      }
    }
  }
}

/* "usable_size is at least the request, and all of it belongs to the owner,
 * whichever function made or resized the block." */
MUST(usable_size, "All usable bytes belong to the owner", REQ("ALLOC-015"),
     .needs = PMM_BACKEND_USABLE_SIZE) {
  enum { NEIGHBOURS = 4 };
  static struct block blocks[CHECK_MAKERS * NEIGHBOURS];
  for (size_t size = 1; size <= 300000; size += size < MOST ? 1 : size / 4) {
    for (size_t i = 0; i < CHECK_MAKERS * NEIGHBOURS; i++) {
      TRY(block_make(check, (enum check_maker)(i % CHECK_MAKERS), size,
                     &blocks[i]));
    }
    TRY(block_all_intact(check, blocks, CHECK_MAKERS * NEIGHBOURS));
    for (size_t i = 0; i < CHECK_MAKERS; i++) {
      TRY(block_resize(check, &blocks[i], size + 1 + size / 9));
      TRY(block_resize(check, &blocks[i], size / 3 + 1));
    }
    TRY(block_drop_all(check, blocks, CHECK_MAKERS * NEIGHBOURS));
  }
}

/* ---- large -------------------------------------------------------------- */

/* "Every byte of a request is served, of whatever size up to 64 MiB, power of
 * two or not." */
MUST(large, "Blocks of many megabytes", REQ("ALLOC-016"),
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  for (size_t size = 1 << 16; size <= 16u << 20; size *= 4) {
    struct block block;
    TRY(block_make(check, BY_ALLOC, size, &block));
    TRY(block_resize(check, &block, size * 2));
    TRY(block_drop_sized(check, &block));
  }
}

/* "Every byte of a request is served, of whatever size up to 64 MiB, power of
 * two or not." */
MUST(odd_sizes, "Sizes from 64 KiB to 64 MiB that are no powers of two",
     REQ("ALLOC-016"), .needs = PMM_BACKEND_FREES,
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  static const size_t sizes[] = {65537,   100003,   131073,   200001,
                                 262145,  333333,   524289,   1000003,
                                 1048577, 3145745,  5000011,  9437185,
                                 17825793, 34603021, 67108859};
  enum { SIZES = sizeof sizes / sizeof sizes[0] };
  struct block blocks[SIZES];
  for (size_t i = 0; i < SIZES; i++) {
    enum check_maker maker = (enum check_maker)(i % CHECK_MAKERS);
    TRY(block_make(check, maker, sizes[i], &blocks[i]));
  }
  TRY(block_drop_all(check, blocks, SIZES));
  for (size_t i = 0; i < 13; i++) {
    for (int maker = 0; maker < CHECK_MAKERS; maker++) {
      TRY(block_make(check, (enum check_maker)maker, sizes[i] - 1,
                     &blocks[maker]));
    }
    TRY(block_drop_all(check, blocks, CHECK_MAKERS));
  }
}

/* ---- beyond 31 and 32 bits ---------------------------------------------- */

/* Bytes at which a size that was cut to 31 or 32 bits would end, and those at
 * the end of a block; writes them, then reads them. */
static int touch_ends(struct check *check, const char *name, char *at,
                      size_t size) {
  const size_t places[] = {0,          4096,        100u << 20,
                           1u << 30,   (1u << 31) - 1, 1u << 31,
                           3u << 30,   size - 4096, size - 1};
  enum { PLACES = sizeof places / sizeof places[0] };
  REQUIRE(check, at != NULL, "%s: no memory for %zu bytes", name, size);
  for (size_t i = 0; i < PLACES; i++) {
    at[places[i]] = (char)(i + 1);
  }
  for (size_t i = 0; i < PLACES; i++) {
    REQUIRE(check, at[places[i]] == (char)(i + 1),
            "%s: byte %zu of %zu is another's", name, places[i], size);
  }
  return 0;
}

/* Requests that no machine has the addresses for, and that would be small if
 * they were cut to 32 bits: none is served. */
static int cut_to_nothing(struct check *check) {
  const struct pmm_backend *b = check->backend;
  const size_t far = ((size_t)1 << 56) + 64;
  struct block kept;
  TRY_OR_RETURN(block_make(check, BY_ALLOC, 64, &kept));
  REQUIRE(check, b->alloc(check->heap, far) == NULL, "%zu bytes served", far);
  REQUIRE(check, b->realloc(check->heap, kept.at, 64, far) == NULL,
          "%zu bytes were served by realloc", far);
  REQUIRE(check, b->alloc_aligned(check->heap, 16, far) == NULL,
          "%zu aligned bytes were served", far);
  for (size_t size = 16; size <= (size_t)1 << 28; size *= 4096) {
    size_t n = ((size_t)1 << 56) / size + 1;
    REQUIRE(check, b->alloc_zero(check->heap, n, size) == NULL,
            "%zu * %zu bytes were served", n, size);
  }
  return block_drop(check, &kept);
}

/* "A request of more than 2 or 4 GiB is served whole, or refused with NULL
 * where memory is short." */
MUST(beyond_32_bits, "Sizes that do not fit 31 or 32 bits", REQ("ALLOC-017"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  const struct pmm_backend *b = check->backend;
  const size_t first = ((size_t)3 << 30) + 12345;
  const size_t second = ((size_t)4 << 30) + 100;
  struct block small;
  TRY(cut_to_nothing(check));
  if (measure_available() < (uint64_t)8 << 30 || !measure_applies(check)) {
    check_skip(check, "8 GiB of memory at hand");
    return;
  }
  TRY(block_make(check, BY_ALLOC, 12345, &small));
  char *at = b->alloc(check->heap, first);
  TRY(touch_ends(check, "alloc", at, first));
  TRY(block_intact(check, &small));
  at = b->realloc(check->heap, at, first, 1000);
  EXPECT(check, at != NULL && at[0] == 1, "shrinking 3 GiB loses byte 0");
  at = b->realloc(check->heap, at, 1000, second);
  TRY(touch_ends(check, "realloc", at, second));
  b->free(check->heap, at);
  TRY(block_drop(check, &small));
}
