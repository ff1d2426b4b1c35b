/* SPDX-License-Identifier: MIT */
/*
 * lanes.c - gate features, sweep allocations (lanes.h).
 *
 * A sweep tries every point up to DENSE_POINTS and then one in 64 of what it
 * has behind it: bodies that allocate a million times repeat the same few
 * paths, and the record says how many points were tried.
 */
#include "lanes.h"

#include <stdio.h>
#include <string.h>

enum { DENSE_POINTS = 256, STRIDE_DIVISOR = 64 };

/* ---- one attempt -------------------------------------------------------- */

struct job {
  const struct pmm_setting *setting;
  const struct pmm_case *test_case;
  uint64_t point;
};

static void work(void *ctx, struct pmm_progress *progress,
                 struct pmm_record *record) {
  const struct job *job = ctx;
  pmm_attempt(job->setting, job->test_case, job->point, progress, record);
}

static void attempt(const struct pmm_course *course,
                    const struct pmm_setting *setting,
                    const struct pmm_case *test_case, uint64_t point,
                    struct pmm_outcome *outcome) {
  struct job job = {setting, test_case, point};
  pmm_judge(course, work, &job, outcome);
}

/* ---- one case ----------------------------------------------------------- */

/* The first feature that the case needs and the subject does not offer, or
 * PMM_FEATURE_COUNT. */
static enum pmm_feature first_missing(const struct pmm_setting *setting,
                                      const struct pmm_case *test_case) {
  const unsigned char *offers = setting->view->offers;
  const enum pmm_feature *need = test_case->needs;
  for (; need != NULL && *need != PMM_FEATURE_COUNT; need++) {
    if (!offers[*need]) {
      return *need;
    }
  }
  enum pmm_lane lane = setting->lane;
  enum pmm_feature asked = pmm_lane_is_oom(lane)    ? PMM_FEATURE_fail_inject
                           : lane == PMM_LANE_DEBUG ? PMM_FEATURE_debug_hooks
                                                    : PMM_FEATURE_COUNT;
  return asked == PMM_FEATURE_COUNT || offers[asked] ? PMM_FEATURE_COUNT
                                                     : asked;
}

/* 1 when the record says already why the case is not run. */
static int is_gated(const struct pmm_setting *setting,
                    const struct pmm_case *test_case,
                    struct pmm_record *record) {
  enum pmm_feature missing = first_missing(setting, test_case);
  if (missing == PMM_FEATURE_COUNT) {
    return 0;
  }
  const char *name = pmm_feature_name(missing);
  pmm_record_set(record, PMM_CLASS_UNSUPPORTED, "needs feature %s", name);
  (void)snprintf(record->feature, sizeof record->feature, "%s", name);
  return 1;
}

static int is_waived(const struct pmm_setting *setting,
                     const struct pmm_case *test_case,
                     struct pmm_record *record) {
  enum pmm_lane lane = setting->lane;
  const char *reason = pmm_lane_is_oom(lane) ? test_case->oom_exempt
                       : lane == PMM_LANE_GC_STRESS
                           ? test_case->stress_exempt
                       : lane == PMM_LANE_DEBUG ? test_case->debug_exempt
                                                : NULL;
  if (reason != NULL) {
    pmm_record_set(record, PMM_CLASS_WAIVED, "%s", reason);
  }
  return reason != NULL;
}

static uint64_t next_point(uint64_t point) {
  return point < DENSE_POINTS ? point + 1
                              : point + point / STRIDE_DIVISOR;
}

/* Fail allocation after allocation until one sweep round fails none. */
static void sweep(const struct pmm_course *course,
                  const struct pmm_setting *setting,
                  const struct pmm_case *test_case,
                  struct pmm_outcome *outcome) {
  struct pmm_record *record = &outcome->record;
  struct pmm_record plain = *record;
  uint64_t points = 0;
  for (uint64_t point = 1;; point = next_point(point)) {
    attempt(course, setting, test_case, point, outcome);
    if (record->class != PMM_CLASS_PASS) {
      if (record->class < PMM_CLASS_SANITIZER &&
          record->class != PMM_CLASS_UNSUPPORTED) {
        record->class = PMM_CLASS_OOM_UNSAFE;
      }
      record->point = point;
      record->points = points + 1;
      return;
    }
    if (record->fired == 0) {
      break;
    }
    points++;
  }
  *record = plain;
  record->points = points;
}

void pmm_lanes_run(const struct pmm_course *course,
                   const struct pmm_setting *setting,
                   const struct pmm_case *test_case,
                   struct pmm_outcome *outcome) {
  int oom = pmm_lane_is_oom(setting->lane);
  pmm_record_init(&outcome->record);
  outcome->output[0] = '\0';
  if (is_gated(setting, test_case, &outcome->record) ||
      is_waived(setting, test_case, &outcome->record)) {
    return;
  }
  attempt(course, setting, test_case, oom ? setting->only_point : 0, outcome);
  if (oom && setting->only_point == 0 &&
      outcome->record.class == PMM_CLASS_PASS) {
    sweep(course, setting, test_case, outcome);
  }
}
