/* SPDX-License-Identifier: MIT */
/* files.h - temporary files as cases need them. */
#ifndef PMM_CONFORM_FILES_H
#define PMM_CONFORM_FILES_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "case.h"

static inline void remove_file(struct pmm_test *t, void *path) {
  (void)t;
  (void)unlink(path);
}

/** Path of a fresh file of `size` bytes; removed at the end of the case. */
static inline const char *file_of(struct pmm_test *t, size_t size) {
  char *path = SCRATCH_ARRAY(char, 64);
  (void)snprintf(path, 64, "/tmp/pmm-case-XXXXXX");
  int fd = mkstemp(path);
  if (fd < 0 || ftruncate(fd, (off_t)size) != 0 || close(fd) != 0) {
    fail("cannot make a temporary file: %s", strerror(errno));
  }
  defer(t, remove_file, path);
  return path;
}

/** Path of a fresh file of `lines` lines of 100 bytes each. */
static inline const char *file_of_lines(struct pmm_test *t, size_t lines) {
  const char *path = file_of(t, 0);
  FILE *stream = fopen(path, "w");
  if (stream == NULL) {
    fail("cannot write a temporary file: %s", strerror(errno));
  }
  for (size_t i = 0; i < lines; i++) {
    (void)fprintf(stream, "%099zu\n", i);
  }
  if (fclose(stream) != 0) {
    fail("cannot write a temporary file: %s", strerror(errno));
  }
  return path;
}

#endif /* PMM_CONFORM_FILES_H */
