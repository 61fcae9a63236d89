"""Where readers begin to speak: a line that counts answers and names the article."""

from __future__ import annotations

import pytest

from cleanup import clean

TITLE = "Harbour wall will be raised before winter"
ARTICLE = [
    "The council has decided to raise the harbour wall by forty centimetres before the first storms of the winter arrive.",
    "The work costs two million and is paid for by the state, the mayor told a meeting of residents on Thursday evening.",
]
READERS = [
    "Ann Lee",
    "High time, too. My cellar was under water three times last year, and nobody from the town hall ever came to look at it.",
    "And the pumps that we were promised stand in a depot at the other end of the county, where they have never been used.",
    "They should have done it ten years ago, when the old wall was repaired at the other end and all the machines were here.",
]


@pytest.mark.parametrize(
    "heading",
    [
        f"3 responses to “{TITLE}”",
        f"12 Comments on {TITLE}",
        f"2 Gedanken zu „{TITLE}“",
        f"4 commentaires sur « {TITLE} »",
        f"7 respuestas a “{TITLE}”",
        f"「{TITLE}」への2件のフィードバック",
        f"对《{TITLE}》的2条评论",
        f"“{TITLE}”에 대한 3개의 댓글",
    ],
)
def test_what_readers_say_goes(heading: str) -> None:
    assert clean("\n\n".join([TITLE, *ARTICLE, heading, *READERS])) == "\n\n".join([TITLE, *ARTICLE])


@pytest.mark.parametrize(
    "heading",
    [
        f"Part 2: {TITLE}",
        f"Responses to “{TITLE}” have been many since it was printed on page 3 of Friday's paper, and these are some of them.",
        "3 responses to a flood",
    ],
)
def test_an_article_goes_on_under_other_headings(heading: str) -> None:
    text = "\n\n".join([TITLE, *ARTICLE, heading, *READERS[1:]])
    assert clean(text) == text


def test_a_title_alone_is_no_article() -> None:
    text = "\n\n".join([TITLE, f"3 responses to “{TITLE}”", *READERS[1:]])
    assert READERS[1] in clean(text)
