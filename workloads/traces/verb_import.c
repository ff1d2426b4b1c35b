/* SPDX-License-Identifier: MIT */
/*
 * verb_import.c - pmm-trace import: a trace of another tool, made into ours.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "import.h"
#include "verbs.h"
#include "writer.h"

struct asked {
  const char *file;
  const char *out;
  const char *form;
  uint64_t events;
  int help;
};

static const struct pmmi_option rows[] = {
    PMMI_OPERAND(struct asked, "FILE", file),
    PMMI_TEXT(struct asked, "out", "FILE", out, "the trace to write"),
    PMMI_TEXT(struct asked, "from", "FORM", form,
              "malloc-lab or memory-replay (default: by the first\n"
              "line)"),
    PMMI_COUNT(struct asked, "events", "N", events,
               "only the first N events: saves what stands before\n"
               "the damage of a damaged text"),
    PMMI_FLAG(struct asked, "help", help, "this text"),
    {.name = NULL}};
static const struct pmmi_option *const tables[] = {rows, NULL};

static int cannot(const char *path, const char *why) {
  (void)fprintf(stderr, VERB_PROGRAM ": %s: %s\n", path, why);
  return VERB_USAGE;
}

/** The form of a text that is at its beginning, where it stays. */
static const char *form_of(FILE *in) {
  char line[64] = "";
  const char *form =
      fgets(line, sizeof line, in) != NULL ? import_form(line) : NULL;
  rewind(in);
  return form;
}

static void tell_count(uint64_t count, const char *what) {
  if (count > 0) {
    printf("  %" PRIu64 " %s\n", count, what);
  }
}

static void tell(const struct asked *asked, const struct import_counts *c) {
  printf("%s: %" PRIu64 " events from %" PRIu64 " lines\n", asked->out,
         c->events, c->lines);
  tell_count(c->unknown, "of blocks that nobody was seen to ask for, left out");
  tell_count(c->repeated, "addresses came again: given back unseen before");
  tell_count(c->failed, "requests got no memory, left out");
  tell_count(c->aligned, "aligned requests, whose alignment is not kept");
}

static int damaged(const struct asked *asked, const struct import_counts *c,
                   const struct import_fault *fault) {
  if (fault->line == 0) {
    (void)fprintf(stderr, VERB_PROGRAM ": %s\n", fault->message);
    return VERB_TOOL;
  }
  (void)fprintf(stderr, VERB_PROGRAM ": %s: line %" PRIu64 ": %s", asked->file,
                fault->line, fault->message);
  if (c->events > 0) {
    (void)fprintf(stderr,
                  "; the %" PRIu64 " events before it are sound: --events %"
                  PRIu64 " saves them",
                  c->events, c->events);
  }
  (void)fputc('\n', stderr);
  return VERB_BAD;
}

static int import(const struct asked *asked, FILE *in, const char *form) {
  struct trace_fault fault;
  struct import_fault wrong;
  struct import_counts counts;
  char *text = NULL;
  if (asprintf(&text, "source: imported from %s\nfile: %s\n", form,
               asked->file) < 0) {
    return VERB_TOOL;
  }
  struct trace_writer *writer = trace_writer_open(asked->out, text, &fault);
  free(text);
  if (writer == NULL) {
    return cannot(asked->out, fault.message);
  }
  if (import_read(in, form, asked->events, writer, &counts, &wrong) != 0) {
    trace_writer_drop(writer);
    return damaged(asked, &counts, &wrong);
  }
  if (trace_writer_finish(writer, &fault) != 0) {
    (void)fprintf(stderr, VERB_PROGRAM ": %s\n", fault.message);
    return VERB_TOOL;
  }
  tell(asked, &counts);
  return VERB_GOOD;
}

static int start(const struct asked *asked) {
  const char *form = asked->form;
  if (asked->file == NULL || asked->out == NULL) {
    (void)fputs(VERB_PROGRAM ": import wants a text and --out FILE\n", stderr);
    return VERB_USAGE;
  }
  FILE *in = fopen(asked->file, "re");
  if (in == NULL) {
    return cannot(asked->file, strerror(errno));
  }
  const char *found = form_of(in);
  if (form == NULL) {
    form = found;
  } else if (strcmp(form, "malloc-lab") != 0 &&
             strcmp(form, "memory-replay") != 0) {
    form = NULL;
  }
  int code = form != NULL
                 ? import(asked, in, form)
                 : cannot(asked->file,
                          "line 1: expected a number alone (malloc-lab), or "
                          "\"THREAD: CALL ...\" (memory-replay)");
  (void)fclose(in);
  return code;
}

int trace_import(int argc, char **argv) {
  struct asked asked = {.events = UINT64_MAX};
  int code = pmmi_options_read(VERB_PROGRAM, tables, &asked, argc, argv);
  if (code != 0) {
    return code;
  }
  if (asked.help) {
    puts("usage: pmm trace import --out NEW FILE\n\nMakes a trace of the text "
         "of another tool: of CS:APP's malloc lab, or of\nAndroid's "
         "memory_replay.\n");
    pmmi_options_help(tables, stdout);
    return VERB_GOOD;
  }
  return start(&asked);
}
