"""Who wrote an article: persons, without roles, addresses and agencies beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any

import msgspec

from cleanup.parse import hints
from cleanup.parse.blocks import Lines
from cleanup.parse.structured import Claims, Node, key, plain

MAX_AUTHORS = 20
MAX_NAME = 60  # characters
MAX_BYLINE = 500
NEAR = 40  # elements between the first byline of a page and the last one that is read

_META = (
    *("author", "article:author", "og:article:author", "og:author", "article:author_name", "dc.creator", "dc:creator"),
    *("dcterms.creator", "parsely-author", "sailthru.author", "cxenseparse:author", "byl", "citation_author", "mrf:authors"),
    *("authors", "rbauthors", "creator", "article.author", "cse:author", "news_author"),
)
_COMMA = re.compile(r"(?<=\w),(?=\w)")
_ADDRESS = re.compile(r"https?:|www\.|\S+@\S+|^@")
_DEGREE = re.compile(r"^(?:dr|prof|mr|mrs|ms)\.?$", re.IGNORECASE)
_ASIDE = re.compile(
    r"\s*(?:\([^)]*\)|\[[^\]]*\]|\s[-–—|]\s.*|\s(?:for|in|from|at)\s(?=[A-Z]).*|\saus\s.*"
    r"|(?<=\w{2})\s?(?:기자|記者|特派員|编辑)(?:\s.*)?)$"
)
_EDGES = " \t,.;:*–—-|\"'“”«»"
_PARTICLES = "von van de del della da di der den el al bin ibn la le du dos das y e ter ten zu zur af"
_PARTICLE = frozenset(_PARTICLES.split())
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af・\s]{2,12}")
_NAMED = re.compile(
    r"author|byline|by-line|writer|journalist|autor|auteur|reporter|contributor|verfasser|creator|forfatter|yazar", re.IGNORECASE
)
_NOT_NAMED = re.compile(
    r"bio|about|desc|avatar|image|img|photo|follow|social|share|comment|more|related|newsletter|teaser|role|job|title|date|time"
    r"|email|box|card",
    re.IGNORECASE,
)
_PROFILE = re.compile(r"/(?:authors?|autor(?:en|es)?|auteurs?|profile|people|staff|journalist|redakteur|by)/")
_BYLINE_TAGS = ("a", "span", "div", "p", "address", "li", "strong", "b", "em", "cite", "h3", "h4", "h5", "h6", "td", "small")


class Writers(msgspec.Struct):
    """Names in order, the agencies among or beside them, and where they stood."""

    names: list[str] = []
    agencies: list[str] = []
    place: str = ""


class _Words(msgspec.Struct):
    by: re.Pattern[str]
    label: re.Pattern[str]
    split: re.Pattern[str]
    role: re.Pattern[str]
    house: re.Pattern[str]
    agencies: frozenset[str]


@cache
def _words() -> _Words:
    data = hints.data()["bylines"]
    labels, joins, roles = "|".join(map(re.escape, data["labels"])), "|".join(data["joins"]), "|".join(data["roles"])
    return _Words(
        re.compile(rf"^(?:{'|'.join(data['by'])}|(?:{labels})\s*[:：])\s*:?\s*", re.IGNORECASE),
        re.compile(rf"^[(（\[]?(?:{labels})\s*(?:[:：]\s*|\s(?=[A-ZÀ-Þ]\w*\s[A-ZÀ-Þ]))(.{{2,80}}?)[)）\]]?$", re.IGNORECASE),
        re.compile(rf"\s*(?:[;|•·、，\n\t]|\s/\s|,\s|\s&\s|\s\+\s|\s(?:{joins})\s)\s*", re.IGNORECASE),
        re.compile(rf"(?:{roles})", re.IGNORECASE),
        re.compile("|".join(map(re.escape, data["houses"])), re.IGNORECASE),
        frozenset(data["agencies"]),
    )


def found(claims: Claims, root: Any, seen: Lines, site: str) -> Writers:
    """JSON-LD, then meta tags, then the byline on the page, then a line that says "author".

    Persons win over organisations: an agency or the house itself is only named when nobody else is.
    """
    house = Writers()
    for texts, place in _sources(claims, root, seen):
        names = persons(texts)
        if place.startswith("page"):
            names = [name for name in names if _looks_personal(name)]
        houses = [name for name in names if _is_house(name, site)]
        # "The Post, Bremen, Germany": beside the house a single word is its place
        people = [name for name in names if name not in houses and (not houses or _looks_personal(name))]
        agencies = [name for name in names if key(name) in _words().agencies]
        if people:
            return Writers(people, agencies, place)
        if houses and not house.names:
            house = Writers(houses, agencies, place)
    return house


def _sources(claims: Claims, root: Any, seen: Lines) -> Iterator[tuple[list[str], str]]:
    if claims.article:
        yield list(_node_names(claims.article.get("author"), claims)), "json-ld"
        yield list(_node_names(claims.article.get("creator"), claims)), "json-ld"
    for node in claims.nodes:
        if node is not claims.article and node.get("author"):
            yield list(_node_names(node["author"], claims)), "json-ld"
    for name in _META:
        if claims.meta.get(name):
            yield claims.meta[name], f"meta {name}"
    yield _signed(claims), "meta twitter:data"
    yield _bylines(root), "page"
    matches = (_words().label.match(block.text) for block in seen.blocks if len(block.text) <= 100)
    yield [match[1] for match in matches if match][:1], "page line"


def _signed(claims: Claims) -> list[str]:
    """The name that a page gives to cards: `twitter:label1` says what `twitter:data1` is, in the page's own language."""
    label = next(iter(claims.meta.get("twitter:label1", ())), "").casefold()
    by = claims.meta.get("twitter:data1", [])[:1] if label in hints.data()["bylines"]["cards"] else ()
    return [*by, *claims.meta.get("twitter:misc:written by", ())]


