/* SPDX-License-Identifier: MIT */
/*
 * judge.c - classify processes, gate features, sweep allocations (judge.h).
 *
 * A sweep tries every point up to DENSE_POINTS and then one in 64 of what it
 * has behind it: bodies that allocate a million times repeat the same few
 * paths, and the record says how many points were tried.
 */
#include "judge.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "answers.h"
#include "text.h"

enum { DENSE_POINTS = 256, STRIDE_DIVISOR = 64 };

/* ---- one process -------------------------------------------------------- */

/* Where it ended: phase, operation, row of its table, failed allocation. */
static const char *where(const struct pmm_process *process) {
  static char text[PMM_PLACE_BYTES + 160];
  const char *operation = pmm_answers_name(process->operation);
  int used = snprintf(text, sizeof text, "in phase %s",
                      pmm_phase_name((enum pmm_phase)process->phase));
  if (operation != NULL) {
    used += snprintf(text + used, sizeof text - (size_t)used, ", in %s",
                     operation);
  }
  if (process->place[0] != '\0') {
    used += snprintf(text + used, sizeof text - (size_t)used, ", at %s",
                     process->place);
  }
  if (process->point != 0) {
    (void)snprintf(text + used, sizeof text - (size_t)used,
                   ", allocation %llu failed",
                   (unsigned long long)process->point);
  }
  return text;
}

static void set_sanitizer(struct pmm_record *record, const char *report,
                          const struct pmm_process *process) {
  int length = (int)strcspn(report, "\n");
  int reached_end = process->phase == PMM_PHASE_DONE;
  pmm_record_set(record, PMM_CLASS_SANITIZER, "%.*s%s%s",
                 length < 200 ? length : 200, report, reached_end ? "" : ", ",
                 reached_end ? "" : where(process));
}

static void judge_exit(const struct pmm_process *process,
                       struct pmm_record *record) {
  const char *phase = pmm_phase_name((enum pmm_phase)process->phase);
  if (process->record_bytes == 0 && process->phase == PMM_PHASE_DONE) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "the record of the case could not be written: the subject "
                   "closes descriptors that are not its own, or leaves at the "
                   "end (status %d)",
                   process->code);
  } else if (process->record_bytes == 0) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "exited with %d %s and left no record", process->code,
                   where(process));
  } else if (process->record_bytes != sizeof process->record) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "torn record: %zu bytes came, %zu make one",
                   process->record_bytes, sizeof process->record);
  } else if (!pmm_record_is_sealed(&process->record, process->nonce)) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "forged record: it carries no seal of the harness");
  } else if (process->phase != PMM_PHASE_DONE) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "a record came although the case only reached %s", phase);
  } else if (process->code != 0) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "exited with %d after its record", process->code);
  } else {
    *record = process->record;
  }
}

void pmm_judge_process(const struct pmm_process *process,
                       struct pmm_record *record) {
  const char *report = pmm_text_sanitizer(process->output);
  pmm_record_init(record);
  record->phase = process->phase;
  record->point = process->point;
  switch (process->ending) {
  case PMM_ENDED_NOT_STARTED:
    pmm_record_set(record, PMM_CLASS_NOT_RUN, "no process: %s",
                   strerror(process->code));
    return;
  case PMM_ENDED_TIMEOUT:
    pmm_record_set(record, PMM_CLASS_TIMEOUT,
                   "no end in time (%g s), %s", process->timeout_s,
                   where(process));
    return;
  case PMM_ENDED_SIGNAL:
    pmm_record_set(record, PMM_CLASS_CRASH, "signal %d (%s) %s",
                   process->code, strsignal(process->code), where(process));
    record->signal = process->code;
    break;
  case PMM_ENDED_EXIT:
    judge_exit(process, record);
    break;
  }
  if (report != NULL && record->class < PMM_CLASS_SANITIZER) {
    set_sanitizer(record, report, process);
  } else if (report != NULL && (process->ending == PMM_ENDED_SIGNAL ||
                                process->code != 0)) {
    set_sanitizer(record, report, process);
  }
}

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
                    const struct pmm_case *test_case, uint64_t point,
                    struct pmm_record *record, char *output, size_t size) {
  struct job job = {&course->setting, test_case, point};
  output[0] = '\0';
  if (course->in_process) {
    struct pmm_progress progress = {.phase = PMM_PHASE_LOAD};
    work(&job, &progress, record);
    return;
  }
  struct pmm_process process;
  pmm_process_run(work, &job, course->timeout_s, &course->hooks, &process);
  pmm_judge_process(&process, record);
  if (record->class != PMM_CLASS_PASS) {
    (void)snprintf(output, size, "%s", process.output);
  }
}

/* ---- one case ----------------------------------------------------------- */

/* The first feature that the case needs and the subject does not offer, or
 * PMM_FEATURE_COUNT. */
static enum pmm_feature first_missing(const struct pmm_course *course,
                                      const struct pmm_case *test_case) {
  const unsigned char *offers = course->setting.view->offers;
  const enum pmm_feature *need = test_case->needs;
  for (; need != NULL && *need != PMM_FEATURE_COUNT; need++) {
    if (!offers[*need]) {
      return *need;
    }
  }
  enum pmm_lane lane = course->setting.lane;
  enum pmm_feature asked = pmm_lane_is_oom(lane)    ? PMM_FEATURE_fail_inject
                           : lane == PMM_LANE_DEBUG ? PMM_FEATURE_debug_hooks
                                                    : PMM_FEATURE_COUNT;
  return asked == PMM_FEATURE_COUNT || offers[asked] ? PMM_FEATURE_COUNT
                                                     : asked;
}

/* 1 when the record says already why the case is not run. */
static int is_gated(const struct pmm_course *course,
                    const struct pmm_case *test_case,
                    struct pmm_record *record) {
  enum pmm_feature missing = first_missing(course, test_case);
  if (missing == PMM_FEATURE_COUNT) {
    return 0;
  }
  const char *name = pmm_feature_name(missing);
  pmm_record_set(record, PMM_CLASS_UNSUPPORTED, "needs feature %s", name);
  (void)snprintf(record->feature, sizeof record->feature, "%s", name);
  return 1;
}

static int is_waived(const struct pmm_course *course,
                     const struct pmm_case *test_case,
                     struct pmm_record *record) {
  enum pmm_lane lane = course->setting.lane;
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
                  const struct pmm_case *test_case, struct pmm_record *record,
                  char *output, size_t size) {
  struct pmm_record plain = *record;
  uint64_t points = 0;
  for (uint64_t point = 1;; point = next_point(point)) {
    attempt(course, test_case, point, record, output, size);
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

void pmm_judge_case(const struct pmm_course *course,
                    const struct pmm_case *test_case,
                    struct pmm_record *record, char *output, size_t size) {
  pmm_record_init(record);
  output[0] = '\0';
  if (is_gated(course, test_case, record) ||
      is_waived(course, test_case, record)) {
    return;
  }
  int oom = pmm_lane_is_oom(course->setting.lane);
  if (oom && course->only_point > 0) {
    attempt(course, test_case, course->only_point, record, output, size);
    return;
  }
  attempt(course, test_case, 0, record, output, size);
  if (oom && record->class == PMM_CLASS_PASS) {
    sweep(course, test_case, record, output, size);
  }
}
