/* SPDX-License-Identifier: MIT */
/* measure.c - see measure.h. */
#include "measure.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host.h"
#include "sanitize.h"

/* A thread counts up to 64 pages by itself before the process sees them, and
 * what a library sets up for itself is no memory lost. */
enum { NOISE_BYTES = 2 << 20 };

int measure_applies(struct check *check) {
  if (pmmi_sanitize_listens()) {
    check_skip(check, "figures without a checker");
    return 0;
  }
  return 1;
}

int measure_malloc_is_real(struct check *check) {
  if (PMMI_ASAN) {
    check_skip(check, "malloc without AddressSanitizer");
    return 0;
  }
  return 1;
}

int measure_is_slow(void) { return pmmi_sanitize_listens(); }

uint64_t measure_resident(void) { return pmmi_host_rss_bytes(); }

int64_t measure_grown(uint64_t start) {
  return (int64_t)measure_resident() - (int64_t)start;
}

/* The figure behind `format` in a line of a file; 0: none. */
static unsigned long long figure(const char *path, const char *format) {
  char line[256];
  unsigned long long value = 0;
  FILE *file = fopen(path, "re");
  while (file != NULL && fgets(line, sizeof line, file) != NULL &&
         sscanf(line, format, &value) != 1) {
  }
  if (file != NULL) {
    (void)fclose(file);
  }
  return value;
}

uint64_t measure_mapped(void) {
  return figure("/proc/self/statm", "%llu") * pmmi_host_page_bytes();
}

uint64_t measure_writable(void) {
  return figure("/proc/self/status", "VmData: %llu kB") * 1024;
}

static const char groups[] = "/sys/fs/cgroup";

/* Where a version of control groups keeps what. */
struct group_files {
  const char *begins; /* the line of /proc/self/cgroup, after its number */
  const char *folder; /* below `groups` */
  const char *limit, *used;
};

static const struct group_files versions[] = {
    {"memory:", "/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"},
    {":", "", "memory.max", "memory.current"},
};

static unsigned long long group_figure(const char *folder, const char *name) {
  char path[640];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return figure(path, "%llu");
}

/* The least bytes that a group and those above it have left. */
static uint64_t left_from(char *folder, const struct group_files *files) {
  uint64_t least = UINT64_MAX;
  while (strlen(folder) >= sizeof groups - 1) {
    uint64_t limit = group_figure(folder, files->limit);
    uint64_t used = group_figure(folder, files->used);
    uint64_t left = used < limit ? limit - used : 0;
    if (limit != 0 && left < least) {
      least = left;
    }
    *strrchr(folder, '/') = 0;
  }
  return least;
}

/* The least bytes that the control groups of this process have left. */
static uint64_t left_in_groups(void) {
  char line[400], folder[512];
  uint64_t least = UINT64_MAX;
  FILE *file = fopen("/proc/self/cgroup", "re");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    const char *kind = strchr(line, ':');
    line[strcspn(line, "\n")] = 0;
    for (size_t i = 0; kind != NULL && i < sizeof versions / sizeof *versions;
         i++) {
      const struct group_files *files = &versions[i];
      size_t length = strlen(files->begins);
      if (strncmp(kind + 1, files->begins, length) == 0) {
        uint64_t left;
        (void)snprintf(folder, sizeof folder, "%s%s%s", groups, files->folder,
                       kind + 1 + length);
        left = left_from(folder, files);
        least = left < least ? left : least;
      }
    }
  }
  if (file != NULL) {
    (void)fclose(file);
  }
  return least;
}

uint64_t measure_available(void) {
  uint64_t system = figure("/proc/meminfo", "MemAvailable: %llu kB") * 1024;
  uint64_t group = left_in_groups();
  return group < system ? group : system;
}

uint64_t measure_cpu_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int measure_reused(struct check *check, uint64_t start, uint64_t asked,
                   uint64_t share, const char *what, size_t size) {
  int64_t grown = measure_grown(start);
  int64_t allowed = (int64_t)(asked / share) + NOISE_BYTES;
  REQUIRE(check, grown < allowed,
          "%s: %lld bytes are held of %llu asked for in pieces of %zu and "
          "given back",
          what, (long long)grown, (unsigned long long)asked, size);
  return 0;
}
