/* SPDX-License-Identifier: MIT */
/*
 * test_debug.c - the debug layer (debug.c).  A fault runs in a child, whose
 * runtime reports it through a pipe before the child aborts.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/child.h"
#include "tests/fixture.h"

static const char *backend_name;
static int report_to = -1;

static void on_event(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                     int64_t detail) {
  (void)ctx;
  (void)cookie;
  if (kind == PMM_EVENT_FAULT && report_to >= 0) {
    unsigned char fault = (unsigned char)detail;
    (void)!write(report_to, &fault, 1);
  }
}

static pmm_rt *open_rt(uint32_t flags, size_t quarantine_bytes) {
  static const struct pmm_host host = {.struct_size = sizeof host,
                                       .event = on_event};
  char message[200];
  struct pmm_open_config config = {
      .struct_size = sizeof config,
      .backend = pmmi_backend_find(backend_name, message, sizeof message),
      .host = &host,
      .flags = flags,
      .quarantine_bytes = quarantine_bytes};
  pmm_rt *rt = NULL;
  if (pmmi_open(&config, &rt) != PMM_OK) {
    printf("Bail out! no runtime over %s\n", backend_name);
    exit(1);
  }
  return rt;
}

/* ---- faults -------------------------------------------------------------- */

/* What a child reports that runs `fn`: the fault, with 100 added when it did
 * not abort; 0: none. */
static int fault_of(void (*fn)(pmm_rt *rt), pmm_rt *rt) {
  int end;
  char fault[2];
  pid_t parent = getpid();
  pid_t child = pmmi_child_fork(&end);
  if (child == 0) {
    pmmi_child_bind(parent);
    (void)!freopen("/dev/null", "w", stderr);
    report_to = end;
    fn(rt);
    pmmi_close(rt);
    _exit(0);
  }
  if (child < 0) {
    return -1;
  }
  (void)pmmi_child_read(end, fault, sizeof fault);
  int aborted = pmmi_child_signal(pmmi_child_wait(child)) == SIGABRT;
  return fault[0] + (fault[0] != 0 && !aborted ? 100 : 0);
}

static unsigned char *block_of(pmm_rt *rt) {
  unsigned char *block = pmmi_domain_malloc(rt, PMM_DOMAIN_OBJ, 10);
  memset(block, 7, 10);
  return block;
}

static void nothing(pmm_rt *rt) {
  unsigned char *block = block_of(rt);
  block = pmmi_domain_realloc(rt, PMM_DOMAIN_OBJ, block, 20);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
}

static void double_free(pmm_rt *rt) {
  unsigned char *block = block_of(rt);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
}

static void resize_freed(pmm_rt *rt) {
  unsigned char *block = block_of(rt);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
  (void)pmmi_domain_realloc(rt, PMM_DOMAIN_OBJ, block, 20);
}

static void write_freed(pmm_rt *rt) {
  volatile unsigned char *block = block_of(rt);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, (void *)(uintptr_t)block);
  block[3] = 1;
  pmmi_debug_flush(rt);
}

static void free_resized(pmm_rt *rt) {
  unsigned char *block = block_of(rt);
  (void)pmmi_domain_realloc(rt, PMM_DOMAIN_OBJ, block, 11);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
}

static void overrun(pmm_rt *rt) {
  unsigned char *block = block_of(rt);
  block[10] = 1;
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
}

static void overrun_far(pmm_rt *rt) {
  unsigned char *block = block_of(rt);
  block[17] = 1;
  (void)pmmi_domain_realloc(rt, PMM_DOMAIN_OBJ, block, 20);
}

static void underrun(pmm_rt *rt) {
  unsigned char *block = block_of(rt);
  block[-1] = 1;
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
}

static void underrun_letter(pmm_rt *rt) {
  unsigned char *block = block_of(rt);
  block[-8] = 'x';
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
}

static void underrun_far(pmm_rt *rt) {
  unsigned char *block = block_of(rt);
  block[-16] = 1;
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
}

static void wrong_domain(pmm_rt *rt) {
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, block_of(rt));
}

static void wild_free(pmm_rt *rt) {
  unsigned char *block = block_of(rt);
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block + 1);
}

static void excess_release(pmm_rt *rt) {
  pmm_obj *o = pmmi_int_new(rt, 123456789);
  pmmi_release(rt, o);
  pmmi_release(rt, o);
}

