/* SPDX-License-Identifier: MIT */
/*
 * quarantine.h - blocks that came back to a checked heap and wait.
 *
 * memcheck delays the reuse of malloc's blocks, but not inside a pool.  So the
 * last blocks that came back, as many bytes as the heap was asked to keep,
 * stay retired (shadow.h) before the oldest may be handed out again.
 *
 * Invariant: blocks and bytes are the sums over the classes; bytes stay
 * within the limit.
 */
#ifndef PMMI_POOL_QUARANTINE_H
#define PMMI_POOL_QUARANTINE_H

#include <stddef.h>
#include <stdint.h>

#include "pool/shadow.h"

/** Retired blocks, oldest first. */
struct pmmi_quarantine {
  struct pmmi_pool_table table; /* ring of addresses                        */
  size_t capacity;              /* of the ring                              */
  size_t head;                  /* index of the oldest                      */
  size_t count;                 /* blocks in it                             */
  size_t bytes;                 /* their class sizes                        */
  size_t limit_bytes;           /* above which the oldest leave             */
  uint32_t in_class[PMMI_POOL_CLASSES + 1]; /* blocks of each class         */
};

/** Keep a retired block, letting older ones go; 0: it is taken back by the
 *  caller, being larger than the quarantine or for want of memory. */
int pmmi_quarantine_push(struct pmmi_quarantine *q,
                         struct pmmi_shadows *shadows,
                         const struct pmmi_pool *pool, void *block);

/** Let all blocks go. */
void pmmi_quarantine_flush(struct pmmi_quarantine *q,
                           struct pmmi_shadows *shadows);

/** NULL when the invariant holds, else the sentence that does not. */
const char *pmmi_quarantine_check(const struct pmmi_quarantine *q);

#endif /* PMMI_POOL_QUARANTINE_H */
