/* SPDX-License-Identifier: MIT */
/*
 * The registry: names, misspelt names, plug-ins that lie, malloc libraries.
 * Arguments: the folder of the test plug-ins, and their suffix.
 */
#include <stdlib.h>
#include <unistd.h>

#include "backends/plugin.h"
#include "backends/registry.h"
#include "backends/witness.h"
#include "base/child.h"
#include "lab.h"
#include "sanitize.h"

static char message[640];
static const char *folder;

static const struct pmm_backend *find(const char *spec) {
  memset(message, 'x', sizeof message);
  return pmmi_backend_find(spec, message, sizeof message);
}

static const struct pmm_backend *find_plugin(const char *variant) {
  char path[512];
  snprintf(path, sizeof path, "%s/plugin_%s.so", folder, variant);
  return find(path);
}

static int says(const char *text) { return strstr(message, text) != NULL; }

static void test_names(void) {
  int whole = 1;
  for (size_t i = 0; i < pmmi_backend_count(); i++) {
    const struct pmmi_backend_entry *entry = pmmi_backend_at(i);
    whole &= entry->summary != NULL && (entry->backend != NULL) ==
                 entry->available && (entry->reason == NULL) ==
                 entry->available;
    if (entry->available) {
      whole &= find(entry->name) == entry->backend && message[0] == '\0';
    } else {
      whole &= find(entry->name) == NULL && says("not available");
    }
  }
  tap_ok(whole, "every entry has a backend or a reason");
  tap_ok(strcmp(pmmi_backend_at(0)->name, "pool") == 0, "the pool is first");
  tap_ok(find("minalloc") == NULL && says("did you mean mimalloc?"),
         "a misspelt name gets the nearest");
  tap_ok(find("zzzzzz") == NULL && says("the choices are: pool, libc"),
         "a strange one gets all");
  tap_ok(find("") == NULL && message[0] != '\0', "and so does an empty one");
  char tiny[8];
  tap_ok(pmmi_backend_find("nope", tiny, sizeof tiny) == NULL &&
             strlen(tiny) == 7,
         "a short message is cut off and ended");
}

static void test_liars(void) {
  const struct {
    const char *variant;
    const char *reason;
  } liars[] = {{"old_abi", "made for version 2"},
               {"refuses", "does not serve version 1"},
               {"short_struct", "has 48 bytes"},
               {"no_alloc", "the function alloc is not set"},
               {"claims", "claims a capability but owns is not set"},
               {"hides", "trim is set but its capability is not claimed"},
               {"nameless", "name, version or summary"}};
  for (size_t i = 0; i < sizeof liars / sizeof liars[0]; i++) {
    tap_ok(find_plugin(liars[i].variant) == NULL && says(liars[i].reason),
           "%s: %s", liars[i].variant, message);
  }
  tap_ok(find("/no/such/plugin.so") == NULL && says("/no/such/plugin.so"),
         "a file that is not there is named");
}

/* The labels that a plug-in must have, one after the other. */
static void test_labels(void) {
  const struct pmm_backend *good = find_plugin("good");
  tap_need(good != NULL);
  struct pmm_backend copy = *good;
  copy.name = "";
  tap_ok(pmmi_plugin_check(&copy, message, sizeof message) != 0 &&
             says("is not set"),
         "an empty name is none");
  copy = *good;
  copy.version = NULL;
  tap_ok(pmmi_plugin_check(&copy, message, sizeof message) != 0,
         "a version is wanted");
  copy = *good;
  copy.summary = NULL;
  tap_ok(pmmi_plugin_check(&copy, message, sizeof message) != 0,
         "a summary is wanted");
  char path[512];
  snprintf(path, sizeof path, "%s/mylib.so", folder);
  tap_ok(find(path) == NULL && says("exports no pmm_backend_get"),
         "a malloc library is no plug-in");
}

static void test_plugin(void) {
  const struct pmm_backend *plugin = find_plugin("good");
  struct pmmi_witness witness;
  void *heap = NULL;
  if (!tap_ok(plugin != NULL && plugin->init(NULL, &heap) == 0,
              "a good plug-in opens")) {
    return;
  }
  tap_ok(find_plugin("good") == plugin, "twice the same");
  char spec[600];
  snprintf(spec, sizeof spec, "mine=%s/plugin_good.so", folder);
  tap_ok(find(spec) == plugin, "and under a name of the caller's");
  tap_ok(find("/no=such/x.so") == NULL && says("/no=such/x.so: cannot open"),
         "a = behind a / is a part of the path: %s", message);
  tap_ok(pmmi_backend_witness(plugin, heap, &witness) == 0 &&
             strstr(witness.object, "plugin_good.so") != NULL &&
             witness.symbol_in_object && witness.owns == PMMI_UNTOLD,
         "the witness names its file: %s", witness.object);
  plugin->fini(heap);
}

