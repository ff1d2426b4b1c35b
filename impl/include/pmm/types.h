/* SPDX-License-Identifier: MIT */
/*
 * pmm/types.h - the words of the runtime contract.
 *
 * What pmm/subject.h's operations speak of: handles, statuses, events,
 * callbacks, probe types, codes and figures.  A runtime may be written over
 * these words alone, so that its functions fill the table of operations with
 * nothing in between; it then needs to know nothing of subjects.
 *
 * Everything here is plain data: no function, no ownership but what a
 * comment says.  Structures only grow at their end.  Sizes are bytes.
 */
#ifndef PMM_TYPES_H
#define PMM_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "pmm/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A runtime that is open. */
typedef struct pmm_rt pmm_rt;
/** An object of a runtime. */
typedef struct pmm_obj pmm_obj;

/** Why an operation failed.  The values are fixed for ever. */
enum pmm_status {
  PMM_OK = 0,
  PMM_NO_MEMORY = 1,   /* MemoryError                                      */
  PMM_TYPE = 2,        /* TypeError                                        */
  PMM_VALUE = 3,       /* ValueError                                       */
  PMM_INDEX = 4,       /* IndexError                                       */
  PMM_KEY = 5,         /* KeyError                                         */
  PMM_OVERFLOW = 6,    /* OverflowError                                    */
  PMM_RUNTIME = 7,     /* RuntimeError                                     */
  PMM_OS = 8,          /* OSError; os_errno() tells which                  */
  PMM_STOP = 9,        /* StopIteration: exhausted                         */
  PMM_EXIT = 10,       /* GeneratorExit                                    */
  PMM_REFERENCE = 11,  /* ReferenceError: the target of a proxy is dead    */
  PMM_RECURSION = 12,  /* RecursionError                                   */
  PMM_BUFFER = 13,     /* BufferError: an exported view forbids it         */
  PMM_USER = 14,       /* an error the host raised; nothing else uses it   */
  PMM_SYSTEM = 15,     /* SystemError: misuse the runtime noticed          */
  PMM_UNSUPPORTED = 16 /* the subject cannot do this with these arguments  */
};

/** What happened. */
enum pmm_event_kind {
  PMM_EVENT_FINALIZED = 1,    /* cookie: the object; its finalizer starts   */
  PMM_EVENT_DEALLOCATED = 2,  /* cookie: the object; its memory goes back   */
  PMM_EVENT_CALLBACK = 3,     /* cookie: the weak reference's               */
  PMM_EVENT_LOG = 4,          /* cookie: the number a code logged           */
  PMM_EVENT_ENTERED = 5,      /* cookie: the manager                        */
  PMM_EVENT_EXITED = 6,       /* cookie: the manager; detail: pmm_status    */
  PMM_EVENT_UNRAISABLE = 7,   /* detail: pmm_status that nobody could get   */
  PMM_EVENT_WARNING = 8,      /* a resource warning; detail: the descriptor */
  PMM_EVENT_GC_START = 9,     /* cookie: generation                         */
  PMM_EVENT_GC_STOP = 10,     /* cookie: generation; detail: collected      */
  PMM_EVENT_FAULT = 11        /* detail: enum pmm_fault                     */
};

/** A memory fault that a checking runtime noticed. */
enum pmm_fault {
  PMM_FAULT_USE_AFTER_FREE = 1,
  PMM_FAULT_DOUBLE_FREE = 2,
  PMM_FAULT_OVERRUN = 3,
  PMM_FAULT_UNDERRUN = 4,
  PMM_FAULT_WRONG_DOMAIN = 5,
  PMM_FAULT_EXCESS_RELEASE = 6,
  PMM_FAULT_COUNT_MISMATCH = 7, /* traverse visits more than was owned      */
  PMM_FAULT_NO_LOCK = 8 /* lock_check: no event, as its thread may not call */
                        /* the host; a message alone                      */
};

/** The host's ear.  All may be NULL. */
struct pmm_host {
  size_t struct_size;
  void *ctx; /* passed back in every call                                  */
  /** Something happened.  Must not call operations of the runtime. */
  void (*event)(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                int64_t detail);
};

