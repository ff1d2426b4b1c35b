/* SPDX-License-Identifier: MIT */
/* debug.c - the debug layer; idea, drawing and invariant: debug.h. */
#include "memory/debug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory/memory_state.h"

enum {
  FRESH = 0xCD,
  DEAD = 0xDD,
  GUARD = 0xFD,
  SIZE_BYTES = 8,  /* of the size in the head                               */
  HEAD_BYTES = 16, /* before the data                                       */
  TAIL_BYTES = 8,  /* behind it                                             */
  FIRST_ROOM = 64  /* slots of the ring at first                            */
};

static_assert(HEAD_BYTES % 16 == 0, "data is aligned as the block is");

#define OVERHEAD_BYTES ((size_t)(HEAD_BYTES + TAIL_BYTES))

static const char letters[PMMI_DOMAINS] = {
    [PMM_DOMAIN_RAW] = 'r', [PMM_DOMAIN_MEM] = 'm', [PMM_DOMAIN_OBJ] = 'o'};

/* ---- faults -------------------------------------------------------------- */

/** What is wrong, and with which block. */
struct fault {
  enum pmm_fault kind;
  const void *data; /* as the owner knows it                                */
  size_t size;      /* as requested; SIZE_MAX: not known                    */
  char from;        /* letter of the domain that made it; 0: not known      */
  char through;     /* letter of the domain it is used through              */
  char where[64];   /* the byte that is wrong, "" when it is the block      */
};

static const char *name_of(enum pmm_fault kind) {
  switch (kind) {
  case PMM_FAULT_USE_AFTER_FREE:
    return "use after free";
  case PMM_FAULT_DOUBLE_FREE:
    return "double free";
  case PMM_FAULT_OVERRUN:
    return "write past the end";
  case PMM_FAULT_UNDERRUN:
    return "write before the start";
  case PMM_FAULT_EXCESS_RELEASE:
    return "released too often";
  default:
    return "wrong domain";
  }
}

static void die(pmm_rt *rt, const struct fault *fault)
    __attribute__((noreturn));

static void die(pmm_rt *rt, const struct fault *fault) {
  assert(fault->data != NULL);
  assert(fault->through != 0);
  (void)fprintf(stderr, "pmm debug: %s: block %p", name_of(fault->kind),
                fault->data);
  if (fault->size != SIZE_MAX) {
    (void)fprintf(stderr, " of %zu bytes", fault->size);
  }
  if (fault->from != 0) {
    (void)fprintf(stderr, ", allocated through domain '%c'", fault->from);
  }
  (void)fprintf(stderr, ", used through domain '%c'%s\n", fault->through,
                fault->where);
  if (pmmi_holds(rt)) { /* the host expects no other thread to call it      */
    pmmi_event(rt, PMM_EVENT_FAULT, (int64_t)(uintptr_t)fault->data,
               fault->kind);
  }
  abort();
}

void pmmi_debug_expect_holder(const struct pmmi_debug_layer *layer) {
  if (layer->letter != letters[PMM_DOMAIN_RAW] && !pmmi_holds(layer->rt)) {
    (void)fprintf(stderr,
                  "pmm debug: domain '%c' called without holding the runtime:"
                  " this thread neither opened it nor runs for it\n",
                  layer->letter);
    abort();
  }
}

/* ---- guards -------------------------------------------------------------- */

static void put_size(unsigned char *head, size_t size) {
  for (int i = SIZE_BYTES; i-- > 0; size >>= 8) {
    head[i] = (unsigned char)size;
  }
}

/** Head and tail of a block; returns its data. */
static unsigned char *dress(unsigned char *base, size_t size, char letter) {
  assert(base != NULL);
  assert(letter != 0);
  put_size(base, size);
  base[SIZE_BYTES] = (unsigned char)letter;
  memset(base + SIZE_BYTES + 1, GUARD, HEAD_BYTES - SIZE_BYTES - 1);
  memset(base + HEAD_BYTES + size, GUARD, TAIL_BYTES);
  return base + HEAD_BYTES;
}

static int is_letter(unsigned char byte) {
  return byte == 'r' || byte == 'm' || byte == 'o';
}

/** The last byte of the head that is not as dress() left it, the letter left
 *  aside; 0: none, as distances from the data count from 1. */
static int wrong_in_head(const unsigned char *data, size_t size) {
  assert(data != NULL);
  unsigned char expected[HEAD_BYTES];
  put_size(expected, size);
  expected[SIZE_BYTES] = data[SIZE_BYTES - HEAD_BYTES];
  memset(expected + SIZE_BYTES + 1, GUARD, HEAD_BYTES - SIZE_BYTES - 1);
  for (int distance = 1; distance <= HEAD_BYTES; distance++) {
    if (data[-distance] != expected[HEAD_BYTES - distance]) {
      return distance;
    }
  }
  return is_letter(expected[SIZE_BYTES]) ? 0 : HEAD_BYTES - SIZE_BYTES;
}

