/* SPDX-License-Identifier: MIT */
/*
 * code.h - a pmm code as Python source.
 *
 * Locals are v0, v1, ...; constants k0, ...; host calls c0, ...; `me` is the
 * function itself.  Exceptions are X<status> to raise and E<status> to catch.
 * All but the locals are globals or builtins of the function.
 */
#ifndef PMMI_CPYTHON_CODE_H
#define PMMI_CPYTHON_CODE_H

#include "cpython.h"

/** What translating found out. */
struct pmmi_cpy_source {
  char *text;      /* malloc'ed; NULL after a failure                        */
  int generator;   /* it yields                                              */
  int recursive;   /* it calls itself                                        */
};

/** Translate.  0, or -1 with an exception: ValueError when the code is not
 *  well formed.  The caller frees out->text. */
int pmmi_cpy_translate(const struct pmm_code *code,
                       struct pmmi_cpy_source *out);

#endif /* PMMI_CPYTHON_CODE_H */
