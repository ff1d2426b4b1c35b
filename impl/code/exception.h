/* SPDX-License-Identifier: MIT */
/*
 * exception.h - what an except clause names, and the frames it keeps.
 *
 *   clause's name --> exception --> list --> frame object --> locals
 *                                     |
 *                                     +----> frame object --> locals
 *
 *   1. Raising makes no object (errors.h).  A clause that names its error
 *      makes three: the exception, a list as its traceback, and an object for
 *      the frame it is caught in, which has room for that frame's locals.
 *   2. An error that is raised again keeps its exception; the next clause
 *      that names it adds its own frame to the list.
 *   3. While a frame runs, its locals are in it alone and its object is empty.
 *      When it ends and somebody else still refers to that object, the locals
 *      move there.  The room is there already, so that needs no memory.
 *
 * So an exception that is stored in a local of such a frame is in a cycle as
 * soon as the frame has ended.  A clause empties its name at its end to avoid
 * that.
 *
 * Frames that an error has left before a clause names it are not kept, as
 * nothing is made while it is on its way; CPython keeps them.
 *
 * Invariant: the locals of a frame object are NULL until its frame has ended.
 *
 * Source: CPython 3.11 Python/frame.c (take_ownership), Python/traceback.c,
 * InternalDocs/frames.md.
 */
#ifndef PMMI_EXCEPTION_H
#define PMMI_EXCEPTION_H

#include "code/frame.h"

struct pmmi_weakref;

/** An exception object. */
struct pmmi_exception {
  struct pmm_obj base;
  struct pmmi_weakref *weak; /* references to it                            */
  pmm_obj *frames;           /* owned: list of the frames it was named in   */
};

/** What is left of a frame for those who refer to it. */
struct pmmi_kept_frame {
  struct pmmi_var base; /* length: locals                                   */
  pmm_obj *locals[];    /* owned                                            */
};

static_assert(sizeof(struct pmmi_kept_frame) == 24, "locals follow");

extern const struct pmmi_type pmmi_exception_type;
extern const struct pmmi_type pmmi_frame_type;

/** A clause of the running frame names `error`: error->value is its exception
 *  then, and the frame is the latest of its traceback.  PMM_NO_MEMORY: it is
 *  not.  May run code. */
enum pmm_status pmmi_exception_bind(pmm_rt *rt, struct pmmi_frame *frame,
                                    struct pmmi_error *error);

/** The frame, whose code binds exceptions, is about to drop its locals: move
 *  them to its object if that outlives it.  Cannot fail. */
void pmmi_frame_hand_over(pmm_rt *rt, struct pmmi_frame *frame);

#endif /* PMMI_EXCEPTION_H */
