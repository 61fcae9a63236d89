"""Laws of the report: its segments are the document, before and after."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cleanup.document import Document, Edit, revert
from cleanup.pipeline import Policy, settle
from cleanup.report.diff import Segment, segments, shortened, side_by_side


@st.composite
def lives(draw: st.DrawFn) -> Document:
    """A document with up to four steps of edits, applied, held and overlapping."""
    doc = Document("a", text=draw(st.text("ab \n", max_size=30)))
    for step in range(draw(st.integers(0, 4))):
        edits = []
        for _ in range(draw(st.integers(0, 4))):
            start = draw(st.integers(0, len(doc.text)))
            end = draw(st.integers(start, min(len(doc.text), start + 6)))
            score = draw(st.sampled_from([0.6, 0.95, 1.0]))
            edits.append(Edit(start, end, doc.text[start:end], draw(st.text("xy", max_size=4)), f"s/{step}", score))
        settle(doc, step, "s", edits, Policy(), {})
    return doc


@given(lives())
def test_segments_are_the_document(doc: Document) -> None:
    line = segments(revert(doc), doc.ledger)
    assert "".join(segment.before for segment in line) == revert(doc)
    assert "".join(segment.after for segment in line) == doc.text
    shown = {row.key for segment in line for row in segment.rows}
    assert shown == {row.key for row in doc.ledger if row.decision != "skip"}
    assert all(segment.rows or segment.before == segment.after for segment in line)


@given(lives(), st.integers(1, 5))
def test_shortening_counts_what_it_leaves_out(doc: Document, context: int) -> None:
    line = shortened(segments(revert(doc), doc.ledger), context)
    assert sum(item if isinstance(item, int) else len(item.after) for item in line) == len(doc.text)
    edited = [item for item in segments(revert(doc), doc.ledger) if item.rows]
    assert [item for item in line if isinstance(item, Segment) and item.rows] == edited


@given(st.text("ab c.", max_size=40), st.text("ab c.", max_size=40))
def test_side_by_side_loses_no_word(left: str, right: str) -> None:
    found = side_by_side(left, right)
    assert "".join(a for _, a, _ in found).split() == left.split()
    assert "".join(b for _, _, b in found).split() == right.split()
