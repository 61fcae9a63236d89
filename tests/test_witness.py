"""Witness and learning: what aligned siblings give back and teach."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cleanup.config import Config, override
from cleanup.document import apply, revert
from cleanup.learning import proposals
from cleanup.pipeline import Pipeline
from cleanup.rules import directories
from cleanup.spin.align import slots
from cleanup.spin.learn import learn
from cleanup.spin.witness import witness
from cleanup.stored import find_all

ORIGINAL = (
    "The company said on Monday that its new model would learn from data. The market was quiet, and the price of the share did "
    "not move.\n\nAnalysts had expected more, but the firm did not answer their questions."
)
SPUN = (
    "The corporate stated on Monday that its new mannequin would be taught from knowledge. The market was quiet, and the worth "
    "of the share did not transfer.\n\nAnalysts had anticipated extra, however the firm did not reply their questions."
)


def test_an_unspun_sibling_gives_every_word_back() -> None:
    assert apply(SPUN, witness(SPUN, [ORIGINAL])) == ORIGINAL


def test_a_text_that_is_no_sibling_changes_nothing() -> None:
    assert witness(SPUN, ["Rain fell on the hills all night. Nobody went out, and the river rose by a metre before dawn."]) == []
    assert witness(SPUN, [SPUN]) == []
    assert witness("", [ORIGINAL]) == witness(SPUN, []) == []


def test_spun_copies_have_to_agree_and_are_held() -> None:
    other = SPUN.replace("stated", "said").replace("worth", "value")
    third = SPUN.replace("stated", "said").replace("worth", "cost")
    edits = witness(SPUN, [other, third], spun=True)
    assert [(edit.before, edit.after) for edit in edits] == [("stated", "said")]
    assert all(edit.score < 0.9 for edit in edits)


WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "eps", "zeta", "eta", "theta"]), min_size=1, max_size=40
).map(" ".join)


@given(WORDS, WORDS)
def test_slots_lie_in_order_and_apart(a: str, b: str) -> None:
    found = list(slots(a, b))
    assert all(x.end <= y.start and x.other_end <= y.other_start for x, y in pairwise(found))
    edits = witness(a, [b])
    assert all(a[edit.start : edit.end] == edit.before for edit in edits)


def test_learning_counts_compares_and_gives_contexts() -> None:
    found = {(entry.spun, entry.original): entry for entry in learn([(SPUN, ORIGINAL), (SPUN, ORIGINAL)], directories())}
    assert found["mannequin", "model"].documents == 2
    assert found["mannequin", "model"].status == "known"
    assert found["worth", "price"].contexts == ["the _ of", "the _ of"]
    assert learn([], directories()) == []


def test_a_run_that_marks_restores_a_spun_copy_from_its_sibling(samples: Path, tmp_path: Path) -> None:
    config = override(Config(), {"dedup.mode": "mark"})
    run = Pipeline(config=config).run(samples / "news.jsonl", tmp_path / "out")
    docs = find_all(run, {"northlight-1", "northlight-2"})
    assert docs["northlight-2"].text == docs["northlight-1"].text
    originals = {record["id"]: record["text"] for record in map(json.loads, (samples / "news.jsonl").open(encoding="utf-8"))}
    assert revert(docs["northlight-2"]) == originals["northlight-2"]
    members = [member for cluster in run.clusters() for member in cluster["members"] if member["id"] == "northlight-2"]
    assert members[0]["witness"] == "northlight-1"
    assert any("\tknown\t" in line for line in proposals(tmp_path / "out"))
