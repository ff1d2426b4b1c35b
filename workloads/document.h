/* SPDX-License-Identifier: MIT */
/*
 * document.h - the one JSON document that a workload's run becomes.
 */
#ifndef PMM_WORK_DOCUMENT_H
#define PMM_WORK_DOCUMENT_H

#include "options.h"
#include "stage.h"

/** Run the asked variants and make the document.  A variant that fails ends
 *  the run; the document then carries its error.  NULL: no memory. */
json_t *pmm_work_document_run(const struct pmm_work_stage *stage,
                              const struct pmm_work_options *options);

/** The document of a run that could not start.  NULL: no memory. */
json_t *pmm_work_document_error(const struct pmm_work_stage *stage,
                                const char *message);

/** Write it where the options say: 0, or 1 after a message. */
int pmm_work_document_write(json_t *document, const char *path);

/** Whether the subject offers what at least one of the variants needs. */
int pmm_work_document_applied(const json_t *document);

/** The exit code that a document stands for. */
int pmm_work_document_exit(const json_t *document, int check);

/** All workloads as JSON.  NULL: no memory. */
json_t *pmm_work_document_list(void);

/** The same for people. */
void pmm_work_document_print_list(FILE *out);

#endif /* PMM_WORK_DOCUMENT_H */
