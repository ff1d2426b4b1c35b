/* SPDX-License-Identifier: MIT */
/*
 * runtime.c - a runtime of a stranger: the reference, with an append of its own.
 */
#include <stddef.h>
#include <string.h>

#include "pmm/view.h"
#include "spend.h"
#include "subjects/select.h"

#define EXTRA 0
#define SUMS 300
#define PRODUCTS 30

__attribute__((visibility("default"))) const struct pmm_subject *
pmm_subject_get(uint32_t host_abi);

static struct pmm_ops honest;

/* Lists that nobody asked for: each is an allocation more. */
static void make_extra(pmm_rt *rt) {
  for (int i = 0; i < EXTRA; i++) {
    pmm_obj *more = honest.list_new(rt, 0);
    if (more != NULL) {
      honest.release(rt, more);
    }
  }
}

static enum pmm_status append(pmm_rt *rt, pmm_obj *list, pmm_obj *item) {
  spend(SUMS, PRODUCTS);
  make_extra(rt);
  return honest.list_append(rt, list, item);
}

static const void *feature(const char *name) {
  static struct pmm_list_ops lists;
  const void *ops = pmmi_subject_reference.feature(name);
  if (strcmp(name, "list") != 0) {
    return ops;
  }
  lists = *(const struct pmm_list_ops *)ops;
  lists.list_append = append;
  return &lists;
}

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  static struct pmm_subject subject;
  struct pmm_view view;
  char message[200];
  if (host_abi != PMM_SUBJECT_ABI ||
      pmm_view_read(&pmmi_subject_reference, &view, message,
                    sizeof message) != 0) {
    return NULL;
  }
  honest = view.ops;
  subject = pmmi_subject_reference;
  subject.feature = feature;
  return &subject;
}
