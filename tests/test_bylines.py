"""Who wrote a text and when, told from the lines around it: bylines, names alone, signatures, notes about authors."""

from __future__ import annotations

import pytest

from cleanup.document import Document
from cleanup.pipeline import Pipeline
from cleanup.rules import built_in
from cleanup.stages.boilerplate_lines import Page
from cleanup.stages.boilerplate_metadata import Vocabulary
from cleanup.stages.boilerplate_rules import load
from cleanup.stages.boilerplate_structure import Verdict
from cleanup.stages.boilerplate_titles import title

PIPELINE = Pipeline(stages=["boilerplate"])
LONG = (
    "The council voted on Tuesday night to build a bridge over the river, after two years of talks with the towns on both banks."
)
MORE = "Nobody spoke against it in the end, although half of the members had been against it in the spring, for want of money."
NAVIGATION = [f"• Section {number}" for number in range(40)]


def meta(lines: list[str]) -> dict[str, object]:
    doc = Document(id="one", text="\n".join(lines))
    PIPELINE.map([doc])
    return doc.meta


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(load([built_in()]).words)


HEADS = {
    "a name beside the date": (["Ann Example", "3 May 2024"], ["Ann Example"]),
    "two names, a line each": (["Ann Example", "Bo Sample", "3 May 2024"], ["Ann Example", "Bo Sample"]),
    "the name twice in a line": (["Ann Example Ann Example", "3 May 2024"], ["Ann Example"]),
    "a role glued to the name": (["Ann ExampleLifestyle Writer", "3 May 2024"], ["Ann Example"]),
    "a role in the next line": (["Ann Example", "Political Correspondent"], ["Ann Example"]),
    "the subject of the article in front of the role": (["Ann Example Bridge Editor", "3 May 2024"], ["Ann Example"]),
    "a handle glued to the name": (["Ann Example@annexample", "3 May 2024"], ["Ann Example"]),
    "particles": (["Ann van der Example", "3 May 2024"], ["Ann van der Example"]),
    "names after By": (["By", "• Ann Example0,", "• Bo Sample"], ["Ann Example", "Bo Sample"]),
    "an agency alone": (["AFP", "3 May 2024"], ["AFP"]),
    "a person beside an agency": (["Reuters, Ann Example", "3 May 2024"], ["Ann Example"]),
    "parts with slashes": (["Ann Example / EXAMPLE.TODAY / May 3, 2024, 10:00 AM"], ["Ann Example"]),
    "a name, a hyphen and the day": (["Ann Example - Published 3 May 2024, 10:00"], ["Ann Example"]),
    "an initial that is a word, too": (["By", "Ann E. Example"], ["Ann E. Example"]),
    "the same in capitals": (["ANN E. EXAMPLE", "3 May 2024"], ["Ann E. Example"]),
    "a name with a small letter": (["Par Anne d'Exemple"], ["Anne d'Exemple"]),
    "a long name": (["Por Ana Ejemplo y Juan M. Pérez de la Cruz"], ["Ana Ejemplo", "Juan M. Pérez de la Cruz"]),
    "a handle apart from the name": (["Ann Example @annexample", "3 May 2024"], ["Ann Example"]),
    "who before when": (["Posted by Ann Example on May 3, 2024 at 10:30 am"], ["Ann Example"]),
    "who behind when": (["Publié le 03/05/2024 à 10h30 par Anne Exemple"], ["Anne Exemple"]),
    "a place behind the byline": (["Por Ana Ejemplo, g1 — São Paulo"], ["Ana Ejemplo"]),
    "an agency behind the byline": (["Von Anna Muster | dpa"], ["Anna Muster"]),
    "nobody": (["By Staff Reporter", "3 May 2024"], None),
    "nobody but what somebody is": (["di Anna Esempio", "DALLA NOSTRA CORRISPONDENTE"], ["Anna Esempio"]),
    "a label between the name and the day": (["Anne Modèle Publié le 03/05/2024 à 10:15"], ["Anne Modèle"]),
    "an office behind the byline": (["Von Anna Beispiel, ARD-Studio Rom"], ["Anna Beispiel"]),
    "who took the photographs": (["Words by Ann Example | Photographs by Bo Sample"], ["Ann Example"]),
    "labels behind a date": (["2024年05月03日 10:30 来源：新华网 作者：张小明"], ["张小明"]),
    "a label in the line before": (["作者", "张小明"], ["张小明"]),
    "a bar behind the label": (["撰文｜张小明"], ["张小明"]),
    "an ingredient": (["Für zwei", "Zwei Eier", "Rote Grütze", "Zubereitung", "Alles gut rühren"], None),
    "a button": (["Zum Livestream", "3 May 2024"], None),
    "an item of a list": (["• Get Ready", "• Bridge Building", "x", "3 May 2024"], None),
    "a body in capitals that the text is about": (["COUNCIL OFFICE", "3 May 2024", "The council office said so."], None),
}


