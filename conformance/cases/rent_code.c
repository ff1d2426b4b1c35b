/* SPDX-License-Identifier: MIT */
/* cases/rent_code.c - the trials of rent_code.h. */
#include "rent_code.h"

/* ---- the code of an item ------------------------------------------------ */

static pmm_obj *text_inside(struct pmm_test *t) {
  pmm_obj *text = OPS->str_new(RT, "item", 4);
  if (text == NULL) {
    OPS->error_clear(RT);
  }
  return text;
}

/* Act, once, at the right call.  What is compared must live through it. */
static enum pmm_status at_call(struct actor *a, enum point point,
                               pmm_obj *self, pmm_obj *other) {
  struct pmm_test *t = a->t;
  const struct act *act = a->act;
  if (act == NULL || point != a->point || ++a->calls != a->at) {
    return PMM_OK;
  }
  int64_t x = OPS->instance_cookie(RT, self);
  int64_t y = other != NULL ? OPS->instance_cookie(RT, other) : x;
  a->act = NULL;
  a->sprung = 1;
  act->run(a, self);
  OPS->error_clear(RT);
  a->died = happened(DEALLOCATED, x) != 0 || happened(DEALLOCATED, y) != 0;
  return a->raises ? PMM_USER : PMM_OK;
}

/* The last item of the other container is equal to none of the source. */
static int64_t number_of(struct pmm_test *t, pmm_obj *o) {
  int64_t cookie = OPS->instance_cookie(RT, o);
  return cookie == LENT + ITEMS - 1 ? ITEMS + 1 : cookie % LENT;
}

static enum pmm_status item_equals(void *ctx, pmm_rt *rt, pmm_obj *self,
                                   pmm_obj *other, int *equal) {
  struct actor *a = ctx;
  (void)rt;
  *equal = number_of(a->t, self) == number_of(a->t, other);
  return at_call(a, EQUALS, self, other);
}

static enum pmm_status item_less(void *ctx, pmm_rt *rt, pmm_obj *self,
                                 pmm_obj *other, int *less) {
  struct actor *a = ctx;
  (void)rt;
  *less = number_of(a->t, self) < number_of(a->t, other);
  return at_call(a, LESS, self, other);
}

static enum pmm_status item_hash(void *ctx, pmm_rt *rt, pmm_obj *self,
                                 int64_t *hash) {
  (void)rt;
  *hash = 7;
  return at_call(ctx, HASH, self, NULL);
}

static enum pmm_status item_repr(void *ctx, pmm_rt *rt, pmm_obj *self,
                                 pmm_obj **text) {
  struct actor *a = ctx;
  (void)rt;
  enum pmm_status status = at_call(a, REPR, self, NULL);
  *text = status == PMM_OK ? text_inside(a->t) : NULL;
  return status;
}

pmm_obj *coded_item(struct actor *a, int64_t cookie) {
  struct pmm_test *t = a->t;
  return probe_of(t, a->type, cookie);
}

void collect_young(struct actor *a, pmm_obj *self) {
  struct pmm_test *t = a->t;
  uint64_t unreachable;
  (void)self;
  if (OFFERED(gc)) {
    (void)OPS->collect(RT, 0, &unreachable);
  }
}

void empty_the_list(struct actor *a, pmm_obj *list) {
  list_source.empty(a->t, list);
}

enum pmm_status dropped(struct actor *a, pmm_obj *made) {
  struct pmm_test *t = a->t;
  enum pmm_status status = made != NULL ? PMM_OK : OPS->error(RT);
  OPS->xrelease(RT, made);
  return status;
}

/* ---- a trial ------------------------------------------------------------ */

static void disarm(struct pmm_test *t, void *subject) {
  struct actor *a = subject;
  (void)t;
  a->act = NULL;
}

static struct actor *new_actor(struct pmm_test *t, const struct family *family,
                               const struct use *use, enum point point) {
  struct actor *a = SCRATCH(struct actor);
  *a = (struct actor){.t = t, .family = family, .use = use, .point = point};
  defer(t, disarm, a);
  const struct pmm_type_spec spec = {
      .struct_size = sizeof spec,
      .name = "probe",
      .slots = 1,
      .flags = type_flags(t, PMM_TYPE_GC | PMM_TYPE_WEAKREF)};
  const struct pmm_compare_code code = {.struct_size = sizeof code,
                                        .ctx = a,
                                        .equals = item_equals,
                                        .less = item_less,
                                        .hash = item_hash,
                                        .repr = item_repr};
  a->type = NEW(OPS->type_with_code(RT, &spec, &code));
  a->keep = empty_list(t);
  a->source = family->make(a, 0);
  a->other = family->make(a, LENT);
  a->near = coded_item(a, 2 * LENT + ITEMS - 1);
  a->far = coded_item(a, 2 * LENT + 2 * ITEMS);
  return a;
}

