/* SPDX-License-Identifier: MIT */
/*
 * runtime.c - open and close: what of the interpreter is ours meanwhile.
 *
 *   1. Collect, so that earlier garbage is nobody's later.
 *   2. Hook unraisable errors and warnings; keep what was there.
 *   3. Note the collector's settings, its statistics and its objects.
 *   4. Start the counters.
 *
 * Closing calls what is left, undoes 2 and 3 and collects.  The interpreter
 * itself goes on; objects the host has lost stay alive in it, silent, as
 * their epoch is over.
 */
#include "runtime.h"

#include <stdlib.h>

#include "account.h"
#include "callback.h"
#include "collector.h"
#include "core.h"
#include "diagnose.h"
#include "domain.h"
#include "errors.h"
#include "graph.h"
#include "listen.h"
#include "ops.h"

static struct pmm_rt the_runtime;

pmm_rt *pmmi_cpy_runtime(void) { return &the_runtime; }

/** The mode a CPython has. */
static int mode_known(const char *mode) {
  const char *own = pmmi_cpy_collector_of(Py_GetVersion());
  return mode == NULL || strcmp(mode, own) == 0;
}

static enum pmm_status refuse(const struct pmm_open_config *config) {
  assert(config != NULL);
  if (!mode_known(config->mode)) {
    return pmmi_cpy_fail(PMM_VALUE, "CPython has one collector mode, its own");
  }
  if (config->backend != NULL) {
    return pmmi_cpy_fail(PMM_UNSUPPORTED, "CPython brings its own allocator");
  }
  if ((config->flags & PMM_OPEN_DEBUG) != 0 && !pmmi_cpy_debug_layer()) {
    return pmmi_cpy_fail(PMM_UNSUPPORTED,
                         "start the interpreter with PYTHONMALLOC=debug");
  }
  if ((the_runtime.epoch & 1u) != 0) {
    return pmmi_cpy_fail(PMM_UNSUPPORTED,
                         "only one runtime can be open at a time");
  }
  return PMM_OK;
}

/** What is cached is let go too: the free lists by the collection. */
static void full_collection(void) {
  (void)pmmi_cpy_call_int(PMMI_CPY_FN(gc_collect), NULL);
  (void)PyType_ClearCache();
  PyErr_Clear();
}

/** The host's functions and a new epoch. */
static void adopt(pmm_rt *rt, const struct pmm_open_config *config) {
  assert(!pmmi_cpy_is_open(rt, rt->epoch));
  memset(&rt->host, 0, sizeof rt->host);
  if (config->host != NULL) {
    size_t size = config->host->struct_size;
    memcpy(&rt->host, config->host,
           size < sizeof rt->host ? size : sizeof rt->host);
  }
  rt->flags = config->flags;
  rt->last_errno = 0;
  rt->site_depth = 0;
  rt->gc_muted = 0;
  rt->gc_frozen = 0;
  rt->epoch++;
}

static int note_settings(pmm_rt *rt) {
  uint64_t thresholds[3];
  pmmi_cpy_gc_thresholds(rt, thresholds);
  for (int i = 0; i < 3; i++) {
    rt->thresholds[i] = (long long)thresholds[i];
  }
  rt->was_enabled = pmmi_cpy_gc_enabled(rt);
  rt->site_names = PyDict_New();
  if (rt->site_names == NULL || pmmi_cpy_stats_read(rt->stats_base) < 0) {
    return -1;
  }
  if ((rt->flags & PMM_OPEN_GC_STRESS) != 0) {
    const uint64_t often[3] = {1, 1, 1};
    return pmmi_cpy_gc_set_thresholds(rt, often) == PMM_OK ? 0 : -1;
  }
  return 0;
}

static void restore_settings(pmm_rt *rt) {
  const uint64_t thresholds[3] = {(uint64_t)rt->thresholds[0],
                                  (uint64_t)rt->thresholds[1],
                                  (uint64_t)rt->thresholds[2]};
  pmmi_cpy_listen_stop(rt);
  (void)pmmi_cpy_gc_debug_set(rt, 0);
  (void)pmmi_cpy_gc_set_thresholds(rt, thresholds);
  pmmi_cpy_gc_enable(rt, rt->was_enabled);
  PyErr_Clear();
}

/** Everything but the epoch. */
static void let_go(pmm_rt *rt) {
  restore_settings(rt);
  pmmi_cpy_diagnose_stop(rt);
  Py_DecRef(rt->site_names);
  rt->site_names = NULL;
  free(rt->baseline);
  rt->baseline = NULL;
  rt->baseline_room = 0;
  memset(&rt->host, 0, sizeof rt->host);
}

enum pmm_status pmmi_cpy_open(const struct pmm_open_config *config,
                              pmm_rt **out) {
  assert(config != NULL && out != NULL);
  pmm_rt *rt = &the_runtime;
  enum pmm_status status = refuse(config);
  *out = NULL;
  if (status != PMM_OK) {
    PyErr_Clear(); /* there is no runtime to read it from */
    return status;
  }
  full_collection();
  adopt(rt, config);
  /* 3.12 freezes immortal objects of its own, and lists no frozen ones: the
   * baseline has them all. */
  (void)pmmi_cpy_gc_unfreeze(rt);
  if (note_settings(rt) < 0 || pmmi_cpy_diagnose_start(rt) < 0 ||
      pmmi_cpy_baseline_take(rt) < 0) {
    status = pmmi_cpy_failure(rt);
    PyErr_Clear();
    let_go(rt);
    rt->epoch++;
    return status;
  }
  full_collection(); /* what opening left in the caches is no block of ours */
  pmmi_cpy_account_start();
  *out = rt;
  return PMM_OK;
}

void pmmi_cpy_close(pmm_rt *rt) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  PyErr_Clear();
  (void)pmmi_cpy_inject_disarm(rt);
  while (rt->site_depth > 0) {
    pmmi_cpy_site_pop(rt);
  }
  pmmi_cpy_trace_stop(rt);
  if (rt->gc_frozen) {
    (void)pmmi_cpy_gc_unfreeze(rt);
  }
  pmmi_cpy_finalize_all(rt);
  full_collection();
  let_go(rt);
  rt->epoch++;
  full_collection();
}
