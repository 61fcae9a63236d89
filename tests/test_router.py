"""Lines of documents that go: written many at a time, they are what they are when each is settled by itself."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cleanup import finish, router
from cleanup.config import Config, override
from cleanup.dedup.receipts import Proposals
from cleanup.dedup.shingle import I64
from cleanup.read import parts
from cleanup.run import Run, execute

ODD = ["", '"quoted" \\ and \n broken', "\u2019 é 京 😀", "\u200b\u00ad", "\ud800 half", "\x00\x1f"]


def records() -> list[dict[str, Any]]:
    """Texts, excerpts and copies of them, short and long, with names and characters of every kind."""
    chance = random.Random(8)
    words = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(3, 9))) for _ in range(900)]
    found: list[dict[str, Any]] = []
    for number in range(30):
        text = chance.choices(words, k=120)
        odd = ODD[number % len(ODD)]
        text[40] += odd
        some = [" ".join(text), " ".join(text[34:114]), " ".join(text), " ".join([*text[:60], "new", *text[61:]])]
        found += [
            {"id": f"n{number}-{at}{odd}", "text": one, "url": f"https://n{number}.example/"} for at, one in enumerate(some)
        ]
    chance.shuffle(found)
    return found


def everything(run: Run) -> dict[str, bytes]:
    names = ("corpus", "dropped", "ledger")
    found = {path.name + name: path.read_bytes() for name in names for path in sorted((run.path / name).glob("*"))}
    return {
        **found,
        "clusters": (run.path / "clusters.jsonl").read_bytes(),
        "counts": repr((run.counts, run.info["rules"])).encode(),
    }


@pytest.mark.parametrize("settings", [{}, {"write.format": "text"}, {"ignore": ("dedup/near",)}, {"dedup.mode": "mark"}])
def test_many_at_a_time_are_one_by_one(tmp_path: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "LEAST", 1)
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records()))
    config = override(Config(), {"stages": (), "read.part_bytes": 40_000, **settings})
    many = everything(execute(config, [str(source)], tmp_path / "many"))
    monkeypatch.setattr(finish, "SECTION", 7000)
    monkeypatch.setattr(finish, "PIECE", 2000)
    assert everything(execute(config, [str(source)], tmp_path / "few")) == many

    def nobody(_: Proposals, numbers: I64) -> Any:
        return np.zeros(len(numbers), bool)

    monkeypatch.setattr(Proposals, "sure", nobody)
    assert everything(execute(config, [str(source)], tmp_path / "one")) == many
    assert b'"drop"' in b"".join(many.values()) or settings.get("write.format") or settings.get("dedup.mode")


def test_a_kernel_writes_nearly_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records()))
    counted: list[int] = []
    count = router.Router.count

    def noted(self: router.Router, tally: Any) -> None:
        counted.append(int(self.counts.sum()))
        count(self, tally)

    monkeypatch.setattr(router.Router, "count", noted)
    run = execute(override(Config(), {"stages": ()}), [str(source)], tmp_path / "out")
    assert run.counts["dropped"] * 3 / 4 < sum(counted) < run.counts["dropped"]  # all but those with halves of pairs
