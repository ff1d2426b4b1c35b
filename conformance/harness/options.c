/* SPDX-License-Identifier: MIT */
/*
 * options.c - read the command line, explain it, find near names.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char *const lane_names[] = {"plain", "oom-once", "oom-persist",
                                         "gc-stress", "shuffle"};

_Static_assert(sizeof lane_names / sizeof lane_names[0] == PMM_LANE_COUNT,
               "each lane has a name");

static const char help_text[] =
    "usage: %s [options]\n"
    "\n"
    "Checks a runtime (a subject) against the requirements of Python-style\n"
    "memory management: one process a case, TAP on stdout.\n"
    "\n"
    "  --subject NAME|PATH.so  the runtime; default: reference\n"
    "  --backend SPEC          the allocator below it; default: pool\n"
    "  --mode MODE             the collector mode; default: the subject's own\n"
    "  --lane LANE             plain (default), oom-once, oom-persist,\n"
    "                          gc-stress, shuffle\n"
    "  --case GLOB             only cases whose id matches; may be repeated\n"
    "  --sample N              one in N cases of each area, from a start that\n"
    "                          --seed gives; seeds 1 to N take every case\n"
    "  --profile FILE          the subject's numbers (TOML), in place of those\n"
    "                          that are compiled in\n"
    "  --expect FILE           expected failures (TOML): XFAIL, XPASS\n"
    "  --missing FILE          write what the subject lacks, and how many cases\n"
    "                          each would unlock, as the start of a profile\n"
    "  --jsonl FILE            one JSON line a case\n"
    "  --timeout SECONDS       for one process; default 60; each case that took\n"
    "                          longer leaves half of it for the next\n"
    "  --seed N                order of shuffle, and the subject's own\n"
    "  --point N               oom lanes: fail only the N-th allocation\n"
    "  --no-fork               run in this process (debugger, valgrind)\n"
    "  --list                  list the cases; with --json, as JSON\n"
    "  --subjects              list the subjects\n"
    "  --tap                   TAP on stdout (always on)\n"
    "  --help                  this text\n"
    "\n"
    "examples:\n"
    "  %s --case 'gc.*'\n"
    "  %s --subject ./mine.so --lane oom-once --jsonl out.jsonl\n"
    "  %s --subject ./mine.so --profile mine.toml --missing lacks.toml\n"
    "\n"
    "exit code: 0 no case failed; 1 the tool failed; 2 wrong usage; 3 a case\n"
    "failed (FAIL, LEAK, OOM_UNSAFE, SANITIZER, TIMEOUT, CRASH,\n"
    "HARNESS_ERROR, NOT_RUN).\n";

void pmm_options_help(FILE *out, const char *command) {
  (void)fprintf(out, help_text, command, command, command, command);
}

const char *pmm_lane_name(enum pmm_lane lane) { return lane_names[lane]; }

enum option_key {
  KEY_SUBJECT = 256,
  KEY_BACKEND,
  KEY_MODE,
  KEY_LANE,
  KEY_CASE,
  KEY_SAMPLE,
  KEY_JSONL,
  KEY_PROFILE,
  KEY_EXPECT,
  KEY_MISSING,
  KEY_TIMEOUT,
  KEY_SEED,
  KEY_POINT,
  KEY_NO_FORK,
  KEY_LIST,
  KEY_JSON,
  KEY_SUBJECTS,
  KEY_TAP,
  KEY_HELP
};

static const struct option long_options[] = {
    {"subject", required_argument, NULL, KEY_SUBJECT},
    {"backend", required_argument, NULL, KEY_BACKEND},
    {"mode", required_argument, NULL, KEY_MODE},
    {"lane", required_argument, NULL, KEY_LANE},
    {"case", required_argument, NULL, KEY_CASE},
    {"sample", required_argument, NULL, KEY_SAMPLE},
    {"jsonl", required_argument, NULL, KEY_JSONL},
    {"profile", required_argument, NULL, KEY_PROFILE},
    {"expect", required_argument, NULL, KEY_EXPECT},
    {"missing", required_argument, NULL, KEY_MISSING},
    {"timeout", required_argument, NULL, KEY_TIMEOUT},
    {"seed", required_argument, NULL, KEY_SEED},
    {"point", required_argument, NULL, KEY_POINT},
    {"no-fork", no_argument, NULL, KEY_NO_FORK},
    {"list", no_argument, NULL, KEY_LIST},
    {"json", no_argument, NULL, KEY_JSON},
    {"subjects", no_argument, NULL, KEY_SUBJECTS},
    {"tap", no_argument, NULL, KEY_TAP},
    {"help", no_argument, NULL, KEY_HELP},
    {NULL, 0, NULL, 0},
};

static int read_number(const char *option, const char *text, uint64_t *value) {
  char *end = NULL;
  errno = 0;
  *value = strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || text[0] == '-') {
    (void)fprintf(stderr, "--%s: \"%s\" is no number\n", option, text);
    return 2;
  }
  return 0;
}

static int read_sample(const char *text, uint64_t *value) {
  int code = read_number("sample", text, value);
  if (code == 0 && *value == 0) {
    (void)fprintf(stderr, "--sample: one in 0 cases is no case\n");
    code = 2;
  }
  return code;
}

static int read_timeout(const char *text, double *value) {
  char *end = NULL;
  *value = strtod(text, &end);
  if (end == text || *end != '\0' || !(*value > 0) || *value > 1e6) {
    (void)fprintf(stderr, "--timeout: \"%s\" is no number of seconds\n", text);
    return 2;
  }
  return 0;
}

static int read_lane(const char *text, enum pmm_lane *lane) {
  unsigned best = UINT32_MAX;
  const char *nearest = lane_names[0];
  for (unsigned i = 0; i < PMM_LANE_COUNT; i++) {
    unsigned distance = pmm_name_distance(text, lane_names[i]);
    if (distance == 0) {
      *lane = (enum pmm_lane)i;
      return 0;
    }
    if (distance < best) {
      best = distance;
      nearest = lane_names[i];
    }
  }
  (void)fprintf(stderr, "--lane: no lane \"%s\"; nearest: %s\n", text,
                nearest);
  return 2;
}

static int read_one(struct pmm_options *options, int key, const char *text) {
  switch (key) {
  case KEY_SUBJECT:
    options->subject = text;
    return 0;
  case KEY_BACKEND:
    options->backend = text;
    return 0;
  case KEY_MODE:
    options->mode = text;
    return 0;
  case KEY_LANE:
    return read_lane(text, &options->lane);
  case KEY_CASE:
    options->cases[options->case_count++] = text;
    return 0;
  case KEY_SAMPLE:
    return read_sample(text, &options->sample);
  case KEY_JSONL:
    options->jsonl = text;
    return 0;
  case KEY_PROFILE:
    options->profile = text;
    return 0;
  case KEY_EXPECT:
    options->expect = text;
    return 0;
  case KEY_MISSING:
    options->missing = text;
    return 0;
  case KEY_TIMEOUT:
    return read_timeout(text, &options->timeout_s);
  case KEY_SEED:
    return read_number("seed", text, &options->seed);
  case KEY_POINT:
    return read_number("point", text, &options->point);
  case KEY_NO_FORK:
    options->no_fork = 1;
    return 0;
  case KEY_LIST:
    options->list = 1;
    return 0;
  case KEY_JSON:
    options->json = 1;
    return 0;
  case KEY_SUBJECTS:
    options->subjects = 1;
    return 0;
  case KEY_TAP:
    return 0;
  case KEY_HELP:
    options->help = 1;
    return 0;
  default:
    (void)fprintf(stderr, "try --help\n");
    return 2;
  }
}

int pmm_options_read(struct pmm_options *options, int argc, char **argv) {
  int key = 0;
  options->timeout_s = PMM_TIMEOUT_S;
  options->program = argv[0];
  options->sample = 1;
  options->cases = calloc((size_t)argc + 1, sizeof *options->cases);
  if (options->cases == NULL) {
    (void)fprintf(stderr, "no memory for the options\n");
    return 1;
  }
  optind = 0; /* a host may run the program twice */
  while ((key = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
    int code = read_one(options, key, optarg);
    if (code != 0) {
      return code;
    }
  }
  if (optind < argc) {
    (void)fprintf(stderr, "what is \"%s\"?  try --help\n", argv[optind]);
    return 2;
  }
  if (options->point > 0 && !pmm_lane_is_oom(options->lane)) {
    (void)fprintf(stderr, "--point needs --lane oom-once or oom-persist\n");
    return 2;
  }
  return 0;
}

void pmm_options_free(struct pmm_options *options) {
  free(options->cases);
  options->cases = NULL;
}

/* Levenshtein distance, one row at a time; names are cut at 63 bytes. */
unsigned pmm_name_distance(const char *a, const char *b) {
  unsigned row[64];
  size_t width = strnlen(b, 63);
  for (unsigned j = 0; j <= width; j++) {
    row[j] = j;
  }
  for (unsigned i = 1; a[i - 1] != '\0' && i < 64; i++) {
    unsigned diagonal = row[0];
    row[0] = i;
    for (unsigned j = 1; j <= width; j++) {
      unsigned change = diagonal + (a[i - 1] != b[j - 1]);
      unsigned shift = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
      diagonal = row[j];
      row[j] = change < shift ? change : shift;
    }
  }
  return row[width];
}
