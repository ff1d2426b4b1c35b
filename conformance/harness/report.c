/* SPDX-License-Identifier: MIT */
/*
 * report.c - TAP and JSON lines of a run (report.h).
 */
#include "report.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"
#include "shell.h"
#include "tables.h"
#include "text.h"

enum { SCHEMA = PMM_LINE_SCHEMA };

/* ---- JSON --------------------------------------------------------------- */

static json_t *figure(uint64_t value) {
  return value == PMM_UNKNOWN ? json_null() : json_integer((json_int_t)value);
}

static void append_feature(json_t *array, enum pmm_feature feature) {
  (void)json_array_append_new(array, json_string(pmm_feature_name(feature)));
}

/* What the subject offers; nothing where there is none. */
static json_t *offered_json(const struct pmm_view *view) {
  json_t *array = json_array();
  for (unsigned i = 0; view != NULL && i < PMM_FEATURE_COUNT; i++) {
    if (view->offers[i]) {
      append_feature(array, (enum pmm_feature)i);
    }
  }
  return array;
}

static json_t *needs_json(const enum pmm_feature *need) {
  json_t *array = json_array();
  for (; need != NULL && *need != PMM_FEATURE_COUNT; need++) {
    append_feature(array, *need);
  }
  return array;
}

static void write_line(struct pmm_report *report, json_t *object) {
  if (report->jsonl != NULL && report->write_failed == 0) {
    errno = 0;
    if (json_dumpf(object, report->jsonl, JSON_COMPACT) != 0 ||
        fputc('\n', report->jsonl) == EOF || fflush(report->jsonl) != 0) {
      report->write_failed = errno != 0 ? errno : EIO;
    }
  }
  json_decref(object);
}

/* What serves the memory: the backend, or what the subject brings. */
static const char *allocator_of(const struct pmm_report *report) {
  return report->backend != NULL ? report->backend : report->allocator;
}

static void write_host(struct pmm_report *report) {
  const struct pmm_setting *setting = report->setting;
  const struct pmm_subject *subject =
      setting->view != NULL ? setting->view->subject : NULL;
  json_t *o = json_object();
  json_object_set_new(o, "schema", json_integer(SCHEMA));
  json_object_set_new(o, "type", json_string("host"));
  json_object_set_new(o, "subject", pmm_text_json(report->subject_name));
  json_object_set_new(o, "subject_version",
                      pmm_text_json(subject ? subject->version : NULL));
  json_object_set_new(o, "build",
                      pmm_text_json(subject ? subject->build : NULL));
  json_object_set_new(o, "profile",
                      pmm_text_json(subject ? subject->profile : NULL));
  json_object_set_new(o, "backend", pmm_text_json(allocator_of(report)));
  json_object_set_new(o, "mode", pmm_text_json(setting->mode));
  json_object_set_new(o, "lane",
                      json_string(pmm_lane_name(setting->lane)));
  json_object_set_new(o, "features", offered_json(setting->view));
  json_object_set_new(o, "seed", json_integer((json_int_t)setting->seed));
  json_object_set_new(o, "attach",
                      json_string(setting->backend ? "vtable" : "own"));
  write_line(report, o);
}

static json_t *counters_json(const struct pmm_record *record) {
  const struct pmm_counters *c = &record->counters;
  if (c->allocations == PMM_UNKNOWN && c->requested_bytes == PMM_UNKNOWN) {
    return json_null();
  }
  json_t *o = json_object();
  json_object_set_new(o, "allocations", figure(c->allocations));
  json_object_set_new(o, "frees", figure(c->frees));
  json_object_set_new(o, "requested_bytes", figure(c->requested_bytes));
  json_object_set_new(o, "peak_bytes", figure(c->peak_bytes));
  json_object_set_new(o, "collections", figure(c->collections));
  return o;
}

/* The counters that need not be equal, each with the reason. */
static json_t *inexact_json(const struct pmm_case *c) {
  const char *at = c->inexact;
  json_t *o = at != NULL ? json_object() : json_null();
  while (at != NULL && *at != '\0') {
    char name[32];
    int length = (int)strcspn(at, " ");
    (void)snprintf(name, sizeof name, "%.*s", length, at);
    json_object_set_new(o, name, json_string(c->inexact_why));
    at += (size_t)length + strspn(at + length, " ");
  }
  return o;
}

/* ---- the reproduce line ------------------------------------------------- */

static void put_option(FILE *out, const char *option, const char *value) {
  if (value != NULL) {
    (void)fprintf(out, " --%s ", option);
    pmm_shell_word(out, value);
  }
}

static void put_number(FILE *out, const char *option, uint64_t value) {
  if (value != 0) {
    (void)fprintf(out, " --%s %llu", option, (unsigned long long)value);
  }
}

