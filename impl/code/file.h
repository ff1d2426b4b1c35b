/* SPDX-License-Identifier: MIT */
/*
 * file.h - files: bytes over a descriptor, through a buffer.
 *
 *   1. A file reads or writes; its buffer holds what was read ahead, or what
 *      is still to be written.
 *   2. Reads of a buffer's size and more go straight into the result, so a
 *      whole file is in memory once.
 *   3. Closing flushes, closes the descriptor whatever flushing said, and
 *      gives the buffer back.  What read() returned is its owner's.
 *   4. An open file whose last reference goes is closed with the event
 *      WARNING, and so is one that is still open when the runtime closes:
 *      all open files are in a list.
 *   5. A read that fails for want of memory takes nothing out of the file.
 *
 *        read:   0 ......... at ........ filled ........ PMMI_FILE_BUFFER
 *                  consumed    read ahead      free
 *        write:  0 ..................... filled ........ PMMI_FILE_BUFFER
 *                  to be written               free
 *
 * Invariant: descriptor >= 0 exactly while the file is open, in the list and
 * has a buffer; at <= filled; a file that writes has at 0.
 *
 * Source: CPython 3.11 Modules/_io/bufferedio.c and fileio.c, PEP 475 (EINTR).
 */
#ifndef PMMI_FILE_H
#define PMMI_FILE_H

#include <sys/types.h>

#include "code/file_read.h"
#include "core/object.h"

/** Bytes of a file's buffer; io.DEFAULT_BUFFER_SIZE. */
#define PMMI_FILE_BUFFER 8192

struct pmmi_weakref;

/** A place in the runtime's list of open files.  Links point into a file and
 *  not at its start, so that a leak checker tells a file that only the list
 *  knows (possibly lost) from one that somebody holds. */
struct pmmi_file_link {
  struct pmmi_file_link *next;  /* older; NULL: the oldest                  */
  struct pmmi_file_link **from; /* what points here                         */
};

/** A file object. */
struct pmmi_file {
  struct pmm_obj base;
  struct pmmi_weakref *weak;  /* weak references to it                      */
  struct pmmi_file_link link; /* in the list while it is open               */
  unsigned char *buffer;      /* owned; NULL when closed                    */
  size_t at;                  /* reading: first byte not consumed           */
  size_t filled;              /* bytes in use                               */
  int descriptor;             /* owned; -1 when closed                      */
  int writes;                 /* 1: opened for writing, else for reading    */
};

/** The files' part of a runtime. */
struct pmmi_files {
  struct pmmi_file_link *open; /* newest first                              */
};

/** The file that a link lies in. */
static inline struct pmmi_file *pmmi_file_of(struct pmmi_file_link *link) {
  return (struct pmmi_file *)(void *)((char *)link -
                                      offsetof(struct pmmi_file, link));
}

extern const struct pmmi_type pmmi_file_type;

/** Close every file that is open, with its warning.  Cannot fail. */
void pmmi_files_fini(pmm_rt *rt);

/** PMM_TYPE unless `o` is a file, PMM_VALUE unless it is open, PMM_OS unless
 *  it is for writing (1) or for reading (0). */
enum pmm_status pmmi_file_check(pmm_rt *rt, pmm_obj *o, int writes);

/** read(2) and write(2), repeated when a signal interrupts; -1: errno. */
ssize_t pmmi_file_pull(const struct pmmi_file *file, void *data, size_t size);
ssize_t pmmi_file_push(const struct pmmi_file *file, const void *data,
                       size_t size);

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

pmm_obj *pmmi_file_open(pmm_rt *rt, const char *path, const char *mode);
enum pmm_status pmmi_file_write(pmm_rt *rt, pmm_obj *file, const void *data,
                                size_t size);
enum pmm_status pmmi_file_flush(pmm_rt *rt, pmm_obj *file);
enum pmm_status pmmi_file_close(pmm_rt *rt, pmm_obj *file);
int pmmi_file_descriptor(pmm_rt *rt, pmm_obj *file);

#endif /* PMMI_FILE_H */
