/* SPDX-License-Identifier: MIT */
/*
 * listen.h - callbacks of the host around collections, and their log.
 */
#ifndef PMMI_CPYTHON_LISTEN_H
#define PMMI_CPYTHON_LISTEN_H

#include "cpython.h"

/** Remove the host's callbacks and stop the log. */
void pmmi_cpy_listen_stop(pmm_rt *rt);

#endif /* PMMI_CPYTHON_LISTEN_H */
