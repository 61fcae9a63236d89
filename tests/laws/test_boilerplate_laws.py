"""Laws of the boilerplate stage: the prefilters lose nothing, the cuts leave a well-formed text, batches do not matter."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleanup.document import Document, Edit, Proposal, revert
from cleanup.pipeline import Pipeline
from cleanup.rules import directories
from cleanup.stages import boilerplate_bylines as bylines
from cleanup.stages import boilerplate_repeats
from cleanup.stages.boilerplate_likely import PERSONAL, READABLE
from cleanup.stages.boilerplate_lines import Lines, Page, cuts, words
from cleanup.stages.boilerplate_match import EXACT_CHARS, Glob, Matcher, zones, zones_of
from cleanup.stages.boilerplate_metadata import Vocabulary
from cleanup.stages.boilerplate_regex import _FAR, CASED, Expression, _is_anchored, _translated, last_signs, letters_of
from cleanup.stages.boilerplate_rules import LineRule, fold, load, normal
from cleanup.stages.boilerplate_suspects import DATED, WHO

BOOK = load(directories())
MATCHER = Matcher(BOOK)
RULES_BY_REGEX = [named.rule for named in BOOK.rules if named.rule.match == "regex"]
VOCABULARY = Vocabulary(BOOK.words)
PIPELINE = Pipeline(stages=["boilerplate"])
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "news.jsonl"
FORMS = sorted(
    {pattern.replace("*", "x") for named in BOOK.rules if named.rule.match != "regex" for pattern in named.rule.patterns}
)
EXAMPLES = sorted({line for named in BOOK.rules for text in (*named.rule.yes, *named.rule.no) for line in text.split("\n")})
PROSE = (
    "The council voted on Tuesday night to build a bridge over the river, after two years of talks with the towns on both banks."
)

decorated = st.tuples(
    st.sampled_from(["", "- ", "• ", "«", "  ", "*** ", "("]),
    st.sampled_from(FORMS),
    st.sampled_from(["", ":", " now", "!", " →"]),
).map("".join)
lines = st.sampled_from(EXAMPLES) | decorated | decorated.map(str.upper) | st.just(PROSE) | st.text(max_size=30)
pages = st.lists(st.tuples(lines, st.sampled_from(["\n", "\n\n", "\r\n", "\n\n\n"])), max_size=14).map(
    lambda parts: "".join(line + gap for line, gap in parts)
)


def _tries(rule: LineRule) -> Callable[[str, str], bool]:
    """A rule by itself: whether it matches a line with such a normal form."""
    if rule.match == "exact":
        forms = set(map(normal, rule.patterns))
        return lambda line, form: len(line) <= EXACT_CHARS and form in forms
    if rule.match != "regex":
        globs = [Glob.of(one, rule.match == "prefix") for one in rule.patterns]
        return lambda _, form: any(glob.match(f" {form} ") for glob in globs)
    expression = Expression(rule.patterns)
    starts = [Glob.of(one, True) for one in rule.starts]
    return lambda line, form: (
        (not starts or any(glob.match(f" {form} ") for glob in starts))
        and (not rule.needs or any(holds(line, need) for need in rule.needs))
        and expression.search(line) is not None
    )


SLOW = [(named.id, named.rule.max_words, _tries(named.rule)) for named in BOOK.rules]


def rule_by_rule(line: str) -> set[str]:
    """The rules that match a line, each tried by itself, without any index or first look."""
    form, count = normal(line), words(line)
    return {name for name, most, tries in SLOW if count <= most and tries(line, form)}


EVEN = {code: code + 32 for code in range(65, 91)}


def holds(line: str, need: str) -> bool:
    """Whether a line has a piece of a word in it, whatever the case of ASCII letters and of whole words in other scripts."""

    folded = fold(need)
    return any(
        form.translate(EVEN) in line.translate(EVEN) for form in {folded, folded.upper(), folded.capitalize(), folded.title()}
    )


def as_found(texts: list[str]) -> list[set[str]]:
    found = MATCHER.match(Lines(texts))
    return [{hit.named.id for hit in found.get(row, [])} for row in range(len(texts))]


mixed = st.lists(lines | st.sampled_from(["3,141", "“", "— ", "2026", "ﬁ", "e\u0301", "ß", "Ⓐ"]), min_size=1, max_size=4).map(
    " ".join
)
one_line = (lines | mixed).map(lambda line: line.replace("\n", " ").strip()).filter(lambda line: 0 < len(line) <= 420)


@pytest.mark.parametrize("categories", [("L",), ("Lu",), ("Ll",), ("Lt",), ("Lm",), ("Lo",), ("N",), ("Nd",), CASED])
@pytest.mark.parametrize("flags", [re.NOFLAG, re.IGNORECASE])
def test_short_classes_of_letters_tell_near_characters_apart_as_whole_ones_do(categories: tuple[str, ...], flags: int) -> None:
    near, far = (re.compile(f"[{letters_of(categories, far)}]", flags) for far in (False, True))
    every = "".join(map(chr, range(0x20000)))
    asked = [char for char in every if not _FAR.search(char)]
    assert len(asked) > 0x1500
    for char in [*asked, *(char.lower()[0] for char in asked)]:
        assert not _FAR.search(char)
        assert (near.match(char) is None) == (far.match(char) is None), char


@pytest.mark.parametrize(
    ("pattern", "signs"),
    [
        (r"(a|b)\s[(\[]c[)\]]$", ")]"),
        (r"(?-i:a(b|c)[)）])$", ")）"),
        (r"a|b[)]$", ""),
        (r"(a|b[)])$", ""),
        (r"a[)]?$", ""),
        (r"(a[)])?$", ""),
        (r"a[)]", ""),
        (r"[a[)]$", ""),
        (r"[^)]$", ""),
        (r"a\[)]\$", ""),
        (r"[)-]$", ""),
        (r"[\w)]$", ""),
        (r"$", ""),
    ],
)
def test_what_a_line_has_to_end_with_is_read_from_a_pattern(pattern: str, signs: str) -> None:
    assert last_signs(pattern) == (frozenset(signs) | {"\n"} if signs else frozenset())


ENDING = [(rule.id, pattern) for rule in RULES_BY_REGEX for pattern in rule.patterns if last_signs(pattern)]


@given(st.sampled_from(EXAMPLES), st.sampled_from(["", ")", "]", "）", ".", "\n"]))
def test_lines_that_end_otherwise_match_no_pattern_that_says_how_they_end(line: str, last: str) -> None:
    text = line.rstrip(")]）") + last
    for name, pattern in ENDING:
        compiled = re.compile(_translated(pattern, str, True), re.IGNORECASE)
        assert text[-1:] in last_signs(pattern) or compiled.search(text) is None, name


@given(st.lists(one_line, min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_the_index_finds_what_each_rule_finds_by_itself(texts: list[str]) -> None:
    assert as_found(texts) == [rule_by_rule(text) for text in texts]


@given(st.lists(pages, min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_rules_that_hold_where_a_line_stands_are_all_found_there(texts: list[str]) -> None:
    lines = Lines(texts)
    every, found, valid = MATCHER.match(lines), MATCHER.match(lines, zones(lines)), zones(lines).tolist()
    for row, hits in every.items():
        here = [hit for hit in hits if zones_of(hit.named) & valid[row]]
        assert here == [hit for hit in found.get(row, ()) if zones_of(hit.named) & valid[row]]
    assert found.keys() <= every.keys()


def test_the_index_finds_what_each_rule_finds_in_its_examples() -> None:
    texts = [line.strip() for line in EXAMPLES if 0 < len(line.strip()) <= 420]
    for text, found in zip(texts, as_found(texts), strict=True):
        assert found == rule_by_rule(text), text


def test_the_index_finds_what_each_rule_finds_in_news() -> None:
    texts = [msgspec.json.decode(line)["text"] for line in SAMPLES.read_bytes().splitlines()]
    chosen = sorted({line for text in texts for line in Page(text).text if len(line) <= 420})
    for line, found in zip(chosen, as_found(chosen), strict=True):
        assert found == rule_by_rule(line), line


@given(pages, st.data())
@settings(max_examples=80, deadline=None)
def test_cuts_take_whole_lines_and_leave_no_heaps(text: str, data: st.DataObject) -> None:
    page = Page(text)
    gone = sorted(data.draw(st.sets(st.sampled_from(range(len(page)))))) if len(page) else []
    spans = cuts(page, gone)
    assert all(start <= end for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    rest = text
    for start, end in reversed(spans):
        rest = rest[:start] + rest[end:]
    left = [line for number, line in enumerate(page.text) if number not in gone]
    assert [line.strip() for line in rest.split("\n") if line.strip()] == left
    heaps = max((run.count("\n") for run in re.findall(r"(?:\r?\n[ \t]*)+", text)), default=0)
    assert max((run.count("\n") for run in re.findall(r"(?:\r?\n[ \t]*)+", rest)), default=0) <= max(heaps, 1)


@given(st.lists(pages, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_a_document_does_not_depend_on_its_batch_and_settles(texts: list[str]) -> None:
    propose = PIPELINE.steps[0][1]
    together = [list(proposals) for proposals in propose([Document(id=str(n), text=text) for n, text in enumerate(texts)])]
    alone = [list(next(iter(propose([Document(id=str(n), text=text)])))) for n, text in enumerate(texts)]
    assert together == alone
    for text in texts:
        doc = Document(id="x", text=text)
        PIPELINE.map([doc])
        assert revert(doc) == text
        again = Document(id="x", text=doc.text)
        PIPELINE.map([again])
        assert again.text == doc.text
        assert "unstable" not in doc.meta


def proposals(texts: list[str]) -> list[list[Proposal]]:
    return [list(found) for found in PIPELINE.steps[0][1]([Document(id=str(n), text=text) for n, text in enumerate(texts)])]


NAMES = [
    "Ann Lee",
    "By Ann Lee",
    "Ann Lee ann@example.org",
    "10:15",
    "Oslo, 3 May 2026 — by Ann Lee",
    "김철수 기자",
    "Views 12",
    "Reuters",
]
articles = st.lists(st.sampled_from(NAMES) | lines.map(lambda line: line.replace("\n", " ")) | st.just(PROSE), max_size=14).map(
    lambda parts: "\n".join(f"{line} {PROSE}" if at % 3 == 2 else line for at, line in enumerate(parts))
)


@given(st.lists(pages | articles, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_pages_that_are_looked_at_closely_say_what_they_say_at_a_glance(texts: list[str]) -> None:
    quick = proposals(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bylines, "worth_reading", lambda lines: lines.chars <= bylines.METADATA_CHARS)
        patch.setattr(boilerplate_repeats, "repeating", lambda _, pages: list(map(boilerplate_repeats.may_repeat, pages)))
        assert proposals(texts) == quick


@given(
    st.lists(
        st.sampled_from([PROSE, PROSE + " Again.", "What happens next?", "“No.”", "A subhead in the middle"]),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=40, deadline=None)
def test_a_page_without_residue_is_left_alone(paragraphs: list[str]) -> None:
    text = "Council votes for a bridge\n\n" + "\n\n".join(f"{number} {line}" for number, line in enumerate(paragraphs))
    proposals = next(iter(PIPELINE.steps[0][1]([Document(id="", text=text)])))
    assert not [one for one in proposals if isinstance(one, Edit)]


@given(lines.map(lambda line: line.replace("\n", " ").strip()).filter(lambda line: 0 < len(line) <= 200))
@settings(max_examples=150, deadline=None)
def test_metadata_suspects_are_sound(line: str) -> None:
    reading = VOCABULARY.read(line)
    if reading and reading.kinds - {"time"}:
        assert VOCABULARY.suspicion.tell(line) & (DATED | WHO), (line, reading.kinds)


PARTS = sorted({entry for table in BOOK.words.values() for entries in table.values() for entry in entries})
mixed_parts = st.lists(
    st.sampled_from(PARTS)
    | st.sampled_from(["Ann Lee", "ann lee", "2026", "3", "10:15", "|", "·", ",", "-", "somewhere", "Oslo"]),
    min_size=1,
    max_size=6,
)


def likely(line: str) -> int:
    data = line.encode("utf-8", "surrogatepass")
    begin, end = np.zeros(1, np.int64), np.array([len(data)])
    return int(VOCABULARY.likely.say(data, begin, end, VOCABULARY.suspicion.tells(data, begin, end))[0])


signs = st.sampled_from([" ", " ", " ", ", ", "", " - ", "/", " – ", "; ", " u. ", "'", ": ", "@", "ß", "ı", " and "])
spliced = st.lists(
    st.tuples(st.sampled_from([*PARTS, "Ann Lee", "BO EK", "1", "12", "2024", "10:15", "spoke of", "E.", "d'Ek", "by "]), signs),
    max_size=7,
)
spoken = spliced.map(lambda parts: "".join(map("".join, parts)).strip())


@given(spoken | spoken.map(str.title) | spoken.map(lambda line: (line + line).strip()) | mixed_parts.map(" ".join))
@settings(max_examples=400, deadline=None)
def test_lines_that_are_turned_away_say_nothing(line: str) -> None:
    said, reading = likely(line), VOCABULARY.read(line)
    if said & (DATED | WHO) and not said & READABLE:
        assert reading is None or reading.kinds <= {"time"}
    if said and not said & PERSONAL:
        assert not VOCABULARY.persons(line)[0]


@given(spoken | spoken.map(str.upper) | mixed_parts.map(" ".join) | spoken.map(lambda line: line.replace("i", "ı")))
@example("YAYIMLANMA")
@settings(max_examples=150, deadline=None)
def test_texts_in_which_no_phrase_opens_have_none(line: str) -> None:
    if not VOCABULARY._dating.may_open(line):
        assert not VOCABULARY._dated.search(line)
    if not VOCABULARY._counting.may_open(line):
        assert not any(pattern.search(line) for pattern in VOCABULARY._counts.values())


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        ("3 Hospitalized After Crash in North Richland Hills", 0),
        ("Ann Lee 3 hours ago", READABLE),
        ("Get it on Amazon for $234.98", 0),
        ("Frankfurt, 3 May 2024", READABLE),
        ("In April 2024, the couple announced a child", 0),
        ("3 May 2024 | Foo bar Reading time: 5 min", READABLE),
        ("3 Foo BarPublished Apr 28 2024", READABLE | PERSONAL),
        ("Dank an die Rettungskräfte", 0),
        ("Ann Lee, Bo Ek and the others", 0),
        ("Ann Lee, Bo Ek and Jo Poe", PERSONAL),
        ("Ann Lee Reporter", PERSONAL),
        ("4. Ann Lee", PERSONAL),
        ("Ann Lee 12345", 0),
        ("Ann E. Lee", PERSONAL),
        ("By Ann d'Ek", READABLE | PERSONAL),
        ("3 May 2024 by Ann Lee", READABLE),
        ("3 May 2024 by all who were there, and who spoke", 0),
    ],
)
def test_which_lines_are_worth_a_reading(line: str, passes: int) -> None:
    assert likely(line) & (READABLE | PERSONAL) == passes


@pytest.mark.parametrize(
    ("pattern", "anchored"),
    [
        (r"^a|b", False),
        (r"^(a|b)c", True),
        (r"^[|(]a", True),
        (r"^a\|b", True),
        (r"a|^b", False),
        (r"^(a)|(b)", False),
        ("b", False),
    ],
)
def test_patterns_for_the_beginning_of_a_line_are_tried_there(pattern: str, anchored: bool) -> None:
    assert _is_anchored(pattern) == anchored
    found = re.search(pattern, "xx bc")
    assert Expression([pattern]).search("xx bc") == (found and (*found.span(), None))
