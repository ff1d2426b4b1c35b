/* SPDX-License-Identifier: MIT */
/* runner.c - see runner.h. */
#include "runner.h"

#include <stdio.h>

#include "host.h"

const char *check_capability_name(uint32_t bit) {
  static const char *const names[] = {
      "ZERO_UNIQUE", "FREES", "SIZED_FREE", "USABLE_SIZE", "OWNS",
      "BATCH",       "TRIM",  "STATS",      "CLASSES",     "VISIT",
      "FORK",        "OS_HOOKS", "THREADS", "HEAPS",       "RETURNS",
      "MEASURES",    "ALIGNED",  "ONE_BLOCK"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (bit == 1u << i) {
      return names[i];
    }
  }
  return NULL;
}

static void set_unsupported(struct pmm_record *record, const char *format,
                            const char *what) {
  pmm_record_set(record, PMM_CLASS_UNSUPPORTED, format, what);
  (void)snprintf(record->feature, sizeof record->feature, "%s", what);
}

/* ---- in the case's process ----------------------------------------------- */

struct job {
  const struct check_case *test;
  const struct pmm_backend *backend;
};

static void run_case(const struct job *job, struct check *check,
                     struct pmm_progress *progress) {
  const struct check_case *test = job->test;
  *check = (struct check){.backend = job->backend,
                          .random = UINT64_C(0x9E3779B97F4A7C15)};
  check_hooks_init(&check->hooks);
  progress->phase = PMM_PHASE_SETUP;
  if (!test->opens && check_open(check, &check->heap) != 0) {
    check_fail(check, test->entry.file, test->entry.line,
               "init() has no memory for a heap");
    return;
  }
  progress->phase = PMM_PHASE_BODY;
  test->run(check);
  progress->phase = PMM_PHASE_TEARDOWN;
  if (!test->opens) {
    job->backend->fini(check->heap);
  }
}

static void record_failure(const struct check *check, enum pmm_level level,
                           struct pmm_record *record) {
  pmm_record_set(record,
                 level == PMM_LEVEL_MUST ? PMM_CLASS_FAIL : PMM_CLASS_WARN,
                 "%s", check->message);
  record->phase = PMM_PHASE_BODY;
  record->line = check->line;
  (void)snprintf(record->file, sizeof record->file, "%s", check->file);
  (void)snprintf(record->broken, sizeof record->broken, "%s",
                 check->broken != NULL ? check->broken : "");
}

static void work(void *ctx, struct pmm_progress *progress,
                 struct pmm_record *record) {
  static struct check check; /* hooks must not move with the stack */
  const struct job *job = ctx;
  uint64_t start = pmmi_host_clock_ns();
  run_case(job, &check, progress);
  record->elapsed_ns = pmmi_host_clock_ns() - start;
  if (check_failed(&check)) {
    record_failure(&check, job->test->entry.level, record);
  } else if (check.skipped != NULL) {
    set_unsupported(record, "needs %s", check.skipped);
  }
  progress->phase = PMM_PHASE_DONE;
}

/* ---- outside ------------------------------------------------------------- */

static uint32_t lowest(uint32_t bits) { return bits & (~bits + 1); }

void check_run(const struct pmm_course *course, const struct check_case *test,
               const struct pmm_backend *backend,
               struct pmm_outcome *outcome) {
  struct job job = {test, backend};
  uint32_t lacking = lowest(test->needs & ~backend->capabilities);
  uint32_t excess = lowest(test->refuses & backend->capabilities);
  pmm_record_init(&outcome->record);
  outcome->output[0] = '\0';
  if (lacking != 0) {
    set_unsupported(&outcome->record, "needs %s",
                    check_capability_name(lacking));
  } else if (excess != 0) {
    set_unsupported(&outcome->record, "is not asked of a backend with %s",
                    check_capability_name(excess));
  } else {
    pmm_judge(course, work, &job, outcome);
  }
}