/** How to open a runtime.  Read during the call only, save `backend`. */
struct pmm_open_config {
  size_t struct_size;
  const struct pmm_backend *backend; /* NULL: the subject's own allocator  */
  const char *mode;          /* collector mode; NULL: the subject's default */
  const struct pmm_host *host; /* NULL: nobody listens                      */
  uint64_t seed;             /* for whatever the subject randomises         */
  uint32_t flags;            /* enum pmm_open_flag, or-ed                   */
  size_t quarantine_bytes;   /* freed bytes that the debug layer keeps from */
                             /* reuse, of raw blocks and of others so many  */
                             /* each; 0: the subject's default              */
};

enum pmm_open_flag {
  PMM_OPEN_CHECKED = 1u << 0, /* check the heap's invariants at each phase  */
  PMM_OPEN_GC_STRESS = 1u << 1, /* collect at every container allocation    */
  PMM_OPEN_DEBUG = 1u << 2    /* debug layer on all domains                 */
};

/* ---- callbacks of the host ---------------------------------------------- */

/** Code of the host that the runtime calls: a finalizer (`arg` is the dying
 *  object), a weak-reference callback (`arg` is the reference), a function
 *  called from a code (`arg` is its argument).  `arg` is borrowed.  It may
 *  use operations.  Returns PMM_OK, or the status of an error it wants to
 *  raise (with or without an error pending). */
typedef enum pmm_status (*pmm_fn)(void *ctx, pmm_rt *rt, pmm_obj *arg);

/** The same with a result: *result is a new reference or NULL for None. */
typedef enum pmm_status (*pmm_call)(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                    pmm_obj **result);

/** Visit one reference; a value other than 0 stops the traversal. */
typedef int (*pmm_visit)(void *ctx, pmm_obj *referent);

/** What a callback of the collector is told. */
struct pmm_gc_info {
  int stop;               /* 0: a collection starts; 1: it is over          */
  int generation;         /* of the collection                              */
  uint64_t collected;     /* at stop: unreachable objects that were taken   */
  uint64_t uncollectable; /* at stop: unreachable objects that were not     */
};

/** Code of the host that the runtime calls at start and stop of each
 *  collection.  `info` is valid during the call.  Else as pmm_fn. */
typedef enum pmm_status (*pmm_gc_fn)(void *ctx, pmm_rt *rt,
                                     const struct pmm_gc_info *info);

/** Exit of a context manager: `error` is the status that leaves the block or
 *  PMM_OK.  Sets *suppress to 1 to swallow it.  Returns PMM_OK or the status
 *  of an error of its own, which replaces `error`. */
typedef enum pmm_status (*pmm_exit_fn)(void *ctx, pmm_rt *rt,
                                       enum pmm_status error, int *suppress);

/* ---- probe types --------------------------------------------------------- */

enum pmm_type_flag {
  PMM_TYPE_GC = 1u << 0,         /* instances take part in cycle collection */
  PMM_TYPE_WEAKREF = 1u << 1,    /* instances accept weak references        */
  PMM_TYPE_DICT = 1u << 2,       /* instances have attributes by name       */
  PMM_TYPE_LEGACY_DEL = 1u << 3, /* the pre-PEP 442 delete slot             */
  PMM_TYPE_TUPLE = 1u << 4,      /* a subclass of tuple                     */
  /* Seeded faults, to see them detected.  A subject without them answers
   * PMM_UNSUPPORTED. */
  PMM_TYPE_FAULT_SKIP = 1u << 5, /* traverse skips slot 0                   */
  PMM_TYPE_FAULT_BORROW = 1u << 6 /* traverse visits slot 0 twice, as if it
                                     owned what it borrows                  */
};

/** A type of the host.  Copied; `ctx` and the functions must outlive it. */
struct pmm_type_spec {
  size_t struct_size;
  const char *name;   /* shown in reports                                   */
  uint32_t slots;     /* slots of an instance, at most 16; start empty      */
  uint32_t flags;     /* enum pmm_type_flag, or-ed                          */
  pmm_fn finalizer;   /* NULL: none; PMM_EVENT_FINALIZED comes before it    */
  void *ctx;          /* first argument of finalizer                        */
};

