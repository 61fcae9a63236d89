"""HTML to the article: text, metadata, kinds of pages, hostile markup, agreement with labelled pages where they are at hand."""

from __future__ import annotations

import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanup.config import Config, override
from cleanup.document import Document, Drop, Mark
from cleanup.errors import MissingExtra
from cleanup.parse import authors, dates, hints, parse, titles
from cleanup.parse.blocks import lines
from cleanup.parse.extract import extract
from cleanup.parse.tree import parse_tree
from cleanup.pipeline import Pipeline
from tests.bench.data import aeb, news

CASES = tomllib.loads((Path(__file__).parent / "cases" / "extract.toml").read_text(encoding="utf-8"))["page"]
URL = "https://tidewater.example/x"
PROSE = "The council met late into the night, and when the vote was taken at last hardly anybody was left to hear it."


def page(html: str, url: str = URL, config: Config | None = None, **meta: str) -> Document:
    doc = Document("page", text=html, kind="html", meta={"url": url, **meta} if url else dict(meta))
    parse(doc, config or Config())
    return doc


def found(doc: Document) -> dict[str, Any]:
    return {proposal.field: proposal.value for proposal in doc.pending if isinstance(proposal, Mark)}


def drops(doc: Document) -> list[str]:
    return [proposal.rule for proposal in doc.pending if isinstance(proposal, Drop)]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_page(case: dict[str, Any]) -> None:
    html = f"<html><head></head><body>{case['html']}</body></html>" if case.get("wrap") else case["html"]
    doc = page(html)
    assert drops(doc) == ([case["drop"]] if "drop" in case else [])
    if "text" in case:
        assert doc.text.split("\n") == case["text"]
    for piece in case.get("has", ()):
        assert piece in doc.text
    for piece in case.get("lacks", ()):
        assert piece not in doc.text
    marks = found(doc)
    assert {field: marks.get(field) for field in case.get("meta", {})} == case.get("meta", {})
    assert case.get("doubt", "") in marks.get("extract_doubt", "" if "doubt" not in case else "-")


def test_title_is_the_first_line_and_stands_there_once() -> None:
    body = f"<h1>Snow in June</h1><div class='b'><h2>Snow in June</h2><p>{PROSE}</p><p>{PROSE[::-1]}</p></div>"
    html = f"<title>Snow in June - Post</title>{body}"
    assert page(html).text.split("\n") == ["Snow in June", PROSE, PROSE[::-1]]


def test_reader_metadata_wins() -> None:
    doc = page(CASES[0]["html"], date="2001-01-01")
    Pipeline(stages=[]).map([doc])
    assert doc.meta["date"] == "2001-01-01"
    assert doc.meta["url"] == URL
    assert doc.meta["authors"] == ["Ann Lee", "Tom Oyelaran"]


def test_dropped_page_is_dropped() -> None:
    doc = page(next(case["html"] for case in CASES if case.get("drop") == "extract/error-page"))
    Pipeline(stages=[]).map([doc])
    assert doc.status == "dropped"
    assert [row.rule for row in doc.ledger if row.action == "drop"] == ["extract/error-page"]


def test_without_extraction_all_visible_text_stays() -> None:
    config = override(Config(), {"parse.extract": False})
    doc = page(CASES[0]["html"], config=config)
    assert "Copyright The Tidewater Post" in doc.text
    assert "Council puts off repairs" in doc.text
    assert not drops(doc)


def test_captions_stay_where_they_are_wanted() -> None:
    config = override(Config(), {"boilerplate.captions": "keep"})
    caption = "The broken wall on Sunday morning. Photo: P. Novak"
    assert page(CASES[0]["html"], config=config).text.split("\n") == [*CASES[0]["text"][:3], caption, *CASES[0]["text"][3:]]


def test_shorter_than_wanted_is_dropped() -> None:
    html = f"<h1>Snow in June</h1><p>{PROSE}</p>"
    assert drops(page(html, config=override(Config(), {"parse.min_chars": len(PROSE) + 1}))) == ["extract/too-short"]
    assert drops(page(html, config=override(Config(), {"parse.min_chars": len(PROSE)}))) == []


def test_bytes_are_decoded_by_the_label_in_the_page() -> None:
    head = "<meta charset='windows-1252'><title>Café in der Straße</title>"
    html = f"<html><head>{head}</head><body><p>Grüße. {PROSE}</p></body></html>"
    doc = Document("b", data=html.encode("cp1252"), kind="html")
    parse(doc, Config())
    assert doc.data is None
    assert doc.text.startswith("Café in der Straße\nGrüße.")


