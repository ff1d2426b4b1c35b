/* SPDX-License-Identifier: MIT */
/*
 * account.c - hooks that count allocations of the interpreter and fail them.
 */
#include "account.h"

#include <stdlib.h>

#include "core.h"
#include "ops.h"
#include "sizemap.h"
#include "symbols.h"

/** Domains that are hooked, and what lies under the hooks. */
struct hook {
  enum pmm_domain domain;
  pmmi_cpy_allocator inner;
};
static struct hook hooks[] = {{.domain = PMM_DOMAIN_MEM},
                              {.domain = PMM_DOMAIN_OBJ}};
#define HOOKS (sizeof hooks / sizeof hooks[0])

static struct {
  int installed;
  int paused;            /* depth                                            */
  uint64_t live_blocks;  /* counted and not freed                            */
  uint64_t live_bytes;
  uint64_t peak_bytes;
  uint64_t allocations;
  uint64_t frees;
  uint64_t reallocations;
  uint64_t requested_bytes;
  uint64_t base_blocks;  /* live when the runtime was opened                 */
  uint64_t base_bytes;
  uint64_t countdown;    /* allocations until one fails; 0: none will        */
  int persist;           /* and all after it                                 */
  uint64_t injected;     /* how many failed since inject_arm                 */
  long long base_interpreter_blocks; /* sys.getallocatedblocks() at open     */
} account;

/** 1 when this allocation is to fail. */
static int refuse(void) {
  assert(account.paused >= 0);
  if (account.countdown == 0 || account.paused > 0) {
    return 0;
  }
  if (account.countdown > 1) {
    account.countdown--;
    return 0;
  }
  account.injected++;
  account.countdown = account.persist ? 1 : 0;
  return 1;
}

static void count_bytes(size_t size) {
  assert(account.installed);
  account.live_bytes += size;
  account.requested_bytes += size;
  if (account.live_bytes > account.peak_bytes) {
    account.peak_bytes = account.live_bytes;
  }
}

static void *counted(void *block, size_t size) {
  if (block != NULL && account.paused == 0 &&
      pmmi_cpy_sizemap_put(block, size)) {
    account.live_blocks++;
    account.allocations++;
    count_bytes(size);
  }
  return block;
}

static void *hook_malloc(void *ctx, size_t size) {
  assert(ctx != NULL);
  const struct hook *hook = ctx;
  if (refuse()) {
    return NULL;
  }
  return counted(hook->inner.malloc(hook->inner.ctx, size), size);
}

static void *hook_calloc(void *ctx, size_t n, size_t size) {
  const struct hook *hook = ctx;
  if (refuse()) {
    return NULL;
  }
  return counted(hook->inner.calloc(hook->inner.ctx, n, size), n * size);
}

static void hook_free(void *ctx, void *block) {
  const struct hook *hook = ctx;
  size_t size;
  if (block != NULL && pmmi_cpy_sizemap_take(block, &size)) {
    assert(account.live_blocks > 0 && account.live_bytes >= size);
    account.live_blocks--;
    account.live_bytes -= size;
    account.frees++;
  }
  hook->inner.free(hook->inner.ctx, block);
}

/** Only a resize that grows may be refused: shrinking has to work while
 *  every allocation fails. */
static void *hook_realloc(void *ctx, void *block, size_t size) {
  const struct hook *hook = ctx;
  size_t old_size = 0;
  int noted;
  void *moved;
  if (block == NULL) {
    return hook_malloc(ctx, size);
  }
  noted = pmmi_cpy_sizemap_get(block, &old_size);
  if ((!noted || size > old_size) && refuse()) {
    return NULL;
  }
  if (noted) {
    /* Before the call, as the old address may belong to another thread's
     * block once it returns. */
    (void)pmmi_cpy_sizemap_take(block, &old_size);
  }
  moved = hook->inner.realloc(hook->inner.ctx, block, size);
  if (!noted) {
    return moved;
  }
  if (moved == NULL) {
    assert(noted);
    (void)pmmi_cpy_sizemap_put(block, old_size);
    return NULL;
  }
  account.live_bytes -= old_size;
  if (pmmi_cpy_sizemap_put(moved, size)) {
    account.reallocations++;
    count_bytes(size);
  } else {
    account.live_blocks--;
  }
  return moved;
}

