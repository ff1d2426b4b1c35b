/* SPDX-License-Identifier: MIT */
/* report.c - see report.h. */
#include "report.h"

#include <signal.h>
#include <string.h>

/* ---- JSON lines ---------------------------------------------------------- */

/* Takes the reference; a line that could not be made shows in ferror(). */
static void write_line(FILE *file, json_t *line) {
  if (line == NULL || json_dumpf(line, file, JSON_COMPACT) != 0 ||
      fputc('\n', file) == EOF || fflush(file) != 0) {
    fprintf(stderr, "pmm-backend-check: cannot write a result line\n");
  }
  json_decref(line);
}

json_t *check_capability_list(uint32_t capabilities) {
  json_t *list = json_array();
  for (uint32_t bit = 1; bit != 0; bit <<= 1) {
    const char *name = check_capability_name(bit);
    if ((capabilities & bit) != 0 && name != NULL) {
      json_array_append_new(list, json_string(name));
    }
  }
  return list;
}

void check_report_begin(struct check_report *report, size_t cases,
                        const struct pmm_backend *backend) {
  printf("TAP version 13\n1..%zu\n# backend %s %s\n", cases, backend->name,
         backend->version);
  if (report->jsonl == NULL) {
    return;
  }
  write_line(report->jsonl,
             json_pack("{s:i, s:s, s:n, s:n, s:s, s:s, s:s, s:n, s:s, s:o, "
                       "s:i, s:s}",
                       "schema", 1, "type", "host", "subject",
                       "subject_version", "build", "", "backend",
                       report->spec, "backend_version", backend->version,
                       "mode", "lane", "plain", "features",
                       check_capability_list(backend->capabilities), "seed", 0,
                       "attach", "vtable"));
}

static json_t *text_or_null(const char *text) {
  return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *signal_name(int number) {
  const char *name = number != 0 ? sigabbrev_np(number) : NULL;
  return name != NULL ? json_sprintf("SIG%s", name) : json_null();
}

/* The path below the project, however the compiler was called. */
static const char *project_path(const char *file) {
  const char *path = strstr(file, "conformance/backends/");
  return path != NULL ? path : file;
}

static json_t *case_line(const struct check_report *report,
                         const struct check_case *test,
                         const struct check_result *result) {
  return json_pack(
      "{s:i, s:s, s:s, s:s, s:[], s:s, s:s, s:o, s:o, s:o, s:n, s:n, s:s, "
      "s:i, s:I, s:n, s:o}",
      "schema", 1, "type", "case", "id", test->id, "title", test->title,
      "requirements", "level", "MUST", "class",
      check_class_name(result->class), "message",
      text_or_null(result->message), "feature", text_or_null(result->feature),
      "signal", signal_name(result->signal), "phase", "point", "file",
      project_path(test->file), "line", result->line, "elapsed_ns",
      (json_int_t)result->elapsed_ns, "counters", "reproduce",
      json_sprintf("pmm-backend-check --backend %s --case %s", report->spec,
                   test->id));
}

void check_report_case(struct check_report *report,
                       const struct check_case *test,
                       const struct check_result *result) {
  int skipped = result->class == CHECK_UNSUPPORTED;
  int good = result->class == CHECK_PASS || skipped;
  report->number++;
  report->counts[result->class]++;
  printf("%s %u - %s%s%s\n", good ? "ok" : "not ok", report->number, test->id,
         skipped ? " # SKIP " : "", skipped ? result->feature : "");
  if (!good) {
    printf("# %s: %s\n# %s:%d\n# rule: %s\n"
           "# repeat: pmm-backend-check --backend %s --case %s\n",
           check_class_name(result->class), result->message,
           project_path(test->file), result->line, test->title, report->spec,
           test->id);
  }
  if (report->jsonl != NULL) {
    write_line(report->jsonl, case_line(report, test, result));
  }
}

int check_report_end(struct check_report *report) {
  json_t *counts = json_object();
  printf("#");
  for (int c = 0; c <= CHECK_HARNESS_ERROR; c++) {
    if (report->counts[c] > 0) {
      printf(" %s %u", check_class_name((enum check_class)c),
             report->counts[c]);
      json_object_set_new(counts, check_class_name((enum check_class)c),
                          json_integer(report->counts[c]));
    }
  }
  printf("\n");
  if (report->jsonl == NULL) {
    json_decref(counts);
    return 0;
  }
  write_line(report->jsonl, json_pack("{s:i, s:s, s:o}", "schema", 1, "type",
                                      "end", "counts", counts));
  return ferror(report->jsonl) ? -1 : 0;
}

unsigned check_report_failures(const struct check_report *report) {
  return report->number - report->counts[CHECK_PASS] -
         report->counts[CHECK_UNSUPPORTED];
}
