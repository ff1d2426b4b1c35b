/* SPDX-License-Identifier: MIT */
/*
 * offer.h - features as bits, and which operations belong to which.
 *
 *   1. pmm/subject.h names the features; each gets one bit here.
 *   2. A table says which operation belongs to which feature.
 *   3. Before the first case the table is held against the subject: an
 *      operation is null exactly when its feature is absent.
 *
 * Invariant: every operation of struct pmm_ops stands in the table once.
 */
#ifndef PMM_CONFORM_OFFER_H
#define PMM_CONFORM_OFFER_H

#include <stddef.h>
#include <stdint.h>

#include "pmm/subject.h"

enum pmm_feature {
#define PMM_FEATURE_ENUM(name) PMM_FEATURE_##name,
  PMM_FEATURES(PMM_FEATURE_ENUM)
#undef PMM_FEATURE_ENUM
  PMM_FEATURE_COUNT,
  PMM_FEATURE_CORE = PMM_FEATURE_COUNT /* mandatory, named by nobody */
};

_Static_assert(PMM_FEATURE_COUNT <= 64, "a set of features is one word");

#define PMM_BIT(feature) (UINT64_C(1) << PMM_FEATURE_##feature)

/** One operation: its name, its place in struct pmm_ops, its feature. */
struct pmm_op_entry {
  const char *name;
  size_t offset;
  enum pmm_feature feature;
};

extern const struct pmm_op_entry pmm_op_entries[];
extern const size_t pmm_op_entry_count;

/** What a subject offers, and where its word and its operations differ. */
struct pmm_offer {
  uint64_t offered;       /* features claimed and with all operations      */
  uint64_t lied;          /* claimed, but an operation is null             */
  const char *lie_of[PMM_FEATURE_COUNT + 1]; /* that operation, or NULL    */
  const char *unknown;    /* a claimed name that is no feature, or NULL    */
  const char *unclaimed;  /* an operation whose feature is not claimed     */
};

/** The feature's name; "core" for PMM_FEATURE_CORE. */
const char *pmm_feature_name(enum pmm_feature feature);

/** The feature of that name, or PMM_FEATURE_COUNT. */
enum pmm_feature pmm_feature_find(const char *name);

/** Hold the subject's claims against its operations.  A missing mandatory
 *  operation is named in lie_of[PMM_FEATURE_CORE]. */
void pmm_offer_read(const struct pmm_subject *subject,
                    struct pmm_offer *out);

#endif /* PMM_CONFORM_OFFER_H */
