"""When an article was published: ISO 8601 as the page gives it, and the page's own wording."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from cleanup.parse.structured import Claims, text_of

FIRST_YEAR = 1990

# Names of meta tags that hold the time of publication, best first; those of a last change are only asked when nothing else is there.
_PUBLISHED = (
    "article:published_time", "article:published:time", "og:article:published_time", "article_published_time", "og:published_time",
    "datepublished", "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date.created",
    "dc.date", "dc:date", "dcterms.date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime", "publish-date", "publishdate",
    "publish_date", "published_date", "published_at", "publication_date", "publication-date", "pub_date", "pubdate", "ptime",
    "article.published", "article:publicationdate", "article.created", "article:created", "bt:pubdate", "displaydate", "issuedate",
    "release_date", "rnews:datepublished", "citation_publication_date", "citation_date", "news:publication_date", "iso-8601-publish-date",
    "mrf:publishedtime", "article:post_date", "og:pubdate", "created", "datecreated", "date_published", "date", "gentime",
)  # fmt: skip
_CHANGED = ("article:modified_time", "og:updated_time", "datemodified", "last-modified", "lastmod", "dcterms.modified")

_ISO = re.compile(
    r"(?P<y>\d{4})-?(?P<m>\d{2})-?(?P<d>\d{2})(?:(?:[T\s]|\s?-\s?)\s*(?P<h>\d{1,2}):?(?P<i>\d{2})(?::?(?P<s>\d{2})(?P<f>[.,]\d{1,9})?)?)?"
    r"\s*(?P<z>Z|UTC|GMT|[+\-−]\d{2}(?::?\d{2})?)?(?![\d])"
)
_YMD = re.compile(r"(?<!\d)(?P<y>(?:19|20)\d{2})\s?[./年년-]\s?(?P<m>\d{1,2})\s?[./月월-]\s?(?P<d>\d{1,2})(?:\s?[日일.]|(?!\d))")
_DMY = re.compile(r"(?<!\d)(?P<d>\d{1,2})\s?[./-]\s?(?P<m>\d{1,2})\s?[./-]\s?(?P<y>(?:19|20)\d{2})(?!\d)")
_WORDS = re.compile(r"(?<!\d)(?P<d>\d{1,2})(?:st|nd|rd|th|\.|º|er)?\s+(?:de\s+|d')?(?P<n>[^\W\d_]{3,12})\.?,?\s+(?:de\s+)?(?P<y>(?:19|20)\d{2})(?!\d)")
_WORDS_US = re.compile(r"(?<![^\W\d_])(?P<n>[^\W\d_]{3,12})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>(?:19|20)\d{2})(?!\d)")
_CLOCK = re.compile(r"(?<![\d:.])(?P<h>[01]?\d|2[0-3])\s?[:.시時](?P<i>[0-5]\d)(?:[:.](?P<s>[0-5]\d))?(?:\s?(?P<p>[ap])\.?m\.?(?![^\W_]))?", re.IGNORECASE)
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?")
_URL_DATE = re.compile(r"/(?P<y>(?:19|20)\d{2})[/-](?P<m>0?[1-9]|1[0-2])[/-](?P<d>0?[1-9]|[12]\d|3[01])(?:[/-]|$)")
_RELATIVE = re.compile(
    r"(?<!\w)(?:(?:vor|hace|há|il y a|for)\s+)?(?P<n>\d{1,3})\s*"
    r"(?P<u>min(?:ute|uten|utes|utos|uti|uter|utter)?s?|hours?|hrs?|std|stunden?|heures?|horas?|ore|timer|timmar|uur|uren|days?|tage?n?|jours?|d[ií]as?|giorni|dager|dagar|dagen"
    r"|weeks?|wochen?|semaines?|semanas?|settimane|uker|veckor|weken|分钟|分|小时|時間|시간|天|日|일)\s*(?:ago|前|전|fa|siden|sedan|geleden|atrás)?(?!\w)",
    re.IGNORECASE,
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner janvier janv enero ene janeiro gennaio gen januari ocak stycznia января januara leden sausio",
            "february feb februar février fevrier févr fév febrero fevereiro fev febbraio febbr februari şubat lutego февраля",
            "march mar märz maerz mrz mars marzo março marco maart mrt mart marca марта",
            "april apr avril avr abril abr aprile nisan kwietnia апреля",
            "may mai mayo maio maggio mag mei maj mayıs maja мая",
            "june jun juni juin junio junho giugno giu haziran czerwca июня",
            "july jul juli juillet juil julio julho luglio lug temmuz lipca июля",
            "august aug août aout agosto ago ağustos sierpnia августа augustus augusti",
            "september sep sept septembre septiembre setembro settembre set eylül września сентября",
            "october oct oktober okt octobre octubre outubro out ottobre ott ekim października октября",
            "november nov novembre noviembre novembro kasım listopada ноября",
            "december dec dezember dez décembre decembre déc diciembre dic dezembro dicembre desember des aralık grudnia декабря",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_UNITS = {"min": 60, "分": 60, "h": 3600, "std": 3600, "stu": 3600, "heu": 3600, "hor": 3600, "ore": 3600, "tim": 3600, "uur": 3600,
          "ure": 3600, "小时": 3600, "時間": 3600, "시간": 3600, "day": 86400, "tag": 86400, "jou": 86400, "d": 86400, "gio": 86400, "dag": 86400,
          "天": 86400, "日": 86400, "일": 86400, "w": 604800, "sem": 604800, "set": 604800, "uke": 604800, "vec": 604800}  # fmt: skip


_DATED = ("time", "span", "p", "div", "li", "abbr", "em", "small", "dd")


class Found(msgspec.Struct, frozen=True):
    """A date: `value` in ISO 8601, as exact as the page has it, its wording there, and where it stood."""

    value: str
    wording: str
    place: str


def published(claims: Claims, root: Any, url: str, crawled: str) -> Found | None:
    """The date of publication: JSON-LD, meta tags, `time` elements, a dated line beside the headline, the URL; None when none is there."""
    for wording, place in _claimed(claims, ("datePublished", "uploadDate", "dateCreated"), _PUBLISHED):
        if value := iso(wording):
            return Found(value, wording, place)
    found = _visible(root, crawled)
    if found:
        return found
    for wording, place in _claimed(claims, ("dateModified",), _CHANGED):
        if value := iso(wording):
            return Found(value, wording, place)
    for address in (url, claims.first("og:url"), *claims.links.get("canonical", ())[:1]):
        match = _URL_DATE.search(address)
        if match and (value := _day(match)):
            return Found(value, match[0].strip("/"), "url")
    return None


def _claimed(claims: Claims, names: tuple[str, ...], meta: tuple[str, ...]) -> list[tuple[str, str]]:
    nodes = [claims.article] if claims.article else []
    nodes += [node for node in claims.nodes if node is not claims.article][:20]
    wordings = [(text_of(node.get(name)), f"json-ld {name}") for name in names for node in nodes if node.get(name)]
    return wordings + [(claims.meta[name][0], f"meta {name}") for name in meta if claims.meta.get(name)]


def _visible(root: Any, crawled: str) -> Found | None:
    """The first dated `time` element or element named for a date, near the headline first."""
    candidates: list[tuple[int, int, str, str]] = []
    heading = 0
    for at, element in enumerate(root.iter("h1", *_DATED)):
        if element.tag == "h1":
            heading = heading or at
            continue
        stamp = element.get("datetime") or element.get("content") or ""
        names = f"{element.get('class') or ''} {element.get('itemprop') or ''} {element.get('id') or ''}".lower()
        if element.tag != "time" and not ("date" in names or "publish" in names or "time" in names):
            continue
        text = " ".join(element.text_content().split()) if len(element) < 12 else ""
        if stamp or 5 < len(text) < 120:
            rank = 3 * ("modif" in names or "updat" in names) - 2 * ("publi" in names) - (element.tag == "time")
            candidates.append((rank, at, stamp, text))
    candidates = [(rank, abs(at - heading), stamp, text) for rank, at, stamp, text in candidates]
    for _, _, stamp, text in sorted(candidates)[:40]:
        for wording in (stamp, text):
            if value := (iso(wording) or written(wording) or relative(wording, crawled)):
                return Found(value, wording[:120], "page")
    return None


def iso(wording: str) -> str:
    """ISO 8601 of a machine-readable time, with its time and zone when it has them; "" when it is none or cannot be.

    >>> iso("2024-08-28T07:26:02-0400"), iso("2019-11-18"), iso("20240503")
    ('2024-08-28T07:26:02-04:00', '2019-11-18', '2024-05-03')
    """
    wording = wording.strip()
    if _EPOCH.fullmatch(wording):
        moment = datetime.fromtimestamp(int(wording[:10]), tz=None if False else _utc())
        return moment.isoformat().replace("+00:00", "Z") if _plausible(moment.date()) else ""
    match = _ISO.match(wording)
    if not match:
        return _rfc(wording)
    day = _day(match)
    if not day or match["h"] is None or int(match["h"]) > 23 or int(match["i"]) > 59:
        return day
    clock = f"{int(match['h']):02}:{match['i']}:{match['s'] or '00'}"
    fraction = (match["f"] or "").replace(",", ".")
    return f"{day}T{clock}{fraction if fraction.strip('.0') else ''}{_zone(match['z'])}"


def _zone(zone: str | None) -> str:
    if not zone:
        return ""
    if zone in ("Z", "UTC", "GMT"):
        return "Z"
    digits = zone[1:].replace(":", "")
    return f"{'+' if zone[0] == '+' else '-'}{digits[:2]}:{digits[2:] or '00'}"


def _rfc(wording: str) -> str:
    """`Mon, 18 Nov 2019 10:00:00 GMT` and what is written with a month's name and a clock."""
    from email.utils import parsedate_to_datetime

    if not re.match(r"[A-Z][a-z]{2},? \d{1,2} [A-Z][a-z]{2} \d{4}", wording):
        return ""
    try:
        moment = parsedate_to_datetime(wording)
    except (ValueError, TypeError):
        return ""
    return moment.isoformat().replace("+00:00", "Z") if _plausible(moment.date()) else ""


