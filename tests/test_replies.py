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


@pytest.mark.parametrize(
    "heads",
    [
        ["Ann Lee on September 12, 2018 at 4:47 pm said:", "• Bo on September 13, 2018 at 11:02 am said:"],
        ["1. Ann Lee says:\n\nMay 3, 2024 at 4:47 pm", "2. bo77 says:\n\nMay 4, 2024 at 11:02 am"],
        ["Ann Lee am 3. Mai 2024 um 16:47 Uhr sagte:", "Bo sagt:\n\n4. Mai 2024 um 11:02"],
        ["Ann Lee, le 3 mai 2024 à 16h47 a dit :", "Bo, le 4 mai 2024 à 11h02 a dit :"],
        ["Ann Lee a dit :\n\n3 mai 2024 à 16h47", "Bo a dit :\n\n4 mai 2024 à 11h02"],
        ["Анна говорит:\n\n03.05.2024 в 16:47", "Борис говорит:\n\n04.05.2024 в 11:02"],
        ["Annより:\n\n2024年5月3日 16:47", "Boより:\n\n2024年5月4日 11:02"],
    ],
)
def test_what_each_reader_said_when_goes(heads: list[str]) -> None:
    said = [part for pair in zip(heads, READERS[1:], strict=False) for part in pair]
    text = "\n\n".join([TITLE, *ARTICLE])
    assert clean("\n\n".join([text, *said, READERS[3]])) == text


@pytest.mark.parametrize(
    "heads",
    [
        ["Ann Lee on September 12, 2018 at 4:47 pm said:"],  # one reader, whom the article may quote
        ["On September 12, 2018, at 4:47 pm, Ann Lee wrote:", "On September 13, 2018, at 11:02 am, Bo Ek wrote:"],  # letters
        ["September 12, 2018, 4:47 pm, the mayor says:", "September 13, 2018, 11:02 am, the council says:"],  # what happened when
        ["Ann Lee says:", "Bo Ek says:"],
    ],
)
def test_an_article_quotes_who_said_what(heads: list[str]) -> None:
    said = [part for pair in zip(heads, READERS[1:], strict=False) for part in pair]
    text = "\n\n".join([TITLE, *ARTICLE, *said, READERS[3]])
    assert clean(text) == text
