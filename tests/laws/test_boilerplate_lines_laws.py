"""Laws of the compiled loops over lines: they say what plain definitions say."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleanup.stages import boilerplate_features
from cleanup.stages.boilerplate_characters import CLOSERS, KNOWN, NUMERAL, ODD, SIGN, TERMINAL, TWICE, folded, symbols
from cleanup.stages.boilerplate_features import FAR, Signals, _distances, _forms
from cleanup.stages.boilerplate_lines import (
    BODY_STARTS,
    HEAD_LINES,
    LONG_CHARS,
    LONG_WORDS,
    SHORT,
    Lines,
    Page,
    Pages,
    is_sentence,
    line_words,
)
from cleanup.stages.boilerplate_phrases import Beginnings, Pieces
from cleanup.stages.boilerplate_repeats import may_repeat, repeating
from cleanup.stages.boilerplate_rules import fold, normal

SIGNS = (
    f"abzAZéÉßẞİıΣς ё \t\r\x00\x1c\x85\u2028\u3000{CLOSERS}{TERMINAL}[]0123456789٣𝟏.,:;-–•|_#@/'’\u0301\u0307"
    "漢字東京カナーー한국ｶﾅ𠀀😀\ud800Ⅳ½Ⓐ"
)
WORDS = [
    "Ann Lee",
    "Photo:",
    "19",
    "2026",
    "20",
    "1. ",
    "• ",
    "(12)",
    "said.[1][23]",
    "” ]",
    "STRASSE",
    "Straße",
    "of the",
    "ab cd",
]
line = st.lists(st.sampled_from([*SIGNS, *WORDS]), max_size=40).map("".join)
long_line = st.tuples(line, st.integers(1, 30)).map(lambda one: one[0] * one[1])
texts = st.lists(
    st.lists(line | long_line, max_size=6).flatmap(
        lambda lines: st.sampled_from(["\n", "\n\n", "\r\n"]).map(lambda by: by.join(lines))
    ),
    max_size=4,
)


def is_paragraph(line: str) -> bool:
    """Whether a line is a paragraph of running text."""
    return len(line) >= LONG_CHARS and line_words(line) >= LONG_WORDS and is_sentence(line)


def places(source: str) -> tuple[list[int], list[int], list[int]]:
    """Where the lines of a text begin and end, and the blank lines before each."""
    start, end, gap = [], [], []
    at = blank = 0
    for raw in source.split("\n"):
        if raw.strip():
            start.append(at)
            end.append(at + len(raw) - (raw[-1] == "\r"))
            gap.append(blank)
        blank = 0 if raw.strip() else blank + 1
        at += len(raw) + 1
    return start, end, gap


@given(texts)
@settings(max_examples=150, deadline=None)
def test_lines_are_what_they_are_said_to_be(sources: list[str]) -> None:
    lines = Lines(sources)
    for number, source in enumerate(sources):
        page = Page(source, lines, number)
        expected = [raw.strip() for raw in source.split("\n") if raw.strip()]
        assert page.text == expected
        assert (page.start, page.end, page.gap) == places(source)
        assert page.words == list(map(line_words, expected))
        assert page.sentence == list(map(is_sentence, expected))
        assert page.long == list(map(is_paragraph, expected))
    every = [one for source in sources for one in Page(source).text]
    assert [lines.text(row) for row in range(len(lines))] == every
    assert lines.addressed.tolist() == [len(one) <= SHORT and "@" in one for one in every]


def test_characters_become_in_a_normal_form_what_the_tables_say() -> None:
    table = symbols(fold).tolist()
    for code in range(KNOWN):
        if table[code] != ODD:
            kind = {0: "", NUMERAL: "#", SIGN: "#"}
            letter = chr(table[code] & ~TWICE) if table[code] not in kind else ""
            form = kind.get(table[code], letter * (1 + (table[code] >= TWICE)))
            assert normal(chr(code)) == form, hex(code)
    single = folded().tolist()
    assert all(chr(one) == chr(code).casefold() for code, one in enumerate(single) if one)
    assert {code for code, one in enumerate(single) if not one} == {0} | {
        code for code in range(KNOWN) if len(chr(code).casefold()) > 1
    }


PHRASES = [
    "",
    "a ",
    "ab ",
    "strasse ",
    "# ",
    "# # ",
    "ann lee ",
    "photo ",
    "漢",
    "漢字",
    "z東京",
    "of the ",
    "一 ",
    "é ",
    "ss ",
    "한국",
    "ann lee of the ab cd ",
    "photo ann lee",
    "of the strasse strasse ",
]
FOUND, LOOSE = Beginnings(PHRASES), Beginnings([*PHRASES, "of t"])  # one more of few letters that need not end a word


@given(st.lists(line | long_line, max_size=6))
@settings(max_examples=200, deadline=None)
@example(["Ann Lee of the ab cd", "Ann Lee of the ab cdé", "Ann Lee of thé", "PHOTO: Ann Leeds", "of the STRASSE Straße 漢"])
def test_beginnings_are_those_of_the_normal_form(sources: list[str]) -> None:
    assert {tuple(one) for one in LOOSE.find(Lines(sources)).tolist() if one[1] < len(PHRASES)} == {
        tuple(one) for one in FOUND.find(Lines(sources)).tolist()
    }
    lines = Lines([one.replace("\n", " ") for one in sources])
    every = [lines.text(row) for row in range(len(lines))]
    expected = []
    for row, text in enumerate(every):
        form = f"{normal(text)} ".lstrip()
        for number, phrase in enumerate(PHRASES):
            if form.startswith(phrase) if phrase else not form:
                expected.append([row, number, int(phrase == form and phrase.endswith(" "))])
    assert sorted(FOUND.find(lines).tolist()) == expected


NEEDS = ["a", "ab", "é", "photo", "straße", "|", "2026", "ann lee", "カナ", "»", "😀", "(12", "ς"]
HELD = Pieces(NEEDS)


def ways(need: str) -> set[str]:
    return {need} if need.isascii() else {need, need.upper(), need.capitalize(), need.title()}


@given(st.lists(line | long_line, max_size=6))
@settings(max_examples=200, deadline=None)
def test_pieces_are_held_by_the_lines_that_hold_them(sources: list[str]) -> None:
    lines = Lines([one.replace("\n", " ") for one in sources])
    even = {code: code + 32 for code in range(65, 91)}
    every = [lines.text(row).translate(even) for row in range(len(lines))]
    expected = {
        (row, number)
        for row, text in enumerate(every)
        for number, need in enumerate(NEEDS)
        if len(text) <= SHORT and any(way.translate(even) in text for way in ways(need))
    }
    assert {(row, number) for row, number, _ in HELD.find(lines).tolist()} == expected


COUNTS = {
    "digits": r"\d",
    "commas": r"[,;、，]",
    "is bullet": r"^(?:[•·▪■–—*>+-]|\d{1,2}[.)])\s",
    "is open": r"^[\"“„«'‘(\[「（【]",
    "is year": r"(?:19|20)\d\d",
    "ends year": r"(?:19|20)\d\d\W*$",
    "ends colon": r"[:：]$",
}
SHARES = {
    "upper share": r"\p{Lu}",
    "mark share": r"[|•·»›→/©®™:()\[\]_+]",
    "capital share": r"(?:^|[\s(\"'“„«/-])\p{Lu}",
    "little share": r"\b\p{L}{1,3}\b",
}
PIECE = r"[\p{Katakana}ー]{2,}|\p{Han}{2}|\b\p{Hangul}{2}|\b\p{L}{4,6}"


@given(texts)
@example(["2026Ⓐ", "2026 a", "2026."])
@settings(max_examples=150, deadline=None)
def test_features_count_what_expressions_count(sources: list[str]) -> None:
    sources = [source.replace("\ud800", "") for source in sources]
    lines = Lines(sources)
    found = _forms(lines)
    text = pl.Series([lines.text(row) for row in range(len(lines))], dtype=pl.String)
    for name, pattern in (COUNTS | SHARES).items():
        count = text.str.count_matches(pattern).to_list()
        for row in range(len(lines)):
            size = lines.words[row] if name in ("capital share", "little share") else max(lines.chars[row], 1)
            expected = count[row] / size if name in SHARES else bool(count[row]) if " " in name else count[row]
            assert found[name][row] == (expected if lines.chars[row] <= SHORT else 0), (name, text[row])
    pieces = [[key.casefold() for key in keys] for keys in text.str.extract_all(PIECE).to_list()]
    doc = lines.doc.tolist()
    for row, keys in enumerate(pieces):
        others = [set(pieces[one]) for one in range(len(lines)) if doc[one] == doc[row] and one != row and lines.long[one]]
        assert found["said"][row] == min(15, sum(any(key in other for other in others) for key in keys))
        told = [one for one in range(len(lines)) if doc[one] == doc[row] and lines.long[one]]
        first = [next((one for one in told if key in pieces[one]), row) for key in keys]
        assert found["early share"][row] * max(1, len(keys)) == pytest.approx(
            sum(one in told[:4] and one != row for one in first)
        )
        later = [any(key in pieces[one] for one in told if one > row) for key in keys]
        assert found["later share"][row] * max(1, len(keys)) == pytest.approx(sum(later))
        same = [one for one in range(len(lines)) if doc[one] == doc[row] and text[one][:200] == text[row][:200]]
        assert found["repeat"][row] == min(9, len(same))
        behind = row + 1 < len(lines) and doc[row + 1] == doc[row] and text[row + 1][:24] == text[row][:24]
        assert found["goes on"][row] == behind


@given(texts)
@settings(max_examples=100, deadline=None)
def test_where_the_article_stands_is_told_by_its_paragraphs(sources: list[str]) -> None:
    pages = Pages(sources)
    for page in pages:
        numbers = [number for number, flag in enumerate(page.long) if flag]
        head = numbers[0] if numbers else min(len(page), HEAD_LINES)
        tail = numbers[-1] + 1 if numbers else (len(page) * 2 // 3 if len(page) > 6 else 0)
        assert page.edges == [head, numbers[min(BODY_STARTS, len(numbers)) - 1] if numbers else head, tail]


@given(texts.filter(bool), st.data())
@settings(max_examples=100, deadline=None)
def test_the_lines_of_some_pages_are_those_of_their_texts(sources: list[str], data: st.DataObject) -> None:
    some = data.draw(st.lists(st.sampled_from(range(len(sources))), min_size=1, max_size=4))
    pages = Pages(sources)
    found, own = Lines.of([pages[number] for number in some]), Lines([sources[number] for number in some])
    assert [found.text(row) for row in range(len(found))] == [own.text(row) for row in range(len(own))]
    for name in ("first", "start", "stop", "bare", "chars", "gap", "words", "sentence", "long", "addressed", "doc"):
        assert getattr(found, name).tolist() == getattr(own, name).tolist(), name
    assert {name: column.tolist() for name, column in _forms(found).items()} == {
        name: column.tolist() for name, column in _forms(own).items()
    }


@given(st.lists(st.lists(st.booleans(), max_size=40), max_size=4), st.integers(-3, 3))
@settings(max_examples=100, deadline=None)
def test_neighbours_are_those_of_the_same_page(flagged: list[list[bool]], step: int) -> None:
    lines = Lines(["\n".join("x" * len(flags)) for flags in flagged])
    every = [flag for flags in flagged for flag in flags]
    found = _distances(lines, {"one": np.array(every, bool), "none": np.zeros(len(every), bool)})
    since, until, beside = [], [], []
    for flags in flagged:
        for at in range(len(flags)):
            since.append(next((away for away in range(1, at + 1) if flags[at - away]), FAR))
            until.append(next((away for away in range(1, len(flags) - at) if flags[at + away]), FAR))
            beside.append(float(flags[at + step]) if 0 <= at + step < len(flags) else -1.0)
    assert found["one before"].tolist() == [min(one, FAR) for one in since]
    assert found["one behind"].tolist() == [min(one, FAR) for one in until]
    assert found["none before"].tolist() == found["none behind"].tolist() == [FAR] * len(every)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boilerplate_features, "_NEIGHBOURS", {"one": (step,)})
        columns = boilerplate_features._neighbours(lines, {"one": np.array(every, np.float32)})
    assert columns[f"one {step:+d}"].tolist() == beside


@given(line | long_line)
@settings(max_examples=200, deadline=None)
@example("a_b-C  Don't (x)")
def test_normal_forms_are_words_and_numbers(source: str) -> None:
    tokens = re.findall(r"[^\W\d_]+|#", re.sub(r"\d+(?:[.,:]\d+)*", "#", fold(source)))
    assert normal(source) == " ".join(tokens)


@given(texts)
@settings(max_examples=150, deadline=None)
def test_pages_that_repeat_themselves_are_told(sources: list[str]) -> None:
    lines = Lines(sources)
    pages = [Page(source, lines, number) for number, source in enumerate(sources)]
    assert repeating(lines, pages) == [may_repeat(page) for page in pages]


@pytest.mark.parametrize(
    "source", ["x\n" * 200_000, "x" * 1_000_000, "[1]" * 300_000 + ".", " \n" * 200_000, "| " * 200_000, "é]" * 200_000]
)
def test_hostile_texts_are_one_line_after_the_other(source: str) -> None:
    lines = Lines([source])
    assert len(lines) == sum(bool(re.search(r"\S", one)) for one in source.split("\n"))
    Signals({"legal": ["x"]}).find(lines)
    assert len(_forms(lines)["said"]) == len(lines)
    assert FOUND.find(lines).shape[1] == 3
