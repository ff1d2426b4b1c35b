/* SPDX-License-Identifier: MIT */
/*
 * record.h - what one variant leaves: samples, phases, figures, findings.
 *
 *   1. All of it lies in one block that is made before the runtime opens, so
 *      that recording moves none of the figures it records.
 *   2. Time is that of the monotonic clock since begin(), less what sampling
 *      took.
 *   3. When the rows are full every second one is dropped and the pace
 *      halves; the document says how often.
 *
 * Invariant: row_count <= PMM_WORK_ROWS_MOST, and the rows' times do not
 * decrease.
 */
#ifndef PMM_WORK_RECORD_H
#define PMM_WORK_RECORD_H

#include <jansson.h>

#include "workload.h"

#define PMM_WORK_ROWS_MOST 2000    /* rows of a series                      */
#define PMM_WORK_ROWS_PLANNED 250  /* rows of an announced loop             */
#define PMM_WORK_PHASES_MOST 16
#define PMM_WORK_FIGURES_MOST 64
#define PMM_WORK_FINDINGS_MOST 64
#define PMM_WORK_EVENT_KINDS 12
#define PMM_WORK_TEXT 128          /* bytes of a name or checksum           */

/** One sample, in the order of the document's columns. */
struct pmm_work_row {
  uint64_t t_ns;
  uint64_t live_bytes;  /* PMM_UNKNOWN where the subject cannot tell        */
  uint64_t rss_bytes;
  uint64_t descriptors;
};

struct pmm_work_phase_record {
  const char *name;
  uint64_t start_ns;
  uint64_t end_ns;
};

struct pmm_work_figure_record {
  char name[PMM_WORK_TEXT];
  const char *unit;
  uint64_t value;
  int exact;
};

struct pmm_work_finding_record {
  enum pmm_leak_kind kind;
  char type[PMM_WORK_TEXT];
  char site[PMM_WORK_TEXT];
  uint64_t count;
  uint64_t bytes;
};

struct pmm_work_record {
  struct pmm_work_row rows[PMM_WORK_ROWS_MOST];
  size_t row_count;
  unsigned thinned;     /* times that every second row was dropped          */
  uint64_t pace;        /* ticks between samples                            */
  int pace_given;       /* 1: by the command line                           */
  uint64_t start_ns;    /* of the clock                                     */
  uint64_t sampling_ns; /* time that sampling took since                    */
  int peak_restarted;   /* 1: the system's peak is that of this variant     */

  struct pmm_work_phase_record phases[PMM_WORK_PHASES_MOST];
  size_t phase_count;
  struct pmm_work_figure_record figures[PMM_WORK_FIGURES_MOST];
  size_t figure_count;
  struct pmm_work_finding_record findings[PMM_WORK_FINDINGS_MOST];
  size_t finding_count;
  size_t findings_lost; /* kinds, types and sites there was no room for     */
  struct pmm_work_events events[PMM_WORK_EVENT_KINDS];

  int verified;         /* -1: not yet; 0; 1                                */
  int keep_open;
  char checksum[PMM_WORK_TEXT];
  struct pmm_memory begin; /* the counters when the variant began           */
};

/** An empty record; `pace` 0: chosen by the length of each loop.  NULL: no
 *  memory.  free() gives it back. */
struct pmm_work_record *pmm_work_record_new(uint64_t pace);

/** The host's ear that counts events into a record, which is its ctx. */
void pmm_work_record_event(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                           int64_t detail);

/** Copy a subject's text, cut to fit; what is not printable ASCII becomes
 *  '?', so that no subject can spoil a document. */
void pmm_work_text_copy(char out[PMM_WORK_TEXT], const char *text);

/** Start the clock, take the first sample. */
void pmm_work_record_begin(struct pmm_work *work);

/** End the last phase and record the figures every variant has; `exact`:
 *  the runtime's counters are. */
void pmm_work_record_end(struct pmm_work *work, int exact);

/** The variant's object of the document, and the findings' array.  NULL: no
 *  memory. */
json_t *pmm_work_record_variant(const struct pmm_work_record *record,
                                const char *name);
json_t *pmm_work_record_findings(const struct pmm_work_record *record,
                                 const char *variant);

#endif /* PMM_WORK_RECORD_H */
