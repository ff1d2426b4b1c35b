/* SPDX-License-Identifier: MIT */
/*
 * runtime.c - opening and closing a runtime; see runtime.h.
 *
 * Closing runs what is left to run (finalizers, callbacks, files) while every
 * module still works, and only then takes the modules down, in the reverse
 * of the order in which they came up.
 */
#include "runtime/runtime.h"

#include <string.h>

#include "runtime/introspect.h"
#include "runtime/teardown.h"
#include "runtime/verify.h"

/* ---- open ---------------------------------------------------------------- */

/* Over a layer of arenas where the backend takes its pages from the host. */
static enum pmm_status make_heap(const struct pmm_open_config *config,
                                 struct pmmi_arenas **arenas, void **heap) {
  assert(config->backend != NULL);
  const struct pmm_backend *backend = config->backend;
  struct pmm_backend_config heap_config = {.struct_size = sizeof heap_config,
                                           .seed = config->seed};
  *arenas = NULL;
  if ((backend->capabilities & PMM_BACKEND_OS_HOOKS) != 0) {
    *arenas = pmmi_arenas_new();
    if (*arenas == NULL) {
      return PMM_NO_MEMORY;
    }
    heap_config.os = &(*arenas)->os;
  }
  if (backend->init(&heap_config, heap) != 0) {
    pmmi_arenas_free(*arenas);
    return PMM_NO_MEMORY;
  }
  return PMM_OK;
}

static void unmake_heap(const struct pmm_backend *backend, void *heap,
                        struct pmmi_arenas *arenas) {
  assert(backend != NULL);
  backend->fini(heap);
  pmmi_arenas_free(arenas);
}

/* What a caller that knows a shorter structure left out is 0. */
static size_t quarantine_of(const struct pmm_open_config *config) {
  assert(config->struct_size > 0);
  size_t needed = offsetof(struct pmm_open_config, quarantine_bytes) +
                  sizeof config->quarantine_bytes;
  return config->struct_size >= needed ? config->quarantine_bytes : 0;
}

/* A heap of the backend and, on it, a runtime that can allocate. */
static enum pmm_status make_runtime(const struct pmm_open_config *config,
                                    pmm_rt **out) {
  assert(config->backend != NULL && out != NULL);
  const struct pmm_backend *backend = config->backend;
  struct pmmi_arenas *arenas;
  void *heap;
  if (make_heap(config, &arenas, &heap) != PMM_OK) {
    return PMM_NO_MEMORY;
  }
  pmm_rt *rt = backend->alloc_zero(heap, 1, sizeof *rt);
  if (rt == NULL) {
    unmake_heap(backend, heap, arenas);
    return PMM_NO_MEMORY;
  }
  pmmi_memory_init(pmmi_memory_of(rt), backend, heap);
  pmmi_memory_state(rt)->arenas = arenas;
  pmmi_core_init(rt);
  pmmi_holder_init(rt);
  pmmi_domains_init(rt);
  pmmi_debug_init(rt, quarantine_of(config));
  rt->seed = config->seed;
  rt->flags = config->flags;
  if (config->host != NULL) {
    size_t size = config->host->struct_size;
    memcpy(&pmmi_memory_state(rt)->host, config->host,
           size < sizeof pmmi_memory_state(rt)->host
               ? size
               : sizeof pmmi_memory_state(rt)->host);
  }
  if ((rt->flags & PMM_OPEN_DEBUG) != 0) {
    (void)pmmi_debug_install(rt);
  }
  *out = rt;
  return PMM_OK;
}

static void unmake_runtime(pmm_rt *rt) {
  const struct pmm_backend *backend = pmmi_memory_of(rt)->backend;
  void *heap = pmmi_memory_of(rt)->backend_heap;
  struct pmmi_arenas *arenas = pmmi_memory_state(rt)->arenas;
  pmmi_debug_fini(rt);
  pmmi_domains_fini(rt);
  pmmi_holder_fini(rt);
  backend->free_sized(heap, rt, sizeof *rt);
  unmake_heap(backend, heap, arenas);
}

