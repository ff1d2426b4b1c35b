/* SPDX-License-Identifier: MIT */
/*
 * code.h - a pmm code as Python source.
 *
 * Locals are v0, v1, ...; constants k0_0, k0_1, ...; host calls c0_0, ...;
 * `me` is the function itself.  Exceptions are X<status> to raise and
 * E<status> to catch.  All but the locals are globals or builtins of the
 * function.  A code inside a code is a def inside the def; the first number
 * of k and c is its code's: in base 16, the way from the outermost to it.
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

/** Most codes inside a code, and how deep they nest (pmm/types.h). */
#define PMMI_CPY_CODES 15
#define PMMI_CPY_CODE_DEPTH 8

/** Codes inside the code; a host that was compiled before there were any has
 *  a shorter structure. */
static inline size_t pmmi_cpy_code_count(const struct pmm_code *code) {
  return code->struct_size < sizeof *code ? 0 : code->code_count;
}

/** Number of the code with that index inside the code `outer`; 0 is the
 *  outermost. */
static inline unsigned long pmmi_cpy_code_number(unsigned long outer,
                                                 size_t index) {
  return outer * (PMMI_CPY_CODES + 1) + index + 1;
}

/** Translate.  0, or -1 with an exception: ValueError when the code is not
 *  well formed.  The caller frees out->text. */
int pmmi_cpy_translate(const struct pmm_code *code,
                       struct pmmi_cpy_source *out);

#endif /* PMMI_CPYTHON_CODE_H */
