/* SPDX-License-Identifier: MIT */
/* target.c - see target.h. */
#include "target.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../bytes.h"
#include "../reader.h"

enum { EVENTS_MOST = 4096 };

uint64_t fuzz_whole;
uint64_t fuzz_faults;
uint64_t fuzz_events;

static void must(int holds) {
  if (!holds) {
    abort();
  }
}

/** A file of one stored block that holds the events; its bytes. */
static size_t around(const uint8_t *events, size_t count, uint8_t *file) {
  uint8_t *block = file + TRACE_HEADER_BYTES;
  memset(file, 0, TRACE_HEADER_BYTES);
  memcpy(file, TRACE_MAGIC, 8);
  bytes_put(file + 8, TRACE_VERSION, 2);
  bytes_put(file + 60, 1, 4);
  bytes_put(file + TRACE_CRC_OFFSET, crc32(0, file, TRACE_CRC_OFFSET), 4);
  bytes_put(block, count + 11, 4);
  bytes_put(block + 4, count, 4);
  memcpy(block + 8, "\x78\x01\x01", 3); /* zlib: stored, the last one      */
  bytes_put(block + 11, count, 2);
  bytes_put(block + 13, ~count, 2);
  memcpy(block + 15, events, count);
  uLong sum = adler32(1, events, (uInt)count);
  for (size_t i = 0; i < 4; i++) {
    block[15 + count + i] = (uint8_t)(sum >> (24 - 8 * i));
  }
  return TRACE_HEADER_BYTES + 8 + count + 11;
}

/** What is live, kept by another way than the reader's. */
struct model {
  uint8_t *live; /* by object                                               */
  uint64_t births;
  uint64_t room;
};

static void check_event(struct model *model, const struct trace_event *event) {
  must(event->size < TRACE_SIZE_END && event->thread < TRACE_THREADS_MOST);
  if (event->op >= TRACE_THREAD) {
    must(event->op <= TRACE_THREAD_END);
    return;
  }
  must(event->domain <= TRACE_OBJECT);
  if (event->op == TRACE_ALLOC || event->op == TRACE_ZERO) {
    must(event->object == model->births && model->births < model->room);
    model->live[model->births++] = 1;
    return;
  }
  must(event->object < model->births && model->live[event->object]);
  model->live[event->object] = event->op == TRACE_RESIZE;
}

static void read_whole(const uint8_t *bytes, size_t count) {
  struct trace_fault fault = {.message = ""};
  struct trace_event event;
  /* An unpacked byte is at most one birth. */
  struct model model = {.room = count * TRACE_RATIO_MOST};
  struct trace_reader *reader = trace_reader_open(bytes, count, &fault);
  model.live = malloc(model.room + 1);
  must(model.live != NULL);
  int more = reader != NULL;
  while (more == 1 &&
         (more = trace_reader_next(reader, &event, &fault)) == 1) {
    check_event(&model, &event);
    fuzz_events++;
  }
  int sound = reader != NULL && more == 0;
  must(sound || (fault.message[0] != '\0' && fault.offset <= count));
  fuzz_whole += (uint64_t)sound;
  fuzz_faults += (uint64_t)!sound;
  trace_reader_close(reader);
  free(model.live);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) {
    return 0;
  }
  if (data[0] % 2 == 0) {
    read_whole(data + 1, size - 1);
  } else if (size - 1 <= EVENTS_MOST) {
    uint8_t file[TRACE_HEADER_BYTES + EVENTS_MOST + 32];
    read_whole(file, around(data + 1, size - 1, file));
  }
  return 0;
}
