/* SPDX-License-Identifier: MIT */
/*
 * draw.c - random programs.
 */
#include "draw.h"

#include <assert.h>
#include <string.h>

#include "operations.h"

enum { TRIES = 16, NUMBERS = 8 };

/* splitmix64: good numbers from any start. */
static uint64_t draw(uint64_t *state) {
  *state += UINT64_C(0x9e3779b97f4a7c15);
  uint64_t z = *state;
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static unsigned below(uint64_t *state, unsigned n) {
  return (unsigned)((draw(state) >> 32) * n >> 32);
}

/** Operations by weight: each stands as often as it weighs. */
static uint16_t urn[4096];
static unsigned urn_size;

static void fill_urn(void) {
  if (urn_size != 0) {
    return;
  }
  for (size_t i = 0; i < operation_count; i++) {
    for (unsigned k = 0; k < operations[i].weight; k++) {
      assert(urn_size < 4096);
      urn[urn_size++] = (uint16_t)i;
    }
  }
}

/* A register of one of the kinds; -1: there is none. */
static int draw_register(struct machine *m, uint64_t *state, uint32_t kinds) {
  unsigned first = below(state, WORDS_REGISTERS);
  for (unsigned i = 0; i < WORDS_REGISTERS; i++) {
    unsigned reg = (first + i) % WORDS_REGISTERS;
    if (m->kinds[reg] != KIND_EMPTY && (kinds >> m->kinds[reg] & 1u) != 0) {
      return (int)reg;
    }
  }
  return -1;
}

static int draw_operands(struct machine *m, uint64_t *state,
                         struct step *step) {
  size_t reg = 0;
  for (const char *c = operations[step->op].operands; *c != '\0'; c++) {
    uint32_t kinds = operand_kinds(*c);
    if (kinds != 0) {
      int found = draw_register(m, state, kinds);
      if (found < 0) {
        return 0;
      }
      step->regs[reg++] = (uint8_t)found;
    } else if (*c == 'm') {
      step->k = (int32_t)below(state, NUMBERS);
    } else if (*c != 'k') {
      unsigned n = *c == 'y'   ? WORDS_TYPES
                   : *c == 'g' ? WORDS_CODES
                               : NUMBERS;
      step->n = (int32_t)below(state, n);
    }
  }
  return 1;
}

/* A step that can be run: an instance where nothing else fits. */
static void draw_step(struct machine *m, uint64_t *state, int32_t cookie,
                      struct step *step) {
  for (int i = 0; i < TRIES; i++) {
    memset(step, 0, sizeof *step);
    step->k = cookie;
    step->op = urn[below(state, urn_size)];
    step->to = (uint8_t)below(state, WORDS_REGISTERS);
    if (m->offered[step->op] && draw_operands(m, state, step) &&
        machine_can(m, step)) {
      return;
    }
  }
  memset(step, 0, sizeof *step);
  step->k = cookie;
  while (strcmp(operations[step->op].name, "instance_new") != 0) {
    step->op++;
    assert(step->op < operation_count);
  }
}

uint64_t draw_and_run(struct machine *m, uint64_t seed, uint64_t number,
                      size_t length, FILE *out) {
  uint64_t state = seed * UINT64_C(0xd1342543de82ef95) + number;
  (void)draw(&state);
  fill_urn();
  machine_begin(m);
  for (size_t i = 0; i < length && i < PROGRAM_STEPS; i++) {
    struct step step;
    draw_step(m, &state, (int32_t)(i + 1), &step);
    if (out != NULL) {
      step_write(&step, out);
      (void)fputc('\n', out);
      (void)fflush(out); /* the step may be the last                        */
    }
    machine_step(m, &step);
  }
  return machine_end(m);
}
