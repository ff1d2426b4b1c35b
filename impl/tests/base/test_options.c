/* SPDX-License-Identifier: MIT */
/* Command lines: what is read, what is refused in which words, and help. */
#include "base/options.h"

#include <string.h>
#include <unistd.h>

#include "tests/tap.h"

struct asked {
  const char *file;
  struct pmmi_texts cases;
  uint64_t seed;
  uint64_t sample;
  double timeout_s;
  int lane;
  int help;
  const char *what;
};

static const char *const lanes[] = {"plain", "stress", NULL};

static const struct pmmi_option own[] = {
    PMMI_OPERAND(struct asked, "WHAT", what),
    PMMI_TEXT(struct asked, "file", "FILE", file, "where to"),
    PMMI_NAME(struct asked, "lane", "LANE", lane, lanes, "plain or stress"),
    PMMI_TEXTS(struct asked, "case", "GLOB", cases, "which;\nmay be repeated"),
    {.name = NULL}};
static const struct pmmi_option shared[] = {
    PMMI_NUMBER(struct asked, "seed", "N", seed, "of the order"),
    PMMI_COUNT(struct asked, "sample", "N", sample, "one in N"),
    PMMI_SECONDS(struct asked, "timeout", "SECONDS-OF-ALL", timeout_s, "most"),
    PMMI_FLAG(struct asked, "help", help, "this text"),
    {.name = NULL}};
static const struct pmmi_option *const both[] = {own, shared, NULL};
static const struct pmmi_option *const alone[] = {shared, NULL};

static char said[2048]; /* without its last newline                           */

/* Read a line of words; what was printed to stderr is in `said`. */
static int read_words(pmmi_options tables, struct asked *asked,
                      const char *words) {
  static char copy[512];
  char *argv[32] = {"program"};
  int argc = 1;
  FILE *file = tmpfile();
  int kept = dup(STDERR_FILENO);
  *asked = (struct asked){.timeout_s = 60, .sample = 1};
  (void)snprintf(copy, sizeof copy, "%s", words);
  for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
    argv[argc++] = word;
  }
  tap_need(file != NULL && kept >= 0);
  (void)dup2(fileno(file), STDERR_FILENO);
  int code = pmmi_options_read("program", tables, asked, argc, argv);
  (void)dup2(kept, STDERR_FILENO);
  (void)close(kept);
  rewind(file);
  size_t length = fread(said, 1, sizeof said - 1, file);
  said[length > 0 ? length - 1 : 0] = '\0';
  (void)fclose(file);
  return code;
}

static void test_read(void) {
  struct asked a;
  int code = read_words(both, &a,
                        "--file a --case x.* it --case=y --seed 7 --sample 3 "
                        "--timeout 0.5 --lane stress --he");
  tap_ok(code == 0 && strcmp(a.file, "a") == 0 && a.seed == 7 &&
             a.sample == 3 && a.timeout_s == 0.5 && a.lane == 1 && a.help == 1,
         "values of every kind, in any order");
  tap_ok(a.cases.count == 2 && strcmp(a.cases.items[0], "x.*") == 0 &&
             strcmp(a.cases.items[1], "y") == 0,
         "an option may be repeated");
  tap_ok(a.what != NULL && strcmp(a.what, "it") == 0, "and one operand");
  pmmi_options_free(both, &a);
  tap_ok(a.cases.items == NULL && a.cases.count == 0, "given back");
  code = read_words(both, &a, "");
  tap_ok(code == 0 && a.file == NULL && a.sample == 1 && a.timeout_s == 60 &&
             a.what == NULL && said[0] == '\0',
         "what is not asked for stays as it was");
  tap_ok(read_words(alone, &a, "-h") == 0 && a.help == 1, "-h is --help");
}

static void test_refused(void) {
  static const struct {
    const char *words;
    const char *text;
  } wrong[] = {
      {"--seed 3x", "--seed: \"3x\" is not a whole number"},
      {"--seed -1", "--seed: \"-1\" is not a whole number"},
      {"--seed 99999999999999999999", "is not a whole number"},
      {"--seed 9223372036854775808", "is not a whole number"},
      {"--sample 0", "is not a whole number above 0"},
      {"--timeout 0", "is not a number of seconds"},
      {"--timeout x", "is not a number of seconds"},
      {"--timeout 1s", "is not a number of seconds"},
      {"--timeout 86401", "is not a number of seconds"},
      {"--lane stres", "--lane: no \"stres\"; did you mean stress?"},
      {"--fil", "--fil needs a value"},
      {"--help=yes", "--help takes no value"},
      {"--smaple 3", "no option \"--smaple\"; nearest: sample"},
      {"-q", "no option \"--q\""},
      {"a b", "unexpected argument \"b\"; one WHAT at a time"},
  };
  struct asked a;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    int code = read_words(both, &a, wrong[i].words);
    tap_ok(code == 2 && strstr(said, wrong[i].text) != NULL &&
               strncmp(said, "program: ", 9) == 0 &&
               strchr(said, '\n') == NULL,
           "%s: %s", wrong[i].words, said);
    pmmi_options_free(both, &a);
  }
  tap_ok(read_words(alone, &a, "a") == 2 &&
             strstr(said, "unexpected argument \"a\"") != NULL,
         "who takes no operand: %s", said);
}

static void test_help(void) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  tap_need(out != NULL);
  pmmi_options_help(both, out);
  (void)fclose(out);
  tap_ok(strstr(text, "  --file FILE             where to\n") != NULL,
         "a line an option");
  tap_ok(strstr(text, "which;\n                          may be") != NULL,
         "further lines below the first");
  tap_ok(strstr(text, "  --timeout SECONDS-OF-ALL\n                      "
                      "    most\n") != NULL,
         "a long name has a line of its own");
  tap_ok(strstr(text, "WHAT") == NULL, "operands stand in the usage");
  free(text);
}

int main(void) {
  tap_plan(0);
  test_read();
  test_refused();
  test_help();
  return tap_done();
}