/** A live block of `size` bytes is whole and comes from this domain. */
static void check(const struct pmmi_debug_layer *layer,
                  const unsigned char *data, size_t size) {
  assert(is_letter((unsigned char)layer->letter));
  struct fault fault = {.data = data, .size = size, .through = layer->letter};
  int distance = wrong_in_head(data, size);
  if (distance > 0) {
    fault.kind = PMM_FAULT_UNDERRUN;
    (void)snprintf(fault.where, sizeof fault.where, ", at p-%d: 0x%02x",
                   distance, data[-distance]);
    die(layer->rt, &fault);
  }
  fault.from = (char)data[SIZE_BYTES - HEAD_BYTES];
  for (int i = 0; i < TAIL_BYTES; i++) {
    if (data[size + (size_t)i] != GUARD) {
      fault.kind = PMM_FAULT_OVERRUN;
      (void)snprintf(fault.where, sizeof fault.where, ", at tail+%d: 0x%02x",
                     i, data[size + (size_t)i]);
      die(layer->rt, &fault);
    }
  }
  if (fault.from != layer->letter) {
    fault.kind = PMM_FAULT_WRONG_DOMAIN;
    die(layer->rt, &fault);
  }
}

/* ---- the quarantine ------------------------------------------------------ */

/** How often the count of an object that begins at base[i] was taken down
 *  after its death; 0: what was written there is something else. */
static uint64_t releases_at(const struct pmmi_debug_waiting *block, size_t i) {
  assert(i < block->size + OVERHEAD_BYTES);
  uint64_t dead;
  uint64_t found;
  if (i % sizeof found != 0 || i + sizeof found > HEAD_BYTES + block->size) {
    return 0;
  }
  memset(&dead, DEAD, sizeof dead);
  memcpy(&found, block->base + i, sizeof found);
  return dead - found <= UINT8_MAX ? dead - found : 0;
}

static void die_written(pmm_rt *rt, const struct pmmi_debug_waiting *block,
                        size_t i) __attribute__((noreturn));

/** base[i] is not as its free left it. */
static void die_written(pmm_rt *rt, const struct pmmi_debug_waiting *block,
                        size_t i) {
  uint64_t releases = releases_at(block, i);
  struct fault fault = {.kind = PMM_FAULT_USE_AFTER_FREE,
                        .data = block->base + HEAD_BYTES,
                        .size = block->size,
                        .from = letters[block->domain],
                        .through = letters[block->domain]};
  if (releases > 0) {
    fault.kind = PMM_FAULT_EXCESS_RELEASE;
    (void)snprintf(fault.where, sizeof fault.where,
                   ", object %p, %llu too many",
                   (void *)(block->base + i), (unsigned long long)releases);
  } else {
    (void)snprintf(fault.where, sizeof fault.where,
                   ", written at p%+lld: 0x%02x",
                   (long long)i - HEAD_BYTES, block->base[i]);
  }
  die(rt, &fault);
}

/** Let go of a block that is in no quarantine.  Without the lock. */
static void release(pmm_rt *rt, const struct pmmi_debug_waiting *block) {
  assert(block->base != NULL);
  assert(block->domain >= 0 && block->domain < PMMI_DOMAINS);
  struct pmmi_debug_layer *layer = &pmmi_debug_of(rt)->layers[block->domain];
  for (size_t i = 0; i < block->size + OVERHEAD_BYTES; i++) {
    if (block->base[i] != DEAD) {
      die_written(rt, block, i);
    }
  }
  layer->below.free(layer->below.ctx, block->base);
}

static struct pmmi_debug_quarantine *quarantine_of(struct pmmi_debug *debug,
                                                   int domain) {
  assert(domain >= 0 && domain < PMMI_DOMAINS);
  return domain == PMM_DOMAIN_RAW ? &debug->raw : &debug->held;
}

/** Let the oldest go.  With the lock, which is open meanwhile. */
static void pop(pmm_rt *rt, struct pmmi_debug_quarantine *q) {
  assert(q->count > 0 && q->first < q->room);
  struct pmmi_debug_waiting oldest = q->ring[q->first];
  q->first = (q->first + 1) % q->room;
  q->count--;
  assert(q->bytes >= oldest.size + OVERHEAD_BYTES);
  q->bytes -= oldest.size + OVERHEAD_BYTES;
  pmmi_unlock(rt);
  release(rt, &oldest);
  pmmi_lock(rt);
}

