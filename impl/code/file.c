/* SPDX-License-Identifier: MIT */
/* file.c - opening, writing and closing files; idea and drawing: file.h.
 * Reading is in file_read.c. */
#include "code/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "code/code_state.h"
#include "memory/memory.h"

static struct pmmi_file *as_file(pmm_obj *o) {
  assert(o->type == &pmmi_file_type);
  return (struct pmmi_file *)(void *)o;
}

static enum pmm_status check_open(pmm_rt *rt, pmm_obj *o) {
  if (o->type != &pmmi_file_type) {
    return pmmi_fail(rt, PMM_TYPE, "not a file");
  }
  if (as_file(o)->descriptor < 0) {
    return pmmi_fail(rt, PMM_VALUE, "the file is closed");
  }
  return PMM_OK;
}

enum pmm_status pmmi_file_check(pmm_rt *rt, pmm_obj *o, int writes) {
  enum pmm_status status = check_open(rt, o);
  if (status == PMM_OK && as_file(o)->writes != writes) {
    return pmmi_fail_os(rt, EBADF,
                        writes ? "the file is open for reading"
                               : "the file is open for writing");
  }
  return status;
}

ssize_t pmmi_file_pull(const struct pmmi_file *file, void *data, size_t size) {
  assert(file->descriptor >= 0 && size > 0);
  ssize_t n = 0;
  do {
    n = read(file->descriptor, data, size);
  } while (n < 0 && errno == EINTR);
  return n;
}

ssize_t pmmi_file_push(const struct pmmi_file *file, const void *data,
                       size_t size) {
  assert(file->descriptor >= 0 && !(size == 0 && data == NULL));
  ssize_t n = 0;
  do {
    n = write(file->descriptor, data, size);
  } while (n < 0 && errno == EINTR);
  return n;
}

/* ---- opening ------------------------------------------------------------ */

/** Flags of open(2) for a mode; -1: no such mode. */
static int flags_of(const char *mode) {
  assert(mode != NULL);
  if (strcmp(mode, "r") == 0) {
    return O_RDONLY;
  }
  if (strcmp(mode, "w") == 0) {
    return O_WRONLY | O_CREAT | O_TRUNC;
  }
  return strcmp(mode, "a") == 0 ? O_WRONLY | O_CREAT | O_APPEND : -1;
}

/** A descriptor, or -1 with errno; a directory is refused. */
static int open_path(const char *path, int flags) {
  assert(path != NULL);
  int descriptor = -1;
  do {
    descriptor = open(path, flags | O_CLOEXEC, 0666);
  } while (descriptor < 0 && errno == EINTR);
  struct stat about;
  if (descriptor >= 0 && fstat(descriptor, &about) == 0 &&
      S_ISDIR(about.st_mode)) {
    close(descriptor);
    errno = EISDIR;
    return -1;
  }
  return descriptor;
}

static void list_add(pmm_rt *rt, struct pmmi_file_link *link) {
  assert(link->from == NULL);
  link->next = pmmi_files_of(rt)->open;
  link->from = &pmmi_files_of(rt)->open;
  if (link->next != NULL) {
    link->next->from = &link->next;
  }
  pmmi_files_of(rt)->open = link;
}

static void list_remove(struct pmmi_file_link *link) {
  assert(link->from != NULL && *link->from == link);
  *link->from = link->next;
  if (link->next != NULL) {
    link->next->from = link->from;
  }
}

/* The memory is taken first: a mode "w" that fails has truncated nothing. */
pmm_obj *pmmi_file_open(pmm_rt *rt, const char *path, const char *mode) {
  int flags = flags_of(mode);
  if (flags < 0) {
    return pmmi_fail_null(rt, PMM_VALUE, "the mode is not r, w or a");
  }
  pmm_obj *o = pmmi_object_new(rt, &pmmi_file_type, 0);
  if (o == NULL) {
    return NULL;
  }
  struct pmmi_file *file = as_file(o);
  file->descriptor = -1;
  file->writes = flags != O_RDONLY;
  file->buffer = pmmi_mem_alloc(rt, PMMI_FILE_BUFFER);
  if (file->buffer == NULL) {
    pmmi_release(rt, o);
    return pmmi_fail_null(rt, PMM_NO_MEMORY, "no memory for a file's buffer");
  }
  file->descriptor = open_path(path, flags);
  if (file->descriptor < 0) {
    int os_errno = errno;
    pmmi_release(rt, o);
    pmmi_fail_os(rt, os_errno, "the file cannot be opened");
    return NULL;
  }
  list_add(rt, &file->link);
  return o;
}

/* ---- writing ------------------------------------------------------------ */

/** Write all of `data`; *done tells how much got through. */
static enum pmm_status push_all(pmm_rt *rt, const struct pmmi_file *file,
                                const unsigned char *data, size_t size,
                                size_t *done) {
  assert(file->writes && done != NULL);
  *done = 0;
  while (*done < size) {
    ssize_t n = pmmi_file_push(file, data + *done, size - *done);
    if (n < 0) {
      return pmmi_fail_os(rt, errno, "writing to a file failed");
    }
    *done += (size_t)n;
  }
  return PMM_OK;
}

