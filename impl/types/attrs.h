/* SPDX-License-Identifier: MIT */
/* attrs.h - attributes of instances, by name; how they lie: attrs.c. */
#ifndef PMMI_ATTRS_H
#define PMMI_ATTRS_H

#include "pmm/types.h"

struct pmmi_attrs;
struct pmmi_attr_names;

/** The value of an attribute, borrowed, or NULL.  `shared` are the names that
 *  the type of the instance knows. */
pmm_obj *pmmi_attrs_get(struct pmmi_attr_names *shared,
                        struct pmmi_attrs *attrs, const char *name);

/** Store, then drop the old value; NULL deletes.  PMM_NO_MEMORY; PMM_KEY:
 *  nothing to delete.  May run code. */
enum pmm_status pmmi_attrs_set(pmm_rt *rt, struct pmmi_attr_names **shared,
                               struct pmmi_attrs **attrs, const char *name,
                               pmm_obj *value);

/** Give back the names that a type knows; NULL is ignored. */
void pmmi_attr_names_drop(pmm_rt *rt, struct pmmi_attr_names *names);

/** The same attributes for another instance of the type; *to is NULL before.
 *  PMM_NO_MEMORY: it may have some of them. */
enum pmm_status pmmi_attrs_copy(pmm_rt *rt, const struct pmmi_attrs *from,
                                struct pmmi_attrs **to);

/** Value `index`: the shared names' first, then those of own names.  Empty
 *  where there is none; NULL: there are no more. */
pmm_obj **pmmi_attrs_at(struct pmmi_attrs *attrs, size_t index);

int pmmi_attrs_visit(const struct pmmi_attrs *attrs, pmm_visit visit,
                     void *ctx);

/** Bytes of the blocks of names that a type or an instance owns; of all that
 *  an instance owns for its attributes.  NULL: 0. */
size_t pmmi_attr_names_bytes(const struct pmmi_attr_names *names);
size_t pmmi_attrs_bytes(const struct pmmi_attrs *attrs);

/** Drop all of them and their memory.  May run code. */
void pmmi_attrs_drop(pmm_rt *rt, struct pmmi_attrs **attrs);

#endif /* PMMI_ATTRS_H */