/** Room for one more; -1: no memory. */
static int ring_reserve(struct pmmi_debug_quarantine *q,
                        const struct pmmi_allocator *heap) {
  assert(q->count <= q->room);
  if (q->count < q->room) {
    return 0;
  }
  size_t room = q->room > 0 ? 2 * q->room : FIRST_ROOM;
  struct pmmi_debug_waiting *ring =
      heap->alloc(heap->ctx, room * sizeof *ring);
  if (ring == NULL) {
    return -1;
  }
  for (size_t i = 0; i < q->count; i++) {
    ring[i] = q->ring[(q->first + i) % q->room];
  }
  if (q->ring != NULL) {
    heap->free_sized(heap->ctx, q->ring, q->room * sizeof *q->ring);
  }
  q->ring = ring;
  q->room = room;
  q->first = 0;
  return 0;
}

/** A block that its owner freed.  Cannot fail: without room for it the
 *  block skips the quarantine. */
static void push(pmm_rt *rt, const struct pmmi_debug_waiting *block) {
  assert(block->base != NULL);
  struct pmmi_debug *debug = pmmi_debug_of(rt);
  struct pmmi_debug_quarantine *q = quarantine_of(debug, block->domain);
  size_t bytes = block->size + OVERHEAD_BYTES;
  memset(block->base, DEAD, bytes);
  pmmi_lock(rt);
  assert(q->bytes <= debug->limit_bytes);
  while (bytes <= debug->limit_bytes && debug->limit_bytes - q->bytes < bytes) {
    pop(rt, q);
  }
  int waits = bytes <= debug->limit_bytes &&
              ring_reserve(q, &pmmi_holder_of(rt)->tables) == 0;
  if (waits) {
    q->ring[(q->first + q->count) % q->room] = *block;
    q->count++;
    q->bytes += bytes;
  }
  pmmi_unlock(rt);
  if (!waits) {
    release(rt, block);
  }
}

/** 1 with the waiting block that has that data in *out. */
static int find_waiting(const struct pmmi_debug_quarantine *q,
                        const unsigned char *data,
                        struct pmmi_debug_waiting *out) {
  for (size_t i = 0; i < q->count; i++) {
    *out = q->ring[(q->first + i) % q->room];
    if (out->base + HEAD_BYTES == data) {
      return 1;
    }
  }
  return 0;
}

void pmmi_debug_flush(pmm_rt *rt) {
  struct pmmi_debug *debug = pmmi_debug_of(rt);
  pmmi_lock(rt);
  while (debug->raw.count > 0) {
    pop(rt, &debug->raw);
  }
  while (pmmi_holds(rt) && debug->held.count > 0) {
    pop(rt, &debug->held);
  }
  pmmi_unlock(rt);
}

/* ---- the hooks ----------------------------------------------------------- */

static void *request(const struct pmm_domain_allocator *below, size_t bytes,
                     int zero) {
  assert(bytes >= OVERHEAD_BYTES);
  return zero ? below->calloc(below->ctx, 1, bytes)
              : below->malloc(below->ctx, bytes);
}

/** Make a block, its data not filled.  NULL: no memory. */
static unsigned char *make(struct pmmi_debug_layer *layer, size_t size,
                           int zero) {
  pmm_rt *rt = layer->rt;
  struct pmmi_debug *debug = pmmi_debug_of(rt);
  size_t bytes;
  pmmi_debug_expect_holder(layer);
  if (!pmmi_size_fits(1, size, OVERHEAD_BYTES, &bytes)) {
    return NULL;
  }
  pmmi_lock(rt);
  int failed =
      pmmi_size_table_promise(&debug->live, &pmmi_holder_of(rt)->tables);
  pmmi_unlock(rt);
  if (failed) {
    return NULL;
  }
  unsigned char *base = request(&layer->below, bytes, zero);
  if (base == NULL) {
    pmmi_debug_flush(rt);
    base = request(&layer->below, bytes, zero);
  }
  unsigned char *data =
      base != NULL ? dress(base, size, layer->letter) : NULL;
  pmmi_lock(rt);
  pmmi_size_table_fulfil(&debug->live, data, size);
  pmmi_unlock(rt);
  return data;
}

static int is_live(struct pmmi_debug_layer *layer, const void *block,
                   size_t *size) {
  pmmi_debug_expect_holder(layer);
  pmmi_lock(layer->rt);
  int live = pmmi_size_table_find(&pmmi_debug_of(layer->rt)->live, block, size);
  pmmi_unlock(layer->rt);
  return live;
}

/** A block that is not live: a fault, or one from before the layer, of which
 *  then `leaves` are fewer. */
static void judge_stranger(struct pmmi_debug_layer *layer,
                           const unsigned char *data, enum pmm_fault kind,
                           unsigned leaves) {
  assert(data != NULL);
  assert(leaves <= 1);
  struct pmmi_debug *debug = pmmi_debug_of(layer->rt);
  struct pmmi_debug_waiting waiting;
  struct fault fault = {.kind = kind,
                        .data = data,
                        .size = SIZE_MAX,
                        .through = layer->letter};
  pmmi_lock(layer->rt);
  int waits = find_waiting(&debug->held, data, &waiting) ||
              find_waiting(&debug->raw, data, &waiting);
  int is_older = !waits && debug->older > 0;
  debug->older -= is_older ? leaves : 0;
  pmmi_unlock(layer->rt);
  if (is_older) {
    return;
  }
  if (waits) {
    fault.size = waiting.size;
    fault.from = letters[waiting.domain];
  }
  die(layer->rt, &fault);
}

