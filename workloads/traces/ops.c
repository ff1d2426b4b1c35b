/* SPDX-License-Identifier: MIT */
/* ops.c - see ops.h. */
#include "ops.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host.h"

struct making {
  struct trace_ops *ops;
  uint32_t *slots;     /* by object                                         */
  uint32_t *vacant;    /* a stack of slots                                  */
  uint32_t vacant_count;
  uint64_t live_bytes;
};

static void add(struct making *m, unsigned kind, uint32_t slot,
                uint64_t size) {
  struct op *op = &m->ops->ops[m->ops->count++];
  *op = (struct op){slot << 3 | kind, (uint32_t)(size > 0 ? size : 1)};
}

static void take_size(struct making *m, const struct trace_event *event) {
  m->live_bytes += event->size - event->old_size;
  if (m->live_bytes > m->ops->peak_bytes) {
    m->ops->peak_bytes = m->live_bytes;
    m->ops->peak = m->ops->count;
  }
}

static void take(struct making *m, const struct trace_event *event) {
  uint32_t *slot = &m->slots[event->object];
  m->ops->calls++;
  switch (event->op) {
  case TRACE_FREE:
    m->vacant[m->vacant_count++] = *slot;
    add(m, TRACE_FREE, *slot, event->old_size);
    break;
  case TRACE_RESIZE:
    add(m, TRACE_RESIZE, *slot, event->size);
    add(m, OPS_OLD, *slot, event->old_size);
    break;
  default:
    *slot = m->vacant_count > 0 ? m->vacant[--m->vacant_count]
                                : m->ops->slots++;
    m->ops->births++;
    add(m, event->op, *slot, event->size);
    break;
  }
  take_size(m, event);
}

static int refuse(const struct trace_event *event, uint64_t number,
                  const struct trace_header *h, struct trace_fault *fault) {
  if (event->object >= h->births || number > h->events) {
    fault->offset = 16;
    (void)snprintf(fault->message, sizeof fault->message,
                   "expected more than %" PRIu64 " events and %" PRIu64
                   " births",
                   h->events, h->births);
    return -1;
  }
  if (event->size <= UINT32_MAX) {
    return 0;
  }
  fault->offset = 0;
  (void)snprintf(fault->message, sizeof fault->message,
                 "event %" PRIu64 " asks for %" PRIu64
                 " bytes, and a replay takes less than 4 GiB",
                 number, event->size);
  return -1;
}

static int read_all(struct making *m, struct trace_reader *reader,
                    struct trace_fault *fault) {
  const struct trace_header *h = trace_reader_header(reader);
  struct trace_event event;
  int more;
  while ((more = trace_reader_next(reader, &event, fault)) == 1) {
    if (event.op >= TRACE_THREAD) {
      continue;
    }
    if (refuse(&event, trace_reader_events(reader), h, fault) != 0) {
      return -1;
    }
    take(m, &event);
  }
  return more;
}

/** 1 when the header's counts can be those of a file of so many bytes: tables
 *  are made by them. */
static int believable(const struct trace_header *h, size_t file_bytes,
                      struct trace_fault *fault) {
  uint64_t most = (uint64_t)file_bytes * TRACE_RATIO_MOST;
  if (h->events <= most && h->births <= h->events &&
      h->peak_live_blocks < OPS_SLOTS_MOST) {
    return 1;
  }
  fault->offset = 16;
  (void)snprintf(fault->message, sizeof fault->message,
                 "expected at most %" PRIu64 " events and no more births",
                 most);
  return 0;
}

int trace_ops_make(struct trace_reader *reader, struct trace_ops *ops,
                   struct trace_fault *fault) {
  const struct trace_header *h = trace_reader_header(reader);
  const struct pmm_os *os = pmmi_host_os();
  struct making m = {.ops = ops};
  *ops = (struct trace_ops){.ops = NULL};
  if (!believable(h, trace_reader_bytes(reader), fault)) {
    return -1;
  }
  ops->room = pmmi_host_page_round((h->events + 1) * 2 * sizeof *ops->ops);
  ops->ops = os->map(os->ctx, ops->room, pmmi_host_page_bytes());
  m.slots = malloc((h->births + 1) * sizeof *m.slots);
  m.vacant = malloc((h->births + 1) * sizeof *m.vacant);
  int code = -1;
  if (ops->ops == NULL || m.slots == NULL || m.vacant == NULL) {
    fault->offset = 0;
    (void)snprintf(fault->message, sizeof fault->message,
                   "there is no memory for %" PRIu64 " events", h->events);
  } else {
    code = read_all(&m, reader, fault);
  }
  free(m.slots);
  free(m.vacant);
  return code;
}

void trace_ops_price(struct trace_ops *ops, uint32_t most) {
  for (size_t i = 0; i < ops->count; i++) {
    struct op *op = &ops->ops[i];
    op->size = op->size < most ? op->size : most;
    if (op_kind(*op) == TRACE_ZERO) {
      op->slot_and_op = op_slot(*op) << 3 | TRACE_ALLOC;
    }
  }
}

void trace_ops_free(struct trace_ops *ops) {
  const struct pmm_os *os = pmmi_host_os();
  if (ops->ops != NULL) {
    os->unmap(os->ctx, ops->ops, ops->room);
  }
  *ops = (struct trace_ops){.ops = NULL};
}
