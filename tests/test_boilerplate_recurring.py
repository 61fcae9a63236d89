"""What stands again and again on a page: texts of pictures, advertisements, counters of galleries; and what only looks so."""

from __future__ import annotations

from cleanup.document import Document
from cleanup.pipeline import Pipeline

PIPELINE = Pipeline(stages=["boilerplate"])
SHARE = "Share this article"
PARAGRAPHS = [
    "The council voted on Tuesday night to build a bridge over the river, after two years of talks with the towns on both banks.",
    "Nobody spoke against it in the end, although half of the members had been against it in the spring, for want of money.",
    "The first stone is to be laid in May, and the ferry, which has crossed the river for 140 years, will go on until it opens.",
    "Whoever owns a boat may keep it, said the mayor, and whoever owns a horse may ride it over the bridge, which is to be free.",
]
PICTURE = "Towns on both banks are to have a bridge at last image"


def cleaned(lines: list[str]) -> list[str]:
    doc = Document(id="one", text="\n".join(lines))
    PIPELINE.map([doc])
    return doc.text.split("\n")


def between(line: str, times: int) -> list[str]:
    """The article, with a line behind each of its first paragraphs."""
    return ["A bridge for both towns"] + [
        one for at, text in enumerate(PARAGRAPHS) for one in ([text, line] if at < times else [text])
    ]


def test_the_text_of_a_picture_that_stands_beside_paragraphs_three_times_goes() -> None:
    assert cleaned([*between(PICTURE, 3), SHARE]) == between("", 0)
    assert cleaned([*between(PICTURE, 2), SHARE]) == between(PICTURE, 2)


def test_a_sentence_a_label_and_a_list_item_that_recur_stay() -> None:
    for line in (
        "And that is why we say that we want no bridge.",
        "The mayor of the town",
        "• A bridge for the towns on both banks",
    ):
        assert cleaned([*between(line, 3), SHARE]) == between(line, 3)


def test_the_refrain_of_a_song_stays() -> None:
    song = ["Over the river and over the bridge we go", "by day", "Over the river and over the bridge we go", "by night"] * 3
    assert cleaned([*song, *PARAGRAPHS, SHARE]) == [*song, *PARAGRAPHS]


def test_a_number_behind_captions_counts_pictures_and_one_in_a_table_is_a_value() -> None:
    captions = [one for at in range(3) for one in (PARAGRAPHS[at], f"The bridge as it will look like from bank {'abc'[at]}", "6")]
    assert "6" not in cleaned(["A bridge for both towns", *captions, PARAGRAPHS[3], SHARE])
    for names in (
        ("Town", "Village", "Farm"),
        ("Votes for it in the town", "Votes for it in the village", "Votes of all the farms"),
    ):
        table = [one for name in names for one in (name, "6")]
        assert cleaned(["A bridge for both towns", *PARAGRAPHS, *table, PARAGRAPHS[0], SHARE])[-7:] == [*table, PARAGRAPHS[0]]
