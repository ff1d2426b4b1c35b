/* SPDX-License-Identifier: MIT */
/*
 * checked.h - the checked heap: the pool, with each block watched.
 *
 *   owner            asks for blocks of a size
 *     checked heap   knows who owns which block, and for how many bytes
 *       shadows      lists aside, requested sizes (shadow.h)
 *       quarantine   blocks that wait before reuse (quarantine.h)
 *     the pool       arenas, pools, queues, large blocks (pool.h)
 *       our hooks    announce arenas to the memory checker
 *     system         or the hooks of whoever opened the heap
 *
 *   1. The pool below chooses arenas and pools as it always does; which block
 *      of a pool is next is decided here, so that the pool's own lists stay
 *      empty and no free block is ever touched.
 *   2. A block that comes back must be live: a double free or an address
 *      inside a block is reported (valgrind: "Invalid free"), else aborts.
 *      Aligned blocks come from malloc, where a checker watches them itself.
 *   3. The pool knows nothing of all this, so its fast path has no test for
 *      it: whoever wants checks uses these functions in place of the pool's.
 *
 * Invariant (pmmi_checked_is_valid): the pool's, but for its lists; the
 * shadows' and the quarantine's.  In a build with -Dchecked=true it is called
 * at each trim and at the end.
 */
#ifndef PMMI_POOL_CHECKED_H
#define PMMI_POOL_CHECKED_H

#include <stddef.h>

#include "pmm/backend.h"
#include "pool/pool.h"
#include "pool/quarantine.h"
#include "pool/shadow.h"

/** A checked heap. */
struct pmmi_checked {
  struct pmmi_heap heap;             /* the pool below; its lists are empty  */
  struct pmm_os os;                  /* where its pages come from            */
  struct pmmi_shadows shadows;       /* of its pools                         */
  struct pmmi_quarantine quarantine; /* of its blocks                        */
};

/** 1 when heaps are worth checking: a memory checker listens, or the build
 *  says so.  The same for the whole life of the process. */
int pmmi_checked_is_wanted(void);

/** A new heap over `config`, which is read during the call only; keeps
 *  config->quarantine_bytes from reuse.  NULL: no memory. */
struct pmmi_checked *pmmi_checked_open(const struct pmm_backend_config *config);

/** Give everything back; live blocks become invalid.  Where a checker listens
 *  they stay where they are, so that it reports them as leaks. */
void pmmi_checked_close(struct pmmi_checked *checked);

/* As the functions of pool.h of the same names.  The owner of a block may use
 * the bytes that it asked for, and no more. */
void *pmmi_checked_alloc(struct pmmi_checked *checked, size_t size);
void *pmmi_checked_alloc_zero(struct pmmi_checked *checked, size_t n,
                              size_t size);
void *pmmi_checked_alloc_aligned(struct pmmi_checked *checked, size_t align,
                                 size_t size);
void *pmmi_checked_realloc(struct pmmi_checked *checked, void *block,
                           size_t old_size, size_t new_size);
size_t pmmi_checked_usable_size(struct pmmi_checked *checked,
                                const void *block);
size_t pmmi_checked_trim(struct pmmi_checked *checked);

/** Give back a block; NULL is ignored.  Ends the process when it is no live
 *  block of this heap, but under valgrind, which reports it. */
void pmmi_checked_free(struct pmmi_checked *checked, void *block);

/** The same; ends the process when a small block has another size. */
void pmmi_checked_free_sized(struct pmmi_checked *checked, void *block,
                             size_t size);

/* As the functions of figures.h: what is in quarantine is not live, except in
 * the figures of an arena (pmmi_pool_arena_stats() of the heap below). */
void pmmi_checked_stats(struct pmmi_checked *checked,
                        struct pmm_backend_stats *out);
int pmmi_checked_class_stats(struct pmmi_checked *checked, size_t index,
                             struct pmm_class_stats *out);
int pmmi_checked_visit(struct pmmi_checked *checked,
                       int (*fn)(void *ctx, const struct pmm_block *block),
                       void *ctx);

/** NULL when the invariant holds, else the part of it that does not. */
const char *pmmi_checked_is_valid(const struct pmmi_checked *checked);

#endif /* PMMI_POOL_CHECKED_H */
