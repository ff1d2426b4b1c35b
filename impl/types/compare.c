/* SPDX-License-Identifier: MIT */
/* compare.c - equality and order of items; see compare.h. */
#include "types/compare.h"

#include "types/instance.h"
#include "types/int.h"
#include "types/iter.h"
#include "types/list.h"
#include "types/str.h"
#include "types/tuple.h"
#include "types/types_state.h"

enum pmm_status pmmi_items_equal(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                 int *equal) {
  assert(equal != NULL);
  *equal = a == b;
  if (a == b || a == NULL || b == NULL) {
    return PMM_OK;
  }
  pmmi_retain(rt, a);
  pmmi_retain(rt, b);
  enum pmm_status status = pmmi_equals(rt, a, b, equal);
  pmmi_release(rt, b);
  pmmi_release(rt, a);
  return status;
}

static enum pmm_status not_ordered(pmm_rt *rt) {
  return pmmi_fail(rt, PMM_TYPE, "'<' not supported between these types");
}

/* Order two slots that differ, holding both meanwhile. */
static enum pmm_status slots_less(pmm_rt *rt, pmm_obj *x, pmm_obj *y,
                                  int *less) {
  return x != NULL && y != NULL ? pmmi_less(rt, x, y, less) : not_ordered(rt);
}

/* By the first unequal items; else the shorter one is less.  The views are
 * read anew at each step, as comparing may run code, which may take the items
 * out of both. */
static enum pmm_status items_less(pmm_rt *rt, struct pmmi_items *a,
                                  struct pmmi_items *b, int *less) {
  assert(less != NULL);
  for (size_t i = 0; i < a->n && i < b->n; i++) {
    pmm_obj *x = a->at[i];
    pmm_obj *y = b->at[i];
    int equal;
    pmmi_xretain(rt, x);
    pmmi_xretain(rt, y);
    enum pmm_status status = pmmi_items_equal(rt, x, y, &equal);
    if (status == PMM_OK && !equal) {
      status = slots_less(rt, x, y, less);
    }
    pmmi_xrelease(rt, y);
    pmmi_xrelease(rt, x);
    if (status != PMM_OK || !equal) {
      return status;
    }
    pmmi_items_refresh(a);
    pmmi_items_refresh(b);
  }
  *less = a->n < b->n;
  return PMM_OK;
}

static enum pmm_status sequences_less(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                      int *less) {
  assert((pmmi_is_list(a) && pmmi_is_list(b)) || (pmmi_is_tuple(a) &&
         pmmi_is_tuple(b)));
  enum pmm_status status = pmmi_recursion_enter(rt);
  if (status != PMM_OK) {
    return status;
  }
  struct pmmi_items x = {.owner = a};
  struct pmmi_items y = {.owner = b};
  pmmi_items_refresh(&x);
  pmmi_items_refresh(&y);
  status = items_less(rt, &x, &y, less);
  pmmi_recursion_leave(rt);
  return status;
}

enum pmm_status pmmi_less(pmm_rt *rt, pmm_obj *a, pmm_obj *b, int *less) {
  assert(less != NULL);
  if (pmmi_is_number(a) && pmmi_is_number(b)) {
    *less = pmmi_number_order(a, b) < 0;
    return PMM_OK;
  }
  if (pmmi_is_str(a) && pmmi_is_str(b)) {
    *less = pmmi_str_order(a, b) < 0;
    return PMM_OK;
  }
  if (pmmi_is_bytes(a) && pmmi_is_bytes(b)) {
    *less = pmmi_bytes_order(a, b) < 0;
    return PMM_OK;
  }
  if ((pmmi_is_list(a) && pmmi_is_list(b)) ||
      (pmmi_is_tuple(a) && pmmi_is_tuple(b))) {
    return sequences_less(rt, a, b, less);
  }
  if (pmmi_instance_has_order(a, b)) {
    return pmmi_instance_less(rt, a, b, less);
  }
  return not_ordered(rt);
}
