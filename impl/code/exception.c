/* SPDX-License-Identifier: MIT */
/* exception.c - exceptions and frames that outlive; idea: exception.h. */
#include "code/exception.h"

#include "code/code_state.h"
#include "gc/gc.h"
#include "types/list.h"

static struct pmmi_exception *as_exception(pmm_obj *o) {
  assert(o->type == &pmmi_exception_type);
  return (struct pmmi_exception *)(void *)o;
}

static struct pmmi_kept_frame *as_kept(pmm_obj *o) {
  assert(o->type == &pmmi_frame_type);
  return (struct pmmi_kept_frame *)(void *)o;
}

/* ---- exceptions --------------------------------------------------------- */

static void exception_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  pmm_obj *frames = as_exception(o)->frames;
  pmmi_gc_free(rt, o);
  pmmi_release(rt, frames);
}

/** No clear: every cycle goes through the list, which has one. */
static int exception_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(as_exception(o)->frames != NULL);
  return visit(ctx, as_exception(o)->frames);
}

const struct pmmi_type pmmi_exception_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "exception",
    .basic_size = sizeof(struct pmmi_exception),
    .flags = PMMI_TYPE_GC,
    .weak_offset = offsetof(struct pmmi_exception, weak),
    .dealloc = exception_dealloc,
    .traverse = exception_traverse,
};

static pmm_obj *exception_new(pmm_rt *rt) {
  pmm_obj *frames = pmmi_list_new(rt, 0);
  if (frames == NULL) {
    return NULL;
  }
  pmm_obj *o = pmmi_gc_new(rt, &pmmi_exception_type, 0);
  if (o == NULL) {
    pmmi_release(rt, frames);
    return NULL;
  }
  as_exception(o)->frames = frames;
  pmmi_gc_track(rt, o);
  return o;
}

/* ---- frame objects ------------------------------------------------------ */

static void frame_clear(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_kept_frame *kept = as_kept(o);
  for (size_t i = 0; i < kept->base.length; i++) {
    pmmi_clear(rt, &kept->locals[i]);
  }
}

static void frame_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  frame_clear(rt, o);
  pmmi_gc_free(rt, o);
}

static int frame_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(visit != NULL);
  struct pmmi_kept_frame *kept = as_kept(o);
  int result = 0;
  for (size_t i = 0; result == 0 && i < kept->base.length; i++) {
    result = kept->locals[i] != NULL ? visit(ctx, kept->locals[i]) : 0;
  }
  return result;
}

const struct pmmi_type pmmi_frame_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "frame",
    .basic_size = sizeof(struct pmmi_kept_frame),
    .item_size = sizeof(pmm_obj *),
    .flags = PMMI_TYPE_GC,
    .dealloc = frame_dealloc,
    .traverse = frame_traverse,
    .clear = frame_clear,
};

/** The frame's object, borrowed from it.  NULL: PMM_NO_MEMORY. */
static pmm_obj *object_of(pmm_rt *rt, struct pmmi_frame *frame) {
  assert(frame->code->binds);
  pmm_obj **object = pmmi_frame_object(frame);
  if (*object == NULL) {
    *object = pmmi_gc_new(rt, &pmmi_frame_type, frame->code->locals);
    if (*object != NULL) {
      pmmi_gc_track(rt, *object);
    }
  }
  return *object;
}

enum pmm_status pmmi_exception_bind(pmm_rt *rt, struct pmmi_frame *frame,
                                    struct pmmi_error *error) {
  assert(error->status != PMM_OK);
  pmm_obj *object = object_of(rt, frame);
  if (object != NULL && error->value == NULL) {
    error->value = exception_new(rt);
  }
  if (object == NULL || error->value == NULL) {
    return PMM_NO_MEMORY;
  }
  return pmmi_list_append(rt, as_exception(error->value)->frames, object);
}

void pmmi_frame_hand_over(pmm_rt *rt, struct pmmi_frame *frame) {
  pmm_obj *object = *pmmi_frame_object(frame);
  if (object == NULL) {
    return;
  }
  *pmmi_frame_object(frame) = NULL;
  if (object->refcnt > 1) {
    pmm_obj **locals = pmmi_frame_locals(frame);
    for (uint32_t i = 0; i < frame->code->locals; i++) {
      as_kept(object)->locals[i] = locals[i];
      locals[i] = NULL;
    }
  }
  pmmi_release(rt, object);
}
