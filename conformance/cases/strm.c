/* SPDX-License-Identifier: MIT */
/*
 * cases/strm.c - streams: what passes through is not kept (requirements
 * STRM-…).
 */
#include "codes.h"
#include "files.h"

static void stop_tracing(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->trace_stop(RT);
}

static uint64_t traced_now(struct pmm_test *t) {
  uint64_t current;
  uint64_t peak;
  OPS->trace_get(RT, &current, &peak);
  return current;
}

static uint64_t traced_peak(struct pmm_test *t) {
  uint64_t current;
  uint64_t peak;
  OPS->trace_get(RT, &current, &peak);
  return peak;
}

/* Read the whole file in chunks; how far the traced peak rose. */
static uint64_t peak_of_reading(struct pmm_test *t, const char *path,
                                size_t chunk) {
  OPS->trace_reset_peak(RT);
  uint64_t start = traced_now(t);
  pmm_obj *file = NEW(OPS->file_open(RT, path, "r"));
  size_t length = 1;
  while (length > 0) {
    pmm_obj *data = NEW(OPS->file_read(RT, file, chunk));
    length = length_of(t, data);
    DROP(data);
  }
  expect_ok(OPS->file_close(RT, file));
  DROP(file);
  return traced_peak(t) - start;
}

/* "Reading a file in 64 KiB chunks keeps the traced peak below 8 chunks
 * independent of the file size." */
MUST(strm, chunked_read_has_bounded_peak,
     "Reading in chunks of 64 KiB has a bounded peak",
     REQ("STRM-001"), NEEDS(file, trace)) {
  enum { CHUNK = 65536, MIB = 1 << 20 };
  const char *small = file_of(t, MIB);
  const char *large = file_of(t, 16 * MIB);
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  uint64_t of_small = peak_of_reading(t, small, CHUNK);
  uint64_t of_large = peak_of_reading(t, large, CHUNK);
  expect_ge(of_small, CHUNK);
  expect_lt(of_small, 8 * CHUNK);
  expect_lt(of_large, 8 * CHUNK);
  expect_le(of_large, of_small + 4096); /* not a byte of each chunk         */
  expect_ge(peak_of_reading(t, small, SIZE_MAX), MIB);
  expect_ge(peak_of_reading(t, large, SIZE_MAX), 16 * MIB);
}

enum { LINE = 100 };

/* Iterate over the lines of the file; how far the traced peak rose. */
static uint64_t peak_of_lines(struct pmm_test *t, const char *path,
                              size_t count) {
  OPS->trace_reset_peak(RT);
  uint64_t start = traced_now(t);
  pmm_obj *file = NEW(OPS->file_open(RT, path, "r"));
  pmm_obj *lines = NEW(OPS->iter(RT, file));
  for (size_t i = 0; i < count; i++) {
    pmm_obj *line = NEW(OPS->next(RT, lines));
    expect_eq(length_of(t, line), LINE);
    DROP(line);
  }
  expect_null(OPS->next(RT, lines), PMM_STOP);
  expect_ok(OPS->file_close(RT, file));
  DROP(lines);
  DROP(file);
  return traced_peak(t) - start;
}

/* The same for a list of all lines. */
static uint64_t peak_of_all(struct pmm_test *t, const char *path,
                            size_t count) {
  OPS->trace_reset_peak(RT);
  uint64_t start = traced_now(t);
  pmm_obj *file = NEW(OPS->file_open(RT, path, "r"));
  pmm_obj *all = NEW(OPS->list_convert(RT, file));
  expect_eq(length_of(t, all), count);
  expect_ok(OPS->file_close(RT, file));
  DROP(all);
  DROP(file);
  return traced_peak(t) - start;
}

/* "Iterating lines keeps the peak below 64 KiB; reading all lines grows with
 * the file." */
MUST(strm, line_iteration_has_bounded_peak,
     "Iterating over lines has a bounded peak",
     REQ("STRM-002"), NEEDS(file, trace, list),
     OOM_EXEMPT("20000 lines take too long for a round a failure")) {
  enum { LINES = 5000 };
  const char *shorter = file_of_lines(t, LINES);
  const char *longer = file_of_lines(t, 4 * LINES);
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  uint64_t of_shorter = peak_of_lines(t, shorter, LINES);
  uint64_t of_longer = peak_of_lines(t, longer, 4 * LINES);
  expect_lt(of_shorter, 65536);
  expect_lt(of_longer, 65536);
  expect_le(of_longer, of_shorter + 4096);
  expect_ge(peak_of_all(t, shorter, LINES), LINES * LINE);
  expect_ge(peak_of_all(t, longer, 4 * LINES), 4 * LINES * LINE);
}

