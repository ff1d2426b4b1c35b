/* SPDX-License-Identifier: MIT */
/*
 * offer.c - the table of operations, and the check of a subject's claims.
 *
 *   1. OPERATIONS lists each member of struct pmm_ops in its order, with the
 *      feature that pmm/subject.h puts it under.
 *   2. pmm_offer_read() walks the claimed names, then the table.
 *
 * Invariant: the table is as long as struct pmm_ops (asserted below).
 */
#include "offer.h"

#include <string.h>

/* Operations of the mandatory core, then those of each feature. */
#define OPERATIONS(X) \
  X(open, CORE) \
  X(close, CORE) \
  X(retain, CORE) \
  X(release, CORE) \
  X(xretain, CORE) \
  X(xrelease, CORE) \
  X(clear, CORE) \
  X(same, CORE) \
  X(identity, CORE) \
  X(type_name, CORE) \
  X(error, CORE) \
  X(error_message, CORE) \
  X(error_clear, CORE) \
  X(error_set, CORE) \
  X(os_errno, CORE) \
  X(none, CORE) \
  X(boolean, CORE) \
  X(int_new, CORE) \
  X(int_parse, CORE) \
  X(int_value, CORE) \
  X(float_new, CORE) \
  X(float_value, CORE) \
  X(equals, CORE) \
  X(hash, CORE) \
  X(repr, CORE) \
  X(length, CORE) \
  X(iter, CORE) \
  X(next, CORE) \
  X(type_new, CORE) \
  X(instance_new, CORE) \
  X(instance_cookie, CORE) \
  X(slot_get, CORE) \
  X(slot_set, CORE) \
  X(attr_get, CORE) \
  X(attr_set, CORE) \
  X(memory, CORE) \
  X(memory_reset_peak, CORE) \
  X(caches_flush, CORE) \
  X(refcount, refcount) \
  X(refcount_reported, refcount) \
  X(refcount_set, refcount) \
  X(is_immortal, immortal) \
  X(tuple_new, tuple) \
  X(tuple_from, tuple) \
  X(tuple_convert, tuple) \
  X(tuple_subtype_new, tuple) \
  X(tuple_set_steal, tuple) \
  X(tuple_get, tuple) \
  X(tuple_slice, tuple) \
  X(tuple_concat, tuple) \
  X(tuple_repeat, tuple) \
  X(tuple_resize, tuple) \
  X(tuple_constant, tuple) \
  X(list_new, list) \
  X(list_from, list) \
  X(list_convert, list) \
  X(list_append, list) \
  X(list_insert, list) \
  X(list_set_steal, list) \
  X(list_set, list) \
  X(list_get, list) \
  X(list_get_strong, list) \
  X(list_pop, list) \
  X(list_remove, list) \
  X(list_slice, list) \
  X(list_assign_slice, list) \
  X(list_concat, list) \
  X(list_repeat, list) \
  X(list_extend, list) \
  X(list_repeat_inplace, list) \
  X(list_clear, list) \
  X(list_reverse, list) \
  X(list_sort, list) \
  X(str_new, str) \
  X(str_utf8, str) \
  X(str_slice, str) \
  X(str_concat, str) \
  X(str_append, str) \
  X(str_repeat, str) \
  X(str_join, str) \
  X(str_strip, str) \
  X(str_intern, str) \
  X(bytes_new, str) \
  X(bytes_data, str) \
  X(bytes_slice, str) \
  X(dict_new, dict) \
  X(dict_set, dict) \
  X(dict_get, dict) \
  X(dict_get_strong, dict) \
  X(dict_delete, dict) \
  X(dict_clear, dict) \
  X(dict_copy, dict) \
  X(dict_keys, dict) \
  X(dict_values, dict) \
  X(set_new, set) \
  X(frozenset_new, set) \
  X(set_add, set) \
  X(set_contains, set) \
  X(set_discard, set) \
  X(set_copy, set) \
  X(is_finalized, finalizer) \
  X(weakref_new, weakref) \
  X(weakref_with, weakref) \
  X(weakref_get, weakref) \
  X(weakref_count, weakref) \
  X(proxy_new, weakref) \
  X(proxy_slot, weakref) \
  X(weak_new, weakref_cb) \
  X(weak_set, weakref_cb) \
  X(finalize_new, weakref_cb) \
  X(finalize_call, weakref_cb) \
  X(finalize_detach, weakref_cb) \
  X(collect, gc) \
  X(gc_enable, gc) \
  X(gc_enabled, gc) \
  X(gc_referents, gc) \
  X(gc_referrers, gc) \
  X(gc_traverse, gc) \
  X(gc_clear, gc) \
  X(heap_verify, gc) \
  X(gc_is_tracked, gc_track) \
  X(gc_debug_set, gc_debug) \
  X(gc_garbage, gc_debug) \
  X(gc_set_budget, gc_budget) \
  X(gc_freeze, gc_freeze) \
  X(gc_unfreeze, gc_freeze) \
  X(gc_freeze_count, gc_freeze) \
  X(gc_objects, gc_gen) \
  X(gc_thresholds, gc_gen) \
  X(gc_set_thresholds, gc_gen) \
  X(gc_counts, gc_gen) \
  X(gc_stats, gc_gen) \
  X(gc_callback_add, gc_callbacks) \
  X(gc_callback_remove, gc_callbacks) \
  X(gc_log_start, gc_log) \
  X(gc_log_stop, gc_log) \
  X(gc_log_read, gc_log) \
  X(function_new, frame) \
  X(call, frame) \
  X(callable_new, frame) \
  X(recursion_limit, frame) \
  X(generator_new, generator) \
  X(generator_send, generator) \
  X(generator_throw, generator) \
  X(generator_close, generator) \
  X(generator_finished, generator) \
  X(manager_new, context) \
  X(manager_from_generator, context) \
  X(exit_stack_new, context) \
  X(exit_stack_push, context) \
  X(exit_stack_close, context) \
  X(error_context, context) \
  X(file_open, file) \
  X(file_read, file) \
  X(file_read_line, file) \
  X(file_write, file) \
  X(file_flush, file) \
  X(file_close, file) \
  X(file_descriptor, file) \
  X(size_of, sizeof) \
  X(copy, copy) \
  X(copy_deep, copy) \
  X(bytearray_new, copy) \
  X(bytearray_resize, copy) \
  X(view_new, copy) \
  X(array_new, copy) \
  X(tee, copy) \
  X(inject_arm, fail_inject) \
  X(inject_disarm, fail_inject) \
  X(domain_malloc, domains) \
  X(domain_calloc, domains) \
  X(domain_realloc, domains) \
  X(domain_free, domains) \
  X(domain_get, alloc_hook) \
  X(domain_set, alloc_hook) \
  X(arena_get, arena_hook) \
  X(arena_set, arena_hook) \
  X(class_stats, pool_stats) \
  X(arena_stats, arena_stats) \
  X(domain_stats, domain_stats) \
  X(debug_install, debug_hooks) \
  X(trace_start, trace) \
  X(trace_stop, trace) \
  X(trace_get, trace) \
  X(trace_reset_peak, trace) \
  X(site_push, trace) \
  X(site_pop, trace) \
  X(trace_snapshot, trace) \
  X(trace_keep, trace) \
  X(trace_growth, trace) \
  X(census, census) \
  X(leaks, diag) \
  X(call_on_stack, trashcan) \
  X(thread_enter, threads) \
  X(thread_leave, threads) \
  X(array_get, sparse) \
  X(array_set, sparse) \
  X(sparse_new, sparse) \
  X(sparse_set, sparse) \
  X(sparse_get, sparse) \
  X(sparse_dot, sparse) \
  X(csr_new, sparse) \
  X(csr_row, sparse) \
  X(csr_multiply, sparse) \
  X(sparse_shape, sparse) \
  X(chunks, chunks) \
  X(file_chunks, chunks) \
  X(weak_get, weakref_cb) \
  X(weak_delete, weakref_cb) \
  X(str_convert, str)