EVENTS = {
    "a chronicle": ["The road so far", "How it came to this.", "3 May 2019", "The road opened.", "4 June 2024", "It closed."],
    "what is on": ["Three rooms", "Our choice for the winter.", "Salt", "Old Mill", "3 May | 9 June 2024", "Nets, and a film."],
    "what is on until a day": [
        "Three rooms",
        "Our choice.",
        "Salt",
        "3 May | 9 June 2024",
        "Nets.",
        "Rope",
        "Until 6 July 2024",
        "Knots.",
    ],
    "letters": [
        "Letters",
        LONG,
        "Ann Example",
        "Nobody I know has seen it since.",
        "Bo Sample",
        "The gulls still pay for their place.",
    ],
}


@pytest.mark.parametrize("name", EVENTS)
def test_days_of_events_and_their_places_say_nothing_about_the_article(name: str) -> None:
    found = meta(EVENTS[name])
    assert "date" not in found
    assert "authors" not in found


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("before", [[], NAVIGATION], ids=["alone", "in a dump"])
def test_authors_before_the_article(name: str, before: list[str]) -> None:
    lines, authors = HEADS[name]
    assert meta([*before, "A bridge for both towns after years", *lines, LONG, MORE, LONG + " Again."]).get("authors") == authors


TAILS = {
    "a name alone": (["Ann Example"], ["Ann Example"]),
    "a name behind a dash": (["— Ann Example"], ["Ann Example"]),
    "a name and initials": (["Ann Example/kra"], ["Ann Example"]),
    "a byline": (["By Ann Example"], ["Ann Example"]),
    "a byline of another article": (["Related articles", "By Ann Example"], None),
    "a sport": (["GIRLS SOCCER"], None),
    "a button": (["Enter Now"], None),
    "somebody whom the article names": (["Bo Sample"], None),
}


@pytest.mark.parametrize("name", TAILS)
def test_authors_behind_the_article(name: str) -> None:
    lines, authors = TAILS[name]
    named = f"Mayor Sample said that it was a good day. {LONG}"
    assert meta(["A bridge for both towns after years", LONG, named, MORE, *lines]).get("authors") == authors


def test_the_byline_of_the_article_goes_before_those_of_others() -> None:
    teaser = ["Related articles", "A river in flood", "Bo Sample 08.10.2025"]
    assert meta(["A bridge for both towns", "By Ann Example", LONG, MORE, *teaser])["authors"] == ["Ann Example"]


TITLES = {
    "under the menu": ["The bridge over the river that both banks wanted"],
    "over a standfirst": [
        "The bridge over the river that both banks wanted",
        "Council on Tuesday votes for talks on both banks of the river",
    ],
    "over the byline": ["The bridge over the river that both banks wanted", "By Ann Example", "3 May 2024"],
    "under a kicker": ["Local news", "The bridge over the river that both banks wanted", "3 May 2024"],
    "with the site behind it": ["The bridge over the river that both banks wanted | The Example", "3 May 2024"],
    "first of all": [],
}


@pytest.mark.parametrize("name", TITLES)
def test_the_title_is_the_line_that_fits_the_article(name: str) -> None:
    menu = [
        "Your account and settings",
        "All about our newspaper and its people",
        "Terms of use for readers",
        "Subscribe and save money",
    ]
    lines = (
        [*menu, *TITLES[name]]
        if TITLES[name]
        else ["The bridge over the river that both banks wanted", "Council votes for talks"]
    )
    assert meta([*lines, LONG, MORE, LONG + " Again."])["title"] == "The bridge over the river that both banks wanted"


@pytest.mark.parametrize(
    "line", ["3 May 2024, 10:00", "Ann Example - Published 3 May 2024", "2025年3月10日 8時15分", "입력 2025.03.18 09:05"]
)
def test_when_it_was_written_is_no_title(line: str) -> None:
    assert "title" not in meta([line, LONG, MORE])
    assert meta([f"{LONG[:40]} of {line}", LONG, MORE])["title"].endswith(line)


def test_no_title_is_better_than_a_line_of_the_menu() -> None:
    assert "title" not in meta([*NAVIGATION, LONG, MORE])


def test_a_page_of_which_all_goes_before_the_article_has_no_title_there() -> None:
    page = Page(f"Share\nPrint\nReply\nMenu\n{LONG}\n{MORE}")
    gone = {line: Verdict("boilerplate/scorer", 0.98) for line in range(4)}
    assert title(page, gone, 0.9) is None


