# SPDX-License-Identifier: Apache-2.0
"""Reference problems with powers and logarithms through --formula: formula_reference_test.py BINARY."""
import json
import subprocess
import sys
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = REPOSITORY / "tests" / "files"
TABLES = {"women": FILES / "women.csv", "flights_200k": FILES / "flights_200k.csv.gz",
          "diamonds": REPOSITORY / "data" / "diamonds.csv.gz"}
BINARY = ""


def name_of(column):
    return column if column.isidentifier() else f"`{column}`"


def term_text(term):
    column = name_of(term["column"])
    if "equals" in term:
        return f"{column}[{term['equals']}]"
    if "transform" in term:
        column = f"{term['transform']}({column})"
    return f"{column}^{term['power']}" if term.get("power", 1) != 1 else column


def formula_of(problem):
    """left = p0 + p1*term1 + ..., the parameters in the order of the terms."""
    left = name_of(problem["target"]["column"])
    if "transform" in problem["target"]:
        left = f"{problem['target']['transform']}({left})"
    parts = []
    for index, term in enumerate(problem["terms"]):
        parts.append(f"p{index}" if term["name"] == "(intercept)" else f"p{index}*{term_text(term)}")
    return f"{left} = {' + '.join(parts)}"


def problems():
    for name in TABLES:
        document = json.loads((FILES / "reference" / f"{name}.json").read_text(encoding="utf-8"))
        for problem in document["problems"]:
            curved = "transform" in problem["target"] or any("power" in t or "transform" in t for t in problem["terms"])
            if curved and problem["kind"] == "ordinary least squares":
                yield name, problem


class FormulaReference(unittest.TestCase):
    def test_all(self):
        found = 0
        for name, problem in problems():
            found += 1
            with self.subTest(problem["id"]):
                self.check(name, problem)
        self.assertGreaterEqual(found, 3)

    def check(self, name, problem):
        command = [BINARY, "fit", str(TABLES[name]), "--formula", formula_of(problem), "--json", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual(answer["rows"], problem["n"])
        for index, (value, error) in enumerate(zip(problem["coefficients"], problem["standard_errors"])):
            size = max(abs(value), error)
            self.assertLessEqual(abs(answer["parameters"][f"p{index}"] - value), 1e-8 * size, (problem["terms"][index], answer["parameters"]))
            self.assertLessEqual(abs(answer["standard_errors"][f"p{index}"] - error), 1e-8 * error)
        self.assertLessEqual(abs(answer["mse"] - problem["rss"] / problem["n"]), 1e-8 * problem["rss"] / problem["n"])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: formula_reference_test.py BINARY [unittest options]")
    BINARY = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
