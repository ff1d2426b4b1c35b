/* SPDX-License-Identifier: MIT */
/*
 * pmm/subject.h - the runtime contract.
 *
 * A *subject* is a runtime behind this header: the reference, a real CPython,
 * somebody's own.  Cases, workloads and benchmarks know nothing else of it.
 *
 *   1. The host asks the getter for a `struct pmm_subject` and checks its
 *      abi_version, struct_size and ops_size.
 *   2. It opens a runtime, naming a backend, a collector mode and the
 *      functions that want to hear of events.
 *   3. It drives objects through handles.  A handle (`pmm_obj *`) is opaque;
 *      the host may compare it with NULL and hand it back, no more.
 *   4. It observes by events (finalized, deallocated, ...), each with the
 *      cookie the host gave the object, and by the reading operations.
 *   5. It closes the runtime.
 *
 * Conventions, stated once; each operation says where it differs.
 *
 *   ownership  A handle that an operation returns is *new*: the caller owns
 *              one reference and must release it.  *Borrowed* is said where
 *              it is so: valid as long as its owner holds it.  Arguments are
 *              borrowed; *steals* is said where the callee takes over the
 *              caller's reference, on success and on failure alike.
 *   failure    A handle operation fails with NULL, a status operation with a
 *              value other than PMM_OK.  Both leave the same status as the
 *              *pending error* of the runtime; read it with error(), remove
 *              it with error_clear().  A failed operation has changed
 *              nothing, unless it says what it changed.  An operation must
 *              not be called with an error pending, save those marked
 *              "any time".
 *   finalizers "May run code" means: finalizers, weak-reference callbacks,
 *              deallocation events and collector callbacks may run before
 *              the call returns.  Any operation that allocates a container
 *              may start an automatic collection and so may run code; any
 *              operation that drops a reference may run code.
 *   absence    A null operation means that the feature above it is absent.
 *              The subject's list of features and its null operations must
 *              agree; pmm-conform checks that before the first case.
 *   threads    One thread *holds* a runtime: the one that opened it; inside
 *              call_on_stack() the one that runs for it; with `threads` one
 *              that entered; in a language with an interpreter lock, the one
 *              that has it.  It alone may use operations, save those that say
 *              "any thread".
 *
 * Structures only grow at their end.  Sizes are bytes.  Unknown figures are
 * PMM_UNKNOWN, never 0.
 */
#ifndef PMM_SUBJECT_H
#define PMM_SUBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "pmm/backend.h"
#include "pmm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this contract. */
#define PMM_SUBJECT_ABI 2u

/** Name of the function a subject's shared object exports. */
#define PMM_SUBJECT_GETTER "pmm_subject_get"

/** Features: the name a requirement, a case and a subject use alike. */
#define PMM_FEATURES(X)                                                       \
  X(alloc_hook)     /* hooks on a domain's allocator (PEP 445)             */ \
  X(arena_hook)     /* hooks on the arena layer                            */ \
  X(arena_stats)    /* figures of each arena of the pool                   */ \
  X(census)         /* live objects by type                                */ \
  X(chunks)         /* iterators that give their input in chunks           */ \
  X(context)        /* context managers, with blocks                       */ \
  X(copy)           /* shallow and deep copy, views                        */ \
  X(debug_hooks)    /* guard bytes and fill patterns                       */ \
  X(diag)           /* unraisable errors, warnings and faults as events    */ \
  X(dict)           /* dictionaries                                        */ \
  X(domain_stats)   /* figures of each domain                              */ \
  X(domains)        /* raw, mem and object domains                         */ \
  X(fail_inject)    /* the k-th allocation fails                           */ \
  X(file)           /* files over descriptors                              */ \
  X(finalizer)      /* probe types with finalizers                         */ \
  X(frame)          /* functions with locals                               */ \
  X(freethread)     /* no global lock                                      */ \
  X(gc)             /* synchronous collection of cycles                    */ \
  X(gc_budget)      /* a longest pause that is aimed at                    */ \
  X(gc_callbacks)   /* start and stop of each collection                   */ \
  X(gc_debug)       /* debug flags, garbage list, finalized flag           */ \
  X(gc_freeze)      /* permanent generation                                */ \
  X(gc_gen)         /* generations, thresholds, counts, statistics         */ \
  X(gc_log)         /* what each of the last collections did               */ \
  X(gc_track)       /* is_tracked                                          */ \
  X(generator)      /* generators                                          */ \
  X(immortal)       /* shared objects that are never freed                 */ \
  X(list)           /* lists                                               */ \
  X(lock_check)     /* the debug layer refuses threads that do not hold it */ \
  X(pool)           /* a pool allocator serves small blocks                */ \
  X(pool_stats)     /* live blocks and per-class statistics                */ \
  X(raw_threads)    /* any thread may use the raw domain                   */ \
  X(refcount)       /* the exact count can be read                         */ \
  X(set)            /* sets and frozensets                                 */ \
  X(sizeof)         /* reported sizes                                      */ \
  X(sparse)         /* items of typed arrays, sparse vectors, CSR matrices */ \
  X(str)            /* strings and bytes                                   */ \
  X(threads)        /* several threads may drive one runtime               */ \
  X(trace)          /* traced current and peak bytes, snapshots            */ \
  X(trashcan)       /* deep structures on a small stack                    */ \
  X(tuple)          /* tuples                                              */ \
  X(tuple_freelist) /* freed tuples are cached                             */ \
  X(weakref)        /* weak references                                     */ \
  X(weakref_cb)     /* weak references with callbacks, weak containers     */

