"""The development data as gold: pages for HTML input, and as text that somebody already extracted, every line labelled.

A line of extracted text is content when the article's body contains it: it is a paragraph of the body, or has at least five
words and stands in the body word for word, or six words of which most runs of four do. It is the title when it says the same as
the page's title, a byline when it is short and names an author, else boilerplate.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from functools import cache
from typing import Literal

import data
import msgspec
from data import Page

from cleanup.evaluate.align import words
from cleanup.evaluate.gold import Gold, Label
from cleanup.evaluate.residue import language_of

Set = Literal["news", "aeb"]
LEAST = 5  # words; shorter lines stand in a long text by chance
BYLINE = 14  # words
OPTIONS = {"links": False, "alt_texts": False, "form_fields": False, "noscript": False, "comments": False}


@cache
def pages(name: Set) -> tuple[Page, ...]:
    """All pages of a set; empty where the data is absent. AEB says nothing of languages: its pages get them from their body."""
    if name == "news":
        return tuple(data.news())
    return tuple(msgspec.structs.replace(page, language=language_of(page.text)) for page in data.aeb())


def site(page: Page) -> str:
    """The publisher of a page: the host of its URL, or what the file name says."""
    return re.sub(r"^https?://(www\.)?", "", page.url).split("/")[0] if page.url else page.id.split("_")[1]


def reported(page: Page) -> bool:
    """Whether the page is of the half of the sites on which figures are reported; the other half is for fitting."""
    return bool(int(hashlib.sha256(site(page).encode()).hexdigest(), 16) % 2)


def decoded(page: Page) -> str:
    """A page's HTML as text, decoded as resiliparse does it."""
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    return str(bytes_to_str(page.html, detect_encoding(page.html)))


def html_gold(name: Set) -> Iterator[Gold]:
    """Pages as gold for HTML input."""
    for page in pages(name):
        known = {"title": page.title, "authors": page.authors, "date": page.date}
        meta = {field: value for field, value in known.items() if value}
        yield Gold(id=page.id, data=page.html, kind="html", url=page.url, body=page.text, language=page.language, meta=meta)


@cache
def extracted(name: Set, *, main: bool) -> tuple[Gold, ...]:
    """Pages as plain text with labelled lines: a permissive extractor's main text, or a dump of the whole page (resiliparse)."""
    from resiliparse.extract.html2text import extract_plain_text

    found = []
    for page in pages(name):
        source = decoded(page)
        lines = [line.strip() for line in extract_plain_text(source, main_content=main, **OPTIONS).split("\n")]
        text = "\n".join(line for line in lines if line)
        labels = Labels(page, page.title or _head_title(source))
        found.append(
            Gold(
                id=page.id,
                text=text,
                lines=[labels.of(line) for line in text.split("\n")],
                body=page.text,
                language=page.language,
                url=page.url,
                stages=("boilerplate",),
            )
        )
    return tuple(found)


def _head_title(source: str) -> str:
    """The headline that the page's head gives, for pages whose gold has none."""
    for pattern in (r"<meta[^>]+og:title[^>]+content=\"([^\"]+)", r"<title[^>]*>([^<]+)"):
        if match := re.search(pattern, source, re.IGNORECASE):
            return html.unescape(match[1]).strip()
    return ""


class Labels:
    """Labels the lines of a page by what its gold says; see the module."""

    def __init__(self, page: Page, title: str) -> None:
        paragraphs = [words(paragraph) for paragraph in page.body]
        flat = [word for paragraph in paragraphs for word in paragraph]
        self.flat = f" {' '.join(flat)} "
        self.paragraphs = {" ".join(paragraph) for paragraph in paragraphs}
        self.runs = set(zip(flat, flat[1:], flat[2:], flat[3:], strict=False))
        self.title = " ".join(words(title))
        self.names = [" ".join(words(name)) for name in page.authors]

    def of(self, line: str) -> Label:
        """The label of one line."""
        found = words(line)
        text = " ".join(found)
        if self._titular(text, len(found)):
            return "title"
        if text and text in self.paragraphs:
            return "content"
        if len(found) <= BYLINE and any(name and f" {name} " in f" {text} " for name in self.names):
            return "byline"
        if len(found) >= LEAST and f" {text} " in self.flat:
            return "content"
        runs = list(zip(found, found[1:], found[2:], found[3:], strict=False))
        close = len(found) > LEAST and sum(run in self.runs for run in runs) >= 0.6 * len(runs)
        return "content" if close else "boilerplate"

    def _titular(self, text: str, count: int) -> bool:
        title = self.title
        if not title or text == title:
            return bool(title)
        return count >= 4 and (
            (text in title and len(text) > 0.6 * len(title)) or (title in text and len(title) > 0.6 * len(text))
        )


def bodies() -> Iterator[tuple[str, str, str]]:
    """(id, language, text) of every article's body in both sets: clean text that nothing may change."""
    for name in ("news", "aeb"):
        for page in pages(name):
            yield page.id, page.language, page.text


ENCODINGS = {
    **dict.fromkeys(
        ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "fi", "no", "is", "id"),
        ("utf-8", "windows-1252", "iso-8859-1", "utf-16le"),
    ),
    **dict.fromkeys(("ru", "uk", "bg"), ("utf-8", "windows-1251", "koi8-r", "cp866", "utf-16le")),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro"), ("utf-8", "windows-1250", "iso-8859-2")),
    "el": ("utf-8", "windows-1253"),
    "ar": ("utf-8", "windows-1256"),
    "tr": ("utf-8", "windows-1254"),
    "lt": ("utf-8", "windows-1257"),
    "he": ("utf-8", "windows-1255"),
    "vi": ("utf-8", "utf-16le"),
    "ja": ("utf-8", "shift_jis", "euc-jp", "iso-2022-jp", "utf-16le"),
    "zh": ("utf-8", "gb18030", "utf-16le"),
    "ko": ("utf-8", "euc-kr", "utf-16le"),
}


def encoded(per_language: int = 6) -> Iterator[tuple[str, str, str, bytes, str]]:
    """(language, encoding, line | paragraph | document, bytes, exact text) from the bodies, with letters outside ASCII."""
    taken: dict[str, int] = {}
    for _, language, text in bodies():
        lines = [line for line in text.split("\n") if sum(char.isalpha() and char > "\x7f" for char in line) >= 3]
        if language not in ENCODINGS or not lines or taken.get(language, 0) >= per_language:
            continue
        taken[language] = taken.get(language, 0) + 1
        pieces = {"line": lines[0][:80], "paragraph": max(lines, key=len), "document": text}
        for size, piece in pieces.items():
            for name in ENCODINGS[language]:
                try:
                    raw = piece.encode(name)
                except UnicodeEncodeError:
                    continue
                if any(char.isalpha() and char > "\x7f" for char in piece):
                    yield language, name, size, raw, piece
