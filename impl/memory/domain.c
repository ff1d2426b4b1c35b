/* SPDX-License-Identifier: MIT */
/* domain.c - domains and their hooks; idea and invariant: domain.h. */
#include "memory/domain.h"

#include "memory/memory_state.h"

/* ---- the bases ----------------------------------------------------------- */

static void *base_malloc(void *ctx, size_t size) {
  assert(ctx != NULL);
  struct pmmi_allocator *heap = &((struct pmmi_memory *)ctx)->bottom;
  return heap->alloc(heap->ctx, pmmi_at_least_one(size));
}

static void *base_calloc(void *ctx, size_t n, size_t size) {
  struct pmmi_allocator *heap = &((struct pmmi_memory *)ctx)->bottom;
  int empty = n == 0 || size == 0;
  return heap->alloc_zero(heap->ctx, empty ? 1 : n, empty ? 1 : size);
}

/* A backend wants to know the size; what it tells itself is near enough, as
 * it is at least what was requested and all of it is the block's. */
static void *base_realloc(void *ctx, void *block, size_t size) {
  const struct pmmi_memory *m = ctx;
  if (block == NULL) {
    return base_malloc(ctx, size);
  }
  if (m->backend->usable_size == NULL) {
    return NULL;
  }
  size_t old_size = m->backend->usable_size(m->backend_heap, block);
  return m->backend->realloc(m->backend_heap, block, old_size,
                             pmmi_at_least_one(size));
}

static void base_free(void *ctx, void *block) {
  assert(ctx != NULL);
  const struct pmmi_memory *m = ctx;
  m->backend->free(m->backend_heap, block);
}

/* ---- the adapter: hooks as the runtime's requests see them --------------- */

static void *hooked_alloc(void *ctx, size_t size) {
  assert(size <= PTRDIFF_MAX);
  const struct pmm_domain_allocator *hooks = ctx;
  return hooks->malloc(hooks->ctx, size);
}

static void *hooked_alloc_zero(void *ctx, size_t n, size_t size) {
  const struct pmm_domain_allocator *hooks = ctx;
  return hooks->calloc(hooks->ctx, n, size);
}

static void *hooked_realloc(void *ctx, void *block, size_t old_size,
                            size_t new_size) {
  assert(new_size <= PTRDIFF_MAX);
  const struct pmm_domain_allocator *hooks = ctx;
  (void)old_size;
  return hooks->realloc(hooks->ctx, block, new_size);
}

static void hooked_free_sized(void *ctx, void *block, size_t size) {
  const struct pmm_domain_allocator *hooks = ctx;
  (void)size;
  hooks->free(hooks->ctx, block);
}

static int is_same(const struct pmm_domain_allocator *a,
                   const struct pmm_domain_allocator *b) {
  return a->ctx == b->ctx && a->malloc == b->malloc &&
         a->calloc == b->calloc && a->realloc == b->realloc &&
         a->free == b->free;
}

static int is_hooked(pmm_rt *rt, enum pmm_domain domain) {
  return !is_same(&pmmi_domains_of(rt)->current[domain],
                  &pmmi_domains_of(rt)->base[domain]);
}

/** Where the domain's heap stands: below the tracer, while it is on. */
static struct pmmi_allocator *place_of(pmm_rt *rt, enum pmm_domain domain) {
  assert((int)domain < PMMI_DOMAINS);
  return pmmi_trace_of(rt)->on ? &pmmi_trace_of(rt)->layers[domain].below
                      : &pmmi_memory_of(rt)->heap[domain];
}

void pmmi_domain_get(pmm_rt *rt, enum pmm_domain domain,
                     struct pmm_domain_allocator *out) {
  assert((int)domain < PMMI_DOMAINS && out != NULL);
  *out = pmmi_domains_of(rt)->current[domain];
}

