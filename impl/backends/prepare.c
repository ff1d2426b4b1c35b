/* SPDX-License-Identifier: MIT */
/*
 * prepare.c - start the program again with room for late thread-local data.
 *
 * glibc reserves the static TLS block once, at process start, with 512 spare
 * bytes for libraries that come later and insist on static TLS.  jemalloc
 * wants 2.6 KiB.  The tunable below asks for 16 KiB; it is read before main,
 * hence the second start.
 *
 * Source: glibc manual, "Dynamic Linking Tunables".
 */
#include "backends/prepare.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sanitize.h"

#define VARIABLE "GLIBC_TUNABLES"
#define TUNABLE "glibc.rtld.optional_static_tls"

void pmmi_backend_prepare(char **argv) {
  assert(argv != NULL && argv[0] != NULL);
  const char *old = getenv(VARIABLE);
  /* A second start would slip out of valgrind's hands. */
  if ((old != NULL && strstr(old, TUNABLE) != NULL) ||
      pmmi_sanitize_valgrind()) {
    return;
  }
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length < 0) {
    return;
  }
  path[length] = '\0';
  char value[512];
  int wanted = snprintf(value, sizeof value, "%s%s%s=16384",
                        old != NULL ? old : "", old != NULL ? ":" : "",
                        TUNABLE);
  if (wanted < 0 || (size_t)wanted >= sizeof value ||
      setenv(VARIABLE, value, 1) != 0) {
    return;
  }
  (void)execv(path, argv);
}
