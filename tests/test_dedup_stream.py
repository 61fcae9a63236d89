"""The stream: the first one seen wins, however the stream is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleanup.config import DedupConfig
from cleanup.dedup import stream
from cleanup.dedup.index import Index
from cleanup.dedup.segments import Row
from cleanup.dedup.sketch import Sketcher
from cleanup.dedup.stream import StreamDeduplicator
from cleanup.document import Drop
from tests.bench.corpus import Corpus, Writer, boilerplated, mixed

CFG = DedupConfig()


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return mixed(260, seed=12, words=5000)


def through(texts: list[str], size: int) -> list[Drop | None]:
    seen = StreamDeduplicator(CFG)
    found: list[Drop | None] = []
    for begin in range(0, len(texts), size):
        found += seen.add([(f"d{number}", texts[number]) for number in range(begin, min(begin + size, len(texts)))])
    return found


@pytest.mark.parametrize("size", [1, 3])
def test_what_was_found_spun_is_a_spun_copy_however_close_its_repair_is(size: int) -> None:
    text = Writer(5, words=3000).article(300)
    texts = [text, text, f"{text} Now with an end.", text]
    spun = [False, True, True, False]
    seen = StreamDeduplicator(CFG)
    found: list[Drop | None] = []
    for at in range(0, len(texts), size):
        found += seen.add([(str(at), one) for one in texts[at : at + size]], spun[at : at + size])
    assert [drop and drop.rule for drop in found] == [None, "dedup/spun", "dedup/spun", "dedup/exact"]
    assert found[1] is not None
    assert found[1].why["relation"] == "spun"
    known = StreamDeduplicator(CFG)
    assert [drop and drop.rule for drop in known.add([("a", text), ("b", text)], [True, True])] == [None, "dedup/exact"]


def test_copies_go_and_the_first_stays(corpus: Corpus) -> None:
    found = through(corpus.texts, 64)
    families: dict[int, int] = {}
    late = [number for number, copy in enumerate(corpus.truth) if families.setdefault(copy.original, number) != number]
    gone = {number for number, drop in enumerate(found) if drop and drop.score >= 0.9}
    for number in gone:
        drop = found[number]
        assert drop is not None
        other = int(drop.why["duplicate_of"][1:])
        assert other < number
        assert other not in gone
        assert corpus.truth[other].original == corpus.truth[number].original
    # An article that comes after an excerpt of it has more to say, and stays.
    parts = [number for number in late if number not in gone and corpus.truth[number].kind != "original"]
    assert len(parts) <= 0.1 * len(late)


def test_the_cut_of_the_stream_does_not_matter(corpus: Corpus) -> None:
    whole = through(corpus.texts, 260)
    assert through(corpus.texts, 1) == whole
    assert through(corpus.texts, 37) == whole


def test_boilerplate_is_no_coverage() -> None:
    assert through(boilerplated(30, 150, length=220, words=4000).texts, 8) == [None] * 30


def test_short_and_empty_texts() -> None:
    found = through(["", "One", "", "one", "One", "Two words", "..."], 2)
    assert [drop.why["duplicate_of"] if drop else None for drop in found] == [None, None, "d0", None, "d1", None, None]


def test_without_texts_the_sketches_decide(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SPOOL", 0)
    estimated = through(corpus.texts, 64)
    for number, drop in enumerate(estimated):
        if drop and drop.score >= 0.9:
            assert corpus.truth[int(drop.why["duplicate_of"][1:])].original == corpus.truth[number].original
    assert sum(drop is not None for drop in estimated) >= 0.8 * sum(drop is not None for drop in through(corpus.texts, 64))


def test_an_index_behind_the_stream(tmp_path: Path) -> None:
    writer = Writer(13, words=3000)
    old, new = writer.article(200), writer.article(200)
    index = Index.open(tmp_path / "i", CFG, create=True)
    index.add(Sketcher(CFG).batch([old]), [Row("old")])
    seen = StreamDeduplicator(DedupConfig(index=str(index.path)))
    drops = seen.add([("a", new), ("b", writer.near(old, 0.02)), ("c", new)])
    assert [drop.why["duplicate_of"] if drop else None for drop in drops] == [None, "old", "a"]
    assert drops[1] is not None
    assert drops[1].why["index"] is True


def test_many_documents_of_one_text() -> None:
    text = Writer(14, words=1000).article(60)
    found = through([text] * 700, 100)
    assert sum(drop is not None for drop in found) == 699


def test_more_documents_than_one_run_of_the_lookup() -> None:
    writer = Writer(15, words=3000)
    texts = [writer.article(40) for _ in range(700)]
    found = through([*texts, texts[0], texts[350], texts[699]], 50)
    assert [drop.why["duplicate_of"] for drop in found if drop] == ["d0", "d350", "d699"]
