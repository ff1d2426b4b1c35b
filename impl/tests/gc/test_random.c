/* SPDX-License-Identifier: MIT */
/*
 * test_random.c - random graphs against a naive model of reachability.
 *
 * A program of random steps makes nodes, sets and empties their slots, drops
 * handles and collects.  The model keeps the same graph as an adjacency table
 * and says after each collection which nodes must be alive: those that a
 * handle reaches.  Between collections it knows a lower bound only.
 *
 * In the mode incremental the program changes the graph between any two of a
 * search's slices, and nothing asks for a collection: what lives must stay,
 * and what is garbage must go at last.
 */
#include "core/tracked.h"
#include "tests/gc/lab.h"

#define NODES 200
#define SLOTS 2
#define STEPS 3000

static struct lab lab;

/** A node as the model sees it. */
struct node {
  pmm_obj *handle;      /* owned; NULL: dropped                             */
  pmm_obj *object;      /* borrowed; valid while the model says it is alive */
  int to[SLOTS];        /* index of the node in each slot; -1: empty        */
  int exists;
};

static struct node nodes[NODES];
static char alive[NODES];
static uint64_t state;

static unsigned choose(unsigned n) {
  state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (unsigned)(state >> 33) % n;
}

static void reach(int i) {
  if (i < 0 || alive[i]) {
    return;
  }
  alive[i] = 1;
  for (int slot = 0; slot < SLOTS; slot++) {
    reach(nodes[i].to[slot]);
  }
}

static void model_reachable(void) {
  memset(alive, 0, sizeof alive);
  for (int i = 0; i < NODES; i++) {
    if (nodes[i].exists && nodes[i].handle != NULL) {
      reach(i);
    }
  }
}

static void make_node(pmm_rt *rt, pmm_obj *type, int i) {
  if (nodes[i].exists) {
    return;
  }
  pmm_obj *o = pmmi_instance_new(rt, type, i);
  nodes[i] = (struct node){.handle = o, .object = o, .exists = 1};
  for (int slot = 0; slot < SLOTS; slot++) {
    nodes[i].to[slot] = -1;
  }
}

/* Only what a handle reaches may be written. */
static void link_nodes(pmm_rt *rt, int from, int slot, int to) {
  model_reachable();
  if (!alive[from] || (to >= 0 && !alive[to])) {
    return;
  }
  nodes[from].to[slot] = to;
  (void)pmmi_slot_set(rt, nodes[from].object, (size_t)slot,
                      to < 0 ? NULL : nodes[to].object);
}

/* Deaths, as the events tell them: 1 when the model agrees. */
static int forget_dead(int exact) {
  int agreed = 1;
  model_reachable();
  for (size_t i = 0; i < lab.count && i < LAB_LOG; i++) {
    if (lab.log[i].kind == PMM_EVENT_DEALLOCATED) {
      int64_t dead = lab.log[i].cookie;
      agreed &= nodes[dead].exists && !alive[dead];
      nodes[dead].exists = 0;
    }
  }
  for (int i = 0; exact && i < NODES; i++) {
    agreed &= nodes[i].exists == alive[i];
  }
  lab.count = 0;
  return agreed;
}

static int step(pmm_rt *rt, pmm_obj *type) {
  int a = (int)choose(NODES);
  int b = (int)choose(NODES);
  switch (choose(8)) {
  case 0:
  case 1:
    make_node(rt, type, a);
    break;
  case 2:
  case 3:
  case 4:
    link_nodes(rt, a, (int)choose(SLOTS), b);
    break;
  case 5:
    link_nodes(rt, a, (int)choose(SLOTS), -1);
    break;
  case 6:
    if (nodes[a].exists) {
      pmmi_clear(rt, &nodes[a].handle);
    }
    break;
  default:
    if (choose(10) == 0) {
      (void)lab_collect(rt);
      return forget_dead(1);
    }
  }
  return forget_dead(0);
}

