/* SPDX-License-Identifier: MIT */
/* weakref.c - weak references and proxies; idea and source: weakref.h. */
#include "types/weakref.h"

#include "gc/mark.h"
#include "runtime/runtime.h"
#include "types/instance.h"

static struct pmmi_weakref *as_weakref(pmm_obj *o) {
  assert(pmmi_is_weakref(o));
  return (struct pmmi_weakref *)o;
}

int pmmi_is_weakref(const pmm_obj *o) {
  return o->type->dealloc == pmmi_weakref_dealloc;
}

static int has_callback(const struct pmmi_weakref *ref) {
  return ref->callable != NULL || ref->fn != NULL || ref->act != NULL;
}

/* ---- the list of a target ----------------------------------------------- */

/* The live plain reference of `type` to an object, or NULL. */
static struct pmmi_weakref *find_plain(pmm_obj *target,
                                       const struct pmmi_type *type) {
  struct pmmi_weakref *ref = *pmmi_weakref_list(target);
  while (ref != NULL && (ref->flags & PMMI_WEAKREF_PLAIN) != 0) {
    if (ref->base.type == type && pmmi_is_alive(&ref->base)) {
      return ref;
    }
    ref = ref->next;
  }
  return NULL;
}

/* Plain references before plain proxies before those with a callback, and
 * among equals the newest first. */
static int rank(const struct pmmi_weakref *ref) {
  if ((ref->flags & PMMI_WEAKREF_PLAIN) == 0) {
    return 2;
  }
  return ref->base.type == &pmmi_proxy_type;
}

static void enter_list(struct pmmi_weakref *ref, pmm_obj *target) {
  struct pmmi_weakref **link = pmmi_weakref_list(target);
  struct pmmi_weakref *previous = NULL;
  while (*link != NULL && rank(*link) < rank(ref)) {
    previous = *link;
    link = &previous->next;
  }
  ref->target = target;
  ref->previous = previous;
  ref->next = *link;
  if (ref->next != NULL) {
    ref->next->previous = ref;
  }
  *link = ref;
}

void pmmi_weakref_leave(struct pmmi_weakref *ref) {
  if (ref->target == NULL) {
    return;
  }
  if (ref->previous != NULL) {
    ref->previous->next = ref->next;
  } else {
    *pmmi_weakref_list(ref->target) = ref->next;
  }
  if (ref->next != NULL) {
    ref->next->previous = ref->previous;
  }
  ref->target = NULL;
  ref->previous = NULL;
  ref->next = NULL;
}

const char *pmmi_weakref_check(pmm_obj *o) {
  struct pmmi_weakref *previous = NULL;
  struct pmmi_weakref *ref = *pmmi_weakref_list(o);
  for (; ref != NULL; previous = ref, ref = ref->next) {
    if (ref->target != o) {
      return "a weak reference is in the list of another object";
    }
    if (ref->previous != previous) {
      return "a list of weak references is broken";
    }
    if (previous != NULL && rank(previous) > rank(ref)) {
      return "a list of weak references is out of order";
    }
  }
  return NULL;
}

/* ---- death -------------------------------------------------------------- */

void pmmi_weakref_calls_init(struct pmmi_weakref_calls *calls) {
  calls->first = NULL;
  calls->end = &calls->first;
}

/* A reference that is dying, or is garbage itself, is not called. */
static void clear_references(pmm_rt *rt, pmm_obj *o,
                             struct pmmi_weakref_calls *calls) {
  struct pmmi_weakref *ref;
  while ((ref = *pmmi_weakref_list(o)) != NULL) {
    pmmi_weakref_leave(ref);
    if (has_callback(ref) && pmmi_is_alive(&ref->base) &&
        !pmmi_gc_is_candidate(&rt->gc, &ref->base)) {
      pmmi_retain(rt, &ref->base);
      *calls->end = ref;
      calls->end = &ref->next;
    }
  }
}

static void call_host(pmm_rt *rt, struct pmmi_weakref *ref) {
  pmm_fn fn = ref->fn;
  ref->fn = NULL;
  pmmi_event(rt, PMM_EVENT_CALLBACK, ref->cookie, 0);
  pmmi_status_take(rt, fn(ref->ctx, rt, &ref->base));
}

static void call_object(pmm_rt *rt, struct pmmi_weakref *ref) {
  pmm_obj *callable = ref->callable;
  pmm_obj *argument = &ref->base;
  ref->callable = NULL;
  pmmi_xrelease(rt, callable->type->call(rt, callable, &argument, 1));
  pmmi_release(rt, callable);
}

