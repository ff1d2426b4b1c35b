/* SPDX-License-Identifier: MIT */
/*
 * main.c - the program pmm-work (work.h).
 */
#include "backends/registry.h"
#include "work.h"

int main(int argc, char **argv) {
  pmmi_backend_prepare(argv);
  return pmm_work_main_with(pmmi_select, argc, argv);
}
