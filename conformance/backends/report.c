/* SPDX-License-Identifier: MIT */
/* report.c - see report.h. */
#include "report.h"

#include <stdlib.h>

#include "line.h"
#include "shell.h"
#include "text.h"

/* ---- JSON lines --------------------------------------------------------- */

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
  const char *version = backend != NULL ? backend->version : "";
  uint32_t capabilities = backend != NULL ? backend->capabilities : 0;
  printf("TAP version 13\n1..%zu\n# backend %s %s\n", cases,
         backend != NULL ? backend->name : report->spec, version);
  if (report->jsonl == NULL) {
    return;
  }
  write_line(report->jsonl,
             json_pack("{s:i, s:s, s:n, s:n, s:s, s:o, s:o, s:n, s:s, s:o, "
                       "s:i, s:s}",
                       "schema", PMM_LINE_SCHEMA, "type", "host", "subject",
                       "subject_version", "build", "", "backend",
                       pmm_text_json(report->spec), "backend_version",
                       pmm_text_json(version), "mode", "lane", "plain",
                       "features", check_capability_list(capabilities),
                       "seed", 0, "attach", "vtable"));
}

/* The line that repeats a case, for the caller to free; NULL: no memory. */
static char *repeat_line(const struct check_report *report, const char *id) {
  char *text = NULL;
  size_t size = 0;
  FILE *line = open_memstream(&text, &size);
  if (line == NULL) {
    return NULL;
  }
  (void)fputs("pmm-backend-check --backend ", line);
  pmm_shell_word(line, report->spec);
  (void)fprintf(line, " --case %s", id);
  (void)fclose(line);
  return text;
}

/* What the result speaks of, NULL-terminated: the case's own requirements, or
 * the one that the harness found broken on the way.  Valid until the next. */
static const char *const *broken_by(const struct check_case *test,
                                    const struct check_result *result) {
  static const char *other[2];
  other[0] = result->broken;
  return result->broken[0] != '\0' ? other : test->entry.requirements;
}

static json_t *case_line(const struct check_case *test,
                         const struct check_result *result,
                         const char *reproduce) {
  const struct pmm_line line = {
      .id = test->entry.id,
      .title = test->entry.title,
      .requirements = broken_by(test, result),
      .level = pmm_level_name(test->entry.level),
      .class_name = check_class_name(result->class),
      .message = result->message,
      .feature = result->feature[0] != '\0' ? result->feature : NULL,
      .signal = result->signal,
      .phase = result->phase,
      .file = test->entry.file,
      .line = result->line,
      .elapsed_ns = result->elapsed_ns,
      .reproduce = reproduce,
      .output = result->output,
  };
  return pmm_line_json(&line);
}

static int is_failure(enum check_class class) {
  return class != CHECK_PASS && class != CHECK_WARN &&
         class != CHECK_UNSUPPORTED;
}

void check_report_case(struct check_report *report,
                       const struct check_case *test,
                       const struct check_result *result) {
  int skipped = result->class == CHECK_UNSUPPORTED;
  int good = skipped || !is_failure(result->class);
  char *line = repeat_line(report, test->entry.id);
  const char *reproduce = line != NULL ? line : "pmm-backend-check";
  report->number++;
  report->counts[result->class]++;
  printf("%s %u - %s%s%s\n", good ? "ok" : "not ok", report->number, test->entry.id,
         skipped ? " # SKIP " : "", skipped ? result->feature : "");
  if (!skipped && result->class != CHECK_PASS) {
    printf("# %s: %s\n# %s:%d\n# %s: %s\n",
           check_class_name(result->class), result->message,
           pmm_line_path(test->entry.file), result->line, broken_by(test, result)[0],
           test->entry.title);
    pmm_line_comment("output: ", result->output);
    printf("# repeat: %s\n", reproduce);
  }
  if (report->jsonl != NULL) {
    write_line(report->jsonl, case_line(test, result, reproduce));
  }
  free(line);
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
  unsigned failures = 0;
  for (int c = 0; c <= CHECK_HARNESS_ERROR; c++) {
    failures += is_failure((enum check_class)c) ? report->counts[c] : 0;
  }
  return failures;
}
