# SPDX-License-Identifier: Apache-2.0
"""Runs command-line cases written as data: run_cases.py BINARY CASE_FILE...

A case file is TOML with a list [[case]]. A case has a `name`, `files` to create in a fresh temporary directory, and either
one step (its keys directly in the case) or a list [[case.step]]. The files of `[shared.files]` are created for every case.

A file is a string, or a table with one of `text`, `hex`, `base64`, `parts` ([[text, times], ...]), `directory = true`, and
optionally `compress = "gz|bz2|xz|zst"`.

A step:
  argv            arguments; ${DATA}, ${FILES} and ${TMP} are replaced
  stdin           a string, or a table like a file; `stdin_open = true` leaves a pipe open that never says anything
  env             environment variables, added
  exit            exit code expected, 0 if not told
  interrupt_after seconds until SIGINT (or signal = "TERM") is sent (at the latest; with interrupt_when = FILE as soon as that file is there)
  limit           seconds the step may take (60)
  close_stdout_after   bytes of stdout to read before the reading end is closed
  save_stdout     file in the directory to keep standard output in
  write           files to create before this step (like `files`)
  stdout, stderr  exact text; stdout_has, stderr_has: texts; stdout_lacks, stderr_lacks; stdout_matches, stderr_matches: regexes
  stderr_lines    number of lines on standard error
  json            [[pointer, value, tolerance], ...] into standard output; json_of.FILE the same into a file.
                  pointer is a JSON pointer; a value of "@null @number @string @bool @list @object @present @absent" tells the
                  kind, "@has TEXT" a text contained in the value as printed. Tolerances are relative, of 0 absolute.
  csv.FILE        [[row, column, value, tolerance], ...]; row is a number from 0 (negative: from the end) or "column=text"
  csv_rows.FILE   number of rows without the header
  same_json       [[FILE, FILE, pointer, tolerance], ...] equal values below the pointer
  same_bytes      [[FILE, FILE, ...], ...] equal SHA-256
  text.FILE       exact text of a file
  exists, absent  files that must or must not be there
"""
import base64
import bz2
import csv
import gzip
import hashlib
import json
import lzma
import math
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TIME_LIMIT = 60
STEP_KEYS = {"argv", "stdin", "stdin_open", "env", "exit", "interrupt_after", "interrupt_when", "signal", "limit", "close_stdout_after", "save_stdout",
             "write", "stdout", "stderr", "stdout_has", "stderr_has", "stdout_lacks", "stderr_lacks", "stdout_matches",
             "stderr_matches", "stderr_lines", "json", "json_of", "csv", "csv_rows", "same_json", "same_bytes", "text", "exists",
             "absent"}
CASE_KEYS = STEP_KEYS | {"name", "files", "step"}


