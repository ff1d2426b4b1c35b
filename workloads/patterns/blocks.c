/* SPDX-License-Identifier: MIT */
/* blocks.c - see blocks.h. */
#include "blocks.h"

#include <assert.h>
#include <string.h>

#include "host.h"

enum { PAGE = 4096, LEAST_ROOM = 1024 };

const char *blocks_wrong(enum block_fault fault) {
  switch (fault) {
  case BLOCK_GOOD:
    break;
  case BLOCK_NO_MEMORY:
    return "the backend has no memory";
  case BLOCK_NO_ROOM:
    return "there is no memory for the list of blocks";
  case BLOCK_SPOILT:
    return "a block does not hold what was written into it";
  }
  return "nothing is wrong";
}

/** xorshift64*; Vigna 2014. */
uint64_t heap_draw(uint64_t *state, uint64_t below) {
  assert(below > 0);
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (*state * UINT64_C(2685821657736338717) >> 20) % below;
}

/* ---- marks --------------------------------------------------------------- */

void block_mark(const struct block *block) {
  unsigned char mark = (unsigned char)(block->mark * 167 + 41);
  for (size_t at = 0; at < block->size; at += PAGE) {
    block->at[at] = mark;
  }
  block->at[block->size - 1] = mark;
}

/** 1 when the marks of its first `kept` bytes are there, the last one aside. */
static int marked_within(const struct block *block, size_t kept) {
  unsigned char mark = (unsigned char)(block->mark * 167 + 41);
  for (size_t at = 0; at < kept; at += PAGE) {
    if (block->at[at] != mark) {
      return 0;
    }
  }
  return 1;
}

int block_is_marked(const struct block *block) {
  return marked_within(block, block->size) &&
         block->at[block->size - 1] == block->at[0];
}

/* ---- arrays -------------------------------------------------------------- */

static size_t bytes_of(size_t room) {
  return pmmi_host_page_round(room * sizeof(struct block));
}

/** Room for one more.  All of the array is written, so that its bytes are
 *  resident and can be taken off. */
static int grow(struct heap *heap, struct block_set *set) {
  const struct pmm_os *os = pmmi_host_os();
  size_t room = set->room == 0 ? LEAST_ROOM : set->room * 2;
  struct block *made =
      os->map(os->ctx, bytes_of(room), pmmi_host_page_bytes());
  if (made == NULL) {
    return -1;
  }
  memset(made, 0, bytes_of(room));
  heap->own_bytes += bytes_of(room);
  if (set->count > 0) {
    memcpy(made, set->blocks, set->count * sizeof *made);
  }
  size_t count = set->count;
  set_free(heap, set);
  *set = (struct block_set){made, count, room};
  return 0;
}

void set_free(struct heap *heap, struct block_set *set) {
  const struct pmm_os *os = pmmi_host_os();
  if (set->room > 0) {
    os->unmap(os->ctx, set->blocks, bytes_of(set->room));
    heap->own_bytes -= bytes_of(set->room);
  }
  *set = (struct block_set){.blocks = NULL};
}

/* ---- calls --------------------------------------------------------------- */

static void live(struct heap *heap, uint64_t less, uint64_t more) {
  heap->calls++;
  heap->live_bytes += more - less;
  heap->live_blocks += (more > 0 ? 1u : 0u) - (less > 0 ? 1u : 0u);
  if (heap->live_bytes > heap->peak_bytes) {
    heap->peak_bytes = heap->live_bytes;
  }
}

enum block_fault heap_make(struct heap *heap, struct block_set *set,
                           uint64_t size) {
  if (set->count == set->room && grow(heap, set) != 0) {
    return BLOCK_NO_ROOM;
  }
  struct block *block = &set->blocks[set->count];
  *block = (struct block){heap->backend->alloc(heap->heap, size),
                          (uint32_t)size, heap->marks++};
  if (block->at == NULL) {
    return BLOCK_NO_MEMORY;
  }
  block_mark(block);
  set->count++;
  live(heap, 0, size);
  return BLOCK_GOOD;
}

/** Whether a block stays, as litter. */
static int stays(struct heap *heap, const struct block *block) {
  return heap->ages &&
         heap_draw(&heap->litter_random, LITTER_ONE_IN) == 0 &&
         (heap->litter_bytes + block->size) * LITTER_ONE_IN <=
             heap->peak_bytes;
}

static enum block_fault keep(struct heap *heap, struct block block) {
  struct block_set *litter = &heap->litter;
  if (litter->count == litter->room && grow(heap, litter) != 0) {
    return BLOCK_NO_ROOM;
  }
  litter->blocks[litter->count++] = block;
  heap->litter_bytes += block.size;
  return BLOCK_GOOD;
}

static enum block_fault give_back(struct heap *heap,
                                  const struct block *block) {
  if (!block_is_marked(block)) {
    return BLOCK_SPOILT;
  }
  if (stays(heap, block)) {
    return keep(heap, *block);
  }
  heap->backend->free(heap->heap, block->at);
  live(heap, block->size, 0);
  return BLOCK_GOOD;
}

enum block_fault heap_drop(struct heap *heap, struct block_set *set, size_t i,
                           int keep_order) {
  assert(i < set->count);
  enum block_fault fault = give_back(heap, &set->blocks[i]);
  set->count--;
  if (keep_order) {
    memmove(&set->blocks[i], &set->blocks[i + 1],
            (set->count - i) * sizeof *set->blocks);
  } else {
    set->blocks[i] = set->blocks[set->count];
  }
  return fault;
}

enum block_fault heap_drop_oldest(struct heap *heap, struct block_set *set,
                                  size_t count) {
  assert(count <= set->count);
  enum block_fault fault = BLOCK_GOOD;
  for (size_t i = 0; i < count && fault == BLOCK_GOOD; i++) {
    fault = give_back(heap, &set->blocks[i]);
  }
  set->count -= count;
  memmove(set->blocks, set->blocks + count, set->count * sizeof *set->blocks);
  return fault;
}

enum block_fault heap_resize(struct heap *heap, struct block_set *set,
                             size_t i, uint64_t size) {
  struct block *block = &set->blocks[i];
  uint32_t old = block->size;
  if (!block_is_marked(block)) {
    return BLOCK_SPOILT;
  }
  void *moved = heap->backend->realloc(heap->heap, block->at, old, size);
  if (moved == NULL) {
    return BLOCK_NO_MEMORY;
  }
  block->at = moved;
  if (!marked_within(block, old < size ? old : size) ||
      (old <= size && block->at[old - 1] != block->at[0])) {
    return BLOCK_SPOILT;
  }
  block->size = (uint32_t)size;
  block_mark(block);
  live(heap, old, size);
  return BLOCK_GOOD;
}

enum block_fault heap_move(struct heap *heap, struct block_set *from,
                           struct block_set *to) {
  while (to->room - to->count < from->count) {
    if (grow(heap, to) != 0) {
      return BLOCK_NO_ROOM;
    }
  }
  if (from->count > 0) {
    memcpy(to->blocks + to->count, from->blocks,
           from->count * sizeof *to->blocks);
  }
  to->count += from->count;
  from->count = 0;
  return BLOCK_GOOD;
}
