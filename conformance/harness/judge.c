/* SPDX-License-Identifier: MIT */
/* judge.c - see judge.h. */
#include "judge.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

/* Where it ended: phase, operation, row of its table, failed allocation. */
static const char *where(const struct pmm_course *course,
                         const struct pmm_process *process) {
  static char text[PMM_PLACE_BYTES + 160];
  const char *operation = course->operation_name != NULL
                              ? course->operation_name(process->operation)
                              : NULL;
  int used = snprintf(text, sizeof text, "in phase %s",
                      pmm_phase_name((enum pmm_phase)process->phase));
  if (operation != NULL) {
    used += snprintf(text + used, sizeof text - (size_t)used, ", in %s",
                     operation);
  }
  if (process->place[0] != '\0') {
    used += snprintf(text + used, sizeof text - (size_t)used, ", at %s",
                     process->place);
  }
  if (process->point != 0) {
    (void)snprintf(text + used, sizeof text - (size_t)used,
                   ", allocation %llu failed",
                   (unsigned long long)process->point);
  }
  return text;
}

static void set_sanitizer(struct pmm_record *record, const char *report,
                          const struct pmm_course *course,
                          const struct pmm_process *process) {
  int length = (int)strcspn(report, "\n");
  int reached_end = process->phase == PMM_PHASE_DONE;
  pmm_record_set(record, PMM_CLASS_SANITIZER, "%.*s%s%s",
                 length < 200 ? length : 200, report, reached_end ? "" : ", ",
                 reached_end ? "" : where(course, process));
}

static void judge_exit(const struct pmm_course *course,
                       const struct pmm_process *process,
                       struct pmm_record *record) {
  const char *phase = pmm_phase_name((enum pmm_phase)process->phase);
  if (process->record_bytes == 0 && process->phase == PMM_PHASE_DONE) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "the record of the case could not be written: what is "
                   "tested closes descriptors that are not its own, or leaves "
                   "at the end (status %d)",
                   process->code);
  } else if (process->record_bytes == 0) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "exited with %d %s and left no record", process->code,
                   where(course, process));
  } else if (process->record_bytes != sizeof process->record) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "torn record: %zu bytes came, %zu make one",
                   process->record_bytes, sizeof process->record);
  } else if (!pmm_record_is_sealed(&process->record, process->nonce)) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "forged record: it carries no seal of the harness");
  } else if (process->phase != PMM_PHASE_DONE) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "a record came although the case only reached %s", phase);
  } else if (process->code != 0) {
    pmm_record_set(record, PMM_CLASS_HARNESS_ERROR,
                   "exited with %d after its record", process->code);
  } else {
    *record = process->record;
  }
}

static void judge_process(const struct pmm_course *course,
                          const struct pmm_process *process,
                          struct pmm_record *record) {
  const char *report = pmm_text_sanitizer(process->output);
  pmm_record_init(record);
  record->phase = process->phase;
  record->point = process->point;
  record->elapsed_ns = process->elapsed_ns;
  switch (process->ending) {
  case PMM_ENDED_NOT_STARTED:
    pmm_record_set(record, PMM_CLASS_NOT_RUN, "cannot start a process: %s",
                   strerror(process->code));
    return;
  case PMM_ENDED_TIMEOUT:
    pmm_record_set(record, PMM_CLASS_TIMEOUT,
                   "not finished after %g s, %s", process->timeout_s,
                   where(course, process));
    return;
  case PMM_ENDED_SIGNAL:
    pmm_record_set(record, PMM_CLASS_CRASH, "signal %d (%s) %s",
                   process->code, strsignal(process->code),
                   where(course, process));
    record->signal = process->code;
    break;
  case PMM_ENDED_EXIT:
    judge_exit(course, process, record);
    break;
  }
  if (report != NULL && record->class < PMM_CLASS_SANITIZER) {
    set_sanitizer(record, report, course, process);
  } else if (report != NULL && (process->ending == PMM_ENDED_SIGNAL ||
                                process->code != 0)) {
    set_sanitizer(record, report, course, process);
  }
}

void pmm_judge(const struct pmm_course *course, pmm_work work, void *ctx,
               struct pmm_outcome *outcome) {
  static struct pmm_process process;
  struct pmm_record *record = &outcome->record;
  outcome->output[0] = '\0';
  if (course->in_process) {
    struct pmm_progress progress = {.phase = PMM_PHASE_LOAD};
    pmm_record_init(record);
    work(ctx, &progress, record);
    return;
  }
  pmm_process_run(work, ctx, course->timeout_s, &course->hooks, &process);
  judge_process(course, &process, record);
  if (record->class != PMM_CLASS_PASS) {
    memcpy(outcome->output, process.output, sizeof outcome->output);
  }
}
