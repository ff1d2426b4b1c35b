/* SPDX-License-Identifier: MIT */
/* graph_read.c - see graph_read.h. */
#include "graph_read.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bytes.h"
#include "reader.h"
#include "sha256.h"

/** A file that is read. */
struct reading {
  const uint8_t *bytes;
  size_t count;
  size_t body_offset; /* of the zlib stream                                 */
  uint8_t *body;
  size_t body_bytes;
  size_t at; /* in the body                                                 */
  int64_t next; /* object behind the last edge of the second sort           */
  struct graph *graph;
  struct trace_fault *fault;
};

/* ---- faults -------------------------------------------------------------- */

static int tell(struct reading *r, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int tell(struct reading *r, size_t offset, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  r->fault->offset = offset;
  (void)vsnprintf(r->fault->message, sizeof r->fault->message, format,
                  arguments);
  va_end(arguments);
  return -1;
}

static int bad_byte(struct reading *r, const char *expected) {
  return tell(r, r->body_offset,
              "byte %zu of the body that begins here: expected %s", r->at,
              expected);
}

/* ---- header -------------------------------------------------------------- */

static uint64_t field(const struct reading *r, size_t offset, size_t bytes) {
  assert(offset + bytes <= GRAPH_HEADER_BYTES);
  return bytes_get(r->bytes + offset, bytes);
}

static int check_begin(struct reading *r) {
  if (r->count < 8 || memcmp(r->bytes, GRAPH_MAGIC, 8) != 0) {
    return tell(r, 0, "expected the word %s: this is no heap snapshot",
                GRAPH_MAGIC);
  }
  if (r->count < GRAPH_HEADER_BYTES) {
    return tell(r, r->count,
                "expected a header of %d bytes, the file ends here",
                GRAPH_HEADER_BYTES);
  }
  if (field(r, 8, 2) != GRAPH_VERSION) {
    return tell(r, 8, "expected version %d, found %u", GRAPH_VERSION,
                (unsigned)field(r, 8, 2));
  }
  if (field(r, 10, 2) != 0) {
    return tell(r, 10, "expected flags 0, found %u",
                (unsigned)field(r, 10, 2));
  }
  size_t most = r->count - GRAPH_HEADER_BYTES;
  most = most < GRAPH_TEXT_MOST ? most : GRAPH_TEXT_MOST;
  if (field(r, 12, 4) > most) {
    return tell(r, 12, "expected a text of at most %zu bytes, found %u", most,
                (unsigned)field(r, 12, 4));
  }
  return 0;
}

static int check_sum(struct reading *r) {
  size_t text = (size_t)field(r, 12, 4);
  for (size_t i = GRAPH_ZEROS_OFFSET; i < GRAPH_CRC_OFFSET; i++) {
    if (r->bytes[i] != 0) {
      return tell(r, i, "expected 0, found %u", r->bytes[i]);
    }
  }
  uLong crc = crc32(0, r->bytes, GRAPH_CRC_OFFSET);
  crc = crc32(crc, r->bytes + GRAPH_HEADER_BYTES, (uInt)text);
  if (crc != field(r, GRAPH_CRC_OFFSET, 4)) {
    return tell(r, GRAPH_CRC_OFFSET,
                "expected CRC-32 %08lx of header and text, found %08" PRIx64,
                crc, field(r, GRAPH_CRC_OFFSET, 4));
  }
  for (size_t i = GRAPH_HEADER_BYTES; i < GRAPH_HEADER_BYTES + text; i++) {
    if (r->bytes[i] != '\n' && (r->bytes[i] < ' ' || r->bytes[i] > '~')) {
      return tell(r, i, "expected printable ASCII, found byte %u",
                  r->bytes[i]);
    }
  }
  return 0;
}

/** The counts, none of which is more than the body can hold. */
static int read_counts(struct reading *r) {
  uint64_t body = field(r, 56, 8);
  size_t packed = r->count - r->body_offset;
  if (body > (uint64_t)packed * GRAPH_RATIO_MOST || body > UINT32_MAX) {
    return tell(r, 56,
                "expected a body of at most %d times the packed %zu bytes, "
                "and below 4 GiB, found %" PRIu64,
                GRAPH_RATIO_MOST, packed, body);
  }
  const struct {
    size_t offset;
    size_t bytes;
    unsigned least;
    const char *what;
  } rows[] = {{16, 8, GRAPH_OBJECT_LEAST, "objects"},
              {24, 8, 1, "edges"},
              {48, 4, GRAPH_TYPE_LEAST, "types"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint64_t said = field(r, rows[i].offset, rows[i].bytes);
    if (said > body / rows[i].least) {
      return tell(r, rows[i].offset,
                  "expected at most %" PRIu64 " %s in a body of %" PRIu64
                  " bytes, found %" PRIu64,
                  body / rows[i].least, rows[i].what, body, said);
    }
  }
  r->body_bytes = (size_t)body;
  r->graph->object_count = (uint32_t)field(r, 16, 8);
  r->graph->edge_count = (uint32_t)field(r, 24, 8);
  r->graph->type_count = (uint32_t)field(r, 48, 4);
  return 0;
}

/* ---- body ---------------------------------------------------------------- */

static int take_memory(struct reading *r) {
  struct graph *g = r->graph;
  size_t text = (size_t)field(r, 12, 4);
  r->body = malloc(r->body_bytes + 1);
  g->types = malloc(((size_t)g->type_count + 1) * sizeof *g->types);
  g->objects = malloc(((size_t)g->object_count + 1) * sizeof *g->objects);
  g->targets = malloc(((size_t)g->edge_count + 1) * sizeof *g->targets);
  g->names = malloc(r->body_bytes + 1);
  g->text = malloc(text + 1);
  if (r->body == NULL || g->types == NULL || g->objects == NULL ||
      g->targets == NULL || g->names == NULL || g->text == NULL) {
    return tell(r, 0, "there is no memory for %u objects", g->object_count);
  }
  memcpy(g->text, r->bytes + GRAPH_HEADER_BYTES, text);
  g->text[text] = '\0';
  return 0;
}

static int unpack(struct reading *r) {
  struct sha256 hash;
  uint8_t digest[32];
  char digits[65];
  uLongf got = r->body_bytes;
  uLong used = r->count - r->body_offset;
  uLong packed = used;
  int result =
      uncompress2(r->body, &got, r->bytes + r->body_offset, &used);
  if (result != Z_OK || got != r->body_bytes || used != packed) {
    return tell(r, r->body_offset,
                "expected a zlib stream of %lu bytes that unpacks to %zu",
                packed, r->body_bytes);
  }
  sha256_begin(&hash);
  sha256_add(&hash, r->body, r->body_bytes);
  sha256_end(&hash, digest);
  sha256_text(digest, digits);
  return memcmp(digest, r->bytes + GRAPH_HASH_OFFSET, sizeof digest) == 0
             ? 0
             : tell(r, GRAPH_HASH_OFFSET, "expected SHA-256 %s", digits);
}

/** The next number, below `end`. */
static int number(struct reading *r, uint64_t end, const char *expected,
                  uint64_t *value) {
  size_t used =
      bytes_get_varint(r->body + r->at, r->body + r->body_bytes, value);
  if (used == 0 || *value >= end) {
    return bad_byte(r, expected);
  }
  r->at += used;
  return 0;
}

static int byte(struct reading *r, uint32_t end, const char *expected,
                uint32_t *value) {
  if (r->at >= r->body_bytes || r->body[r->at] >= end) {
    return bad_byte(r, expected);
  }
  *value = r->body[r->at++];
  return 0;
}

static int read_type(struct reading *r, struct graph_type *type, char **name) {
  uint32_t kind = 0;
  uint64_t length = 0;
  if (byte(r, GRAPH_KINDS, "a kind", &kind) != 0 ||
      number(r, GRAPH_NAME_MOST + 1, "the length of a name", &length) != 0) {
    return -1;
  }
  if (length == 0 || length > r->body_bytes - r->at) {
    return bad_byte(r, "the name of a type");
  }
  type->kind = (enum graph_kind)kind;
  type->name = *name;
  for (uint64_t i = 0; i < length; i++, r->at++) {
    if (r->body[r->at] < ' ' || r->body[r->at] > '~') {
      return bad_byte(r, "printable ASCII");
    }
    *(*name)++ = (char)r->body[r->at];
  }
  *(*name)++ = '\0';
  return 0;
}

static int read_edges(struct reading *r, uint32_t self) {
  struct graph *g = r->graph;
  struct graph_object *o = &g->objects[self];
  for (uint32_t i = 0; i < o->edges; i++) {
    uint64_t code = 0;
    if (number(r, UINT64_C(1) << 35, "an edge", &code) != 0) {
      return -1;
    }
    int64_t step = (int64_t)(code >> 2) ^ -(int64_t)(code >> 1 & 1);
    int64_t target = (code & 1 ? r->next : (int64_t)self) + step;
    if (target < 0 || target >= (int64_t)g->object_count) {
      return bad_byte(r, "an edge to an object");
    }
    g->targets[o->first + i] = (uint32_t)target;
    r->next = code & 1 ? target + 1 : r->next;
  }
  return 0;
}

/** What an object's kind asks of it. */
static int check_object(struct reading *r, const struct graph_object *o) {
  enum graph_kind kind = r->graph->types[o->type].kind;
  if (kind == GRAPH_ATOM && (o->edges != 0 || o->age != GRAPH_UNTRACKED)) {
    return bad_byte(r, "an atom that is not tracked and has no edge");
  }
  return kind == GRAPH_DICT && o->edges % 2 != 0
             ? bad_byte(r, "keys and values of a dict")
             : 0;
}

static int read_object(struct reading *r, uint32_t self, uint32_t *edges) {
  struct graph *g = r->graph;
  struct graph_object *o = &g->objects[self];
  uint64_t type = 0;
  uint64_t count = 0;
  if (number(r, g->type_count, "the number of a type", &type) != 0 ||
      byte(r, GRAPH_UNTRACKED + 1, "an age", &o->age) != 0 ||
      number(r, GRAPH_NUMBER_END, "a size", &o->size) != 0 ||
      number(r, GRAPH_NUMBER_END, "a number of owners", &o->owners) != 0 ||
      number(r, (uint64_t)g->edge_count - *edges + 1, "a number of edges",
             &count) != 0) {
    return -1;
  }
  o->type = (uint32_t)type;
  o->first = *edges;
  o->edges = (uint32_t)count;
  *edges += o->edges;
  g->held += o->owners != 0;
  g->tracked += o->age != GRAPH_UNTRACKED;
  g->bytes += o->size;
  return check_object(r, o) != 0 ? -1 : read_edges(r, self);
}

static int read_body(struct reading *r) {
  struct graph *g = r->graph;
  char *name = g->names;
  uint32_t edges = 0;
  for (uint32_t i = 0; i < g->type_count; i++) {
    if (read_type(r, &g->types[i], &name) != 0) {
      return -1;
    }
  }
  for (uint32_t i = 0; i < g->object_count; i++) {
    if (read_object(r, i, &edges) != 0) {
      return -1;
    }
  }
  if (r->at != r->body_bytes) {
    return bad_byte(r, "the end of the body");
  }
  return edges == g->edge_count
             ? 0
             : tell(r, 24, "expected %u edges, found %u", edges,
                    g->edge_count);
}

static int check_sums(struct reading *r) {
  const struct graph *g = r->graph;
  const struct {
    size_t offset;
    size_t bytes;
    uint64_t counted;
    const char *what;
  } rows[] = {{32, 8, g->held, "held objects"},
              {40, 8, g->bytes, "bytes"},
              {52, 4, g->tracked, "tracked objects"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint64_t said = field(r, rows[i].offset, rows[i].bytes);
    if (said != rows[i].counted) {
      return tell(r, rows[i].offset, "expected %" PRIu64 " %s, found %" PRIu64,
                  rows[i].counted, rows[i].what, said);
    }
  }
  return 0;
}

int graph_read(const uint8_t *bytes, size_t count, struct graph *graph,
               struct trace_fault *fault) {
  struct reading r = {
      .bytes = bytes, .count = count, .graph = graph, .fault = fault};
  memset(graph, 0, sizeof *graph);
  int code = check_begin(&r);
  if (code == 0) {
    r.body_offset = GRAPH_HEADER_BYTES + (size_t)field(&r, 12, 4);
    code = check_sum(&r);
  }
  if (code == 0 && read_counts(&r) == 0 && take_memory(&r) == 0 &&
      unpack(&r) == 0 && read_body(&r) == 0) {
    code = check_sums(&r);
  } else {
    code = -1;
  }
  free(r.body);
  if (code != 0) {
    graph_free(graph);
  }
  return code;
}

int graph_read_file(const char *path, struct graph *graph,
                    struct trace_fault *fault) {
  size_t count = 0;
  uint8_t *bytes = trace_file_read(path, &count, fault);
  if (bytes == NULL) {
    memset(graph, 0, sizeof *graph);
    return 1;
  }
  int code = graph_read(bytes, count, graph, fault);
  free(bytes);
  return code;
}

void graph_free(struct graph *graph) {
  free(graph->types);
  free(graph->objects);
  free(graph->targets);
  free(graph->names);
  free(graph->text);
  memset(graph, 0, sizeof *graph);
}
