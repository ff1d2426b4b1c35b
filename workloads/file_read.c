/* SPDX-License-Identifier: MIT */
/*
 * file_read.c - a real file read whole or in chunks, closed by hand or by a
 * context manager, and what becomes of it when the reader fails half-way.
 *
 *   chunks_64k         with file: read 64 KiB at a time
 *   whole_with         with file: read all of it
 *   whole_open_close   open, read all, close
 *   ..._error          the same; the reader raises after half of the file
 *
 * Descriptors and memory are noted when the file is opened, read, closed (or
 * the reader has failed) and when the data is released.  The check is an
 * independent reading by stdio: size, lines and CRC-32 must agree.
 *
 * Source: article 0 (open, read, close; with open) and article 2 (streaming
 * in chunks); python/file_read.py is the same job in Python.
 */
#include "digest.h"
#include "input.h"
#include "workload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAILS = 1 };

/** What an independent reading found. */
struct plan {
  struct pmm_digest whole;
  struct pmm_digest half; /* of the first half                              */
};

/** What the functions that a code calls share. */
struct reading {
  struct pmm_work *work;
  struct pmm_digest digest; /* of what was read                             */
  uint64_t most;            /* bytes until the end or the failure           */
  int fails;                /* 1: raise PMM_USER after `most`               */
};

static void begin_reading(struct reading *reading, struct pmm_work *work) {
  const struct plan *plan = work->plan;
  int fails = work->variant->option == FAILS;
  *reading = (struct reading){.work = work, .fails = fails};
  reading->most = fails ? plan->half.size : plan->whole.size;
}

/** Add the bytes of an object to the digest, a tick a chunk. */
static void digest_object(struct reading *reading, pmm_obj *data) {
  struct pmm_work *work = reading->work;
  size_t chunk = (size_t)pmm_work_integer(work, "chunk");
  size_t size = 0;
  const char *bytes = work->ops->bytes_data(work->rt, data, &size);
  for (size_t at = 0; bytes != NULL && at < size; at += chunk) {
    size_t left = size - at;
    pmm_digest_add(&reading->digest, bytes + at, left < chunk ? left : chunk);
    pmm_work_tick(work);
  }
}

/** Announce the ticks of reading or digesting all that is read. */
static void expect_chunks(const struct reading *reading) {
  uint64_t chunk = (uint64_t)pmm_work_integer(reading->work, "chunk");
  pmm_work_expect(reading->work, (reading->most + chunk - 1) / chunk);
}

static void verify(struct reading *reading, int as_expected) {
  const struct plan *plan = reading->work->plan;
  const struct pmm_digest *found = &reading->digest;
  int equal = pmm_digest_equal(found, reading->fails ? &plan->half
                                                     : &plan->whole);
  pmm_work_verify(reading->work, equal && as_expected,
                  "%scrc32:%08" PRIx32 " size:%" PRIu64 " lines:%" PRIu64,
                  reading->fails ? "failed after " : "", found->crc,
                  found->size, found->lines);
}

/** The whole file, or its half and then the reader's error. */
static enum pmm_status read_whole(void *ctx, pmm_rt *rt, pmm_obj *file,
                                  pmm_obj **result) {
  struct reading *reading = ctx;
  const struct pmm_ops *ops = reading->work->ops;
  *result = ops->file_read(rt, file,
                           reading->fails ? (size_t)reading->most : SIZE_MAX);
  if (*result == NULL) {
    return ops->error(rt);
  }
  if (!reading->fails) {
    return PMM_OK;
  }
  expect_chunks(reading);
  digest_object(reading, *result);
  ops->clear(rt, result);
  ops->error_set(rt, PMM_USER, "the reader failed half-way");
  return PMM_USER;
}

/** The same from inside a with block, which then closes the file. */
static enum pmm_status read_inside(void *ctx, pmm_rt *rt, pmm_obj *file,
                                   pmm_obj **result) {
  struct reading *reading = ctx;
  enum pmm_status status = read_whole(ctx, rt, file, result);
  if (status == PMM_OK) {
    pmm_work_note(reading->work, "read");
    pmm_work_phase(reading->work, "close");
  }
  return status;
}

