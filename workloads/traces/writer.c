/* SPDX-License-Identifier: MIT */
/* writer.c - see writer.h. */
#include "writer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "bytes.h"
#include "live.h"
#include "sha256.h"

enum { LEVEL = 6 };

struct trace_writer {
  FILE *file;
  char *path; /* its name in the end                                        */
  char *part; /* its name until then                                        */
  uint64_t events;
  uint32_t threads;
  uint32_t blocks;
  size_t filled; /* bytes of `block`                                        */
  struct trace_live live;
  struct sha256 hash;
  size_t text_bytes;
  uint8_t block[TRACE_BLOCK_MOST];
  uint8_t packed[TRACE_BLOCK_MOST + TRACE_BLOCK_MOST / 8 + 64];
  char text[TRACE_TEXT_MOST + 8];
};

static int fail(struct trace_fault *fault, const char *path, int error) {
  fault->offset = 0;
  (void)snprintf(fault->message, sizeof fault->message, "cannot write %s: %s",
                 path, strerror(error));
  return -1;
}

/** The text with what is not printable as \xNN. */
static void take_text(struct trace_writer *w, const char *text) {
  for (; *text != '\0' && w->text_bytes < TRACE_TEXT_MOST - 4; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte == '\n' || (byte >= ' ' && byte <= '~')) {
      w->text[w->text_bytes++] = (char)byte;
    } else {
      w->text_bytes +=
          (size_t)snprintf(w->text + w->text_bytes, 5, "\\x%02x", byte);
    }
  }
}

static int begin_file(struct trace_writer *w) {
  static const uint8_t nothing[TRACE_HEADER_BYTES];
  w->file = fopen(w->part, "we");
  if (w->file == NULL || fwrite(nothing, sizeof nothing, 1, w->file) != 1 ||
      (w->text_bytes > 0 &&
       fwrite(w->text, w->text_bytes, 1, w->file) != 1)) {
    return -1;
  }
  return 0;
}

struct trace_writer *trace_writer_open(const char *path, const char *text,
                                       struct trace_fault *fault) {
  struct trace_writer *w = malloc(sizeof *w);
  if (w == NULL) {
    (void)fail(fault, path, ENOMEM);
    return NULL;
  }
  memset(w, 0, offsetof(struct trace_writer, block));
  w->threads = 1;
  w->path = strdup(path);
  if (asprintf(&w->part, "%s.part", path) < 0) {
    w->part = NULL;
  }
  sha256_begin(&w->hash);
  take_text(w, text);
  if (w->path == NULL || w->part == NULL || begin_file(w) != 0) {
    (void)fail(fault, path, errno);
    trace_writer_drop(w);
    return NULL;
  }
  return w;
}

static void forget(struct trace_writer *w) {
  trace_live_free(&w->live);
  free(w->path);
  free(w->part);
  free(w);
}

void trace_writer_drop(struct trace_writer *w) {
  if (w->file != NULL) {
    assert(w->part != NULL); /* the file was opened by that name            */
    (void)fclose(w->file);
    (void)unlink(w->part);
  }
  forget(w);
}

/* ---- blocks -------------------------------------------------------------- */

/** Pack the block by a strategy of zlib's; its bytes, 0: no memory. */
static size_t pack(struct trace_writer *w, int strategy) {
  z_stream stream = {.next_in = w->block, .avail_in = (uInt)w->filled};
  stream.next_out = w->packed;
  stream.avail_out = sizeof w->packed;
  if (deflateInit2(&stream, LEVEL, Z_DEFLATED, 15, 9, strategy) != Z_OK) {
    return 0;
  }
  int result = deflate(&stream, Z_FINISH);
  (void)deflateEnd(&stream);
  assert(result == Z_STREAM_END); /* there is room for what zlib may make   */
  (void)result;
  return stream.total_out;
}

static int flush(struct trace_writer *w) {
  uint8_t lengths[8];
  if (w->filled == 0) {
    return 0;
  }
  size_t packed = pack(w, Z_DEFAULT_STRATEGY);
  if (packed * TRACE_RATIO_MOST < w->filled) {
    packed = pack(w, Z_HUFFMAN_ONLY); /* at most 8 times                    */
  }
  if (packed == 0) {
    errno = ENOMEM;
    return -1;
  }
  bytes_put(lengths, packed, 4);
  bytes_put(lengths + 4, w->filled, 4);
  sha256_add(&w->hash, w->block, w->filled);
  w->blocks++;
  w->filled = 0;
  return fwrite(lengths, sizeof lengths, 1, w->file) == 1 &&
                 fwrite(w->packed, packed, 1, w->file) == 1
             ? 0
             : -1;
}

