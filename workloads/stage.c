/* SPDX-License-Identifier: MIT */
/*
 * stage.c - one variant in this process (stage.h).
 */
#include "stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "witness.h"

/** A runtime that a leaking variant left open: reachable, so that a checker
 *  names what was lost and not the runtime.  Volatile, as nobody reads it. */
static pmm_rt *volatile left_open;

const char *pmm_work_status_name(enum pmm_status status) {
  static const char *const names[] = {
      "ok",        "no memory",      "type error",      "value error",
      "index error", "key error",    "overflow",        "runtime error",
      "system call failed", "stop",  "generator exit",  "dead reference",
      "recursion", "buffer error",   "error of the host", "misuse",
      "unsupported"};
  size_t index = (size_t)status;
  return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

json_t *pmm_work_stage_error(const struct pmm_work_variant *variant,
                             enum pmm_work_fault fault, const char *format,
                             ...) {
  char text[2 * PMM_WORK_TEXT];
  char clean[PMM_WORK_TEXT];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  pmm_work_text_copy(clean, text);
  static const char *const classes[] = {"FAIL", "CRASH", "TIMEOUT", NULL};
  return json_pack("{sn, s[], sn, so, ss?}", "variant", "findings", "witness",
                   "error", json_sprintf("%s: %s", variant->name, clean),
                   "class", classes[fault]);
}

const char *pmm_work_stage_lacks(const struct pmm_view *view,
                                 const struct pmm_work_variant *variant) {
  size_t most = sizeof variant->needs / sizeof variant->needs[0];
  for (size_t i = 0; i < most && variant->needs[i] != NULL; i++) {
    if (!pmm_view_offers(view, variant->needs[i])) {
      return variant->needs[i];
    }
  }
  return NULL;
}

/** Open the runtime of `work`; the witness sees the heap it makes. */
static enum pmm_status open_runtime(const struct pmm_work_stage *stage,
                                    const struct pmm_host *host,
                                    struct pmm_work *work) {
  const struct pmm_open_config config = {
      .struct_size = sizeof config,
      .backend = pmm_work_witness_watch(stage->backend),
      .mode = stage->mode,
      .host = host,
      .seed = stage->seed,
  };
  return work->ops->open(&config, &work->rt);
}

/** Run between begin and end; a failure's text is in `message`. */
static enum pmm_status run_armed(const struct pmm_work_stage *stage,
                                 struct pmm_work *work, char *message,
                                 size_t size) {
  const struct pmm_ops *ops = work->ops;
  int armed = stage->fail_at != 0 && ops->inject_arm != NULL;
  pmm_work_record_begin(work);
  if (armed) {
    ops->inject_arm(work->rt, stage->fail_at, 0);
  }
  enum pmm_status status = work->variant->run(work);
  if (armed) {
    ops->inject_disarm(work->rt);
  }
  if (status != PMM_OK) {
    snprintf(message, size, "%s", ops->error_message(work->rt));
    ops->error_clear(work->rt);
  }
  return status;
}

static void close_runtime(struct pmm_work *work) {
  if (work->record->keep_open) {
    left_open = work->rt;
  } else {
    work->ops->close(work->rt);
  }
}

/** The result of a variant that ran; the runtime is still open. */
static json_t *result_of(const struct pmm_work_stage *stage,
                         struct pmm_work *work) {
  const char *name = work->variant->name;
  pmm_work_record_end(work, stage->view.subject->takes_backend);
  return json_pack("{so, so, so, sn, sn}", "variant",
                   pmm_work_record_variant(work->record, name), "findings",
                   pmm_work_record_findings(work->record, name), "witness",
                   pmm_work_witness_json(stage->backend), "error",
                   "class");
}

static json_t *run_recorded(const struct pmm_work_stage *stage,
                            const struct pmm_work_variant *variant,
                            struct pmm_work_record *record) {
  const struct pmm_host host = {.struct_size = sizeof host,
                                .ctx = record,
                                .event = pmm_work_record_event};
  struct pmm_work work = {.ops = &stage->view.ops,
                          .variant = variant,
                          .values = stage->values,
                          .plan = stage->plan,
                          .countdown = UINT64_MAX,
                          .record = record};
  char message[PMM_WORK_TEXT] = "";
  enum pmm_status status = open_runtime(stage, &host, &work);
  if (status != PMM_OK) {
    return pmm_work_stage_error(variant, PMM_WORK_FAIL,
                                "the runtime did not open: %s",
                                pmm_work_status_name(status));
  }
  status = run_armed(stage, &work, message, sizeof message);
  json_t *result =
      status == PMM_OK
          ? result_of(stage, &work)
          : pmm_work_stage_error(variant, PMM_WORK_FAIL, "%s%s%s",
                                 pmm_work_status_name(status),
                                 message[0] != '\0' ? ": " : "", message);
  close_runtime(&work);
  return result;
}

json_t *pmm_work_stage_run_here(const struct pmm_work_stage *stage,
                                const struct pmm_work_variant *variant) {
  if (stage->fail_at != 0 && stage->view.ops.inject_arm == NULL) {
    return pmm_work_stage_error(variant, PMM_WORK_TOOL,
                                "the subject cannot inject failures");
  }
  struct pmm_work_record *record = pmm_work_record_new(stage->pace);
  if (record == NULL) {
    return NULL;
  }
  json_t *result = run_recorded(stage, variant, record);
  free(record);
  return result;
}
