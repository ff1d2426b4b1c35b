/* SPDX-License-Identifier: MIT */
/*
 * subject.c - a whole subject, small enough to read: the start of your own.
 *
 *   1. Objects are blocks of the C library with a count in front; the last
 *      release finalizes, tells the host, and frees.
 *   2. It offers the mandatory core and the features named at the end; what
 *      it cannot do it leaves out, and the suite says UNSUPPORTED.
 *
 * Invariant: memory.live_blocks counts every block but the runtime's own.
 */
#include <stdlib.h>
#include <string.h>

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
  struct pmm_memory memory;
  enum pmm_status error;
  const char *message;
  pmm_obj constants[3]; /* None, False, True: never freed                   */
};

static void tell(pmm_rt *rt, enum pmm_event_kind kind, int64_t cookie) {
  if (rt->host.event != NULL) {
    rt->host.event(rt->host.ctx, kind, cookie, 0);
  }
}

static void error_set(pmm_rt *rt, enum pmm_status s, const char *message) {
  rt->error = s;
  rt->message = message;
}

static enum pmm_status fail(pmm_rt *rt, enum pmm_status status) {
  error_set(rt, status, "");
  return status;
}

static pmm_obj *make(pmm_rt *rt, enum kind kind, int64_t value) {
  pmm_obj *o = calloc(1, sizeof *o);
  if (o == NULL) {
    (void)fail(rt, PMM_NO_MEMORY);
    return NULL;
  }
  *o = (pmm_obj){.refcount = 1, .kind = kind, .value = value};
  rt->memory.allocations++;
  rt->memory.requested_bytes += sizeof *o;
  rt->memory.objects = ++rt->memory.live_blocks;
  rt->memory.live_bytes += sizeof *o;
  return o;
}

/* ---- references ---------------------------------------------------------- */

static void release(pmm_rt *rt, pmm_obj *o);
static void retain(pmm_rt *rt, pmm_obj *o) { o->refcount++; }
static void xretain(pmm_rt *rt, pmm_obj *o) { o ? retain(rt, o) : (void)0; }
static void xrelease(pmm_rt *rt, pmm_obj *o) { o ? release(rt, o) : (void)0; }

/* 1 when the finalizer kept the object alive. */
static int finalize(pmm_rt *rt, pmm_obj *o) {
  pmm_fn finalizer = o->type->spec.finalizer;
  if (finalizer != NULL && !o->finalized) {
    o->finalized = 1;
    o->refcount = 1; /* alive while its finalizer runs */
    tell(rt, PMM_EVENT_FINALIZED, o->value);
    (void)finalizer(o->type->spec.ctx, rt, o);
    o->refcount--;
  }
  return o->refcount > 0;
}

static void release(pmm_rt *rt, pmm_obj *o) {
  if (--o->refcount > 0 || (o->kind == INSTANCE && finalize(rt, o))) {
    return;
  }
  if (o->kind == INSTANCE) {
    for (uint32_t i = 0; i < o->type->spec.slots; i++) {
      xrelease(rt, o->slots[i]);
    }
    tell(rt, PMM_EVENT_DEALLOCATED, o->value);
    release(rt, o->type);
  }
  rt->memory.frees++;
  rt->memory.objects = --rt->memory.live_blocks;
  rt->memory.live_bytes -= sizeof *o;
  free(o);
}

static void clear(pmm_rt *rt, pmm_obj **holder) {
  pmm_obj *o = *holder;
  *holder = NULL;
  xrelease(rt, o);
}

static uint64_t refcount(pmm_rt *rt, pmm_obj *o) { return o->refcount; }

/* ---- the runtime --------------------------------------------------------- */

static enum pmm_status open_runtime(const struct pmm_open_config *config,
                                    pmm_rt **rt) {
  *rt = config->flags != 0 ? NULL : calloc(1, sizeof **rt);
  if (*rt == NULL) {
    return config->flags != 0 ? PMM_UNSUPPORTED : PMM_NO_MEMORY;
  }
  (*rt)->message = "";
  (*rt)->host = config->host != NULL ? *config->host : (struct pmm_host){0};
  (*rt)->memory.peak_bytes = PMM_UNKNOWN; /* a figure it does not keep */
  for (int i = 0; i < 3; i++) {
    (*rt)->constants[i] = (pmm_obj){.refcount = UINT64_C(1) << 40,
                                    .kind = i == 0 ? NONE : BOOL,
                                    .value = i == 2};
  }
  return PMM_OK;
}
static void close_runtime(pmm_rt *rt) { free(rt); }
static void memory(pmm_rt *rt, struct pmm_memory *out) {
  size_t size = out->struct_size; /* the host's structure may be older */
  size = size < sizeof *out ? size : sizeof *out;
  memcpy(out, &rt->memory, size);
  out->struct_size = size;
}
static void nothing(pmm_rt *rt) {}
static enum pmm_status error(pmm_rt *rt) { return rt->error; }
static const char *error_message(pmm_rt *rt) { return rt->message; }
static void error_clear(pmm_rt *rt) { (void)fail(rt, PMM_OK); }
static int os_errno(pmm_rt *rt) { return 0; }

