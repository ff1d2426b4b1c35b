/* SPDX-License-Identifier: MIT */
/* file_read.h - reading from files. */
#ifndef PMMI_FILE_READ_H
#define PMMI_FILE_READ_H

#include "pmm/types.h"

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_file_read(pmm_rt *rt, pmm_obj *file, size_t size);
pmm_obj *pmmi_file_read_line(pmm_rt *rt, pmm_obj *file);

#endif /* PMMI_FILE_READ_H */
