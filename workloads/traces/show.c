/* SPDX-License-Identifier: MIT */
/*
 * show.c - pmm-trace info, verify and trim: reading a trace to its end, or to
 * where it is cut.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/options.h"
#include "reader.h"
#include "sha256.h"
#include "stats.h"
#include "verbs.h"
#include "writer.h"

struct asked {
  const char *file;
  const char *out;
  uint64_t events;
  int json;
  int help;
};

#define SHARED_ROWS                                                           \
  PMMI_OPERAND(struct asked, "FILE", file),                                   \
      PMMI_FLAG(struct asked, "help", help, "this text")

static const struct pmmi_option info_rows[] = {
    PMMI_FLAG(struct asked, "json", json, "as JSON, for machines"),
    SHARED_ROWS,
    {.name = NULL}};
static const struct pmmi_option verify_rows[] = {SHARED_ROWS, {.name = NULL}};
static const struct pmmi_option trim_rows[] = {
    PMMI_TEXT(struct asked, "out", "FILE", out, "where the shorter trace goes"),
    PMMI_COUNT(struct asked, "events", "N", events, "how many stay"),
    SHARED_ROWS,
    {.name = NULL}};

/* ---- opening ------------------------------------------------------------- */

int verb_damaged(const char *path, const struct trace_fault *fault) {
  (void)fprintf(stderr, VERB_PROGRAM ": %s: offset %" PRIu64 ": %s\n", path,
                fault->offset, fault->message);
  return VERB_BAD;
}

int verb_open(const char *path, struct opened *opened) {
  struct trace_fault fault;
  *opened = (struct opened){.bytes = NULL};
  if (path == NULL) {
    (void)fputs(VERB_PROGRAM ": which trace?  try --help\n", stderr);
    return VERB_USAGE;
  }
  opened->bytes = trace_file_read(path, &opened->count, &fault);
  if (opened->bytes == NULL) {
    (void)fprintf(stderr, VERB_PROGRAM ": %s: %s\n", path, fault.message);
    return VERB_USAGE;
  }
  opened->reader =
      trace_reader_open(opened->bytes, opened->count, &fault);
  if (opened->reader == NULL) {
    verb_close(opened);
    return verb_damaged(path, &fault);
  }
  return VERB_GOOD;
}

void verb_close(struct opened *opened) {
  trace_reader_close(opened->reader);
  free(opened->bytes);
  *opened = (struct opened){.bytes = NULL};
}

/** What a damaged trace is still good for. */
static int damaged_behind(const char *path, const struct trace_fault *fault,
                          uint64_t events) {
  int code = verb_damaged(path, fault);
  if (events > 0) {
    (void)fprintf(stderr,
                  VERB_PROGRAM ": the %" PRIu64 " events before can be read: "
                  "pmm trace trim --events %" PRIu64 " --out NEW %s\n",
                  events, events, path);
  }
  return code;
}

/* ---- reading it whole ---------------------------------------------------- */

static int read_whole(const char *path, struct opened *opened,
                      struct trace_stats *stats) {
  struct trace_fault fault;
  struct trace_event event;
  uint64_t births = 0;
  int more;
  while ((more = trace_reader_next(opened->reader, &event, &fault)) == 1) {
    births += event.op == TRACE_ALLOC || event.op == TRACE_ZERO;
    trace_stats_add(stats, &event, births);
  }
  return more == 0 ? VERB_GOOD
                   : damaged_behind(path, &fault,
                                    trace_reader_events(opened->reader));
}

/* ---- info ---------------------------------------------------------------- */

static double percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

/** The four classes of sizes that are asked for most. */
static void print_classes(const struct trace_stats *s) {
  int shown[STATS_CLASSES] = {0};
  printf("classes     ");
  for (int n = 0; n < 4; n++) {
    int best = -1;
    for (int i = 0; i < STATS_CLASSES - 1; i++) {
      if (!shown[i] && (best < 0 || s->classes[i] > s->classes[best])) {
        best = i;
      }
    }
    shown[best] = 1;
    printf("%s%d to %d bytes %.1f %%", n > 0 ? ", " : "", best * 16 + 1,
           best * 16 + 16, percent(s->classes[best], s->requests));
  }
  puts(" of the requests");
}