static const struct {
  const char *name;
  void (*fn)(pmm_rt *rt);
  int fault;
} faults[] = {
    {"no fault", nothing, 0},
    {"double free", double_free, PMM_FAULT_DOUBLE_FREE},
    {"free of a resized block", free_resized, PMM_FAULT_DOUBLE_FREE},
    {"resize of a freed block", resize_freed, PMM_FAULT_USE_AFTER_FREE},
    {"write to a freed block", write_freed, PMM_FAULT_USE_AFTER_FREE},
    {"overrun by one", overrun, PMM_FAULT_OVERRUN},
    {"overrun by eight", overrun_far, PMM_FAULT_OVERRUN},
    {"underrun by one", underrun, PMM_FAULT_UNDERRUN},
    {"underrun of the letter", underrun_letter, PMM_FAULT_UNDERRUN},
    {"underrun by sixteen", underrun_far, PMM_FAULT_UNDERRUN},
    {"wrong domain", wrong_domain, PMM_FAULT_WRONG_DOMAIN},
    {"excess release", excess_release, PMM_FAULT_EXCESS_RELEASE},
};

static void test_faults(uint32_t flags, const char *when) {
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    pmm_rt *rt = open_rt(flags, 0);
    (void)pmmi_debug_install(rt);
    int fault = fault_of(faults[i].fn, rt);
    tap_ok(fault == faults[i].fault, "%s over %s, %s: fault %d, is %d",
           faults[i].name, backend_name, when, faults[i].fault, fault);
    pmmi_close(rt);
  }
}

/* Only a layer that was there from the start knows every block. */
static void test_wild(void) {
  pmm_rt *rt = open_rt(PMM_OPEN_DEBUG, 0);
  tap_ok(fault_of(wild_free, rt) == PMM_FAULT_DOUBLE_FREE,
         "a block nobody made is a fault");
  pmmi_close(rt);
}

/* ---- contents ------------------------------------------------------------ */

static int reads(const unsigned char *bytes, size_t n, unsigned char value) {
  for (size_t i = 0; i < n; i++) {
    if (bytes[i] != value) {
      return 0;
    }
  }
  return 1;
}

static void test_contents(void) {
  static const char letters[] = "rmo";
  pmm_rt *rt = open_rt(PMM_OPEN_DEBUG, 0);
  for (int d = 0; d < PMMI_DOMAINS; d++) {
    enum pmm_domain domain = (enum pmm_domain)d;
    unsigned char *block = pmmi_domain_malloc(rt, domain, 0x102);
    tap_ok(reads(block, 0x102, 0xcd), "fresh bytes");
    tap_ok(reads(block - 16, 6, 0) && block[-10] == 1 && block[-9] == 2,
           "the size is big-endian");
    tap_ok(block[-8] == letters[d], "the letter of the domain");
    tap_ok(reads(block - 7, 7, 0xfd) && reads(block + 0x102, 8, 0xfd),
           "guards on both sides");
    unsigned char *zeroed = pmmi_domain_calloc(rt, domain, 3, 5);
    tap_ok(reads(zeroed, 15, 0), "zeroed bytes");
    zeroed = pmmi_domain_realloc(rt, domain, zeroed, 40);
    tap_ok(reads(zeroed, 15, 0) && reads(zeroed + 15, 25, 0xcd),
           "bytes that a resize added");
    pmmi_domain_free(rt, domain, zeroed);
    pmmi_domain_free(rt, domain, block);
    tap_ok(reads(block - 16, 0x102 + 24, 0xdd), "freed bytes");
    tap_ok(pmmi_domain_malloc(rt, domain, PTRDIFF_MAX - 4) == NULL,
           "guards may not make a size wrap");
  }
  pmmi_close(rt);
}

/* ---- the quarantine ------------------------------------------------------ */

static void test_quarantine(void) {
  enum { LIMIT = 10000, ROUNDS = 500 };
  pmm_rt *rt = open_rt(PMM_OPEN_DEBUG, LIMIT);
  unsigned char *first = block_of(rt);
  int again = 0;
  int over = 0;
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, first);
  for (int i = 0; i < ROUNDS; i++) {
    unsigned char *block = block_of(rt);
    again += i < 100 && block == first;
    pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
    over += pmmi_debug_of(rt)->held.bytes > LIMIT;
  }
  tap_ok(again == 0, "a freed block is not used again soon");
  tap_ok(over == 0 && pmmi_debug_of(rt)->held.bytes > LIMIT / 2,
         "within the limit");
  tap_ok(pmmi_debug_of(rt)->held.count < ROUNDS, "the oldest leave");
  unsigned char *large = pmmi_domain_malloc(rt, PMM_DOMAIN_MEM, 2 * LIMIT);
  size_t count = pmmi_debug_of(rt)->held.count;
  pmmi_domain_free(rt, PMM_DOMAIN_MEM, large);
  tap_ok(pmmi_debug_of(rt)->held.count == count,
         "what is larger than it skips it");
  void *raw = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, LIMIT / 2);
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, raw);
  tap_ok(pmmi_debug_of(rt)->held.count == count &&
             pmmi_debug_of(rt)->raw.count == 1,
         "raw blocks wait apart");
  pmmi_debug_flush(rt);
  tap_ok(pmmi_debug_of(rt)->held.count == 0 &&
             pmmi_debug_of(rt)->held.bytes == 0 &&
             pmmi_debug_of(rt)->raw.count == 0 &&
             pmmi_debug_of(rt)->raw.bytes == 0,
         "and both empty");
  pmmi_close(rt);
}