static void put_start(FILE *out, const struct pmm_conform_options *options) {
  if (options->any.command != NULL) {
    (void)fputs(options->any.command, out); /* the host has quoted it */
  } else {
    pmm_shell_word(out, options->any.program);
  }
}

/* The command that runs this case again so; NULL: no memory. */
static char *reproduce_line(const struct pmm_report *report, const char *id,
                            const struct pmm_record *record) {
  const struct pmm_conform_options *options = report->options;
  const struct pmm_setting *setting = report->setting;
  char *line = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&line, &size);
  if (out == NULL) {
    return NULL;
  }
  put_start(out, options);
  put_option(out, "subject",
             options->subject != NULL ? options->subject
                                      : report->subject_name);
  put_option(out, "backend", report->backend);
  put_option(out, "mode",
             setting->mode != NULL ? setting->mode : options->mode);
  put_option(out, "profile", options->profile);
  put_option(out, "expect", options->expect);
  put_option(out, "lane", pmm_lane_name(setting->lane));
  put_number(out, "seed", setting->seed);
  put_number(out, "point",
             pmm_lane_is_oom(setting->lane) ? record->point : 0);
  if (options->any.timeout_s != PMM_TIMEOUT_S) {
    (void)fprintf(out, " --timeout %.15g", options->any.timeout_s);
  }
  (void)fputs(options->any.no_fork ? " --no-fork" : "", out);
  put_option(out, "case", id);
  return fclose(out) == 0 ? line : NULL;
}

/* ---- a case ------------------------------------------------------------- */

static void write_case(struct pmm_report *report,
                       const struct pmm_case *test_case,
                       const struct pmm_record *record,
                       const char *reproduce, const char *output) {
  enum pmm_class value = (enum pmm_class)record->class;
  int ran_well = value == PMM_CLASS_PASS || value == PMM_CLASS_UNSUPPORTED ||
                 value == PMM_CLASS_WAIVED;
  int has_place = record->line > 0;
  const struct pmm_line line = {
      .id = test_case->entry.id,
      .title = test_case->entry.title,
      .requirements = test_case->entry.requirements,
      .level = pmm_level_name(test_case->entry.level),
      .class_name = pmm_class_name(value),
      .message = record->message,
      .feature = record->feature,
      .signal = record->signal,
      .phase = ran_well ? NULL : pmm_phase_name((enum pmm_phase)record->phase),
      .point = record->point,
      .points = record->points,
      .file = has_place ? record->file : test_case->entry.file,
      .line = has_place ? record->line : test_case->entry.line,
      .elapsed_ns = record->elapsed_ns,
      .counters = counters_json(record),
      .inexact = inexact_json(test_case),
      .reproduce = reproduce,
      .output = ran_well ? NULL : output,
  };
  write_line(report, pmm_line_json(&line));
}

static void print_failure(const struct pmm_case *test_case,
                          const struct pmm_record *record,
                          const char *output, const char *reproduce) {
  const struct pmm_requirement *requirement =
      pmm_requirement_find(test_case->entry.requirements[0]);
  (void)printf("# %s: %s\n",
               pmm_class_name((enum pmm_class)record->class),
               record->message);
  if (record->line > 0) {
    (void)printf("# at %s:%d\n", pmm_line_path(record->file),
                 (int)record->line);
  }
  if (requirement != NULL) {
    (void)printf("# %s: %s\n", requirement->id, requirement->text);
  }
  pmm_line_comment("output: ", output);
  (void)printf("# reproduce: %s\n", reproduce);
}

void pmm_report_case(struct pmm_report *report,
                     const struct pmm_case *test_case,
                     const struct pmm_record *record, const char *output) {
  enum pmm_class value = (enum pmm_class)record->class;
  char *line = reproduce_line(report, test_case->entry.id, record);
  const char *reproduce = line != NULL ? line : "no memory for this line";
  report->number++;
  report->counts[value]++;
  int is_wrong = pmm_class_is_bad(value) || value == PMM_CLASS_XFAIL;
  (void)printf("%s %d - %s", is_wrong ? "not ok" : "ok", report->number,
               test_case->entry.id);
  if (value == PMM_CLASS_UNSUPPORTED) {
    (void)printf(" # SKIP unsupported: %s", record->feature);
  } else if (value == PMM_CLASS_WAIVED) {
    (void)printf(" # SKIP waived: %s", record->message);
  } else if (value == PMM_CLASS_XFAIL) {
    (void)printf(" # TODO %s", record->message);
  }
  (void)putchar('\n');
  if (value == PMM_CLASS_WARN || pmm_class_is_bad(value)) {
    print_failure(test_case, record, output, reproduce);
  }
  write_case(report, test_case, record, reproduce, output);
  free(line);
}

