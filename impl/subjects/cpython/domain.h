/* SPDX-License-Identifier: MIT */
/*
 * domain.h - which allocator serves the domains.
 */
#ifndef PMMI_CPYTHON_DOMAIN_H
#define PMMI_CPYTHON_DOMAIN_H

#include "cpython.h"

/** 1 when pymalloc serves the object domain.  Call before hooks are in. */
int pmmi_cpy_pool_probe(void);
/** 1 when the interpreter started with the debug layer on its domains. */
int pmmi_cpy_debug_layer(void);

#endif /* PMMI_CPYTHON_DOMAIN_H */
