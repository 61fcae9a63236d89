"""The laws of propose and settle, with small stages made for the purpose."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanup.config import StageConfig
from cleanup.document import Document, Drop, Edit, Mark, Proposal, Spans, each, revert
from cleanup.pipeline import Pipeline, Policy, batches, settle
from cleanup.stages import _REGISTRY, Propose, stage

WORDS = {"purchase": "buy", "automobile": "car", "again": "purchase", "short": "s", "s": ""}
texts = st.lists(st.sampled_from([*WORDS, "the", "boom", "\n", "drop me", "é", "😍"]) | st.text(max_size=4), max_size=30).map(
    " ".join
)


def _swap(doc: Document) -> list[Proposal]:
    pattern = re.compile(r"\b(" + "|".join(WORDS) + r")\b")
    return [Edit(m.start(), m.end(), m[0], WORDS[m[0]], f"swap/{m[0]}", 0.95) for m in pattern.finditer(doc.text)]


def _doubt(doc: Document) -> list[Proposal]:
    found: list[Proposal] = [Edit(m.start(), m.end(), m[0], "THE", "doubt/the", 0.7) for m in re.finditer("the", doc.text)]
    return [*found, Mark("length", len(doc.text), "doubt/length")]


def _boom(doc: Document) -> list[Proposal]:
    if "boom" in doc.text:
        raise ValueError("boom")
    return [Drop("boom/drop", 1.0, {"because": "asked"})] if "drop me" in doc.text else []


@pytest.fixture(autouse=True)
def _stages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, function in {"swap": _swap, "doubt": _doubt, "boom": _boom}.items():
        monkeypatch.delitem(_REGISTRY, name, raising=False)

        @stage(name, version=1)
        def factory(cfg: StageConfig | None, paths: Sequence[object], function: object = function) -> Propose:  # noqa: ARG001
            return each(function)  # type: ignore[arg-type]


class SmallPipeline(Pipeline):
    """A pipeline of the stages above, which are not in the configuration."""

    @property
    def steps(self) -> list[tuple[str, Propose, Policy]]:
        return [(name, _REGISTRY[name].factory(None, ()), self.policy(name)) for name in ("swap", "doubt", "boom")]


def run(values: Sequence[str], size: int = 256) -> list[Document]:
    docs = [Document(str(number), text=text) for number, text in enumerate(values)]
    pipeline = SmallPipeline(stages=[])
    return [doc for batch in batches(docs, size) for doc in pipeline.map(batch)]


@given(st.lists(texts, max_size=6))
def test_every_edit_can_be_reverted(values: list[str]) -> None:
    for doc, text in zip(run(values), values, strict=True):
        assert revert(doc) == text


@given(texts)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    (once,) = run([text])
    if once.status == "dropped":
        return
    (twice,) = run([once.text])
    assert twice.text == once.text
    assert twice.edits == 0


@given(st.lists(texts, max_size=8), st.integers(1, 4))
def test_batch_size_does_not_matter(values: list[str], size: int) -> None:
    assert run(values) == run(values, size)


@given(st.lists(texts, max_size=8))
def test_nothing_is_lost(values: list[str]) -> None:
    docs = run(values)
    assert len(docs) == len(values)
    for doc in docs:
        assert (doc.status == "dropped") == any(row.action == "drop" and row.decision == "apply" for row in doc.ledger)


def test_a_stage_that_raises_costs_one_document() -> None:
    docs = run(["a purchase", "boom purchase", "drop me"])
    assert [doc.status for doc in docs] == ["kept", "kept", "dropped"]
    assert [doc.text for doc in docs] == ["a buy", "boom buy", "drop me"]
    assert docs[1].meta["error_boom"] == "ValueError: boom"


def test_held_edits_change_nothing_until_they_are_answered() -> None:
    (doc,) = run(["the end"])
    assert doc.text == "the end"
    (row,) = [row for row in doc.ledger if row.action == "edit"]
    assert row.decision == "review"
    again = Document("0", text="the end")
    edit = Edit(0, 3, "the", "THE", "doubt/the", 0.7)
    assert settle(again, 2, "doubt", [edit], Policy(), {row.key: "apply"})
    assert again.text == "THE end"
    assert again.ledger[0].by == "review"


def test_an_edit_that_does_not_fit_changes_nothing() -> None:
    doc = Document("0", text="abc")
    with pytest.raises(ValueError, match="not at 0"):
        settle(doc, 1, "x", [Edit(1, 2, "b", "", "x/a"), Edit(0, 1, "z", "", "x/b")], Policy(), {})
    assert doc == Document("0", text="abc")


@given(
    st.text(max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.text(max_size=3), st.floats(0, 1)), max_size=6),
)
@settings(max_examples=300)
def test_settle_applies_disjoint_edits_and_revert_undoes_them(text: str, spans: list[tuple[int, int, str, float]]) -> None:
    edits = []
    for start, size, after, score in spans:
        end = min(len(text), start + size)
        if start <= end:
            edits.append(Edit(start, end, text[start:end], after, "x/y", score))
    doc = Document("0", text=text)
    settle(doc, 1, "x", edits, Policy(), {})
    other = Document("0", text=text)
    settle(other, 1, "x", copy.copy(edits)[::-1], Policy(), {})
    assert doc.text == other.text
    assert revert(doc) == text


def test_a_document_that_never_settles_comes_back_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WORDS, "a", "b")
    monkeypatch.setitem(WORDS, "b", "a")
    (doc,) = run(["a purchase"])
    assert doc.text == "a purchase"
    assert doc.meta["unstable"] is True


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9))), st.integers(0, 30), st.integers(0, 9))
def test_spans_meet_what_one_of_the_edits_overlaps(places: list[tuple[int, int]], start: int, size: int) -> None:
    edits = [Edit(begin, begin + length, "", "", "x") for begin, length in places]
    end = start + size
    assert Spans(edits).meet(start, end) == any(edit.start < end and start < edit.end for edit in edits)
