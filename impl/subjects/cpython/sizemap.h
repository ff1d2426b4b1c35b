/* SPDX-License-Identifier: MIT */
/*
 * sizemap.h - the size of every counted block, by address.
 *
 *   address  47      34 33      20 19                4 3    0
 *           +----------+----------+-------------------+------+
 *           | top      | middle   | granule           |  0   |
 *           +----------+----------+-------------------+------+
 *
 *   1. A granule is 16 bytes, the alignment of every block.
 *   2. Each granule has a 16-bit entry: 0 no counted block begins here,
 *      1..65534 the block's size plus one, 65535 a large block.
 *   3. A large block covers many granules that no other block can begin in;
 *      its size lies in the four entries after its first.
 *   4. Leaves cover 1 MiB and are 128 KiB of zero pages, so the map costs
 *      one eighth of the heap's touched pages.
 */
#ifndef PMMI_CPYTHON_SIZEMAP_H
#define PMMI_CPYTHON_SIZEMAP_H

#include <stddef.h>

/** Note a block.  0: no memory for the map, the block is not noted. */
int pmmi_cpy_sizemap_put(const void *block, size_t size);
/** Forget a block.  1 and its size when it was noted, else 0. */
int pmmi_cpy_sizemap_take(const void *block, size_t *size);
/** The same without forgetting. */
int pmmi_cpy_sizemap_get(const void *block, size_t *size);

#endif /* PMMI_CPYTHON_SIZEMAP_H */
