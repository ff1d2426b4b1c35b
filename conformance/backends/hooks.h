/* SPDX-License-Identifier: MIT */
/*
 * hooks.h - an operating system that counts, and refuses on request.
 *
 * Behind a heap it shows what the heap holds and whether it gives all of it
 * back, and it makes any single request, or all from one on, fail.
 */
#ifndef PMM_BACKENDS_HOOKS_H
#define PMM_BACKENDS_HOOKS_H

#include <stddef.h>
#include <stdint.h>

#include "pmm/backend.h"

struct check_hooks {
  struct pmm_os os;     /* give its address to a configuration              */
  uint64_t maps;        /* calls of map that were served                    */
  uint64_t unmaps;      /* calls of unmap                                   */
  uint64_t held_bytes;  /* mapped and not unmapped                          */
  uint64_t refuse_at;   /* refuse the n-th map from now; 0: none            */
  int refuse_all_after; /* 1: and all that follow it                        */
  uint64_t refused;     /* requests refused since the start                 */
};

/** Set up counting hooks over the system's own pages.  `hooks` must stay
 *  where it is while a heap uses it. */
void check_hooks_init(struct check_hooks *hooks);

#endif /* PMM_BACKENDS_HOOKS_H */