/* What the trial has made dies once. */
static void expect_deaths(struct actor *a, const char *act) {
  struct pmm_test *t = a->t;
  DROP_ALL();
  for (int64_t i = 0; i < 2 * ITEMS; i++) {
    int64_t cookie = i < ITEMS ? i : LENT + i - ITEMS;
    if (happened(DEALLOCATED, cookie) != 1) {
      fail("%s of a %s, %s at call %d: item %d died %d times", a->use->name,
           a->family->name, act, a->at, (int)cookie,
           (int)happened(DEALLOCATED, cookie));
    }
  }
  log_clear(t);
}

/* Read the container: its items live, and no two keys are equal. */
static void read_source(struct actor *a, pmm_obj *container, int keys) {
  struct pmm_test *t = a->t;
  int seen[2 * ITEMS + 1] = {0};
  pmm_obj *iterator = NEW(OPS->iter(RT, container));
  pmm_obj *item;
  size_t n = 0;
  for (; (item = OPS->next(RT, iterator)) != NULL; n++) {
    item = NEW(item);
    if (strcmp(OPS->type_name(RT, item), "probe") == 0) {
      int64_t number = number_of(t, item);
      int64_t cookie = OPS->instance_cookie(RT, item);
      int again = keys && number <= 2 * ITEMS && seen[number]++ > 0;
      if (happened(DEALLOCATED, cookie) != 0 || again) {
        fail("%s of a %s: it holds a dead object, or one key twice (%d)",
             a->use->name, a->family->name, (int)cookie);
      }
    }
    DROP(item);
  }
  OPS->error_clear(RT);
  DROP(iterator);
  expect_eq(length_of(t, container), n);
}

static int is_list(const struct actor *a) {
  return strcmp(a->family->name, "list") == 0;
}

static int try_use(struct pmm_test *t, const struct family *family,
                   const struct use *use, enum point point,
                   const struct act *act, int at) {
  struct actor *a = new_actor(t, family, use, point);
  a->act = act;
  a->at = at;
  (void)use->run(a);
  a->act = NULL;
  OPS->error_clear(RT);
  if (a->died) {
    fail("%s of a %s, %s at call %d: what is compared has died", use->name,
         family->name, act->name, at);
  }
  read_source(a, a->source, !is_list(a));
  read_source(a, a->other, !is_list(a));
  verify(t, use->name);
  int sprung = a->sprung;
  expect_deaths(a, act->name);
  return sprung;
}

void over_uses(struct pmm_test *t, const struct family *family,
               const struct use *uses, size_t n, enum point point) {
  quiet(t);
  for (size_t i = 0; i < n; i++) {
    int sprung = 0;
    for (size_t j = 0; j < family->act_count; j++) {
      for (int at = 1; at <= CALLS; at++) {
        int more = try_use(t, family, &uses[i], point, &family->acts[j], at);
        sprung += more;
        if (!more) {
          break; /* the operation runs this code no more often               */
        }
      }
    }
    if (sprung == 0) {
      fail("%s of a %s runs no code of its items", uses[i].name, family->name);
    }
  }
}

/* ---- raising ------------------------------------------------------------ */

static void no_act(struct actor *a, pmm_obj *self) {
  (void)a;
  (void)self;
}

static const struct act raising = {"raising", no_act};

static int try_raising(struct pmm_test *t, const struct family *family,
                       const struct use *use, enum point point, int at) {
  struct actor *a = new_actor(t, family, use, point);
  size_t before = length_of(t, a->source);
  a->act = &raising;
  a->raises = 1;
  a->at = at;
  enum pmm_status status = use->run(a);
  a->act = NULL;
  enum pmm_status pending = OPS->error(RT);
  OPS->error_clear(RT);
  if (a->sprung && (status != PMM_USER || pending != PMM_USER)) {
    fail("%s of a %s, raising at call %d: status %d, pending %d", use->name,
         family->name, at, (int)status, (int)pending);
  }
  if (a->sprung && length_of(t, a->source) != before) {
    fail("%s of a %s, raising at call %d: it has %d items, had %d", use->name,
         family->name, at, (int)length_of(t, a->source), (int)before);
  }
  read_source(a, a->source, !is_list(a));
  verify(t, use->name);
  int sprung = a->sprung;
  expect_deaths(a, "raising");
  return sprung;
}

void over_raising(struct pmm_test *t, const struct family *family,
                  const struct use *uses, size_t n, enum point point) {
  quiet(t);
  for (size_t i = 0; i < n; i++) {
    for (int at = 1; at <= CALLS; at++) {
      if (!try_raising(t, family, &uses[i], point, at)) {
        break;
      }
    }
  }
}
