/* SPDX-License-Identifier: MIT */
/* pmm/features/frame.h - functions with locals. */
#ifndef PMM_FEATURES_FRAME_H
#define PMM_FEATURES_FRAME_H

#include "pmm/types.h"

struct pmm_frame_ops {
  size_t struct_size;
  /** A function that executes `code`. */
  pmm_obj *(*function_new)(pmm_rt *rt, const struct pmm_code *code);
  /** Call with borrowed arguments.  May run code. */
  pmm_obj *(*call)(pmm_rt *rt, pmm_obj *callable, pmm_obj *const *args,
                   size_t n);
  /** A callable object that calls the host. */
  pmm_obj *(*callable_new)(pmm_rt *rt, pmm_call call, void *ctx);
  /** Innermost calls allowed; the depth at which PMM_RECURSION comes. */
  size_t (*recursion_limit)(pmm_rt *rt);
};

#endif /* PMM_FEATURES_FRAME_H */
