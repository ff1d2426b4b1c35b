/* SPDX-License-Identifier: MIT */
/*
 * nearest.h - what somebody who mistyped a name may have meant.
 */
#ifndef PMMI_NEAREST_H
#define PMMI_NEAREST_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Write "did you mean a or b?" into `out`, from the names whose edit
 *  distance (Levenshtein) from `word` is least, or "the choices are: ..." when
 *  none is near.  Always terminated; cut off where it does not fit. */
void pmmi_nearest(const char *word, const char *const *names, size_t count,
                  char *out, size_t size);

/** Write the `most` names that are nearest into `out`, the nearest first,
 *  blanks between: for lists too long to be shown.  Terminated; cut off. */
void pmmi_nearest_few(const char *word, const char *const *names, size_t count,
                      size_t most, char *out, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* PMMI_NEAREST_H */
