/* SPDX-License-Identifier: MIT */
/* Mistyped names: which are near, and how they are said. */
#include "base/nearest.h"

#include <string.h>

#include "tests/tap.h"

static void test_nearest(void) {
  const char *const names[] = {"alpha", "alpine", "beta"};
  char text[64];
  pmmi_nearest("alphe", names, 3, text, sizeof text);
  tap_ok(strcmp(text, "did you mean alpha?") == 0, "one is nearest");
  pmmi_nearest("alp", names, 3, text, sizeof text);
  tap_ok(strcmp(text, "did you mean alpha?") == 0, "a beginning is near");
  pmmi_nearest("alphi", names, 2, text, sizeof text);
  tap_ok(strcmp(text, "did you mean alpha?") == 0, "one letter is nearer");
  const char *const long_name[] = {"generational"};
  pmmi_nearest("generationalxyz", long_name, 1, text, sizeof text);
  tap_ok(strcmp(text, "did you mean generational?") == 0,
         "a long word may have three letters wrong");
  const char *const twins[] = {"alpha", "alphb"};
  pmmi_nearest("alphi", twins, 2, text, sizeof text);
  tap_ok(strcmp(text, "did you mean alpha or alphb?") == 0, "two are as near");
  char longest[100];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  pmmi_nearest(longest, names, 3, text, sizeof text);
  tap_ok(strncmp(text, "the choices are", 15) == 0, "a long word is near none");
  text[0] = 'x';
  pmmi_nearest("alpha", names, 3, text, 0);
  tap_ok(text[0] == 'x', "no room, no text");
  pmmi_nearest("alphne", names, 3, text, 12);
  tap_ok(strlen(text) == 11, "what does not fit is cut off");
}

static void test_few(void) {
  const char *const names[] = {"beta", "alpine", "alpha", "alphb"};
  char text[64];
  pmmi_nearest_few("alphi", names, 4, 3, text, sizeof text);
  tap_ok(strcmp(text, "alpha alphb alpine") == 0,
         "the nearest come first, and as they stand where equal: %s", text);
  pmmi_nearest_few("x", names, 2, 5, text, sizeof text);
  tap_ok(strcmp(text, "beta alpine") == 0, "there are no more: %s", text);
  pmmi_nearest_few("x", names, 0, 5, text, sizeof text);
  tap_ok(text[0] == '\0', "of none there is none");
}

int main(void) {
  tap_plan(0);
  test_nearest();
  test_few();
  return tap_done();
}