const struct pmm_op_entry pmm_op_entries[] = {
#define OPERATION(name, feature) \
  {#name, offsetof(struct pmm_ops, name), PMM_FEATURE_##feature},
    OPERATIONS(OPERATION)
#undef OPERATION
};

const size_t pmm_op_entry_count =
    sizeof pmm_op_entries / sizeof pmm_op_entries[0];

_Static_assert(sizeof pmm_op_entries / sizeof pmm_op_entries[0] ==
                   sizeof(struct pmm_ops) / sizeof(void (*)(void)),
               "each operation stands in the table");

static const char *const feature_names[] = {
#define FEATURE_NAME(name) #name,
    PMM_FEATURES(FEATURE_NAME)
#undef FEATURE_NAME
    "core",
};

const char *pmm_feature_name(enum pmm_feature feature) {
  return feature_names[feature];
}

enum pmm_feature pmm_feature_find(const char *name) {
  for (unsigned i = 0; i < PMM_FEATURE_COUNT; i++) {
    if (strcmp(feature_names[i], name) == 0) {
      return (enum pmm_feature)i;
    }
  }
  return PMM_FEATURE_COUNT;
}

static int operation_is_set(const struct pmm_subject *subject,
                            const struct pmm_op_entry *entry) {
  void (*op)(void) = NULL;
  if (entry->offset + sizeof op > subject->ops_size) {
    return 0; /* compiled before this operation existed */
  }
  memcpy(&op, (const char *)subject->ops + entry->offset, sizeof op);
  return op != NULL;
}

static void read_claims(const struct pmm_subject *subject,
                        struct pmm_offer *out) {
  for (const char *const *name = subject->features; *name != NULL; name++) {
    enum pmm_feature feature = pmm_feature_find(*name);
    if (feature == PMM_FEATURE_COUNT) {
      out->unknown = *name;
    } else {
      out->offered |= UINT64_C(1) << feature;
    }
  }
}

void pmm_offer_read(const struct pmm_subject *subject,
                    struct pmm_offer *out) {
  memset(out, 0, sizeof *out);
  read_claims(subject, out);
  for (size_t i = 0; i < pmm_op_entry_count; i++) {
    const struct pmm_op_entry *entry = &pmm_op_entries[i];
    uint64_t bit = entry->feature == PMM_FEATURE_CORE
                       ? 0
                       : UINT64_C(1) << entry->feature;
    int set = operation_is_set(subject, entry);
    int claimed = bit == 0 || (out->offered & bit) != 0;
    if (claimed && !set && out->lie_of[entry->feature] == NULL) {
      out->lie_of[entry->feature] = entry->name;
      out->lied |= bit;
    } else if (!claimed && set) {
      out->unclaimed = entry->name;
    }
  }
  out->offered &= ~out->lied;
}
