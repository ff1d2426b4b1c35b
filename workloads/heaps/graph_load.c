/* SPDX-License-Identifier: MIT */
/* graph_load.c - see graph_load.h. */
#include "graph_load.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const graph_load_needs[] = {"list", "tuple",     "dict", "set",
                                        "str",  "frozenset", "gc",   NULL};

/** How far an object has come. */
enum { NEW = 0, WAITS = 1, MADE = 2 };

/** A tuple or frozenset that waits for what it holds. */
struct waiting {
  uint32_t object;
  uint32_t next; /* edges before are to objects that have been made         */
};

/** A graph that is loaded. */
struct loading {
  const struct pmm_ops *ops;
  pmm_rt *rt;
  const struct graph *graph;
  pmm_obj **made;
  uint8_t *state;
  struct waiting *stack; /* as deep as immutables are nested               */
  pmm_obj **items; /* room for the edges of any one                         */
  pmm_obj *types[GRAPH_LOAD_SLOTS + 1]; /* by slots; NULL: not needed yet   */
  uint64_t lists;
  char text[GRAPH_LOAD_ATOM_MOST];
};

static int is_immutable(const struct graph *graph, uint32_t object) {
  enum graph_kind kind = graph_kind_of(graph, object);
  return kind == GRAPH_TUPLE || kind == GRAPH_FROZENSET;
}

/* ---- making -------------------------------------------------------------- */

/** A string like no other, of the object's size as far as that goes. */
static pmm_obj *make_text(struct loading *l, uint32_t object) {
  const size_t header = 49; /* of a str of CPython's that is all ASCII      */
  uint64_t size = l->graph->objects[object].size;
  size_t wanted = size > header ? (size_t)(size - header) : 0;
  int digits = snprintf(l->text, sizeof l->text, "%" PRIu32, object);
  size_t length = (size_t)digits;
  if (wanted > length) {
    wanted = wanted < sizeof l->text ? wanted : sizeof l->text;
    memset(l->text + length, 'x', wanted - length);
    length = wanted;
  }
  return l->ops->str_new(l->rt, l->text, length);
}

static pmm_obj *make_atom(struct loading *l, uint32_t object) {
  const struct graph_object *o = &l->graph->objects[object];
  const char *name = l->graph->types[o->type].name;
  if (strcmp(name, "NoneType") == 0) {
    return l->ops->none(l->rt);
  }
  if (strcmp(name, "float") == 0) {
    return l->ops->float_new(l->rt, object + 0.5);
  }
  return strcmp(name, "int") == 0 ? l->ops->int_new(l->rt, 1000 + object)
                                  : make_text(l, object);
}

static pmm_obj *make_instance(struct loading *l, uint32_t object) {
  uint32_t slots = l->graph->objects[object].edges;
  slots = slots < GRAPH_LOAD_SLOTS ? slots : GRAPH_LOAD_SLOTS;
  if (l->types[slots] == NULL) {
    const struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                       .name = "object",
                                       .slots = slots,
                                       .flags = PMM_TYPE_GC};
    l->types[slots] = l->ops->type_new(l->rt, &spec);
  }
  return l->types[slots] == NULL
             ? NULL
             : l->ops->instance_new(l->rt, l->types[slots], 0);
}

/** All that a tuple or frozenset holds has been made. */
static pmm_obj *make_immutable(struct loading *l, uint32_t object) {
  const struct graph_object *o = &l->graph->objects[object];
  for (uint32_t i = 0; i < o->edges; i++) {
    l->items[i] = l->made[l->graph->targets[o->first + i]];
    assert(l->items[i] != NULL);
  }
  pmm_obj *tuple = l->ops->tuple_from(l->rt, l->items, o->edges);
  if (tuple == NULL || graph_kind_of(l->graph, object) == GRAPH_TUPLE) {
    return tuple;
  }
  pmm_obj *set = l->ops->frozenset_new(l->rt, tuple);
  l->ops->release(l->rt, tuple);
  return set;
}