static void call_reference(pmm_rt *rt, struct pmmi_weakref *ref) {
  if (ref->act != NULL) {
    pmmi_weakref_act act = ref->act;
    ref->act = NULL;
    act(rt, ref);
  } else if (ref->fn != NULL) {
    call_host(rt, ref);
  } else if (ref->callable != NULL) {
    call_object(rt, ref);
  }
  pmmi_error_unraisable(rt);
}

void pmmi_weakref_calls_run(pmm_rt *rt, struct pmmi_weakref_calls *calls) {
  struct pmmi_error saved;
  if (calls->first == NULL) {
    return;
  }
  pmmi_error_save(rt, &saved);
  while (calls->first != NULL) {
    struct pmmi_weakref *ref = calls->first;
    calls->first = ref->next;
    ref->next = NULL;
    call_reference(rt, ref);
    pmmi_release(rt, &ref->base);
  }
  calls->end = &calls->first;
  pmmi_error_restore(rt, &saved);
}

void pmmi_weakref_clear_dying(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_weakref_calls calls;
  pmmi_weakref_calls_init(&calls);
  clear_references(rt, o, &calls);
  pmmi_weakref_calls_run(rt, &calls);
}

void pmmi_weakref_clear_garbage(pmm_rt *rt, pmm_obj *o,
                                struct pmmi_weakref_calls *calls) {
  if (pmmi_is_weakref(o)) {
    pmmi_weakref_leave(as_weakref(o));
  }
  if (o->type->weak_offset != 0) {
    clear_references(rt, o, calls);
  }
}

/* ---- the types ---------------------------------------------------------- */

void pmmi_weakref_dealloc(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_weakref *ref = as_weakref(o);
  pmmi_gc_untrack(rt, o);
  pmmi_weakref_leave(ref);
  pmmi_clear(rt, &ref->callable);
  pmmi_gc_free(rt, o);
}

int pmmi_weakref_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  struct pmmi_weakref *ref = as_weakref(o);
  return ref->callable != NULL ? visit(ctx, ref->callable) : 0;
}

void pmmi_weakref_clear(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_weakref *ref = as_weakref(o);
  pmmi_weakref_leave(ref);
  pmmi_clear(rt, &ref->callable);
}

/* Live references are equal when their targets are; a dead one is equal to
 * itself alone, which pmmi_equals() has seen already. */
static enum pmm_status weakref_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                      int *equal) {
  pmm_obj *x = pmmi_weakref_strong(rt, as_weakref(a));
  pmm_obj *y = pmmi_weakref_strong(rt, as_weakref(b));
  enum pmm_status status = PMM_OK;
  *equal = 0;
  if (x != NULL && y != NULL) {
    status = pmmi_equals(rt, x, y, equal);
  }
  pmmi_xrelease(rt, x);
  pmmi_xrelease(rt, y);
  return status;
}

static enum pmm_status weakref_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  struct pmmi_weakref *ref = as_weakref(o);
  if ((ref->flags & PMMI_WEAKREF_HASHED) == 0) {
    pmm_obj *target = pmmi_weakref_strong(rt, ref);
    if (target == NULL) {
      return pmmi_fail(rt, PMM_TYPE, "weak reference to a dead object");
    }
    enum pmm_status status = pmmi_hash(rt, target, &ref->hash);
    pmmi_release(rt, target);
    if (status != PMM_OK) {
      return status;
    }
    ref->flags |= PMMI_WEAKREF_HASHED;
  }
  *hash = ref->hash;
  return PMM_OK;
}

const struct pmmi_type pmmi_weakref_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "weakref",
    .basic_size = sizeof(struct pmmi_weakref),
    .flags = PMMI_TYPE_GC | PMMI_TYPE_OWN_COPY,
    .dealloc = pmmi_weakref_dealloc,
    .traverse = pmmi_weakref_traverse,
    .clear = pmmi_weakref_clear,
    .equals = weakref_equals,
    .hash = weakref_hash,
};

const struct pmmi_type pmmi_proxy_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "weakproxy",
    .basic_size = sizeof(struct pmmi_weakref),
    .flags = PMMI_TYPE_GC,
    .dealloc = pmmi_weakref_dealloc,
    .traverse = pmmi_weakref_traverse,
    .clear = pmmi_weakref_clear,
    .hash = pmmi_hash_refuse,
};

/* ---- making ------------------------------------------------------------- */

/* A reference in nobody's list. */
static struct pmmi_weakref *new_reference(pmm_rt *rt,
                                          const struct pmmi_type *type,
                                          pmm_obj *target) {
  if (target->type->weak_offset == 0) {
    (void)pmmi_fail(rt, PMM_TYPE, "object accepts no weak references");
    return NULL;
  }
  return (struct pmmi_weakref *)pmmi_gc_new(rt, type, 0);
}

