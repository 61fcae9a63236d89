"""Which short lines may be metadata: a cheap look that loses none of the lines that say when, how many or who."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from cleanup.stages.boilerplate_glance import UNLIMITED, Glance, Heads, Signs
from cleanup.stages.boilerplate_lines import SPACES, Bools
from cleanup.stages.boilerplate_rules import normal

_NUMBER = re.compile(r"\d+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_LETTER = re.compile(r"[^\W\d_]")
_FIRST = re.compile(r"\W*([^\W\d_]+)")
_BREAKS = tuple(map(re.compile, (r"[|•·/―—–\t　-]", r"\s\s\s")))
_TRAIL = re.compile(r"\W+\Z")
_SPACES = "".join(map(chr, SPACES))
_DIGITS = Signs("0123456789", bytes((0xD9, 0xDB, 0xDF, 0xE0, 0xE1, 0xEA, 0xEF, *range(0xF0, 0xF5))))  # scripts with their own
_BREAK_SIGNS = Signs("|•·/―—–\t-" + _SPACES.replace(" ", "").replace("\n", ""))
_CODES = np.arange(256)
_LETTER_BYTES = np.isin(_CODES, [ord(char) for char in "0123456789abcdefghijklmnopqrstuvwxyz"])
_SIGN = (_CODES < 128) & ~_LETTER_BYTES
_LETTER_LEADS = np.isin(_CODES, (0xC4, 0xC5, 0xD0, 0xD1))  # of characters that all are letters
_GAPS = _SPACES + ")-"
_BEFORE = _SPACES + ":：("


class Suspicion:
    """The look, made of the words of all languages. Immutable once made."""

    def __init__(self, tables: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        counts = phrases(tables, "reading", "views", "comments")
        units = {form.casefold() for table in tables.values() for one in table.get("units", ()) for form in one.split()[1:]}
        introducing = phrases(tables, "author", "source")
        self._unit = re.compile(rf"\s?[km]?[\s)-]*(?:{_any([*counts, *sorted(units)])})", re.IGNORECASE)
        self._openings = {phrase[:2] for phrase in (*counts, *units)}
        self._counts = _by_end(counts)
        self._introduced = re.compile(rf"\W*(?:{_any(introducing)})(?:\W|\d|$)", re.IGNORECASE)
        self._first = {first[1] for first in map(_FIRST.match, introducing) if first}
        self._behind = _by_end(phrases(tables, "author-behind"))
        self._introducing = Heads({f"{normal(word)} ": UNLIMITED for word in self._first})
        self._ends = np.zeros(256, bool)
        for end in self._behind:
            self._ends[[form.encode()[-1] for form in (end, end.upper())]] = True

    def dated(self, glance: Glance) -> Bools:
        """Which lines may say when or how many: sound."""
        return glance.holding(_DIGITS)

    def says_who(self, glance: Glance) -> Bools:
        """Which lines may use a word that introduces who, at their start, behind a break or at their end: sound."""
        found = self._introducing.find(glance) | glance.holding(_BREAK_SIGNS) | self._closing(glance)
        double = glance.spaces[:-1][np.diff(glance.spaces) == 1]
        found[glance.rows(double)] = True
        return found

    def _closing(self, glance: Glance) -> Bools:
        """Whether what a line ends with could be a word that stands behind an author's name."""
        last, before = glance.data[glance.end - 1], glance.data[glance.end - 2]
        sign = _SIGN[last]
        known = self._ends[np.where(sign, before, last)]
        letter = np.where(sign, _LETTER_BYTES[before], _LETTER_BYTES[last] | ((last >= 128) & _LETTER_LEADS[before]))
        return known | ~letter

    def tells(self, line: str, edge: bool) -> bool:
        """Whether a line says when or how many or, at an edge of the page, uses a word that introduces who: sound."""
        return self._dated(line) or (edge and self._says_who(line))

    def _dated(self, line: str) -> bool:
        for found in _NUMBER.finditer(line):
            start, end = found.span()
            if end - start >= 4 and _YEAR.search(found[0]):
                return True
            if line[end : end + 1] in (":", ".", "h") and line[end + 1 : end + 3].isdecimal() and end + 2 < len(line):
                return True
            if (self._may_count(line[end : end + 40]) and self._unit.match(line, end)) or _ends_with(
                line[max(0, start - 60) : start].rstrip(_BEFORE), self._counts
            ):
                return True
        return False

    def _may_count(self, behind: str) -> bool:
        """Whether what stands behind a number could be a unit, by its first two letters."""
        bare = behind.lstrip(_GAPS).casefold()
        if bare[:2] in self._openings or bare[:1] in self._openings:
            return True
        if bare[:1] not in ("k", "m"):
            return False
        bare = bare[1:].lstrip(_GAPS)
        return bare[:2] in self._openings or bare[:1] in self._openings

    def _says_who(self, line: str) -> bool:
        if self._introduces(line, 0) or self.ends_behind(line):
            return True
        return any(self._introduces(line, found.end()) for pattern in _BREAKS for found in pattern.finditer(line))

    def may_introduce(self, line: str) -> bool:
        """Whether the first word of a line could introduce who: sound."""
        first = _FIRST.match(line)
        return bool(first and (not first[1].isascii() or first[1].lower() in self._first))

    def _introduces(self, line: str, start: int) -> bool:
        first = _FIRST.match(line, start)
        if not first or (first[1].isascii() and first[1].lower() not in self._first):
            return False
        return self._introduced.match(line, start) is not None

    def ends_behind(self, line: str) -> bool:
        """Whether a line ends with a word that stands behind an author's name."""
        return _ends_with(line if line[-1:].isalnum() else _TRAIL.sub("", line), self._behind)


def _by_end(found: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Phrases by their last character."""
    ends: dict[str, tuple[str, ...]] = {}
    for phrase in found:
        ends[phrase[-1]] = (*ends.get(phrase[-1], ()), phrase)
    return ends


def _ends_with(line: str, ends: Mapping[str, tuple[str, ...]]) -> bool:
    known = ends.get(line[-1:].casefold()[-1:])
    return bool(known) and " ".join(line[-60:].casefold().split()).endswith(known or ())


def is_named(line: str) -> bool:
    """Whether the first word, and one of the next three behind none but short ones, are written as a name is."""
    letter = _LETTER.search(line)
    if not letter or not letter[0].isupper():
        return False
    for word in line[letter.start() :].split(None, 4)[1:4]:
        if word[0].isupper() or len(word) > 6:
            return word[0].isupper()
    return False


def phrases(tables: Mapping[str, Mapping[str, Sequence[str]]], *names: str) -> list[str]:
    """Entries of the word tables, case folded, the longest first."""
    found = {one.casefold() for table in tables.values() for name in names for one in table.get(name, ())}
    return sorted(found, key=lambda one: (-len(one), one))


def _any(found: Iterable[str]) -> str:
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in found) or "(?!)"
