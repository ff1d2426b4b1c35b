/* SPDX-License-Identifier: MIT */
/* pack.c - see pack.h. */
#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slots.h"
#include "log.h"
#include "writer.h"

enum { HELD_MOST = 256 };

/* The words of a log, mapped. */
struct words {
  const uint64_t *at;
  size_t count;
  size_t bytes; /* mapped                                                   */
};

/* A live block. */
struct entry {
  uintptr_t address; /* 0: the slot is free                                 */
  uint64_t object;
};

/* A thread of the log. */
struct log_thread {
  uint64_t turns;  /* that are to come                                      */
  uint32_t number; /* in the trace + 1; 0: it has none yet                  */
};

struct packing {
  struct words words;
  size_t next; /* word                                                      */
  struct entry *entries;
  size_t room; /* slots, a power of two                                     */
  size_t live; /* slots in use                                              */
  struct log_thread *threads; /* by the log's number                        */
  uint32_t thread_count; /* that have a number in the trace                 */
  uint32_t thread; /* whose turn it is                                      */
  uint32_t said;   /* whose turn the trace says that it is                  */
  struct trace_event held[HELD_MOST]; /* waiting (pack.h)                   */
  size_t held_count;
  struct trace_writer *writer;
  struct pack_result *result;
  struct trace_fault *fault;
};

static int fail(struct trace_fault *fault, const char *path,
                const char *why) {
  fault->offset = 0;
  (void)snprintf(fault->message, sizeof fault->message, "cannot read %s: %s",
                 path, why);
  return -1;
}

/* ---- the log ------------------------------------------------------------- */

static int map_words(const char *path, struct words *words,
                     struct trace_fault *fault) {
  struct stat about = {.st_size = 0};
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &about) != 0) {
    return fail(fault, path, strerror(errno));
  }
  words->bytes = (size_t)about.st_size;
  words->count = words->bytes / sizeof *words->at;
  void *mapped = words->count > LOG_HEAD_WORDS
                     ? mmap(NULL, words->bytes, PROT_READ, MAP_PRIVATE, file, 0)
                     : MAP_FAILED;
  (void)close(file);
  words->at = mapped;
  if (mapped == MAP_FAILED) {
    return fail(fault, path, "it is no log of the recorder");
  }
  if (words->at[0] != LOG_MAGIC) {
    (void)munmap(mapped, words->bytes);
    return fail(fault, path, "it is no log of the recorder");
  }
  return 0;
}

static void unmap_words(struct words *words) {
  (void)munmap((void *)(uintptr_t)words->at, words->bytes);
}

static void take_head(const struct words *words, struct pack_result *result) {
  memcpy(result->version, words->at + 1, sizeof result->version - 1);
  result->version[sizeof result->version - 1] = '\0';
  result->fixed = words->at[LOG_HEAD_WORDS - 1] == 1;
}

int pack_open(const char *log, struct pack_result *result,
              struct trace_fault *fault) {
  struct words words;
  if (map_words(log, &words, fault) != 0) {
    return -1;
  }
  take_head(&words, result);
  unmap_words(&words);
  return 0;
}

/* ---- live blocks --------------------------------------------------------- */

static struct entry *entry_at(struct packing *p, uintptr_t address) {
  return &p->entries[pmmi_slots_find(p->entries, sizeof *p->entries, p->room,
                                     address)];
}

static int grow(struct packing *p) {
  struct entry *old = p->entries;
  size_t room = p->room;
  p->room = room == 0 ? 1 << 16 : room * 2;
  p->entries = calloc(p->room, sizeof *p->entries);
  for (size_t i = 0; p->entries != NULL && i < room; i++) {
    if (old[i].address != 0) {
      *entry_at(p, old[i].address) = old[i];
    }
  }
  free(old);
  return p->entries != NULL ? 0 : fail(p->fault, "it", strerror(ENOMEM));
}

static int remember(struct packing *p, uintptr_t address, uint64_t object) {
  if ((p->live + 1) * 2 > p->room && grow(p) != 0) {
    return -1;
  }
  *entry_at(p, address) = (struct entry){address, object};
  p->live++;
  return 0;
}

/** Forget a block: 1, with its object; 0 where nobody made it. */
static int forget(struct packing *p, uintptr_t address, uint64_t *object) {
  struct entry *entry = p->room > 0 ? entry_at(p, address) : NULL;
  if (entry == NULL || entry->address == 0) {
    return 0;
  }
  *object = entry->object;
  pmmi_slots_remove(p->entries, sizeof *p->entries, p->room,
                    (size_t)(entry - p->entries));
  p->live--;
  return 1;
}

/* ---- events -------------------------------------------------------------- */

static int write_event(struct packing *p, struct trace_event *event) {
  p->result->events++;
  p->result->object_events +=
      event->op <= TRACE_FREE && event->domain == TRACE_OBJECT;
  return trace_writer_add(p->writer, event, p->fault);
}

static int write_held(struct packing *p) {
  for (size_t i = 0; i < p->held_count; i++) {
    if (write_event(p, &p->held[i]) != 0) {
      return -1;
    }
  }
  p->held_count = 0;
  return 0;
}

static int hold(struct packing *p, const struct trace_event *event) {
  if (p->held_count == HELD_MOST && write_held(p) != 0) {
    return -1;
  }
  p->held[p->held_count++] = *event;
  return 0;
}

/** Write an event of the thread whose turn it is. */
static int add(struct packing *p, struct trace_event *event) {
  struct log_thread *thread = &p->threads[p->thread];
  if (p->thread != p->said) {
    struct trace_event turn = {.op = TRACE_THREAD, .domain = TRACE_CONTROL};
    p->said = p->thread;
    if (thread->number == 0) {
      thread->number = ++p->thread_count;
    }
    turn.thread = thread->number - 1;
    if (write_event(p, &turn) != 0) {
      return -1;
    }
  }
  if (p->thread != 0 && write_held(p) != 0) {
    return -1;
  }
  return write_event(p, event);
}

