/* SPDX-License-Identifier: MIT */
/*
 * pmm/subject.h - the runtime contract: idea, conventions, core.
 *
 * A *subject* is a runtime behind this header: the reference, a real CPython,
 * somebody's own.  Cases, workloads and benchmarks know nothing else of it.
 *
 *   1. A shared object exports pmm_subject_get().  The host asks it for a
 *      `struct pmm_subject` and checks its abi_version and struct_size.
 *   2. The host opens a runtime, naming a backend, a collector mode and the
 *      function that wants to hear of events.
 *   3. It drives objects through handles.  A handle (`pmm_obj *`) is opaque;
 *      the host may compare it with NULL and hand it back, no more.
 *   4. It observes by events (finalized, deallocated, ...), each with the
 *      cookie the host gave the object, and by the reading operations.
 *   5. It closes the runtime.
 *
 * The *core*, below, is all that a subject must have.  Everything else is a
 * *feature*: lists are one, weak references another.  Each has a header of
 * its own, pmm/features/NAME.h, with one structure, `struct pmm_NAME_ops`,
 * that the subject's feature() returns:
 *
 *     #include "pmm/features/refcount.h"
 *
 *     static const struct pmm_refcount_ops refcount_ops = {
 *         .struct_size = sizeof refcount_ops, .refcount = my_refcount, ...};
 *
 *     static const void *feature(const char *name) {
 *       return strcmp(name, "refcount") == 0 ? &refcount_ops : NULL;
 *     }
 *
 * Start with the core and two or three features; add one at a time.  What is
 * absent is no failure: a case that needs it is UNSUPPORTED, and says so.
 *
 * Conventions, stated once; each operation says where it differs.
 *
 *   absence    feature() returns NULL for what the subject does not have.  An
 *              operation that is NULL, or beyond the struct_size that the
 *              subject was compiled with, is absent.  One that cannot do what
 *              it is asked answers PMM_UNSUPPORTED.
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
 *   threads    One thread *holds* a runtime: the one that opened it; inside
 *              call_on_stack() the one that runs for it; with `threads` one
 *              that entered; in a language with an interpreter lock, the one
 *              that has it.  It alone may use operations, save those that say
 *              "any thread".
 *   growth     Structures grow at their end alone, each by itself; one that
 *              is shorter or longer than the host's is read as far as both
 *              go.  Sizes are bytes.  Unknown figures are PMM_UNKNOWN, never
 *              0.
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
#define PMM_SUBJECT_ABI 3u

/** Name of the function a subject's shared object exports. */
#define PMM_SUBJECT_GETTER "pmm_subject_get"

/** The core: mandatory. */
struct pmm_core_ops {
  size_t struct_size;

  /* -- life --------------------------------------------------------------- */
  /** Open a runtime.  PMM_NO_MEMORY; PMM_VALUE: unknown mode;
   *  PMM_UNSUPPORTED: this backend or flag.  On failure *rt is NULL. */
  enum pmm_status (*open)(const struct pmm_open_config *config, pmm_rt **rt);
  /** Run what is left (finalizers, files), give back all memory.  Handles
   *  become invalid.  May run code.  Cannot fail.  Any time. */
  void (*close)(pmm_rt *rt);

  /* -- references --------------------------------------------------------- */
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

  /* -- errors ------------------------------------------------------------- */
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

  /* -- values ------------------------------------------------------------- */
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

  /* -- what all objects do ------------------------------------------------ */
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

  /* -- instances of the host's own types ---------------------------------- */
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

  /* -- figures ------------------------------------------------------------ */
  /** Fill the first out->struct_size bytes of `out`.  Any time. */
  void (*memory)(pmm_rt *rt, struct pmm_memory *out);
  /** peak_bytes starts again from live_bytes.  Any time. */
  void (*memory_reset_peak)(pmm_rt *rt);
  /** Give cached blocks back to the allocator.  Any time. */
  void (*caches_flush)(pmm_rt *rt);
};

/** What a subject is. */
struct pmm_subject {
  uint32_t abi_version;     /* PMM_SUBJECT_ABI it was compiled with         */
  uint32_t flags;           /* 0; reserved                                  */
  size_t struct_size;       /* sizeof(struct pmm_subject)                   */
  const char *name;         /* "reference", "cpython"; none of these is NULL */
  const char *version;      /* "3.11.2"                                     */
  const char *build;        /* compiler and flags that matter, one line     */
  const char *profile;      /* name of the profile with its numbers, or ""  */
  const char *const *modes; /* collector modes, the default first, then     */
                            /* NULL; {NULL}: nothing to choose.  Different  */
                            /* words of [a-z0-9_-], 32 letters at most      */
  int takes_backend;        /* 1: open() serves any backend                 */
  const struct pmm_core_ops *core;
  /** The structure of that feature; NULL for what is absent, and for every
   *  name that it does not know.  Called before the first open(); what it
   *  returns lives as long as the library. */
  const void *(*feature)(const char *name);
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
