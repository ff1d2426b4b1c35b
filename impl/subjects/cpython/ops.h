/* SPDX-License-Identifier: MIT */
/*
 * ops.h - the operations of the CPython subject.
 *
 * Every function has the signature and the contract of the operation of the
 * same name in pmm/subject.h; subject.c puts them into the table.
 */
#ifndef PMMI_CPYTHON_OPS_H
#define PMMI_CPYTHON_OPS_H

#include "cpython.h"

/* core.c */
void pmmi_cpy_retain(pmm_rt *rt, pmm_obj *o);
void pmmi_cpy_release(pmm_rt *rt, pmm_obj *o);
void pmmi_cpy_clear(pmm_rt *rt, pmm_obj **holder);
int pmmi_cpy_same(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
uintptr_t pmmi_cpy_identity(pmm_rt *rt, pmm_obj *o);
const char *pmmi_cpy_type_name(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_cpy_none(pmm_rt *rt);
pmm_obj *pmmi_cpy_boolean(pmm_rt *rt, int truth);
pmm_obj *pmmi_cpy_int_new(pmm_rt *rt, int64_t value);
pmm_obj *pmmi_cpy_int_parse(pmm_rt *rt, const char *text);
enum pmm_status pmmi_cpy_int_value(pmm_rt *rt, pmm_obj *o, int64_t *value);
pmm_obj *pmmi_cpy_float_new(pmm_rt *rt, double value);
enum pmm_status pmmi_cpy_float_value(pmm_rt *rt, pmm_obj *o, double *value);
enum pmm_status pmmi_cpy_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                int *equal);
enum pmm_status pmmi_cpy_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash);
pmm_obj *pmmi_cpy_repr(pmm_rt *rt, pmm_obj *o);
enum pmm_status pmmi_cpy_length(pmm_rt *rt, pmm_obj *o, size_t *length);
pmm_obj *pmmi_cpy_iter(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_cpy_next(pmm_rt *rt, pmm_obj *iterator);
uint64_t pmmi_cpy_refcount(pmm_rt *rt, pmm_obj *o);
uint64_t pmmi_cpy_refcount_reported(pmm_rt *rt, pmm_obj *o);
enum pmm_status pmmi_cpy_refcount_set(pmm_rt *rt, pmm_obj *o, uint64_t count);
int pmmi_cpy_is_immortal(pmm_rt *rt, pmm_obj *o);
enum pmm_status pmmi_cpy_size_of(pmm_rt *rt, pmm_obj *o, size_t *bytes);

/* probe.c */
pmm_obj *pmmi_cpy_type_new(pmm_rt *rt, const struct pmm_type_spec *spec);
pmm_obj *pmmi_cpy_instance_new(pmm_rt *rt, pmm_obj *type, int64_t cookie);
int64_t pmmi_cpy_instance_cookie(pmm_rt *rt, pmm_obj *instance);
pmm_obj *pmmi_cpy_slot_get(pmm_rt *rt, pmm_obj *instance, size_t index);
enum pmm_status pmmi_cpy_slot_set(pmm_rt *rt, pmm_obj *instance, size_t index,
                                  pmm_obj *value);
pmm_obj *pmmi_cpy_attr_get(pmm_rt *rt, pmm_obj *instance, const char *name);
enum pmm_status pmmi_cpy_attr_set(pmm_rt *rt, pmm_obj *instance,
                                  const char *name, pmm_obj *value);
int pmmi_cpy_is_finalized(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_cpy_proxy_slot(pmm_rt *rt, pmm_obj *proxy, size_t index);

/* tuple.c */
pmm_obj *pmmi_cpy_tuple_new(pmm_rt *rt, size_t n);
pmm_obj *pmmi_cpy_tuple_from(pmm_rt *rt, pmm_obj *const *items, size_t n);
pmm_obj *pmmi_cpy_tuple_convert(pmm_rt *rt, pmm_obj *iterable);
pmm_obj *pmmi_cpy_tuple_subtype_new(pmm_rt *rt, pmm_obj *type,
                                    pmm_obj *const *items, size_t n);
enum pmm_status pmmi_cpy_tuple_set_steal(pmm_rt *rt, pmm_obj *tuple,
                                         size_t index, pmm_obj *item);
pmm_obj *pmmi_cpy_tuple_get(pmm_rt *rt, pmm_obj *tuple, size_t index);
pmm_obj *pmmi_cpy_tuple_slice(pmm_rt *rt, pmm_obj *tuple, size_t from,
                              size_t to);
enum pmm_status pmmi_cpy_tuple_resize(pmm_rt *rt, pmm_obj **tuple, size_t n);
pmm_obj *pmmi_cpy_tuple_constant(pmm_rt *rt, unsigned site);
pmm_obj *pmmi_cpy_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
pmm_obj *pmmi_cpy_repeat(pmm_rt *rt, pmm_obj *o, int64_t count);

/* list.c */
pmm_obj *pmmi_cpy_list_new(pmm_rt *rt, size_t n);
pmm_obj *pmmi_cpy_list_from(pmm_rt *rt, pmm_obj *const *items, size_t n);
pmm_obj *pmmi_cpy_list_convert(pmm_rt *rt, pmm_obj *iterable);
enum pmm_status pmmi_cpy_list_append(pmm_rt *rt, pmm_obj *list, pmm_obj *item);
enum pmm_status pmmi_cpy_list_insert(pmm_rt *rt, pmm_obj *list, size_t index,
                                     pmm_obj *item);
enum pmm_status pmmi_cpy_list_set_steal(pmm_rt *rt, pmm_obj *list,
                                        size_t index, pmm_obj *item);
enum pmm_status pmmi_cpy_list_set(pmm_rt *rt, pmm_obj *list, size_t index,
                                  pmm_obj *item);
pmm_obj *pmmi_cpy_list_get(pmm_rt *rt, pmm_obj *list, size_t index);
pmm_obj *pmmi_cpy_list_get_strong(pmm_rt *rt, pmm_obj *list, size_t index);
pmm_obj *pmmi_cpy_list_pop(pmm_rt *rt, pmm_obj *list, size_t index);
enum pmm_status pmmi_cpy_list_remove(pmm_rt *rt, pmm_obj *list,
                                     pmm_obj *value);
pmm_obj *pmmi_cpy_list_slice(pmm_rt *rt, pmm_obj *list, size_t from,
                             size_t to);
enum pmm_status pmmi_cpy_list_assign_slice(pmm_rt *rt, pmm_obj *list,
                                           size_t from, size_t to,
                                           pmm_obj *iterable);
pmm_obj *pmmi_cpy_list_repeat(pmm_rt *rt, pmm_obj *list, pmm_obj *count);
enum pmm_status pmmi_cpy_list_extend(pmm_rt *rt, pmm_obj *list,
                                     pmm_obj *iterable);
enum pmm_status pmmi_cpy_list_repeat_inplace(pmm_rt *rt, pmm_obj *list,
                                             pmm_obj *count);
enum pmm_status pmmi_cpy_list_clear(pmm_rt *rt, pmm_obj *list);
enum pmm_status pmmi_cpy_list_reverse(pmm_rt *rt, pmm_obj *list);
enum pmm_status pmmi_cpy_list_sort(pmm_rt *rt, pmm_obj *list, pmm_call key,
                                   void *ctx);

/* text.c */
pmm_obj *pmmi_cpy_str_new(pmm_rt *rt, const char *utf8, size_t size);
const char *pmmi_cpy_str_utf8(pmm_rt *rt, pmm_obj *str, size_t *size);
pmm_obj *pmmi_cpy_str_slice(pmm_rt *rt, pmm_obj *str, size_t from, size_t to);
pmm_obj *pmmi_cpy_str_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
enum pmm_status pmmi_cpy_str_append(pmm_rt *rt, pmm_obj **left,
                                    pmm_obj *right);
pmm_obj *pmmi_cpy_str_join(pmm_rt *rt, pmm_obj *separator, pmm_obj *iterable);
pmm_obj *pmmi_cpy_str_strip(pmm_rt *rt, pmm_obj *str);
pmm_obj *pmmi_cpy_str_convert(pmm_rt *rt, pmm_obj *o);
enum pmm_status pmmi_cpy_str_intern(pmm_rt *rt, pmm_obj **str);
pmm_obj *pmmi_cpy_bytes_new(pmm_rt *rt, const void *data, size_t size);
const void *pmmi_cpy_bytes_data(pmm_rt *rt, pmm_obj *bytes, size_t *size);
pmm_obj *pmmi_cpy_bytes_slice(pmm_rt *rt, pmm_obj *bytes, size_t from,
                              size_t to);

/* table.c */
pmm_obj *pmmi_cpy_dict_new(pmm_rt *rt);
enum pmm_status pmmi_cpy_dict_set(pmm_rt *rt, pmm_obj *dict, pmm_obj *key,
                                  pmm_obj *value);
pmm_obj *pmmi_cpy_dict_get(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
pmm_obj *pmmi_cpy_dict_get_strong(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
enum pmm_status pmmi_cpy_dict_delete(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
enum pmm_status pmmi_cpy_dict_clear(pmm_rt *rt, pmm_obj *dict);
pmm_obj *pmmi_cpy_dict_copy(pmm_rt *rt, pmm_obj *dict);
pmm_obj *pmmi_cpy_dict_keys(pmm_rt *rt, pmm_obj *dict);
pmm_obj *pmmi_cpy_dict_values(pmm_rt *rt, pmm_obj *dict);
pmm_obj *pmmi_cpy_set_new(pmm_rt *rt, pmm_obj *iterable);
pmm_obj *pmmi_cpy_frozenset_new(pmm_rt *rt, pmm_obj *iterable);
enum pmm_status pmmi_cpy_set_add(pmm_rt *rt, pmm_obj *set, pmm_obj *item);
enum pmm_status pmmi_cpy_set_contains(pmm_rt *rt, pmm_obj *set, pmm_obj *item,
                                      int *found);
enum pmm_status pmmi_cpy_set_discard(pmm_rt *rt, pmm_obj *set, pmm_obj *item);
pmm_obj *pmmi_cpy_set_copy(pmm_rt *rt, pmm_obj *set);

/* weak.c */
pmm_obj *pmmi_cpy_weakref_new(pmm_rt *rt, pmm_obj *target, pmm_fn callback,
                              void *ctx, int64_t cookie);
pmm_obj *pmmi_cpy_weakref_with(pmm_rt *rt, pmm_obj *target,
                               pmm_obj *callable);
pmm_obj *pmmi_cpy_weakref_get(pmm_rt *rt, pmm_obj *weakref);
size_t pmmi_cpy_weakref_count(pmm_rt *rt, pmm_obj *target);
pmm_obj *pmmi_cpy_proxy_new(pmm_rt *rt, pmm_obj *target);
pmm_obj *pmmi_cpy_weak_new(pmm_rt *rt, enum pmm_weak_kind kind);
enum pmm_status pmmi_cpy_weak_set(pmm_rt *rt, pmm_obj *weak, pmm_obj *key,
                                  pmm_obj *value);
pmm_obj *pmmi_cpy_finalize_new(pmm_rt *rt, pmm_obj *target, pmm_fn fn,
                               void *ctx, int64_t cookie);
enum pmm_status pmmi_cpy_finalize_call(pmm_rt *rt, pmm_obj *finalize,
                                       int *called);
enum pmm_status pmmi_cpy_finalize_detach(pmm_rt *rt, pmm_obj *finalize);

pmm_obj *pmmi_cpy_weak_get(pmm_rt *rt, pmm_obj *weak, pmm_obj *key);
enum pmm_status pmmi_cpy_weak_delete(pmm_rt *rt, pmm_obj *weak, pmm_obj *key);

/* collector.c */
enum pmm_status pmmi_cpy_collect(pmm_rt *rt, int generation,
                                 uint64_t *unreachable);
void pmmi_cpy_gc_enable(pmm_rt *rt, int enabled);
int pmmi_cpy_gc_enabled(pmm_rt *rt);
pmm_obj *pmmi_cpy_gc_referents(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_cpy_gc_referrers(pmm_rt *rt, pmm_obj *o);
int pmmi_cpy_gc_traverse(pmm_rt *rt, pmm_obj *o, pmm_visit visit, void *ctx);
enum pmm_status pmmi_cpy_gc_clear(pmm_rt *rt, pmm_obj *o);
int pmmi_cpy_gc_is_tracked(pmm_rt *rt, pmm_obj *o);
enum pmm_status pmmi_cpy_gc_debug_set(pmm_rt *rt, uint32_t flags);
pmm_obj *pmmi_cpy_gc_garbage(pmm_rt *rt);
enum pmm_status pmmi_cpy_gc_freeze(pmm_rt *rt);
enum pmm_status pmmi_cpy_gc_unfreeze(pmm_rt *rt);
uint64_t pmmi_cpy_gc_freeze_count(pmm_rt *rt);
pmm_obj *pmmi_cpy_gc_objects(pmm_rt *rt, int generation);
void pmmi_cpy_gc_thresholds(pmm_rt *rt, uint64_t thresholds[3]);
enum pmm_status pmmi_cpy_gc_set_thresholds(pmm_rt *rt,
                                           const uint64_t values[3]);
void pmmi_cpy_gc_counts(pmm_rt *rt, uint64_t counts[3]);
enum pmm_status pmmi_cpy_gc_stats(pmm_rt *rt, int generation,
                                  struct pmm_gc_stats *out);
void pmmi_cpy_caches_flush(pmm_rt *rt);

/* listen.c */
enum pmm_status pmmi_cpy_gc_callback_add(pmm_rt *rt, pmm_gc_fn fn, void *ctx);
enum pmm_status pmmi_cpy_gc_callback_remove(pmm_rt *rt, pmm_gc_fn fn,
                                            void *ctx);
enum pmm_status pmmi_cpy_gc_log_start(pmm_rt *rt);
void pmmi_cpy_gc_log_stop(pmm_rt *rt);
uint64_t pmmi_cpy_gc_log_read(pmm_rt *rt, struct pmm_gc_run *out, size_t n);

/* census.c */
enum pmm_status pmmi_cpy_census(pmm_rt *rt,
                                void (*report)(void *ctx,
                                               const struct pmm_census *row),
                                void *ctx);

/* graph.c */
const char *pmmi_cpy_heap_verify(pmm_rt *rt);
enum pmm_status pmmi_cpy_leaks(pmm_rt *rt,
                               void (*report)(void *ctx,
                                              const struct pmm_leak *leak),
                               void *ctx);

/* run.c */
pmm_obj *pmmi_cpy_function_new(pmm_rt *rt, const struct pmm_code *code);
pmm_obj *pmmi_cpy_call(pmm_rt *rt, pmm_obj *callable, pmm_obj *const *args,
                       size_t n);
pmm_obj *pmmi_cpy_callable_new(pmm_rt *rt, pmm_call call, void *ctx);
size_t pmmi_cpy_recursion_limit(pmm_rt *rt);
pmm_obj *pmmi_cpy_generator_new(pmm_rt *rt, const struct pmm_code *code,
                                pmm_obj *const *args, size_t n);
pmm_obj *pmmi_cpy_generator_send(pmm_rt *rt, pmm_obj *generator,
                                 pmm_obj *value);
pmm_obj *pmmi_cpy_generator_throw(pmm_rt *rt, pmm_obj *generator,
                                  enum pmm_status status);
enum pmm_status pmmi_cpy_generator_close(pmm_rt *rt, pmm_obj *generator);
int pmmi_cpy_generator_finished(pmm_rt *rt, pmm_obj *generator);
enum pmm_status pmmi_cpy_call_on_stack(pmm_rt *rt, size_t stack_bytes,
                                       pmm_fn fn, void *ctx);

/* manager.c */
pmm_obj *pmmi_cpy_manager_new(pmm_rt *rt, pmm_call enter, pmm_exit_fn leave,
                              void *ctx, int64_t cookie);
pmm_obj *pmmi_cpy_manager_from_generator(pmm_rt *rt, pmm_obj *function);
pmm_obj *pmmi_cpy_exit_stack_new(pmm_rt *rt);
enum pmm_status pmmi_cpy_exit_stack_push(pmm_rt *rt, pmm_obj *stack,
                                         pmm_fn fn, void *ctx);
enum pmm_status pmmi_cpy_exit_stack_close(pmm_rt *rt, pmm_obj *stack);

/* file.c */
pmm_obj *pmmi_cpy_file_open(pmm_rt *rt, const char *path, const char *mode);
pmm_obj *pmmi_cpy_file_read(pmm_rt *rt, pmm_obj *file, size_t size);
pmm_obj *pmmi_cpy_file_read_line(pmm_rt *rt, pmm_obj *file);
enum pmm_status pmmi_cpy_file_write(pmm_rt *rt, pmm_obj *file,
                                    const void *data, size_t size);
enum pmm_status pmmi_cpy_file_flush(pmm_rt *rt, pmm_obj *file);
enum pmm_status pmmi_cpy_file_close(pmm_rt *rt, pmm_obj *file);
int pmmi_cpy_file_descriptor(pmm_rt *rt, pmm_obj *file);

/* copy.c */
pmm_obj *pmmi_cpy_copy(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_cpy_copy_deep(pmm_rt *rt, pmm_obj *o);
pmm_obj *pmmi_cpy_bytearray_new(pmm_rt *rt, size_t size);
enum pmm_status pmmi_cpy_bytearray_resize(pmm_rt *rt, pmm_obj *array,
                                          size_t size);
pmm_obj *pmmi_cpy_view_new(pmm_rt *rt, pmm_obj *owner, size_t from,
                           size_t to);
pmm_obj *pmmi_cpy_array_new(pmm_rt *rt, enum pmm_item_kind kind, size_t n);
pmm_obj *pmmi_cpy_tee(pmm_rt *rt, pmm_obj *iterator);

/* sparse.c */
pmm_obj *pmmi_cpy_array_get(pmm_rt *rt, pmm_obj *array, size_t index);
enum pmm_status pmmi_cpy_array_set(pmm_rt *rt, pmm_obj *array, size_t index,
                                   pmm_obj *value);
pmm_obj *pmmi_cpy_sparse_new(pmm_rt *rt, size_t n);
enum pmm_status pmmi_cpy_sparse_set(pmm_rt *rt, pmm_obj *vector, size_t index,
                                    double value);
enum pmm_status pmmi_cpy_sparse_get(pmm_rt *rt, pmm_obj *vector, size_t index,
                                    double absent, double *value);
enum pmm_status pmmi_cpy_sparse_dot(pmm_rt *rt, pmm_obj *vector,
                                    pmm_obj *dense, double *sum);
enum pmm_status pmmi_cpy_sparse_shape(pmm_rt *rt, pmm_obj *o, size_t *rows,
                                      size_t *columns);
pmm_obj *pmmi_cpy_csr_new(pmm_rt *rt, size_t rows, size_t columns,
                          const struct pmm_triple *triples, size_t n);
pmm_obj *pmmi_cpy_csr_row(pmm_rt *rt, pmm_obj *matrix, size_t row);
pmm_obj *pmmi_cpy_csr_multiply(pmm_rt *rt, pmm_obj *matrix, pmm_obj *dense);
pmm_obj *pmmi_cpy_chunks(pmm_rt *rt, pmm_obj *iterable, size_t size);
pmm_obj *pmmi_cpy_file_chunks(pmm_rt *rt, pmm_obj *file, size_t size);

/* trace.c */
enum pmm_status pmmi_cpy_trace_start(pmm_rt *rt);
void pmmi_cpy_trace_stop(pmm_rt *rt);
void pmmi_cpy_trace_get(pmm_rt *rt, uint64_t *current, uint64_t *peak);
void pmmi_cpy_trace_reset_peak(pmm_rt *rt);
enum pmm_status pmmi_cpy_site_push(pmm_rt *rt, const char *name);
void pmmi_cpy_site_pop(pmm_rt *rt);
size_t pmmi_cpy_trace_snapshot(pmm_rt *rt, struct pmm_site *out, size_t n);
enum pmm_status pmmi_cpy_trace_keep(pmm_rt *rt);
size_t pmmi_cpy_trace_growth(pmm_rt *rt, struct pmm_growth *out, size_t n);

/* domain.c */
void *pmmi_cpy_domain_malloc(pmm_rt *rt, enum pmm_domain domain, size_t size);
void *pmmi_cpy_domain_calloc(pmm_rt *rt, enum pmm_domain domain, size_t n,
                             size_t size);
void *pmmi_cpy_domain_realloc(pmm_rt *rt, enum pmm_domain domain, void *block,
                              size_t size);
void pmmi_cpy_domain_free(pmm_rt *rt, enum pmm_domain domain, void *block);
void pmmi_cpy_domain_get(pmm_rt *rt, enum pmm_domain domain,
                         struct pmm_domain_allocator *out);
enum pmm_status pmmi_cpy_domain_set(pmm_rt *rt, enum pmm_domain domain,
                                    const struct pmm_domain_allocator *in);
void pmmi_cpy_arena_get(pmm_rt *rt, struct pmm_arena_allocator *out);
enum pmm_status pmmi_cpy_arena_set(pmm_rt *rt,
                                   const struct pmm_arena_allocator *in);
int pmmi_cpy_class_stats(pmm_rt *rt, size_t index,
                         struct pmm_class_stats *out);
enum pmm_status pmmi_cpy_debug_install(pmm_rt *rt);

/* account.c */
void pmmi_cpy_memory(pmm_rt *rt, struct pmm_memory *out);
void pmmi_cpy_memory_reset_peak(pmm_rt *rt);
void pmmi_cpy_inject_arm(pmm_rt *rt, uint64_t nth, int persist);
uint64_t pmmi_cpy_inject_disarm(pmm_rt *rt);

/* runtime.c */
enum pmm_status pmmi_cpy_open(const struct pmm_open_config *config,
                              pmm_rt **rt);
void pmmi_cpy_close(pmm_rt *rt);

#endif /* PMMI_CPYTHON_OPS_H */
