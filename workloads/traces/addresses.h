/* SPDX-License-Identifier: MIT */
/*
 * addresses.h - a recorded program meets the same addresses on every machine.
 *
 * Sets of objects are ordered by address, and so is what is given back when one
 * of them goes; the cache of attributes finds a name's slot by its address, and
 * keeps the name until another one comes there.
 *
 * Without randomisation the program itself and the heap of brk lie still.  What
 * the kernel places does not: the size of its own pages, the limit of the
 * stack, huge pages and the file system move it.  So the recorder takes the
 * choice away, before Python starts:
 *
 *   ADDRESSES_TOP      the recorder's own, then the libraries that the program
 *                      starts with: each hole between them is taken
 *   ADDRESSES_MODULES  64 MiB for each dlopen(): all above is taken, so that
 *                      the kernel, which looks from the top, puts the library
 *                      at the end of the one stretch that is given free for it
 *   ADDRESSES_ARENAS   pymalloc's arenas, one behind the other; a place given
 *                      back goes to the next of its size
 *   below              whatever else is mapped, wherever that is
 *
 * Taken is address space, no memory.  Not held still: an extension of 2 MiB or
 * more, which some file systems align, libraries that extensions bring along,
 * and the core of an interpreter that is itself a shared library.
 */
#ifndef PMM_TRACE_ADDRESSES_H
#define PMM_TRACE_ADDRESSES_H

#include <stddef.h>

#define ADDRESSES_ARENAS UINT64_C(0x7d8000000000)
#define ADDRESSES_MODULES UINT64_C(0x7dc000000000)
#define ADDRESSES_TOP UINT64_C(0x7e0000000000)

/** Hold the addresses still; once, while there is one thread.  0; or -1: they
 *  are left to the kernel, as this system randomises them, limits address space
 *  or looks for it from the bottom. */
int addresses_fix(void);

/** A place of the recorder's own, of `size` bytes at most 1 GiB, where it may
 *  map what it likes (MAP_FIXED); NULL: addresses are not fixed. */
void *addresses_own(size_t size);

#endif /* PMM_TRACE_ADDRESSES_H */
