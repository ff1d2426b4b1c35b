/* SPDX-License-Identifier: MIT */
/*
 * file_read.c - reading: at most n bytes, all bytes, a line.
 *
 *   1. How much is left of a regular file is known; so a read asks for one
 *      block of that size, reads into it and cuts what did not come.
 *   2. Of anything else, and of a file that grew meanwhile, the block
 *      doubles as long as bytes come.
 *   3. Where memory fails after bytes were read, the file is put back to
 *      where it was, if it can be.
 */
#include "code/file_read.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "code/code_state.h"
#include "code/file.h"
#include "memory/memory.h"

/** First block for a file whose size is not known. */
#define FIRST_BYTES (2 * (size_t)PMMI_FILE_BUFFER)

/** A result that is being read, and where it began. */
struct reading {
  pmm_rt *rt;
  struct pmmi_file *file;
  off_t start;     /* offset of the first byte in the file; -1: none        */
  size_t most;     /* bytes wanted at most                                  */
  size_t size;     /* bytes read                                            */
  size_t room;     /* bytes the block can take                              */
  pmm_obj *bytes;  /* the block                                             */
};

static unsigned char *data_of(pmm_obj *bytes) {
  assert(pmmi_is_bytes(bytes));
  return ((struct pmmi_bytes *)(void *)bytes)->bytes;
}

/** Where the next byte to be consumed is in the file; -1: not to be told. */
static off_t offset_of(const struct pmmi_file *file) {
  assert(file->at <= file->filled);
  off_t at = lseek(file->descriptor, 0, SEEK_CUR);
  return at < 0 ? -1 : at - (off_t)(file->filled - file->at);
}

/** Bytes from `start` to the end of a regular file; 0 of any other. */
static size_t bytes_left(const struct pmmi_file *file, off_t start) {
  struct stat about;
  if (start < 0 || fstat(file->descriptor, &about) != 0 ||
      !S_ISREG(about.st_mode) || about.st_size <= start) {
    return 0;
  }
  return (size_t)(about.st_size - start);
}

/** Go back to `start`; nothing has been read. */
static void put_back(struct pmmi_file *file, off_t start) {
  assert(file->at <= file->filled);
  if (start >= 0 && lseek(file->descriptor, start, SEEK_SET) == start) {
    file->at = 0;
    file->filled = 0;
  }
}

static void reading_fail(struct reading *r) {
  put_back(r->file, r->start);
  pmmi_xrelease(r->rt, r->bytes);
  r->bytes = NULL;
}

/** Make the block larger; the bytes read are kept. */
static enum pmm_status reading_grow(struct reading *r) {
  size_t room = 2 * r->room < r->most ? 2 * r->room : r->most;
  pmm_obj *larger = pmmi_bytes_alloc(r->rt, room);
  if (larger == NULL) {
    return PMM_NO_MEMORY;
  }
  memcpy(data_of(larger), data_of(r->bytes), r->size);
  pmmi_release(r->rt, r->bytes);
  r->bytes = larger;
  r->room = room;
  return PMM_OK;
}

/** Bytes from the buffer, else from the descriptor; 0: end; -1: error. */
static ssize_t reading_step(struct reading *r, unsigned char *to, size_t n) {
  assert(n > 0);
  struct pmmi_file *file = r->file;
  if (file->at == file->filled && n < PMMI_FILE_BUFFER) {
    ssize_t got = pmmi_file_pull(file, file->buffer, PMMI_FILE_BUFFER);
    file->at = 0;
    file->filled = got > 0 ? (size_t)got : 0;
    if (got <= 0) {
      return got;
    }
  }
  if (file->at == file->filled) {
    return pmmi_file_pull(file, to, n);
  }
  size_t held = file->filled - file->at;
  n = n < held ? n : held;
  memcpy(to, file->buffer + file->at, n);
  file->at += n;
  return (ssize_t)n;
}

/** Fill the block until the end or until there is as much as is wanted. */
static enum pmm_status reading_run(struct reading *r) {
  while (r->size < r->most) {
    unsigned char extra[1];
    int full = r->size == r->room; /* is there more?  Ask before growing. */
    ssize_t n = full ? reading_step(r, extra, sizeof extra)
                     : reading_step(r, data_of(r->bytes) + r->size,
                                    r->room - r->size);
    if (n < 0) {
      return pmmi_fail_os(r->rt, errno, "reading from a file failed");
    }
    if (n == 0) {
      return PMM_OK;
    }
    if (full) {
      if (reading_grow(r) != PMM_OK) {
        return PMM_NO_MEMORY;
      }
      data_of(r->bytes)[r->size] = extra[0];
    }
    r->size += (size_t)n;
  }
  return PMM_OK;
}

