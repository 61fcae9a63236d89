"""Headlines of plain text: over short lines, too; never a byline or a sentence of an article whose headline was taken out."""

from __future__ import annotations

import pytest

from cleanup.document import Document
from cleanup.pipeline import Pipeline

PIPELINE = Pipeline(stages=["boilerplate"])
LONG = (
    "The council voted on Tuesday night to build a bridge over the river, after two years of talks with the towns on both banks."
)
SHORT = "Wash the barley until the water runs clear.\nSlice the leeks and sweat them.\n2 eggs\nTaste it and serve it with bread."


def title(text: str) -> object:
    doc = Document(id="x", text=text)
    PIPELINE.map([doc])
    return doc.meta.get("title")


@pytest.mark.parametrize(
    "head", ["Lemon barley soup", "Суп из перловки", "レモンと麦のスープ", "¿Quién teme a la sopa?", "The soup of 1931!"]
)
def test_a_headline_over_short_lines_is_found(head: str) -> None:
    assert title(f"{head}\n{SHORT}") == head


def test_of_what_stands_before_short_lines_the_headline_is_found() -> None:
    menu = "Skip to main content\nHome\nNews\nSport\nWeather\nKitchen garden"
    assert title(f"{menu}\nLemon barley soup for four\n{SHORT}") == "Lemon barley soup for four"


@pytest.mark.parametrize("head", ["By Ann Example", "Von Erika Mustermann", "Di Anna Prova", "Ann Example", "AFP"])
@pytest.mark.parametrize("body", [f"{LONG}\n{LONG[4:]}", SHORT], ids=["long", "short"])
def test_a_byline_without_a_headline_is_none(head: str, body: str) -> None:
    assert title(f"{head}\n{body}") is None


@pytest.mark.parametrize(
    "head", ["Wash the leeks,", "18.00 The soup of the day", "The soup is the one that my aunt made on Mondays."]
)
def test_a_line_of_an_article_is_no_headline(head: str) -> None:
    assert title(f"{head}\n{SHORT}") is None


def test_a_short_sentence_may_be_a_headline() -> None:
    assert title(f"He came. He saw.\n{LONG}\n{LONG[4:]}") == "He came. He saw."
    assert title(f"He came to the mill and he saw that it was gone.\n{LONG}\n{LONG[4:]}") is None
