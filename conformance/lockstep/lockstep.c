/* SPDX-License-Identifier: MIT */
/*
 * lockstep.c - random programs as a command.
 *
 * One process runs programs on one subject and prints a digest for each.  Two
 * such processes, given the same seed, are compared by lockstep.py; so either
 * may crash, or live inside an interpreter.
 */
#include "lockstep.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "draw.h"
#include "operations.h"
#include "subjects/select.h"

static const char help_text[] =
    "usage: pmm-lockstep run|draw|replay|operations [options] [FILE]\n"
    "\n"
    "Random programs on one runtime; lockstep.py compares two.\n"
    "\n"
    "  run         draw programs, run them, print NUMBER DIGEST STEPS of each\n"
    "  draw        run program --from and print it\n"
    "  replay      run the programs of FILE (-: stdin), print their digests\n"
    "  operations  list the operations, as JSON\n"
    "\n"
    "  --subject NAME|PATH.so  --backend SPEC  --mode MODE   as pmm-conform\n"
    "  --seed N       of the programs; default 1\n"
    "  --from N       the first program; default 0\n"
    "  --programs N   how many; default 1000; 0: until --seconds are over\n"
    "  --seconds N    stop after N seconds; default 0: no limit\n"
    "  --length N     steps of a program, at most 4096; default 64\n"
    "  --trace        print what was observed of each step\n"
    "  --help         this text\n"
    "\n"
    "example: pmm-lockstep draw --seed 7 | pmm-lockstep replay --trace -\n"
    "exit code: 0 done; 1 no runtime; 2 wrong usage; 3 the subject's fault.\n";

struct options {
  uint64_t seed;
  uint64_t from;
  uint64_t programs;
  uint64_t seconds;
  uint64_t length;
  int trace;
  const char *file;
};

/* Programs are large; there is one. */
static struct program program;

/* ---- commands ------------------------------------------------------------ */

static double now(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run(struct machine *m, const struct options *options) {
  double end = now() + (double)options->seconds;
  uint64_t done = 0;
  while ((options->programs == 0 || done < options->programs) &&
         (options->seconds == 0 || now() < end)) {
    uint64_t number = options->from + done++;
    uint64_t before = m->steps;
    uint64_t digest =
        draw_and_run(m, options->seed, number, options->length, NULL);
    printf("%" PRIu64 " %016" PRIx64 " %" PRIu64 "\n", number, digest,
           m->steps - before);
    (void)fflush(stdout); /* the next one may be the last                   */
  }
  return 0;
}

static int draw_one(struct machine *m, const struct options *options) {
  (void)draw_and_run(m, options->seed, options->from, options->length, stdout);
  return 0;
}

static int replay_stream(struct machine *m, const struct options *options,
                         FILE *in) {
  char message[256];
  int found = 0;
  m->trace = options->trace ? stdout : NULL;
  while ((found = program_read(in, &program, message, sizeof message)) > 0) {
    uint64_t digest = machine_run(m, &program);
    printf("digest %016" PRIx64 "\n", digest);
    (void)fflush(stdout);
  }
  if (found < 0) {
    (void)fprintf(stderr, "replay: %s\n", message);
    return 2;
  }
  return 0;
}

static int replay(struct machine *m, const struct options *options) {
  if (options->file == NULL || strcmp(options->file, "-") == 0) {
    return replay_stream(m, options, stdin);
  }
  FILE *in = fopen(options->file, "re");
  if (in == NULL) {
    (void)fprintf(stderr, "replay: %s: %s\n", options->file, strerror(errno));
    return 2;
  }
  int code = replay_stream(m, options, in);
  (void)fclose(in);
  return code;
}

/* The texts have quotes in strings, and no other character to escape. */
static void print_text(const char *text) {
  for (; *text != '\0'; text++) {
    (void)fputs(*text == '"' ? "\\\"" : (const char[]){*text, '\0'}, stdout);
  }
}

static int list_operations(void) {
  static const char *const givings[] = {"new", "borrowed", "status", "answer"};
  printf("{\"schema\": 1, \"operations\": [");
  for (size_t i = 0; i < operation_count; i++) {
    const struct operation *op = &operations[i];
    printf("%s\n{\"name\": \"%s\", \"feature\": \"%s\", \"gives\": \"%s\", "
           "\"operands\": \"%s\", \"registers\": \"",
           i == 0 ? "" : ",", op->name, op->feature, givings[op->giving],
           op->operands);
    for (const char *c = op->operands; *c != '\0'; c++) {
      putchar(operand_kinds(*c) != 0 ? 'r' : '-');
    }
    printf("\", \"text\": \"");
    print_text(op->text);
    printf("\"}");
  }
  printf("\n]}\n");
  return 0;
}

/* ---- the command line ---------------------------------------------------- */

static int take_number(const char *name, const char *text, uint64_t most,
                       uint64_t *out) {
  char *end = NULL;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
      value > most) {
    (void)fprintf(stderr,
                  "--%s: \"%s\" is not a number from 0 to %" PRIu64 "\n",
                  name, text, most);
    return 2;
  }
  *out = value;
  return 0;
}

