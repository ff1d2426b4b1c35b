/* SPDX-License-Identifier: MIT */
/* run.c - see run.h. */
#include "run.h"

#include <errno.h>
#include <string.h>

#include "base/child.h"
#include "base/keep.h"
#include "report.h"

/* Of the time that one process may take: the least that a case is left, and
 * what the cases that hang may take together beyond the first few. */
enum { LEAST_PART = 20, TIMES_FOR_ALL = 6 };

/* What hangs may do so in every case: each that did leaves half the time for
 * the next, down to a twentieth of what was allowed, or less where there are
 * many, so that all together take at most eight times as long as one may. */
static double time_left(const struct pmm_run *run) {
  double allowed = run->options->timeout_s;
  double least = allowed / LEAST_PART;
  double share = TIMES_FOR_ALL * allowed / (double)run->plan.count;
  return pmmi_child_patience(allowed, run->counts[PMM_CLASS_TIMEOUT],
                             share < least ? share : least);
}

static int failed(const struct pmm_run *run) {
  unsigned bad = 0;
  for (unsigned i = 0; i < PMM_CLASS_COUNT; i++) {
    bad += pmm_class_is_bad((enum pmm_class)i) ? run->counts[i] : 0;
  }
  return bad > 0;
}

/* What is tested cannot be used: that is the result of every case. */
static int report_unusable(struct pmm_run *run, struct pmm_outcome *outcome) {
  pmm_report_start(run);
  for (size_t i = 0; i < run->plan.count; i++) {
    pmm_report_case(run, run->plan.cases[i], outcome);
    outcome->output[0] = '\0'; /* said once is enough                        */
  }
  pmm_report_end(run);
  (void)fflush(stdout);
  (void)fprintf(stderr, "No case could run: %s\n", outcome->record.message);
  return PMM_RUN_FAILED;
}

static int run_each(struct pmm_run *run, struct pmm_outcome *outcome) {
  const struct pmm_program *program = run->program;
  pmm_report_start(run);
  for (size_t i = 0; i < run->plan.count; i++) {
    const struct pmm_entry *entry = run->plan.cases[i];
    run->course.timeout_s = time_left(run);
    program->judge(run, entry, outcome);
    if (program->expect != NULL) {
      program->expect(run, entry, &outcome->record);
    }
    pmm_report_case(run, entry, outcome);
    (void)fflush(stdout);
  }
  pmm_report_end(run);
  int code = program->finish != NULL ? program->finish(run) : PMM_RUN_GOOD;
  return code == PMM_RUN_GOOD && failed(run) ? PMM_RUN_FAILED : code;
}

static int load_and_run(struct pmm_run *run) {
  static struct pmm_outcome outcome;
  if (!run->course.in_process) {
    pmm_judge(&run->course, run->program->probe, run, &outcome);
    if (pmm_class_is_bad((enum pmm_class)outcome.record.class)) {
      return report_unusable(run, &outcome);
    }
  }
  char message[sizeof outcome.record.message];
  int code = run->program->load(run, message, sizeof message);
  if (code == PMM_RUN_FAILED) {
    pmm_record_init(&outcome.record);
    pmm_record_set(&outcome.record, PMM_CLASS_HARNESS_ERROR, "%s", message);
    outcome.output[0] = '\0';
    return report_unusable(run, &outcome);
  }
  if (code != PMM_RUN_GOOD) {
    (void)fprintf(stderr, "%s\n", message);
    return code;
  }
  return run_each(run, &outcome);
}

static int with_jsonl(struct pmm_run *run) {
  const char *path = run->options->jsonl;
  if (path == NULL) {
    return load_and_run(run);
  }
  run->jsonl = pmmi_keep_file_apart(fopen(path, "we"), "we");
  if (run->jsonl == NULL) {
    (void)fprintf(stderr, "--jsonl: %s: %s\n", path, strerror(errno));
    return PMM_RUN_TOOL;
  }
  int code = load_and_run(run);
  if (fclose(run->jsonl) != 0 && run->write_failed == 0) {
    run->write_failed = errno;
  }
  if (run->write_failed != 0) {
    (void)fprintf(stderr, "--jsonl: %s: %s\n", path,
                  strerror(run->write_failed));
    return PMM_RUN_TOOL;
  }
  return code;
}

int pmm_run_cases(struct pmm_run *run) {
  int error = pmm_process_setup();
  if (error != 0) {
    (void)fprintf(stderr, "cannot make a temporary file or page: %s\n",
                  strerror(error));
    return PMM_RUN_TOOL;
  }
  run->course.timeout_s = run->options->timeout_s;
  run->course.in_process = run->options->no_fork;
  int code = with_jsonl(run);
  pmm_process_teardown();
  return code;
}
