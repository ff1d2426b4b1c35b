/* SPDX-License-Identifier: MIT */
/* import.c - see import.h. */
#include "import.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/slots.h"
#include "writer.h"

enum { LINE_MOST = 200, WORDS_MOST = 8 };

#define MALLOC_LAB "malloc-lab"
#define MEMORY_REPLAY "memory-replay"

/* A live block, or a thread, by what the text calls it. */
struct named {
  uintptr_t key;   /* the text's + 1, as 0 is a free slot                   */
  uint64_t number; /* ours                                                  */
};

struct table {
  struct named *slots;
  size_t room; /* a power of two                                            */
  size_t used;
};

struct import {
  FILE *in;
  struct trace_writer *writer;
  struct import_counts *counts;
  struct import_fault *fault;
  uint64_t most; /* events                                                  */
  struct table blocks;
  struct table threads;
  uint64_t thread_count;
  uint64_t thread; /* whose turn the trace says that it is                  */
  char text[LINE_MOST + 2];
  char *words[WORDS_MOST];
  size_t word_count;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct import *m,
                                                       const char *format,
                                                       ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(m->fault->message, sizeof m->fault->message, format,
                  arguments);
  va_end(arguments);
  m->fault->line = m->counts->lines;
  return -1;
}

static int no_memory(struct import *m) {
  (void)wrong(m, "there is no memory");
  m->fault->line = 0;
  return -1;
}

/* ---- tables -------------------------------------------------------------- */

static struct named *find(const struct table *table, uintptr_t key) {
  size_t at;
  if (table->room == 0) {
    return NULL;
  }
  at = pmmi_slots_find(table->slots, sizeof *table->slots, table->room, key);
  return &table->slots[at];
}

static int is_there(const struct named *entry) {
  return entry != NULL && entry->key != 0;
}

static int make_room(struct table *table) {
  struct table larger = {.room = table->room > 0 ? table->room * 2 : 1 << 10,
                         .used = table->used};
  if ((table->used + 1) * 2 <= table->room) {
    return 0;
  }
  larger.slots = calloc(larger.room, sizeof *larger.slots);
  if (larger.slots == NULL) {
    return -1;
  }
  for (size_t i = 0; i < table->room; i++) {
    if (table->slots[i].key != 0) {
      *find(&larger, table->slots[i].key) = table->slots[i];
    }
  }
  free(table->slots);
  *table = larger;
  return 0;
}

static int put(struct import *m, struct table *table, uintptr_t key,
               uint64_t number) {
  if (make_room(table) != 0) {
    return no_memory(m);
  }
  *find(table, key) = (struct named){key, number};
  table->used++;
  return 0;
}

static void take_out(struct table *table, const struct named *entry) {
  pmmi_slots_remove(table->slots, sizeof *table->slots, table->room,
                    (size_t)(entry - table->slots));
  table->used--;
}

/* ---- lines --------------------------------------------------------------- */

/** The next line in words.  1; 0 at the end; -1: it is none. */
static int next_line(struct import *m) {
  char *rest = NULL;
  do {
    if (fgets(m->text, sizeof m->text, m->in) == NULL) {
      return ferror(m->in) ? wrong(m, "cannot be read: %s", strerror(errno))
                           : 0;
    }
    m->counts->lines++;
    if (strchr(m->text, '\n') == NULL && !feof(m->in)) {
      return wrong(m, "expected a line of at most %d characters, without a "
                   "zero byte", LINE_MOST);
    }
    m->word_count = 0;
    for (char *word = strtok_r(m->text, " \t\r\n", &rest);
         word != NULL && m->word_count < WORDS_MOST;
         word = strtok_r(NULL, " \t\r\n", &rest)) {
      m->words[m->word_count++] = word;
    }
  } while (m->word_count == 0);
  return 1;
}

/** A number, decimal or behind 0x, below `end`.  0, or -1. */
static int number(struct import *m, size_t at, const char *what, uint64_t end,
                  uint64_t *value) {
  const char *text = at < m->word_count ? m->words[at] : "";
  int hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  char *stop;
  errno = 0;
  *value = strtoull(text, &stop, hex ? 16 : 10);
  if (!isdigit((unsigned char)text[0]) || *stop != '\0' || errno != 0 ||
      *value >= end) {
    char shown[40] = "the end of the line";
    size_t i = 0;
    for (; text[i] != '\0' && i + 1 < sizeof shown; i++) {
      shown[i] = isprint((unsigned char)text[i]) ? text[i] : '?';
    }
    shown[text[0] != '\0' ? i : strlen(shown)] = '\0';
    return wrong(m, "expected %s below %" PRIu64 ", found %s", what, end,
                 shown);
  }
  return 0;
}

/* ---- events -------------------------------------------------------------- */

static int is_full(const struct import *m) {
  return m->counts->events >= m->most;
}

