/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-lockstep: random programs on a subject found by name or path.
 */
#include "backends/registry.h"
#include "lockstep.h"

int main(int argc, char **argv) {
  pmmi_backend_prepare(argv);
  return pmm_lockstep_main(NULL, argc, argv);
}
