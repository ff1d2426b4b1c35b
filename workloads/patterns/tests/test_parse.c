/* SPDX-License-Identifier: MIT */
/* test_parse.c - what is a pattern, and what is said of a text that is none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../pattern.h"
#include "tests/tap.h"

static struct pattern pattern;

/** 1 when the text is refused at that line with those words. */
static int refused(const char *text, unsigned line, const char *words) {
  struct pattern_fault fault;
  int code = pattern_parse(text, strlen(text), &pattern, &fault);
  int good = code != 0 && fault.line == line &&
             strstr(fault.message, words) != NULL;
  if (!good) {
    printf("# %d, line %u: %s\n", code, fault.line, fault.message);
  }
  return good;
}

#define TITLE "title t\n"
#define SET TITLE "alloc 1 size 8 in a\n"

static const struct {
  const char *text;
  unsigned line;
  const char *words;
} wrongs[] = {
    {"", 0, "expected a statement"},
    {TITLE, 0, "expected a statement"},
    {"alloc 1 size 8 in a", 0, "expected a title"},
    {TITLE "aloc 1 size 8 in a", 2, "alloc"},
    {TITLE "alloc many size 8 in a", 2, "found \"many\""},
    {TITLE "alloc 0 size 8 in a", 2, "from 1 to"},
    {TITLE "alloc 1 size 0 in a", 2, "a size"},
    {TITLE "alloc 1 size 9..8 in a", 2, "a size"},
    {TITLE "alloc 1 size 8..9x in a", 2, "a size"},
    {TITLE "alloc 1 size 99999999999 in a", 2, "a size"},
    {TITLE "alloc 1 size 8 in", 2, "found the end of the line"},
    {TITLE "alloc 1 size 8 in a b", 2, "the end of the line, found \"b\""},
    {TITLE "alloc 1 size 8 in ../a", 2, "the name of a set"},
    {TITLE "churn 1 size 8 in b", 2, "a set that something was put into"},
    {SET "drop 101% random of a", 3, "a share"},
    {SET "drop 0% random of a", 3, "a share"},
    {SET "drop nan% random of a", 3, "a share"},
    {SET "drop 5 random of a", 3, "a share"},
    {SET "drop 5% some of a", 3, "random, oldest or newest"},
    {SET "move a to a", 3, "another set"},
    {SET "grow a by 0 to 9", 3, "from 1"},
    {SET "idle forever", 3, "seconds"},
    {SET "idle 1e9", 3, "seconds"},
    {SET "repeat 2\nidle 0", 3, "\"end\""},
    {SET "end", 3, "nothing is open"},
    {SET "thread\nthread\nend\nend", 4, "no thread within a thread"},
    {SET "phase", 3, "the name of a phase"},
    {"title\n", 1, "letters"},
    {TITLE "a\x01", 2, "control character"},
};

static void test_wrongs(void) {
  for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
    tap_ok(refused(wrongs[i].text, wrongs[i].line, wrongs[i].words),
           "line %u: %s", wrongs[i].line, wrongs[i].words);
  }
}

static void test_right(void) {
  static const char text[] =
      "# a remark\r\n"
      "title  Two  words # and a remark\r\n"
      "repeat 3\n"
      "  alloc 5 size 16..32 drift 8 in a\n"
      "  thread\n"
      "    drop 99.9% newest of a\n"
      "  end\n"
      "end";
  struct pattern_fault fault;
  tap_need(pattern_parse(text, sizeof text - 1, &pattern, &fault) == 0);
  const struct pattern_statement *s = pattern.statements;
  tap_ok(strncmp(pattern.title, "Two  words", 10) == 0, "title");
  tap_ok(pattern.count == 6 && pattern.threads == 1, "six, with a thread");
  tap_ok(s[0].verb == PATTERN_REPEAT && s[0].end == 5, "repeat to its end");
  tap_ok(s[2].verb == PATTERN_THREAD && s[2].end == 4, "thread to its end");
  tap_ok(s[1].low == 16 && s[1].high == 32 && s[1].drift == 8, "sizes");
  tap_ok(s[3].share == 99900 && s[3].order == PATTERN_NEWEST, "share");
}

/** What comes of a sound text with some bytes changed is a pattern or a fault
 *  that says something; a checker sees the rest. */
static void test_changed(void) {
  static const char sound[] =
      TITLE "seed 5\nrepeat 3\nalloc 5 size 16..32 drift 8 in a\nphase b c\n"
      "drop 9.5% random of a\nmove a to b\ngrow b by 8 to 64\nend\n"
      "thread\npass 9 size 8..9 depth 3\nend\nidle 0.5\n";
  uint64_t state = 1;
  unsigned faults = 0;
  unsigned silent = 0;
  for (int i = 0; i < 20000; i++) {
    char *text = malloc(sizeof sound); /* exact: a read behind it is seen   */
    struct pattern_fault fault;
    tap_need(text != NULL);
    memcpy(text, sound, sizeof sound);
    for (int n = 0; n < 3; n++) {
      state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
      text[(state >> 33) % (sizeof sound - 1)] =
          n == 0 ? " \n9a%.#\t"[state >> 29 & 7] : (char)(state >> 21);
    }
    if (pattern_parse(text, sizeof sound - 1, &pattern, &fault) != 0) {
      faults++;
      silent += fault.message[0] == '\0';
    }
    free(text);
  }
  tap_ok(faults > 5000 && silent == 0, "%u of 20000 refused, all with words",
         faults);
}

static void test_limits(void) {
  size_t room = 200000;
  char *text = malloc(room);
  size_t used = (size_t)snprintf(text, room, TITLE);
  for (int i = 0; i < PATTERN_STATEMENTS_MOST; i++) {
    used += (size_t)snprintf(text + used, room - used, "idle 0\n");
  }
  struct pattern_fault fault;
  tap_ok(pattern_parse(text, used, &pattern, &fault) == 0, "many statements");
  used += (size_t)snprintf(text + used, room - used, "idle 0\n");
  tap_ok(pattern_parse(text, used, &pattern, &fault) != 0 &&
             fault.line == PATTERN_STATEMENTS_MOST + 2,
         "one more: %s", fault.message);
  used = (size_t)snprintf(text, room, TITLE "phase ");
  memset(text + used, 'x', 500);
  tap_ok(pattern_parse(text, used + 500, &pattern, &fault) != 0,
         "a long line: %s", fault.message);
  free(text);
}

int main(void) {
  tap_plan(0);
  test_wrongs();
  test_right();
  test_changed();
  test_limits();
  return tap_done();
}
