/* SPDX-License-Identifier: MIT */
/* The host: pages, clock, figures of the process. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "lab.h"

enum { ARENA = 1 << 20 };

/* What `fn` answers in a process of its own, which it may spoil. */
static int in_child(int (*fn)(void)) {
  pid_t child = pmmi_child_fork(NULL);
  if (child == 0) {
    _exit(fn());
  }
  int status = pmmi_child_wait(child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* No more of a resource; or all again that there was. */
static void deny(__rlimit_resource_t resource, int denied) {
  struct rlimit limit;
  tap_need(getrlimit(resource, &limit) == 0);
  limit.rlim_cur = denied ? 0 : limit.rlim_max;
  tap_need(setrlimit(resource, &limit) == 0);
}

/* Without a descriptor to spare /proc cannot be read. */
static int figures_are_unknown(void) {
  deny(RLIMIT_NOFILE, 1);
  int good = pmmi_host_rss_bytes() == PMM_UNKNOWN &&
             pmmi_host_open_descriptors() == PMM_UNKNOWN &&
             pmmi_host_peak_rss_bytes() == PMM_UNKNOWN &&
             pmmi_host_peak_rss_restart() == -1;
  deny(RLIMIT_NOFILE, 0);
  return good;
}

static void *map_arena(void) {
  const struct pmm_os *host = pmmi_host_os();
  return host->map(host->ctx, ARENA, ARENA);
}

/* Arenas past the first 16 MiB come from a stock, side by side; when there is
 * no room for more stock, the rest of it is all there is. */
static int arenas_run_out(void) {
  int good = 1;
  for (int i = 0; i < 48; i++) {
    char *base = map_arena();
    good = good && base != NULL && (uintptr_t)base % ARENA == 0;
  }
  deny(RLIMIT_AS, 1);
  int left = 0;
  while (map_arena() != NULL) {
    left++;
  }
  deny(RLIMIT_AS, 0);
  return good && left < 48;
}

/* The same where the user wants no huge pages, and where he is in doubt. */
static int small_pages_serve(void) {
  int good = 1;
  for (int i = 0; i < 40; i++) {
    (void)setenv("PMM_HUGE_PAGES", i % 2 ? "never" : "always", 1);
    char *base = map_arena();
    good = good && base != NULL && (uintptr_t)base % ARENA == 0;
  }
  return good;
}

static void limits_are_met(void) {
  tap_ok(in_child(figures_are_unknown) == 1,
         "what /proc does not tell is unknown");
  tap_ok(in_child(small_pages_serve) == 1,
         "arenas are aligned in pages of any size");
  if (pmmi_sanitize_listens()) {
    tap_skip("a checker needs address space of its own");
    return;
  }
  tap_ok(in_child(arenas_run_out) == 1, "no address space gives NULL");
}

int main(void) {
  const struct pmm_os *host = pmmi_host_os();
  size_t page = pmmi_host_page_bytes();
  tap_plan(0);
  tap_ok(page >= 4096 && (page & (page - 1)) == 0, "a page has %zu bytes",
         page);
  tap_ok(pmmi_host_page_round(1) == page && pmmi_host_page_round(0) == 0 &&
             pmmi_host_page_round(page) == page &&
             pmmi_host_page_round(SIZE_MAX) == 0,
         "sizes are rounded to pages, and overflow gives 0");
  int good = 1;
  for (size_t align = page; align <= (size_t)1 << 24; align *= 2) {
    char *base = host->map(host->ctx, 3 * page, align);
    tap_need(base != NULL);
    good &= (uintptr_t)base % align == 0 && base[0] == 0;
    base[3 * page - 1] = 1;
    host->unmap(host->ctx, base, 3 * page);
  }
  tap_ok(good, "pages are aligned as asked, and zero");
  size_t huge = (size_t)2 << 20;
  char *large = host->map(host->ctx, huge, huge);
  char *free_of_align = host->map(host->ctx, page, 0);
  tap_ok(large != NULL && (uintptr_t)large % huge == 0 &&
             free_of_align != NULL,
         "also a whole huge page, and a page that may lie anywhere");
  host->unmap(host->ctx, large, huge);
  host->unmap(host->ctx, free_of_align, page);
  tap_ok(host->map(host->ctx, SIZE_MAX, page) == NULL &&
             host->map(host->ctx, (size_t)1 << 62, page) == NULL &&
             host->map(host->ctx, (size_t)1 << 62, 2 * page) == NULL &&
             host->map(host->ctx, SIZE_MAX - page, 2 * page) == NULL &&
             host->map(host->ctx, SIZE_MAX / 2, (size_t)1 << 63) == NULL &&
             host->map(host->ctx, 0, page) == NULL,
         "what cannot be mapped is NULL");
  size_t size = (size_t)32 << 20;
  uint64_t before = pmmi_host_rss_bytes();
  char *base = host->map(host->ctx, size, page);
  memset(base, 1, size);
  uint64_t full = pmmi_host_rss_bytes();
  host->discard(host->ctx, base, size);
  uint64_t empty = pmmi_host_rss_bytes();
  tap_ok(full - before > size / 2, "touched pages are resident");
  tap_ok(empty < full - size / 2 && base[size / 2] == 0,
         "discarded ones are not, and read as zero");
  tap_ok(pmmi_host_peak_rss_bytes() >= full - size / 2, "the peak remembers");
  tap_ok(pmmi_host_peak_rss_restart() == 0 &&
             pmmi_host_peak_rss_bytes() < full - size / 2,
         "and starts again from what is resident");
  host->unmap(host->ctx, base, size);
  uint64_t descriptors = pmmi_host_open_descriptors();
  int fd = open("/dev/null", O_RDONLY);
  tap_ok(pmmi_host_open_descriptors() == descriptors + 1,
         "an open file is counted");
  close(fd);
  tap_ok(pmmi_host_open_descriptors() == descriptors, "and a closed one not");
  uint64_t start = pmmi_host_clock_ns();
  usleep(2000);
  tap_ok(pmmi_host_clock_ns() - start >= 2000000, "the clock goes on");
  limits_are_met();
  return tap_done();
}
