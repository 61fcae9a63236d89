"""Lines of a run's parts: texts compared where they lie, passages cut from them, and files that lost their end."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from cleanup import corpus, finish
from cleanup.config import Config, override
from cleanup.errors import RunError
from cleanup.part import Job
from cleanup.read import parts
from cleanup.run import Run, execute

CONFIG = override(Config(), {"stages": (), "read.part_bytes": 4000})


def news(odd: str) -> list[str]:
    """Texts of which the second half are excerpts of the first."""
    chance = random.Random(5)
    words = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(3, 9))) for _ in range(900)]
    texts = [chance.choices(words, k=120) for _ in range(12)]
    for text in texts:
        text[36] += odd
    return [*(" ".join(text) for text in texts), *(" ".join(text[34:114]) for text in texts)]


def made(path: Path, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(parts, "LEAST", 1)
    source = path / "in.jsonl"
    source.write_text("".join(json.dumps({"id": f"n{number}", "text": text}) + "\n" for number, text in enumerate(texts)))
    return execute(CONFIG, [str(source)], path / "out")


def reasons(run: Run) -> dict[str, Any]:
    return {row.doc: row.why for row in run.ledger()}


@pytest.mark.parametrize("odd", ["", "\u2019s \U0001f600", "\u200b", "\u00ad\u200b" * 80, "\ud800"])
def test_shared_passages_stand_in_the_text(tmp_path: Path, odd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = news(odd)
    found = reasons(made(tmp_path, texts, monkeypatch))
    assert list(found) == [f"n{number}" for number in range(12, 24)]
    for id_, why in found.items():
        plain = texts[int(id_[1:])].replace("\u200b", "").replace("\u00ad", "")
        assert 115 < len(why["shared"]) <= 120
        assert plain.startswith(why["shared"].removesuffix("\u2026"))


def test_texts_of_more_files_than_may_be_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").mkdir()
    whole = made(tmp_path / "one", news(""), monkeypatch)
    monkeypatch.setattr(corpus, "OPEN", 1)
    few = execute(CONFIG, [str(tmp_path / "one/in.jsonl")], tmp_path / "few")
    assert len(whole.parts()) > 3
    assert list(whole.clusters()) == list(few.clusters())
    assert reasons(whole) == reasons(few)


def test_parts_are_finished_a_section_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").mkdir()
    whole = made(tmp_path / "one", news("\u2019"), monkeypatch)
    config = override(CONFIG, {"read.part_bytes": 1 << 20})
    monkeypatch.setattr(parts, "LEAST", 1 << 20)
    monkeypatch.setattr(finish, "SECTION", 2000)
    cut = execute(config, [str(tmp_path / "one/in.jsonl")], tmp_path / "cut")
    assert len(cut.parts()) == 1
    assert reasons(whole) == reasons(cut)
    for kind in ("corpus", "dropped"):
        one, other = (sorted((run.path / kind).glob("*")) for run in (whole, cut))
        assert b"".join(path.read_bytes() for path in one) == b"".join(path.read_bytes() for path in other)


def test_a_finished_part_that_lost_its_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = finish.finish_part

    def shorter(job: Job, attempt: int) -> None:
        with open(job.work / "map" / job.name / "docs.jsonl", "r+b") as file:
            file.truncate(100)
        step(job, attempt)

    monkeypatch.setattr(finish, "finish_part", shorter)
    with pytest.raises(RunError, match="cut short"):
        made(tmp_path, news(""), monkeypatch)


@pytest.mark.parametrize("few", [1, 64])
def test_a_part_that_lost_its_end_is_told(tmp_path: Path, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "OPEN", few)
    step = corpus.deduplicate

    def shorter(config: Config, out: Path, *rest: Any) -> Any:
        for path in (out / ".work" / "map").glob("*/docs.jsonl"):
            with open(path, "r+b") as file:
                file.truncate(100)
        return step(config, out, *rest)

    monkeypatch.setattr(corpus, "deduplicate", shorter)
    with pytest.raises(RunError, match="cut short"):
        made(tmp_path, news(""), monkeypatch)
