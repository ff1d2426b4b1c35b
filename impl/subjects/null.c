/* SPDX-License-Identifier: MIT */
/*
 * null.c - the null subject: a runtime that does no work.
 *
 * It prices the harness: what a workload or a benchmark costs on it is what
 * the measuring itself costs.  So it offers the mandatory core and nothing
 * else, and says about each object only what it can keep:
 *
 *   1. Objects lie in a ring, so a handle is valid until RING more objects
 *      have been made.  Types are kept apart, and for good.
 *   2. Counts are not kept: retain and release do nothing, nothing dies, no
 *      finalizer runs, no event comes.
 *   3. What would need more is refused with PMM_UNSUPPORTED.
 *
 * It is no runtime to be checked, and its cases fail where they ask for an
 * object's death; it is a bound to be measured.
 */
#include "subjects/null.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pmm/ops.h"


/** Objects of each kind that are kept at once. */
#define RING 4096

/** Types that can be made. */
#define TYPES 64

/** Slots of an instance (struct pmm_type_spec). */
#define SLOTS 16

enum kind { NONE, BOOLEAN, INTEGER, FLOATING, TYPE, INSTANCE };

struct pmm_obj {
  enum kind kind;
  uint32_t slot_count;     /* of a type, or of an instance's type           */
  int64_t integer;         /* value, or an instance's cookie                */
  double floating;
  pmm_obj *slots[SLOTS];   /* of an instance; borrowed                      */
};

struct pmm_rt {
  pmm_obj none;
  pmm_obj truths[2];
  uint64_t made;           /* objects handed out                            */
  enum pmm_status status;  /* pending error                                 */
  const char *message;
  size_t type_count;
  pmm_obj types[TYPES];
  pmm_obj ring[RING];
};

/* ---- life and errors ---------------------------------------------------- */

static enum pmm_status null_open(const struct pmm_open_config *config,
                                 pmm_rt **rt) {
  assert(config != NULL && rt != NULL);
  *rt = NULL;
  if (config->backend != NULL || config->flags != 0) {
    return PMM_UNSUPPORTED;
  }
  if (config->mode != NULL && strcmp(config->mode, "none") != 0) {
    return PMM_VALUE;
  }
  pmm_rt *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return PMM_NO_MEMORY;
  }
  made->none.kind = NONE;
  for (int truth = 0; truth < 2; truth++) {
    made->truths[truth].kind = BOOLEAN;
    made->truths[truth].integer = truth;
  }
  *rt = made;
  return PMM_OK;
}

static void null_close(pmm_rt *rt) { free(rt); }

static enum pmm_status null_error(pmm_rt *rt) { return rt->status; }

static const char *null_error_message(pmm_rt *rt) {
  return rt->status != PMM_OK ? rt->message : "";
}

static void null_error_set(pmm_rt *rt, enum pmm_status status,
                           const char *message) {
  rt->status = status;
  rt->message = message != NULL ? message : "";
}

static void null_error_clear(pmm_rt *rt) { rt->status = PMM_OK; }

static int null_os_errno(pmm_rt *rt) {
  (void)rt;
  return 0;
}

static enum pmm_status refuse(pmm_rt *rt, enum pmm_status status) {
  null_error_set(rt, status, "the null subject does no work");
  return status;
}

static pmm_obj *refuse_null(pmm_rt *rt) {
  refuse(rt, PMM_UNSUPPORTED);
  return NULL;
}

/* ---- references: none are kept ------------------------------------------ */

static void null_keep(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  (void)o;
}

static void null_clear(pmm_rt *rt, pmm_obj **holder) {
  assert(holder != NULL);
  (void)rt;
  *holder = NULL;
}

static int null_same(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  (void)rt;
  return a == b;
}

static uintptr_t null_identity(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return (uintptr_t)o;
}

static const char *null_type_name(pmm_rt *rt, pmm_obj *o) {
  assert(o->kind <= INSTANCE);
  static const char *const names[] = {"NoneType", "bool", "int",
                                      "float",    "type", "instance"};
  (void)rt;
  return names[o->kind];
}

/* ---- values ------------------------------------------------------------- */

static pmm_obj *make(pmm_rt *rt, enum kind kind) {
  assert(kind >= INTEGER && kind <= INSTANCE);
  pmm_obj *o = &rt->ring[rt->made++ % RING];
  o->kind = kind;
  return o;
}

static pmm_obj *null_none(pmm_rt *rt) { return &rt->none; }

static pmm_obj *null_boolean(pmm_rt *rt, int truth) {
  return &rt->truths[truth != 0];
}

static pmm_obj *null_int_new(pmm_rt *rt, int64_t value) {
  pmm_obj *o = make(rt, INTEGER);
  o->integer = value;
  return o;
}

static pmm_obj *null_int_parse(pmm_rt *rt, const char *text) {
  assert(text != NULL);
  char *end = NULL;
  long long value = strtoll(text, &end, 10);
  if (end == text || *end != '\0') {
    refuse(rt, PMM_VALUE);
    return NULL;
  }
  return null_int_new(rt, value);
}

