/* SPDX-License-Identifier: MIT */
/* csr.h - sparse matrices. */
#ifndef PMMI_CSR_H
#define PMMI_CSR_H

#include "core/object.h"

extern const struct pmmi_type pmmi_csr_type;

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_csr_new(pmm_rt *rt, size_t rows, size_t columns,
                      const struct pmm_triple *triples, size_t n);
pmm_obj *pmmi_csr_row(pmm_rt *rt, pmm_obj *matrix, size_t row);
pmm_obj *pmmi_csr_multiply(pmm_rt *rt, pmm_obj *matrix, pmm_obj *dense);

#endif /* PMMI_CSR_H */
