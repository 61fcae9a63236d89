"""What becomes of a stage that fails at a document, and what is said of it: the document stays as it was."""

from __future__ import annotations

import io
import signal
import time
from typing import Any

import pytest

from cleanup.cli import filter as command
from cleanup.cli.show import summary
from cleanup.pipeline import Pipeline
from cleanup.stages.deadline import StageTimeout, deadline


@pytest.mark.parametrize("seconds", [1e-9, 1e-5, 0.02])
def test_a_limit_however_short_ends_the_work_and_nothing_else(seconds: float) -> None:
    before = signal.getsignal(signal.SIGALRM)
    for _ in range(10):
        with pytest.raises(StageTimeout, match=f"limits.stage_seconds = {seconds:g}"), deadline(seconds):
            time.sleep(10)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        assert signal.getsignal(signal.SIGALRM) == before


def test_the_filter_says_which_stage_failed(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    def fail(*_: Any) -> Any:
        raise ValueError("no reason\x1b[31m")

    made = Pipeline(stages=["mojibake"])
    made._steps = [("mojibake", fail, made.policy("mojibake"))]
    monkeypatch.setattr(command, "Pipeline", lambda **_: made)
    monkeypatch.setattr(command, "standard_input", lambda: io.BytesIO("cafÃ©".encode()))
    options = {"quiet": False, "verbose": False, "stages": "mojibake"}
    assert command.run_filter(options) == 0
    out, err = capfdbinary.readouterr()
    assert (out.decode(), err) == ("cafÃ©", b"cleanup: stdin: mojibake failed: ValueError: no reason\\x1b[31m\n")


def test_a_run_says_what_it_left_as_it_was() -> None:
    numbers = {"applied": 3, "held": 0, "characters_removed": 0, "characters_added": 0, "documents_dropped": 0}
    info = {"counts": dict.fromkeys(("read", "kept", "dropped", "failed", "held"), 3), "rules": {"spin/error": numbers}}
    assert "left as they were: 3 by spin/error" in summary(info, "out")