static int make(struct loading *l, uint32_t object) {
  pmm_obj *made = NULL;
  switch (graph_kind_of(l->graph, object)) {
  case GRAPH_ATOM:
    made = make_atom(l, object);
    break;
  case GRAPH_LIST:
    made = l->ops->list_new(l->rt, 0);
    break;
  case GRAPH_DICT:
    made = l->ops->dict_new(l->rt);
    break;
  case GRAPH_SET:
    made = l->ops->set_new(l->rt, NULL);
    break;
  case GRAPH_TUPLE:
  case GRAPH_FROZENSET:
    made = make_immutable(l, object);
    break;
  case GRAPH_INSTANCE:
  case GRAPH_KINDS:
    made = make_instance(l, object);
    break;
  }
  l->made[object] = made;
  l->state[object] = MADE;
  return made == NULL ? -1 : 0;
}

static void push(struct loading *l, uint32_t object, uint32_t *depth) {
  l->state[object] = WAITS;
  l->stack[(*depth)++] = (struct waiting){object, 0};
}

/** Make what the object on top holds and is not there.  1 when another has to
 *  be made first, which is on top then; -1: it cannot be made. */
static int make_held(struct loading *l, uint32_t *depth) {
  struct waiting *top = &l->stack[*depth - 1];
  const struct graph_object *o = &l->graph->objects[top->object];
  for (; top->next < o->edges; top->next++) {
    uint32_t target = l->graph->targets[o->first + top->next];
    if (l->state[target] == MADE) {
      continue;
    }
    if (l->state[target] == WAITS) {
      l->ops->error_set(l->rt, PMM_VALUE,
                        "a tuple that is part of itself cannot be made");
      return -1;
    }
    if (is_immutable(l->graph, target)) {
      push(l, target, depth);
      return 1;
    }
    if (make(l, target) != 0) {
      return -1;
    }
  }
  return 0;
}

static int make_in_order(struct loading *l, uint32_t object) {
  uint32_t depth = 0;
  push(l, object, &depth);
  while (depth > 0) {
    uint32_t top = l->stack[depth - 1].object;
    int more = is_immutable(l->graph, top) ? make_held(l, &depth) : 0;
    if (more < 0) {
      return -1;
    }
    if (more == 0) {
      depth--;
      if (make(l, top) != 0) {
        return -1;
      }
    }
  }
  return 0;
}

/* ---- filling ------------------------------------------------------------- */

static enum pmm_status fill_instance(struct loading *l, pmm_obj *made,
                                     const struct graph_object *o) {
  const uint32_t *targets = l->graph->targets + o->first;
  uint32_t slots =
      o->edges > GRAPH_LOAD_SLOTS ? GRAPH_LOAD_SLOTS - 1 : o->edges;
  enum pmm_status status = PMM_OK;
  for (uint32_t i = 0; i < slots && status == PMM_OK; i++) {
    status = l->ops->slot_set(l->rt, made, i, l->made[targets[i]]);
  }
  if (status != PMM_OK || o->edges <= GRAPH_LOAD_SLOTS) {
    return status;
  }
  for (uint32_t i = slots; i < o->edges; i++) {
    l->items[i - slots] = l->made[targets[i]];
  }
  pmm_obj *rest = l->ops->list_from(l->rt, l->items, o->edges - slots);
  if (rest == NULL) {
    return l->ops->error(l->rt);
  }
  status = l->ops->slot_set(l->rt, made, slots, rest);
  l->ops->release(l->rt, rest);
  l->lists++;
  return status;
}

static enum pmm_status fill_dict(struct loading *l, pmm_obj *made,
                                 const struct graph_object *o) {
  const uint32_t *targets = l->graph->targets + o->first;
  enum pmm_status status = PMM_OK;
  for (uint32_t i = 0; i < o->edges && status == PMM_OK; i += 2) {
    status = l->ops->dict_set(l->rt, made, l->made[targets[i]],
                              l->made[targets[i + 1]]);
  }
  return status;
}

