/* SPDX-License-Identifier: MIT */
/* text_builder.c - building text; see text_builder.h. */
#include "types/text_builder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "types/types_state.h"
#include "types/utf8.h"

void pmmi_text_init(struct pmmi_text *text, pmm_rt *rt) {
  assert(text != NULL);
  *text = (struct pmmi_text){.rt = rt};
}

/* Make room for `size` more bytes, doubling. */
static void reserve(struct pmmi_text *text, size_t size) {
  assert(text->room - text->size < size);
  size_t room = text->room < 32 ? 32 : text->room;
  while (room - text->size < size) {
    room *= 2;
  }
  char *bytes = pmmi_mem_realloc(text->rt, text->bytes, text->room, room);
  if (bytes == NULL) {
    (void)pmmi_fail(text->rt, PMM_NO_MEMORY, "no memory for text");
    text->failed = 1;
    return;
  }
  text->bytes = bytes;
  text->room = room;
}

void pmmi_text_add(struct pmmi_text *text, const char *utf8, size_t size) {
  assert(size == 0 || utf8 != NULL);
  if (!text->failed && text->room - text->size < size) {
    reserve(text, size);
  }
  if (!text->failed && size > 0) {
    memcpy(text->bytes + text->size, utf8, size);
    text->size += size;
  }
}

void pmmi_text_add_code(struct pmmi_text *text, uint32_t code) {
  char utf8[4];
  pmmi_text_add(text, utf8, pmmi_utf8_encode(code, utf8));
}

void pmmi_text_add_escaped(struct pmmi_text *text, uint32_t code,
                           uint32_t quote) {
  char escape[8];
  int size = 0;
  if (code == quote || code == '\\') {
    size = snprintf(escape, sizeof escape, "\\%c", (int)code);
  } else if (code == '\n' || code == '\r' || code == '\t') {
    size = snprintf(escape, sizeof escape, "\\%c",
                    code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
  } else if (code < 0x20 || (code >= 0x7f && code < 0xa1) || code == 0xad) {
    size = snprintf(escape, sizeof escape, "\\x%02x", (unsigned)code);
  } else {
    pmmi_text_add_code(text, code);
    return;
  }
  pmmi_text_add(text, escape, (size_t)size);
}

void pmmi_text_add_repr(struct pmmi_text *text, pmm_obj *o) {
  assert(o != NULL);
  if (text->failed) {
    return;
  }
  pmmi_retain(text->rt, o); /* its container may lose it meanwhile           */
  pmm_obj *repr = pmmi_repr(text->rt, o);
  pmmi_release(text->rt, o);
  size_t size = 0;
  const char *utf8 =
      repr != NULL ? pmmi_str_utf8(text->rt, repr, &size) : NULL;
  if (utf8 == NULL) {
    text->failed = 1;
  } else {
    pmmi_text_add(text, utf8, size);
  }
  pmmi_xrelease(text->rt, repr);
}

void pmmi_text_add_item(struct pmmi_text *text, pmm_obj *o) {
  if (o == NULL) {
    pmmi_text_add(text, "<NULL>", 6);
  } else {
    pmmi_text_add_repr(text, o);
  }
}

pmm_obj *pmmi_text_finish(struct pmmi_text *text) {
  assert(text->size <= text->room);
  pmm_obj *str = NULL;
  if (!text->failed) {
    str = pmmi_str_new(text->rt, text->bytes, text->size);
  }
  pmmi_mem_free(text->rt, text->bytes, text->room);
  return str;
}

int pmmi_repr_enter(pmm_rt *rt, struct pmmi_repr *repr, const pmm_obj *o) {
  assert(repr != NULL && o != NULL);
  for (const struct pmmi_repr *r = pmmi_types_state(rt)->repr; r != NULL;
       r = r->outer) {
    if (r->container == o) {
      return 0;
    }
  }
  repr->outer = pmmi_types_state(rt)->repr;
  repr->container = o;
  pmmi_types_state(rt)->repr = repr;
  return 1;
}

void pmmi_repr_leave(pmm_rt *rt, struct pmmi_repr *repr) {
  assert(pmmi_types_state(rt)->repr == repr);
  pmmi_types_state(rt)->repr = repr->outer;
}

/* ---- the text of an object ------------------------------------------------
 */

pmm_obj *pmmi_repr_default(pmm_rt *rt, pmm_obj *o) {
  char text[160];
  int length = snprintf(text, sizeof text, "<%.100s object at 0x%" PRIxPTR ">",
                        o->type->name, (uintptr_t)o);
  return pmmi_str_new(rt, text, (size_t)length);
}

pmm_obj *pmmi_repr(pmm_rt *rt, pmm_obj *o) {
  assert(o != NULL);
  if (o->type->repr == NULL) {
    return pmmi_repr_default(rt, o);
  }
  if (pmmi_recursion_enter(rt) != PMM_OK) {
    return NULL;
  }
  pmm_obj *text = o->type->repr(rt, o);
  pmmi_recursion_leave(rt);
  return text;
}
