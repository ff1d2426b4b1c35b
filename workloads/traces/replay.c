/* SPDX-License-Identifier: MIT */
/* replay.c - see replay.h. */
#include "replay.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

/* A heap is littered at least with so much, and at most. */
#define LITTER_LEAST ((uint64_t)1 << 20)
#define LITTER_MOST ((uint64_t)1 << 30)

/* ---- tables -------------------------------------------------------------- */

/** An array that is no block of the backend's, of which all is resident. */
static void *table(size_t count) {
  const struct pmm_os *os = pmmi_host_os();
  size_t bytes = pmmi_host_page_round((count + 1) * sizeof(void *));
  void *made = os->map(os->ctx, bytes, pmmi_host_page_bytes());
  return made != NULL ? memset(made, 0, bytes) : NULL;
}

static void give_table(void *made, size_t count) {
  const struct pmm_os *os = pmmi_host_os();
  if (made != NULL) {
    os->unmap(os->ctx, made,
              pmmi_host_page_round((count + 1) * sizeof(void *)));
  }
}

int replay_open(struct replay *r, const struct pmm_backend *backend,
                const struct trace_ops *ops) {
  struct pmm_backend_config config = {.struct_size = sizeof config,
                                      .seed = 1};
  *r = (struct replay){.backend = backend, .ops = ops};
  r->blocks = table(ops->slots);
  if (r->blocks == NULL) {
    return -1;
  }
  if (backend->init(&config, &r->heap) != 0) {
    give_table(r->blocks, ops->slots);
    return -1;
  }
  if (backend->thread_enter != NULL &&
      backend->thread_enter(r->heap) != 0) {
    backend->fini(r->heap);
    give_table(r->blocks, ops->slots);
    return -1;
  }
  return 0;
}

void replay_close(struct replay *r) {
  if (r->backend->thread_leave != NULL) {
    r->backend->thread_leave(r->heap);
  }
  r->backend->fini(r->heap);
  give_table(r->blocks, r->ops->slots);
  give_table(r->litter, r->litter_room);
}

/* ---- litter -------------------------------------------------------------- */

/** xorshift64*; Vigna 2014. */
static uint64_t drawn(uint64_t *state, uint64_t below) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (*state * UINT64_C(2685821657736338717) >> 20) % below;
}

/** The size of some birth of the trace; it has one. */
static uint32_t drawn_size(const struct trace_ops *ops, uint64_t *state) {
  for (;;) {
    struct op op = ops->ops[drawn(state, ops->count)];
    if (op_kind(op) == TRACE_ALLOC || op_kind(op) == TRACE_ZERO) {
      return op.size;
    }
  }
}

/** Write to a new block: to its first byte, as Python writes an object's head,
 *  and with `pages` to one of each page as well. */
static inline void touch(char *block, uint32_t size, int pages) {
  block[0] = 1;
  for (uint32_t at = 4096; pages && at < size; at += 4096) {
    block[at] = 1;
  }
}

static int fill(struct replay *r, uint64_t bytes, uint64_t *state) {
  uint64_t made = 0;
  while (made < bytes && r->litter_count < r->litter_room) {
    uint32_t size = drawn_size(r->ops, state);
    char *block = r->backend->alloc(r->heap, size);
    if (block == NULL) {
      return -1;
    }
    touch(block, size, 1);
    r->litter[r->litter_count++] = block;
    made += size;
  }
  return 0;
}

static void thin_out(struct replay *r, uint64_t *state) {
  size_t count = r->litter_count;
  size_t kept = count * REPLAY_KEPT_PERCENT / 100;
  while (count > kept) {
    size_t at = (size_t)drawn(state, count);
    r->backend->free(r->heap, r->litter[at]);
    r->litter[at] = r->litter[--count];
  }
  r->litter_count = count;
}

int replay_litter(struct replay *r, uint64_t seed) {
  uint64_t state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) | 1;
  uint64_t bytes = r->ops->peak_bytes;
  assert(r->litter == NULL);
  bytes = bytes < LITTER_LEAST ? LITTER_LEAST : bytes;
  bytes = bytes > LITTER_MOST ? LITTER_MOST : bytes;
  r->litter_room = (size_t)(bytes / 16); /* Python asks for 16 and more     */
  r->litter = table(r->litter_room);
  if (r->litter == NULL || r->ops->births == 0) {
    return r->litter == NULL ? -1 : 0;
  }
  if (fill(r, bytes, &state) != 0) {
    return -1;
  }
  thin_out(r, &state);
  return 0;
}

/* ---- the calls ----------------------------------------------------------- */

