"""What becomes of what fails at one document or file, and what is said of it: the document stays as it was."""

from __future__ import annotations

import ctypes
import io
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cleanup import lasting
from cleanup.cli import filter as command
from cleanup.cli.show import summary
from cleanup.config import Config, override
from cleanup.errors import MissingExtra, RunError
from cleanup.pipeline import Pipeline
from cleanup.stages.deadline import StageTimeout, deadline
from cleanup.write import directory


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


def test_errors_come_back_whole_from_a_worker() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(MissingExtra("reading WARC", "warc")))
    assert (type(error), error.message, error.hint) == (
        MissingExtra,
        "reading WARC needs an optional library",
        "pip install 'corpus-cleanup[warc]'",
    )


def test_parsing_that_hangs_or_breaks_fails_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    from cleanup import part
    from cleanup.document import Document

    def parse(doc: Document, config: Config) -> None:  # noqa: ARG001
        if doc.id == "hangs":
            time.sleep(30)
        if doc.id == "breaks":
            raise RecursionError("too deep")
        doc.text, doc.data = "parsed", None

    monkeypatch.setattr(part, "parse", parse)
    pipeline = Pipeline(config=override(Config(), {"stages": (), "limits.stage_seconds": 0.2}))
    docs = [Document(name, data=b"x") for name in ("one", "hangs", "breaks", "two")]
    (batch,) = part.cleaned(docs, pipeline)
    assert [(doc.status, doc.text) for doc in batch] == [("kept", "parsed"), ("failed", ""), ("failed", ""), ("kept", "parsed")]
    assert "limits.stage_seconds = 0.2" in (batch[1].error or "")
    assert "RecursionError: too deep" in (batch[2].error or "")


@pytest.mark.parametrize("knows", [True, False])
def test_a_start_of_the_machine_is_known_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, knows: bool) -> None:
    class Library:  # of macOS
        @staticmethod
        def sysctlbyname(name: bytes, found: ctypes.Array[ctypes.c_char], *_: object) -> int:
            if knows and name == b"kern.bootsessionuuid":
                found.value = b"6F1C"
            return 0 if knows else -1

    monkeypatch.setattr(lasting, "START", tmp_path / "nowhere")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Library)
    assert (lasting.started() == "6F1C") == knows
    assert (lasting.started() == lasting.started()) == knows


def test_what_cannot_be_written_is_named_and_not_the_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    answers = tmp_path / "file" / "answers.json"
    with pytest.raises(RunError, match=r"cannot write .*answers\.json: "), directory.appearing(answers):
        pass


def test_an_archive_without_its_library_is_an_input_that_could_not_be_read(
    tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fastwarc", None)
    monkeypatch.setitem(sys.modules, "fastwarc.warc", None)
    archive, text = samples / "crawl.warc.gz", samples / "mojibake.txt"
    run = Pipeline().run([archive, text], out=tmp_path / "out", jobs=1)
    assert (run.counts["kept"], run.counts["failed"]) == (1, 1)
    (row,) = run.failures()
    assert "corpus-cleanup[warc]" in row["error"]
    with pytest.raises(MissingExtra, match="WARC"):  # nothing else to do: no run at all
        Pipeline().run(archive, out=tmp_path / "other", jobs=1)