/* ---- chunks of items ---------------------------------------------------- */

/* Makes probes with cookies 0, 1, 2 ...  Scratch memory. */
struct maker {
  struct pmm_test *t;
  pmm_obj *type; /* owned by the case                                       */
  int64_t made;
  int64_t chunk; /* items a chunk; 0: probes may live on                    */
};

static enum pmm_status make_item(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                 pmm_obj **result) {
  struct maker *maker = ctx;
  struct pmm_test *t = maker->t;
  (void)arg;
  if (maker->made % maker->chunk == 0) { /* all chunks before are dead */
    check(happened(DEALLOCATED, ANY) == (size_t)maker->made);
  }
  *result = OPS->instance_new(rt, maker->type, maker->made);
  maker->made += *result != NULL;
  return OPS->error(rt);
}

static enum pmm_status make_chunk(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                  pmm_obj **result) {
  struct maker *maker = ctx;
  struct pmm_test *t = maker->t;
  (void)arg;
  *result = OPS->list_new(rt, 0);
  return OPS->error(rt);
}

enum { ITEMS = 10, CHUNK_ITEMS = 4 };

/* for i in range(10): v1 = make_item(); yield v1 - and keep none */
static pmm_obj *items_of(struct pmm_test *t, struct maker *maker) {
  const struct pmm_code_call calls[] = {{make_item, maker}};
  struct pmm_code code =
      CODE("items", 0, 2, {PMM_FOR_RANGE, 0, ITEMS, 0}, {PMM_CALL, 1, 0, -1},
           {PMM_YIELD, -1, 1, 0}, {PMM_DEL, 1, 0, 0}, {PMM_END, 0, 0, 0});
  code.calls = calls;
  code.call_count = 1;
  return generator_of(t, &code);
}

/* Chunks of 4 items of the argument; a short one at its end. */
static pmm_obj *chunks_of(struct pmm_test *t, struct maker *maker,
                          pmm_obj *items) {
  const struct pmm_code_call calls[] = {{make_chunk, maker}};
  struct pmm_code code = CODE(
      "chunks", 1, 4, {PMM_FOR_RANGE, 1, ITEMS, 0}, {PMM_CALL, 2, 0, -1},
      {PMM_FOR_RANGE, 1, CHUNK_ITEMS, 0}, {PMM_FOR_EACH, 3, 0, 0},
      {PMM_APPEND, 2, 3, 0}, {PMM_DEL, 3, 0, 0}, {PMM_BREAK, 0, 0, 0},
      {PMM_END, 0, 0, 0}, {PMM_END, 0, 0, 0}, {PMM_IF, 2, 0, 0},
      {PMM_YIELD, -1, 2, 0}, {PMM_END, 0, 0, 0}, {PMM_DEL, 2, 0, 0},
      {PMM_END, 0, 0, 0});
  code.calls = calls;
  code.call_count = 1;
  return generator_with(t, &code, items);
}

/* "Chunks of k over n items have sizes k..k, n mod k, in order, each freed
 * before the next is made if dropped." */
MUST(strm, chunks_cover_the_input, "10 items in chunks of 4 give 4, 4 and 2",
     REQ("STRM-003"), NEEDS(generator, list)) {
  struct maker *maker = SCRATCH(struct maker);
  maker->t = t;
  maker->type = probe_type(t, "item", 1, PMM_TYPE_GC, NULL, NULL);
  maker->chunk = CHUNK_ITEMS;
  pmm_obj *chunks = chunks_of(t, maker, items_of(t, maker));
  int64_t next = 0;
  const size_t sizes[] = {4, 4, 2};
  for (size_t i = 0; i < 3; i++) {
    pmm_obj *chunk = NEW(OPS->next(RT, chunks));
    expect_eq(length_of(t, chunk), sizes[i]);
    for (size_t j = 0; j < sizes[i]; j++) {
      pmm_obj *item = OPS->list_get(RT, chunk, j);
      expect_eq(OPS->instance_cookie(RT, item), next);
      next++;
    }
    DROP(chunk);
  }
  expect_null(OPS->next(RT, chunks), PMM_STOP);
  expect_eq(maker->made, ITEMS);
  expect_eq(happened(DEALLOCATED, ANY), ITEMS);
}

/* ---- chunks that the runtime makes -------------------------------------- */

/* Take `count` chunks of probes with the cookies from 0 on, and the end; each
 * is gone when the next one is made. */
