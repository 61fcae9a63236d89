"""Markup to a tree, whatever the markup: bounded in time and memory, and nothing visible lost without a word."""

from __future__ import annotations

import html
import re
from itertools import islice
from typing import Any

import msgspec

MANY_ATTRIBUTES = 400  # libxml2 compares every attribute of a tag with all others: 200,000 of them take minutes
LONG_TAG = 8192  # bytes; only longer tags are counted
MAX_BYTES = 32 << 20
MAX_ELEMENTS = 60_000  # beyond, the page is no article and extraction would take seconds: all its text is kept instead

_CONTROLS = bytes(code if code > 31 or code in (9, 10, 13) else 32 for code in range(256))
_TAG = re.compile(rb"<([a-zA-Z][a-zA-Z0-9]*)[^<>]{8192,}>")
_ATTRIBUTE = re.compile(rb"""[^\s=>"'/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']*))?""")
_UNSEEN = re.compile(r"<(script|style|noscript|template|svg|title)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title\b[^<>]*>", re.IGNORECASE)
_TITLE_END = re.compile(r"</title\b", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>|<![^<>]*>|<\?[^<>]*>", re.DOTALL)
_INLINE = "a|abbr|b|bdi|bdo|big|cite|code|em|font|i|kbd|mark|q|s|small|span|strong|sub|sup|tt|u|var"
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})\b[^<>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[a-zA-Z][^<>]*>?")


class Page(msgspec.Struct):
    """A parsed page. `trouble` says why its tree cannot be trusted to hold all of the text: "", "nesting", "size" or "markup"."""

    root: Any  # lxml.html.HtmlElement
    trouble: str = ""


def parse_tree(markup: str, max_depth: int) -> Page:
    """A tree of a page, a fragment or anything else; never raises. Nesting beyond `max_depth` is reported as trouble."""
    data = harmless(markup)
    root, limited = _parse(data, huge=False)
    depth = 0
    if limited:  # deeper than 256, or a text longer than 10 MB
        root, limited = _parse(data, huge=True)
        depth = _depth(root)
    if root is None:
        return Page(_parse(b"<html><body></body></html>", huge=False)[0], "markup")
    if limited or depth > max_depth:
        return Page(root, "nesting")
    return Page(root, "size" if len(data) > MAX_BYTES or root.xpath("count(//*)") > MAX_ELEMENTS else "")


def _parse(data: bytes, huge: bool) -> tuple[Any, bool]:
    """(tree or None, whether a limit of the parser was hit, so that text is missing)."""
    from lxml import etree
    from lxml.html import HTMLParser, document_fromstring

    parser = HTMLParser(huge_tree=huge, remove_comments=True, remove_pis=True, collect_ids=False, encoding="utf-8")
    try:
        root = document_fromstring(data, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None, not huge
    return root, any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)


def harmless(markup: str) -> bytes:
    """Markup as UTF-8 without what makes a parser fail: control characters, surrogates, tags with thousands of attributes."""
    data = _with_its_title_closed(markup).encode("utf-8", "replace").translate(_CONTROLS)
    if len(data) > LONG_TAG and max(map(len, data.split(b"<"))) > LONG_TAG:
        data = _TAG.sub(_bare, data)
    return data


def _with_its_title_closed(markup: str) -> str:
    """Markup in which a title that is never closed, and would have all of the page in it, ends where the next tag begins."""
    title = _TITLE.search(markup)
    if not title or _TITLE_END.search(markup, title.end()):
        return markup
    end = markup.find("<", title.end())
    return markup if end < 0 else f"{markup[:end]}</title>{markup[end:]}"


def _bare(tag: re.Match[bytes]) -> bytes:
    attributes = sum(1 for _ in islice(_ATTRIBUTE.finditer(tag[0]), MANY_ATTRIBUTES))
    return b"<" + tag[1] + b">" if attributes == MANY_ATTRIBUTES else tag[0]


def _depth(root: Any) -> int:
    """The nesting of a tree, without recursion."""
    depth = 0
    level: list[Any] = [] if root is None else [root]
    while level:
        depth += 1
        level = [child for element in level for child in element]
    return depth


def flat_text(markup: str) -> str:
    """All visible text by patterns alone, one block a line: for markup that no tree holds. Linear in time."""
    text = _COMMENT.sub("", _UNSEEN.sub("", markup))
    text = _ANY_TAG.sub("\n", _INLINE_TAG.sub("", text))
    lines = (" ".join(line.split()) for line in html.unescape(text).split("\n"))
    return "\n".join(line for line in lines if line)
