/* SPDX-License-Identifier: MIT */
/* The host: pages, clock, figures of the process. */
#include <fcntl.h>
#include <unistd.h>

#include "lab.h"

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
  tap_ok(host->map(host->ctx, SIZE_MAX, page) == NULL &&
             host->map(host->ctx, (size_t)1 << 62, page) == NULL &&
             host->map(host->ctx, (size_t)1 << 62, 2 * page) == NULL &&
             host->map(host->ctx, SIZE_MAX - page, 2 * page) == NULL &&
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
  return tap_done();
}
