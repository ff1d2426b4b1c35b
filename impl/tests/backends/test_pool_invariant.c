/* SPDX-License-Identifier: MIT */
/*
 * test_pool_invariant.c - the invariant notices each way to break a heap.
 *
 * One field at a time gets a wrong value and then its own again, so that each
 * sentence of invariant.c is the answer to something.
 */
#include "lab.h"
#include "pool/arena.h"
#include "pool/checked.h"

enum { BLOCKS = 3000 }; /* of the largest class: more than an arena holds    */

static void *blocks[BLOCKS];

/** A heap with pools in every state, each class used for one of them. */
struct scene {
  struct lab_os os;
  struct pmmi_heap *heap;
  struct pmmi_checked *checked; /* the checked heap over it; NULL: none      */
  struct pmmi_pool *active;  /* class 2: one block live, one listed         */
  struct pmmi_pool *idle;    /* class 6: active, nothing live               */
  struct pmmi_pool *drained; /* class 5: active, what is carved is live     */
  struct pmmi_pool *full;    /* class 4                                     */
  struct pmmi_pool *partial; /* class 3, first of two in the queue          */
  struct pmmi_pool *behind;  /* class 3, the second                         */
};

static void *take(struct scene *s, unsigned class_index) {
  void *block =
      pmmi_pool_alloc(s->heap, (size_t)class_index * PMMI_POOL_STEP_BYTES);
  tap_need(block != NULL);
  return block;
}

/* A block of a pool of the class that is full. */
static void *fill(struct scene *s, unsigned class_index) {
  void *block = take(s, class_index);
  struct pmmi_pool *pool = pmmi_pool_of(s->heap, block);
  while (pmmi_pool_of(s->heap, take(s, class_index)) == pool) {
  }
  return block;
}

static void set_scene(struct scene *s) {
  s->checked = NULL;
  s->heap = lab_open(&s->os);
  tap_need(s->heap != NULL);
  s->active = pmmi_pool_of(s->heap, take(s, 2));
  pmmi_pool_free(s->heap, take(s, 2));
  void *last = take(s, 6);
  s->idle = pmmi_pool_of(s->heap, last);
  pmmi_pool_free(s->heap, last);
  do {
    s->drained = pmmi_pool_of(s->heap, take(s, 5));
  } while (s->drained->free != NULL);
  s->full = pmmi_pool_of(s->heap, fill(s, 4));
  void *first = fill(s, 3);
  void *second = fill(s, 3);
  s->partial = pmmi_pool_of(s->heap, first);
  s->behind = pmmi_pool_of(s->heap, second);
  pmmi_pool_free(s->heap, first);
  pmmi_pool_free(s->heap, second);
  tap_ok(lab_valid(s->heap), "the heap is sound to begin with");
}

/* The sentence that the heap earns. */
static void earns(struct scene *s, const char *sentence) {
  const char *wrong = s->checked != NULL ? pmmi_checked_is_valid(s->checked)
                                         : pmmi_pool_is_valid(s->heap);
  tap_ok(wrong != NULL && strcmp(wrong, sentence) == 0, "%s (%s)", sentence,
         wrong != NULL ? wrong : "sound");
}

/* Put `value` into a field of `size` bytes, and take it out again. */
static void damage(struct scene *s, void *field, size_t size,
                   const void *value, const char *sentence) {
  unsigned char kept[16];
  tap_need(size <= sizeof kept);
  memcpy(kept, field, size);
  memcpy(field, value, size);
  earns(s, sentence);
  memcpy(field, kept, size);
}

#define DAMAGE(s, type, field, value, sentence)                     \
  do {                                                              \
    const type wrong_value = (value);                               \
    damage((s), &(field), sizeof(field), &wrong_value, (sentence)); \
  } while (0)

