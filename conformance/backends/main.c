/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-backend-check: does an allocator keep the backend contract?
 */
#include <stdio.h>
#include <stdlib.h>

#include "backends/registry.h"
#include "base/ending.h"
#include "list.h"
#include "run.h"
#include "runner.h"
#include "shell.h"

enum { TIMEOUT_S = 30 };

struct options {
  struct pmm_options any;
  const char *backend; /* spec                                              */
  int list;            /* 1: the backends                                   */
  int cases;           /* 1: the cases                                      */
  int describe;        /* 1: what the backend says of itself                */
};

/** Everything of one run. */
struct backend_check {
  struct pmm_run run; /* first: the program's own begins so                 */
  struct options options;
  const struct pmm_backend *backend; /* NULL: it is not loaded, or at fault */
};

static const struct pmmi_option rows[] = {
    PMMI_TEXT(struct options, "backend", "SPEC", backend,
              "pool (default), libc, mimalloc, jemalloc, ...;\n"
              "/path/plugin.so exporting pmm_backend_get; or\n"
              "name=/path/lib.so,prefix=my_ for any malloc\n"
              "library (and ,free_sized=my_free_sized where it\n"
              "has one; ,no=threads where one thread alone may\n"
              "call it; at the end ,env=NAME=VALUE, which it\n"
              "reads when it is loaded)"),
    PMMI_SECONDS(struct options, "timeout", "S", any.timeout_s,
                 "seconds a case may take (default 30); each that\n"
                 "takes longer halves the limit of those after it"),
    PMMI_FLAG(struct options, "list", list,
              "the backends that ship with pmm; --json: as JSON"),
    PMMI_FLAG(struct options, "describe", describe,
              "load the backend and print what it says of\n"
              "itself, as JSON; no case is run"),
    PMMI_FLAG(struct options, "cases", cases,
              "the cases and their requirements; --json: as JSON"),
    {.name = NULL}};

static const struct pmmi_option *const tables[] = {rows, pmm_options_shared,
                                                   NULL};

static void print_help(void) {
  puts("usage: pmm-backend-check [--backend SPEC] [options]\n"
       "\n"
       "Checks whether an allocator keeps the rules of pmm/backend.h: "
       "alignment,\n"
       "sizes, contents, failure, giving back.  Each case runs in a process "
       "of\n"
       "its own; one that the backend does not claim is skipped.  A backend "
       "that\n"
       "fails here gets no rank in a benchmark.\n");
  pmmi_options_help(tables, stdout);
  puts("\n"
       "Results are TAP on standard output.  Exit code: 0 all kept, 3 a case\n"
       "failed or the plug-in breaks the contract, 2 wrong usage or unknown\n"
       "backend, 1 the tool itself failed.\n"
       "\n"
       "Example: pmm-backend-check --backend mimalloc --jsonl mimalloc.jsonl");
}

/* ---- what the run asks of the program ------------------------------------ */

static struct backend_check *check_of(struct pmm_run *run) {
  return (struct backend_check *)run;
}

static const struct backend_check *check_seen(const struct pmm_run *run) {
  return (const struct backend_check *)run;
}

/* What its library does when it is loaded; that there is none of that name is
 * said by load(). */
static void probe(void *ctx, struct pmm_progress *progress,
                  struct pmm_record *record) {
  const struct backend_check *c = ctx;
  char message[640];
  (void)record;
  (void)pmmi_backend_find(c->options.backend, message, sizeof message);
  progress->phase = PMM_PHASE_DONE;
}

static int load(struct pmm_run *run, char *message, size_t size) {
  struct backend_check *c = check_of(run);
  char why[600];
  c->backend = pmmi_backend_find(c->options.backend, why, sizeof why);
  if (c->backend != NULL) {
    run->column.backend_version = c->backend->version;
    return PMM_RUN_GOOD;
  }
  int at_fault = pmmi_backend_at_fault();
  (void)snprintf(message, size, "%s%s", at_fault ? "" : "--backend: ", why);
  return at_fault ? PMM_RUN_FAILED : PMM_RUN_USAGE;
}

static void judge(struct pmm_run *run, const struct pmm_entry *entry,
                  struct pmm_outcome *outcome) {
  check_run(&run->course, check_case_of(entry), check_of(run)->backend,
            outcome);
}

static json_t *features(const struct pmm_run *run) {
  const struct pmm_backend *backend = check_seen(run)->backend;
  return check_capability_list(backend != NULL ? backend->capabilities : 0);
}

static void repeat(FILE *out, const struct pmm_run *run,
                   const struct pmm_record *record) {
  (void)record;
  pmm_shell_option(out, "backend", check_seen(run)->options.backend);
}

static const struct pmm_program program = {.timeout_s = TIMEOUT_S,
                                           .probe = probe,
                                           .load = load,
                                           .judge = judge,
                                           .features = features,
                                           .repeat = repeat};

/* ---- the command --------------------------------------------------------- */

/* 3: it is at fault, which a run of its cases would show. */
static int describe(const struct options *o) {
  char message[640];
  const struct pmm_backend *backend =
      pmmi_backend_find(o->backend, message, sizeof message);
  if (backend != NULL) {
    return check_describe_json(backend) == 0 ? PMM_RUN_GOOD : PMM_RUN_TOOL;
  }
  (void)fprintf(stderr, "--backend: %s\n", message);
  return pmmi_backend_at_fault() ? PMM_RUN_FAILED : PMM_RUN_USAGE;
}

/* What is asked of the chosen cases. */
static int with_plan(struct backend_check *c) {
  if (c->options.cases) {
    int failed = c->options.any.json ? check_list_cases(&c->run.plan)
                                     : pmm_plan_list(stdout, &c->run.plan);
    return failed ? PMM_RUN_TOOL : PMM_RUN_GOOD;
  }
  return pmm_run_cases(&c->run);
}

static void set_up(struct backend_check *c) {
  c->run.program = &program;
  c->run.options = &c->options.any;
  c->run.column = (struct pmm_column){
      .backend = c->options.backend, .lane = "plain", .attach = "vtable"};
  /* Not _exit(): leak checkers and coverage have their say at exit. */
  c->run.course.hooks.leave = exit;
}

static int answer(struct backend_check *c) {
  const struct options *o = &c->options;
  if (o->any.help) {
    print_help();
    return PMM_RUN_GOOD;
  }
  if (o->list && !o->cases) {
    int failed = o->any.json ? check_list_json() : check_list_table();
    return failed ? PMM_RUN_TOOL : PMM_RUN_GOOD;
  }
  if (o->describe && !o->cases) {
    return describe(o);
  }
  set_up(c);
  int code = pmm_plan_make(&c->run.plan, &o->any);
  return code != 0 ? code : with_plan(c);
}

int main(int argc, char **argv) {
  struct backend_check c = {
      .options = {.backend = "pool",
                  .any = {.program = argv[0],
                          .timeout_s = TIMEOUT_S,
                          .sample = 1}}};
  pmmi_backend_prepare(argv);
  int code =
      pmmi_options_read("pmm-backend-check", tables, &c.options, argc, argv);
  code = code != 0 ? code : answer(&c);
  pmm_plan_free(&c.run.plan);
  pmmi_options_free(tables, &c.options);
  return pmmi_ending_own(fflush(stdout) == 0 ? code : PMM_RUN_TOOL);
}
