#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every command that a document shows and compares its output with what the document shows.

    check_docs.py [--update] BINARY DOCUMENT...

In a block fenced by ```console, a line that starts with `$ ` is a command, the lines up to the next one are its output
(standard output and standard error together). The commands of a document run in one shell folder that holds data/ and has the
program on its PATH. --update writes the outputs into the documents instead.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(command, folder, environment):
    result = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=300)
    return result.stdout


def process(document, binary):
    """The document's lines with fresh outputs, and the number of commands."""
    out, commands, inside = [], 0, False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "data").symlink_to(ROOT / "data")
        (folder / "bin").mkdir()
        (folder / "bin" / "talweg").symlink_to(pathlib.Path(binary).resolve())
        environment = dict(os.environ, PATH=f"{folder / 'bin'}:{os.environ['PATH']}", LC_ALL="C.UTF-8")
        for line in document.read_text().splitlines():
            if line.startswith("```"):
                inside = line == "```console"
                out.append(line)
            elif inside and line.startswith("$ "):
                out.append(line)
                commands += 1
                out.extend(run(line[2:], folder, environment).splitlines())
            elif not inside:
                out.append(line)
    return out, commands


def main():
    arguments = sys.argv[1:]
    update = arguments[0] == "--update"
    binary, *documents = arguments[1:] if update else arguments
    passed = failed = 0
    for name in documents:
        document = pathlib.Path(name)
        fresh, commands = process(document, binary)
        shown = document.read_text().splitlines()
        if update:
            document.write_text("\n".join(fresh) + "\n")
        if update or fresh == shown:
            passed += commands
            continue
        failed += 1
        at = next((k for k, (a, b) in enumerate(zip(shown, fresh)) if a != b), min(len(shown), len(fresh)))
        print(f"{document}:{at + 1}: the output is not what is shown")
        print("  shown: " + (shown[at] if at < len(shown) else "(end)"))
        print("  now:   " + (fresh[at] if at < len(fresh) else "(end)"))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