/** Take a checked block out of use.  Another thread may have been faster. */
static void retire(struct pmmi_debug_layer *layer, unsigned char *data,
                   size_t size) {
  assert(data != NULL);
  const struct pmmi_debug_waiting block = {
      .base = data - HEAD_BYTES,
      .size = size,
      .domain = (int)(layer - pmmi_debug_of(layer->rt)->layers)};
  pmmi_lock(layer->rt);
  int was_live =
      pmmi_size_table_take(&pmmi_debug_of(layer->rt)->live, data, &size);
  pmmi_unlock(layer->rt);
  if (!was_live) {
    judge_stranger(layer, data, PMM_FAULT_DOUBLE_FREE, 0);
  }
  push(layer->rt, &block);
}

static void *debug_malloc(void *ctx, size_t size) {
  unsigned char *data = make(ctx, size, 0);
  if (data != NULL) {
    memset(data, FRESH, size);
  }
  return data;
}

static void *debug_calloc(void *ctx, size_t n, size_t size) {
  size_t bytes;
  return pmmi_size_fits(n, size, 0, &bytes) ? make(ctx, bytes, 1) : NULL;
}

static void debug_free(void *ctx, void *block) {
  struct pmmi_debug_layer *layer = ctx;
  size_t size;
  if (block == NULL) {
    return;
  }
  if (!is_live(layer, block, &size)) {
    judge_stranger(layer, block, PMM_FAULT_DOUBLE_FREE, 1);
    layer->below.free(layer->below.ctx, block);
    return;
  }
  check(layer, block, size);
  retire(layer, block, size);
}

static void *debug_realloc(void *ctx, void *block, size_t size) {
  struct pmmi_debug_layer *layer = ctx;
  size_t old_size;
  if (block == NULL) {
    return debug_malloc(ctx, size);
  }
  if (!is_live(layer, block, &old_size)) {
    judge_stranger(layer, block, PMM_FAULT_USE_AFTER_FREE, 0);
    return layer->below.realloc(layer->below.ctx, block, size);
  }
  check(layer, block, old_size);
  unsigned char *moved = debug_malloc(ctx, size);
  if (moved != NULL) {
    memcpy(moved, block, old_size < size ? old_size : size);
    retire(layer, block, old_size);
  }
  return moved;
}

/* ---- life ---------------------------------------------------------------- */

void pmmi_debug_init(pmm_rt *rt, size_t limit_bytes) {
  *pmmi_debug_of(rt) = (struct pmmi_debug){
      .limit_bytes =
          limit_bytes > 0 ? limit_bytes : PMMI_DEBUG_QUARANTINE_BYTES};
}

static void quarantine_fini(struct pmmi_debug_quarantine *q,
                            const struct pmmi_allocator *heap) {
  assert(q->count == 0 && q->bytes == 0);
  if (q->ring != NULL) {
    heap->free_sized(heap->ctx, q->ring, q->room * sizeof *q->ring);
  }
}

void pmmi_debug_fini(pmm_rt *rt) {
  struct pmmi_debug *debug = pmmi_debug_of(rt);
  const struct pmmi_allocator *tables = &pmmi_holder_of(rt)->tables;
  pmmi_debug_flush(rt);
  quarantine_fini(&debug->raw, tables);
  quarantine_fini(&debug->held, tables);
  pmmi_size_table_fini(&debug->live, tables);
}

enum pmm_status pmmi_debug_install(pmm_rt *rt) {
  struct pmmi_debug *debug = pmmi_debug_of(rt);
  assert(debug->layers[0].rt == NULL || debug->on);
  if (debug->on) {
    return PMM_OK;
  }
  debug->older = pmmi_memory_live_blocks(pmmi_memory_of(rt)) +
                 pmmi_raw_figures(rt).live_blocks;
  debug->on = 1;
  for (int domain = 0; domain < PMMI_DOMAINS; domain++) {
    struct pmmi_debug_layer *layer = &debug->layers[domain];
    layer->rt = rt;
    layer->letter = letters[domain];
    pmmi_domain_get(rt, (enum pmm_domain)domain, &layer->below);
    const struct pmm_domain_allocator hooks = {
        layer, debug_malloc, debug_calloc, debug_realloc, debug_free};
    (void)pmmi_domain_set(rt, (enum pmm_domain)domain, &hooks);
  }
  return PMM_OK;
}
