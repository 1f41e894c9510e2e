# SPDX-License-Identifier: Apache-2.0
"""The same table gives the same bytes of model and trace, however it is stored, cut and read, and with whatever
vector instructions: determinism_test.py BINARY."""
import bz2
import csv
import gzip
import hashlib
import io
import json
import lzma
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROWS = 20000
BINARY = ""


def make_rows():
    """20,000 rows: numbers of several sizes with gaps, text with quoted line breaks and late levels, weights."""
    source = random.Random(20240229)
    cuts = ["Ideal", "Good", "Fair", 'a "fair" one', "two\nlines", "with, comma", "größe"]
    rows = []
    for number in range(ROWS):
        x = round(source.gauss(3.0, 2.0), 4)
        big = 1700000000 + 60 * number + source.randrange(60)
        small = f"{source.uniform(1e-6, 9e-6):.3e}"
        cut = "last" if number == ROWS - 1 else "late" if number > 15000 and source.random() < 0.01 else source.choice(cuts)
        grade = source.choice(["A", "B", "C"])
        weight = source.choice(["0", "1", "2", "0.5"])
        y = round(2.0 * x + 1e-4 * (number % 977) + len(cut) + source.gauss(0.0, 1.0), 3)
        cells = [str(x), str(big), small, cut, grade]
        cells = ["" if source.random() < 0.02 and cell != "last" else cell for cell in cells]
        rows.append([*cells, weight, str(y)])
    return ["x", "time", "small", "cut", "grade", "w", "y"], rows


def to_text(header, rows, end="\n"):
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator=end)
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().encode()