def test_the_date_at_the_article_goes_before_the_day_of_the_visit() -> None:
    assert (
        meta(["Friday, 10 May 2024", *NAVIGATION[:20], "A bridge for both towns", "3 May 2024", LONG, MORE])["date"]
        == "2024-05-03"
    )


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        (["责任编辑：李四光", "记者：王小明"], ["王小明"]),
        (["记者：王小明", "责任编辑：李四光"], ["王小明"]),
        (["责任编辑：李四光"], ["李四光"]),
        (["[서울, 뉴스 김철수 기자 kim@example.kr]"], ["김철수"]),
        (["이상현·김혜진 기자"], ["이상현", "김혜진"]),
        (["사진=박영수 기자", "김철수 기자"], ["김철수"]),
    ],
)
def test_reporters_go_before_editors_and_photographers(lines: list[str], authors: list[str]) -> None:
    assert meta(["A bridge for both towns", LONG, MORE, *lines])["authors"] == authors


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("30.01.202430. Januar 2024", "2024-01-30"),
        ("Published Fri, Apr 28 20232:23 PM EDT", "2023-04-28"),
        ("Updated20:49, 5 Aug 2024", "2024-08-05"),
        ("By Ann Example published 19 May 2026", "2026-05-19"),
        ("06.01.2026, Lesezeit 5 Min.", "2026-01-06"),
        ("vor 3 Stundenvor 3 Stunden", "2024-05-05"),
        ("Published 3 seconds ago", "2024-05-05"),
        ("heute, 10:15 Uhr", "2024-05-05"),
        ("Stand: 03.05.2024 - 10:15 Lesezeit: 2 Min.", "2024-05-03"),
        ("3 maggio 2024 ( modifica il 3 maggio 2024 | 10:15)", "2024-05-03"),
        ("Yesterday at 10:15", "2024-05-04"),
        ("昨天 10:15", "2024-05-04"),
        ("3小时前", "2024-05-05"),
    ],
)
def test_dates_that_a_page_has_glued(vocabulary: Vocabulary, line: str, day: str) -> None:
    reading = vocabulary.read(line, "2024-05-05")
    assert reading
    assert [value.value for value in reading.values if value.field == "date"] == [day]


STUBS = {
    "a paywall behind a paragraph": ([LONG, "Subscribe to continue reading"], True),
    "an end in the middle": ([LONG, "The mayor, who had been at the river all day, ..."], True),
    "a paywall under a whole article": ([LONG, MORE] * 8 + ["Subscribe to continue reading"], None),
    "an ellipsis at the end of a whole article": ([LONG, MORE] * 8 + ["And so it went on, and on …"], None),
    "an ellipsis in speech": ([LONG, "“We will see …”"], None),
}


@pytest.mark.parametrize("name", STUBS)
def test_a_stub_is_short_and_says_or_shows_that_it_is_cut_off(name: str) -> None:
    lines, truncated = STUBS[name]
    assert meta(["A bridge for both towns", *lines]).get("truncated") is truncated


@pytest.mark.parametrize(
    "lines",
    [
        ["From: Ann Example", "Date: Tue, 3 Feb 2026 09:12:44 +0000", "", "Hi Tom,", "", LONG, MORE],
        ["3 May 2024", "Cut To:", LONG, MORE],
    ],
)
def test_who_is_spoken_to_is_no_author(lines: list[str]) -> None:
    assert "Hi Tom" not in str(meta(lines))
    assert "Cut To" not in str(meta(lines))


def test_a_line_of_a_song_is_no_breadcrumb() -> None:
    lines = ["[Chorus]", "So don't you don't you don't you go", "Don't you don't you don't you go", "No no no no", "(x4)"]
    doc = Document(id="one", text="\n".join(["[Verse 1]", "I got a suitcase full of rain (rain, rain)", "", *lines]))
    PIPELINE.map([doc])
    assert lines[1] in doc.text


@pytest.mark.parametrize(
    "lines",
    [
        ["By", "Ann Example"],
        ["Ein Kommentar von", "Anna Muster"],
        ["By Ann Example", "Senior Political Correspondent", "ann@news.example"],
        ["Por Ana Ejemplo", "Corresponsal en París"],
        ["글쓴이", "김영희"],
        ["Author of the article:", "Ann Example"],
        ["Release date:", "3 May 2024"],
        ["Originally published", "3 May 2024"],
        ["3. Mai 2024, 10:30 Uhr Quelle: dpa"],
        ["3.mai.2024 às 10h30"],
    ],
)
def test_what_stands_around_a_byline_or_a_date_goes_with_it(lines: list[str]) -> None:
    head, body = ["A bridge for both towns after years"], [LONG, MORE, LONG + " Again."]
    doc = Document(id="one", text="\n".join([*head, *lines, *body]))
    PIPELINE.map([doc])
    assert doc.text.split("\n") == [*head, *body]


def test_a_word_that_introduces_no_byline_stays() -> None:
    text = "\n".join(
        ["A bridge for both towns after years", "By", "and by the towns will grow together", LONG, MORE, LONG + " Again."]
    )
    doc = Document(id="one", text=text)
    PIPELINE.map([doc])
    assert doc.text == text
