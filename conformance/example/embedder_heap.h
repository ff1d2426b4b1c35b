/* SPDX-License-Identifier: MIT */
/*
 * embedder_heap.h - memory, counts and the collector of embedder.c, which
 * alone includes it.
 *
 *   1. Every block has its size in front, so that the books are exact and the
 *      k-th allocation can be made to fail.
 *   2. Objects are counted, and stand in one ring.  What the count cannot end
 *      collect() finds by trial: of each object it takes away the references
 *      that other objects own; what then has none, and hangs off nothing that
 *      has, is garbage, and is taken apart.
 *   3. Finalizers are C code: they are told of a death and cannot stop it.
 *
 * Invariant: an object is in the ring from make() until its memory goes back.
 */
#ifndef EMBEDDER_HEAP_H
#define EMBEDDER_HEAP_H

#include <stdlib.h>
#include <string.h>

#include "pmm/subject.h"

enum kind { NONE, BOOL, INT, FLOAT, STR, TYPE, INSTANCE, LIST, ITERATOR, WEAK };

struct pmm_obj {
  uint64_t refcount;
  uint64_t outside; /* references from no object, while collecting          */
  uint64_t watched; /* weak references to it                                */
  pmm_obj *next;    /* in the ring                                          */
  pmm_obj *before;
  pmm_obj *type;    /* INSTANCE: owned                                      */
  pmm_obj **items;  /* LIST, INSTANCE: slots; ITERATOR: its list; owned     */
  size_t count;     /* of items; STR: bytes                                 */
  size_t room;      /* for items                                            */
  char *text;       /* STR: with a 0 behind it                              */
  pmm_obj *target;  /* WEAK: NULL when it is dead                           */
  int64_t value;    /* INT, BOOL; INSTANCE: its cookie; ITERATOR: position  */
  double real;      /* FLOAT                                                */
  enum kind kind;
  int reached;      /* while collecting                                     */
  struct pmm_type_spec spec; /* TYPE                                        */
};

struct pmm_rt {
  struct pmm_host host;
  struct pmm_memory books;
  pmm_obj ring;         /* before the first object and behind the last      */
  pmm_obj constants[3]; /* None, False, True: no count ever ends them       */
  enum pmm_status error;
  const char *message;
  uint64_t fail_at;     /* allocations to go; 0: none fails                 */
  uint64_t failed;
  int persist;
  int enabled;
};

/* ---- errors -------------------------------------------------------------- */

static void error_set(pmm_rt *rt, enum pmm_status s, const char *message) {
  rt->error = s;
  rt->message = message;
}
static enum pmm_status fail(pmm_rt *rt, enum pmm_status status) {
  error_set(rt, status, "");
  return status;
}
static void *none_for(pmm_rt *rt, enum pmm_status status) {
  return fail(rt, status), NULL;
}
static void error_clear(pmm_rt *rt) { (void)fail(rt, PMM_OK); }
static enum pmm_status error(pmm_rt *rt) { return rt->error; }
static const char *error_message(pmm_rt *rt) { return rt->message; }
static int os_errno(pmm_rt *rt) { return 0; }

/* ---- memory -------------------------------------------------------------- */

enum { HEAD = 16 }; /* bytes in front of a block, for its size              */

static int is_to_fail(pmm_rt *rt) {
  if (rt->fail_at == 0 || --rt->fail_at > 0) {
    return 0;
  }
  rt->fail_at = (uint64_t)rt->persist;
  rt->failed++;
  return 1;
}

static void *get(pmm_rt *rt, size_t size) {
  char *block = is_to_fail(rt) ? NULL : calloc(1, HEAD + size);
  if (block == NULL) {
    return none_for(rt, PMM_NO_MEMORY);
  }
  memcpy(block, &size, sizeof size);
  rt->books.live_blocks++;
  rt->books.allocations++;
  rt->books.live_bytes += size;
  rt->books.requested_bytes += size;
  if (rt->books.peak_bytes < rt->books.live_bytes) {
    rt->books.peak_bytes = rt->books.live_bytes;
  }
  return block + HEAD;
}

static void give_back(pmm_rt *rt, void *block) {
  if (block != NULL) {
    size_t size = 0;
    memcpy(&size, (char *)block - HEAD, sizeof size);
    rt->books.live_blocks--;
    rt->books.frees++;
    rt->books.live_bytes -= size;
    free((char *)block - HEAD);
  }
}

static void memory(pmm_rt *rt, struct pmm_memory *out) {
  size_t size = out->struct_size;
  size = size < sizeof rt->books ? size : sizeof rt->books;
  memcpy((char *)out + sizeof size, (char *)&rt->books + sizeof size,
         size - sizeof size);
}
static void reset_peak(pmm_rt *rt) {
  rt->books.peak_bytes = rt->books.live_bytes;
}
static void no_caches(pmm_rt *rt) {}

static void inject_arm(pmm_rt *rt, uint64_t nth, int persist) {
  rt->fail_at = nth;
  rt->persist = persist != 0;
  rt->failed = 0;
}
static uint64_t inject_disarm(pmm_rt *rt) {
  rt->fail_at = 0;
  return rt->failed;
}

/* ---- life ---------------------------------------------------------------- */

static void retain(pmm_rt *rt, pmm_obj *o) { o->refcount++; }
static void xretain(pmm_rt *rt, pmm_obj *o) { o ? retain(rt, o) : (void)0; }
static uint64_t refcount(pmm_rt *rt, pmm_obj *o) { return o->refcount; }