/* ---- the run ------------------------------------------------------------ */

void pmm_report_start(struct pmm_report *report, size_t case_count) {
  (void)printf("TAP version 13\n1..%zu\n", case_count);
  (void)printf("# subject %s, backend %s, mode %s, lane %s, seed %llu\n",
               report->subject_name,
               allocator_of(report) != NULL ? allocator_of(report)
                                            : "its own",
               report->setting->mode != NULL ? report->setting->mode : "none",
               pmm_lane_name(report->setting->lane),
               (unsigned long long)report->setting->seed);
  write_host(report);
}

int pmm_report_end(struct pmm_report *report) {
  int bad = 0;
  json_t *o = json_object();
  json_t *counts = json_object();
  (void)fputs("#", stdout);
  for (unsigned i = 0; i < PMM_CLASS_COUNT; i++) {
    const char *name = pmm_class_name((enum pmm_class)i);
    json_object_set_new(counts, name,
                        json_integer((json_int_t)report->counts[i]));
    if (report->counts[i] > 0) {
      (void)printf(" %u %s", report->counts[i], name);
      bad = bad || pmm_class_is_bad((enum pmm_class)i);
    }
  }
  (void)putchar('\n');
  json_object_set_new(o, "schema", json_integer(SCHEMA));
  json_object_set_new(o, "type", json_string("end"));
  json_object_set_new(o, "counts", counts);
  write_line(report, o);
  return bad;
}

/* ---- listing ------------------------------------------------------------ */

static json_t *case_json(const struct pmm_case *c) {
  json_t *o = json_object();
  json_object_set_new(o, "id", json_string(c->entry.id));
  json_object_set_new(o, "title", json_string(c->entry.title));
  json_object_set_new(o, "requirements", pmm_line_strings(c->entry.requirements));
  json_object_set_new(o, "level", json_string(pmm_level_name(c->entry.level)));
  json_object_set_new(o, "needs", needs_json(c->needs));
  json_object_set_new(o, "allowed", pmm_line_strings(c->allowed));
  json_object_set_new(o, "noteworthy", pmm_line_strings(c->noteworthy));
  json_object_set_new(o, "oom_exempt", pmm_text_json(c->oom_exempt));
  json_object_set_new(o, "stress_exempt", pmm_text_json(c->stress_exempt));
  json_object_set_new(o, "leak_exempt", pmm_text_json(c->leak_exempt));
  json_object_set_new(o, "debug_exempt", pmm_text_json(c->debug_exempt));
  json_object_set_new(o, "inexact", inexact_json(c));
  json_object_set_new(o, "file", json_string(pmm_line_path(c->entry.file)));
  json_object_set_new(o, "line", json_integer(c->entry.line));
  return o;
}

static json_t *operations_json(void) {
  json_t *o = json_object();
  for (size_t i = 0; i < pmm_op_entry_count; i++) {
    const char *feature = pmm_feature_name(pmm_op_entries[i].feature);
    json_object_set_new(o, pmm_op_entries[i].name, json_string(feature));
  }
  return o;
}

static json_t *subject_json(const struct pmm_view *view) {
  const struct pmm_subject *subject = view->subject;
  json_t *o = json_object();
  json_object_set_new(o, "name", pmm_text_json(subject->name));
  json_object_set_new(o, "version", pmm_text_json(subject->version));
  json_object_set_new(o, "build", pmm_text_json(subject->build));
  json_object_set_new(o, "features", offered_json(view));
  json_object_set_new(o, "modes", pmm_line_strings(subject->modes));
  json_object_set_new(o, "takes_backend",
                      json_boolean(subject->takes_backend));
  return o;
}

int pmm_report_list_json(FILE *out, const struct pmm_plan *plan,
                         const struct pmm_view *view, const char *reason,
                         int at_fault) {
  json_t *o = json_object();
  json_t *array = json_array();
  for (size_t i = 0; i < plan->count; i++) {
    (void)json_array_append_new(array,
                                case_json(pmm_case_of(plan->cases[i])));
  }
  json_object_set_new(o, "schema", json_integer(SCHEMA));
  json_object_set_new(o, "type", json_string("cases"));
  json_object_set_new(o, "modes",
                      view ? pmm_line_strings(view->subject->modes)
                           : json_null());
  json_object_set_new(o, "subject", view ? subject_json(view) : json_null());
  json_object_set_new(o, "reason", pmm_text_json(reason));
  json_object_set_new(o, "at_fault", json_boolean(at_fault));
  json_object_set_new(o, "operations", operations_json());
  json_object_set_new(o, "cases", array);
  int result = json_dumpf(o, out, JSON_INDENT(1));
  json_decref(o);
  return result == 0 && fputc('\n', out) != EOF ? 0 : -1;
}
