/* SPDX-License-Identifier: MIT */
/* parse.c - see pattern.h. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/nearest.h"
#include "pattern.h"

enum { WORDS_MOST = 200, LINE_MOST = 400 };

#define COUNT_MOST UINT64_C(1000000000)
#define SIZE_MOST (UINT64_C(1) << 30)
#define SECONDS_MOST 3600.0

/* A line in its words, and where its parts go. */
struct parsing {
  struct pattern *pattern;
  struct pattern_fault *fault;
  struct pattern_statement *statement;
  char line[LINE_MOST + 1];
  char *words[WORDS_MOST + 1]; /* up to a NULL                              */
  size_t at;                   /* the word that comes next                  */
  size_t open[PATTERN_DEPTH_MOST];
  size_t depth; /* of `open`                                                */
};

static int expected(struct parsing *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** A fault at the word that comes next. */
static int expected(struct parsing *p, const char *format, ...) {
  char what[140];
  const char *found = p->words[p->at];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  (void)snprintf(p->fault->message, sizeof p->fault->message,
                 "expected %s, found %s%.40s%s", what,
                 found != NULL ? "\"" : "", found != NULL ? found : "the end",
                 found != NULL ? "\"" : " of the line");
  return -1;
}

/* ---- words --------------------------------------------------------------- */

/** Take the word that comes next when it is this one. */
static int take_if(struct parsing *p, const char *word) {
  const char *next = p->words[p->at];
  int same = next != NULL && strcmp(next, word) == 0;
  p->at += (size_t)same;
  return same;
}

static int take(struct parsing *p, const char *word) {
  return take_if(p, word) ? 0 : expected(p, "\"%s\"", word);
}

/** A whole number from `least` to `most` at `text`, up to the word `end`. */
static int number_in(const char *text, const char **end, uint64_t least,
                     uint64_t most, uint64_t *value) {
  char *behind;
  if (*text < '0' || *text > '9') {
    return -1;
  }
  errno = 0;
  *value = strtoull(text, &behind, 10);
  *end = behind;
  return errno == 0 && *value >= least && *value <= most ? 0 : -1;
}

static int take_number(struct parsing *p, const char *what, uint64_t least,
                       uint64_t most, uint64_t *value) {
  const char *end;
  const char *word = p->words[p->at];
  if (word == NULL || number_in(word, &end, least, most, value) != 0 ||
      *end != '\0') {
    return expected(p, "%s from %llu to %llu", what,
                    (unsigned long long)least, (unsigned long long)most);
  }
  p->at++;
  return 0;
}

/** "size LOW..HIGH drift STEP", of which ..HIGH and drift may be left out. */
static int take_sizes(struct parsing *p) {
  struct pattern_statement *s = p->statement;
  const char *end = "";
  if (take(p, "size") != 0) {
    return -1;
  }
  const char *word = p->words[p->at];
  int good = word != NULL && number_in(word, &end, 1, SIZE_MOST, &s->low) == 0;
  s->high = s->low;
  if (good && strncmp(end, "..", 2) == 0) {
    good = number_in(end + 2, &end, s->low, SIZE_MOST, &s->high) == 0;
  }
  if (!good || *end != '\0') {
    return expected(p, "a size of 1 to %llu, or two as in 16..512",
                    (unsigned long long)SIZE_MOST);
  }
  p->at++;
  return take_if(p, "drift")
             ? take_number(p, "bytes", 0, SIZE_MOST, &s->drift)
             : 0;
}

static int is_name(const char *word) {
  return word != NULL && strlen(word) <= PATTERN_NAME_MOST &&
         strspn(word, "abcdefghijklmnopqrstuvwxyz"
                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
             strlen(word);
}

static unsigned find_set(const struct pattern *pattern, const char *name) {
  unsigned i = 0;
  while (i < pattern->set_count && strcmp(pattern->sets[i], name) != 0) {
    i++;
  }
  return i;
}

/** The name of a set.  `made`: it may be a new one. */
static int take_set(struct parsing *p, int made, unsigned *set) {
  struct pattern *pattern = p->pattern;
  const char *word = p->words[p->at];
  if (!is_name(word)) {
    return expected(p, "the name of a set, of letters, digits, - and _");
  }
  *set = find_set(pattern, word);
  if (*set == pattern->set_count) {
    if (!made) {
      return expected(p, "a set that something was put into");
    }
    if (pattern->set_count == PATTERN_SETS_MOST) {
      return expected(p, "at most %d sets", PATTERN_SETS_MOST);
    }
    (void)snprintf(pattern->sets[pattern->set_count++],
                   sizeof pattern->sets[0], "%s", word);
  }
  p->at++;
  return 0;
}

/* ---- statements ---------------------------------------------------------- */

static int parse_phase(struct parsing *p) {
  struct pattern_statement *s = p->statement;
  size_t used = 0;
  if (p->words[p->at] == NULL) {
    return expected(p, "the name of a phase");
  }
  for (; p->words[p->at] != NULL; p->at++) {
    size_t left = sizeof s->name - used;
    int length = snprintf(s->name + used, left, "%s%s", used > 0 ? " " : "",
                          p->words[p->at]);
    if ((size_t)length >= left) {
      return expected(p, "a phase of at most %d letters", PATTERN_NAME_MOST);
    }
    used += (size_t)length;
  }
  return 0;
}

static int open_block(struct parsing *p) {
  if (p->depth == PATTERN_DEPTH_MOST) {
    p->at = 0;
    return expected(p, "at most %d of repeat and thread in another",
                    PATTERN_DEPTH_MOST);
  }
  p->open[p->depth++] = p->pattern->count;
  return 0;
}

static int parse_repeat(struct parsing *p) {
  return take_number(p, "a number of times", 1, 1000000,
                     &p->statement->count) != 0
             ? -1
             : open_block(p);
}

static int parse_thread(struct parsing *p) {
  for (size_t i = 0; i < p->depth; i++) {
    if (p->pattern->statements[p->open[i]].verb == PATTERN_THREAD) {
      p->at = 0;
      return expected(p, "no thread within a thread");
    }
  }
  p->pattern->threads = 1;
  return open_block(p);
}

static int parse_end(struct parsing *p) {
  if (p->depth == 0) {
    p->at = 0;
    return expected(p, "a statement: nothing is open that could end");
  }
  p->pattern->statements[p->open[--p->depth]].end = p->pattern->count;
  return 0;
}

static int parse_alloc(struct parsing *p) {
  struct pattern_statement *s = p->statement;
  return take_number(p, "how many", 1, COUNT_MOST, &s->count) != 0 ||
                 take_sizes(p) != 0 || take(p, "in") != 0
             ? -1
             : take_set(p, s->verb == PATTERN_ALLOC, &s->set);
}

/** "99.9%" as a share of 100,000. */
static int take_percent(struct parsing *p) {
  const char *word = p->words[p->at];
  char *end = NULL;
  double value = word != NULL && *word >= '0' && *word <= '9'
                     ? strtod(word, &end)
                     : -1;
  if (end == NULL || strcmp(end, "%") != 0 || !(value > 0 && value <= 100)) {
    return expected(p, "a share from above 0%% to 100%%");
  }
  p->statement->share = (uint64_t)(value * 1000 + 0.5);
  p->at++;
  return 0;
}

static int parse_drop(struct parsing *p) {
  static const char *const orders[] = {"random", "oldest", "newest"};
  struct pattern_statement *s = p->statement;
  if (take_percent(p) != 0) {
    return -1;
  }
  for (size_t i = 0; i < 3; i++) {
    if (take_if(p, orders[i])) {
      s->order = (enum pattern_order)i;
      return take(p, "of") != 0 ? -1 : take_set(p, 0, &s->set);
    }
  }
  return expected(p, "random, oldest or newest");
}

static int parse_move(struct parsing *p) {
  struct pattern_statement *s = p->statement;
  if (take_set(p, 0, &s->set) != 0 || take(p, "to") != 0 ||
      take_set(p, 1, &s->other) != 0) {
    return -1;
  }
  if (s->set == s->other) {
    p->at--;
    return expected(p, "another set");
  }
  return 0;
}

static int parse_grow(struct parsing *p) {
  struct pattern_statement *s = p->statement;
  return take_set(p, 0, &s->set) != 0 || take(p, "by") != 0 ||
                 take_number(p, "bytes", 1, SIZE_MOST, &s->low) != 0 ||
                 take(p, "to") != 0
             ? -1
             : take_number(p, "bytes", 1, SIZE_MOST, &s->high);
}

static int parse_pass(struct parsing *p) {
  struct pattern_statement *s = p->statement;
  p->pattern->threads = 1;
  return take_number(p, "how many", 1, COUNT_MOST, &s->count) != 0 ||
                 take_sizes(p) != 0 || take(p, "depth") != 0
             ? -1
             : take_number(p, "how many", 1, 1 << 24, &s->depth);
}

static int parse_idle(struct parsing *p) {
  const char *word = p->words[p->at];
  char *end = NULL;
  double value = word != NULL && *word >= '0' && *word <= '9'
                     ? strtod(word, &end)
                     : -1;
  if (end == NULL || *end != '\0' || !(value >= 0 && value <= SECONDS_MOST)) {
    return expected(p, "seconds from 0 to %g", SECONDS_MOST);
  }
  p->statement->seconds = value;
  p->at++;
  return 0;
}

static const struct {
  const char *name;
  int (*parse)(struct parsing *parsing);
} verbs[] = {
    [PATTERN_PHASE] = {"phase", parse_phase},
    [PATTERN_REPEAT] = {"repeat", parse_repeat},
    [PATTERN_THREAD] = {"thread", parse_thread},
    [PATTERN_END] = {"end", parse_end},
    [PATTERN_ALLOC] = {"alloc", parse_alloc},
    [PATTERN_CHURN] = {"churn", parse_alloc},
    [PATTERN_DROP] = {"drop", parse_drop},
    [PATTERN_MOVE] = {"move", parse_move},
    [PATTERN_GROW] = {"grow", parse_grow},
    [PATTERN_PASS] = {"pass", parse_pass},
    [PATTERN_IDLE] = {"idle", parse_idle},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static int unknown_verb(struct parsing *p) {
  const char *names[VERBS + 3];
  char nearest[120];
  for (size_t i = 0; i < VERBS; i++) {
    names[i] = verbs[i].name;
  }
  names[VERBS] = "title";
  names[VERBS + 1] = "source";
  names[VERBS + 2] = "seed";
  pmmi_nearest(p->words[0], names, VERBS + 3, nearest, sizeof nearest);
  p->at = 0;
  return expected(p, "a statement (%s)", nearest);
}

/* ---- lines --------------------------------------------------------------- */

/** "title ..." and "source ...": the rest of the line as it stands. */
static int parse_text(struct parsing *p, const char *line, char *out) {
  const char *text = line + strspn(line, " \t");
  text += strcspn(text, " \t");
  text += strspn(text, " \t");
  if (*text == '\0' || strlen(text) > PATTERN_TEXT_MOST) {
    return expected(p, "1 to %d letters", PATTERN_TEXT_MOST);
  }
  (void)snprintf(out, PATTERN_TEXT_MOST + 1, "%s", text);
  return 0;
}

static int split(struct parsing *p) {
  char *rest = NULL;
  size_t count = 0;
  for (char *word = strtok_r(p->line, " \t", &rest); word != NULL;
       word = strtok_r(NULL, " \t", &rest)) {
    if (count == WORDS_MOST) {
      (void)snprintf(p->fault->message, sizeof p->fault->message,
                     "expected at most %d words", WORDS_MOST);
      return -1;
    }
    p->words[count++] = word;
  }
  p->words[count] = NULL;
  p->at = 0;
  return 0;
}

static int parse_statement(struct parsing *p) {
  struct pattern *pattern = p->pattern;
  for (size_t i = 0; i < VERBS; i++) {
    if (!take_if(p, verbs[i].name)) {
      continue;
    }
    if (pattern->count == PATTERN_STATEMENTS_MOST) {
      p->at = 0;
      return expected(p, "at most %d statements", PATTERN_STATEMENTS_MOST);
    }
    p->statement = &pattern->statements[pattern->count];
    *p->statement = (struct pattern_statement){
        .verb = (enum pattern_verb)i, .line = p->fault->line};
    if (verbs[i].parse(p) != 0) {
      return -1;
    }
    pattern->count++;
    return p->words[p->at] == NULL ? 0 : expected(p, "the end of the line");
  }
  return unknown_verb(p);
}

/** A line, without its end and its remark. */
static int parse_line(struct parsing *p, const char *line, size_t length) {
  char whole[LINE_MOST + 1];
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)line[i];
    if (length > LINE_MOST || (byte < ' ' && byte != '\t') || byte == 0x7f) {
      (void)snprintf(p->fault->message, sizeof p->fault->message,
                     "expected at most %d letters and no control character",
                     LINE_MOST);
      return -1;
    }
  }
  memcpy(whole, line, length);
  whole[length] = '\0';
  memcpy(p->line, whole, length + 1);
  if (split(p) != 0) {
    return -1;
  }
  if (p->words[0] == NULL) {
    return 0;
  }
  if (take_if(p, "title")) {
    return parse_text(p, whole, p->pattern->title);
  }
  if (take_if(p, "source")) {
    return parse_text(p, whole, p->pattern->source);
  }
  if (take_if(p, "seed")) {
    return take_number(p, "a seed", 0, INT64_MAX, &p->pattern->seed);
  }
  return parse_statement(p);
}

static int check_whole(struct parsing *p) {
  const struct pattern *pattern = p->pattern;
  p->fault->line = 0;
  if (p->depth > 0) {
    p->fault->line = pattern->statements[p->open[p->depth - 1]].line;
    (void)snprintf(p->fault->message, sizeof p->fault->message,
                   "expected an \"end\" for what begins here");
    return -1;
  }
  if (pattern->title[0] == '\0' || pattern->count == 0) {
    (void)snprintf(p->fault->message, sizeof p->fault->message, "expected %s",
                   pattern->count == 0 ? "a statement" : "a title");
    return -1;
  }
  return 0;
}

int pattern_parse(const char *text, size_t count, struct pattern *pattern,
                  struct pattern_fault *fault) {
  struct parsing p = {.pattern = pattern, .fault = fault};
  memset(pattern, 0, sizeof *pattern);
  pattern->seed = 1;
  *fault = (struct pattern_fault){.line = 0};
  for (const char *line = text; line < text + count;) {
    size_t left = (size_t)(text + count - line);
    const char *end = memchr(line, '\n', left);
    size_t length = end != NULL ? (size_t)(end - line) : left;
    const char *remark = memchr(line, '#', length);
    size_t kept = remark != NULL ? (size_t)(remark - line) : length;
    kept -= kept > 0 && line[kept - 1] == '\r';
    fault->line++;
    if (parse_line(&p, line, kept) != 0) {
      return -1;
    }
    line += length + (end != NULL);
  }
  return check_whole(&p);
}

int pattern_read(const char *path, struct pattern *pattern,
                 struct pattern_fault *fault) {
  static char text[PATTERN_FILE_MOST + 1];
  struct stat about;
  *fault = (struct pattern_fault){.line = 0};
  FILE *file = fopen(path, "re");
  if (file != NULL && fstat(fileno(file), &about) == 0 &&
      S_ISDIR(about.st_mode)) {
    (void)fclose(file);
    file = NULL;
    errno = EISDIR;
  }
  size_t count = file != NULL ? fread(text, 1, sizeof text, file) : 0;
  int failed = file == NULL || ferror(file);
  if (failed || count > PATTERN_FILE_MOST) {
    (void)snprintf(fault->message, sizeof fault->message, "%s",
                   failed ? strerror(errno) : "expected at most 1 MiB");
  }
  if (file != NULL) {
    (void)fclose(file);
  }
  return failed || count > PATTERN_FILE_MOST
             ? -1
             : pattern_parse(text, count, pattern, fault);
}
