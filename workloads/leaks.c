/* SPDX-License-Identifier: MIT */
/*
 * leaks.c - leaks on purpose, and a clean twin.
 *
 *   lost_reference      instances whose only handle is forgotten
 *   uncollected_cycle   pairs that hold each other, collector off
 *   unclosed_file       files whose only handle is forgotten
 *   clean               the same objects, all given back
 *
 *   1. The runtime itself is asked what is left: it must name the kind, the
 *      type, the count and the site, and nothing but types of ours beside.
 *   2. The leaking variants leave the runtime open at exit, so that an
 *      outside checker (valgrind) finds the same, with the stack of the
 *      lines below.
 *
 * What is lost takes part in collection, as a CPython can enumerate nothing
 * else; a collector alone frees none of it, save the cycle.
 *
 * A variant is verified when what was lost on purpose, and only that, was
 * found.  A type lives as long as its instances, so a leak holds its type.
 *
 * Source: article 1 (memory leaks), article 0 (files nobody closes);
 * python/leaks.py is the same job in Python.
 */
#include "workload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
/** What the operation makes, with its own line as its site, as a valgrind
 *  stack names it too.  Keep a call on one line: that is the line meant. */
#define HERE(work, search, call)                                              \
  (enter_site(work, search, "workloads/leaks.c:" TEXT(__LINE__)),             \
   leave_site(work, search, (work)->ops->call))

/** What is expected of the runtime's own search, and what it found. */
struct search {
  struct pmm_work *work;
  enum pmm_leak_kind kind; /* 0: nothing                                    */
  const char *type;        /* NULL: any                                     */
  const char *site;        /* "": not traced                                */
  pmm_obj *made;           /* the type of what is lost; NULL: not needed    */
  uint64_t found;          /* objects as expected                           */
  uint64_t others;         /* anything else that counts as lost             */
};

static pmm_obj *make_type(struct pmm_work *work, const char *name,
                          uint32_t flags) {
  const struct pmm_type_spec spec = {
      .struct_size = sizeof spec, .name = name, .slots = 1, .flags = flags};
  return work->ops->type_new(work->rt, &spec);
}

/** Name the site of what is made next; nothing where sites are not traced. */
static void enter_site(struct pmm_work *work, struct search *search,
                       const char *site) {
  const struct pmm_ops *ops = work->ops;
  search->site = "";
  if (ops->site_push != NULL && ops->site_push(work->rt, site) == PMM_OK) {
    search->site = site;
  }
}

/** Leave the site again; what was made there passes through. */
static pmm_obj *leave_site(struct pmm_work *work, const struct search *search,
                           pmm_obj *made) {
  if (search->site[0] != '\0') {
    work->ops->site_pop(work->rt);
  }
  return made;
}

/* ---- the leaks ----------------------------------------------------------- */

static enum pmm_status lose_reference(struct pmm_work *work,
                                      struct search *search) {
  pmm_obj *type = search->made;
  pmm_obj *lost = HERE(work, search, instance_new(work->rt, type, 1));
  return lost != NULL ? PMM_OK : work->ops->error(work->rt);
}

/** Two instances, each in the other's slot, both handles given back. */
static enum pmm_status lose_cycle(struct pmm_work *work,
                                  struct search *search) {
  const struct pmm_ops *ops = work->ops;
  pmm_obj *type = search->made;
  pmm_obj *pair[2];
  for (int i = 0; i < 2; i++) {
    pair[i] = HERE(work, search, instance_new(work->rt, type, i + 1));
  }
  enum pmm_status status =
      pair[0] != NULL && pair[1] != NULL
          ? ops->slot_set(work->rt, pair[0], 0, pair[1])
          : ops->error(work->rt);
  if (status == PMM_OK) {
    status = ops->slot_set(work->rt, pair[1], 0, pair[0]);
  }
  ops->xrelease(work->rt, pair[0]);
  ops->xrelease(work->rt, pair[1]);
  return status;
}

static enum pmm_status lose_file(struct pmm_work *work,
                                 struct search *search) {
  pmm_obj *lost = HERE(work, search, file_open(work->rt, "/dev/null", "r"));
  return lost != NULL ? PMM_OK : work->ops->error(work->rt);
}

/* ---- the clean twin ------------------------------------------------------ */

static enum pmm_status give_back_file(struct pmm_work *work) {
  const struct pmm_ops *ops = work->ops;
  if (ops->file_open == NULL) {
    return PMM_OK;
  }
  pmm_obj *file = ops->file_open(work->rt, "/dev/null", "r");
  if (file == NULL) {
    return ops->error(work->rt);
  }
  enum pmm_status status = ops->file_close(work->rt, file);
  ops->release(work->rt, file);
  return status;
}

static enum pmm_status lose_nothing(struct pmm_work *work,
                                    struct search *search) {
  const struct pmm_ops *ops = work->ops;
  uint64_t unreachable;
  pmm_obj *given_back = ops->instance_new(work->rt, search->made, 0);
  enum pmm_status status = given_back != NULL ? lose_cycle(work, search)
                                              : ops->error(work->rt);
  ops->xrelease(work->rt, given_back);
  if (status == PMM_OK) {
    status = ops->collect(work->rt, 2, &unreachable);
  }
  return status == PMM_OK ? give_back_file(work) : status;
}

