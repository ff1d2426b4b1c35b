/* SPDX-License-Identifier: MIT */
/*
 * subject.c - the table of operations, and what this interpreter offers.
 *
 *   1. The table starts complete.
 *   2. Features that this version or build lacks lose their operations.
 *   3. The list of features is written from what is left.
 */
#include <stdio.h>

#include "account.h"
#include "ops.h"
#include "symbols.h"

static struct pmm_ops ops = {
    .open = pmmi_cpy_open,
    .close = pmmi_cpy_close,
    .retain = pmmi_cpy_retain,
    .release = pmmi_cpy_release,
    .xretain = pmmi_cpy_retain, /* Py_IncRef and Py_DecRef ignore NULL */
    .xrelease = pmmi_cpy_release,
    .clear = pmmi_cpy_clear,
    .same = pmmi_cpy_same,
    .identity = pmmi_cpy_identity,
    .type_name = pmmi_cpy_type_name,
    .error = pmmi_cpy_error,
    .error_message = pmmi_cpy_error_message,
    .error_clear = pmmi_cpy_error_clear,
    .error_set = pmmi_cpy_error_set,
    .os_errno = pmmi_cpy_os_errno,
    .none = pmmi_cpy_none,
    .boolean = pmmi_cpy_boolean,
    .int_new = pmmi_cpy_int_new,
    .int_parse = pmmi_cpy_int_parse,
    .int_value = pmmi_cpy_int_value,
    .float_new = pmmi_cpy_float_new,
    .float_value = pmmi_cpy_float_value,
    .equals = pmmi_cpy_equals,
    .hash = pmmi_cpy_hash,
    .repr = pmmi_cpy_repr,
    .length = pmmi_cpy_length,
    .iter = pmmi_cpy_iter,
    .next = pmmi_cpy_next,
    .type_new = pmmi_cpy_type_new,
    .instance_new = pmmi_cpy_instance_new,
    .instance_cookie = pmmi_cpy_instance_cookie,
    .slot_get = pmmi_cpy_slot_get,
    .slot_set = pmmi_cpy_slot_set,
    .attr_get = pmmi_cpy_attr_get,
    .attr_set = pmmi_cpy_attr_set,
    .memory = pmmi_cpy_memory,
    .memory_reset_peak = pmmi_cpy_memory_reset_peak,
    .caches_flush = pmmi_cpy_caches_flush,
    .refcount = pmmi_cpy_refcount,
    .refcount_reported = pmmi_cpy_refcount_reported,
    .refcount_set = pmmi_cpy_refcount_set,
    .is_immortal = pmmi_cpy_is_immortal,
    .tuple_new = pmmi_cpy_tuple_new,
    .tuple_from = pmmi_cpy_tuple_from,
    .tuple_convert = pmmi_cpy_tuple_convert,
    .tuple_subtype_new = pmmi_cpy_tuple_subtype_new,
    .tuple_set_steal = pmmi_cpy_tuple_set_steal,
    .tuple_get = pmmi_cpy_tuple_get,
    .tuple_slice = pmmi_cpy_tuple_slice,
    .tuple_concat = pmmi_cpy_concat,
    .tuple_repeat = pmmi_cpy_repeat,
    .tuple_resize = pmmi_cpy_tuple_resize,
    .tuple_constant = pmmi_cpy_tuple_constant,
    .list_new = pmmi_cpy_list_new,
    .list_from = pmmi_cpy_list_from,
    .list_convert = pmmi_cpy_list_convert,
    .list_append = pmmi_cpy_list_append,
    .list_insert = pmmi_cpy_list_insert,
    .list_set_steal = pmmi_cpy_list_set_steal,
    .list_set = pmmi_cpy_list_set,
    .list_get = pmmi_cpy_list_get,
    .list_get_strong = pmmi_cpy_list_get_strong,
    .list_pop = pmmi_cpy_list_pop,
    .list_remove = pmmi_cpy_list_remove,
    .list_slice = pmmi_cpy_list_slice,
    .list_assign_slice = pmmi_cpy_list_assign_slice,
    .list_concat = pmmi_cpy_concat,
    .list_repeat = pmmi_cpy_list_repeat,
    .list_extend = pmmi_cpy_list_extend,
    .list_repeat_inplace = pmmi_cpy_list_repeat_inplace,
    .list_clear = pmmi_cpy_list_clear,
    .list_reverse = pmmi_cpy_list_reverse,
    .list_sort = pmmi_cpy_list_sort,
    .str_new = pmmi_cpy_str_new,
    .str_utf8 = pmmi_cpy_str_utf8,
    .str_slice = pmmi_cpy_str_slice,
    .str_concat = pmmi_cpy_str_concat,
    .str_append = pmmi_cpy_str_append,
    .str_repeat = pmmi_cpy_repeat,
    .str_join = pmmi_cpy_str_join,
    .str_strip = pmmi_cpy_str_strip,
    .str_intern = pmmi_cpy_str_intern,
    .bytes_new = pmmi_cpy_bytes_new,
    .bytes_data = pmmi_cpy_bytes_data,
    .bytes_slice = pmmi_cpy_bytes_slice,
    .dict_new = pmmi_cpy_dict_new,
    .dict_set = pmmi_cpy_dict_set,
    .dict_get = pmmi_cpy_dict_get,
    .dict_get_strong = pmmi_cpy_dict_get_strong,
    .dict_delete = pmmi_cpy_dict_delete,
    .dict_clear = pmmi_cpy_dict_clear,
    .dict_copy = pmmi_cpy_dict_copy,
    .dict_keys = pmmi_cpy_dict_keys,
    .dict_values = pmmi_cpy_dict_values,
    .set_new = pmmi_cpy_set_new,
    .frozenset_new = pmmi_cpy_frozenset_new,
    .set_add = pmmi_cpy_set_add,
    .set_contains = pmmi_cpy_set_contains,
    .set_discard = pmmi_cpy_set_discard,
    .set_copy = pmmi_cpy_set_copy,
    .is_finalized = pmmi_cpy_is_finalized,
    .weakref_new = pmmi_cpy_weakref_new,
    .weakref_with = pmmi_cpy_weakref_with,
    .weakref_get = pmmi_cpy_weakref_get,
    .weakref_count = pmmi_cpy_weakref_count,
    .proxy_new = pmmi_cpy_proxy_new,
    .proxy_slot = pmmi_cpy_proxy_slot,
    .weak_new = pmmi_cpy_weak_new,
    .weak_set = pmmi_cpy_weak_set,
    .finalize_new = pmmi_cpy_finalize_new,
    .finalize_call = pmmi_cpy_finalize_call,
    .finalize_detach = pmmi_cpy_finalize_detach,
    .collect = pmmi_cpy_collect,
    .gc_enable = pmmi_cpy_gc_enable,
    .gc_enabled = pmmi_cpy_gc_enabled,
    .gc_referents = pmmi_cpy_gc_referents,
    .gc_referrers = pmmi_cpy_gc_referrers,
    .gc_traverse = pmmi_cpy_gc_traverse,
    .gc_clear = pmmi_cpy_gc_clear,
    .heap_verify = pmmi_cpy_heap_verify,
    .gc_is_tracked = pmmi_cpy_gc_is_tracked,
    .gc_debug_set = pmmi_cpy_gc_debug_set,
    .gc_garbage = pmmi_cpy_gc_garbage,
    .gc_freeze = pmmi_cpy_gc_freeze,
    .gc_unfreeze = pmmi_cpy_gc_unfreeze,
    .gc_freeze_count = pmmi_cpy_gc_freeze_count,
    .gc_objects = pmmi_cpy_gc_objects,
    .gc_thresholds = pmmi_cpy_gc_thresholds,
    .gc_set_thresholds = pmmi_cpy_gc_set_thresholds,
    .gc_counts = pmmi_cpy_gc_counts,
    .gc_stats = pmmi_cpy_gc_stats,
    .gc_callback_add = pmmi_cpy_gc_callback_add,
    .gc_callback_remove = pmmi_cpy_gc_callback_remove,
    .gc_log_start = pmmi_cpy_gc_log_start,
    .gc_log_stop = pmmi_cpy_gc_log_stop,
    .gc_log_read = pmmi_cpy_gc_log_read,
    .function_new = pmmi_cpy_function_new,
    .call = pmmi_cpy_call,
    .callable_new = pmmi_cpy_callable_new,
    .recursion_limit = pmmi_cpy_recursion_limit,
    .generator_new = pmmi_cpy_generator_new,
    .generator_send = pmmi_cpy_generator_send,
    .generator_throw = pmmi_cpy_generator_throw,
    .generator_close = pmmi_cpy_generator_close,
    .generator_finished = pmmi_cpy_generator_finished,
    .manager_new = pmmi_cpy_manager_new,
    .manager_from_generator = pmmi_cpy_manager_from_generator,
    .exit_stack_new = pmmi_cpy_exit_stack_new,
    .exit_stack_push = pmmi_cpy_exit_stack_push,
    .exit_stack_close = pmmi_cpy_exit_stack_close,
    .error_context = pmmi_cpy_error_context,
    .file_open = pmmi_cpy_file_open,
    .file_read = pmmi_cpy_file_read,
    .file_read_line = pmmi_cpy_file_read_line,
    .file_write = pmmi_cpy_file_write,
    .file_flush = pmmi_cpy_file_flush,
    .file_close = pmmi_cpy_file_close,
    .file_descriptor = pmmi_cpy_file_descriptor,
    .size_of = pmmi_cpy_size_of,
    .copy = pmmi_cpy_copy,
    .copy_deep = pmmi_cpy_copy_deep,
    .bytearray_new = pmmi_cpy_bytearray_new,
    .bytearray_resize = pmmi_cpy_bytearray_resize,
    .view_new = pmmi_cpy_view_new,
    .array_new = pmmi_cpy_array_new,
    .tee = pmmi_cpy_tee,
    .inject_arm = pmmi_cpy_inject_arm,
    .inject_disarm = pmmi_cpy_inject_disarm,
    .domain_malloc = pmmi_cpy_domain_malloc,
    .domain_calloc = pmmi_cpy_domain_calloc,
    .domain_realloc = pmmi_cpy_domain_realloc,
    .domain_free = pmmi_cpy_domain_free,
    .domain_get = pmmi_cpy_domain_get,
    .domain_set = pmmi_cpy_domain_set,
    .arena_get = pmmi_cpy_arena_get,
    .arena_set = pmmi_cpy_arena_set,
    .class_stats = pmmi_cpy_class_stats,
    .debug_install = pmmi_cpy_debug_install,
    .trace_start = pmmi_cpy_trace_start,
    .trace_stop = pmmi_cpy_trace_stop,
    .trace_get = pmmi_cpy_trace_get,
    .trace_reset_peak = pmmi_cpy_trace_reset_peak,
    .site_push = pmmi_cpy_site_push,
    .site_pop = pmmi_cpy_site_pop,
    .trace_snapshot = pmmi_cpy_trace_snapshot,
    .trace_keep = pmmi_cpy_trace_keep,
    .trace_growth = pmmi_cpy_trace_growth,
    .census = pmmi_cpy_census,
    .leaks = pmmi_cpy_leaks,
    .call_on_stack = pmmi_cpy_call_on_stack,
    .array_get = pmmi_cpy_array_get,
    .array_set = pmmi_cpy_array_set,
    .sparse_new = pmmi_cpy_sparse_new,
    .sparse_set = pmmi_cpy_sparse_set,
    .sparse_get = pmmi_cpy_sparse_get,
    .sparse_dot = pmmi_cpy_sparse_dot,
    .csr_new = pmmi_cpy_csr_new,
    .csr_row = pmmi_cpy_csr_row,
    .csr_multiply = pmmi_cpy_csr_multiply,
    .sparse_shape = pmmi_cpy_sparse_shape,
    .chunks = pmmi_cpy_chunks,
    .file_chunks = pmmi_cpy_file_chunks,
    .weak_get = pmmi_cpy_weak_get,
    .weak_delete = pmmi_cpy_weak_delete,
    .str_convert = pmmi_cpy_str_convert,
};

