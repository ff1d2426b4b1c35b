/* SPDX-License-Identifier: MIT */
/*
 * tap.h - the Test Anything Protocol for plain C programs.
 *
 *   int main(void) {
 *     tap_plan(0);                      // 0: counted, printed by tap_done
 *     tap_ok(1 + 1 == 2, "adds %d", 1);
 *     return tap_done();
 *   }
 *
 * tap_ok evaluates its condition once and returns it, so that a test can stop
 * where going on makes no sense.  Source: testanything.org, version 13.
 */
#ifndef PMM_TAP_H
#define PMM_TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct tap_state {
  unsigned planned; /* tests announced; 0: not announced                    */
  unsigned run;     /* tests done                                           */
  unsigned failed;  /* of these                                             */
};

static struct tap_state tap;

/** Announce `n` tests; 0 leaves it to tap_done(). */
static inline void tap_plan(unsigned n) {
  tap.planned = n;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (n > 0) {
    printf("1..%u\n", n);
  }
}

__attribute__((format(printf, 4, 5))) static inline int tap_result(
    int good, const char *file, int line, const char *format, ...) {
  va_list arguments;
  tap.run++;
  printf("%sok %u - ", good ? "" : "not ", tap.run);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  if (!good) {
    tap.failed++;
    printf("# failed at %s:%d\n", file, line);
  }
  return good;
}

/** One test; the rest is a printf format that says what holds. */
#define tap_ok(condition, ...) \
  tap_result(!!(condition), __FILE__, __LINE__, __VA_ARGS__)

/** What the rest of the program cannot do without; else it ends here. */
#define tap_need(condition) \
  ((condition) ? (void)0 : tap_bail(__FILE__, __LINE__, #condition))

__attribute__((noreturn)) static inline void tap_bail(const char *file,
                                                      int line,
                                                      const char *text) {
  printf("Bail out! %s:%d: expected %s\n", file, line, text);
  exit(1);
}

/** A test that cannot run here, and why. */
static inline void tap_skip(const char *reason) {
  tap.run++;
  printf("ok %u # SKIP %s\n", tap.run, reason);
}

/** Print the plan if it is due; returns the exit code of the program. */
static inline int tap_done(void) {
  if (tap.planned == 0) {
    printf("1..%u\n", tap.run);
  }
  return tap.failed != 0 || (tap.planned != 0 && tap.planned != tap.run);
}

#endif /* PMM_TAP_H */
