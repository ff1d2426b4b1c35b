/* SPDX-License-Identifier: MIT */
/*
 * options.c - see options.h.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "backends/nearest.h"

enum {
  OPTION_SUBJECT = 256,
  OPTION_BACKEND,
  OPTION_MODE,
  OPTION_SET,
  OPTION_VARIANT,
  OPTION_JSON,
  OPTION_SEED,
  OPTION_PACE,
  OPTION_FAIL_AT,
  OPTION_TIMEOUT,
  OPTION_CHECK,
  OPTION_NO_FORK,
  OPTION_LIST,
  OPTION_HELP
};

static const struct option table[] = {
    {"subject", required_argument, NULL, OPTION_SUBJECT},
    {"backend", required_argument, NULL, OPTION_BACKEND},
    {"mode", required_argument, NULL, OPTION_MODE},
    {"set", required_argument, NULL, OPTION_SET},
    {"variant", required_argument, NULL, OPTION_VARIANT},
    {"json", required_argument, NULL, OPTION_JSON},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"pace", required_argument, NULL, OPTION_PACE},
    {"fail-at", required_argument, NULL, OPTION_FAIL_AT},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"no-fork", no_argument, NULL, OPTION_NO_FORK},
    {"list", no_argument, NULL, OPTION_LIST},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

void pmm_work_options_help(FILE *out, const char *command) {
  fprintf(
      out,
      "usage: %s WORKLOAD [options]\n"
      "Runs a realistic job on a runtime, verifies its result, and writes\n"
      "what it cost as one JSON document.\n\n"
      "  --subject S       runtime to run it on (default: reference)\n"
      "  --backend B       allocator below it (default: pool)\n"
      "  --mode M          collector mode (default: the subject's)\n"
      "  --set NAME=VALUE  set a parameter; may be repeated\n"
      "  --variant V       only this variant; may be repeated\n"
      "  --json FILE       write the document to FILE, a summary to stdout\n"
      "                    (default: the document to stdout)\n"
      "  --seed N          seed for whatever the subject randomises\n"
      "  --pace N          operations between samples (default: 1/%d of each\n"
      "                    loop)\n"
      "  --check           exit 3 when the runtime finds something lost\n"
      "  --fail-at N       the N-th allocation of each variant fails\n"
      "  --timeout S       seconds a variant may take (default: 120); each that\n"
      "                    failed leaves half of it for the next\n"
      "  --no-fork         run the variants in this process\n"
      "  --list            list workloads, parameters and variants; with\n"
      "                    --json as JSON\n\n"
      "  %s list_vs_generator --set items=100000 --json out.json\n"
      "  %s file_read --set input=/path/to/file --variant whole_with\n\n"
      "Exit: 0 fine, 1 tool error, 2 usage, 3 the runtime failed: a checksum,\n"
      "--check, a crash, no end in time.\n",
      command, 250, command, command);
}

/** A whole, decimal number up to INT64_MAX.  0, or 2 after a message. */
static int read_number(const char *option, const char *text,
                       uint64_t *number) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
      value > INT64_MAX) {
    fprintf(stderr, "pmm-work: --%s wants a whole number, not '%s'\n", option,
            text);
    return 2;
  }
  *number = value;
  return 0;
}

/** Seconds above 0, at most a day.  0, or 2 after a message. */
static int read_seconds(const char *text, double *seconds) {
  char *end;
  *seconds = strtod(text, &end);
  if (end == text || *end != '\0' || !(*seconds > 0) || *seconds > 86400) {
    fprintf(stderr,
            "pmm-work: --timeout takes seconds from above 0 to 86400, not "
            "'%s'\n",
            text);
    return 2;
  }
  return 0;
}

/** Take one option.  0, or 2 after a message. */
static int take(struct pmm_work_options *options, int option) {
  switch (option) {
  case OPTION_SUBJECT:
    options->subject = optarg;
    return 0;
  case OPTION_BACKEND:
    options->backend = optarg;
    return 0;
  case OPTION_MODE:
    options->mode = optarg;
    return 0;
  case OPTION_SET:
    options->settings[options->setting_count++] = optarg;
    return 0;
  case OPTION_VARIANT:
    options->variants[options->variant_count++] = optarg;
    return 0;
  case OPTION_JSON:
    options->json = optarg;
    return 0;
  case OPTION_SEED:
    return read_number("seed", optarg, &options->seed);
  case OPTION_PACE:
    return read_number("pace", optarg, &options->pace);
  case OPTION_FAIL_AT:
    return read_number("fail-at", optarg, &options->fail_at);
  case OPTION_TIMEOUT:
    return read_seconds(optarg, &options->timeout_s);
  case OPTION_CHECK:
    options->check = 1;
    return 0;
  case OPTION_NO_FORK:
    options->no_fork = 1;
    return 0;
  case OPTION_LIST:
    options->list = 1;
    return 0;
  case OPTION_HELP:
    options->help = 1;
    return 0;
  default: /* getopt has said what is wrong */
    fprintf(stderr, "try: %s --help\n", options->command);
    return 2;
  }
}

int pmm_work_options_read(struct pmm_work_options *options, int argc,
                          char **argv) {
  const char *command = argc > 0 ? argv[0] : "pmm-work";
  const char *slash = strrchr(command, '/');
  *options = (struct pmm_work_options){
      .command = slash != NULL ? slash + 1 : command, .timeout_s = 120};
  options->settings = calloc((size_t)argc + 1, sizeof *options->settings);
  options->variants = calloc((size_t)argc + 1, sizeof *options->variants);
  if (options->settings == NULL || options->variants == NULL) {
    return 1;
  }
  int option;
  optind = 0; /* start again: the host may have used getopt before          */
  while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
    int usage = take(options, option);
    if (usage != 0) {
      return usage;
    }
  }
  if (argc - optind > 1) {
    fprintf(stderr, "pmm-work: one workload at a time, not also '%s'\n",
            argv[optind + 1]);
    return 2;
  }
  options->workload = argc > optind ? argv[optind] : NULL;
  return 0;
}

void pmm_work_options_free(struct pmm_work_options *options) {
  free(options->settings);
  free(options->variants);
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
