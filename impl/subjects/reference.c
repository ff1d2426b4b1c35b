/* SPDX-License-Identifier: MIT */
/*
 * reference.c - the reference runtime behind the runtime contract.
 *
 * Its functions have the contract's signatures, so this is a table and
 * nothing else.  Pools are the backend's doing: over a backend without size
 * classes the same runtime is a subject without the features of pools.
 */
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
#include "subjects/select.h"
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

/** A null operation is a feature that is not there: threads,
 *  freethread. */
static const struct pmm_ops reference_ops = {
    .open = pmmi_open,
    .close = pmmi_close,
    .retain = pmmi_retain,
    .release = pmmi_release,
    .xretain = pmmi_xretain,
    .xrelease = pmmi_xrelease,
    .clear = pmmi_clear,
    .same = pmmi_same,
    .identity = pmmi_identity,
    .type_name = pmmi_type_name,
    .error = pmmi_error,
    .error_message = pmmi_error_message,
    .error_clear = pmmi_error_clear,
    .error_set = pmmi_error_set,
    .os_errno = pmmi_os_errno,
    .none = pmmi_none,
    .boolean = pmmi_boolean,
    .int_new = pmmi_int_new,
    .int_parse = pmmi_int_parse,
    .int_value = pmmi_int_value,
    .float_new = pmmi_float_new,
    .float_value = pmmi_float_value,
    .equals = pmmi_equals,
    .hash = pmmi_hash,
    .repr = pmmi_repr,
    .length = pmmi_length,
    .iter = pmmi_iter,
    .next = pmmi_next,
    .type_new = pmmi_type_new,
    .instance_new = pmmi_instance_new,
    .instance_cookie = pmmi_instance_cookie,
    .slot_get = pmmi_slot_get,
    .slot_set = pmmi_slot_set,
    .attr_get = pmmi_attr_get,
    .attr_set = pmmi_attr_set,
    .memory = pmmi_memory,
    .memory_reset_peak = pmmi_memory_reset_peak,
    .caches_flush = pmmi_caches_flush,

    .refcount = pmmi_refcount,
    .refcount_reported = pmmi_refcount_reported,
    .refcount_set = pmmi_refcount_set,

    .is_immortal = pmmi_is_immortal,

    .tuple_new = pmmi_tuple_new,
    .tuple_from = pmmi_tuple_from,
    .tuple_convert = pmmi_tuple_convert,
    .tuple_subtype_new = pmmi_tuple_subtype_new,
    .tuple_set_steal = pmmi_tuple_set_steal,
    .tuple_get = pmmi_tuple_get,
    .tuple_slice = pmmi_tuple_slice,
    .tuple_concat = pmmi_tuple_concat,
    .tuple_repeat = pmmi_tuple_repeat,
    .tuple_resize = pmmi_tuple_resize,
    .tuple_constant = pmmi_tuple_constant,

    .list_new = pmmi_list_new,
    .list_from = pmmi_list_from,
    .list_convert = pmmi_list_convert,
    .list_append = pmmi_list_append,
    .list_insert = pmmi_list_insert,
    .list_set_steal = pmmi_list_set_steal,
    .list_set = pmmi_list_set,
    .list_get = pmmi_list_get,
    .list_get_strong = pmmi_list_get_strong,
    .list_pop = pmmi_list_pop,
    .list_remove = pmmi_list_remove,
    .list_slice = pmmi_list_slice,
    .list_assign_slice = pmmi_list_assign_slice,
    .list_concat = pmmi_list_concat,
    .list_repeat = pmmi_list_repeat,
    .list_extend = pmmi_list_extend,
    .list_repeat_inplace = pmmi_list_repeat_inplace,
    .list_clear = pmmi_list_clear,
    .list_reverse = pmmi_list_reverse,
    .list_sort = pmmi_list_sort,

    .str_new = pmmi_str_new,
    .str_utf8 = pmmi_str_utf8,
    .str_slice = pmmi_str_slice,
    .str_concat = pmmi_str_concat,
    .str_append = pmmi_str_append,
    .str_repeat = pmmi_str_repeat,
    .str_join = pmmi_str_join,
    .str_strip = pmmi_str_strip,
    .str_intern = pmmi_str_intern,
    .bytes_new = pmmi_bytes_new,
    .bytes_data = pmmi_bytes_data,
    .bytes_slice = pmmi_bytes_slice,

    .dict_new = pmmi_dict_new,
    .dict_set = pmmi_dict_set,
    .dict_get = pmmi_dict_get,
    .dict_get_strong = pmmi_dict_get_strong,
    .dict_delete = pmmi_dict_delete,
    .dict_clear = pmmi_dict_clear,
    .dict_copy = pmmi_dict_copy,
    .dict_keys = pmmi_dict_keys,
    .dict_values = pmmi_dict_values,

    .set_new = pmmi_set_new,
    .frozenset_new = pmmi_frozenset_new,
    .set_add = pmmi_set_add,
    .set_contains = pmmi_set_contains,
    .set_discard = pmmi_set_discard,
    .set_copy = pmmi_set_copy,

    .is_finalized = pmmi_is_finalized,

    .weakref_new = pmmi_weakref_new,
    .weakref_with = pmmi_weakref_with,
    .weakref_get = pmmi_weakref_get,
    .weakref_count = pmmi_weakref_count,
    .proxy_new = pmmi_proxy_new,
    .proxy_slot = pmmi_proxy_slot,

    .weak_new = pmmi_weak_new,
    .weak_set = pmmi_weak_set,
    .finalize_new = pmmi_finalize_new,
    .finalize_call = pmmi_finalize_call,
    .finalize_detach = pmmi_finalize_detach,

    .collect = pmmi_collect,
    .gc_enable = pmmi_gc_enable,
    .gc_enabled = pmmi_gc_enabled,
    .gc_referents = pmmi_gc_referents,
    .gc_referrers = pmmi_gc_referrers,
    .gc_traverse = pmmi_gc_traverse,
    .gc_clear = pmmi_gc_clear,
    .heap_verify = pmmi_heap_verify,

    .gc_is_tracked = pmmi_gc_is_tracked,
    .gc_debug_set = pmmi_gc_debug_set,
    .gc_garbage = pmmi_gc_garbage,
    .gc_set_budget = pmmi_gc_set_budget,
    .gc_freeze = pmmi_gc_freeze,
    .gc_unfreeze = pmmi_gc_unfreeze,
    .gc_freeze_count = pmmi_gc_freeze_count,
    .gc_objects = pmmi_gc_objects,
    .gc_thresholds = pmmi_gc_thresholds,
    .gc_set_thresholds = pmmi_gc_set_thresholds,
    .gc_counts = pmmi_gc_counts,
    .gc_stats = pmmi_gc_stats,
    .gc_callback_add = pmmi_gc_callback_add,
    .gc_callback_remove = pmmi_gc_callback_remove,

    .gc_log_start = pmmi_gc_log_start,
    .gc_log_stop = pmmi_gc_log_stop,
    .gc_log_read = pmmi_gc_log_read,

    .function_new = pmmi_function_new,
    .call = pmmi_call,
    .callable_new = pmmi_callable_new,
    .recursion_limit = pmmi_recursion_limit,

    .generator_new = pmmi_generator_new,
    .generator_send = pmmi_generator_send,
    .generator_throw = pmmi_generator_throw,
    .generator_close = pmmi_generator_close,
    .generator_finished = pmmi_generator_finished,

    .manager_new = pmmi_manager_new,
    .manager_from_generator = pmmi_manager_from_generator,
    .exit_stack_new = pmmi_exit_stack_new,
    .exit_stack_push = pmmi_exit_stack_push,
    .exit_stack_close = pmmi_exit_stack_close,
    .error_context = pmmi_error_context,

    .file_open = pmmi_file_open,
    .file_read = pmmi_file_read,
    .file_read_line = pmmi_file_read_line,
    .file_write = pmmi_file_write,
    .file_flush = pmmi_file_flush,
    .file_close = pmmi_file_close,
    .file_descriptor = pmmi_file_descriptor,

    .size_of = pmmi_size_of,


    .copy = pmmi_copy,
    .copy_deep = pmmi_copy_deep,
    .bytearray_new = pmmi_bytearray_new,
    .bytearray_resize = pmmi_bytearray_resize,
    .view_new = pmmi_view_new,
    .array_new = pmmi_array_new,
    .tee = pmmi_tee,

    .inject_arm = pmmi_inject_arm,
    .inject_disarm = pmmi_inject_disarm,

    .domain_malloc = pmmi_domain_malloc,
    .domain_calloc = pmmi_domain_calloc,
    .domain_realloc = pmmi_domain_realloc,
    .domain_free = pmmi_domain_free,
    .domain_get = pmmi_domain_get,
    .domain_set = pmmi_domain_set,
    .arena_get = pmmi_arena_get,
    .arena_set = pmmi_arena_set,
    .class_stats = pmmi_class_stats,
    .arena_stats = pmmi_arena_stats,
    .domain_stats = pmmi_domain_stats,
    .debug_install = pmmi_debug_install,

    .trace_start = pmmi_trace_start,
    .trace_stop = pmmi_trace_stop,
    .trace_get = pmmi_trace_get,
    .trace_reset_peak = pmmi_trace_reset_peak,
    .site_push = pmmi_site_push,
    .site_pop = pmmi_site_pop,
    .trace_snapshot = pmmi_trace_snapshot,
    .trace_keep = pmmi_trace_keep,
    .trace_growth = pmmi_trace_growth,

    .census = pmmi_census,

    .leaks = pmmi_leaks,

    .call_on_stack = pmmi_call_on_stack,

    .array_get = pmmi_array_get,
    .array_set = pmmi_array_set,
    .sparse_new = pmmi_sparse_new,
    .sparse_set = pmmi_sparse_set,
    .sparse_get = pmmi_sparse_get,
    .sparse_dot = pmmi_sparse_dot,
    .csr_new = pmmi_csr_new,
    .csr_row = pmmi_csr_row,
    .csr_multiply = pmmi_csr_multiply,
    .sparse_shape = pmmi_sparse_shape,

    .chunks = pmmi_chunks,
    .file_chunks = pmmi_file_chunks,

    .weak_get = pmmi_weak_get,
    .weak_delete = pmmi_weak_delete,
    .str_convert = pmmi_str_convert,
    .trace_overhead = pmmi_trace_overhead,
};

