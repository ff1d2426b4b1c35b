/* SPDX-License-Identifier: MIT */
/*
 * options.c - see options.h.
 */
#include "options.h"

#include <string.h>

#include "base/nearest.h"

#define ROW struct pmm_work_options

static const struct pmmi_option rows[] = {
    PMMI_OPERAND(ROW, "WORKLOAD", workload),
    PMMI_TEXT(ROW, "subject", "S", subject,
              "runtime to run it on (default: reference)"),
    PMMI_TEXT(ROW, "backend", "B", backend,
              "allocator below it (default: pool)"),
    PMMI_TEXT(ROW, "mode", "M", mode,
              "collector mode (default: the subject's)"),
    PMMI_TEXTS(ROW, "set", "NAME=VALUE", settings,
               "set a parameter; may be repeated"),
    PMMI_TEXTS(ROW, "variant", "V", variants,
               "only this variant; may be repeated"),
    PMMI_TEXT(ROW, "json", "FILE", json,
              "write the document to FILE, a summary to stdout\n"
              "(default: the document to stdout)"),
    PMMI_NUMBER(ROW, "seed", "N", seed,
                "seed for whatever the subject randomises"),
    PMMI_NUMBER(ROW, "pace", "N", pace,
                "operations between samples (default: 1/250 of\n"
                "each loop)"),
    PMMI_FLAG(ROW, "check", check,
              "exit 3 when the runtime finds a leak"),
    PMMI_NUMBER(ROW, "fail-at", "N", fail_at,
                "the N-th allocation of each variant fails"),
    PMMI_SECONDS(ROW, "timeout", "S", timeout_s,
                 "seconds a variant may take (default: 120); each\n"
                 "that failed leaves half of it for the next"),
    PMMI_FLAG(ROW, "no-fork", no_fork, "run the variants in this process"),
    PMMI_FLAG(ROW, "list", list,
              "list workloads, parameters and variants; with\n"
              "--json as JSON"),
    PMMI_FLAG(ROW, "help", help, "this text"),
    {.name = NULL}};

static const struct pmmi_option *const tables[] = {rows, NULL};

void pmm_work_options_help(FILE *out, const char *command) {
  fprintf(out,
          "usage: %s WORKLOAD [options]\n"
          "Runs a realistic job on a runtime, verifies its result, and writes\n"
          "what it cost as one JSON document.\n\n",
          command);
  pmmi_options_help(tables, out);
  fprintf(out,
          "\n"
          "  %s list_vs_generator --set items=100000 --json out.json\n"
          "  %s file_read --set input=/path/to/file --variant whole_with\n\n"
          "Exit: 0 fine, 1 tool error, 2 usage, 3 the runtime failed: a\n"
          "checksum, --check, a crash, no end in time.\n",
          command, command);
}

int pmm_work_options_read(struct pmm_work_options *options, int argc,
                          char **argv) {
  const char *command = argc > 0 ? argv[0] : "pmm-work";
  const char *slash = strrchr(command, '/');
  *options = (struct pmm_work_options){
      .command = slash != NULL ? slash + 1 : command, .timeout_s = 120};
  return pmmi_options_read("pmm-work", tables, options, argc, argv);
}

void pmm_work_options_free(struct pmm_work_options *options) {
  pmmi_options_free(tables, options);
}

/* ---- unknown names ------------------------------------------------------- */

int pmm_work_unknown(const char *what, const char *name,
                     const char *const *known) {
  char nearest[512];
  size_t count = 0;
  while (known[count] != NULL) {
    count++;
  }
  pmmi_nearest(name, known, count, nearest, sizeof nearest);
  fprintf(stderr, "pmm-work: unknown %s '%s'; %s\n", what, name, nearest);
  return 2;
}
