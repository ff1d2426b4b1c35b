/* SPDX-License-Identifier: MIT */
/* rings.h - garbage rings of lists, for the cases on collections. */
#ifndef PMM_CONFORM_RINGS_H
#define PMM_CONFORM_RINGS_H

#include "case.h"

/* A ring of n lists, each holding the next; garbage when it returns. */
static inline void make_garbage_ring(struct pmm_test *t, size_t n) {
  pmm_obj *first = empty_list(t);
  pmm_obj *last = first;
  for (size_t i = 1; i < n; i++) {
    pmm_obj *next = empty_list(t);
    expect_ok(OPS->list_append(RT, last, next));
    if (last != first) {
      DROP(last);
    }
    last = next;
  }
  expect_ok(OPS->list_append(RT, last, first));
  if (last != first) {
    DROP(last);
  }
  DROP(first);
}

#endif /* PMM_CONFORM_RINGS_H */
