/* SPDX-License-Identifier: MIT */
/*
 * runtime.h - one open runtime.
 *
 * The state of every module, by value, in the order in which pmmi_open()
 * brings it to life; pmmi_close() goes backwards.  No state lives anywhere
 * else, so runtimes are apart from each other.  The structure itself is one
 * block of the backend's heap that the counters do not show.
 *
 * A module declares `struct pmmi_<module>` in its header and offers
 * `enum pmm_status pmmi_<module>_init(pmm_rt *rt)` and
 * `void pmmi_<module>_fini(pmm_rt *rt)`, called from runtime.c.
 */
#ifndef PMMI_RUNTIME_H
#define PMMI_RUNTIME_H

#include "code/file.h"
#include "code/frame.h"
#include "core/dealloc.h"
#include "core/errors.h"
#include "core/object.h"
#include "gc/gc.h"
#include "gc/log.h"
#include "memory/arenas.h"
#include "memory/debug.h"
#include "memory/domain.h"
#include "memory/holder.h"
#include "memory/memory.h"
#include "memory/trace.h"
#include "types/finalizer.h"
#include "types/instance.h"
#include "types/int.h"
#include "types/list.h"
#include "types/str.h"
#include "types/tuple.h"

/** Nested calls, comparisons and the like that a runtime allows. */
#define PMMI_RECURSION_LIMIT 1000

struct pmmi_repr;

struct pmm_rt {
  struct pmmi_memory memory;   /* first: memory.h's hot path relies on it   */
  struct pmmi_domains domains; /* raw, mem and object, and their hooks      */
  struct pmmi_shared shared;   /* the lock; which thread holds the runtime  */
  struct pmmi_raw raw;         /* raw blocks, of any thread                 */
  struct pmmi_debug debug;     /* guards and the quarantine                 */
  struct pmmi_arenas *arenas;  /* NULL: the backend maps pages by itself    */
  struct pmmi_dealloc dealloc; /* nesting, and objects that wait            */
  struct pmmi_errors errors;   /* the pending error                         */
  struct pmmi_gc gc;           /* tracked objects                           */
  struct pmmi_gc_log gc_log;   /* who hears of collections; the last runs   */
  struct pmmi_ints ints;       /* the small ones                            */
  struct pmmi_strs strs;       /* short ones, and the intern table          */
  struct pmmi_tuples tuples;   /* the empty one, dead ones, constants       */
  struct pmmi_lists lists;     /* dead ones                                 */
  struct pmmi_instances instances;   /* those the collector does not know   */
  struct pmmi_finalizers finalizers; /* armed ones                          */
  struct pmmi_frames frames;   /* the stack that codes run on               */
  struct pmmi_files files;     /* the open ones                             */
  struct pmmi_trace trace;     /* traced blocks and their sites             */
  uint64_t own_objects;        /* live once it was open: nobody's leak      */
  size_t recursion;            /* nested calls, comparisons, ...            */
  struct pmmi_repr *repr;      /* containers being printed, innermost first */
  struct pmm_host host;        /* a copy; all zero when nobody listens      */
  uint64_t seed;               /* as opened                                 */
  uint32_t flags;              /* enum pmm_open_flag, or-ed                 */
};

/** Tell the host, if it listens.  Runs no code of the runtime. */
static inline void pmmi_event(pmm_rt *rt, enum pmm_event_kind kind,
                              int64_t cookie, int64_t detail) {
  if (rt->host.event != NULL) {
    rt->host.event(rt->host.ctx, kind, cookie, detail);
  }
}

/** Fill the header of a block: count 1, one more live object; a heap type
 *  gains a reference. */
static inline void pmmi_object_init(pmm_rt *rt, pmm_obj *o,
                                    const struct pmmi_type *type) {
  o->refcnt = 1;
  o->type = type;
  rt->memory.objects++;
  if (type->flags & PMMI_TYPE_HEAP) {
    pmmi_retain(rt, (pmm_obj *)(uintptr_t)type);
  }
}

/** One level deeper; PMM_RECURSION at the limit.  Leave only what was
 *  entered. */
enum pmm_status pmmi_recursion_enter(pmm_rt *rt);
void pmmi_recursion_leave(pmm_rt *rt);

/** Add the figures that modules above memory keep: cached, tracked. */
void pmmi_runtime_figures(pmm_rt *rt, struct pmm_memory *out);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

enum pmm_status pmmi_open(const struct pmm_open_config *config, pmm_rt **rt);
void pmmi_close(pmm_rt *rt);
void pmmi_caches_flush(pmm_rt *rt);

#endif /* PMMI_RUNTIME_H */