def written(wording: str) -> str:
    """ISO 8601 of a date as people write it; day before month unless the month's name says otherwise.

    >>> written("Veröffentlicht am 28. April 2023 um 17:52 Uhr"), written("May 3, 2024 3:05 pm"), written("2025年1月13日 21時37分")
    ('2023-04-28T17:52', '2024-05-03T15:05', '2025-01-13T21:37')
    """
    for pattern in (_YMD, _WORDS, _WORDS_US, _DMY):
        for match in pattern.finditer(wording):
            day = _day(match)
            if day:
                return day + _clock(wording[match.end() : match.end() + 30])
    return ""


def relative(wording: str, crawled: str) -> str:
    """ISO 8601 of "4 hours ago", against the time of the crawl; "" without one."""
    start = iso(crawled) if crawled else ""
    match = _RELATIVE.search(wording) if start else None
    if not match:
        return ""
    unit = match["u"].lower()
    seconds = next((_UNITS[name] for name in sorted(_UNITS, key=len, reverse=True) if unit.startswith(name)), 0)
    if not seconds:
        return ""
    moment = datetime.fromisoformat(start) - timedelta(seconds=int(match["n"]) * seconds)
    return moment.date().isoformat() if seconds >= 86400 or "T" not in start else moment.isoformat().replace("+00:00", "Z")


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
    month = int(groups["m"]) if groups.get("m") else _MONTHS.get((groups.get("n") or "").lower(), 0)
    try:
        found = date(int(groups["y"]), month, int(groups["d"]))
    except ValueError:
        return ""
    return found.isoformat() if _plausible(found) else ""


def _plausible(found: date) -> bool:
    return FIRST_YEAR <= found.year <= 2100


def _utc() -> Any:
    from datetime import UTC

    return UTC
