"""Documents read back from a run directory, whole or damaged."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cleanup.config import Config, override
from cleanup.document import revert
from cleanup.errors import CleanupError, ConfigError, RunError
from cleanup.pipeline import Pipeline
from cleanup.review.queue import held, with_context
from cleanup.run import Run
from cleanup.stored import find


@pytest.fixture(scope="module")
def run(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    Pipeline().run(samples / "news.jsonl", out)
    return out


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "copy"))


@pytest.mark.parametrize("settings", [{"write.format": "parquet"}, {"write.compress": "zst"}, {"write.compress": "gz"}])
def test_a_run_of_any_format_with_records_can_be_explained(
    run: Path, samples: Path, tmp_path: Path, settings: dict[str, object]
) -> None:
    Pipeline(config=override(Config(), settings)).run(samples / "news.jsonl", tmp_path / "out")
    for id_ in ("eastmere-1", "eastmere-2", "lindenau-1", "northlight-2"):
        (here,), (there,) = find(Run(run), id_), find(Run(tmp_path / "out"), id_)
        assert (here.text, here.status, here.ledger) == (there.text, there.status, there.ledger)
        assert revert(here) == revert(there)
    items = held(Run(tmp_path / "out"))
    with_context(Run(tmp_path / "out"), items)
    assert items
    assert all(item.left or item.right for item in items)


def test_a_run_of_texts_says_that_it_cannot(samples: Path, tmp_path: Path) -> None:
    done = Pipeline(config=override(Config(), {"write.format": "text"})).run(samples / "news.jsonl", tmp_path / "out")
    with pytest.raises(CleanupError, match="cannot be shown"):
        find(done, "eastmere-1")


@pytest.mark.parametrize("name", ["ledger/part-00000.jsonl", "corpus/part-00000.jsonl"])
def test_a_file_that_is_cut_short_is_named(copy: Path, name: str) -> None:
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: data.index(b"lindenau-1") + 20])
    with pytest.raises(RunError, match=f"{name} is damaged"):
        find(Run(copy), "lindenau-1")


def test_a_document_of_the_ledger_that_the_corpus_lacks_is_not_called_unknown(copy: Path) -> None:
    data = (copy / "corpus" / "part-00000.jsonl").read_bytes()
    (copy / "corpus" / "part-00000.jsonl").write_bytes(data[: data.index(b"\n") + 1])
    with pytest.raises(RunError, match="a file is cut short"):
        find(Run(copy), "lindenau-1")


def test_a_finished_run_that_lacks_a_file_is_not_taken_for_done(copy: Path, samples: Path) -> None:
    Pipeline().run(samples / "news.jsonl", copy)
    (copy / "corpus" / "part-00000.jsonl").unlink()
    with pytest.raises(RunError, match="is missing from a finished run"):
        Pipeline().run(samples / "news.jsonl", copy)


def test_another_configuration_is_named(copy: Path, samples: Path) -> None:
    with pytest.raises(RunError, match=r"dedup.max_removal was 1.0 and is 0.5"):
        Pipeline(config=override(Config(), {"dedup.max_removal": 0.5})).run(samples / "news.jsonl", copy)
    info = json.loads((copy / "run.json").read_text())
    info["versions"]["numpy"], info["digests"]["configuration"] = "0.1", "another"
    (copy / "run.json").write_text(json.dumps(info))
    with pytest.raises(RunError, match=r"numpy was '0.1' and is"):
        Pipeline().run(samples / "news.jsonl", copy)


@pytest.mark.parametrize("content", [b"xx", b'{"host": 3}', b"[]"])
def test_a_file_of_remembered_lines_that_is_none_is_refused_before_the_work(
    samples: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "sites.json").write_bytes(content)
    config = override(Config(), {"boilerplate.sites_file": str(tmp_path / "sites.json")})
    with pytest.raises(ConfigError, match="holds no remembered lines"):
        Pipeline(config=config).run(samples / "news.jsonl", tmp_path / "out")
    assert not (tmp_path / "out" / ".work" / "map").exists()


def test_a_run_directory_inside_of_what_is_read_is_no_input(samples: Path, tmp_path: Path) -> None:
    shutil.copy(samples / "news.jsonl", tmp_path)
    first = Pipeline().run(tmp_path, tmp_path / "out")
    again = Pipeline().run(tmp_path, tmp_path / "out")
    assert first.counts["read"] == again.counts["read"] == 8


def test_standard_input_is_an_input_like_any_other(samples: Path, tmp_path: Path) -> None:
    def run(data: bytes) -> tuple[int, bytes]:
        command = [sys.executable, "-m", "cleanup", "run", "-q", "-", "-o", tmp_path / "out"]
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        return done.returncode, done.stderr

    data = (samples / "news.jsonl").read_bytes()
    assert run(data) == (0, b"")
    assert run(data) == (0, b"")
    code, said = run(data.replace(b"Harbour", b"Harvest"))
    assert (code, b"other inputs" in said) == (2, True)
    assert not (tmp_path / "out" / ".work").exists()
    assert b'"source":"stdin"' in (tmp_path / "out" / "corpus" / "part-00000.jsonl").read_bytes()


def test_standard_input_of_a_run_that_was_cut_short_is_compared(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(data: bytes) -> Run:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return Pipeline().run("-", tmp_path / "out")

    data = (samples / "news.jsonl").read_bytes()
    monkeypatch.setattr("cleanup.run._concluded", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        begin(data)
    monkeypatch.undo()
    with pytest.raises(RunError, match="other inputs"):
        begin(data.replace(b"Harbour", b"Harvest"))
    assert begin(b"").counts["read"] == 8  # what it has is what is meant
    assert begin(data).counts["read"] == 8


@pytest.mark.parametrize("format_", ["jsonl", "parquet"])
def test_what_a_record_says_and_what_was_found_in_it_outlive_a_second_cleaning(tmp_path: Path, format_: str) -> None:
    text = "City reopens its river bridge\n\nPosted by Lena Moss | 3 hours ago\n\nCars will have to wait until the count is over."
    records = [{"id": "a", "text": text, "drop": {"mine": 1}}, {"id": "b", "text": "Other words stand here.", "cleanup": "mine"}]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    first = Pipeline().run(tmp_path / "in.jsonl", tmp_path / "first")
    again = Pipeline(config=override(Config(), {"write.format": format_}))
    second = again.run(first.path / "corpus" / "part-00000.jsonl", tmp_path / "second")
    for run in (first, second):
        (mine,), (other,) = find(run, "a"), find(run, "b")
        assert mine.meta["authors"] == ["Lena Moss"]
        assert (mine.record, other.record) == ({"drop": {"mine": 1}}, {"cleanup": "mine"})


def test_a_ledger_that_was_cut_short_is_told(copy: Path) -> None:
    (ledger,) = (copy / "ledger").iterdir()
    lines = ledger.read_bytes().splitlines(keepends=True)
    rows = [json.loads(line) for line in lines]
    last = max(at for at, row in enumerate(rows) if row["action"] == "edit" and row["decision"] == "apply")
    ledger.write_bytes(b"".join(lines[:last] + lines[last + 1 :]))
    with pytest.raises(RunError, match="cut short or changed"):
        find(Run(copy), rows[last]["doc"])
    with pytest.raises(RunError, match="cut short or changed"):
        held(Run(copy))
    listed = subprocess.run([sys.executable, "-m", "cleanup", "explain", str(copy)], capture_output=True, check=False)
    assert (listed.returncode, b"cut short or changed" in listed.stderr) == (2, True)