/** Code that compares, hashes and prints the instances of a type (feature
 *  compare_code).  `ctx` and the functions outlive it.  `self` and `other`
 *  are borrowed: whoever compares keeps them alive until the code returns.
 *  Each returns PMM_OK or the status of an error that it wants to raise, as
 *  pmm_fn does.  A function that is NULL: as instances are without it. */
struct pmm_compare_code {
  size_t struct_size;
  void *ctx;
  /** Called when `other`, another object, is of a type with such a function. */
  enum pmm_status (*equals)(void *ctx, pmm_rt *rt, pmm_obj *self,
                            pmm_obj *other, int *equal);
  /** *less = (self < other); called as equals is. */
  enum pmm_status (*less)(void *ctx, pmm_rt *rt, pmm_obj *self, pmm_obj *other,
                          int *less);
  enum pmm_status (*hash)(void *ctx, pmm_rt *rt, pmm_obj *self, int64_t *hash);
  /** *text: a new str, NULL for that of other instances. */
  enum pmm_status (*repr)(void *ctx, pmm_rt *rt, pmm_obj *self,
                          pmm_obj **text);
};

/* ---- codes: what a function or a generator executes ---------------------- */

/**
 * A *code* is a small structured program over numbered locals.  The
 * reference interprets it; the CPython subject translates it to Python and
 * compiles it, so that real frames, generators and with blocks run.  Blocks
 * nest and end with PMM_END.  Local 0.. `args`-1 are the arguments.
 *
 *   for i in range(1000000): yield i
 *     { {PMM_FOR_RANGE, 0, 1000000, 0}, {PMM_YIELD, -1, 0, 0}, {PMM_END} }
 *
 * Everything means what Python means by it.  A local is empty until it is
 * stored to; reading or deleting an empty one is PMM_RUNTIME.  Where `a`
 * names the result, a < 0 drops it.  A code with a PMM_YIELD or a
 * PMM_YIELD_FROM is a generator's: calling its function makes a generator,
 * and PMM_STOP that leaves it becomes PMM_RUNTIME (PEP 479).  A code that is
 * not well formed is refused with PMM_VALUE when it is copied.
 *
 * What a PMM_EXCEPT names is an object.  It keeps the locals of the frame it
 * is caught in (and, as the subject likes, of frames that the error left
 * before) even when that frame has ended.  Stored in such a local by PMM_MOVE
 * it is part of a cycle.  Naming takes memory: PMM_NO_MEMORY then leaves the
 * clause in place of its first instruction.
 */
enum pmm_instruction_op {
  PMM_END = 0,      /* ends the innermost block                             */
  PMM_LOG,          /* event LOG with cookie b                              */
  PMM_CONST,        /* local a = constants[b]                               */
  PMM_INT,          /* local a = the integer b                              */
  PMM_MOVE,         /* local a = local b                                    */
  PMM_DEL,          /* del local a                                          */
  PMM_CALL,         /* local a = calls[b](local c); c < 0: None             */
  PMM_CALL_CODE,    /* local a = this same code, called with local c as its */
                    /* one argument; c < 0: with none (`args` must agree)   */
  PMM_YIELD,        /* local a = (yield local b); b < 0: yield None         */
  PMM_YIELD_FROM,   /* local a = (yield from local b)                       */
  PMM_RETURN,       /* return local a; a < 0: None                          */
  PMM_RAISE,        /* raise the error with status b                        */
  PMM_RERAISE,      /* raise again what the innermost PMM_EXCEPT handles    */
  PMM_FOR_RANGE,    /* for local a in range(b) ... END                      */
  PMM_FOR_EACH,     /* for local a in local b ... END                       */
  PMM_IF,           /* if local a is true ... END                           */
  PMM_BREAK,        /* leave the innermost loop                             */
  PMM_CONTINUE,     /* next round of the innermost loop                     */
  PMM_TRY,          /* try ... EXCEPT any number of times, then FINALLY at  */
                    /* most once, at least one of both ... END              */
  PMM_EXCEPT,       /* except status b (PMM_OK: any, PMM_EXIT included), as */
                    /* local a if a >= 0; that local is empty after it      */
  PMM_FINALLY,      /* finally                                              */
  PMM_WITH,         /* with local b as local a ... END                      */
  PMM_APPEND,       /* local a .append(local b)                             */
  PMM_CLOSURE       /* local a = a function over codes[b] that shares the   */
                    /* captured locals (see struct pmm_code)                */
};

