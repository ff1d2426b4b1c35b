/* SPDX-License-Identifier: MIT */
/*
 * str_concat.c - a long string built piece by piece: += against join.
 *
 *   join            the pieces in a list, then one join
 *   append_alone    += on a string that nobody else holds, as a local
 *                   variable of a function does: a runtime may do it in place
 *   append_shared   += while somebody else holds the string, as a variable of
 *                   a module or an attribute does: it must be copied
 *
 *   1. Pieces are the digits 0 to 9, one character each, over and over.
 *   2. copied_bytes counts characters that had to be copied: those of each
 *      piece once; and with += those of the string so far, whenever the sum
 *      is another object than before.
 *   3. The result is compared with the known text, by length and CRC-32.
 *
 * Source: article 2 ("use concatenation in loops") and requirement STR-007;
 * python/str_concat.py is the same job in Python.
 */
#include "workload.h"

#include <inttypes.h>

#include "digest.h"

/** The digest of the text that `items` pieces make. */
static struct pmm_digest known_digest(int64_t items) {
  struct pmm_digest digest = {0};
  for (int64_t i = 0; i < items; i++) {
    char digit = (char)('0' + i % 10);
    pmm_digest_add(&digest, &digit, 1);
  }
  return digest;
}

static pmm_obj *piece_of(struct pmm_work *work, int64_t i) {
  char digit = (char)('0' + i % 10);
  return work->ops->str_new(work->rt, &digit, 1);
}

static enum pmm_status verify(struct pmm_work *work, pmm_obj *str) {
  struct pmm_digest digest = {0};
  struct pmm_digest known =
      known_digest(pmm_work_integer(work, "items"));
  size_t size = 0;
  const char *utf8 = work->ops->str_utf8(work->rt, str, &size);
  if (utf8 == NULL) {
    return work->ops->error(work->rt);
  }
  pmm_digest_add(&digest, utf8, size);
  pmm_work_verify(work, pmm_digest_equal(&digest, &known),
                  "crc32:%08" PRIx32 " size:%" PRIu64, digest.crc,
                  digest.size);
  return PMM_OK;
}

/* ---- join ---------------------------------------------------------------- */

static enum pmm_status collect_pieces(struct pmm_work *work, pmm_obj *list) {
  int64_t items = pmm_work_integer(work, "items");
  pmm_work_expect(work, (uint64_t)items);
  for (int64_t i = 0; i < items; i++) {
    pmm_obj *piece = piece_of(work, i);
    if (piece == NULL) {
      return work->ops->error(work->rt);
    }
    enum pmm_status status = work->ops->list_append(work->rt, list, piece);
    work->ops->release(work->rt, piece);
    if (status != PMM_OK) {
      return status;
    }
    pmm_work_tick(work);
  }
  return PMM_OK;
}

/** The joined list, new. */
static pmm_obj *joined(struct pmm_work *work, pmm_obj *list) {
  pmm_obj *empty = work->ops->str_new(work->rt, "", 0);
  pmm_obj *str = NULL;
  if (empty != NULL) {
    str = work->ops->str_join(work->rt, empty, list);
    work->ops->release(work->rt, empty);
  }
  return str;
}

static enum pmm_status join(struct pmm_work *work) {
  pmm_work_phase(work, "build");
  pmm_obj *list = work->ops->list_new(work->rt, 0);
  if (list == NULL) {
    return work->ops->error(work->rt);
  }
  enum pmm_status status = collect_pieces(work, list);
  pmm_obj *str = status == PMM_OK ? joined(work, list) : NULL;
  if (str != NULL) {
    pmm_work_note(work, "built");
    pmm_work_figure(work, "copied_bytes",
                    (uint64_t)pmm_work_integer(work, "items"), "bytes", 1);
    status = verify(work, str);
    work->ops->release(work->rt, str);
  } else if (status == PMM_OK) {
    status = work->ops->error(work->rt);
  }
  pmm_work_phase(work, "release");
  work->ops->release(work->rt, list);
  return status;
}

/* ---- += ------------------------------------------------------------------ */

/** What is built; on failure the runtime has taken `str`. */
struct building {
  pmm_obj *str;
  uint64_t copied; /* bytes                                                 */
  uint64_t moved;  /* sums that are another object than before              */
};

/** One +=; `shared`: somebody else holds the string meanwhile. */
static enum pmm_status append(struct pmm_work *work, struct building *b,
                              int64_t i, int shared) {
  const struct pmm_ops *ops = work->ops;
  pmm_obj *piece = piece_of(work, i);
  if (piece == NULL) {
    return ops->error(work->rt);
  }
  pmm_obj *other = shared ? b->str : NULL;
  uintptr_t before = ops->identity(work->rt, b->str);
  ops->xretain(work->rt, other);
  enum pmm_status status = ops->str_append(work->rt, &b->str, piece);
  if (status == PMM_OK) {
    int moves = ops->identity(work->rt, b->str) != before;
    b->moved += (uint64_t)moves;
    b->copied += 1 + (moves ? (uint64_t)i : 0);
  }
  ops->xrelease(work->rt, other);
  ops->release(work->rt, piece);
  return status;
}

static enum pmm_status append_all(struct pmm_work *work, struct building *b,
                                  int shared) {
  int64_t items = pmm_work_integer(work, "items");
  enum pmm_status status = PMM_OK;
  pmm_work_expect(work, (uint64_t)items);
  for (int64_t i = 0; i < items && status == PMM_OK; i++) {
    status = append(work, b, i, shared);
    pmm_work_tick(work);
  }
  return status;
}

/** Whether a string moves when nobody shares it is its allocator's affair, so
 *  `copied_bytes` is exact for shared ones alone. */
static enum pmm_status run_append(struct pmm_work *work, int shared) {
  struct building b = {.str = work->ops->str_new(work->rt, "", 0)};
  if (b.str == NULL) {
    return work->ops->error(work->rt);
  }
  pmm_work_phase(work, "build");
  enum pmm_status status = append_all(work, &b, shared);
  if (status == PMM_OK) {
    pmm_work_note(work, "built");
    pmm_work_figure(work, "copied_bytes", b.copied, "bytes", shared);
    pmm_work_figure(work, "moved", b.moved, "appends", shared);
    status = verify(work, b.str);
  }
  pmm_work_phase(work, "release");
  work->ops->xrelease(work->rt, b.str);
  return status;
}

static enum pmm_status append_alone(struct pmm_work *work) {
  return run_append(work, 0);
}

static enum pmm_status append_shared(struct pmm_work *work) {
  return run_append(work, 1);
}

static const struct pmm_work_parameter parameters[] = {
    {"items", "pieces", "pieces of one character", NULL, 100000, 1, 1000000},
    {0},
};

static const struct pmm_work_variant variants[] = {
    {"append_alone", "+= on a string of one owner", {"str", "utf8"},
     append_alone, 0},
    {"append_shared", "+= on a string of two", {"str", "utf8"},
     append_shared, 0},
    {"join", "a list of pieces, joined", {"str", "utf8", "list"}, join, 0},
    {0},
};

const struct pmm_workload pmm_workload_str_concat = {
    .name = "str_concat",
    .summary = "a string built by += against one joined",
    .source = "article 2 (concatenation in loops); requirement STR-007",
    .title = "Building a string",
    .question = "What do += and join copy, and what do they hold at their "
                "peak?",
    .small = "items=10000",
    .parameters = parameters,
    .variants = variants,
};
