/* SPDX-License-Identifier: MIT */
/* weakmap_copy.h - copies of weak containers. */
#ifndef PMMI_WEAKMAP_COPY_H
#define PMMI_WEAKMAP_COPY_H

#include "core/object.h"

/** Another one with the entries that live; `o` may change meanwhile. */
pmm_obj *pmmi_weakmap_copy(pmm_rt *rt, pmm_obj *o);

#endif /* PMMI_WEAKMAP_COPY_H */
