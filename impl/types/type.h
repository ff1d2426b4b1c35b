/* SPDX-License-Identifier: MIT */
/* type.h - types of the host. */
#ifndef PMMI_TYPE_H
#define PMMI_TYPE_H

#include "core/object.h"

/** The type of the types of the host. */
extern const struct pmmi_type pmmi_type_type;

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_type_new(pmm_rt *rt, const struct pmm_type_spec *spec);
pmm_obj *pmmi_type_with_code(pmm_rt *rt, const struct pmm_type_spec *spec,
                             const struct pmm_compare_code *code);

#endif /* PMMI_TYPE_H */