/* ---- events -------------------------------------------------------------- */

/** A flag byte, and the number behind it where it does not fit in there. */
static size_t put(uint8_t *at, const struct trace_event *event,
                  uint64_t number, uint64_t scale) {
  unsigned flag = (unsigned)event->op | (unsigned)event->domain << 2;
  if (number % scale == 0 && number / scale - 1 < 15) {
    at[0] = (uint8_t)(flag | (unsigned)(number / scale - 1) << 4);
    return 1;
  }
  at[0] = (uint8_t)(flag | 15u << 4);
  return 1 + bytes_put_varint(at + 1, number);
}

static size_t encode(struct trace_writer *w, const struct trace_event *event,
                     uint8_t *at) {
  size_t used;
  switch (event->op) {
  case TRACE_ALLOC:
  case TRACE_ZERO:
    return put(at, event, event->size, 8);
  case TRACE_RESIZE:
    used = put(at, event, w->live.births - event->object, 1);
    return used + bytes_put_varint(at + used, event->size);
  case TRACE_FREE:
    return put(at, event, w->live.births - event->object, 1);
  case TRACE_THREAD:
  case TRACE_THREAD_END:
    break;
  }
  at[0] = (uint8_t)(TRACE_CONTROL << 2 | (event->op == TRACE_THREAD_END));
  return 1 + bytes_put_varint(at + 1, event->thread);
}

int trace_writer_add(struct trace_writer *w, struct trace_event *event,
                     struct trace_fault *fault) {
  assert(event->size < TRACE_SIZE_END);
  if (w->filled + TRACE_EVENT_MOST > TRACE_BLOCK_MOST && flush(w) != 0) {
    return fail(fault, w->path, errno);
  }
  w->filled += encode(w, event, w->block + w->filled);
  if (event->op >= TRACE_THREAD && event->thread >= w->threads) {
    assert(event->thread == w->threads);
    w->threads++;
  }
  if (trace_live_do(&w->live, event) != 0) {
    return fail(fault, w->path, ENOMEM);
  }
  w->events++;
  return 0;
}

static void make_header(struct trace_writer *w, uint8_t *bytes) {
  memset(bytes, 0, TRACE_HEADER_BYTES);
  memcpy(bytes, TRACE_MAGIC, 8);
  bytes_put(bytes + 8, TRACE_VERSION, 2);
  bytes_put(bytes + 12, w->text_bytes, 4);
  bytes_put(bytes + 16, w->events, 8);
  bytes_put(bytes + 24, w->live.births, 8);
  bytes_put(bytes + 32, w->live.requested_bytes, 8);
  bytes_put(bytes + 40, w->live.peak_bytes, 8);
  bytes_put(bytes + 48, w->live.peak_blocks, 8);
  bytes_put(bytes + 56, w->threads, 4);
  bytes_put(bytes + 60, w->blocks, 4);
  sha256_end(&w->hash, bytes + TRACE_HASH_OFFSET);
  uLong crc = crc32(0, bytes, TRACE_CRC_OFFSET);
  crc = crc32(crc, (const Bytef *)w->text, (uInt)w->text_bytes);
  bytes_put(bytes + TRACE_CRC_OFFSET, crc, 4);
}

int trace_writer_finish(struct trace_writer *w, struct trace_fault *fault) {
  uint8_t header[TRACE_HEADER_BYTES];
  int good = flush(w) == 0;
  make_header(w, header);
  good = good && fseek(w->file, 0, SEEK_SET) == 0 &&
         fwrite(header, sizeof header, 1, w->file) == 1;
  if (!good) {
    (void)fail(fault, w->path, errno);
    trace_writer_drop(w);
    return -1;
  }
  good = fclose(w->file) == 0 && rename(w->part, w->path) == 0;
  if (!good) {
    (void)fail(fault, w->path, errno);
    (void)unlink(w->part);
  }
  forget(w);
  return good ? 0 : -1;
}
