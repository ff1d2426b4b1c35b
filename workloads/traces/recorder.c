/* SPDX-License-Identifier: MIT */
/*
 * recorder.c - libpmm-record.so: every allocation of a Python program.
 *
 * Loaded before the interpreter (LD_PRELOAD), it puts hooks into the three
 * domains of Python's allocators before main() runs, so that nothing is missed:
 *
 *   1. The first constructor finds PyMem_SetAllocator in the process, holds
 *      addresses still (addresses.h), opens the log (log.h) and takes its own
 *      variables out of the environment: what the program starts is not
 *      recorded.
 *   2. Each hook calls the allocator that was there and writes a word or two.
 *   3. A free is written before it happens and an allocation after, a realloc
 *      under the lock as a whole: an address never has two owners in the log.
 *   4. The child of a fork stops writing.
 *
 * pymalloc gets what is larger than 512 bytes from the raw domain, whose hook
 * is then called within a hook: `inside` keeps such requests out.  A failed
 * request is no event.  The recorder allocates nothing.
 *
 * Source: PEP 445; CPython Doc/c-api/memory.rst, "Customize Memory Allocators".
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "addresses.h"
#include "format.h"
#include "log.h"

/* Bytes of the log that are mapped at a time. */
enum { WINDOW = 2 << 20, WORDS = WINDOW / 8, DOMAINS = 3 };

/* As CPython declares it since 3.5: PyMemAllocatorEx. */
struct allocator {
  void *ctx;
  void *(*malloc)(void *ctx, size_t size);
  void *(*calloc)(void *ctx, size_t count, size_t size);
  void *(*realloc)(void *ctx, void *block, size_t size);
  void (*free)(void *ctx, void *block);
};

typedef void (*get_allocator)(int domain, struct allocator *out);
typedef void (*set_allocator)(int domain, struct allocator *allocator);

static struct allocator below[DOMAINS]; /* what was there before            */
static const unsigned domains[DOMAINS] = {TRACE_RAW, TRACE_MEM, TRACE_OBJECT};

static int log_file = -1;
static off_t mapped;     /* bytes of the log up to the window's end         */
static uint64_t *window; /* where words go; NULL: nothing is recorded       */
static size_t used;      /* words of the window                             */
static unsigned last_thread; /* whose events the log is about               */
static unsigned thread_count;
static atomic_flag lock = ATOMIC_FLAG_INIT;

#define OF_THREAD static __thread __attribute__((tls_model("initial-exec")))
OF_THREAD int inside;
OF_THREAD unsigned thread; /* its number + 1; 0: it has none yet            */

static void take(void) {
  while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire)) {
  }
}

static void give(void) {
  atomic_flag_clear_explicit(&lock, memory_order_release);
}

/* ---- the log ------------------------------------------------------------- */

static void say(const char *what, int error) {
  char text[160];
  int length = snprintf(text, sizeof text, "pmm-record: %s: %s\n", what,
                        strerror(error));
  (void)!write(STDERR_FILENO, text, (size_t)length);
}

/** Map the next part of the log; recording ends where that is impossible. */
static void next_window(void) {
  if (window != NULL) {
    (void)munmap(window, WINDOW);
    window = NULL;
  }
  used = 0;
  int error = posix_fallocate(log_file, mapped, WINDOW);
  void *part = MAP_FAILED;
  if (error == 0) {
    void *place = addresses_own(WINDOW);
    part = mmap(place, WINDOW, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_POPULATE | (place != NULL ? MAP_FIXED : 0),
                log_file, mapped);
    error = errno;
  }
  if (part == MAP_FAILED) {
    say("the rest is not recorded", error);
    return;
  }
  window = part;
  mapped += WINDOW;
}

/** Append a word; with the lock. */
static void put(uint64_t word) {
  if (used == WORDS) {
    next_window();
  }
  if (window != NULL) {
    window[used++] = word;
  }
}

/** Say whose events follow, where that is another thread; with the lock. */
static void put_thread(void) {
  if (thread == 0) {
    thread = ++thread_count;
  }
  if (thread != last_thread) {
    last_thread = thread;
    put(log_word(thread - 1, 0, LOG_CONTROL, LOG_THREAD));
  }
}

static void put_sized(const void *block, size_t size, unsigned domain,
                      unsigned op) {
  uint64_t code = size < LOG_LARGE ? size : LOG_LARGE;
  put(log_word((uintptr_t)block, code, domain, op));
  if (code == LOG_LARGE) {
    put(size);
  }
}

/* ---- hooks --------------------------------------------------------------- */

static void born(const void *block, size_t size, unsigned domain,
                 unsigned op) {
  if (block == NULL) {
    return;
  }
  take();
  if (window != NULL) {
    put_thread();
    put_sized(block, size, domain, op);
  }
  give();
}

static void *hook_malloc(void *ctx, size_t size) {
  struct allocator *real = ctx;
  if (inside) {
    return real->malloc(real->ctx, size);
  }
  inside = 1;
  void *block = real->malloc(real->ctx, size);
  born(block, size, domains[real - below], TRACE_ALLOC);
  inside = 0;
  return block;
}