/* One that has malloc itself, and calls its own functions by name.  In a
 * process of its own, for it dies of a block of the C library's, and as a
 * process has one library alone. */
static void test_replacement(void) {
  char spec[600];
  snprintf(spec, sizeof spec, "own=%s/replaces.so", folder);
  if (pmmi_sanitize_valgrind() || access(spec + sizeof "own=" - 1, R_OK) != 0) {
    tap_skip("a checker's malloc cannot be replaced");
    return;
  }
  pid_t pid = pmmi_child_fork(NULL);
  if (pid == 0) {
    const struct pmm_backend *own = find(spec);
    void *heap = NULL;
    int opened = own != NULL && own->init(NULL, &heap) == 0;
    void *block = opened ? own->alloc(heap, 100) : NULL;
    void *moved = opened ? own->realloc(heap, block, 100, 200) : NULL;
    if (moved != NULL) {
      own->free(heap, moved);
    }
    _exit(block == NULL || moved == NULL || moved == block);
  }
  tap_need(pid > 0);
  tap_ok(pmmi_child_wait(pid) == 0,
         "a library that has malloc itself means its own functions");
}

static void test_malloclike(void) {
  char spec[600];
  void *heap = NULL;
  struct pmmi_witness witness;
  snprintf(spec, sizeof spec, "mine=%s/mylib.so,prefix=no_", folder);
  tap_ok(find(spec) == NULL && says("no function no_malloc"),
         "a wrong prefix is said");
  snprintf(spec, sizeof spec, "mine=%s/mylib.so", folder);
  tap_ok(find(spec) == NULL && says("defines no function malloc"),
         "libc's malloc does not pass for the library's");
  snprintf(spec, sizeof spec, "mine=%s/mylib.so,suffix=x", folder);
  tap_ok(find(spec) == NULL && says("prefix=") && says("not \"suffix=x\""),
         "an unknown option is said");
  snprintf(spec, sizeof spec, "mine=%s/mylib.so,free_sized=my_gone,prefix=my_",
           folder);
  tap_ok(find(spec) == NULL && says("no function my_gone"),
         "a sized free that is not there is said");
  tap_ok(find("=") == NULL && says("the form is") && find("a=") == NULL &&
             says("the form is"),
         "the form is said");
  char longest[1200] = "mine=/";
  memset(longest + 6, 'x', sizeof longest - 7);
  tap_ok(find(longest) == NULL, "a path too long");
  snprintf(spec, sizeof spec, "mine=%s/mylib.so,prefix=my_", folder);
  const struct pmm_backend *mine = find(spec);
  tap_need(mine != NULL);
  if (!tap_ok(mine->init(NULL, &heap) == 0,
              "a malloc library opens without code: %s", message)) {
    return;
  }
  tap_ok(strcmp(mine->name, "mine") == 0 &&
             !(mine->capabilities & PMM_BACKEND_ALIGNED) &&
             (mine->capabilities & PMM_BACKEND_USABLE_SIZE),
         "it has its name, and claims what it has");
  tap_ok(mine->alloc_aligned(heap, 64, 10) == NULL,
         "what it cannot align it refuses");
  tap_ok(pmmi_backend_witness(mine, heap, &witness) == 0 &&
             strstr(witness.object, "mylib.so") != NULL,
         "the witness names its file");
  void *block = mine->alloc(heap, 10);
  mine->free_sized(heap, block, 10);
  mine->free_sized(heap, NULL, 10);
  tap_ok(mine->alloc_aligned(heap, 64, SIZE_MAX) == NULL,
         "what it cannot free by size it frees");
  tap_ok(find(spec) == mine, "twice the same");
  tap_ok(find("other=/lib/x.so") == NULL && says("one library per process"),
         "a second library is refused");
}

int main(int argc, char **argv) {
  if (argc != 2) {
    return 2;
  }
  folder = argv[1];
  tap_plan(0);
  test_names();
  test_liars();
  test_labels();
  test_plugin();
  test_replacement();
  test_malloclike();
  return tap_done();
}
