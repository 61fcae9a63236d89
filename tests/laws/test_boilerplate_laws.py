"""Laws of the boilerplate stage: the prefilters lose nothing, the cuts leave a well-formed text, batches do not matter."""

from __future__ import annotations

import re
from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanup.document import Document, Edit, revert
from cleanup.pipeline import Pipeline
from cleanup.rules import directories
from cleanup.stages.boilerplate_lines import Page, cuts, scan, words
from cleanup.stages.boilerplate_match import Matcher
from cleanup.stages.boilerplate_metadata import Vocabulary
from cleanup.stages.boilerplate_rules import load, normal

BOOK = load(directories())
MATCHER = Matcher(BOOK)
VOCABULARY = Vocabulary(BOOK.words)
PIPELINE = Pipeline(stages=["boilerplate"])
WHITE = "".join(filter(str.isspace, map(chr, range(0x3001)))).translate(dict.fromkeys(range(0x1C, 0x20)))  # as Unicode has it
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


@given(st.lists(lines.map(lambda line: line.replace("\n", " ").strip()).filter(bool), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_exact_forms_and_prefixes_are_never_lost_by_the_prefilter(texts: list[str]) -> None:
    found = (
        MATCHER.match(pl.Series(texts, dtype=pl.String)) if all(not re.search("[\ud800-\udfff]", text) for text in texts) else {}
    )
    for row, text in enumerate(texts):
        form = normal(text)
        for named in BOOK.rules if found else ():
            rule = named.rule
            hit = any(
                form == normal(pattern) or (rule.match == "prefix" and form.startswith(normal(pattern) + " "))
                for pattern in rule.patterns
                if rule.match in ("exact", "prefix")
            )
            # In a form "#" stands for digits; a text that has it for itself is no such form.
            if hit and "#" not in text and words(text) <= rule.max_words and len(text) <= 160:
                assert named.id in {one.named.id for one in found.get(row, [])}, (text, named.id)


@given(pages)
@settings(max_examples=80, deadline=None)
def test_lines_are_where_they_are_said_to_be(text: str) -> None:
    found = scan([text, "x", text])
    page = Page.of(found, 2, text)
    expected = [line.strip(WHITE) for line in text.split("\n") if line.strip(WHITE)]
    if not re.search("[\ud800-\udfff]", text):
        assert len(page) == len(expected)
        assert all(line in text[start:end] for line, start, end in zip(page.text, page.start, page.end, strict=True))
    assert all(text[end : end + 1] in ("", "\n", "\r") for end in page.end)


@given(pages, st.data())
@settings(max_examples=80, deadline=None)
def test_cuts_take_whole_lines_and_leave_no_heaps(text: str, data: st.DataObject) -> None:
    page = Page.of(scan([text]), 0, text)
    gone = sorted(data.draw(st.sets(st.sampled_from(range(len(page)))))) if len(page) else []
    spans = cuts(page, gone)
    assert all(start <= end for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    rest = text
    for start, end in reversed(spans):
        rest = rest[:start] + rest[end:]
    left = [line for number, line in enumerate(page.text) if number not in gone]
    assert [line.strip(WHITE) for line in rest.split("\n") if line.strip(WHITE)] == left
    heaps = max((len(run) for run in re.findall(r"(?:\r?\n[ \t]*)+", text)), default=0)
    assert max((len(run) for run in re.findall(r"(?:\r?\n[ \t]*)+", rest)), default=0) <= max(heaps, 1)


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
    import numpy as np

    if re.search("[\ud800-\udfff]", line) or VOCABULARY.read(line) is None:
        return
    kinds = VOCABULARY.read(line).kinds  # type: ignore[union-attr]
    if kinds - {"time"}:
        assert VOCABULARY.suspects(pl.Series([line]), np.ones(1, bool))[0], (line, kinds)