/* ---- the operations ---------------------------------------------------- */

struct pmm_ops {
  /* -- core: mandatory --------------------------------------------------- */
  /** Open a runtime.  PMM_NO_MEMORY; PMM_VALUE: unknown mode;
   *  PMM_UNSUPPORTED: this backend or flag.  On failure *rt is NULL. */
  enum pmm_status (*open)(const struct pmm_open_config *config, pmm_rt **rt);
  /** Run what is left (finalizers, files), give back all memory.  Handles
   *  become invalid.  May run code.  Cannot fail.  Any time. */
  void (*close)(pmm_rt *rt);

  /** One more, one fewer reference.  Any time.  Cannot fail.  release may run
   *  code.  NULL is not allowed. */
  void (*retain)(pmm_rt *rt, pmm_obj *o);
  void (*release)(pmm_rt *rt, pmm_obj *o);
  /** The same; NULL is ignored. */
  void (*xretain)(pmm_rt *rt, pmm_obj *o);
  void (*xrelease)(pmm_rt *rt, pmm_obj *o);
  /** Set *holder to NULL, then release what it held.  May run code. */
  void (*clear)(pmm_rt *rt, pmm_obj **holder);
  /** 1 when both handles name one object.  Any time. */
  int (*same)(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
  /** A number that is equal for two live handles exactly when same(). */
  uintptr_t (*identity)(pmm_rt *rt, pmm_obj *o);
  /** Name of the object's type; valid while the object lives. */
  const char *(*type_name)(pmm_rt *rt, pmm_obj *o);

  /** The pending error, PMM_OK when there is none.  Any time. */
  enum pmm_status (*error)(pmm_rt *rt);
  /** Its text, "" when there is none; valid until the error changes. */
  const char *(*error_message)(pmm_rt *rt);
  /** Remove it.  May run code (a traceback keeps frames).  Any time. */
  void (*error_clear)(pmm_rt *rt);
  /** Set it; needs no memory.  Replaces one that is pending.  Any time. */
  void (*error_set)(pmm_rt *rt, enum pmm_status status, const char *message);
  /** errno of the last PMM_OS error, else 0. */
  int (*os_errno)(pmm_rt *rt);

  /** None; cannot fail. */
  pmm_obj *(*none)(pmm_rt *rt);
  /** True or False; cannot fail. */
  pmm_obj *(*boolean)(pmm_rt *rt, int truth);
  pmm_obj *(*int_new)(pmm_rt *rt, int64_t value);
  /** From decimal text, any width.  PMM_VALUE: not a number. */
  pmm_obj *(*int_parse)(pmm_rt *rt, const char *text);
  /** PMM_TYPE: not an int; PMM_OVERFLOW: wider than 64 bits. */
  enum pmm_status (*int_value)(pmm_rt *rt, pmm_obj *o, int64_t *value);
  pmm_obj *(*float_new)(pmm_rt *rt, double value);
  enum pmm_status (*float_value)(pmm_rt *rt, pmm_obj *o, double *value);

  /** *equal = (a == b).  PMM_RECURSION.  May run code. */
  enum pmm_status (*equals)(pmm_rt *rt, pmm_obj *a, pmm_obj *b, int *equal);
  /** PMM_TYPE: unhashable. */
  enum pmm_status (*hash)(pmm_rt *rt, pmm_obj *o, int64_t *hash);
  /** Text of the object as a new str (repr). PMM_RECURSION. */
  pmm_obj *(*repr)(pmm_rt *rt, pmm_obj *o);
  /** Number of items.  PMM_TYPE: it has none. */
  enum pmm_status (*length)(pmm_rt *rt, pmm_obj *o, size_t *length);
  /** A new iterator over any iterable. */
  pmm_obj *(*iter)(pmm_rt *rt, pmm_obj *o);
  /** Next item, new; NULL with PMM_STOP pending when there is none.  May run
   *  code. */
  pmm_obj *(*next)(pmm_rt *rt, pmm_obj *iterator);

  /** A type.  `spec` is copied. */
  pmm_obj *(*type_new)(pmm_rt *rt, const struct pmm_type_spec *spec);
  /** An instance with empty slots; its events carry `cookie`. */
  pmm_obj *(*instance_new)(pmm_rt *rt, pmm_obj *type, int64_t cookie);
  int64_t (*instance_cookie)(pmm_rt *rt, pmm_obj *instance);
  /** Slot `index`; borrowed; NULL without error when it is empty. */
  pmm_obj *(*slot_get)(pmm_rt *rt, pmm_obj *instance, size_t index);
  /** Store (NULL empties), then drop the old item.  May run code. */
  enum pmm_status (*slot_set)(pmm_rt *rt, pmm_obj *instance, size_t index,
                              pmm_obj *value);
  /** Attribute by name (PMM_TYPE_DICT).  Borrowed; PMM_KEY: no such one. */
  pmm_obj *(*attr_get)(pmm_rt *rt, pmm_obj *instance, const char *name);
  enum pmm_status (*attr_set)(pmm_rt *rt, pmm_obj *instance, const char *name,
                              pmm_obj *value);

  /** Fill the first out->struct_size bytes of `out`.  Any time. */
  void (*memory)(pmm_rt *rt, struct pmm_memory *out);
  /** peak_bytes starts again from live_bytes.  Any time. */
  void (*memory_reset_peak)(pmm_rt *rt);
  /** Give cached blocks back to the allocator.  Any time. */
  void (*caches_flush)(pmm_rt *rt);

  /* -- refcount ---------------------------------------------------------- */
  /** The exact count of references.  Any time. */
  uint64_t (*refcount)(pmm_rt *rt, pmm_obj *o);
  /** As the language reports it; may be one more (the profile tells). */
  uint64_t (*refcount_reported)(pmm_rt *rt, pmm_obj *o);
  /** Pretend that `count` references exist.  For limits only. */
  enum pmm_status (*refcount_set)(pmm_rt *rt, pmm_obj *o, uint64_t count);

  /* -- immortal ---------------------------------------------------------- */
  /** 1 when the object's count does not move. */
  int (*is_immortal)(pmm_rt *rt, pmm_obj *o);

  /* -- tuple ------------------------------------------------------------- */
  /** A tuple of `n` empty slots, to be filled by tuple_set_steal. */
  pmm_obj *(*tuple_new)(pmm_rt *rt, size_t n);
  /** A tuple of borrowed `items`, each gaining one reference. */
  pmm_obj *(*tuple_from)(pmm_rt *rt, pmm_obj *const *items, size_t n);
  /** tuple(iterable). */
  pmm_obj *(*tuple_convert)(pmm_rt *rt, pmm_obj *iterable);
  /** A subclass instance (type made with PMM_TYPE_TUPLE). */
  pmm_obj *(*tuple_subtype_new)(pmm_rt *rt, pmm_obj *type,
                                pmm_obj *const *items, size_t n);
  /** Store in a tuple nobody shares; steals `item`.  PMM_INDEX; PMM_SYSTEM:
   *  shared, nothing stored. */
  enum pmm_status (*tuple_set_steal)(pmm_rt *rt, pmm_obj *tuple, size_t index,
                                     pmm_obj *item);
  /** Borrowed; NULL without error for an empty slot; PMM_INDEX. */
  pmm_obj *(*tuple_get)(pmm_rt *rt, pmm_obj *tuple, size_t index);
  pmm_obj *(*tuple_slice)(pmm_rt *rt, pmm_obj *tuple, size_t from, size_t to);
  pmm_obj *(*tuple_concat)(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
  /** `count` below 0 is 0.  PMM_NO_MEMORY on overflow. */
  pmm_obj *(*tuple_repeat)(pmm_rt *rt, pmm_obj *tuple, int64_t count);
  /** Resize an unshared tuple in place; new slots are empty.  On failure
   *  (PMM_SYSTEM: shared) *tuple is released and NULL. */
  enum pmm_status (*tuple_resize)(pmm_rt *rt, pmm_obj **tuple, size_t n);
  /** Execute site `site` (0..7) of compiled code that names a tuple of
   *  constants: 0 is (), 1 is (0, 1), 2 is (0, 1, 2) and so on. */
  pmm_obj *(*tuple_constant)(pmm_rt *rt, unsigned site);

  /* -- list -------------------------------------------------------------- */
  /** A list of `n` empty slots, to be filled by list_set_steal. */
  pmm_obj *(*list_new)(pmm_rt *rt, size_t n);
  /** [items...]; each gains one reference. */
  pmm_obj *(*list_from)(pmm_rt *rt, pmm_obj *const *items, size_t n);
  /** list(iterable). */
  pmm_obj *(*list_convert)(pmm_rt *rt, pmm_obj *iterable);
  enum pmm_status (*list_append)(pmm_rt *rt, pmm_obj *list, pmm_obj *item);
  enum pmm_status (*list_insert)(pmm_rt *rt, pmm_obj *list, size_t index,
                                 pmm_obj *item);
  /** Steals `item` on success and failure; then drops the old item. */
  enum pmm_status (*list_set_steal)(pmm_rt *rt, pmm_obj *list, size_t index,
                                    pmm_obj *item);
  /** list[index] = item.  May run code. */
  enum pmm_status (*list_set)(pmm_rt *rt, pmm_obj *list, size_t index,
                              pmm_obj *item);
  /** Borrowed; PMM_INDEX. */
  pmm_obj *(*list_get)(pmm_rt *rt, pmm_obj *list, size_t index);
  /** The same, new. */
  pmm_obj *(*list_get_strong)(pmm_rt *rt, pmm_obj *list, size_t index);
  /** Remove and return item `index` (new); SIZE_MAX: the last. */
  pmm_obj *(*list_pop)(pmm_rt *rt, pmm_obj *list, size_t index);
  /** Remove the first equal item.  PMM_VALUE: none.  May run code. */
  enum pmm_status (*list_remove)(pmm_rt *rt, pmm_obj *list, pmm_obj *value);
  pmm_obj *(*list_slice)(pmm_rt *rt, pmm_obj *list, size_t from, size_t to);
  /** list[from:to] = iterable; NULL deletes.  May run code. */
  enum pmm_status (*list_assign_slice)(pmm_rt *rt, pmm_obj *list, size_t from,
                                       size_t to, pmm_obj *iterable);
  pmm_obj *(*list_concat)(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
  /** list * count, `count` an int object.  PMM_NO_MEMORY; PMM_OVERFLOW: it
   *  does not fit the signed size type. */
  pmm_obj *(*list_repeat)(pmm_rt *rt, pmm_obj *list, pmm_obj *count);
  /** list += iterable, list *= count: same object.  Unchanged on failure. */
  enum pmm_status (*list_extend)(pmm_rt *rt, pmm_obj *list, pmm_obj *iterable);
  enum pmm_status (*list_repeat_inplace)(pmm_rt *rt, pmm_obj *list,
                                         pmm_obj *count);
  enum pmm_status (*list_clear)(pmm_rt *rt, pmm_obj *list);
  enum pmm_status (*list_reverse)(pmm_rt *rt, pmm_obj *list);
  /** Stable; `key` NULL: the items themselves.  PMM_VALUE: the list was
   *  mutated meanwhile; it holds its items all the same. */
  enum pmm_status (*list_sort)(pmm_rt *rt, pmm_obj *list, pmm_call key,
                               void *ctx);

  /* -- str --------------------------------------------------------------- */
  /** From UTF-8.  PMM_VALUE: invalid. */
  pmm_obj *(*str_new)(pmm_rt *rt, const char *utf8, size_t size);
  /** UTF-8 form, cached in the object; valid while it lives. */
  const char *(*str_utf8)(pmm_rt *rt, pmm_obj *str, size_t *size);
  pmm_obj *(*str_slice)(pmm_rt *rt, pmm_obj *str, size_t from, size_t to);
  pmm_obj *(*str_concat)(pmm_rt *rt, pmm_obj *a, pmm_obj *b);
  /** *left += right as a running program does it: in place when *left is
   *  the only reference.  On failure *left is released and NULL. */
  enum pmm_status (*str_append)(pmm_rt *rt, pmm_obj **left, pmm_obj *right);
  pmm_obj *(*str_repeat)(pmm_rt *rt, pmm_obj *str, int64_t count);
  pmm_obj *(*str_join)(pmm_rt *rt, pmm_obj *separator, pmm_obj *iterable);
  pmm_obj *(*str_strip)(pmm_rt *rt, pmm_obj *str);
  /** Replace *str by the one object of its value. */
  enum pmm_status (*str_intern)(pmm_rt *rt, pmm_obj **str);
  pmm_obj *(*bytes_new)(pmm_rt *rt, const void *data, size_t size);
  /** Borrowed bytes of a bytes object. */
  const void *(*bytes_data)(pmm_rt *rt, pmm_obj *bytes, size_t *size);
  pmm_obj *(*bytes_slice)(pmm_rt *rt, pmm_obj *bytes, size_t from, size_t to);

  /* -- dict -------------------------------------------------------------- */
  pmm_obj *(*dict_new)(pmm_rt *rt);
  enum pmm_status (*dict_set)(pmm_rt *rt, pmm_obj *dict, pmm_obj *key,
                              pmm_obj *value);
  /** Borrowed; NULL without error when absent. */
  pmm_obj *(*dict_get)(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
  /** The same, new. */
  pmm_obj *(*dict_get_strong)(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
  /** PMM_KEY: absent.  May run code. */
  enum pmm_status (*dict_delete)(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
  enum pmm_status (*dict_clear)(pmm_rt *rt, pmm_obj *dict);
  pmm_obj *(*dict_copy)(pmm_rt *rt, pmm_obj *dict);
  /** Lists of keys and of values. */
  pmm_obj *(*dict_keys)(pmm_rt *rt, pmm_obj *dict);
  pmm_obj *(*dict_values)(pmm_rt *rt, pmm_obj *dict);

  /* -- set --------------------------------------------------------------- */
  pmm_obj *(*set_new)(pmm_rt *rt, pmm_obj *iterable);
  pmm_obj *(*frozenset_new)(pmm_rt *rt, pmm_obj *iterable);
  enum pmm_status (*set_add)(pmm_rt *rt, pmm_obj *set, pmm_obj *item);
  enum pmm_status (*set_contains)(pmm_rt *rt, pmm_obj *set, pmm_obj *item,
                                  int *found);
  enum pmm_status (*set_discard)(pmm_rt *rt, pmm_obj *set, pmm_obj *item);
  pmm_obj *(*set_copy)(pmm_rt *rt, pmm_obj *set);

  /* -- finalizer --------------------------------------------------------- */
  /** 1 when the object's finalizer has run.  Any time. */
  int (*is_finalized)(pmm_rt *rt, pmm_obj *o);

  /* -- weakref ----------------------------------------------------------- */
  /** A weak reference.  `callback` may be NULL (then plain references are
   *  shared).  PMM_TYPE: the type does not accept them.  A callback's event
   *  carries `cookie` and comes before it is called. */
  pmm_obj *(*weakref_new)(pmm_rt *rt, pmm_obj *target, pmm_fn callback,
                          void *ctx, int64_t cookie);
  /** A weak reference whose callback is an object (from callable_new). */
  pmm_obj *(*weakref_with)(pmm_rt *rt, pmm_obj *target, pmm_obj *callable);
  /** The target, new; NULL without error when it is dead. */
  pmm_obj *(*weakref_get)(pmm_rt *rt, pmm_obj *weakref);
  /** Live weak references and proxies to the object.  Any time. */
  size_t (*weakref_count)(pmm_rt *rt, pmm_obj *target);
  /** A proxy.  proxy_length is len() through it: PMM_REFERENCE when dead. */
  pmm_obj *(*proxy_new)(pmm_rt *rt, pmm_obj *target);
  /** A new reference to slot `index` of the target, read through the proxy;
   *  PMM_REFERENCE when dead. */
  pmm_obj *(*proxy_slot)(pmm_rt *rt, pmm_obj *proxy, size_t index);

  /* -- weakref_cb -------------------------------------------------------- */
  pmm_obj *(*weak_new)(pmm_rt *rt, enum pmm_weak_kind kind);
  /** `value` is ignored by a weak set. */
  enum pmm_status (*weak_set)(pmm_rt *rt, pmm_obj *weak, pmm_obj *key,
                              pmm_obj *value);
  /** A finalize helper: calls `fn` once, at the target's death or at close. */
  pmm_obj *(*finalize_new)(pmm_rt *rt, pmm_obj *target, pmm_fn fn, void *ctx,
                           int64_t cookie);
  /** Call it now; *called is 1 the first time, else 0. */
  enum pmm_status (*finalize_call)(pmm_rt *rt, pmm_obj *finalize, int *called);
  enum pmm_status (*finalize_detach)(pmm_rt *rt, pmm_obj *finalize);

  /* -- gc ---------------------------------------------------------------- */
  /** Collect generation `generation` and the younger ones; 2 is all.
   *  *unreachable counts what was found.  PMM_VALUE: no such generation.
   *  May run code. */
  enum pmm_status (*collect)(pmm_rt *rt, int generation, uint64_t *unreachable);
  /** Automatic collection on or off; gc_enabled tells.  Any time. */
  void (*gc_enable)(pmm_rt *rt, int enabled);
  int (*gc_enabled)(pmm_rt *rt);
  /** Objects the object owns a reference to, in order.  A new list. */
  pmm_obj *(*gc_referents)(pmm_rt *rt, pmm_obj *o);
  /** Tracked objects that own a reference to it.  A new list. */
  pmm_obj *(*gc_referrers)(pmm_rt *rt, pmm_obj *o);
  /** Call the type's traverse; returns what it returned. */
  int (*gc_traverse)(pmm_rt *rt, pmm_obj *o, pmm_visit visit, void *ctx);
  /** Call the type's clear.  May run code. */
  enum pmm_status (*gc_clear)(pmm_rt *rt, pmm_obj *o);
  /** Check all invariants of the heap; NULL when they hold, else what is
   *  wrong, valid until the next call. */
  const char *(*heap_verify)(pmm_rt *rt);

  /* -- gc_track, gc_debug, gc_freeze, gc_gen, gc_budget, gc_callbacks ---- */
  int (*gc_is_tracked)(pmm_rt *rt, pmm_obj *o);
  enum pmm_status (*gc_debug_set)(pmm_rt *rt, uint32_t flags);
  /** The garbage list, borrowed. */
  pmm_obj *(*gc_garbage)(pmm_rt *rt);
  enum pmm_status (*gc_freeze)(pmm_rt *rt);
  enum pmm_status (*gc_unfreeze)(pmm_rt *rt);
  uint64_t (*gc_freeze_count)(pmm_rt *rt);
  /** Tracked objects of a generation (-1: all) as a new list. */
  pmm_obj *(*gc_objects)(pmm_rt *rt, int generation);
  void (*gc_thresholds)(pmm_rt *rt, uint64_t thresholds[3]);
  enum pmm_status (*gc_set_thresholds)(pmm_rt *rt, const uint64_t values[3]);
  void (*gc_counts)(pmm_rt *rt, uint64_t counts[3]);
  enum pmm_status (*gc_stats)(pmm_rt *rt, int generation,
                              struct pmm_gc_stats *out);
  /** The pause that a collector in slices aims at, in nanoseconds; 0: its
   *  own choice.  Modes without slices ignore it. */
  enum pmm_status (*gc_set_budget)(pmm_rt *rt, uint64_t nanoseconds);
  /** `fn` at start and stop of each collection, after those added before;
   *  the events GC_START and GC_STOP come before the first of them.  The same
   *  pair may be there several times. */
  enum pmm_status (*gc_callback_add)(pmm_rt *rt, pmm_gc_fn fn, void *ctx);
  /** Remove the pair that was added first.  PMM_VALUE: it is not there. */
  enum pmm_status (*gc_callback_remove)(pmm_rt *rt, pmm_gc_fn fn, void *ctx);

  /* -- gc_log ------------------------------------------------------------ */
  /** Note each collection, and each slice of one that goes by and by, from
   *  here on; forgets what was noted.  Noting needs no memory: the log is a
   *  ring of PMM_GC_LOG_RUNS. */
  enum pmm_status (*gc_log_start)(pmm_rt *rt);
  /** Note no more; what was noted can still be read.  Any time. */
  void (*gc_log_stop)(pmm_rt *rt);
  /** The last runs, latest first, at most `n` into `out`; returns how many
   *  there were since the start.  A run is there once it is over; callbacks
   *  at its stop can read it.  Any time. */
  uint64_t (*gc_log_read)(pmm_rt *rt, struct pmm_gc_run *out, size_t n);

  /* -- frame ------------------------------------------------------------- */
  /** A function that executes `code`. */
  pmm_obj *(*function_new)(pmm_rt *rt, const struct pmm_code *code);
  /** Call with borrowed arguments.  May run code. */
  pmm_obj *(*call)(pmm_rt *rt, pmm_obj *callable, pmm_obj *const *args,
                   size_t n);
  /** A callable object that calls the host. */
  pmm_obj *(*callable_new)(pmm_rt *rt, pmm_call call, void *ctx);
  /** Innermost calls allowed; the depth at which PMM_RECURSION comes. */
  size_t (*recursion_limit)(pmm_rt *rt);

  /* -- generator --------------------------------------------------------- */
  /** A generator over `code` that has not started. */
  pmm_obj *(*generator_new)(pmm_rt *rt, const struct pmm_code *code,
                            pmm_obj *const *args, size_t n);
  /** Resume with a value (NULL: None).  What it yields, new; NULL with
   *  PMM_STOP when it returned.  PMM_VALUE: it is running.  May run code. */
  pmm_obj *(*generator_send)(pmm_rt *rt, pmm_obj *generator, pmm_obj *value);
  /** Raise at the point where it waits. */
  pmm_obj *(*generator_throw)(pmm_rt *rt, pmm_obj *generator,
                              enum pmm_status status);
  /** PMM_RUNTIME: it yielded instead of ending.  May run code. */
  enum pmm_status (*generator_close)(pmm_rt *rt, pmm_obj *generator);
  /** 1 once its frame is gone. */
  int (*generator_finished)(pmm_rt *rt, pmm_obj *generator);

  /* -- context ----------------------------------------------------------- */
  /** A manager.  `enter` may be NULL; events carry `cookie`. */
  pmm_obj *(*manager_new)(pmm_rt *rt, pmm_call enter, pmm_exit_fn exit,
                          void *ctx, int64_t cookie);
  /** contextmanager(function): a function over a code that yields once. */
  pmm_obj *(*manager_from_generator)(pmm_rt *rt, pmm_obj *generator);
  /** A stack of exits: last in, first out; itself a manager. */
  pmm_obj *(*exit_stack_new)(pmm_rt *rt);
  enum pmm_status (*exit_stack_push)(pmm_rt *rt, pmm_obj *stack, pmm_fn fn,
                                     void *ctx);
  enum pmm_status (*exit_stack_close)(pmm_rt *rt, pmm_obj *stack);
  /** Status of the context of the pending error (what it replaced). */
  enum pmm_status (*error_context)(pmm_rt *rt);

  /* -- file -------------------------------------------------------------- */
  /** Open; mode "r", "w" or "a", always bytes.  PMM_OS.  A file is a manager
   *  and an iterable of lines. */
  pmm_obj *(*file_open)(pmm_rt *rt, const char *path, const char *mode);
  /** At most `size` bytes (SIZE_MAX: all) as new bytes; empty at the end.
   *  PMM_OS; PMM_VALUE: closed. */
  pmm_obj *(*file_read)(pmm_rt *rt, pmm_obj *file, size_t size);
  pmm_obj *(*file_read_line)(pmm_rt *rt, pmm_obj *file);
  enum pmm_status (*file_write)(pmm_rt *rt, pmm_obj *file, const void *data,
                                size_t size);
  enum pmm_status (*file_flush)(pmm_rt *rt, pmm_obj *file);
  /** Flush and close; the descriptor is closed even when flushing fails.
   *  A second close does nothing. */
  enum pmm_status (*file_close)(pmm_rt *rt, pmm_obj *file);
  /** The descriptor, -1 when closed. */
  int (*file_descriptor)(pmm_rt *rt, pmm_obj *file);

  /* -- sizeof ------------------------------------------------------------ */
  /** As the language reports it: shallow, collector header included. */
  enum pmm_status (*size_of)(pmm_rt *rt, pmm_obj *o, size_t *bytes);

  /* -- copy -------------------------------------------------------------- */
  /** copy.copy(): a new object with the same items, or the object itself
   *  where it cannot change.  The copy of an instance has its type, cookie,
   *  slots and attributes; that of an iterator over a list, tuple, str, bytes,
   *  array, dict or set goes on from where it is.  PMM_TYPE: has no copy, as
   *  files, generators, views and chunks.  May run code. */
  pmm_obj *(*copy)(pmm_rt *rt, pmm_obj *o);
  /** copy.deepcopy(): copies of the items too, each object once.
   *  PMM_RECURSION; PMM_TYPE.  May run code. */
  pmm_obj *(*copy_deep)(pmm_rt *rt, pmm_obj *o);
  /** A resizable byte array of `size` zero bytes. */
  pmm_obj *(*bytearray_new)(pmm_rt *rt, size_t size);
  /** PMM_BUFFER: a view exists. */
  enum pmm_status (*bytearray_resize)(pmm_rt *rt, pmm_obj *array, size_t size);
  /** A view of bytes from..to of a bytearray or bytes.  Iterating gives them
   *  as they are then. */
  pmm_obj *(*view_new)(pmm_rt *rt, pmm_obj *owner, size_t from, size_t to);
  /** A typed array of `n` zeros. */
  pmm_obj *(*array_new)(pmm_rt *rt, enum pmm_item_kind kind, size_t n);
  /** Split an iterator: a tuple of two. */
  pmm_obj *(*tee)(pmm_rt *rt, pmm_obj *iterator);

  /* -- fail_inject ------------------------------------------------------- */
  /** From now on allocation number `nth` (1 is the next) fails; `persist`:
   *  and all after it.  Resizes that grow count as allocations; what threads
   *  ask for that do not hold the runtime does not. */
  void (*inject_arm)(pmm_rt *rt, uint64_t nth, int persist);
  /** Stop; returns how many allocations failed since inject_arm. */
  uint64_t (*inject_disarm)(pmm_rt *rt);

  /* -- domains, domain_stats, alloc_hook, arena_hook, arena_stats, ---------
   * -- pool_stats, debug_hooks, lock_check, raw_threads -------------------- */
  /** Blocks of a domain.  NULL: no memory, and nothing changed; no error is
   *  pending.  0 bytes bring a block.  Sizes above PTRDIFF_MAX, and products
   *  that wrap, bring NULL.
   *
   *  With `raw_threads`: of PMM_DOMAIN_RAW any thread, many at once, while the
   *  one that holds the runtime does what it likes; a block may be resized and
   *  freed by another thread than made it.  Then hooks on that domain are
   *  called by many threads at once, and none of these calls may be under way
   *  during domain_set, debug_install, trace_start, trace_stop and close.
   *
   *  With `lock_check`: once the debug layer is there, a call for
   *  PMM_DOMAIN_MEM or PMM_DOMAIN_OBJ by a thread that does not hold the
   *  runtime writes a message to standard error and aborts. */
  void *(*domain_malloc)(pmm_rt *rt, enum pmm_domain domain, size_t size);
  void *(*domain_calloc)(pmm_rt *rt, enum pmm_domain domain, size_t n,
                         size_t size);
  void *(*domain_realloc)(pmm_rt *rt, enum pmm_domain domain, void *block,
                          size_t size);
  void (*domain_free)(pmm_rt *rt, enum pmm_domain domain, void *block);
  void (*domain_get)(pmm_rt *rt, enum pmm_domain domain,
                     struct pmm_domain_allocator *out);
  enum pmm_status (*domain_set)(pmm_rt *rt, enum pmm_domain domain,
                                const struct pmm_domain_allocator *allocator);
  void (*arena_get)(pmm_rt *rt, struct pmm_arena_allocator *out);
  enum pmm_status (*arena_set)(pmm_rt *rt,
                               const struct pmm_arena_allocator *allocator);
  /** Statistics of size class `index`; -1: no such class. */
  int (*class_stats)(pmm_rt *rt, size_t index, struct pmm_class_stats *out);
  /** Statistics of the index-th arena that is held; -1: not so many. */
  int (*arena_stats)(pmm_rt *rt, size_t index, struct pmm_arena_stats *out);
  /** What lives of a domain.  Any time. */
  void (*domain_stats)(pmm_rt *rt, enum pmm_domain domain,
                       struct pmm_domain_stats *out);
  /** Put the debug layer on every domain. */
  enum pmm_status (*debug_install)(pmm_rt *rt);

  /* -- trace ------------------------------------------------------------- */
  enum pmm_status (*trace_start)(pmm_rt *rt);
  void (*trace_stop)(pmm_rt *rt);
  /** Bytes allocated since the start and still live, and their maximum. */
  void (*trace_get)(pmm_rt *rt, uint64_t *current, uint64_t *peak);
  void (*trace_reset_peak)(pmm_rt *rt);
  /** Name the site of allocations until the matching pop.  `name` outlives
   *  the runtime. */
  enum pmm_status (*site_push)(pmm_rt *rt, const char *name);
  void (*site_pop)(pmm_rt *rt);
  /** Sites with live traced blocks, largest first: at most `n` into `out`;
   *  returns how many there are.  PMM_RUNTIME (as SIZE_MAX): not tracing. */
  size_t (*trace_snapshot)(pmm_rt *rt, struct pmm_site *out, size_t n);
  /** Keep a snapshot to compare with, in place of the one kept before; the
   *  end of tracing drops it.  PMM_RUNTIME: not tracing. */
  enum pmm_status (*trace_keep)(pmm_rt *rt);
  /** Compare the snapshot that is kept with one taken now: the sites that
   *  differ, the one that grew most bytes first; at most `n` into `out`.
   *  Returns how many differ.  PMM_RUNTIME (as SIZE_MAX): none is kept. */
  size_t (*trace_growth)(pmm_rt *rt, struct pmm_growth *out, size_t n);

  /* -- census ------------------------------------------------------------ */
  /** Count all live objects by type, one call a type, the most bytes first.
   *  Last comes what the subject can count but not list, as type "", if there
   *  is any.  `report` must not use operations. */
  enum pmm_status (*census)(pmm_rt *rt,
                            void (*report)(void *ctx,
                                           const struct pmm_census *row),
                            void *ctx);

  /* -- diag -------------------------------------------------------------- */
  /** Report what is alive beyond the runtime's own objects, one call a kind,
   *  type and site.  `report` must not use operations. */
  enum pmm_status (*leaks)(pmm_rt *rt,
                           void (*report)(void *ctx,
                                          const struct pmm_leak *leak),
                           void *ctx);

  /* -- trashcan ---------------------------------------------------------- */
  /** Run `fn` on a fresh stack of `stack_bytes`, attached to the runtime,
   *  and wait for it.  Returns what it returned. */
  enum pmm_status (*call_on_stack)(pmm_rt *rt, size_t stack_bytes, pmm_fn fn,
                                   void *ctx);

  /* -- threads ----------------------------------------------------------- */
  /** Attach the calling thread, and let it go. */
  enum pmm_status (*thread_enter)(pmm_rt *rt);
  void (*thread_leave)(pmm_rt *rt);

  /* -- sparse ------------------------------------------------------------ */
  /** Item `index` of a typed array, new: an int, or a float of
   *  PMM_ITEM_DOUBLE.  PMM_TYPE; PMM_INDEX. */
  pmm_obj *(*array_get)(pmm_rt *rt, pmm_obj *array, size_t index);
  /** array[index] = value: an int, for PMM_ITEM_DOUBLE a float too.  PMM_TYPE;
   *  PMM_INDEX; PMM_OVERFLOW: wider than an item. */
  enum pmm_status (*array_set)(pmm_rt *rt, pmm_obj *array, size_t index,
                               pmm_obj *value);
  /** A sparse vector of `n` positions, all 0.0.  It owns what it stores and no
   *  more: its length() is the number of stored entries, its size_of() follows
   *  them.  Iterating gives tuples (position, value) by position.  PMM_VALUE:
   *  more positions than PTRDIFF_MAX. */
  pmm_obj *(*sparse_new)(pmm_rt *rt, size_t n);
  /** vector[index] = value.  One that equals 0.0 removes the entry, which
   *  cannot fail.  PMM_TYPE; PMM_INDEX. */
  enum pmm_status (*sparse_set)(pmm_rt *rt, pmm_obj *vector, size_t index,
                                double value);
  /** *value is what is stored, `absent` where nothing is; stores nothing.
   *  PMM_TYPE; PMM_INDEX. */
  enum pmm_status (*sparse_get)(pmm_rt *rt, pmm_obj *vector, size_t index,
                                double absent, double *value);
  /** *sum of stored values times the items of a typed array of doubles, added
   *  up by position.  PMM_TYPE; PMM_VALUE: their lengths differ. */
  enum pmm_status (*sparse_dot)(pmm_rt *rt, pmm_obj *vector, pmm_obj *dense,
                                double *sum);
  /** A matrix of compressed sparse rows (CSR) from `n` triples in any order.
   *  Triples of one place are added up in the order given; a sum that equals
   *  0.0 is not stored.  It never changes: it is its own copy.  length(): the
   *  stored entries; iterating gives tuples (row, column, value) by row, then
   *  by column.  PMM_INDEX: a triple lies outside; PMM_VALUE: more rows or
   *  columns than PTRDIFF_MAX. */
  pmm_obj *(*csr_new)(pmm_rt *rt, size_t rows, size_t columns,
                      const struct pmm_triple *triples, size_t n);
  /** Row `row` as a new sparse vector.  PMM_TYPE; PMM_INDEX. */
  pmm_obj *(*csr_row)(pmm_rt *rt, pmm_obj *matrix, size_t row);
  /** The product with a typed array of doubles, one a column: a new typed
   *  array of doubles, one a row.  PMM_TYPE; PMM_VALUE: lengths differ. */
  pmm_obj *(*csr_multiply)(pmm_rt *rt, pmm_obj *matrix, pmm_obj *dense);
  /** Rows and columns of a matrix; of a vector 1 and its positions.
   *  PMM_TYPE. */
  enum pmm_status (*sparse_shape)(pmm_rt *rt, pmm_obj *o, size_t *rows,
                                  size_t *columns);

  /* -- chunks ------------------------------------------------------------ */
  /** An iterator that gives the items of any iterable in lists of `size`, the
   *  last one shorter.  It owns an iterator over it, and of the chunks only the
   *  one that it fills: an error of the source leaves that as it is, and the
   *  next call goes on with it.  PMM_VALUE: `size` is 0. */
  pmm_obj *(*chunks)(pmm_rt *rt, pmm_obj *iterable, size_t size);
  /** An iterator that gives what is left of a file in bytes objects of `size`,
   *  the last one shorter.  It owns a reference to the file, no chunk, and does
   *  not close it.  Its next() fails as file_read().  PMM_TYPE; PMM_VALUE:
   *  `size` is 0. */
  pmm_obj *(*file_chunks)(pmm_rt *rt, pmm_obj *file, size_t size);

  /* -- weakref_cb -------------------------------------------------------- */
  /** The value of a key in a weak map, new; NULL without error when there is
   *  none.  PMM_TYPE: a weak set; the key is unhashable. */
  pmm_obj *(*weak_get)(pmm_rt *rt, pmm_obj *weak, pmm_obj *key);
  /** Remove a key.  PMM_KEY: absent.  May run code. */
  enum pmm_status (*weak_delete)(pmm_rt *rt, pmm_obj *weak, pmm_obj *key);

  /* -- str --------------------------------------------------------------- */
  /** str(o): a str is itself, anything else gives its text. */
  pmm_obj *(*str_convert)(pmm_rt *rt, pmm_obj *o);
};

/** What a subject is. */
struct pmm_subject {
  uint32_t abi_version;     /* PMM_SUBJECT_ABI it was compiled with         */
  uint32_t flags;           /* 0; reserved                                  */
  size_t struct_size;       /* sizeof(struct pmm_subject)                   */
  size_t ops_size;          /* sizeof(struct pmm_ops)                       */
  const char *name;         /* "reference", "cpython"                       */
  const char *version;      /* "3.11.2"                                     */
  const char *build;        /* compiler and flags that matter, one line     */
  const char *profile;      /* name of the profile with its numbers         */
  const char *const *features; /* names, NULL-terminated                    */
  const char *const *modes; /* collector modes, NULL-terminated, default 1st */
  int takes_backend;        /* 1: open() serves any backend                 */
  const struct pmm_ops *ops;
};

/** The exported function; NULL when it cannot serve `host_abi`. */
typedef const struct pmm_subject *(*pmm_subject_get_fn)(uint32_t host_abi);

/** What a subject's own shared object defines. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const struct pmm_subject *pmm_subject_get(uint32_t host_abi);

#ifdef __cplusplus
}
#endif

#endif /* PMM_SUBJECT_H */
