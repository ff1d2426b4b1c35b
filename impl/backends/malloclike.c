/* SPDX-License-Identifier: MIT */
/* malloclike.c - see malloclike.h. */
#include "backends/malloclike.h"

#include <assert.h>
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/plugin.h"
#include "sanitize.h"

/* ---- the contract's functions over the table ----------------------------- */

static struct pmmi_malloclike *like_of(void *heap) { return heap; }

static void like_fini(void *heap) { (void)heap; }

static void *like_alloc(void *heap, size_t size) {
  assert(heap != NULL);
  return like_of(heap)->malloc(size);
}

static void *like_alloc_zero(void *heap, size_t n, size_t size) {
  return like_of(heap)->calloc(n, size);
}

/* C11 wants a multiple of the alignment.  Where there is none that holds the
 * request the library is asked for the request itself, and refuses it. */
static size_t whole_units(size_t size, size_t align) {
  size_t least = size == 0 ? 1 : size;
  return least > SIZE_MAX - (align - 1) ? least
                                        : (least + align - 1) & ~(align - 1);
}

static void *like_alloc_aligned(void *heap, size_t align, size_t size) {
  assert(align > 0 && (align & (align - 1)) == 0);
  struct pmmi_malloclike *like = like_of(heap);
  if (like->aligned_alloc == NULL && align > 16) {
    return NULL;
  }
  if (like->aligned_alloc == NULL || align < sizeof(void *)) {
    return like->malloc(size < align ? align : size);
  }
  return like->aligned_alloc(align, whole_units(size, align));
}

/* C leaves realloc(p, 0) open, and glibc frees and returns NULL, which would
 * read as "no memory". */
static void *like_realloc(void *heap, void *block, size_t old_size,
                          size_t new_size) {
  (void)old_size;
  return like_of(heap)->realloc(block, new_size == 0 ? 1 : new_size);
}

static void like_free(void *heap, void *block) { like_of(heap)->free(block); }

static void like_free_sized(void *heap, void *block, size_t size) {
  struct pmmi_malloclike *like = like_of(heap);
  if (like->free_sized == NULL || block == NULL) {
    like->free(block);
    return;
  }
  like->free_sized(block, size == 0 ? 1 : size);
}

static size_t like_usable_size(void *heap, const void *block) {
  assert(like_of(heap)->usable_size != NULL);
  return like_of(heap)->usable_size(block);
}

static int like_owns(void *heap, const void *address) {
  assert(like_of(heap)->owns != NULL);
  return like_of(heap)->owns(address);
}

static void like_stats(void *heap, struct pmm_backend_stats *out) {
  assert(like_of(heap)->stats != NULL && out != NULL);
  struct pmm_backend_stats stats;
  memset(&stats, 0xff, sizeof stats); /* every figure is PMM_UNKNOWN */
  like_of(heap)->stats(&stats);
  stats.struct_size = out->struct_size;
  memcpy(out, &stats,
         out->struct_size < sizeof stats ? out->struct_size : sizeof stats);
}

/* ---- making the backend -------------------------------------------------- */

static int zero_is_unique(const struct pmmi_malloclike *like) {
  assert(like->malloc != NULL && like->free != NULL);
  void *first = like->malloc(0);
  void *second = like->malloc(0);
  int unique = first != NULL && second != NULL && first != second;
  like->free(second);
  like->free(first);
  return unique;
}

static uint32_t capabilities(const struct pmmi_malloclike *like,
                             const struct pmmi_malloclike_names *names) {
  assert(names != NULL);
  uint32_t bits = PMM_BACKEND_FREES;
  bits |= zero_is_unique(like) ? PMM_BACKEND_ZERO_UNIQUE : 0u;
  bits |= like->aligned_alloc != NULL ? PMM_BACKEND_ALIGNED : 0u;
  bits |= like->free_sized != NULL ? PMM_BACKEND_SIZED_FREE : 0u;
  bits |= like->usable_size != NULL ? PMM_BACKEND_USABLE_SIZE : 0u;
  bits |= like->owns != NULL ? PMM_BACKEND_OWNS : 0u;
  bits |= like->stats != NULL ? PMM_BACKEND_STATS : 0u;
  bits |= names->threads ? PMM_BACKEND_THREADS : 0u;
  return bits;
}

void pmmi_malloclike_finish(struct pmmi_malloclike *like,
                            const struct pmmi_malloclike_names *names) {
  assert(names->name != NULL && names->init != NULL);
  assert(like->malloc != NULL && like->calloc != NULL);
  assert(like->realloc != NULL && like->free != NULL);
  like->backend = (struct pmm_backend){
      .abi_version = PMM_BACKEND_ABI,
      .capabilities = capabilities(like, names),
      .struct_size = sizeof(struct pmm_backend),
      .name = names->name,
      .version = names->version,
      .summary = names->summary,
      .init = names->init,
      .fini = like_fini,
      .alloc = like_alloc,
      .alloc_zero = like_alloc_zero,
      .alloc_aligned = like_alloc_aligned,
      .realloc = like_realloc,
      .free = like_free,
      .free_sized = like_free_sized,
      .usable_size = like->usable_size != NULL ? like_usable_size : NULL,
      .owns = like->owns != NULL ? like_owns : NULL,
      .stats = like->stats != NULL ? like_stats : NULL,
      .witness_symbol = names->witness};
}

