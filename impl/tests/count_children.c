/* SPDX-License-Identifier: MIT */
/*
 * count_children.c - coverage of processes that do not end by exit().
 *
 * gcov writes its counters at exit(), so what a child of the harness reaches
 * would be lost: it ends by _exit(), or aborts since a case asks for that.
 * In coverage builds, and only there, the linker sends these calls here
 * (ld's --wrap):
 *
 *   fork()   the child starts from zero, or its parent would count twice
 *   _exit()  the counters are written first
 *   abort()  likewise
 *   execv()  likewise, as the program that comes has counters of its own
 *
 * A child that another signal kills still counts for nothing.
 * Source: ld(1) "--wrap"; GCC manual "Gcov and Optimization", __gcov_dump.
 */
#include <gcov.h>
#include <stdlib.h>
#include <unistd.h>

pid_t __real_fork(void);
pid_t __wrap_fork(void);
void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));
int __real_execv(const char *path, char *const argv[]);
int __wrap_execv(const char *path, char *const argv[]);
void __real_abort(void) __attribute__((noreturn));
void __wrap_abort(void) __attribute__((noreturn));

pid_t __wrap_fork(void) {
  pid_t child = __real_fork();
  if (child == 0) {
    __gcov_reset();
  }
  return child;
}

void __wrap__exit(int status) {
  __gcov_dump();
  __real__exit(status);
}

void __wrap_abort(void) {
  __gcov_dump();
  __real_abort();
}

int __wrap_execv(const char *path, char *const argv[]) {
  __gcov_dump();
  __gcov_reset(); /* what was written, should the call fail                  */
  return __real_execv(path, argv);
}