static void print_requests(const struct trace_header *h,
                           const struct trace_stats *s) {
  uint64_t all = s->domains[0] + s->domains[1] + s->domains[2];
  printf("requests    %" PRIu64 " alloc, %" PRIu64 " alloc_zero, %" PRIu64
         " realloc (%.1f %% shrink), %" PRIu64 " free\n",
         s->ops[TRACE_ALLOC], s->ops[TRACE_ZERO], s->ops[TRACE_RESIZE],
         percent(s->shrinks, s->ops[TRACE_RESIZE]), s->ops[TRACE_FREE]);
  printf("domains     raw %.1f %%, mem %.1f %%, object %.1f %% of the events\n",
         percent(s->domains[0], all), percent(s->domains[1], all),
         percent(s->domains[2], all));
  printf("sizes       %.2f %% of the requests and %.1f %% of the bytes are of "
         "at most %d bytes; the largest has %" PRIu64 "\n",
         percent(s->small_requests, s->requests),
         percent(s->small_bytes, s->bytes), STATS_SMALL_MOST, s->largest);
  print_classes(s);
  printf("lives       ");
  for (int i = 0; i < STATS_LIVES; i++) {
    printf("%s%.1f %% end within %" PRIu64, i > 0 ? ", " : "",
           percent(s->ended[i], h->births), stats_lives[i]);
  }
  puts(" births");
}

static void print_text(const char *path, const struct opened *opened,
                       const struct trace_stats *s) {
  const struct trace_header *h = trace_reader_header(opened->reader);
  char digest[65];
  sha256_text(h->sha256, digest);
  printf("%s\n%s", path, trace_reader_text(opened->reader));
  printf("events      %" PRIu64 ", %.2f bytes each in a file of %zu\n",
         h->events,
         h->events > 0 ? (double)opened->count / (double)h->events : 0.0,
         opened->count);
  printf("objects     %" PRIu64 ", at most %" PRIu64
         " live at once, of %" PRIu64 " bytes\n",
         h->births, h->peak_live_blocks, h->peak_live_bytes);
  printf("threads     %" PRIu32 "\n", h->threads);
  print_requests(h, s);
  printf("SHA-256     %s (of the events)\n", digest);
}

static json_t *numbers(const uint64_t *values, size_t count) {
  json_t *array = json_array();
  for (size_t i = 0; i < count; i++) {
    (void)json_array_append_new(array, json_integer((json_int_t)values[i]));
  }
  return array;
}

static int print_json(const struct opened *opened,
                      const struct trace_stats *s) {
  const struct trace_header *h = trace_reader_header(opened->reader);
  char digest[65];
  sha256_text(h->sha256, digest);
  json_t *document = json_pack(
      "{si, ss, ss, ss, sI, sI, sI, sI, sI, sI, sI, so, so, so, so, sI, sI}",
      "schema", 1, "type", "trace-info", "text",
      trace_reader_text(opened->reader), "sha256", digest, "file_bytes",
      (json_int_t)opened->count, "events", (json_int_t)h->events, "births",
      (json_int_t)h->births, "requested_bytes",
      (json_int_t)h->requested_bytes, "peak_live_bytes",
      (json_int_t)h->peak_live_bytes, "peak_live_blocks",
      (json_int_t)h->peak_live_blocks, "threads", (json_int_t)h->threads,
      "events_by_kind", numbers(s->ops, 6), "events_by_domain",
      numbers(s->domains, 3), "requests_by_16_bytes",
      numbers(s->classes, STATS_CLASSES), "ended_within_1_10_100_10000",
      numbers(s->ended, STATS_LIVES), "shrinks", (json_int_t)s->shrinks,
      "largest_bytes", (json_int_t)s->largest);
  int failed = document == NULL ||
               json_dumpf(document, stdout, JSON_INDENT(1)) != 0 ||
               putchar('\n') == EOF;
  json_decref(document);
  return failed ? VERB_TOOL : VERB_GOOD;
}

/** Read a verb's own options.  -1: go on; else the exit code. */
static int read_options(struct asked *asked, const struct pmmi_option *rows,
                        const char *usage, int argc, char **argv) {
  const struct pmmi_option *const tables[] = {rows, NULL};
  int code = pmmi_options_read(VERB_PROGRAM, tables, asked, argc, argv);
  if (code == 0 && asked->help) {
    printf("usage: pmm trace %s\n\n", usage);
    pmmi_options_help(tables, stdout);
    return VERB_GOOD;
  }
  return code != 0 ? code : -1;
}

