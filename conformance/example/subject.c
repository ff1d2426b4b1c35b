/* SPDX-License-Identifier: MIT */
/*
 * subject.c - a whole subject, small enough to read: the start of your own.
 *
 *   1. Objects are blocks of the C library with a count in front; the last
 *      release finalizes, tells the host, and frees.
 *   2. It offers the core, refuses a part of it, and names its features.
 *
 * Invariant: the runtime counts every block but its own.
 */
#include <stdlib.h>
#include <string.h>

#include "pmm/features/finalizer.h"
#include "pmm/features/finalizer_alive.h"
#include "pmm/features/refcount.h"
#include "pmm/features/resurrection.h"
#include "pmm/subject.h"

enum kind { NONE, BOOL, INT, FLOAT, TYPE, INSTANCE };

struct pmm_obj {
  uint64_t refcount;
  enum kind kind;
  int finalized;
  int64_t value;             /* INT, BOOL; INSTANCE: its cookie             */
  double real;               /* FLOAT                                       */
  struct pmm_type_spec spec; /* TYPE                                        */
  pmm_obj *type;             /* INSTANCE: owned                             */
  pmm_obj *slots[16];        /* INSTANCE: owned                             */
};

struct pmm_rt {
  struct pmm_host host;
  uint64_t blocks;
  enum pmm_status error;
  const char *message;
};

/* None, False, True: no count ever ends them. */
static pmm_obj constants[] = {{UINT64_C(1) << 40, NONE, .value = 0},
                              {UINT64_C(1) << 40, BOOL, .value = 0},
                              {UINT64_C(1) << 40, BOOL, .value = 1}};

static void error_set(pmm_rt *rt, enum pmm_status s, const char *message) {
  rt->error = s;
  rt->message = message;
}
static enum pmm_status fail(pmm_rt *rt, enum pmm_status status) {
  error_set(rt, status, "");
  return status;
}
static void error_clear(pmm_rt *rt) { (void)fail(rt, PMM_OK); }
static enum pmm_status error(pmm_rt *rt) { return rt->error; }
static const char *error_message(pmm_rt *rt) { return rt->message; }
static int os_errno(pmm_rt *rt) { return 0; }

/* ---- references ---------------------------------------------------------- */

static void release(pmm_rt *rt, pmm_obj *o);
static void retain(pmm_rt *rt, pmm_obj *o) { o->refcount++; }
static void xretain(pmm_rt *rt, pmm_obj *o) { o ? retain(rt, o) : (void)0; }
static void xrelease(pmm_rt *rt, pmm_obj *o) { o ? release(rt, o) : (void)0; }
static void clear(pmm_rt *rt, pmm_obj **holder) {
  pmm_obj *o = *holder;
  *holder = NULL;
  xrelease(rt, o);
}
static uint64_t refcount(pmm_rt *rt, pmm_obj *o) { return o->refcount; }

static void tell(pmm_rt *rt, enum pmm_event_kind kind, int64_t cookie) {
  if (rt->host.event != NULL) {
    rt->host.event(rt->host.ctx, kind, cookie, 0);
  }
}

/* A copy of `object` on the heap, with one reference. */
static pmm_obj *make(pmm_rt *rt, pmm_obj object) {
  pmm_obj *o = malloc(sizeof *o);
  if (o == NULL) {
    return fail(rt, PMM_NO_MEMORY), NULL;
  }
  *o = object;
  o->refcount = 1;
  xretain(rt, o->type);
  rt->blocks++;
  return o;
}

static void release(pmm_rt *rt, pmm_obj *o) {
  if (o->refcount == 1 && o->kind == INSTANCE && !o->finalized &&
      o->type->spec.finalizer != NULL) { /* it is alive, and may stay so */
    o->finalized = 1;
    tell(rt, PMM_EVENT_FINALIZED, o->value);
    (void)o->type->spec.finalizer(o->type->spec.ctx, rt, o);
  }
  if (--o->refcount > 0) {
    return;
  }
  for (int i = 0; i < 16; i++) {
    xrelease(rt, o->slots[i]);
  }
  if (o->kind == INSTANCE) {
    tell(rt, PMM_EVENT_DEALLOCATED, o->value);
    release(rt, o->type);
  }
  rt->blocks--;
  free(o);
}

static enum pmm_status open_runtime(const struct pmm_open_config *config,
                                    pmm_rt **rt) {
  *rt = config->flags == 0 ? calloc(1, sizeof **rt) : NULL;
  if (*rt == NULL) {
    return config->flags == 0 ? PMM_NO_MEMORY : PMM_UNSUPPORTED;
  }
  (*rt)->message = "";
  (*rt)->host = config->host != NULL ? *config->host : (struct pmm_host){0};
  return PMM_OK;
}
static void close_runtime(pmm_rt *rt) { free(rt); }
static void memory(pmm_rt *rt, struct pmm_memory *out) {
  memset((char *)out + sizeof(size_t), 0xff, out->struct_size - sizeof(size_t));
  out->live_blocks = out->objects = rt->blocks; /* the rest is PMM_UNKNOWN */
}
static void nothing(pmm_rt *rt) {}

/* ---- objects ------------------------------------------------------------- */

