"""Comparison and verdicts: against plain Python, and relation by relation."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq

from cleanup.config import DedupConfig
from cleanup.dedup import alignment, verify
from cleanup.dedup.canonical import Classes
from cleanup.dedup.relation import Verdict, judge, listed, passage, swapped, verdicts
from cleanup.dedup.shingle import I64
from cleanup.dedup.texts import Strings
from tests.bench.corpus import Writer, boilerplated, events

WORDS = re.compile(r"[^\W_]+")
NONE = Classes({})
GAP = 2  # what a token outside shared passages costs a core, as in pairs.c


def words(text: str) -> list[str]:
    return WORDS.findall(text.lower())


def shingles(text: str, width: int) -> list[tuple[str, ...]]:
    found = words(text)
    return [tuple(found[i : i + width]) for i in range(max(1, len(found) - width + 1))] if found else []


def covered(text: str, other: str, width: int) -> list[bool]:
    theirs = set(shingles(other, width))
    inside = [False] * len(words(text))
    for at, shingle in enumerate(shingles(text, width)):
        if shingle in theirs:
            inside[at : at + len(shingle)] = [True] * len(shingle)
    return inside


def best_stretch(inside: list[bool]) -> float:
    best = level = 0.0
    for one in inside:
        level = max(level, 0.0) + (1.0 if one else -GAP)
        best = max(best, level)
    return best


def cases() -> Iterator[tuple[str, str]]:
    writer = Writer(9, words=300)
    for size in (1, 3, 4, 5, 6, 30, 150, 400):
        text = writer.article(size)
        yield text, writer.near(text, 0.08)
        yield text, writer.excerpt(text, 0.5)
        yield writer.reprint(text, 0.3), text
        yield text, writer.article(size)
    yield "", "some words are here"
    yield "a b c a b c a b c", "a b c a b c"
    yield "東京都に行きました。", "東京都に行きます。"


@pytest.mark.parametrize("width", [2, 3, 5])
def test_surface_is_what_sets_say(width: int) -> None:
    pairs = list(cases())
    texts = [text for pair in pairs for text in pair]
    even: I64 = np.arange(0, len(texts), 2)
    found = verify.surface(Strings(texts), even, even + 1, width)
    for number, (one, other) in enumerate(pairs):
        if any(ord(char) > 0x3000 for char in one):
            continue  # the plain tokens above are not ours there
        mine, theirs = set(shingles(one, width)), set(shingles(other, width))
        assert found.jaccard[number] == pytest.approx(len(mine & theirs) / max(len(mine | theirs), 1))
        assert found.contained[0, number] == pytest.approx(len(mine & theirs) / max(len(mine), 1))
        assert found.contained[1, number] == pytest.approx(len(mine & theirs) / max(len(theirs), 1))
        for side, (text, against) in enumerate(((one, other), (other, one))):
            inside = covered(text, against, width)
            size = max(len(inside), 1)
            assert found.covered[side, number] == pytest.approx(sum(inside) / size)
            core, dense = found.core[side, number] * size, found.dense[side, number]
            assert core * dense - GAP * core * (1 - dense) == pytest.approx(best_stretch(inside))
            parts = found.head[side, number] + found.core[side, number] + found.tail[side, number]
            assert parts == pytest.approx(float(bool(inside)))


def test_comparison_does_not_depend_on_the_batch() -> None:
    pairs = list(cases())
    texts = [text for pair in pairs for text in pair]
    even: I64 = np.arange(0, len(texts), 2)
    cfg = DedupConfig()
    together = verdicts(texts, even, even + 1, cfg, NONE)
    for number, (one, other) in enumerate(pairs):
        assert verdicts([one, other], np.array([0]), np.array([1]), cfg, NONE) == [together[number]]
        turned = swapped(judge([other, one], np.array([0]), np.array([1]), cfg, NONE))
        assert listed(turned) == [together[number]]


def aligned(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> tuple[list[int], list[int]]:
    bounds = np.cumsum([0, len(one), len(other)])
    _, left, right = alignment._aligned(np.concatenate((one, other)), bounds, np.array([0]))
    return left.tolist(), (right - len(one)).tolist()


def test_words_are_aligned_as_by_a_library() -> None:
    rng = np.random.default_rng(3)
    for size in (3, 70, 64, 200, 1000):
        for kinds in (2, 9, 300):
            one, other = (rng.integers(0, kinds, rng.integers(0, size), dtype=np.uint32) for _ in range(2))
            changed = one.copy()
            changed[rng.random(len(one)) < 0.2] = kinds
            for a, b in ((one, other), (one, changed), (one, one)):
                first, second = sorted((a, b), key=lambda row: (len(row), row.tobytes()))
                blocks = LCSseq.editops(first.tolist(), second.tolist()).as_matching_blocks()
                wanted = [[block[side] + step for block in blocks for step in range(block[2])] for side in (0, 1)]
                assert list(aligned(first, second)) == wanted
                assert list(aligned(second, first)) == wanted[::-1]


def test_the_common_subsequence_is_a_longest_one() -> None:
    rng = np.random.default_rng(2)
    for _ in range(60):
        one, other = (rng.integers(0, 6, rng.integers(0, 14), dtype=np.uint32) for _ in range(2))
        left, right = aligned(one, other)
        assert [one[i] for i in left] == [other[i] for i in right]
        assert left == sorted(set(left))
        assert right == sorted(set(right))
        table = np.zeros((len(one) + 1, len(other) + 1), int)
        for i, a in enumerate(one):
            for j, b in enumerate(other):
                table[i + 1, j + 1] = table[i, j] + 1 if a == b else max(table[i, j + 1], table[i + 1, j])
        assert len(left) == table[-1, -1]


def verdict(one: str, other: str, cfg: DedupConfig | None = None) -> Verdict:
    return verdicts([one, other], np.array([0]), np.array([1]), cfg or DedupConfig(), NONE)[0]


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer(11, words=6000)


def test_near(writer: Writer) -> None:
    text = writer.article(500)
    for rate in (0.01, 0.05, 0.08):
        found = verdict(text, writer.near(text, rate))
        assert found.relation == "near"
        assert found.covers == (True, True)
        assert found.score >= 0.9
        assert found.passages[0][1] > 20


def test_excerpt(writer: Writer) -> None:
    text = writer.article(500)
    for share in (0.3, 0.5, 0.7):
        found = verdict(text, writer.excerpt(text, share))
        assert found.relation == "contained"
        assert found.covers == (True, False)  # the whole article is never covered by a part of it
        assert found.contained[1] == pytest.approx(1, abs=0.01)
    found = verdict(text, writer.excerpt(text, 0.4, new=0.35))
    assert found.relation == "contained"


def test_reprint(writer: Writer) -> None:
    text = writer.article(500)
    for new in (0.1, 0.2, 0.4):
        found = verdict(text, writer.reprint(text, new))
        assert found.relation == "reprint"
        assert not found.weak


def test_spun(writer: Writer) -> None:
    for length in (120, 500, 1200):
        text = writer.article(length)
        found = verdict(text, writer.spun(text))
        assert found.relation == "spun"
        assert found.jaccard < 0.4
    first, second = writer.spun(text), writer.spun(text, table={word: writer._synonym() for word in writer.table})
    assert verdict(first, second).relation in ("spun", None)  # two spun copies of one article may have little in common


def test_strangers(writer: Writer) -> None:
    for one, other in ((writer.article(n), writer.article(n)) for n in (60, 300, 900)):
        assert verdict(one, other).relation is None
    for one, other in zip(*[iter(events(6, 2, seed=4, words=3000).texts)] * 2, strict=True):
        assert verdict(one, other).relation is None


def test_shared_boilerplate_is_no_coverage() -> None:
    texts = boilerplated(6, 180, seed=3, length=200, words=2000).texts
    for one, other in zip(texts[::2], texts[1::2], strict=True):
        assert verdict(one, other).relation is None


def test_one_template_with_other_figures_is_no_spun_copy() -> None:
    def report(name: str, base: int) -> str:
        lines = [
            f"Shares of {name} went to {base + i} after quarter {i} of {base * 3 + i}; {name} said revenue was {base * 7 + i} "
            f"and its {['costs', 'profit', 'debt', 'cash', 'margin'][i % 5]} stood at {base * 11 + i} units"
            for i in range(12)
        ]
        return ". ".join(lines)

    assert verdict(report("Alpha", 1000), report("Omega", 5000)).relation is None


def test_a_passage_is_text_as_it_stands(writer: Writer) -> None:
    body = "The “Council” voted — again — on Tuesday’s plan for 49 new flats in Zürich’s old town, officials said"
    for extra in ("", "😀", "\u200b", "𝐀 "):
        one, other = (f"{extra}{writer.article(40)} {body}. {end}" for end in ("One", "Two"))
        found = verdict(one, other, DedupConfig(excerpt=0.1))
        for text, (begin, size) in zip((one, other), found.passages, strict=True):
            shown = passage(text[begin : begin + size])
            assert body[:60] in shown
            assert len(shown) <= 120
