"""Whatever the locale: what is printed for a program or a person is UTF-8, as documents are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("args", [["check", "-q"], ["check", "-q", "--json"], ["check", "-q", "--diff"]])
def test_what_is_printed_does_not_depend_on_the_locale(samples: Path, args: list[str]) -> None:
    command = [sys.executable, "-m", "cleanup", *args, str(samples / "mojibake.txt")]
    said = set()
    for encoding in ("utf-8", "latin-1", "cp1251", "ascii"):
        done = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (1, b"")
        said.add(done.stdout)
    (only,) = said
    assert "’" in only.decode()
