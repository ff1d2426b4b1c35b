/* SPDX-License-Identifier: MIT */
/* core_state.c - what memory asks of core; see memory_state.h. */
#include "core/core_state.h"

void pmmi_core_init(pmm_rt *rt) {
  pmmi_memory_state(rt)->above = (struct pmmi_above){
      .fail = pmmi_error_note, .keep = pmmi_caches_keep};
}
