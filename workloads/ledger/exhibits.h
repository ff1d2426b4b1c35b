/* SPDX-License-Identifier: MIT */
/*
 * exhibits.h - regressions of memory management, each as a small program that
 * counts one figure in which it shows.
 *
 * The same programs for interpreters are reports/pmm/inside/museum/exhibits.py;
 * conformance/museum/museum.toml says what each stands for, and from which value
 * on it shows.
 */
#ifndef PMM_LEDGER_EXHIBITS_H
#define PMM_LEDGER_EXHIBITS_H

#include "pmm/view.h"

/** A regression's program. */
struct exhibit {
  const char *name;
  /** Count the figure.  Not PMM_OK: the subject failed, its error pending. */
  enum pmm_status (*run)(const struct pmm_ops *ops, pmm_rt *rt,
                         uint64_t *figure);
  const char *needs[4]; /* features, up to a NULL                           */
};

/** All of them; the end has no name. */
extern const struct exhibit exhibits[];

#endif /* PMM_LEDGER_EXHIBITS_H */