static int same(pmm_rt *rt, pmm_obj *a, pmm_obj *b) { return a == b; }
static uintptr_t identity(pmm_rt *rt, pmm_obj *o) { return (uintptr_t)o; }
static const char *type_name(pmm_rt *rt, pmm_obj *o) {
  static const char *const names[] = {"none", "bool", "int", "float", "type"};
  return o->kind == INSTANCE ? o->type->spec.name : names[o->kind];
}
static pmm_obj *constant(int i) {
  return constants[i].refcount++, &constants[i];
}
static pmm_obj *none(pmm_rt *rt) { return constant(0); }
static pmm_obj *boolean(pmm_rt *rt, int yes) { return constant(yes ? 2 : 1); }
static pmm_obj *int_new(pmm_rt *rt, int64_t value) {
  return make(rt, (pmm_obj){.kind = INT, .value = value});
}
static enum pmm_status int_value(pmm_rt *rt, pmm_obj *o, int64_t *value) {
  *value = o->value;
  return o->kind == INT ? PMM_OK : fail(rt, PMM_TYPE);
}
static pmm_obj *float_new(pmm_rt *rt, double value) {
  return make(rt, (pmm_obj){.kind = FLOAT, .real = value});
}
static enum pmm_status float_value(pmm_rt *rt, pmm_obj *o, double *value) {
  *value = o->real;
  return o->kind == FLOAT ? PMM_OK : fail(rt, PMM_TYPE);
}
static pmm_obj *type_new(pmm_rt *rt, const struct pmm_type_spec *spec) {
  return make(rt, (pmm_obj){.kind = TYPE, .spec = *spec});
}
static pmm_obj *instance_new(pmm_rt *rt, pmm_obj *type, int64_t cookie) {
  return make(rt, (pmm_obj){.kind = INSTANCE, .value = cookie, .type = type});
}
static int64_t instance_cookie(pmm_rt *rt, pmm_obj *o) { return o->value; }
static pmm_obj *slot(pmm_rt *rt, pmm_obj *o, size_t i) { return o->slots[i]; }
static enum pmm_status slot_set(pmm_rt *rt, pmm_obj *o, size_t i, pmm_obj *v) {
  pmm_obj *old = o->slots[i];
  xretain(rt, v);
  o->slots[i] = v;
  xrelease(rt, old);
  return PMM_OK;
}
static int is_finalized(pmm_rt *rt, pmm_obj *o) { return o->finalized; }

/* Operations of the core that it refuses, each in the shape its type has. */
#define DENY(type, name, value, ...)                                          \
  static type name(pmm_rt *rt, __VA_ARGS__) {                                 \
    return fail(rt, PMM_UNSUPPORTED), value;                                  \
  }
DENY(pmm_obj *, no_parse, NULL, const char *text)
DENY(pmm_obj *, no_object, NULL, pmm_obj *o)
DENY(pmm_obj *, no_attr, NULL, pmm_obj *o, const char *name)
DENY(enum pmm_status, no_equals, rt->error, pmm_obj *a, pmm_obj *b, int *to)
DENY(enum pmm_status, no_hash, rt->error, pmm_obj *o, int64_t *hash)
DENY(enum pmm_status, no_length, rt->error, pmm_obj *o, size_t *length)
DENY(enum pmm_status, no_set, rt->error, pmm_obj *o, const char *s, pmm_obj *v)

static const struct pmm_core_ops core = {
    .struct_size = sizeof core, .open = open_runtime, .close = close_runtime,
    .retain = retain, .release = release, .xretain = xretain,
    .xrelease = xrelease, .clear = clear, .same = same, .identity = identity,
    .type_name = type_name, .error = error, .error_message = error_message,
    .error_clear = error_clear, .error_set = error_set, .os_errno = os_errno,
    .none = none, .boolean = boolean, .int_new = int_new,
    .int_parse = no_parse, .int_value = int_value, .float_new = float_new,
    .float_value = float_value, .equals = no_equals, .hash = no_hash,
    .repr = no_object, .length = no_length, .iter = no_object,
    .next = no_object, .type_new = type_new, .instance_new = instance_new,
    .instance_cookie = instance_cookie, .slot_get = slot,
    .slot_set = slot_set, .attr_get = no_attr, .attr_set = no_set,
    .memory = memory, .memory_reset_peak = nothing, .caches_flush = nothing};
static const struct pmm_refcount_ops counts = {
    .struct_size = sizeof counts, .refcount = refcount,
    .refcount_reported = refcount}; /* refcount_set: absent                  */
static const struct pmm_finalizer_ops told = {sizeof told};
static const struct pmm_finalizer_alive_ops alive = {sizeof alive};
static const struct pmm_resurrection_ops saved = {
    .struct_size = sizeof saved, .is_finalized = is_finalized};

static const void *feature(const char *name) {
  return strcmp(name, "refcount") == 0          ? (const void *)&counts
         : strcmp(name, "finalizer") == 0       ? (const void *)&told
         : strcmp(name, "finalizer_alive") == 0 ? (const void *)&alive
         : strcmp(name, "resurrection") == 0    ? (const void *)&saved
                                                : NULL;
}

static const char *const modes[] = {"off", NULL};
static const struct pmm_subject subject = {
    .abi_version = PMM_SUBJECT_ABI, .struct_size = sizeof subject,
    .name = "example", .version = "1", .build = "", .profile = "example",
    .modes = modes, .core = &core, .feature = feature};

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  return host_abi == PMM_SUBJECT_ABI ? &subject : NULL;
}
