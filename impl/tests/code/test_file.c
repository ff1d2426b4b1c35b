/* SPDX-License-Identifier: MIT */
/* test_file.c - files: reading, lines, writing, closing, descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/code/lab.h"

static char directory[] = "/tmp/pmm-test-file-XXXXXX";
static char path[128];

/** Make `path` a file of `size` bytes; a newline at the end of every `line`
 *  bytes, letters else. */
static void write_input(size_t size, size_t line) {
  FILE *file = fopen(path, "wb");
  for (size_t i = 0; i < size; i++) {
    fputc(i % line == line - 1 ? '\n' : 'a' + (int)(i % 26), file);
  }
  fclose(file);
}

static off_t size_on_disk(void) {
  struct stat about;
  return stat(path, &about) == 0 ? about.st_size : -1;
}

static int is_open(int descriptor) {
  return fcntl(descriptor, F_GETFD) >= 0;
}

/** Length of what an operation gave; SIZE_MAX: nothing.  Releases it. */
static size_t length_of(pmm_rt *rt, pmm_obj *bytes) {
  size_t size = SIZE_MAX;
  if (bytes != NULL && pmmi_bytes_data(rt, bytes, &size) == NULL) {
    size = SIZE_MAX;
  }
  pmmi_xrelease(rt, bytes);
  return size;
}

static uint64_t peak_above(pmm_rt *rt, uint64_t start) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  pmmi_memory(rt, &memory);
  return memory.peak_bytes - start;
}

static uint64_t start_measuring(pmm_rt *rt) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  pmmi_memory_reset_peak(rt);
  pmmi_memory(rt, &memory);
  return memory.live_bytes;
}

/* ---- reading ------------------------------------------------------------ */

static void whole_files_are_read(pmm_rt *rt) {
  static const size_t sizes[] = {0, 1, 2, 8191, 8192, 8193, 1 << 20};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    write_input(sizes[i], 80);
    pmm_obj *file = pmmi_file_open(rt, path, "r");
    uint64_t start = start_measuring(rt);
    size_t got = length_of(rt, pmmi_file_read(rt, file, SIZE_MAX));
    uint64_t peak = peak_above(rt, start);
    tap_ok(got == sizes[i] && peak < sizes[i] + 64 * 1024,
           "%zu bytes at once, %" PRIu64 " bytes at the peak", got, peak);
    tap_ok(length_of(rt, pmmi_file_read(rt, file, SIZE_MAX)) == 0,
           "then nothing");
    tap_ok(pmmi_file_close(rt, file) == PMM_OK, "closed");
    pmmi_release(rt, file);
  }
  tap_ok(lab_saw("") && lab_clean(rt), "no warning, nothing stays");
}

static void chunks_cover_the_file(pmm_rt *rt) {
  static const size_t chunks[] = {1, 7, 4096, 8192, 10000, 65536};
  write_input(100000, 80);
  for (size_t i = 0; i < COUNT(chunks); i++) {
    pmm_obj *file = pmmi_file_open(rt, path, "r");
    uint64_t start = start_measuring(rt);
    size_t sum = 0;
    size_t last = chunks[i];
    int whole = 1;
    for (;;) {
      size_t got = length_of(rt, pmmi_file_read(rt, file, chunks[i]));
      if (got == 0 || got == SIZE_MAX) {
        break;
      }
      whole = whole && last == chunks[i]; /* only the last may be short */
      last = got;
      sum += got;
    }
    tap_ok(sum == 100000 && whole && peak_above(rt, start) < 3 * 65536,
           "chunks of %zu", chunks[i]);
    pmmi_file_close(rt, file);
    pmmi_release(rt, file);
  }
  tap_ok(lab_clean(rt), "nothing stays");
}

