/* SPDX-License-Identifier: MIT */
/*
 * programs.c - the conformance cases, the workloads, the benchmarks and the
 * adaptor's self-test, as programs inside an interpreter.
 */
#include "hosts/cpython/programs.h"

#include <assert.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "bench_host.h"
#include "conform.h"
#include "subjects/cpython/adaptor.h"
#include "tests/cpython/selftest.h"
#include "work.h"

/** The cases; `extra` starts the command that repeats a failure. */
static int conform(const struct pmm_subject *subject, int argc, char **argv,
                   const char *extra) {
  static struct pmm_conform_host host = {
      .fork = {.before = pmmi_cpy_before_fork,
               .after_parent = pmmi_cpy_after_fork_parent,
               .after_child = pmmi_cpy_after_fork_child}};
  assert(subject != NULL && argv[argc] == NULL);
  host.command = extra == NULL ? "pmm-conform" : extra;
  host.allocator = pmmi_cpy_allocator_name();
  pmm_conform_attach(&host);
  return pmm_conform_main(subject, argc, argv);
}

static int work(const struct pmm_subject *subject, int argc, char **argv,
                const char *extra) {
  (void)extra;
  assert(subject != NULL && argv[argc] == NULL);
  return pmm_work_main(subject, argc, argv);
}

/** Benchmarks; `extra` is the path of the module that has them. */
static int bench(const struct pmm_subject *subject, int argc, char **argv,
                 const char *extra) {
  /* Never closed: the library of the benchmarks keeps state of the process. */
  void *module = extra == NULL ? NULL : dlopen(extra, RTLD_NOW | RTLD_LOCAL);
  void *symbol = module == NULL ? NULL : dlsym(module, PMM_BENCH_HOST);
  pmm_bench_host_fn run = NULL;
  assert(subject != NULL && argv[argc] == NULL);
  if (symbol == NULL) {
    fprintf(stderr, "pmm-bench: no benchmarks can be loaded: %s\n",
            extra == NULL ? "no module was named" : dlerror());
    return 1;
  }
  memcpy(&run, &symbol, sizeof run);
  return run(subject, argc, argv);
}

static int selftest(const struct pmm_subject *subject, int argc, char **argv,
                    const char *extra) {
  (void)argc;
  (void)argv;
  (void)extra;
  return pmmi_cpy_selftest(subject);
}

const struct pmmi_program pmmi_programs[] = {
    {"conform", "conform(argv, command=None): run the conformance cases",
     conform},
    {"work", "work(argv): run a workload", work},
    {"bench", "bench(argv, module): run a benchmark program of that module",
     bench},
    {"selftest", "selftest(argv): check the operations themselves, as TAP",
     selftest},
    {NULL, NULL, NULL},
};
