/* SPDX-License-Identifier: MIT */
/*
 * text.h - text that strangers wrote, made fit to print and to store.
 *
 *   1. Escape sequences of terminals and control characters are dropped, and
 *      bytes that are no UTF-8 become '?', so that neither a console nor JSON
 *      can be upset by them.
 *   2. Of what a process printed, the part is kept that says why it ended:
 *      from the start of a sanitizer's report, else the last of it.
 */
#ifndef PMM_CONFORM_TEXT_H
#define PMM_CONFORM_TEXT_H

#include <jansson.h>
#include <stddef.h>

/** Copy `text` into `out` as UTF-8 without control characters other than
 *  '\n' and '\t'; cut to `size` - 1 bytes, always terminated. */
void pmm_text_clean(char *out, size_t size, const char *text);

/** The clean text as JSON; null for NULL and "".  New. */
json_t *pmm_text_json(const char *text);

/** What a process said last, of what it printed, as JSON; null when that was
 *  nothing.  New. */
json_t *pmm_text_words(const char *output);

/** Where a report of a sanitizer or of valgrind starts; NULL: there is none. */
const char *pmm_text_sanitizer(const char *output);

#endif /* PMM_CONFORM_TEXT_H */
