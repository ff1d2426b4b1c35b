/* SPDX-License-Identifier: MIT */
/* descriptors.c - see descriptors.h. */
#include "descriptors.h"

#include <fcntl.h>

int64_t pmm_descriptors_open(void) {
  int64_t count = 0;
  for (int fd = 0; fd < PMM_DESCRIPTORS; fd++) {
    count += fcntl(fd, F_GETFD) != -1;
  }
  return count;
}