static int add(struct import *m, struct trace_event *event) {
  struct trace_fault fault;
  if (is_full(m)) {
    return 0;
  }
  event->domain = event->op >= TRACE_THREAD ? TRACE_CONTROL : TRACE_RAW;
  if (trace_writer_add(m->writer, event, &fault) != 0) {
    (void)wrong(m, "%s", fault.message);
    m->fault->line = 0;
    return -1;
  }
  m->counts->events++;
  return 0;
}

static int give_back(struct import *m, struct named *entry) {
  struct trace_event event = {.op = TRACE_FREE, .object = entry->number};
  take_out(&m->blocks, entry);
  return add(m, &event);
}

static int make(struct import *m, uintptr_t key, enum trace_op op,
                uint64_t size) {
  struct trace_event event = {.op = op, .size = size};
  if (is_full(m)) {
    return 0;
  }
  return add(m, &event) != 0 ? -1 : put(m, &m->blocks, key, event.object);
}

/** Resize a block, which may get another name. */
static int resize(struct import *m, struct named *entry, uintptr_t key,
                  uint64_t size) {
  struct trace_event event = {
      .op = TRACE_RESIZE, .object = entry->number, .size = size};
  take_out(&m->blocks, entry);
  return add(m, &event) != 0 ? -1 : put(m, &m->blocks, key, event.object);
}

/* ---- malloc-lab ---------------------------------------------------------- */

static int lab_request(struct import *m, uint64_t ids) {
  const char *what = m->words[0];
  uint64_t id = 0;
  uint64_t size = 0;
  int known = strlen(what) == 1 && strchr("arf", what[0]) != NULL;
  if (!known || m->word_count != (what[0] == 'f' ? 2u : 3u)) {
    return wrong(m, "expected \"a ID SIZE\", \"r ID SIZE\" or \"f ID\"");
  }
  if (what[0] == 'f' && strcmp(m->words[1], "-1") == 0) {
    return 0; /* free(NULL)                                                 */
  }
  if (number(m, 1, "an id", ids, &id) != 0 ||
      (what[0] != 'f' &&
       number(m, 2, "a size", TRACE_SIZE_END, &size) != 0)) {
    return -1;
  }
  struct named *entry = find(&m->blocks, (uintptr_t)id + 1);
  int live = is_there(entry);
  if (what[0] == 'a') {
    return live ? wrong(m, "id %" PRIu64 " is live: expected another one, or "
                        "its \"f\" before", id)
                : make(m, (uintptr_t)id + 1, TRACE_ALLOC, size);
  }
  if (what[0] == 'r') {
    return live ? resize(m, entry, (uintptr_t)id + 1, size)
                : make(m, (uintptr_t)id + 1, TRACE_ALLOC, size);
  }
  return live ? give_back(m, entry)
              : wrong(m, "id %" PRIu64 " is not live: expected its \"a\" "
                      "before", id);
}

static int read_lab(struct import *m) {
  static const char *const heads[] = {"the size of a heap", "a number of ids",
                                      "a number of requests", "a weight"};
  uint64_t head[4];
  int more;
  for (size_t i = 0; i < 4; i++) {
    more = next_line(m);
    if (more == 0 || (more > 0 && m->word_count != 1)) {
      return wrong(m, "expected %s alone", heads[i]);
    }
    if (more < 0 || number(m, 0, heads[i], UINT64_MAX, &head[i]) != 0) {
      return -1;
    }
  }
  uint64_t requests = 0;
  while (!is_full(m) && (more = next_line(m)) == 1) {
    requests++;
    if (requests > head[2]) {
      return wrong(m, "expected the end: the head says %" PRIu64 " requests",
                   head[2]);
    }
    if (lab_request(m, head[1]) != 0) {
      return -1;
    }
  }
  if (is_full(m)) {
    return 0;
  }
  return more < 0 || requests == head[2]
             ? more
             : wrong(m, "expected %" PRIu64 " requests, and there are %" PRIu64,
                     head[2], requests);
}

/* ---- memory-replay ------------------------------------------------------- */

/** Let the events that follow be of a thread. */
static int turn_to(struct import *m, uint64_t id) {
  struct named *entry = find(&m->threads, (uintptr_t)id + 1);
  struct trace_event event = {.op = TRACE_THREAD};
  uint64_t mine = is_there(entry) ? entry->number : m->thread_count;
  if (!is_there(entry)) {
    if (mine >= TRACE_THREADS_MOST) {
      return wrong(m, "expected at most %d threads", TRACE_THREADS_MOST);
    }
    if (put(m, &m->threads, (uintptr_t)id + 1, mine) != 0) {
      return -1;
    }
    m->thread_count++;
  }
  if (mine == m->thread) {
    return 0;
  }
  m->thread = mine;
  event.thread = (uint32_t)mine;
  return add(m, &event);
}

static int end_thread(struct import *m, uint64_t id) {
  struct trace_event event = {.op = TRACE_THREAD_END,
                              .thread = (uint32_t)m->thread};
  take_out(&m->threads, find(&m->threads, (uintptr_t)id + 1));
  return add(m, &event);
}

