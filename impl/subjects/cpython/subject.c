/* SPDX-License-Identifier: MIT */
/*
 * subject.c - the features, and which of them this interpreter offers.
 *
 *   1. Each feature's structure is filled from the functions of ops.h.
 *   2. What this version or build lacks is found once, and not given out.
 */
#include <stdio.h>

#include "account.h"
#include "adaptor.h"
#include "collector.h"
#include "counts.h"
#include "domain.h"
#include "ops.h"
#include "symbols.h"

static const struct pmm_core_ops core = PMM_TABLE_core(pmmi_cpy_);

#define TABLE(name)                                                           \
  static const struct pmm_##name##_ops name##_ops = PMM_TABLE_##name(pmmi_cpy_);
PMMI_CPY_FEATURES(TABLE)
#undef TABLE

/** What this interpreter lacks. */
static struct absences {
  int immortal, fail_inject, domains, alloc_hook, arena_hook, pool, debug;
} lacks;

static void find_absences(struct absences *no) {
  const struct pmmi_cpy_symbols *s = &pmmi_cpy_sym;
  no->immortal = pmmi_cpy_lib.version < 0x030c;
  no->fail_inject = !pmmi_cpy_account_available();
  no->domains = s->raw_malloc == NULL || s->raw_calloc == NULL ||
                s->raw_realloc == NULL || s->raw_free == NULL;
  no->alloc_hook = s->mem_get == NULL || s->mem_set == NULL;
  no->debug = !pmmi_cpy_debug_layer();
  no->pool = !pmmi_cpy_pool_probe();
  no->arena_hook = no->pool || s->arena_get == NULL || s->arena_set == NULL;
  /* The debug layer asks the pools for more than it was asked: classes and
   * limits are not those of the profile. */
  no->pool = no->pool || !no->debug;
}

/** 1 when the feature is among them. */
static int is_absent(const char *name) {
  const struct {
    const char *feature;
    int absent;
  } table[] = {
      {"immortal", lacks.immortal},
      {"fail_inject", lacks.fail_inject},
      {"domains", lacks.domains},
      {"alloc_hook", lacks.alloc_hook},
      {"arena_hook", lacks.arena_hook},
      {"pool", lacks.pool},
      {"pool_stats", lacks.pool},
      {"debug_hooks", lacks.debug},
      {"lock_check", lacks.debug || lacks.domains},
      {"raw_threads", lacks.domains},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    if (strcmp(table[i].feature, name) == 0) {
      return table[i].absent;
    }
  }
  return 0;
}

static const void *feature(const char *name) {
#define ROW(feature) {#feature, &feature##_ops},
  static const struct {
    const char *name;
    const void *operations;
  } rows[] = {PMMI_CPY_FEATURES(ROW)};
#undef ROW
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (strcmp(rows[i].name, name) == 0) {
      return is_absent(name) ? NULL : rows[i].operations;
    }
  }
  return NULL;
}

static char version[32];
static char build[PMMI_CPY_TEXT];
static char profile[48];

static void describe(void) {
  const char *text = Py_GetVersion(); /* "3.11.2 (main, ...) [GCC ...]" */
  const char *mode = pmmi_cpy_collector_of(text);
  const char *kind = PMMI_CPY_FREE_THREADED              ? "-free_threaded"
                     : strcmp(mode, "generational") == 0 ? ""
                                                         : "-incremental";
  size_t length = strcspn(text, " ");
  PyObject *line = PyObject_CallObject(PMMI_CPY_FN(build_text), NULL);
  const char *utf8 =
      line == NULL ? NULL : PyUnicode_AsUTF8AndSize(line, NULL);
  snprintf(version, sizeof version, "%.*s", (int)length, text);
  snprintf(profile, sizeof profile, "cpython-%u.%u%s",
           pmmi_cpy_lib.version >> 8, pmmi_cpy_lib.version & 0xff,
           kind);
  snprintf(build, sizeof build, "%s", utf8 == NULL ? "" : utf8);
  Py_DecRef(line);
  PyErr_Clear();
}

const struct pmm_subject *pmmi_cpy_subject(void) {
  static const char *modes[] = {NULL, NULL};
  static struct pmm_subject subject;
  if (subject.core != NULL) {
    return &subject;
  }
  describe();
  modes[0] = pmmi_cpy_collector_of(version);
  find_absences(&lacks);
  subject = (struct pmm_subject){.abi_version = PMM_SUBJECT_ABI,
                                 .struct_size = sizeof subject,
                                 .name = "cpython",
                                 .version = version,
                                 .build = build,
                                 .profile = profile,
                                 .modes = modes,
                                 .core = &core,
                                 .feature = feature};
  return &subject;
}