def compress(kind, content):
    if kind == "gz":
        return gzip.compress(content, mtime=0)
    if kind == "bz2":
        return bz2.compress(content)
    if kind == "xz":
        return lzma.compress(content)
    if kind == "zst":
        return subprocess.run(["zstd", "-q", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout
    raise ValueError(f"unknown compression {kind}")


def content_of(description):
    if isinstance(description, str):
        return description.encode()
    if "hex" in description:
        content = bytes.fromhex(description["hex"])
    elif "base64" in description:
        content = base64.b64decode(description["base64"])
    elif "parts" in description:
        content = b"".join(text.encode() * times for text, times in description["parts"])
    else:
        content = description["text"].encode()
    return compress(description["compress"], content) if "compress" in description else content


def create(directory, files):
    for name, description in files.items():
        path = directory / name
        if isinstance(description, dict) and description.get("directory"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content_of(description))


class Failure(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Failure(message)


def at_pointer(document, pointer):
    here = document
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(here, list):
            index = int(part)
            if index >= len(here):
                raise KeyError(pointer)
            here = here[index]
        elif isinstance(here, dict) and part in here:
            here = here[part]
        else:
            raise KeyError(pointer)
    return here


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def close(got, value, tolerance):
    if not (is_number(got) and math.isfinite(got)):
        return False
    return abs(got - value) <= (tolerance * abs(value) if value != 0 else tolerance)


KINDS = {"@null": lambda v: v is None, "@number": lambda v: is_number(v) and math.isfinite(v),
         "@string": lambda v: isinstance(v, str), "@bool": lambda v: isinstance(v, bool),
         "@list": lambda v: isinstance(v, list), "@object": lambda v: isinstance(v, dict), "@present": lambda v: True}


def check_value(where, got, expected, tolerance):
    if isinstance(expected, str) and expected.startswith("@has "):
        expect(expected[5:] in json.dumps(got, ensure_ascii=False), f"{where}: {got!r} does not contain {expected[5:]!r}")
    elif isinstance(expected, str) and expected in KINDS:
        expect(KINDS[expected](got), f"{where}: {got!r} is not {expected[1:]}")
    elif is_number(expected) and tolerance is not None:
        expect(close(got, expected, tolerance), f"{where}: {got!r}, expected {expected!r} within {tolerance}")
    else:
        same = type(got) is type(expected) or (is_number(got) and is_number(expected))
        expect(same and got == expected, f"{where}: {got!r}, expected {expected!r}")


def no_constant(name):
    raise Failure(f"the JSON holds {name}")


def parse_json(where, text):
    try:
        return json.loads(text, parse_constant=no_constant)
    except (ValueError, UnicodeDecodeError) as error:
        raise Failure(f"{where} is not JSON: {error}") from error


def check_json(where, text, expectations):
    document = parse_json(where, text)
    for pointer, expected, *tolerance in expectations:
        try:
            got = at_pointer(document, pointer)
        except KeyError:
            expect(expected == "@absent", f"{where} has no {pointer}")
            continue
        expect(expected != "@absent", f"{where} has {pointer}")
        check_value(f"{where} {pointer}", got, expected, tolerance[0] if tolerance else None)


def check_same(where, first, second, tolerance):
    if is_number(first) and is_number(second):
        size = max(abs(first), abs(second))
        expect(abs(first - second) <= tolerance * (size if size != 0 else 1), f"{where}: {first!r} and {second!r} differ by more than {tolerance}")
    elif isinstance(first, dict) and isinstance(second, dict):
        expect(sorted(first) == sorted(second), f"{where}: keys {sorted(first)} and {sorted(second)}")
        for key in first:
            check_same(f"{where}/{key}", first[key], second[key], tolerance)
    elif isinstance(first, list) and isinstance(second, list):
        expect(len(first) == len(second), f"{where}: {len(first)} and {len(second)} elements")
        for index, (left, right) in enumerate(zip(first, second)):
            check_same(f"{where}/{index}", left, right, tolerance)
    else:
        expect(first == second, f"{where}: {first!r} and {second!r}")


def read_csv(path):
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
        header, *rows = csv.reader(stream)
    return [header, *(row or [""] * (len(header) == 1) for row in rows)]  # a blank line in a file of one column is an empty cell


def check_csv(path, name, expectations):
    header, *rows = read_csv(path)
    for row, column, expected, *tolerance in expectations:
        expect(column in header, f"{name} has no column {column!r}: {header}")
        if isinstance(row, str):
            key, text = row.split("=", 1)
            found = [r for r in rows if r[header.index(key)] == text]
            expect(found, f"{name} has no row {row}")
            cells = found[0]
        else:
            expect(-len(rows) <= row < len(rows), f"{name} has {len(rows)} rows, none number {row}")
            cells = rows[row]
        cell = cells[header.index(column)]
        if is_number(expected):
            try:
                number = float(cell)
            except ValueError:
                raise Failure(f"{name} row {row} {column}: {cell!r} is not a number") from None
            check_value(f"{name} row {row} {column}", number, expected, tolerance[0] if tolerance else None)
        else:
            expect(cell == expected, f"{name} row {row} {column}: {cell!r}, expected {expected!r}")


def check_stream(name, content, step):
    text = content.decode(errors="backslashreplace")
    if name in step:
        expect(text == step[name], f"{name} is\n{text}\nexpected\n{step[name]}")
    for part in step.get(f"{name}_has", []):
        expect(part in text, f"{name} lacks {part!r}:\n{text}")
    for part in step.get(f"{name}_lacks", []):
        expect(part not in text, f"{name} has {part!r}:\n{text}")
    for pattern in step.get(f"{name}_matches", []):
        expect(re.search(pattern, text, re.MULTILINE), f"{name} does not match {pattern!r}:\n{text}")


def run_process(command, directory, step):
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "CLICOLOR_FORCE")}
    environment.update({"LC_ALL": "C.UTF-8", "TERM": "xterm"})
    environment.update(step.get("env", {}))
    limit = step.get("limit", TIME_LIMIT)
    stdin = content_of(step["stdin"]) if "stdin" in step else b""
    process = subprocess.Popen(command, cwd=directory, env=environment, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        if "close_stdout_after" in step:
            process.stdin.close()
            head = process.stdout.read(step["close_stdout_after"])
            process.stdout.close()
            error = process.stderr.read()
            process.wait(limit)
            return head, error, process.returncode
        if "interrupt_after" in step:
            deadline = time.monotonic() + step["interrupt_after"]
            while time.monotonic() < deadline and process.poll() is None:
                if "interrupt_when" in step and (directory / step["interrupt_when"]).exists():
                    break
                time.sleep(0.02)
            expect(process.poll() is None, "ended before it could be interrupted")
            process.send_signal(getattr(signal, "SIG" + step.get("signal", "INT")))
        if step.get("stdin_open"):
            process.wait(limit)
            process.stdin.close()
            return process.stdout.read(), process.stderr.read(), process.returncode
        output, error = process.communicate(stdin, limit)
        return output, error, process.returncode
    except subprocess.TimeoutExpired:
        raise Failure(f"still running after {limit} s") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            try:
                stream.close()
            except OSError:
                pass


def check_files(directory, step):
    for name in step.get("exists", []):
        expect((directory / name).exists(), f"{name} was not written")
    for name in step.get("absent", []):
        expect(not (directory / name).exists(), f"{name} is there")
    for name, expectations in step.get("json_of", {}).items():
        expect((directory / name).exists(), f"{name} was not written")
        check_json(name, (directory / name).read_bytes(), expectations)
    for name, expectations in step.get("csv", {}).items():
        expect((directory / name).exists(), f"{name} was not written")
        check_csv(directory / name, name, expectations)
    for name, count in step.get("csv_rows", {}).items():
        rows = len(read_csv(directory / name)) - 1
        expect(rows == count, f"{name} has {rows} rows, expected {count}")
    for name, text in step.get("text", {}).items():
        got = (directory / name).read_bytes().decode(errors="backslashreplace")
        expect(got == text, f"{name} is\n{got}\nexpected\n{text}")
    for first, second, pointer, *tolerance in step.get("same_json", []):
        documents = [parse_json(name, (directory / name).read_bytes()) for name in (first, second)]
        values = [at_pointer(document, pointer) if pointer else document for document in documents]
        check_same(f"{first} and {second} {pointer}", *values, tolerance[0] if tolerance else 0)
    for names in step.get("same_bytes", []):
        hashes = [hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in names]
        expect(len(set(hashes)) == 1, f"{', '.join(names)} differ")


def run_step(binary, directory, step):
    create(directory, step.get("write", {}))
    places = {"${DATA}": str(REPOSITORY / "data"), "${FILES}": str(REPOSITORY / "tests" / "files"), "${TMP}": str(directory)}
    arguments = []
    for argument in step["argv"]:
        for name, place in places.items():
            argument = argument.replace(name, place)
        arguments.append(argument)
    shown = "talweg " + shlex.join(step["argv"])
    try:
        output, error, code = run_process([binary, *arguments], directory, step)
        if "save_stdout" in step:
            (directory / step["save_stdout"]).write_bytes(output)
        told = error.decode(errors="backslashreplace").strip()
        expect(code == step.get("exit", 0), f"exit code {code}, expected {step.get('exit', 0)}; standard error: {told}")
        check_stream("stdout", output, step)
        check_stream("stderr", error, step)
        if "stderr_lines" in step:
            lines = len(error.splitlines())
            expect(lines == step["stderr_lines"] and (not error or error.endswith(b"\n")),
                   f"{lines} lines on standard error, expected {step['stderr_lines']}:\n{told}")
        if "json" in step:
            check_json("stdout", output, step["json"])
        check_files(directory, step)
    except Failure as failure:
        raise Failure(f"  $ {shown}\n  {failure}") from None


def run_case(binary, shared, case):
    unknown = set(case) - CASE_KEYS
    expect(not unknown, f"  unknown keys {sorted(unknown)}")
    with tempfile.TemporaryDirectory(prefix="talweg-case-") as name:
        directory = Path(name)
        create(directory, shared.get("files", {}))
        create(directory, case.get("files", {}))
        failures = []
        for step in case.get("step", [case]):
            unknown = set(step) - CASE_KEYS
            expect(not unknown, f"  unknown keys {sorted(unknown)}")
            try:
                run_step(binary, directory, step)
            except Failure as failure:
                failures.append(str(failure))
        expect(not failures, "\n".join(failures))


def main(arguments):
    if len(arguments) < 2:
        print("usage: run_cases.py BINARY CASE_FILE...", file=sys.stderr)
        return 2
    binary = str(Path(arguments[0]).resolve())
    only = os.environ.get("TALWEG_CASE")
    passed = failed = 0
    for case_file in arguments[1:]:
        with open(case_file, "rb") as stream:
            document = tomllib.load(stream)
        for case in document.get("case", []):
            if only and only not in case["name"]:
                continue
            try:
                run_case(binary, document.get("shared", {}), case)
                passed += 1
            except Failure as failure:
                failed += 1
                print(f"FAILED {Path(case_file).stem}: {case['name']}\n{failure}\n")
            except Exception as error:  # a mistake in the case itself
                failed += 1
                print(f"FAILED {Path(case_file).stem}: {case['name']}\n  {type(error).__name__}: {error}\n")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
