/* SPDX-License-Identifier: MIT */
/*
 * conform.c - the run: options, plan, subject, cases, report.
 *
 *   1. Read the options; choose the cases (globs, order).
 *   2. Load the subject in a process of its own first: what crashes, hangs
 *      or lies there becomes the result of every case.
 *   3. Load it here, and judge case after case.
 */
#include "conform.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/nearest.h"
#include "conform_options.h"
#include "given.h"
#include "judge.h"
#include "plan.h"
#include "report.h"
#include "tables.h"

static const struct pmm_conform_host no_host;
static const struct pmm_conform_host *host = &no_host;

/** Everything of one run. */
struct run {
  struct pmm_conform_options options;
  const struct pmm_subject *own;   /* the host is the subject; may be NULL  */
  struct pmm_course course;
  struct pmm_view view;            /* of the subject that was found         */
  struct pmm_plan plan;
  char message[512];               /* why there is no subject               */
  struct pmm_report report;
  struct pmm_given given;
};

void pmm_conform_attach(const struct pmm_conform_host *with) {
  host = with != NULL ? with : &no_host;
}

/* ---- the subject -------------------------------------------------------- */

static const struct pmm_subject *find_subject(struct run *run) {
  const char *spec = run->options.subject;
  if (run->own != NULL) {
    return run->own;
  }
  if (host->find_subject == NULL) {
    (void)snprintf(run->message, sizeof run->message, "no subject given");
    return NULL;
  }
  return host->find_subject(spec != NULL ? spec : "reference", run->message,
                            sizeof run->message);
}

/* Find the subject and look at it.  0; -1: run->message says why it cannot be
 * used, and *at_fault whether that is its own fault. */
static int view_subject(struct run *run, int *at_fault) {
  const struct pmm_subject *subject = find_subject(run);
  *at_fault = subject != NULL || (host->subject_at_fault != NULL &&
                                  host->subject_at_fault());
  return subject == NULL ? -1
                         : pmm_view_read(subject, &run->view, run->message,
                                         sizeof run->message);
}

static int choose_mode(struct run *run) {
  const struct pmm_subject *subject = run->view.subject;
  const char *wanted = run->options.mode;
  size_t count = 0;
  if (wanted == NULL) {
    run->course.setting.mode = subject->modes[0];
    return 0;
  }
  for (const char *const *mode = subject->modes; *mode != NULL; mode++) {
    if (strcmp(*mode, wanted) == 0) {
      run->course.setting.mode = *mode;
      return 0;
    }
    count++;
  }
  char nearest[256] = "it has none";
  if (count > 0) {
    pmmi_nearest(wanted, subject->modes, count, nearest, sizeof nearest);
  }
  (void)fprintf(stderr, "--mode: %s has no mode \"%s\"; %s\n",
                subject->name, wanted, nearest);
  return 2;
}

/* 0; 2 after a message; 3: the backend is at fault, run->message says how. */
static int choose_backend(struct run *run) {
  const struct pmm_subject *subject = run->view.subject;
  const char *spec = run->options.backend;
  if (!subject->takes_backend) {
    if (spec != NULL) {
      (void)fprintf(stderr, "--backend: %s brings its own allocator\n",
                    subject->name);
      return 2;
    }
    return 0;
  }
  if (host->find_backend == NULL) {
    return 0;
  }
  run->report.backend = spec != NULL ? spec : "pool";
  run->course.setting.backend = host->find_backend(
      run->report.backend, run->message, sizeof run->message);
  if (run->course.setting.backend == NULL) {
    if (host->backend_at_fault != NULL && host->backend_at_fault()) {
      return 3;
    }
    (void)fprintf(stderr, "--backend: %s\n", run->message);
    return 2;
  }
  if (host->narrow != NULL) {
    host->narrow(&run->view, run->course.setting.backend);
  }
  return 0;
}

/* The cases, and what the subject says of itself. */
static int list_json(struct run *run) {
  int at_fault = 0;
  int good = view_subject(run, &at_fault) == 0;
  return pmm_report_list_json(stdout, &run->plan,
                              good ? &run->view : NULL,
                              good ? NULL : run->message, !good && at_fault);
}

/* What must be survived before the first case: the subject is found, keeps
 * its word, opens and closes; the backend's library is loaded.  Runs in a
 * process of its own. */
