/* SPDX-License-Identifier: MIT */
/* test_format.c - what is written is read; what is damaged is told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../bytes.h"
#include "../reader.h"
#include "../sha256.h"
#include "../writer.h"
#include "tests/tap.h"

enum { EVENTS = 200000, SMALL = 60 };

static char path[64];
static uint64_t state = 88172645463325252u;

static uint64_t drawn(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

/* ---- sums ---------------------------------------------------------------- */

static void hash(const void *bytes, size_t count, size_t step, char *text) {
  struct sha256 sum;
  uint8_t digest[32];
  sha256_begin(&sum);
  for (size_t i = 0; i < count; i += step) {
    sha256_add(&sum, (const char *)bytes + i,
               count - i < step ? count - i : step);
  }
  sha256_end(&sum, digest);
  sha256_text(digest, text);
}

/* Source: FIPS 180-4's examples, and one million letters of NIST's. */
static void test_sha256(void) {
  char text[65];
  static char letters[1000000];
  memset(letters, 'a', sizeof letters);
  hash("", 0, 1, text);
  tap_ok(strcmp(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991"
                      "b7852b855") == 0,
         "SHA-256 of nothing");
  hash("abc", 3, 1, text);
  tap_ok(strcmp(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff6"
                      "1f20015ad") == 0,
         "SHA-256 of abc");
  for (size_t step = 63; step <= 65; step++) {
    hash(letters, sizeof letters, step, text);
    tap_ok(strcmp(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39"
                        "ccc7112cd0") == 0,
           "SHA-256 of a million letters, %zu at a time", step);
  }
}

/* ---- what is written is read --------------------------------------------- */

static struct trace_event sent[EVENTS];
static uint32_t threads;

/** Draw the event; what is not live becomes an alloc. */
static void draw(struct trace_event *event, uint8_t *live, uint64_t births) {
  uint64_t kind = drawn(100);
  *event = (struct trace_event){.op = (enum trace_op)(kind % 4),
                                .domain = (enum trace_domain)drawn(3),
                                .size = drawn(UINT64_C(1) << drawn(48))};
  if (kind == 0) {
    event->op = TRACE_THREAD;
    event->thread = (uint32_t)drawn(threads + 1);
    threads += event->thread == threads;
  } else if (kind == 1) {
    event->op = TRACE_THREAD_END;
    event->thread = (uint32_t)drawn(threads);
  } else if (event->op >= TRACE_RESIZE) {
    uint64_t age = 1 + drawn(drawn(2) == 0 ? 8 : births + 1);
    event->object = births - age;
    if (age > births || !live[event->object]) {
      event->op = TRACE_ALLOC;
    } else {
      live[event->object] = event->op == TRACE_RESIZE;
    }
  }
  if (event->op == TRACE_FREE || event->op >= TRACE_THREAD) {
    event->size = 0;
  }
}

static int write_drawn(size_t count, const char *text,
                       struct trace_fault *fault) {
  static uint8_t live[EVENTS];
  uint64_t births = 0;
  struct trace_writer *writer = trace_writer_open(path, text, fault);
  threads = 1;
  for (size_t i = 0; writer != NULL && i < count; i++) {
    draw(&sent[i], live, births);
    if (trace_writer_add(writer, &sent[i], fault) != 0) {
      trace_writer_drop(writer);
      return -1;
    }
    if (sent[i].op <= TRACE_ZERO) {
      live[births++] = 1;
    }
  }
  return writer == NULL ? -1 : trace_writer_finish(writer, fault);
}

static int same(const struct trace_event *a, const struct trace_event *b) {
  int control = a->op >= TRACE_THREAD;
  return a->op == b->op &&
         (control ? a->thread == b->thread
                  : a->domain == b->domain && a->object == b->object &&
                        a->size == b->size);
}

static void test_roundtrip(void) {
  struct trace_fault fault = {.message = ""};
  struct trace_event event;
  size_t count;
  size_t got = 0;
  size_t equal = 0;
  int more;
  tap_ok(write_drawn(EVENTS, "source: a\xff\tb\n", &fault) == 0,
         "%d events are written (%s)", EVENTS, fault.message);
  uint8_t *bytes = trace_file_read(path, &count, &fault);
  struct trace_reader *reader = trace_reader_open(bytes, count, &fault);
  tap_need(reader != NULL);
  tap_ok(strcmp(trace_reader_text(reader), "source: a\\xff\\x09b\n") == 0,
         "the text has escapes for what cannot be printed");
  while ((more = trace_reader_next(reader, &event, &fault)) == 1) {
    equal += (size_t)same(&event, &sent[got++]);
  }
  tap_ok(more == 0, "it is read to its end (%s)", fault.message);
  tap_ok(got == EVENTS && equal == EVENTS, "all events are those written");
  tap_ok(trace_reader_header(reader)->threads == threads, "threads agree");
  tap_ok(trace_reader_header(reader)->blocks > 1, "there were several blocks");
  trace_reader_close(reader);
  free(bytes);
}

