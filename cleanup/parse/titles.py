"""The headline of a page and the name of its site."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

from cleanup.parse.structured import Claims, key, plain, text_of, types

MAX_TITLE = 400  # characters
MAX_SITE = 60
MAX_HEADINGS = 8
SHORTEST = 15  # characters of a headline that is left when what is added to it is cut off
OWN_WORDING = 16  # more than the votes of all other places together

_SEPARATOR = re.compile(r"\s+[|–—\-•·:»«/⋆~]+\s+|\s*[｜：]\s*|\s*\|\s*|--+|\s[|–—-]|\s:\s?")
_ORGANISATIONS = frozenset({"newsmediaorganization", "organization", "website", "corporation", "localbusiness"})
_DAY = re.compile(r"\W*\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\W*")
_KICKER = re.compile(r"(?:[:|：｜»/]|\s[–—•·-])\s*$")
_OWN = ("json-ld", "og:title")
_META = ("twitter:title", "dc.title", "parsely-title", "sailthru.title", "title", "headline")
_HOST = re.compile(r"^(?:https?://)?(?:www\d?\.|m\.|amp\.)?([^/:?#]+)")


def site(claims: Claims, url: str) -> str:
    """The name of the publication: OpenGraph, the article's publisher, the application's name, a site node, else the host."""
    publisher = claims.article.get("publisher") if claims.article else None
    if isinstance(publisher, dict) and "name" not in publisher:
        publisher = claims.by_id.get(str(publisher.get("@id")))
    names = [claims.first("og:site_name"), text_of(publisher)]
    names += [claims.first("application-name", "apple-mobile-web-app-title", "dc.publisher", "dcterms.publisher", "cre")]
    names += [text_of(node.get("name")) for node in claims.nodes if _ORGANISATIONS.intersection(types(node))]
    for name in names:
        name = name.lstrip("@")
        if name and len(name) <= MAX_SITE and not name.startswith("http"):
            return name
    match = _HOST.match(url)
    return match[1] if match else ""


def title(claims: Claims, root: Any, name: str, url: str) -> tuple[str, str]:
    """(headline, where it stood): the publisher's own field, unless nearly every other place has the same other wording."""
    candidates = [(strip_site(text, name, url), place, weight) for text, place, weight in _candidates(claims, root)]
    candidates = [(text, place, weight) for text, place, weight in candidates if text and len(text) <= MAX_TITLE]
    if _is_written_for_sharing(candidates):
        candidates = [(text, place, OWN_WORDING if place == "og:title" else weight) for text, place, weight in candidates]
    votes: Counter[str] = Counter()
    for text, _, weight in candidates:
        votes[key(_shortest(text, candidates))] += weight
    candidates = [item for item in candidates if votes[key(item[0])]]
    if not candidates:
        return "", ""
    headline, place, _ = max(candidates, key=lambda item: (votes[key(item[0])], item[2]))
    return headline, place


def _is_written_for_sharing(candidates: Sequence[tuple[str, str, int]]) -> bool:
    """Whether the title for sharing is a wording of its own, while the publisher's field only repeats what the page shows.

    Of pages with two wordings about two in three call theirs the title that is not the one of the first heading.
    """
    said = {place: key(text) for text, place, _ in reversed(candidates)}
    headline, shown, shared = (said.get(place, "") for place in ("json-ld", "h1", "og:title"))
    if not (headline and shown and shared) or _within(headline, shared):
        return False
    return _within(headline, shown) and not _within(headline, said.get("meta title", "-"))


def _within(one: str, other: str) -> bool:
    return one in other or other in one


def _shortest(text: str, candidates: list[tuple[str, str, int]]) -> str:
    """The candidate that a wording only adds something to, behind a separator; else the wording itself.

    What stands before a separator is a kicker only when the publisher's own fields do without it, too.
    """
    for other, place, _ in candidates:
        if len(other) <= SHORTEST or len(other) >= len(text):
            continue
        if text.startswith(other) and _SEPARATOR.match(text[len(other) :]):
            return other
        if place in _OWN and text.endswith(other) and _KICKER.search(text[: -len(other)]):
            return other
    return text


def headings(root: Any) -> list[str]:
    """Texts of the page's h1 elements, as one line each, empty ones left out."""
    texts = (spaced(element) for element in islice(root.iter("h1"), MAX_HEADINGS))
    return [text for text in texts if text]


def spaced(element: Any) -> str:
    """All text of an element on one line; a space where one part of a heading ends and the next begins with a capital."""
    parts: list[str] = []
    for text in element.xpath("descendant::text()[not(ancestor::script or ancestor::style or ancestor::svg)]"):
        if parts and parts[-1][-1:].isalnum() and text[:1].isupper():
            parts.append(" ")
        parts.append(str(text))
    return plain("".join(parts))


def claimed(claims: Claims, root: Any, name: str, url: str) -> list[str]:
    """Every wording of the headline that the page has anywhere, with and without the site's name."""
    texts = [text for text, _, _ in _candidates(claims, root)]
    return [*texts, *(strip_site(text, name, url) for text in texts)]


def _candidates(claims: Claims, root: Any) -> list[tuple[str, str, int]]:
    """(wording, place, weight): the publisher's headline field counts four times what any other place does."""
    found: list[tuple[str, str, int]] = []
    heads = headings(root)
    if heads:
        found.append((heads[0], "h1", 2))
        found += [(text, "h1", 1) for text in heads[1:4]]
    if claims.article:
        found.append((text_of(claims.article.get("headline")) or text_of(claims.article.get("name")), "json-ld", 8))
    found.append((claims.first("og:title"), "og:title", 2))
    found.append((claims.first(*_META), "meta title", 2))
    element = next(root.iter("title"), None)
    found.append((plain(element.text_content()) if element is not None else "", "title", 2))
    return [(text, place, weight) for text, place, weight in found if text]


def strip_site(text: str, name: str, url: str) -> str:
    """A title without the site's name, section and date that pages append to it.

    >>> strip_site("Storm hits coast - The Daily", "The Daily", "")
    'Storm hits coast'
    """
    text = plain(text)
    host = _HOST.match(url)
    known = {key(name), key(host[1]) if host else "", key(host[1].split(".")[0]) if host else ""} - {""}
    for _ in range(4):
        cuts = list(_SEPARATOR.finditer(text))
        if not cuts:
            break
        last, first = cuts[-1], cuts[0]
        tail, head = text[last.end() :], text[: first.start()]
        if _is_site(tail, known) and last.start() > 5:
            text = text[: last.start()].rstrip()
        elif _is_site(head, known) and len(text) - first.end() > 5:
            text = text[first.end() :].lstrip()
        else:
            break
    return text


def _is_site(part: str, known: set[str]) -> bool:
    mark = key(part)
    if not mark or len(part) > MAX_SITE or _DAY.fullmatch(part):
        return len(part) <= MAX_SITE
    return any(mark == name or (len(name) > 3 and _resembles(mark, name)) for name in known)


def _resembles(mark: str, name: str) -> bool:
    """Whether one is a shorter or slightly longer form of the other: "Die Zeit" and "zeit", "CNN" and "CNN.com"."""
    return (name in mark and len(mark) < 2 * len(name) + 6) or (mark in name and len(mark) > 3)
