/* SPDX-License-Identifier: MIT */
/*
 * graph.c - walk all tracked objects: are their counts right, who is left?
 *
 *   1. Take the collector's list of objects; give each a node.  A check between
 *      two flushes of the caches takes what came after open alone: an
 *      interpreter has thousands of objects that no case touches.
 *   2. Let every object visit its referents: a node counts how many of its
 *      references come from tracked objects (the collector's own first step,
 *      InternalDocs/garbage_collector.md, done on the side).
 *   3. Verify: no object may have fewer references than were counted.
 *   4. Leaks: what came after open and cannot be reached from what was there
 *      before belongs to the host.  Held from outside the graph, or reachable
 *      from what is: a lost reference.  Neither: a cycle.
 */
#include "graph.h"

#include <stdio.h>
#include <stdlib.h>

#include "account.h"
#include "base/slots.h"
#include "errors.h"
#include "ops.h"

enum mark { UNSEEN, OWNED, HELD };

struct node {
  PyObject *o;      /* kept alive by the list                                */
  uint64_t inside;  /* references from tracked objects                       */
  enum mark mark;
};

struct graph {
  PyObject *list;     /* gc.get_objects()                                    */
  struct node *nodes;
  size_t count;
  struct place *table; /* slots (base/slots.h): where an object's node is    */
  size_t room;
  size_t *stack;      /* nodes to walk from                                  */
  size_t depth;
  enum mark spread;   /* mark that walking gives                             */
};

/** An address, and the node of the object there. */
struct place {
  uintptr_t address;
  size_t node;
};

static struct place *place_of(const struct graph *g, const PyObject *o) {
  assert(o != NULL);
  return &g->table[pmmi_slots_find(g->table, sizeof *g->table, g->room,
                                   (uintptr_t)o)];
}

static struct node *find(const struct graph *g, const PyObject *o) {
  const struct place *place = place_of(g, o);
  return place->address == 0 ? NULL : &g->nodes[place->node];
}

static void add_node(struct graph *g, PyObject *o) {
  *place_of(g, o) = (struct place){(uintptr_t)o, g->count};
  g->nodes[g->count++].o = o;
}

/** Slots of a table for so many entries. */
static size_t room_for(size_t entries) {
  size_t room = 64;
  while (room < 2 * entries) {
    room *= 2;
  }
  return room;
}

static int in_baseline(const pmm_rt *rt, const PyObject *o) {
  uintptr_t address = (uintptr_t)o;
  size_t slot = pmmi_slots_find(rt->baseline, sizeof address,
                                rt->baseline_room, address);
  return rt->baseline[slot] == address;
}

static int count_reference(void *ctx, pmm_obj *referent) {
  struct node *node = find(ctx, pmmi_cpy_py(referent));
  if (node != NULL) {
    node->inside++;
  }
  return 0;
}

static void graph_free(struct graph *g) {
  free(g->nodes);
  free(g->table);
  free(g->stack);
  Py_DecRef(g->list);
}

/** Steps 1 and 2, of all objects or of those that came after open.  0, or -1
 *  with an exception. */
static int graph_build(pmm_rt *rt, struct graph *g, int all) {
  memset(g, 0, sizeof *g);
  g->list = pmmi_cpy_py(pmmi_cpy_gc_objects(rt, -1));
  if (g->list == NULL) {
    return -1;
  }
  Py_ssize_t listed = PyList_Size(g->list);
  size_t most = 0;
  for (Py_ssize_t i = 0; i < listed; i++) {
    most += all || !in_baseline(rt, PyList_GetItem(g->list, i));
  }
  g->room = room_for(most);
  g->nodes = calloc(most + 1, sizeof *g->nodes);
  g->table = calloc(g->room, sizeof *g->table);
  g->stack = calloc(most + 1, sizeof *g->stack);
  if (g->nodes == NULL || g->table == NULL || g->stack == NULL) {
    graph_free(g);
    PyErr_NoMemory();
    return -1;
  }
  for (Py_ssize_t i = 0; i < listed; i++) {
    PyObject *o = PyList_GetItem(g->list, i);
    if (all || !in_baseline(rt, o)) {
      add_node(g, o);
    }
  }
  for (size_t i = 0; i < g->count; i++) {
    pmmi_cpy_gc_traverse(rt, pmmi_cpy_obj(g->nodes[i].o), count_reference, g);
  }
  return 0;
}

