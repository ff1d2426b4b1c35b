/* SPDX-License-Identifier: MIT */
/*
 * runner.c - see runner.h.
 *
 *   1. What a backend does not claim is not asked: UNSUPPORTED.
 *   2. A case runs in a process of its own and fills the harness's record.
 *   3. The record counts only when the process ended well after it, so a
 *      crash while the heap closes, or a leak that a sanitizer finds at the
 *      end, is a crash.
 */
#include "runner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/registry.h"
#include "host.h"

const char *check_class_name(enum check_class class) {
  static const char *const names[] = {"PASS", "WARN",    "UNSUPPORTED",
                                      "FAIL", "TIMEOUT", "CRASH",
                                      "HARNESS_ERROR"};
  return names[class];
}

const char *check_capability_name(uint32_t bit) {
  static const char *const names[] = {
      "ZERO_UNIQUE", "FREES", "SIZED_FREE", "USABLE_SIZE", "OWNS",
      "BATCH",       "TRIM",  "STATS",      "CLASSES",     "VISIT",
      "FORK",        "OS_HOOKS", "THREADS", "HEAPS",       "RETURNS",
      "MEASURES",    "ALIGNED",  "ONE_BLOCK"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (bit == 1u << i) {
      return names[i];
    }
  }
  return NULL;
}

/* ---- the child ---------------------------------------------------------- */

static void run_case(const struct check_case *test,
                     const struct pmm_backend *backend,
                     struct check *check) {
  *check = (struct check){.backend = backend,
                          .random = UINT64_C(0x9E3779B97F4A7C15)};
  check_hooks_init(&check->hooks);
  if (!test->opens && check_open(check, &check->heap) != 0) {
    check_fail(check, test->entry.line, "init() has no memory for a heap");
    return;
  }
  test->run(check);
  if (!test->opens) {
    backend->fini(check->heap);
  }
}

/* Why a backend is none, in the words of the registry. */
static char no_backend[640];

struct job {
  const struct check_case *test;
  const struct pmm_backend *backend;
};

static void work(void *ctx, struct pmm_progress *progress,
                 struct pmm_record *record) {
  static struct check check; /* hooks must not move with the stack */
  const struct job *job = ctx;
  progress->phase = PMM_PHASE_BODY;
  run_case(job->test, job->backend, &check);
  if (check_failed(&check)) {
    pmm_record_set(record, PMM_CLASS_FAIL, "%s", check.message);
    record->line = check.line;
    snprintf(record->feature, sizeof record->feature, "%s",
             check.broken != NULL ? check.broken : "");
  } else if (check.skipped != NULL) {
    record->class = PMM_CLASS_UNSUPPORTED;
    snprintf(record->feature, sizeof record->feature, "%s", check.skipped);
  }
  progress->phase = PMM_PHASE_DONE;
}

static void load(void *ctx, struct pmm_progress *progress,
                 struct pmm_record *record) {
  (void)record;
  (void)pmmi_backend_find(ctx, no_backend, sizeof no_backend);
  progress->phase = PMM_PHASE_DONE;
}

/* ---- the parent --------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void set_result(
    struct check_result *result, enum check_class class, const char *format,
    ...) {
  va_list arguments;
  result->class = class;
  va_start(arguments, format);
  vsnprintf(result->message, sizeof result->message, format, arguments);
  va_end(arguments);
}

/* What the record of a case says that came to its end. */
static void judge_record(const struct pmm_record *record,
                         struct check_result *result) {
  if (record->class == PMM_CLASS_FAIL) {
    set_result(result, CHECK_FAIL, "%s", record->message);
    result->line = record->line;
    snprintf(result->broken, sizeof result->broken, "%s", record->feature);
  } else if (record->class == PMM_CLASS_UNSUPPORTED) {
    result->class = CHECK_UNSUPPORTED;
    snprintf(result->feature, sizeof result->feature, "%s", record->feature);
  } else {
    result->class = CHECK_PASS;
  }
}

