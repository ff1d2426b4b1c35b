/* SPDX-License-Identifier: MIT */
/*
 * third.c - a third party's subject as select.c sees it: right, or wrong in
 * the one way that FAULT names (meson.build builds it once for each).
 */
#include <stdlib.h>

#include "pmm/subject.h"

enum {
  NONE, ABI, SIZE, NO_NAME, NO_OPS, NO_OPEN, OLD, REFUSES, NO_GETTER,
  EMPTY_NAME, NO_VERSION, NO_BUILD, NO_PROFILE, NO_FEATURES, NO_MODES,
  NO_CLOSE, FEW_OPS, MODELESS
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

static const struct pmm_ops ops = {
    .open = FAULT == NO_OPEN ? NULL : third_open,
    .close = FAULT == NO_CLOSE ? NULL : third_close,
    .call_on_stack = (enum pmm_status(*)(pmm_rt *, size_t, pmm_fn, void *))8,
};

static const char *const features[] = {"refcount", NULL};
static const char *const modes[] = {FAULT == MODELESS ? NULL : "only", NULL};

static const struct pmm_subject third = {
    .abi_version = FAULT == ABI ? PMM_SUBJECT_ABI + 1 : PMM_SUBJECT_ABI,
    .struct_size = FAULT == SIZE ? 8 : sizeof third,
    .ops_size = FAULT == OLD       ? offsetof(struct pmm_ops, call_on_stack)
                : FAULT == FEW_OPS ? sizeof(void *)
                                   : sizeof ops,
    .name = FAULT == NO_NAME ? NULL : FAULT == EMPTY_NAME ? "" : "third",
    .version = FAULT == NO_VERSION ? NULL : "1",
    .build = FAULT == NO_BUILD ? NULL : "",
    .profile = FAULT == NO_PROFILE ? NULL : "third",
    .features = FAULT == NO_FEATURES ? NULL : features,
    .modes = FAULT == NO_MODES ? NULL : modes,
    .takes_backend = 1,
    .ops = FAULT == NO_OPS ? NULL : &ops,
};

#if FAULT != 8
__attribute__((visibility("default"))) const struct pmm_subject *
pmm_subject_get(uint32_t host_abi);

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  return FAULT == REFUSES || host_abi != PMM_SUBJECT_ABI ? NULL : &third;
}
#else
const struct pmm_subject *const pmm_subject_unused = &third;
#endif
