"""A person's answers: proposal key -> "apply" or "skip", in a file that `cleanup run --answers` takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from cleanup.document import Decision
from cleanup.errors import CleanupError, RunError
from cleanup.pipeline import Answers
from cleanup.write.directory import appearing

FILE = "answers.json"


def load(path: Path) -> Answers:
    """Answers from a file. Raises CleanupError when it is missing or holds something else."""
    try:
        found: dict[str, str] = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except OSError as error:
        raise CleanupError(
            f"cannot read {path}: {error.strerror or error}", "`cleanup review RUN --export FILE` writes one"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CleanupError(f"{path}: {error}", 'answers are {"key": "apply" or "skip", ...}') from None
    answers: dict[str, Decision] = {}
    for key, decision in found.items():
        if decision not in ("apply", "skip"):
            raise CleanupError(f"{path}: the answer to {key!r} is {decision!r}", 'it has to be "apply" or "skip"')
        answers[key] = "apply" if decision == "apply" else "skip"
    return answers


def of_run(run: Path) -> Answers:
    """The answers given so far in a run directory."""
    return load(run / FILE) if (run / FILE).exists() else {}


def save(path: Path, answers: Mapping[str, str]) -> None:
    """Write answers, sorted by key; the file appears by rename. Raises RunError."""
    if not path.parent.is_dir():
        raise RunError(f"cannot write {path}: no such directory", "name a file in an existing directory")
    with appearing(path, lasting=True) as file:
        file.write(msgspec.json.format(msgspec.json.encode(dict(sorted(answers.items()))), indent=1) + b"\n")
