/* SPDX-License-Identifier: MIT */
/*
 * record.c - taking samples and figures (record.h, workload.h).
 */
#include "record.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

struct pmm_work_record *pmm_work_record_new(uint64_t pace) {
  struct pmm_work_record *record = calloc(1, sizeof *record);
  if (record != NULL) {
    record->pace = pace;
    record->pace_given = pace != 0;
    record->verified = -1;
  }
  return record;
}

void pmm_work_record_event(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                           int64_t detail) {
  struct pmm_work_record *record = ctx;
  (void)detail;
  if ((size_t)kind < PMM_WORK_EVENT_KINDS) {
    record->events[kind].count++;
    record->events[kind].cookies += cookie;
  }
}

struct pmm_work_events pmm_work_events(const struct pmm_work *work,
                                       enum pmm_event_kind kind) {
  return work->record->events[kind];
}

void pmm_work_text_copy(char out[PMM_WORK_TEXT], const char *text) {
  snprintf(out, PMM_WORK_TEXT, "%s", text);
  for (char *c = out; *c != '\0'; c++) {
    if (*c < ' ' || *c > '~') {
      *c = '?';
    }
  }
}

/* ---- parameters ---------------------------------------------------------- */

static size_t index_of(const struct pmm_work_values *values,
                       const char *name) {
  size_t i = 0;
  while (strcmp(values->parameters[i].name, name) != 0) {
    i++;
    assert(values->parameters[i].name != NULL);
  }
  return i;
}

int64_t pmm_work_integer(const struct pmm_work *work, const char *name) {
  return work->values->integers[index_of(work->values, name)];
}

const char *pmm_work_text(const struct pmm_work *work, const char *name) {
  return work->values->texts[index_of(work->values, name)];
}

/* ---- samples ------------------------------------------------------------- */

static uint64_t now_ns(const struct pmm_work_record *record) {
  return pmmi_host_clock_ns() - record->start_ns - record->sampling_ns;
}

struct pmm_memory pmm_work_memory(const struct pmm_work *work) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  work->ops->memory(work->rt, &memory);
  return memory;
}

static void thin(struct pmm_work_record *record) {
  for (size_t i = 0; i < PMM_WORK_ROWS_MOST / 2; i++) {
    record->rows[i] = record->rows[2 * i];
  }
  record->row_count = PMM_WORK_ROWS_MOST / 2;
  record->thinned++;
  record->pace *= 2;
}

void pmm_work_sample(struct pmm_work *work) {
  struct pmm_work_record *record = work->record;
  uint64_t entered = pmmi_host_clock_ns();
  if (record->row_count == PMM_WORK_ROWS_MOST) {
    thin(record);
  }
  record->rows[record->row_count++] = (struct pmm_work_row){
      .t_ns = entered - record->start_ns - record->sampling_ns,
      .live_bytes = pmm_work_memory(work).live_bytes,
      .rss_bytes = pmmi_host_rss_bytes(),
      .descriptors = pmmi_host_open_descriptors(),
  };
  work->countdown = record->pace != 0 ? record->pace : UINT64_MAX;
  record->sampling_ns += pmmi_host_clock_ns() - entered;
}

void pmm_work_expect(struct pmm_work *work, uint64_t ticks) {
  struct pmm_work_record *record = work->record;
  uint64_t planned = ticks / PMM_WORK_ROWS_PLANNED;
  if (!record->pace_given) {
    record->pace = planned > 0 ? planned : 1;
  }
  work->countdown = record->pace;
}

static void end_phase(struct pmm_work *work) {
  struct pmm_work_record *record = work->record;
  if (record->phase_count > 0) {
    record->phases[record->phase_count - 1].end_ns = now_ns(record);
    pmm_work_sample(work);
  }
}

void pmm_work_phase(struct pmm_work *work, const char *name) {
  struct pmm_work_record *record = work->record;
  assert(record->phase_count < PMM_WORK_PHASES_MOST);
  end_phase(work);
  struct pmm_work_phase_record *phase = &record->phases[record->phase_count++];
  phase->name = name;
  phase->start_ns = phase->end_ns = now_ns(record);
}

