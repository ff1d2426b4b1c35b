/* SPDX-License-Identifier: MIT */
/*
 * third.c - a third party's subject as select.c sees it: right, or wrong in
 * the one way that FAULT names (meson.build builds it once for each).
 */
#include <stdlib.h>
#include <string.h>

#include "pmm/features/refcount.h"
#include "pmm/subject.h"

enum {
  NONE, ABI, SIZE, NO_NAME, NO_CORE, NO_CLOSE, REFUSES, NO_GETTER, EMPTY_NAME,
  NO_VERSION, NO_BUILD, NO_PROFILE, NO_FEATURE, NO_MODES, SHORT_CORE, MODELESS,
  OLD, OLDER, NO_SIZE, HUGE_SIZE, ANY_NAME, OLDEST,
  ODD_SIZE
};

struct pmm_rt {
  int open;
};

static enum pmm_status third_open(const struct pmm_open_config *config,
                                  pmm_rt **rt) {
  (void)config;
  *rt = calloc(1, sizeof **rt);
  return *rt != NULL ? PMM_OK : PMM_NO_MEMORY;
}

static void third_close(pmm_rt *rt) { free(rt); }

/* The whole core, of which this test opens and closes alone. */
static void nobody(void) {}

static struct pmm_core_ops core;

__attribute__((unused)) static void fill_core(void) {
  void (*const function)(void) = nobody;
  for (size_t at = sizeof core.struct_size; at < sizeof core;
       at += sizeof function) {
    memcpy((char *)&core + at, &function, sizeof function);
  }
  core.struct_size =
      FAULT == SHORT_CORE ? offsetof(struct pmm_core_ops, retain) : sizeof core;
  core.open = third_open;
  core.close = FAULT == NO_CLOSE ? NULL : third_close;
}

static uint64_t third_refcount(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  (void)o;
  return 1;
}

/* A structure of another size: one operation less, or one more. */
static struct {
  struct pmm_refcount_ops known;
  void (*of_the_future)(void);
} refcount = {.known = {.refcount = third_refcount}};

static const void *feature(const char *name) {
  int is_old = FAULT == OLD;
  refcount.known.struct_size =
      FAULT == NO_SIZE     ? 0
      : FAULT == HUGE_SIZE ? (size_t)third_refcount
      : FAULT == ODD_SIZE  ? 13
      : is_old             ? offsetof(struct pmm_refcount_ops, refcount_reported)
                       : sizeof refcount;
  refcount.known.refcount_reported = third_refcount;
  refcount.known.refcount_set =
      (enum pmm_status(*)(pmm_rt *, pmm_obj *, uint64_t))nobody;
  return FAULT == ANY_NAME || strcmp(name, "refcount") == 0 ? &refcount : NULL;
}

static const char *const modes[] = {FAULT == MODELESS ? NULL : "only", NULL};

static const struct pmm_subject third = {
    .abi_version = FAULT == ABI      ? PMM_SUBJECT_ABI + 1
                   : FAULT == OLDER  ? 2
                   : FAULT == OLDEST ? 1
                                     : PMM_SUBJECT_ABI,
    .struct_size = FAULT == SIZE ? 8 : sizeof third,
    .name = FAULT == NO_NAME ? NULL : FAULT == EMPTY_NAME ? "" : "third",
    .version = FAULT == NO_VERSION ? NULL : "1",
    .build = FAULT == NO_BUILD ? NULL : "",
    .profile = FAULT == NO_PROFILE ? NULL : "third",
    .modes = FAULT == NO_MODES ? NULL : modes,
    .takes_backend = 1,
    .core = FAULT == NO_CORE ? NULL : &core,
    .feature = FAULT == NO_FEATURE ? NULL : feature,
};

#if FAULT != 7
__attribute__((visibility("default"))) const struct pmm_subject *
pmm_subject_get(uint32_t host_abi);

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  uint32_t served = third.abi_version == PMM_SUBJECT_ABI + 1
                        ? PMM_SUBJECT_ABI
                        : third.abi_version;
  fill_core();
  return FAULT == REFUSES || host_abi != served ? NULL : &third;
}
#else
const struct pmm_subject *const pmm_subject_unused = &third;
#endif
