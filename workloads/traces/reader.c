/* SPDX-License-Identifier: MIT */
/* reader.c - see reader.h. */
#include "reader.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "bytes.h"
#include "live.h"
#include "sha256.h"

struct trace_reader {
  const uint8_t *bytes;
  size_t count;
  size_t next;         /* where the file is read on: a block or the end     */
  size_t block_offset; /* of the block that is read                         */
  uint32_t blocks;     /* read                                              */
  uint64_t events;     /* given                                             */
  uint32_t thread;     /* whose events are read                             */
  uint32_t threads;    /* the highest number so far + 1                     */
  size_t at;           /* in `block`                                        */
  size_t filled;       /* bytes of `block`                                  */
  struct trace_header header;
  struct trace_live live;
  struct sha256 hash;
  char *text;
  struct trace_fault fault; /* the first, once there is one                 */
  int faulty;
  uint8_t block[TRACE_BLOCK_MOST];
};

/* ---- faults -------------------------------------------------------------- */

static void tell(struct trace_fault *fault, uint64_t offset,
                 const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct trace_fault *fault, uint64_t offset,
                 const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fault->offset = offset;
  (void)vsnprintf(fault->message, sizeof fault->message, format, arguments);
  va_end(arguments);
}

/** A fault in an event: where its block lies, and where in there it is. */
static int bad_event(struct trace_reader *r, const char *expected) {
  tell(&r->fault, r->block_offset,
       "byte %zu of the block that begins here, event %" PRIu64
       ": expected %s",
       r->at, r->events, expected);
  return -1;
}

/* ---- the file ------------------------------------------------------------ */

static uint8_t *read_all(FILE *file, size_t *count) {
  size_t room = 1 << 16;
  uint8_t *bytes = malloc(room);
  *count = 0;
  while (bytes != NULL) {
    *count += fread(bytes + *count, 1, room - *count, file);
    if (*count < room) {
      return bytes;
    }
    uint8_t *larger = realloc(bytes, room *= 2);
    if (larger == NULL) {
      free(bytes);
    }
    bytes = larger;
  }
  return NULL;
}

uint8_t *trace_file_read(const char *path, size_t *count,
                         struct trace_fault *fault) {
  struct stat about;
  FILE *file = fopen(path, "re");
  if (file == NULL || fstat(fileno(file), &about) != 0 ||
      S_ISDIR(about.st_mode)) {
    tell(fault, 0, "cannot read it: %s",
         strerror(file == NULL ? errno : EISDIR));
    if (file != NULL) {
      (void)fclose(file);
    }
    return NULL;
  }
  errno = 0;
  uint8_t *bytes = read_all(file, count);
  if (bytes == NULL || ferror(file)) {
    tell(fault, *count, "cannot read it: %s",
         strerror(bytes == NULL ? ENOMEM : errno));
    free(bytes);
    bytes = NULL;
  }
  (void)fclose(file);
  return bytes;
}

/* ---- header -------------------------------------------------------------- */

static int read_fields(const uint8_t *bytes, size_t count,
                       struct trace_header *header,
                       struct trace_fault *fault) {
  size_t text = (size_t)bytes_get(bytes + 12, 4);
  if (bytes_get(bytes + 8, 2) != TRACE_VERSION) {
    tell(fault, 8, "expected version %d, found %u", TRACE_VERSION,
         (unsigned)bytes_get(bytes + 8, 2));
    return -1;
  }
  if (text > TRACE_TEXT_MOST || count - TRACE_HEADER_BYTES < text) {
    tell(fault, 12, "expected a text of at most %zu bytes, found %zu",
         count - TRACE_HEADER_BYTES < TRACE_TEXT_MOST
             ? count - TRACE_HEADER_BYTES
             : TRACE_TEXT_MOST,
         text);
    return -1;
  }
  header->events = bytes_get(bytes + 16, 8);
  header->births = bytes_get(bytes + 24, 8);
  header->requested_bytes = bytes_get(bytes + 32, 8);
  header->peak_live_bytes = bytes_get(bytes + 40, 8);
  header->peak_live_blocks = bytes_get(bytes + 48, 8);
  header->threads = (uint32_t)bytes_get(bytes + 56, 4);
  header->blocks = (uint32_t)bytes_get(bytes + 60, 4);
  memcpy(header->sha256, bytes + TRACE_HASH_OFFSET, TRACE_HASH_BYTES);
  return 0;
}