struct pmm_instruction {
  enum pmm_instruction_op op;
  int32_t a;
  int64_t b;
  int32_t c;
};

/** A call that a code makes to the host. */
struct pmm_code_call {
  pmm_call call;
  void *ctx;
};

/** A code.  Copied; constants are retained; `calls`' contexts outlive it. */
struct pmm_code {
  size_t struct_size;
  const char *name;                           /* shown in reports           */
  uint32_t args;                              /* locals filled by the call  */
  uint32_t locals;                            /* all locals, at most 64     */
  const struct pmm_instruction *instructions;
  size_t instruction_count;
  pmm_obj *const *constants;
  size_t constant_count;
  const struct pmm_code_call *calls;
  size_t call_count;
  uint64_t captured; /* bit i: local i is a cell that closures share; a      */
                     /* subject without closures answers PMM_UNSUPPORTED     */
  /* Codes inside this one, at most 15, nested at most 8 deep.  A local that
   * is captured by a code and by the one around it, and is no argument of the
   * inner one, is one variable of both.  An inner code has no PMM_CALL_CODE. */
  const struct pmm_code *const *codes;
  size_t code_count;
};

/* ---- figures ------------------------------------------------------------- */

/** Exact counters of a runtime; PMM_UNKNOWN where the subject cannot tell. */
struct pmm_memory {
  size_t struct_size;        /* set by the host                             */
  uint64_t live_blocks;      /* blocks allocated and not freed              */
  uint64_t live_bytes;       /* their requested bytes                       */
  uint64_t peak_bytes;       /* the most live_bytes ever was since the reset; */
                             /* more, never less, if several threads allocate */
  uint64_t allocations;      /* successful requests since open              */
  uint64_t frees;            /* blocks given back since open                */
  uint64_t reallocations;    /* successful resizes since open               */
  uint64_t requested_bytes;  /* sum of all successful requests              */
  uint64_t cached_blocks;    /* live blocks that only a free list holds     */
  uint64_t cached_bytes;
  uint64_t objects;          /* live objects                                */
  uint64_t tracked;          /* live objects the collector examines         */
  uint64_t mapped_bytes;     /* held from the operating system              */
  uint64_t arenas;           /* regions held from the operating system      */
};

/** Statistics of one generation since open. */
struct pmm_gc_stats {
  size_t struct_size;
  uint64_t collections;
  uint64_t collected;
  uint64_t uncollectable;
  uint64_t visited;      /* objects examined                                */
  uint64_t pause_ns;     /* total time                                      */
  uint64_t max_pause_ns;
};

/** Runs that the collector's log keeps. */
#define PMM_GC_LOG_RUNS 64

/** Why a run of the collector began. */
enum pmm_gc_reason {
  PMM_GC_THRESHOLD = 1, /* the collector's own counters                     */
  PMM_GC_EXPLICIT = 2,  /* collect()                                        */
  PMM_GC_STRESS = 3,    /* PMM_OPEN_GC_STRESS                               */
  PMM_GC_SHUTDOWN = 4,  /* close()                                          */
  PMM_GC_SLICE = 5      /* a part of an incremental search: it walks objects, */
                        /* takes none and calls nobody                      */
};

/** One run in the collector's log; PMM_UNKNOWN where the subject cannot tell.
 *  Of a full run the figures add up: what was garbage when it looked is
 *  collected + uncollectable, or was resurrected by code that it ran. */
