/* SPDX-License-Identifier: MIT */
/* pmm/features/intern.h - one object for all strings of a value. */
#ifndef PMM_FEATURES_INTERN_H
#define PMM_FEATURES_INTERN_H

#include "pmm/types.h"

struct pmm_intern_ops {
  size_t struct_size;
  /** Replace *str by the one object of its value. */
  enum pmm_status (*str_intern)(pmm_rt *rt, pmm_obj **str);
};

#endif /* PMM_FEATURES_INTERN_H */
