/* SPDX-License-Identifier: MIT */
/*
 * probe.h - instances of probe types in memory, and what their type knows.
 *
 *    0        16       24       32                      32 + 8 * slots
 *   +--------+--------+--------+--------+--------+-----+--------------+
 *   | header | cookie | kind   | slot 0 | slot 1 | ... | weak refs    |
 *   +--------+--------+--------+--------+--------+-----+--------------+
 *
 * Invariant: an instance holds one count on its `kind`, so that a type that
 * the collector tears down before its instances takes nothing from them.
 */
#ifndef PMMI_CPYTHON_PROBE_H
#define PMMI_CPYTHON_PROBE_H

#include "cpython.h"

#define PMMI_CPY_SLOTS_MAX 16

/** What a probe type knows, shared by the type and its instances. */
struct pmmi_cpy_kind {
  size_t references;
  pmm_rt *rt;
  unsigned epoch;    /* of the runtime that made it                          */
  pmm_fn finalizer;
  void *ctx;
  uint32_t slots;
  uint32_t flags;    /* enum pmm_type_flag                                   */
  int has_code;      /* 1: `code` compares, hashes and prints instances      */
  struct pmm_compare_code code;
  PyObject *type;    /* borrowed; what instance_new was last asked for       */
  char name[96];     /* "pmm.NAME": CPython 3.10 does not copy it            */
};

struct pmmi_cpy_probe {
  PyObject_HEAD
  int64_t cookie;
  struct pmmi_cpy_kind *kind;
  PyObject *slots[];
};

_Static_assert(offsetof(struct pmmi_cpy_probe, slots) == sizeof(PyObject) + 16,
               "drawn above");

/** The kind of a probe type, borrowed; NULL with an exception. */
struct pmmi_cpy_kind *pmmi_cpy_kind_of(PyObject *type);
/** The code of the host that compares, hashes and prints an instance; NULL
 *  when its runtime is closed. */
const struct pmm_compare_code *pmmi_cpy_code_of(PyObject *instance,
                                                pmm_rt **rt);

#endif /* PMMI_CPYTHON_PROBE_H */
