/* SPDX-License-Identifier: MIT */
/*
 * chunks.h - iterators that give a long input in short pieces.
 *
 *   source  o o o o o o o o o o     chunks of 4     [o o o o]
 *                   ^ next                          [o o o o]
 *                                                   [o o]
 *
 *   1. An iterator over items fills one list at a time and hands it out; it
 *      keeps nothing of what it handed out.  So with a consumer that drops
 *      each chunk, one chunk is in memory, however long the input.
 *   2. An error of the source leaves the list as far as it was filled; the
 *      next call goes on with it, so that no item is lost or given twice.
 *   3. An iterator over a file reads a bytes object at a time, and holds the
 *      file alone.
 *
 * Invariant: `filling` is NULL or has fewer than `size` items, save while
 * next() runs.
 *
 * Source: CPython 3.12 Modules/itertoolsmodule.c (batched).
 */
#ifndef PMMI_CHUNKS_H
#define PMMI_CHUNKS_H

#include "core/object.h"

extern const struct pmmi_type pmmi_chunks_type;
extern const struct pmmi_type pmmi_file_chunks_type;

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_chunks(pmm_rt *rt, pmm_obj *iterable, size_t size);
pmm_obj *pmmi_file_chunks(pmm_rt *rt, pmm_obj *file, size_t size);

#endif /* PMMI_CHUNKS_H */
