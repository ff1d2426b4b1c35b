/* SPDX-License-Identifier: MIT */
/* report.c - see report.h. */
#include "report.h"

#include <errno.h>
#include <stdlib.h>

#include "line.h"
#include "pmm/backend.h"
#include "shell.h"
#include "tables.h"
#include "text.h"

/* The text of a stream in memory, for the caller to free; NULL: no memory. */
struct text_stream {
  FILE *out;
  char *text;
  size_t size;
};

static FILE *text_open(struct text_stream *stream) {
  stream->text = NULL;
  stream->out = open_memstream(&stream->text, &stream->size);
  return stream->out;
}

static char *text_close(struct text_stream *stream) {
  if (stream->out == NULL || fclose(stream->out) == 0) {
    return stream->text;
  }
  free(stream->text);
  return NULL;
}

/* ---- JSON lines --------------------------------------------------------- */

static void write_line(struct pmm_run *run, json_t *object) {
  if (run->jsonl != NULL && run->write_failed == 0) {
    errno = 0;
    if (json_dumpf(object, run->jsonl, JSON_COMPACT) != 0 ||
        fputc('\n', run->jsonl) == EOF || fflush(run->jsonl) != 0) {
      run->write_failed = errno != 0 ? errno : EIO;
    }
  }
  json_decref(object);
}

static void write_host(struct pmm_run *run) {
  const struct pmm_column *column = &run->column;
  write_line(
      run,
      json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:I, "
                "s:s}",
                "schema", PMM_LINE_SCHEMA, "type", "host", "subject",
                pmm_text_json(column->subject), "subject_version",
                pmm_text_json(column->version), "build",
                pmm_text_json(column->build), "profile",
                pmm_text_json(column->profile), "backend",
                pmm_text_json(column->backend), "backend_version",
                pmm_text_json(column->backend_version), "mode",
                pmm_text_json(column->mode), "lane", column->lane, "features",
                run->program->features(run), "seed",
                (json_int_t)run->options->seed, "attach", column->attach));
}

static json_t *figure(uint64_t value) {
  return value == PMM_UNKNOWN ? json_null() : json_integer((json_int_t)value);
}

static json_t *counters_json(const struct pmm_record *record) {
  const struct pmm_counters *c = &record->counters;
  if (c->allocations == PMM_UNKNOWN && c->requested_bytes == PMM_UNKNOWN) {
    return NULL;
  }
  return json_pack("{s:o, s:o, s:o, s:o, s:o}", "allocations",
                   figure(c->allocations), "frees", figure(c->frees),
                   "requested_bytes", figure(c->requested_bytes), "peak_bytes",
                   figure(c->peak_bytes), "collections",
                   figure(c->collections));
}

/* What the result speaks of, NULL-terminated: the case's own requirements, or
 * another that turned out to be broken on the way.  Valid until the next. */
static const char *const *broken_by(const struct pmm_entry *entry,
                                    const struct pmm_record *record) {
  static const char *other[2];
  other[0] = record->broken;
  return record->broken[0] != '\0' ? other : entry->requirements;
}

static void write_case(struct pmm_run *run, const struct pmm_entry *entry,
                       const struct pmm_outcome *outcome,
                       const char *repeat) {
  const struct pmm_record *record = &outcome->record;
  const struct pmm_program *program = run->program;
  enum pmm_class value = (enum pmm_class)record->class;
  int ran_well = value == PMM_CLASS_PASS || value == PMM_CLASS_UNSUPPORTED ||
                 value == PMM_CLASS_WAIVED;
  int has_place = record->line > 0;
  const struct pmm_line line = {
      .id = entry->id,
      .title = entry->title,
      .requirements = broken_by(entry, record),
      .level = pmm_level_name(entry->level),
      .class_name = pmm_class_name(value),
      .message = record->message,
      .feature = record->feature,
      .signal = record->signal,
      .phase = ran_well ? NULL : pmm_phase_name((enum pmm_phase)record->phase),
      .point = record->point,
      .points = record->points,
      .file = has_place ? record->file : entry->file,
      .line = has_place ? record->line : entry->line,
      .elapsed_ns = record->elapsed_ns,
      .counters = counters_json(record),
      .inexact = program->inexact != NULL ? program->inexact(entry) : NULL,
      .reproduce = repeat,
      .output = ran_well ? NULL : outcome->output,
  };
  write_line(run, pmm_line_json(&line));
}

/* ---- the line that repeats a result -------------------------------------- */

