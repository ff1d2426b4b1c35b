/* SPDX-License-Identifier: MIT */
/*
 * domain.c - CPython's three allocator domains, its arenas and its pools.
 */
#include "domain.h"

#include <stdlib.h>

#include "adaptor.h"
#include "ops.h"
#include "symbols.h"

void *pmmi_cpy_domain_malloc(pmm_rt *rt, enum pmm_domain domain, size_t size) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  switch (domain) {
  case PMM_DOMAIN_RAW:
    return pmmi_cpy_sym.raw_malloc(size);
  case PMM_DOMAIN_MEM:
    return PyMem_Malloc(size);
  default:
    return PyObject_Malloc(size);
  }
}

void *pmmi_cpy_domain_calloc(pmm_rt *rt, enum pmm_domain domain, size_t n,
                             size_t size) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  switch (domain) {
  case PMM_DOMAIN_RAW:
    return pmmi_cpy_sym.raw_calloc(n, size);
  case PMM_DOMAIN_MEM:
    return PyMem_Calloc(n, size);
  default:
    return PyObject_Calloc(n, size);
  }
}

void *pmmi_cpy_domain_realloc(pmm_rt *rt, enum pmm_domain domain, void *block,
                              size_t size) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  (void)rt;
  switch (domain) {
  case PMM_DOMAIN_RAW:
    return pmmi_cpy_sym.raw_realloc(block, size);
  case PMM_DOMAIN_MEM:
    return PyMem_Realloc(block, size);
  default:
    return PyObject_Realloc(block, size);
  }
}

void pmmi_cpy_domain_free(pmm_rt *rt, enum pmm_domain domain, void *block) {
  (void)rt;
  switch (domain) {
  case PMM_DOMAIN_RAW:
    pmmi_cpy_sym.raw_free(block);
    break;
  case PMM_DOMAIN_MEM:
    PyMem_Free(block);
    break;
  default:
    PyObject_Free(block);
  }
}

void pmmi_cpy_domain_get(pmm_rt *rt, enum pmm_domain domain,
                         struct pmm_domain_allocator *out) {
  assert(out != NULL);
  (void)rt;
  pmmi_cpy_sym.mem_get((int)domain, out);
}

enum pmm_status pmmi_cpy_domain_set(pmm_rt *rt, enum pmm_domain domain,
                                    const struct pmm_domain_allocator *in) {
  assert(in != NULL);
  struct pmm_domain_allocator copy = *in;
  (void)rt;
  pmmi_cpy_sym.mem_set((int)domain, &copy);
  return PMM_OK;
}

void pmmi_cpy_arena_get(pmm_rt *rt, struct pmm_arena_allocator *out) {
  assert(out != NULL);
  (void)rt;
  pmmi_cpy_sym.arena_get(out);
}

enum pmm_status pmmi_cpy_arena_set(pmm_rt *rt,
                                   const struct pmm_arena_allocator *in) {
  assert(in != NULL);
  struct pmm_arena_allocator copy = *in;
  (void)rt;
  pmmi_cpy_sym.arena_set(&copy);
  return PMM_OK;
}

/* ---- statistics of the pools -------------------------------------------- */

/** The text of sys._debugmallocstats(); the caller frees it.  The statistics
 *  show only while pymalloc itself stands in the table of the object domain,
 *  so whatever lies over it steps aside for the call. */
static char *stats_text(const pmmi_cpy_allocator *pymalloc) {
  pmmi_cpy_allocator kept;
  pmmi_cpy_allocator bare = *pymalloc;
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  int shown;
  if (stream == NULL) {
    return NULL;
  }
  pmmi_cpy_sym.mem_get(PMM_DOMAIN_OBJ, &kept);
  pmmi_cpy_sym.mem_set(PMM_DOMAIN_OBJ, &bare);
  shown = pmmi_cpy_sym.malloc_stats(stream);
  pmmi_cpy_sym.mem_set(PMM_DOMAIN_OBJ, &kept);
  fclose(stream);
  if (!shown) {
    free(text);
    return NULL;
  }
  return text;
}

/** The object domain's allocator as the interpreter started with. */
static pmmi_cpy_allocator started_with;

int pmmi_cpy_pool_probe(void) {
  char *text;
  int found;
  if (pmmi_cpy_sym.mem_get == NULL || pmmi_cpy_sym.malloc_stats == NULL) {
    return 0;
  }
  pmmi_cpy_sym.mem_get(PMM_DOMAIN_OBJ, &started_with);
  text = stats_text(&started_with);
  /* mimalloc has statistics too, of another kind. */
  found = text != NULL && strstr(text, "# arenas allocated") != NULL;
  free(text);
  return found;
}

/**
 * The line of class `index` in
 *
 *   class   size   num pools   blocks in use  avail blocks
 *   -----   ----   ---------   -------------  ------------
 *       1     32           9            1070            64
 *
 * which leaves out classes without pools.
 */
static int find_class(const char *text, size_t index,
                      struct pmm_class_stats *all) {
  assert(text != NULL && all != NULL);
  const char *line = strstr(text, "-----");
  while (line != NULL && (line = strchr(line, '\n')) != NULL) {
    unsigned long number, size, pools, used, available;
    line++;
    if (sscanf(line, "%lu %lu %lu %lu %lu", &number, &size, &pools, &used,
               &available) != 5) {
      return 0;
    }
    if (number == index) {
      all->block_size = size;
      all->pools = pools;
      all->blocks_used = used;
      all->blocks_free = available;
      all->blocks_per_pool = (used + available) / pools;
      return 1;
    }
  }
  return 0;
}

int pmmi_cpy_class_stats(pmm_rt *rt, size_t index,
                         struct pmm_class_stats *out) {
  assert(out != NULL);
  struct pmm_class_stats all = {.struct_size = out->struct_size,
                                .block_size = 16 * (index + 1),
                                .blocks_per_pool = PMM_UNKNOWN};
  char *text;
  (void)rt;
  if (index >= 32) {
    return -1;
  }
  text = stats_text(&started_with);
  if (text == NULL) {
    return -1;
  }
  (void)find_class(text, index, &all);
  free(text);
  memcpy(out, &all,
         out->struct_size < sizeof all ? out->struct_size : sizeof all);
  return 0;
}

/* ---- the debug layer ---------------------------------------------------- */

int pmmi_cpy_debug_layer(void) {
  const char *name = pmmi_cpy_allocator_name();
  size_t length;
  if (name == NULL) {
    name = getenv("PYTHONMALLOC");
  }
  length = name == NULL ? 0 : strlen(name);
  return length >= 5 && strcmp(name + length - 5, "debug") == 0;
}

/** The layer can only be there from the start: blocks made without it cannot
 *  be freed through it.  So the operation exists only where it is there. */
enum pmm_status pmmi_cpy_debug_install(pmm_rt *rt) {
  (void)rt;
  return PMM_OK;
}
