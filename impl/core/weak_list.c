/* SPDX-License-Identifier: MIT */
/* weak_list.c - lists of weak references; idea and source: weak_list.h. */
#include "core/weak_list.h"

#include "core/core_state.h"

static int has_callback(const struct pmmi_weakref *ref) {
  return ref->callable != NULL || ref->fn != NULL || ref->act != NULL;
}

/* ---- the list of a target ----------------------------------------------- */

/* Plain references before plain proxies before those with a callback, and
 * among equals the newest first. */
static int rank(const struct pmmi_weakref *ref) {
  assert(pmmi_is_weakref(&ref->base));
  if ((ref->flags & PMMI_WEAKREF_PLAIN) == 0) {
    return 2;
  }
  return (ref->flags & PMMI_WEAKREF_PROXY) != 0;
}

void pmmi_weakref_enter(struct pmmi_weakref *ref, pmm_obj *target) {
  assert(ref->target == NULL && ref->next == NULL && ref->previous == NULL);
  assert(pmmi_is_weakref(&ref->base) && target->type->weak_offset != 0);
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
  assert(ref->previous == NULL);
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
  assert(calls != NULL);
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
        !pmmi_gc_is_candidate(pmmi_tracked_of(rt), &ref->base)) {
      pmmi_retain(rt, &ref->base);
      *calls->end = ref;
      calls->end = &ref->next;
    }
  }
}

static void call_host(pmm_rt *rt, struct pmmi_weakref *ref) {
  assert(ref->target == NULL && ref->fn != NULL);
  pmm_fn fn = ref->fn;
  ref->fn = NULL;
  pmmi_event(rt, PMM_EVENT_CALLBACK, ref->cookie, 0);
  pmmi_status_take(rt, fn(ref->ctx, rt, &ref->base));
}

static void call_object(pmm_rt *rt, struct pmmi_weakref *ref) {
  assert(ref->target == NULL && ref->callable->type->call != NULL);
  pmm_obj *callable = ref->callable;
  pmm_obj *argument = &ref->base;
  ref->callable = NULL;
  pmmi_xrelease(rt, callable->type->call(rt, callable, &argument, 1));
  pmmi_release(rt, callable);
}

static void call_reference(pmm_rt *rt, struct pmmi_weakref *ref) {
  assert(pmmi_is_alive(&ref->base));
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
  assert(o->type->weak_offset != 0 && !pmmi_is_alive(o));
  struct pmmi_weakref_calls calls;
  pmmi_weakref_calls_init(&calls);
  clear_references(rt, o, &calls);
  pmmi_weakref_calls_run(rt, &calls);
}

void pmmi_weakref_clear_garbage(pmm_rt *rt, pmm_obj *o,
                                struct pmmi_weakref_calls *calls) {
  assert(pmmi_gc_is_candidate(pmmi_tracked_of(rt), o));
  if (pmmi_is_weakref(o)) {
    pmmi_weakref_leave((struct pmmi_weakref *)o);
  }
  if (o->type->weak_offset != 0) {
    clear_references(rt, o, calls);
  }
}
