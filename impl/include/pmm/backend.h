/* SPDX-License-Identifier: MIT */
/*
 * pmm/backend.h - the allocator contract.
 *
 * A *backend* is an allocator behind this header.  A shared object exports
 * one function, PMM_BACKEND_GETTER, that takes the host's ABI version and
 * returns a pointer to a constant `struct pmm_backend`, or NULL when it
 * cannot serve that version:
 *
 *   1. the host checks abi_version and struct_size, and reads no field that
 *      lies beyond struct_size;
 *   2. it makes one heap with init(), and passes that heap to every call;
 *   3. it uses only what `capabilities` claims, and tests what it claims;
 *   4. it gives the heap back with fini().
 *
 * Structures only grow at their end; a new field never changes the meaning
 * of an old one.  Every function pointer that is not marked "optional" must
 * be set; an optional one is NULL exactly when its capability bit is clear.
 *
 * Written rules, the same for every backend (source: ISO C11 7.22.3, CPython
 * Doc/c-api/memory.rst, PEP 445; "must" is tested by pmm-backend-check):
 *
 *   size 0     With PMM_BACKEND_ZERO_UNIQUE a request of 0 bytes returns a
 *              pointer that differs from every live block and must be freed;
 *              without it the request may return NULL, which is no failure.
 *              The runtime above asks for 1 byte where it needs a block.
 *   overflow   A request above PTRDIFF_MAX, or n * size that wraps, returns
 *              NULL and touches nothing.
 *   failure    NULL means "no memory" and nothing else.  A failed realloc
 *              leaves the old block valid and unchanged.  The backend stays
 *              usable.  A release build never aborts on failure.
 *   alignment  Blocks of 16 bytes or more are aligned to 16; smaller blocks
 *              to the largest power of two not above their size.
 *   free(NULL) is a no-op, and so is free_sized(NULL, n).
 *   threads    Without PMM_BACKEND_THREADS all calls on one heap come from
 *              one thread at a time.  With it any thread between
 *              thread_enter and thread_leave may call, and may free what
 *              another thread allocated.
 *   aliasing   Live blocks never overlap; the bytes of a block belong to its
 *              owner until it is freed.  PMM_BACKEND_ONE_BLOCK says that this
 *              does not hold: such a backend prices the harness, and no
 *              program runs on it.
 *
 * Sizes are bytes.  A statistic a backend cannot tell is PMM_UNKNOWN; it is
 * never reported as 0.
 */
#ifndef PMM_BACKEND_H
#define PMM_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this contract; a getter refuses a host it cannot serve. */
#define PMM_BACKEND_ABI 1u

/** Name of the function a backend's shared object exports. */
#define PMM_BACKEND_GETTER "pmm_backend_get"

/** The value of a figure that is not known.  Never 0. */
#define PMM_UNKNOWN UINT64_MAX

/** What a backend claims; the host tests every claim and trusts no other. */
enum pmm_backend_capability {
  PMM_BACKEND_ZERO_UNIQUE = 1u << 0, /* size 0 gives a unique live pointer  */
  PMM_BACKEND_FREES = 1u << 1,       /* free makes memory reusable          */
  PMM_BACKEND_SIZED_FREE = 1u << 2,  /* free_sized is faster than free      */
  PMM_BACKEND_USABLE_SIZE = 1u << 3, /* usable_size is set                  */
  PMM_BACKEND_OWNS = 1u << 4,        /* owns is set                         */
  PMM_BACKEND_BATCH = 1u << 5,       /* alloc_batch and free_batch are set  */
  PMM_BACKEND_TRIM = 1u << 6,        /* trim is set                         */
  PMM_BACKEND_STATS = 1u << 7,       /* stats is set                        */
  PMM_BACKEND_CLASSES = 1u << 8,     /* class_stats is set                  */
  PMM_BACKEND_VISIT = 1u << 9,       /* visit is set                        */
  PMM_BACKEND_FORK = 1u << 10,       /* fork hooks are set                  */
  PMM_BACKEND_OS_HOOKS = 1u << 11,   /* takes config.os for all its pages   */
  PMM_BACKEND_THREADS = 1u << 12,    /* safe from many threads              */
  PMM_BACKEND_HEAPS = 1u << 13,      /* several heaps at once are apart     */
  PMM_BACKEND_RETURNS = 1u << 14,    /* a drained heap gives pages back     */
  PMM_BACKEND_MEASURES = 1u << 15,   /* a bound, not an allocator to rank   */
  PMM_BACKEND_ALIGNED = 1u << 16,    /* alloc_aligned serves more than 16   */
  PMM_BACKEND_ONE_BLOCK = 1u << 17   /* all requests get the same bytes     */
};

