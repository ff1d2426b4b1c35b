/* SPDX-License-Identifier: MIT */
/*
 * workload.h - what a workload is, and what it may ask while it runs.
 *
 * A workload is a realistic job over a subject.  It knows pmm/subject.h and
 * this header, nothing else:
 *
 *   1. It describes itself by a constant `struct pmm_workload`, which `--list
 *      --json` prints; its file is named in meson.build, its descriptor in
 *      registry.c, and that is all: runner and report know no workload.
 *   2. Each variant is one way to do the job.  It runs alone in a process of
 *      its own over a runtime that was opened for it.
 *   3. The variant names its phases, ticks once an operation (samples follow
 *      a steady number of ticks, never the clock) and records figures.
 *   4. It verifies its result against something known by another way; what
 *      is not verified does not count.
 *
 * Failure: a variant returns the status of the operation that failed, with
 * the subject's error still pending and everything of its own released.
 *
 * The time and the descriptors that sampling takes are in no figure.
 */
#ifndef PMM_WORKLOAD_H
#define PMM_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "pmm/view.h"

struct pmm_work_record;

/** A parameter; an array of them ends with one that has no name. */
struct pmm_work_parameter {
  const char *name;    /* as `--set` takes it                              */
  const char *unit;    /* of an integer; "path" and the like of a text     */
  const char *summary; /* one line for --list                              */
  const char *text;    /* default of a text; NULL: it is an integer        */
  int64_t value;       /* default of an integer                            */
  int64_t least;       /* smallest that is accepted                        */
  int64_t most;        /* largest                                          */
};

/** Parameters that a workload can have. */
#define PMM_WORK_PARAMETERS_MOST 8

/** The values of a workload's parameters, in the order it declares them. */
struct pmm_work_values {
  const struct pmm_work_parameter *parameters;
  int64_t integers[PMM_WORK_PARAMETERS_MOST];
  char *texts[PMM_WORK_PARAMETERS_MOST]; /* owned; NULL for an integer     */
};

/** A variant while it runs. */
struct pmm_work {
  const struct pmm_ops *ops; /* of the subject                             */
  pmm_rt *rt;                /* open, for this variant alone               */
  const struct pmm_work_variant *variant;
  const struct pmm_work_values *values;
  const void *plan;          /* what prepare() made; NULL without it       */
  uint64_t countdown;        /* ticks until the next sample                */
  struct pmm_work_record *record;
};

/** A variant; an array of them ends with one that has no name. */
struct pmm_work_variant {
  const char *name;
  const char *summary;
  const char *needs[4]; /* features beside the core, up to a NULL          */
  enum pmm_status (*run)(struct pmm_work *work);
  int64_t option; /* for the workload's own use                            */
};

/** A workload. */
struct pmm_workload {
  const char *name;
  const char *summary; /* one line                                         */
  const char *source;  /* where its shape comes from                       */
  const char *title;   /* what a report heads its figures with              */
  const char *question; /* what they answer, in one sentence                */
  /** The report's page that shows them: "claims" beside the sentences of the
   *  articles, "leaks" where detectors are judged; NULL: "memory". */
  const char *page;
  /** Settings of its small size, blanks between, for runs in a hurry.  "": it
   *  is small as it is.  NULL: it has none, and such a run may leave it out. */
  const char *small;
  /** Settings that are only to show that it works; `{program}` is the path of
   *  pmm-work.  NULL: those of `small`. */
  const char *smallest;
  const struct pmm_work_parameter *parameters;
  const struct pmm_work_variant *variants;
  /** Optional: what all variants need, before any is run.  May change text
   *  values.  0, or -1 with a line in `message`. */
  int (*prepare)(struct pmm_work_values *values, void **plan, char *message,
                 size_t size);
  /** Give back what prepare() made. */
  void (*discard)(void *plan);
};

/* ---- parameters ---------------------------------------------------------- */

/** The value of a parameter that the workload declares. */
int64_t pmm_work_integer(const struct pmm_work *work, const char *name);
const char *pmm_work_text(const struct pmm_work *work, const char *name);

/* ---- time and samples ---------------------------------------------------- */

/** End the phase before, and begin `name` (static text). */
void pmm_work_phase(struct pmm_work *work, const char *name);

/** Announce a loop of `ticks` ticks, so that samples come at a steady pace. */
void pmm_work_expect(struct pmm_work *work, uint64_t ticks);

/** Take a sample, whatever the pace. */
void pmm_work_sample(struct pmm_work *work);

/** One operation was done. */
static inline void pmm_work_tick(struct pmm_work *work) {
  if (--work->countdown == 0) {
    pmm_work_sample(work);
  }
}

/* ---- figures ------------------------------------------------------------- */

/** Record a figure.  `name` and `unit` are static text.  `exact`: it is
 *  counted, and equal for equal input on a subject that serves backends. */
void pmm_work_figure(struct pmm_work *work, const char *name, uint64_t value,
                     const char *unit, int exact);

/** Record live bytes, resident bytes and descriptors of this moment. */
void pmm_work_note(struct pmm_work *work, const char *moment);

/** The runtime's counters of this moment. */
struct pmm_memory pmm_work_memory(const struct pmm_work *work);

/** The checksum of what was done, and whether it is the known one.  Of many
 *  calls all must hold; the last text stands. */
void pmm_work_verify(struct pmm_work *work, int holds, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

/** Events of a kind since the variant began, and the sum of their cookies. */
struct pmm_work_events {
  uint64_t count;
  int64_t cookies;
};

struct pmm_work_events pmm_work_events(const struct pmm_work *work,
                                       enum pmm_event_kind kind);

/** Record what the runtime reports as lost; cached blocks are no finding. */
void pmm_work_finding(struct pmm_work *work, const struct pmm_leak *leak);

/** Leave the runtime open at the end of the process, so that what is lost is
 *  still lost when an outside checker looks. */
void pmm_work_keep_open(struct pmm_work *work);

#endif /* PMM_WORKLOAD_H */
