/* SPDX-License-Identifier: MIT */
/* pmm/features/generator.h - generators. */
#ifndef PMM_FEATURES_GENERATOR_H
#define PMM_FEATURES_GENERATOR_H

#include "pmm/types.h"

struct pmm_generator_ops {
  size_t struct_size;
  /** A generator over `code` that has not started. */
  pmm_obj *(*generator_new)(pmm_rt *rt, const struct pmm_code *code,
                            pmm_obj *const *args, size_t n);
  /** Resume with a value (NULL: None).  What it yields, new; NULL with
   *  PMM_STOP when it returned.  PMM_VALUE: it is running.  May run code. */
  pmm_obj *(*generator_send)(pmm_rt *rt, pmm_obj *generator, pmm_obj *value);
  /** Raise at the point where it waits. */
  pmm_obj *(*generator_throw)(pmm_rt *rt, pmm_obj *generator,
                              enum pmm_status status);
  /** PMM_RUNTIME: it yielded instead of ending.  May run code. */
  enum pmm_status (*generator_close)(pmm_rt *rt, pmm_obj *generator);
  /** 1 once its frame is gone. */
  int (*generator_finished)(pmm_rt *rt, pmm_obj *generator);
};

#endif /* PMM_FEATURES_GENERATOR_H */
