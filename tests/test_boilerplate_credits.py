"""Captions by their credits, in whatever form, and links that begin alike: on pages with residue, rules and structure alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleanup.config import Config, override
from cleanup.document import Document
from cleanup.pipeline import Pipeline

WITHOUT_SCORER = Pipeline(config=override(Config(), {"stages": ("boilerplate",), "boilerplate.scorer": False}))
PROSE = "The town has voted for a new wall along the harbour, and the work on it is to begin in the spring of next year, it says."
BEFORE, BEHIND = (PROSE, PROSE[4:], PROSE[9:]), (PROSE[14:], PROSE[18:], PROSE[22:])


def kept(*lines: str) -> list[str]:
    """Which of some lines of an article stay on a page that has residue around it, each between paragraphs."""
    inside = "\n\n".join(f"{line}\n\n{PROSE[at + 1 :]}" for at, line in enumerate(lines))
    text = "\n\n".join(("A wall for the harbour", *BEFORE, inside, *BEHIND, "Share this article", "Advertisement"))
    doc = Document(id="x", text=text)
    WITHOUT_SCORER.map([doc])
    assert "Share this article" not in doc.text
    assert all(paragraph in doc.text for paragraph in (*BEFORE, *BEHIND))
    return [line for line in lines if line in doc.text.split("\n")]


@pytest.mark.parametrize(
    "line",
    [
        "Workers mend the roof of the market hall in Hollis on May 3, 2019.J. Ann Example / AP file",
        "The road to the pass is not easy.Ann Example/Getty",
        "A herder near the well in the morning. Reuters",
        "Stacked crates in the yard of the brewery on Friday. The Associated Press",
        "Two boats lie on the beach after the storm. Ann Example for The Daily Example | AFP",
        "Die Brücke ist seit Montag gesperrt. Max Beispiel/dpa",
        "Der Turm am Abend nach dem Regen. picture alliance",
        "Le pont est fermé depuis lundi matin. Anne Exemple / Hans Lucas",
        "El puente sigue cerrado desde el lunes. Europa Press",
        "Il ponte resta chiuso da lunedì mattina. Anna Prova / LaPresse",
        "De brug is sinds maandag dicht voor verkeer. Hollandse Hoogte",
        "Most jest zamknięty od poniedziałku rano. Jan Przykład / Agencja Wyborcza.pl",
        "Мост закрыт с утра понедельника для машин. РИА Новости",
        "다리는 월요일 아침부터 막혀 있다. 뉴시스",
        "시장이 다리 앞에서 인사하고 있다. 로이터연합뉴스",
        "The stunning leaves of the plant are a gift for any kitchen (",
        "EPA The mayor and her deputy at the gate of the townhallEPA",
        "Getty Images A woman looks at the sea from the new wallGetty Images",
    ],
)
def test_a_caption_is_told_by_its_credit(line: str) -> None:
    assert kept(line) == []


def test_credits_of_many_countries_go() -> None:
    lines = (Path(__file__).parent / "cases" / "boilerplate_captions.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#") and kept(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "The wall is to be finished next year, a spokesman told Reuters.",
        "That is what the mayor said to Ann Example of the AP",
        "This is what happened in Leeds. Then the rain came",
        "“It was the best day of my life.” Ann Example, baker",
        "The story of the wall. And What Comes Next",
        "It is over. What Now for Hollis United",
        "Now it is over. Time for change",
        "He was born in St. Louis",
        "The winner is no. 7. Ann Example",
        "She scored twice vs. Leeds United",
        "The talks were held in Washington D.C. United States",
        "Three of them came late: Ann Example, Bo Sample and Eve Model",
        "Er kommt aus dem Norden. Sein Bruder auch",
        "Der Sommer ist vorbei. Zeit für Veränderung",
        "Das sagte sie der dpa am Montag in Berlin",
        "Sie siegten am 3. Oktober",
        "Il est né le 1er mai. Sa mère aussi",
        "Así lo dijo a Reuters el lunes por la mañana",
        "La storia del ponte. Cosa resta",
        "Он родился в марте. Его брат тоже",
        "그는 연합뉴스에 그렇게 말했다.",
        "彼は共同通信にそう話した。",
        "The wall costs 3 million (or more)",
        "Three may play on Sunday: Lee/Ek/Roe",
        "BBC and others will show the match on the BBC",
        "A question of law | What the judge said",
    ],
)
def test_a_line_of_the_article_stays(line: str) -> None:
    assert kept(line) == [line]


def test_names_behind_most_paragraphs_are_those_of_writers() -> None:
    letters = [
        f"The wall is far too high for the {of} of the town and will never be built. Ann Example / Lusa" for of in "abcdefghijk"
    ]
    assert kept(*letters) == letters


def test_links_that_begin_alike_go_where_there_are_three_of_them() -> None:
    links = [f"SOMA FUTHI LAPHA | {name} is built at last in the north of Hollis" for name in ("Wall", "Bridge", "Tower")]
    assert kept(*links) == []
    assert kept(*links[:2]) == links[:2]


def test_rows_of_a_table_stay() -> None:
    rows = "\n".join(f"Hollis Town | {number} points in the first half of the year" for number in range(5))
    doc = Document(id="x", text="\n\n".join((*BEFORE, rows, *BEHIND, "Share this article")))
    WITHOUT_SCORER.map([doc])
    assert rows in doc.text


def test_two_photographers_of_one_paper_are_credits() -> None:
    one, two = (
        f"A sign stands along the desert road south of the {of}. {name} for Horizon News"
        for of, name in (("port", "Ann Example"), ("town", "Bo Sample"))
    )
    assert kept(one, two) == []
    assert kept(one) == [one]


def test_the_paragraph_above_a_description_and_its_credit_stays() -> None:
    shown = "A man walks along the harbour wall.\nThe wall at noon on Monday. Credit: Example News"
    doc = Document(id="x", text="\n\n".join((*BEFORE, f"{PROSE[26:]}\n{shown}", *BEHIND, "Share this article")))
    WITHOUT_SCORER.map([doc])
    assert PROSE[26:] in doc.text
    assert "noon" not in doc.text
    assert "walks" not in doc.text


ARTICLE = [
    "A bridge for both towns after years",
    "The council voted on Tuesday night to build a bridge over the river, after two years of talks with the towns on both banks.",
    "Nobody spoke against it in the end, although half of the members had been against it in the spring, for want of money.",
]
LAST = "The first stone is to be laid in May, and the ferry will go on until the bridge opens."


def cleaned(text: str) -> str:
    doc = Document(id="x", text=text)
    WITHOUT_SCORER.map([doc])
    return doc.text


@pytest.mark.parametrize("agency", ["(AFP)", "(dpa)", "(©NTB)", "/AFP", "(Reuters)"])
def test_the_agency_behind_the_last_paragraph_sent_the_article(agency: str) -> None:
    text = "\n".join([*ARTICLE, f"{LAST} {agency}"])
    assert cleaned(text) == text


def test_a_digest_of_what_agencies_sent_stays() -> None:
    text = "\n".join([ARTICLE[0], *(f"{paragraph} (dpa)" for paragraph in (*ARTICLE[1:], LAST))])
    assert cleaned(text) == text


def test_a_caption_between_paragraphs_goes_though_the_article_ends_so_too() -> None:
    caption = "Workers stand at the gate of the harbour on Monday morning. (AFP)"
    lines = [*ARTICLE[:2], caption, ARTICLE[2], f"{LAST} (AFP)"]
    assert cleaned("\n".join(lines)).split("\n") == [line for line in lines if line != caption]