/** What this interpreter lacks; each takes its operations away. */
struct absences {
  int immortal, fail_inject, domains, alloc_hook, arena_hook, pool, debug;
};

static void find_absences(struct absences *no) {
  const struct pmmi_cpy_symbols *s = &pmmi_cpy_sym;
  no->immortal = pmmi_cpy_lib.version < 0x030c;
  no->fail_inject = !pmmi_cpy_account_available();
  no->domains = s->raw_malloc == NULL || s->raw_calloc == NULL ||
                s->raw_realloc == NULL || s->raw_free == NULL;
  no->alloc_hook = s->mem_get == NULL || s->mem_set == NULL;
  no->debug = !pmmi_cpy_debug_layer();
  no->pool = !pmmi_cpy_pool_probe();
  no->arena_hook = no->pool || s->arena_get == NULL || s->arena_set == NULL;
  /* The debug layer asks the pools for more than it was asked: classes and
   * limits are not those of the profile. */
  no->pool = no->pool || !no->debug;
}

static void remove_operations(const struct absences *no) {
  if (no->immortal) {
    ops.is_immortal = NULL;
  }
  if (no->fail_inject) {
    ops.inject_arm = NULL;
    ops.inject_disarm = NULL;
  }
  if (no->domains) {
    ops.domain_malloc = NULL;
    ops.domain_calloc = NULL;
    ops.domain_realloc = NULL;
    ops.domain_free = NULL;
  }
  if (no->alloc_hook) {
    ops.domain_get = NULL;
    ops.domain_set = NULL;
  }
  if (no->arena_hook) {
    ops.arena_get = NULL;
    ops.arena_set = NULL;
  }
  if (no->pool) {
    ops.class_stats = NULL;
  }
  if (no->debug) {
    ops.debug_install = NULL;
  }
}

