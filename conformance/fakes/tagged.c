/* SPDX-License-Identifier: MIT */
/*
 * tagged.c - the example subject as a runtime whose ints and floats are no
 * objects: the value lies in the handle, below a tag in its lowest bit.
 *
 * It is a sound runtime, so whatever fails on it is the cases' own fault.
 */
#include <string.h>

#include "pmm/features/immediate.h"
#include "pmm/features/refcount.h"
#include "pmm/subject.h"

const struct pmm_subject *pmm_example_get(uint32_t host_abi);
__attribute__((visibility("default"))) const struct pmm_subject *
pmm_subject_get(uint32_t host_abi);

static struct pmm_core_ops honest;
static const void *(*honest_feature)(const char *name);

/* ---- tags: ...01 an int, ...11 a float ----------------------------------- */

static int is_value(const pmm_obj *o) { return ((uintptr_t)o & 1) != 0; }
static int is_float(const pmm_obj *o) { return ((uintptr_t)o & 2) != 0; }

static int is_immediate(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return is_value(o);
}

/* Wide ints are objects, as they are in such runtimes. */
static pmm_obj *int_new(pmm_rt *rt, int64_t value) {
  int fits = value >= INT64_MIN / 4 && value <= INT64_MAX / 4;
  return fits ? (pmm_obj *)((uintptr_t)value << 2 | 1)
              : honest.int_new(rt, value);
}

static enum pmm_status int_value(pmm_rt *rt, pmm_obj *o, int64_t *value) {
  if (!is_value(o)) {
    return honest.int_value(rt, o, value);
  }
  *value = (int64_t)(intptr_t)o >> 2;
  if (is_float(o)) {
    honest.error_set(rt, PMM_TYPE, "a float");
    return PMM_TYPE;
  }
  return PMM_OK;
}

/* A float loses its two lowest bits, as some runtimes have it. */
static pmm_obj *float_new(pmm_rt *rt, double value) {
  uint64_t bits;
  (void)rt;
  memcpy(&bits, &value, sizeof bits);
  return (pmm_obj *)(uintptr_t)(bits | 3);
}

static enum pmm_status float_value(pmm_rt *rt, pmm_obj *o, double *value) {
  if (!is_value(o)) {
    return honest.float_value(rt, o, value);
  }
  uint64_t bits = (uint64_t)(uintptr_t)o & ~UINT64_C(3);
  memcpy(value, &bits, sizeof bits);
  if (!is_float(o)) {
    honest.error_set(rt, PMM_TYPE, "an int");
    return PMM_TYPE;
  }
  return PMM_OK;
}

/* ---- references ----------------------------------------------------------- */

static void xretain(pmm_rt *rt, pmm_obj *o) {
  if (!is_value(o)) {
    honest.xretain(rt, o);
  }
}

static void xrelease(pmm_rt *rt, pmm_obj *o) {
  if (!is_value(o)) {
    honest.xrelease(rt, o);
  }
}

static void clear(pmm_rt *rt, pmm_obj **holder) {
  pmm_obj *o = *holder;
  *holder = NULL;
  xrelease(rt, o);
}

static const char *type_name(pmm_rt *rt, pmm_obj *o) {
  return is_value(o) ? (is_float(o) ? "float" : "int")
                     : honest.type_name(rt, o);
}

static uint64_t refcount(pmm_rt *rt, pmm_obj *o) {
  const struct pmm_refcount_ops *counts = honest_feature("refcount");
  return is_value(o) ? PMM_UNKNOWN : counts->refcount(rt, o);
}

/* The example's slots count what they hold: what is in one is an object. */
static enum pmm_status slot_set(pmm_rt *rt, pmm_obj *o, size_t i,
                                pmm_obj *value) {
  if (is_value(value)) {
    honest.error_set(rt, PMM_UNSUPPORTED, "slots hold objects");
    return PMM_UNSUPPORTED;
  }
  return honest.slot_set(rt, o, i, value);
}

static const void *feature(const char *name) {
  static const struct pmm_immediate_ops immediate = {sizeof immediate,
                                                     is_immediate};
  static const struct pmm_refcount_ops counts = {
      .struct_size = sizeof counts,
      .refcount = refcount,
      .refcount_reported = refcount};
  return strcmp(name, "immediate") == 0  ? (const void *)&immediate
         : strcmp(name, "refcount") == 0 ? (const void *)&counts
                                         : honest_feature(name);
}

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  static struct pmm_subject subject;
  static struct pmm_core_ops core;
  const struct pmm_subject *example = pmm_example_get(host_abi);
  if (example == NULL) {
    return NULL;
  }
  subject = *example;
  honest = core = *subject.core;
  honest_feature = subject.feature;
  core.int_new = int_new;
  core.int_value = int_value;
  core.float_new = float_new;
  core.float_value = float_value;
  core.retain = core.xretain = xretain;
  core.release = core.xrelease = xrelease;
  core.clear = clear;
  core.type_name = type_name;
  core.slot_set = slot_set;
  subject.core = &core;
  subject.feature = feature;
  return &subject;
}
