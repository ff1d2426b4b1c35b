/* SPDX-License-Identifier: MIT */
/*
 * helpers.h - the Python of this adaptor: files of python/, put into C arrays
 * when it is built (embed.py).
 */
#ifndef PMMI_CPYTHON_HELPERS_H
#define PMMI_CPYTHON_HELPERS_H

#include "cpython.h"

/** One file of python/. */
struct pmmi_cpy_helper {
  const char *file; /* what its code objects say they come from             */
  const char *text;
};

/** The files, in the order in which they run; the last has no name. */
extern const struct pmmi_cpy_helper pmmi_cpy_helpers[];

/** Run the files into a new dict; NULL with an exception. */
PyObject *pmmi_cpy_helpers_new(void);

#endif /* PMMI_CPYTHON_HELPERS_H */
