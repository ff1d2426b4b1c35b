/* SPDX-License-Identifier: MIT */
/* weakmap_copy.c - copies of weak containers; see weakmap.h. */
#include "types/weakmap_copy.h"

#include "types/types_state.h"
#include "types/weakmap.h"

/* Store one entry of another container again, if it is alive. */
static enum pmm_status copy_entry(pmm_rt *rt, pmm_obj *to,
                                  const struct pmmi_weakmap_entry *entry) {
  int values = ((const struct pmmi_weakmap *)to)->kind == PMM_WEAK_VALUES;
  pmm_obj *strong = entry->strong;
  pmm_obj *weak =
      entry->ref != NULL ? pmmi_weakref_strong(rt, entry->ref) : NULL;
  if (weak == NULL) {
    return PMM_OK;
  }
  pmmi_xretain(rt, strong);
  enum pmm_status status = pmmi_weak_set(rt, to, values ? strong : weak,
                                         values ? weak : strong);
  pmmi_xrelease(rt, strong);
  pmmi_release(rt, weak);
  return status;
}

pmm_obj *pmmi_weakmap_copy(pmm_rt *rt, pmm_obj *o) {
  const struct pmmi_weakmap *from = (const struct pmmi_weakmap *)o;
  pmm_obj *to = pmmi_weak_new(rt, from->kind);
  enum pmm_status status = to != NULL ? PMM_OK : PMM_NO_MEMORY;
  for (uint32_t i = 0; status == PMM_OK && i < from->used; i++) {
    status = copy_entry(rt, to, &from->entries[i]);
  }
  if (status != PMM_OK) {
    pmmi_xrelease(rt, to);
    return NULL;
  }
  return to;
}
