/* SPDX-License-Identifier: MIT */
/*
 * refuse.c - inside any CPython: fail an allocation, and name C functions.
 *
 *   1. `pmm check-extension` loads this library with ctypes. It needs no header
 *      of Python: PyMem_GetAllocator and PyMem_SetAllocator have had one form
 *      since 3.5 (PEP 445), and the interpreter exports them.
 *   2. The hooks go over the mem and the object domain once, and stay: blocks
 *      keep their layout, so what was made before can be freed through them.
 *      The raw domain is left alone; the interpreter itself needs it.
 *   3. Allocations are counted while the library watches, of one thread, and
 *      only those whose stack of calls passes a given range of code: that of
 *      the extension. What the interpreter asks for between is not its fault.
 *   4. The calls that led to a failed allocation are kept; those that led to a
 *      crash are written by a signal handler on a stack of its own.
 *
 * A frame is written as `OBJECT +OFFSET =ADDRESS SYMBOL`, a line each, the
 * innermost first; the symbol is the nearest one that is exported, or `?`.
 */
#include <assert.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

enum { DEPTH = 96, RANGES = 16, LINE = 600, STACK_BYTES = 1 << 17 };
enum { FIRST_DOMAIN = 1, DOMAINS = 2 }; /* PYMEM_DOMAIN_MEM, _OBJ */

/** PyMemAllocatorEx. */
struct allocator {
  void *ctx;
  void *(*malloc)(void *ctx, size_t size);
  void *(*calloc)(void *ctx, size_t count, size_t size);
  void *(*realloc)(void *ctx, void *block, size_t size);
  void (*free)(void *ctx, void *block);
};

typedef void (*allocator_call)(int domain, struct allocator *allocator);

struct range {
  uintptr_t start;
  uintptr_t end; /* one past */
};

static struct {
  struct allocator inner[DOMAINS];
  int installed;
  int watching;
  pthread_t thread;            /* whose allocations are counted          */
  struct range range[RANGES];  /* code of the extension                  */
  size_t ranges;               /* 0: any code                            */
  long seen;                   /* counted since the watch began          */
  long nth;                    /* the one that fails; 0: none            */
  int persist;                 /* and all after it                       */
  long injected;               /* how many failed                        */
  void *frames[DEPTH];         /* the calls that led to the first of them */
  int depth;
} state;

/* ---- which allocations count -------------------------------------------- */

/** 1 when an address lies in the extension's code. */
static int is_inside(const void *address) {
  assert(state.ranges <= RANGES);
  for (size_t i = 0; i < state.ranges; i++) {
    if ((uintptr_t)address >= state.range[i].start &&
        (uintptr_t)address < state.range[i].end) {
      return 1;
    }
  }
  return 0;
}

/** 1 when this allocation is to fail. */
static int refuse(void) {
  void *frames[DEPTH];
  int depth;
  int inside = state.ranges == 0;
  if (!state.watching || !pthread_equal(pthread_self(), state.thread)) {
    return 0;
  }
  depth = backtrace(frames, DEPTH);
  for (int i = 0; i < depth && !inside; i++) {
    inside = is_inside(frames[i]);
  }
  if (!inside) {
    return 0;
  }
  state.seen++;
  if (state.nth == 0 || state.seen < state.nth ||
      (state.seen > state.nth && !state.persist)) {
    return 0;
  }
  if (state.injected++ == 0) {
    memcpy(state.frames, frames, sizeof frames);
    state.depth = depth;
  }
  return 1;
}

/* ---- the hooks ---------------------------------------------------------- */

static void *hook_malloc(void *ctx, size_t size) {
  const struct allocator *inner = ctx;
  assert(inner != NULL);
  return refuse() ? NULL : inner->malloc(inner->ctx, size);
}

static void *hook_calloc(void *ctx, size_t count, size_t size) {
  const struct allocator *inner = ctx;
  assert(inner != NULL);
  return refuse() ? NULL : inner->calloc(inner->ctx, count, size);
}

static void *hook_realloc(void *ctx, void *block, size_t size) {
  const struct allocator *inner = ctx;
  assert(inner != NULL);
  return refuse() ? NULL : inner->realloc(inner->ctx, block, size);
}

static void hook_free(void *ctx, void *block) {
  const struct allocator *inner = ctx;
  assert(inner != NULL);
  inner->free(inner->ctx, block);
}

/** ISO C has no conversion between data and code pointers; POSIX does. */
static allocator_call exported(const char *name) {
  void *symbol = dlsym(RTLD_DEFAULT, name);
  allocator_call call = NULL;
  memcpy(&call, &symbol, sizeof symbol);
  return call;
}

