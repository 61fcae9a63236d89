"""What `import cleanup` gives, beside what the README shows."""

from __future__ import annotations

import importlib.metadata
import time
from pathlib import Path
from typing import Any

import pytest

import cleanup


@pytest.mark.parametrize("source", [b"bytes", None, 5, ["a"]])
def test_what_is_no_text_is_refused(source: Any) -> None:
    with pytest.raises(TypeError, match="not " + type(source).__name__):
        cleanup.clean(source)


@pytest.mark.parametrize("source", [None, 5, ["a"]])
def test_what_is_no_source_is_refused(source: Any) -> None:
    with pytest.raises(TypeError, match="not " + type(source).__name__):
        cleanup.explain(source)


def test_the_version_is_that_of_the_distribution() -> None:
    assert cleanup.__version__ == importlib.metadata.version("corpus-cleanup")


def test_names_are_there_or_not() -> None:
    assert all(getattr(cleanup, name) for name in cleanup.__all__)
    with pytest.raises(AttributeError, match="nosuch"):
        cleanup.nosuch  # noqa: B018


def test_inputs_may_be_paths(samples: Path) -> None:
    assert [doc.id for doc in cleanup.read(samples / "mojibake.txt")] == ["mojibake.txt"]


def test_one_name_for_a_list_of_stages_is_not_read_by_its_letters() -> None:
    for call in (lambda: cleanup.Pipeline(stages="mojibake"), lambda: cleanup.clean("x", stages="mojibake")):
        with pytest.raises(cleanup.CleanupError, match=r'\["mojibake"\]'):
            call()


def test_a_clock_that_is_set_back_takes_no_time_away(samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**9, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))
    run = cleanup.Pipeline(stages=[]).run(samples / "mojibake.txt", out=tmp_path / "out")
    assert run.info["timings"]["wall_seconds"] >= 0
