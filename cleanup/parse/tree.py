"""Markup to a tree, whatever the markup: bounded in time and memory, and nothing visible lost without a word."""

from __future__ import annotations

import html
import re
from typing import Any

import msgspec

MANY_ATTRIBUTES = 400  # libxml2 compares every attribute of a tag with all others: 200,000 of them take minutes
LONG_TAG = 8192  # characters; only longer tags are counted
MAX_ELEMENTS = 60_000  # beyond, the page is no article and extraction would take seconds: all its text is kept instead

_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_DECLARATION = re.compile(r"\s*<\?xml[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z][^<>]{%d,}>" % LONG_TAG)
_ATTRIBUTE = re.compile(r"""[^\s=>"'/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']*))?""")
_UNSEEN = re.compile(r"<(script|style|noscript|template|svg|head)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>|<![^>]*>|<\?[^>]*>", re.DOTALL)
_INLINE = "a|abbr|b|bdi|bdo|big|cite|code|em|font|i|kbd|mark|q|s|small|span|strong|sub|sup|tt|u|var"
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})\b[^>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[a-zA-Z][^>]*>?")


class Page(msgspec.Struct):
    """A parsed page. `trouble` says why its tree cannot be trusted to hold all of the text: "", "nesting", "size" or "markup"."""

    root: Any  # lxml.html.HtmlElement
    depth: int
    elements: int
    trouble: str = ""


def parse_tree(markup: str, max_depth: int) -> Page:
    """A tree of a page, a fragment or anything else; never raises. `max_depth` is the nesting from which on trouble is reported."""
    from lxml import etree
    from lxml.html import HTMLParser, document_fromstring

    parser = HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False)
    try:
        root = document_fromstring(harmless(markup), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return Page(document_fromstring("<html><body></body></html>"), 0, 0, "markup")
    limited = any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)
    depth, elements = _measure(root)
    trouble = "nesting" if limited or depth > max_depth else "size" if elements > MAX_ELEMENTS else ""
    return Page(root, depth, elements, trouble)


def harmless(markup: str) -> str:
    """Markup without what makes a parser fail: control characters, XML declarations, tags with thousands of attributes."""
    markup = _BAD.sub("\ufffd", _DECLARATION.sub("", markup, count=1))
    return _TAG.sub(_bare, markup) if len(markup) > LONG_TAG else markup


def _bare(tag: re.Match[str]) -> str:
    count = 0
    for _ in _ATTRIBUTE.finditer(tag[0]):
        count += 1
        if count > MANY_ATTRIBUTES:
            return f"<{re.match(r'[a-zA-Z0-9]+', tag[0][1:])[0]}>"  # type: ignore[index]
    return tag[0]


def _measure(root: Any) -> tuple[int, int]:
    """(depth, number of elements), without recursion."""
    depth = elements = 0
    level: list[Any] = [root]
    while level:
        depth += 1
        elements += len(level)
        level = [child for element in level for child in element]
    return depth, elements


def flat_text(markup: str) -> str:
    """All visible text by patterns alone, one block a line: for markup that no tree holds. Linear in time."""
    text = _COMMENT.sub("", _UNSEEN.sub("", markup))
    text = _ANY_TAG.sub("\n", _INLINE_TAG.sub("", text))
    lines = (" ".join(line.split()) for line in html.unescape(text).split("\n"))
    return "\n".join(line for line in lines if line)
