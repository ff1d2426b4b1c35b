/* SPDX-License-Identifier: MIT */
/*
 * plugin.h - backends from shared objects that export pmm_backend_get.
 *
 * A plug-in is a stranger: before its first use every claim that can be read
 * without calling it is checked, and what is wrong is said in its words.
 */
#ifndef PMMI_BACKENDS_PLUGIN_H
#define PMMI_BACKENDS_PLUGIN_H

#include <stddef.h>

#include "pmm/backend.h"
#include "sanitize.h"

/** How dlopen() binds a stranger's library, whichever of its two forms is tried
 *  first: what it has itself it means, also where the C library, which stands
 *  first in the scope of a process, has a function of that name (malloc calls
 *  memalign).  AddressSanitizer refuses to have a library bound so. */
#define PMMI_LIBRARY_SCOPE                                                    \
  (RTLD_NOW | RTLD_LOCAL | (PMMI_ASAN ? 0 : RTLD_DEEPBIND))

/** The backend that the shared object at `path` exports; NULL and a reason
 *  when it cannot be loaded or lies about itself.  Stays loaded. */
const struct pmm_backend *pmmi_plugin_open(const char *path, char *reason,
                                           size_t size);

/** 1 when the last pmmi_plugin_open() failed by a fault of the plug-in: it is
 *  one, and breaks the contract.  0: it worked, or the file is no plug-in. */
int pmmi_plugin_at_fault(void);

/** 1 when the shared object at `path` exports pmm_backend_get; 0 else, also
 *  when it cannot be loaded.  What was loaded stays loaded. */
int pmmi_plugin_exports(const char *path);

/** 0 when the structure can be trusted to be called; -1 and a reason else. */
int pmmi_plugin_check(const struct pmm_backend *backend, char *reason,
                      size_t size);

#endif /* PMMI_BACKENDS_PLUGIN_H */
