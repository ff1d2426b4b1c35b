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

#include "given.h"
#include "judge.h"
#include "options.h"
#include "report.h"
#include "sample.h"
#include "tables.h"

/* The linker gathers the descriptors of all case files between these two. */
extern const struct pmm_case *const __start_pmm_cases[]
    __attribute__((visibility("hidden")));
extern const struct pmm_case *const __stop_pmm_cases[]
    __attribute__((visibility("hidden")));

static const struct pmm_conform_host no_host;
static const struct pmm_conform_host *host = &no_host;

/** Everything of one run. */
struct run {
  struct pmm_options options;
  const struct pmm_subject *own;   /* the host is the subject; may be NULL  */
  struct pmm_course course;
  struct pmm_view view;            /* of the subject that was found         */
  const struct pmm_case **cases;
  size_t case_count;
  char message[512];               /* why there is no subject               */
  struct pmm_report report;
  struct pmm_given given;
};

void pmm_conform_attach(const struct pmm_conform_host *with) {
  host = with != NULL ? with : &no_host;
}

/* ---- the plan ----------------------------------------------------------- */

static int is_chosen(const struct pmm_options *options, const char *id) {
  for (int i = 0; i < options->case_count; i++) {
    if (fnmatch(options->cases[i], id, 0) == 0) {
      return 1;
    }
  }
  return options->case_count == 0;
}

static int compare_ids(const void *a, const void *b) {
  const struct pmm_case *const *left = a;
  const struct pmm_case *const *right = b;
  return strcmp((*left)->id, (*right)->id);
}

/* xorshift64*: a seeded order has to be the same everywhere. */
static uint64_t draw(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(2685821657736338717);
}

static void shuffle(struct run *run) {
  uint64_t state = run->options.seed * 2 + 1;
  for (size_t i = run->case_count; i > 1; i--) {
    size_t j = (size_t)(draw(&state) % i);
    const struct pmm_case *other = run->cases[j];
    run->cases[j] = run->cases[i - 1];
    run->cases[i - 1] = other;
  }
}

static int compare_distances(const char *wanted, const char *a,
                             const char *b) {
  return (int)pmm_name_distance(wanted, a) - (int)pmm_name_distance(wanted, b);
}

static void name_nearest(const char *wanted) {
  const struct pmm_case *best[3] = {NULL, NULL, NULL};
  size_t all = (size_t)(__stop_pmm_cases - __start_pmm_cases);
  for (size_t i = 0; i < all; i++) {
    const struct pmm_case *next = __start_pmm_cases[i];
    for (int k = 0; k < 3 && next != NULL; k++) {
      if (best[k] == NULL ||
          compare_distances(wanted, next->id, best[k]->id) < 0) {
        const struct pmm_case *moved = best[k];
        best[k] = next;
        next = moved;
      }
    }
  }
  (void)fprintf(stderr, "--case: no case matches \"%s\"; nearest:", wanted);
  for (int k = 0; k < 3 && best[k] != NULL; k++) {
    (void)fprintf(stderr, " %s", best[k]->id);
  }
  (void)fputc('\n', stderr);
}

static int each_glob_matches(const struct pmm_options *options) {
  size_t all = (size_t)(__stop_pmm_cases - __start_pmm_cases);
  for (int g = 0; g < options->case_count; g++) {
    int found = 0;
    for (size_t i = 0; i < all && !found; i++) {
      found = fnmatch(options->cases[g], __start_pmm_cases[i]->id, 0) == 0;
    }
    if (!found) {
      name_nearest(options->cases[g]);
      return 0;
    }
  }
  return 1;
}