/** One chunk; raises when half of the file was read and the reader fails. */
static enum pmm_status read_chunk(void *ctx, pmm_rt *rt, pmm_obj *file,
                                  pmm_obj **result) {
  struct reading *reading = ctx;
  const struct pmm_ops *ops = reading->work->ops;
  uint64_t left = reading->most - reading->digest.size;
  uint64_t chunk = (uint64_t)pmm_work_integer(reading->work, "chunk");
  *result = NULL;
  pmm_obj *data =
      ops->file_read(rt, file, (size_t)(left < chunk ? left : chunk));
  if (data == NULL) {
    return ops->error(rt);
  }
  digest_object(reading, data);
  ops->release(rt, data);
  if (reading->fails && reading->digest.size >= reading->most) {
    ops->error_set(rt, PMM_USER, "the reader failed half-way");
    return PMM_USER;
  }
  return PMM_OK;
}

/** Digest data that is whole, then release it. */
static void use_and_release(struct reading *reading, pmm_obj *data) {
  struct pmm_work *work = reading->work;
  pmm_work_phase(work, "use");
  expect_chunks(reading);
  digest_object(reading, data);
  pmm_work_phase(work, "release");
  work->ops->release(work->rt, data);
  pmm_work_note(work, "released");
}

/** The reader failed: note what is held, then drop the file.  Any error but
 *  the reader's own is the variant's. */
static enum pmm_status after_failure(struct reading *reading, pmm_obj *file,
                                     int closed_expected) {
  struct pmm_work *work = reading->work;
  enum pmm_status status = work->ops->error(work->rt);
  if (status != PMM_USER || !reading->fails) {
    work->ops->release(work->rt, file);
    return status;
  }
  work->ops->error_clear(work->rt);
  pmm_work_note(work, "failed");
  int closed = work->ops->file_descriptor(work->rt, file) < 0;
  verify(reading, closed == closed_expected);
  pmm_work_phase(work, "release");
  work->ops->release(work->rt, file);
  pmm_work_note(work, "released");
  return PMM_OK;
}

static enum pmm_status open_input(struct pmm_work *work, pmm_obj **file) {
  pmm_work_phase(work, "open");
  *file = work->ops->file_open(work->rt, pmm_work_text(work, "input"), "r");
  if (*file == NULL) {
    return work->ops->error(work->rt);
  }
  pmm_work_note(work, "opened");
  pmm_work_phase(work, "read");
  return PMM_OK;
}

static enum pmm_status whole_open_close(struct pmm_work *work) {
  const struct pmm_ops *ops = work->ops;
  struct reading reading;
  pmm_obj *file;
  pmm_obj *data;
  begin_reading(&reading, work);
  enum pmm_status status = open_input(work, &file);
  if (status != PMM_OK) {
    return status;
  }
  if (read_whole(&reading, work->rt, file, &data) != PMM_OK) {
    return after_failure(&reading, file, 0);
  }
  pmm_work_note(work, "read");
  pmm_work_phase(work, "close");
  status = ops->file_close(work->rt, file);
  ops->release(work->rt, file);
  pmm_work_note(work, "closed");
  use_and_release(&reading, data);
  if (status == PMM_OK) {
    verify(&reading, 1);
  }
  return status;
}

/** Run `code` on the opened input: *data is what it returns, and the file is
 *  dropped; or the outcome of a failure, and *data is NULL. */
static enum pmm_status run_code(struct reading *reading,
                                const struct pmm_code *code, pmm_obj **data) {
  struct pmm_work *work = reading->work;
  const struct pmm_ops *ops = work->ops;
  pmm_obj *file;
  *data = NULL;
  pmm_obj *function = ops->function_new(work->rt, code);
  if (function == NULL) {
    return ops->error(work->rt);
  }
  enum pmm_status status = open_input(work, &file);
  if (status == PMM_OK) {
    *data = ops->call(work->rt, function, &file, 1);
    if (*data == NULL) {
      status = after_failure(reading, file, 1);
    } else {
      int closed = ops->file_descriptor(work->rt, file) < 0;
      ops->release(work->rt, file);
      pmm_work_note(work, "closed");
      pmm_work_verify(work, closed, "closed by the with block");
    }
  }
  ops->release(work->rt, function);
  return status;
}

/** def f(file): with file as f: data = read(f); then return data. */
static enum pmm_status whole_with(struct pmm_work *work) {
  static const struct pmm_instruction body[] = {
      {PMM_WITH, 1, 0, 0},   {PMM_CALL, 2, 0, 1}, {PMM_END, 0, 0, 0},
      {PMM_RETURN, 2, 0, 0},
  };
  struct reading reading;
  const struct pmm_code_call call = {read_inside, &reading};
  const struct pmm_code code = {
      .struct_size = sizeof code,
      .name = "read_with",
      .args = 1,
      .locals = 3,
      .instructions = body,
      .instruction_count = sizeof body / sizeof body[0],
      .calls = &call,
      .call_count = 1,
  };
  pmm_obj *data;
  begin_reading(&reading, work);
  enum pmm_status status = run_code(&reading, &code, &data);
  if (status == PMM_OK && data != NULL) {
    use_and_release(&reading, data);
    verify(&reading, 1);
  }
  return status;
}

