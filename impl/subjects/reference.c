/* SPDX-License-Identifier: MIT */
/*
 * reference.c - the reference runtime behind the runtime contract.
 *
 * Its functions have the contract's signatures and names, so each feature's
 * structure is filled by one macro (pmm/ops.h): an operation that is declared
 * there and defined in the runtime is offered.  Pools are the backend's doing:
 * over a backend without size classes the same runtime is a subject without
 * the features of pools.
 */
#include "subjects/reference.h"

#include "code/call_on_stack.h"
#include "code/chunks.h"
#include "code/context.h"
#include "code/file.h"
#include "code/frame.h"
#include "code/function.h"
#include "code/generator.h"
#include "core/errors.h"
#include "core/object.h"
#include "gc/gc.h"
#include "gc/log.h"
#include "memory/arenas.h"
#include "memory/debug.h"
#include "memory/domain.h"
#include "memory/memory.h"
#include "memory/size_classes.h"
#include "memory/trace.h"
#include "runtime/census.h"
#include "runtime/introspect.h"
#include "runtime/leaks.h"
#include "runtime/runtime.h"
#include "runtime/verify.h"
#include "types/array.h"
#include "types/buffer.h"
#include "types/copy.h"
#include "types/dict.h"
#include "types/finalizer.h"
#include "types/instance.h"
#include "types/int.h"
#include "types/iter.h"
#include "types/list.h"
#include "types/set.h"
#include "types/sparse.h"
#include "types/str.h"
#include "types/text_builder.h"
#include "types/tuple.h"
#include "types/weakmap.h"
#include "types/weakref.h"

#include <assert.h>
#include <string.h>

#define STRING(x) #x
#define QUOTED(x) STRING(x)

#if defined(__clang__)
#define COMPILER "clang " QUOTED(__clang_major__) "." QUOTED(__clang_minor__)
#else
#define COMPILER "gcc " QUOTED(__GNUC__) "." QUOTED(__GNUC_MINOR__)
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZER " asan"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZER " asan"
#endif
#endif
#ifndef SANITIZER
#define SANITIZER ""
#endif

#ifdef NDEBUG
#define ASSERTIONS ""
#else
#define ASSERTIONS " assertions"
#endif

#ifdef __OPTIMIZE__
#define OPTIMIZED " optimized"
#else
#define OPTIMIZED ""
#endif

/** What it offers: all but `freethread`, `immediate` and `threads`. */
#define FEATURES(X)                                                           \
  X(alloc_hook) X(arena_hook) X(arena_stats) X(bytes) X(census) X(chunks)     \
  X(compare_code) X(context) X(copy) X(debug_hooks) X(diag) X(dict) X(domain_stats)           \
  X(domains) X(fail_inject) X(file) X(finalize) X(finalizer)                  \
  X(finalizer_alive) X(frame) X(frozenset) X(gc) X(gc_budget)                 \
  X(gc_callbacks) X(gc_clear) X(gc_debug) X(gc_freeze) X(gc_gen) X(gc_log)    \
  X(gc_referents) X(gc_referrers) X(gc_track) X(gc_traverse) X(gc_verify)     \
  X(generator) X(immortal) X(intern) X(list) X(lock_check) X(pool)            \
  X(pool_stats) X(proxy) X(raw_threads) X(refcount) X(resurrection) X(set)    \
  X(sizeof) X(sort) X(sort_key) X(sparse) X(str) X(trace) X(trashcan)         \
  X(tuple) X(tuple_freelist) X(utf8) X(weak_containers) X(weakref)            \
  X(weakref_cb) X(weakref_count)

static const struct pmm_core_ops core = PMM_TABLE_core(pmmi_);

#define TABLE(name)                                                           \
  static const struct pmm_##name##_ops name##_ops = PMM_TABLE_##name(pmmi_);
FEATURES(TABLE)

static const void *feature(const char *name) {
#define ROW(feature) {#feature, &feature##_ops},
  static const struct {
    const char *name;
    const void *operations;
  } rows[] = {FEATURES(ROW)};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(rows[i].name, name) == 0) {
      return rows[i].operations;
    }
  }
  return NULL;
}

const struct pmm_subject pmmi_subject_reference = {
    .abi_version = PMM_SUBJECT_ABI,
    .struct_size = sizeof(struct pmm_subject),
    .name = "reference",
    .version = PMM_VERSION,
    .build = COMPILER OPTIMIZED ASSERTIONS SANITIZER,
    .profile = "reference",
    .modes = pmmi_gc_modes,
    .takes_backend = 1,
    .core = &core,
    .feature = feature,
};

/* ---- what depends on the backend ----------------------------------------- */

static void remove_unless(int holds, struct pmm_view *view,
                          enum pmm_feature feature) {
  if (!holds) {
    pmm_view_remove(view, feature);
  }
}

void pmmi_subject_narrow(struct pmm_view *view,
                         const struct pmm_backend *backend) {
  assert(view != NULL && view->subject != NULL);
  if (view->subject != &pmmi_subject_reference || backend == NULL) {
    return;
  }
  uint32_t has = backend->capabilities;
  int classes = (has & PMM_BACKEND_CLASSES) != 0;
  int arenas = classes && (has & PMM_BACKEND_OS_HOOKS) != 0;
  int sizes = (has & PMM_BACKEND_USABLE_SIZE) != 0;
  remove_unless(classes, view, PMM_FEATURE_pool);
  remove_unless(classes, view, PMM_FEATURE_pool_stats);
  remove_unless(classes, view, PMM_FEATURE_arena_stats);
  remove_unless(arenas, view, PMM_FEATURE_arena_hook);
  /* Hooks do not tell old sizes, and the debug layer is one. */
  remove_unless(sizes, view, PMM_FEATURE_alloc_hook);
  remove_unless(sizes, view, PMM_FEATURE_debug_hooks);
  remove_unless(sizes, view, PMM_FEATURE_lock_check);
}
