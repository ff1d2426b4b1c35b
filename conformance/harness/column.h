/* SPDX-License-Identifier: MIT */
/*
 * column.h - what a run tests, and how: a column of the report, the fields of
 * the host line, what an expectation is held against.
 */
#ifndef PMM_CONFORM_COLUMN_H
#define PMM_CONFORM_COLUMN_H

/** NULL: not known, or there is none. */
struct pmm_column {
  const char *subject;
  const char *version;         /* of the subject                            */
  const char *build;           /* of the subject                            */
  const char *profile;         /* that the subject declares                 */
  const char *backend;         /* what serves the memory, as it was named   */
  const char *backend_version;
  const char *mode;
  const char *lane;            /* never NULL                                */
  const char *attach;          /* "vtable": over a backend; "own": without  */
};

#endif /* PMM_CONFORM_COLUMN_H */
