"""What a page says of itself: JSON-LD, meta tags and links in its head."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

MAX_SCRIPT = 4 << 20  # characters of one JSON-LD script
MAX_NODES = 500
BUDGET = 500_000_000  # characters that `Known` searches, about half a second

_ARTICLE = """
    article newsarticle blogposting liveblogposting reportagenewsarticle analysisnewsarticle opinionnewsarticle
    backgroundnewsarticle reviewnewsarticle askpublicnewsarticle satiricalarticle report scholarlyarticle
    medicalscholarlyarticle techarticle socialmediaposting advertisercontentarticle review recipe
"""
ARTICLE = frozenset(_ARTICLE.split())
_CONTAINERS = ("@graph", "mainEntity", "mainEntityOfPage", "hasPart", "itemReviewed")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_OPENS = re.compile(r"^\s*(?://\s*|/\*\s*)?(?:<!--|<!\[CDATA\[)(?:\s*\*/)?")
_CLOSES = re.compile(r"(?://\s*|/\*\s*)?(?:-->|\]\]>)(?:\s*\*/)?\s*;?\s*$")
_WORD = re.compile(r"[^\W\d_]{4,}")
_TAGS = re.compile(r"<[a-zA-Z/!][^<>]*>")

Node = dict[str, Any]


class Claims(msgspec.Struct):
    """`nodes`: JSON-LD objects, the article first; `meta`: lower-case name -> contents in page order; `links`: rel -> hrefs."""

    nodes: list[Node]
    meta: dict[str, list[str]]
    links: dict[str, list[str]]
    article: Node | None = None
    by_id: dict[str, Node] = {}

    def first(self, *names: str) -> str:
        """The first non-empty content of these meta names, "" when there is none."""
        for name in names:
            for value in self.meta.get(name, ()):
                if value:
                    return value
        return ""

    def types(self) -> set[str]:
        """All JSON-LD types, lower case."""
        return {kind for node in self.nodes for kind in types(node)}


def claims(root: Any) -> Claims:
    """Read the head, and the scripts wherever they are. Never raises on what a page has there."""
    meta: dict[str, list[str]] = {}
    links: dict[str, list[str]] = {}
    nodes: list[Node] = []
    for element in root.iter("meta", "link", "script"):
        if element.tag == "meta":
            name = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv") or ""
            content = plain(element.get("content"))
            if name and content:
                meta.setdefault(name.strip().lower(), []).append(content)
        elif element.tag == "link":
            href = (element.get("href") or "").strip()
            for rel in (element.get("rel") or "").lower().split() if href else ():
                links.setdefault(rel, []).append(href)
        elif "ld+json" in (element.get("type") or "").lower() and len(element.text or "") <= MAX_SCRIPT:
            nodes.extend(_flat(load(element.text or "")))
    nodes = nodes[:MAX_NODES]
    found = Claims(nodes, meta, links, by_id={str(node["@id"]): node for node in reversed(nodes) if node.get("@id")})
    titles = _titles(found, root)
    found.nodes = [node for node in nodes if not (ARTICLE.intersection(types(node)) and _is_foreign(node, titles))]
    found.article = _article(found)
    return found


def load(text: str) -> Any:
    """JSON as pages have it: in comments, with raw newlines, trailing commas, twice escaped. None when nothing helps."""
    text = _CLOSES.sub("", _OPENS.sub("", text)).strip()
    for attempt in (text, _TRAILING_COMMA.sub(r"\1", text), html.unescape(text)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _flat(data: Any) -> Iterator[Node]:
    """Objects at the top and in the containers that carry whole nodes, depth first, bounded."""
    stack, count = [(data, 0)], 0
    while stack and count < MAX_NODES:
        item, depth = stack.pop()
        if isinstance(item, list):
            stack.extend((part, depth) for part in reversed(item[:MAX_NODES]))
        elif isinstance(item, dict):
            count += 1
            if types(item):
                yield item
            if depth < 4:
                stack.extend((item[name], depth + 1) for name in reversed(_CONTAINERS) if isinstance(item.get(name), dict | list))


def types(node: Node) -> list[str]:
    """The types of a node, lower case, without a schema prefix."""
    kinds = node.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return [kind.rsplit("/", 1)[-1].rsplit(":", 1)[-1].lower() for kind in kinds if isinstance(kind, str)]


def _titles(found: Claims, root: Any) -> list[str]:
    """What the page calls itself elsewhere: in its meta tags, its title and its first heading."""
    named = (next(root.iter(tag), None) for tag in ("title", "h1"))
    elements = [plain("".join(element.itertext())) for element in named if element is not None]
    return [title for title in (found.first("og:title"), found.first("twitter:title"), *elements) if title]


def _is_foreign(node: Node, titles: list[str]) -> bool:
    """Whether a node tells of another article: its headline has no word in common with anything that the page calls itself."""
    words = _words(text_of(node.get("headline")))
    others = [other for title in titles if len(other := _words(title)) > 1]
    return len(words) > 1 and len(others) > 1 and all(words.isdisjoint(other) for other in others)


def _words(text: str) -> frozenset[str]:
    return frozenset(word[:5] for word in _WORD.findall(text.casefold()))


def _article(found: Claims) -> Node | None:
    """The node that describes this page's article: the one that names the most of what an article has, first on a tie."""
    best: tuple[int, int] | None = None
    chosen: Node | None = None
    title = key(found.first("og:title", "twitter:title"))
    for order, node in enumerate(found.nodes):
        if not ARTICLE.intersection(types(node)):
            continue
        headline = key(text_of(node.get("headline")) or text_of(node.get("name")))
        same = bool(headline and title) and (headline in title or title in headline)
        rank = (4 * same + sum(bool(node.get(name)) for name in ("headline", "datePublished", "author", "articleBody")), -order)
        if best is None or rank > best:
            best, chosen = rank, node
    return chosen


def text_of(value: Any) -> str:
    """A JSON-LD text value as plain text; "" for anything that is none."""
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, str | dict)), None)
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name")
    return plain(value) if isinstance(value, str) else ""


def plain(value: str | None) -> str:
    """An attribute or JSON string as one line of text: entities (also doubled ones) resolved, tags and white space removed."""
    if not value:
        return ""
    if "&" in value:
        value = html.unescape(html.unescape(value))
    if "<" in value:
        value = _TAGS.sub("", value)
    return " ".join(value.replace("\u200b", "").replace("\ufeff", "").replace("\xad", "").split())


class Known:
    """The lines of a text, for asking whether it has another line too: whole, or within a longer one.

    Looking within costs time in proportion to the text; there is a budget for it, and past that only whole lines are found.
    """

    def __init__(self, text: str, least: int = 20) -> None:
        self.counts = Counter(key(line) for line in text.split("\n"))
        self.whole = key(text)
        self.least = least
        self.budget = BUDGET

    def has(self, mark: str) -> bool:
        """Whether a line of these letters and digits is in the text; one of at most `least` only as a whole line."""
        if mark in self.counts:
            return bool(mark)
        self.budget -= len(self.whole)
        return len(mark) > self.least and self.budget > 0 and mark in self.whole


def key(text: str) -> str:
    """Letters and digits of a text, case folded: for comparing wordings that differ in punctuation and spacing only."""
    return "".join(filter(str.isalnum, text)).casefold()
