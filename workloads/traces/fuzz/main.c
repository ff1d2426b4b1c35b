/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-fuzz-trace: traces changed at random, read whole.
 *
 *   1. A few small sound inputs are made, as files and as events.
 *   2. Each execution takes one, changes it in some places (a bit, a byte, a
 *      number, a cut, a copy), and reads it.
 *
 * The same seed gives the same inputs.  libFuzzer, which follows what the code
 * does, runs the same target: ci/fuzz.sh.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../reader.h"
#include "../writer.h"
#include "base/options.h"
#include "target.h"

enum { SEEDS = 4, BYTES_MOST = 1 << 12, EVENTS = 300 };

struct asked {
  uint64_t runs;
  uint64_t seed;
  int help;
};

static const struct pmmi_option rows[] = {
    PMMI_COUNT(struct asked, "runs", "N", runs, "executions (default 200000)"),
    PMMI_NUMBER(struct asked, "seed", "N", seed, "of all that is random"),
    PMMI_FLAG(struct asked, "help", help, "this text"),
    {.name = NULL}};
static const struct pmmi_option *const tables[] = {rows, NULL};

/** An input: its kind and its bytes, as the target takes it. */
struct input {
  uint8_t bytes[BYTES_MOST];
  size_t count;
};

static uint64_t state;

/** xorshift64*; Vigna 2014. */
static uint64_t drawn(uint64_t below) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (state * UINT64_C(2685821657736338717) >> 16) % below;
}

/* ---- sound inputs -------------------------------------------------------- */

/** An event that fits behind `births` objects of which all but `dead` live. */
static struct trace_event next_event(const uint8_t *dead, uint64_t births) {
  uint64_t object = births > 0 ? drawn(births) : 0;
  struct trace_event event = {.op = (enum trace_op)drawn(4),
                              .domain = (enum trace_domain)drawn(3),
                              .size = drawn(drawn(8) == 0 ? 1 << 20 : 600),
                              .object = object};
  if (event.op >= TRACE_RESIZE && (births == 0 || dead[object])) {
    event.op = TRACE_ALLOC;
  }
  return event;
}

static int write_sound(const char *path) {
  struct trace_fault fault;
  uint8_t dead[EVENTS] = {0};
  uint64_t births = 0;
  struct trace_writer *writer =
      trace_writer_open(path, "source: fuzz\n", &fault);
  for (int i = 0; writer != NULL && i < EVENTS; i++) {
    struct trace_event event = next_event(dead, births);
    births += event.op == TRACE_ALLOC || event.op == TRACE_ZERO;
    dead[event.object] |= event.op == TRACE_FREE;
    if (trace_writer_add(writer, &event, &fault) != 0) {
      trace_writer_drop(writer);
      return -1;
    }
  }
  return writer == NULL ? -1 : trace_writer_finish(writer, &fault);
}

static int make_file(struct input *input) {
  char path[] = "/tmp/pmm-fuzz-XXXXXX";
  struct trace_fault fault;
  size_t count = 0;
  int made = mkstemp(path);
  uint8_t *bytes = NULL;
  if (made >= 0 && write_sound(path) == 0) {
    bytes = trace_file_read(path, &count, &fault);
  }
  if (made >= 0) {
    (void)close(made);
    (void)unlink(path);
  }
  if (bytes == NULL || count + 1 > BYTES_MOST) {
    free(bytes);
    return -1;
  }
  input->bytes[0] = 0;
  memcpy(input->bytes + 1, bytes, count);
  input->count = count + 1;
  free(bytes);
  return 0;
}

static void make_events(struct input *input) {
  input->bytes[0] = 1;
  input->count = 1;
  while (input->count < EVENTS) {
    /* Births first; later anything, which is often an object that is live. */
    uint64_t low = input->count < 60 ? drawn(2) : drawn(4);
    input->bytes[input->count++] =
        (uint8_t)(low | drawn(3) << 2 | drawn(15) << 4);
  }
}

/* ---- changes ------------------------------------------------------------- */

static void change(struct input *input) {
  static const uint64_t numbers[] = {0, 1, 0x7f, 0x80, 0xffff, UINT32_MAX,
                                     UINT64_MAX, (uint64_t)1 << 47};
  size_t at = 1 + (size_t)drawn(input->count - 1);
  size_t left = input->count - at;
  size_t span = 1 + (size_t)drawn(left < 8 ? left : 8);
  switch (drawn(6)) {
  case 0:
    input->bytes[at] ^= (uint8_t)(1u << drawn(8));
    break;
  case 1:
    input->bytes[at] = (uint8_t)drawn(256);
    break;
  case 2:
    memcpy(input->bytes + at, &numbers[drawn(8)], span);
    break;
  case 3: /* cut off */
    input->count = at < 2 ? 2 : at;
    break;
  case 4: /* taken out */
    memmove(input->bytes + at, input->bytes + at + span, left - span);
    input->count -= input->count - span < 2 ? 0 : span;
    break;
  default: /* said twice */
    if (input->count + span <= BYTES_MOST) {
      memmove(input->bytes + at + span, input->bytes + at, left);
      input->count += span;
    }
    break;
  }
}

static void run(const struct input *seeds, uint64_t runs) {
  static struct input input;
  for (uint64_t i = 0; i < runs; i++) {
    const struct input *from = &seeds[drawn(SEEDS)];
    memcpy(input.bytes, from->bytes, from->count);
    input.count = from->count;
    for (uint64_t n = drawn(4); n > 0 && input.count > 2; n--) {
      change(&input);
    }
    (void)LLVMFuzzerTestOneInput(input.bytes, input.count);
  }
}

int main(int argc, char **argv) {
  static struct input seeds[SEEDS];
  struct asked asked = {.runs = 200000, .seed = 1};
  int code = pmmi_options_read("pmm-fuzz-trace", tables, &asked, argc, argv);
  pmmi_options_free(tables, &asked);
  if (code != 0 || asked.help) {
    if (code == 0) {
      puts("usage: pmm-fuzz-trace [options]\n\nReads traces that were changed "
           "at random; a crash is a bug of the reader.\n");
      pmmi_options_help(tables, stdout);
    }
    return code;
  }
  state = asked.seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
  for (size_t i = 0; i < SEEDS; i++) {
    if (i % 2 == 1) {
      make_events(&seeds[i]);
    } else if (make_file(&seeds[i]) != 0) {
      fputs("pmm-fuzz-trace: cannot make a trace in /tmp\n", stderr);
      return 1;
    }
  }
  run(seeds, asked.runs);
  printf("%" PRIu64 " executions, %" PRIu64 " read whole, %" PRIu64
         " with a fault, %" PRIu64 " events\n",
         asked.runs, fuzz_whole, fuzz_faults, fuzz_events);
  /* Where all were sound, or none was, nothing was tried. */
  return fuzz_whole > 0 && fuzz_faults > 0 ? 0 : 1;
}