static pmm_obj *begin(pmm_rt *rt, struct pmmi_weakref *ref, pmm_obj *target) {
  enter_list(ref, target);
  pmmi_gc_track(rt, &ref->base);
  return &ref->base;
}

static pmm_obj *plain_reference(pmm_rt *rt, const struct pmmi_type *type,
                                pmm_obj *target) {
  struct pmmi_weakref *ref =
      target->type->weak_offset != 0 ? find_plain(target, type) : NULL;
  if (ref != NULL) {
    return pmmi_new_reference(rt, &ref->base);
  }
  ref = new_reference(rt, type, target);
  if (ref == NULL) {
    return NULL;
  }
  /* Making it may have collected, and so run code that made another. */
  struct pmmi_weakref *other = find_plain(target, type);
  if (other != NULL) {
    pmmi_retain(rt, &other->base);
    pmmi_release(rt, &ref->base);
    return &other->base;
  }
  ref->flags = PMMI_WEAKREF_PLAIN;
  return begin(rt, ref, target);
}

struct pmmi_weakref *pmmi_weakref_watch(pmm_rt *rt,
                                        const struct pmmi_type *type,
                                        pmm_obj *target, pmmi_weakref_act act,
                                        void *ctx) {
  struct pmmi_weakref *ref = new_reference(rt, type, target);
  if (ref != NULL) {
    ref->act = act;
    ref->ctx = ctx;
    (void)begin(rt, ref, target);
  }
  return ref;
}

pmm_obj *pmmi_weakref_new(pmm_rt *rt, pmm_obj *target, pmm_fn callback,
                          void *ctx, int64_t cookie) {
  if (callback == NULL) {
    return plain_reference(rt, &pmmi_weakref_type, target);
  }
  struct pmmi_weakref *ref = new_reference(rt, &pmmi_weakref_type, target);
  if (ref == NULL) {
    return NULL;
  }
  ref->fn = callback;
  ref->ctx = ctx;
  ref->cookie = cookie;
  return begin(rt, ref, target);
}

pmm_obj *pmmi_weakref_with(pmm_rt *rt, pmm_obj *target, pmm_obj *callable) {
  if (callable->type->call == NULL) {
    return pmmi_fail_null(rt, PMM_TYPE, "a callback must be callable");
  }
  struct pmmi_weakref *ref = new_reference(rt, &pmmi_weakref_type, target);
  if (ref == NULL) {
    return NULL;
  }
  ref->callable = pmmi_new_reference(rt, callable);
  return begin(rt, ref, target);
}

/* ---- reading ------------------------------------------------------------ */

pmm_obj *pmmi_weakref_get(pmm_rt *rt, pmm_obj *weakref) {
  if (!pmmi_is_weakref(weakref)) {
    return pmmi_fail_null(rt, PMM_TYPE, "not a weak reference");
  }
  return pmmi_weakref_strong(rt, as_weakref(weakref));
}

size_t pmmi_weakref_count(pmm_rt *rt, pmm_obj *target) {
  (void)rt;
  size_t count = 0;
  if (target->type->weak_offset == 0) {
    return 0;
  }
  const struct pmmi_weakref *ref = *pmmi_weakref_list(target);
  for (; ref != NULL; ref = ref->next) {
    count += pmmi_is_alive(&ref->base) ? 1 : 0;
  }
  return count;
}

pmm_obj *pmmi_proxy_new(pmm_rt *rt, pmm_obj *target) {
  return plain_reference(rt, &pmmi_proxy_type, target);
}

static pmm_obj *target_of_proxy(pmm_rt *rt, pmm_obj *proxy) {
  if (proxy->type != &pmmi_proxy_type) {
    return pmmi_fail_null(rt, PMM_TYPE, "not a proxy");
  }
  pmm_obj *target = pmmi_weakref_strong(rt, as_weakref(proxy));
  return target != NULL ? target
                        : pmmi_fail_null(rt, PMM_REFERENCE,
                                         "weakly-referenced object is dead");
}

enum pmm_status pmmi_proxy_length(pmm_rt *rt, pmm_obj *proxy,
                                  size_t *length) {
  pmm_obj *target = target_of_proxy(rt, proxy);
  if (target == NULL) {
    return pmmi_error(rt);
  }
  enum pmm_status status = pmmi_length(rt, target, length);
  pmmi_release(rt, target);
  return status;
}

pmm_obj *pmmi_proxy_slot(pmm_rt *rt, pmm_obj *proxy, size_t index) {
  pmm_obj *target = target_of_proxy(rt, proxy);
  if (target == NULL) {
    return NULL;
  }
  pmm_obj *item = pmmi_slot_get(rt, target, index);
  pmmi_xretain(rt, item);
  pmmi_release(rt, target);
  return item;
}