/* What each module needs is up before it; a failure undoes the rest. */
static enum pmm_status start_modules(pmm_rt *rt, const char *mode) {
  assert(pmmi_memory_of(rt)->backend != NULL);
  pmmi_ints_init(rt);
  pmmi_strs_init(rt);
  pmmi_trace_init(rt);
  enum pmm_status status = pmmi_gc_init(rt, mode, rt->flags);
  if (status != PMM_OK) {
    return status;
  }
  pmmi_gc_of(rt)->keep = pmmi_gc_keep_garbage;
  if (PMMI_CHECKED || (rt->flags & PMM_OPEN_CHECKED) != 0) {
    pmmi_gc_of(rt)->check = pmmi_heap_check;
  }
  pmmi_lists_init(rt);
  status = pmmi_tuples_init(rt);
  if (status != PMM_OK) {
    pmmi_gc_fini(rt);
    return status;
  }
  status = pmmi_frames_init(rt);
  if (status != PMM_OK) {
    pmmi_tuples_fini(rt);
    pmmi_gc_fini(rt);
  }
  return status;
}

enum pmm_status pmmi_open(const struct pmm_open_config *config, pmm_rt **rt) {
  assert(config != NULL && rt != NULL);
  *rt = NULL;
  if (config->backend == NULL) {
    return PMM_UNSUPPORTED;
  }
  if ((config->flags & PMM_OPEN_DEBUG) != 0 &&
      config->backend->usable_size == NULL) {
    return PMM_UNSUPPORTED; /* hooks cannot resize over it */
  }
  pmm_rt *opened;
  enum pmm_status status = make_runtime(config, &opened);
  if (status != PMM_OK) {
    return status;
  }
  status = start_modules(opened, config->mode);
  if (status != PMM_OK) {
    unmake_runtime(opened);
    return status;
  }
  pmmi_gc_opened(opened);
  opened->own_objects = pmmi_memory_of(opened)->objects;
  *rt = opened;
  return PMM_OK;
}

/* ---- close --------------------------------------------------------------- */

/* Code runs here, so what the host armed must not disturb it. */
static void run_what_is_left(pmm_rt *rt) {
  (void)pmmi_inject_disarm(rt);
  pmmi_error_clear(rt);
  pmmi_finalizers_run(rt);
  pmmi_gc_teardown(rt);
  pmmi_files_fini(rt);
  pmmi_error_clear(rt);
}

void pmmi_close(pmm_rt *rt) {
  assert(rt != NULL && !pmmi_tracked_of(rt)->collecting);
  run_what_is_left(rt);
  assert(pmmi_dealloc_of(rt)->chain == NULL);
  pmmi_frames_fini(rt);
  pmmi_lists_flush(rt);
  pmmi_tuples_fini(rt);
  pmmi_gc_fini(rt);
  assert(pmmi_core_state(rt)->recursion == 0);
  pmmi_strs_fini(rt);
  pmmi_trace_fini(rt);
  unmake_runtime(rt);
}

/* ---- figures ------------------------------------------------------------- */

void pmmi_caches_flush(pmm_rt *rt) {
  pmmi_caches_empty(rt);
  pmmi_gc_trim(rt);
}

/* What only the backend can tell stays unknown where it does not. */
static void add_backend_figures(const struct pmmi_memory *m,
                                struct pmm_memory *out) {
  out->mapped_bytes = PMM_UNKNOWN;
  out->arenas = PMM_UNKNOWN;
  if (m->backend->stats == NULL) {
    return;
  }
  struct pmm_backend_stats stats;
  memset(&stats, 0xff, sizeof stats);
  stats.struct_size = sizeof stats;
  m->backend->stats(m->backend_heap, &stats);
  out->mapped_bytes = stats.mapped_bytes;
  out->arenas = stats.arenas;
}

void pmmi_memory(pmm_rt *rt, struct pmm_memory *out) {
  assert(out != NULL);
  const struct pmmi_memory *m = pmmi_memory_of(rt);
  struct pmmi_raw_figures raw = pmmi_raw_figures(rt);
  struct pmm_memory all = {
      .struct_size = out->struct_size,
      .live_blocks = pmmi_memory_live_blocks(m) + raw.live_blocks,
      .live_bytes = m->live_bytes + raw.live_bytes,
      .peak_bytes = m->joint_peak_bytes,
      .allocations = pmmi_memory_allocations(m) + raw.allocations,
      .frees = m->frees + raw.frees,
      .reallocations = m->resizes + raw.resizes,
      .requested_bytes = m->requested_bytes + raw.requested_bytes,
      .objects = m->objects,
  };
  pmmi_caches_figures(rt, &all);
  pmmi_gc_figures(rt, &all);
  add_backend_figures(m, &all);
  memcpy(out, &all,
         out->struct_size < sizeof all ? out->struct_size : sizeof all);
}