#define NAME_OF(name) #name,
static const char *const all_features[] = {PMM_FEATURES(NAME_OF)};
#undef NAME_OF
#define FEATURES (sizeof all_features / sizeof all_features[0])
static const char *features[FEATURES + 1];

static int absent(const struct absences *no, const char *feature) {
  const struct {
    const char *feature;
    int absent;
  } table[] = {
      {"immortal", no->immortal},
      {"fail_inject", no->fail_inject},
      {"domains", no->domains},
      {"alloc_hook", no->alloc_hook},
      {"arena_hook", no->arena_hook},
      {"pool", no->pool},
      {"pool_stats", no->pool},
      {"domain_stats", 1}, /* the raw domain is not hooked (account.h)        */
      {"debug_hooks", no->debug},
      {"lock_check", no->debug || no->domains},
      {"raw_threads", no->domains},
      {"arena_stats", 1}, /* no call tells arenas apart                     */
      {"threads", 1},    /* the operations are not offered                   */
      {"freethread", 1}, /* such builds do not load the limited API          */
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (strcmp(table[i].feature, feature) == 0) {
      return table[i].absent;
    }
  }
  return 0;
}

static char version[32];
static char build[PMMI_CPY_TEXT];
static char profile[32];

static void describe(void) {
  const char *text = Py_GetVersion(); /* "3.11.2 (main, ...) [GCC ...]" */
  size_t length = strcspn(text, " ");
  PyObject *line = PyObject_CallObject(PMMI_CPY_FN(build_text), NULL);
  const char *utf8 =
      line == NULL ? NULL : PyUnicode_AsUTF8AndSize(line, NULL);
  snprintf(version, sizeof version, "%.*s", (int)length, text);
  snprintf(profile, sizeof profile, "cpython-%u.%u",
           pmmi_cpy_lib.version >> 8, pmmi_cpy_lib.version & 0xff);
  snprintf(build, sizeof build, "%s", utf8 == NULL ? "" : utf8);
  Py_DecRef(line);
  PyErr_Clear();
}

const struct pmm_subject *pmmi_cpy_subject(void) {
  static const char *const modes[] = {"generational", NULL};
  static struct pmm_subject subject;
  struct absences no;
  size_t count = 0;
  if (subject.ops != NULL) {
    return &subject;
  }
  describe();
  find_absences(&no);
  remove_operations(&no);
  for (size_t i = 0; i < FEATURES; i++) {
    if (!absent(&no, all_features[i])) {
      features[count++] = all_features[i];
    }
  }
  subject = (struct pmm_subject){.abi_version = PMM_SUBJECT_ABI,
                                 .struct_size = sizeof subject,
                                 .ops_size = sizeof ops,
                                 .name = "cpython",
                                 .version = version,
                                 .build = build,
                                 .profile = profile,
                                 .features = features,
                                 .modes = modes,
                                 .ops = &ops};
  return &subject;
}
