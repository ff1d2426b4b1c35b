/* SPDX-License-Identifier: MIT */
/*
 * work.c - pmm-work: from a command line to a document and an exit code
 * (work.h).
 *
 *   1. The command line is read; workload, parameters and variants are
 *      checked against the registry.
 *   2. Subject and backend are found by name or path.
 *   3. The workload prepares (an input file, expected sums), its variants
 *      run, and the document is written.
 */
#include "work.h"

#include <assert.h>
#include <string.h>

#include "document.h"
#include "registry.h"

#define MESSAGE_BYTES 512

static int list(const struct pmm_work_options *options) {
  if (options->json == NULL) {
    pmm_work_document_print_list(stdout);
    return 0;
  }
  json_t *document = pmm_work_document_list();
  int failed = document == NULL ||
               pmm_work_document_write(document, options->json) != 0;
  json_decref(document);
  return failed;
}

/** Names of the workloads, or of one workload's variants. */
enum { NAMES_MOST = 32 };

static int unknown_workload(const char *name) {
  const char *known[NAMES_MOST + 1] = {NULL};
  for (size_t i = 0; pmm_workloads[i] != NULL && i < NAMES_MOST; i++) {
    known[i] = pmm_workloads[i]->name;
  }
  return pmm_work_unknown("workload", name, known);
}

static int unknown_variant(const struct pmm_workload *workload,
                           const char *name) {
  const char *known[NAMES_MOST + 1] = {NULL};
  for (size_t i = 0; workload->variants[i].name != NULL && i < NAMES_MOST;
       i++) {
    known[i] = workload->variants[i].name;
  }
  return pmm_work_unknown("variant", name, known);
}

/** Find the workload and check the variants.  0, or 2 after a message. */
static int choose_workload(const struct pmm_work_options *options,
                           const struct pmm_workload **workload) {
  if (options->workload == NULL) {
    fprintf(stderr, "pmm-work: no workload named; see %s --list\n",
            options->command);
    return 2;
  }
  *workload = pmm_workload_find(options->workload);
  if (*workload == NULL) {
    return unknown_workload(options->workload);
  }
  for (size_t i = 0; i < options->variants.count; i++) {
    if (pmm_workload_variant(*workload, options->variants.items[i]) == NULL) {
      return unknown_variant(*workload, options->variants.items[i]);
    }
  }
  return 0;
}

/** The mode of a host's own subject by name.  0, or 2 after a message. */
static int check_mode(const struct pmm_subject *subject, const char *mode) {
  for (size_t i = 0; mode != NULL; i++) {
    if (subject->modes[i] == NULL) {
      return pmm_work_unknown("mode", mode, subject->modes);
    }
    if (strcmp(subject->modes[i], mode) == 0) {
      return 0;
    }
  }
  return 0;
}

/** Take the host's own subject: the names may only agree with it.  0, or the
 *  exit code after a message. */
static int take_own(const struct pmm_subject *own,
                    const struct pmm_work_options *options,
                    struct pmm_work_stage *stage) {
  const char *const known[] = {own->name, NULL};
  stage->mode = options->mode != NULL ? options->mode : own->modes[0];
  if (options->subject != NULL && strcmp(options->subject, own->name) != 0) {
    return pmm_work_unknown("subject", options->subject, known);
  }
  if (options->backend != NULL) {
    fprintf(stderr, "pmm-work: subject %s has an allocator of its own\n",
            own->name);
    return 2;
  }
  if (check_mode(own, options->mode) != 0) {
    return 2;
  }
  char message[MESSAGE_BYTES];
  if (pmm_view_read(own, &stage->view, message, sizeof message) != 0) {
    fprintf(stderr, "pmm-work: subject %s: %s\n", own->name, message);
    return 3;
  }
  return 0;
}

