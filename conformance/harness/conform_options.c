/* SPDX-License-Identifier: MIT */
/* conform_options.c - see conform_options.h. */
#include "conform_options.h"

#include <assert.h>

static const char *const lane_names[] = {"plain",   "oom-once", "oom-persist",
                                         "gc-stress", "shuffle", "debug",
                                         NULL};

_Static_assert(sizeof lane_names / sizeof lane_names[0] == PMM_LANE_COUNT + 1,
               "each lane has a name");

const char *pmm_lane_name(enum pmm_lane lane) {
  assert(lane < PMM_LANE_COUNT);
  return lane_names[lane];
}

#define ROW struct pmm_conform_options

static const struct pmmi_option rows[] = {
    PMMI_TEXT(ROW, "subject", "NAME|PATH.so", subject,
              "the runtime; default: reference"),
    PMMI_TEXT(ROW, "backend", "SPEC", backend,
              "the allocator below it; default: pool"),
    PMMI_TEXT(ROW, "mode", "MODE", mode,
              "the collector mode; default: the subject's own"),
    PMMI_NAME(ROW, "lane", "LANE", lane, lane_names,
              "plain (default), oom-once, oom-persist,\n"
              "gc-stress, shuffle, debug"),
    PMMI_NUMBER(ROW, "point", "N", point,
                "oom lanes: fail only the N-th allocation"),
    PMMI_TEXT(ROW, "profile", "FILE", profile,
              "the subject's numbers (TOML), in place of those\n"
              "that are compiled in"),
    PMMI_TEXT(ROW, "expect", "FILE", expect,
              "expected failures (TOML): XFAIL, XPASS"),
    PMMI_TEXT(ROW, "missing", "FILE", missing,
              "write what the subject lacks, and how many cases\n"
              "each would unlock, as the start of a profile"),
    PMMI_SECONDS(ROW, "timeout", "SECONDS", any.timeout_s,
                 "for one process; default 60; each case that takes\n"
                 "longer halves the limit of those after it"),
    PMMI_FLAG(ROW, "list", list, "list the cases; with --json, as JSON"),
    PMMI_FLAG(ROW, "subjects", subjects, "list the subjects"),
    {.name = NULL}};

static const struct pmmi_option *const tables[] = {rows, pmm_options_shared,
                                                   NULL};

void pmm_conform_options_help(FILE *out, const char *command) {
  (void)fprintf(out,
                "usage: %s [options]\n"
                "\n"
                "Checks a runtime (a subject) against the requirements of "
                "Python-style\n"
                "memory management: one process per case, TAP on stdout.\n"
                "\n",
                command);
  pmmi_options_help(tables, out);
  (void)fprintf(
      out,
      "\n"
      "examples:\n"
      "  %s --case 'gc.*'\n"
      "  %s --subject ./mine.so --lane oom-once --jsonl out.jsonl\n"
      "  %s --subject ./mine.so --profile mine.toml --missing lacks.toml\n"
      "\n"
      "exit code: 0 no case failed; 1 the tool failed; 2 wrong usage; 3 a "
      "case\n"
      "failed (FAIL, LEAK, OOM_UNSAFE, SANITIZER, TIMEOUT, CRASH,\n"
      "HARNESS_ERROR, NOT_RUN).\n",
      command, command, command);
}

int pmm_conform_options_read(struct pmm_conform_options *options, int argc,
                             char **argv) {
  options->any.timeout_s = PMM_TIMEOUT_S;
  options->any.program = argv[0];
  options->any.sample = 1;
  int code = pmmi_options_read("pmm-conform", tables, options, argc, argv);
  if (code == 0 && options->point > 0 &&
      !pmm_lane_is_oom((enum pmm_lane)options->lane)) {
    (void)fprintf(stderr, "--point needs --lane oom-once or oom-persist\n");
    code = 2;
  }
  return code;
}

void pmm_conform_options_free(struct pmm_conform_options *options) {
  pmmi_options_free(tables, options);
}
