/* SPDX-License-Identifier: MIT */
/* trace_growth.c - a snapshot that is kept, and what grew since: trace.h. */
#include "memory/trace_growth.h"

#include "memory/memory_state.h"

enum pmm_status pmmi_trace_keep(pmm_rt *rt) {
  struct pmmi_trace *t = pmmi_trace_of(rt);
  if (!t->on) {
    return pmmi_memory_fail(rt, PMM_RUNTIME, "nothing is traced");
  }
  pmmi_lock(rt);
  for (size_t i = 0; i < t->site_count; i++) {
    t->sites[i].kept = t->sites[i].live;
  }
  t->kept = 1;
  pmmi_unlock(rt);
  return PMM_OK;
}

static struct pmm_growth growth_of(const struct pmmi_trace_site *site) {
  return (struct pmm_growth){
      .name = site->live.name,
      .blocks = (int64_t)(site->live.blocks - site->kept.blocks),
      .bytes = (int64_t)(site->live.bytes - site->kept.bytes)};
}

/** Put `one` into out[0..*used-1], most growth first, at most `n`. */
static void rank(struct pmm_growth *out, size_t n, size_t *used,
                 const struct pmm_growth *one) {
  assert(*used <= n);
  size_t at = *used;
  while (at > 0 && (out[at - 1].bytes < one->bytes ||
                    (out[at - 1].bytes == one->bytes &&
                     out[at - 1].blocks < one->blocks))) {
    if (at < n) {
      out[at] = out[at - 1];
    }
    at--;
  }
  if (at < n) {
    out[at] = *one;
    *used += *used < n;
  }
}

size_t pmmi_trace_growth(pmm_rt *rt, struct pmm_growth *out, size_t n) {
  assert(n == 0 || out != NULL);
  const struct pmmi_trace *t = pmmi_trace_of(rt);
  if (!t->kept) {
    pmmi_memory_fail(rt, PMM_RUNTIME, "no snapshot is kept");
    return SIZE_MAX;
  }
  size_t used = 0;
  size_t found = 0;
  pmmi_lock(rt);
  for (size_t i = 0; i < t->site_count; i++) {
    struct pmm_growth one = growth_of(&t->sites[i]);
    if (one.blocks != 0 || one.bytes != 0) {
      found++;
      rank(out, n, &used, &one);
    }
  }
  pmmi_unlock(rt);
  return found;
}