static void lines_are_read(pmm_rt *rt) {
  static const size_t lengths[] = {1, 80, 8191, 8192, 8193, 30000};
  for (size_t i = 0; i < COUNT(lengths); i++) {
    size_t size = 3 * lengths[i] + lengths[i] / 2;
    write_input(size, lengths[i]);
    pmm_obj *file = pmmi_file_open(rt, path, "r");
    pmm_obj *lines = pmmi_iter(rt, file);
    size_t sum = 0;
    int count = 0;
    for (;;) {
      size_t got = length_of(rt, pmmi_next(rt, lines));
      if (got == SIZE_MAX) {
        break;
      }
      sum += got;
      count++;
    }
    tap_ok(lab_status(rt) == PMM_STOP && sum == size &&
               count == 3 + (lengths[i] > 1),
           "%d lines of %zu bytes", count, lengths[i]);
    tap_ok(length_of(rt, pmmi_file_read_line(rt, file)) == 0,
           "an empty one at the end");
    pmmi_xrelease(rt, lines);
    pmmi_file_close(rt, file);
    pmmi_release(rt, file);
  }
  tap_ok(lab_clean(rt), "nothing stays");
}

/** Somebody at the other end of a pipe. */
struct writer {
  const char *name;  /* opened for writing; NULL: `descriptor` is open      */
  int descriptor;
  unsigned delay_us; /* before each block                                   */
  int blocks;        /* of 1000 bytes                                       */
  pthread_t thread;
};

static void *write_blocks(void *argument) {
  static const char block[1000];
  struct writer *w = argument;
  int out = w->name != NULL ? open(w->name, O_WRONLY) : w->descriptor;
  for (int i = 0; i < w->blocks; i++) {
    usleep(w->delay_us);
    if (write(out, block, sizeof block) < 0) {
      break;
    }
  }
  close(out);
  return NULL;
}

/** Start it with SIGALRM blocked, so that the reader gets the signal. */
static int writer_start(struct writer *w) {
  sigset_t alarms;
  sigset_t old;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &alarms, &old);
  int failed = pthread_create(&w->thread, NULL, write_blocks, w);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return failed;
}

/** A pipe has no size, so that the result has to grow. */
static void pipes_are_read(pmm_rt *rt) {
  char fifo[160];
  snprintf(fifo, sizeof fifo, "%s/fifo", directory);
  struct writer writer = {.name = fifo, .blocks = 200};
  if (mkfifo(fifo, 0600) != 0 || writer_start(&writer) != 0) {
    tap_skip("no fifo");
    return;
  }
  pmm_obj *file = pmmi_file_open(rt, fifo, "r");
  tap_ok(length_of(rt, pmmi_file_read(rt, file, 500)) == 500, "500 of a pipe");
  tap_ok(length_of(rt, pmmi_file_read(rt, file, SIZE_MAX)) == 199500,
         "the rest of it");
  pmmi_file_close(rt, file);
  pmmi_release(rt, file);
  pthread_join(writer.thread, NULL);
  unlink(fifo);
  tap_ok(lab_clean(rt), "nothing stays");
}

static volatile sig_atomic_t alarms_seen;

static void see_alarm(int signal_number) {
  (void)signal_number;
  alarms_seen++;
}