/* The command that runs this case again so, to be freed; NULL: no memory. */
static char *repeat_line(const struct pmm_run *run,
                         const struct pmm_entry *entry,
                         const struct pmm_record *record) {
  const struct pmm_options *options = run->options;
  struct text_stream line;
  FILE *out = text_open(&line);
  if (out == NULL) {
    return NULL;
  }
  if (options->command != NULL) {
    (void)fputs(options->command, out); /* the host has quoted it            */
  } else {
    pmm_shell_word(out, options->program);
  }
  run->program->repeat(out, run, record);
  if (options->seed != 0) {
    (void)fprintf(out, " --seed %llu", (unsigned long long)options->seed);
  }
  if (options->timeout_s != run->program->timeout_s) {
    (void)fprintf(out, " --timeout %.15g", options->timeout_s);
  }
  (void)fputs(options->no_fork ? " --no-fork" : "", out);
  pmm_shell_option(out, "case", entry->id);
  return text_close(&line);
}

/* ---- TAP ----------------------------------------------------------------- */

static void print_failure(const struct pmm_entry *entry,
                          const struct pmm_outcome *outcome,
                          const char *repeat) {
  const struct pmm_record *record = &outcome->record;
  const char *id = broken_by(entry, record)[0];
  const struct pmm_requirement *requirement = pmm_requirement_find(id);
  int has_place = record->line > 0;
  (void)printf("# %s: %s\n", pmm_class_name((enum pmm_class)record->class),
               record->message);
  (void)printf("# at %s:%d\n",
               pmm_line_path(has_place ? record->file : entry->file),
               has_place ? (int)record->line : entry->line);
  if (requirement != NULL) {
    (void)printf("# %s: %s\n", requirement->id, requirement->text);
  }
  pmm_line_comment("output: ", outcome->output);
  (void)printf("# repeat: %s\n", repeat);
}

/* "ok 3 - gc.one", with what TAP calls a directive. */
static void print_result(int number, const struct pmm_entry *entry,
                         const struct pmm_record *record) {
  enum pmm_class value = (enum pmm_class)record->class;
  int is_wrong = pmm_class_is_bad(value) || value == PMM_CLASS_XFAIL;
  (void)printf("%s %d - %s", is_wrong ? "not ok" : "ok", number, entry->id);
  if (value == PMM_CLASS_UNSUPPORTED) {
    (void)printf(" # SKIP unsupported: %s", record->feature);
  } else if (value == PMM_CLASS_WAIVED) {
    (void)printf(" # SKIP waived: %s", record->message);
  } else if (value == PMM_CLASS_XFAIL) {
    (void)printf(" # TODO %s", record->message);
  }
  (void)putchar('\n');
}

void pmm_report_case(struct pmm_run *run, const struct pmm_entry *entry,
                     const struct pmm_outcome *outcome) {
  const struct pmm_record *record = &outcome->record;
  enum pmm_class value = (enum pmm_class)record->class;
  char *line = repeat_line(run, entry, record);
  const char *repeat = line != NULL ? line : "no memory for this line";
  run->number++;
  run->counts[value]++;
  print_result(run->number, entry, record);
  if (value == PMM_CLASS_WARN || pmm_class_is_bad(value)) {
    print_failure(entry, outcome, repeat);
  }
  write_case(run, entry, outcome, repeat);
  free(line);
}

/* ---- the run ------------------------------------------------------------- */

static void put_part(FILE *out, const char *name, const char *value,
                     const char *version) {
  if (value != NULL) {
    (void)fprintf(out, "%s %s%s%s, ", name, value, version != NULL ? " " : "",
                  version != NULL ? version : "");
  }
}

static void print_column(const struct pmm_run *run) {
  const struct pmm_column *column = &run->column;
  struct text_stream stream;
  FILE *out = text_open(&stream);
  if (out == NULL) {
    return;
  }
  put_part(out, "subject", column->subject, column->version);
  put_part(out, "backend",
           column->backend != NULL ? column->backend : "its own",
           column->backend_version);
  put_part(out, "mode", column->mode, NULL);
  (void)fprintf(out, "lane %s, seed %llu", column->lane,
                (unsigned long long)run->options->seed);
  char *text = text_close(&stream);
  pmm_line_comment("", text);
  free(text);
}

void pmm_report_start(struct pmm_run *run) {
  (void)printf("TAP version 13\n1..%zu\n", run->plan.count);
  print_column(run);
  write_host(run);
}

void pmm_report_end(struct pmm_run *run) {
  json_t *counts = json_object();
  (void)fputs("#", stdout);
  for (unsigned i = 0; i < PMM_CLASS_COUNT; i++) {
    const char *name = pmm_class_name((enum pmm_class)i);
    (void)json_object_set_new(counts, name,
                              json_integer((json_int_t)run->counts[i]));
    if (run->counts[i] > 0) {
      (void)printf(" %u %s", run->counts[i], name);
    }
  }
  (void)putchar('\n');
  write_line(run, json_pack("{s:i, s:s, s:o}", "schema", PMM_LINE_SCHEMA,
                            "type", "end", "counts", counts));
}
