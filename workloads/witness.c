/* SPDX-License-Identifier: MIT */
/*
 * witness.c - see witness.h.
 */
#include "witness.h"

#include "backends/witness.h"

static struct pmm_backend watched;           /* the copy                    */
static const struct pmm_backend *original;
static void *seen_heap;                      /* the last that was made      */

static int init_watched(const struct pmm_backend_config *config,
                        void **heap) {
  int failed = original->init(config, heap);
  seen_heap = failed ? NULL : *heap;
  return failed;
}

const struct pmm_backend *
pmm_work_witness_watch(const struct pmm_backend *backend) {
  seen_heap = NULL;
  original = backend;
  if (backend == NULL) {
    return NULL;
  }
  watched = *backend;
  watched.init = init_watched;
  return &watched;
}

static json_t *answer_json(int answer) {
  return answer == PMMI_UNTOLD ? json_null() : json_boolean(answer);
}

json_t *pmm_work_witness_json(const struct pmm_backend *backend) {
  struct pmmi_witness witness;
  if (backend == NULL || seen_heap == NULL) {
    return json_null();
  }
  (void)pmmi_backend_witness(backend, seen_heap, &witness);
  return json_pack("{ss?, sb, so, so, so}", "object",
                   witness.object[0] != '\0' ? witness.object : NULL,
                   "symbol_in_object", witness.symbol_in_object, "owns",
                   answer_json(witness.owns), "usable_size",
                   answer_json(witness.usable_size), "counters_moved",
                   answer_json(witness.counters_moved));
}
