/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-backend-check: does an allocator keep the backend contract?
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/registry.h"
#include "list.h"
#include "report.h"

enum { EXIT_GOOD = 0, EXIT_TOOL = 1, EXIT_USAGE = 2, EXIT_FAILED = 3 };

struct options {
  const char *backend; /* spec                                              */
  const char *jsonl;   /* path; NULL: none                                  */
  const char *glob;    /* of case ids; NULL: all                            */
  const char *requirement; /* whose cases; NULL: of all                     */
  unsigned timeout_s;  /* a case                                            */
  int list;            /* 1: the backends                                   */
  int cases;           /* 1: the cases                                      */
  int json;            /* 1: --list and --cases as JSON                     */
  int describe;        /* 1: what the backend says of itself                */
};

static const char help[] =
    "usage: pmm-backend-check [--backend SPEC] [options]\n"
    "\n"
    "Checks whether an allocator keeps the rules of pmm/backend.h: alignment,\n"
    "sizes, contents, failure, giving back.  Each case runs in a process of\n"
    "its own; one that the backend does not claim is skipped.  A backend that\n"
    "fails here gets no rank in a benchmark.\n"
    "\n"
    "  --backend SPEC   pool (default), libc, mimalloc, jemalloc, ...;\n"
    "                   /path/plugin.so exporting pmm_backend_get; or\n"
    "                   name=/path/lib.so,prefix=my_ for any malloc library\n"
    "                   (and ,free_sized=my_free_sized where it has one;\n"
    "                   ,no=threads where one thread alone may call it)\n"
    "  --case GLOB      only these cases, e.g. 'backend.realloc*'\n"
    "  --requirement ID only the cases of a requirement, e.g. ALLOC-009\n"
    "  --jsonl FILE     results as JSON lines too\n"
    "  --timeout S      seconds a case may take (default 30); each that took\n"
    "                   longer leaves half of it for the next\n"
    "  --list           the backends that ship with pmm; --json: as JSON\n"
    "  --describe       load the backend and print what it says of itself,\n"
    "                   as JSON; no case is run\n"
    "  --cases          the cases and their requirements; --json: as JSON\n"
    "\n"
    "Results are TAP on standard output.  Exit code: 0 all kept, 3 a case\n"
    "failed or the plug-in breaks the contract, 2 wrong usage or unknown\n"
    "backend, 1 the tool itself failed.\n"
    "\n"
    "Example: pmm-backend-check --backend mimalloc --jsonl mimalloc.jsonl\n";

static int usage(const char *message, const char *detail) {
  fprintf(stderr, "pmm-backend-check: %s%s\nTry --help.\n", message, detail);
  return EXIT_USAGE;
}

/* -1: go on; else the exit code. */
static int parse(int argc, char **argv, struct options *o) {
  static const struct option longs[] = {
      {"backend", required_argument, NULL, 'b'},
      {"case", required_argument, NULL, 'c'},
      {"jsonl", required_argument, NULL, 'j'},
      {"requirement", required_argument, NULL, 'r'},
      {"timeout", required_argument, NULL, 't'},
      {"list", no_argument, NULL, 'l'},
      {"cases", no_argument, NULL, 'C'},
      {"json", no_argument, NULL, 'J'},
      {"describe", no_argument, NULL, 'd'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0}};
  for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
    char *end = NULL;
    unsigned long seconds;
    switch (c) {
      case 'b': o->backend = optarg; break;
      case 'c': o->glob = optarg; break;
      case 'j': o->jsonl = optarg; break;
      case 'r': o->requirement = optarg; break;
      case 'l': o->list = 1; break;
      case 'C': o->cases = 1; break;
      case 'J': o->json = 1; break;
      case 'd': o->describe = 1; break;
      case 't':
        seconds = strtoul(optarg, &end, 10);
        if (end == optarg || *end != '\0' || seconds < 1 || seconds > 86400) {
          return usage("--timeout takes seconds from 1 to 86400, not ",
                       optarg);
        }
        o->timeout_s = (unsigned)seconds;
        break;
      case 'h': fputs(help, stdout); return EXIT_GOOD;
      default: return usage("unknown option", "");
    }
  }
  return optind < argc ? usage("unexpected argument ", argv[optind]) : -1;
}

static int is_of(const struct check_case *test, const char *requirement) {
  for (size_t i = 0; test->requirements[i] != NULL; i++) {
    if (strcmp(test->requirements[i], requirement) == 0) {
      return 1;
    }
  }
  return 0;
}

static int selected(const struct options *o, const struct check_case *test) {
  return (o->glob == NULL || fnmatch(o->glob, test->id, 0) == 0) &&
         (o->requirement == NULL || is_of(test, o->requirement));
}