void pmm_work_record_begin(struct pmm_work *work) {
  struct pmm_work_record *record = work->record;
  record->start_ns = pmmi_host_clock_ns();
  pmm_work_sample(work); /* warms what sampling itself needs                */
  record->row_count = 0;
  record->begin = pmm_work_memory(work);
  work->ops->memory_reset_peak(work->rt);
  record->peak_restarted = pmmi_host_peak_rss_restart() == 0;
  record->sampling_ns = 0;
  record->start_ns = pmmi_host_clock_ns();
  pmm_work_sample(work);
}

/* ---- figures ------------------------------------------------------------- */

void pmm_work_figure(struct pmm_work *work, const char *name, uint64_t value,
                     const char *unit, int exact) {
  struct pmm_work_record *record = work->record;
  assert(record->figure_count < PMM_WORK_FIGURES_MOST);
  struct pmm_work_figure_record *figure =
      &record->figures[record->figure_count++];
  snprintf(figure->name, sizeof figure->name, "%s", name);
  figure->unit = unit;
  figure->value = value;
  figure->exact = exact;
}

void pmm_work_note(struct pmm_work *work, const char *moment) {
  char name[PMM_WORK_TEXT];
  uint64_t entered = pmmi_host_clock_ns();
  snprintf(name, sizeof name, "live_%s_bytes", moment);
  pmm_work_figure(work, name, pmm_work_memory(work).live_bytes, "bytes", 1);
  snprintf(name, sizeof name, "rss_%s_bytes", moment);
  pmm_work_figure(work, name, pmmi_host_rss_bytes(), "bytes", 0);
  snprintf(name, sizeof name, "descriptors_%s", moment);
  pmm_work_figure(work, name, pmmi_host_open_descriptors(), "descriptors", 0);
  work->record->sampling_ns += pmmi_host_clock_ns() - entered;
}

void pmm_work_verify(struct pmm_work *work, int holds, const char *format,
                     ...) {
  struct pmm_work_record *record = work->record;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(record->checksum, sizeof record->checksum, format, arguments);
  va_end(arguments);
  record->verified = record->verified != 0 && holds;
}

/** The finding of that kind, type and site, or a new one without a count;
 *  NULL when there is no room for another. */
static struct pmm_work_finding_record *
finding_like(struct pmm_work_record *record,
             const struct pmm_work_finding_record *wanted) {
  for (size_t i = 0; i < record->finding_count; i++) {
    struct pmm_work_finding_record *finding = &record->findings[i];
    if (finding->kind == wanted->kind &&
        strcmp(finding->type, wanted->type) == 0 &&
        strcmp(finding->site, wanted->site) == 0) {
      return finding;
    }
  }
  if (record->finding_count == PMM_WORK_FINDINGS_MOST) {
    return NULL;
  }
  struct pmm_work_finding_record *added =
      &record->findings[record->finding_count++];
  *added = *wanted;
  return added;
}

void pmm_work_finding(struct pmm_work *work, const struct pmm_leak *leak) {
  struct pmm_work_finding_record wanted = {.kind = leak->kind};
  if (leak->kind == PMM_LEAK_CACHED || leak->kind == PMM_LEAK_ARENA) {
    return;
  }
  pmm_work_text_copy(wanted.type, leak->type);
  pmm_work_text_copy(wanted.site, leak->site);
  struct pmm_work_finding_record *finding =
      finding_like(work->record, &wanted);
  if (finding == NULL) {
    work->record->findings_lost++;
    return;
  }
  finding->count += leak->count;
  finding->bytes += leak->bytes;
}

void pmm_work_keep_open(struct pmm_work *work) { work->record->keep_open = 1; }

/* ---- the figures every variant has --------------------------------------- */

static uint64_t since(uint64_t before, uint64_t after) {
  return before == PMM_UNKNOWN || after == PMM_UNKNOWN ? PMM_UNKNOWN
                                                       : after - before;
}