/** Find what is named.  0, or the exit code after a message. */
static int find_all(pmm_work_find find,
                    const struct pmm_work_options *options,
                    struct pmm_work_stage *stage) {
  const struct pmmi_names names = {options->subject, options->backend,
                                   options->mode};
  struct pmmi_selection found;
  char message[MESSAGE_BYTES];
  assert(find != NULL); /* a host without one has a subject of its own      */
  int code = find(&names, &found, message, sizeof message);
  if (code != 0) {
    fprintf(stderr, "pmm-work: %s\n", message);
    return code;
  }
  if (found.backend != NULL &&
      (found.backend->capabilities & PMM_BACKEND_ONE_BLOCK) != 0) {
    fprintf(stderr,
            "pmm-work: backend %s only measures the harness: no runtime can "
            "run on it\n",
            found.backend->name);
    return 2;
  }
  stage->view = found.view;
  stage->backend = found.backend;
  stage->mode = found.mode;
  return 0;
}

static void summarise(const json_t *document) {
  size_t index;
  json_t *variant;
  json_array_foreach(json_object_get(document, "variants"), index, variant) {
    const char *lacks =
        json_string_value(json_object_get(variant, "unsupported"));
    double ms = (double)json_integer_value(
                    json_object_get(variant, "elapsed_ns")) /
                1e6;
    printf("%-24s %9.1f ms  %s%s\n",
           json_string_value(json_object_get(variant, "name")), ms,
           lacks != NULL ? "unsupported: "
           : json_is_true(json_object_get(variant, "verified"))
               ? "verified"
               : "NOT VERIFIED",
           lacks != NULL ? lacks : "");
  }
}

/** Write the document and say what went wrong.  The exit code. */
static int finish(json_t *document, const struct pmm_work_options *options) {
  if (document == NULL) {
    fprintf(stderr, "pmm-work: no memory for the document\n");
    return 1;
  }
  const char *error = json_string_value(json_object_get(document, "error"));
  if (error != NULL) {
    fprintf(stderr, "pmm-work: %s\n", error);
  } else if (!pmm_work_document_applied(document)) {
    fprintf(stderr, "pmm-work: nothing was applicable: the subject lacks a "
                    "feature that every variant needs\n");
  }
  int failed = pmm_work_document_write(document, options->json);
  if (!failed && options->json != NULL && strcmp(options->json, "-") != 0) {
    summarise(document);
  }
  return failed ? 1 : pmm_work_document_exit(document, options->check);
}

static int run(struct pmm_work_stage *stage, struct pmm_work_values *values,
               const struct pmm_work_options *options) {
  char message[MESSAGE_BYTES] = "";
  const struct pmm_workload *workload = stage->workload;
  int prepared = workload->prepare == NULL ||
                 workload->prepare(values, &stage->plan, message,
                                   sizeof message) == 0;
  json_t *document = prepared ? pmm_work_document_run(stage, options)
                              : pmm_work_document_error(stage, message);
  int code = finish(document, options);
  json_decref(document);
  if (workload->discard != NULL) {
    workload->discard(stage->plan);
  }
  return code;
}

static int start(const struct pmm_subject *own, pmm_work_find find,
                 const struct pmm_work_options *options) {
  struct pmm_work_stage stage = {.seed = options->seed,
                                 .pace = options->pace,
                                 .fail_at = options->fail_at,
                                 .timeout_s = options->timeout_s,
                                 .no_fork = options->no_fork};
  struct pmm_work_values values;
  int code = choose_workload(options, &stage.workload);
  if (code == 0) {
    code = own != NULL ? take_own(own, options, &stage)
                       : find_all(find, options, &stage);
  }
  if (code != 0) {
    return code;
  }
  code = pmm_work_values_read(&values, stage.workload, options);
  stage.values = &values;
  if (code == 0) {
    code = run(&stage, &values, options);
  }
  pmm_work_values_free(&values);
  return code;
}

static int run_command(const struct pmm_subject *own, pmm_work_find find,
                       int argc, char **argv) {
  struct pmm_work_options options;
  int code = pmm_work_options_read(&options, argc, argv);
  if (code == 0 && options.help) {
    pmm_work_options_help(stdout, options.command);
  } else if (code == 0 && options.list) {
    code = list(&options);
  } else if (code == 0) {
    code = start(own, find, &options);
  }
  pmm_work_options_free(&options);
  return code;
}

int pmm_work_main(const struct pmm_subject *subject, int argc, char **argv) {
  return run_command(subject, NULL, argc, argv);
}

int pmm_work_main_with(pmm_work_find find, int argc, char **argv) {
  return run_command(NULL, find, argc, argv);
}
