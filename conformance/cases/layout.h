/* SPDX-License-Identifier: MIT */
/* layout.h - for the cases that judge how the allocator lays out its blocks. */
#ifndef PMM_CONFORM_LAYOUT_H
#define PMM_CONFORM_LAYOUT_H

#include "case.h"

#define OWN_LAYOUT                                                            \
  DEBUG_EXEMPT("the debug layer asks for larger blocks and keeps freed ones")

#endif /* PMM_CONFORM_LAYOUT_H */
