/* SPDX-License-Identifier: MIT */
/*
 * witness.h - the proof that the named backend really served the memory.
 *
 *   1. Whose code serves alloc(): the mapped file that holds the witness
 *      symbol, by the dynamic linker's word, and whether the kernel's list of
 *      mappings says the same.
 *   2. Whether the backend owns a live block, and how much of it is usable.
 *   3. Whether its counters move when a block is made.
 *
 * No witness, no result: a measurement whose witness fails is discarded.
 */
#ifndef PMMI_BACKENDS_WITNESS_H
#define PMMI_BACKENDS_WITNESS_H

#include "pmm/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An answer that a backend may be unable to give. */
enum pmmi_answer { PMMI_NO = 0, PMMI_YES = 1, PMMI_UNTOLD = -1 };

struct pmmi_witness {
  char object[512];      /* path of the mapped object; "" when not found    */
  int symbol_in_object;  /* 1: the kernel maps that file at the symbol      */
  int owns;              /* enum pmmi_answer: of a live block               */
  int usable_size;       /* enum pmmi_answer: it covers the request         */
  int counters_moved;    /* enum pmmi_answer: some figure of stats changed  */
};

/** Ask `backend` about `heap`, by making and freeing one block.  Returns 0
 *  when every answer given is good and the object is known; -1 otherwise,
 *  with what was found in *out. */
int pmmi_backend_witness(const struct pmm_backend *backend, void *heap,
                         struct pmmi_witness *out);

#ifdef __cplusplus
}
#endif

#endif /* PMMI_BACKENDS_WITNESS_H */
