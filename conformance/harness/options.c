/* SPDX-License-Identifier: MIT */
/* options.c - see options.h. */
#include "options.h"

#define ROW struct pmm_options

const struct pmmi_option pmm_options_shared[] = {
    PMMI_TEXTS(ROW, "case", "GLOB", cases,
               "only cases whose id matches; may be repeated"),
    PMMI_TEXT(ROW, "requirement", "ID", requirement,
              "only cases of a requirement, such as REF-001"),
    PMMI_COUNT(ROW, "sample", "N", sample,
               "one in N cases of each area, from a start that\n"
               "--seed gives; seeds 1 to N take every case"),
    PMMI_NUMBER(ROW, "seed", "N", seed,
                "where a sample starts, an order, the subject's own"),
    PMMI_TEXT(ROW, "jsonl", "FILE", jsonl, "results as JSON lines too"),
    PMMI_FLAG(ROW, "no-fork", no_fork,
              "run in this process (debugger, valgrind)"),
    PMMI_FLAG(ROW, "json", json, "what is listed, as JSON"),
    PMMI_FLAG(ROW, "tap", tap, "TAP on stdout (always on)"),
    PMMI_FLAG(ROW, "help", help, "this text"),
    {.name = NULL}};
