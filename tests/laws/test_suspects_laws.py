"""Laws of what short lines may be told to say: the compiled loop says what plain expressions say."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanup.rules import directories
from cleanup.stages.boilerplate_rules import load
from cleanup.stages.boilerplate_suspects import DATED, EDGES, NAMED, WHO, Suspicion, phrases

TABLES = load(list(directories())).words
SUSPICION = Suspicion(TABLES)
COUNTS = phrases(TABLES, "reading", "views", "comments")
UNITS = sorted({form.casefold() for table in TABLES.values() for one in table.get("units", ()) for form in one.split()[1:]})
INTRODUCING, BEHIND = phrases(TABLES, "author", "source"), phrases(TABLES, "author-behind")
AGENCIES = phrases(TABLES, "agencies")


def either(found: Iterable[str]) -> str:
    return "|".join(re.sub("[iı]", "[iıİ]", re.escape(phrase)).replace(r"\ ", r"\s+") for phrase in found)


LETTER, NO_WORD, EDGE = r"\p{L}\p{Nl}\p{No}", r"[^\p{L}\p{N}_]", f"[{re.escape(EDGES)}]{{0,3}}"
NAME = rf"^[^{LETTER}]*\p{{Uppercase}}\S*(?:\s+[^\s\p{{Uppercase}}]\S{{0,5}}){{0,2}}\s+\p{{Uppercase}}"
CJK_NAME = r"^[\u4e00-\u9fff々]{1,3}[ \u3000][\u3041-\u30ff\u4e00-\u9fff々]{1,4}$"
BREAK = r"(?:^|[|•·/―—–\t\u3000-]|\s{3})"
SAYS = {
    DATED: rf"(?:19|20)\d\d|\d[:.h]\d\d|(?i:\d\s?[km]?[\s)-]*(?:{either([*COUNTS, *UNITS])}))"
    rf"|(?i:(?:{either(COUNTS)})[\s:：(]*\d)",
    WHO: rf"(?i:{BREAK}{NO_WORD}*(?:{either(INTRODUCING)})(?:{NO_WORD}|\d|$)|(?:{either(BEHIND)}){NO_WORD}*$)",
    NAMED: rf"{NAME}|{CJK_NAME}|(?i:^{EDGE}(?:{either(AGENCIES)}){EDGE}$)",
}
WORDS = [*COUNTS, *UNITS, *INTRODUCING, *BEHIND, *AGENCIES]
SIGNS = "abkKmİıßẞ1250٣𝟏hÉé \t\xa0\u3000:.,()[]|•-–—/_©Ⓐ½Ⅷ漢々かな한𠀀😀\ud800\u0301K"
word = st.sampled_from(WORDS)
part = (
    word
    | word.map(str.upper)
    | word.map(str.title)
    | st.sampled_from([*SIGNS, " ", " ", "   ", "19", "2026", "10:15", "Ann", "Lee", "von der", "spoke", "letters"])
)
lines = st.lists(part, min_size=1, max_size=9).flatmap(lambda parts: st.sampled_from(["", " "]).map(lambda by: by.join(parts)))


def plain(line: str) -> int:
    column = pl.Series([line.encode("utf-8", "replace").decode()])
    return sum(flag * column.str.contains(pattern)[0] for flag, pattern in SAYS.items())


@given(lines)
@settings(max_examples=250, deadline=None)
def test_lines_may_say_what_plain_expressions_find(line: str) -> None:
    assert SUSPICION.tell(line) == plain(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", 0),
        ("A day in the life", 0),
        ("Ann van der Lee", NAMED),
        ("12K views", DATED),
        ("Comments (3", DATED),
        ("News   By Ann", WHO | NAMED),
        ("newsBy ann", 0),
        ("at 10:5", 0),
        ("at 10:15", DATED),
        ("(ANSA)", NAMED),
        ("((((ANSA)", 0),
        ("山田 たろう", NAMED),
        ("山田 たろうたろう", 0),
    ],
)
def test_what_lines_may_say(line: str, said: int) -> None:
    assert SUSPICION.tell(line) == said


def test_words_may_have_signs_beyond_the_tables() -> None:
    assert Suspicion({"ja": {"agencies": ["𠮷田通信"]}}).tell("(𠮷田通信)") == NAMED


@pytest.mark.parametrize("line", ["1 " * 50_000, "by " * 50_000, "Ⓐ" * 50_000, " " * 100_000 + "1", "(" * 100_000, "1-" * 50_000])
def test_hostile_lines_are_read_once(line: str) -> None:
    assert SUSPICION.tell(line) in range(8)
