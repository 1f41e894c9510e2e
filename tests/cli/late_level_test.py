#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A level that first appears in the last of a million rows is fitted right:  late_level_test.py BINARY"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

BINARY = sys.argv.pop(1)
ROWS = 1_000_000


class LateLevel(unittest.TestCase):
    def test_last_row_of_a_million(self):
        with tempfile.TemporaryDirectory() as name:
            table = pathlib.Path(name) / "table.csv"
            with table.open("w") as out:
                out.write("x,c,y\n")
                for row in range(ROWS - 1):
                    x = row % 1000
                    y = 2 * x + 1 + (7 if row % 3 == 0 else 0) + (0.5 if row % 2 else -0.5)
                    out.write(f"{x},{'up' if row % 3 == 0 else 'down'},{y}\n")
                out.write("500,zenith,2001\n")
            done = subprocess.run([BINARY, "fit", str(table), "--target", "y", "--json"], capture_output=True, text=True,
                                  check=True)
            fit = json.loads(done.stdout)
            self.assertEqual(fit["rows"], ROWS)
            self.assertEqual(list(fit["parameters"]), ["x", "c[up]", "c[zenith]", "intercept"])
            closed = fit["exact"]["parameters"]
            for parameter, value in fit["parameters"].items():
                error = fit["standard_errors"][parameter]
                self.assertLess(abs(value - closed[parameter]), 1e-8 * max(abs(value), error))
            # The level has one row, which the fit must pass through.
            there = fit["parameters"]["intercept"] + 500 * fit["parameters"]["x"] + fit["parameters"]["c[zenith]"]
            self.assertAlmostEqual(there, 2001, delta=1e-7)
            # Without that row the other parameters are the same.
            lines = table.read_text().splitlines(keepends=True)
            table.write_text("".join(lines[:-1]))
            done = subprocess.run([BINARY, "fit", str(table), "--target", "y", "--json"], capture_output=True, text=True,
                                  check=True)
            without = json.loads(done.stdout)["exact"]["parameters"]
            for parameter in ("x", "c[up]", "intercept"):
                self.assertAlmostEqual(without[parameter], closed[parameter], delta=1e-10)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(LateLevel)
    result = unittest.TextTestRunner(stream=sys.stdout).run(suite)
    print(f"{result.testsRun - len(result.failures) - len(result.errors)} passed, "
          f"{len(result.failures) + len(result.errors)} failed")
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
