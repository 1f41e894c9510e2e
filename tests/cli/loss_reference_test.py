# SPDX-License-Identifier: Apache-2.0
"""Problems of other losses and penalties with reference answers, with defaults: loss_reference_test.py BINARY."""
import json
import math
import re
import sys
import unittest
from pathlib import Path

import reference_test as reference


def loss_options(problem):
    """The options whose cost times the factor is the problem's objective; None for other kinds of problems."""
    name, rows = problem["id"].split("/")[1], problem["n"]
    if name == "huber-fitted-scale":
        return None
    if name.startswith("huber"):
        return ["--loss", "huber", "--huber-delta", repr(problem["delta"])], rows
    if name.startswith("quantile"):
        return ["--loss", "quantile", "--quantile", repr(problem["tau"])], rows
    if name == "logistic":
        return ["--loss", "logistic"], rows
    if name == "logistic-l2":
        return ["--loss", "logistic", "--l2", repr(1.0 / rows)], rows
    if name == "poisson":
        return ["--loss", "poisson"], rows
    kind = name.split("-")[0]
    if kind in ("lasso", "elasticnet"):
        ratio = 1.0 if kind == "lasso" else problem["l1_ratio"]
        options = ["--loss", "half-mse", "--l1", repr(problem["alpha"] * ratio)]
        if ratio < 1:
            options += ["--l2", repr(problem["alpha"] * (1 - ratio))]
        return options + (["--penalty-scale", "standard"] if "standardised" in name else []), 1.0
    if kind == "glmnet" and problem["glmnet_alpha"] > 0:
        rate, alpha = problem["glmnet_lambda"], problem["glmnet_alpha"]
        options = ["--loss", "half-mse", "--l1", repr(rate * alpha), "--penalty-scale", "standard"]
        return options + (["--l2", repr(rate * (1 - alpha) / problem["y_standard_deviation"])] if alpha < 1 else []), 1.0
    return None


def raw_coefficients(problem):
    """Coefficients for the columns as they are in the file, intercept first."""
    if "feature_standard_deviations" not in problem or problem["id"].split("/")[1].startswith("glmnet"):
        return problem["coefficients"]
    slopes = [c / s for c, s in zip(problem["coefficients"][1:], problem["feature_standard_deviations"])]
    return [problem["coefficients"][0] - math.fsum(c * m for c, m in zip(slopes, problem["feature_means"])), *slopes]


def libsvm_problem(problem):
    """The options for a problem over libsvm indices, and its answer by parameter."""
    penalty = 10.0 if "-l2-10" in problem["id"] else 1.0
    options = ["--loss", "logistic", "--l2", repr(penalty / problem["n"])]
    expected = {f"x{k + 1}": value for k, value in enumerate(problem["coefficients"])}
    if "intercept" in problem:
        expected["intercept"] = problem["intercept"]
    return options + ([] if "intercept" in problem else ["--no-intercept"]), expected


def problems():
    for path in sorted((reference.FILES / "reference").glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        for problem in document["problems"]:
            if document["set"] == "a9a" or ("terms" in problem and loss_options(problem) is not None):
                yield document["set"], problem


class LossReference(unittest.TestCase):
    def near(self, what, got, expected, size, tolerance):
        self.assertIsNotNone(got, f"{what} is null")
        self.assertLessEqual(abs(got - expected), tolerance * size, f"{what}: {got!r}, expected {expected!r}")

    def check_floats(self, exact, *arguments):
        """With its rows kept as floats a problem's cost is the same to six digits, and far closer as a rule."""
        answer = reference.fit(*arguments, "--storage", "float")
        self.assertEqual(answer["storage"], "float")
        self.assertIn(answer["termination"]["reason"], ("tolerance", "rounding"))
        self.near("cost of floats", answer["cost"], exact["cost"], abs(exact["cost"]), 1e-6)
        self.assertTrue(any("as floats" in text for text in answer["warnings"]))

    def check_libsvm(self, problem):
        options, expected = libsvm_problem(problem)
        answer = reference.fit(reference.FILES / "a9a.libsvm.xz", *options)
        self.check_floats(answer, reference.FILES / "a9a.libsvm.xz", *options)
        self.assertEqual(answer["rows"], problem["n"])
        self.assertIn(answer["termination"]["reason"], ("tolerance", "rounding"))
        value = problem["objective_value"]
        self.near("objective", answer["cost"] * problem["n"], value, value, 1e-8)
        self.assertEqual(set(answer["parameters"]), set(expected))
        largest = max(abs(v) for v in expected.values())
        for key, coefficient in expected.items():
            self.near(key, answer["parameters"][key], coefficient, max(abs(coefficient), 1e-6 * largest), 1e-6)

    def check(self, name, problem):
        if name == "a9a":
            return self.check_libsvm(problem)
        options, factor = loss_options(problem)
        arguments, names = reference.columns(problem["terms"])
        answer = reference.fit(reference.table(name), "--target", problem["target"]["column"], *arguments, *options)
        self.assertEqual(answer["rows"], problem["n"])
        if "half-mse" in options:
            self.assertIsNone(answer["storage"])
        else:
            self.check_floats(answer, reference.table(name), "--target", problem["target"]["column"], *arguments, *options)
        self.assertIn(answer["termination"]["reason"], ("tolerance", "rounding"))
        value = problem["objective_value"]
        self.near("objective", answer["cost"] * factor, value, abs(value), 1e-8)
        expected = dict(zip(["intercept", *names], raw_coefficients(problem)))
        self.assertEqual(set(answer["parameters"]), set(expected))
        largest = max(abs(v) for v in expected.values())
        for key, coefficient in expected.items():
            self.near(key, answer["parameters"][key], coefficient, max(abs(coefficient), 1e-6 * largest), 1e-6)
            if coefficient == 0:
                self.assertEqual(answer["parameters"][key], 0, f"{key} is not exactly zero")
        if "standard_errors" in problem:
            for key, error in zip(["intercept", *names], problem["standard_errors"]):
                self.near(f"standard error of {key}", answer["standard_errors"][key], error, error, 1e-6)


def add_tests():
    for name, problem in problems():
        setattr(LossReference, "test_" + re.sub(r"[^A-Za-z0-9]+", "_", problem["id"]),
                lambda self, n=name, p=problem: self.check(n, p))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: loss_reference_test.py BINARY [unittest options]")
    reference.BINARY = str(Path(sys.argv.pop(1)).resolve())
    add_tests()
    program = unittest.main(exit=False)
    result = program.result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or not result.testsRun else 0)
