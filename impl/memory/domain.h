/* SPDX-License-Identifier: MIT */
/*
 * domain.h - the raw, mem and object domains, and hooks on them.
 *
 *   an operation           the runtime's own requests
 *        |                        |
 *   sizes by address        pmmi_alloc() ... (memory.h)
 *        +-----------+------------+
 *          counters, injected failures
 *          the tracer, while it is on
 *          the domain's hooks: what domain_set() put there, if anything
 *          the domain's base: the backend; for raw, the C library
 *
 *   1. A domain starts with its base.  Hooks are a whole allocator that may
 *      call the one it found; setting it puts an adapter into the domain's
 *      heap, and setting the base again takes the adapter away.  So a domain
 *      without hooks costs nothing.
 *   2. Hooks are called as CPython calls its own: for every request, 0 bytes
 *      and NULL included, save those above PTRDIFF_MAX.
 *   3. Requests of 0 bytes become one byte at the base, and count as one.
 *   4. What an operation handed out is remembered with its size, as free is
 *      not told.  A block that is not remembered goes to the hooks as it is.
 *   5. mem and object are for the thread that holds the runtime (holder.h).
 *      raw is for any thread: domain_raw.h has its sizes, its counters, and the
 *      operations, to which those here pass on.
 *
 * Invariant: heap[d] of the memory (or what the tracer found there) is the
 * base itself exactly when current[d] equals base[d].
 *
 * Source: PEP 445; CPython 3.11 Objects/obmalloc.c (PyMem_SetAllocator).
 */
#ifndef PMMI_DOMAIN_H
#define PMMI_DOMAIN_H

#include "memory/domain_raw.h"
#include "memory/size_table.h"

/** The domains of a runtime. */
struct pmmi_domains {
  struct pmm_domain_allocator base[PMMI_DOMAINS];    /* what lies below all */
  struct pmm_domain_allocator current[PMMI_DOMAINS]; /* the outermost hooks */
  struct pmmi_allocator direct[PMMI_DOMAINS]; /* the bases, with sizes      */
  struct pmmi_size_table
      sizes; /* of mem and object that operations handed out */
};

/** Requests of 0 bytes are for one at the base. */
static inline size_t pmmi_at_least_one(size_t size) {
  return size > 0 ? size : 1;
}

/** What a domain is asked for `size` bytes: only hooks hear of 0. */
size_t pmmi_domain_asked(pmm_rt *rt, enum pmm_domain domain, size_t size);

/** Every domain is its base.  Cannot fail. */
void pmmi_domains_init(pmm_rt *rt);

/** Forget the sizes; blocks that are live stay with the backend. */
void pmmi_domains_fini(pmm_rt *rt);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

void *pmmi_domain_malloc(pmm_rt *rt, enum pmm_domain domain, size_t size);
void *pmmi_domain_calloc(pmm_rt *rt, enum pmm_domain domain, size_t n,
                         size_t size);
void *pmmi_domain_realloc(pmm_rt *rt, enum pmm_domain domain, void *block,
                          size_t size);
void pmmi_domain_free(pmm_rt *rt, enum pmm_domain domain, void *block);
void pmmi_domain_get(pmm_rt *rt, enum pmm_domain domain,
                     struct pmm_domain_allocator *out);
enum pmm_status pmmi_domain_set(pmm_rt *rt, enum pmm_domain domain,
                                const struct pmm_domain_allocator *allocator);

#endif /* PMMI_DOMAIN_H */
