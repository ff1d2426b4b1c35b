/* SPDX-License-Identifier: MIT */
/*
 * test_graph.c - heap snapshots: what is sound is read and made; what is
 * changed at random is read, or told, and never harms.
 *
 *   test-heap-graph FOLDER [RUNS]
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "backends/registry.h"
#include "bytes.h"
#include "graph_load.h"
#include "graph_read.h"
#include "reader.h"
#include "sha256.h"
#include "subjects/select.h"
#include "tests/tap.h"

enum { FILE_MOST = 1 << 12, BODY_MOST = 1 << 10, RUNS = 40000 };

static uint64_t state = 88172645463325252u;

/** xorshift64*; Vigna 2014. */
static uint64_t drawn(uint64_t below) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (state * UINT64_C(2685821657736338717) >> 16) % below;
}

/* ---- files --------------------------------------------------------------- */

/** What a header says of a body. */
struct counts {
  uint64_t objects, edges, held, bytes, types, tracked;
};

/** A file of a stored body; its bytes. */
static size_t around(const uint8_t *body, size_t count,
                     const struct counts *counts, uint8_t *file) {
  struct sha256 hash;
  uLongf packed = FILE_MOST - GRAPH_HEADER_BYTES;
  memset(file, 0, GRAPH_HEADER_BYTES);
  memcpy(file, GRAPH_MAGIC, 8);
  bytes_put(file + 8, GRAPH_VERSION, 2);
  bytes_put(file + 16, counts->objects, 8);
  bytes_put(file + 24, counts->edges, 8);
  bytes_put(file + 32, counts->held, 8);
  bytes_put(file + 40, counts->bytes, 8);
  bytes_put(file + 48, counts->types, 4);
  bytes_put(file + 52, counts->tracked, 4);
  bytes_put(file + 56, count, 8);
  sha256_begin(&hash);
  sha256_add(&hash, body, count);
  sha256_end(&hash, file + GRAPH_HASH_OFFSET);
  bytes_put(file + GRAPH_CRC_OFFSET, crc32(0, file, GRAPH_CRC_OFFSET), 4);
  (void)compress2(file + GRAPH_HEADER_BYTES, &packed, body, count, 0);
  return GRAPH_HEADER_BYTES + packed;
}

/** A body that is made piece by piece. */
struct body {
  uint8_t bytes[BODY_MOST];
  size_t count;
  struct counts counts;
};

static void put(struct body *body, uint64_t value) {
  body->count += bytes_put_varint(body->bytes + body->count, value);
}

static void put_type(struct body *body, enum graph_kind kind,
                     const char *name) {
  body->bytes[body->count++] = (uint8_t)kind;
  put(body, strlen(name));
  memcpy(body->bytes + body->count, name, strlen(name));
  body->count += strlen(name);
  body->counts.types++;
}

/** An object that refers to those at `steps` from it. */
static void put_object(struct body *body, unsigned type, unsigned age,
                       unsigned owners, unsigned edges, const int *steps) {
  put(body, type);
  body->bytes[body->count++] = (uint8_t)age;
  put(body, 64);
  put(body, owners);
  put(body, edges);
  for (unsigned i = 0; i < edges; i++) {
    put(body, steps[i] >= 0 ? (uint64_t)steps[i] * 4
                            : (uint64_t)-steps[i] * 4 - 2);
  }
  body->counts.objects++;
  body->counts.edges += edges;
  body->counts.bytes += 64;
  body->counts.held += owners != 0;
  body->counts.tracked += age != GRAPH_UNTRACKED;
}

/** One of each kind; two of the objects are a garbage cycle. */
static void sound_body(struct body *body) {
  static const char *const names[GRAPH_KINDS] = {
      "str", "tuple", "list", "dict", "set", "frozenset", "Node"};
  memset(body, 0, sizeof *body);
  for (int kind = 0; kind < GRAPH_KINDS; kind++) {
    put_type(body, (enum graph_kind)kind, names[kind]);
  }
  put_object(body, GRAPH_TUPLE, 2, 0, 2, (const int[]){1, 6});
  put_object(body, GRAPH_LIST, 2, 1, 2, (const int[]){-1, 1});
  put_object(body, GRAPH_DICT, 2, 0, 4, (const int[]){4, -1, 1, 1});
  put_object(body, GRAPH_FROZENSET, 2, 0, 1, (const int[]){2});
  put_object(body, GRAPH_SET, 1, 0, 1, (const int[]){1});
  put_object(body, GRAPH_INSTANCE, 1, 0, 3, (const int[]){-4, -1, 0});
  put_object(body, GRAPH_ATOM, GRAPH_UNTRACKED, 0, 0, NULL);
  put_object(body, GRAPH_LIST, 0, 0, 1, (const int[]){1});
  put_object(body, GRAPH_LIST, 0, 0, 1, (const int[]){-1});
}

/* ---- reading ------------------------------------------------------------- */

static int is_whole(const struct graph *graph) {
  for (uint32_t i = 0; i < graph->object_count; i++) {
    const struct graph_object *o = &graph->objects[i];
    if (o->type >= graph->type_count || o->age > GRAPH_UNTRACKED ||
        (uint64_t)o->first + o->edges > graph->edge_count) {
      return 0;
    }
  }
  for (uint32_t i = 0; i < graph->edge_count; i++) {
    if (graph->targets[i] >= graph->object_count) {
      return 0;
    }
  }
  return 1;
}

