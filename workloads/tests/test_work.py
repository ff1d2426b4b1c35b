# SPDX-License-Identifier: MIT
"""pmm-work on the reference: what it measures, and what bad input gets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path

from common import (
    PROGRAM,
    ROOT,
    Document,
    check_shape,
    document,
    figures,
    program,
    run,
    twin,
    variants,
)

SMALL = str(ROOT / "workloads" / "record.c")
LEAKS = ROOT / "workloads" / "leaks.c"
MAKES = r"(instance_new|file_open)\("
"""What stands on a line that makes something to lose."""
SMALL_JOBS = {
    "list_vs_generator": ["--set", "items=1000"],
    "file_read": ["--set", f"input={SMALL}", "--set", "chunk=1000"],
    "tuple_sharing": ["--set", "items=1000"],
    "cycles": ["--set", "items=1000"],
    "leaks": ["--set", "count=3"],
    "sparse": ["--set", "positions=2000"],
    "str_concat": ["--set", "items=1000"],
    "list_concat": ["--set", "items=1000"],
}


def measured(workload: str, *arguments: str) -> Document:
    """The document of a small run that must succeed."""
    done = program(workload, *SMALL_JOBS[workload], *arguments)
    assert done.returncode == 0, (done.returncode, done.stderr)
    value = document(done)
    assert value["verified"] and value["error"] is None, value["error"]
    return value


class Measures(unittest.TestCase):
    def test_every_workload_is_verified_over_pool_and_libc(self) -> None:
        for workload in SMALL_JOBS:
            for backend in ("pool", "libc"):
                with self.subTest(workload=workload, backend=backend):
                    value = measured(workload, "--backend", backend)
                    self.assertEqual(value["backend"], backend)
                    self.assertTrue(value["witness"]["symbol_in_object"])

    def test_a_clean_run_leaves_no_block(self) -> None:
        """PROF-007: "A clean run of every workload ends with zero live blocks
        above the baseline after free lists are flushed"."""
        for workload in sorted(set(SMALL_JOBS) - {"leaks"}):
            for backend, mode in (("pool", "counting"), ("pool", "full"),
                                  ("libc", "generational")):
                with self.subTest(workload, backend=backend, mode=mode):
                    value = measured(workload, "--backend", backend,
                                     "--mode", mode)
                    left = {name: figures(variant)["left_blocks"]
                            for name, variant in variants(value).items()}
                    self.assertEqual(set(left.values()), {0}, left)

    def test_exact_figures_are_the_same_again(self) -> None:
        for workload in SMALL_JOBS:
            first, second = measured(workload), measured(workload)
            for name, variant in variants(first).items():
                other = figures(variants(second)[name])
                for figure in variant["figures"]:
                    if figure["exact"]:
                        self.assertEqual(figure["value"],
                                         other[figure["name"]],
                                         (workload, name, figure["name"]))

    def test_a_list_costs_what_its_items_cost_and_a_generator_does_not(
        self,
    ) -> None:
        value = measured("list_vs_generator", "--set", "items=20000")
        self.assertEqual(value["checksum"], str(20000 * 19999 // 2))
        growth = {
            name: seen["peak_bytes"] - seen["live_before_bytes"]
            for name, seen in ((name, figures(variant))
                               for name, variant in variants(value).items())}
        self.assertLess(growth["generator"] * 20, growth["list_exact"])
        self.assertLessEqual(growth["list_exact"], growth["list_append"])

    def test_a_sum_of_lists_is_one_list_head_smaller(self) -> None:
        (variant,) = variants(measured("list_concat")).values()
        seen = figures(variant)
        head, pointer = seen["empty_bytes"], seen["pointer_bytes"]
        for name, items in (("a", 1000), ("b", 1000), ("c", 2000)):
            self.assertEqual(seen[f"{name}_items"], items)
            self.assertEqual(seen[f"{name}_bytes"], head + pointer * items)

    def test_both_forms_agree_on_what_they_did(self) -> None:
        for workload in ("list_vs_generator", "tuple_sharing", "file_read",
                         "sparse", "str_concat"):
            ours = variants(measured(workload))
            theirs = variants(document(twin(workload, *SMALL_JOBS[workload])))
            self.assertEqual(list(ours), list(theirs))
            for name in ours:
                if not name.endswith("_error"):
                    self.assertEqual(ours[name]["checksum"],
                                     theirs[name]["checksum"], name)

    def test_a_file_is_closed_by_with_and_left_open_without(self) -> None:
        by_name = variants(measured("file_read"))
        data = Path(SMALL).read_bytes()
        self.assertEqual(
            by_name["whole_with"]["checksum"],
            f"crc32:{zlib.crc32(data):08x} size:{len(data)} "
            f"lines:{data.count(10)}")
        for name, still_open in (("chunks_64k_error", 0),
                                 ("whole_with_error", 0),
                                 ("whole_open_close_error", 1)):
            seen = figures(by_name[name])
            before = seen["descriptors_before"]
            self.assertEqual(seen["descriptors_opened"], before + 1, name)
            self.assertEqual(seen["descriptors_failed"], before + still_open)
            self.assertEqual(seen["descriptors_released"], before, name)

    def test_closing_a_file_does_not_free_its_text(self) -> None:
        size = os.path.getsize(SMALL)
        for name in ("whole_with", "whole_open_close"):
            seen = figures(variants(measured("file_read"))[name])
            self.assertGreaterEqual(
                seen["live_closed_bytes"] - seen["live_before_bytes"], size)
            self.assertLess(
                seen["live_released_bytes"] - seen["live_before_bytes"], size)

    def test_sharing_saves_what_it_does_not_make(self) -> None:
        made = {name: figures(variant)["tuples_made"]
                for name, variant in
                variants(measured("tuple_sharing")).items()}
        self.assertEqual(made, {"hits_0": 1000, "hits_50": 500, "hits_99": 10,
                                "constants": 1, "whole_slices": 1,
                                "part_slices": 1000})

    def test_cycles_wait_with_the_collector_off(self) -> None:
        for name, variant in variants(measured("cycles")).items():
            if name.endswith("_off"):
                self.assertEqual(figures(variant)["garbage_left"], 1000)

    def test_sparse_data_costs_more_than_dense_from_some_density_on(
        self,
    ) -> None:
        by_name = {name: figures(variant)
                   for name, variant in variants(measured("sparse")).items()}
        for name in ("array", "list", "dict", "sparse", "csr"):
            self.assertLessEqual(by_name[name]["bytes_at_0.1_percent"],
                                 by_name[name]["bytes_at_100_percent"])
        for name in ("dict", "sparse", "csr"):
            seen = by_name[name]
            self.assertLess(seen["bytes_at_1_percent"],
                            by_name["array"]["bytes_at_1_percent"])
            self.assertGreater(seen["bytes_at_100_percent"],
                               by_name["array"]["bytes_at_100_percent"])
            self.assertIn(seen["break_even_array_entries"], range(1, 2001))
        self.assertEqual(by_name["array"]["bytes_at_50_percent"], 2000 * 8 + 40)
        for name in ("sparse", "csr"):
            self.assertIsNone(by_name[name]["break_even_list_entries"])

    def test_a_shared_string_is_copied_each_time_and_no_other(self) -> None:
        for done in (program, twin):
            by_name = {
                name: figures(variant) for name, variant in
                variants(document(done("str_concat", "--set", "items=1000",
                                       ))).items()}
            self.assertEqual(by_name["join"]["copied_bytes"], 1000)
            self.assertEqual(by_name["append_shared"]["copied_bytes"],
                             1000 * 1001 // 2)
            self.assertLess(by_name["append_alone"]["copied_bytes"],
                            1000 * 1001 // 2)

    def test_more_rows_than_there_is_room_for_are_thinned(self) -> None:
        value = measured("list_vs_generator", "--set", "items=9000",
                         "--pace", "1", "--variant", "generator")
        series = value["variants"][0]["series"]
        self.assertGreater(series["thinned"], 0)
        self.assertEqual(series["pace_operations"], 2 ** series["thinned"])


def source_line(number: str) -> str:
    """A line of leaks.c."""
    return LEAKS.read_text(encoding="utf-8").splitlines()[int(number) - 1]


class Leaks(unittest.TestCase):
    def test_each_leak_is_found_named_and_located(self) -> None:
        value = measured("leaks")
        found = {}
        for finding in value["findings"]:
            if finding["type"] == "type":
                continue
            found[finding["variant"]] = (finding["kind"], finding["count"])
            path, line = finding["site"].split(":")
            self.assertEqual(path, "workloads/leaks.c")
            self.assertRegex(source_line(line), MAKES)
        self.assertEqual(found, {"lost_reference": ("reference", 3),
                                 "uncollected_cycle": ("cycle", 6),
                                 "unclosed_file": ("file", 3)})

    def test_check_turns_a_leak_into_exit_3(self) -> None:
        for name in ("lost_reference", "uncollected_cycle", "unclosed_file"):
            done = program("leaks", "--check", "--variant", name)
            self.assertEqual(done.returncode, 3, name)
        done = program("leaks", "--check", "--variant", "clean")
        self.assertEqual(done.returncode, 0)

    @unittest.skipUnless(shutil.which("valgrind"), "needs valgrind")
    def test_valgrind_finds_each_leak_with_its_line_and_none_in_the_clean(
        self,
    ) -> None:
        sites = {finding["variant"]: finding["site"].split(":")[1]
                 for finding in measured("leaks")["findings"]
                 if finding["type"] != "type"}
        for backend in ("libc", "pool"):
            for name in ("clean", "lost_reference", "uncollected_cycle",
                         "unclosed_file"):
                with self.subTest(backend=backend, variant=name):
                    lines = self.lost_under_valgrind(backend, name)
                    site = sites.get(name)
                    self.assertEqual(lines, {site} if site else set())

    def lost_under_valgrind(self, backend: str, variant: str) -> set[str]:
        """The workload's line that made each block memcheck calls lost."""
        with tempfile.TemporaryDirectory() as folder:
            done = run([
                "valgrind", "--quiet", "--leak-check=full", "--xml=yes",
                f"--xml-file={folder}/%p.xml", PROGRAM, "leaks", "--variant",
                variant, "--backend", backend, "--set", "count=3"])
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = set()
            for path in Path(folder).glob("*.xml"):
                for error in ElementTree.parse(path).iter("error"):
                    own = [frame.findtext("line", "")
                           for frame in error.iter("frame")
                           if frame.findtext("file") == "leaks.c"]
                    lines |= set(own[:1])
        # What is lost holds its type, which valgrind sees as lost too.
        return {line for line in lines if "type_new(" not in source_line(line)}


class BadInput(unittest.TestCase):
    def test_unknown_names_get_the_nearest(self) -> None:
        for arguments, nearest in (
            (["list_vs_generatr"], "list_vs_generator"),
            (["cycles", "--set", "itms=3"], "items"),
            (["cycles", "--variant", "pair_on"], "pairs_on"),
            (["cycles", "--backend", "pol"], "pool"),
            (["cycles", "--subject", "referense"], "reference"),
            (["cycles", "--mode", "ful"], "full"),
        ):
            done = program(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(nearest, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_values_out_of_range_are_usage_errors(self) -> None:
        for text in ("items=0", "items=-3", "items=many", "items", "items="):
            done = program("list_vs_generator", "--set", text)
            self.assertEqual(done.returncode, 2, text)
        for option in ("--pace", "--seed", "--fail-at"):
            done = program("cycles", option, "-1")
            self.assertEqual(done.returncode, 2, option)

    def test_a_backend_of_one_block_serves_no_runtime(self) -> None:
        done = program("cycles", "--backend", "null")
        self.assertEqual(done.returncode, 2)
        self.assertIn("null", done.stderr)

    def test_no_workload_or_two_are_usage_errors(self) -> None:
        self.assertEqual(program().returncode, 2)
        self.assertEqual(program("cycles", "leaks").returncode, 2)

    def test_an_input_that_cannot_be_read_is_one_clear_line(self) -> None:
        with tempfile.NamedTemporaryFile() as empty:
            for path in ("/no/such/file", os.path.dirname(SMALL), empty.name):
                done = program("file_read", "--set", f"input={path}")
                self.assertEqual(done.returncode, 1, path)
                self.assertIn(path, document(done)["error"])
                self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_no_room_for_the_document_is_one_clear_line(self) -> None:
        for arguments in (["cycles", "--set", "items=10"], ["--list"]):
            done = program(*arguments, "--json", "/dev/full")
            self.assertEqual(done.returncode, 1)
            self.assertIn("No space left", done.stderr)

    def test_any_allocation_may_fail(self) -> None:
        for workload, small in SMALL_JOBS.items():
            failed = 0
            for nth in (1, 2, 3, 5, 8, 13, 21, 100):
                done = program(workload, *small, "--fail-at", str(nth))
                value = document(done)
                self.assertIn(done.returncode, (0, 3), (workload, nth))
                if done.returncode == 3:
                    failed += 1
                    self.assertIn("no memory", value["error"])
                    self.assertFalse(value["verified"])
            self.assertGreater(failed, 0, workload)


class Lists(unittest.TestCase):
    def test_help_and_lists_name_every_workload(self) -> None:
        self.assertIn("--variant", program("--help").stdout)
        text = program("--list").stdout
        for workload in SMALL_JOBS:
            self.assertIn(workload, text)

    def test_a_document_written_to_a_file_is_the_same_shape(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "work.json"
            done = program("cycles", "--set", "items=10", "--json", str(path))
            self.assertEqual(done.returncode, 0)
            check_shape(json.loads(path.read_text(encoding="utf-8")))
            self.assertIn("verified", done.stdout)

    def test_the_list_is_json_on_request(self) -> None:
        done = subprocess.run([PROGRAM, "--list", "--json", "-"],
                              capture_output=True, text=True, check=True)
        names = [w["name"] for w in json.loads(done.stdout)["workloads"]]
        self.assertEqual(names, list(SMALL_JOBS))


if __name__ == "__main__":
    unittest.main()
