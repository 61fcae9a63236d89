"""Comparison and verdicts: against plain Python, and relation by relation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from rapidfuzz.distance import LCSseq

from cleanup.config import DedupConfig
from cleanup.dedup import verify
from cleanup.dedup.alignment import align
from cleanup.dedup.canonical import Classes
from cleanup.dedup.relation import Verdict, judge, listed, passage, swapped, verdicts
from cleanup.dedup.shingle import I64, fold, tokenise
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
        turned = swapped(judge(Strings([other, one]), np.array([0]), np.array([1]), cfg, NONE))
        assert listed(turned) == [together[number]]


def content(text: str, classes: Classes) -> tuple[list[int], list[bool], list[bool]]:
    """The content words of a text, by class: at most 4,000; whether each begins with a digit, with a small letter."""
    (folded,) = fold([text], len(text) + 2)
    tokens = tokenise(folded)
    values = classes.lookup(tokens.hashes)
    firsts = [chr(folded.units[begin]) for begin in tokens.starts]
    kept = [(value, first.isdecimal(), first.islower()) for value, first in zip(values.tolist(), firsts, strict=True) if value]
    words, figures, prose = zip(*kept[:4000], strict=True) if kept else ((), (), ())
    return list(words), list(figures), list(prose)


def thin(size: int, at: list[int]) -> tuple[int, int]:
    """In how many stretches of a text fewer than a fifth of the words is aligned, and how many it has."""
    parts = min(10, max(1, size // 8))
    stretches = [[word for word in range(size) if word * parts // size == part] for part in range(parts)]
    return sum(len(set(stretch) & set(at)) < 0.2 * len(stretch) for stretch in stretches), parts


def aligned_by_hand(one: str, other: str, classes: Classes) -> dict[str, Any]:
    sides = [content(text, classes) for text in (one, other)]
    both = set(sides[0][0]) & set(sides[1][0])
    places = [[at for at, word in enumerate(words) if word in both] for words, _, _ in sides]
    rows = [np.array([words[at] for at in some], np.uint32) for some, (words, _, _) in zip(places, sides, strict=True)]
    turned = (len(rows[1]), rows[1].tobytes()) < (len(rows[0]), rows[0].tobytes())
    first, second = rows[::-1] if turned else rows
    blocks = LCSseq.editops(first.tolist(), second.tolist()).as_matching_blocks()
    found = [[block[side] + step for block in blocks for step in range(block[2])] for side in (0, 1)]
    left, right = ([some[at] for at in row] for some, row in zip(places, found[::-1] if turned else found, strict=True))
    shorter, longer = sorted(len(words) for words, _, _ in sides)
    parts = [thin(len(words), at) for (words, _, _), at in zip(sides, (left, right), strict=True) if words]
    pairs = [set(pairwise(words)) for words, _, _ in sides]
    kinds = {
        name: [
            min(sum(side[kind]) for side in sides),
            sum(sides[0][kind][a] and sides[1][kind][b] for a, b in zip(left, right, strict=True)),
        ]
        for kind, name in ((1, "figures"), (2, "prose"))
    }
    return {
        "jaccard": len(pairs[0] & pairs[1]) / max(len(pairs[0] | pairs[1]), 1),
        "aligned": len(left) / max(shorter, 1),
        "spread": 1 - sum(few for few, _ in parts) / sum(all_ for _, all_ in parts) if shorter else 0,
        "ratio": shorter / max(longer, 1),
        "words": shorter,
        **kinds,
    }  # fmt: skip


def alignable() -> Iterator[tuple[str, str]]:
    rng = Random(3)
    yield from cases()
    for size in (3, 30, 63, 64, 65, 130, 700, 5000):
        for kinds in (2, 9, 300):
            vocabulary = [rng.choice(("w{}", "W{}", "{}", "the", "ж{}", "{}x", "京")).format(number) for number in range(kinds)]
            one = [rng.choice(vocabulary) for _ in range(rng.randint(1, size))]
            changed = [rng.choice((word, word, word, "other", "")) for word in one]
            for other in (one, changed, changed[: len(one) // 2] + one, [rng.choice(vocabulary) for _ in range(size)]):
                yield " ".join(one), " ".join(other)


def test_words_are_aligned_as_by_a_library() -> None:
    classes = Classes({"": "the other", "w": "w1 w2 w3"})
    pairs = list(alignable())
    texts = [text for pair in pairs for text in pair]
    even: I64 = np.arange(0, len(texts), 2)
    found = align(Strings(texts), even, even + 1, classes)
    turned = align(Strings(texts), even + 1, even, classes)
    for number, (one, other) in enumerate(pairs):
        wanted = aligned_by_hand(one, other, classes)
        if not wanted["words"]:
            continue  # nothing to be said
        for some in (found, turned):
            assert {name: column[..., number].tolist() for name, column in some._asdict().items()} == wanted


def test_what_cannot_be_aligned_enough_is_not_aligned() -> None:
    texts = ["a1 b1 c1 d1 x1 y1", "d1 c1 b1 a1 z1 v1 w1", "a1 b1 c1 d1 e1 f1"]
    found = align(Strings(texts), np.array([0, 0]), np.array([1, 2]), NONE, 0.7)
    assert found.aligned.tolist() == [4 / 6, 4 / 6]  # of the first pair only one in order
    assert found.spread.tolist() == [0, 0]
    assert align(Strings(texts), np.array([0]), np.array([1]), NONE, 0.6).aligned.tolist() == [1 / 6]


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Police arrest two men in Leeds after stabbing.", "Police arrest two men in Leeds after shooting."),
        ("Council approves new flats in the old harbour", "Council approves 49 new flats in the old harbour"),
        (
            "Registered nurse wanted for a busy ward in Bristol, full time, permanent contract, apply by Friday noon.",
            "Qualified electrician wanted for a busy site in Bristol, full time, permanent contract, apply by Friday noon.",
        ),
        (
            "Sunny in the north, rain in the south, wind from the west at 20 km/h, highs of 14 degrees.",
            "Sunny in the north, rain in the east, wind from the west at 30 km/h, highs of 17 degrees.",
        ),
        (
            "Police arrest two men in Leeds after stabbing.",
            "Police arrest two men in Leeds after a stabbing in the night to Sunday.",
        ),
    ],
)
def test_a_few_words_that_are_worded_alike_are_no_coverage(one: str, other: str) -> None:
    assert verdict(one, other).relation is None


def test_a_few_words_that_are_the_same_are_coverage() -> None:
    long = (
        "Officials in the harbour town said on Friday that the old lighthouse will be opened to visitors from the first of May on"
    )
    assert verdict(long, f"{long}.").relation == "near"
    assert verdict(f"Lighthouse opens in May: {long}", long).covers[0]


@pytest.mark.parametrize("size", [40, 50, 60])
def test_two_reports_with_the_dates_of_one_tour_are_no_spun_copies(size: int) -> None:
    writer = Writer(11, words=6000)
    quotation = writer.article(size)
    stops = [(f"June {day}", *np.random.default_rng(day).choice(writer.names, 4)) for day in range(2, 30)]

    def report(line: str) -> str:
        return "\n".join([writer.article(size), quotation, writer.article(size), *(line.format(*stop) for stop in stops)])

    found = verdict(report("{0} – {1} {2}, {3}, {4}"), report("{0} – {3}, {4} @ {1} {2}"))
    assert found.canonical
    assert found.canonical.aligned >= DedupConfig().spun  # names, dates and what was said are enough for that
    assert found.relation is None


def test_a_passage_is_text_as_it_stands(writer: Writer) -> None:
    body = (
        "The “Council” voted — again — on Tuesday’s plan for 49 new flats in Zürich’s old town, officials said after a session "
        "that had begun at noon and was heard by sixty residents"
    )
    for extra in ("", "😀", "\u200b", "𝐀 "):
        one, other = (f"{extra}{writer.article(40)} {body}. {end}" for end in ("One", "Two"))
        found = verdict(one, other, DedupConfig(excerpt=0.1))
        for text, (begin, size) in zip((one, other), found.passages, strict=True):
            shown = passage(text[begin : begin + size])
            assert body[:60] in shown
            assert len(shown) <= 120
