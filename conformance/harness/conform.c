/* SPDX-License-Identifier: MIT */
/*
 * conform.c - pmm-conform: what is its own beside the run (run.h) that all
 * programs share: options, the subject and its backend, the documents of a
 * user, the lanes.
 */
#include "conform.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "base/nearest.h"
#include "conform_options.h"
#include "given.h"
#include "lanes.h"
#include "listing.h"
#include "run.h"
#include "shell.h"
#include "tables.h"

static const struct pmm_conform_host no_host;
static const struct pmm_conform_host *host = &no_host;

/** Everything of one run. */
struct conform {
  struct pmm_run run;              /* first: the program's own begins so    */
  struct pmm_conform_options options;
  const struct pmm_subject *own;   /* the host is the subject; may be NULL  */
  struct pmm_view view;            /* of the subject that was found         */
  struct pmm_setting setting;
  struct pmm_given given;
};

static struct conform *conform_of(struct pmm_run *run) {
  return (struct conform *)run;
}

static const struct conform *conform_seen(const struct pmm_run *run) {
  return (const struct conform *)run;
}

void pmm_conform_attach(const struct pmm_conform_host *with) {
  host = with != NULL ? with : &no_host;
}

/* ---- the subject -------------------------------------------------------- */

static const struct pmm_subject *find_subject(struct conform *c,
                                              char *message, size_t size) {
  const char *spec = c->options.subject;
  if (c->own != NULL) {
    return c->own;
  }
  if (host->find_subject == NULL) {
    (void)snprintf(message, size, "no subject given");
    return NULL;
  }
  return host->find_subject(spec != NULL ? spec : "reference", message, size);
}

/* Find the subject and look at it.  0; -1: `message` says why it cannot be
 * used, and *at_fault whether that is its own fault. */
static int view_subject(struct conform *c, char *message, size_t size,
                        int *at_fault) {
  const struct pmm_subject *subject = find_subject(c, message, size);
  *at_fault = subject != NULL || (host->subject_at_fault != NULL &&
                                  host->subject_at_fault());
  return subject == NULL ? -1
                         : pmm_view_read(subject, &c->view, message, size);
}

static int choose_mode(struct conform *c, char *message, size_t size) {
  const struct pmm_subject *subject = c->view.subject;
  const char *wanted = c->options.mode;
  size_t count = 0;
  if (wanted == NULL) {
    c->setting.mode = subject->modes[0];
    return PMM_RUN_GOOD;
  }
  for (const char *const *mode = subject->modes; *mode != NULL; mode++) {
    if (strcmp(*mode, wanted) == 0) {
      c->setting.mode = *mode;
      return PMM_RUN_GOOD;
    }
    count++;
  }
  char nearest[256] = "it has none";
  if (count > 0) {
    pmmi_nearest(wanted, subject->modes, count, nearest, sizeof nearest);
  }
  (void)snprintf(message, size, "--mode: %s has no mode \"%s\"; %s",
                 subject->name, wanted, nearest);
  return PMM_RUN_USAGE;
}

/* The backend that serves, as it was asked for; NULL: the subject's own. */
static const char *backend_spec(const struct conform *c) {
  const struct pmm_subject *subject = c->view.subject;
  if (subject == NULL) {
    return c->options.backend;
  }
  if (!subject->takes_backend || host->find_backend == NULL) {
    return NULL;
  }
  return c->options.backend != NULL ? c->options.backend : "pool";
}

static int choose_backend(struct conform *c, char *message, size_t size) {
  const struct pmm_subject *subject = c->view.subject;
  const char *spec = backend_spec(c);
  char why[512];
  if (!subject->takes_backend && c->options.backend != NULL) {
    (void)snprintf(message, size, "--backend: %s brings its own allocator",
                   subject->name);
    return PMM_RUN_USAGE;
  }
  if (spec == NULL) {
    return PMM_RUN_GOOD;
  }
  c->setting.backend = host->find_backend(spec, why, sizeof why);
  if (c->setting.backend == NULL) {
    int at_fault = host->backend_at_fault != NULL && host->backend_at_fault();
    (void)snprintf(message, size, "%s%s", at_fault ? "" : "--backend: ", why);
    return at_fault ? PMM_RUN_FAILED : PMM_RUN_USAGE;
  }
  if (host->narrow != NULL) {
    host->narrow(&c->view, c->setting.backend);
  }
  return PMM_RUN_GOOD;
}