static void judge_exit(const struct pmm_process *process,
                       struct check_result *result) {
  const struct pmm_record *record = &process->record;
  int told = process->record_bytes == sizeof *record &&
             pmm_record_is_sealed(record, process->nonce);
  if (!told) {
    /* The backend ended the process, or a sanitizer did. */
    set_result(result, CHECK_CRASH,
               "the process ended with status %d before the case did",
               process->code);
  } else if (process->code != 0) {
    set_result(result, CHECK_CRASH,
               "the process ended with status %d after the case",
               process->code);
  } else {
    judge_record(record, result);
  }
}

static void judge(const struct pmm_process *process, double timeout_s,
                  struct check_result *result) {
  switch (process->ending) {
    case PMM_ENDED_NOT_STARTED:
      set_result(result, CHECK_HARNESS_ERROR, "no process: %s",
                 strerror(process->code));
      break;
    case PMM_ENDED_TIMEOUT:
      set_result(result, CHECK_TIMEOUT, "not finished after %g s", timeout_s);
      break;
    case PMM_ENDED_SIGNAL:
      set_result(result, CHECK_CRASH, "signal %d (%s)", process->code,
                 strsignal(process->code));
      result->signal = process->code;
      break;
    case PMM_ENDED_EXIT:
      judge_exit(process, result);
      break;
  }
  if (result->class != CHECK_PASS && result->class != CHECK_UNSUPPORTED) {
    result->phase = pmm_phase_name((enum pmm_phase)process->phase);
    memcpy(result->output, process->output, sizeof result->output);
  }
}

static void run_process(pmm_work what, void *ctx, double timeout_s,
                        struct check_result *result) {
  /* Not _exit(): leak checkers and coverage have their say at exit. */
  static const struct pmm_fork_hooks hooks = {.leave = exit};
  static struct pmm_process process;
  uint64_t start = pmmi_host_clock_ns();
  pmm_process_run(what, ctx, timeout_s, &hooks, &process);
  judge(&process, timeout_s, result);
  result->elapsed_ns = pmmi_host_clock_ns() - start;
}

static void run_here(struct job *job, struct check_result *result) {
  struct pmm_progress progress = {.phase = PMM_PHASE_LOAD};
  struct pmm_record record;
  uint64_t start = pmmi_host_clock_ns();
  pmm_record_init(&record);
  work(job, &progress, &record);
  judge_record(&record, result);
  result->elapsed_ns = pmmi_host_clock_ns() - start;
}

/* The lowest capability that decides against running; 0: none. */
static uint32_t missing(const struct check_case *test, uint32_t capabilities) {
  uint32_t lacking = test->needs & ~capabilities;
  uint32_t excess = test->refuses & capabilities;
  uint32_t either = lacking != 0 ? lacking : excess;
  return either & (~either + 1);
}

void check_run(const struct check_case *test, const struct pmm_backend *backend,
               double timeout_s, int here, struct check_result *result) {
  struct job job = {test, backend};
  *result = (struct check_result){.line = test->entry.line};
  uint32_t bit = missing(test, backend->capabilities);
  if (bit != 0) {
    result->class = CHECK_UNSUPPORTED;
    snprintf(result->feature, sizeof result->feature, "%s",
             check_capability_name(bit));
    return;
  }
  if (here) {
    run_here(&job, result);
  } else {
    run_process(work, &job, timeout_s, result);
  }
  if (result->class == CHECK_FAIL && test->entry.level == PMM_LEVEL_SHOULD) {
    result->class = CHECK_WARN;
  }
}

void check_load(const char *spec, double timeout_s,
                struct check_result *result) {
  char copy[1024];
  *result = (struct check_result){.class = CHECK_PASS};
  snprintf(copy, sizeof copy, "%s", spec);
  run_process(load, copy, timeout_s, result);
}