/* ---- objects ------------------------------------------------------------- */

static int same(pmm_rt *rt, pmm_obj *a, pmm_obj *b) { return a == b; }
static uintptr_t identity(pmm_rt *rt, pmm_obj *o) { return (uintptr_t)o; }
static const char *type_name(pmm_rt *rt, pmm_obj *o) {
  static const char *const names[] = {"none", "bool", "int", "float", "type"};
  return o->kind == INSTANCE ? o->type->spec.name : names[o->kind];
}
static pmm_obj *constant(pmm_rt *rt, int i) {
  rt->constants[i].refcount++;
  return &rt->constants[i];
}
static pmm_obj *none(pmm_rt *rt) { return constant(rt, 0); }
static pmm_obj *boolean(pmm_rt *rt, int b) { return constant(rt, 1 + !!b); }
static pmm_obj *int_new(pmm_rt *rt, int64_t v) { return make(rt, INT, v); }
static enum pmm_status int_value(pmm_rt *rt, pmm_obj *o, int64_t *value) {
  *value = o->value;
  return o->kind == INT ? PMM_OK : fail(rt, PMM_TYPE);
}
static pmm_obj *float_new(pmm_rt *rt, double value) {
  pmm_obj *o = make(rt, FLOAT, 0);
  return o != NULL ? o->real = value, o : NULL;
}
static enum pmm_status float_value(pmm_rt *rt, pmm_obj *o, double *value) {
  *value = o->real;
  return o->kind == FLOAT ? PMM_OK : fail(rt, PMM_TYPE);
}
static enum pmm_status equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b, int *equal) {
  *equal = a == b || (a->kind == INT && b->kind == INT && a->value == b->value);
  return PMM_OK;
}
static enum pmm_status hash(pmm_rt *rt, pmm_obj *o, int64_t *value) {
  *value = o->kind == INT ? o->value : (int64_t)(uintptr_t)o;
  return PMM_OK;
}
static pmm_obj *type_new(pmm_rt *rt, const struct pmm_type_spec *spec) {
  pmm_obj *o = make(rt, TYPE, 0);
  return o != NULL ? o->spec = *spec, o : NULL;
}
static pmm_obj *instance_new(pmm_rt *rt, pmm_obj *type, int64_t cookie) {
  pmm_obj *o = make(rt, INSTANCE, cookie);
  return o != NULL ? o->type = type, retain(rt, type), o : NULL;
}
static int64_t instance_cookie(pmm_rt *rt, pmm_obj *o) { return o->value; }
static pmm_obj *slot_get(pmm_rt *rt, pmm_obj *o, size_t i) {
  return o->slots[i];
}
static enum pmm_status slot_set(pmm_rt *rt, pmm_obj *o, size_t i,
                                pmm_obj *value) {
  pmm_obj *old = o->slots[i];
  xretain(rt, value);
  o->slots[i] = value;
  xrelease(rt, old);
  return PMM_OK;
}
static int is_finalized(pmm_rt *rt, pmm_obj *o) { return o->finalized; }

/* Operations of the core that it cannot do. */
static pmm_obj *no_parse(pmm_rt *rt, const char *text) {
  return fail(rt, PMM_UNSUPPORTED), NULL;
}
static pmm_obj *no_object(pmm_rt *rt, pmm_obj *o) {
  return fail(rt, PMM_TYPE), NULL;
}
static enum pmm_status no_length(pmm_rt *rt, pmm_obj *o, size_t *length) {
  return fail(rt, PMM_TYPE);
}
static pmm_obj *no_attr(pmm_rt *rt, pmm_obj *o, const char *name) {
  return fail(rt, PMM_KEY), NULL;
}
static enum pmm_status no_attr_set(pmm_rt *rt, pmm_obj *o, const char *name,
                                   pmm_obj *value) {
  return fail(rt, PMM_TYPE);
}
static enum pmm_status no_count(pmm_rt *rt, pmm_obj *o, uint64_t count) {
  return fail(rt, PMM_UNSUPPORTED);
}

static const struct pmm_ops ops = {
    open_runtime, close_runtime, retain, release, xretain, xrelease, clear,
    same, identity, type_name, error, error_message, error_clear, error_set,
    os_errno, none, boolean, int_new, no_parse, int_value, float_new,
    float_value, equals, hash, no_object, no_length, no_object, no_object,
    type_new, instance_new, instance_cookie, slot_get, slot_set, no_attr,
    no_attr_set, memory, nothing, nothing, .refcount = refcount,
    .refcount_reported = refcount, .refcount_set = no_count,
    .is_finalized = is_finalized};

static const char *const features[] = {"refcount", "finalizer", NULL};
static const char *const modes[] = {"off", NULL};

static const struct pmm_subject subject = {
    .abi_version = PMM_SUBJECT_ABI, .struct_size = sizeof subject,
    .ops_size = sizeof ops, .name = "example", .version = "1", .build = "",
    .profile = "example", .features = features, .modes = modes, .ops = &ops};

__attribute__((visibility("default"))) const struct pmm_subject *
pmm_subject_get(uint32_t host_abi);

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  return host_abi == PMM_SUBJECT_ABI ? &subject : NULL;
}