/** Bytes to ask for at once. */
static size_t first_room(const struct reading *r) {
  size_t left = bytes_left(r->file, r->start);
  size_t held = r->file->filled - r->file->at;
  size_t room = left > 0 ? left : held + FIRST_BYTES;
  room = room < r->most ? room : r->most;
  return room > 2 ? room : 2; /* shorter bytes are shared objects */
}

pmm_obj *pmmi_file_read(pmm_rt *rt, pmm_obj *o, size_t size) {
  if (pmmi_file_check(rt, o, 0) != PMM_OK) {
    return NULL;
  }
  if (size == 0) {
    return pmmi_bytes_new(rt, "", 0);
  }
  struct reading r = {.rt = rt, .file = (struct pmmi_file *)(void *)o};
  r.most = size;
  r.start = offset_of(r.file);
  r.room = first_room(&r);
  r.bytes = pmmi_bytes_alloc(rt, r.room);
  if (r.bytes == NULL) {
    return NULL;
  }
  r.room = r.room < size ? r.room : size;
  if (reading_run(&r) != PMM_OK) {
    reading_fail(&r);
    return NULL;
  }
  pmm_obj *bytes = pmmi_bytes_cut(rt, r.bytes, r.size);
  if (bytes == NULL) {
    put_back(r.file, r.start);
  }
  return bytes;
}

/* ---- lines -------------------------------------------------------------- */

/** A line longer than what the buffer holds. */
struct line {
  pmm_rt *rt;
  unsigned char *data;
  size_t size;
  size_t room;
};

static enum pmm_status line_add(struct line *line, const unsigned char *data,
                                size_t size) {
  assert(size == 0 || data != NULL);
  if (size > line->room - line->size) {
    size_t room = 2 * line->room + size;
    unsigned char *larger =
        pmmi_mem_realloc(line->rt, line->data, line->room, room);
    if (larger == NULL) {
      return pmmi_fail(line->rt, PMM_NO_MEMORY, "no memory for a line");
    }
    line->data = larger;
    line->room = room;
  }
  memcpy(line->data + line->size, data, size);
  line->size += size;
  return PMM_OK;
}

/** Bytes of the buffer that belong to the line; *ends: with its newline. */
static size_t line_part(const struct pmmi_file *file, int *ends) {
  assert(file->at <= file->filled);
  assert(ends != NULL);
  const unsigned char *from = file->buffer + file->at;
  size_t held = file->filled - file->at;
  const unsigned char *newline =
      held > 0 ? memchr(from, '\n', held) : NULL;
  *ends = newline != NULL;
  return newline != NULL ? (size_t)(newline - from) + 1 : held;
}

/** Collect buffer after buffer until a newline or the end. */
static enum pmm_status line_collect(struct line *line, struct pmmi_file *file) {
  for (;;) {
    int ends = 0;
    size_t part = line_part(file, &ends);
    if (part > 0 &&
        line_add(line, file->buffer + file->at, part) != PMM_OK) {
      return PMM_NO_MEMORY;
    }
    file->at += part;
    if (ends) {
      return PMM_OK;
    }
    ssize_t n = pmmi_file_pull(file, file->buffer, PMMI_FILE_BUFFER);
    if (n < 0) {
      return pmmi_fail_os(line->rt, errno, "reading from a file failed");
    }
    file->at = 0;
    file->filled = (size_t)n;
    if (n == 0) {
      return PMM_OK;
    }
  }
}

pmm_obj *pmmi_file_read_line(pmm_rt *rt, pmm_obj *o) {
  if (pmmi_file_check(rt, o, 0) != PMM_OK) {
    return NULL;
  }
  struct pmmi_file *file = (struct pmmi_file *)(void *)o;
  int ends = 0;
  size_t part = line_part(file, &ends);
  if (ends) {
    pmm_obj *bytes = pmmi_bytes_new(rt, file->buffer + file->at, part);
    file->at += bytes != NULL ? part : 0;
    return bytes;
  }
  off_t start = offset_of(file);
  struct line line = {.rt = rt};
  pmm_obj *bytes = NULL;
  if (line_collect(&line, file) == PMM_OK) {
    bytes = pmmi_bytes_new(rt, line.size > 0 ? line.data : file->buffer,
                           line.size);
  }
  if (bytes == NULL) {
    put_back(file, start);
  }
  pmmi_mem_free(rt, line.data, line.room);
  return bytes;
}
