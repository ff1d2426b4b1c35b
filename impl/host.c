/* SPDX-License-Identifier: MIT */
/* host.c - the Linux side of host.h. */
#include "host.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "sanitize.h"

size_t pmmi_host_page_bytes(void) {
  long bytes = sysconf(_SC_PAGESIZE);
  return bytes > 0 ? (size_t)bytes : 4096;
}

size_t pmmi_host_page_round(size_t size) {
  size_t mask = pmmi_host_page_bytes() - 1;
  assert((mask & (mask + 1)) == 0);
  return size > SIZE_MAX - mask ? 0 : (size + mask) & ~mask;
}

static void *map_pages(size_t size) {
  assert(size > 0);
  void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return base == MAP_FAILED ? NULL : base;
}

/* Map more than asked for, and give the ragged ends back. */
static void *map_and_cut(size_t size, size_t align) {
  assert(size > 0 && (align & (align - 1)) == 0);
  assert(align >= pmmi_host_page_bytes());
  if (size > SIZE_MAX - align) {
    return NULL;
  }
  char *wide = map_pages(size + align);
  if (wide == NULL) {
    return NULL;
  }
  size_t skip = (align - ((uintptr_t)wide & (align - 1))) & (align - 1);
  if (skip > 0) {
    munmap(wide, skip);
  }
  if (skip < align) {
    munmap(wide + skip + size, align - skip);
  }
  return wide + skip;
}

/* ---- regions side by side, in huge pages --------------------------------- */

/** A huge page of every system this runs on; a power of two. */
#define HUGE_BYTES ((size_t)2 << 20)

/** Smaller regions are tables: they are few. */
#define LEAST_BYTES ((size_t)256 << 10)

/** Taken from the kernel at once. */
#define RESERVE_BYTES ((size_t)16 << 20)

/** Bytes that a process maps before it pays for huge pages: one of them that
 *  is hardly used then wastes an eighth at most. */
#define SMALL_PROCESS_BYTES ((size_t)16 << 20)

/** Address space that was mapped and not yet handed out.  Runtimes of several
 *  threads share it. */
static struct {
  atomic_flag busy;
  char *next;
  size_t left;   /* bytes from `next` on                                    */
  size_t handed; /* bytes ever asked for                                    */
} reserve = {.busy = ATOMIC_FLAG_INIT};

/* A neighbour of the region before, from a stock in huge pages; NULL: the
 * process is small, or there is no such stock to be had. */
static void *take_reserved(size_t size) {
  char *base = NULL;
  assert(size > 0 && (size & (size - 1)) == 0 && size < HUGE_BYTES);
  while (atomic_flag_test_and_set_explicit(&reserve.busy,
                                           memory_order_acquire)) {
  }
  reserve.handed += size;
  if (reserve.left < size && reserve.handed > SMALL_PROCESS_BYTES) {
    reserve.next = map_and_cut(RESERVE_BYTES, HUGE_BYTES);
    reserve.left = reserve.next != NULL ? RESERVE_BYTES : 0;
    if (reserve.left > 0) {
      /* Where the kernel has no huge pages, small ones do. */
      (void)madvise(reserve.next, RESERVE_BYTES, MADV_HUGEPAGE);
    }
  }
  size_t skip = (size_t)-(uintptr_t)reserve.next & (size - 1);
  if (reserve.left >= skip + size) {
    base = reserve.next + skip;
    reserve.next = base + size;
    reserve.left -= skip + size;
  }
  atomic_flag_clear_explicit(&reserve.busy, memory_order_release);
  return base;
}

static int uses_huge_pages(size_t size, size_t align) {
  const char *choice = getenv("PMM_HUGE_PAGES");
  return size == align && size >= LEAST_BYTES && size < HUGE_BYTES &&
         !pmmi_sanitize_listens() &&
         (choice == NULL || strcmp(choice, "never") != 0);
}

