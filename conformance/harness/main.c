/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-conform: the suite over subjects and backends found by name or
 * path (impl/subjects/select.h, impl/backends/registry.h).
 */
#include "backends/registry.h"
#include "base/ending.h"
#include "conform.h"
#include "subjects/select.h"

static void list_subjects(FILE *out) {
  for (size_t i = 0; i < pmmi_subject_count(); i++) {
    const struct pmm_subject *subject = pmmi_subject_at(i);
    (void)fprintf(out, "%-12s %s\n", subject->name, subject->build);
  }
  (void)fputs("PATH.so      a shared object that exports pmm_subject_get\n",
              out);
}

int main(int argc, char **argv) {
  static const struct pmm_conform_host host = {
      .find_subject = pmmi_subject_find,
      .subject_at_fault = pmmi_subject_at_fault,
      .find_backend = pmmi_backend_find,
      .backend_at_fault = pmmi_backend_at_fault,
      .narrow = pmmi_subject_narrow,
      .list_subjects = list_subjects,
  };
  pmmi_backend_prepare(argv);
  pmm_conform_attach(&host);
  return pmmi_ending_own(pmm_conform_main(NULL, argc, argv));
}