/** What could not be written stays in the buffer. */
static enum pmm_status flush(pmm_rt *rt, struct pmmi_file *file) {
  assert(file->filled <= PMMI_FILE_BUFFER);
  size_t done = 0;
  enum pmm_status status =
      push_all(rt, file, file->buffer, file->filled, &done);
  memmove(file->buffer, file->buffer + done, file->filled - done);
  file->filled -= done;
  return status;
}

enum pmm_status pmmi_file_write(pmm_rt *rt, pmm_obj *o, const void *data,
                                size_t size) {
  assert(size == 0 || data != NULL);
  enum pmm_status status = pmmi_file_check(rt, o, 1);
  if (status != PMM_OK) {
    return status;
  }
  struct pmmi_file *file = as_file(o);
  if (size > PMMI_FILE_BUFFER - file->filled) {
    status = flush(rt, file);
  }
  if (status != PMM_OK) {
    return status;
  }
  if (size >= PMMI_FILE_BUFFER) {
    size_t done = 0;
    return push_all(rt, file, data, size, &done);
  }
  if (size > 0) {
    memcpy(file->buffer + file->filled, data, size);
    file->filled += size;
  }
  return PMM_OK;
}

enum pmm_status pmmi_file_flush(pmm_rt *rt, pmm_obj *o) {
  enum pmm_status status = check_open(rt, o);
  if (status == PMM_OK && as_file(o)->writes) {
    status = flush(rt, as_file(o));
  }
  return status;
}

/* ---- closing ------------------------------------------------------------ */

/* close(2) is not repeated after EINTR: Linux has closed by then, and the
 * number may already be somebody else's. */
enum pmm_status pmmi_file_close(pmm_rt *rt, pmm_obj *o) {
  if (o->type != &pmmi_file_type) {
    return pmmi_fail(rt, PMM_TYPE, "not a file");
  }
  struct pmmi_file *file = as_file(o);
  if (file->descriptor < 0) {
    return PMM_OK;
  }
  enum pmm_status status = file->writes ? flush(rt, file) : PMM_OK;
  int failed = close(file->descriptor) != 0 && errno != EINTR;
  int os_errno = errno;
  file->descriptor = -1;
  list_remove(&file->link);
  pmmi_mem_free(rt, file->buffer, PMMI_FILE_BUFFER);
  file->buffer = NULL;
  file->at = 0;
  file->filled = 0;
  if (status == PMM_OK && failed) {
    status = pmmi_fail_os(rt, os_errno, "closing a file failed");
  }
  return status;
}

int pmmi_file_descriptor(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  return o->type == &pmmi_file_type ? as_file(o)->descriptor : -1;
}

/** Close a file that nobody closed. */
static void close_with_warning(pmm_rt *rt, struct pmmi_file *file) {
  assert(file->descriptor >= 0);
  pmmi_event(rt, PMM_EVENT_WARNING, 0, file->descriptor);
  if (pmmi_file_close(rt, &file->base) != PMM_OK) {
    pmmi_error_unraisable(rt);
  }
}

void pmmi_files_fini(pmm_rt *rt) {
  while (pmmi_files_of(rt)->open != NULL) {
    close_with_warning(rt, pmmi_file_of(pmmi_files_of(rt)->open));
  }
}

/* ---- the type ----------------------------------------------------------- */

static void file_finalize(pmm_rt *rt, pmm_obj *o) {
  assert(o->type == &pmmi_file_type);
  if (as_file(o)->descriptor >= 0) {
    close_with_warning(rt, as_file(o));
  }
}

static void file_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  struct pmmi_file *file = as_file(o);
  assert(file->descriptor < 0);
  pmmi_mem_free(rt, file->buffer, PMMI_FILE_BUFFER);
  pmmi_object_free(rt, o);
}

static pmm_obj *file_iter(pmm_rt *rt, pmm_obj *o) {
  return check_open(rt, o) == PMM_OK ? pmmi_new_reference(rt, o) : NULL;
}

static pmm_obj *file_next(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *line = pmmi_file_read_line(rt, o);
  size_t size = 0;
  if (line != NULL) {
    (void)pmmi_bytes_data(rt, line, &size);
  }
  if (line == NULL || size > 0) {
    return line;
  }
  pmmi_release(rt, line);
  return pmmi_fail_null(rt, PMM_STOP, "the file is at its end");
}

static enum pmm_status file_exit(pmm_rt *rt, pmm_obj *o, enum pmm_status error,
                                 int *suppress) {
  assert(suppress != NULL);
  (void)error;
  (void)suppress;
  return pmmi_file_close(rt, o);
}

static size_t file_owned_bytes(pmm_obj *o) {
  return as_file(o)->buffer != NULL ? PMMI_FILE_BUFFER : 0;
}

const struct pmmi_type pmmi_file_type = {
    .base = {PMMI_IMMORTAL, NULL},
    .name = "file",
    .basic_size = sizeof(struct pmmi_file),
    .weak_offset = offsetof(struct pmmi_file, weak),
    .dealloc = file_dealloc,
    .finalize = file_finalize,
    .iter = file_iter,
    .next = file_next,
    .enter = file_iter,
    .exit = file_exit,
    .owned_bytes = file_owned_bytes,
};
