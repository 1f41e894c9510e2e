# SPDX-License-Identifier: Apache-2.0
"""The stable learning rate that is told is the true one, and the forecast of epochs comes true: divergence_test.py BINARY."""
import concurrent.futures
import json
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SETS = 100
METHODS = {"gd": [], "momentum": [], "nesterov": [], "momentum 0.5": ["--momentum", "0.5"], "nesterov 0.99": ["--momentum", "0.99"]}
SETS_OF = {"gd": SETS, "momentum": SETS, "nesterov": SETS, "momentum 0.5": 10, "nesterov 0.99": 10}
BINARY = ""


def make_table(path, seed):
    """A random table of 1 to 6 columns: different scales and offsets, columns that depend on each other, seldom few rows."""
    source = random.Random(seed)
    columns = source.randint(1, 6)
    rows = source.choice([columns + 2, 20, 50, 300])
    reach = 2.0 if seed % 10 == 0 else 1.0
    scales = [10.0 ** source.uniform(-reach, reach) for _ in range(columns)]
    means = [source.choice([0.0, 1.0, -3.0, 10.0]) for _ in range(columns)]
    mix = source.choice([0.0, 0.5, 0.95])
    weights = [source.gauss(0.0, 1.0) for _ in range(columns)]
    lines = [",".join([f"x{j + 1}" for j in range(columns)] + ["y"])]
    for _ in range(rows):
        common = source.gauss(0.0, 1.0)
        z = [means[j] + mix * common + source.gauss(0.0, 1.0) for j in range(columns)]
        y = 2.0 + sum(w * v for w, v in zip(weights, z)) + source.gauss(0.0, 0.5)
        lines.append(",".join([repr(round(s * v, 8)) for s, v in zip(scales, z)] + [repr(round(y, 6))]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return columns


def run(command, *arguments):
    return subprocess.run([BINARY, command, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)


def choose(method):
    return ["--optimizer", method.split()[0], *METHODS[method], "--scale", "none"]


def check_limit(directory, seed, method):
    """Faults of one set and method, as text."""
    data = directory / f"{seed}.csv"
    told = run("forecast", data, "--target", "y", *choose(method), "--json")
    if told.returncode != 0:
        return [f"set {seed} {method}: forecast ends with {told.returncode}: {told.stderr.strip()}"]
    limit = json.loads(told.stdout)["largest_stable_learning_rate"]
    faults = []
    epochs = 20000
    below = run("fit", data, "--target", "y", *choose(method), "--learning-rate", repr(0.999 * limit), "--epochs", epochs, "--json")
    if below.returncode != 0:
        faults.append(f"set {seed} {method}: 0.999 of the limit {limit!r} ends with {below.returncode}: {below.stderr.strip()}")
    elif json.loads(below.stdout)["epochs"] != epochs:
        faults.append(f"set {seed} {method}: {json.loads(below.stdout)['epochs']} epochs, not {epochs}")
    if "stable rate" in below.stderr:
        faults.append(f"set {seed} {method}: warned at 0.999 of the limit {limit!r}: {below.stderr.strip()}")
    model = directory / f"{seed}-{method}.json"
    above = run("fit", data, "--target", "y", *choose(method), "--learning-rate", repr(1.001 * limit), "--epochs", 1000000, "--json", "-o", model)
    if above.returncode != 3:
        faults.append(f"set {seed} {method}: 1.001 of the limit {limit!r} ends with {above.returncode}")
    if model.exists():
        faults.append(f"set {seed} {method}: a model was written after divergence")
    first = above.stderr.splitlines()[0] if above.stderr else ""
    if "warning" not in first or "largest stable rate" not in first:
        faults.append(f"set {seed} {method}: no warning before the first epoch at 1.001 of the limit: {first!r}")
    if method != "gd":
        return faults
    early = run("fit", data, "--target", "y", *choose(method), "--learning-rate", repr(1.001 * limit), "--epochs", 0, "--json")
    if "largest stable rate" not in early.stderr:
        faults.append(f"set {seed} {method}: no warning without any epoch at 1.001 of the limit")
    return faults


def check_forecast(directory, seed, options):
    data = directory / f"{seed}.csv"
    arguments = [data, "--target", "y", "--tolerance", "1e-8", "--json", *options]
    told = json.loads(run("forecast", *arguments).stdout)
    if told["forecast_epochs"] is None:
        return [f"set {seed} {options}: no forecast"]
    fitted = run("fit", *arguments)
    if fitted.returncode != 0:
        return [f"set {seed} {options}: ends with {fitted.returncode}: {fitted.stderr.strip()}"]
    answer = json.loads(fitted.stdout)
    if answer["forecast_epochs"] != told["forecast_epochs"]:
        return [f"set {seed} {options}: forecast says {told['forecast_epochs']} epochs, fit forecasts {answer['forecast_epochs']}"]
    if abs(answer["epochs"] - told["forecast_epochs"]) > 1:
        return [f"set {seed} {options}: forecast {told['forecast_epochs']} ({told.get('forecast_quality')}), took {answer['epochs']}, condition number {answer['condition_number']:g}"]
    return []


class Divergence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="talweg-divergence-")
        cls.directory = Path(cls.temporary.name)
        for seed in range(SETS):
            make_table(cls.directory / f"{seed}.csv", seed)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def all(self, check, jobs):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            faults = [fault for found in pool.map(lambda job: check(self.directory, *job), jobs) for fault in found]
        self.assertEqual(faults, [], f"{len(faults)} faults:\n" + "\n".join(faults[:20]))

    def test_forecast_gd_standard(self):
        self.all(check_forecast, [(seed, ("--optimizer", "gd", "--scale", "standard")) for seed in range(SETS)])

    def test_forecast_gd_given_rate(self):
        self.all(check_forecast, [(seed, ("--optimizer", "gd", "--scale", "standard", "--learning-rate", rate)) for seed in range(SETS) for rate in ("0.1", "0.01")])


def add_limit_test(method):
    setattr(Divergence, "test_limit_" + method.replace(" ", "_").replace(".", ""),
            lambda self: self.all(check_limit, [(seed, method) for seed in range(SETS_OF[method])]))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: divergence_test.py BINARY [unittest options]")
    BINARY = str(Path(sys.argv.pop(1)).resolve())
    for one in METHODS:
        add_limit_test(one)
    program = unittest.main(exit=False)
    result = program.result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or not result.testsRun else 0)
