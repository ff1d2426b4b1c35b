/* SPDX-License-Identifier: MIT */
/* quarantine.c - see quarantine.h. */
#include "pool/quarantine.h"

#include "pool/arena.h"

static void let_go(struct pmmi_quarantine *q, struct pmmi_shadows *shadows) {
  assert(q->count > 0 && q->count <= q->capacity);
  void *block = ((void **)q->table.base)[q->head];
  struct pmmi_pool *pool = pmmi_pool_of(shadows->heap, block);
  q->head = (q->head + 1) % q->capacity;
  q->count--;
  q->bytes -= pmmi_pool_block_size(pool);
  q->in_class[pool->class_index]--;
  pmmi_shadow_take_back(shadows, pool, block);
}

void pmmi_quarantine_flush(struct pmmi_quarantine *q,
                           struct pmmi_shadows *shadows) {
  while (q->count > 0) {
    let_go(q, shadows);
  }
}

/* The ring, with room for as many of the smallest blocks as the limit
 * admits; -1: no memory. */
static int make_ring(struct pmmi_quarantine *q, struct pmmi_heap *heap) {
  assert(q->count == 0);
  size_t capacity = q->limit_bytes / PMMI_POOL_STEP_BYTES + 1;
  if (pmmi_pool_table_grow(heap, &q->table, capacity * sizeof(void *)) != 0) {
    return -1;
  }
  q->capacity = capacity;
  return 0;
}

int pmmi_quarantine_push(struct pmmi_quarantine *q,
                         struct pmmi_shadows *shadows,
                         const struct pmmi_pool *pool, void *block) {
  assert(q->count <= q->capacity && block != NULL);
  size_t size = pmmi_pool_block_size(pool);
  if (size > q->limit_bytes ||
      (q->capacity == 0 && make_ring(q, shadows->heap) != 0)) {
    return 0;
  }
  while (q->bytes + size > q->limit_bytes) {
    let_go(q, shadows);
  }
  ((void **)q->table.base)[(q->head + q->count) % q->capacity] = block;
  q->count++;
  q->bytes += size;
  q->in_class[pool->class_index]++;
  return 1;
}

const char *pmmi_quarantine_check(const struct pmmi_quarantine *q) {
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  for (unsigned c = 1; c <= PMMI_POOL_CLASSES; c++) {
    blocks += q->in_class[c];
    bytes += (uint64_t)q->in_class[c] * c * PMMI_POOL_STEP_BYTES;
  }
  if (blocks != q->count || bytes != q->bytes) {
    return "the quarantine counts its blocks by class";
  }
  return bytes <= q->limit_bytes ? NULL
                                 : "the quarantine stays within its limit";
}
