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

struct pmm_compare_code_ops {
  size_t struct_size;
  /** type_new() with this code, which is copied.  PMM_UNSUPPORTED: a subclass
   *  of tuple, or what type_new() refuses. */
  pmm_obj *(*type_with_code)(pmm_rt *rt, const struct pmm_type_spec *spec,
                             const struct pmm_compare_code *code);
};

#endif /* PMM_FEATURES_COMPARE_CODE_H */