static void test_each_byte(const uint8_t *file, size_t count) {
  uint8_t changed[FILE_MOST];
  struct trace_fault fault;
  struct graph graph;
  unsigned read = 0;
  unsigned silent = 0;
  for (size_t i = 0; i < count; i++) {
    memcpy(changed, file, count);
    changed[i] ^= (uint8_t)(1u << i % 8);
    fault.message[0] = '\0';
    read += graph_read(changed, count, &graph, &fault) == 0;
    silent += fault.message[0] == '\0' || fault.offset > count;
  }
  tap_ok(read == 0 && silent == 0,
         "a bit that flipped anywhere is told, with its place");
  read = 0;
  for (size_t i = 0; i < count; i++) {
    read += graph_read(file, i, &graph, &fault) == 0;
  }
  tap_ok(read == 0, "a file that was cut off anywhere is told");
}

/* ---- making -------------------------------------------------------------- */

static struct pmmi_selection selection;

/** Make a graph in a runtime that checks itself; 1: all was given back. */
static int made_and_gone(const struct graph *graph, uint64_t *garbage,
                         int *refused) {
  const struct pmm_ops *ops = &selection.view.ops;
  struct pmm_memory before = {.struct_size = sizeof before};
  struct pmm_memory after = {.struct_size = sizeof after};
  struct graph_loaded loaded;
  char message[300] = "";
  uint64_t found = 0;
  pmm_rt *rt = NULL;
  tap_need(pmmi_selection_open(&selection, NULL, 1, PMM_OPEN_CHECKED, &rt) ==
           PMM_OK);
  ops->gc_enable(rt, 0);
  ops->memory(rt, &before);
  *refused = graph_load(ops, rt, graph, &loaded, message, sizeof message) != 0;
  int good = *refused == (message[0] != '\0');
  *garbage = 0;
  good = good && ops->collect(rt, 2, garbage) == PMM_OK;
  graph_unload(ops, rt, &loaded);
  good = good && ops->collect(rt, 2, &found) == PMM_OK;
  ops->caches_flush(rt);
  ops->memory(rt, &after);
  good = good && after.objects == before.objects;
  ops->close(rt);
  return good;
}

static void test_committed(const char *folder) {
  DIR *listed = opendir(folder);
  const struct dirent *entry;
  unsigned count = 0;
  tap_need(listed != NULL);
  while ((entry = readdir(listed)) != NULL) {
    char path[1024];
    struct trace_fault fault = {.message = ""};
    struct graph graph;
    uint64_t garbage = 0;
    int refused = 1;
    if (entry->d_name[0] == '.') {
      continue;
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    count++;
    if (tap_ok(graph_read_file(path, &graph, &fault) == 0, "%s is read %s",
               entry->d_name, fault.message)) {
      tap_ok(made_and_gone(&graph, &garbage, &refused) && !refused,
             "its %u objects are made, collected and gone",
             graph.object_count);
      graph_free(&graph);
    }
  }
  (void)closedir(listed);
  tap_ok(count >= 3, "there are %u snapshots", count);
}

/* ---- at random ----------------------------------------------------------- */

/** Change some bytes of a body, or its length. */
static size_t change(uint8_t *body, size_t count) {
  for (uint64_t n = 1 + drawn(4); n > 0; n--) {
    size_t at = (size_t)drawn(count);
    switch (drawn(4)) {
    case 0:
      body[at] ^= (uint8_t)(1u << drawn(8));
      break;
    case 1:
      body[at] = (uint8_t)drawn(256);
      break;
    case 2:
      body[at] = (uint8_t)drawn(4);
      break;
    default:
      count = drawn(8) == 0 ? at + 1 : count;
      break;
    }
  }
  return count;
}

/** What becomes of changed bodies whose sums are right again. */
static void test_random(uint64_t runs) {
  static uint8_t file[FILE_MOST];
  unsigned whole = 0;
  unsigned faults = 0;
  unsigned refusals = 0;
  int good = 1;
  for (uint64_t i = 0; i < runs && good; i++) {
    struct body body;
    struct graph graph;
    struct trace_fault fault = {.message = ""};
    uint64_t garbage = 0;
    int refused = 0;
    sound_body(&body);
    body.count = change(body.bytes, body.count);
    size_t count = around(body.bytes, body.count, &body.counts, file);
    if (drawn(8) == 0) {
      count = change(file, count);
    }
    if (graph_read(file, count, &graph, &fault) == 0) {
      good = is_whole(&graph) &&
             (whole++ % 4 != 0 || made_and_gone(&graph, &garbage, &refused));
      refusals += (unsigned)refused;
      graph_free(&graph);
    } else {
      good = fault.message[0] != '\0' && fault.offset <= count;
      faults++;
    }
  }
  tap_ok(good, "%u changed ones are read, %u are told", whole, faults);
  tap_ok(whole > 0 && faults > 0 && refusals > 0,
         "and %u cannot be made, which is told as well", refusals);
}

int main(int argc, char **argv) {
  static uint8_t file[FILE_MOST];
  const struct pmmi_names names = {NULL, NULL, NULL};
  char message[512];
  struct body body;
  struct graph graph;
  struct trace_fault fault = {.message = ""};
  uint64_t garbage = 0;
  int refused = 0;
  tap_plan(0);
  tap_need(argc > 1);
  tap_need(pmmi_select(&names, &selection, message, sizeof message) == 0);
  sound_body(&body);
  size_t count = around(body.bytes, body.count, &body.counts, file);
  if (tap_ok(graph_read(file, count, &graph, &fault) == 0, "it is read %s",
             fault.message)) {
    tap_ok(made_and_gone(&graph, &garbage, &refused) && !refused,
           "all kinds of objects are made, and all of them go");
    tap_ok(garbage == 2, "garbage is garbage again: %u", (unsigned)garbage);
    graph_free(&graph);
  }
  test_each_byte(file, count);
  test_committed(argv[1]);
  test_random(argc > 2 ? strtoull(argv[2], NULL, 10) : RUNS);
  return tap_done();
}
