/* SPDX-License-Identifier: MIT */
/* missing.c - counting and writing what is not there; idea: missing.h. */
#include "missing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

static const char number_prefix[] = "profile.";

/* ---- counting ----------------------------------------------------------- */

/* The features that the case lacks; how many. */
static unsigned note_features(struct pmm_missing *missing,
                              const enum pmm_feature *needs) {
  const unsigned char *offers = missing->view->offers;
  enum pmm_feature last = PMM_FEATURE_COUNT;
  unsigned count = 0;
  for (; needs != NULL && *needs != PMM_FEATURE_COUNT; needs++) {
    if (!offers[*needs]) {
      missing->with[*needs]++;
      last = *needs;
      count++;
    }
  }
  if (count == 1) {
    missing->alone[last]++;
  }
  return count;
}

static void note_name(struct pmm_missing *missing, const char *name) {
  size_t i = 0;
  while (i < missing->name_count && strcmp(missing->names[i].name, name) != 0) {
    i++;
  }
  if (i == PMM_MISSING_NAMES) {
    return;
  }
  if (i == missing->name_count) {
    (void)snprintf(missing->names[i].name, sizeof missing->names[i].name, "%s",
                   name);
    missing->name_count++;
  }
  missing->names[i].cases++;
}

void pmm_missing_note(struct pmm_missing *missing,
                      const struct pmm_case *test_case,
                      const struct pmm_record *record) {
  if (record->class != PMM_CLASS_UNSUPPORTED) {
    return;
  }
  missing->cases++;
  if (note_features(missing, test_case->needs) == 0) {
    note_name(missing, record->feature);
  }
}

/* ---- writing ------------------------------------------------------------ */

static int is_number(const char *name) {
  return strncmp(name, number_prefix, sizeof number_prefix - 1) == 0;
}

static int compare_cases(const void *a, const void *b) {
  const struct pmm_missing_name *left = a;
  const struct pmm_missing_name *right = b;
  return left->cases != right->cases ? (left->cases < right->cases ? 1 : -1)
                                     : strcmp(left->name, right->name);
}

/* The feature that unlocks most and was not written; PMM_FEATURE_COUNT. */
static enum pmm_feature best_of(const struct pmm_missing *missing,
                                const unsigned char *written) {
  unsigned best = PMM_FEATURE_COUNT;
  for (unsigned i = 0; i < PMM_FEATURE_COUNT; i++) {
    if (written[i] || missing->with[i] == 0) {
      continue;
    }
    if (best == PMM_FEATURE_COUNT ||
        missing->alone[i] > missing->alone[best] ||
        (missing->alone[i] == missing->alone[best] &&
         missing->with[i] > missing->with[best])) {
      best = i;
    }
  }
  return (enum pmm_feature)best;
}

static void write_features(const struct pmm_missing *missing, FILE *out) {
  unsigned char written[PMM_FEATURE_COUNT] = {0};
  (void)fputs("#\n# Features (pmm/features/NAME.h).  Behind each: cases that "
              "lack nothing else,\n# and all that need it.\n",
              out);
  for (;;) {
    enum pmm_feature best = best_of(missing, written);
    if (best == PMM_FEATURE_COUNT) {
      return;
    }
    written[best] = 1;
    (void)fprintf(out, "#   %-18s %4u %4u\n", pmm_feature_name(best),
                  missing->alone[best], missing->with[best]);
  }
}

/* Operations, figures, modes: what ended a case and is no number. */
static void write_others(const struct pmm_missing *missing, FILE *out) {
  int head = 0;
  for (size_t i = 0; i < missing->name_count; i++) {
    if (is_number(missing->names[i].name)) {
      continue;
    }
    if (!head) {
      (void)fputs("#\n# Operations that are absent or refuse, figures and "
                  "modes.  Behind each: how many\n# cases would go on.\n",
                  out);
      head = 1;
    }
    (void)fprintf(out, "#   %-23s %4u\n", missing->names[i].name,
                  missing->names[i].cases);
  }
}

/* A key with what the reference has there, to be filled in. */
static void write_key(const char *key, unsigned cases, FILE *out) {
  const struct pmm_profile_entry *entry =
      pmm_profile_get(pmm_profile_find("reference"), key);
  (void)fprintf(out, "# %s =", key);
  for (size_t i = 0; entry != NULL && i < entry->count; i++) {
    const char *before = entry->count == 1 ? " " : i == 0 ? " [" : ", ";
    (void)fprintf(out, "%s%lld", before, (long long)entry->values[i]);
  }
  (void)fprintf(out, "%s # %u\n", entry != NULL && entry->count > 1 ? "]" : "",
                cases);
}

static void write_numbers(const struct pmm_missing *missing, FILE *out) {
  (void)fprintf(out,
                "\nschema = 1\nname = \"%s\"\n\n[numbers]\n"
                "# Replace the reference's values by yours and remove the "
                "first #.  Behind each: how many\n"
                "# cases would go on.\n",
                missing->view->subject->name);
  for (size_t i = 0; i < missing->name_count; i++) {
    if (is_number(missing->names[i].name)) {
      write_key(missing->names[i].name + sizeof number_prefix - 1,
                missing->names[i].cases, out);
    }
  }
}

int pmm_missing_write(struct pmm_missing *missing, const char *path) {
  const struct pmm_subject *subject = missing->view->subject;
  FILE *out = fopen(path, "we");
  if (out == NULL) {
    return errno;
  }
  qsort(missing->names, missing->name_count, sizeof missing->names[0],
        compare_cases);
  (void)fprintf(out, "# What %s %s lacks: %u cases are UNSUPPORTED.\n",
                subject->name, subject->version, missing->cases);
  write_features(missing, out);
  write_others(missing, out);
  write_numbers(missing, out);
  errno = 0;
  return fclose(out) == 0 ? 0 : errno != 0 ? errno : EIO;
}