/** Put the hooks over the allocators; -1 when the interpreter has no such. */
EXPORTED int pmm_refuse_install(void);
int pmm_refuse_install(void) {
  allocator_call get = exported("PyMem_GetAllocator");
  allocator_call set = exported("PyMem_SetAllocator");
  if (get == NULL || set == NULL) {
    return -1;
  }
  assert(!state.installed);
  state.depth = backtrace(state.frames, DEPTH); /* loads the unwinder */
  for (int i = 0; i < DOMAINS; i++) {
    struct allocator hook = {&state.inner[i], hook_malloc, hook_calloc,
                             hook_realloc, hook_free};
    get(FIRST_DOMAIN + i, &state.inner[i]);
    set(FIRST_DOMAIN + i, &hook);
  }
  state.installed = 1;
  return 0;
}

/** Count only what is called through code from start up to end. */
EXPORTED int pmm_refuse_range(uintptr_t start, uintptr_t end);
int pmm_refuse_range(uintptr_t start, uintptr_t end) {
  if (state.ranges == RANGES) {
    return -1;
  }
  state.range[state.ranges++] = (struct range){start, end};
  return 0;
}

/** Count from here on, in this thread; the nth fails, 0: none does. */
EXPORTED void pmm_refuse_watch(long nth, int persist);
void pmm_refuse_watch(long nth, int persist) {
  assert(state.installed && nth >= 0);
  state.thread = pthread_self();
  state.seen = 0;
  state.injected = 0;
  state.depth = 0;
  state.nth = nth;
  state.persist = persist;
  state.watching = 1;
}

/** Stop; return how many were counted. */
EXPORTED long pmm_refuse_stop(void);
long pmm_refuse_stop(void) {
  state.watching = 0;
  return state.seen;
}

/** How many failed in the last watch. */
EXPORTED long pmm_refuse_injected(void);
long pmm_refuse_injected(void) { return state.injected; }

/* ---- names of C functions ----------------------------------------------- */

/** Write one frame as a line; return its length. */
static size_t write_frame(char *line, size_t size, const void *address) {
  Dl_info found;
  int length;
  assert(line != NULL && size > 0);
  if (dladdr(address, &found) == 0 || found.dli_fname == NULL) {
    length = snprintf(line, size, "? +0 =%#lx ?\n", (unsigned long)address);
  } else {
    length = snprintf(
        line, size, "%s +%#lx =%#lx %s\n", found.dli_fname,
        (unsigned long)((uintptr_t)address - (uintptr_t)found.dli_fbase),
        (unsigned long)address,
        found.dli_sname != NULL ? found.dli_sname : "?");
  }
  return length < 0 || (size_t)length >= size ? 0 : (size_t)length;
}

/** Write the function that an address lies in, as a frame. */
EXPORTED size_t pmm_refuse_name(const void *address, char *out, size_t size);
size_t pmm_refuse_name(const void *address, char *out, size_t size) {
  return write_frame(out, size, address);
}

/** Write the calls that led to the first failed allocation into a buffer. */
EXPORTED size_t pmm_refuse_frames(char *out, size_t size);
size_t pmm_refuse_frames(char *out, size_t size) {
  size_t used = 0;
  assert(out != NULL && size > 0);
  for (int i = 0; i < state.depth && size - used > LINE; i++) {
    used += write_frame(out + used, size - used, state.frames[i]);
  }
  out[used] = '\0';
  return used;
}

/* ---- crashes ------------------------------------------------------------ */

static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE};
enum { FATAL = sizeof fatal / sizeof fatal[0] };

static struct {
  int descriptor;
  struct sigaction before[FATAL];
  char stack[STACK_BYTES];
} crash;

static void tell(const char *text, size_t length) {
  ssize_t written = write(crash.descriptor, text, length);
  (void)written;
}

/** Write where the process crashed; then let it crash as it would have. */
static void on_crash(int number) {
  static const char start[] = "{\"type\": \"crash\"}\n";
  static void *frames[DEPTH];
  static char line[LINE];
  int depth;
  alarm(5); /* the loader may have crashed, and hold its lock */
  tell(start, sizeof start - 1);
  depth = backtrace(frames, DEPTH);
  for (int i = 0; i < depth; i++) {
    tell("frame ", 6);
    tell(line, write_frame(line, sizeof line, frames[i]));
  }
  for (size_t i = 0; i < FATAL; i++) {
    sigaction(fatal[i], &crash.before[i], NULL);
  }
  raise(number);
}

/** Write the calls of a crash to a descriptor, each line behind `frame `. */
EXPORTED int pmm_refuse_listen(int descriptor);
int pmm_refuse_listen(int descriptor) {
  stack_t stack = {.ss_sp = crash.stack, .ss_size = sizeof crash.stack};
  struct sigaction action = {.sa_handler = on_crash,
                             .sa_flags = SA_ONSTACK | SA_NODEFER};
  void *frames[1];
  crash.descriptor = descriptor;
  (void)backtrace(frames, 1); /* loads the unwinder */
  if (sigaltstack(&stack, NULL) != 0) {
    return -1;
  }
  for (size_t i = 0; i < FATAL; i++) {
    sigaction(fatal[i], &action, &crash.before[i]);
  }
  return 0;
}
