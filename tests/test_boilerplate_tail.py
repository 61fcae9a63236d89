"""Where an article ends: what stands behind markers of comments and of other articles."""

from __future__ import annotations

from cleanup.document import Document
from cleanup.pipeline import Pipeline
from tests.test_boilerplate import LONG, clean


def test_comments_behind_a_list_of_headlines_are_no_article_that_goes_on() -> None:
    one = "I doubt that the bridge will ever be built at that price, neighbours."
    comments = f"{one}\nNobody asked us what we want, and that is not new here."
    head = f"A title\n\n{LONG}\n\n{LONG[:-1]} again.\n\n"
    doc = Document(id="x", text=f"{head}More on this topic\n\nBy Ann Lee | 3 May 2024\n\n3 comments\n\n{comments}")
    Pipeline(stages=["boilerplate"]).map([doc])
    assert "Nobody asked us" not in doc.text
    doc = Document(id="y", text=f"{head}3 comments\n\n{comments}")
    Pipeline(stages=["boilerplate"]).map([doc])
    assert "Nobody asked us" in doc.text


def test_a_long_paragraph_behind_the_headlines_under_a_marker_is_the_articles() -> None:
    goes_on = "Critics doubt the date. The ground under the eastern bank is soft, an engineer told the meeting, and the last wall"
    goes_on += (
        " that was built there, a much smaller one, took four years and cost the county three times of what it had been promised."
    )
    last = "Nobody has said so far who is to pay for a delay."
    links = "\n".join(f"Ferry line number {number}" for number in range(40))
    parts = [
        "\n\n".join(LONG[at:] for at in range(9)),
        "You may also like",
        "Fares go up in the harbour",
        goes_on,
        last,
        "More on this topic",
        links,
    ]
    found = clean("\n\n".join(parts)).text
    assert goes_on in found
    assert last in found
    assert "Ferry line" not in found
    parts[3] = "Critics doubt the date of the opening, an engineer told us."
    assert last not in clean("\n\n".join(parts)).text
