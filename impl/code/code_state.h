/* SPDX-License-Identifier: MIT */
/* code_state.h - a runtime's state on the floor of code; see memory_state.h. */
#ifndef PMMI_CODE_STATE_H
#define PMMI_CODE_STATE_H

#include "code/file.h"
#include "code/frame.h"
#include "types/types_state.h"

/** The parts of this floor. */
struct pmmi_code_state {
  struct pmmi_types_state below;
  struct pmmi_frames frames; /* the stack that codes run on                 */
  struct pmmi_files files;   /* the open ones                               */
};

static_assert(offsetof(struct pmmi_code_state, below) == 0, "memory_state.h");

static inline struct pmmi_frames *pmmi_frames_of(pmm_rt *rt) {
  return &((struct pmmi_code_state *)(void *)rt)->frames;
}

static inline struct pmmi_files *pmmi_files_of(pmm_rt *rt) {
  return &((struct pmmi_code_state *)(void *)rt)->files;
}

#endif /* PMMI_CODE_STATE_H */
