/* SPDX-License-Identifier: MIT */
/*
 * pmm/view.h - a subject as its hosts see it.  Not for subjects.
 *
 *   1. pmm/ops.h, which the build makes from the headers of the contract,
 *      names the features and lays all operations into one flat table.
 *   2. pmm_view_read() asks a subject for each feature once and copies what is
 *      there into such a table, so that a call costs one load, and nobody
 *      looks at sizes again.
 *
 * Invariant: an operation in the table is null exactly when the subject does
 * not have it; of a feature that is not offered all are null.
 *
 * Callable from C++.
 */
#ifndef PMM_VIEW_H
#define PMM_VIEW_H

#include "pmm/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pmm_feature {
#define PMM_FEATURE_ENUM(name) PMM_FEATURE_##name,
  PMM_FEATURES(PMM_FEATURE_ENUM)
#undef PMM_FEATURE_ENUM
  PMM_FEATURE_COUNT,
  PMM_FEATURE_core = PMM_FEATURE_COUNT /* mandatory, offered by all         */
};

/** One operation: its name, its feature, its place in both structures. */
struct pmm_op_entry {
  const char *name;
  enum pmm_feature feature;
  size_t flat;   /* in struct pmm_ops                                       */
  size_t offset; /* in the structure of its feature                         */
};

extern const struct pmm_op_entry pmm_op_entries[];
extern const size_t pmm_op_entry_count;

/** A subject and its operations; valid as long as its library. */
struct pmm_view {
  const struct pmm_subject *subject;
  struct pmm_ops ops;
  unsigned char offers[PMM_FEATURE_COUNT]; /* 1: feature() gave a structure */
  /** Of each feature that is offered: an operation that it lacks all the
   *  same, NULL when it is whole. */
  const char *lacks[PMM_FEATURE_COUNT];
};

/** Look at a subject.  0; -1 when it breaks the contract, with what to change
 *  in `message` (of `size` bytes, always terminated). */
int pmm_view_read(const struct pmm_subject *subject, struct pmm_view *out,
                  char *message, size_t size);

/** What to change in a subject that speaks another version of the contract;
 *  `version` 0: it does not say which. */
void pmm_view_other_version(unsigned version, char *message, size_t size);

/** 1 when the feature is offered, and whole: for those who ask for features,
 *  not for single operations. */
int pmm_view_offers(const struct pmm_view *view, const char *feature);

/** Take a feature and its operations away. */
void pmm_view_remove(struct pmm_view *view, enum pmm_feature feature);

/** The feature's name; "core" for PMM_FEATURE_core. */
const char *pmm_feature_name(enum pmm_feature feature);

/** The feature of that name, or PMM_FEATURE_COUNT. */
enum pmm_feature pmm_feature_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif /* PMM_VIEW_H */
