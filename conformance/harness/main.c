/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-conform: the suite over subjects found by name or path.
 */
#include "conform.h"
#include "find.h"

int main(int argc, char **argv) {
  static const struct pmm_conform_host host = {
      .command = "pmm-conform",
      .find_subject = pmm_find_subject,
      .find_backend = pmm_find_backend,
      .list_subjects = pmm_list_subjects,
  };
  pmm_conform_attach(&host);
  return pmm_conform_main(NULL, argc, argv);
}
