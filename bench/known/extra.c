/* SPDX-License-Identifier: MIT */
/*
 * extra.c - the reference, with MORE allocations in each list.append.
 *
 * `pmm selftest` compares a build with one more to a build with none: what is
 * counted exactly has to show it. Each is an empty list that is dropped at once.
 */
#include <stddef.h>
#include <string.h>

#include "pmm/view.h"
#include "subjects/select.h"

__attribute__((visibility("default"))) const struct pmm_subject *
pmm_subject_get(uint32_t host_abi);

static struct pmm_ops honest;

static enum pmm_status append(pmm_rt *rt, pmm_obj *list, pmm_obj *item) {
  for (int i = 0; i < MORE; i++) {
    pmm_obj *more = honest.list_new(rt, 0);
    if (more == NULL) {
      return PMM_NO_MEMORY;
    }
    honest.release(rt, more);
  }
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