struct pmm_gc_run {
  uint64_t number;        /* 1: the first since gc_log_start()              */
  uint64_t generation;    /* this one and the younger were examined         */
  uint64_t reason;        /* enum pmm_gc_reason                             */
  uint64_t start_ns;      /* of a monotonic clock                           */
  uint64_t pause_ns;      /* from start to stop                             */
  uint64_t traversed;     /* objects examined                               */
  uint64_t collected;     /* unreachable objects that were taken            */
  uint64_t freed;         /* live objects, atoms included, fewer than before */
  uint64_t uncollectable; /* unreachable objects that were not taken        */
  uint64_t garbage_left;  /* garbage when it looked that still takes memory; */
                          /* unknown when not all objects were examined     */
};

/** One allocation site of a snapshot. */
struct pmm_site {
  const char *name; /* as site_push() named it; valid until the next snapshot */
  uint64_t blocks;
  uint64_t bytes;
};

/** How one site's live blocks differ from those of a kept snapshot. */
struct pmm_growth {
  const char *name; /* as site_push() named it; valid until the next snapshot */
  int64_t blocks;   /* more than then; less than 0: fewer                   */
  int64_t bytes;
};

/** The live objects of one type (see `census`). */
struct pmm_census {
  const char *type; /* type name, "" for what is in no list of the subject's; */
                    /* valid during the call                                */
  uint64_t count;   /* objects; PMM_UNKNOWN: the subject cannot tell        */
  uint64_t bytes;   /* sum of what size_of() says of them; PMM_UNKNOWN      */
};

/** One kind of leftover that the runtime itself found (see `leaks`). */
enum pmm_leak_kind {
  PMM_LEAK_REFERENCE = 1, /* alive, in no cycle: somebody lost a reference  */
  PMM_LEAK_CYCLE = 2,     /* alive only through itself                      */
  PMM_LEAK_FILE = 3,      /* an open file that nobody closed                */
  PMM_LEAK_CACHED = 4,    /* held by a free list: no leak, told apart       */
  PMM_LEAK_BLOCK = 5,     /* a block that belongs to no object              */
  PMM_LEAK_ARENA = 6      /* room beside live blocks in the `count` arenas  */
                          /* that they pin: no leak, told apart             */
};

struct pmm_leak {
  enum pmm_leak_kind kind;
  const char *type; /* type name; valid during the call                     */
  const char *site; /* allocation site, "" when sites were not traced       */
  uint64_t count;   /* objects                                              */
  uint64_t bytes;
};

enum pmm_domain { PMM_DOMAIN_RAW = 0, PMM_DOMAIN_MEM = 1, PMM_DOMAIN_OBJ = 2 };

/** What lives of a domain: requested bytes, whatever is below the counters. */
struct pmm_domain_stats {
  size_t struct_size;
  uint64_t live_bytes;
  uint64_t live_blocks;
};

/** Hooks on a domain (PEP 445): a whole allocator that may call the old. */
struct pmm_domain_allocator {
  void *ctx;
  void *(*malloc)(void *ctx, size_t size);
  void *(*calloc)(void *ctx, size_t n, size_t size);
  void *(*realloc)(void *ctx, void *block, size_t size);
  void (*free)(void *ctx, void *block);
};

/** Hooks on the arena layer. */
struct pmm_arena_allocator {
  void *ctx;
  void *(*alloc)(void *ctx, size_t size);
  void (*free)(void *ctx, void *base, size_t size);
};

/** Kinds of weak containers. */
enum pmm_weak_kind { PMM_WEAK_VALUES = 1, PMM_WEAK_KEYS = 2, PMM_WEAK_SET = 3 };

/** gc_debug_set flags. */
enum pmm_gc_debug { PMM_GC_SAVEALL = 1u << 0 };

/** What `view_of` and typed arrays hold; a byte of a typed array is signed. */
enum pmm_item_kind {
  PMM_ITEM_BYTE = 1,
  PMM_ITEM_INT64 = 2,
  PMM_ITEM_DOUBLE = 3
};

/** An entry of a sparse matrix, for csr_new. */
struct pmm_triple {
  size_t row;
  size_t column;
  double value;
};

#ifdef __cplusplus
}
#endif

#endif /* PMM_TYPES_H */
