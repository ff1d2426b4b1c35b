/* SPDX-License-Identifier: MIT */
/*
 * cases/dom_debug.c - what the debug layer writes into blocks, and domains
 * that are mixed up (requirements DOM-010…013).
 */
#include "cells.h"


/* "With debug hooks, newly allocated bytes read 0xCD; zeroed allocations read
 * 0; bytes added by realloc read 0xCD." */
MUST(dom, fresh_bytes_are_marked, "Fresh bytes read 0xCD", REQ("DOM-010"),
     NEEDS(domains, debug_hooks), OPEN(PMM_OPEN_DEBUG)) {
  for (int i = 0; i < 3; i++) {
    enum pmm_domain d = (enum pmm_domain)i;
    struct cell *fresh = hold(t, d, OPS->domain_malloc(RT, d, 10));
    expect(all_bytes_are(fresh->block, 10, 0xcd));
    struct cell *zeroed = hold(t, d, OPS->domain_calloc(RT, d, 5, 8));
    expect(all_bytes_are(zeroed->block, 40, 0));
    memset(fresh->block, 7, 10);
    fresh->block = BLOCK(OPS->domain_realloc(RT, d, fresh->block, 100));
    expect(all_bytes_are(fresh->block, 10, 7));
    expect(all_bytes_are(fresh->block + 10, 90, 0xcd));
  }
}

/* "With debug hooks, freed bytes read 0xDD until reuse."  What the raw domain
 * freed, the C library may have written to. */
MUST(dom, freed_bytes_are_marked, "Freed bytes read 0xDD", REQ("DOM-011"),
     NEEDS(domains, debug_hooks), OPEN(PMM_OPEN_DEBUG)) {
  static const enum pmm_domain domains[] = {PMM_DOMAIN_MEM, PMM_DOMAIN_OBJ};
  for (int i = 0; i < 2; i++) {
    struct cell *cell =
        hold(t, domains[i], OPS->domain_malloc(RT, domains[i], 40));
    const volatile unsigned char *freed = cell->block;
    unsigned char seen[40];
    memset(cell->block, 7, 40);
    free_cell(t, cell);
    for (int k = 0; k < 40; k++) {
      seen[k] = freed[k];
    }
    expect(all_bytes_are(seen, 40, 0xdd));
  }
}

/* "A debug block has the requested size big-endian in 8 bytes, one domain
 * letter (r, m or o), 7 guard bytes 0xFD before and 8 after the data." */
SHOULD(dom, debug_blocks_have_the_layout,
       "A debug block has size, domain letter and guards",
       REQ("DOM-012"), NEEDS(domains, debug_hooks), OPEN(PMM_OPEN_DEBUG)) {
  static const char letters[] = "rmo";
  for (int i = 0; i < 3; i++) {
    enum pmm_domain domain = (enum pmm_domain)i;
    unsigned char seen[16 + 300 + 8];
    unsigned char *block = BLOCK(OPS->domain_malloc(RT, domain, 300));
    memcpy(seen, block - 16, sizeof seen);
    OPS->domain_free(RT, domain, block);
    expect(memcmp(seen, "\0\0\0\0\0\0\1\54", 8) == 0); /* 300 */
    expect_eq(seen[8], letters[i]);
    expect(all_bytes_are(seen + 9, 7, 0xfd));
    expect(all_bytes_are(seen + 16, 300, 0xcd));
    expect(all_bytes_are(seen + 316, 8, 0xfd));
  }
}

static void free_as_object(struct pmm_test *t, void *ctx) {
  (void)ctx;
  OPS->domain_free(RT, PMM_DOMAIN_OBJ,
                   OPS->domain_malloc(RT, PMM_DOMAIN_MEM, 10));
}

/* "Freeing a mem block with the object function is reported with both domain
 * letters and aborts." */
MUST(dom, mixed_domains_abort, "A block of another domain aborts",
     REQ("DOM-013"), NEEDS(domains, debug_hooks), OPEN(PMM_OPEN_DEBUG),
     OOM_EXEMPT("a child process does not tell what failed in it")) {
  const char *text = dies_by_abort(t, free_as_object, NULL);
  expect(text != NULL);
  expect(strstr(text, "'m'") != NULL);
  expect(strstr(text, "'o'") != NULL);
}
