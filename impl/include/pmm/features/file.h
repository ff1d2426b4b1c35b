/* SPDX-License-Identifier: MIT */
/* pmm/features/file.h - files over descriptors. */
#ifndef PMM_FEATURES_FILE_H
#define PMM_FEATURES_FILE_H

#include "pmm/types.h"

struct pmm_file_ops {
  size_t struct_size;
  /** Open; mode "r", "w" or "a", always bytes.  PMM_OS.  A file is a manager
   *  and an iterable of lines. */
  pmm_obj *(*file_open)(pmm_rt *rt, const char *path, const char *mode);
  /** At most `size` bytes (SIZE_MAX: all) as new bytes; empty at the end.
   *  PMM_OS; PMM_VALUE: closed. */
  pmm_obj *(*file_read)(pmm_rt *rt, pmm_obj *file, size_t size);
  pmm_obj *(*file_read_line)(pmm_rt *rt, pmm_obj *file);
  enum pmm_status (*file_write)(pmm_rt *rt, pmm_obj *file, const void *data,
                                size_t size);
  enum pmm_status (*file_flush)(pmm_rt *rt, pmm_obj *file);
  /** Flush and close; the descriptor is closed even when flushing fails.
   *  A second close does nothing. */
  enum pmm_status (*file_close)(pmm_rt *rt, pmm_obj *file);
  /** The descriptor, -1 when closed. */
  int (*file_descriptor)(pmm_rt *rt, pmm_obj *file);
};

#endif /* PMM_FEATURES_FILE_H */
