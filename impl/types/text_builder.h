/* SPDX-License-Identifier: MIT */
/*
 * text_builder.h - building the text of an object, and knowing what is being
 * printed.
 *
 *   1. Pieces are appended as UTF-8 to one growing block.
 *   2. The first failure is remembered and makes the rest do nothing, so
 *      that only pmmi_text_finish() needs to be checked.
 *   3. A container enters before it prints its items; when it is entered
 *      already, it contains itself and prints "..." instead.
 */
#ifndef PMMI_TEXT_BUILDER_H
#define PMMI_TEXT_BUILDER_H

#include "core/object.h"

struct pmmi_text {
  pmm_rt *rt;
  char *bytes;    /* NULL while empty                                       */
  size_t size;    /* bytes in use                                           */
  size_t room;    /* bytes allocated                                        */
  int failed;     /* 1: an error is pending, nothing more is appended       */
};

/** A container being printed; lives on the C stack. */
struct pmmi_repr {
  struct pmmi_repr *outer;
  const pmm_obj *container;
};

/** Start with no text. */
void pmmi_text_init(struct pmmi_text *text, pmm_rt *rt);

/** Append; a failure is remembered. */
void pmmi_text_add(struct pmmi_text *text, const char *utf8, size_t size);
void pmmi_text_add_code(struct pmmi_text *text, uint32_t code);
/** A character as it stands in a literal within `quote`s. */
void pmmi_text_add_escaped(struct pmmi_text *text, uint32_t code,
                           uint32_t quote);
/** The repr of an object, which is held meanwhile.  May run code. */
void pmmi_text_add_repr(struct pmmi_text *text, pmm_obj *o);

/** The same for a slot that may be empty. */
void pmmi_text_add_item(struct pmmi_text *text, pmm_obj *o);

/** The text as a new str, or NULL with the error pending; gives the block
 *  back in both cases. */
pmm_obj *pmmi_text_finish(struct pmmi_text *text);

/** Begin to print a container; 0 when it is being printed already (then
 *  there is nothing to leave). */
int pmmi_repr_enter(pmm_rt *rt, struct pmmi_repr *repr, const pmm_obj *o);
void pmmi_repr_leave(pmm_rt *rt, struct pmmi_repr *repr);

/** The text of an object whose type has none of its own. */
pmm_obj *pmmi_repr_default(pmm_rt *rt, pmm_obj *o);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_repr(pmm_rt *rt, pmm_obj *o);

#endif /* PMMI_TEXT_BUILDER_H */
