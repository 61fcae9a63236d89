"""The laws over all built-in stages together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import cleanup
from cleanup.document import Document, revert
from cleanup.pipeline import Pipeline, batches
from tests.strategies import texts

PIPELINE = Pipeline()


def cleaned(values: list[str], size: int = 256) -> list[Document]:
    docs = [Document(str(number), text=text) for number, text in enumerate(values)]
    return [doc for batch in batches(docs, size) for doc in PIPELINE.map(batch)]


@given(texts)
@settings(max_examples=300)
@example("&amp;amp;lt;b&amp;gt; itâ€™s")
@example("A title\n\nPosted by Ann | 4 hours ago | Views: 5\n\nText.\n\nLeave a Reply")
def test_every_change_can_be_reverted(text: str) -> None:
    (doc,) = cleaned([text])
    assert revert(doc) == text


@given(texts)
@settings(max_examples=300)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = cleanup.clean(text)
    assert cleanup.clean(once) == once


@given(st.lists(texts, max_size=6), st.integers(1, 3))
@settings(max_examples=60)
def test_batches_do_not_matter(values: list[str], size: int) -> None:
    assert cleaned(values) == cleaned(values, size)


@given(st.lists(texts, min_size=2, max_size=5))
@settings(max_examples=40)
def test_the_order_of_documents_does_not_matter(values: list[str]) -> None:
    forward = {doc.id: doc for doc in cleaned(values)}
    docs = [Document(str(number), text=text) for number, text in enumerate(values)][::-1]
    assert {doc.id: doc for doc in PIPELINE.map(docs)} == forward


def test_clean_text_is_a_fixed_point(samples: Path) -> None:
    records = [json.loads(line) for line in (samples / "news.jsonl").read_text(encoding="utf-8").splitlines()]
    for record in records:
        if record["id"] in ("eastmere-1", "eastmere-2", "northlight-1"):
            assert cleanup.clean(record["text"]) == record["text"]


@pytest.mark.parametrize("stages", [[], ["mojibake"], ["spin", "language"]])
def test_only_the_named_stages_run(stages: list[str]) -> None:
    doc = Document("a", text="It is plain.")
    Pipeline(stages=stages).map([doc])
    assert {row.stage for row in doc.ledger} <= set(stages)