/* ---- what compresses too well -------------------------------------------- */

static void test_monotone(void) {
  struct trace_fault fault = {.message = ""};
  struct trace_event event;
  size_t count;
  int more;
  struct trace_writer *writer = trace_writer_open(path, "", &fault);
  tap_need(writer != NULL);
  for (int i = 0; i < 1000000; i++) {
    event = (struct trace_event){.op = TRACE_ALLOC, .size = 64};
    tap_need(trace_writer_add(writer, &event, &fault) == 0);
  }
  tap_ok(trace_writer_finish(writer, &fault) == 0, "a million equal births");
  uint8_t *bytes = trace_file_read(path, &count, &fault);
  struct trace_reader *reader = trace_reader_open(bytes, count, &fault);
  tap_need(reader != NULL);
  while ((more = trace_reader_next(reader, &event, &fault)) == 1) {
  }
  tap_ok(more == 0, "are read (%s), and packed no more than a reader takes",
         fault.message);
  tap_ok(count * TRACE_RATIO_MOST >= 1000000, "in %zu bytes", count);
  trace_reader_close(reader);
  free(bytes);
}

/* ---- what is damaged is told --------------------------------------------- */

/** 1 when the bytes are refused with a fault inside of the file. */
static int refused(const uint8_t *bytes, size_t count) {
  struct trace_fault fault = {.message = ""};
  struct trace_event event;
  struct trace_reader *reader = trace_reader_open(bytes, count, &fault);
  int more = reader != NULL;
  while (more == 1) {
    more = trace_reader_next(reader, &event, &fault);
  }
  int told = (reader == NULL || more < 0) && fault.message[0] != '\0' &&
             fault.offset <= count;
  trace_reader_close(reader);
  return told;
}

static void test_damage(void) {
  struct trace_fault fault = {.message = ""};
  size_t count;
  size_t cuts = 0;
  size_t flips = 0;
  tap_need(write_drawn(SMALL, "source: small\n", &fault) == 0);
  uint8_t *bytes = trace_file_read(path, &count, &fault);
  tap_need(bytes != NULL);
  for (size_t i = 0; i < count; i++) {
    uint8_t *part = malloc(i + 1); /* exact: a checker sees a read behind   */
    memcpy(part, bytes, i);
    cuts += (size_t)refused(part, i);
    free(part);
  }
  tap_ok(cuts == count, "%zu of %zu files cut off are refused", cuts, count);
  for (size_t i = 0; i < 8 * count; i++) {
    bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    flips += (size_t)refused(bytes, count);
    bytes[i / 8] ^= (uint8_t)(1u << i % 8);
  }
  /* A zlib stream has bits that mean nothing: its level, and the padding of
   * its end.  Where one of them changed, the events are those hashed. */
  tap_ok(8 * count - flips <= 16,
         "%zu of %zu with one bit changed are refused", flips, 8 * count);
  bytes = realloc(bytes, count + 1);
  bytes[count] = 0;
  tap_ok(refused(bytes, count + 1), "and so is one with a byte too many");
  free(bytes);
}

static void test_unreadable(void) {
  struct trace_fault fault = {.message = ""};
  size_t count;
  tap_ok(trace_file_read("/nonexistent/x", &count, &fault) == NULL &&
             strstr(fault.message, "No such file") != NULL,
         "a file that is not there: %s", fault.message);
  tap_ok(trace_file_read("/", &count, &fault) == NULL &&
             strstr(fault.message, "directory") != NULL,
         "a folder: %s", fault.message);
  tap_ok(trace_writer_open("/nonexistent/x", "", &fault) == NULL &&
             strstr(fault.message, "No such file") != NULL,
         "a place where nothing can be written: %s", fault.message);
}

int main(void) {
  (void)snprintf(path, sizeof path, "/tmp/pmm-test-format-%d", getpid());
  tap_plan(0);
  test_sha256();
  test_roundtrip();
  test_monotone();
  test_damage();
  test_unreadable();
  (void)unlink(path);
  return tap_done();
}
