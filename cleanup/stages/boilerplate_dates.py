"""Dates as pages write them, in many languages, to ISO 8601. Words come from the `[words]` tables of the rule files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_WORD = r"([^\W\d_]{3,})\.?"
_ORDINAL = r"(?:st|nd|rd|th|er|[ºª°.])?"
_GAP = r"(?:[\s-]+|(?<=\.))"  # "3 May 2024", "3.mai.2024"
_YEAR = r"((?:19|20)\d\d)"
_HAS_YEAR = re.compile(_YEAR)
_FORMS = tuple(
    (re.compile(pattern, re.IGNORECASE), order, signs)
    for pattern, order, signs in (
        (rf"(?<!\d){_YEAR}[-/](\d{{1,2}})[-/](\d{{1,2}})(?!\d)", "ymd", "-/"),
        (rf"(?<!\d){_YEAR}\s?[年년]\s?(\d{{1,2}})\s?[月월]\s?(\d{{1,2}})\s?[日일]", "ymd", "年년"),
        (rf"(?<!\d){_YEAR}\.\s?(\d{{1,2}})\.\s?(\d{{1,2}})(?!\d)", "ymd", "."),
        (rf"(?<!\d)(\d{{1,2}}){_ORDINAL}{_GAP}(?:de\s+|of\s+)?{_WORD},?{_GAP}(?:de\s+|del\s+)?{_YEAR}(?!\d)", "dmy", ""),
        (rf"{_WORD}\s+(\d{{1,2}}){_ORDINAL},?\s+{_YEAR}(?!\d)", "mdy", ""),
        (rf"(?<!\d)(\d{{1,2}})\.\s?(\d{{1,2}})\.\s?{_YEAR}(?!\d)", "dmy", "."),
        (rf"(?<!\d)(\d{{1,2}})([/-])(\d{{1,2}})\2{_YEAR}(?!\d)", "slash", "-/"),
    )
)
# "03.05.24, 10:15 Uhr", maybe behind a word or two that may stand around a date
_SHORT_YEAR = re.compile(
    r"(\D{0,24}\W|)(\d{1,2})\.(\d{1,2})\.(\d\d)(?:\W+(?:um\W+|kl\W+)?\d{1,2}[:.]\d\d(?:\s?(?:uhr|h))?)?\W*", re.IGNORECASE
)
_CLOCK = re.compile(r"(?<!\d)\d{1,2}[:.h時时点]\s?\d{2}(?!\d)")
# A day without its year.
_DAY = re.compile(r"\d{1,2}\s?[月월]|(?<!\d)\d{1,2}\.\s?\d{1,2}\.(?!\d)|\d{1,2}/\d{1,2}|\d\s?[-–—~～〜|]\s?\t")
SHORT_CHARS = 44
_UNITS = {"second": 0, "minute": 0, "hour": 0, "day": 1, "week": 7}


class Found(msgspec.Struct, frozen=True):
    """A date in a text: ISO 8601 (None where day and month cannot be told apart) and where it stands."""

    iso: str | None
    start: int
    end: int


class Calendar(msgspec.Struct, frozen=True):
    """The words of time of all languages together, case folded."""

    months: Mapping[str, int]
    units: Mapping[str, str]  # "stunden" -> "hour"
    ago: frozenset[str]
    filler: frozenset[str]  # weekdays, time zones, "at", "updated" ...: what may stand around a date
    days: Mapping[str, int]  # "today" -> 0, "gestern" -> 1

    @classmethod
    def of(cls, tables: Mapping[str, Mapping[str, Sequence[str]]]) -> Calendar:
        """From the `[words]` tables by language. A month or unit is one entry with all its forms."""
        months: dict[str, int] = {}
        units: dict[str, str] = {}
        ago: set[str] = set()
        filler: set[str] = set()
        for table in tables.values():
            for number, forms in enumerate(table.get("months", ()), 1):
                months |= dict.fromkeys(forms.casefold().split(), number)
            for forms in table.get("units", ()):
                name, *known = forms.casefold().split()
                units |= dict.fromkeys(known, name)
            ago |= {token for phrase in table.get("ago", ()) for token in _TOKEN.findall(phrase.casefold())}
            for name in ("weekdays", "time", "published", "updated"):
                filler |= {token for phrase in table.get(name, ()) for token in _TOKEN.findall(phrase.casefold())}
        days = {word.casefold(): back for table in tables.values() for back, word in enumerate(table.get("days", ()))}
        return cls(months, units, frozenset(ago), frozenset(filler), days)

    @property
    def words(self) -> set[str]:
        """All words of time."""
        return {*self.months, *self.units, *self.ago, *self.filler, *self.days}

    def find(self, text: str) -> Found | None:
        """The first date with a year in a (short) text."""
        best: Found | None = None
        if not _HAS_YEAR.search(text):
            match = _SHORT_YEAR.fullmatch(text) if len(text) <= SHORT_CHARS else None
            if not match or not self.is_time(match[1]):
                return None
            read, iso = _iso(2000 + int(match[4]), int(match[3]), int(match[2]))
            return Found(iso, match.start(2), match.end(4)) if read else None
        for pattern, order, signs in _FORMS:
            if signs and not any(sign in text for sign in signs):
                continue
            for match in pattern.finditer(text):
                read, iso = self._read(match, order)
                if read and (best is None or match.start() < best.start):
                    best = Found(iso, match.start(), match.end())
        return best

    def _read(self, match: re.Match[str], order: str) -> tuple[bool, str | None]:
        """Whether it is a date, and which."""
        parts = match.groups()
        if order == "slash":
            one, other, year = int(parts[0]), int(parts[2]), int(parts[3])
            if one == other or (one > 12) != (other > 12):
                return _iso(year, min(one, other), max(one, other))
            return one <= 12, None
        named = dict(zip(order, parts, strict=True))
        month = named["m"]
        number = int(month) if month.isdecimal() else self.months.get(month.casefold(), 0)
        return _iso(int(named["y"]), number, int(named["d"]))

    def apart(self, text: str) -> tuple[bool, str]:
        """Whether a text of nothing but dates names two days, as from one to the other; and what stands beside the dates."""
        isos: set[str | None] = set()
        while found := self.find(text):
            isos.add(found.iso)
            text = f"{text[: found.start]}\t{text[found.end :]}"
            if not text.strip():
                return False, ""
        month = not self.months.keys().isdisjoint(_TOKEN.findall(text.casefold()))
        return len(isos) > 1 or month or _DAY.search(text) is not None, text.replace("\t", " ")

    @staticmethod
    def has_clock(text: str) -> bool:
        """Whether a text names a time of day."""
        return _CLOCK.search(text) is not None

    def is_time(self, text: str) -> bool:
        """Whether a text says nothing but a time: numbers, weekdays, zones, "at", "updated"."""
        tokens = _TOKEN.finditer(text.casefold())
        return all(found[0].isdecimal() or found[0] in self.filler or found[0] in self.months for found in tokens)

    def others(self, text: str) -> int:
        """How many words of a text are none that may stand around a date."""
        return sum(not self.filler.issuperset(_TOKEN.findall(word)) for word in text.casefold().split())

    def relative(self, text: str, crawled: str = "") -> tuple[bool, str | None]:
        """(whether the text says how long ago, the date if the day of the crawl is known)."""
        tokens: list[str] = []
        back: int | None = None
        for found in _TOKEN.finditer(text.casefold()):
            for token in self.split(found[0]):
                if token in self.days and back is None:
                    back = self.days[token]
                elif not (token.isdecimal() or token in self.units or token in self.ago or token in self.filler):
                    return False, None
                tokens.append(token)
        if back is not None:
            return (True, _before(crawled, back)) if _CLOCK.search(text) else (False, None)
        numbers = [int(token) for token in tokens if token.isdecimal() and len(token) < 4]
        units = [self.units[token] for token in tokens if token in self.units]
        if not (len(numbers) == 1 and units and any(token in self.ago for token in tokens)):
            return False, None
        step = _UNITS.get(units[0])
        return True, None if step is None else _before(crawled, numbers[0] * step)

    def split(self, token: str) -> tuple[str, ...]:
        """A unit and "ago" apart that a script without spaces writes as one word."""
        if not token.isascii() and token not in self.units:
            for size in range(1, len(token)):
                if token[:size] in self.units and token[size:] in self.ago:
                    return token[:size], token[size:]
        return (token,)


def _before(crawled: str, days: int) -> str | None:
    """The day so many days before the crawl; None without a day of the crawl."""
    try:
        return (date.fromisoformat(crawled[:10]) - timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return None


def _iso(year: int, month: int, day: int) -> tuple[bool, str | None]:
    try:
        return True, date(year, month, day).isoformat()
    except ValueError:
        return False, None
