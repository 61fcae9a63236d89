"""The corpus step: what it finds, what it leaves alone, who stays and what it says about it."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
import pytest

from cleanup.arrays import rounded
from cleanup.config import DedupConfig
from cleanup.dedup import receipts, spun
from cleanup.dedup.canonical import built_in
from cleanup.dedup.cluster import compare
from cleanup.dedup.corpus import Columns, Result, deduplicate
from cleanup.dedup.relation import Table
from cleanup.dedup.shingle import U64
from cleanup.dedup.sketch import Sketcher
from cleanup.dedup.texts import Strings, portions
from cleanup.document import Drop, Mark
from cleanup.errors import RunError
from cleanup.rules import selected
from tests.bench.corpus import Corpus, Writer, boilerplated, events, mixed
from tests.bench.data import seeds_dir

FAR = (1 << 63) - 1


def run(
    texts: Sequence[str],
    ids: Sequence[str] | None = None,
    columns: dict[str, Any] | None = None,
    ignore: Sequence[str] = (),
    spare: bool = False,
    **settings: Any,
) -> Result:
    count = len(texts)
    names = ids or [f"d{number:05}" for number in range(count)]
    given: dict[str, Any] = {
        "spin": np.zeros(count, np.float32),
        "date": np.full(count, FAR),
        "length": np.array([len(text) for text in texts], np.int64),
        "host": np.zeros(count, np.int32),
        "host_names": np.array(["example.org"], object),
        **(columns or {}),
    }
    cfg = msgspec.convert(settings, DedupConfig)
    return deduplicate(
        Sketcher(cfg).batch(texts),
        Columns(**given),
        lambda numbers: Strings([texts[number] for number in numbers]),
        lambda numbers: [names[number] for number in numbers],
        cfg,
        takes=partial(selected, select=(), ignore=ignore),
        spare=spare,
    )


def dropped(result: Result) -> dict[int, Drop]:
    return {
        number: one for number, found in result.proposals.items() for one in found if isinstance(one, Drop) and one.score >= 0.9
    }


def relations(result: Result) -> dict[int, str]:
    return {number: drop.why["relation"] for number, drop in dropped(result).items()}


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(21, words=8000)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return mixed(900, seed=5, words=8000)


@pytest.fixture(scope="module")
def result(corpus: Corpus) -> Result:
    return run(corpus.texts)


def test_copies_are_found_and_nothing_else(corpus: Corpus, result: Result) -> None:
    home = {number: number for number in range(len(corpus.texts))}
    for number, drop in dropped(result).items():
        home[number] = int(drop.why["duplicate_of"][1:])
    false = [number for number, kept in home.items() if corpus.truth[kept].original != corpus.truth[number].original]
    assert not false
    copies = [number for number, copy in enumerate(corpus.truth) if copy.kind != "original"]
    found = [number for number in copies if home[number] == home[corpus.truth[number].original]]
    assert len(found) >= 0.96 * len(copies)


def test_who_goes_was_compared_with_who_stays(result: Result) -> None:
    going = dropped(result)
    for drop in going.values():
        assert int(drop.why["duplicate_of"][1:]) not in going
    for cluster in result.clusters:
        assert {f"d{number:05}" for number, drop in going.items() if drop.why["cluster"] == cluster["cluster"]} == {
            member["id"] for member in cluster["members"]
        }
    assert len({cluster["cluster"] for cluster in result.clusters}) == len(result.clusters)
    assert sum(result.report["relations"].values()) == len(going)


def test_the_order_of_documents_does_not_matter(corpus: Corpus, result: Result) -> None:
    place = np.random.default_rng(8).permutation(len(corpus.texts))
    ids = [f"d{number:05}" for number in place]
    other = run([corpus.texts[number] for number in place], ids)

    def said(found: Result) -> list[Any]:
        return sorted(
            (cluster["kept"], sorted((member["id"], member["relation"]) for member in cluster["members"]))
            for cluster in found.clusters
        )

    assert said(other) == said(result)


def test_the_same_twice_with_and_without_a_thread(corpus: Corpus, result: Result) -> None:
    again = run(corpus.texts, spare=True)
    assert msgspec.json.encode([dict(again.proposals), list(again.clusters), again.report]) == msgspec.json.encode(
        [dict(result.proposals), list(result.clusters), result.report]
    )


def test_a_receipt_says_everything(result: Result) -> None:
    for drop in dropped(result).values():
        why = drop.why
        assert drop.rule == f"dedup/{why['relation']}"
        assert why.keys() >= {"duplicate_of", "relation", "jaccard", "containment", "cluster", "keep_reason", "bands"}
        assert 0 <= why["jaccard"] <= 1
        assert 0 <= why["containment"] <= 1
        assert why["relation"] in ("exact", "spun") or why["shared"][1] > 10
    near = [drop for drop in dropped(result).values() if drop.why["relation"] == "near" and drop.why["jaccard"] > 0.8]
    assert all(drop.why["bands"] > 3 for drop in near)


# ------------------------------------------------------------------------------------------------- the seeds
@pytest.mark.skipif(seeds_dir() is None, reason="the development data is not here")
def test_seeds_with_copies() -> None:
    root = seeds_dir()
    assert root is not None
    seeds = [path.read_text(encoding="utf-8") for path in sorted(root.glob("*.txt"))]
    rng = random.Random(3)
    vocabulary = sorted({word for text in seeds for word in text.split()})

    def changed(text: str) -> str:
        parts = re.split(r"(\s+)", text)
        hit = set(rng.sample(range(0, len(parts), 2), round(0.05 * len(parts) / 2)))
        return "".join(rng.choice(vocabulary) if place in hit else part for place, part in enumerate(parts))

    repaired = re.sub(r"\b(Fashions|Knowledge|funding|strategy|knowledge|mannequin)\b", lambda m: m[0].upper() + "x", seeds[2])
    result = run([*seeds, *seeds, *map(changed, seeds), repaired])
    assert len(result.clusters) == 4
    assert sorted(dropped(result)) == list(range(4, 13))
    found = relations(result)
    assert [found[number] for number in range(4, 13)] == ["exact"] * 4 + ["near"] * 4 + [found[12]]
    assert found[12] in ("near", "spun")


# ------------------------------------------------------------------------------------------------- traps
def test_articles_under_one_boilerplate_stay(writer: Writer) -> None:
    for size in (60, 180, 300):
        corpus = boilerplated(40, size, seed=size, length=250, words=5000)
        found = run(corpus.texts)
        assert not dropped(found), size
    copies = [*corpus.texts, writer.near(corpus.texts[7], 0.02)]
    assert list(dropped(run(copies))) == [40]


def test_reports_of_one_event_stay() -> None:
    assert not dropped(run(events(12, 5, seed=2, words=6000).texts))


def test_chains_do_not_drag_strangers_in(writer: Writer) -> None:
    text = writer.article(400).split(" ")
    other = writer.article(4000).split(" ")
    # Every version shares three quarters with the one before it; the last has nothing of the first.
    versions = [" ".join([*text, *other][step * 100 : step * 100 + 400]) for step in range(12)]
    result = run(versions)
    stays = {number for number in range(12) if number not in dropped(result)}
    assert len(stays) > 2
    for number, drop in dropped(result).items():
        assert abs(number - int(drop.why["duplicate_of"][1:])) <= 2


def test_texts_are_fetched_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleanup.dedup.texts.READ", 100)
    sizes = [10, 20, 70, 1, 300, 5, 5, 0, 0, 0, 90, 11]
    found = [sizes[some] for some in portions(np.array(sizes), 4)]
    assert found == [[10, 20, 70], [1], [300], [5, 5, 0, 0], [0, 90], [11]]
    assert not list(portions(np.zeros(0, np.int64), 4))


def test_empty_and_short_documents() -> None:
    texts = ["", "", "One", "one", "One", "...", "!!!", "...", "Two words", "Two words here", " ", "東", "東"]
    found = relations(run(texts))
    assert found == {1: "exact", 4: "exact", 7: "exact", 12: "exact"}


def test_many_identical_documents(writer: Writer) -> None:
    text = writer.article(60)
    result = run([text] * 3000 + [writer.near(text, 0.02)])
    assert len(dropped(result)) == 3000
    assert len(result.clusters) == 1


def test_many_near_identical_documents(writer: Writer) -> None:
    text = writer.article(80)
    result = run([f"{text} number{number}" for number in range(1500)])
    assert len(dropped(result)) == 1499
    assert result.report["flooded"]


def test_nothing_at_all() -> None:
    empty = run([])
    assert (empty.proposals, list(empty.clusters), empty.over) == ({}, [], {})
    assert run(["just one document with a few words in it"]).proposals == {}


# ------------------------------------------------------------------------------------------------- who stays
def test_keep_policy(writer: Writer) -> None:
    text = writer.article(300)
    texts = [writer.near(text, 0.01) for _ in range(4)]
    ids = ["b", "a", "d", "c"]

    def kept(**columns: Any) -> tuple[str, str]:
        (cluster,) = run(texts, ids, {name: np.array(value) for name, value in columns.items()}).clusters
        return cluster["kept"], cluster["keep_reason"]

    assert kept() == ("a", "smallest id")
    assert kept(date=[FAR, FAR, 9, 4]) == ("c", "earliest")
    assert kept(date=[FAR, FAR, 9, 4], spin=np.array([1, 0, 0, 7], np.float32)) == ("d", "earliest")
    assert kept(spin=np.array([3, 2, 1, 7], np.float32)) == ("d", "least spun")
    (cluster,) = run(texts, ids, keep=["id"]).clusters
    assert cluster["kept"] == "a"


def test_the_longest_stays_but_not_for_a_few_letters(writer: Writer) -> None:
    text = writer.article(300)
    longer = text + "\n\n" + writer.article(60)
    result = run([text, longer, text + " More."], ["a", "b", "c"])
    assert [(cluster["kept"], cluster["keep_reason"]) for cluster in result.clusters] == [("b", "longest")]
    result = run([text + " More.", text], ["b", "a"])
    assert [cluster["kept"] for cluster in result.clusters] == ["a"]


def test_an_earlier_excerpt_does_not_displace_the_article(writer: Writer) -> None:
    text = writer.article(600)
    part = writer.excerpt(text, 0.4)
    result = run([part, text], columns={"date": np.array([1, 2])})
    assert list(dropped(result)) == [0]
    assert result.clusters[0]["keep_reason"] == "holds the others"
    assert relations(result) == {0: "contained"}


def test_the_earliest_twin_stands_for_its_text(writer: Writer) -> None:
    text = writer.article(300)
    texts = [text, writer.near(text, 0.02), text, writer.near(text, 0.02)]
    result = run(texts, columns={"date": np.array([5, 4, 1, 3])})
    assert [cluster["kept"] for cluster in result.clusters] == ["d00002"]
    assert relations(result)[0] == "exact"


def test_a_spun_copy_goes_even_if_it_is_older(writer: Writer) -> None:
    text = writer.article(500)
    columns = {"date": np.array([1, 2]), "spin": np.array([1030, 0], np.float32)}
    result = run([writer.spun(text), text], columns=columns)
    assert relations(result) == {0: "spun"}
    assert result.clusters[0]["keep_reason"] == "least spun"


# ------------------------------------------------------------------------------------------------- modes and guard
def test_modes(writer: Writer) -> None:
    text = writer.article(300)
    texts = [text, writer.near(text, 0.02), writer.article(300)]
    marked = run(texts, mode="mark")
    assert {number: [type(one) for one in found] for number, found in marked.proposals.items()} == {0: [Mark], 1: [Mark]}
    assert marked.proposals[1][0].value["of"] == "d00000"  # type: ignore[union-attr]
    assert list(marked.clusters) == list(run(texts).clusters)
    only = run(texts, mode="cluster")
    assert only.proposals == {}
    assert list(only.clusters) == list(marked.clusters)


@pytest.mark.parametrize("mode", ["drop", "mark", "cluster"])
def test_nobody_goes_by_a_rule_that_is_ignored(mode: str) -> None:
    writer = Writer(22, words=8000)
    text, other = writer.article(400), writer.article(300)
    texts = [text, writer.spun(text), writer.near(text, 0.02), other, other, writer.spun(other)]

    def gone(**settings: Any) -> tuple[set[str], dict[int, str], dict[str, int]]:
        found = run(texts, mode=mode, **settings)
        return {one["id"] for row in found.clusters for one in row["members"]}, found.over, found.report["relations"]

    assert gone()[2] == {"exact": 1, "near": 1, "spun": 2}
    members, over, counts = gone(ignore=["dedup/spun"])
    assert members == {"d00002", "d00004"}
    assert set(over) == {2, 4}
    assert counts == {"exact": 1, "near": 1}
    assert gone(ignore=["dedup"]) == (set(), {}, {})
    if mode == "drop":  # what the rule says is proposed, for the ledger
        assert relations(run(texts, ignore=["dedup/spun"])) == {1: "spun", 2: "near", 4: "exact", 5: "spun"}


def test_max_removal_stops_the_run(writer: Writer) -> None:
    text = writer.article(200)
    texts = [*(writer.near(text, 0.01) for _ in range(5)), *(writer.article(200) for _ in range(5))]
    host = np.array([0] * 5 + [1] * 5, np.int32)
    columns = {"host": host, "host_names": np.array(["copies.example", "fine.example"], object)}
    with pytest.raises(RunError, match=r"4 of 5 documents \(80%\) of copies.example"):
        run(texts, columns=columns, max_removal=0.5)
    assert len(dropped(run(texts, columns=columns, max_removal=0.9))) == 4
    assert len(dropped(run(texts, columns=columns))) == 4
    run(texts, columns=columns, max_removal=0.5, mode="mark")


def test_near_misses_are_recorded_and_not_applied(writer: Writer) -> None:
    text = writer.article(500)
    result = run([text, writer.excerpt(text, 0.47, new=0.53)])
    assert not dropped(result)
    (found,) = result.proposals.values()
    assert isinstance(found[0], Drop)
    assert found[0].score < 0.5
    assert found[0].why["rejected"] is True
    assert result.report["near_misses"] == 1
    assert not result.clusters


@pytest.mark.parametrize("scheme", ["fss", "affine32"])
def test_both_schemes(writer: Writer, scheme: str) -> None:
    text = writer.article(300)
    texts = [text, writer.near(text, 0.03), writer.excerpt(text, 0.6), writer.article(300)]
    assert relations(run(texts, scheme=scheme)) == {1: "near", 2: "contained"}


def test_pairs_may_be_compared_in_any_shares(corpus: Corpus, result: Result) -> None:
    cfg = DedupConfig()
    lengths = np.array([len(text) for text in corpus.texts], np.int64)
    seen: list[int] = []

    def judged(pairs: U64) -> Table:
        shares = [pairs[begin : begin + 7] for begin in range(0, len(pairs), 7)]
        seen.extend(map(len, shares))
        return np.concatenate([compare(share, fetch, lengths, cfg, built_in()) for share in shares])

    def fetch(numbers: Sequence[int]) -> Strings:
        return Strings([corpus.texts[number] for number in numbers])

    zeros = np.zeros(len(lengths), np.int64)
    columns = Columns(zeros.astype(np.float32), zeros + FAR, lengths, zeros.astype(np.int32), np.array(["example.org"], object))
    ids = [f"d{number:05}" for number in range(len(lengths))]
    other = deduplicate(
        Sketcher(cfg).batch(corpus.texts),
        columns,
        fetch,
        lambda numbers: [ids[number] for number in numbers],
        cfg,
        judged=judged,
    )
    assert len(seen) > 10
    assert list(other.clusters) == list(result.clusters)
    assert msgspec.json.encode(dict(other.proposals)) == msgspec.json.encode(dict(result.proposals))


def test_a_flooded_slot_keeps_its_count() -> None:
    counts = np.zeros(3, np.uint8)
    assert spun._tally(counts, np.array([1] * 256 + [2])).tolist() == [spun.ANY] * 256 + [1]
    assert spun._tally(counts, np.array([1, 2])).tolist() == [spun.ANY, 2]


@pytest.mark.parametrize("mode", ["drop", "mark"])
def test_reasons_made_together_are_those_made_one_by_one(writer: Writer, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    originals = [writer.article(200) for _ in range(4)]
    texts = [
        *originals,
        originals[0],
        *(writer.near(text, 0.02) for text in originals[:3] * 2),
        writer.excerpt(originals[3], 0.5),
    ]
    result = run(texts, mode=mode)
    clusters, proposed = list(result.clusters), dict(result.proposals)
    assert [len(cluster["members"]) for cluster in clusters] == [3, 2, 2, 1]
    monkeypatch.setattr(receipts, "BLOCK", 3)
    assert list(result.clusters) == clusters == [result.clusters[at] for at in range(len(clusters))]
    assert dict(zip(proposed, result.proposals.of(list(proposed)), strict=True)) == proposed
    assert list(result.proposals.of([3, 11, 5])) == [proposed.get(number, []) for number in (3, 11, 5)]


def test_shares_are_rounded_as_python_does() -> None:
    rng = np.random.default_rng(4)
    shares = [1 / 3, 1.0, 0.0, *(numerator / 20000 for numerator in range(1, 20000, 2)), *rng.random(5000).tolist()]
    assert rounded(np.array([*shares, np.nan]), 4)[:-1] == [round(share, 4) for share in shares]