static void take_chunks(struct pmm_test *t, pmm_obj *chunks,
                        const size_t *sizes, size_t count) {
  int64_t cookie = 0;
  for (size_t i = 0; i < count; i++) {
    pmm_obj *chunk = NEW(OPS->next(RT, chunks));
    expect_eq(length_of(t, chunk), sizes[i]);
    for (size_t j = 0; j < sizes[i]; j++) {
      pmm_obj *item = OPS->list_get(RT, chunk, j);
      expect_eq(OPS->instance_cookie(RT, item), cookie);
      cookie++;
    }
    DROP(chunk);
  }
  expect_null(OPS->next(RT, chunks), PMM_STOP);
  expect_null(OPS->next(RT, chunks), PMM_STOP);
}

/* "Chunks of k over n items have sizes k..k, n mod k, in order, each freed
 * before the next is made if dropped." */
MUST(strm, chunks_of_a_stream, "A stream's chunks die before the next is made",
     REQ("STRM-003"), NEEDS(chunks, generator, list)) {
  struct maker *maker = SCRATCH(struct maker);
  maker->t = t;
  maker->type = probe_type(t, "item", 1, PMM_TYPE_GC, NULL, NULL);
  maker->chunk = CHUNK_ITEMS;
  pmm_obj *items = items_of(t, maker);
  pmm_obj *chunks = NEW(OPS->chunks(RT, items, CHUNK_ITEMS));
  expect_eq(maker->made, 0);
  take_chunks(t, chunks, (const size_t[]){4, 4, 2}, 3);
  expect_eq(maker->made, ITEMS);
  expect_eq(happened(DEALLOCATED, ANY), ITEMS);
}

/* "Chunks of k over n items have sizes k..k, n mod k, in order ..." */
MUST(strm, chunks_of_containers, "A list and a tuple give chunks of all items",
     REQ("STRM-003"), NEEDS(chunks, list, refcount, tuple)) {
  static const struct {
    size_t size;
    size_t count;
    size_t sizes[10];
  } of[] = {{1, 6, {1, 1, 1, 1, 1, 1}}, {4, 2, {4, 2}}, {3, 2, {3, 3}},
            {6, 1, {6}},                {7, 1, {6}},    {SIZE_MAX, 1, {6}}};
  pmm_obj *items[6];
  for (int64_t i = 0; i < 6; i++) {
    items[i] = probe(t, i);
  }
  pmm_obj *both[] = {NEW(OPS->list_from(RT, items, 6)),
                     NEW(OPS->tuple_from(RT, items, 6))};
  for (size_t i = 0; i < 12; i++) {
    size_t k = i / 2;
    pmm_obj *chunks = NEW(OPS->chunks(RT, both[i % 2], of[k].size));
    take_chunks(t, chunks, of[k].sizes, of[k].count);
    expect_eq(OPS->refcount(RT, items[0]), 3);
  }
  expect_null(OPS->next(RT, NEW(OPS->chunks(RT, empty_list(t), 3))), PMM_STOP);
  expect_null(OPS->chunks(RT, both[0], 0), PMM_VALUE);
  expect_null(OPS->chunks(RT, items[0], 3), PMM_TYPE);
}

/* try: yield 0; yield 1; raise; never more */
static pmm_obj *failing_stream(struct pmm_test *t) {
  const struct pmm_code code =
      CODE("failing", 0, 1, {PMM_FOR_RANGE, 0, 2, 0}, {PMM_YIELD, -1, 0, 0},
           {PMM_END, 0, 0, 0}, {PMM_RAISE, 0, PMM_USER, 0});
  return generator_of(t, &code);
}

/* "Chunks of k over n items have sizes k..k, n mod k, in order ..." */
MUST(strm, chunks_survive_an_error, "An error of the source loses no item",
     REQ("STRM-003"), NEEDS(chunks, generator, list)) {
  pmm_obj *chunks = NEW(OPS->chunks(RT, failing_stream(t), 3));
  expect_null(OPS->next(RT, chunks), PMM_USER);
  pmm_obj *rest = NEW(OPS->next(RT, chunks));
  expect_eq(length_of(t, rest), 2);
  expect_int(OPS->list_get(RT, rest, 0), 0);
  expect_int(OPS->list_get(RT, rest, 1), 1);
  expect_null(OPS->next(RT, chunks), PMM_STOP);
}

/* "Chunks of k over n items have sizes k..k, n mod k, in order, each freed
 * before the next is made if dropped." */