#define FEATURES                                                              \
  "census", "chunks", "context", "copy", "diag", "dict",                      \
      "domain_stats", "domains",                                              \
      "fail_inject", "file", "finalizer", "frame", "gc", "gc_budget",         \
      "gc_callbacks", "gc_debug", "gc_freeze", "gc_gen", "gc_log",            \
      "gc_track", "generator", "immortal", "list", "raw_threads", "refcount", \
      "set", "sizeof", "sparse", "str", "trace",                              \
      "trashcan", "tuple", "tuple_freelist", "weakref", "weakref_cb"

static const char *const all_features[] = {
    FEATURES, "pool", "pool_stats", "arena_stats", "arena_hook", "alloc_hook",
    "debug_hooks", "lock_check", NULL};

#define SUBJECT(features_, ops_)                                              \
  {.abi_version = PMM_SUBJECT_ABI,                                            \
   .struct_size = sizeof(struct pmm_subject),                                 \
   .ops_size = sizeof(struct pmm_ops),                                        \
   .name = "reference",                                                       \
   .version = PMM_VERSION,                                                    \
   .build = COMPILER OPTIMIZED ASSERTIONS SANITIZER,                          \
   .profile = "reference",                                                    \
   .features = features_,                                                     \
   .modes = pmmi_gc_modes,                                                    \
   .takes_backend = 1,                                                        \
   .ops = ops_}

