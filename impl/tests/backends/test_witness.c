/* SPDX-License-Identifier: MIT */
/*
 * The witness: every backend that is to be had serves from its own object,
 * and malloc stays libc's with all libraries loaded.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "backends/registry.h"
#include "backends/witness.h"
#include "lab.h"

static int mentions(const char *path, const char *name) {
  return strstr(path, name) != NULL;
}

static void test_object(const struct pmmi_backend_entry *entry,
                        const char *program) {
  struct pmm_backend_config config = {.struct_size = sizeof config};
  struct pmmi_witness witness;
  void *heap;
  if (!entry->available) {
    tap_skip(entry->reason);
    return;
  }
  int opened = entry->backend->init(&config, &heap) == 0;
  int good =
      opened && pmmi_backend_witness(entry->backend, heap, &witness) == 0;
  tap_ok(good, "%s is served by %s", entry->name,
         opened ? witness.object : "nobody");
  int external = mentions(entry->name, "malloc");
  if (external) {
    tap_ok(mentions(witness.object, entry->name), "which is its library");
  } else if (strcmp(entry->name, "libc") == 0) {
    tap_ok(!mentions(witness.object, "jemalloc") &&
               !mentions(witness.object, "mimalloc") &&
               !mentions(witness.object, "tcmalloc"),
           "and no other library stands in for it");
  } else {
    tap_ok(mentions(witness.object, program), "which is this program");
  }
  if (opened) {
    entry->backend->fini(heap);
  }
}

/* A witness that points into nothing mapped is no witness. */
static const void *nowhere(void) { return (const void *)(uintptr_t)64; }

static void test_false_witness(void) {
  const struct pmm_backend *libc = pmmi_backend_find("libc", NULL, 0);
  struct pmm_backend liar = *libc;
  struct pmmi_witness witness;
  void *heap;
  liar.witness_symbol = nowhere;
  (void)liar.init(NULL, &heap);
  tap_ok(pmmi_backend_witness(&liar, heap, &witness) == -1 &&
             witness.object[0] == '\0',
         "an address in no object convinces nobody");
}

/* The kernel maps this one, and no file. */
static const void *in_no_file(void) {
  return (const void *)getauxval(AT_SYSINFO_EHDR);
}

static void test_no_file(void) {
  const struct pmm_backend *libc = pmmi_backend_find("libc", NULL, 0);
  struct pmm_backend liar = *libc;
  struct pmmi_witness witness;
  void *heap;
  if (in_no_file() == NULL) {
    tap_skip("the kernel maps no page of its own");
    return;
  }
  liar.witness_symbol = in_no_file;
  (void)liar.init(NULL, &heap);
  tap_ok(pmmi_backend_witness(&liar, heap, &witness) == -1 &&
             !witness.symbol_in_object,
         "an address in no file convinces nobody");
}

static void *alloc_nothing(void *heap, size_t size) {
  (void)heap;
  (void)size;
  return NULL;
}

static size_t usable_none(void *heap, const void *block) {
  (void)heap;
  (void)block;
  return 0;
}

static void stats_never_move(void *heap, struct pmm_backend_stats *out) {
  (void)heap;
  (void)out;
}

static void test_answers(void) {
  const struct pmm_backend *pool = pmmi_backend_find("pool", NULL, 0);
  struct pmm_backend liar = *pool;
  struct pmmi_witness witness;
  void *heap;
  tap_need(pool->init(NULL, &heap) == 0);
  liar.alloc = alloc_nothing;
  tap_ok(pmmi_backend_witness(&liar, heap, &witness) == 0 &&
             witness.owns == PMMI_UNTOLD && witness.usable_size == PMMI_UNTOLD,
         "without a block nothing can be asked");
  liar = *pool;
  liar.usable_size = usable_none;
  tap_ok(pmmi_backend_witness(&liar, heap, &witness) == -1 &&
             witness.usable_size == PMMI_NO,
         "a block smaller than was asked for");
  liar = *pool;
  liar.stats = stats_never_move;
  tap_ok(pmmi_backend_witness(&liar, heap, &witness) == -1 &&
             witness.counters_moved == PMMI_NO,
         "counters that stand still");
  pool->fini(heap);
}

static int owns_nothing(void *heap, const void *address) {
  (void)heap;
  (void)address;
  return 0;
}

static void test_disowned(void) {
  const struct pmm_backend *pool = pmmi_backend_find("pool", NULL, 0);
  struct pmm_backend liar = *pool;
  struct pmmi_witness witness;
  void *heap;
  liar.owns = owns_nothing;
  if (liar.init(NULL, &heap) != 0) {
    return;
  }
  tap_ok(pmmi_backend_witness(&liar, heap, &witness) == -1 &&
             witness.owns == PMMI_NO && witness.counters_moved == PMMI_YES,
         "a backend that disowns its block fails");
  liar.fini(heap);
}

int main(int argc, char **argv) {
  (void)argc;
  pmmi_backend_prepare(argv);
  tap_plan(0);
  const char *slash = strrchr(argv[0], '/');
  for (size_t i = 0; i < pmmi_backend_count(); i++) {
    test_object(pmmi_backend_at(i), slash != NULL ? slash + 1 : argv[0]);
  }
  test_false_witness();
  test_disowned();
  test_no_file();
  test_answers();
  return tap_done();
}