static int fill(struct loading *l, uint32_t object) {
  const struct graph_object *o = &l->graph->objects[object];
  const uint32_t *targets = l->graph->targets + o->first;
  pmm_obj *made = l->made[object];
  enum graph_kind kind = graph_kind_of(l->graph, object);
  enum pmm_status status = PMM_OK;
  if (kind == GRAPH_DICT) {
    status = fill_dict(l, made, o);
  } else if (kind == GRAPH_INSTANCE) {
    status = fill_instance(l, made, o);
  } else if (kind == GRAPH_LIST || kind == GRAPH_SET) {
    for (uint32_t i = 0; i < o->edges && status == PMM_OK; i++) {
      pmm_obj *item = l->made[targets[i]];
      status = kind == GRAPH_LIST ? l->ops->list_append(l->rt, made, item)
                                  : l->ops->set_add(l->rt, made, item);
    }
  }
  return status == PMM_OK ? 0 : -1;
}

/* ---- all of it ----------------------------------------------------------- */

static int build(struct loading *l, uint32_t *at) {
  const struct graph *g = l->graph;
  for (*at = 0; *at < g->object_count; (*at)++) {
    if (l->state[*at] == NEW && make_in_order(l, *at) != 0) {
      return -1;
    }
  }
  for (*at = 0; *at < g->object_count; (*at)++) {
    if (fill(l, *at) != 0) {
      return -1;
    }
  }
  return 0;
}

static uint32_t most_edges(const struct graph *graph) {
  uint32_t most = 0;
  for (uint32_t i = 0; i < graph->object_count; i++) {
    uint32_t edges = graph->objects[i].edges;
    most = edges > most ? edges : most;
  }
  return most;
}

static int take_memory(struct loading *l) {
  size_t count = (size_t)l->graph->object_count + 1;
  l->made = calloc(count, sizeof *l->made);
  l->state = calloc(count, sizeof *l->state);
  l->stack = malloc(count * sizeof *l->stack);
  l->items = malloc(((size_t)most_edges(l->graph) + 1) * sizeof *l->items);
  return l->made == NULL || l->state == NULL || l->stack == NULL ||
                 l->items == NULL
             ? -1
             : 0;
}

/** Let go of who has no owner outside, or of all. */
static void let_go(struct loading *l, int all) {
  for (uint32_t i = 0; l->made != NULL && i < l->graph->object_count; i++) {
    if (all || l->graph->objects[i].owners == 0) {
      l->ops->xrelease(l->rt, l->made[i]);
      l->made[i] = NULL;
    }
  }
  for (uint32_t i = 0; i <= GRAPH_LOAD_SLOTS; i++) {
    l->ops->xrelease(l->rt, l->types[i]);
  }
}

int graph_load(const struct pmm_ops *ops, pmm_rt *rt,
               const struct graph *graph, struct graph_loaded *out,
               char *message, size_t size) {
  struct loading l = {.ops = ops, .rt = rt, .graph = graph};
  uint32_t at = 0;
  int code = take_memory(&l);
  if (code != 0) {
    (void)snprintf(message, size, "there is no memory for %u objects",
                   graph->object_count);
  } else if (build(&l, &at) != 0) {
    code = -1;
    (void)snprintf(message, size, "object %u cannot be made: %s", at,
                   ops->error_message(rt));
    ops->error_clear(rt);
  }
  let_go(&l, code != 0);
  free(l.state);
  free(l.stack);
  free(l.items);
  if (code != 0) {
    free(l.made);
    l.made = NULL;
  }
  *out = (struct graph_loaded){l.made, graph->object_count, l.lists};
  return code;
}

void graph_unload(const struct pmm_ops *ops, pmm_rt *rt,
                  struct graph_loaded *loaded) {
  for (size_t i = 0; loaded->held != NULL && i < loaded->count; i++) {
    ops->xrelease(rt, loaded->held[i]);
  }
  free(loaded->held);
  loaded->held = NULL;
}
