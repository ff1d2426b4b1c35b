/* SPDX-License-Identifier: MIT */
/*
 * host.h - what impl asks of the operating system.
 *
 * The only file of impl, with host.c, that knows which system it runs on:
 *
 *   1. pages: mapped with an alignment, unmapped, their contents discarded;
 *   2. the monotonic clock;
 *   3. figures of this process: resident bytes, open descriptors.
 *
 *   4. Regions of one size and alignment below 2 MiB (arenas) come from a stock
 *      in huge pages, once the process has asked for 16 MiB of them: they cost
 *      less to map and to reach.  PMM_HUGE_PAGES=never in the environment, and
 *      any checker, leaves them out.
 *
 * Every function may be called from any thread.
 * A figure the system does not give is PMM_UNKNOWN.
 *
 * Source: Linux man-pages mmap(2), madvise(2), proc(5), clock_gettime(2).
 */
#ifndef PMMI_HOST_H
#define PMMI_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "pmm/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a page of the system.  Cannot fail. */
size_t pmmi_host_page_bytes(void);

/** Round `size` up to whole pages; 0 when that overflows. */
size_t pmmi_host_page_round(size_t size);

/** The system's own pages behind the contract's hooks; `ctx` is NULL.  Used
 *  where a configuration names no other.  Constant; cannot fail. */
const struct pmm_os *pmmi_host_os(void);

/** Nanoseconds of the monotonic clock since an arbitrary start. */
uint64_t pmmi_host_clock_ns(void);

/** Resident bytes of this process; PMM_UNKNOWN without /proc. */
uint64_t pmmi_host_rss_bytes(void);

/** Most bytes ever resident in this process since its exec, or since the peak
 *  was restarted; PMM_UNKNOWN without /proc. */
uint64_t pmmi_host_peak_rss_bytes(void);

/** Let the peak start from what is resident at this moment; -1 where the
 *  system does not let it, and the peak is the old one still. */
int pmmi_host_peak_rss_restart(void);

/** Bytes of this process that lie in huge pages; PMM_UNKNOWN without /proc. */
uint64_t pmmi_host_huge_bytes(void);

/** Let nothing of this process, nor of what it starts, lie in huge pages from
 *  here on.  0, or -1: the system does not let it. */
int pmmi_host_huge_pages_refuse(void);

/** Open descriptors of this process, the one used for counting not among
 *  them; PMM_UNKNOWN without /proc. */
uint64_t pmmi_host_open_descriptors(void);

#ifdef __cplusplus
}
#endif

#endif /* PMMI_HOST_H */
