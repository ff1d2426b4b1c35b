/* SPDX-License-Identifier: MIT */
/* keys_iter.h - iterators over the keys of dicts and sets. */
#ifndef PMMI_KEYS_ITER_H
#define PMMI_KEYS_ITER_H

#include "core/object.h"

extern const struct pmmi_type pmmi_dict_iterator_type;
extern const struct pmmi_type pmmi_set_iterator_type;

/** For the `iter` of dicts; of sets and frozensets. */
pmm_obj *pmmi_dict_iter(pmm_rt *rt, pmm_obj *dict);
pmm_obj *pmmi_set_iter(pmm_rt *rt, pmm_obj *set);

#endif /* PMMI_KEYS_ITER_H */
