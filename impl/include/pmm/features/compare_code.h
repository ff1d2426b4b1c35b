/* SPDX-License-Identifier: MIT */
/*
 * pmm/features/compare_code.h - code of the host compares, hashes and prints.
 *
 * Instances of such a type run it wherever the runtime compares, hashes,
 * orders or prints them: in look-ups, in sorting, in containers of containers.
 * It may use any operation, also those that change the container that is being
 * read, that collect, or that raise.
 */
#ifndef PMM_FEATURES_COMPARE_CODE_H
#define PMM_FEATURES_COMPARE_CODE_H

#include "pmm/types.h"

/** What runs; `ctx` and the functions outlive the type.  `self` and `other`
 *  are borrowed: whoever compares keeps them alive until the code returns.
 *  Each returns PMM_OK or the status of an error that it wants to raise, as
 *  pmm_fn does.  A function that is NULL: as instances are without it. */
struct pmm_compare_code {
  size_t struct_size;
  void *ctx;
  /** Called when `other`, another object, is of a type with such a function. */
  enum pmm_status (*equals)(void *ctx, pmm_rt *rt, pmm_obj *self,
                            pmm_obj *other, int *equal);
  /** *less = (self < other); called as equals is. */
  enum pmm_status (*less)(void *ctx, pmm_rt *rt, pmm_obj *self, pmm_obj *other,
                          int *less);
  enum pmm_status (*hash)(void *ctx, pmm_rt *rt, pmm_obj *self, int64_t *hash);
  /** *text: a new str, NULL for that of other instances. */
  enum pmm_status (*repr)(void *ctx, pmm_rt *rt, pmm_obj *self,
                          pmm_obj **text);
};

struct pmm_compare_code_ops {
  size_t struct_size;
  /** type_new() with this code, which is copied.  PMM_UNSUPPORTED: a subclass
   *  of tuple, or what type_new() refuses. */
  pmm_obj *(*type_with_code)(pmm_rt *rt, const struct pmm_type_spec *spec,
                             const struct pmm_compare_code *code);
};

#endif /* PMM_FEATURES_COMPARE_CODE_H */