static void pools_are_checked(struct scene *s) {
  static const char serves[] = "a pool that is not vacant serves a class";
  static const char fits[] = "a pool carves no more blocks than fit";
  static const char partial[] = "a partial pool has live blocks, and room";
  static const char full[] = "a full pool has nothing left";
  struct pmmi_pool *a = s->active;
  DAMAGE(s, uint8_t, a->class_index, 0, serves);
  DAMAGE(s, uint8_t, a->class_index, PMMI_POOL_CLASSES + 1, serves);
  DAMAGE(s, uint16_t, a->limit, 1, fits);
  DAMAGE(s, uint16_t, a->fresh, (uint16_t)(a->limit + 1), fits);
  DAMAGE(s, uint64_t, a->counts, a->counts + PMMI_POOL_HANDED_OUT,
         "live blocks + listed blocks = carved blocks");
  DAMAGE(s, uint64_t, a->counts, a->counts + a->fresh,
         "live blocks were carved");
  DAMAGE(s, uint8_t, a->state, 9, "a pool has one of four states");
  DAMAGE(s, uint8_t, a->state, PMMI_POOL_VACANT,
         "a pool is vacant exactly when its arena says so");
  DAMAGE(s, uint8_t, a->state, PMMI_POOL_PARTIAL,
         "an arena counts its partial, full pools");
  DAMAGE(s, struct pmmi_pool *, s->heap->active[2], &s->heap->none,
         "an active pool is its class's active pool");
  DAMAGE(s, uint8_t, s->idle->state, PMMI_POOL_PARTIAL, partial);
  DAMAGE(s, uint8_t, s->full->state, PMMI_POOL_PARTIAL, partial);
  DAMAGE(s, uint8_t, s->partial->state, PMMI_POOL_FULL, full);
  DAMAGE(s, uint8_t, s->drained->state, PMMI_POOL_FULL, full);
}

static void lists_are_checked(struct scene *s) {
  static const char ends[] = "a free list stays in its pool and ends";
  struct pmmi_pool *a = s->active;
  char *base = pmmi_pool_base(s->heap, a);
  DAMAGE(s, void *, a->free, base + 8, ends);
  DAMAGE(s, void *, a->free, base + a->fresh * pmmi_pool_block_size(a), ends);
  void **block = a->free;
  DAMAGE(s, void *, *block, block, ends);
}

static void arenas_are_checked(struct scene *s) {
  static const char finds[] = "the window finds every arena";
  static const char held[] = "arenas held = arenas mapped - arenas unmapped";
  struct pmmi_heap *heap = s->heap;
  DAMAGE(s, struct pmmi_pool *, heap->pools, NULL, finds);
  DAMAGE(s, size_t, heap->window_slots, 0, finds);
  DAMAGE(s, uintptr_t, heap->window, heap->window - PMMI_POOL_PAGE_BYTES,
         finds);
  DAMAGE(s, uint32_t, heap->arenas[0].queued, heap->arenas[0].queued + 1,
         "an arena counts its partial, full pools");
  DAMAGE(s, uint64_t, heap->arena_count, heap->arena_count + 1, held);
  DAMAGE(s, uint64_t, heap->arenas_unmapped, heap->arenas_unmapped + 1, held);
}

static void ranks_are_checked(struct scene *s) {
  static const char stands[] =
      "an arena stands in the rank of its vacant pools";
  struct pmmi_heap *heap = s->heap;
  struct pmmi_arena *arena = &heap->arenas[0];
  unsigned rank = pmmi_pool_vacancies(arena);
  tap_need(rank > 1 && heap->ranks[rank] == 0 && heap->arena_limit > 1);
  DAMAGE(s, uint64_t, heap->ranked, 0,
         "a rank's bit tells whether it has an arena");
  DAMAGE(s, uint32_t, arena->next, 0, stands);
  DAMAGE(s, uint32_t, arena->next, 1, stands);
  uint64_t bit = heap->ranked;
  heap->ranks[rank] = PMMI_POOL_NONE;
  heap->ranked = 0;
  earns(s, "every arena with a vacant pool is ranked");
  heap->ranks[rank - 1] = 0;
  heap->ranked = bit >> 1;
  earns(s, stands);
  heap->ranks[rank - 1] = PMMI_POOL_NONE;
  heap->ranks[rank] = 0;
  heap->ranked = bit;
}

static void queues_are_checked(struct scene *s) {
  static const char links[] = "a queue links the partial pools of its class";
  struct pmmi_heap *heap = s->heap;
  uint32_t first = pmmi_pool_number(heap, s->partial);
  struct pmmi_pool_queue one = {first, first};
  struct pmmi_pool_queue none = {PMMI_POOL_NONE, PMMI_POOL_NONE};
  DAMAGE(s, uint32_t, heap->queue[3].head, pmmi_pool_number(heap, s->full),
         links);
  DAMAGE(s, uint32_t, s->behind->prev, PMMI_POOL_NONE, links);
  DAMAGE(s, uint32_t, heap->queue[3].tail, first, "a queue ends at its tail");
  DAMAGE(s, struct pmmi_pool_queue, heap->queue[7], one, links);
  DAMAGE(s, struct pmmi_pool_queue, heap->queue[3], none,
         "every partial pool is queued");
}

static void active_pools_are_checked(struct scene *s) {
  static const char active[] =
      "a class's active pool is active and of the class";
  static const char empty[] = "the pool that stands for none is empty";
  struct pmmi_heap *heap = s->heap;
  DAMAGE(s, struct pmmi_pool *, heap->active[7], s->partial, active);
  DAMAGE(s, struct pmmi_pool *, heap->active[7], s->active, active);
  DAMAGE(s, struct pmmi_pool *, heap->active[0], s->active,
         "size 0 is served like size 1");
  DAMAGE(s, void *, heap->none.free, heap, empty);
  DAMAGE(s, uint64_t, heap->none.counts, 1, empty);
}