const struct pmmi_malloclike *pmmi_malloclike_of(
    const struct pmm_backend *backend) {
  const char *own = (const char *)backend;
  return backend->alloc == like_alloc
             ? (const void *)(own - offsetof(struct pmmi_malloclike, backend))
             : NULL;
}

/* ---- loading ------------------------------------------------------------- */

/* dlsym() also searches what the library depends on; without this test a
 * library that has no malloc would pass for one by libc's. */
static int defined_in(void *library, const void *address) {
  assert(library != NULL && address != NULL);
  struct link_map *own = NULL;
  struct link_map *found = NULL;
  Dl_info info;
  return dlinfo(library, RTLD_DI_LINKMAP, &own) == 0 &&
         dladdr1(address, &info, (void **)&found, RTLD_DL_LINKMAP) != 0 &&
         own == found;
}

int pmmi_malloclike_symbol(void *library, const char *prefix,
                           const char *name, void *function) {
  assert(library != NULL && prefix != NULL && name != NULL);
  char symbol[128];
  snprintf(symbol, sizeof symbol, "%s%s", prefix, name);
  void *address = dlsym(library, symbol);
  if (address != NULL && !defined_in(library, address)) {
    address = NULL;
  }
  memcpy(function, &address, sizeof address);
  return address != NULL ? 0 : -1;
}

/* What helps where thread-local data found no room.  Valgrind alone keeps us
 * from having made it (prepare.h). */
static const char *room_hint(const char *error) {
  assert(error != NULL);
  if (strstr(error, "static TLS") == NULL) {
    return "";
  }
  return pmmi_sanitize_valgrind()
             ? " (start with GLIBC_TUNABLES="
               "glibc.rtld.optional_static_tls=16384)"
             : " (it wants more than the 16 KiB kept for libraries that are "
               "loaded late: compile it with -ftls-model=global-dynamic)";
}

/* Of several files the first one's error is told: it is the usual name. */
static void *open_first(const char *const *files, char *reason, size_t size) {
  assert(files[0] != NULL);
  for (size_t i = 0; files[i] != NULL; i++) {
    void *library = dlopen(files[i], PMMI_LIBRARY_SCOPE);
    if (library != NULL) {
      return library;
    }
    const char *error = dlerror();
    if (i == 0) {
      snprintf(reason, size, "%s%s", error, room_hint(error));
    }
  }
  return NULL;
}

/* Memcheck puts its own functions in the place of every malloc it sees, also
 * of one that has a second name. */
static int is_replaced(const struct pmmi_malloclike *like, void *library) {
  assert(like->malloc != NULL);
  void *plain;
  return pmmi_sanitize_memcheck() &&
         pmmi_malloclike_symbol(library, "", "malloc", &plain) == 0 &&
         plain == (void *)(uintptr_t)like->malloc;
}

static int look_up(struct pmmi_malloclike *like, void *library,
                   const char *prefix, char *reason, size_t size) {
  assert(prefix != NULL);
  const struct {
    const char *name;
    void *function;
    int needed;
  } wanted[] = {{"malloc", &like->malloc, 1},
                {"free", &like->free, 1},
                {"calloc", &like->calloc, 1},
                {"realloc", &like->realloc, 1},
                {"malloc_usable_size", &like->usable_size, 0},
                {"posix_memalign", &like->posix_memalign, 0},
                {"reallocarray", &like->reallocarray, 0},
                {"malloc_trim", &like->trim, 0}};
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    if (pmmi_malloclike_symbol(library, prefix, wanted[i].name,
                               wanted[i].function) != 0 &&
        wanted[i].needed) {
      snprintf(reason, size, "it defines no function %s%s", prefix,
               wanted[i].name);
      return -1;
    }
  }
  if (pmmi_malloclike_symbol(library, prefix, "aligned_alloc",
                             &like->aligned_alloc) != 0) {
    (void)pmmi_malloclike_symbol(library, prefix, "memalign",
                                 &like->aligned_alloc);
  }
  return 0;
}

void *pmmi_malloclike_load(struct pmmi_malloclike *like,
                           const char *const *files, const char *prefix,
                           char *reason, size_t size) {
  void *library = open_first(files, reason, size);
  if (library == NULL) {
    return NULL;
  }
  if (look_up(like, library, prefix, reason, size) != 0) {
    dlclose(library);
    return NULL;
  }
  if (is_replaced(like, library)) {
    snprintf(reason, size, "valgrind replaces its functions by its own");
    return NULL;
  }
  return library;
}

/* ---- libraries that a user names ----------------------------------------- */

static struct {
  char spec[1024];     /* as given; empty: none is open                     */
  char parts[1024];    /* the same, cut into name, path and prefix          */
  struct pmmi_malloclike like;
} user;

