/* SPDX-License-Identifier: MIT */
/* pass.c - see pass.h. */
#include "pass.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "host.h"

struct ring {
  struct running *running;
  const struct pattern_statement *statement;
  struct block *blocks;
  size_t bytes;                 /* of `blocks`                              */
  _Atomic uint64_t head;        /* blocks that were put in                  */
  _Atomic uint64_t tail;        /* blocks that were taken out               */
  _Atomic uint64_t made_bytes;
  _Atomic uint64_t taken_bytes;
  atomic_int fault;             /* enum block_fault, of either              */
};

/* ---- the taker ----------------------------------------------------------- */

/** The block that comes next; 0 when there will be none. */
static int await_block(struct ring *ring, uint64_t number,
                       struct block *block) {
  while (atomic_load_explicit(&ring->head, memory_order_acquire) == number) {
    if (number == ring->statement->count ||
        atomic_load(&ring->fault) != BLOCK_GOOD) {
      return 0;
    }
    (void)sched_yield();
  }
  *block = ring->blocks[number % ring->statement->depth];
  return 1;
}

static void *take(void *argument) {
  struct ring *ring = argument;
  struct heap *heap = &ring->running->heap;
  struct block block;
  if (running_enter(ring->running) != 0) {
    atomic_store(&ring->fault, BLOCK_NO_MEMORY);
    return NULL;
  }
  for (uint64_t number = 0; await_block(ring, number, &block); number++) {
    if (!block_is_marked(&block)) {
      atomic_store(&ring->fault, BLOCK_SPOILT);
      break;
    }
    heap->backend->free(heap->heap, block.at);
    (void)atomic_fetch_add_explicit(&ring->taken_bytes, block.size,
                                    memory_order_relaxed);
    atomic_store_explicit(&ring->tail, number + 1, memory_order_release);
  }
  running_leave(ring->running);
  return NULL;
}

/* ---- the maker ----------------------------------------------------------- */

static void await_room(struct ring *ring, uint64_t number) {
  while (number - atomic_load_explicit(&ring->tail, memory_order_acquire) ==
             ring->statement->depth &&
         atomic_load(&ring->fault) == BLOCK_GOOD) {
    (void)sched_yield();
  }
}

static void note_live(struct ring *ring) {
  struct heap *heap = &ring->running->heap;
  uint64_t made = atomic_load_explicit(&ring->made_bytes,
                                       memory_order_relaxed);
  uint64_t taken = atomic_load_explicit(&ring->taken_bytes,
                                        memory_order_relaxed);
  /* The taker may be ahead of what was added here.                         */
  uint64_t live = heap->live_bytes + (made > taken ? made - taken : 0);
  heap->peak_bytes = live > heap->peak_bytes ? live : heap->peak_bytes;
}

static enum block_fault make_one(struct ring *ring, uint64_t number) {
  struct heap *heap = &ring->running->heap;
  const struct pattern_statement *s = ring->statement;
  uint64_t size = s->low + s->drift * ring->running->round +
                  heap_draw(&heap->random, s->high - s->low + 1);
  size = size < UINT32_MAX ? size : UINT32_MAX;
  struct block *block = &ring->blocks[number % s->depth];
  *block = (struct block){heap->backend->alloc(heap->heap, size),
                          (uint32_t)size, heap->marks++};
  if (block->at == NULL) {
    return BLOCK_NO_MEMORY;
  }
  block_mark(block);
  (void)atomic_fetch_add_explicit(&ring->made_bytes, size,
                                  memory_order_relaxed);
  atomic_store_explicit(&ring->head, number + 1, memory_order_release);
  return BLOCK_GOOD;
}

static void make(struct ring *ring) {
  for (uint64_t number = 0; number < ring->statement->count &&
                            atomic_load(&ring->fault) == BLOCK_GOOD;
       number++) {
    await_room(ring, number);
    enum block_fault fault = make_one(ring, number);
    if (fault != BLOCK_GOOD) {
      atomic_store(&ring->fault, (int)fault);
    }
    if (number % 4096 == 0) {
      note_live(ring);
      running_look(ring->running);
    }
  }
}

static enum block_fault pass_through(struct ring *ring, int *error) {
  pthread_t taker;
  *error = pthread_create(&taker, NULL, take, ring);
  if (*error != 0) {
    return BLOCK_GOOD;
  }
  make(ring);
  (void)pthread_join(taker, NULL);
  ring->running->heap.calls += 2 * atomic_load(&ring->tail);
  return (enum block_fault)atomic_load(&ring->fault);
}

enum block_fault pass_blocks(struct running *running,
                             const struct pattern_statement *statement,
                             int *error) {
  const struct pmm_os *os = pmmi_host_os();
  struct ring ring = {.running = running, .statement = statement};
  ring.bytes = pmmi_host_page_round(statement->depth * sizeof *ring.blocks);
  ring.blocks = os->map(os->ctx, ring.bytes, pmmi_host_page_bytes());
  if (ring.blocks == NULL) {
    return BLOCK_NO_ROOM;
  }
  memset(ring.blocks, 0, ring.bytes);
  running->heap.own_bytes += ring.bytes;
  enum block_fault fault = pass_through(&ring, error);
  running->heap.own_bytes -= ring.bytes;
  os->unmap(os->ctx, ring.blocks, ring.bytes);
  return fault;
}
