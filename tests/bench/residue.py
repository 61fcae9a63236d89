"""Already extracted text with labelled lines, made from pages with a gold body: what the boilerplate stage is measured on.

`main` is what a fast extractor calls the main text, `all` the dump of the whole page (both by resiliparse). A line is content
(C) when the gold body contains it, title (T), byline (Y) when it names an author of the page, else boilerplate (B).
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import Literal

import msgspec
from data import Page, aeb, news

Kind = Literal["main", "all"]
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")


class Sample(msgspec.Struct):
    """One page as plain text. `site` decides the half: 0 is for fitting, 1 for reporting."""

    page: Page
    set: Literal["news", "aeb", "more"]
    site: str
    texts: dict[str, str]

    @property
    def half(self) -> int:
        """0 or 1, by the hash of the site."""
        return int(hashlib.sha256(self.site.encode()).hexdigest(), 16) % 2


@cache
def samples() -> list[Sample]:
    """All pages of both sets; empty where the data or resiliparse is absent."""
    try:
        from resiliparse.extract.html2text import extract_plain_text
        from resiliparse.parse.encoding import bytes_to_str, detect_encoding
    except ImportError:
        return []
    found = []
    for name, pages in (("news", news()), ("aeb", aeb())):
        for page in pages:
            html = bytes_to_str(page.html, detect_encoding(page.html))
            texts = {"main": extract_plain_text(html, main_content=True), "all": extract_plain_text(html, main_content=False)}
            site = page.id.split("_")[1] if name == "news" else re.sub(r"^https?://(www\.)?", "", page.url or "").split("/")[0]
            title = page.title or _html_title(html)
            page = msgspec.structs.replace(page, html=b"", title=title)
            found.append(Sample(page, "news" if name == "news" else "aeb", site, texts))
    return found


def _html_title(source: str) -> str:
    """The headline by the page's own head, for pages whose gold has none."""
    import html

    for pattern in (r"<meta[^>]+og:title[^>]+content=\"([^\"]+)", r"<title[^>]*>([^<]+)"):
        if match := re.search(pattern, source, re.IGNORECASE):
            return html.unescape(match[1]).strip()
    return ""


def tokens(text: str) -> list[str]:
    """Words, case folded; one character each in scripts without spaces."""
    return _TOKEN.findall(text.casefold())


class Gold:
    """The gold body of a page, for labelling lines."""

    def __init__(self, page: Page) -> None:
        paragraphs = [tokens(paragraph) for paragraph in page.body]
        flat = [token for paragraph in paragraphs for token in paragraph]
        self._flat = " " + " ".join(flat) + " "
        self._paragraphs = {" ".join(paragraph) for paragraph in paragraphs}
        self._grams = set(zip(flat, flat[1:], flat[2:], flat[3:], strict=False))
        self._title = " ".join(tokens(page.title or ""))
        self._names = [" ".join(tokens(name)) for name in page.authors]

    def label(self, line: str) -> str:
        """C, T, Y or B."""
        found = tokens(line)
        if not found:
            return "B"
        text = " ".join(found)
        if self._is_title(text, len(found)):
            return "T"
        if text not in self._paragraphs and len(found) <= 14 and any(f" {name} " in f" {text} " for name in self._names if name):
            return "Y"
        if text in self._paragraphs or f" {text} " in self._flat:
            return "C"
        grams = list(zip(found, found[1:], found[2:], found[3:], strict=False))
        return "C" if len(found) >= 6 and sum(gram in self._grams for gram in grams) >= 0.6 * len(grams) else "B"

    def _is_title(self, text: str, count: int) -> bool:
        title = self._title
        if not title or text == title:
            return bool(title)
        return count >= 4 and (
            (text in title and len(text) > 0.6 * len(title)) or (title in text and len(title) > 0.6 * len(text))
        )


def f1(found: list[str], gold: list[str]) -> float:
    """Token F1 of two bags of words."""
    from collections import Counter

    common = sum((Counter(found) & Counter(gold)).values())
    return 2 * common / (len(found) + len(gold)) if found or gold else 1.0
