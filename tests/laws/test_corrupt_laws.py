"""Whatever was done to a text, its gold edits give the clean text back."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleanup.document import Document, Edit
from cleanup.document import apply as apply_edits
from cleanup.evaluate.corrupt import RECIPES, corrupt
from cleanup.evaluate.script import Change, apply, back, compose, invert, joined

PLAIN = (
    "the a company said more fashions größer élève été Öl привет мир что говорит здравствуйте 日本 です 新闻 報導 뉴스 ειδήσεις"
)
ODD = [
    "“quoted”",
    "it’s",
    "—",
    "…",
    "&",
    "<",
    ">",
    "naïve",
    "İstanbul",
    "ağaç",
    "łódź",
    "5%",
    "(or)",
    "https://example.com/a?b=c&d",
]
STRANGE = ["\ud800", "\U0001f600", "\u00ad", "\u200b", "\x85", "\xa0", "\r"]
WORDS = st.sampled_from([*PLAIN.split(" "), *ODD, *STRANGE])
LINES = st.lists(WORDS, max_size=12).map(" ".join)
TEXTS = st.one_of(st.lists(LINES, max_size=6).map("\n".join), st.lists(LINES, max_size=4).map("\n\n".join), st.text(max_size=60))
VARIANTS = ["mojibake:windows-1252x2", "mojibake:koi8-r", "mojibake:gbk", "encoding:windows-1251>iso-8859-1", "boilerplate:de"]


def _restored(record: dict) -> str:
    return apply_edits(record["text"], [Edit(**edit, rule="gold") for edit in record["edits"]])


def _check(text: str, recipes: list[str], rate: float | None, seed: int) -> None:
    (record,) = corrupt([Document("d", text, meta={"language": "en"})], recipes, rate, seed)
    assert record["clean"] == text
    for edit in record["edits"]:
        assert record["text"][edit["start"] : edit["end"]] == edit["before"]
        assert edit["before"] != edit["after"]
    assert _restored(record) == text
    if rate == 0 or not record["recipe"]:
        assert record["text"] == text


@pytest.mark.parametrize("recipe", [*RECIPES, *VARIANTS])
@settings(max_examples=60, deadline=None)
@given(text=TEXTS, rate=st.none() | st.sampled_from([0.0, 0.1, 0.36, 1.0]), seed=st.integers(0, 99))
@example(text="", rate=1.0, seed=0)
@example(text="\n", rate=1.0, seed=0)
@example(text="\n".join(["the " * 7 + "the"] * 2 + ["the " * 10 + "the"]), rate=0.36, seed=1)  # one goes, the next is doubled
def test_gold_of_one_recipe_restores_the_clean_text(recipe: str, text: str, rate: float | None, seed: int) -> None:
    _check(text, [recipe], rate, seed)


@settings(max_examples=300, deadline=None)
@given(
    text=TEXTS,
    recipes=st.lists(st.sampled_from([*RECIPES, *VARIANTS]), min_size=2, max_size=5),
    rate=st.none() | st.sampled_from([0.1, 0.5, 1.0]),
    seed=st.integers(0, 99),
)
def test_gold_of_any_composition_restores_the_clean_text(text: str, recipes: list[str], rate: float | None, seed: int) -> None:
    _check(text, recipes, rate, seed)


@st.composite
def scripts(draw: st.DrawFn, text: str) -> tuple[Change, ...]:
    changes, at = [], 0
    while at <= len(text) and draw(st.booleans()):
        start = draw(st.integers(at, len(text)))
        end = draw(st.integers(start, len(text)))
        after = draw(st.text("xyz", max_size=3))
        if text[start:end] != after:
            changes.append(Change(start, end, text[start:end], after))
        at = end + 1
    return joined(changes)


@settings(max_examples=500, deadline=None)
@given(data=st.data(), source=st.text("abc", max_size=14))
def test_scripts_compose_and_invert(data: st.DataObject, source: str) -> None:
    first = data.draw(scripts(source))
    middle = apply(source, first)
    second = data.draw(scripts(middle))
    target = apply(middle, second)
    both = compose(first, second, source, target)
    assert apply(source, both) == target
    assert apply(target, invert(both)) == source
    assert apply(middle, invert(first)) == source
    start = data.draw(st.integers(0, len(middle)))
    end = data.draw(st.integers(start, len(middle)))
    low, high = back(first, start, end)
    assert 0 <= low <= high <= len(source)
    untouched = all(change.end + 1 <= low or change.start >= high + 1 for change in first)
    if untouched:
        assert source[low:high] == middle[start:end]
