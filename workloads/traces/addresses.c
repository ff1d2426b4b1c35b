/* SPDX-License-Identifier: MIT */
/* addresses.c - see addresses.h. */
#include "addresses.h"

#include <assert.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#define MODULE_BYTES (UINT64_C(64) << 20)
#define OWN_BYTES (UINT64_C(1) << 30)
#define NO_LIMIT UINTPTR_MAX

_Static_assert(sizeof(void *) == 8, "the places are those of 64 bits");
_Static_assert(ADDRESSES_ARENAS < ADDRESSES_MODULES &&
                   ADDRESSES_MODULES < ADDRESSES_TOP,
               "stretches do not overlap");

/* As CPython declares it since 3.4: PyObjectArenaAllocator. */
struct arena_allocator {
  void *ctx;
  void *(*alloc)(void *ctx, size_t size);
  void (*free)(void *ctx, void *arena, size_t size);
};

/* A place in the stretch of arenas; CPython also asks for the pieces of its own
 * stack there, which come and go. */
struct place {
  uintptr_t at;
  size_t size; /* bytes, whole PLACE_BYTES                                  */
};

enum { SPARES = 256, PLACE_BYTES = 1 << 16 };

typedef void *(*open_library)(const char *path, int flags);
typedef void (*use_arenas)(struct arena_allocator *allocator);

static int fixed;
static uintptr_t arenas_end = ADDRESSES_ARENAS;
static struct place spares[SPARES]; /* given back                           */
static size_t spare_count;
static atomic_flag busy = ATOMIC_FLAG_INIT; /* places are looked for        */
static atomic_uint_least64_t modules_begin = ADDRESSES_TOP;
static struct arena_allocator below; /* where the stretch is used up         */

static __thread __attribute__((tls_model("initial-exec"))) int opening;

/* ---- what is mapped ------------------------------------------------------ */

/* /proc/self/maps while it is read. */
struct maps {
  int file;
  size_t next; /* byte                                                      */
  size_t have; /* bytes                                                     */
  char bytes[4096];
};

/* A line of it. */
struct mapping {
  uintptr_t from;
  uintptr_t to;
  int is_stack; /* 1: that of the first thread                              */
};

/** The next byte; -1 at the end. */
static int next_byte(struct maps *maps) {
  if (maps->next == maps->have) {
    ssize_t got = read(maps->file, maps->bytes, sizeof maps->bytes);
    maps->next = 0;
    maps->have = got > 0 ? (size_t)got : 0;
  }
  return maps->next < maps->have ? maps->bytes[maps->next++] : -1;
}

/** A hexadecimal number and the byte behind it. */
static uintptr_t next_number(struct maps *maps) {
  static const char digits[] = "0123456789abcdef";
  uintptr_t number = 0;
  int c = next_byte(maps);
  while (c > 0 && strchr(digits, c) != NULL) {
    number = number * 16 + (uintptr_t)(strchr(digits, c) - digits);
    c = next_byte(maps);
  }
  return number;
}

/** Read a line, "FROM-TO rwxp OFFSET DEVICE INODE NAME"; 0 at the end. */
static int next_mapping(struct maps *maps, struct mapping *mapping) {
  static const char name[] = "[stack]";
  size_t alike = 0;
  mapping->from = next_number(maps);
  mapping->to = next_number(maps);
  mapping->is_stack = 0;
  for (int c = next_byte(maps); c >= 0 && c != '\n'; c = next_byte(maps)) {
    alike = c == name[alike] ? alike + 1 : 0;
    mapping->is_stack = mapping->is_stack || alike == sizeof name - 1;
    alike %= sizeof name - 1;
  }
  return mapping->to > 0;
}

/* ---- to take and to give free -------------------------------------------- */

static int take_place(uintptr_t from, uintptr_t to) {
  void *got = mmap((void *)from, to - from, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
                       MAP_FIXED_NOREPLACE,
                   -1, 0);
  if (got != MAP_FAILED && got != (void *)from) {
    (void)munmap(got, to - from); /* of a kernel that does not know the flag */
  }
  return got == (void *)from ? 0 : -1;
}

/** Take the holes from `low` to `high`, or to what lies below the stack, which
 *  has to be able to grow.  0, or -1. */
