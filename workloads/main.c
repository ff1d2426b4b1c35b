/* SPDX-License-Identifier: MIT */
/*
 * main.c - the program pmm-work (work.h).
 */
#include "backends/registry.h"
#include "base/ending.h"
#include "work.h"

int main(int argc, char **argv) {
  pmmi_backend_prepare(argv);
  pmmi_ending_watch("pmm-work");
  return pmmi_ending_own(pmm_work_main_with(pmmi_select, argc, argv));
}