static enum pmm_status null_int_value(pmm_rt *rt, pmm_obj *o, int64_t *value) {
  assert(value != NULL);
  if (o->kind != INTEGER && o->kind != BOOLEAN) {
    return refuse(rt, PMM_TYPE);
  }
  *value = o->integer;
  return PMM_OK;
}

static pmm_obj *null_float_new(pmm_rt *rt, double value) {
  pmm_obj *o = make(rt, FLOATING);
  o->floating = value;
  return o;
}

static enum pmm_status null_float_value(pmm_rt *rt, pmm_obj *o,
                                        double *value) {
  assert(value != NULL);
  if (o->kind != FLOATING) {
    return refuse(rt, PMM_TYPE);
  }
  *value = o->floating;
  return PMM_OK;
}

static enum pmm_status null_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                   int *equal) {
  assert(equal != NULL);
  (void)rt;
  int numbers = a->kind == b->kind && (a->kind == INTEGER);
  *equal = a == b || (numbers && a->integer == b->integer) ||
           (a->kind == FLOATING && b->kind == FLOATING &&
            a->floating == b->floating);
  return PMM_OK;
}

static enum pmm_status null_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  assert(hash != NULL);
  (void)rt;
  *hash = o->kind == INTEGER ? o->integer : (int64_t)(intptr_t)o;
  return PMM_OK;
}

static pmm_obj *null_repr(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  return refuse_null(rt);
}

static enum pmm_status null_length(pmm_rt *rt, pmm_obj *o, size_t *length) {
  assert(length != NULL);
  (void)o;
  *length = 0;
  return refuse(rt, PMM_TYPE);
}

static pmm_obj *null_iter(pmm_rt *rt, pmm_obj *o) {
  (void)o;
  return refuse_null(rt);
}

/* ---- instances ---------------------------------------------------------- */

static pmm_obj *null_type_new(pmm_rt *rt, const struct pmm_type_spec *spec) {
  assert(spec != NULL && rt->type_count <= TYPES);
  if (spec->slots > SLOTS) {
    refuse(rt, PMM_VALUE);
    return NULL;
  }
  if (rt->type_count == TYPES) {
    refuse(rt, PMM_NO_MEMORY);
    return NULL;
  }
  pmm_obj *o = &rt->types[rt->type_count++];
  o->kind = TYPE;
  o->slot_count = spec->slots;
  return o;
}

static pmm_obj *null_instance_new(pmm_rt *rt, pmm_obj *type, int64_t cookie) {
  assert(type->kind == TYPE);
  pmm_obj *o = make(rt, INSTANCE);
  o->integer = cookie;
  o->slot_count = type->slot_count;
  memset(o->slots, 0, sizeof o->slots);
  return o;
}

static int64_t null_instance_cookie(pmm_rt *rt, pmm_obj *o) {
  assert(o->kind == INSTANCE);
  (void)rt;
  return o->integer;
}

static pmm_obj *null_slot_get(pmm_rt *rt, pmm_obj *o, size_t index) {
  if (o->kind != INSTANCE || index >= o->slot_count) {
    refuse(rt, PMM_INDEX);
    return NULL;
  }
  return o->slots[index];
}

static enum pmm_status null_slot_set(pmm_rt *rt, pmm_obj *o, size_t index,
                                     pmm_obj *value) {
  if (o->kind != INSTANCE || index >= o->slot_count) {
    return refuse(rt, PMM_INDEX);
  }
  o->slots[index] = value;
  return PMM_OK;
}

static pmm_obj *null_attr_get(pmm_rt *rt, pmm_obj *o, const char *name) {
  (void)o;
  (void)name;
  return refuse_null(rt);
}

static enum pmm_status null_attr_set(pmm_rt *rt, pmm_obj *o, const char *name,
                                     pmm_obj *value) {
  (void)o;
  (void)name;
  (void)value;
  return refuse(rt, PMM_UNSUPPORTED);
}

/* ---- figures ------------------------------------------------------------ */

/** It keeps no books, so every figure is unknown. */
static void null_memory(pmm_rt *rt, struct pmm_memory *out) {
  assert(out != NULL);
  (void)rt;
  size_t size = out->struct_size < sizeof *out ? out->struct_size : sizeof *out;
  size_t kept = sizeof out->struct_size;
  if (size > kept) {
    memset((char *)out + kept, 0xff, size - kept); /* PMM_UNKNOWN */
  }
}

static void null_nothing(pmm_rt *rt) { (void)rt; }

/* References, and what is the same of several operations. */
#define null_retain null_keep
#define null_release null_keep
#define null_xretain null_keep
#define null_xrelease null_keep
#define null_next null_iter
#define null_memory_reset_peak null_nothing
#define null_caches_flush null_nothing

static const struct pmm_core_ops null_core = PMM_TABLE_core(null_);

static const void *null_feature(const char *name) {
  (void)name;
  return NULL;
}

static const char *const null_modes[] = {"none", NULL};

const struct pmm_subject pmmi_subject_null = {
    .abi_version = PMM_SUBJECT_ABI,
    .struct_size = sizeof(struct pmm_subject),
    .name = "null",
    .version = PMM_VERSION,
    .build = "does no work: measures the harness",
    .profile = "null",
    .modes = null_modes,
    .takes_backend = 0,
    .core = &null_core,
    .feature = null_feature,
};
