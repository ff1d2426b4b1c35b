/* SPDX-License-Identifier: MIT */
/*
 * descriptors.h - how many file descriptors the process has open.
 *
 * A case that leaves one open, or closes one that is not its own, is a finding
 * in every lane, whatever it checks.
 */
#ifndef PMM_CONFORM_DESCRIPTORS_H
#define PMM_CONFORM_DESCRIPTORS_H

#include <stdint.h>

/** Descriptors are counted below this number: a look at each is one call of
 *  the system, and new ones get the lowest that is free. */
#define PMM_DESCRIPTORS 256

/** The open ones among the first PMM_DESCRIPTORS. */
int64_t pmm_descriptors_open(void);

#endif /* PMM_CONFORM_DESCRIPTORS_H */
