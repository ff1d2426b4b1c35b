/* SPDX-License-Identifier: MIT */
/* chunks.c - streaming in chunks; idea and invariant: chunks.h. */
#include "code/chunks.h"

#include "code/code_state.h"
#include "code/file.h"
#include "gc/gc.h"
#include "types/iter.h"
#include "types/list.h"

struct chunks {
  pmm_obj base;
  pmm_obj *source;  /* owned iterator or file; NULL once it is exhausted     */
  pmm_obj *filling; /* owned list, the next chunk as far as it came          */
  size_t size;      /* items or bytes of a chunk                             */
};

static pmm_obj *stop(pmm_rt *rt) { return pmmi_fail_null(rt, PMM_STOP, ""); }

/* ---- of items ------------------------------------------------------------ */

/* Room for one more item, by the rule of lists. */
static enum pmm_status make_room(pmm_rt *rt, struct pmmi_list *list) {
  assert(pmmi_is_list(&list->var.base));
  size_t n = list->var.length;
  if ((ptrdiff_t)n < list->capacity) {
    return PMM_OK;
  }
  enum pmm_status status = pmmi_list_resize(rt, list, n + 1);
  list->var.length = n;
  return status;
}

/* One more item into the chunk.  Room for it comes first, as what the source
 * gave could not be given back. */
static enum pmm_status take(pmm_rt *rt, pmm_obj *source,
                            struct pmmi_list *list) {
  assert(source->type->next != NULL);
  enum pmm_status status = make_room(rt, list);
  pmm_obj *item = status == PMM_OK ? pmmi_next(rt, source) : NULL;
  return item != NULL ? pmmi_list_append_steal(rt, list, item)
                      : pmmi_error(rt);
}

/* Fill the list until it is a chunk.  PMM_STOP: the source ended. */
static enum pmm_status fill(pmm_rt *rt, const struct chunks *c,
                            pmm_obj *source, pmm_obj *list) {
  assert(c->size > 0 && pmmi_is_list(list));
  enum pmm_status status = PMM_OK;
  struct pmmi_list *l = (struct pmmi_list *)list;
  while (status == PMM_OK && l->var.length < c->size) {
    status = take(rt, source, l);
  }
  return status;
}

/* The chunk being filled, taken out, so that code that the source runs and
 * that asks for the next one finds another. */
static pmm_obj *take_filling(pmm_rt *rt, struct chunks *c) {
  pmm_obj *list = c->filling;
  c->filling = NULL;
  return list != NULL ? list : pmmi_list_new(rt, 0);
}

/* What was filled is kept for the next call, unless that of somebody else
 * came in between and left its own. */
static void keep_filling(pmm_rt *rt, struct chunks *c, pmm_obj *list) {
  assert(pmmi_is_list(list));
  if (c->filling == NULL && ((struct pmmi_list *)list)->var.length > 0) {
    c->filling = list;
  } else {
    pmmi_release(rt, list);
  }
}

/* The same; a step of chunks over chunks is a step of both. */
static enum pmm_status fill_nested(pmm_rt *rt, const struct chunks *c,
                                   pmm_obj *source, pmm_obj *list) {
  enum pmm_status status = pmmi_recursion_enter(rt);
  if (status == PMM_OK) {
    status = fill(rt, c, source, list);
    pmmi_recursion_leave(rt);
  }
  return status;
}

/* The list, filled; steals it.  PMM_STOP where nothing came. */
static pmm_obj *fill_it(pmm_rt *rt, struct chunks *c, pmm_obj *source,
                        pmm_obj *list) {
  enum pmm_status status = fill_nested(rt, c, source, list);
  if (status == PMM_STOP) {
    pmmi_error_clear(rt);
    pmmi_clear(rt, &c->source);
    status = PMM_OK;
  }
  if (status != PMM_OK) {
    keep_filling(rt, c, list);
    return NULL;
  }
  if (((struct pmmi_list *)list)->var.length == 0) {
    pmmi_release(rt, list);
    return stop(rt);
  }
  return list;
}

