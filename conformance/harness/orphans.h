/* SPDX-License-Identifier: MIT */
/*
 * orphans.h - processes that something we started has left behind.
 *
 * A process may leave its group and its session, and so escape a kill of both;
 * it does not escape its ancestor.  Who adopts becomes the parent of all that
 * lose theirs below it, and can end them.
 *
 * Linux only; source: prctl(2), PR_SET_CHILD_SUBREAPER; proc(5), children.
 */
#ifndef PMM_ORPHANS_H
#define PMM_ORPHANS_H

#include <stddef.h>
#include <sys/types.h>

/** Room for the children that were there before. */
enum { PMM_ORPHANS_KNOWN = 64 };

/** Processes that are to stay. */
struct pmm_family {
  pid_t children[PMM_ORPHANS_KNOWN];
  size_t count;
};

/** From here on the calling process is the parent of orphans below it. */
void pmm_orphans_adopt(void);

/** The children that the calling thread has now. */
void pmm_orphans_known(struct pmm_family *family);

/** End every child but those of `family` (NULL: every one), and what these
 *  leave behind in turn.  Cannot fail; where the system lists no children
 *  nothing is done. */
void pmm_orphans_end(const struct pmm_family *family);

#endif /* PMM_ORPHANS_H */