static inline size_t do_words(struct replay *r, size_t first, size_t end,
                              int pages) {
  const struct pmm_backend *b = r->backend;
  const struct op *ops = r->ops->ops;
  void *heap = r->heap;
  for (size_t i = first; i < end; i++) {
    struct op op = ops[i];
    void **at = &r->blocks[op_slot(op)];
    char *block;
    switch (op_kind(op)) {
    case TRACE_FREE:
      b->free(heap, *at);
      continue;
    case TRACE_ALLOC:
      block = b->alloc(heap, op.size);
      break;
    case TRACE_ZERO:
      block = b->alloc_zero(heap, 1, op.size);
      break;
    case TRACE_RESIZE:
      block = b->realloc(heap, *at, ops[i + 1].size, op.size);
      break;
    default:
      continue;
    }
    if (block == NULL) {
      return i;
    }
    touch(block, op.size, pages);
    *at = block;
  }
  return end;
}

size_t replay_words(struct replay *r, size_t first, size_t end) {
  return do_words(r, first, end, 0);
}

size_t replay_words_filled(struct replay *r, size_t first, size_t end) {
  return do_words(r, first, end, 1);
}

void replay_drain(struct replay *r) {
  /* What is live in the end is found by doing the words on a table of marks:
   * the calls themselves keep none, which would cost time. */
  unsigned char *live = table(r->ops->slots);
  if (live == NULL) {
    return;
  }
  for (size_t i = 0; i < r->ops->count; i++) {
    struct op op = r->ops->ops[i];
    live[op_slot(op)] = op_kind(op) != TRACE_FREE;
  }
  for (uint32_t slot = 0; slot < r->ops->slots; slot++) {
    if (live[slot]) {
      r->backend->free(r->heap, r->blocks[slot]);
    }
  }
  give_table(live, r->ops->slots);
}

/* ---- whether it is right ------------------------------------------------- */

static int wrong_at(struct replay_wrong *wrong, size_t word,
                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int wrong_at(struct replay_wrong *wrong, size_t word,
                    const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wrong->word = word;
  (void)vsnprintf(wrong->message, sizeof wrong->message, format, arguments);
  va_end(arguments);
  return -1;
}

static unsigned char mark_of(uint32_t slot) {
  return (unsigned char)(slot * 167 + 41);
}

/** The first byte that is not as it was left; `count` when all are. */
static size_t spoilt(const unsigned char *block, size_t count,
                     unsigned char mark) {
  size_t i = 0;
  while (i < count && block[i] == mark) {
    i++;
  }
  return i;
}

static int check_left(const struct replay *r, size_t word, uint32_t size,
                      struct replay_wrong *wrong) {
  uint32_t slot = op_slot(r->ops->ops[word]);
  size_t at = spoilt(r->blocks[slot], size, mark_of(slot));
  return at == size ? 0
                    : wrong_at(wrong, word,
                               "byte %zu of a block of %u is not what was "
                               "written there",
                               at, (unsigned)size);
}

static int check_new(const struct replay *r, size_t word, const void *block,
                     struct replay_wrong *wrong) {
  struct op op = r->ops->ops[word];
  if (block == NULL) {
    return wrong_at(wrong, word, "no memory for %u bytes", (unsigned)op.size);
  }
  if (op.size >= 16 && (uintptr_t)block % 16 != 0) {
    return wrong_at(wrong, word, "a block of %u bytes at %p is not aligned",
                    (unsigned)op.size, block);
  }
  size_t kept = op_kind(op) == TRACE_ZERO ? op.size : 0;
  unsigned char mark = 0;
  if (op_kind(op) == TRACE_RESIZE) {
    uint32_t old = r->ops->ops[word + 1].size;
    kept = old < op.size ? old : op.size;
    mark = mark_of(op_slot(op));
  }
  size_t at = spoilt(block, kept, mark);
  return at == kept ? 0
                    : wrong_at(wrong, word,
                               "byte %zu of %u is %s", at, (unsigned)op.size,
                               op_kind(op) == TRACE_ZERO
                                   ? "not zero"
                                   : "lost by realloc");
}

static int verify_word(struct replay *r, size_t word,
                       struct replay_wrong *wrong) {
  const struct pmm_backend *b = r->backend;
  struct op op = r->ops->ops[word];
  void **at = &r->blocks[op_slot(op)];
  void *block = NULL;
  switch (op_kind(op)) {
  case OPS_OLD:
    return 0;
  case TRACE_FREE:
    if (check_left(r, word, op.size, wrong) != 0) {
      return -1;
    }
    b->free(r->heap, *at);
    return 0;
  case TRACE_RESIZE:
    if (check_left(r, word, r->ops->ops[word + 1].size, wrong) != 0) {
      return -1;
    }
    block = b->realloc(r->heap, *at, r->ops->ops[word + 1].size, op.size);
    break;
  case TRACE_ZERO:
    block = b->alloc_zero(r->heap, 1, op.size);
    break;
  default:
    block = b->alloc(r->heap, op.size);
    break;
  }
  if (check_new(r, word, block, wrong) != 0) {
    return -1;
  }
  memset(block, mark_of(op_slot(op)), op.size);
  *at = block;
  return 0;
}

int replay_verify(struct replay *r, struct replay_wrong *wrong) {
  for (size_t i = 0; i < r->ops->count; i++) {
    if (verify_word(r, i, wrong) != 0) {
      return -1;
    }
  }
  return 0;
}
