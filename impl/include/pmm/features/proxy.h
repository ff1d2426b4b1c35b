/* SPDX-License-Identifier: MIT */
/* pmm/features/proxy.h - weak references used like their target. */
#ifndef PMM_FEATURES_PROXY_H
#define PMM_FEATURES_PROXY_H

#include "pmm/types.h"

struct pmm_proxy_ops {
  size_t struct_size;
  /** A proxy.  length() is len() through it: PMM_REFERENCE when dead. */
  pmm_obj *(*proxy_new)(pmm_rt *rt, pmm_obj *target);
  /** A new reference to slot `index` of the target, read through the proxy;
   *  PMM_REFERENCE when dead. */
  pmm_obj *(*proxy_slot)(pmm_rt *rt, pmm_obj *proxy, size_t index);
};

#endif /* PMM_FEATURES_PROXY_H */
