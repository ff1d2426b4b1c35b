/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-backend-check: does an allocator keep the backend contract?
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/registry.h"
#include "base/child.h"
#include "list.h"
#include "options.h"
#include "plan.h"
#include "report.h"

enum { EXIT_GOOD = 0, EXIT_TOOL = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };

struct options {
  struct pmm_options any;
  const char *backend; /* spec                                              */
  int list;            /* 1: the backends                                   */
  int cases;           /* 1: the cases                                      */
  int describe;        /* 1: what the backend says of itself                */
};

static const struct pmmi_option rows[] = {
    PMMI_TEXT(struct options, "backend", "SPEC", backend,
              "pool (default), libc, mimalloc, jemalloc, ...;\n"
              "/path/plugin.so exporting pmm_backend_get; or\n"
              "name=/path/lib.so,prefix=my_ for any malloc\n"
              "library (and ,free_sized=my_free_sized where it\n"
              "has one; ,no=threads where one thread alone may\n"
              "call it)"),
    PMMI_SECONDS(struct options, "timeout", "S", any.timeout_s,
                 "seconds a case may take (default 30); each that\n"
                 "took longer leaves half of it for the next"),
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

/* A backend that hangs may do so in every case: each that did leaves half the
 * time for the next, down to a twentieth of what was allowed. */
static double time_left(const struct options *o, unsigned hung) {
  double allowed = o->any.timeout_s;
  return pmmi_child_patience(allowed, hung, allowed / 20);
}

/* The result of each case, or `unusable` for all of them. */
static int run_cases(const struct options *o, const struct pmm_plan *plan,
                     const struct pmm_backend *backend,
                     const struct check_result *unusable, FILE *jsonl) {
  static struct check_result result;
  struct check_report report = {.jsonl = jsonl, .spec = o->backend};
  check_report_begin(&report, plan->count, backend);
  for (size_t i = 0; i < plan->count; i++) {
    const struct check_case *test = check_case_of(plan->cases[i]);
    if (unusable != NULL) {
      result = *unusable;
      result.line = test->entry.line;
    } else {
      check_run(test, backend, time_left(o, report.counts[CHECK_TIMEOUT]),
                o->any.no_fork, &result);
    }
    check_report_case(&report, test, &result);
    fflush(stdout);
  }
  if (check_report_end(&report) != 0) {
    return EXIT_TOOL;
  }
  return check_report_failures(&report) > 0 ? EXIT_FAILED : EXIT_GOOD;
}

static int with_jsonl(const struct options *o, const struct pmm_plan *plan,
                      const struct pmm_backend *backend,
                      const struct check_result *unusable) {
  FILE *jsonl = NULL;
  if (o->any.jsonl != NULL && (jsonl = fopen(o->any.jsonl, "we")) == NULL) {
    fprintf(stderr, "pmm-backend-check: cannot write %s: %s\n", o->any.jsonl,
            strerror(errno));
    return EXIT_TOOL;
  }
  int code = run_cases(o, plan, backend, unusable, jsonl);
  if (jsonl != NULL && fclose(jsonl) != 0) {
    fprintf(stderr, "pmm-backend-check: cannot write %s: %s\n", o->any.jsonl,
            strerror(errno));
    code = EXIT_TOOL;
  }
  return code;
}

/* 3: it is at fault, which a run of its cases would show. */
static int describe(const struct options *o) {
  char message[640];
  const struct pmm_backend *backend =
      pmmi_backend_find(o->backend, message, sizeof message);
  if (backend != NULL) {
    return check_describe_json(backend) == 0 ? EXIT_GOOD : EXIT_TOOL;
  }
  fprintf(stderr, "pmm-backend-check: %s\n", message);
  return pmmi_backend_at_fault() ? EXIT_FAILED : EXIT_USAGE;
}

static int check_backend(const struct options *o,
                         const struct pmm_plan *plan) {
  static struct check_result loaded;
  if (!o->any.no_fork) {
    check_load(o->backend, o->any.timeout_s, &loaded);
    if (loaded.class != CHECK_PASS) {
      return with_jsonl(o, plan, NULL, &loaded);
    }
  }
  const struct pmm_backend *backend =
      pmmi_backend_find(o->backend, loaded.message, sizeof loaded.message);
  if (backend != NULL) {
    pmm_process_reclaim();
    return with_jsonl(o, plan, backend, NULL);
  }
  if (pmmi_backend_at_fault()) {
    loaded.class = CHECK_HARNESS_ERROR;
    loaded.phase = pmm_phase_name(PMM_PHASE_LOAD);
    return with_jsonl(o, plan, NULL, &loaded);
  }
  fprintf(stderr, "pmm-backend-check: %s\n", loaded.message);
  return EXIT_USAGE;
}

static int check_with_processes(const struct options *o,
                                const struct pmm_plan *plan) {
  int error = pmm_process_setup();
  if (error != 0) {
    fprintf(stderr, "pmm-backend-check: no temporary file or page: %s\n",
            strerror(error));
    return EXIT_TOOL;
  }
  int code = check_backend(o, plan);
  pmm_process_teardown();
  return code;
}

/* What is asked of the chosen cases. */
static int with_plan(const struct options *o, const struct pmm_plan *plan) {
  if (o->cases) {
    int failed = o->any.json ? check_list_cases(plan)
                             : pmm_plan_list(stdout, plan);
    return failed ? EXIT_TOOL : EXIT_GOOD;
  }
  return check_with_processes(o, plan);
}

static int answer(const struct options *o) {
  struct pmm_plan plan = {.cases = NULL};
  if (o->any.help) {
    print_help();
    return EXIT_GOOD;
  }
  if (o->list && !o->cases) {
    int failed = o->any.json ? check_list_json() : check_list_table();
    return failed ? EXIT_TOOL : EXIT_GOOD;
  }
  if (o->describe && !o->cases) {
    return describe(o);
  }
  int code = pmm_plan_make(&plan, &o->any);
  code = code != 0 ? code : with_plan(o, &plan);
  pmm_plan_free(&plan);
  return code;
}

int main(int argc, char **argv) {
  struct options o = {.backend = "pool",
                      .any = {.timeout_s = 30, .sample = 1}};
  pmmi_backend_prepare(argv);
  int code = pmmi_options_read("pmm-backend-check", tables, &o, argc, argv);
  code = code != 0 ? code : answer(&o);
  pmmi_options_free(tables, &o);
  return code;
}
