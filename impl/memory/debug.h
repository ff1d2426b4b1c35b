/* SPDX-License-Identifier: MIT */
/*
 * debug.h - the debug layer: guard bytes, fill patterns, a quarantine.
 *
 *   block of n bytes, as the layer below gives it (n + 24 bytes)
 *    0                8        9              16            16+n     24+n
 *    +----------------+--------+---------------+-------------+---------+
 *    | n, big-endian  | letter | 7 x 0xFD      | n x 0xCD    | 8 x 0xFD|
 *    +----------------+--------+---------------+-------------+---------+
 *                      r, m, o                 ^ what the owner gets
 *
 *   1. The layer is hooks on all three domains (domain.h), so it costs
 *      nothing where it is not, and other hooks go over or under it.
 *   2. Fresh bytes read 0xCD, zeroed ones 0, bytes a resize added 0xCD.
 *      A resize always moves, so that the old address is dead.
 *   3. On free and realloc the block must be live, its letter the domain's,
 *      its guards whole.  The first fault is written to standard error,
 *      reported as PMM_EVENT_FAULT (cookie: the address), and aborts.
 *   4. A freed block reads 0xDD and waits in the quarantine, so that using
 *      it again is told from using a later block.  What leaves the
 *      quarantine (oldest first, when it is over its limit, and all of it
 *      when memory is short or the runtime closes) must still read 0xDD.  A
 *      count that was taken down there is an object released too often.
 *   5. A layer that comes later than the runtime hands blocks that it did
 *      not make to the layer below: as many as were live when it came.
 *   6. Any thread may use the raw domain, so the lock of holder.h guards what
 *      the layer knows, and raw blocks have a quarantine of their own: a
 *      thread that does not hold the runtime must not empty the other one.
 *      Such a thread aborts when it calls the mem or the object domain.
 *
 * Invariant: a block of the layer is in `live` or in a quarantine, unless a
 * call under way moves it; bytes is the sum of the quarantine's blocks,
 * overhead included, and <= limit.
 *
 * Source: CPython 3.11 Objects/obmalloc.c (_PyMem_DebugRawAlloc).
 */
#ifndef PMMI_DEBUG_H
#define PMMI_DEBUG_H

#include "memory/domain.h"

/** Bytes the quarantine holds where the configuration names none. */
#define PMMI_DEBUG_QUARANTINE_BYTES ((size_t)1 << 20)

/** The layer over one domain. */
struct pmmi_debug_layer {
  pmm_rt *rt;
  struct pmm_domain_allocator below; /* what it stands on                   */
  char letter;                       /* r, m or o                           */
};

/** A freed block that waits. */
struct pmmi_debug_waiting {
  unsigned char *base; /* as the layer below gave it                        */
  size_t size;         /* as requested                                      */
  int domain;          /* enum pmm_domain                                   */
};

/** Blocks that wait. */
struct pmmi_debug_quarantine {
  struct pmmi_debug_waiting *ring; /* the oldest is at `first`              */
  size_t room;                  /* slots of the ring                        */
  size_t first;                 /* index of the oldest                      */
  size_t count;                 /* slots in use                             */
  size_t bytes;                 /* of the blocks in it, overhead included   */
};

/** The debug layer of a runtime; the lock guards all but what is constant. */
struct pmmi_debug {
  int on;                       /* 1: installed; constant then              */
  struct pmmi_debug_layer layers[PMMI_DOMAINS]; /* constant once installed  */
  struct pmmi_size_table live;  /* blocks as owners know them               */
  uint64_t older;               /* live blocks that the layer did not make  */
  struct pmmi_debug_quarantine held; /* blocks of mem and object            */
  struct pmmi_debug_quarantine raw;  /* raw blocks                          */
  size_t limit_bytes;           /* of each quarantine; constant             */
};

/** Not installed; `limit_bytes` for when it is (0: the default). */
void pmmi_debug_init(pmm_rt *rt, size_t limit_bytes);

/** Abort with a message unless the calling thread holds the runtime or the
 *  layer is that of the raw domain. */
void pmmi_debug_expect_holder(const struct pmmi_debug_layer *layer);

/** Check and empty the quarantines; that of raw blocks alone when the calling
 *  thread does not hold the runtime.  Aborts on a fault. */
void pmmi_debug_flush(pmm_rt *rt);

/** The same, and give back what the layer holds. */
void pmmi_debug_fini(pmm_rt *rt);

/** Operation debug_install.  A second time it does nothing. */
enum pmm_status pmmi_debug_install(pmm_rt *rt);

#endif /* PMMI_DEBUG_H */