static int check_rest(const uint8_t *bytes, size_t text,
                      struct trace_fault *fault) {
  for (size_t i = TRACE_ZEROS_OFFSET; i < TRACE_CRC_OFFSET; i++) {
    if (bytes[i] != 0) {
      tell(fault, i, "expected 0, found %u", bytes[i]);
      return -1;
    }
  }
  if (bytes_get(bytes + 10, 2) != 0) {
    tell(fault, 10, "expected flags 0, found %u",
         (unsigned)bytes_get(bytes + 10, 2));
    return -1;
  }
  uLong crc = crc32(0, bytes, TRACE_CRC_OFFSET);
  crc = crc32(crc, bytes + TRACE_HEADER_BYTES, (uInt)text);
  if (crc != bytes_get(bytes + TRACE_CRC_OFFSET, 4)) {
    tell(fault, TRACE_CRC_OFFSET,
         "expected CRC-32 %08lx of header and text, found %08" PRIx64, crc,
         bytes_get(bytes + TRACE_CRC_OFFSET, 4));
    return -1;
  }
  for (size_t i = TRACE_HEADER_BYTES; i < TRACE_HEADER_BYTES + text; i++) {
    if (bytes[i] != '\n' && (bytes[i] < ' ' || bytes[i] > '~')) {
      tell(fault, i, "expected printable ASCII, found byte %u", bytes[i]);
      return -1;
    }
  }
  return 0;
}

static int read_header(const uint8_t *bytes, size_t count,
                       struct trace_header *header,
                       struct trace_fault *fault) {
  if (count < 8 || memcmp(bytes, TRACE_MAGIC, 8) != 0) {
    tell(fault, 0, "expected the word %s: this is no trace", TRACE_MAGIC);
    return -1;
  }
  if (count < TRACE_HEADER_BYTES) {
    tell(fault, count, "expected a header of %d bytes, the file ends here",
         TRACE_HEADER_BYTES);
    return -1;
  }
  if (read_fields(bytes, count, header, fault) != 0) {
    return -1;
  }
  return check_rest(bytes, (size_t)bytes_get(bytes + 12, 4), fault);
}

struct trace_reader *trace_reader_open(const uint8_t *bytes, size_t count,
                                       struct trace_fault *fault) {
  struct trace_header header;
  if (read_header(bytes, count, &header, fault) != 0) {
    return NULL;
  }
  size_t text = (size_t)bytes_get(bytes + 12, 4);
  struct trace_reader *r = malloc(sizeof *r);
  char *copy = malloc(text + 1);
  if (r == NULL || copy == NULL) {
    tell(fault, 0, "there is no memory");
    free(r);
    free(copy);
    return NULL;
  }
  memset(r, 0, offsetof(struct trace_reader, block));
  memcpy(copy, bytes + TRACE_HEADER_BYTES, text);
  copy[text] = '\0';
  r->bytes = bytes;
  r->count = count;
  r->next = TRACE_HEADER_BYTES + text;
  r->threads = 1;
  r->header = header;
  r->text = copy;
  sha256_begin(&r->hash);
  return r;
}

void trace_reader_close(struct trace_reader *reader) {
  if (reader != NULL) {
    trace_live_free(&reader->live);
    free(reader->text);
    free(reader);
  }
}

const struct trace_header *
trace_reader_header(const struct trace_reader *reader) {
  return &reader->header;
}

const char *trace_reader_text(const struct trace_reader *reader) {
  return reader->text;
}

size_t trace_reader_bytes(const struct trace_reader *reader) {
  return reader->count;
}

uint64_t trace_reader_events(const struct trace_reader *reader) {
  return reader->events;
}

/* ---- blocks -------------------------------------------------------------- */

/** The two lengths of the block at `next`.  0, or -1 after a fault. */
static int read_lengths(struct trace_reader *r, size_t *packed) {
  size_t left = r->count - r->next;
  if (left < 8) {
    tell(&r->fault, r->count,
         "expected block %u of %u, the file ends here", r->blocks + 1,
         r->header.blocks);
    return -1;
  }
  *packed = (size_t)bytes_get(r->bytes + r->next, 4);
  r->filled = (size_t)bytes_get(r->bytes + r->next + 4, 4);
  if (*packed == 0 || *packed > left - 8) {
    tell(&r->fault, r->next, "expected a block of 1 to %zu bytes, found %zu",
         left - 8, *packed);
    return -1;
  }
  if (r->filled == 0 || r->filled > TRACE_BLOCK_MOST ||
      r->filled > *packed * TRACE_RATIO_MOST) {
    tell(&r->fault, r->next + 4,
         "expected 1 to %d unpacked bytes, and at most %d times the packed "
         "%zu, found %zu",
         TRACE_BLOCK_MOST, TRACE_RATIO_MOST, *packed, r->filled);
    return -1;
  }
  return 0;
}

static int read_block(struct trace_reader *r) {
  size_t packed;
  if (read_lengths(r, &packed) != 0) {
    return -1;
  }
  uLongf got = r->filled;
  uLong used = packed;
  int result = uncompress2(r->block, &got, r->bytes + r->next + 8, &used);
  if (result == Z_MEM_ERROR) {
    tell(&r->fault, r->next, "there is no memory to unpack a block");
    return -1;
  }
  if (result != Z_OK || got != r->filled || used != packed) {
    tell(&r->fault, r->next + 8,
         "expected a zlib stream of %zu bytes that unpacks to %zu", packed,
         r->filled);
    return -1;
  }
  sha256_add(&r->hash, r->block, r->filled);
  r->block_offset = r->next;
  r->next += 8 + packed;
  r->at = 0;
  r->blocks++;
  return 0;
}

/* ---- the end ------------------------------------------------------------- */

