/* SPDX-License-Identifier: MIT */
/*
 * attempt.h - run one case once, in the calling process.
 *
 *   setup      open a runtime; settle it; read its counters
 *   body       run the case, with a failing allocation when asked for
 *   teardown   release what the case owns, settle, compare the counters,
 *              verify the heap, close
 *
 * To settle is to remove a pending error, collect and flush the caches, so
 * that two readings are comparable.
 *
 * Invariant: after an attempt the process holds nothing of it.
 */
#ifndef PMM_CONFORM_ATTEMPT_H
#define PMM_CONFORM_ATTEMPT_H

#include "case.h"
#include "result.h"

/** Ways to run a case. */
enum pmm_lane {
  PMM_LANE_PLAIN,
  PMM_LANE_OOM_ONCE,    /* allocation k fails, for k = 1, 2, 3 ...          */
  PMM_LANE_OOM_PERSIST, /* and all after it                                 */
  PMM_LANE_GC_STRESS,   /* collect at every container allocation            */
  PMM_LANE_SHUFFLE,     /* plain, in a seeded order                         */
  PMM_LANE_DEBUG,       /* with the debug layer on all domains              */
  PMM_LANE_COUNT
};

/** What all attempts of a run share. */
struct pmm_setting {
  const struct pmm_view *view;       /* of the subject                      */
  const struct pmm_backend *backend; /* NULL: the subject's own             */
  const char *mode;
  enum pmm_lane lane;
  uint64_t seed;
  uint64_t only_point; /* oom lanes: this point alone; 0: all               */
  const struct pmm_profile *profile; /* NULL: nobody has one                 */
};

/** 1 for the two lanes that make allocations fail. */
int pmm_lane_is_oom(enum pmm_lane lane);

/** Run the case; `point` > 0 makes allocation number `point` of the body
 *  fail (oom lanes).  Fills `record`, keeps `progress` up to date. */
void pmm_attempt(const struct pmm_setting *setting,
                 const struct pmm_case *test_case, uint64_t point,
                 struct pmm_progress *progress, struct pmm_record *record);

/** Open and close a runtime: what a subject must survive before any case. */
void pmm_attempt_open(const struct pmm_setting *setting,
                      struct pmm_progress *progress,
                      struct pmm_record *record);

#endif /* PMM_CONFORM_ATTEMPT_H */