/** A block at an address; one that is there was given back unseen. */
static int appear(struct import *m, uint64_t address, enum trace_op op,
                  uint64_t size) {
  struct named *entry = find(&m->blocks, (uintptr_t)address + 1);
  if (address == 0) {
    m->counts->failed++;
    return 0;
  }
  if (is_there(entry)) {
    m->counts->repeated++;
    if (give_back(m, entry) != 0) {
      return -1;
    }
  }
  return make(m, (uintptr_t)address + 1, op, size);
}

static int vanish(struct import *m, uint64_t address) {
  struct named *entry = find(&m->blocks, (uintptr_t)address + 1);
  if (!is_there(entry)) {
    m->counts->unknown += address != 0;
    return 0;
  }
  return give_back(m, entry);
}

static int move(struct import *m, uint64_t to, uint64_t from, uint64_t size) {
  struct named *entry = find(&m->blocks, (uintptr_t)from + 1);
  if (from == 0 || !is_there(entry)) {
    m->counts->unknown += from != 0;
    return appear(m, to, TRACE_ALLOC, size);
  }
  if (to == 0) {
    m->counts->failed += size != 0;
    return size == 0 ? give_back(m, entry) : 0;
  }
  struct named *there = find(&m->blocks, (uintptr_t)to + 1);
  if (to != from && is_there(there)) {
    m->counts->repeated++;
    if (give_back(m, there) != 0) {
      return -1;
    }
    entry = find(&m->blocks, (uintptr_t)from + 1);
  }
  return resize(m, entry, (uintptr_t)to + 1, size);
}

/** How many numbers stand behind a call's name; 0: there is no such call. */
static size_t arguments_of(const char *call) {
  static const struct {
    const char *name;
    size_t count;
  } calls[] = {{"malloc", 2}, {"calloc", 3},      {"realloc", 3},
               {"free", 1},   {"memalign", 3},    {"thread_done", 1}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    if (strcmp(call, calls[i].name) == 0) {
      return calls[i].count;
    }
  }
  return 0;
}

static int do_call(struct import *m, const char *call, uint64_t id,
                   const uint64_t *n) {
  if (call[0] == 't') {
    return end_thread(m, id);
  }
  if (call[0] == 'f') {
    return vanish(m, n[0]);
  }
  if (call[0] == 'r') {
    return move(m, n[0], n[1], n[2]);
  }
  if (call[0] == 'c') {
    if (n[2] != 0 && n[1] > (TRACE_SIZE_END - 1) / n[2]) {
      return wrong(m, "expected a product below %" PRIu64, TRACE_SIZE_END);
    }
    return appear(m, n[0], TRACE_ZERO, n[1] * n[2]);
  }
  int aligned = strcmp(call, "memalign") == 0;
  m->counts->aligned += aligned ? 1u : 0u;
  return appear(m, n[0], TRACE_ALLOC, n[aligned ? 2 : 1]);
}

static int replay_line(struct import *m) {
  uint64_t id;
  uint64_t n[3] = {0, 0, 0};
  size_t length = strlen(m->words[0]);
  size_t count = m->word_count > 1 ? arguments_of(m->words[1]) : 0;
  int times = m->word_count == count + 4;
  if (length < 2 || count == 0 || m->words[0][length - 1] != ':' ||
      (m->word_count != count + 2 && !times)) {
    return wrong(m, "expected \"THREAD: CALL ADDRESS ...\", with malloc, "
                 "calloc, realloc, memalign, free or thread_done");
  }
  m->words[0][length - 1] = '\0';
  if (number(m, 0, "a thread", UINT32_MAX, &id) != 0) {
    return -1;
  }
  for (size_t i = 0; i < count; i++) {
    int address = i == 0 || (i == 1 && m->words[1][0] == 'r');
    if (number(m, i + 2, address ? "an address" : "a size",
               address ? UINT64_MAX : TRACE_SIZE_END, &n[i]) != 0) {
      return -1;
    }
  }
  return turn_to(m, id) != 0 ? -1 : do_call(m, m->words[1], id, n);
}

static int read_replay(struct import *m) {
  int more = 1;
  while (!is_full(m) && (more = next_line(m)) == 1) {
    if (replay_line(m) != 0) {
      return -1;
    }
  }
  return is_full(m) ? 0 : more;
}

/* ---- either -------------------------------------------------------------- */

const char *import_form(const char *first_line) {
  size_t digits = strspn(first_line, "0123456789");
  if (digits == 0) {
    return NULL;
  }
  if (first_line[digits] == ':') {
    return MEMORY_REPLAY;
  }
  return first_line[digits + strspn(first_line + digits, " \t\r\n")] == '\0'
             ? MALLOC_LAB
             : NULL;
}

int import_read(FILE *in, const char *form, uint64_t events,
                struct trace_writer *writer, struct import_counts *counts,
                struct import_fault *fault) {
  struct import m = {.in = in,
                     .writer = writer,
                     .counts = counts,
                     .fault = fault,
                     .most = events};
  *counts = (struct import_counts){.lines = 0};
  int code = strcmp(form, MALLOC_LAB) == 0 ? read_lab(&m) : read_replay(&m);
  free(m.blocks.slots);
  free(m.threads.slots);
  return code;
}
