/* SPDX-License-Identifier: MIT */
/* arenas.c - hooks on the arena layer; see arenas.h. */
#include "memory/arenas.h"

#include <stdlib.h>

#include "host.h"
#include "memory/memory_state.h"

/* ---- the innermost allocator --------------------------------------------- */

static void *arena_map(void *ctx, size_t size) {
  const struct pmmi_arenas *arenas = ctx;
  const struct pmm_os *host = pmmi_host_os();
  return host->map(host->ctx, size, arenas->align);
}

static void arena_unmap(void *ctx, void *base, size_t size) {
  const struct pmm_os *host = pmmi_host_os();
  (void)ctx;
  host->unmap(host->ctx, base, size);
}

/* ---- the host, as the backend sees it ------------------------------------ */

static int is_arena(size_t align) { return align > pmmi_host_page_bytes(); }

static void *layer_map(void *ctx, size_t size, size_t align) {
  assert(ctx != NULL);
  assert((align & (align - 1)) == 0);
  struct pmmi_arenas *arenas = ctx;
  const struct pmm_arena_allocator *hooks = &arenas->current;
  if (!is_arena(align)) {
    const struct pmm_os *host = pmmi_host_os();
    return host->map(host->ctx, size, align);
  }
  if (pmmi_size_table_reserve(&arenas->mapped, &pmmi_raw_allocator) != 0) {
    return NULL;
  }
  arenas->align = align;
  void *base = hooks->alloc(hooks->ctx, size);
  if (base == NULL) {
    return NULL;
  }
  if (((uintptr_t)base & (align - 1)) != 0) {
    hooks->free(hooks->ctx, base, size);
    return NULL;
  }
  pmmi_size_table_add(&arenas->mapped, base, size);
  return base;
}

static void layer_unmap(void *ctx, void *base, size_t size) {
  assert(base != NULL);
  struct pmmi_arenas *arenas = ctx;
  const struct pmm_arena_allocator *hooks = &arenas->current;
  size_t mapped;
  if (pmmi_size_table_take(&arenas->mapped, base, &mapped)) {
    assert(mapped == size);
    hooks->free(hooks->ctx, base, size);
  } else {
    arena_unmap(ctx, base, size);
  }
}

static void layer_discard(void *ctx, void *base, size_t size) {
  const struct pmm_os *host = pmmi_host_os();
  (void)ctx;
  host->discard(host->ctx, base, size);
}

/* ---- life ---------------------------------------------------------------- */

struct pmmi_arenas *pmmi_arenas_new(void) {
  struct pmmi_arenas *arenas = calloc(1, sizeof *arenas);
  if (arenas != NULL) {
    arenas->os = (struct pmm_os){arenas, layer_map, layer_unmap,
                                 layer_discard};
    arenas->align = pmmi_host_page_bytes();
    arenas->current = (struct pmm_arena_allocator){arenas, arena_map,
                                                   arena_unmap};
  }
  return arenas;
}

void pmmi_arenas_free(struct pmmi_arenas *arenas) {
  if (arenas != NULL) {
    /* Under valgrind the pool keeps regions with live blocks, so that they
     * are reported; the table need not be empty. */
    pmmi_size_table_fini(&arenas->mapped, &pmmi_raw_allocator);
    free(arenas);
  }
}

/* ---- operations ---------------------------------------------------------- */

void pmmi_arena_get(pmm_rt *rt, struct pmm_arena_allocator *out) {
  assert(out != NULL);
  *out = pmmi_memory_state(rt)->arenas != NULL
             ? pmmi_memory_state(rt)->arenas->current
             : (struct pmm_arena_allocator){.ctx = NULL};
}

enum pmm_status pmmi_arena_set(pmm_rt *rt,
                               const struct pmm_arena_allocator *allocator) {
  assert(allocator != NULL);
  if (pmmi_memory_state(rt)->arenas == NULL) {
    return pmmi_memory_fail(rt, PMM_UNSUPPORTED,
                            "the backend maps its own pages");
  }
  pmmi_memory_state(rt)->arenas->current = *allocator;
  return PMM_OK;
}