def _node_names(value: Any, claims: Claims) -> Iterator[str]:
    """Names of a JSON-LD person, reference, list or string."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            node: Node = item if "name" in item else claims.by_id.get(str(item.get("@id")), item)
            name = node.get("name")
            if isinstance(name, list):
                yield from (plain(part) for part in name if isinstance(part, str))
            elif isinstance(name, str):
                yield plain(name)
            elif node.get("familyName"):
                yield plain(f"{node.get('givenName') or ''} {node['familyName']}")
        elif isinstance(item, str):
            yield plain(item)


def _bylines(root: Any) -> list[str]:
    """Texts of the elements that say best that they are a byline: `rel=author` and `itemprop`, a link to a profile, a name."""
    ranked: list[tuple[int, int, str]] = []
    for order, element in enumerate(root.iter(*_BYLINE_TAGS)):
        rank = _byline_rank(element)
        if rank is None or len(element) > 8:
            continue
        text = " ".join(element.text_content().split())
        if 2 < len(text) <= 100:
            ranked.append((rank, order, text))
    best = min((rank for rank, _, _ in ranked), default=0)
    group = [(order, text) for rank, order, text in ranked if rank == best][:6]
    return [text for order, text in group if order - group[0][0] < NEAR]


def _byline_rank(element: Any) -> int | None:
    names = " ".join(value for name, value in element.items() if name in ("class", "id", "data-testid"))
    if "author" in (element.get("rel") or "").split() or element.get("itemprop") in ("author", "author name", "creator"):
        return 0
    if names and _NOT_NAMED.search(names):
        return None
    if element.tag == "a" and _PROFILE.search(element.get("href") or ""):
        return 1
    return 2 if names and _NAMED.search(names) else None


def persons(texts: Iterable[str]) -> list[str]:
    """Names from bylines, cleaned and split, in order, each once.

    >>> persons(["By Jane Q. Doe and John Roe, political editor"]), persons(["d.kuckelkorn@boersen-zeitung.de"])
    (['Jane Q. Doe', 'John Roe'], [])
    """
    names: dict[str, str] = {}
    for text in islice(texts, 2 * MAX_AUTHORS):
        for part in _parts(" ".join(text[:MAX_BYLINE].split())):
            name = _name(part)
            if key(name) and key(name) not in names and len(names) < MAX_AUTHORS:
                names[key(name)] = name
    return list(names.values())


def _parts(text: str) -> list[str]:
    """A byline cut into names: at separators, and at bare commas when every part is a full name or the script has no cases."""
    text = _words().by.sub("", text)
    parts = text.split(",")
    if " " not in text.strip() or all(" " in part.strip() for part in parts) or text.upper() == text.lower():
        text = _COMMA.sub(", ", text)
    return _words().split.split(text)


def _name(part: str) -> str:
    """One name, or "" when the part is an address, a role, a sentence or nothing."""
    if _ADDRESS.search(part) or _DEGREE.match(part):
        return ""
    part = _ASIDE.sub("", _words().by.sub("", part.strip(_EDGES))).strip(_EDGES + "()")
    if not part or ":" in part or len(part) > MAX_NAME or len(part.split()) > 6 or _words().role.fullmatch(part):
        return ""
    return part if sum(map(str.isdigit, part)) <= 2 and any(map(str.isalpha, part)) else ""


def _looks_personal(name: str) -> bool:
    """Whether a text of the page is built like a name: capitalised words, two or more, or a short one in a CJK script."""
    if _CJK.fullmatch(name):
        return True
    words = name.split()
    capital = all(word[0].isupper() or word.lower() in _PARTICLE or not word[0].isalpha() for word in words)
    return len(words) > 1 and capital and words[-1][0].isupper()


def _is_house(name: str, site: str) -> bool:
    """Whether a name is an agency, a desk or the site itself rather than a person."""
    mark, house = key(name), key(site)
    if mark in _words().agencies or (len(house) > 2 and (mark in house or house in mark)):
        return True
    if len(mark) > 2 and mark == "".join(word[0] for word in site.split()).casefold():
        return True  # "LTO" of "Legal Tribune Online"
    words = name.split()
    personal = len(words) == 2 and name.istitle() and not _words().house.search(words[0])  # "Ann Press"
    return bool(_words().house.search(name)) and not personal
