/* SPDX-License-Identifier: MIT */
/*
 * source.h - what a file of this folder offers to the registry.
 *
 * One file per backend defines one `struct pmmi_backend_source`; the list
 * below is the only other line to add, beside the one in meson.build.  What it
 * says here is what `pmm-backend-check --list --json` prints, and all that the
 * runner and its reports know of it.
 */
#ifndef PMMI_BACKENDS_SOURCE_H
#define PMMI_BACKENDS_SOURCE_H

#include <stddef.h>

#include "pmm/backend.h"

/** A backend that ships with pmm. */
struct pmmi_backend_source {
  const char *name;
  const char *summary;
  /** The backend, loading what it needs; the same on every call.  NULL: not
   *  to be had here, and `reason` (of `size` bytes) says why. */
  const struct pmm_backend *(*get)(char *reason, size_t size);
  /** Optional: what is done about a fault of the library, in one sentence for
   *  readers of a report; NULL when nothing is.  Called after get(). */
  const char *(*repairs)(void);
  const char *package; /* Debian's, that brings the library; NULL: none     */
  /** 1: valgrind puts its own functions in place of the library's, so that
   *  nothing is to be seen of this backend there. */
  int replaced_by_valgrind;
};

/* In the order in which they are listed. */
#define PMMI_BACKEND_SOURCES(X) \
  X(pool)                       \
  X(libc)                       \
  X(mimalloc)                   \
  X(jemalloc)                   \
  X(tcmalloc)                   \
  X(bump)                       \
  X(null)

#define PMMI_DECLARE_SOURCE(name) \
  extern const struct pmmi_backend_source pmmi_backend_source_##name;
PMMI_BACKEND_SOURCES(PMMI_DECLARE_SOURCE)
#undef PMMI_DECLARE_SOURCE

#endif /* PMMI_BACKENDS_SOURCE_H */
