/* SPDX-License-Identifier: MIT */
/*
 * input.c - ask python/input.py for the default input.
 *
 * The twins import the same script, so that both forms read the same file.
 * PMM_INPUT_SCRIPT in the environment names another script, for programs
 * that are not run from the tree they were built in.
 */
#include "input.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *script_path(void) {
  const char *named = getenv("PMM_INPUT_SCRIPT");
  return named != NULL && named[0] != '\0' ? named : PMM_WORK_INPUT_SCRIPT;
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
  int state = 0;
  if (error != 0 || waitpid(child, &state, 0) != child || state != 0) {
    free(path);
    return NULL;
  }
  return path;
}