MUST(strm, chunks_of_a_file, "A file's chunks are freed before the next",
     REQ("STRM-003"), NEEDS(chunks, file, trace, bytes)) {
  enum { CHUNK = 65536, CHUNKS = 20, TAIL = 1000 };
  const char *path = file_of(t, CHUNKS * CHUNK + TAIL);
  pmm_obj *file = NEW(OPS->file_open(RT, path, "r"));
  pmm_obj *chunks = NEW(OPS->file_chunks(RT, file, CHUNK));
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  for (int i = 0; i <= CHUNKS; i++) {
    size_t size = 0;
    pmm_obj *chunk = NEW(OPS->next(RT, chunks));
    expect(OPS->bytes_data(RT, chunk, &size) != NULL);
    expect_eq(size, i < CHUNKS ? CHUNK : TAIL);
    DROP(chunk);
  }
  expect_null(OPS->next(RT, chunks), PMM_STOP);
  expect_lt(traced_peak(t), 2 * CHUNK);
  expect_ge(OPS->file_descriptor(RT, file), 0);
  expect_ok(OPS->file_close(RT, file));
  expect_null(OPS->next(RT, chunks), PMM_STOP);
  expect_null(OPS->file_chunks(RT, chunks, CHUNK), PMM_TYPE);
}

/* ---- split streams ------------------------------------------------------ */

enum { SPLIT = 3000 };

/* A stream of the ints from 0 to SPLIT - 1, split in two. */
static pmm_obj *split_stream(struct pmm_test *t) {
  const struct pmm_code range =
      CODE("range", 0, 1, {PMM_FOR_RANGE, 0, SPLIT, 0}, {PMM_YIELD, -1, 0, 0},
           {PMM_END, 0, 0, 0});
  return NEW(OPS->tee(RT, generator_of(t, &range)));
}

/* The reader's next item has to be this number. */
static void read_one(struct pmm_test *t, pmm_obj *reader, int64_t number) {
  pmm_obj *item = NEW(OPS->next(RT, reader));
  expect_int(item, number);
  DROP(item);
}

/* "Splitting one stream in two keeps the items between both readers and frees
 * them once both passed." */
SHOULD(strm, split_streams_buffer_the_lag,
       "A split stream buffers only the lag between its readers",
       REQ("STRM-004"), NEEDS(generator, trace, copy, tuple)) {
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  pmm_obj *two = split_stream(t);
  uint64_t start = traced_now(t);
  for (size_t reader = 0; reader < 2; reader++) {
    for (int64_t i = 0; i < SPLIT; i++) {
      read_one(t, OPS->tuple_get(RT, two, reader), i);
    }
    if (reader == 0) {
      expect_ge(traced_now(t) - start, SPLIT * sizeof(void *));
    }
    expect_null(OPS->next(RT, OPS->tuple_get(RT, two, reader)), PMM_STOP);
  }
  OPS->caches_flush(RT);
  expect_lt(traced_now(t), start + 8192);
}

/* "Splitting one stream in two keeps the items between both readers and frees
 * them once both passed." */
SHOULD(strm, readers_in_step_buffer_nothing,
       "Readers that advance together buffer nothing", REQ("STRM-004"),
       NEEDS(generator, trace, copy, tuple)) {
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  pmm_obj *two = split_stream(t);
  OPS->trace_reset_peak(RT);
  uint64_t start = traced_now(t);
  for (int64_t i = 0; i < SPLIT; i++) {
    read_one(t, OPS->tuple_get(RT, two, (size_t)i % 2), i);
    read_one(t, OPS->tuple_get(RT, two, (size_t)(i + 1) % 2), i);
  }
  expect_lt(traced_peak(t) - start, 8192);
}

/* "Splitting one stream in two keeps the items between both readers and frees
 * them once both passed."  A reader that is gone lags behind nobody. */
SHOULD(strm, a_reader_alone_buffers_nothing,
       "Items that only a dead reader had not read are freed", REQ("STRM-004"),
       NEEDS(generator, trace, copy, tuple)) {
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  pmm_obj *two = split_stream(t);
  uint64_t start = traced_now(t);
  pmm_obj *reader = KEEP(OPS->tuple_get(RT, two, 0));
  for (int64_t i = 0; i < SPLIT / 2; i++) {
    read_one(t, reader, i);
  }
  expect_ge(traced_now(t) - start, SPLIT / 2 * sizeof(void *));
  DROP(two);
  OPS->caches_flush(RT);
  expect_lt(traced_now(t), start + 8192);
  OPS->trace_reset_peak(RT);
  for (int64_t i = SPLIT / 2; i < SPLIT; i++) {
    read_one(t, reader, i);
  }
  expect_lt(traced_peak(t) - start, 8192);
}
