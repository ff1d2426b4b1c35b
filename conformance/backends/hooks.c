/* SPDX-License-Identifier: MIT */
/* hooks.c - see hooks.h. */
#include "hooks.h"

#include "host.h"

static int refuses(struct check_hooks *hooks) {
  if (hooks->refuse_at == 0) {
    return 0;
  }
  if (hooks->refuse_at > 1) {
    hooks->refuse_at--;
    return 0;
  }
  hooks->refuse_at = hooks->refuse_all_after ? 1 : 0;
  hooks->refused++;
  return 1;
}

static void *hooks_map(void *ctx, size_t size, size_t align) {
  struct check_hooks *hooks = ctx;
  const struct pmm_os *system = pmmi_host_os();
  void *base = refuses(hooks) ? NULL : system->map(system->ctx, size, align);
  if (base != NULL) {
    hooks->maps++;
    hooks->held_bytes += size;
  }
  return base;
}

static void hooks_unmap(void *ctx, void *base, size_t size) {
  struct check_hooks *hooks = ctx;
  const struct pmm_os *system = pmmi_host_os();
  hooks->unmaps++;
  hooks->held_bytes -= size;
  system->unmap(system->ctx, base, size);
}

static void hooks_discard(void *ctx, void *base, size_t size) {
  (void)ctx;
  const struct pmm_os *system = pmmi_host_os();
  system->discard(system->ctx, base, size);
}

void check_hooks_init(struct check_hooks *hooks) {
  *hooks = (struct check_hooks){.os = {.ctx = hooks,
                                       .map = hooks_map,
                                       .unmap = hooks_unmap,
                                       .discard = hooks_discard}};
}