/** References from outside: the list's own is not one. */
static int64_t outside(pmm_rt *rt, const struct node *node) {
  assert(node != NULL);
  uint64_t count = pmmi_cpy_refcount(rt, pmmi_cpy_obj(node->o));
  return (int64_t)count - 1 - (int64_t)node->inside;
}

const char *pmmi_cpy_heap_verify(pmm_rt *rt) {
  struct pmmi_cpy_saved saved;
  struct graph g;
  const char *complaint = NULL;
  pmmi_cpy_save(&saved);
  pmmi_cpy_account_pause();
  if (graph_build(rt, &g, rt->verify_all) < 0) {
    PyErr_Clear();
    complaint = "no memory to walk the heap";
  } else {
    rt->verify_all = 0;
    for (size_t i = 0; i < g.count && complaint == NULL; i++) {
      pmm_obj *o = pmmi_cpy_obj(g.nodes[i].o);
      if (outside(rt, &g.nodes[i]) < 0 && !pmmi_cpy_is_immortal(rt, o)) {
        PyOS_snprintf(rt->complaint, sizeof rt->complaint,
                      "a %s has fewer references than were found",
                      pmmi_cpy_type_name(rt, o));
        complaint = rt->complaint;
      }
    }
    graph_free(&g);
  }
  pmmi_cpy_account_resume();
  pmmi_cpy_restore(&saved);
  return complaint;
}

/* ---- the objects at open ------------------------------------------------ */

int pmmi_cpy_baseline_take(pmm_rt *rt) {
  assert(rt->baseline == NULL);
  PyObject *list = pmmi_cpy_py(pmmi_cpy_gc_objects(rt, -1));
  if (list == NULL) {
    return -1;
  }
  Py_ssize_t count = PyList_Size(list);
  rt->baseline_room = room_for((size_t)count);
  rt->baseline = calloc(rt->baseline_room, sizeof *rt->baseline);
  if (rt->baseline == NULL) {
    Py_DecRef(list);
    PyErr_NoMemory();
    return -1;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    uintptr_t address = (uintptr_t)PyList_GetItem(list, i);
    rt->baseline[pmmi_slots_find(rt->baseline, sizeof address,
                                 rt->baseline_room, address)] = address;
  }
  rt->verify_all = 1;
  Py_DecRef(list);
  return 0;
}

/* ---- leaks -------------------------------------------------------------- */

static void push(struct graph *g, struct node *node) {
  if (node->mark == UNSEEN) {
    node->mark = g->spread;
    g->stack[g->depth++] = (size_t)(node - g->nodes);
  }
}

static int spread_mark(void *ctx, pmm_obj *referent) {
  struct node *node = find(ctx, pmmi_cpy_py(referent));
  if (node != NULL) {
    push(ctx, node);
  }
  return 0;
}

/** Give `mark` to the roots and to all that is reached from them first. */
static void walk_from(pmm_rt *rt, struct graph *g, enum mark mark,
                      int (*is_root)(pmm_rt *rt, const struct node *node)) {
  g->spread = mark;
  for (size_t i = 0; i < g->count; i++) {
    if (g->nodes[i].mark == UNSEEN && is_root(rt, &g->nodes[i])) {
      push(g, &g->nodes[i]);
    }
    while (g->depth > 0) {
      struct node *node = &g->nodes[g->stack[--g->depth]];
      pmmi_cpy_gc_traverse(rt, pmmi_cpy_obj(node->o), spread_mark, g);
    }
  }
}

/** What was there at open, and types with all they consist of. */
static int is_own(pmm_rt *rt, const struct node *node) {
  return PyType_Check(node->o) || in_baseline(rt, node->o);
}