/* 0, or an exit code. */
static int make_plan(struct run *run) {
  size_t all = (size_t)(__stop_pmm_cases - __start_pmm_cases);
  if (!each_glob_matches(&run->options)) {
    return 2;
  }
  run->cases = calloc(all + 1, sizeof *run->cases);
  if (run->cases == NULL) {
    (void)fprintf(stderr, "no memory for the plan\n");
    return 1;
  }
  for (size_t i = 0; i < all; i++) {
    if (is_chosen(&run->options, __start_pmm_cases[i]->id)) {
      run->cases[run->case_count++] = __start_pmm_cases[i];
    }
  }
  qsort(run->cases, run->case_count, sizeof *run->cases, compare_ids);
  run->case_count = pmm_sample(run->cases, run->case_count,
                               run->options.sample, run->options.seed);
  if (run->options.lane == PMM_LANE_SHUFFLE) {
    shuffle(run);
  }
  return 0;
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
  const char *nearest = subject->modes[0];
  if (wanted == NULL) {
    run->course.setting.mode = nearest;
    return 0;
  }
  for (const char *const *mode = subject->modes; *mode != NULL; mode++) {
    if (strcmp(*mode, wanted) == 0) {
      run->course.setting.mode = *mode;
      return 0;
    }
    if (compare_distances(wanted, *mode, nearest) < 0) {
      nearest = *mode;
    }
  }
  (void)fprintf(stderr, "--mode: %s has no mode \"%s\"; nearest: %s\n",
                subject->name, wanted, nearest != NULL ? nearest : "none");
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
  return pmm_report_list_json(stdout, run->cases, run->case_count,
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
  run->course.setting.lane = run->options.lane;
  run->course.setting.seed = run->options.seed;
  run->course.hooks = host->fork;
  run->course.timeout_s = run->options.timeout_s;
  run->course.only_point = run->options.point;
  run->course.in_process = run->options.no_fork;
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
  pmm_report_start(&run->report, run->case_count);
  for (size_t i = 0; i < run->case_count; i++) {
    pmm_report_case(&run->report, run->cases[i], record,
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
  double least = run->options.timeout_s / 120;
  double left = run->options.timeout_s;
  for (unsigned hung = run->report.counts[PMM_CLASS_TIMEOUT];
       hung > 0 && left > least; hung--) {
    left /= 2;
  }
  return left > least ? left : least;
}

static int run_cases(struct run *run) {
  char output[PMM_OUTPUT_BYTES];
  const struct pmm_subject *subject = run->view.subject;
  const struct pmm_column column = {
      subject->name,       subject->version,
      subject->build,      run->report.backend,
      run->course.setting.mode, pmm_lane_name(run->course.setting.lane)};
  pmm_report_start(&run->report, run->case_count);
  for (size_t i = 0; i < run->case_count; i++) {
    struct pmm_record record;
    run->course.timeout_s = time_left(run);
    pmm_judge_case(&run->course, run->cases[i], &record, output,
                   sizeof output);
    pmm_given_judge(&run->given, &column, run->cases[i], &record);
    pmm_report_case(&run->report, run->cases[i], &record, output);
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
  if (!run->options.no_fork) {
    pmm_process_run(probe_subject, run, run->options.timeout_s,
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
  const char *path = run->options.jsonl;
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

static int main_with(struct run *run, int argc, char **argv) {
  run->options.command = host->command;
  int code = pmm_options_read(&run->options, argc, argv);
  if (code != 0) {
    return code;
  }
  if (run->options.help) {
    pmm_options_help(stdout,
                     host->command != NULL ? host->command : "pmm-conform");
    return 0;
  }
  if (run->options.subjects) {
    if (host->list_subjects != NULL) {
      host->list_subjects(stdout);
    }
    return 0;
  }
  code = pmm_given_read(&run->given, &run->options, __start_pmm_cases,
                        (size_t)(__stop_pmm_cases - __start_pmm_cases),
                        &run->view);
  if (code != 0) {
    return code;
  }
  code = make_plan(run);
  if (code != 0) {
    return code;
  }
  if (run->options.list) {
    int result = run->options.json
                     ? list_json(run)
                     : pmm_report_list(stdout, run->cases, run->case_count);
    return result == 0
               ? 0
               : 1;
  }
  return with_processes(run);
}

int pmm_conform_main(const struct pmm_subject *subject, int argc,
                     char **argv) {
  struct run run;
  memset(&run, 0, sizeof run);
  run.own = subject;
  int code = main_with(&run, argc, argv);
  free(run.cases);
  pmm_given_free(&run.given);
  pmm_options_free(&run.options);
  return fflush(stdout) == 0 ? code : 1;
}