enum pmm_status pmmi_domain_set(pmm_rt *rt, enum pmm_domain domain,
                                const struct pmm_domain_allocator *allocator) {
  assert((int)domain < PMMI_DOMAINS && allocator != NULL);
  struct pmmi_domains *domains = pmmi_domains_of(rt);
  domains->current[domain] = *allocator;
  *place_of(rt, domain) =
      is_hooked(rt, domain)
          ? (struct pmmi_allocator){.ctx = &domains->current[domain],
                                    .alloc = hooked_alloc,
                                    .alloc_zero = hooked_alloc_zero,
                                    .realloc = hooked_realloc,
                                    .free_sized = hooked_free_sized}
          : domains->direct[domain];
  return PMM_OK;
}

/* ---- life ---------------------------------------------------------------- */

void pmmi_domains_init(pmm_rt *rt) {
  struct pmmi_domains *domains = pmmi_domains_of(rt);
  const struct pmm_domain_allocator backend = {
      pmmi_memory_of(rt), base_malloc, base_calloc, base_realloc, base_free};
  for (int domain = 0; domain < PMMI_DOMAINS; domain++) {
    int raw = domain == PMM_DOMAIN_RAW;
    domains->base[domain] = raw ? pmmi_raw_base : backend;
    domains->direct[domain] =
        raw ? pmmi_raw_allocator : pmmi_memory_of(rt)->bottom;
    domains->current[domain] = domains->base[domain];
    pmmi_memory_of(rt)->heap[domain] = domains->direct[domain];
  }
}

void pmmi_domains_fini(pmm_rt *rt) {
  pmmi_raw_fini(rt);
  pmmi_size_table_fini(&pmmi_domains_of(rt)->sizes,
                       &pmmi_memory_of(rt)->bottom);
}

/* ---- operations ---------------------------------------------------------- */

/* What follows is for mem and object; domain_raw.c has the raw domain. */

/** The debug layer lets no thread in that does not hold the runtime: before
 *  anything of it is touched. */
static void expect_holder(pmm_rt *rt, enum pmm_domain domain) {
  assert(domain != PMM_DOMAIN_RAW);
  if (pmmi_debug_of(rt)->on) {
    pmmi_debug_expect_holder(&pmmi_debug_of(rt)->layers[domain]);
  }
}

/** 1 when the attempt may be made, and its block be remembered. */
static int may_attempt(pmm_rt *rt, enum pmm_domain domain) {
  assert(domain != PMM_DOMAIN_RAW);
  expect_holder(rt, domain);
  struct pmmi_memory *m = pmmi_memory_of(rt);
  if (m->attempts++ >= m->fail_at) {
    pmmi_memory_refuse(m);
    return 0;
  }
  if (pmmi_size_table_reserve(&pmmi_domains_of(rt)->sizes, &m->bottom) != 0) {
    m->refused++;
    return 0;
  }
  return 1;
}

/** Count and remember what the attempt brought. */
static void *attempted(pmm_rt *rt, enum pmm_domain domain, void *block,
                       size_t size) {
  assert(domain != PMM_DOMAIN_RAW);
  if (block == NULL) {
    pmmi_memory_of(rt)->refused++;
    return NULL;
  }
  pmmi_memory_count(pmmi_memory_of(rt), domain, pmmi_at_least_one(size));
  pmmi_size_table_add(&pmmi_domains_of(rt)->sizes, block,
                      pmmi_at_least_one(size));
  return block;
}

size_t pmmi_domain_asked(pmm_rt *rt, enum pmm_domain domain, size_t size) {
  return is_hooked(rt, domain) ? size : pmmi_at_least_one(size);
}

void *pmmi_domain_malloc(pmm_rt *rt, enum pmm_domain domain, size_t size) {
  if (domain == PMM_DOMAIN_RAW) {
    return pmmi_raw_malloc(rt, size);
  }
  if (size > PTRDIFF_MAX || !may_attempt(rt, domain)) {
    return NULL;
  }
  struct pmmi_allocator *heap = &pmmi_memory_of(rt)->heap[domain];
  void *block = heap->alloc(heap->ctx, pmmi_domain_asked(rt, domain, size));
  return attempted(rt, domain, block, size);
}

