/* SPDX-License-Identifier: MIT */
/*
 * document.c - fold the variants' results into one document (document.h).
 *
 * Invariant: "verified" is true only when there is no error, something ran,
 * and every variant that ran was verified.
 */
#include "document.h"

#include <errno.h>
#include <string.h>

#include "base/child.h"

static json_t *parameters_of(const struct pmm_work_values *values) {
  json_t *object = json_object();
  for (size_t i = 0; values->parameters[i].name != NULL; i++) {
    const struct pmm_work_parameter *parameter = &values->parameters[i];
    json_t *value = parameter->text != NULL
                        ? json_string(values->texts[i])
                        : json_integer((json_int_t)values->integers[i]);
    /* A path need not be UTF-8; the document then does not repeat it. */
    value = value != NULL ? value : json_null();
    if (json_object_set_new(object, parameter->name, value) != 0) {
      json_decref(object);
      return NULL;
    }
  }
  return object;
}

/** The document before anything ran. */
static json_t *frame_of(const struct pmm_work_stage *stage) {
  const struct pmm_subject *subject = stage->view.subject;
  const struct pmm_backend *backend = stage->backend;
  return json_pack(
      "{si, ss, ss, ss, ss, ss, ss?, ss?, ss, so, sI, sb, ss, s[], s[], s[],"
      " sn, sn, s[s]}",
      "schema", 1, "type", "work", "workload", stage->workload->name, "form",
      "c", "subject", subject->name, "subject_version", subject->version,
      "backend", backend != NULL ? backend->name : NULL, "mode", stage->mode,
      "attach", backend != NULL ? "vtable" : "own", "parameters",
      parameters_of(stage->values), "seed", (json_int_t)stage->seed,
      "verified", 0, "checksum", "", "variants", "claims", "findings",
      "witness", "error", "notes",
      "time and descriptors that sampling takes are taken out");
}

json_t *pmm_work_document_error(const struct pmm_work_stage *stage,
                                const char *message) {
  json_t *document = frame_of(stage);
  if (document != NULL) {
    json_object_set_new(document, "error",
                        json_sprintf("%s: %s", stage->workload->name, message));
  }
  return document;
}

/** A variant that the subject cannot do. */
static json_t *unsupported(const struct pmm_work_variant *variant,
                           const char *feature) {
  return json_pack("{ss, sb, ss, si, s[], s[], s{s[ssss], s[]}, ss}", "name",
                   variant->name, "verified", 0, "checksum", "", "elapsed_ns",
                   0, "phases", "figures", "series", "columns", "t_ns",
                   "live_bytes", "rss_bytes", "descriptors", "rows",
                   "unsupported", feature);
}

/** Add what a variant failed by: the subject's failure is a result, and the
 *  other variants go on.  0, or -1: it was ours. */
static int fold_error(json_t *document, const struct pmm_work_variant *variant,
                      json_t *result) {
  const char *text = json_string_value(json_object_get(result, "error"));
  json_t *class = json_object_get(result, "class");
  const char *before = json_string_value(json_object_get(document, "error"));
  json_object_set_new(document, "error",
                      before != NULL ? json_sprintf("%s; %s", before, text)
                                     : json_string(text));
  if (json_is_null(class)) {
    return -1;
  }
  if (json_object_get(document, "failures") == NULL) {
    json_object_set_new(document, "failures", json_array());
  }
  return json_array_append_new(
      json_object_get(document, "failures"),
      json_pack("{ss, sO, ss}", "variant", variant->name, "class", class,
                "error", text + strlen(variant->name) + strlen(": ")));
}

/** Move one result into the document.  0, or -1: it was an error of ours, or
 *  there is no memory. */
static int fold(json_t *document, const struct pmm_work_variant *variant,
                json_t *result) {
  if (!json_is_null(json_object_get(result, "error"))) {
    return fold_error(document, variant, result);
  }
  json_object_set(document, "witness", json_object_get(result, "witness"));
  int failed = json_array_extend(json_object_get(document, "findings"),
                                 json_object_get(result, "findings"));
  return failed != 0 ? failed
                     : json_array_append(json_object_get(document, "variants"),
                                         json_object_get(result, "variant"));
}

