/* SPDX-License-Identifier: MIT */
/*
 * test_file_errors.c - what the system refuses while a file is open.
 *
 * A page of a process that is not mapped cannot be read: /proc/self/mem gives
 * an error at offset 0, after it was opened.  A descriptor that was closed
 * behind the runtime's back cannot be closed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "code/chunks.h"
#include "code/file.h"
#include "tests/code/lab.h"

static char path[] = "/tmp/pmm-file-errors-XXXXXX";

static void reading_fails(pmm_rt *rt) {
  pmm_obj *file = pmmi_file_open(rt, "/proc/self/mem", "r");
  if (file == NULL) {
    tap_skip("/proc/self/mem cannot be opened");
    pmmi_error_clear(rt);
    return;
  }
  tap_ok(pmmi_file_read(rt, file, 100) == NULL && pmmi_os_errno(rt) == EIO &&
             lab_status(rt) == PMM_OS,
         "a read that fails says why");
  tap_ok(pmmi_file_read_line(rt, file) == NULL && lab_status(rt) == PMM_OS,
         "a line likewise");
  tap_ok(pmmi_next(rt, file) == NULL && lab_status(rt) == PMM_OS,
         "and the next one");
  tap_ok(pmmi_file_close(rt, file) == PMM_OK, "it can be closed");
  pmmi_release(rt, file);
  tap_ok(lab_clean(rt), "nothing is left");
}

static void closing_fails(pmm_rt *rt) {
  pmm_obj *file = pmmi_file_open(rt, path, "r");
  tap_need(file != NULL);
  (void)close(pmmi_file_descriptor(rt, file));
  tap_ok(pmmi_file_close(rt, file) == PMM_OS && pmmi_os_errno(rt) == EBADF,
         "a close that fails says why");
  pmmi_error_clear(rt);
  tap_ok(pmmi_file_descriptor(rt, file) == -1 &&
             pmmi_file_close(rt, file) == PMM_OK,
         "the file is closed all the same");
  pmmi_release(rt, file);
  tap_ok(lab_clean(rt), "nothing is left");
}

/* Without descriptor, fstat() and lseek() fail too, and a read must say so. */
static void descriptors_go(pmm_rt *rt) {
  pmm_obj *file = pmmi_file_open(rt, path, "r");
  tap_need(file != NULL);
  int fd = pmmi_file_descriptor(rt, file);
  int kept = dup(fd);
  (void)close(fd);
  tap_ok(pmmi_file_read(rt, file, 10) == NULL && lab_status(rt) == PMM_OS,
         "a read without descriptor fails");
  (void)dup2(kept, fd);
  (void)close(kept);
  tap_ok(pmmi_file_close(rt, file) == PMM_OK, "and it is closed in order");
  pmmi_release(rt, file);
}

/* The buffer is full, and the device is too. */
static void writing_fails(pmm_rt *rt) {
  static const char page[5000] = "";
  pmm_obj *file = pmmi_file_open(rt, "/dev/full", "w");
  tap_need(file != NULL);
  tap_ok(pmmi_file_write(rt, file, page, sizeof page) == PMM_OK &&
             pmmi_file_write(rt, file, page, sizeof page) == PMM_OS &&
             pmmi_os_errno(rt) == ENOSPC && lab_status(rt) == PMM_OS,
         "a write that must empty the buffer says that it cannot");
  tap_ok(pmmi_file_close(rt, file) == PMM_OS && lab_status(rt) == PMM_OS,
         "and so does closing");
  pmmi_release(rt, file);
  tap_ok(lab_clean(rt), "nothing is left");
}

static void order_of_closing(pmm_rt *rt) {
  pmm_obj *files[3];
  for (int i = 0; i < 3; i++) {
    files[i] = pmmi_file_open(rt, path, "r");
    tap_need(files[i] != NULL);
  }
  static const int order[] = {1, 2, 0};
  int good = 1;
  for (int i = 0; i < 3; i++) {
    size_t open_bytes = 0;
    size_t closed_bytes = 0;
    (void)pmmi_size_of(rt, files[order[i]], &open_bytes);
    good = pmmi_file_close(rt, files[order[i]]) == PMM_OK && good;
    (void)pmmi_size_of(rt, files[order[i]], &closed_bytes);
    good = open_bytes > closed_bytes && good;
    pmmi_release(rt, files[order[i]]);
  }
  tap_ok(good && lab_clean(rt), "files are closed in any order");
}

static void empty_transfers(pmm_rt *rt) {
  size_t size = 1;
  pmm_obj *file = pmmi_file_open(rt, path, "w");
  tap_need(file != NULL);
  tap_ok(pmmi_file_write(rt, file, "", 0) == PMM_OK &&
             pmmi_file_write(rt, file, "one\n", 4) == PMM_OK &&
             pmmi_file_read(rt, file, 1) == NULL && lab_status(rt) == PMM_OS,
         "nothing can be written, and nothing read from what is written");
  tap_ok(pmmi_file_close(rt, file) == PMM_OK, "closing writes");
  pmmi_release(rt, file);
  file = pmmi_file_open(rt, path, "r");
  pmm_obj *nothing = pmmi_file_read(rt, file, 0);
  tap_ok(nothing != NULL && pmmi_bytes_data(rt, nothing, &size) != NULL &&
             size == 0,
         "nothing can be read");
  pmmi_release(rt, nothing);
  tap_ok(pmmi_file_write(rt, file, "x", 1) == PMM_OS &&
             lab_status(rt) == PMM_OS &&
             pmmi_file_flush(rt, file) == PMM_OK,
         "what is read is not written to, and has nothing to flush");
  tap_ok(pmmi_file_chunks(rt, file, 0) == NULL && lab_status(rt) == PMM_VALUE,
         "chunks of no bytes never end");
  tap_ok(lab_drop(rt, pmmi_next(rt, file)) && pmmi_next(rt, file) == NULL &&
             lab_status(rt) == PMM_STOP,
         "one line, then the end");
  (void)pmmi_file_close(rt, file);
  tap_ok(pmmi_file_flush(rt, file) == PMM_VALUE &&
             lab_status(rt) == PMM_VALUE && pmmi_iter(rt, file) == NULL &&
             lab_status(rt) == PMM_VALUE,
         "a closed file is refused");
  pmmi_release(rt, file);
  tap_ok(lab_clean(rt), "nothing is left");
}

int main(int argc, char **argv) {
  int descriptor = mkstemp(path);
  tap_plan(0);
  tap_need(descriptor >= 0);
  (void)close(descriptor);
  pmm_rt *rt = lab_open(argc, argv);
  reading_fails(rt);
  closing_fails(rt);
  descriptors_go(rt);
  writing_fails(rt);
  order_of_closing(rt);
  empty_transfers(rt);
  pmmi_close(rt);
  (void)unlink(path);
  return tap_done();
}
