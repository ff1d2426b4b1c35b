/* SPDX-License-Identifier: MIT */
/* log.c - callbacks and the log of collections; see log.h. */
#include "gc/log.h"

#include <string.h>

#include "gc/gc_state.h"

#define FIRST_ROOM 4 /* listeners; doubles                                  */

/* ---- who hears ---------------------------------------------------------- */

/* A callback may add and remove some, so each step looks anew. */
static void tell(pmm_rt *rt, const struct pmm_gc_info *info) {
  assert(info->generation >= 0 && info->generation < PMMI_GC_GENERATIONS);
  const struct pmmi_gc_log *log = pmmi_gc_log_of(rt);
  pmmi_event(rt, info->stop ? PMM_EVENT_GC_STOP : PMM_EVENT_GC_START,
             info->generation, (int64_t)info->collected);
  for (size_t i = 0; i < log->listener_count; i++) {
    struct pmmi_gc_listener listener = log->listeners[i];
    pmmi_status_take(rt, listener.fn(listener.ctx, rt, info));
    pmmi_error_unraisable(rt);
  }
}

static size_t bytes_of(size_t listeners) {
  return listeners * sizeof(struct pmmi_gc_listener);
}

enum pmm_status pmmi_gc_callback_add(pmm_rt *rt, pmm_gc_fn fn, void *ctx) {
  assert(fn != NULL);
  struct pmmi_gc_log *log = pmmi_gc_log_of(rt);
  assert(log->listener_count <= log->listener_room);
  if (log->listener_count == log->listener_room) {
    size_t room = log->listener_room > 0 ? 2 * log->listener_room : FIRST_ROOM;
    struct pmmi_gc_listener *moved =
        pmmi_mem_realloc(rt, log->listeners, bytes_of(log->listener_room),
                         bytes_of(room));
    if (moved == NULL) {
      return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a callback");
    }
    log->listeners = moved;
    log->listener_room = room;
  }
  log->listeners[log->listener_count++] = (struct pmmi_gc_listener){fn, ctx};
  return PMM_OK;
}

static size_t index_of(const struct pmmi_gc_log *log, pmm_gc_fn fn,
                       const void *ctx) {
  size_t i = 0;
  while (i < log->listener_count &&
         (log->listeners[i].fn != fn || log->listeners[i].ctx != ctx)) {
    i++;
  }
  return i;
}

enum pmm_status pmmi_gc_callback_remove(pmm_rt *rt, pmm_gc_fn fn, void *ctx) {
  assert(fn != NULL);
  struct pmmi_gc_log *log = pmmi_gc_log_of(rt);
  size_t i = index_of(log, fn, ctx);
  if (i == log->listener_count) {
    return pmmi_fail(rt, PMM_VALUE, "there is no such callback");
  }
  log->listener_count--;
  memmove(&log->listeners[i], &log->listeners[i + 1],
          bytes_of(log->listener_count - i));
  if (log->listener_count == 0) {
    pmmi_gc_log_fini(rt);
  }
  return PMM_OK;
}

void pmmi_gc_log_fini(pmm_rt *rt) {
  struct pmmi_gc_log *log = pmmi_gc_log_of(rt);
  pmmi_mem_free(rt, log->listeners, bytes_of(log->listener_room));
  log->listeners = NULL;
  log->listener_count = 0;
  log->listener_room = 0;
}

/* ---- one run ------------------------------------------------------------ */

void pmmi_gc_log_because(pmm_rt *rt, uint64_t reason) {
  pmmi_gc_log_of(rt)->because = reason;
}

void pmmi_gc_log_started(pmm_rt *rt, int generation) {
  assert(generation >= 0 && generation < PMMI_GC_GENERATIONS);
  struct pmmi_gc_log *log = pmmi_gc_log_of(rt);
  const struct pmm_gc_info info = {.stop = 0, .generation = generation};
  log->reason = log->because != 0 ? log->because
                : pmmi_gc_of(rt)->stress   ? (uint64_t)PMM_GC_STRESS
                                  : (uint64_t)PMM_GC_THRESHOLD;
  tell(rt, &info);
  log->objects = pmmi_memory_of(rt)->objects;
}

/* What was not examined may be garbage too. */
static int is_all_examined(pmm_rt *rt, uint64_t generation) {
  return generation == PMMI_GC_GENERATIONS - 1 &&
         pmmi_tracked_of(rt)->frozen_end == 0;
}

static struct pmm_gc_run *enter(struct pmmi_gc_log *log,
                                const struct pmm_gc_run *run) {
  assert(run->generation < PMMI_GC_GENERATIONS);
  struct pmm_gc_run *entry = &log->runs[log->count % PMM_GC_LOG_RUNS];
  *entry = *run;
  entry->number = ++log->count;
  return entry;
}

static void note(pmm_rt *rt, const struct pmm_gc_run *run) {
  struct pmmi_gc_log *log = pmmi_gc_log_of(rt);
  struct pmm_gc_run *entry = enter(log, run);
  uint64_t now = pmmi_memory_of(rt)->objects;
  entry->reason = log->reason;
  entry->freed = now < log->objects ? log->objects - now : 0;
  if (!is_all_examined(rt, run->generation)) {
    entry->garbage_left = PMM_UNKNOWN;
  }
}

void pmmi_gc_log_stopped(pmm_rt *rt, const struct pmm_gc_run *run) {
  assert(run->collected + run->uncollectable <= run->traversed);
  const struct pmm_gc_info info = {.stop = 1,
                                   .generation = (int)run->generation,
                                   .collected = run->collected,
                                   .uncollectable = run->uncollectable};
  if (pmmi_gc_log_of(rt)->on) {
    note(rt, run);
  }
  tell(rt, &info);
}

void pmmi_gc_log_slice(pmm_rt *rt, uint64_t start_ns, uint64_t pause_ns,
                       uint64_t traversed) {
  const struct pmm_gc_run run = {.generation = PMMI_GC_GENERATIONS - 1,
                                 .reason = PMM_GC_SLICE,
                                 .start_ns = start_ns,
                                 .pause_ns = pause_ns,
                                 .traversed = traversed,
                                 .garbage_left = PMM_UNKNOWN};
  if (pmmi_gc_log_of(rt)->on) {
    (void)enter(pmmi_gc_log_of(rt), &run);
  }
}

/* ---- the log ------------------------------------------------------------ */

enum pmm_status pmmi_gc_log_start(pmm_rt *rt) {
  pmmi_gc_log_of(rt)->on = 1;
  pmmi_gc_log_of(rt)->count = 0;
  return PMM_OK;
}

void pmmi_gc_log_stop(pmm_rt *rt) { pmmi_gc_log_of(rt)->on = 0; }

uint64_t pmmi_gc_log_read(pmm_rt *rt, struct pmm_gc_run *out, size_t n) {
  assert(n == 0 || out != NULL);
  const struct pmmi_gc_log *log = pmmi_gc_log_of(rt);
  for (uint64_t i = 0; i < n && i < log->count && i < PMM_GC_LOG_RUNS; i++) {
    out[i] = log->runs[(log->count - 1 - i) % PMM_GC_LOG_RUNS];
  }
  return log->count;
}
