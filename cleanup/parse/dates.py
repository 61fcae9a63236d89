"""When an article was published: ISO 8601 as exact as the page has it, and the page's own wording."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from cleanup.parse import hints
from cleanup.parse.blocks import Lines
from cleanup.parse.structured import Claims, text_of

YEARS = (1990, 2100)
WORDING = 120  # characters of a line that is a date with little else
CLOSE = 60  # elements between the headline and a date that is the article's
NEAR = (-6, 25)  # lines around the headline in which a date is the article's

_ISO = re.compile(
    r"(?P<y>\d{4})-?(?P<m>\d{2})-?(?P<d>\d{2})"
    r"(?:(?:T|\s+|\s?-\s?)(?P<h>\d{1,2}):?(?P<i>\d{2})(?::?(?P<s>\d{2})(?P<f>[.,]\d{1,9})?)?)?"
    r"\s*(?P<z>Z|UTC|GMT|[+\-−]\d{2}(?::?\d{2})?)?(?!\d)"
)
_YMD = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d{2})\s?[./年년-]\s?(?P<m>\d{1,2})\s?[./月월-]\s?(?P<d>\d{1,2})(?:\s?[日일.]|(?!\d))")
_DMY = re.compile(r"(?<!\d)(?P<d>\d{1,2})\s?[./-]\s?(?P<m>\d{1,2})\s?[./-]\s?(?P<y>(?:19|20)\d{2})(?!\d)")
_NAME = r"(?P<n>[^\W\d_]{3,12})"
_YEAR = r"(?P<y>(?:19|20)\d{2})(?!\d)"
_WORDS = re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.|º|er)?\s+(?:de\s+|d')?{_NAME}\.?,?\s+(?:de\s+)?{_YEAR}")
_WORDS_US = re.compile(rf"(?<![^\W\d_]){_NAME}\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}")
_CLOCK = re.compile(
    r"(?<![\d:.])(?P<h>[01]?\d|2[0-3])\s?[:.시時h](?P<i>[0-5]\d)(?:[:.](?P<s>[0-5]\d))?(?:\s?(?P<p>[ap])\.?m\.?(?![^\W_]))?",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[A-Z][a-z]{2},? \d{1,2} [A-Z][a-z]{2} \d{4}")
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?")
_URL = re.compile(r"/(?P<y>(?:19|20)\d{2})[/-](?P<m>0?[1-9]|1[0-2])[/-](?P<d>0?[1-9]|[12]\d|3[01])(?:[/-]|$)")
_NAMED = re.compile(r"date|publish|time|datum|fecha|data", re.IGNORECASE)
_CHANGED = re.compile(r"modif|updat|chang|edited", re.IGNORECASE)
_TAGS = ("h1", "time", "span", "p", "div", "li", "abbr", "em", "small", "dd")


class Found(msgspec.Struct, frozen=True):
    """A date: `value` in ISO 8601, as exact as the page has it, its wording there, and where it stood."""

    value: str
    wording: str
    place: str


def published(claims: Claims, root: Any, seen: Lines, url: str, crawled: str) -> Found | None:
    """The date of publication: JSON-LD, meta tags, dated elements, a dated line beside the headline; then a change, the URL."""
    names = hints.data()["dates"]
    near, far = _dated(root)
    sources = (
        _claimed(claims, ("datePublished", "uploadDate", "dateCreated"), names["published"]),
        _labelled(seen),
        _elements(near, crawled),
        _beside_headline(seen),
        _elements(far, crawled),
        _claimed(claims, ("dateModified",), names["changed"]),
        _addresses(claims, url),
    )
    return next((found for source in sources for found in source if found.value), None)


def _claimed(claims: Claims, fields: tuple[str, ...], names: list[str]) -> Iterator[Found]:
    nodes = [claims.article] if claims.article else []
    nodes += [node for node in claims.nodes if node is not claims.article][:20]
    for field in fields:
        for wording in (text_of(node[field]) for node in nodes if node.get(field)):
            yield Found(iso(wording), wording, f"json-ld {field}")
    for name in names:
        for wording in claims.meta.get(name, ())[:1]:
            yield Found(iso(wording) or written(wording), wording, f"meta {name}")


Candidate = tuple[int, int, str, str]  # rank, distance from the headline in elements, machine-readable, text


def _dated(root: Any) -> tuple[list[Candidate], list[Candidate]]:
    """`time` elements and elements named for a date near the headline, and further away; those named for publication first."""
    candidates: list[Candidate] = []
    heading = 0
    for at, element in enumerate(root.iter(*_TAGS)):
        if element.tag == "h1":
            heading = heading or at
            continue
        names = " ".join(value for name, value in element.items() if name in ("class", "itemprop", "id"))
        if element.tag != "time" and not (names and _NAMED.search(names)):
            continue
        stamp = element.get("datetime") or element.get("content") or ""
        text = " ".join(element.text_content().split()) if len(element) < 12 else ""
        if stamp or 5 < len(text) < WORDING:
            rank = 3 * bool(_CHANGED.search(names)) - 2 * ("publi" in names.lower()) - (element.tag == "time")
            candidates.append((rank, at, stamp, text))
    ranked = sorted((rank, abs(at - heading), stamp, text) for rank, at, stamp, text in candidates)
    return [item for item in ranked if item[1] <= CLOSE][:40], [item for item in ranked if item[1] > CLOSE][:20]


def _elements(candidates: list[Candidate], crawled: str) -> Iterator[Found]:
    for _, _, stamp, text in candidates:
        for wording in (stamp, text):
            yield Found(iso(wording) or written(wording) or relative(wording, crawled), wording[:WORDING], "page")


def _labelled(seen: Lines) -> Iterator[Found]:
    """Short lines that say what date they are: "Published 18 November 2019", "Datum 28.04.2023"."""
    for block in seen.blocks:
        if len(block.text) < 60 and _labels().match(block.text):
            yield Found(written(block.text), block.text, "page line")


@cache
def _labels() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(hints.data()['dates']['labels'])})\b\W{{0,3}}(?:\w+\W+){{0,2}}?(?=\w*\d)", re.IGNORECASE)


def _beside_headline(seen: Lines) -> Iterator[Found]:
    """Short lines with a date around the headline."""
    at = next((block.at for block in seen.blocks if block.tag == "h1"), None)
    for block in seen.blocks[max(0, at + NEAR[0]) : at + NEAR[1]] if at is not None else []:
        if len(block.text) < WORDING and any(map(str.isdigit, block.text)):
            yield Found(written(block.text), block.text, "page line")


def _addresses(claims: Claims, url: str) -> Iterator[Found]:
    for address in (url, claims.first("og:url"), *claims.links.get("canonical", ())[:1]):
        match = _URL.search(address)
        if match:
            yield Found(_day(match), match[0].strip("/"), "url")


def iso(wording: str) -> str:
    """ISO 8601 of a machine-readable time, with its time and zone when it has them; "" when it is none or cannot be.

    >>> iso("2024-08-28T07:26:02-0400"), iso("2019-11-18"), iso("20240503")
    ('2024-08-28T07:26:02-04:00', '2019-11-18', '2024-05-03')
    """
    wording = wording[:WORDING].strip()
    if _EPOCH.fullmatch(wording):
        moment = datetime.fromtimestamp(int(wording[:10]), tz=UTC)
        return _utc(moment) if YEARS[0] <= moment.year <= YEARS[1] else ""
    match = _ISO.match(wording)
    if not match:
        return _mail(wording)
    day = _day(match)
    if not day or match["h"] is None or int(match["h"]) > 23 or int(match["i"]) > 59:
        return day
    fraction = (match["f"] or "").replace(",", ".")
    clock = f"{int(match['h']):02}:{match['i']}:{match['s'] or '00'}{fraction if fraction.strip('.0') else ''}"
    return f"{day}T{clock}{_zone(match['z'])}"


def _zone(zone: str | None) -> str:
    if not zone or zone in ("Z", "UTC", "GMT"):
        return "Z" if zone else ""
    digits = zone[1:].replace(":", "")
    return f"{'+' if zone[0] == '+' else '-'}{digits[:2]}:{digits[2:] or '00'}"


def _mail(wording: str) -> str:
    """`Mon, 18 Nov 2019 10:00:00 GMT`, as mail and RSS write it."""
    from email.utils import parsedate_to_datetime

    if not _MAIL.match(wording):
        return ""
    try:
        moment = parsedate_to_datetime(wording)
    except (ValueError, TypeError):
        return ""
    return _utc(moment) if YEARS[0] <= moment.year <= YEARS[1] else ""


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def written(wording: str, sure: bool = False) -> str:
    """ISO 8601 of a date as people write it; day before month unless the month's name says otherwise. `sure`: "" where numbers
    may be meant the other way round.

    >>> written("Veröffentlicht am 28. April 2023 um 17:52 Uhr"), written("May 3, 2024 3:05 pm")
    ('2023-04-28T17:52', '2024-05-03T15:05')
    """
    for pattern in (_YMD, _WORDS, _WORDS_US, _DMY):
        for match in pattern.finditer(wording[: 2 * WORDING]):
            day = _day(match)
            if day and sure and pattern is _DMY and int(match["d"]) <= 12 and int(match["d"]) != int(match["m"]):
                return ""
            if day:
                return day + _clock(wording[match.end() : match.end() + 30])
    return ""


def relative(wording: str, crawled: str) -> str:
    """ISO 8601 of "4 hours ago", against the time of the crawl; "" without one.

    >>> relative("Posted 4 hours ago", "2024-05-03T12:00:00Z"), relative("vor 2 Tagen", "2024-05-03")
    ('2024-05-03T08:00:00Z', '2024-05-01')
    """
    start = iso(crawled) if crawled else ""
    match = _relative().search(wording) if start else None
    if not match:
        return ""
    number, unit = match["n0"] or match["n1"], (match["u0"] or match["u1"]).lower()
    seconds = next(size for name, size in _units() if unit.startswith(name))
    moment = datetime.fromisoformat(start) - timedelta(seconds=int(number) * seconds)
    return moment.date().isoformat() if seconds >= 86400 or "T" not in start else _utc(moment)


@cache
def _units() -> list[tuple[str, int]]:
    units: dict[str, int] = hints.data()["dates"]["units"]
    return sorted(units.items(), key=lambda item: -len(item[0]))


@cache
def _relative() -> re.Pattern[str]:
    units = "|".join(re.escape(unit) for unit, _ in _units())
    before, after = r"(?:vor|hace|há|il y a|for|før)\s+", r"\s*(?:ago|前|전|fa|siden|sedan|geleden|atrás)(?!\w)"
    amounts = [rf"(?P<n{turn}>\d{{1,3}})\s*(?P<u{turn}>(?:{units})[^\W\d_]{{0,6}}?)" for turn in (0, 1)]
    return re.compile(rf"(?<!\w)(?:{before}{amounts[0]}(?!\w)|{amounts[1]}{after})", re.IGNORECASE)


@cache
def _months() -> dict[str, int]:
    return {name: number for number, names in enumerate(hints.data()["dates"]["months"], 1) for name in names.split()}


def _clock(text: str) -> str:
    match = _CLOCK.search(text)
    if not match:
        return ""
    hour = int(match["h"])
    if match["p"]:
        hour = hour % 12 + (12 if match["p"].lower() == "p" else 0)
    return f"T{hour:02}:{match['i']}" + (f":{match['s']}" if match["s"] else "")


def _day(match: re.Match[str]) -> str:
    groups = match.groupdict()
    month = int(groups["m"]) if groups.get("m") else _months().get((groups.get("n") or "").lower(), 0)
    try:
        found = date(int(groups["y"]), month, int(groups["d"]))
    except ValueError:
        return ""
    return found.isoformat() if YEARS[0] <= found.year <= YEARS[1] else ""