static void probe_subject(void *ctx, struct pmm_progress *progress,
                          struct pmm_record *record) {
  struct run *run = ctx;
  int at_fault = 0;
  if (view_subject(run, &at_fault) != 0) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR, "%s", run->message);
    progress->phase = PMM_PHASE_DONE;
    return;
  }
  struct pmm_setting setting = run->course.setting;
  setting.view = &run->view;
  setting.lane = PMM_LANE_PLAIN;
  setting.mode = NULL;
  if (!run->view.subject->takes_backend) {
    pmm_attempt_open(&setting, progress, record);
  } else if (host->find_backend != NULL && run->options.backend != NULL) {
    (void)host->find_backend(run->options.backend, run->message,
                             sizeof run->message);
  }
  progress->phase = PMM_PHASE_DONE;
}

/* ---- the run ------------------------------------------------------------ */

static void set_course(struct run *run) {
  run->course.setting.lane = (enum pmm_lane)run->options.lane;
  run->course.setting.seed = run->options.any.seed;
  run->course.hooks = host->fork;
  run->course.timeout_s = run->options.any.timeout_s;
  run->course.only_point = run->options.point;
  run->course.in_process = run->options.any.no_fork;
  run->report.options = &run->options;
  run->report.setting = &run->course.setting;
}

/* The subject cannot be used: that is the result of every case. */
static int report_unusable(struct run *run, const struct pmm_record *record,
                           const char *output) {
  const char *name = run->options.subject;
  const char *own = run->own != NULL ? run->own->name : "reference";
  run->report.subject_name = name != NULL ? name : own;
  run->report.backend = run->options.backend;
  if (run->course.setting.mode == NULL) {
    run->course.setting.mode = run->options.mode; /* as it was asked for     */
  }
  pmm_report_start(&run->report, run->plan.count);
  for (size_t i = 0; i < run->plan.count; i++) {
    pmm_report_case(&run->report, pmm_case_of(run->plan.cases[i]), record,
                    i == 0 ? output : NULL);
  }
  int failed = pmm_report_end(&run->report);
  (void)fflush(stdout);
  (void)fprintf(stderr, "No case could run: %s\n", record->message);
  return failed ? 3 : 0;
}

/* A subject that hangs may do so in every case: each that did leaves half the
 * time for the next, down to a hundred-and-twentieth of what was allowed. */
static double time_left(const struct run *run) {
  double allowed = run->options.any.timeout_s;
  return pmmi_child_patience(allowed, run->report.counts[PMM_CLASS_TIMEOUT],
                             allowed / 120);
}

static int run_cases(struct run *run) {
  char output[PMM_OUTPUT_BYTES];
  const struct pmm_subject *subject = run->view.subject;
  const struct pmm_column column = {
      subject->name,       subject->version,
      subject->build,      run->report.backend,
      run->course.setting.mode, pmm_lane_name(run->course.setting.lane)};
  pmm_report_start(&run->report, run->plan.count);
  for (size_t i = 0; i < run->plan.count; i++) {
    struct pmm_record record;
    run->course.timeout_s = time_left(run);
    const struct pmm_case *test_case = pmm_case_of(run->plan.cases[i]);
    pmm_judge_case(&run->course, test_case, &record, output, sizeof output);
    pmm_given_judge(&run->given, &column, test_case, &record);
    pmm_report_case(&run->report, test_case, &record, output);
    (void)fflush(stdout);
  }
  int code = pmm_report_end(&run->report) ? 3 : 0;
  return pmm_given_write(&run->given, &run->options) != 0 ? 1 : code;
}

/* 1 when the path in "PATH" or "NAME=PATH" cannot be read. */
static int is_unreadable(const char *spec) {
  const char *path = spec + strcspn(spec, "=/");
  path = *path == '=' ? path + 1 : spec;
  if (strchr(path, '/') == NULL || access(path, R_OK) == 0) {
    return 0;
  }
  (void)fprintf(stderr, "--subject: %s: %s\n", path, strerror(errno));
  return 1;
}

/* 1 when there is no such file, or the host knows no subject of that name: a
 * usage error. */
static int is_unknown_name(struct run *run) {
  const char *spec = run->options.subject;
  if (run->own == NULL && spec != NULL && is_unreadable(spec)) {
    return 1;
  }
  if (run->own != NULL || spec == NULL || strchr(spec, '/') != NULL ||
      fnmatch("*.so", spec, 0) == 0 || find_subject(run) != NULL) {
    return 0;
  }
  (void)fprintf(stderr, "--subject: %s\n", run->message);
  return 1;
}