static void signals_do_not_disturb(pmm_rt *rt) {
  int ends[2];
  struct sigaction action = {.sa_handler = see_alarm}; /* no SA_RESTART */
  sigaction(SIGALRM, &action, NULL);
  if (pipe(ends) != 0) {
    tap_skip("no pipe");
    return;
  }
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
  pmm_obj *file = pmmi_file_open(rt, name, "r");
  struct writer writer = {
      .descriptor = ends[1], .delay_us = 100000, .blocks = 2};
  struct itimerval soon = {.it_value = {.tv_usec = 20000}};
  setitimer(ITIMER_REAL, &soon, NULL);
  writer_start(&writer);
  size_t got = length_of(rt, pmmi_file_read(rt, file, SIZE_MAX));
  tap_ok(got == 2000 && alarms_seen == 1, "a read goes on after a signal");
  pmmi_file_close(rt, file);
  pmmi_release(rt, file);
  pthread_join(writer.thread, NULL);
  close(ends[0]);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- writing ------------------------------------------------------------ */

static void writes_are_buffered(pmm_rt *rt) {
  static char large[20000];
  pmm_obj *file = pmmi_file_open(rt, path, "w");
  tap_ok(size_on_disk() == 0, "w empties the file");
  pmmi_file_write(rt, file, "abc", 3);
  tap_ok(size_on_disk() == 0, "what is written waits");
  tap_ok(pmmi_file_flush(rt, file) == PMM_OK && size_on_disk() == 3,
         "until it is flushed");
  pmmi_file_write(rt, file, "defg", 4);
  pmmi_file_write(rt, file, large, sizeof large);
  tap_ok(size_on_disk() == 7 + (off_t)sizeof large,
         "large pieces go straight, in order");
  pmmi_file_write(rt, file, "h", 1);
  tap_ok(pmmi_file_close(rt, file) == PMM_OK &&
             size_on_disk() == 8 + (off_t)sizeof large,
         "closing writes the rest");
  pmmi_release(rt, file);
  file = pmmi_file_open(rt, path, "a");
  pmmi_file_write(rt, file, "i", 1);
  pmmi_file_close(rt, file);
  pmmi_release(rt, file);
  tap_ok(size_on_disk() == 9 + (off_t)sizeof large, "a appends");
  tap_ok(lab_saw("") && lab_clean(rt), "no warning, nothing stays");
}

static void full_devices_are_reported(pmm_rt *rt) {
  pmm_obj *file = pmmi_file_open(rt, "/dev/full", "w");
  if (file == NULL) {
    pmmi_error_clear(rt);
    tap_skip("no /dev/full");
    return;
  }
  int descriptor = pmmi_file_descriptor(rt, file);
  pmmi_file_write(rt, file, "abc", 3);
  tap_ok(pmmi_file_flush(rt, file) == PMM_OS && pmmi_os_errno(rt) == ENOSPC,
         "flush fails with ENOSPC");
  pmmi_error_clear(rt);
  tap_ok(pmmi_file_close(rt, file) == PMM_OS && pmmi_os_errno(rt) == ENOSPC &&
             !is_open(descriptor) && pmmi_file_descriptor(rt, file) == -1,
         "so does close, and the descriptor is closed all the same");
  pmmi_error_clear(rt);
  tap_ok(pmmi_file_close(rt, file) == PMM_OK, "a second close does nothing");
  pmmi_release(rt, file);
  file = pmmi_file_open(rt, "/dev/full", "w");
  pmmi_file_write(rt, file, "abc", 3);
  pmmi_release(rt, file);
  tap_ok(lab_saw("W U8"), "a dropped one warns, and its error is unraisable");
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- closing ------------------------------------------------------------ */

static void misuse_is_refused(pmm_rt *rt) {
  write_input(100, 10);
  tap_ok(pmmi_file_open(rt, "/no/such/file", "r") == NULL &&
             pmmi_os_errno(rt) == ENOENT && lab_status(rt) == PMM_OS,
         "a file that is not there");
  tap_ok(pmmi_file_open(rt, directory, "r") == NULL &&
             pmmi_os_errno(rt) == EISDIR && lab_status(rt) == PMM_OS,
         "a directory");
  tap_ok(pmmi_file_open(rt, path, "x") == NULL && lab_status(rt) == PMM_VALUE,
         "a mode that is not there");
  pmm_obj *file = pmmi_file_open(rt, path, "r");
  tap_ok(pmmi_file_write(rt, file, "a", 1) == PMM_OS &&
             lab_status(rt) == PMM_OS,
         "writing to a file that is read");
  pmmi_file_close(rt, file);
  tap_ok(pmmi_file_read(rt, file, 1) == NULL && lab_status(rt) == PMM_VALUE &&
             pmmi_file_read_line(rt, file) == NULL &&
             lab_status(rt) == PMM_VALUE &&
             pmmi_iter(rt, file) == NULL && lab_status(rt) == PMM_VALUE &&
             pmmi_file_flush(rt, file) == PMM_VALUE &&
             lab_status(rt) == PMM_VALUE,
         "using a closed file");
  pmmi_release(rt, file);
  tap_ok(pmmi_file_read(rt, pmmi_none(rt), 1) == NULL &&
             lab_status(rt) == PMM_TYPE &&
             pmmi_file_close(rt, pmmi_none(rt)) == PMM_TYPE &&
             lab_status(rt) == PMM_TYPE &&
             pmmi_file_descriptor(rt, pmmi_none(rt)) == -1,
         "None is no file");
  tap_ok(lab_clean(rt), "nothing stays");
}

static void descriptors_are_not_confused(pmm_rt *rt) {
  pmm_obj *first = pmmi_file_open(rt, path, "r");
  int descriptor = pmmi_file_descriptor(rt, first);
  pmmi_file_close(rt, first);
  tap_ok(!is_open(descriptor), "closing closes the descriptor");
  pmm_obj *second = pmmi_file_open(rt, path, "r");
  tap_ok(pmmi_file_descriptor(rt, second) == descriptor, "which is used again");
  pmmi_file_close(rt, first);
  tap_ok(is_open(descriptor), "closing twice does not close the other file");
  pmmi_release(rt, first);
  tap_ok(is_open(descriptor) && lab_saw(""), "nor does dropping");
  pmm_obj *third = pmmi_file_open(rt, path, "r");
  int other = pmmi_file_descriptor(rt, third);
  pmmi_release(rt, second);
  pmmi_release(rt, third);
  tap_ok(lab_saw("W W") && !is_open(descriptor) && !is_open(other),
         "dropping an open file closes it with a warning");
  tap_ok(lab_clean(rt), "nothing stays");
}

static void with_blocks_close(pmm_rt *rt) {
  struct pmm_code good = CODE(1, 2, WITH(1, 0), END);
  struct pmm_code bad = CODE(1, 2, WITH(1, 0), RAISE(PMM_USER), END);
  pmm_obj *file = pmmi_file_open(rt, path, "w");
  pmmi_file_write(rt, file, "abc", 3);
  int descriptor = pmmi_file_descriptor(rt, file);
  tap_ok(lab_drop(rt, lab_run(rt, &good, &file, 1)) && !is_open(descriptor) &&
             size_on_disk() == 3,
         "leaving the block flushes and closes");
  tap_ok(lab_run(rt, &good, &file, 1) == NULL && lab_status(rt) == PMM_VALUE,
         "a closed file cannot be entered");
  pmmi_release(rt, file);
  file = pmmi_file_open(rt, path, "w");
  pmmi_file_write(rt, file, "abcd", 4);
  tap_ok(lab_run(rt, &bad, &file, 1) == NULL && lab_status(rt) == PMM_USER &&
             pmmi_file_descriptor(rt, file) == -1 && size_on_disk() == 4,
         "on an error, too");
  pmmi_release(rt, file);
  file = pmmi_file_open(rt, path, "r");
  struct pmm_code holds = CODE(1, 2, WITH(1, 0), YIELD(1), END);
  pmm_obj *g = pmmi_generator_new(rt, &holds, &file, 1);
  pmmi_release(rt, pmmi_next(rt, g));
  descriptor = pmmi_file_descriptor(rt, file);
  pmmi_release(rt, file);
  tap_ok(is_open(descriptor), "a generator in the block keeps it open");
  pmmi_release(rt, g);
  tap_ok(!is_open(descriptor) && lab_saw(""), "dropping that closes it");
  tap_ok(lab_clean(rt), "nothing stays");
}

static void data_outlives_the_file(pmm_rt *rt) {
  write_input(1 << 20, 80);
  struct pmm_memory memory = {.struct_size = sizeof memory};
  pmm_obj *file = pmmi_file_open(rt, path, "r");
  pmm_obj *data = pmmi_file_read(rt, file, SIZE_MAX);
  pmmi_memory(rt, &memory);
  uint64_t before = memory.live_bytes;
  pmmi_file_close(rt, file);
  pmmi_memory(rt, &memory);
  tap_ok(before - memory.live_bytes == PMMI_FILE_BUFFER,
         "closing gives the buffer back, and that alone");
  before = memory.live_bytes;
  tap_ok(length_of(rt, data) == 1 << 20, "the data is its owner's");
  pmmi_memory(rt, &memory);
  tap_ok(before - memory.live_bytes > 1 << 20, "and goes with its owner");
  pmmi_release(rt, file);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void weak_references_work(pmm_rt *rt) {
  pmm_obj *file = pmmi_file_open(rt, path, "r");
  pmm_obj *weak = pmmi_weakref_new(rt, file, NULL, NULL, 0);
  pmmi_file_close(rt, file);
  pmmi_release(rt, file);
  tap_ok(weak != NULL && pmmi_weakref_get(rt, weak) == NULL, "dead with it");
  pmmi_xrelease(rt, weak);
  tap_ok(lab_clean(rt), "nothing stays");
}

/** What close() does with files that are open, and close() itself. */
static void open_files_are_closed_at_the_end(pmm_rt *rt) {
  pmm_obj *held = pmmi_file_open(rt, path, "w");
  pmmi_file_write(rt, held, "abcde", 5);
  int descriptor = pmmi_file_descriptor(rt, held);
  pmmi_files_fini(rt);
  tap_ok(lab_saw("W") && !is_open(descriptor) && size_on_disk() == 5,
         "an open file is closed, with a warning, whoever holds it");
  pmmi_release(rt, held);
  pmm_obj *file = pmmi_file_open(rt, path, "w");
  pmmi_file_write(rt, file, "abcdef", 6);
  descriptor = pmmi_file_descriptor(rt, file);
  pmm_obj *list = pmmi_list_from(rt, &file, 1);
  pmmi_release(rt, file);
  pmmi_close(rt);
  tap_ok(list != NULL && lab_saw("W") && !is_open(descriptor) &&
             size_on_disk() == 6,
         "closing the runtime closes it, in a list that nobody released");
}

/* ---- failing allocations ------------------------------------------------ */

static enum pmm_status read_job(pmm_rt *rt) {
  pmm_obj *file = pmmi_file_open(rt, path, "r");
  if (file == NULL) {
    return pmmi_error(rt);
  }
  size_t sum = 0;
  for (int i = 0; i < 8; i++) {
    pmm_obj *line = i == 7 ? pmmi_file_read(rt, file, SIZE_MAX)
                           : pmmi_file_read_line(rt, file);
    if (line == NULL) { /* nothing may be lost by a failure */
      enum pmm_status status = lab_status(rt);
      pmmi_inject_disarm(rt);
      line = pmmi_file_read(rt, file, SIZE_MAX);
      sum += length_of(rt, line);
      tap_ok(sum == 50000, "a failed read takes nothing out of the file");
      pmmi_file_close(rt, file);
      pmmi_release(rt, file);
      pmmi_fail(rt, status, "found");
      return status;
    }
    sum += length_of(rt, line);
  }
  pmmi_file_close(rt, file);
  pmmi_release(rt, file);
  return PMM_OK;
}

/** lab_sweep() for a job that disarms: failures are counted by its status. */
static int sweep_reading(pmm_rt *rt) {
  for (uint64_t nth = 1; nth < 100; nth++) {
    pmmi_inject_arm(rt, nth, (int)(nth % 2));
    enum pmm_status status = read_job(rt);
    pmmi_inject_disarm(rt);
    pmmi_error_clear(rt);
    if (!lab_clean(rt) || (status != PMM_OK && status != PMM_NO_MEMORY)) {
      return 0;
    }
    if (status == PMM_OK) {
      return nth > 10;
    }
  }
  return 0;
}

static enum pmm_status write_job(pmm_rt *rt) {
  pmm_obj *file = pmmi_file_open(rt, path, "a");
  if (file != NULL) {
    pmmi_file_write(rt, file, "abc", 3);
    pmmi_file_close(rt, file);
    pmmi_release(rt, file);
  }
  return pmmi_error(rt);
}

int main(int argc, char **argv) {
  tap_plan(0);
  if (mkdtemp(directory) == NULL) {
    printf("Bail out! no directory for files\n");
    return 1;
  }
  snprintf(path, sizeof path, "%s/input", directory);
  pmm_rt *rt = lab_open(argc, argv);
  whole_files_are_read(rt);
  chunks_cover_the_file(rt);
  lines_are_read(rt);
  pipes_are_read(rt);
  signals_do_not_disturb(rt);
  writes_are_buffered(rt);
  full_devices_are_reported(rt);
  misuse_is_refused(rt);
  descriptors_are_not_confused(rt);
  with_blocks_close(rt);
  data_outlives_the_file(rt);
  weak_references_work(rt);
  tap_ok(lab_sweep(rt, write_job) == 4, "opening may fail twice");
  write_input(50000, 7000);
  tap_ok(sweep_reading(rt), "every allocation of a read may fail");
  open_files_are_closed_at_the_end(rt);
  unlink(path);
  rmdir(directory);
  return tap_done();
}