static uint64_t size_of(struct packing *p, uint64_t word) {
  uint64_t size = word >> 4 & 0xfff;
  if (size == LOG_LARGE && p->next < p->words.count) {
    size = p->words.at[p->next++];
  }
  return size < TRACE_SIZE_END ? size : TRACE_SIZE_END - 1;
}

static int add_free(struct packing *p, enum trace_domain domain,
                    uint64_t object) {
  struct trace_event event = {
      .op = TRACE_FREE, .domain = domain, .object = object};
  return add(p, &event);
}

/** Let an address be nobody's: what was there was given back unseen. */
static int vacate(struct packing *p, enum trace_domain domain,
                  uintptr_t address) {
  uint64_t object;
  if (!forget(p, address, &object)) {
    return 0;
  }
  p->result->repeated++;
  return add_free(p, domain, object);
}

static int born(struct packing *p, struct trace_event *event,
                uintptr_t address) {
  if (vacate(p, event->domain, address) != 0 || add(p, event) != 0) {
    return -1;
  }
  return remember(p, address, event->object);
}

/** A realloc: the word with the old address was read, the next has the rest. */
static int resized(struct packing *p, struct trace_event *event,
                   uintptr_t old) {
  uint64_t word = p->next < p->words.count ? p->words.at[p->next++] : 0;
  uintptr_t address = (uintptr_t)(word >> 16);
  event->size = size_of(p, word);
  if (word == 0) { /* it was killed in between                              */
    return 0;
  }
  if (!forget(p, old, &event->object)) {
    p->result->unknown++;
    event->op = TRACE_ALLOC;
    return born(p, event, address);
  }
  if (vacate(p, event->domain, address) != 0 || add(p, event) != 0) {
    return -1;
  }
  return remember(p, address, event->object);
}

static int freed(struct packing *p, struct trace_event *event,
                 uintptr_t address) {
  if (!forget(p, address, &event->object)) {
    p->result->unknown++;
    return 0;
  }
  int waits = p->thread != 0 && event->domain == TRACE_RAW;
  return waits ? hold(p, event) : add(p, event);
}

static uint32_t thread_of(uint64_t word) {
  return (uint32_t)(word >> 16) % TRACE_THREADS_MOST;
}

/** Count how often each thread has its turn. */
static int count_turns(struct packing *p) {
  const struct words *w = &p->words;
  p->threads = calloc(TRACE_THREADS_MOST, sizeof *p->threads);
  if (p->threads == NULL) {
    return fail(p->fault, "it", strerror(ENOMEM));
  }
  p->threads[0] = (struct log_thread){.turns = 1, .number = 1};
  p->thread_count = 1;
  for (size_t i = p->next; i < w->count && w->at[i] != 0; i++) {
    if ((w->at[i] & 15) == (LOG_CONTROL << 2 | LOG_THREAD)) {
      p->threads[thread_of(w->at[i])].turns++;
    } else if ((w->at[i] >> 4 & 0xfff) == LOG_LARGE) {
      i++;
    }
  }
  return 0;
}

/** The turn of a thread is over; after its last one it has ended. */
static int end_turn(struct packing *p) {
  struct log_thread *thread = &p->threads[p->thread];
  struct trace_event event = {.op = TRACE_THREAD_END,
                              .domain = TRACE_CONTROL};
  if (--thread->turns > 0 || p->thread == 0 || thread->number == 0) {
    return 0;
  }
  event.thread = thread->number - 1;
  return hold(p, &event);
}

static int control(struct packing *p, uint64_t word) {
  if ((word & 3) == LOG_END) {
    p->result->ended = 1;
    return 0;
  }
  if (end_turn(p) != 0) {
    return -1;
  }
  p->thread = thread_of(word);
  return 0;
}

static int pack_word(struct packing *p, uint64_t word) {
  uintptr_t address = (uintptr_t)(word >> 16);
  struct trace_event event = {
      .op = (enum trace_op)(word & 3),
      .domain = (enum trace_domain)(word >> 2 & 3)};
  if (event.domain == TRACE_CONTROL) {
    return control(p, word);
  }
  switch (event.op) {
  case TRACE_ALLOC:
  case TRACE_ZERO:
    event.size = size_of(p, word);
    return born(p, &event, address);
  case TRACE_RESIZE:
    return resized(p, &event, address);
  default:
    return freed(p, &event, address);
  }
}

static int pack_words(struct packing *p) {
  while (p->next < p->words.count && p->words.at[p->next] != 0) {
    uint64_t word = p->words.at[p->next++];
    if (pack_word(p, word) != 0) {
      return -1;
    }
  }
  return end_turn(p) != 0 ? -1 : write_held(p);
}

static int pack_all(struct packing *p) {
  if (count_turns(p) != 0 || pack_words(p) != 0) {
    trace_writer_drop(p->writer);
    return -1;
  }
  return trace_writer_finish(p->writer, p->fault);
}

int pack_log(const char *log, const char *path, const char *text,
             struct pack_result *result, struct trace_fault *fault) {
  struct packing p = {
      .next = LOG_HEAD_WORDS, .result = result, .fault = fault};
  *result = (struct pack_result){.events = 0};
  if (map_words(log, &p.words, fault) != 0) {
    return -1;
  }
  take_head(&p.words, result);
  p.writer = trace_writer_open(path, text, fault);
  int code = p.writer != NULL ? pack_all(&p) : -1;
  unmap_words(&p.words);
  free(p.entries);
  free(p.threads);
  return code;
}