/* ---- what the run asks of the program ------------------------------------ */

/* The subject is found, keeps its word, opens and closes; the backend's library
 * is loaded. */
static void probe_subject(void *ctx, struct pmm_progress *progress,
                          struct pmm_record *record) {
  struct conform *c = ctx;
  char message[512];
  int at_fault = 0;
  if (view_subject(c, message, sizeof message, &at_fault) != 0) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR, "%s", message);
    progress->phase = PMM_PHASE_DONE;
    return;
  }
  struct pmm_setting setting = c->setting;
  setting.view = &c->view;
  setting.lane = PMM_LANE_PLAIN;
  setting.mode = NULL;
  if (!c->view.subject->takes_backend) {
    pmm_attempt_open(&setting, progress, record);
  } else if (host->find_backend != NULL && c->options.backend != NULL) {
    (void)host->find_backend(c->options.backend, message, sizeof message);
  }
  progress->phase = PMM_PHASE_DONE;
}

/* What is known of the column before the subject is. */
static void ask_column(struct conform *c) {
  const char *own = c->own != NULL ? c->own->name : "reference";
  c->run.column = (struct pmm_column){
      .subject = c->options.subject != NULL ? c->options.subject : own,
      .backend = c->options.backend,
      .mode = c->options.mode,
      .lane = pmm_lane_name(c->setting.lane),
      .attach = "own"};
}

static void complete_column(struct conform *c) {
  const struct pmm_subject *subject = c->view.subject;
  const struct pmm_backend *backend = c->setting.backend;
  struct pmm_column *column = &c->run.column;
  column->subject = subject->name;
  column->version = subject->version;
  column->build = subject->build;
  column->profile = subject->profile;
  column->backend = subject->takes_backend ? backend_spec(c) : host->allocator;
  column->mode = c->setting.mode;
  column->attach = backend != NULL ? "vtable" : "own";
  column->backend_version = backend != NULL ? backend->version : NULL;
}

static int load(struct pmm_run *run, char *message, size_t size) {
  struct conform *c = conform_of(run);
  int at_fault = 0;
  if (view_subject(c, message, size, &at_fault) != 0) {
    return PMM_RUN_FAILED;
  }
  c->setting.view = &c->view;
  c->setting.profile = c->given.profile != NULL
                           ? c->given.profile
                           : pmm_profile_find(c->view.subject->profile);
  int code = choose_mode(c, message, size);
  if (code == PMM_RUN_GOOD) {
    code = choose_backend(c, message, size);
  }
  complete_column(c);
  return code;
}

static void judge(struct pmm_run *run, const struct pmm_entry *entry,
                  struct pmm_outcome *outcome) {
  pmm_lanes_run(&run->course, &conform_of(run)->setting, pmm_case_of(entry),
                outcome);
}

static void expect_known(struct pmm_run *run, const struct pmm_entry *entry,
                         struct pmm_record *record) {
  pmm_given_judge(&conform_of(run)->given, &run->column, pmm_case_of(entry),
                  record);
}

static int finish(struct pmm_run *run) {
  struct conform *c = conform_of(run);
  return pmm_given_write(&c->given, &c->options);
}

static json_t *features(const struct pmm_run *run) {
  return pmm_listing_features(conform_seen(run)->setting.view);
}

