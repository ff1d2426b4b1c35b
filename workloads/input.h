/* SPDX-License-Identifier: MIT */
/*
 * input.h - the file that file_read reads when none is named.
 */
#ifndef PMM_WORK_INPUT_H
#define PMM_WORK_INPUT_H

#include <stddef.h>

/** Have python/input.py make the file, or find it made; its path, which the
 *  caller frees.  NULL with a line in `message`. */
char *pmm_input_make(char *message, size_t size);

#endif /* PMM_WORK_INPUT_H */