static void counter_figures(struct pmm_work *work) {
  const struct pmm_memory *was = &work->record->begin;
  struct pmm_memory is = pmm_work_memory(work);
  pmm_work_figure(work, "peak_bytes", is.peak_bytes, "bytes", 1);
  pmm_work_figure(work, "live_before_bytes", was->live_bytes, "bytes", 1);
  pmm_work_figure(work, "live_after_bytes", is.live_bytes, "bytes", 1);
  pmm_work_figure(work, "allocations",
                  since(was->allocations, is.allocations), "blocks", 1);
  pmm_work_figure(work, "frees", since(was->frees, is.frees), "blocks", 1);
  pmm_work_figure(work, "reallocations",
                  since(was->reallocations, is.reallocations), "blocks", 1);
  pmm_work_figure(work, "requested_bytes",
                  since(was->requested_bytes, is.requested_bytes), "bytes", 1);
  pmm_work_figure(work, "mapped_after_bytes", is.mapped_bytes, "bytes", 0);
}

/** The most that was resident: by the system's own count, which also sees
 *  what comes and goes between two samples, where it could be restarted. */
static uint64_t resident_peak(const struct pmm_work_record *record,
                              uint64_t sampled) {
  uint64_t peak = record->peak_restarted ? pmmi_host_peak_rss_bytes()
                                         : PMM_UNKNOWN;
  return peak != PMM_UNKNOWN && peak > sampled ? peak : sampled;
}

static void process_figures(struct pmm_work *work) {
  const struct pmm_work_record *record = work->record;
  const struct pmm_work_row *first = &record->rows[0];
  const struct pmm_work_row *last = &record->rows[record->row_count - 1];
  uint64_t rss = first->rss_bytes;
  uint64_t descriptors = first->descriptors;
  for (const struct pmm_work_row *row = first; row <= last; row++) {
    rss = row->rss_bytes > rss ? row->rss_bytes : rss;
    descriptors =
        row->descriptors > descriptors ? row->descriptors : descriptors;
  }
  pmm_work_figure(work, "rss_before_bytes", first->rss_bytes, "bytes", 0);
  pmm_work_figure(work, "rss_peak_bytes",
                  resident_peak(record, rss), "bytes", 0);
  pmm_work_figure(work, "rss_after_bytes", last->rss_bytes, "bytes", 0);
  pmm_work_figure(work, "descriptors_before", first->descriptors,
                  "descriptors", 0);
  pmm_work_figure(work, "descriptors_peak", descriptors, "descriptors", 0);
  pmm_work_figure(work, "descriptors_after", last->descriptors, "descriptors",
                  0);
}

/** Live blocks that no free list holds; unknown where nobody can tell. */
static uint64_t blocks_in_use(const struct pmm_memory *memory) {
  uint64_t cached =
      memory->cached_blocks == PMM_UNKNOWN ? 0 : memory->cached_blocks;
  return memory->live_blocks == PMM_UNKNOWN ? PMM_UNKNOWN
                                            : memory->live_blocks - cached;
}

/** What a variant that gave everything back leaves above the level it began
 *  at, garbage and free lists aside: its leaks. */
static void leftover_figure(struct pmm_work *work) {
  uint64_t before = blocks_in_use(&work->record->begin);
  uint64_t unreachable;
  if (work->ops->collect != NULL) {
    (void)work->ops->collect(work->rt, 2, &unreachable);
    work->ops->error_clear(work->rt);
  }
  work->ops->caches_flush(work->rt);
  struct pmm_memory is = pmm_work_memory(work);
  uint64_t after = blocks_in_use(&is);
  pmm_work_figure(work, "left_blocks",
                  after < before ? 0 : since(before, after), "blocks", 1);
}

void pmm_work_record_end(struct pmm_work *work, int exact) {
  struct pmm_work_record *record = work->record;
  end_phase(work);
  counter_figures(work);
  process_figures(work);
  if (!record->keep_open) {
    leftover_figure(work);
  }
  for (size_t i = 0; !exact && i < record->figure_count; i++) {
    record->figures[i].exact = 0;
  }
}