/* ---- finding them -------------------------------------------------------- */

/** One line of the runtime's answer.  Uses no operation. */
static void compare(void *ctx, const struct pmm_leak *leak) {
  struct search *search = ctx;
  if (leak->kind == PMM_LEAK_CACHED || leak->kind == PMM_LEAK_ARENA) {
    return;
  }
  pmm_work_finding(search->work, leak);
  int located = strcmp(leak->site, search->site) == 0;
  int named = search->type == NULL || strcmp(leak->type, search->type) == 0;
  if (leak->kind == search->kind && located && named) {
    search->found += leak->count;
  } else if (search->kind == 0 || strcmp(leak->type, "type") != 0) {
    search->others += leak->count;
  }
}

/** One way to lose things, and what the search must say of them. */
struct loss {
  enum pmm_status (*lose)(struct pmm_work *work, struct search *search);
  enum pmm_leak_kind kind; /* 0: nothing is lost                            */
  const char *type;        /* made for it; NULL: the runtime's own          */
  uint32_t flags;          /* of that type                                  */
};

static const struct loss losses[] = {
    {lose_nothing, 0, "node", PMM_TYPE_GC},
    {lose_reference, PMM_LEAK_REFERENCE, "record", PMM_TYPE_GC},
    {lose_cycle, PMM_LEAK_CYCLE, "node", PMM_TYPE_GC},
    {lose_file, PMM_LEAK_FILE, NULL, 0},
};

static enum pmm_status repeat(struct pmm_work *work, struct search *search,
                              const struct loss *loss) {
  int64_t count = pmm_work_integer(work, "count");
  work->ops->gc_enable(work->rt, 0);
  pmm_work_expect(work, (uint64_t)count);
  for (int64_t i = 0; i < count; i++) {
    enum pmm_status status = loss->lose(work, search);
    if (status != PMM_OK) {
      return status;
    }
    pmm_work_tick(work);
  }
  return PMM_OK;
}

/** Lose things of a type that is itself given back. */
static enum pmm_status lose_all(struct pmm_work *work, struct search *search,
                                const struct loss *loss) {
  search->kind = loss->kind;
  search->type = loss->type;
  if (loss->type != NULL) {
    search->made = make_type(work, loss->type, loss->flags);
    if (search->made == NULL) {
      return work->ops->error(work->rt);
    }
  }
  enum pmm_status status = repeat(work, search, loss);
  work->ops->xrelease(work->rt, search->made);
  return status;
}

static enum pmm_status search_for(struct pmm_work *work,
                                  struct search *search) {
  uint64_t each = search->kind == PMM_LEAK_CYCLE ? 2 : 1;
  uint64_t lost = search->kind == 0
                      ? 0
                      : each * (uint64_t)pmm_work_integer(work, "count");
  pmm_work_phase(work, "search");
  enum pmm_status status = work->ops->leaks(work->rt, compare, search);
  if (status != PMM_OK) {
    return status;
  }
  pmm_work_figure(work, "objects_lost", search->found, "objects", 1);
  pmm_work_verify(work, search->found == lost && search->others == 0,
                  "%" PRIu64 " found, %" PRIu64 " others", search->found,
                  search->others);
  return PMM_OK;
}

static enum pmm_status lose_and_search(struct pmm_work *work) {
  const struct loss *loss = &losses[work->variant->option];
  struct search search = {.work = work, .site = ""};
  pmm_work_phase(work, "build");
  enum pmm_status status = lose_all(work, &search, loss);
  if (loss->kind == 0) {
    search.type = NULL;
    search.site = "";
  }
  return status == PMM_OK ? search_for(work, &search) : status;
}

static enum pmm_status run(struct pmm_work *work) {
  const struct pmm_ops *ops = work->ops;
  enum pmm_status status =
      ops->trace_start != NULL ? ops->trace_start(work->rt) : PMM_OK;
  if (status != PMM_OK) {
    return status;
  }
  status = lose_and_search(work);
  if (ops->trace_stop != NULL) {
    ops->trace_stop(work->rt); /* its table would still know them           */
  }
  if (work->variant->option != 0 && status == PMM_OK) {
    pmm_work_keep_open(work);
  }
  return status;
}

static const struct pmm_work_parameter parameters[] = {
    {"count", "leaks", "leaks of the variant's kind", NULL, 10, 1, 1000},
    {0},
};

static const struct pmm_work_variant variants[] = {
    {"clean", "everything is released", {"diag", "gc"}, run, 0},
    {"lost_reference", "a handle is never released", {"diag"}, run, 1},
    {"uncollected_cycle", "a cycle, collector off", {"diag", "gc"}, run, 2},
    {"unclosed_file", "a file is never closed", {"diag", "file"}, run,
     3},
    {0},
};

const struct pmm_workload pmm_workload_leaks = {
    .name = "leaks",
    .summary = "a lost reference, an uncollected cycle, an unclosed file",
    .source = "articles 1 (memory leaks) and 0 (files nobody closes)",
    .title = "Intentional leaks",
    .question = "What memory is never released?",
    .page = "leaks",
    .small = "",
    .parameters = parameters,
    .variants = variants,
};
