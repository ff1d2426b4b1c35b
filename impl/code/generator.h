/* SPDX-License-Identifier: MIT */
/*
 * generator.h - generators: frames that wait.
 *
 *        +--------+--------+------+-------+-------+-------+-----------------
 *        | refcnt | type   | len  | weak  | state | frame | locals, blocks...
 *        +--------+--------+------+-------+-------+-------+-----------------
 *   byte 0        8        16     24      32      40      88
 *
 *   state       frame                        what may come
 *   CREATED     at its first instruction     send(None), throw, close
 *   SUSPENDED   at a YIELD or YIELD FROM     send, throw, close
 *   RUNNING     in the chain of a machine    nothing
 *   FINISHED    owns nothing but its code    nothing runs any more
 *
 *   1. Its size depends on its code alone, never on what it did.
 *   2. Dropping a suspended one closes it, so that its cleanup runs; where no
 *      cleanup is pending, its frame is just dropped.
 *   3. While it runs it holds a reference to itself.
 *   4. Delegation (yield from) resumes the innermost generator and needs no
 *      C stack; an exit closes it before the outer one.
 *
 * Source: PEP 255, 342, 380, 442, 479; CPython 3.11 Objects/genobject.c.
 */
#ifndef PMMI_GENERATOR_H
#define PMMI_GENERATOR_H

#include "code/interpret.h"

enum pmmi_generator_state {
  PMMI_GENERATOR_CREATED = 0,
  PMMI_GENERATOR_SUSPENDED,
  PMMI_GENERATOR_RUNNING,
  PMMI_GENERATOR_FINISHED
};

struct pmmi_weakref;

/** A generator object. */
struct pmmi_generator {
  struct pmmi_var base;      /* length: words behind the frame              */
  struct pmmi_weakref *weak; /* weak references to it                       */
  enum pmmi_generator_state state;
  struct pmmi_frame frame;   /* must be last: its locals and blocks follow  */
};

static_assert(offsetof(struct pmmi_generator, frame) == 40, "the drawing");
static_assert(sizeof(struct pmmi_generator) == 88, "the drawing above");

extern const struct pmmi_type pmmi_generator_type;

static inline int pmmi_is_generator(const pmm_obj *o) {
  return o->type == &pmmi_generator_type;
}

/** A generator over a code that yields; arguments retained, as many as the
 *  code has.  NULL: PMM_NO_MEMORY. */
pmm_obj *pmmi_generator_over(pmm_rt *rt, struct pmmi_code *code,
                             pmm_obj *const *args, size_t n);

/** Resume from C: send `value` (borrowed, NULL: None), or throw the pending
 *  error.  *result is a new reference, NULL when it failed. */
enum pmmi_outcome pmmi_generator_resume(pmm_rt *rt, pmm_obj *generator,
                                        pmm_obj *value, enum pmmi_resume how,
                                        pmm_obj **result);

/* ---- for the interpreter ------------------------------------------------ */

/** Put the generator's frame on the chain and resume it with `value` (stolen,
 *  NULL: None) or the pending error. */
enum pmmi_step pmmi_generator_enter(struct pmmi_machine *m, pmm_obj *generator,
                                    pmm_obj *value, enum pmmi_resume how);

/** Resume what the innermost frame, at a YIELD FROM, delegates to, with
 *  m->value and m->how. */
enum pmmi_step pmmi_generator_delegate(struct pmmi_machine *m);

/** Take the innermost frame, a generator's, off the chain; it waits. */
void pmmi_generator_suspend(struct pmmi_machine *m);

/** A running generator, off the chain already, is finished: drop what its
 *  frame owns.  A pending error stays.  May run code. */
void pmmi_generator_end(pmm_rt *rt, struct pmmi_generator *generator);

/* ---- operations (contracts: pmm/subject.h) ------------------------------ */

pmm_obj *pmmi_generator_new(pmm_rt *rt, const struct pmm_code *code,
                            pmm_obj *const *args, size_t n);
pmm_obj *pmmi_generator_send(pmm_rt *rt, pmm_obj *generator, pmm_obj *value);
pmm_obj *pmmi_generator_throw(pmm_rt *rt, pmm_obj *generator,
                              enum pmm_status status);
enum pmm_status pmmi_generator_close(pmm_rt *rt, pmm_obj *generator);
int pmmi_generator_finished(pmm_rt *rt, pmm_obj *generator);

#endif /* PMMI_GENERATOR_H */