int trace_info(int argc, char **argv) {
  struct asked asked = {.file = NULL};
  struct opened opened;
  struct trace_stats stats = {.requests = 0};
  int code = read_options(&asked, info_rows,
                          "info [--json] FILE\n\nSays where a trace comes "
                          "from and what it is like.",
                          argc, argv);
  if (code >= 0 || (code = verb_open(asked.file, &opened)) != VERB_GOOD) {
    return code;
  }
  code = read_whole(asked.file, &opened, &stats);
  if (code == VERB_GOOD && asked.json) {
    code = print_json(&opened, &stats);
  } else if (code == VERB_GOOD) {
    print_text(asked.file, &opened, &stats);
  }
  verb_close(&opened);
  return code;
}

/* ---- verify -------------------------------------------------------------- */

int trace_verify(int argc, char **argv) {
  struct asked asked = {.file = NULL};
  struct opened opened;
  struct trace_stats stats = {.requests = 0};
  int code = read_options(
      &asked, verify_rows,
      "verify FILE\n\nReads a trace to its end, and holds every count and sum "
      "of its header\nagainst what is in it.",
      argc, argv);
  if (code >= 0 || (code = verb_open(asked.file, &opened)) != VERB_GOOD) {
    return code;
  }
  code = read_whole(asked.file, &opened, &stats);
  if (code == VERB_GOOD) {
    char digest[65];
    const struct trace_header *h = trace_reader_header(opened.reader);
    sha256_text(h->sha256, digest);
    printf("%s: sound, %" PRIu64 " events, SHA-256 %s\n", asked.file,
           h->events, digest);
  }
  verb_close(&opened);
  return code;
}

/* ---- trim ---------------------------------------------------------------- */

static int copy_events(struct opened *opened, const struct asked *asked,
                       struct trace_writer *writer) {
  struct trace_fault fault;
  struct trace_event event;
  uint64_t left = asked->events;
  int more = 1;
  while (left > 0 &&
         (more = trace_reader_next(opened->reader, &event, &fault)) == 1) {
    if (trace_writer_add(writer, &event, &fault) != 0) {
      (void)fprintf(stderr, VERB_PROGRAM ": %s\n", fault.message);
      trace_writer_drop(writer);
      return VERB_TOOL;
    }
    left--;
  }
  if (more < 0) {
    trace_writer_drop(writer);
    return damaged_behind(asked->file, &fault,
                          trace_reader_events(opened->reader));
  }
  if (trace_writer_finish(writer, &fault) != 0) {
    (void)fprintf(stderr, VERB_PROGRAM ": %s\n", fault.message);
    return VERB_TOOL;
  }
  printf("%s: the first %" PRIu64 " events\n", asked->out,
         asked->events - left);
  return VERB_GOOD;
}

static int trim(struct opened *opened, const struct asked *asked) {
  struct trace_fault fault;
  const struct trace_header *h = trace_reader_header(opened->reader);
  char digest[65];
  char *text = NULL;
  sha256_text(h->sha256, digest);
  if (asprintf(&text, "%strimmed: from %" PRIu64 " events, SHA-256 %s\n",
               trace_reader_text(opened->reader), h->events, digest) < 0) {
    text = NULL;
  }
  struct trace_writer *writer =
      text != NULL ? trace_writer_open(asked->out, text, &fault) : NULL;
  if (writer == NULL) {
    (void)fprintf(stderr, VERB_PROGRAM ": %s\n",
                  text != NULL ? fault.message : "there is no memory");
    free(text);
    return VERB_TOOL;
  }
  free(text);
  return copy_events(opened, asked, writer);
}

int trace_trim(int argc, char **argv) {
  struct asked asked = {.file = NULL};
  struct opened opened;
  int code = read_options(
      &asked, trim_rows,
      "trim --events N --out NEW FILE\n\nWrites the beginning of a trace as a "
      "trace of its own.  It also saves what stands\nbefore the damage of one "
      "that is damaged.",
      argc, argv);
  if (code >= 0) {
    return code;
  }
  if (asked.out == NULL || asked.events == 0) {
    (void)fputs(VERB_PROGRAM ": trim wants --events N and --out FILE\n",
                stderr);
    return VERB_USAGE;
  }
  code = verb_open(asked.file, &opened);
  if (code == VERB_GOOD) {
    code = trim(&opened, &asked);
    verb_close(&opened);
  }
  return code;
}
