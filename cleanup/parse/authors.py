"""Who wrote an article: persons, without roles, addresses and agencies beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from cleanup.parse.structured import Claims, Node, key, plain

MAX_AUTHORS = 20
MAX_NAME = 60  # characters

_META = (
    "author", "article:author", "og:article:author", "og:author", "article:author_name", "dc.creator", "dc:creator", "dcterms.creator",
    "parsely-author", "sailthru.author", "cxenseparse:author", "byl", "citation_author", "mrf:authors", "authors", "rbauthors", "creator",
    "article.author", "cse:author", "news_author",
)  # fmt: skip
_BY = re.compile(
    r"^(?:(?:written|words|reported|story|text|review|photos?|updated?|posted|published|report|analysis|opinion)\s+)?"
    r"(?:(?:by|von|par|por|di|da|af|av|door|autor(?:e|es|a|in)?|authors?|auteur|texte?|fra|przez|skrevet|forfatter|yazan|foto|bericht von"
    r"|ein(?:e|em)? \w+ von)\b\s*:?|автор:|作者[:：]|文[:：／/]|記者[:：]|기자[:：]|執筆[:：])\s*",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*(?:[;|•·、，\n\t]|\s/\s|,\s|\s&\s|\s\+\s|\s(?:and|und|et|y|e|og|och|en|ve|ja|и|with|mit|avec)\s)\s*")
_COMMA_ONLY = re.compile(r"(?<=\w),(?=\w)")
_ROLE = re.compile(
    r"\s*(?:\([^)]*\)|\[[^\]]*\]|(?:\s[-–—|]\s|\sfor\s(?=[A-Z])|\sin\s(?=[A-Z])|\sfrom\s(?=[A-Z])|\saus\s|\sat\s(?=[A-Z])).*"
    r"|(?<=\w{2})\s(?:기자|記者|特派員|编辑|記者)\s*.*)$"
)
_ROLE_WORD = re.compile(
    r"^(?:the\s)?(?:(?:senior|chief|deputy|staff|associate|managing|guest|political|business|technology|science|national|news|sports?|freelance|foreign)\s)*"
    r"(?:correspondent|reporter|editor|editors|writer|columnist|journalist|contributor|producer|redakteur(?:in)?|reporter(?:in)?|korrespondent(?:in)?"
    r"|journaliste?|redactor(?:a)?|redacción|rédaction|redazione|redaktion|professor|university.*|universit.*|photographer|correspondants?)(?:\s.*)?$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?:|www\.|\S+@\S+|^@")
_TITLES = re.compile(r"^(?:dr|prof|mr|mrs|ms)\.?$", re.IGNORECASE)
_AGENCIES = frozenset(
    "afp ap reuters dpa apa sda ats ansa efe lusa tass upi pti ani ians xinhua bloomberg belga anp ntb tt ritzau kna epd sid dpaafx keystonesda pa"
    " associatedpress theassociatedpress agencefrancepresse deutschepresseagentur europapress yonhap kyodo jiji cp canadianpress thecanadianpress"
    " pressassociation presstrustofindia aap apnews keystone sputnik rian interfax ukrinform newsroom admin editor staff user guest redaktion redaccion"
    " newsdesk webdesk onlinedesk editorial administrator".split()
)
_BYLINE = re.compile(r"author|byline|by-line|writer|journalist|autor|auteur|reporter|contributor|verfasser|creator|pisac|forfatter|yazar|redactor", re.IGNORECASE)
_NOT_BYLINE = re.compile(r"bio|about|desc|avatar|image|img|photo|follow|social|share|comment|more|related|newsletter|teaser|role|job|title|date|time|email|box|card", re.IGNORECASE)


def found(claims: Claims, root: Any, site: str) -> tuple[list[str], list[str], str]:
    """(names, agencies beside them, where they stood): JSON-LD, then meta tags, then the byline on the page.

    Persons win over organisations: an agency or the house itself is only named when nobody else is.
    """
    best: tuple[list[str], list[str], str] = ([], [], "")
    for texts, place in _sources(claims, root):
        people = persons(texts)
        named = [name for name in people if not _is_house(name, site)]
        agencies = [name for name in people if key(name) in _AGENCIES]
        if named:
            return named, agencies, place
        if people and not best[0]:
            best = (people, agencies, place)
    return best


def _sources(claims: Claims, root: Any) -> Iterable[tuple[list[str], str]]:
    if claims.article:
        yield list(_node_names(claims.article.get("author"), claims)), "json-ld"
        yield list(_node_names(claims.article.get("creator"), claims)), "json-ld"
    for node in claims.nodes:
        if node is not claims.article and node.get("author"):
            yield list(_node_names(node["author"], claims)), "json-ld"
    for name in _META:
        if claims.meta.get(name):
            yield claims.meta[name], f"meta {name}"
    yield list(_bylines(root)), "page"


def _node_names(value: Any, claims: Claims) -> Iterable[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            node: Node = claims.by_id.get(str(item.get("@id")), item) if "name" not in item else item
            name = node.get("name")
            if isinstance(name, list | dict):
                yield from _node_names(name, claims)
            elif isinstance(name, str):
                yield plain(name)
            elif node.get("familyName"):
                yield plain(f"{node.get('givenName') or ''} {node['familyName']}")
        elif isinstance(item, str):
            yield plain(item)


def _bylines(root: Any) -> Iterable[str]:
    """Texts of elements that say they are a byline, `rel=author` and `itemprop` first, narrow ones before wide ones."""
    ranked: list[tuple[int, int, str]] = []
    for order, element in enumerate(root.iter("a", "span", "div", "p", "address", "li", "strong", "b", "em", "cite", "h3", "h4", "h5", "h6", "td", "small")):
        rel, prop = element.get("rel") or "", element.get("itemprop") or ""
        names = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('data-testid') or ''}"
        href = element.get("href") or "" if element.tag == "a" else ""
        exact = "author" in rel.split() or prop in ("author", "author name", "creator")
        linked = bool(re.search(r"/(?:authors?|autor(?:en|es)?|auteurs?|profile|people|staff|journalist|redakteur|by)/", href))
        if not (exact or linked or _BYLINE.search(names)) or (_NOT_BYLINE.search(names) and not exact):
            continue
        if len(element) > 8:
            continue
        text = " ".join(element.text_content().split())
        if 2 < len(text) <= 100:
            ranked.append((0 if exact else 1 if linked else 2, order, text))
    if not ranked:
        return
    best = min(rank for rank, _, _ in ranked)
    group = [(order, text) for rank, order, text in ranked if rank == best]
    first = group[0][0]
    for order, text in group[:6]:
        if order - first < 40:
            yield text


def persons(texts: Iterable[str]) -> list[str]:
    """Names from bylines, cleaned and split, in order, each once.

    >>> persons(["By Jane Q. Doe and John Roe, political editor"]), persons(["d.kuckelkorn@boersen-zeitung.de"])
    (['Jane Q. Doe', 'John Roe'], [])
    """
    names: dict[str, str] = {}
    for text in texts:
        for part in _parts(" ".join(text.split())):
            name = _name(part)
            if name and key(name) not in names and len(names) < MAX_AUTHORS:
                names[key(name)] = name
    return [name for mark, name in names.items() if mark]


def _parts(text: str) -> list[str]:
    text = _BY.sub("", text)
    if " " not in text.strip() or all(" " in part.strip() for part in text.split(",")):
        text = _COMMA_ONLY.sub(", ", text)
    elif _COMMA_ONLY.search(text) and not re.search(r"[A-Za-z]", text):
        text = _COMMA_ONLY.sub(", ", text)
    return _SPLIT.split(text)


def _name(part: str) -> str:
    """One name, or "" when the part is an address, a role, a sentence or nothing."""
    if _ADDRESS.search(part) or _TITLES.match(part):
        return ""
    part = _ROLE.sub("", _BY.sub("", part.strip(" \t,.;:*–—-|\"'“”«»"))).strip(" \t,;:*–—-|\"'“”«»")
    if not part or len(part) > MAX_NAME or _ROLE_WORD.match(part) or len(part.split()) > 6:
        return ""
    return "" if sum(map(str.isdigit, part)) > 2 or not any(map(str.isalpha, part)) else part


def _is_house(name: str, site: str) -> bool:
    """Whether a name is an agency, a desk or the site itself rather than a person."""
    mark = key(name)
    house = key(site)
    return mark in _AGENCIES or bool(house and (mark in house or house in mark)) or bool(re.search(r"redaktion|newsroom|desk\b|\bstaff\b|online$", name, re.IGNORECASE))