static int take_holes(uintptr_t low, uintptr_t high) {
  struct maps maps = {.file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
  struct mapping mapping;
  uintptr_t end = low; /* of what is taken                                  */
  int result = maps.file >= 0 ? 0 : -1;
  while (result == 0 && end < high && next_mapping(&maps, &mapping) &&
         !mapping.is_stack) {
    uintptr_t hole_end = mapping.from < high ? mapping.from : high;
    if (hole_end > end) {
      result = take_place(end, hole_end);
    }
    end = mapping.to > end ? mapping.to : end;
  }
  if (result == 0 && end < high && high != NO_LIMIT) {
    result = take_place(end, high);
  }
  (void)close(maps.file);
  return result;
}

/* ---- arenas -------------------------------------------------------------- */

static size_t whole(size_t size) {
  return (size + PLACE_BYTES - 1) / PLACE_BYTES * PLACE_BYTES;
}

/** A place for so many bytes: the last of that size that was given back, else a
 *  further one.  Who asks holds the lock of its interpreter; `busy` parts those
 *  that have several. */
static uintptr_t place_for(size_t size) {
  uintptr_t at = 0;
  while (atomic_flag_test_and_set(&busy)) {
  }
  for (size_t i = spare_count; i > 0 && at == 0; i--) {
    if (spares[i - 1].size == size) {
      at = spares[i - 1].at;
      spares[i - 1] = spares[--spare_count];
    }
  }
  if (at == 0 && size <= ADDRESSES_MODULES - arenas_end) {
    at = arenas_end;
    arenas_end += size;
  }
  atomic_flag_clear(&busy);
  return at;
}

static void *arena_make(void *ctx, size_t size) {
  uintptr_t at = place_for(whole(size));
  if (at == 0) {
    return below.alloc(ctx, size);
  }
  void *arena = mmap((void *)at, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  return arena != MAP_FAILED ? arena : NULL;
}

/** The place stays taken, so that nothing else gets it. */
static void arena_drop(void *ctx, void *arena, size_t size) {
  uintptr_t at = (uintptr_t)arena;
  if (at < ADDRESSES_ARENAS || at >= ADDRESSES_MODULES) {
    below.free(ctx, arena, size);
    return;
  }
  (void)mmap(arena, size, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  while (atomic_flag_test_and_set(&busy)) {
  }
  if (spare_count < SPARES) {
    spares[spare_count++] = (struct place){at, whole(size)};
  }
  atomic_flag_clear(&busy);
}

static void place_arenas(void) {
  use_arenas get;
  use_arenas set;
  void *symbols[2] = {dlsym(RTLD_DEFAULT, "PyObject_GetArenaAllocator"),
                      dlsym(RTLD_DEFAULT, "PyObject_SetArenaAllocator")};
  memcpy(&get, &symbols[0], sizeof get); /* ISO C has no such cast          */
  memcpy(&set, &symbols[1], sizeof set);
  if (get != NULL && set != NULL) {
    get(&below);
    struct arena_allocator ours = {.ctx = below.ctx,
                                   .alloc = arena_make,
                                   .free = arena_drop};
    set(&ours);
  }
}

/* ---- modules ------------------------------------------------------------- */

static void *open_placed(open_library real, const char *path, int flags) {
  uint64_t end = atomic_fetch_sub(&modules_begin, MODULE_BYTES);
  uint64_t begin = end - MODULE_BYTES;
  if (begin < ADDRESSES_MODULES || end > ADDRESSES_TOP) {
    return real(path, flags);
  }
  opening = 1;
  (void)munmap((void *)(uintptr_t)begin, MODULE_BYTES);
  void *library = real(path, flags);
  (void)take_holes(begin, end);
  opening = 0;
  return library;
}

/** In place of libc's.  A name without a path is looked for where the caller's
 *  own library says, which libc knows by the caller's address: the call has to
 *  stay the last thing done, as a jump. */
__attribute__((visibility("default"))) void *dlopen(const char *path,
                                                    int flags) {
  open_library real;
  void *symbol = dlsym(RTLD_NEXT, "dlopen");
  memcpy(&real, &symbol, sizeof real); /* ISO C has no such cast            */
  if (!fixed || opening || path == NULL || strchr(path, '/') == NULL) {
    return real(path, flags);
  }
  return open_placed(real, path, flags);
}

/* ---- all ----------------------------------------------------------------- */

/** Does the kernel map below what is taken? */
static int lies_below(void) {
  void *probe = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED) {
    return 0;
  }
  (void)munmap(probe, 1);
  return (uintptr_t)probe < ADDRESSES_ARENAS;
}

int addresses_fix(void) {
  int system = personality(0xffffffff);
  assert(!fixed);
  if (system == -1 || ((unsigned)system & ADDR_NO_RANDOMIZE) == 0 ||
      take_place(ADDRESSES_ARENAS, ADDRESSES_TOP + OWN_BYTES) != 0 ||
      take_holes(ADDRESSES_TOP + OWN_BYTES, NO_LIMIT) != 0 || !lies_below()) {
    return -1;
  }
  fixed = 1;
  place_arenas();
  return 0;
}

void *addresses_own(size_t size) {
  assert(size <= OWN_BYTES);
  return fixed && size <= OWN_BYTES ? (void *)(uintptr_t)ADDRESSES_TOP : NULL;
}
