/* SPDX-License-Identifier: MIT */
/* witness.c - see witness.h. */
#include "backends/witness.h"

#include <assert.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PROBE_BYTES = 64 };

/* 1 when both names lead to one file. */
static int same_file(const char *a, const char *b) {
  assert(a != NULL && b != NULL);
  struct stat first;
  struct stat second;
  return stat(a, &first) == 0 && stat(b, &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* The file that the kernel maps at an address; 0 when found. */
static int mapped_file(uintptr_t address, char *path, size_t size) {
  assert(path != NULL && size > 0);
  FILE *maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) {
    return -1;
  }
  char line[1024];
  int found = -1;
  while (found != 0 && fgets(line, sizeof line, maps) != NULL) {
    uintptr_t low;
    uintptr_t high;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &low, &high) == 2 &&
        address >= low && address < high) {
      const char *name = strchr(line, '/');
      if (name != NULL) {
        snprintf(path, size, "%.*s", (int)strcspn(name, "\n"), name);
        found = 0;
      }
    }
  }
  fclose(maps);
  return found;
}

/* The linker's path may be relative or a symbolic link; keep the real one. */
static void find_object(const void *symbol, struct pmmi_witness *out) {
  assert(symbol != NULL);
  Dl_info info;
  char mapped[sizeof out->object];
  if (dladdr(symbol, &info) == 0 || info.dli_fname == NULL) {
    return;
  }
  if (mapped_file((uintptr_t)symbol, mapped, sizeof mapped) != 0) {
    snprintf(out->object, sizeof out->object, "%s", info.dli_fname);
    return;
  }
  snprintf(out->object, sizeof out->object, "%s", mapped);
  /* The linker names a program as it was called, which need not be a path. */
  out->symbol_in_object = same_file(info.dli_fname, mapped) ||
                          same_file("/proc/self/exe", mapped);
}

static void read_stats(const struct pmm_backend *backend, void *heap,
                       struct pmm_backend_stats *stats) {
  assert(stats != NULL);
  memset(stats, 0, sizeof *stats);
  stats->struct_size = sizeof *stats;
  backend->stats(heap, stats);
}

static enum pmmi_answer answer(int good) { return good ? PMMI_YES : PMMI_NO; }

static void ask_about_block(const struct pmm_backend *backend, void *heap,
                            struct pmmi_witness *out) {
  struct pmm_backend_stats before;
  struct pmm_backend_stats after;
  if (backend->stats != NULL) {
    read_stats(backend, heap, &before);
  }
  void *block = backend->alloc(heap, PROBE_BYTES);
  if (block == NULL) {
    return;
  }
  memset(block, 0x5a, PROBE_BYTES);
  if (backend->owns != NULL) {
    out->owns = answer(backend->owns(heap, block));
  }
  if (backend->usable_size != NULL) {
    out->usable_size =
        answer(backend->usable_size(heap, block) >= PROBE_BYTES);
  }
  if (backend->stats != NULL) {
    read_stats(backend, heap, &after);
    out->counters_moved = answer(memcmp(&before, &after, sizeof after) != 0);
  }
  backend->free(heap, block);
}

int pmmi_backend_witness(const struct pmm_backend *backend, void *heap,
                         struct pmmi_witness *out) {
  assert(backend != NULL && out != NULL);
  *out = (struct pmmi_witness){.owns = PMMI_UNTOLD,
                               .usable_size = PMMI_UNTOLD,
                               .counters_moved = PMMI_UNTOLD};
  find_object(backend->witness_symbol(), out);
  ask_about_block(backend, heap, out);
  return out->object[0] != '\0' && out->symbol_in_object && out->owns != 0 &&
                 out->usable_size != 0 && out->counters_moved != 0
             ? 0
             : -1;
}
