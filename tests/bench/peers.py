"""What others do with the same input. A peer that is not installed is left out."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable

from adapters import OPTIONS, decoded
from data import Page

from cleanup.evaluate.align import words

Extract = Callable[[Page], str]
KeepLines = Callable[[list[str], str], list[bool]]  # (lines, language) -> which of them stay

STOPLISTS = {
    "en": "English", "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "no": "Norwegian_Bokmal", "tr": "Turkish",
    "id": "Indonesian", "he": "Hebrew", "is": "Icelandic", "lt": "Lithuanian", "vi": "Vietnamese", "ko": "Korean",
}  # fmt: skip


def installed(*names: str) -> bool:
    """Whether all these modules can be imported."""
    return all(importlib.util.find_spec(name) is not None for name in names)


def html_peers() -> dict[str, Extract]:
    """Main text from HTML."""
    found: dict[str, Extract] = {}
    if installed("trafilatura"):
        import trafilatura

        found["trafilatura"] = lambda page: trafilatura.extract(page.html, include_comments=False) or ""
        found["trafilatura, precision"] = lambda page: trafilatura.extract(
            page.html, include_comments=False, favor_precision=True
        ) or ""  # fmt: skip
    if installed("readability", "resiliparse"):
        found["readability-lxml"] = _readability
    if installed("resiliparse"):
        from resiliparse.extract.html2text import extract_plain_text

        found["resiliparse"] = lambda page: str(extract_plain_text(decoded(page), main_content=True, **OPTIONS))
    if installed("justext"):
        import justext

        stops = justext.get_stoplist("English")
        found["jusText, English"] = lambda page: "\n".join(
            paragraph.text for paragraph in justext.justext(page.html, stops) if not paragraph.is_boilerplate
        )
    return found


def _readability(page: Page) -> str:
    from readability import Document
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(Document(decoded(page)).summary(), main_content=False, **OPTIONS))


def c4(lines: list[str], language: str) -> list[bool]:  # noqa: ARG001 (one signature for all)
    """The line rules of C4: a line ends in a terminal mark, has five words or more and does not speak of JavaScript."""
    return [line.endswith((".", "!", "?", '"')) and len(line.split()) >= 5 and "javascript" not in line.lower() for line in lines]


_COUNTER = re.compile(
    r"\W*[\d.,]+\s*[kKmM]?\s*(likes?|shares?|comments?|retweets?|reposts?|quotes?|bookmarks?|upvotes?|views?)\W*", re.I
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_EDGE = re.compile(r"(?i)^\W*(sign-in|sign in|log in)\b|\b(read more|read more\.\.\.)\W*$|\bitems in cart\b")


def refined_web(lines: list[str], language: str) -> list[bool]:  # noqa: ARG001 (one signature for all)
    """The line-wise corrections of RefinedWeb: mostly capitals, only digits, a counter, one word, or a known short phrase."""
    return [not _unrefined(line) for line in lines]


def _unrefined(line: str) -> bool:
    count = len(line.split()) if not _UNSPACED.search(line) else len(words(line))
    letters = [char for char in line if char.isalpha()]
    capitals = len(letters) > 3 and sum(char.isupper() for char in letters) > 0.5 * len(letters)
    digits = bool(line) and all(char.isdigit() or not char.isalnum() for char in line)
    return capitals or digits or bool(_COUNTER.fullmatch(line)) or count == 1 or (count <= 10 and bool(_EDGE.search(line)))


def line_peers() -> dict[str, KeepLines]:
    """Which lines of plain text stay."""
    found: dict[str, KeepLines] = {
        "nothing": lambda lines, _: [True] * len(lines),
        "C4 lines": c4,
        "RefinedWeb lines": refined_web,
    }
    if installed("justext"):
        found["jusText"] = _justext
    return found


def _justext(lines: list[str], language: str) -> list[bool]:
    import justext

    name = STOPLISTS.get(language, "English")
    stops = justext.get_stoplist(name if name in justext.get_stoplists() else "English")
    marked = "".join(f"<p>{line.replace('&', '&amp;').replace('<', '&lt;')}</p>" for line in lines)
    paragraphs = justext.justext(f"<html><body>{marked}</body></html>".encode(), stops, encoding="utf-8")
    kept = [not paragraph.is_boilerplate for paragraph in paragraphs]
    return kept if len(kept) == len(lines) else [True] * len(lines)


def decoders() -> dict[str, Callable[[bytes], str | None]]:
    """Text from bytes; None where a peer gives up."""
    found: dict[str, Callable[[bytes], str | None]] = {}
    if installed("chardet"):
        import chardet

        found["chardet"] = lambda raw: _decode(raw, chardet.detect(raw)["encoding"])
    if installed("charset_normalizer"):
        import charset_normalizer

        found["charset-normalizer"] = lambda raw: (lambda best: None if best is None else str(best))(
            charset_normalizer.from_bytes(raw).best()
        )
    return found


def _decode(raw: bytes, name: str | None) -> str | None:
    try:
        return None if name is None else raw.decode(name).removeprefix("\ufeff")
    except (LookupError, UnicodeDecodeError):
        return None