static void *os_map(void *ctx, size_t size, size_t align) {
  (void)ctx;
  assert((align & (align - 1)) == 0);
  size = pmmi_host_page_round(size);
  if (size == 0) {
    return NULL;
  }
  if (uses_huge_pages(size, align)) {
    void *region = take_reserved(size);
    if (region != NULL) {
      return region;
    }
  }
  /* The kernel puts maps of one size side by side, so after the first the
   * plain call is aligned already and arenas form one range. */
  void *base = map_pages(size);
  if (base == NULL || align == 0 || ((uintptr_t)base & (align - 1)) == 0) {
    return base;
  }
  munmap(base, size);
  return map_and_cut(size, align);
}

static void os_unmap(void *ctx, void *base, size_t size) {
  assert(base != NULL && size > 0);
  (void)ctx;
  int failed = munmap(base, pmmi_host_page_round(size));
  assert(!failed);
  (void)failed;
}

static void os_discard(void *ctx, void *base, size_t size) {
  assert(base != NULL);
  (void)ctx;
  int failed = madvise(base, size, MADV_DONTNEED);
  assert(!failed);
  (void)failed;
}

const struct pmm_os *pmmi_host_os(void) {
  static const struct pmm_os os = {
      .ctx = NULL, .map = os_map, .unmap = os_unmap, .discard = os_discard};
  return &os;
}

uint64_t pmmi_host_clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Plain read(2): stdio would allocate, and this is asked while measuring. */
static int read_file(const char *path, char *text, size_t size) {
  assert(path != NULL && size > 0);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return -1;
  }
  ssize_t got = read(fd, text, size - 1);
  close(fd);
  if (got < 0) {
    return -1;
  }
  text[got] = '\0';
  return 0;
}

uint64_t pmmi_host_rss_bytes(void) {
  char text[128];
  unsigned long long total = 0;
  unsigned long long resident = 0;
  if (read_file("/proc/self/statm", text, sizeof text) != 0 ||
      sscanf(text, "%llu %llu", &total, &resident) != 2) {
    return PMM_UNKNOWN;
  }
  return (uint64_t)resident * pmmi_host_page_bytes();
}

/* Bytes of the line of a file that begins with `key` and counts in KiB. */
static uint64_t kib_line(const char *path, const char *key) {
  char text[4096];
  const char *line;
  unsigned long long kib = 0;
  assert(key[strlen(key) - 1] == ':');
  if (read_file(path, text, sizeof text) != 0 ||
      (line = strstr(text, key)) == NULL ||
      sscanf(line + strlen(key), "%llu", &kib) != 1) {
    return PMM_UNKNOWN;
  }
  return (uint64_t)kib * 1024;
}

/* Not ru_maxrss of getrusage(2): that counts what this process was forked
 * from, before its exec. */
uint64_t pmmi_host_peak_rss_bytes(void) {
  return kib_line("/proc/self/status", "VmHWM:");
}

uint64_t pmmi_host_huge_bytes(void) {
  return kib_line("/proc/self/smaps_rollup", "AnonHugePages:");
}

int pmmi_host_huge_pages_refuse(void) {
  return prctl(PR_SET_THP_DISABLE, 1L, 0L, 0L, 0L) == 0 ? 0 : -1;
}

int pmmi_host_peak_rss_restart(void) {
  int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (fd < 0) {
    return -1;
  }
  ssize_t written = write(fd, "5", 1); /* proc(5): reset the high-water mark */
  close(fd);
  return written == 1 ? 0 : -1;
}

uint64_t pmmi_host_open_descriptors(void) {
  DIR *dir = opendir("/proc/self/fd");
  if (dir == NULL) {
    return PMM_UNKNOWN;
  }
  uint64_t count = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
    count += entry->d_name[0] != '.';
  }
  closedir(dir);
  assert(count > 0);
  return count - 1; /* the directory itself was open */
}

#if PMMI_ASAN
#define EXPORTED __attribute__((visibility("default"), used))

EXPORTED const char *__asan_default_options(void);
EXPORTED const char *__lsan_default_suppressions(void);

/* The contract says that a request which is too large returns NULL; without
 * this ASan's malloc would end the process.  Its quarantine is cut down as
 * cases measure how much memory stays held. */
const char *__asan_default_options(void) {
  return "allocator_may_return_null=1:quarantine_size_mb=16";
}

/* Eight bytes that the library itself loses when it is loaded. */
const char *__lsan_default_suppressions(void) {
  return "leak:MallocExtension::Register\n";
}
#endif