static int user_init(const struct pmm_backend_config *config, void **heap) {
  assert(user.spec[0] != '\0' && heap != NULL);
  (void)config;
  *heap = &user.like;
  return 0;
}

static const void *user_witness(void) {
  return (const void *)(uintptr_t)user.like.malloc;
}

/* The parts of user.parts. */
struct user_names {
  const char *path;
  const char *prefix;     /* "" when none is given                           */
  const char *free_sized; /* whole name of the function; NULL: none is given */
  char *variable;         /* NAME=VALUE to be set before; NULL: none         */
  int threads;            /* 0: the user says that it is not safe from many  */
};

/* The value when `option` starts with `key`; else NULL. */
static const char *value_of(const char *option, const char *key) {
  assert(option != NULL && key != NULL);
  size_t length = strlen(key);
  return strncmp(option, key, length) == 0 ? option + length : NULL;
}

/* 1 when `option`, of `length` bytes, is known. */
static int take_option(struct user_names *names, const char *option,
                       size_t length) {
  const char *prefix = value_of(option, "prefix=");
  const char *free_sized = value_of(option, "free_sized=");
  int denies = length == 10 && value_of(option, "no=threads") != NULL;
  names->prefix = prefix != NULL ? prefix : names->prefix;
  names->free_sized = free_sized != NULL ? free_sized : names->free_sized;
  names->threads = denies ? 0 : names->threads;
  return prefix != NULL || free_sized != NULL || denies;
}

/* Cut user.parts in place: "name=path", then options between commas. */
static int parse(struct user_names *names, char *reason, size_t size) {
  assert(strchr(user.parts, '=') != NULL);
  char *rest = strchr(user.parts, '=');
  *rest++ = '\0';
  *names = (struct user_names){.path = rest, .prefix = "", .threads = 1};
  while ((rest = strchr(rest, ',')) != NULL) {
    *rest++ = '\0';
    size_t length = strcspn(rest, ",");
    if (value_of(rest, "env=") != NULL) {
      names->variable = rest + strlen("env="); /* a value may have commas     */
      break;
    }
    if (!take_option(names, rest, length)) {
      snprintf(reason, size,
               "after a comma comes prefix=..., free_sized=..., no=threads or "
               "env=NAME=VALUE, not \"%.*s\"",
               (int)length, rest);
      return -1;
    }
  }
  if (user.parts[0] == '\0' || *names->path == '\0') {
    snprintf(reason, size, "the form is name=/path/lib.so[,prefix=my_]"
                           "[,free_sized=my_free_sized][,no=threads]"
                           "[,env=NAME=VALUE]");
    return -1;
  }
  return 0;
}

/* Set the variable that a library reads when it is loaded. */
static int set_variable(char *variable, char *reason, size_t size) {
  char *value = strchr(variable, '=');
  if (value == NULL || value == variable) {
    snprintf(reason, size, "env= takes NAME=VALUE, not \"%s\"", variable);
    return -1;
  }
  *value++ = '\0';
  if (setenv(variable, value, 1) != 0) {
    snprintf(reason, size, "there is no memory");
    return -1;
  }
  return 0;
}

static int user_load(char *reason, size_t size) {
  struct user_names spec;
  if (parse(&spec, reason, size) != 0 ||
      (spec.variable != NULL &&
       set_variable(spec.variable, reason, size) != 0)) {
    return -1;
  }
  const char *const files[] = {spec.path, NULL};
  void *library =
      pmmi_malloclike_load(&user.like, files, spec.prefix, reason, size);
  if (library == NULL) {
    return -1;
  }
  if (spec.free_sized != NULL &&
      pmmi_malloclike_symbol(library, "", spec.free_sized,
                             &user.like.free_sized) != 0) {
    snprintf(reason, size, "it defines no function %s", spec.free_sized);
    dlclose(library);
    return -1;
  }
  const struct pmmi_malloclike_names names = {
      .name = user.parts,
      .version = "",
      .summary = "a malloc-like library",
      .threads = spec.threads,
      .init = user_init,
      .witness = user_witness};
  pmmi_malloclike_finish(&user.like, &names);
  return 0;
}

const struct pmm_backend *pmmi_malloclike_open(const char *spec, char *reason,
                                               size_t size) {
  if (user.spec[0] != '\0' && strcmp(user.spec, spec) == 0) {
    return &user.like.backend;
  }
  if (user.spec[0] != '\0') {
    snprintf(reason, size, "one library per process, and this process uses %s",
             user.spec);
    return NULL;
  }
  if (strlen(spec) >= sizeof user.spec) {
    snprintf(reason, size, "longer than %zu bytes", sizeof user.spec - 1);
    return NULL;
  }
  memcpy(user.parts, spec, strlen(spec) + 1);
  if (user_load(reason, size) != 0) {
    return NULL;
  }
  memcpy(user.spec, spec, strlen(spec) + 1);
  return &user.like.backend;
}
