/* SPDX-License-Identifier: MIT */
/*
 * registry.h - finding a backend by what a user typed.
 *
 *   spec                           what it names
 *   pool | libc | mimalloc | ...   a backend that ships with pmm
 *   name=/path/lib.so,prefix=my_   any malloc-like library (malloclike.h)
 *   /path/plugin.so                a library that exports pmm_backend_get
 *   name=/path/plugin.so           the same; the name is the caller's own
 *
 * A `=` behind the first `/` belongs to the path.
 *
 * A library is loaded when it is asked for, into a scope of its own: the
 * malloc of the process stays libc's whatever is measured, and the witness
 * (witness.h) shows it.  Some allocators keep thread-local data in the static
 * block, which glibc sizes once at process start, so a program that offers
 * backends calls pmmi_backend_prepare() first.
 */
#ifndef PMMI_BACKENDS_REGISTRY_H
#define PMMI_BACKENDS_REGISTRY_H

#include <stddef.h>

#include "backends/prepare.h"
#include "pmm/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What is known of a backend that ships with pmm. */
struct pmmi_backend_entry {
  const char *name;
  const char *summary;
  int available;                     /* 1: `backend` can be used            */
  const char *reason;                /* why not; NULL when available        */
  const char *repairs;               /* a fault made good here; NULL: none  */
  const char *package;               /* Debian's that brings it; NULL: none */
  int replaced_by_valgrind;          /* 1: valgrind sees none of its calls  */
  const struct pmm_backend *backend; /* NULL when not available             */
};

/** The backend that `spec` names, constant until the process ends.  NULL:
 *  unknown or not to be had, and `message` (of `size` bytes, always
 *  terminated) says why, naming the nearest names of an unknown one. */
const struct pmm_backend *pmmi_backend_find(const char *spec, char *message,
                                            size_t size);

/** 1 when the last pmmi_backend_find() gave NULL because the plug-in breaks
 *  the contract, which is a result of a check; 0: because of what was typed. */
int pmmi_backend_at_fault(void);

/** How many backends ship with pmm, available here or not. */
size_t pmmi_backend_count(void);

/** The i-th; tries to load its library.  Cannot fail below the count. */
const struct pmmi_backend_entry *pmmi_backend_at(size_t i);

/** 1 when `spec` has the form of a library, so that it is no misspelt name. */
int pmmi_backend_spec_is_path(const char *spec);

#ifdef __cplusplus
}
#endif

#endif /* PMMI_BACKENDS_REGISTRY_H */