static pmm_obj *make(pmm_rt *rt, enum kind kind) {
  pmm_obj *o = get(rt, sizeof *o);
  if (o != NULL) {
    o->kind = kind;
    o->refcount = 1;
    o->next = &rt->ring;
    o->before = rt->ring.before;
    o->before->next = o->next->before = o;
    rt->books.objects++;
  }
  return o;
}

static void tell(pmm_rt *rt, enum pmm_event_kind kind, int64_t cookie) {
  if (rt->host.event != NULL) {
    rt->host.event(rt->host.ctx, kind, cookie, 0);
  }
}

static void kill_references(pmm_rt *rt, pmm_obj *target) {
  pmm_obj *o = rt->ring.next;
  for (; target->watched > 0 && o != &rt->ring; o = o->next) {
    if (o->target == target) {
      o->target = NULL;
      target->watched--;
    }
  }
}

static void release(pmm_rt *rt, pmm_obj *o);
static void xrelease(pmm_rt *rt, pmm_obj *o) { o ? release(rt, o) : (void)0; }

/* Let go of all items, the last one first; each place is empty before its
 * item can die. */
static void drop_items(pmm_rt *rt, pmm_obj *o) {
  for (size_t i = o->items != NULL ? o->count : 0; i > 0; i--) {
    pmm_obj *item = o->items[i - 1];
    o->items[i - 1] = NULL;
    xrelease(rt, item);
  }
}

static void release(pmm_rt *rt, pmm_obj *o) {
  if (--o->refcount > 0) {
    return;
  }
  kill_references(rt, o);
  if (o->target != NULL) {
    o->target->watched--;
  }
  if (o->kind == INSTANCE && o->type->spec.finalizer != NULL) {
    tell(rt, PMM_EVENT_FINALIZED, o->value);
    (void)o->type->spec.finalizer(o->type->spec.ctx, rt, o);
  }
  o->before->next = o->next;
  o->next->before = o->before;
  drop_items(rt, o);
  if (o->kind == INSTANCE) {
    tell(rt, PMM_EVENT_DEALLOCATED, o->value);
    release(rt, o->type);
  }
  rt->books.objects--;
  give_back(rt, o->items);
  give_back(rt, o->text);
  give_back(rt, o);
}

static void clear(pmm_rt *rt, pmm_obj **holder) {
  pmm_obj *o = *holder;
  *holder = NULL;
  xrelease(rt, o);
}

/* ---- what the count cannot end ------------------------------------------- */

/* Owned reference number `i` of an object; NULL: empty, or no such. */
static pmm_obj *owned(const pmm_obj *o, size_t i) {
  return o->items != NULL && i < o->count ? o->items[i]
         : i == o->count                  ? o->type
                                          : NULL;
}

/* Of each object take away the references that objects own. */
static void count_outside(pmm_rt *rt) {
  for (pmm_obj *o = rt->ring.next; o != &rt->ring; o = o->next) {
    o->outside = o->refcount;
    o->reached = 0;
  }
  for (pmm_obj *o = rt->ring.next; o != &rt->ring; o = o->next) {
    for (size_t i = 0; i <= o->count; i++) {
      pmm_obj *item = owned(o, i);
      item != NULL ? (void)item->outside-- : (void)0;
    }
  }
}

/* What hangs off an object that somebody outside holds is reached.  `todo` has
 * room for all objects. */
static void reach(pmm_rt *rt, pmm_obj **todo) {
  size_t n = 0;
  for (pmm_obj *o = rt->ring.next; o != &rt->ring; o = o->next) {
    if (o->outside > 0) {
      o->reached = 1;
      todo[n++] = o;
    }
  }
  while (n > 0) {
    pmm_obj *o = todo[--n];
    for (size_t i = 0; i <= o->count; i++) {
      pmm_obj *item = owned(o, i);
      if (item != NULL && !item->reached) {
        item->reached = 1;
        todo[n++] = item;
      }
    }
  }
}

/* Take apart what was not reached; `garbage` has room for all of it. */
static uint64_t take(pmm_rt *rt, pmm_obj **garbage) {
  size_t n = 0;
  for (pmm_obj *o = rt->ring.next; o != &rt->ring; o = o->next) {
    if (!o->reached) {
      retain(rt, o); /* so that it outlives those before it                 */
      garbage[n++] = o;
    }
  }
  for (size_t i = 0; i < n; i++) {
    kill_references(rt, garbage[i]);
  }
  for (size_t i = 0; i < n; i++) {
    drop_items(rt, garbage[i]);
    release(rt, garbage[i]);
  }
  return n;
}

static enum pmm_status collect(pmm_rt *rt, int generation, uint64_t *found) {
  *found = 0;
  if (generation < 0 || generation > 2) {
    return fail(rt, PMM_VALUE);
  }
  /* The collector's own room is not in the books, and cannot be made to fail. */
  pmm_obj **room = calloc(rt->books.objects + 1, sizeof *room);
  if (room == NULL) {
    return fail(rt, PMM_NO_MEMORY);
  }
  count_outside(rt);
  reach(rt, room);
  *found = take(rt, room);
  free(room);
  return PMM_OK;
}

static void gc_enable(pmm_rt *rt, int enabled) { rt->enabled = enabled; }
static int gc_enabled(pmm_rt *rt) { return rt->enabled; }

#endif /* EMBEDDER_HEAP_H */
