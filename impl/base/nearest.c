/* SPDX-License-Identifier: MIT */
/*
 * nearest.c - see nearest.h.
 *
 * Source: R. A. Wagner and M. J. Fischer, "The String-to-String Correction
 * Problem", JACM 21(1), 1974; one row at a time.
 */
#include "base/nearest.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 63 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Names beyond LONGEST bytes are compared by their beginnings. */
static size_t distance(const char *a, const char *b) {
  assert(a != NULL && b != NULL);
  size_t row[LONGEST + 1];
  size_t width = least(strlen(b), LONGEST);
  for (size_t j = 0; j <= width; j++) {
    row[j] = j;
  }
  for (size_t i = 0; a[i] != '\0' && i < LONGEST; i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 1; j <= width; j++) {
      size_t change = diagonal + (a[i] != b[j - 1]);
      diagonal = row[j];
      row[j] = least(change, least(row[j], row[j - 1]) + 1);
    }
  }
  return row[width];
}

static void append(char *out, size_t size, const char *text) {
  assert(strlen(out) < size);
  size_t used = strlen(out);
  snprintf(out + used, size - used, "%s", text);
}

void pmmi_nearest(const char *word, const char *const *names, size_t count,
                  char *out, size_t size) {
  assert(count > 0 && word != NULL);
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < count; i++) {
    best = least(best, distance(word, names[i]));
  }
  int near = best <= 2 || best * 3 <= strlen(word);
  if (size == 0) {
    return;
  }
  out[0] = '\0';
  append(out, size, near ? "did you mean " : "the choices are: ");
  int first = 1;
  for (size_t i = 0; i < count; i++) {
    if (near && distance(word, names[i]) != best) {
      continue;
    }
    append(out, size, first ? "" : near ? " or " : ", ");
    append(out, size, names[i]);
    first = 0;
  }
  append(out, size, near ? "?" : "");
}

/* The name that comes next behind `last` (SIZE_MAX: none yet) by distance, and
 * by place where two are as near; `count` behind the last. */
static size_t next_nearest(const char *word, const char *const *names,
                           size_t count, size_t last) {
  size_t before = last < count ? distance(word, names[last]) : 0;
  size_t best = count;
  size_t least_found = SIZE_MAX;
  for (size_t i = 0; i < count; i++) {
    size_t here = distance(word, names[i]);
    int is_behind = last == SIZE_MAX || here > before ||
                    (here == before && i > last);
    if (is_behind && here < least_found) {
      best = i;
      least_found = here;
    }
  }
  return best;
}

void pmmi_nearest_few(const char *word, const char *const *names, size_t count,
                      size_t most, char *out, size_t size) {
  assert(word != NULL && size > 0);
  assert(names != NULL || count == 0);
  size_t last = SIZE_MAX;
  out[0] = '\0';
  for (size_t n = 0; n < most && n < count; n++) {
    last = next_nearest(word, names, count, last);
    append(out, size, n > 0 ? " " : "");
    append(out, size, names[last]);
  }
}