class Determinism(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="talweg-determinism-"))
        cls.header, cls.rows = make_rows()
        cls.text = to_text(cls.header, cls.rows)
        (cls.directory / "all.csv").write_bytes(cls.text)
        cls.expected = {}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory)

    OPTIONS = {
        "mean": ["--missing", "mean"],
        "drop, weights": ["--missing", "drop", "--weights", "w"],
        "mean, weights, given rate": ["--missing", "mean", "--weights", "w", "--learning-rate", "1e-20", "--epochs", "50"],
        "mean, cg, random start": ["--missing", "mean", "--drop", "w", "--optimizer", "cg", "--start", "random", "--seed", "5"],
        "mean, nesterov, ridge": ["--missing", "mean", "--optimizer", "nesterov", "--l2", "0.1", "--epochs", "300"],
    }

    # Of costs that need the rows.
    ROW_OPTIONS = {
        "huber": ["--missing", "mean", "--loss", "huber"],
        "mae, weights": ["--missing", "drop", "--weights", "w", "--loss", "mae", "--epochs", "20"],
        "batches": ["--missing", "mean", "--batch-size", "16", "--epochs", "5"],
        "batches, weights, huber": ["--missing", "drop", "--weights", "w", "--loss", "huber", "--batch-size", "1", "--optimizer", "adam", "--epochs", "4"],
        "huber, floats": ["--missing", "mean", "--loss", "huber", "--storage", "float"],
        "batches, floats": ["--missing", "drop", "--weights", "w", "--batch-size", "16", "--epochs", "5", "--storage", "float"],
        "held out": ["--missing", "mean", "--validation", "0.3", "--optimizer", "nesterov", "--epochs", "50"],
    }

    def options_of(self, key):
        return self.OPTIONS.get(key) or self.ROW_OPTIONS[key]

    def fingerprints(self, files, options, more=(), pipe=None, instructions=None):
        with tempfile.TemporaryDirectory(dir=self.directory) as name:
            model, trace = Path(name) / "model.json", Path(name) / "trace.csv"
            command = [BINARY, "fit", *map(str, files), *([] if "--formula" in options else ["--target", "y"]), *options, *more, "-o", str(model), "--trace", str(trace), "--quiet"]
            environment = {**os.environ, "TALWEG_INSTRUCTION_SET": instructions or ""}
            process = subprocess.run(command, input=pipe, capture_output=True, timeout=300, check=False, env=environment)
            self.assertEqual(process.returncode, 0, f"{process.stderr.decode()}\n{' '.join(command)}")
            return tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in (model, trace))

    def same(self, key, files, more=(), pipe=None):
        options = self.options_of(key)
        if key not in self.expected:
            self.expected[key] = self.fingerprints([self.directory / "all.csv"], options, ["--threads", "1"])
        got = self.fingerprints(files, options, more, pipe)
        for what, hash_got, hash_expected in zip(("model", "trace"), got, self.expected[key]):
            self.assertEqual(hash_got, hash_expected, f"the {what} differs ({key}, {[Path(f).name for f in files]}, {list(more)})")

    def cut(self, places, end="\n"):
        paths = []
        for number, (first, last) in enumerate(zip([0, *places], [*places, ROWS])):
            path = self.directory / f"part{len(places)}_{places[0]}_{number}.csv"
            path.write_bytes(to_text(self.header, self.rows[first:last], end))
            paths.append(path)
        return paths

    def test_threads(self):
        for key in [*self.OPTIONS, *self.ROW_OPTIONS]:
            for threads in ("1", "2", "3", "7", "16"):
                with self.subTest(key=key, threads=threads):
                    self.same(key, [self.directory / "all.csv"], ["--threads", threads])

    def test_rows_in_parts(self):
        paths = self.cut([1000, 1777])
        for key in self.ROW_OPTIONS:
            with self.subTest(key=key):
                self.same(key, paths, ["--threads", "2"])

    def test_pipe(self):
        for key in self.OPTIONS:
            with self.subTest(key=key):
                self.same(key, ["-"], pipe=self.text)

    def test_a_wide_table(self):
        """So many columns that the rows stay in memory."""
        source = random.Random(7)
        columns, rows = 1510, 540
        header = ",".join([f"x{j}" for j in range(columns)] + ["g", "y"]) + "\n"
        lines = [",".join([f"{source.gauss(j % 5, 1 + j % 3):.3f}" for j in range(columns)] + [source.choice("abc"), f"{source.gauss(0, 1):.3f}"]) + "\n" for _ in range(rows)]
        whole = self.directory / "wide.csv"
        whole.write_text(header + "".join(lines))
        parts = []
        for number, (first, last) in enumerate([(0, 100), (100, 371), (371, rows)]):
            parts.append(self.directory / f"wide{number}.csv")
            parts[-1].write_text(header + "".join(lines[first:last]))
        packed = self.directory / "wide.csv.gz"
        packed.write_bytes(gzip.compress(whole.read_bytes(), 1))
        for options in ([], ["--validation", "0.2", "--l1", "0.1", "--epochs", "50"]):
            expected = self.fingerprints([whole], options, ["--threads", "1"])
            with self.subTest(options=options):
                for threads in ("2", "3", "7"):
                    self.assertEqual(self.fingerprints([whole], options, ["--threads", threads]), expected, threads)
                self.assertEqual(self.fingerprints(parts, options), expected, "parts")
                self.assertEqual(self.fingerprints(["-"], options, pipe=whole.read_bytes()), expected, "pipe")
                self.assertEqual(self.fingerprints([packed], options), expected, "gz")
                for instructions in self.instruction_sets()[:2]:
                    self.assertEqual(self.fingerprints([whole], options, instructions=instructions), expected, instructions)

    def test_compressed(self):
        packed = {"gz": gzip.compress(self.text, 6), "bz2": bz2.compress(self.text, 9), "xz": lzma.compress(self.text, preset=1)}
        if shutil.which("zstd"):
            packed["zst"] = subprocess.run(["zstd", "-q", "-c"], input=self.text, capture_output=True, check=True).stdout
        half = len(self.text) // 2
        packed["twice.gz"] = gzip.compress(self.text[:half]) + gzip.compress(self.text[half:])
        for ending, content in packed.items():
            path = self.directory / f"all.csv.{ending}"
            path.write_bytes(content)
            for key in ("mean", "drop, weights"):
                with self.subTest(ending=ending, key=key):
                    self.same(key, [path])
            with self.subTest(ending=ending, key="as a pipe"):
                self.same("mean", ["-"], pipe=content)

    def test_line_ends(self):
        path = self.directory / "crlf.csv"
        path.write_bytes(to_text(self.header, self.rows, "\r\n"))
        for key in self.OPTIONS:
            with self.subTest(key=key):
                self.same(key, [path], ["--threads", "2"])

    def test_delimiter_and_quotes(self):
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n", delimiter="\t", quoting=csv.QUOTE_ALL)
        writer.writerow(self.header)
        writer.writerows(self.rows)
        path = self.directory / "all.tsv"
        path.write_bytes(stream.getvalue().encode())
        self.same("mean", [path], ["--threads", "2"])

    def test_cut_into_files(self):
        source = random.Random(7)
        cuts = [sorted(source.sample(range(1, ROWS), 4)) for _ in range(4)]
        cuts += [[1, 2, 3, 4], [255, 256, 257, 19999], [100, 300, 1000, 1001], [999, 2 * 256, 3000, 8192]]
        for places in cuts:
            places = sorted(places)
            paths = self.cut(places)
            for key in ("mean", "drop, weights"):
                with self.subTest(places=places, key=key):
                    self.same(key, paths, ["--threads", source.choice("127")])

    def test_cut_and_mixed(self):
        first, second, third = self.cut([4321, 12345])
        packed = self.directory / "second.csv.gz"
        packed.write_bytes(gzip.compress(second.read_bytes()))
        empty = self.directory / "empty.csv"
        empty.write_bytes(to_text(self.header, []))
        for key in self.OPTIONS:
            with self.subTest(key=key):
                self.same(key, [empty, first, packed, empty, "-"], ["--threads", "2"], pipe=third.read_bytes())

    def fold_options(self, key):
        """What of a fit's options concerns the pass over the data; the rest is given to the fit from moments."""
        options, folded, rest = list(self.OPTIONS[key]), [], []
        while options:
            (folded if options[0] in ("--missing", "--weights", "--drop") else rest).extend(options[:2])
            del options[:2]
        return folded, rest

    def moments(self, name, text, options, more=()):
        path = self.directory / name
        command = [BINARY, "fold", "-", "-o", str(path), *options, *more, "--quiet"]
        process = subprocess.run(command, input=text, capture_output=True, timeout=300, check=False)
        self.assertEqual(process.returncode, 0, f"{process.stderr.decode()}\n{' '.join(command)}")
        return path

    def same_from_moments(self, key, files, more=()):
        _, rest = self.fold_options(key)
        if key not in self.expected:
            self.expected[key] = self.fingerprints([self.directory / "all.csv"], self.OPTIONS[key], ["--threads", "1"])
        self.assertEqual(self.fingerprints(files, rest, more), self.expected[key], f"moments differ ({key}, {[Path(f).name for f in files]})")

    def test_moments(self):
        for key in self.OPTIONS:
            folded, _ = self.fold_options(key)
            for threads in ("1", "2", "7"):
                with self.subTest(key=key, threads=threads):
                    path = self.moments("all.moments", self.text, folded, ["--threads", threads])
                    self.same_from_moments(key, [path], ["--threads", threads])
        packed = self.directory / "all.moments.gz"
        packed.write_bytes(gzip.compress((self.directory / "all.moments").read_bytes()))
        self.same_from_moments(key, [packed])

    def test_moments_of_parts(self):
        source = random.Random(11)
        for parts in (2, 3, 5):
            places = sorted(256 * place for place in source.sample(range(1, ROWS // 256 + 1), parts - 1))
            for key in self.OPTIONS:
                folded, _ = self.fold_options(key)
                with self.subTest(key=key, places=places):
                    files = []
                    for number, (first, last) in enumerate(zip([0, *places], [*places, ROWS])):
                        text = to_text(self.header, self.rows[first:last])
                        files.append(self.moments(f"part{number}.moments", text, folded, ["--first-row", str(first), "--threads", source.choice("127")]))
                    source.shuffle(files)
                    merged = self.directory / "merged.moments"
                    command = [BINARY, "merge", *map(str, files), "-o", str(merged), "--json"]
                    process = subprocess.run(command, capture_output=True, timeout=300, check=False)
                    self.assertEqual(process.returncode, 0, process.stderr.decode())
                    self.assertTrue(json.loads(process.stdout)["exact"])
                    self.same_from_moments(key, [merged], ["--threads", source.choice("127")])
                    self.same_from_moments(key, files)

    # What reaches kernels that the options above do not: numbers alone, classes, curved formulas.
    MORE_OPTIONS = {
        "numbers": ["--features", "x,time,small", "--missing", "drop"],
        "exact to the end": ["--formula", "y = a + b*x + c*x^2 + d*x^3", "--missing", "drop"],
        "curved": ["--formula", "y = a*x^2 + b*sin(x/3) + exp(c*x/10)", "--missing", "drop"],
        "logistic": ["--missing", "mean", "--loss", "logistic", "--epochs", "20"],
        "logistic, weights, batches": ["--missing", "drop", "--weights", "w", "--loss", "logistic", "--batch-size", "8", "--epochs", "3"],
        "poisson of counts": ["--missing", "mean", "--loss", "poisson", "--epochs", "20"],
    }

    def instruction_sets(self):
        """Those of this machine, as the error for an unknown one lists them."""
        process = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=False, env={**os.environ, "TALWEG_INSTRUCTION_SET": "?"})
        self.assertEqual(process.returncode, 2, process.stderr)
        return re.search(r"one of (.*)", process.stderr)[1].split(", ")

    def test_instruction_sets(self):
        sets = self.instruction_sets()
        self.assertGreaterEqual(len(sets), 2, "there is nothing to compare")
        targets = {}
        for name, target in (("classes", lambda y: "yes" if float(y) > 11 else "no"), ("counts", lambda y: str(int(abs(float(y)) / 3)))):
            targets[name] = self.directory / f"{name}.csv"
            rows = [[*row[:-1], target(row[-1])] for row in self.rows if row[-1]]
            targets[name].write_bytes(to_text(self.header, rows))
        for key, options in {**self.OPTIONS, **self.ROW_OPTIONS, **self.MORE_OPTIONS}.items():
            path = targets["classes" if key.startswith("logistic") else "counts"] if key in self.MORE_OPTIONS and "--loss" in options else self.directory / "all.csv"
            expected = self.fingerprints([path], options, ["--threads", "2"])
            for number, instructions in enumerate(sets):
                with self.subTest(key=key, instructions=instructions):
                    more = ["--threads", str(1 + number % 3)]
                    self.assertEqual(self.fingerprints([path], options, more, instructions=instructions), expected, f"{key}: {instructions} differs")

    def test_instruction_sets_of_moments(self):
        for key in self.OPTIONS:
            folded, _ = self.fold_options(key)
            hashes = set()
            for instructions in self.instruction_sets():
                path = self.directory / "of_set.moments"
                command = [BINARY, "fold", str(self.directory / "all.csv"), "-o", str(path), *folded, "--quiet"]
                process = subprocess.run(command, capture_output=True, timeout=300, check=False, env={**os.environ, "TALWEG_INSTRUCTION_SET": instructions})
                self.assertEqual(process.returncode, 0, process.stderr.decode())
                hashes.add(hashlib.sha256(path.read_bytes()).hexdigest())
            self.assertEqual(len(hashes), 1, key)

    def test_again(self):
        for _ in range(3):
            self.same("mean", [self.directory / "all.csv"])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: determinism_test.py BINARY [unittest options]")
    BINARY = str(Path(sys.argv.pop(1)).resolve())
    program = unittest.main(exit=False)
    result = program.result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or not result.testsRun else 0)