/** def f(file): with file as f: for i in range(n): chunk(f). */
static enum pmm_status chunks(struct pmm_work *work) {
  struct reading reading;
  begin_reading(&reading, work);
  uint64_t chunk = (uint64_t)pmm_work_integer(work, "chunk");
  uint64_t rounds = (reading.most + chunk - 1) / chunk;
  const struct pmm_instruction body[] = {
      {PMM_WITH, 1, 0, 0},   {PMM_FOR_RANGE, 2, (int64_t)rounds, 0},
      {PMM_CALL, 3, 0, 1},   {PMM_END, 0, 0, 0},
      {PMM_END, 0, 0, 0},    {PMM_RETURN, -1, 0, 0},
  };
  const struct pmm_code_call call = {read_chunk, &reading};
  const struct pmm_code code = {
      .struct_size = sizeof code,
      .name = "read_chunks",
      .args = 1,
      .locals = 4,
      .instructions = body,
      .instruction_count = sizeof body / sizeof body[0],
      .calls = &call,
      .call_count = 1,
  };
  pmm_obj *nothing;
  expect_chunks(&reading);
  enum pmm_status status = run_code(&reading, &code, &nothing);
  if (status == PMM_OK && nothing != NULL) {
    work->ops->release(work->rt, nothing);
    pmm_work_phase(work, "release");
    pmm_work_note(work, "released");
    verify(&reading, 1);
  }
  return status;
}

/* ---- the input ----------------------------------------------------------- */

static int read_independently(const char *path, struct plan *plan) {
  if (pmm_digest_file(path, UINT64_MAX, &plan->whole) != 0 ||
      pmm_digest_file(path, plan->whole.size / 2, &plan->half) != 0) {
    return -1;
  }
  return 0;
}

static int prepare(struct pmm_work_values *values, void **plan, char *message,
                   size_t size) {
  if (values->texts[0][0] == '\0') {
    char *made = pmm_input_make(message, size);
    if (made == NULL) {
      return -1;
    }
    free(values->texts[0]);
    values->texts[0] = made;
  }
  struct plan *found = calloc(1, sizeof *found);
  if (found == NULL || read_independently(values->texts[0], found) != 0) {
    snprintf(message, size, "cannot read %s: %s", values->texts[0],
             strerror(errno));
    free(found);
    return -1;
  }
  if (found->whole.size == 0) {
    snprintf(message, size, "%s is empty", values->texts[0]);
    free(found);
    return -1;
  }
  *plan = found;
  return 0;
}

static const struct pmm_work_parameter parameters[] = {
    {"input", "path", "file to read; empty: the Python sources found", "", 0,
     0, 0},
    {"chunk", "bytes", "bytes read at a time by chunks_64k", NULL, 65536, 1,
     1 << 30},
    {0},
};

static const struct pmm_work_variant variants[] = {
    {"chunks_64k", "in chunks, in a with block",
     {"file", "bytes", "context", "frame"}, chunks, 0},
    {"whole_with", "whole, in a with block",
     {"file", "bytes", "context", "frame"}, whole_with, 0},
    {"whole_open_close", "whole, closed by hand", {"file", "bytes"},
     whole_open_close, 0},
    {"chunks_64k_error", "the reader fails half-way",
     {"file", "bytes", "context", "frame"}, chunks, FAILS},
    {"whole_with_error", "the reader fails half-way",
     {"file", "bytes", "context", "frame"}, whole_with, FAILS},
    {"whole_open_close_error", "the reader fails half-way", {"file", "bytes"},
     whole_open_close, FAILS},
    {0},
};

const struct pmm_workload pmm_workload_file_read = {
    .name = "file_read",
    .summary = "a file read whole and in chunks, closed by hand and by with",
    .source = "articles 0 (open, with open) and 2 (streaming in chunks)",
    .title = "Reading a file",
    .question = "Does a context manager free memory, or the descriptor? What "
                "do chunks save?",
    .smallest = "input={program} chunk=4096",
    .parameters = parameters,
    .variants = variants,
    .prepare = prepare,
    .discard = free,
};