void *pmmi_domain_calloc(pmm_rt *rt, enum pmm_domain domain, size_t n,
                         size_t size) {
  if (domain == PMM_DOMAIN_RAW) {
    return pmmi_raw_calloc(rt, n, size);
  }
  size_t bytes;
  if (!pmmi_size_fits(n, size, 0, &bytes) || !may_attempt(rt, domain)) {
    return NULL;
  }
  struct pmmi_allocator *heap = &pmmi_memory_of(rt)->heap[domain];
  int plain = pmmi_domain_asked(rt, domain, bytes) == bytes;
  void *block = heap->alloc_zero(heap->ctx, plain ? n : 1, plain ? size : 1);
  return attempted(rt, domain, block, bytes);
}

/** Resize a block that is remembered with `old_size`. */
static void *resize(pmm_rt *rt, enum pmm_domain domain, void *block,
                    size_t old_size, size_t size) {
  assert(domain != PMM_DOMAIN_RAW);
  assert(block != NULL && size <= PTRDIFF_MAX);
  struct pmmi_memory *m = pmmi_memory_of(rt);
  struct pmmi_allocator *heap = &m->heap[domain];
  size_t new_size = pmmi_at_least_one(size);
  int grows = new_size > old_size;
  if (grows && m->attempts++ >= m->fail_at) {
    pmmi_memory_refuse(m);
    return NULL;
  }
  void *moved = heap->realloc(heap->ctx, block, old_size,
                              pmmi_domain_asked(rt, domain, size));
  if (moved == NULL) {
    m->refused += (uint64_t)grows;
    return NULL;
  }
  (void)pmmi_size_table_take(&pmmi_domains_of(rt)->sizes, block, &old_size);
  pmmi_size_table_add(&pmmi_domains_of(rt)->sizes, moved, new_size);
  pmmi_memory_resized(m, domain, old_size, new_size);
  return moved;
}

void *pmmi_domain_realloc(pmm_rt *rt, enum pmm_domain domain, void *block,
                          size_t size) {
  size_t old_size;
  if (domain == PMM_DOMAIN_RAW) {
    return pmmi_raw_realloc(rt, block, size);
  }
  if (size > PTRDIFF_MAX) {
    return NULL;
  }
  expect_holder(rt, domain);
  if (pmmi_size_table_find(&pmmi_domains_of(rt)->sizes, block, &old_size)) {
    return resize(rt, domain, block, old_size, size);
  }
  if (block != NULL) {
    struct pmm_domain_allocator *current =
        &pmmi_domains_of(rt)->current[domain];
    return current->realloc(current->ctx, block, size);
  }
  if (!may_attempt(rt, domain)) {
    return NULL;
  }
  struct pmmi_allocator *heap = &pmmi_memory_of(rt)->heap[domain];
  block = heap->realloc(heap->ctx, NULL, 0,
                        pmmi_domain_asked(rt, domain, size));
  return attempted(rt, domain, block, size);
}

void pmmi_domain_free(pmm_rt *rt, enum pmm_domain domain, void *block) {
  struct pmmi_memory *m = pmmi_memory_of(rt);
  size_t size;
  if (domain == PMM_DOMAIN_RAW) {
    pmmi_raw_free(rt, block);
    return;
  }
  expect_holder(rt, domain);
  if (!pmmi_size_table_take(&pmmi_domains_of(rt)->sizes, block, &size)) {
    struct pmm_domain_allocator *current =
        &pmmi_domains_of(rt)->current[domain];
    current->free(current->ctx, block);
    return;
  }
  pmmi_memory_uncount(m, domain, size);
  m->heap[domain].free_sized(m->heap[domain].ctx, block, size);
}
