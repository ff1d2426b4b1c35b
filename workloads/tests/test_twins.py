# SPDX-License-Identifier: MIT
"""The Python twins: what they measure, and what bad input gets."""

from __future__ import annotations

import os
import sys
import tempfile
import unittest
import zlib
from pathlib import Path

from common import ROOT, TWINS, document, figures, run, twin, variants

SMALL = str(ROOT / "workloads" / "record.c")


class Measures(unittest.TestCase):
    def test_a_list_costs_what_its_items_cost_and_a_generator_does_not(
        self,
    ) -> None:
        done = twin("list_vs_generator", "--set", "items=20000")
        value = document(done)
        self.assertEqual((done.returncode, value["verified"]), (0, True))
        self.assertEqual(value["checksum"], str(20000 * 19999 // 2))
        by_name = variants(value)
        small = figures(by_name["generator"])["peak_bytes"]
        large = figures(by_name["list_append"])["peak_bytes"]
        self.assertLess(small * 20, large)
        self.assertLess(figures(by_name["list_append"])["live_after_bytes"],
                        large // 10)

    def test_every_row_has_the_columns_of_both_passes(self) -> None:
        value = document(twin("list_vs_generator", "--set", "items=1000",
                              "--variant", "list_append"))
        (variant,) = value["variants"]
        for row in variant["series"]["rows"]:
            self.assertTrue(all(isinstance(cell, int) for cell in row), row)

    def test_more_rows_than_there_is_room_for_are_thinned(self) -> None:
        value = document(twin("list_vs_generator", "--set", "items=9000",
                              "--variant", "generator", "--pace", "1"))
        series = value["variants"][0]["series"]
        self.assertGreater(series["thinned"], 0)
        self.assertEqual(series["pace_operations"], 2 ** series["thinned"])

    def test_a_file_is_closed_by_with_and_left_open_without(self) -> None:
        done = twin("file_read", "--set", f"input={SMALL}", "--set",
                    "chunk=1000")
        by_name = variants(document(done))
        self.assertEqual(done.returncode, 0)
        data = Path(SMALL).read_bytes()
        self.assertIn(f"crc32:{zlib.crc32(data):08x} size:{len(data)}",
                      by_name["whole_with"]["checksum"])
        for name, still_open in (("chunks_64k_error", 0),
                                 ("whole_with_error", 0),
                                 ("whole_open_close_error", 1)):
            seen = figures(by_name[name])
            before = seen["descriptors_before"]
            self.assertEqual(seen["descriptors_opened"], before + 1, name)
            self.assertEqual(seen["descriptors_failed"], before + still_open)
            self.assertEqual(seen["descriptors_released"], before, name)

    def test_sharing_saves_what_it_does_not_make(self) -> None:
        value = document(twin("tuple_sharing", "--set", "items=1000"))
        made = {name: figures(variant)["tuples_made"]
                for name, variant in variants(value).items()}
        self.assertEqual(made, {"hits_0": 1000, "hits_50": 500, "hits_99": 10,
                                "constants": 1, "whole_slices": 1,
                                "part_slices": 1000})

    def test_cycles_wait_with_the_collector_off_and_all_go(self) -> None:
        value = document(twin("cycles", "--set", "items=1000"))
        self.assertTrue(value["verified"])
        for name, variant in variants(value).items():
            if name.endswith("_off"):
                self.assertEqual(figures(variant)["garbage_left"], 1000)

    def test_each_leak_is_found_named_and_located(self) -> None:
        done = twin("leaks", "--set", "count=3")
        value = document(done)
        self.assertEqual((done.returncode, value["verified"]), (0, True))
        found = {(f["variant"], f["kind"], f["count"])
                 for f in value["findings"]}
        self.assertEqual(found, {("lost_reference", "reference", 3),
                                 ("uncollected_cycle", "cycle", 6),
                                 ("unclosed_file", "file", 3)})
        for finding in value["findings"]:
            path, line = finding["site"].split(":")
            self.assertEqual(path, "workloads/python/leaks.py")
            text = (ROOT / path).read_text(encoding="utf-8").splitlines()
            self.assertRegex(text[int(line) - 1],
                             r"(= |return )(Record|open)\(")

    def test_check_turns_a_leak_into_exit_3(self) -> None:
        leaking = twin("leaks", "--check", "--variant", "lost_reference")
        clean = twin("leaks", "--check", "--variant", "clean")
        self.assertEqual((leaking.returncode, clean.returncode), (3, 0))

    def test_the_articles_figures_stand_beside_the_measured_ones(self) -> None:
        done = twin("articles", "--set", f"input={SMALL}")
        value = document(done)
        self.assertEqual((done.returncode, value["verified"]), (0, True))
        printed = {c["expected"]: c for c in value["claims"]}
        for line in ("Size of 'a': 9000112 bytes", "list =[3,4,5,6,7]",
                     "Tuple =(22, 33, 44)"):
            self.assertEqual(printed[line]["verdict"], "false")
        self.assertEqual(printed["10"]["verdict"], "true")
        self.assertEqual({c["article"] for c in value["claims"]}, {0, 1, 3})


    def test_sparse_data_has_a_break_even(self) -> None:
        done = twin("sparse", "--set", "positions=2000")
        value = document(done)
        self.assertEqual((done.returncode, value["verified"]), (0, True))
        seen = {name: figures(variant)
                for name, variant in variants(value).items()}
        for name in ("dict", "sparse", "csr"):
            self.assertIn(seen[name]["break_even_array_entries"],
                          range(1, 2001))
        self.assertIsNone(seen["csr"]["break_even_list_entries"])


    def test_the_resident_peak_is_the_variants_own(self) -> None:
        """What comes and goes between samples counts; what was before, not."""
        code = ("from measure import Stage\n"
                "before = b'x' * (100 << 20); del before\n"
                "stage = Stage('v', {}, 1, False, 0)\n"
                "stage.begin(); stage.phase('p')\n"
                "between = b'x' * (40 << 20); del between\n"
                "stage.finish()\n"
                "f = stage.figures\n"
                "print(f['rss_before_bytes']['value'],"
                " f['rss_peak_bytes']['value'])")
        done = run([sys.executable, "-c", code], cwd=TWINS.parent)
        before, peak = map(int, done.stdout.split())
        self.assertLess(before, 60 << 20)
        self.assertLess(abs(peak - before - (40 << 20)), 4 << 20)


class BadInput(unittest.TestCase):
    def test_unknown_names_get_the_nearest(self) -> None:
        for arguments, nearest in (
            (["list_vs_generatr"], "list_vs_generator"),
            (["cycles", "--set", "itms=3"], "items"),
            (["cycles", "--variant", "pair_on"], "pairs_on"),
        ):
            done = twin(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(nearest, done.stderr)

    def test_values_out_of_range_are_usage_errors(self) -> None:
        for text in ("items=0", "items=-3", "items=many", "items"):
            self.assertEqual(
                twin("list_vs_generator", "--set", text).returncode, 2, text)

    def test_an_input_that_cannot_be_read_is_one_clear_line(self) -> None:
        with tempfile.NamedTemporaryFile() as empty:
            for path in ("/no/such/file", os.path.dirname(SMALL), empty.name):
                done = twin("file_read", "--set", f"input={path}")
                self.assertEqual(done.returncode, 1, path)
                self.assertIn(path, document(done)["error"])
                self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_no_room_for_the_document_is_one_clear_line(self) -> None:
        done = twin("leaks", "--variant", "clean", "--json", "/dev/full")
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)


if __name__ == "__main__":
    unittest.main()
