/* SPDX-License-Identifier: MIT */
/* plan.c - see plan.h. */
#include "plan.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "sample.h"

static int is_of(const struct pmm_entry *entry, const char *requirement) {
  const char *const *id = entry->requirements;
  while (*id != NULL && strcmp(*id, requirement) != 0) {
    id++;
  }
  return *id != NULL;
}

static int is_chosen(const struct pmm_options *options,
                     const struct pmm_entry *entry) {
  int named = options->cases.count == 0;
  for (size_t i = 0; i < options->cases.count && !named; i++) {
    named = fnmatch(options->cases.items[i], entry->id, 0) == 0;
  }
  return named && (options->requirement == NULL ||
                   is_of(entry, options->requirement));
}

static int compare_ids(const void *a, const void *b) {
  const struct pmm_entry *const *left = a;
  const struct pmm_entry *const *right = b;
  return strcmp((*left)->id, (*right)->id);
}

/* ---- what matches nothing ------------------------------------------------ */

static void name_nearest(const char *wanted) {
  char nearest[256];
  size_t count;
  const struct pmm_entry *const *all = pmm_entries(&count);
  const char **ids = calloc(count + 1, sizeof *ids);
  for (size_t i = 0; i < count && ids != NULL; i++) {
    ids[i] = all[i]->id;
  }
  pmmi_nearest_few(wanted, ids, ids != NULL ? count : 0, 3, nearest,
                   sizeof nearest);
  free(ids);
  (void)fprintf(stderr, "--case: no case matches \"%s\"; nearest: %s\n",
                wanted, nearest);
}

static int each_glob_matches(const struct pmm_options *options) {
  size_t count;
  const struct pmm_entry *const *all = pmm_entries(&count);
  for (size_t g = 0; g < options->cases.count; g++) {
    int found = 0;
    for (size_t i = 0; i < count && !found; i++) {
      found = fnmatch(options->cases.items[g], all[i]->id, 0) == 0;
    }
    if (!found) {
      name_nearest(options->cases.items[g]);
      return 0;
    }
  }
  return 1;
}

/* ---- the plan ------------------------------------------------------------ */

int pmm_plan_make(struct pmm_plan *plan, const struct pmm_options *options) {
  size_t count;
  const struct pmm_entry *const *all = pmm_entries(&count);
  if (!each_glob_matches(options)) {
    return 2;
  }
  plan->cases = calloc(count + 1, sizeof *plan->cases);
  if (plan->cases == NULL) {
    (void)fprintf(stderr, "no memory for the plan\n");
    return 1;
  }
  for (size_t i = 0; i < count; i++) {
    if (is_chosen(options, all[i])) {
      plan->cases[plan->count++] = all[i];
    }
  }
  if (plan->count == 0 && options->requirement != NULL) {
    (void)fprintf(stderr, "--requirement: no chosen case is of \"%s\"\n",
                  options->requirement);
    return 2;
  }
  qsort(plan->cases, plan->count, sizeof *plan->cases, compare_ids);
  plan->count =
      pmm_sample(plan->cases, plan->count, options->sample, options->seed);
  return 0;
}

/* xorshift64*: a seeded order has to be the same everywhere. */
static uint64_t draw(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(2685821657736338717);
}

void pmm_plan_shuffle(struct pmm_plan *plan, uint64_t seed) {
  uint64_t state = seed * 2 + 1;
  for (size_t i = plan->count; i > 1; i--) {
    size_t j = (size_t)(draw(&state) % i);
    const struct pmm_entry *other = plan->cases[j];
    plan->cases[j] = plan->cases[i - 1];
    plan->cases[i - 1] = other;
  }
}

void pmm_plan_free(struct pmm_plan *plan) {
  free(plan->cases);
  *plan = (struct pmm_plan){.cases = NULL};
}

int pmm_plan_list(FILE *out, const struct pmm_plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    const struct pmm_entry *entry = plan->cases[i];
    if (fprintf(out, "%-36s %-6s %-9s %s\n", entry->id,
                pmm_level_name(entry->level), entry->requirements[0],
                entry->title) < 0) {
      return -1;
    }
  }
  return 0;
}