const struct pmm_subject pmmi_subject_reference =
    SUBJECT(all_features, &reference_ops);

/* ---- what depends on the backend ----------------------------------------- */

enum {
  WITH_CLASSES = 1, /* pool, pool_stats                                     */
  WITH_ARENAS = 2,  /* arena_hook                                           */
  WITH_SIZES = 4,   /* alloc_hook, debug_hooks, lock_check: hooks do not    */
                    /* tell old sizes                                       */
  WITH_ALL = 7
};

/** The reference over backends of one kind. */
struct variant {
  struct pmm_subject subject;
  struct pmm_ops ops;
  const char *features[sizeof all_features / sizeof all_features[0]];
};

static struct variant variants[WITH_ALL]; /* filled when they are asked for */

static unsigned kind_of(const struct pmm_backend *backend) {
  uint32_t has = backend->capabilities;
  unsigned kind = 0;
  if ((has & PMM_BACKEND_CLASSES) != 0) {
    kind |= WITH_CLASSES;
    kind |= (has & PMM_BACKEND_OS_HOOKS) != 0 ? WITH_ARENAS : 0u;
  }
  return kind | ((has & PMM_BACKEND_USABLE_SIZE) != 0 ? WITH_SIZES : 0u);
}

static int is_absent(const char *feature, unsigned kind) {
  assert(feature != NULL);
  static const struct {
    const char *feature;
    unsigned needs;
  } conditions[] = {{"pool", WITH_CLASSES},
                    {"pool_stats", WITH_CLASSES},
                    {"arena_stats", WITH_CLASSES},
                    {"arena_hook", WITH_ARENAS},
                    {"alloc_hook", WITH_SIZES},
                    {"debug_hooks", WITH_SIZES},
                    {"lock_check", WITH_SIZES}};
  for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
    if (strcmp(feature, conditions[i].feature) == 0) {
      return (kind & conditions[i].needs) == 0;
    }
  }
  return 0;
}

static void remove_operations(struct pmm_ops *ops, unsigned kind) {
  assert(ops != NULL);
  if ((kind & WITH_CLASSES) == 0) {
    ops->class_stats = NULL;
    ops->arena_stats = NULL;
  }
  if ((kind & WITH_ARENAS) == 0) {
    ops->arena_get = NULL;
    ops->arena_set = NULL;
  }
  if ((kind & WITH_SIZES) == 0) {
    ops->domain_get = NULL;
    ops->domain_set = NULL;
    ops->debug_install = NULL;
  }
}

const struct pmm_subject *
pmmi_subject_over(const struct pmm_subject *subject,
                  const struct pmm_backend *backend) {
  if (subject != &pmmi_subject_reference || backend == NULL) {
    return subject;
  }
  unsigned kind = kind_of(backend);
  if (kind == WITH_ALL) {
    return subject;
  }
  struct variant *variant = &variants[kind];
  size_t count = 0;
  for (size_t i = 0; all_features[i] != NULL; i++) {
    if (!is_absent(all_features[i], kind)) {
      variant->features[count++] = all_features[i];
    }
  }
  variant->features[count] = NULL;
  variant->ops = reference_ops;
  remove_operations(&variant->ops, kind);
  variant->subject = pmmi_subject_reference;
  variant->subject.features = variant->features;
  variant->subject.ops = &variant->ops;
  return &variant->subject;
}