static int run_variant(const struct pmm_work_stage *stage,
                       const struct pmm_work_variant *variant,
                       json_t *document) {
  const char *feature = pmm_work_stage_lacks(&stage->view, variant);
  if (feature != NULL) {
    return json_array_append_new(json_object_get(document, "variants"),
                                 unsupported(variant, feature));
  }
  json_t *result = pmm_work_stage_run(stage, variant);
  int failed = result == NULL ? -1 : fold(document, variant, result);
  json_decref(result);
  return failed;
}

static int asked_for(const struct pmm_work_options *options,
                     const char *name) {
  for (size_t i = 0; i < options->variants.count; i++) {
    if (strcmp(options->variants.items[i], name) == 0) {
      return 1;
    }
  }
  return options->variants.count == 0;
}

/** Set "verified", "checksum". */
static void conclude(json_t *document) {
  int ran = 0;
  int verified = json_is_null(json_object_get(document, "error"));
  const char *checksum = NULL; /* "" once two of them differ               */
  size_t index;
  json_t *variant;
  json_array_foreach(json_object_get(document, "variants"), index, variant) {
    if (json_object_get(variant, "unsupported") == NULL) {
      ran = 1;
      verified &= json_is_true(json_object_get(variant, "verified"));
      const char *own =
          json_string_value(json_object_get(variant, "checksum"));
      int same = checksum == NULL || strcmp(checksum, own) == 0;
      checksum = same ? own : "";
    }
  }
  json_object_set_new(document, "verified", json_boolean(ran && verified));
  json_object_set_new(document, "checksum",
                      json_string(checksum != NULL ? checksum : ""));
}

/** Each variant that failed leaves half of the time for the next, so that
 *  a subject that hangs in all of them ends. */
static double time_left(const struct pmm_work_stage *stage,
                        const json_t *document) {
  size_t failed = json_array_size(json_object_get(document, "failures"));
  return pmmi_child_patience(stage->timeout_s, failed, 1);
}

json_t *pmm_work_document_run(const struct pmm_work_stage *stage,
                              const struct pmm_work_options *options) {
  json_t *document = frame_of(stage);
  if (document == NULL) {
    return NULL;
  }
  const struct pmm_work_variant *variant = stage->workload->variants;
  for (int failed = 0; variant->name != NULL && !failed; variant++) {
    if (asked_for(options, variant->name)) {
      struct pmm_work_stage timed = *stage;
      timed.timeout_s = time_left(stage, document);
      failed = run_variant(&timed, variant, document) != 0;
      if (failed && json_is_null(json_object_get(document, "error"))) {
        json_object_set_new(document, "error", json_string("no memory"));
      }
    }
  }
  conclude(document);
  return document;
}

int pmm_work_document_write(json_t *document, const char *path) {
  FILE *file = path == NULL || strcmp(path, "-") == 0 ? stdout
                                                      : fopen(path, "w");
  int failed = file == NULL ||
               json_dumpf(document, file, JSON_COMPACT) != 0 ||
               fputc('\n', file) == EOF || fflush(file) != 0;
  int error = errno;
  if (file != NULL && file != stdout && fclose(file) != 0) {
    failed = 1;
    error = errno;
  }
  if (failed) {
    fprintf(stderr, "pmm-work: cannot write %s: %s\n",
            path != NULL ? path : "the document", strerror(error));
  }
  return failed;
}

int pmm_work_document_applied(const json_t *document) {
  size_t index;
  json_t *variant;
  json_array_foreach(json_object_get(document, "variants"), index, variant) {
    if (json_object_get(variant, "unsupported") == NULL) {
      return 1;
    }
  }
  return 0;
}

int pmm_work_document_exit(const json_t *document, int check) {
  if (json_array_size(json_object_get(document, "failures")) > 0) {
    return 3;
  }
  if (!json_is_null(json_object_get(document, "error"))) {
    return 1;
  }
  if (!pmm_work_document_applied(document)) {
    return 4;
  }
  int leaked = json_array_size(json_object_get(document, "findings")) > 0;
  int verified = json_is_true(json_object_get(document, "verified"));
  return !verified || (check && leaked) ? 3 : 0;
}