int pmmi_cpy_account_available(void) {
  const char *wish = getenv("PMM_CPYTHON_ACCOUNT");
  return pmmi_cpy_sym.mem_get != NULL && pmmi_cpy_sym.mem_set != NULL &&
         (wish == NULL || strcmp(wish, "none") != 0);
}

static void install(void) {
  assert(!account.installed && pmmi_cpy_sym.mem_get != NULL);
  for (size_t i = 0; i < HOOKS; i++) {
    pmmi_cpy_allocator over = {.ctx = &hooks[i],
                               .malloc = hook_malloc,
                               .calloc = hook_calloc,
                               .realloc = hook_realloc,
                               .free = hook_free};
    pmmi_cpy_sym.mem_get((int)hooks[i].domain, &hooks[i].inner);
    pmmi_cpy_sym.mem_set((int)hooks[i].domain, &over);
  }
  account.installed = 1;
}

void pmmi_cpy_account_start(void) {
  if (!account.installed && pmmi_cpy_account_available()) {
    install();
  }
  account.allocations = 0;
  account.frees = 0;
  account.reallocations = 0;
  account.requested_bytes = 0;
  account.base_blocks = account.live_blocks;
  account.base_bytes = account.live_bytes;
  account.peak_bytes = account.live_bytes;
  account.countdown = 0;
  account.base_interpreter_blocks =
      pmmi_cpy_ask(PMMI_CPY_FN(getallocatedblocks), NULL, 0);
}

void pmmi_cpy_account_pause(void) { account.paused++; }
void pmmi_cpy_account_resume(void) { account.paused--; }

/** Without hooks, CPython's own counter is all there is. */
static void fill_without_hooks(struct pmm_memory *all) {
  long long blocks = pmmi_cpy_ask(PMMI_CPY_FN(getallocatedblocks), NULL, 0);
  if (blocks > 0) {
    blocks -= account.base_interpreter_blocks;
    all->live_blocks = blocks < 0 ? 0 : (uint64_t)blocks;
  }
}

static uint64_t above(uint64_t value, uint64_t base) {
  return value > base ? value - base : 0;
}

static void fill_from_hooks(struct pmm_memory *all) {
  assert(account.installed);
  all->live_blocks = above(account.live_blocks, account.base_blocks);
  all->live_bytes = above(account.live_bytes, account.base_bytes);
  all->peak_bytes = above(account.peak_bytes, account.base_bytes);
  all->allocations = account.allocations;
  all->frees = account.frees;
  all->reallocations = account.reallocations;
  all->requested_bytes = account.requested_bytes;
}

void pmmi_cpy_memory(pmm_rt *rt, struct pmm_memory *out) {
  assert(out != NULL);
  struct pmm_memory all;
  size_t size = out->struct_size < sizeof all ? out->struct_size : sizeof all;
  (void)rt;
  memset(&all, 0xff, sizeof all); /* PMM_UNKNOWN */
  all.struct_size = out->struct_size;
  if (account.installed) {
    fill_from_hooks(&all);
  } else {
    fill_without_hooks(&all);
  }
  memcpy(out, &all, size);
}

void pmmi_cpy_memory_reset_peak(pmm_rt *rt) {
  (void)rt;
  account.peak_bytes = account.live_bytes;
}

void pmmi_cpy_inject_arm(pmm_rt *rt, uint64_t nth, int persist) {
  (void)rt;
  account.injected = 0;
  account.persist = persist;
  account.countdown = nth > 0 ? nth : 1;
}

uint64_t pmmi_cpy_inject_disarm(pmm_rt *rt) {
  (void)rt;
  account.countdown = 0;
  return account.injected;
}