static void repeat(FILE *out, const struct pmm_run *run,
                   const struct pmm_record *record) {
  const struct conform *c = conform_seen(run);
  const char *subject = c->options.subject;
  pmm_shell_option(out, "subject",
                   subject != NULL ? subject : run->column.subject);
  pmm_shell_option(out, "backend", backend_spec(c));
  pmm_shell_option(out, "mode", run->column.mode);
  pmm_shell_option(out, "profile", c->options.profile);
  pmm_shell_option(out, "expect", c->options.expect);
  pmm_shell_option(out, "lane", run->column.lane);
  if (pmm_lane_is_oom(c->setting.lane) && record->point != 0) {
    (void)fprintf(out, " --point %llu", (unsigned long long)record->point);
  }
}

static const struct pmm_program program = {.timeout_s = PMM_TIMEOUT_S,
                                           .probe = probe_subject,
                                           .load = load,
                                           .judge = judge,
                                           .expect = expect_known,
                                           .finish = finish,
                                           .features = features,
                                           .repeat = repeat,
                                           .inexact = pmm_listing_inexact};

/* ---- the command --------------------------------------------------------- */

/* The cases, and what the subject says of itself. */
static int list_json(struct conform *c) {
  char message[512];
  int at_fault = 0;
  int good = view_subject(c, message, sizeof message, &at_fault) == 0;
  return pmm_listing_write(stdout, &c->run.plan, good ? &c->view : NULL,
                           good ? NULL : message, !good && at_fault);
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
static int is_unknown_name(struct conform *c) {
  const char *spec = c->options.subject;
  char message[512];
  if (c->own == NULL && spec != NULL && is_unreadable(spec)) {
    return 1;
  }
  if (c->own != NULL || spec == NULL || strchr(spec, '/') != NULL ||
      fnmatch("*.so", spec, 0) == 0 ||
      find_subject(c, message, sizeof message) != NULL) {
    return 0;
  }
  (void)fprintf(stderr, "--subject: %s\n", message);
  return 1;
}

/* The cases are known: list them, or run them. */
static int with_plan(struct conform *c) {
  if (c->setting.lane == PMM_LANE_SHUFFLE) {
    pmm_plan_shuffle(&c->run.plan, c->setting.seed);
  }
  if (c->options.list) {
    int failed = c->options.any.json ? list_json(c)
                                     : pmm_plan_list(stdout, &c->run.plan);
    return failed != 0 ? PMM_RUN_TOOL : PMM_RUN_GOOD;
  }
  if (is_unknown_name(c)) {
    return PMM_RUN_USAGE;
  }
  ask_column(c);
  return pmm_run_cases(&c->run);
}

static void set_up(struct conform *c) {
  c->setting.lane = (enum pmm_lane)c->options.lane;
  c->setting.seed = c->options.any.seed;
  c->setting.only_point = c->options.point;
  c->run.program = &program;
  c->run.options = &c->options.any;
  c->run.course.hooks = host->fork;
  c->run.course.operation_name = pmm_answers_name;
}

static int main_with(struct conform *c, int argc, char **argv) {
  size_t count;
  const struct pmm_entry *const *all = pmm_entries(&count);
  c->options.any.command = host->command;
  int code = pmm_conform_options_read(&c->options, argc, argv);
  if (code != 0) {
    return code;
  }
  if (c->options.any.help) {
    pmm_conform_options_help(
        stdout, host->command != NULL ? host->command : "pmm-conform");
    return PMM_RUN_GOOD;
  }
  if (c->options.subjects) {
    if (host->list_subjects != NULL) {
      host->list_subjects(stdout);
    }
    return PMM_RUN_GOOD;
  }
  set_up(c);
  code = pmm_given_read(&c->given, &c->options, all, count, &c->view);
  if (code == 0) {
    code = pmm_plan_make(&c->run.plan, &c->options.any);
  }
  return code != 0 ? code : with_plan(c);
}

int pmm_conform_main(const struct pmm_subject *subject, int argc,
                     char **argv) {
  struct conform c;
  memset(&c, 0, sizeof c);
  c.own = subject;
  int code = main_with(&c, argc, argv);
  pmm_plan_free(&c.run.plan);
  pmm_given_free(&c.given);
  pmm_conform_options_free(&c.options);
  return fflush(stdout) == 0 ? code : PMM_RUN_TOOL;
}