static size_t count_selected(const struct options *o) {
  size_t count;
  size_t chosen = 0;
  const struct check_case *const *cases = check_cases(&count);
  for (size_t i = 0; i < count; i++) {
    chosen += (size_t)selected(o, cases[i]);
  }
  return chosen;
}

static int list_cases(const struct options *o) {
  size_t count;
  const struct check_case *const *cases = check_cases(&count);
  if (o->json) {
    return check_list_cases(cases, count) == 0 ? EXIT_GOOD : EXIT_TOOL;
  }
  for (size_t i = 0; i < count; i++) {
    if (selected(o, cases[i])) {
      printf("%-24s %s  %s\n", cases[i]->id, cases[i]->requirements[0],
             cases[i]->title);
    }
  }
  return EXIT_GOOD;
}

/* A backend that hangs may do so in every case: each that did leaves half the
 * time for the next, down to a twentieth of what was allowed. */
static double time_left(const struct options *o, unsigned hung) {
  double least = o->timeout_s / 20.0;
  double left = o->timeout_s;
  for (; hung > 0 && left > least; hung--) {
    left /= 2;
  }
  return left > least ? left : least;
}

/* The result of each case, or `unusable` for all of them. */
static int run_cases(const struct options *o,
                     const struct pmm_backend *backend,
                     const struct check_result *unusable, FILE *jsonl) {
  static struct check_result result;
  struct check_report report = {.jsonl = jsonl, .spec = o->backend};
  size_t count;
  const struct check_case *const *cases = check_cases(&count);
  check_report_begin(&report, count_selected(o), backend);
  for (size_t i = 0; i < count; i++) {
    if (!selected(o, cases[i])) {
      continue;
    }
    if (unusable != NULL) {
      result = *unusable;
      result.line = cases[i]->line;
    } else {
      check_run(cases[i], backend, time_left(o, report.counts[CHECK_TIMEOUT]),
                &result);
    }
    check_report_case(&report, cases[i], &result);
    fflush(stdout);
  }
  if (check_report_end(&report) != 0) {
    return EXIT_TOOL;
  }
  return check_report_failures(&report) > 0 ? EXIT_FAILED : EXIT_GOOD;
}

static int with_jsonl(const struct options *o,
                      const struct pmm_backend *backend,
                      const struct check_result *unusable) {
  FILE *jsonl = NULL;
  if (o->jsonl != NULL && (jsonl = fopen(o->jsonl, "we")) == NULL) {
    fprintf(stderr, "pmm-backend-check: cannot write %s: %s\n", o->jsonl,
            strerror(errno));
    return EXIT_TOOL;
  }
  int code = run_cases(o, backend, unusable, jsonl);
  if (jsonl != NULL && fclose(jsonl) != 0) {
    fprintf(stderr, "pmm-backend-check: cannot write %s: %s\n", o->jsonl,
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

static int check_backend(const struct options *o) {
  static struct check_result loaded;
  if (count_selected(o) == 0) {
    return usage("no case is selected by ",
                 o->glob != NULL ? o->glob : o->requirement);
  }
  check_load(o->backend, o->timeout_s, &loaded);
  if (loaded.class != CHECK_PASS) {
    return with_jsonl(o, NULL, &loaded);
  }
  const struct pmm_backend *backend =
      pmmi_backend_find(o->backend, loaded.message, sizeof loaded.message);
  if (backend != NULL) {
    return with_jsonl(o, backend, NULL);
  }
  if (pmmi_backend_at_fault()) {
    loaded.class = CHECK_HARNESS_ERROR;
    loaded.phase = pmm_phase_name(PMM_PHASE_LOAD);
    return with_jsonl(o, NULL, &loaded);
  }
  fprintf(stderr, "pmm-backend-check: %s\n", loaded.message);
  return EXIT_USAGE;
}

static int check_with_processes(const struct options *o) {
  int error = pmm_process_setup();
  if (error != 0) {
    fprintf(stderr, "pmm-backend-check: no temporary file or page: %s\n",
            strerror(error));
    return EXIT_TOOL;
  }
  int code = check_backend(o);
  pmm_process_teardown();
  return code;
}

int main(int argc, char **argv) {
  struct options o = {.backend = "pool", .timeout_s = 30};
  pmmi_backend_prepare(argv);
  int code = parse(argc, argv, &o);
  if (code >= 0) {
    return code;
  }
  if (o.cases) {
    return list_cases(&o);
  }
  if (o.list) {
    int failed = o.json ? check_list_json() : check_list_table();
    return failed ? EXIT_TOOL : EXIT_GOOD;
  }
  return o.describe ? describe(&o) : check_with_processes(&o);
}