/* Code that runs inside may run the same chunks to their end, so the source is
 * held from the start. */
static pmm_obj *chunks_next(pmm_rt *rt, pmm_obj *o) {
  assert(o->type == &pmmi_chunks_type);
  struct chunks *c = (struct chunks *)o;
  if (c->source == NULL) {
    return stop(rt);
  }
  pmm_obj *source = pmmi_new_reference(rt, c->source);
  pmm_obj *list = take_filling(rt, c);
  pmm_obj *chunk = list != NULL ? fill_it(rt, c, source, list) : NULL;
  pmmi_release(rt, source);
  return chunk;
}

/* ---- of a file ----------------------------------------------------------- */

static pmm_obj *file_chunks_next(pmm_rt *rt, pmm_obj *o) {
  assert(o->type == &pmmi_file_chunks_type);
  struct chunks *c = (struct chunks *)o;
  pmm_obj *bytes =
      c->source != NULL ? pmmi_file_read(rt, c->source, c->size) : stop(rt);
  if (bytes != NULL && ((const struct pmmi_var *)bytes)->length == 0) {
    pmmi_release(rt, bytes);
    pmmi_clear(rt, &c->source);
    return stop(rt);
  }
  return bytes;
}

/* ---- both ---------------------------------------------------------------- */

static int chunks_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(visit != NULL);
  const struct chunks *c = (const struct chunks *)o;
  int result = c->source != NULL ? visit(ctx, c->source) : 0;
  return result == 0 && c->filling != NULL ? visit(ctx, c->filling) : result;
}

static void chunks_clear(pmm_rt *rt, pmm_obj *o) {
  struct chunks *c = (struct chunks *)o;
  pmmi_clear(rt, &c->filling);
  pmmi_clear(rt, &c->source);
}

static void chunks_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  pmmi_gc_untrack(rt, o);
  chunks_clear(rt, o);
  pmmi_gc_free(rt, o);
}

#define CHUNKS_TYPE(name_text, next_function)                                 \
  {.base = {.refcnt = PMMI_IMMORTAL},                                         \
   .name = name_text,                                                         \
   .basic_size = sizeof(struct chunks),                                       \
   .flags = PMMI_TYPE_GC,                                                     \
   .dealloc = chunks_dealloc,                                                 \
   .traverse = chunks_traverse,                                               \
   .clear = chunks_clear,                                                     \
   .iter = pmmi_self_iter,                                                    \
   .next = next_function}

const struct pmmi_type pmmi_chunks_type = CHUNKS_TYPE("chunks", chunks_next);
const struct pmmi_type pmmi_file_chunks_type =
    CHUNKS_TYPE("file_chunks", file_chunks_next);

/* Steals `source`, which is NULL when there is an error. */
static pmm_obj *chunks_new(pmm_rt *rt, const struct pmmi_type *type,
                           pmm_obj *source, size_t size) {
  assert(size > 0);
  pmm_obj *o = source != NULL ? pmmi_gc_new(rt, type, 0) : NULL;
  if (o == NULL) {
    pmmi_xrelease(rt, source);
    return NULL;
  }
  ((struct chunks *)o)->source = source;
  ((struct chunks *)o)->size = size;
  pmmi_gc_track(rt, o);
  return o;
}

pmm_obj *pmmi_chunks(pmm_rt *rt, pmm_obj *iterable, size_t size) {
  if (size == 0) {
    return pmmi_fail_null(rt, PMM_VALUE, "a chunk has at least one item");
  }
  return chunks_new(rt, &pmmi_chunks_type, pmmi_iter(rt, iterable), size);
}

pmm_obj *pmmi_file_chunks(pmm_rt *rt, pmm_obj *file, size_t size) {
  if (file->type != &pmmi_file_type) {
    return pmmi_fail_null(rt, PMM_TYPE, "not a file");
  }
  if (size == 0) {
    return pmmi_fail_null(rt, PMM_VALUE, "a chunk has at least one byte");
  }
  return chunks_new(rt, &pmmi_file_chunks_type, pmmi_new_reference(rt, file),
                    size);
}
