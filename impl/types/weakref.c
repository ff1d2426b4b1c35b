/* SPDX-License-Identifier: MIT */
/* weakref.c - weak references and proxies; idea and source: weakref.h. */
#include "types/weakref.h"

#include "types/instance.h"
#include "types/types_state.h"

static struct pmmi_weakref *as_weakref(pmm_obj *o) {
  assert(pmmi_is_weakref(o));
  return (struct pmmi_weakref *)o;
}

/* The live plain reference of `type` to an object, or NULL. */
static struct pmmi_weakref *find_plain(pmm_obj *target,
                                       const struct pmmi_type *type) {
  assert(target->type->weak_offset != 0);
  struct pmmi_weakref *ref = *pmmi_weakref_list(target);
  while (ref != NULL && (ref->flags & PMMI_WEAKREF_PLAIN) != 0) {
    if (ref->base.type == type && pmmi_is_alive(&ref->base)) {
      return ref;
    }
    ref = ref->next;
  }
  return NULL;
}

/* ---- the types ---------------------------------------------------------- */

void pmmi_weakref_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
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
  assert(equal != NULL);
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
  assert(hash != NULL);
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
    .flags = PMMI_TYPE_GC | PMMI_TYPE_WEAK | PMMI_TYPE_OWN_COPY,
    .dealloc = pmmi_weakref_dealloc,
    .traverse = pmmi_weakref_traverse,
    .clear = pmmi_weakref_clear,
    .equals = weakref_equals,
    .hash = weakref_hash,
};

static pmm_obj *target_of_proxy(pmm_rt *rt, pmm_obj *proxy) {
  if (proxy->type != &pmmi_proxy_type) {
    return pmmi_fail_null(rt, PMM_TYPE, "not a proxy");
  }
  pmm_obj *target = pmmi_weakref_strong(rt, as_weakref(proxy));
  return target != NULL ? target
                        : pmmi_fail_null(rt, PMM_REFERENCE,
                                         "weakly-referenced object is dead");
}

static enum pmm_status proxy_length(pmm_rt *rt, pmm_obj *proxy,
                                    size_t *length) {
  assert(length != NULL);
  pmm_obj *target = target_of_proxy(rt, proxy);
  if (target == NULL) {
    return pmmi_error(rt);
  }
  enum pmm_status status = pmmi_length(rt, target, length);
  pmmi_release(rt, target);
  return status;
}

const struct pmmi_type pmmi_proxy_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "weakproxy",
    .basic_size = sizeof(struct pmmi_weakref),
    .flags = PMMI_TYPE_GC | PMMI_TYPE_WEAK,
    .dealloc = pmmi_weakref_dealloc,
    .traverse = pmmi_weakref_traverse,
    .clear = pmmi_weakref_clear,
    .hash = pmmi_hash_refuse,
    .length_through = proxy_length,
};

/* ---- making ------------------------------------------------------------- */

/* A reference in nobody's list. */
static struct pmmi_weakref *new_reference(pmm_rt *rt,
                                          const struct pmmi_type *type,
                                          pmm_obj *target) {
  assert((type->flags & PMMI_TYPE_WEAK) != 0);
  if (target->type->weak_offset == 0) {
    (void)pmmi_fail(rt, PMM_TYPE, "object accepts no weak references");
    return NULL;
  }
  return (struct pmmi_weakref *)pmmi_gc_new(rt, type, 0);
}

static pmm_obj *begin(pmm_rt *rt, struct pmmi_weakref *ref, pmm_obj *target) {
  assert(ref->target == NULL);
  pmmi_weakref_enter(ref, target);
  pmmi_gc_track(rt, &ref->base);
  return &ref->base;
}

static pmm_obj *plain_reference(pmm_rt *rt, const struct pmmi_type *type,
                                pmm_obj *target) {
  assert((type->flags & PMMI_TYPE_WEAK) != 0);
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
  if (type == &pmmi_proxy_type) {
    ref->flags |= PMMI_WEAKREF_PROXY;
  }
  return begin(rt, ref, target);
}

struct pmmi_weakref *pmmi_weakref_watch(pmm_rt *rt,
                                        const struct pmmi_type *type,
                                        pmm_obj *target, pmmi_weakref_act act,
                                        void *ctx) {
  assert(act != NULL);
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
