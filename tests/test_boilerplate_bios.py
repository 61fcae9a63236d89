"""What is told about the author behind the article goes; what the article itself tells about people stays."""

from __future__ import annotations

import pytest

from tests.test_boilerplate import LONG, clean

BODY = "\n\n".join(f"{LONG[:-1]} on day {day}." for day in range(4))
TOLD = "Ann Example covers bridges and rivers for the Harbour Post and lives on a boat."


def page(*behind: str, byline: str = "By Ann Example | 3 May 2024") -> str:
    return "\n\n".join(["A bridge that nobody wanted", byline, BODY, *behind])


@pytest.mark.parametrize(
    ("behind", "gone"),
    [
        ([TOLD], [TOLD]),
        ([f"Our reporter {TOLD}", "Related articles"], [f"Our reporter {TOLD}"]),
        (
            ["Ann Example", "Editor at large", TOLD, "Before that Ann sold ferry tickets for eleven years.", "Related articles"],
            ["Ann Example\n", "Editor at large", TOLD, "Before that Ann"],
        ),
    ],
)
def test_what_is_told_about_the_author_goes(behind: list[str], gone: list[str]) -> None:
    doc = clean(page(*behind))
    assert doc.meta["authors"] == ["Ann Example"]
    for text in gone:
        assert text not in doc.text
    assert BODY in doc.text


@pytest.mark.parametrize(
    "behind",
    [
        ["Bo Other covers bridges and rivers for the Harbour Post and lives on a boat."],  # who is not the author
        [TOLD, f"{LONG[:-1]} ever since."],  # the article goes on
        ["Nobody in the harbour office of the whole county knows Ann Example, who wrote this down."],  # not its first words
        ["“Ann Example covers bridges and rivers for the Harbour Post and lives on a boat,” said Bo Other."],
        [f"The mayor thanked Example for this. {LONG}", TOLD],  # the article speaks of its author
    ],
)
def test_what_the_article_tells_stays(behind: list[str]) -> None:
    assert all(text in clean(page(*behind)).text for text in behind)


def test_a_line_that_was_cut_off_goes_where_the_next_one_says_it_whole() -> None:
    whole = "Workers lift the last of the old steel ropes from the river at noon"
    cut = "Workers lift the last of the old …"
    doc = clean("\n\n".join(["A bridge that nobody wanted", BODY, cut, whole, f"{LONG[:-1]} at last."]))
    assert cut not in doc.text
    assert whole in doc.text
    other = "Workers leave …"  # a few words are said twice for a reason
    assert other in clean(f"A bridge that nobody wanted\n\n{BODY}\n\n{other}\n\nWorkers leave the bank.\n\n{LONG}").text