/** One figure of the header against what was counted. */
static int agree(struct trace_reader *r, uint64_t offset, const char *what,
                 uint64_t said, uint64_t counted) {
  if (said != counted) {
    tell(&r->fault, offset, "expected %" PRIu64 " %s, found %" PRIu64,
         counted, what, said);
    return -1;
  }
  return 0;
}

static int check_end(struct trace_reader *r) {
  uint8_t digest[TRACE_HASH_BYTES];
  char text[65];
  const struct trace_header *h = &r->header;
  const struct trace_live *live = &r->live;
  if (r->next != r->count) {
    tell(&r->fault, r->next, "expected the end of the file, found %zu bytes",
         r->count - r->next);
    return -1;
  }
  if (agree(r, 16, "events", h->events, r->events) != 0 ||
      agree(r, 24, "births", h->births, live->births) != 0 ||
      agree(r, 32, "requested bytes", h->requested_bytes,
            live->requested_bytes) != 0 ||
      agree(r, 40, "peak live bytes", h->peak_live_bytes,
            live->peak_bytes) != 0 ||
      agree(r, 48, "peak live blocks", h->peak_live_blocks,
            live->peak_blocks) != 0 ||
      agree(r, 56, "threads", h->threads, r->threads) != 0) {
    return -1;
  }
  struct sha256 hash = r->hash;
  sha256_end(&hash, digest);
  sha256_text(digest, text);
  if (memcmp(digest, h->sha256, sizeof digest) != 0) {
    tell(&r->fault, TRACE_HASH_OFFSET, "expected SHA-256 %s", text);
    return -1;
  }
  return 0;
}

/* ---- events -------------------------------------------------------------- */

/** The number in the upper half of the flag byte, or behind it. */
static int read_number(struct trace_reader *r, uint8_t flag, uint64_t scale,
                       uint64_t *value) {
  if (flag >> 4 < 15) {
    *value = (uint64_t)((flag >> 4) + 1) * scale;
    return 0;
  }
  size_t used =
      bytes_get_varint(r->block + r->at, r->block + r->filled, value);
  r->at += used;
  return used != 0 ? 0 : bad_event(r, "a number of at most 7 bytes");
}

static int read_size(struct trace_reader *r, uint8_t flag, uint64_t *size) {
  if (read_number(r, flag, 8, size) != 0) {
    return -1;
  }
  return *size < TRACE_SIZE_END ? 0 : bad_event(r, "a size below 2^47");
}

static int read_old(struct trace_reader *r, uint8_t flag,
                    struct trace_event *event) {
  uint64_t age;
  if (read_number(r, flag, 1, &age) != 0) {
    return -1;
  }
  event->object = r->live.births - age;
  if (age > r->live.births || !trace_live_has(&r->live, event->object)) {
    return bad_event(r, "the age of a live object");
  }
  return event->op == TRACE_RESIZE ? read_size(r, 0xf0, &event->size) : 0;
}

static int read_control(struct trace_reader *r, uint8_t flag,
                        struct trace_event *event) {
  uint64_t number;
  if (flag >> 4 != 0 || (flag & 3) > 1) {
    return bad_event(r, "a kind of event");
  }
  if (read_number(r, 0xf0, 1, &number) != 0) {
    return -1;
  }
  if (number > r->threads || number >= TRACE_THREADS_MOST) {
    return bad_event(r, "a thread that was there, or the next number");
  }
  event->op = (flag & 3) == 0 ? TRACE_THREAD : TRACE_THREAD_END;
  event->thread = (uint32_t)number;
  if (event->op == TRACE_THREAD) {
    r->thread = event->thread;
  }
  if (event->thread == r->threads) {
    r->threads++;
  }
  return 0;
}

static int read_event(struct trace_reader *r, struct trace_event *event) {
  uint8_t flag = r->block[r->at++];
  int domain = flag >> 2 & 3;
  *event = (struct trace_event){.op = (enum trace_op)(flag & 3),
                                .domain = (enum trace_domain)domain,
                                .thread = r->thread};
  if (event->domain == TRACE_CONTROL) {
    return read_control(r, flag, event);
  }
  int code = event->op == TRACE_ALLOC || event->op == TRACE_ZERO
                 ? read_size(r, flag, &event->size)
                 : read_old(r, flag, event);
  if (code == 0 && trace_live_do(&r->live, event) != 0) {
    tell(&r->fault, r->block_offset,
         "there is no memory for more than %" PRIu64 " objects",
         r->live.births);
    code = -1;
  }
  return code;
}

int trace_reader_next(struct trace_reader *r, struct trace_event *event,
                      struct trace_fault *fault) {
  assert(r != NULL);
  int result = r->faulty ? -1 : 1;
  if (result == 1 && r->at == r->filled) {
    if (r->blocks == r->header.blocks) {
      result = check_end(r);
    } else {
      result = read_block(r) == 0 ? 1 : -1;
    }
  }
  if (result == 1) {
    result = read_event(r, event) == 0 ? 1 : -1;
    r->events += result == 1;
  }
  if (result < 0) {
    r->faulty = 1;
    *fault = r->fault;
  }
  return result;
}