static void *hook_calloc(void *ctx, size_t count, size_t size) {
  struct allocator *real = ctx;
  if (inside) {
    return real->calloc(real->ctx, count, size);
  }
  inside = 1;
  void *block = real->calloc(real->ctx, count, size);
  born(block, count * size, domains[real - below], TRACE_ZERO);
  inside = 0;
  return block;
}

static void *resize(struct allocator *real, void *block, size_t size) {
  unsigned domain = domains[real - below];
  take();
  void *moved = real->realloc(real->ctx, block, size);
  if (window != NULL && moved != NULL) {
    put_thread();
    if (block != NULL) {
      put(log_word((uintptr_t)block, 0, domain, TRACE_RESIZE));
      put_sized(moved, size, domain, LOG_MOVED);
    } else {
      put_sized(moved, size, domain, TRACE_ALLOC);
    }
  }
  give();
  return moved;
}

static void *hook_realloc(void *ctx, void *block, size_t size) {
  struct allocator *real = ctx;
  if (inside) {
    return real->realloc(real->ctx, block, size);
  }
  inside = 1;
  void *moved = resize(real, block, size);
  inside = 0;
  return moved;
}

static void hook_free(void *ctx, void *block) {
  struct allocator *real = ctx;
  if (inside || block == NULL) {
    real->free(real->ctx, block);
    return;
  }
  inside = 1;
  take();
  if (window != NULL) {
    put_thread();
    put(log_word((uintptr_t)block, 0, domains[real - below], TRACE_FREE));
  }
  give();
  real->free(real->ctx, block);
  inside = 0;
}

/* ---- begin and end ------------------------------------------------------- */

static void in_child(void) {
  if (window != NULL) {
    (void)munmap(window, WINDOW);
    (void)close(log_file);
    window = NULL;
  }
  give();
}

static int open_log(const char *path) {
  log_file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (log_file < 0) {
    say(path, errno);
    return -1;
  }
  /* Out of the way of programs that count on low numbers. */
  int high = fcntl(log_file, F_DUPFD_CLOEXEC, 1000);
  if (high >= 0) {
    (void)close(log_file);
    log_file = high;
  }
  next_window();
  if (window == NULL) {
    return -1;
  }
  put(LOG_MAGIC);
  return 0;
}

/** The version of the interpreter, which tells before it is initialised. */
static void put_version(void) {
  const char *(*version)(void);
  uint64_t words[LOG_TEXT_WORDS] = {0};
  void *symbol = dlsym(RTLD_DEFAULT, "Py_GetVersion");
  memcpy(&version, &symbol, sizeof version); /* ISO C has no such cast      */
  if (version != NULL) {
    (void)snprintf((char *)words, sizeof words, "%s", version());
  }
  for (size_t i = 0; i < LOG_TEXT_WORDS; i++) {
    put(words[i]);
  }
}

/** Take our own variables out: what the program starts is not recorded.  In
 *  place, as setenv would take memory from the heap that is to lie still. */
static void clean_environment(void) {
  char *preload = getenv("LD_PRELOAD");
  const char *others = preload != NULL ? strchr(preload, ':') : NULL;
  if (others != NULL) {
    memmove(preload, others + 1, strlen(others));
  } else {
    (void)unsetenv("LD_PRELOAD");
  }
  (void)unsetenv(LOG_VARIABLE);
  (void)unsetenv(LOG_STACK);
}

/** Give the program back the stack that record.c took from it. */
static void restore_stack(void) {
  const char *bytes = getenv(LOG_STACK);
  struct rlimit limit;
  if (bytes != NULL && getrlimit(RLIMIT_STACK, &limit) == 0) {
    limit.rlim_cur = (rlim_t)strtoull(bytes, NULL, 10);
    (void)setrlimit(RLIMIT_STACK, &limit);
  }
}

static void *found(const char *name) { return dlsym(RTLD_DEFAULT, name); }

static void hook_all(get_allocator get, set_allocator set) {
  for (int domain = 0; domain < DOMAINS; domain++) {
    get(domain, &below[domain]);
    struct allocator hooks = {.ctx = &below[domain],
                              .malloc = hook_malloc,
                              .calloc = hook_calloc,
                              .realloc = hook_realloc,
                              .free = hook_free};
    set(domain, &hooks);
  }
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv(LOG_VARIABLE);
  get_allocator get;
  set_allocator set;
  void *symbols[2] = {found("PyMem_GetAllocator"),
                      found("PyMem_SetAllocator")};
  memcpy(&get, &symbols[0], sizeof get); /* ISO C has no such cast          */
  memcpy(&set, &symbols[1], sizeof set);
  /* A program that is no Python may start one: it is asked again there. */
  if (path == NULL || get == NULL || set == NULL) {
    return;
  }
  int still = addresses_fix();
  int opened = open_log(path);
  restore_stack();
  clean_environment();
  if (opened != 0) {
    return;
  }
  (void)pthread_atfork(take, give, in_child);
  last_thread = thread = thread_count = 1;
  put_version();
  put(still == 0);
  hook_all(get, set);
}

__attribute__((destructor)) static void end(void) {
  take();
  if (window != NULL) {
    put(log_word(0, 0, LOG_CONTROL, LOG_END));
    (void)munmap(window, WINDOW);
    window = NULL;
  }
  give();
}
