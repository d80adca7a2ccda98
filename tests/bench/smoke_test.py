#!/usr/bin/python3
"""tests/bench/run still runs: all cases in their smallest form, with our own servers alone. Proves by the shape of what it
writes that every case was measured and every picture drawn; says nothing about speeds.

usage: smoke_test.py BUILD_DIRECTORY
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = sys.argv.pop() if len(sys.argv) > 1 else ""

SYSTEMS = {
    "get-one": ["limit, 16", "mydht, 16"],
    "get-quorum": ["limit, 16", "mydht, 16", "home node, 16", "not home, 16"],
    "put": ["mydht"],
    "get-large": ["mydht, 1", "mydht, 16"],
    "put-large": ["mydht", "three files"],
    "idle": ["mydht"],
}
NUMBERS = ["requests", "seconds", "requests_per_second", "cpu_us_per_request", "p50_ms", "p99_ms", "p999_ms", "peak_mib"]


class Smoke(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.page = f"{cls.folder.name}/page.md"
        sys.path.insert(0, HERE)
        from figures import report
        cls.marks = (report.BEGIN, report.END)
        with open(cls.page, "w") as file:
            file.write(f"before\n{report.BEGIN}\nold\n{report.END}\nbehind\n")
        command = [f"{HERE}/run", "--smoke", "--build", BUILD, "--out", f"{cls.folder.name}/out", "--page", cls.page]
        cls.done = subprocess.run(command, capture_output=True, text=True)
        if cls.done.returncode != 0:
            raise RuntimeError(cls.done.stderr)
        with open(f"{cls.folder.name}/out/figures.json") as file:
            cls.figures = json.load(file)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_every_case_and_system_was_measured(self):
        self.assertEqual({row["name"]: list(row["medians"]) for row in self.figures["rows"]}, SYSTEMS)
        for row in self.figures["rows"]:
            for name, one in row["medians"].items():
                for number in NUMBERS:
                    self.assertIsInstance(one[number], (int, float), f"{row['name']}, {name}: {number}")
                self.assertGreater(one["requests_per_second"], 0, f"{row['name']}, {name}")

    def test_every_claim_says_what_was_to_be_reached(self):
        claims = [claim for row in self.figures["rows"] for claim in row["claims"]]
        self.assertEqual(len(claims), 5)  # those that need no other server
        for claim in claims:
            self.assertGreater(claim["measured"], 0)
            self.assertLessEqual(claim["least"], claim["measured"])
            self.assertGreaterEqual(claim["most"], claim["measured"])
            reached = claim["measured"] >= claim["reach"] if claim["at"] == "least" else claim["measured"] <= claim["reach"]
            self.assertEqual(claim["reached"], reached)

    def test_puts_are_counted_with_their_syncs(self):
        put = next(row for row in self.figures["rows"] if row["name"] == "put")
        self.assertGreater(put["medians"]["mydht"]["syncs_per_request"], 0)

    def test_it_says_how_and_on_what(self):
        for fact in ("command", "when", "machine", "load", "versions", "settings", "mode", "rounds"):
            self.assertTrue(self.figures[fact], fact)
        self.assertEqual(self.figures["mode"], "smoke")

    def test_the_pages_pictures_are_there(self):
        with open(self.page) as file:
            page = file.read()
        self.assertTrue(page.startswith(f"before\n{self.marks[0]}\n"))
        self.assertTrue(page.endswith(f"{self.marks[1]}\nbehind\n"))
        self.assertNotIn("old\n", page)
        pictures = [part.split(")")[0] for part in page.split("](")[1:]]
        self.assertEqual(len(pictures), 10)
        for picture in pictures:
            xml.etree.ElementTree.parse(f"{self.folder.name}/{picture}")


if __name__ == "__main__":
    unittest.main()