static int is_held(pmm_rt *rt, const struct node *node) {
  return outside(rt, node) > 0;
}

/** 1 for an open file; -1 for a part of one, or a closed one. */
static int file_kind(pmm_rt *rt, PyObject *o) {
  const char *type = pmmi_cpy_type_name(rt, pmmi_cpy_obj(o));
  if (strcmp(type, "FileIO") == 0) {
    return -1;
  }
  if (strncmp(type, "Buffered", 8) != 0) {
    return 0;
  }
  return pmmi_cpy_file_descriptor(rt, pmmi_cpy_obj(o)) >= 0 ? 1 : -1;
}

static const char *site_of(pmm_rt *rt, PyObject *o) {
  PyObject *name = PyObject_CallFunctionObjArgs(PMMI_CPY_FN(site_of), o,
                                                rt->site_names, NULL);
  PyObject *kept =
      name == NULL ? NULL : PyDict_GetItemWithError(rt->site_names, name);
  const char *text =
      kept == NULL ? "" : PyUnicode_AsUTF8AndSize(kept, NULL);
  Py_DecRef(name);
  PyErr_Clear();
  return text == NULL ? "" : text;
}

/** Add one object to the lines of the report. */
static void add_line(struct pmm_leak *lines, size_t *count,
                     const struct pmm_leak *one) {
  for (size_t i = 0; i < *count; i++) {
    if (lines[i].kind == one->kind && strcmp(lines[i].type, one->type) == 0 &&
        strcmp(lines[i].site, one->site) == 0) {
      lines[i].count++;
      lines[i].bytes += one->bytes;
      return;
    }
  }
  lines[(*count)++] = *one;
}

static size_t collect_lines(pmm_rt *rt, const struct graph *g,
                            struct pmm_leak *lines) {
  size_t count = 0;
  for (size_t i = 0; i < g->count; i++) {
    const struct node *node = &g->nodes[i];
    struct pmm_leak one = {.kind = PMM_LEAK_CYCLE, .count = 1};
    size_t bytes = 0;
    int file = node->mark == OWNED ? -1 : file_kind(rt, node->o);
    if (file < 0) {
      continue;
    }
    if (file > 0) {
      one.kind = PMM_LEAK_FILE;
    } else if (node->mark == HELD) {
      one.kind = PMM_LEAK_REFERENCE;
    }
    (void)pmmi_cpy_size_of(rt, pmmi_cpy_obj(node->o), &bytes);
    PyErr_Clear();
    one.type = pmmi_cpy_type_name(rt, pmmi_cpy_obj(node->o));
    one.site = site_of(rt, node->o);
    one.bytes = bytes;
    add_line(lines, &count, &one);
  }
  return count;
}

static enum pmm_status report_graph(pmm_rt *rt, struct graph *g,
                                    void (*report)(void *ctx,
                                                   const struct pmm_leak *),
                                    void *ctx) {
  assert(report != NULL);
  struct pmm_leak *lines = calloc(g->count + 1, sizeof *lines);
  size_t count;
  if (lines == NULL) {
    return pmmi_cpy_fail(PMM_NO_MEMORY, "no memory");
  }
  walk_from(rt, g, OWNED, is_own);
  walk_from(rt, g, HELD, is_held);
  count = collect_lines(rt, g, lines);
  for (size_t i = 0; i < count; i++) {
    report(ctx, &lines[i]);
  }
  free(lines);
  return PMM_OK;
}

enum pmm_status pmmi_cpy_leaks(pmm_rt *rt,
                               void (*report)(void *ctx,
                                              const struct pmm_leak *leak),
                               void *ctx) {
  assert(report != NULL);
  struct graph g;
  enum pmm_status status;
  pmmi_cpy_account_pause();
  if (graph_build(rt, &g, 1) < 0) {
    status = pmmi_cpy_failure(rt);
  } else {
    status = report_graph(rt, &g, report, ctx);
    graph_free(&g);
  }
  pmmi_cpy_account_resume();
  return status;
}
