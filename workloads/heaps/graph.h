/* SPDX-License-Identifier: MIT */
/*
 * graph.h - a heap snapshot: the objects of a program, and who refers to whom.
 *
 * All numbers are little-endian.  A file is a header, its text, and one zlib
 * stream, the body:
 *
 *     0 +----------------------+
 *       | "PMMGRAPH"           |  8  magic
 *     8 | version, flags       |  u16 each; the flags are 0
 *    12 | text bytes           |  u32, at most GRAPH_TEXT_MOST
 *    16 | objects, edges       |  u64 each
 *    32 | held objects         |  u64  those with owners outside
 *    40 | bytes                |  u64  the sum of all sizes
 *    48 | types, tracked       |  u32 each
 *    56 | body bytes           |  u64  unpacked
 *    64 | SHA-256              |  32   of the body, unpacked
 *    96 | zeros                |  28
 *   124 | CRC-32               |  u32  of the 124 bytes before and the text
 *   128 +----------------------+
 *       | text                 |  lines "key: value", printable ASCII
 *       +----------------------+
 *       | zlib stream          |  up to the end of the file
 *       +----------------------+
 *
 *   body     type ... type object ... object
 *   type     kind (a byte), varint length, name in printable ASCII
 *   object   varint type, age (a byte), varint size, varint owners, varint
 *            edges, edge ...
 *   edge     varint: bit 0 says less what, the rest is a zigzag number: of the
 *            object that is referred to,
 *              0   less the own
 *              1   less the one behind the last edge of this sort (0 at first)
 *
 * A varint has 7 bits a byte, the lowest first, bit 7 set when more come; zigzag
 * puts the sign lowest.  Edges to what was met on the way, one atom after the
 * other, are of the second sort and take a byte each.  Objects come in the order in which the collector has
 * them, the oldest generation first; those that it does not track come last.
 *
 *   kind        is                              edges
 *   atom        owns nothing that is collected  none
 *   tuple       a tuple, exactly                its items
 *   list        likewise                        its items
 *   dict        likewise                        key, value, key, value, ...
 *   set         a set, exactly                  its items
 *   frozenset   likewise                        its items
 *   instance    anything else                   what it visits, its type too
 *
 * An object's age is its generation, 0 the youngest; GRAPH_UNTRACKED: the
 * collector does not look at it.  Its owners are references to it from outside
 * of the graph: 0 says that only objects of the graph hold it.
 */
#ifndef PMM_HEAPS_GRAPH_H
#define PMM_HEAPS_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#define GRAPH_MAGIC "PMMGRAPH"

enum {
  GRAPH_VERSION = 1,
  GRAPH_HEADER_BYTES = 128,
  GRAPH_HASH_OFFSET = 64,
  GRAPH_ZEROS_OFFSET = 96,
  GRAPH_CRC_OFFSET = 124,
  GRAPH_TEXT_MOST = 1 << 16,
  GRAPH_NAME_MOST = 200, /* bytes of a type's name                          */
  GRAPH_TYPE_LEAST = 3,  /* bytes of a type                                 */
  GRAPH_OBJECT_LEAST = 5,
  /* A body is at most so many times its packed bytes, so that a small file
   * cannot ask for much memory. */
  GRAPH_RATIO_MOST = 16,
  GRAPH_UNTRACKED = 3 /* the age of what is not tracked                     */
};

/** Sizes and owners are below this. */
#define GRAPH_NUMBER_END (UINT64_C(1) << 47)

enum graph_kind {
  GRAPH_ATOM,
  GRAPH_TUPLE,
  GRAPH_LIST,
  GRAPH_DICT,
  GRAPH_SET,
  GRAPH_FROZENSET,
  GRAPH_INSTANCE,
  GRAPH_KINDS
};

struct graph_type {
  enum graph_kind kind;
  const char *name;
};

struct graph_object {
  uint64_t size;
  uint64_t owners; /* outside of the graph                                  */
  uint32_t type;
  uint32_t age;   /* 0 .. 2, or GRAPH_UNTRACKED                             */
  uint32_t first; /* of its edges                                           */
  uint32_t edges;
};

/** A whole snapshot in memory. */
struct graph {
  uint32_t type_count;
  uint32_t object_count;
  uint32_t edge_count;
  uint32_t tracked; /* objects that are                                     */
  uint64_t held;    /* objects with owners outside                          */
  uint64_t bytes;
  struct graph_type *types;
  struct graph_object *objects;
  uint32_t *targets; /* edges, object after object                          */
  char *names;       /* of the types                                        */
  char *text;        /* of the file, ended by a zero                        */
};

static inline enum graph_kind graph_kind_of(const struct graph *graph,
                                            uint32_t object) {
  return graph->types[graph->objects[object].type].kind;
}

#endif /* PMM_HEAPS_GRAPH_H */