static int load_and_run(struct run *run) {
  struct pmm_process process;
  struct pmm_record record;
  if (is_unknown_name(run)) {
    return 2;
  }
  if (!run->options.any.no_fork) {
    pmm_process_run(probe_subject, run, run->options.any.timeout_s,
                    &run->course.hooks, &process);
    pmm_judge_process(&process, &record);
    if (pmm_class_is_bad((enum pmm_class)record.class)) {
      return report_unusable(run, &record, process.output);
    }
  }
  int at_fault = 0;
  if (view_subject(run, &at_fault) != 0) {
    (void)fprintf(stderr, "subject: %s\n", run->message);
    return 1;
  }
  pmm_process_reclaim();
  const struct pmm_subject *subject = run->view.subject;
  run->course.setting.view = &run->view;
  run->course.setting.profile = run->given.profile != NULL
                                    ? run->given.profile
                                    : pmm_profile_find(subject->profile);
  run->report.subject_name = subject->name;
  run->report.allocator = subject->takes_backend ? NULL : host->allocator;
  int code = choose_mode(run);
  if (code == 0) {
    code = choose_backend(run);
  }
  if (code == 3) {
    pmm_record_init(&record);
    pmm_record_set(&record, PMM_CLASS_HARNESS_ERROR, "%s", run->message);
    return report_unusable(run, &record, "");
  }
  return code != 0 ? code : run_cases(run);
}

static int with_jsonl(struct run *run) {
  const char *path = run->options.any.jsonl;
  if (path == NULL) {
    return load_and_run(run);
  }
  run->report.jsonl = fopen(path, "we");
  if (run->report.jsonl == NULL) {
    (void)fprintf(stderr, "--jsonl: %s: %s\n", path, strerror(errno));
    return 1;
  }
  int code = load_and_run(run);
  if (fclose(run->report.jsonl) != 0 && run->report.write_failed == 0) {
    run->report.write_failed = errno;
  }
  if (run->report.write_failed != 0) {
    (void)fprintf(stderr, "--jsonl: %s: %s\n", path,
                  strerror(run->report.write_failed));
    return 1;
  }
  return code;
}

static int with_processes(struct run *run) {
  int error = pmm_process_setup();
  if (error != 0) {
    (void)fprintf(stderr, "no temporary file or page: %s\n", strerror(error));
    return 1;
  }
  set_course(run);
  int code = with_jsonl(run);
  pmm_process_teardown();
  return code;
}

/* The cases are known: list them, or run them. */
static int with_plan(struct run *run) {
  if (run->options.lane == PMM_LANE_SHUFFLE) {
    pmm_plan_shuffle(&run->plan, run->options.any.seed);
  }
  if (!run->options.list) {
    return with_processes(run);
  }
  int failed = run->options.any.json ? list_json(run)
                                     : pmm_plan_list(stdout, &run->plan);
  return failed != 0 ? 1 : 0;
}

static int main_with(struct run *run, int argc, char **argv) {
  size_t count;
  const struct pmm_entry *const *all = pmm_entries(&count);
  run->options.any.command = host->command;
  int code = pmm_conform_options_read(&run->options, argc, argv);
  if (code != 0) {
    return code;
  }
  if (run->options.any.help) {
    pmm_conform_options_help(
        stdout, host->command != NULL ? host->command : "pmm-conform");
    return 0;
  }
  if (run->options.subjects) {
    if (host->list_subjects != NULL) {
      host->list_subjects(stdout);
    }
    return 0;
  }
  code = pmm_given_read(&run->given, &run->options, all, count, &run->view);
  if (code == 0) {
    code = pmm_plan_make(&run->plan, &run->options.any);
  }
  return code != 0 ? code : with_plan(run);
}

int pmm_conform_main(const struct pmm_subject *subject, int argc,
                     char **argv) {
  struct run run;
  memset(&run, 0, sizeof run);
  run.own = subject;
  int code = main_with(&run, argc, argv);
  pmm_plan_free(&run.plan);
  pmm_given_free(&run.given);
  pmm_conform_options_free(&run.options);
  return fflush(stdout) == 0 ? code : 1;
}