/* ---- a layer that comes late --------------------------------------------- */

static void test_late(void) {
  pmm_rt *rt = open_rt(0, 0);
  struct pmm_memory before = fixture_memory(rt);
  pmm_obj *list = fixture_range(rt, 1000, 1100);
  void *older = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 30);
  tap_ok(pmmi_debug_install(rt) == PMM_OK && pmmi_debug_install(rt) == PMM_OK,
         "installs, once");
  uint64_t count = pmmi_debug_of(rt)->older;
  older = pmmi_domain_realloc(rt, PMM_DOMAIN_RAW, older, 300);
  tap_ok(older != NULL && pmmi_debug_of(rt)->older == count,
         "older blocks resize");
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, older);
  tap_ok(pmmi_debug_of(rt)->older == count - 1, "and go");
  for (int i = 0; i < 100; i++) {
    pmm_obj *item = pmmi_int_new(rt, 5000 + i);
    (void)pmmi_list_append(rt, list, item);
    pmmi_release(rt, item);
  }
  tap_ok(fixture_length(rt, list) == 200, "a list lives on");
  pmmi_release(rt, list);
  tap_ok(fixture_is_back(rt, before), "the figures are those without it");
  pmmi_close(rt);
}

/* ---- memory that fails below everything ---------------------------------- */

static const struct pmm_backend *solid;
static uint64_t backend_left = UINT64_MAX; /* requests that succeed */

static int is_dry(void) { return backend_left == 0 || backend_left-- == 0; }

static void *dry_alloc(void *heap, size_t size) {
  return is_dry() ? NULL : solid->alloc(heap, size);
}

static void *dry_alloc_zero(void *heap, size_t n, size_t size) {
  return is_dry() ? NULL : solid->alloc_zero(heap, n, size);
}

static void *dry_table(void *ctx, size_t size) {
  return is_dry() ? NULL : pmmi_raw_allocator.alloc(ctx, size);
}

static void *dry_table_zero(void *ctx, size_t n, size_t size) {
  return is_dry() ? NULL : pmmi_raw_allocator.alloc_zero(ctx, n, size);
}

/* One round with so many requests left; 1 when every one was served. */
static int round_with(pmm_rt *rt, enum pmm_domain domain, uint64_t left) {
  enum { COUNT = 200 };
  void *blocks[COUNT];
  int count = 0;
  backend_left = left;
  while (count < COUNT &&
         (blocks[count] = pmmi_domain_malloc(rt, domain, 24)) != NULL) {
    count++;
  }
  int served = count == COUNT;
  while (count > 0) {
    pmmi_domain_free(rt, domain, blocks[--count]);
  }
  backend_left = UINT64_MAX;
  return served;
}

static void test_dry(enum pmm_domain domain, uint64_t least) {
  char message[100];
  solid = pmmi_backend_find(backend_name, message, sizeof message);
  struct pmm_backend dry = *solid;
  dry.alloc = dry_alloc;
  dry.alloc_zero = dry_alloc_zero;
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = &dry,
                                   .flags = PMM_OPEN_DEBUG};
  uint64_t left = 0;
  int good = 1;
  int served = 0;
  while (!served && good) {
    pmm_rt *rt = NULL;
    good = pmmi_open(&config, &rt) == PMM_OK;
    struct pmm_memory before = fixture_memory(rt);
    pmmi_holder_of(rt)->tables.alloc = dry_table;
    pmmi_holder_of(rt)->tables.alloc_zero = dry_table_zero;
    served = round_with(rt, domain, left++);
    good = fixture_is_back(rt, before) && good;
    pmmi_close(rt);
  }
  tap_ok(good && left > least, "over %s it survives %llu points of failure",
         backend_name, (unsigned long long)left);
}

static void test_refusal(void) {
  char message[100];
  struct pmm_open_config config = {
      .struct_size = sizeof config,
      .backend = pmmi_backend_find("bump", message, sizeof message),
      .flags = PMM_OPEN_DEBUG};
  pmm_rt *rt = NULL;
  tap_ok(pmmi_open(&config, &rt) == PMM_UNSUPPORTED && rt == NULL,
         "a backend that cannot tell sizes gets no layer");
}

int main(void) {
  static const char *const backends[] = {"pool", "libc"};
  tap_plan(0);
  for (int i = 0; i < 2; i++) {
    backend_name = backends[i];
    test_faults(PMM_OPEN_DEBUG, "from the start");
    test_faults(0, "installed late");
    test_wild();
    test_contents();
    test_quarantine();
    test_late();
    test_dry(PMM_DOMAIN_MEM, 200);
    test_dry(PMM_DOMAIN_RAW, 1); /* of its tables: it has no backend         */
  }
  test_refusal();
  return tap_done();
}
