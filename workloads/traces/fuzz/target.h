/* SPDX-License-Identifier: MIT */
/*
 * target.h - reading a trace that nobody wrote.
 *
 * An input is a byte that says what the rest is, and the rest: a file as it
 * stands (even), or events, around which a sound file is made (odd), so that
 * mutations get past the sums and reach the events.
 */
#ifndef PMM_TRACE_FUZZ_TARGET_H
#define PMM_TRACE_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/** Read it whole; abort when an event breaks a rule of the format, or a fault
 *  says nothing.  0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** How inputs ended since the process began: read whole, or with a fault. */
extern uint64_t fuzz_whole;
extern uint64_t fuzz_faults;
/** Events that were read. */
extern uint64_t fuzz_events;

#endif /* PMM_TRACE_FUZZ_TARGET_H */