/**
 * The operating system as a backend may see it: pages in, pages out.  With
 * PMM_BACKEND_OS_HOOKS the backend asks nobody else, so that a host can
 * count regions, refuse them, or record them.
 */
struct pmm_os {
  void *ctx; /* passed back as the first argument of every call            */
  /** Map `size` bytes aligned to `align` (a power of two); NULL on failure.
   *  The pages read as zero. */
  void *(*map)(void *ctx, size_t size, size_t align);
  /** Unmap exactly what one map() returned.  Cannot fail. */
  void (*unmap)(void *ctx, void *base, size_t size);
  /** The pages' contents are no longer needed; they read as zero later. */
  void (*discard)(void *ctx, void *base, size_t size);
};

/** What the host asks of a new heap. */
struct pmm_backend_config {
  size_t struct_size;      /* sizeof(struct pmm_backend_config)             */
  const struct pmm_os *os; /* NULL: the backend maps pages by itself        */
  uint64_t seed;           /* for backends that randomise; 0: they choose   */
  size_t quarantine_bytes; /* freed bytes kept from reuse in checked builds */
  uint32_t flags;          /* 0; reserved                                   */
};

/** Figures of one heap; each is PMM_UNKNOWN where the backend cannot tell. */
struct pmm_backend_stats {
  size_t struct_size;         /* set by the host; the backend writes no more */
  uint64_t live_blocks;       /* blocks allocated and not freed              */
  uint64_t live_bytes;        /* their sizes, rounded up as they are stored  */
  uint64_t allocated_blocks;  /* successful requests since init              */
  uint64_t mapped_bytes;      /* held from the operating system              */
  uint64_t peak_mapped_bytes; /* the most it ever held                       */
  uint64_t arenas;            /* regions held from the operating system      */
  uint64_t arenas_mapped;     /* regions taken since init                    */
  uint64_t arenas_unmapped;   /* regions given back since init               */
  uint64_t os_calls;          /* map, unmap and discard calls since init     */
  uint64_t large_blocks;      /* live blocks above the pool's limit          */
  uint64_t large_bytes;       /* their bytes                                 */
};

/** Figures of one size class. */
struct pmm_class_stats {
  size_t struct_size;       /* set by the host                              */
  uint64_t block_size;      /* bytes of a block of this class               */
  uint64_t blocks_per_pool; /* capacity of one pool                         */
  uint64_t pools;           /* pools that serve this class                  */
  uint64_t blocks_used;     /* live blocks                                  */
  uint64_t blocks_free;     /* blocks of those pools that are not live      */
};

/** Figures of one region that a backend carves into pools. */
struct pmm_arena_stats {
  size_t struct_size;    /* set by the host                                 */
  uint64_t base;         /* its address                                     */
  uint64_t bytes;        /* its size                                        */
  uint64_t pools;        /* that fit                                        */
  uint64_t pools_vacant; /* that serve no class                             */
  uint64_t blocks_used;  /* live blocks                                     */
  uint64_t bytes_used;   /* their sizes, rounded up as they are stored      */
};

/** One live block, or one free gap, as visit() reports it. */
struct pmm_block {
  const void *address; /* first byte of the block                           */
  size_t size;         /* bytes reserved for it                             */
  int live;            /* 1: allocated; 0: free within a pool               */
};

/** The allocator: constant for the life of the process. */
struct pmm_backend {
  uint32_t abi_version;  /* PMM_BACKEND_ABI the backend was compiled with    */
  uint32_t capabilities; /* enum pmm_backend_capability, or-ed               */
  size_t struct_size;    /* sizeof(struct pmm_backend) it was compiled with  */
  const char *name;      /* lower case, no blank: "pool", "mimalloc"         */
  const char *version;   /* as its author gives it; "" when unknown          */
  const char *summary;   /* one line for `pmm backends`                      */

