/* SPDX-License-Identifier: MIT */
/*
 * answers.c - operations that call the subject's, and what they answered.
 *
 * `depth` counts the operations that are under way on a thread.  The body may
 * be ended where none is, on the thread that opened the runtime: a callback
 * runs inside an operation, and another thread has another stack.
 */
#include "answers.h"

#include <stdio.h>
#include <string.h>

static const struct pmm_ops *real;
static struct pmm_state *watched;
static _Thread_local int depth;
static _Thread_local int is_case_thread;

/* An operation begins; what was under way before it. */
static uint32_t begin(uint32_t operation) {
  uint32_t outer = 0;
  depth++;
  if (is_case_thread) {
    outer = watched->progress->operation;
    watched->progress->operation = operation;
  }
  return outer;
}

static void end(uint32_t outer) {
  depth--;
  if (is_case_thread) {
    watched->progress->operation = outer;
  }
}

static void unsupported_by(pmm_rt *rt, const char *name, const char *who,
                           const char *what) {
  struct pmm_verdict *verdict = &watched->verdict;
  if (verdict->kind < PMM_VERDICT_UNSUPPORTED) {
    verdict->kind = PMM_VERDICT_UNSUPPORTED;
    (void)snprintf(verdict->feature, sizeof verdict->feature, "%s", name);
    (void)snprintf(verdict->message, sizeof verdict->message, "%s%s", who,
                   what);
  }
  if (watched->running && depth == 0 && is_case_thread) {
    if (watched->injecting) {
      watched->injecting = 0;
      watched->fired = real->inject_disarm(rt);
    }
    longjmp(watched->stop, 1);
  }
}

static void refused(pmm_rt *rt, const char *name) {
  char what[200];
  (void)snprintf(what, sizeof what, " answered UNSUPPORTED: %s",
                 real->error_message(rt));
  unsupported_by(rt, name, name, what);
}

static void op_absent(pmm_rt *rt, const char *name) {
  real->error_set(rt, PMM_UNSUPPORTED, "the operation is absent");
  unsupported_by(rt, name, name, " is absent");
}

static void look_at_status(pmm_rt *rt, const char *name,
                           enum pmm_status answer) {
  if (answer == PMM_UNSUPPORTED) {
    refused(rt, name);
  }
}

static void look_at_pointer(pmm_rt *rt, const char *name,
                            const void *answer) {
  if (answer == NULL && real->error(rt) == PMM_UNSUPPORTED) {
    refused(rt, name);
  }
}

/* An immediate value has no count: nothing can be said of it. */
static void look_at_count(pmm_rt *rt, const char *name, uint64_t answer) {
  if (answer == PMM_UNKNOWN && real->is_immediate != NULL) {
    unsupported_by(rt, "counted values", name, ": the value is immediate");
  }
}

#include "answers.inc"

const struct pmm_ops *pmm_answers_of(const struct pmm_view *view,
                                     struct pmm_state *state) {
  static struct pmm_ops ours;
  real = &view->ops;
  watched = state;
  is_case_thread = 1;
  depth = 0;
  ours = *real;
  watch_all(&ours);
  return &ours;
}

const char *pmm_answers_name(uint32_t operation) {
  size_t count = sizeof watched_names / sizeof *watched_names;
  return operation < count ? watched_names[operation] : NULL;
}