/* 0; an exit code; -1: help was printed. */
static int read_options(int argc, char **argv, struct options *out) {
  static const struct option names[] = {
      {"seed", required_argument, NULL, 's'},
      {"from", required_argument, NULL, 'f'},
      {"programs", required_argument, NULL, 'p'},
      {"seconds", required_argument, NULL, 't'},
      {"length", required_argument, NULL, 'l'},
      {"trace", no_argument, NULL, 'r'},
      {"help", no_argument, NULL, 'h'},
      {NULL, 0, NULL, 0}};
  int code = 0;
  int index = 0;
  for (int c = 0; code == 0 && (c = getopt_long(argc, argv, "h", names,
                                                &index)) != -1;) {
    uint64_t *number = c == 's'   ? &out->seed
                       : c == 'f' ? &out->from
                       : c == 'p' ? &out->programs
                       : c == 't' ? &out->seconds
                                  : &out->length;
    if (c == 'h') {
      (void)fputs(help_text, stdout);
      return -1;
    } else if (c == 'r') {
      out->trace = 1;
    } else if (c == '?') {
      return 2;
    } else {
      code = take_number(names[index].name, optarg,
                         c == 'l' ? PROGRAM_STEPS : UINT32_MAX, number);
    }
  }
  return code;
}

static int run_command(const char *command, struct machine *m,
                       struct options *options, int argc, char **argv) {
  int rest = argc - optind - 1;
  if (strcmp(command, "replay") == 0 && rest <= 1) {
    options->file = rest == 1 ? argv[optind + 1] : NULL;
    return replay(m, options);
  }
  if (rest > 0) {
    (void)fprintf(stderr, "unexpected argument \"%s\"; try --help\n",
                  argv[optind + 1]);
    return 2;
  }
  return strcmp(command, "draw") == 0 ? draw_one(m, options)
                                      : run(m, options);
}

static int with_machine(const struct pmmi_selection *selection,
                        const char *command, struct options *options,
                        int argc, char **argv) {
  static struct machine m;
  enum pmm_status status = machine_open(&m, &selection->view,
                                        selection->backend, selection->mode);
  if (status != PMM_OK) {
    (void)fprintf(stderr, "cannot open a runtime: status %d\n", (int)status);
    return 1;
  }
  int code = run_command(command, &m, options, argc, argv);
  machine_close(&m);
  return code;
}

static int is_command(const char *word) {
  return strcmp(word, "run") == 0 || strcmp(word, "draw") == 0 ||
         strcmp(word, "replay") == 0 || strcmp(word, "operations") == 0;
}

int pmm_lockstep_main(const struct pmm_subject *subject, int argc,
                      char **argv) {
  struct pmmi_names names = {NULL, NULL, NULL};
  struct pmmi_selection selection;
  struct options options = {.seed = 1, .programs = 1000, .length = 64};
  char message[512];
  optind = 1;
  if (pmmi_select_take(&argc, argv, &names, message, sizeof message) != 0) {
    (void)fprintf(stderr, "%s\n", message);
    return 2;
  }
  int code = read_options(argc, argv, &options);
  if (code != 0) {
    return code < 0 ? 0 : code;
  }
  if (optind >= argc || !is_command(argv[optind])) {
    (void)fprintf(stderr, "name one of run, draw, replay, operations "
                          "(--help)\n");
    return 2;
  }
  if (strcmp(argv[optind], "operations") == 0) {
    return list_operations();
  }
  code = subject == NULL
             ? pmmi_select(&names, &selection, message, sizeof message)
             : pmmi_select_for(subject, &names, &selection, message,
                               sizeof message);
  if (code != 0) {
    (void)fprintf(stderr, "%s\n", message);
    return code;
  }
  return with_machine(&selection, argv[optind], &options, argc, argv);
}
