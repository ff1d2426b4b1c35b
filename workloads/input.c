/* SPDX-License-Identifier: MIT */
/*
 * input.c - ask python/input.py for the default input.
 *
 * The twins import the same script, so that both forms read the same file.
 * PMM_INPUT_SCRIPT in the environment names another script, for programs
 * that are not run from the tree they were built in. In the Python package the
 * script lies in the folder `suite` with the build that this code is in.
 */
#include "input.h"

#include <dlfcn.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"

extern char **environ;

static const char packaged_build[] = "/suite/build/";
static const char packaged_script[] = "/suite/workloads/python/input.py";

/** The script of the Python package; NULL where this code is not in one. */
static const char *script_of_package(void) {
  static char path[PATH_MAX + sizeof packaged_script];
  Dl_info here;
  bool known = dladdr(packaged_build, &here) != 0 && here.dli_fname != NULL &&
               strchr(here.dli_fname, '/') != NULL;
  /* The linker names a program as it was called, which need not be a path. */
  if (realpath(known ? here.dli_fname : "/proc/self/exe", path) == NULL) {
    return NULL;
  }
  char *build = strstr(path, packaged_build);
  if (build == NULL) {
    return NULL;
  }
  memcpy(build, packaged_script, sizeof packaged_script);
  return access(path, R_OK) == 0 ? path : NULL;
}

static const char *script_path(void) {
  const char *named = getenv("PMM_INPUT_SCRIPT");
  if (named != NULL && named[0] != '\0') {
    return named;
  }
  const char *packaged = script_of_package();
  return packaged != NULL ? packaged : PMM_WORK_INPUT_SCRIPT;
}

/** Start the script with its output on `to`.  0 or an errno. */
static int start(int to, pid_t *child) {
  char *arguments[] = {(char *)"python3", (char *)script_path(), NULL};
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error != 0) {
    return error;
  }
  error = posix_spawn_file_actions_adddup2(&actions, to, STDOUT_FILENO);
  if (error == 0) {
    error = posix_spawnp(child, arguments[0], &actions, NULL, arguments,
                         environ);
  }
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

/** The first line of `file`, owned by the caller; NULL when there is none. */
static char *first_line(int file) {
  FILE *stream = fdopen(file, "r");
  if (stream == NULL) {
    close(file);
    return NULL;
  }
  char *line = NULL;
  size_t room = 0;
  ssize_t length = getline(&line, &room, stream);
  fclose(stream);
  if (length < 2) {
    free(line);
    return NULL;
  }
  line[strcspn(line, "\n")] = '\0';
  return line;
}

char *pmm_input_make(char *message, size_t size) {
  int ends[2];
  pid_t child = 0;
  snprintf(message, size,
           "%s made no input; name a file by --set input=FILE", script_path());
  if (pipe(ends) != 0) {
    return NULL;
  }
  int error = start(ends[1], &child);
  close(ends[1]);
  char *path = first_line(ends[0]);
  if (error != 0 || pmmi_child_wait(child) != 0) {
    free(path);
    return NULL;
  }
  return path;
}
