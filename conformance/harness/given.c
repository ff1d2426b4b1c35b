/* SPDX-License-Identifier: MIT */
/* given.c - the documents of a run; idea: given.h. */
#include "given.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "state.h"

/* An expectation that is about no case is a mistake. */
static int refuse_strays(const struct pmm_known *known, const char *path,
                         const struct pmm_entry *const *cases, size_t n) {
  const char *glob = NULL;
  int line = pmm_known_stray(known, cases, n, &glob);
  if (line > 0) {
    (void)fprintf(stderr, "--expect: %s:%d: case: no case matches \"%s\"\n",
                  path, line, glob);
  }
  return line > 0 ? 2 : 0;
}

static void read_today(struct pmm_given *given) {
  time_t now = time(NULL);
  struct tm day;
  (void)strftime(given->today, sizeof given->today, "%Y-%m-%d",
                 localtime_r(&now, &day));
}

int pmm_given_read(struct pmm_given *given,
                   const struct pmm_conform_options *options,
                   const struct pmm_entry *const *cases, size_t n,
                   const struct pmm_view *view) {
  char message[512];
  read_today(given);
  if (options->profile != NULL) {
    given->profile =
        pmm_profile_read(options->profile, message, sizeof message);
    if (given->profile == NULL) {
      (void)fprintf(stderr, "--profile: %s\n", message);
      return 2;
    }
  }
  if (options->missing != NULL) {
    given->missing = pmm_grow(NULL, sizeof *given->missing);
    memset(given->missing, 0, sizeof *given->missing);
    given->missing->view = view;
  }
  if (options->expect == NULL) {
    return 0;
  }
  given->known = pmm_known_read(options->expect, message, sizeof message);
  if (given->known == NULL) {
    (void)fprintf(stderr, "--expect: %s\n", message);
    return 2;
  }
  return refuse_strays(given->known, options->expect, cases, n);
}

void pmm_given_free(struct pmm_given *given) {
  free(given->missing);
  pmm_profile_free(given->profile);
  pmm_known_free(given->known);
}

void pmm_given_judge(struct pmm_given *given, const struct pmm_column *column,
                     const struct pmm_case *test_case,
                     struct pmm_record *record) {
  if (given->missing != NULL) {
    pmm_missing_note(given->missing, test_case, record);
  }
  const char *reason =
      given->known == NULL
          ? NULL
          : pmm_known_apply(given->known, column, test_case->entry.id,
                            given->today, record);
  if (reason != NULL) {
    char before[sizeof record->message];
    memcpy(before, record->message, sizeof before);
    (void)snprintf(record->message, sizeof record->message, "%.300s%s%.300s",
                   reason, before[0] != '\0' ? ": " : "", before);
  }
}

int pmm_given_write(struct pmm_given *given,
                    const struct pmm_conform_options *options) {
  int error = given->missing != NULL
                  ? pmm_missing_write(given->missing, options->missing)
                  : 0;
  if (error != 0) {
    (void)fprintf(stderr, "--missing: %s: %s\n", options->missing,
                  strerror(error));
  }
  return error != 0 ? 1 : 0;
}
