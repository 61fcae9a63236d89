"""`cleanup corrupt`: what each recipe does, and that it does the same every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleanup.document import Document
from cleanup.errors import CleanupError
from cleanup.evaluate import misread, residue, spinner
from cleanup.evaluate.copies import WORD
from cleanup.evaluate.corrupt import RECIPES, corrupt

ENGLISH = (
    "Harbour café reopens\n\nThe café at the old harbour opens again after a long winter, the owner said on Monday. "
    "Many people helped with the work because the company had little money.\n\n"
    "“We want to show what a small town is able to do,” she told visitors. New jobs are expected in the spring.\n\n"
    "The city will decide on the second part of the project in the next month."
)
RUSSIAN = "Кафе открылось\n\nСтарое кафе у порта снова открылось после долгой зимы.\n\nЖители города помогали с ремонтом."


def one(recipe: str, text: str = ENGLISH, language: str = "en", **options: object) -> dict:
    (record,) = corrupt([Document("d", text, meta={"language": language})], recipe, **options)  # type: ignore[arg-type]
    return record


def test_record_has_the_fields_of_the_contract() -> None:
    record = one("boilerplate")
    assert list(record) == ["id", "text", "clean", "edits", "recipe", "language"]
    assert set(record["edits"][0]) == {"start", "end", "before", "after"}
    assert record["recipe"] == "boilerplate"


@pytest.mark.parametrize("recipe", RECIPES)
def test_same_seed_same_record_other_seed_another(recipe: str) -> None:
    first = [one(recipe, seed=seed)["text"] for seed in range(6)]
    again = [one(recipe, seed=seed)["text"] for seed in range(6)]
    assert first == again
    assert len(set(first)) > 1
    assert all(text != ENGLISH for text in first)


def test_records_do_not_depend_on_their_neighbours() -> None:
    docs = [Document(f"d{number}", ENGLISH) for number in range(4)]
    together = list(corrupt(docs, "near,boilerplate", seed=5))
    assert [next(corrupt([doc], "near,boilerplate", seed=5)) for doc in docs] == together


@pytest.mark.parametrize("wrong", [*misread.SINGLE, *misread.MULTI])
def test_every_misreading_pair_makes_mojibake(wrong: str) -> None:
    texts = [
        ENGLISH,
        RUSSIAN,
        "港トンネルを閉じる\n工事は六週間かかる見込みだ",
        "A cidade não decidiu\nA reunião é amanhã às três",
    ]
    made = [text for text in texts if one(f"mojibake:{wrong}", text)["text"] != text]
    assert made, wrong


def test_double_mojibake_is_the_single_one_misread_again() -> None:
    once, twice = one("mojibake:windows-1252")["text"], one("mojibake:windows-1252x2")["text"]
    assert "cafÃ©" in once
    assert "cafÃƒÂ©" in twice


def test_wrong_encoding_says_which() -> None:
    record = one("encoding", RUSSIAN, "ru")
    assert record["encoding"] in misread.LEGACY["ru"]
    assert record["declared"] != record["encoding"]
    line = record["text"].split("\n")[0]
    assert line.encode(misread.CODECS[record["declared"]]).decode(misread.CODECS[record["encoding"]]) == "Кафе открылось"


def test_entities_by_style() -> None:
    text = "Müller & Söhne"
    assert one("entities:named", text)["text"] == "M&uuml;ller &amp; S&ouml;hne"
    assert one("entities:decimal", text)["text"] == "M&#252;ller &#38; S&#246;hne"
    assert one("entities:double", text)["text"] == "M&amp;uuml;ller &amp;amp; S&amp;ouml;hne"


@pytest.mark.parametrize("language", residue.languages())
def test_boilerplate_only_adds_whole_lines_in_the_language(language: str) -> None:
    record = one(f"boilerplate:{language}", rate=1.0)
    kept = [line for line in record["text"].split("\n") if line.strip()]
    for line in ENGLISH.split("\n"):
        assert not line or line in kept
    assert len(kept) > len([line for line in ENGLISH.split("\n") if line])
    assert all(not edit["after"] for edit in record["edits"])


def test_residue_templates_can_all_be_filled() -> None:
    import random

    for language in residue.languages():
        for zone in (*residue.ZONES, "lead", "close"):
            for template in residue.pool()[language][zone]:
                assert "{" not in residue._filled(template, language, random.Random(1))


def test_spin_reaches_its_rate_with_one_choice_per_form(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    table.write_text(
        "spun\toriginal\tcount\ngigantic\tbig\t3\nenormous\tbig\t1\n# note\ntownship\ttown\t1\nas of late\ttoday\t1\n"
    )
    text = "Big town. A big town is big today. BIG TOWN"
    record = one("spin", text, rate=1.0, spin_table=table)
    made = record["text"]
    assert "town " not in made.lower().replace("township", "")
    assert "as of late" in made
    assert len({word for word in ("gigantic", "enormous") if word in made}) == 1
    words = WORD.findall(ENGLISH)
    half = one("spin", rate=0.2)
    changed = sum(len(WORD.findall(edit["after"])) for edit in half["edits"])
    assert 0.15 < changed / len(words) < 0.4


def test_near_changes_about_its_rate() -> None:
    words = len(WORD.findall(ENGLISH))
    few, many = len(one("near", rate=0.05)["edits"]), len(one("near", rate=0.3)["edits"])
    assert 0.03 * words <= few <= 0.07 * words
    assert many > 3 * few


def test_excerpt_and_truncate_keep_a_piece() -> None:
    text = one("excerpt", rate=0.5)["text"]
    assert text in ENGLISH
    assert 0.25 < len(text) / len(ENGLISH) < 0.75
    cut = one("truncate", rate=0.5)
    assert len(cut["edits"]) == 1
    assert ENGLISH.startswith(cut["text"][: cut["edits"][0]["start"]])


def test_reprint_keeps_the_body_between_a_new_head_and_tail() -> None:
    text = one("reprint")["text"]
    body = ENGLISH.split("\n\n", 1)[1]
    assert body in text
    assert not text.startswith("Harbour café")
    assert not text.endswith(body)


def test_ascii_has_no_mojibake_and_says_so() -> None:
    record = one("mojibake", "Plain ASCII, nothing else.")
    assert record["recipe"] == ""
    assert record["edits"] == []
    assert record["text"] == record["clean"]


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("mojibak", "unknown recipe"),
        ("near:x", "no variants"),
        ("boilerplate:xx", "no lines in 'xx'"),
        ("mojibake:utf-9", "unknown encoding"),
        ("entities:roman", "unknown style"),
    ],
)
def test_unknown_names_are_refused(recipe: str, message: str) -> None:
    with pytest.raises(CleanupError, match=message):
        one(recipe)


def test_a_broken_table_is_refused_with_its_line(tmp_path: Path) -> None:
    table = tmp_path / "t.tsv"
    table.write_text("big\tlarge\nno tab here\n")
    with pytest.raises(CleanupError, match=r"t\.tsv:2"):
        spinner.load(table)
    with pytest.raises(CleanupError, match="No such file"):
        spinner.load(tmp_path / "absent.tsv")
