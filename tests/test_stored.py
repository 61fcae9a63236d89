"""Documents read back from a run directory, whole or damaged."""

from __future__ import annotations

import json
import shutil
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
