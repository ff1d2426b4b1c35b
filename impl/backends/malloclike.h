/* SPDX-License-Identifier: MIT */
/*
 * malloclike.h - any library that offers malloc, calloc, realloc and free as
 * a backend.
 *
 * The library's functions are the heap: `init` hands out the table below,
 * and each operation is one load and one indirect jump from there, for libc
 * as for the others, so that none has an advantage in being measured.  There
 * is one heap a process, as malloc has one.
 */
#ifndef PMMI_BACKENDS_MALLOCLIKE_H
#define PMMI_BACKENDS_MALLOCLIKE_H

#include <stddef.h>

#include "pmm/backend.h"

/** Functions of a malloc-like library, and the backend made of them. */
struct pmmi_malloclike {
  void *(*malloc)(size_t size);
  void (*free)(void *block);
  void *(*calloc)(size_t n, size_t size);
  void *(*realloc)(void *block, size_t size);
  void *(*aligned_alloc)(size_t align, size_t size); /* NULL: over-allocate */
  void (*free_sized)(void *block, size_t size);      /* NULL: free          */
  size_t (*usable_size)(const void *block);          /* NULL: not offered   */
  int (*posix_memalign)(void **block, size_t align, size_t size); /* NULL so */
  void *(*reallocarray)(void *block, size_t n, size_t size); /* NULL: no    */
  int (*trim)(size_t keep);                          /* NULL: not offered   */
  int (*owns)(const void *address);                  /* NULL: not offered   */
  void (*stats)(struct pmm_backend_stats *stats);    /* NULL: not offered   */
  struct pmm_backend backend; /* filled by pmmi_malloclike_finish()         */
};

/** What the contract's functions without a heap argument need of their own. */
struct pmmi_malloclike_names {
  const char *name;    /* strings live as long as the backend              */
  const char *version;
  const char *summary;
  int threads; /* 1: known to be safe from many threads                     */
  int (*init)(const struct pmm_backend_config *config, void **heap);
  const void *(*witness)(void); /* address of like->malloc                  */
};

/** Fill `like->backend` from the functions set.  What cannot be known by
 *  looking (is malloc(0) unique?) is tried out. */
void pmmi_malloclike_finish(struct pmmi_malloclike *like,
                            const struct pmmi_malloclike_names *names);

/** The functions behind a backend made here; NULL: it is not of malloc's
 *  form. */
const struct pmmi_malloclike *pmmi_malloclike_of(
    const struct pmm_backend *backend);

/** Load a library into a scope of its own and look up prefix + "malloc",
 *  "free", "calloc", "realloc" and, where there, "aligned_alloc" or
 *  "memalign", "malloc_usable_size", "posix_memalign", "reallocarray" and
 *  "malloc_trim".  The first of `files` (ended by
 *  NULL) that loads is taken.  Returns the library; NULL: not to be had, and
 *  `reason` says why. */
void *pmmi_malloclike_load(struct pmmi_malloclike *like,
                           const char *const *files, const char *prefix,
                           char *reason, size_t size);

/** Set the function pointer that `function` points to.  -1: the library has
 *  no such function; the pointer is NULL then. */
int pmmi_malloclike_symbol(void *library, const char *prefix,
                           const char *name, void *function);

/** The backend for "name=/path/lib.so,prefix=my_", to which may be added the
 *  whole name of a sized free(block, size), "free_sized=my_free_sized", and
 *  "no=threads" for a library that is not safe from many threads: what is not
 *  denied is asked; at the end "env=NAME=VALUE", a variable that the library
 *  reads when it is loaded.  NULL and a reason when it is not to be had.  One
 *  such library a process, as the contract's init() is not told which. */
const struct pmm_backend *pmmi_malloclike_open(const char *spec, char *reason,
                                               size_t size);

#endif /* PMMI_BACKENDS_MALLOCLIKE_H */
