/* SPDX-License-Identifier: MIT */
/*
 * select.h - finding a subject by what a user typed, and opening it.
 *
 *   --subject   a name that the build knows: reference, null
 *               /path/subject.so, ./subject.so: exports pmm_subject_get
 *               name=./subject.so: the same; the name is the caller's own
 *   --backend   see backends/registry.h; "pool" where the subject takes one
 *   --mode      a collector mode of the subject; its first by default
 *
 *   1. A program hands its arguments to pmmi_select_take(), which removes
 *      these three and leaves the rest to the program's own parser; or it
 *      parses them by itself and fills a struct pmmi_names.
 *   2. pmmi_select() finds all three, or says what is wrong in one line that
 *      names the nearest names.
 *   3. pmmi_selection_open() opens a runtime; as many as are wanted.
 *
 * What is found has been looked at (pmm/view.h): it speaks this version of the
 * contract and has the whole core.
 *
 * Callable from C++.
 */
#ifndef PMMI_SUBJECTS_SELECT_H
#define PMMI_SUBJECTS_SELECT_H

#include "pmm/view.h"
#include "subjects/null.h"
#include "subjects/reference.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the user typed; NULL: nothing. */
struct pmmi_names {
  const char *subject;
  const char *backend;
  const char *mode;
};

/** What it names; constant until the process ends. */
struct pmmi_selection {
  const struct pmm_subject *subject;
  struct pmm_view view;              /* of it, over the backend             */
  const struct pmm_backend *backend; /* NULL: the subject's own allocator   */
  const char *mode;                  /* NULL: the subject has no modes      */
};

/** The subject named `spec`.  NULL: unknown or unusable, and `message` (of
 *  `size` bytes, always terminated) says why. */
const struct pmm_subject *pmmi_subject_find(const char *spec, char *message,
                                            size_t size);

/** 1 when the last pmmi_subject_find() gave NULL because the shared object
 *  breaks the contract; 0: because of what was typed. */
int pmmi_subject_at_fault(void);

/** The subjects the build knows, the default first. */
size_t pmmi_subject_count(void);
const struct pmm_subject *pmmi_subject_at(size_t i);

/** Take --subject, --backend and --mode ("--mode M" or "--mode=M") out of
 *  argv, up to a "--".  0, or 2 with a message: a value is missing. */
int pmmi_select_take(int *argc, char **argv, struct pmmi_names *names,
                     char *message, size_t size);

/** Find what is named.  Returns an exit code: 0; with a message 2: there is
 *  none of that name, or the file is none; 3: it breaks its contract. */
int pmmi_select(const struct pmmi_names *names, struct pmmi_selection *out,
                char *message, size_t size);

/** The same where the host brings the subject: `names->subject` must be NULL.
 *  So a program runs inside the interpreter that it measures. */
int pmmi_select_for(const struct pmm_subject *subject,
                    const struct pmmi_names *names,
                    struct pmmi_selection *out, char *message, size_t size);

/** Open a runtime; `host` may be NULL, `flags` are enum pmm_open_flag. */
enum pmm_status pmmi_selection_open(const struct pmmi_selection *selection,
                                    const struct pmm_host *host, uint64_t seed,
                                    uint32_t flags, pmm_rt **rt);

#ifdef __cplusplus
}
#endif

#endif /* PMMI_SUBJECTS_SELECT_H */