static void run_program(uint64_t seed, const char *mode, uint32_t flags) {
  pmm_rt *rt = lab_open(&lab, mode, flags);
  pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
  int agreed = 1;
  int at = 0;
  state = seed;
  memset(nodes, 0, sizeof nodes);
  for (; at < STEPS && agreed; at++) {
    agreed = step(rt, type) && pmmi_heap_verify(rt) == NULL;
  }
  tap_ok(agreed, "seed %llu, mode %s: step %d of %d", (unsigned long long)seed,
         mode, at, STEPS);
  for (int i = 0; i < NODES; i++) {
    pmmi_clear(rt, &nodes[i].handle);
  }
  pmmi_release(rt, type);
  lab_end(&lab, "random program");
}

/* Containers that stay make collections due, until no node is left. */
static int wait_for_deaths(pmm_rt *rt) {
  pmm_obj *kept = pmmi_list_new(rt, 0);
  int left = NODES;
  for (int i = 0; i < 20000 && left > 0; i++) {
    pmm_obj *item = pmmi_list_new(rt, 0);
    (void)pmmi_list_append(rt, kept, item);
    pmmi_release(rt, item);
    if (!forget_dead(0)) {
      break;
    }
    left = 0;
    for (int n = 0; n < NODES; n++) {
      left += nodes[n].exists;
    }
  }
  pmmi_release(rt, kept);
  return left;
}

static int step_unasked(pmm_rt *rt, pmm_obj *type) {
  int a = (int)choose(NODES);
  if (pmmi_tracked_of(rt)->walk.phase == PMMI_GC_SEARCH_IDLE &&
      choose(3) == 0) {
    pmmi_gc_slide(pmmi_tracked_of(rt), 1 + choose(40));
  }
  if (choose(4) == 0) { /* another container, so that collections are due    */
    pmmi_release(rt, pmmi_list_new(rt, 0));
  }
  if (choose(3) == 0) {
    make_node(rt, type, a);
  } else if (choose(8) == 0 && nodes[a].exists) {
    pmmi_clear(rt, &nodes[a].handle);
  } else {
    int slot = (int)choose(SLOTS);
    int to = (int)choose(NODES);
    link_nodes(rt, a, slot, choose(6) == 0 ? -1 : to);
  }
  return forget_dead(0);
}

/** Garbage that searches found, in all programs. */
static uint64_t found_unasked;

static void run_unasked(uint64_t seed, uint64_t threshold) {
  static const uint64_t thresholds[3] = {1, 1, 0};
  uint64_t chosen[3] = {threshold, thresholds[1], thresholds[2]};
  pmm_rt *rt = lab_open(&lab, "incremental", 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
  struct pmm_gc_stats stats = {.struct_size = sizeof stats};
  int agreed = 1;
  int at = 0;
  (void)pmmi_gc_set_thresholds(rt, chosen);
  state = seed;
  memset(nodes, 0, sizeof nodes);
  for (; at < 3 * STEPS && agreed; at++) {
    agreed = step_unasked(rt, type);
  }
  (void)pmmi_gc_stats(rt, 2, &stats);
  tap_ok(agreed, "incremental, seed %llu: step %d", (unsigned long long)seed,
         at);
  found_unasked += stats.collected;
  for (int i = 0; i < NODES; i++) {
    pmmi_clear(rt, &nodes[i].handle);
  }
  int left = wait_for_deaths(rt);
  tap_ok(left == 0, "%d nodes outlive their last handle", left);
  pmmi_release(rt, type);
  lab_end(&lab, "unasked program");
}

int main(int argc, char **argv) {
  static const char *const modes[] = {"counting", "generational", "full"};
  lab_start(argc, argv);
  for (uint64_t seed = 1; seed <= 30; seed++) {
    run_program(seed, modes[seed % 3], 0);
  }
  for (uint64_t seed = 100; seed <= 105; seed++) {
    run_program(seed, "generational", PMM_OPEN_GC_STRESS);
  }
  for (uint64_t seed = 200; seed <= 220; seed++) {
    run_unasked(seed, 1 + seed % 5);
  }
  tap_ok(found_unasked > 10, "searches found %llu objects",
         (unsigned long long)found_unasked);
  return tap_done();
}
