"""The README is executed: console examples give what they show, Python examples run, the listing is the program's own."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n(.*?)```", README, re.S)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.S)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the samples, in which the examples run one after the other."""
    directory = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "samples", directory / "samples")
    return directory


def steps(block: str) -> list[tuple[str, str]]:
    """(command, expected output) of a console block; a command goes on over lines that end in a backslash."""
    found: list[tuple[str, str]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found and found[-1][0].endswith("\\"):
            found[-1] = (found[-1][0][:-1] + line, "")
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def fits(shown: str, got: str) -> bool:
    """Whether an output is as shown; "..." stands for anything."""
    pattern = ".*".join(re.escape(piece) for piece in shown.strip().split("..."))
    return re.fullmatch(pattern, got.strip(), re.S) is not None


@pytest.mark.parametrize("number", range(len(CONSOLE)))
def test_console_examples(number: int, place: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command, shown in steps(CONSOLE[number]):
        line = ["bash", "-c", f"{{ {command}; }} 2>&1"]
        done = subprocess.run(line, cwd=place, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert "Traceback" not in done.stdout
        if shown:
            assert fits(shown, done.stdout), f"$ {command}\n{done.stdout}"
        else:
            assert done.returncode == 0, f"$ {command}\n{done.stdout}"


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_python_examples(number: int, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    test = doctest.DocTestParser().get_doctest(PYTHON[number], {}, f"README example {number}", "README.md", 0)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0


def test_the_listing_is_the_programs_own() -> None:
    shown = re.search(r"<!-- listing -->\n```\n(.*?)```", README, re.S)
    assert shown
    done = subprocess.run([sys.executable, "-m", "cleanup", "--help"], capture_output=True, text=True, check=True)
    listing = done.stdout[done.stdout.index("Commands:") :]
    assert shown[1].split() == listing.partition("\n\n")[0].split()


def test_there_are_enough_examples() -> None:
    assert sum(len(steps(block)) for block in CONSOLE) + len(PYTHON) >= 10
