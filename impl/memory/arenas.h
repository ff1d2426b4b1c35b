/* SPDX-License-Identifier: MIT */
/*
 * arenas.h - hooks on the arena layer.
 *
 *   backend --- os.map(size, align) ---> arenas --- hooks ---> host's pages
 *                                           \-- tables ------> host's pages
 *
 *   1. A backend that takes its pages from the host (PMM_BACKEND_OS_HOOKS)
 *      is given this layer as the host, from its first page on.
 *   2. Regions that it wants aligned beyond a page are arenas and go through
 *      the hooks; the others are its tables and do not.
 *   3. Hooks are not told an alignment.  What they return misaligned goes
 *      back to them, and the arena is refused.
 *
 * The state lies outside the runtime, as the runtime lies in the heap.
 *
 * Source: CPython 3.11 Objects/obmalloc.c (PyObject_SetArenaAllocator).
 */
#ifndef PMMI_ARENAS_H
#define PMMI_ARENAS_H

#include "memory/size_table.h"

/** The arena layer under one heap. */
struct pmmi_arenas {
  struct pmm_os os;                   /* what the backend is given          */
  size_t align;                       /* of the arena that is asked for     */
  struct pmm_arena_allocator current; /* the outermost hooks                */
  struct pmmi_size_table mapped;      /* arenas that are held               */
};

/** A layer over the host's pages.  NULL: no memory. */
struct pmmi_arenas *pmmi_arenas_new(void);

/** Give it back, after the last page.  NULL is ignored. */
void pmmi_arenas_free(struct pmmi_arenas *arenas);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

void pmmi_arena_get(pmm_rt *rt, struct pmm_arena_allocator *out);
/** PMM_UNSUPPORTED: the backend maps its pages by itself. */
enum pmm_status pmmi_arena_set(pmm_rt *rt,
                               const struct pmm_arena_allocator *allocator);

#endif /* PMMI_ARENAS_H */
