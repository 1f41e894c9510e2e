# SPDX-License-Identifier: Apache-2.0
"""Least squares and ridge problems with reference answers, and the NIST sets, by descent: reference_test.py BINARY."""
import json
import math
import re
import subprocess
import sys
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = REPOSITORY / "tests" / "files"
TABLES = {"women": "women.csv", "mtcars": "mtcars.csv", "faithful": "faithful.csv", "warpbreaks": "warpbreaks.csv",
          "diabetes": "diabetes.csv", "wine_red": "wine_red.csv", "wine": "wine.csv.gz", "wine_white": "wine_white.csv.gz",
          "flights_200k": "flights_200k.csv.gz", "diamonds": None}
BINARY = ""


def table(name):
    return REPOSITORY / "data" / "diamonds.csv.gz" if name == "diamonds" else FILES / TABLES[name]


def fit(*arguments):
    command = [BINARY, "fit", *map(str, arguments), "--json"]
    process = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if process.returncode != 0:
        raise AssertionError(f"exit code {process.returncode}: {process.stderr.strip()}\n{' '.join(command)}")
    return json.loads(process.stdout)


def record(names):
    return ",".join('"' + name.replace('"', '""') + '"' for name in names)


def columns(terms):
    """The arguments that choose the columns, and for each term but the intercept the name of its parameter."""
    features, categorical, names = [], [], []
    for term in terms:
        if term["name"] == "(intercept)":
            continue
        if term["column"] not in features:
            features.append(term["column"])
        if "equals" in term and term["column"] not in categorical:
            categorical.append(term["column"])
        names.append(f"{term['column']}[{term['equals']}]" if "equals" in term else term["column"])
    arguments = ["--features", record(features)]
    if categorical:
        arguments += ["--categorical", record(categorical)]
    return arguments, names


def plain(problem):
    if "terms" not in problem or "transform" in problem["target"]:
        return False
    return not any("power" in term or "transform" in term for term in problem["terms"])


def penalty(problem):
    """The options that make the cost the problem's objective, or None for a kind that is not one of least squares."""
    kind, name = problem["kind"], problem["id"]
    if kind == "ordinary least squares":
        return []
    if kind == "ridge regression":
        options = ["--loss", "sse", "--l2", repr(2.0 * problem["alpha"])]
        return options + ["--penalty-scale", "standard"] if "feature_standard_deviations" in problem else options
    if "glmnet_alpha" in problem and problem["glmnet_alpha"] == 0 and name:
        rate = problem["glmnet_lambda"] / problem["y_standard_deviation"]
        return ["--loss", "half-mse", "--l2", repr(rate), "--penalty-scale", "standard"]
    return None


def raw_coefficients(problem):
    """Coefficients for the columns as they are in the file, intercept first."""
    coefficients = problem["coefficients"]
    if problem["kind"] != "ridge regression" or "feature_standard_deviations" not in problem:
        return coefficients
    slopes = [c / s for c, s in zip(coefficients[1:], problem["feature_standard_deviations"])]
    intercept = coefficients[0] - math.fsum(c * m for c, m in zip(slopes, problem["feature_means"]))
    return [intercept, *slopes]


def problems():
    for path in sorted((FILES / "reference").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        for problem in document["problems"]:
            if plain(problem) and penalty(problem) is not None:
                yield document["set"], problem


class Reference(unittest.TestCase):
    def near(self, what, got, expected, size, tolerance):
        self.assertIsNotNone(got, f"{what} is null")
        self.assertLessEqual(abs(got - expected), tolerance * size, f"{what}: {got!r}, expected {expected!r}")

    def check(self, name, problem):
        arguments, names = columns(problem["terms"])
        answer = fit(table(name), "--target", problem["target"]["column"], *arguments, *penalty(problem))
        self.assertEqual(answer["rows"], problem["n"])
        self.assertIn(answer["termination"]["reason"], ("tolerance", "rounding"))
        self.assertEqual(set(answer["parameters"]), {*names, "intercept"})
        expected = dict(zip(["intercept", *names], raw_coefficients(problem)))
        errors = dict(zip(["intercept", *names], problem.get("standard_errors", [0.0] * len(expected))))
        for key, value in expected.items():
            self.near(key, answer["parameters"][key], value, max(abs(value), errors[key]), 1e-8)
            if "standard_errors" in problem:
                self.near(f"standard error of {key}", answer["standard_errors"][key], errors[key], errors[key], 1e-8)
        self.near("mse", answer["mse"], problem["rss"] / problem["n"], problem["rss"] / problem["n"], 1e-8)
        self.near("r2", answer["r2"], problem["r_squared"], 1.0, 1e-8)
        self.near("exact cost", answer["exact"]["cost"], answer["cost"], answer["cost"], 1e-10)

    def check_nist(self, name, options):
        document = json.loads((FILES / "nist" / f"{name}.json").read_text(encoding="utf-8"))
        certified = document["certified"]
        answer = fit(FILES / "nist" / f"{name}.csv", "--target", "y", *([] if document["intercept"] else ["--no-intercept"]), *options)
        names = ["intercept", "x"] if document["intercept"] else ["x"]
        self.assertEqual(set(answer["parameters"]), set(names))
        digits = 1e-9
        for key, value, error in zip(names, certified["values"], certified["standard_deviations"]):
            self.near(key, answer["parameters"][key], value, abs(value), digits)
            self.near(f"standard deviation of {key}", answer["standard_errors"][key], error, abs(error), digits)
        rows = document["observations"]
        self.near("residual sum of squares", answer["mse"] * rows, certified["residual_sum_of_squares"], certified["residual_sum_of_squares"], digits)
        residual = math.sqrt(answer["mse"] * rows / certified["degrees_of_freedom"])
        self.near("residual standard deviation", residual, certified["residual_standard_deviation"], residual, digits)
        self.near("R-squared", answer["r2"], certified["r_squared"], 1.0, digits)


def add(name, function):
    setattr(Reference, "test_" + re.sub(r"[^A-Za-z0-9]+", "_", name), function)


def add_tests():
    for name, problem in problems():
        add(problem["id"], lambda self, n=name, p=problem: self.check(n, p))
    for name in ("Norris", "NoInt1", "NoInt2"):
        for optimizer in ("auto", "gd", "momentum", "nesterov", "cg"):
            add(f"nist_{name}_{optimizer}", lambda self, n=name, o=optimizer: self.check_nist(n, ["--optimizer", o]))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: reference_test.py BINARY [unittest options]")
    BINARY = str(Path(sys.argv.pop(1)).resolve())
    add_tests()
    program = unittest.main(exit=False)
    result = program.result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or not result.testsRun else 0)
