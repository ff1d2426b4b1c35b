/* SPDX-License-Identifier: MIT */
/*
 * cells.h - blocks of domains that a case may free or leave to its end.
 */
#ifndef PMM_CONFORM_CELLS_H
#define PMM_CONFORM_CELLS_H

#include "case.h"

/** A block that is freed with the case, unless it was freed before. */
struct cell {
  enum pmm_domain domain;
  unsigned char *block;
};

static inline void free_cell(struct pmm_test *t, void *subject) {
  struct cell *cell = subject;
  OPS->domain_free(RT, cell->domain, cell->block);
  cell->block = NULL;
}

/** A cell for a block of a domain, which must be there.  Scratch memory. */
static inline struct cell *hold(struct pmm_test *t, enum pmm_domain domain,
                                void *block) {
  struct cell *cell = SCRATCH(struct cell);
  cell->domain = domain;
  cell->block = BLOCK(block);
  defer(t, free_cell, cell);
  return cell;
}

static inline int all_bytes_are(const void *block, size_t n,
                                unsigned char value) {
  const unsigned char *bytes = block;
  for (size_t i = 0; i < n; i++) {
    if (bytes[i] != value) {
      return 0;
    }
  }
  return 1;
}

#endif /* PMM_CONFORM_CELLS_H */
