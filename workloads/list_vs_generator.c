/* SPDX-License-Identifier: MIT */
/*
 * list_vs_generator.c - a million integers, stored or made one at a time.
 *
 *   generator     a generator over `for i in range(n): yield i`
 *   list_exact    a list of n slots, then filled
 *   list_append   a list that grows by append
 *
 * All three are consumed one by one through the iterator protocol.  The sum
 * of 0..n-1 is known without them: n (n - 1) / 2.
 *
 * Source: article 0, create_list() and create_generator(); python/
 * list_vs_generator.py is the same job in Python.
 */
#include "workload.h"

#include <inttypes.h>

/** Take every item of `iterator` and add it up. */
static enum pmm_status consume(struct pmm_work *work, pmm_obj *iterator,
                               int64_t *total) {
  const struct pmm_ops *ops = work->ops;
  pmm_rt *rt = work->rt;
  pmm_obj *item;
  while ((item = ops->next(rt, iterator)) != NULL) {
    int64_t value;
    enum pmm_status status = ops->int_value(rt, item, &value);
    ops->release(rt, item);
    if (status != PMM_OK) {
      return status;
    }
    *total += value;
    pmm_work_tick(work);
  }
  if (ops->error(rt) != PMM_STOP) {
    return ops->error(rt);
  }
  ops->error_clear(rt);
  return PMM_OK;
}

/** Consume, verify and record the reported size of `source`. */
static enum pmm_status use(struct pmm_work *work, pmm_obj *source,
                           pmm_obj *iterator) {
  int64_t items = pmm_work_integer(work, "items");
  int64_t total = 0;
  size_t bytes;
  if (work->ops->size_of != NULL &&
      work->ops->size_of(work->rt, source, &bytes) == PMM_OK) {
    pmm_work_figure(work, "object_bytes", bytes, "bytes", 1);
  }
  pmm_work_expect(work, (uint64_t)items);
  enum pmm_status status = consume(work, iterator, &total);
  if (status == PMM_OK) {
    pmm_work_verify(work, total == items * (items - 1) / 2, "%" PRId64, total);
  }
  return status;
}

static enum pmm_status use_list(struct pmm_work *work, pmm_obj *list) {
  pmm_work_note(work, "built");
  pmm_work_phase(work, "use");
  pmm_obj *iterator = work->ops->iter(work->rt, list);
  if (iterator == NULL) {
    return work->ops->error(work->rt);
  }
  enum pmm_status status = use(work, list, iterator);
  work->ops->release(work->rt, iterator);
  return status;
}

static enum pmm_status append_all(struct pmm_work *work, pmm_obj *list) {
  const struct pmm_ops *ops = work->ops;
  int64_t items = pmm_work_integer(work, "items");
  pmm_work_expect(work, (uint64_t)items);
  for (int64_t i = 0; i < items; i++) {
    pmm_obj *item = ops->int_new(work->rt, i);
    if (item == NULL) {
      return ops->error(work->rt);
    }
    enum pmm_status status = ops->list_append(work->rt, list, item);
    ops->release(work->rt, item);
    if (status != PMM_OK) {
      return status;
    }
    pmm_work_tick(work);
  }
  return PMM_OK;
}

static enum pmm_status fill_all(struct pmm_work *work, pmm_obj *list) {
  const struct pmm_ops *ops = work->ops;
  int64_t items = pmm_work_integer(work, "items");
  pmm_work_expect(work, (uint64_t)items);
  for (int64_t i = 0; i < items; i++) {
    pmm_obj *item = ops->int_new(work->rt, i);
    if (item == NULL) {
      return ops->error(work->rt);
    }
    enum pmm_status status =
        ops->list_set_steal(work->rt, list, (size_t)i, item);
    if (status != PMM_OK) {
      return status;
    }
    pmm_work_tick(work);
  }
  return PMM_OK;
}

static enum pmm_status run_list(struct pmm_work *work, size_t size,
                                enum pmm_status (*fill)(struct pmm_work *,
                                                        pmm_obj *)) {
  pmm_work_phase(work, "build");
  pmm_obj *list = work->ops->list_new(work->rt, size);
  if (list == NULL) {
    return work->ops->error(work->rt);
  }
  enum pmm_status status = fill(work, list);
  if (status == PMM_OK) {
    status = use_list(work, list);
  }
  pmm_work_phase(work, "release");
  work->ops->release(work->rt, list);
  return status;
}

static enum pmm_status list_append(struct pmm_work *work) {
  return run_list(work, 0, append_all);
}

static enum pmm_status list_exact(struct pmm_work *work) {
  return run_list(work, (size_t)pmm_work_integer(work, "items"), fill_all);
}

static enum pmm_status generator(struct pmm_work *work) {
  const struct pmm_instruction count_up[] = {
      {PMM_FOR_RANGE, 0, pmm_work_integer(work, "items"), 0},
      {PMM_YIELD, -1, 0, 0},
      {PMM_END, 0, 0, 0},
  };
  const struct pmm_code code = {
      .struct_size = sizeof code,
      .name = "create_generator",
      .locals = 1,
      .instructions = count_up,
      .instruction_count = sizeof count_up / sizeof count_up[0],
  };
  pmm_work_phase(work, "build");
  pmm_obj *values = work->ops->generator_new(work->rt, &code, NULL, 0);
  if (values == NULL) {
    return work->ops->error(work->rt);
  }
  pmm_work_note(work, "built");
  pmm_work_phase(work, "use");
  enum pmm_status status = use(work, values, values);
  pmm_work_phase(work, "release");
  work->ops->release(work->rt, values);
  return status;
}

static const struct pmm_work_parameter parameters[] = {
    {"items", "integers", "how many integers", NULL, 1000000, 1, 100000000},
    {0},
};

static const struct pmm_work_variant variants[] = {
    {"generator", "made one at a time", {"generator"}, generator, 0},
    {"list_exact", "a list of the exact size", {"list"}, list_exact, 0},
    {"list_append", "a list that grows by append", {"list"}, list_append, 0},
    {0},
};

const struct pmm_workload pmm_workload_list_vs_generator = {
    .name = "list_vs_generator",
    .summary = "a list of integers against a generator over the same",
    .source = "article 0: create_list() and create_generator()",
    .title = "List against generator",
    .question = "What does it cost to keep a sequence instead of producing it?",
    .small = "items=100000",
    .parameters = parameters,
    .variants = variants,
};