/* ---- the checked heap ---------------------------------------------------- */

/* One pool: the first block live, the second listed, the third retired. */
static void set_checked_scene(struct scene *s) {
  struct pmm_backend_config config = lab_config(&s->os, 4096);
  s->checked = pmmi_checked_open(&config);
  tap_need(s->checked != NULL);
  s->heap = &s->checked->heap;
  void *three[3];
  for (int i = 0; i < 3; i++) {
    three[i] = pmmi_checked_alloc(s->checked, 32);
    tap_need(three[i] != NULL);
  }
  s->active = pmmi_pool_of(s->heap, three[0]);
  pmmi_checked_free(s->checked, three[1]);
  (void)pmmi_checked_trim(s->checked);
  pmmi_checked_free(s->checked, three[2]);
  blocks[0] = three[0];
  tap_ok(lab_sound(pmmi_checked_is_valid(s->checked)),
         "the checked heap is sound to begin with");
}

static void quarantine_is_checked(struct scene *s) {
  static const char counts[] = "the quarantine counts its blocks by class";
  struct pmmi_quarantine *q = &s->checked->quarantine;
  tap_need(q->count == 1);
  DAMAGE(s, size_t, q->count, q->count + 1, counts);
  DAMAGE(s, size_t, q->bytes, q->bytes + 1, counts);
  DAMAGE(s, size_t, q->limit_bytes, 0,
         "the quarantine stays within its limit");
}

static void shadows_are_checked(struct scene *s) {
  static const char ends[] = "a list aside stays in its pool and ends";
  static const char live[] = "a counted block is live or retired";
  const struct pmmi_shadows *shadows = &s->checked->shadows;
  struct pmmi_shadow *shadow = (struct pmmi_shadow *)shadows->table.base +
                               pmmi_pool_number(s->heap, s->active);
  tap_need(shadow->live[0] == 1 && shadow->head == 1);
  DAMAGE(s, uint64_t, s->heap->arena_count, 9,
         "arenas held = arenas mapped - arenas unmapped");
  DAMAGE(s, void *, s->active->free, s->active,
         "a checked heap publishes no list");
  DAMAGE(s, uint16_t, shadow->head, 3, ends);
  DAMAGE(s, uint16_t, shadow->next[1], 1, ends);
  DAMAGE(s, uint16_t, shadow->head, PMMI_SHADOW_NONE,
         "counted blocks + listed blocks = carved blocks");
  DAMAGE(s, uint64_t, shadow->live[0], 0, live);
  DAMAGE(s, uint64_t, shadow->live[0], 15, live);
}

/* ---- two idle arenas ----------------------------------------------------- */

static void idle_arenas_are_counted(void) {
  struct scene s;
  s.checked = NULL;
  s.heap = lab_open(&s.os);
  tap_need(s.heap != NULL);
  for (size_t i = 0; i < BLOCKS; i++) {
    blocks[i] = take(&s, PMMI_POOL_CLASSES);
  }
  for (size_t i = 0; i < BLOCKS; i++) {
    s.heap->spare = PMMI_POOL_NONE; /* it forgets the arena that it keeps    */
    pmmi_pool_free(s.heap, blocks[i]);
  }
  earns(&s, "at most one arena is kept without a live block");
  (void)pmmi_pool_trim(s.heap);
  tap_ok(lab_valid(s.heap) && lab_close(s.heap, &s.os), "a trim drops both");
}

/* ---- all ----------------------------------------------------------------- */

int main(void) {
  struct scene s;
  tap_plan(0);
  set_scene(&s);
  pools_are_checked(&s);
  lists_are_checked(&s);
  arenas_are_checked(&s);
  ranks_are_checked(&s);
  queues_are_checked(&s);
  active_pools_are_checked(&s);
  tap_ok(lab_valid(s.heap), "what was damaged is whole again");
  tap_ok(lab_close(s.heap, &s.os), "and gives its pages back");
  set_checked_scene(&s);
  quarantine_is_checked(&s);
  shadows_are_checked(&s);
  tap_ok(lab_sound(pmmi_checked_is_valid(s.checked)), "so is the checked one");
  pmmi_checked_free(s.checked, blocks[0]);
  pmmi_checked_close(s.checked);
  tap_ok(s.os.held_bytes == 0, "and gives its pages back too");
  idle_arenas_are_counted();
  return tap_done();
}