  /** Make a heap in *heap.  Returns 0, or -1 when there is no memory (then
   *  *heap is NULL).  `config` is read during the call only. */
  int (*init)(const struct pmm_backend_config *config, void **heap);
  /** Destroy a heap.  Blocks still live become invalid; their memory is
   *  given back where the backend can.  Cannot fail. */
  void (*fini)(void *heap);

  /** Announce the calling thread before its first and after its last call.
   *  Optional: NULL when threads need no announcement. */
  int (*thread_enter)(void *heap);
  void (*thread_leave)(void *heap);

  /** New block of `size` bytes, contents unspecified; NULL: no memory. */
  void *(*alloc)(void *heap, size_t size);
  /** New block of n * size zero bytes; NULL: no memory or overflow. */
  void *(*alloc_zero)(void *heap, size_t n, size_t size);
  /** New block aligned to `align`, a power of two up to 4096; without
   *  PMM_BACKEND_ALIGNED up to 16, and NULL above. */
  void *(*alloc_aligned)(void *heap, size_t align, size_t size);
  /** Resize a block.  `old_size` is the size it was last requested with.
   *  realloc(NULL, 0, n) is alloc(n).  On success the old pointer is gone;
   *  on failure it is untouched. */
  void *(*realloc)(void *heap, void *block, size_t old_size, size_t new_size);
  /** Give a block back; NULL is ignored. */
  void (*free)(void *heap, void *block);
  /** The same, with the size it was last requested with (n * size from
   *  alloc_zero).  Not for blocks of alloc_aligned. */
  void (*free_sized)(void *heap, void *block, size_t size);

  /** Optional (USABLE_SIZE): bytes the owner may use, at least the request. */
  size_t (*usable_size)(void *heap, const void *block);
  /** Optional (OWNS): 1 when the address lies in memory of this heap.  Any
   *  address may be asked about; nothing at it is read. */
  int (*owns)(void *heap, const void *address);

  /** Optional (BATCH): up to `count` blocks of one size into `out`; returns
   *  how many were made.  free_batch gives such blocks back. */
  size_t (*alloc_batch)(void *heap, size_t size, size_t count, void **out);
  void (*free_batch)(void *heap, size_t size, size_t count, void **blocks);

  /** Optional (TRIM): give back all pages that hold no live block; returns
   *  the bytes given back. */
  size_t (*trim)(void *heap);
  /** Optional (STATS): fill the first out->struct_size bytes of `out`. */
  void (*stats)(void *heap, struct pmm_backend_stats *out);
  /** Optional (CLASSES): fill `out` for class `index`; returns 0, or -1 when
   *  there is no such class. */
  int (*class_stats)(void *heap, size_t index, struct pmm_class_stats *out);
  /** Optional (VISIT): call `fn` for each block until it returns non-zero;
   *  returns that value or 0.  The heap must not change meanwhile. */
  int (*visit)(void *heap, int (*fn)(void *ctx, const struct pmm_block *block),
               void *ctx);

  /** Optional (FORK): around fork(), in this order. */
  void (*fork_prepare)(void *heap);
  void (*fork_parent)(void *heap);
  void (*fork_child)(void *heap);

  /** The function that serves alloc(), for the witness: an address inside
   *  the object that holds the allocator's code. */
  const void *(*witness_symbol)(void);

  /** Optional, with CLASSES: fill `out` for the index-th arena that is held;
   *  returns 0, or -1 when there are not so many. */
  int (*arena_stats)(void *heap, size_t index, struct pmm_arena_stats *out);
};

/** The exported function: `host_abi` is the host's PMM_BACKEND_ABI.  Returns
 *  a constant structure, or NULL when that version cannot be served. */
typedef const struct pmm_backend *(*pmm_backend_get_fn)(uint32_t host_abi);

#ifdef __cplusplus
}
#endif

#endif /* PMM_BACKEND_H */