def test_binary_fails_with_a_reason() -> None:
    doc = Document("b", data=b"%PDF-1.7\n\x00\x01\x02" * 50, kind="html")
    parse(doc, Config())
    assert doc.status == "failed"
    assert doc.error
    assert "PDF" in doc.error


def test_plain_text_is_left_alone() -> None:
    doc = Document("t", text="<p>not markup here</p>")
    parse(doc, Config())
    assert doc.text == "<p>not markup here</p>"
    assert doc.pending == []


HOSTILE = {
    "ten thousand nested tags": "<div>" * 10_000 + PROSE + "</div>" * 10_000,
    "nested inline tags": "<p>" + "<span>" * 50_000 + PROSE,
    "nested tables": "<table><tr><td>" * 3000 + PROSE,
    "unclosed tags": "<b>bold <p>para " * 3000 + PROSE,
    "a line of megabytes": "<p>" + "word " * 1_000_000 + PROSE + "</p>",
    "a tag with 200,000 attributes": "<div " + " ".join(f'a{n}="x"' for n in range(200_000)) + f">{PROSE}</div>",
    "many paragraphs": "<p>A sentence of some words here.</p>" * 70_000 + f"<p>{PROSE}</p>",
    "nested JSON-LD": '<script type="application/ld+json">' + "[" * 100_000 + f"</script><p>{PROSE}</p>",
    "control characters": f"\x00<p>\x01{PROSE}\x02\ud800</p>",
    "nothing but brackets": "<" * 100_000 + f"p>{PROSE}",
    "nothing but open comments": f"<p>{PROSE}</p>" + "<!--" * 100_000,
    "open declarations in deep nesting": f"<p>{PROSE}</p>" + "<div>" * 3000 + "<!" * 100_000 + "<b " * 100_000,
    "a byline of brackets": f'<meta name="author" content="{"(" * 200_000}"><p>{PROSE}</p>',
    "an XML declaration that lies": f'<?xml version="1.0" encoding="utf-16"?><html><body><p>{PROSE}</p></body></html>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_is_kept_whole(name: str) -> None:
    """Bounded: without the limits some of these take minutes or overflow the stack. What can be seen stays."""
    doc = page(HOSTILE[name])
    assert PROSE in doc.text
    assert doc.status == "kept"


@pytest.mark.parametrize(
    "html", ["<script>" + "var x = 1;" * 200_000, "<!--" * 100_000, "<![CDATA[" * 50_000, "<svg>" * 5000, "&nbsp;" * 100_000]
)
def test_nothing_to_see_is_a_drop(html: str) -> None:
    assert drops(page(html)) == ["extract/empty"]


PIECES = st.sampled_from(
    [
        *("<p>", "</p>", "<div class='related'>", "</div>", "<a href=x>", "</a>", "<ul><li>", "<table><tr><td>", "</table>"),
        *("<h1>", "<h2>", "<article>", "</article>", "<br>", "<script>", "</script>", "<figure><figcaption>", "<custom-tag>"),
        *("<title>", "<!--", "-->", "&lt;", "<time datetime='2024-05-03'>", "<meta property=og:title", "<form>", "<aside>"),
        *(PROSE, PROSE[::-1], "Snow in June", " ", "2024-05-03", "\x00", "\ud800"),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_markup_gives_a_document(html: str) -> None:
    """Never an exception; every line of the result is text of the page; the same again for the same page."""
    doc = page(html)
    assert doc.text == page(html).text
    assert bool(doc.text) or drops(doc)
    letters = set(re.sub(r"\W", "", html))
    assert set(re.sub(r"\W", "", doc.text)) <= letters | set("�")


def test_every_line_is_found_and_found_once() -> None:
    html = f"<div><p>{PROSE}</p><ul><li>one</li><li>two <b>three</b></li></ul>four<br>five<p>six <a href=x>seven</a></p></div>"
    seen = lines(parse_tree(html, 100).root).blocks
    assert [block.text for block in seen] == [PROSE, "one", "two three", "four", "five", "six seven"]
    assert [block.links for block in seen] == [0, 0, 0, 0, 0, 5]


DATES = {
    "2024-08-28T07:26:02-0400": "2024-08-28T07:26:02-04:00",
    "2023-04-28T17:52:31.847Z": "2023-04-28T17:52:31.847Z",
    "2024-07-17 11:21:03": "2024-07-17T11:21:03",
    "20240503": "2024-05-03",
    "1750680000000": "2025-06-23T12:00:00Z",
    "Mon, 18 Nov 2019 10:00:00 GMT": "2019-11-18T10:00:00Z",
    "2024-13-40": "",
    "yesterday": "",
}
WRITTEN = {
    "Veröffentlicht am 28. April 2023 um 17:52 Uhr": "2023-04-28T17:52",
    "May 3, 2024 3:05 pm": "2024-05-03T15:05",
    "3rd March 2021": "2021-03-03",
    "12 de octubre de 2024": "2024-10-12",
    "le 1er août 2023 à 9h05": "2023-08-01T09:05",
    "05.04.2025 - 14:20": "2025-04-05T14:20",
    "2025年1月13日 21時37分": "2025-01-13T21:37",
    "11 мая 2022": "2022-05-11",
    "Room 12 may 2 fit": "",
}


@pytest.mark.parametrize(("wording", "value"), DATES.items())
def test_machine_readable_date(wording: str, value: str) -> None:
    assert dates.iso(wording) == value


@pytest.mark.parametrize(("wording", "value"), WRITTEN.items())
def test_written_date(wording: str, value: str) -> None:
    assert dates.written(wording) == value


@pytest.mark.parametrize(
    ("wording", "value"),
    {
        "4 hours ago": "2024-05-03T08:00:00Z",
        "vor 2 Tagen": "2024-05-01",
        "hace 3 horas": "2024-05-03T09:00:00Z",
        "5分前": "2024-05-03T11:55:00Z",
    }.items(),
)
def test_relative_date_needs_the_time_of_the_crawl(wording: str, value: str) -> None:
    assert dates.relative(wording, "2024-05-03T12:00:00Z") == value
    assert dates.relative(wording, "") == ""


BYLINES = {
    "By Jane Q. Doe and John Roe, political editor": ["Jane Q. Doe", "John Roe"],
    "Von Birgit Baumann, Anna Giulia Fink und Jan Michael Marchart": [
        "Birgit Baumann",
        "Anna Giulia Fink",
        "Jan Michael Marchart",
    ],
    "Trine Juncher Jørgensen og Tôrtia Reimer-Johansen": ["Trine Juncher Jørgensen", "Tôrtia Reimer-Johansen"],
    "Par Luc Martin (avec AFP)": ["Luc Martin"],
    "By 배윤경,이상현": ["배윤경", "이상현"],
    "d.kuckelkorn@boersen-zeitung.de": [],
    "https://www.facebook.com/somebody": [],
    "Chief political correspondent": [],
    "Maria van der Berg | Correspondent": ["Maria van der Berg"],
}


@pytest.mark.parametrize(("byline", "names"), BYLINES.items())
def test_byline(byline: str, names: list[str]) -> None:
    assert authors.persons([byline]) == names


@pytest.mark.parametrize(
    ("title", "site", "plain"),
    [
        ("Storm hits coast - The Daily", "The Daily", "Storm hits coast"),
        ("The Daily | Storm hits coast", "The Daily", "Storm hits coast"),
        ("Storm hits coast – and then?", "The Daily", "Storm hits coast – and then?"),
        ("Sturm an der Küste｜Küstenblatt", "Küstenblatt", "Sturm an der Küste"),
        ("Budget 3.0 | What changes", "The Daily", "Budget 3.0 | What changes"),
    ],
)
def test_site_name_is_cut_off_the_title(title: str, site: str, plain: str) -> None:
    assert titles.strip_site(title, site, "") == plain


def test_names_of_surroundings_match_whole_words() -> None:
    assert hints.kinds("-article-related-links-") == {"related"}
    assert hints.kinds("-correlated-charts-") == frozenset()
    words = [word for kind in hints.data()["names"].values() for word in kind]
    assert all(re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", word) for word in words)
    assert {kind for kind, names in hints.data()["names"].items() if len(set(names)) < len(names)} == set()


def test_ensemble_without_its_libraries_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "readability", None)
    with pytest.raises(MissingExtra, match="ensemble"):
        page(CASES[0]["html"], config=override(Config(), {"parse.ensemble": True}))


def test_ensemble_agrees_on_a_plain_article() -> None:
    pytest.importorskip("readability")
    pytest.importorskip("resiliparse")
    assert page(CASES[0]["html"], config=override(Config(), {"parse.ensemble": True})).text.split("\n") == CASES[0]["text"]


def _f1(gold: str, text: str) -> float:
    words = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
    a, b = (Counter(words.findall(part.casefold())) for part in (gold, text))
    return 2 * (a & b).total() / max(1, a.total() + b.total())


def test_labelled_pages() -> None:
    """Every third labelled page: no article is dropped, every title is the first line, the text is the labelled one."""
    pages = [*news(), *aeb()][::3]
    if not pages:
        pytest.skip("the development data is not here")
    scores = []
    for labelled in pages:
        doc = Document(labelled.id, data=labelled.html, kind="html")
        parse(doc, Config())
        assert not drops(doc), labelled.id
        title, _, body = doc.text.partition("\n")
        assert title == found(doc)["title"]
        scores.append(_f1(labelled.text, body))
    assert sum(scores) / len(scores) > 0.965


def test_extract_keeps_the_wording_of_a_date() -> None:
    html = f"<h1>Snow in June</h1><p class='date'>Published 3 May 2024</p><p>{PROSE}</p><p>{PROSE[::-1]}</p>"
    mark = next(mark for mark in extract(html, Config()).proposals if isinstance(mark, Mark) and mark.field == "date")
    assert mark.value == "2024-05-03"
    assert mark.why["wording"] == "Published 3 May 2024"


def test_a_page_that_breaks_the_extractor_keeps_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("cleanup.parse.extract.claims", broken)
    doc = page(f"<p>{PROSE}</p>")
    assert (doc.text, doc.status) == (PROSE, "kept")
    assert "RecursionError" in found(doc)["extract_doubt"]


def test_truncated_page_is_marked() -> None:
    html = CASES[0]["html"]
    cut = page(html[: html.index("according to the harbour")])
    assert cut.text.startswith("Harbour wall gives way in night storm\n")
    assert "three fishing boats were carried off" in cut.text
    assert found(cut)["truncated"] is True
    assert "truncated" not in found(page(html))


HEADLINES = (
    "404 residents sign petition against bridge",
    "500 jobs to go at Brackwater mill",
    "Access denied: reporters barred from council meeting",
    "Forbidden fruit: the apple growers of the valley",
    "Not found: hiker still missing after five days",
    "Oops! Minister sends email to wrong man",
    "Hata: hakem kararı tartışılıyor",
)


@pytest.mark.parametrize("headline", HEADLINES)
@pytest.mark.parametrize("body", [f"<p>{PROSE}</p><p>{PROSE}</p>", "<p>Mill Lane stays closed until Friday.</p>"])
def test_a_headline_that_begins_like_an_error_is_no_error(headline: str, body: str) -> None:
    doc = page(f"<html><head><title>{headline} | Tidewater</title></head><body><h1>{headline}</h1>{body}</body></html>")
    assert drops(doc) == []


def test_an_article_about_cookie_walls_is_none() -> None:
    paragraphs = (
        "<p>The data regulator has fined two newspapers over a cookie banner that made it hard to reject tracking. "
        "Readers had to click “Accept all” or search through four menus.</p>"
        "<p>“We value your privacy, the banner said. It did not,” the commissioner remarked. Of 842 partners in the list "
        "some had ceased to exist, and nobody could say who had given consent to them.</p>"
    )
    title = "Regulator fines publisher over its banner"
    doc = page(f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{paragraphs}</article></body></html>")
    assert drops(doc) == []


def test_structured_data_of_another_article_is_not_of_this_page() -> None:
    other = '{"@type": "Article", "headline": "Ferry strike off", "author": {"name": "Sam Ellis"}, "datePublished": "2025-07-01"}'
    script = f'<script type="application/ld+json">{other}</script>'
    head = f"<title>Council approves bridge | Tidewater Post</title>{script}"
    article = f"<h1>Council approves bridge over the river</h1><p>By Jane Fox</p><p>{PROSE}</p><p>{PROSE}</p>"
    marks = found(page(f"<html><head>{head}</head><body><article>{article}</article></body></html>"))
    assert marks.get("title") == "Council approves bridge over the river"
    assert "Sam Ellis" not in str(marks)
    assert "2025-07-01" not in str(marks)
