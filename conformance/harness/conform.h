/* SPDX-License-Identifier: MIT */
/*
 * conform.h - the whole program, for those who host it.
 *
 *   pmm-conform          hosts it natively and finds subjects by name
 *   CPython extension    hosts it inside an interpreter and is the subject
 *
 *   1. pmm_conform_attach() says what the host can do; may be left out.
 *   2. pmm_conform_main() reads the options, runs the cases, prints TAP and
 *      JSON lines, and returns the exit code: 0 all well, 1 the tool failed,
 *      2 usage, 3 a case failed.
 */
#ifndef PMM_CONFORM_H
#define PMM_CONFORM_H

#include <stddef.h>
#include <stdio.h>

#include "pmm/view.h"
#include "process.h"

/** What a host offers; every member may be NULL. */
struct pmm_conform_host {
  const char *command; /* starts the repeat line, as a shell reads it;      */
                       /* NULL: the program as it was called                */
  /** The subject of that name or path; NULL and a message when there is
   *  none.  Runs first in a process of its own: loading may crash. */
  const struct pmm_subject *(*find_subject)(const char *spec, char *message,
                                            size_t size);
  /** 1 when find_subject() last failed by a fault of the subject itself. */
  int (*subject_at_fault)(void);
  /** The backend of that specification; NULL and a message. */
  const struct pmm_backend *(*find_backend)(const char *spec, char *message,
                                            size_t size);
  /** 1 when find_backend() last failed by a fault of the backend itself,
   *  which is a result of every case and no wrong usage. */
  int (*backend_at_fault)(void);
  /** Make the view that of the subject over that backend: what it offers may
   *  depend on it.  NULL: it does not. */
  void (*narrow)(struct pmm_view *view, const struct pmm_backend *backend);
  /** One line a subject. */
  void (*list_subjects)(FILE *out);
  /** Name of the allocator that a subject without a backend brings; NULL: it
   *  is not known. */
  const char *allocator;
  struct pmm_fork_hooks fork;
};

/** Keep a pointer to `host`, which must outlive pmm_conform_main(). */
void pmm_conform_attach(const struct pmm_conform_host *host);

/** Run.  `subject` NULL: the option --subject and find_subject choose. */
int pmm_conform_main(const struct pmm_subject *subject, int argc,
                     char **argv);

#endif /* PMM_CONFORM_H */
