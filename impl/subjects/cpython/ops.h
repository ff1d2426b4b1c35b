/* SPDX-License-Identifier: MIT */
/*
 * ops.h - the operations of the CPython subject.
 *
 * Every function has the signature and the contract of the operation of the
 * same name in pmm/subject.h and pmm/features/, which declare it here;
 * subject.c puts them into the structures of their features.
 */
#ifndef PMMI_CPYTHON_OPS_H
#define PMMI_CPYTHON_OPS_H

#include "cpython.h"
#include "pmm/ops.h"

/** What it offers, or may offer: all but `arena_stats` (no call tells arenas
 *  apart), `domain_stats` (the raw domain is not hooked, account.h),
 *  `freethread` (such builds do not load the limited API), `gc_budget`,
 *  `immediate` and `threads`. */
#define PMMI_CPY_FEATURES(X)                                                  \
  X(alloc_hook) X(arena_hook) X(bytes) X(census) X(chunks)                    \
  X(compare_code) X(context) X(copy) X(debug_hooks) X(diag) X(dict) X(domains) X(fail_inject) X(file)    \
  X(finalize) X(finalizer) X(finalizer_alive) X(frame) X(frozenset) X(gc)     \
  X(gc_callbacks) X(gc_clear) X(gc_debug) X(gc_freeze) X(gc_gen) X(gc_log)    \
  X(gc_referents) X(gc_referrers) X(gc_track) X(gc_traverse) X(gc_verify)     \
  X(generator) X(immortal) X(intern) X(list) X(lock_check) X(pool)            \
  X(pool_stats) X(proxy) X(raw_threads) X(refcount) X(resurrection) X(set)    \
  X(sizeof) X(sort) X(sort_key) X(sparse) X(str) X(trace) X(trashcan)         \
  X(tuple) X(tuple_freelist) X(utf8) X(weak_containers) X(weakref)            \
  X(weakref_cb) X(weakref_count)

/* Py_IncRef and Py_DecRef ignore NULL; sequences share two operations. */
#define pmmi_cpy_xretain pmmi_cpy_retain
#define pmmi_cpy_xrelease pmmi_cpy_release
#define pmmi_cpy_tuple_concat pmmi_cpy_concat
#define pmmi_cpy_list_concat pmmi_cpy_concat
#define pmmi_cpy_tuple_repeat pmmi_cpy_repeat
#define pmmi_cpy_str_repeat pmmi_cpy_repeat

PMM_DECLARE_core(pmmi_cpy_)
#define PMMI_CPY_DECLARE(name) PMM_DECLARE_##name(pmmi_cpy_)
PMMI_CPY_FEATURES(PMMI_CPY_DECLARE)
#undef PMMI_CPY_DECLARE

#endif /* PMMI_CPYTHON_OPS_H */
