"""The persistent index: it remembers, forgets with proof, and stays whole whatever happens to it."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cleanup.config import DedupConfig
from cleanup.dedup import segments
from cleanup.dedup.corpus import Columns, Result, remember
from cleanup.dedup.index import Index
from cleanup.dedup.segments import Row
from cleanup.dedup.sketch import Sketcher
from cleanup.document import Drop
from cleanup.errors import CleanupError
from tests.bench.corpus import Writer
from tests.test_dedup_corpus import run

CFG = DedupConfig()


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(31, words=6000)


@pytest.fixture(scope="module")
def texts(writer: Writer) -> list[str]:
    return [writer.article(250) for _ in range(30)]


def add(index: Index, texts: Sequence[str], first: int = 0, tag: str = "", of: Sequence[str] = ()) -> int:
    rows = [
        Row(f"d{first + place}", f"https://example.org/{first + place}", of[place] if of else "", length=len(text))
        for place, text in enumerate(texts)
    ]
    return index.add(Sketcher(CFG).batch(texts), rows, tag)


@pytest.fixture
def index(tmp_path: Path, texts: list[str]) -> Index:
    found = Index.open(tmp_path / "index", CFG, create=True)
    add(found, texts[:20], tag="first")
    add(found, texts[20:], 20, "second")
    return found


def snapshot(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def test_it_finds_what_covers_a_new_document(index: Index, texts: list[str], writer: Writer) -> None:
    new = [
        texts[3],
        writer.near(texts[25], 0.03),
        writer.excerpt(texts[7], 0.6),
        writer.spun(texts[11]),
        writer.reprint(texts[28], 0.2),
        writer.article(250),
        "too short",
        "",
    ]
    found = Index.open(index.path, CFG).query(Sketcher(CFG).batch(new))
    assert [match.id if match else None for match in found] == ["d3", "d25", "d7", "d11", "d28", None, None, None]
    names = [match.verdict.relation for match in found if match]
    assert names[:4] == ["exact", "near", "contained", "spun"]
    assert all(match.verdict.score >= 0.9 for match in found[:2] if match)


def test_a_longer_article_is_not_covered_by_its_excerpt(tmp_path: Path, writer: Writer) -> None:
    text = writer.article(500)
    index = Index.open(tmp_path / "i", CFG, create=True)
    add(index, [writer.excerpt(text, 0.4)])
    assert index.query(Sketcher(CFG).batch([text])) == [None]


def test_bytes_per_document(index: Index) -> None:
    info = index.info()
    assert info["documents"] == 30
    assert info["bytes_per_document"] <= 700
    assert [segment["tags"] for segment in info["segments"]] == [["first"], ["second"]]


def test_adding_the_same_run_twice_adds_nothing(index: Index, texts: list[str]) -> None:
    before = snapshot(index.path)
    assert add(index, texts[:20], tag="first") == 0
    assert snapshot(index.path) == before
    index.compact()
    assert add(index, texts[:20], tag="first") == 0
    assert add(index, [], tag="third") == 0


def test_a_document_is_remembered_once(index: Index, texts: list[str]) -> None:
    before = snapshot(index.path)
    assert add(index, texts[15:25], 15) == 0
    assert snapshot(index.path) == before
    assert add(index, [*texts[18:20], texts[0], texts[0]], 18) == 2  # the same text under other ids
    assert add(index, [texts[5] + " Corrected on Friday.", texts[6]], 5) == 1  # another text under the same id
    assert len(index) == 33
    row = Row("twice")
    assert index.add(Sketcher(CFG).batch(["one text of a few words", "one text of a few words"]), [row, row]) == 1


def test_compact_keeps_everything(index: Index, texts: list[str]) -> None:
    assert index.compact() == {"documents": 30, "segments": 1}
    reopened = Index.open(index.path, CFG)
    found = reopened.query(Sketcher(CFG).batch(texts))
    assert [match.id for match in found if match] == [f"d{number}" for number in range(30)]
    assert index.compact() == {"documents": 30, "segments": 1}


# ------------------------------------------------------------------------------------------------- forgetting
def test_forgotten_is_gone(index: Index, texts: list[str]) -> None:
    proof = index.forget(ids=["d3", "nobody"], urls=["https://example.org/25"], match=r"^d1[01]$")
    assert proof["forgotten"] == 4
    assert proof["left"] == 0
    assert proof["remaining"] == len(index) == 26
    everything = b"".join(snapshot(index.path).values())
    for number in (3, 10, 11, 25):
        assert f'"d{number}"'.encode() not in everything
        assert f'/{number}"'.encode() not in everything
    found = Index.open(index.path, CFG).query(Sketcher(CFG).batch(texts))
    assert [place for place, match in enumerate(found) if match is None] == [3, 10, 11, 25]
    assert "d3" not in json.dumps(proof)


def test_the_next_best_takes_the_place(tmp_path: Path, texts: list[str], writer: Writer) -> None:
    index = Index.open(tmp_path / "i", CFG, create=True)
    copies = [texts[0], *(writer.near(texts[0], 0.01) for _ in range(3))]
    rows = [
        Row(name, date=date, of="" if name == "kept" else "kept") for name, date in (("kept", 1), ("c", 9), ("b", 4), ("a", 8))
    ]
    index.add(Sketcher(CFG).batch(copies[:2]), rows[:2])
    index.add(Sketcher(CFG).batch(copies[2:]), rows[2:])
    (match,) = index.query(Sketcher(CFG).batch([copies[2]]))
    assert match is not None
    assert match.kept == "kept"
    proof = index.forget(ids=["kept"])
    assert (proof["forgotten"], proof["left"], proof["elected"]) == (1, 0, ["b"])
    every = {match.id: match.kept for found in index.matches(Sketcher(CFG).batch(copies)) for match in found}
    assert every == {"a": "b", "b": "b", "c": "b"}


def test_forgetting_everything_and_nothing(index: Index, texts: list[str]) -> None:
    before = snapshot(index.path)
    assert index.forget(ids=["nobody"])["forgotten"] == 0
    assert snapshot(index.path) == before
    assert index.forget(match=".")["remaining"] == 0
    assert index.query(Sketcher(CFG).batch(texts[:3])) == [None] * 3
    with pytest.raises(CleanupError, match="regular expression"):
        index.forget(match="(")


# ------------------------------------------------------------------------------------------------- bad luck
def test_another_index_is_refused(index: Index, tmp_path: Path) -> None:
    with pytest.raises(CleanupError, match="shingle 5") as error:
        Index.open(index.path, DedupConfig(shingle=4))
    assert "dedup.shingle" in error.value.hint
    with pytest.raises(CleanupError, match="not an index"):
        Index.open(tmp_path / "nothing", CFG)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("mine")
    with pytest.raises(CleanupError, match="not empty"):
        Index.open(tmp_path / "other", CFG, create=True)
    header = index.path / "header.json"
    header.write_text(header.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(CleanupError, match="format 99"):
        Index.open(index.path, CFG)


@pytest.mark.parametrize("name", ["header.json", "manifest.json", "sketches", "rows.jsonl", "rows.idx"])
@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda _: b""], ids=["half", "empty"])
def test_a_damaged_index_is_refused(index: Index, name: str, damage: Callable[[bytes], bytes]) -> None:
    path = next(index.path.rglob(name))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CleanupError) as error:
        Index.open(index.path, CFG)
    assert error.value.hint


def test_two_writers_at_once(index: Index, texts: list[str]) -> None:
    before = snapshot(index.path)
    with segments.writing(index.path), pytest.raises(CleanupError, match="another process"):
        add(Index.open(index.path, CFG), texts[:2], 90)
    assert snapshot(index.path) == before
    assert add(index, texts[:2], 90) == 2


def test_a_reader_is_not_disturbed_by_a_writer(index: Index, texts: list[str]) -> None:
    reader = Index.open(index.path, CFG)
    index.forget(ids=["d0"])
    index.compact()
    found = reader.query(Sketcher(CFG).batch(texts))
    assert [match.id for match in found if match] == [f"d{number}" for number in range(30)]
    assert len(Index.open(index.path, CFG)) == 29


@pytest.mark.parametrize("step", range(1, 12))
@pytest.mark.parametrize("what", ["add", "forget", "compact"])
def test_a_full_disk_leaves_the_index_as_it_was(
    index: Index, texts: list[str], monkeypatch: pytest.MonkeyPatch, what: str, step: int
) -> None:
    """Every call that makes something last fails once in its turn."""
    calls = 0
    real = os.fsync

    def fsync(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == step:
            raise OSError(28, "No space left on device")
        real(handle)

    before = {name: data for name, data in snapshot(index.path).items() if name != "lock"}
    monkeypatch.setattr(os, "fsync", fsync)
    try:
        if what == "add":
            add(index, texts[:5], 50)
        elif what == "forget":
            index.forget(ids=["d3", "d22"])
        else:
            index.compact()
    except CleanupError as error:
        assert "No space left" in error.message  # noqa: PT017
        failed = True
    else:
        failed = False
    monkeypatch.undo()
    after = snapshot(index.path)
    whole = Index.open(index.path, CFG)
    if failed and json.loads(after["manifest.json"]) == json.loads(before["manifest.json"]):
        assert {name: data for name, data in after.items() if name != "lock"} == before
    assert len(whole) in (30, {"add": 35, "forget": 28, "compact": 30}[what])
    assert add(whole, texts[:1], 70) == 1
    assert not list(index.path.rglob("*.tmp"))


def _die_while_adding(path: Path, texts: list[str], step: int) -> None:
    calls = 0

    def fsync(handle: int) -> None:  # noqa: ARG001
        nonlocal calls
        calls += 1
        if calls == step:
            os._exit(9)

    os.fsync = fsync
    add(Index.open(path, CFG), texts[:5], 50)


@pytest.mark.parametrize("step", [1, 2, 4, 5, 6, 7])
def test_a_writer_that_is_killed_leaves_the_index_whole(index: Index, texts: list[str], step: int) -> None:
    worker = multiprocessing.get_context("fork").Process(target=_die_while_adding, args=(index.path, texts, step))
    worker.start()
    worker.join()
    whole = Index.open(index.path, CFG)
    assert len(whole) in (30, 35)
    assert add(whole, texts[:1], 70) == 1
    assert len(list((index.path / "segments").iterdir())) == len(whole.segments)


# ------------------------------------------------------------------------------------------------- in a run
def test_a_run_compares_new_with_old_but_never_old_with_old(tmp_path: Path, texts: list[str], writer: Writer) -> None:
    cfg = msgspec.structs.replace(CFG, index=str(tmp_path / "i"))
    first = run(texts[:10], index=cfg.index)
    assert first.proposals == {}
    names = [f"old{number}" for number in range(10)]

    def note(result: Result, kept: Sequence[str], names: Sequence[str], tag: str) -> int:
        size = len(kept)
        table = Columns(
            np.zeros(size, np.float32),
            np.zeros(size, np.int64),
            np.array([len(text) for text in kept]),
            np.zeros(size, np.int32),
            np.array([""], object),
        )
        return remember(Sketcher(cfg).batch(kept), table, result, names, [""] * size, cfg, tag)

    assert note(first, texts[:10], names, "one") == 10
    assert note(first, texts[:10], names, "one") == 0
    new = [texts[4], texts[15], writer.near(texts[15], 0.02), writer.near(texts[8], 0.03)]
    second = run(new, index=cfg.index)
    found = {number: one for number, some in second.proposals.items() for one in some if isinstance(one, Drop)}
    assert {number: (drop.why["duplicate_of"], drop.rule) for number, drop in found.items()} == {
        0: ("old4", "dedup/exact"),
        2: ("d00001", "dedup/near"),
        3: ("old8", "dedup/near"),
    }
    assert found[0].why["index"] is True
    assert sorted(cluster["kept"] for cluster in second.clusters) == ["d00001", "old4", "old8"]
    assert second.over == {0: "old4", 2: "d00001", 3: "old8"}
    assert note(second, new, [f"new{number}" for number in range(4)], "two") == 4
    third = run([new[2]], ["again"], index=cfg.index)
    assert third.over == {0: "d00001"}


def test_names_that_are_not_utf8_are_remembered_and_forgotten(tmp_path: Path, texts: list[str]) -> None:
    index = Index.open(tmp_path / "index", CFG, create=True)
    names = [os.fsdecode(b"caf\xe9.txt"), "plain.txt"]
    index.add(Sketcher(CFG).batch(texts[:2]), [Row(name) for name in names])
    again = Index.open(tmp_path / "index", CFG)
    assert [match.id for match in again.query(Sketcher(CFG).batch(texts[:2])) if match] == names
    assert again.forget(ids=names[:1])["left"] == 0
    assert len(again) == 1
