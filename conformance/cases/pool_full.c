/* SPDX-License-Identifier: MIT */
/*
 * cases/pool_full.c - pools that are filled to the last block (POOL-009,
 * POOL-010).
 */
#include "case.h"

enum { MOST = 3000 };

static void give_back(struct pmm_test *t, void *subject) {
  void **blocks = subject;
  for (size_t i = 0; i < MOST; i++) {
    OPS->domain_free(RT, PMM_DOMAIN_OBJ, blocks[i]);
  }
}

static int is_filled(const unsigned char *block, size_t size, unsigned byte) {
  size_t same = 0;
  while (same < size && block[same] == (unsigned char)byte) {
    same++;
  }
  return same == size;
}

/* Blocks of one size for several pools, each filled with its own pattern. */
static void fill_pools(struct pmm_test *t, size_t size) {
  void **blocks = SCRATCH_ARRAY(void *, MOST);
  defer(t, give_back, blocks);
  for (size_t i = 0; i < MOST; i++) {
    blocks[i] = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, size));
    memset(blocks[i], (int)(i % 251), size);
  }
  size_t intact = 0;
  for (size_t i = 0; i < MOST; i++) {
    intact += (size_t)is_filled(blocks[i], size, (unsigned)(i % 251));
  }
  expect_eq(intact, MOST);
}

/* "For any random alloc/free/realloc trace, byte ranges of live blocks are
 * disjoint."  Where one pool ends and the next begins, too. */
MUST(pool, full_pools_do_not_overlap,
     "Blocks of several full pools do not overlap",
     REQ("POOL-009"), NEEDS(domains),
     OOM_EXEMPT("thousands of blocks take too long for a round a failure")) {
  static const size_t sizes[] = {16, 48, 64, 256, 496, 512};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    now_at(t, "%zu bytes", sizes[i]);
    fill_pools(t, sizes[i]);
  }
}
