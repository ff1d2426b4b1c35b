/* SPDX-License-Identifier: MIT */
/*
 * cases_aligned.c - blocks that were asked for with an alignment.
 */
#include <errno.h>

#include "backends/malloclike.h"
#include "blocks.h"
#include "measure.h"

enum { NEIGHBOURS = 24 };

/* "alloc_aligned serves every power of two up to 4096 with every size, and the
 * block is aligned to it." */
MUST(aligned, "Alignments up to 4096", REQ("ALLOC-002"),
     .needs = PMM_BACKEND_ALIGNED) {
  static struct block blocks[NEIGHBOURS];
  for (size_t align = 1; align <= 4096; align *= 2) {
    for (size_t size = 0; size <= 300000;
         size += size < 1100 ? 37 : size / 2 + 1) {
      TRY(block_make_aligned(check, align, size, &blocks[0]));
      TRY(block_make_aligned(check, align, size + align, &blocks[1]));
      TRY(block_drop_all(check, blocks, 2));
    }
  }
  for (size_t align = 16; align <= 4096; align *= 2) {
    for (size_t i = 0; i < NEIGHBOURS; i++) {
      TRY(block_make_aligned(check, align, align << i % 3, &blocks[i]));
    }
    TRY(block_drop_all(check, blocks, NEIGHBOURS));
  }
}

/* "A request aligned to more than 4096 is served as asked, or refused with
 * NULL." */
MUST(aligned_far, "Alignments above 4096", REQ("ALLOC-003"),
     .needs = PMM_BACKEND_ALIGNED | PMM_BACKEND_FREES,
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  static const size_t sizes[] = {1, 5000, 70000, 600000};
  /* valgrind ends at an alignment of 16 MiB */
  size_t most = measure_is_slow() ? 2u << 20 : 32u << 20;
  check->may_refuse = 1;
  for (size_t align = 8192; align <= most; align *= 4) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      struct block first, second;
      TRY(block_make_aligned(check, align, sizes[i], &first));
      TRY(block_make_aligned(check, align, sizes[i], &second));
      TRY(block_drop(check, &first));
      TRY(block_drop(check, &second));
    }
  }
}

/* "A request above PTRDIFF_MAX, or n * size that wraps, returns NULL and
 * touches nothing." */
MUST(aligned_overflow, "An aligned request that cannot be served",
     REQ("ALLOC-005"), .needs = PMM_BACKEND_ALIGNED) {
  static const size_t below[] = {0, 1, 7, 15, 16, 31, 47, 63, 100, 1000};
  struct block kept;
  TRY(block_make(check, BY_ALIGNED, 40, &kept));
  for (size_t align = 16; align <= 65536; align *= 2) {
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
      const size_t sizes[] = {SIZE_MAX - below[i], SIZE_MAX - align - below[i],
                              SIZE_MAX - 2 * align + 1 - below[i],
                              (size_t)PTRDIFF_MAX + 1 + below[i]};
      for (size_t s = 0; s < 4; s++) {
        EXPECT(check,
               check->backend->alloc_aligned(check->heap, align, sizes[s]) ==
                   NULL,
               "%zu bytes aligned to %zu were served", sizes[s], align);
      }
    }
  }
  TRY(block_drop(check, &kept));
}

/* "A realloc of an aligned block keeps the bytes that both sizes have." */
MUST(realloc_aligned, "realloc of an aligned block", REQ("ALLOC-010"),
     .needs = PMM_BACKEND_ALIGNED) {
  static const size_t sizes[] = {8, 100, 1000, 5000, 70000, 1500000};
  struct block block;
  for (size_t align = 16; align <= 4096; align *= 2) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      const size_t steps[] = {sizes[i] + 1, sizes[i] * 2 + 5, sizes[i] / 2 + 1,
                              sizes[i]};
      for (size_t s = 0; s < 4; s++) {
        TRY(block_make_aligned(check, align, sizes[i], &block));
        TRY(block_resize(check, &block, steps[s]));
        TRY(block_resize(check, &block, steps[3 - s] + 60));
        TRY(block_drop(check, &block));
      }
    }
  }
}

/* ---- posix_memalign ----------------------------------------------------- */

static int is_refused(struct check *check,
                      const struct pmmi_malloclike *like, size_t align,
                      size_t size, int error) {
  static char nothing;
  void *block = &nothing;
  int result = like->posix_memalign(&block, align, size);
  REQUIRE(check, result == error,
          "posix_memalign of %zu at %zu returned %d, not %d", size, align,
          result, error);
  REQUIRE(check, block == &nothing,
          "a failed posix_memalign of %zu at %zu wrote its result", size,
          align);
  return 0;
}

/* "A library's posix_memalign serves powers of two from the size of a pointer
 * with every size, and returns EINVAL or ENOMEM, and writes nothing, where it
 * does not." */
MUST(posix_memalign, "posix_memalign of a malloc library", REQ("ALLOC-046"),
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  const struct pmmi_malloclike *like = pmmi_malloclike_of(check->backend);
  if (like == NULL || like->posix_memalign == NULL) {
    check_skip(check, "posix_memalign");
    return;
  }
  for (size_t align = sizeof(void *); align <= 4096; align *= 2) {
    for (size_t size = 1; size <= 40000; size += size < 300 ? 13 : size / 2) {
      void *at = NULL;
      struct block block;
      int error = like->posix_memalign(&at, align, size);
      EXPECT(check, error == 0, "%zu at %zu: %d", size, align, error);
      TRY(block_take(check, "posix_memalign", at, size, align, &block));
      TRY(block_drop(check, &block));
    }
    TRY(is_refused(check, like, align, SIZE_MAX - align, ENOMEM));
    TRY(is_refused(check, like, align, SIZE_MAX - 7, ENOMEM));
    TRY(is_refused(check, like, align, SIZE_MAX, ENOMEM));
  }
  TRY(is_refused(check, like, 3, 100, EINVAL));
  TRY(is_refused(check, like, 24, 100, EINVAL));
}

/* "A library's aligned_alloc or memalign serves a size that is no multiple of
 * the alignment as well, or refuses it with NULL, and refuses what wraps." */
MUST(aligned_raw, "aligned_alloc of a malloc library", REQ("ALLOC-047"),
     .needs = PMM_BACKEND_ALIGNED, .refuses = PMM_BACKEND_ONE_BLOCK) {
  const struct pmmi_malloclike *like = pmmi_malloclike_of(check->backend);
  if (like == NULL) {
    check_skip(check, "a library of malloc's form");
    return;
  }
  check->may_refuse = 1;
  for (size_t align = 8; align <= 4096; align *= 2) {
    struct block blocks[2];
    for (size_t size = 1; size <= 40000; size += size < 300 ? 13 : size / 2) {
      for (size_t i = 0; i < 2; i++) {
        void *at = like->aligned_alloc(align, size);
        TRY(block_take(check, "aligned_alloc", at, size, align, &blocks[i]));
      }
      TRY(block_drop_all(check, blocks, 2));
    }
    for (size_t below = 0; below < 2 * align; below += align / 8) {
      EXPECT(check, like->aligned_alloc(align, SIZE_MAX - below) == NULL,
             "%zu bytes at %zu were served", SIZE_MAX - below, align);
    }
  }
}
