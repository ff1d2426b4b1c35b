/* SPDX-License-Identifier: MIT */
/* pmm/features/trace.h - traced bytes, their peak and their sites. */
#ifndef PMM_FEATURES_TRACE_H
#define PMM_FEATURES_TRACE_H

#include "pmm/types.h"

struct pmm_trace_ops {
  size_t struct_size;
  /** Begin to trace, and end it: what was traced is forgotten. */
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
  /** Bytes that the tracer itself holds; trace_get() does not count them.  Any
   *  time. */
  uint64_t (*trace_overhead)(pmm_rt *rt);
};

#endif /* PMM_FEATURES_TRACE_H */
