#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a terminal shows: terminal_test.py BINARY runs the program on pseudo-terminals of several widths, with and without
colours, with and without UTF-8."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = str(Path(sys.argv[1]).resolve())


def run(arguments, columns, **environment):
    """The output on a terminal of so many columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "COLUMNS")}
    child = subprocess.Popen([BINARY, *arguments], stdout=follower, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                             env={**clean, **environment})
    os.close(follower)
    out = b""
    while True:
        try:
            part = os.read(leader, 1 << 16)
        except OSError:
            break
        if not part:
            break
        out += part
    os.close(leader)
    child.wait(timeout=60)
    return out.decode("utf-8").replace("\r\n", "\n")


def widest(text):
    return max(len(re.sub("\x1b\\[[0-9;]*m", "", line)) for line in text.split("\n"))


def main():
    checks = 0
    diamonds = ["fit", str(ROOT / "data/diamonds.csv.gz"), "--target", "price", "--features", "carat,clarity", "--verbose"]
    for columns in (36, 50, 80, 132):
        text = run(diamonds, columns, LC_ALL="C.UTF-8")
        assert widest(text) <= columns, f"{widest(text)} characters on a terminal of {columns}:\n{text}"
        assert "\x1b[32m" in text and "█" in text
        assert re.search(r"8440\.05729", text), "the value is the last thing to go"
        checks += 1
    plain = run(diamonds, 80, LANG="C", NO_COLOR="1")
    assert "\x1b" not in plain and plain.isascii(), plain
    assert "####" in plain
    assert "\x1b" not in run([*diamonds, "--color", "never"], 80)
    assert "\x1b[32m" in run([*diamonds, "--color", "always"], 80, NO_COLOR="1")
    # A pipe has no width: nothing is broken or left out.
    piped = subprocess.run([BINARY, *diamonds], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    assert "off by at most" in piped and "\x1b" not in piped and widest(piped) > 100
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_text("größe,y\n1,2\n2,3\n4,4\n")
        text = run(["fit", str(path), "--target", "y", "--learning-rate", "9"], 40, LANG="de_DE.utf8")
        assert widest(text) <= 40 and "größe" in text and "\x1b[31m" in text, text
        text = run(["forecast", str(path), "--target", "y"], 40, LANG="C.UTF-8")
        assert widest(text) <= 40, text
        checks += 6
    print(f"{checks} passed")


if __name__ == "__main__":
    main()
