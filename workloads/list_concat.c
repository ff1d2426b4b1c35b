/* SPDX-License-Identifier: MIT */
/*
 * list_concat.c - the sizes of a, b and a + b, as the runtime reports them.
 *
 *   memory_usage   a = [1] * n, b = [2] * n, c = a + b
 *
 * The sizes are figures beside those that an expectation needs: the size of
 * [] and of a pointer, and how many items each list has.  They are verified
 * apart from the sizes: c begins with a's integer and ends with b's.  Whether
 * the sizes are those expected is the reader's judgement, not this program's.
 *
 * Source: article 1, memory_usage(); the variant of the same name in
 * python/articles.py is the same job in Python.
 */
#include "workload.h"

#include <inttypes.h>

/** One of the lists, and the names of its figures. */
struct part {
  pmm_obj *list;         /* owned; NULL until it is made                    */
  const char *size_name; /* figure of its reported size                     */
  const char *items_name;
};

/** [value] * n; NULL with the error pending. */
static pmm_obj *repeated(struct pmm_work *work, int64_t value) {
  const struct pmm_ops *ops = work->ops;
  pmm_rt *rt = work->rt;
  pmm_obj *list = NULL;
  pmm_obj *item = ops->int_new(rt, value);
  pmm_obj *count = ops->int_new(rt, pmm_work_integer(work, "items"));
  pmm_obj *single = item != NULL && count != NULL
                        ? ops->list_from(rt, &item, 1)
                        : NULL;
  if (single != NULL) {
    list = ops->list_repeat(rt, single, count);
    ops->release(rt, single);
  }
  if (count != NULL) {
    ops->release(rt, count);
  }
  if (item != NULL) {
    ops->release(rt, item);
  }
  return list;
}

static enum pmm_status record_size(struct pmm_work *work, pmm_obj *list,
                                   const char *name) {
  size_t bytes = 0;
  enum pmm_status status = work->ops->size_of(work->rt, list, &bytes);
  if (status == PMM_OK) {
    pmm_work_figure(work, name, bytes, "bytes", 1);
  }
  return status;
}

/** What an expectation is computed from: the size of [] and of a pointer. */
static enum pmm_status record_base(struct pmm_work *work) {
  pmm_obj *empty = work->ops->list_from(work->rt, NULL, 0);
  if (empty == NULL) {
    return work->ops->error(work->rt);
  }
  enum pmm_status status = record_size(work, empty, "empty_bytes");
  work->ops->release(work->rt, empty);
  pmm_work_figure(work, "pointer_bytes", sizeof(void *), "bytes", 1);
  return status;
}

static enum pmm_status record_part(struct pmm_work *work,
                                   const struct part *part) {
  size_t items = 0;
  enum pmm_status status = work->ops->length(work->rt, part->list, &items);
  if (status == PMM_OK) {
    pmm_work_figure(work, part->items_name, items, "count", 1);
    status = record_size(work, part->list, part->size_name);
  }
  return status;
}

/** Read item `index` of `list` into `value`. */
static enum pmm_status value_at(struct pmm_work *work, pmm_obj *list,
                                size_t index, int64_t *value) {
  pmm_obj *item = work->ops->list_get(work->rt, list, index);
  return item == NULL ? work->ops->error(work->rt)
                      : work->ops->int_value(work->rt, item, value);
}

/** Both ends of `joined`, and where a's items stop and b's begin. */
static enum pmm_status check(struct pmm_work *work, pmm_obj *joined) {
  size_t items = (size_t)pmm_work_integer(work, "items");
  size_t places[] = {0, items - 1, items, 2 * items - 1};
  int64_t found[4] = {0};
  for (size_t i = 0; i < 4; i++) {
    enum pmm_status status = value_at(work, joined, places[i], &found[i]);
    if (status != PMM_OK) {
      return status;
    }
  }
  int holds = found[0] == 1 && found[1] == 1 && found[2] == 2 &&
              found[3] == 2;
  pmm_work_verify(work, holds,
                  "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, found[0],
                  found[1], found[2], found[3]);
  return PMM_OK;
}

/** Make a, b and c; NULL in the first that could not be made. */
static enum pmm_status build(struct pmm_work *work, struct part parts[3]) {
  for (int i = 0; i < 3; i++) {
    parts[i].list = i < 2 ? repeated(work, i + 1)
                          : work->ops->list_concat(work->rt, parts[0].list,
                                                   parts[1].list);
    if (parts[i].list == NULL) {
      return work->ops->error(work->rt);
    }
    pmm_work_tick(work);
  }
  return PMM_OK;
}

static enum pmm_status use(struct pmm_work *work, const struct part parts[3]) {
  pmm_work_note(work, "built");
  pmm_work_phase(work, "use");
  enum pmm_status status = record_base(work);
  for (int i = 0; i < 3 && status == PMM_OK; i++) {
    status = record_part(work, &parts[i]);
  }
  return status == PMM_OK ? check(work, parts[2].list) : status;
}

static enum pmm_status memory_usage(struct pmm_work *work) {
  struct part parts[3] = {
      {NULL, "a_bytes", "a_items"},
      {NULL, "b_bytes", "b_items"},
      {NULL, "c_bytes", "c_items"},
  };
  pmm_work_phase(work, "build");
  pmm_work_expect(work, 3);
  enum pmm_status status = build(work, parts);
  if (status == PMM_OK) {
    status = use(work, parts);
  }
  pmm_work_phase(work, "release");
  for (int i = 0; i < 3; i++) {
    if (parts[i].list != NULL) {
      work->ops->release(work->rt, parts[i].list);
    }
  }
  return status;
}

static const struct pmm_work_parameter parameters[] = {
    {"items", "integers", "how many integers a and b have", NULL, 1000000, 1,
     100000000},
    {0},
};

static const struct pmm_work_variant variants[] = {
    {"memory_usage", "[1] * n, [2] * n and their sum", {"list", "sizeof"},
     memory_usage, 0},
    {0},
};

const struct pmm_workload pmm_workload_list_concat = {
    .name = "list_concat",
    .summary = "sizes of two lists and of their sum",
    .source = "article 1: memory_usage()",
    .title = "Two lists and their sum",
    .question = "The example of article 1 on the reference.",
    .page = "claims",
    .small = "items=10000",
    .parameters = parameters,
    .variants = variants,
};
