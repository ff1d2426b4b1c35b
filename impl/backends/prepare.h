/* SPDX-License-Identifier: MIT */
/*
 * prepare.h - what a program that offers backends does first.
 */
#ifndef PMMI_BACKENDS_PREPARE_H
#define PMMI_BACKENDS_PREPARE_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Call first in main(), before threads and output: starts the program again,
 * once, with room for the thread-local data of allocators loaded later
 * (GLIBC_TUNABLES glibc.rtld.optional_static_tls).  It happens whatever
 * backend is asked for, so that all run in the same environment.  Returns
 * when there is nothing to do: the variable names the tunable already, the
 * program runs under valgrind, or starting again is impossible.
 */
void pmmi_backend_prepare(char **argv);

#ifdef __cplusplus
}
#endif

#endif /* PMMI_BACKENDS_PREPARE_H */
