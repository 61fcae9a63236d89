"""What a short line may be told to say, by expressions over a column of lines: when or how many, who, nothing but a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cleanup.stages.boilerplate_characters import SPACES
from cleanup.stages.boilerplate_lines import series

DATED, WHO, NAMED = 1, 2, 4  # a line says when or how many; uses a word that introduces who; begins as nothing but a name does
PARTICLES = frozenset("von van de der den del della di da dos das do la le du bin al el ibn ter ten zu af y e".split())  # noqa: SIM905
EDGES = " \t,;:.|•·-–—―()[]【】（）／/*\u00a0\u200b"  # what stands around a part of a line
LONGEST = 60  # characters of the longest word of a phrase
_BEFORE = "".join(map(chr, SPACES)) + ":：("  # what may stand between a number and what it counts
_NUMBER = re.compile(r"\d+")
_WORDS = re.compile(r"[^\W\d_]+")
_FIRST = re.compile(r"\W*([^\W\d_]+)")
_TRAIL = re.compile(r"\W+\Z")
_SPACE = r"\s\x1c-\x1f"  # classes of signs as Python's expressions know them, for Rust's
_LETTER = r"\p{L}\p{Nl}\p{No}"
_NO_WORD = r"[^\p{L}\p{N}_]"
_TIME = r"(?:19|20)\d\d|\d[:.h]\d\d"
_BREAK = rf"(?:^|[|•·/―—–\t\u3000-]|[{_SPACE}]{{3}})"
# The first word, and one of the next three behind none but short ones, begin with a capital.
_NAME = rf"^[^{_LETTER}]*\p{{Uppercase}}\S*(?:[{_SPACE}]+[^{_SPACE}\p{{Uppercase}}]\S{{0,5}}){{0,2}}[{_SPACE}]+\p{{Uppercase}}"
_CJK_NAME = r"^[\u4e00-\u9fff々]{1,3}[ \u3000][\u3041-\u30ff\u4e00-\u9fff々]{1,4}$"
_DOTTED = re.compile("[iı]")  # of whose capitals one has a dot


class Suspicion:
    """The look, made of the words of all languages. Immutable once made."""

    def __init__(self, tables: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        counts = phrases(tables, "reading", "views", "comments")
        units = {form.casefold() for table in tables.values() for one in table.get("units", ()) for form in one.split()[1:]}
        introducing = phrases(tables, "author", "source")
        behind = phrases(tables, "author-behind")
        unit = rf"\d[{_SPACE}]?[km]?[{_SPACE})-]*(?:{_any(_openings({*counts, *units}))})"
        self._dated = rf"{_TIME}|(?i:{unit})"
        self._who = rf"(?i:{_BREAK}{_NO_WORD}*(?:{_any(introducing)})(?:{_NO_WORD}|\d|$)|(?:{_any(behind)}){_NO_WORD}*$)"
        edge = f"[{re.escape(EDGES)}]{{0,3}}"
        self._named = rf"{_NAME}|{_CJK_NAME}|(?i:^{edge}(?:{_any(phrases(tables, 'agencies'))}){edge}$)"
        self._first = {first[1] for first in map(_FIRST.match, introducing) if first}
        self._behind = _by_end(behind)
        self._counts = _by_end(counts)
        self._last = _by_end({(_WORDS.findall(phrase) if phrase[-1].isalpha() else phrase)[-1] for phrase in counts})

    def tells(self, lines: Sequence[str]) -> npt.NDArray[np.uint8]:
        """For each line the sum of what it may say: DATED, WHO and NAMED."""
        column = series(lines)
        found = np.zeros(len(lines), np.uint8)
        for flag, pattern in ((DATED, self._dated), (WHO, self._who), (NAMED, self._named)):
            found |= column.str.contains(pattern).to_numpy() * np.uint8(flag)
        for row in column.str.contains(r"\d").arg_true().to_list():
            if not found[row] & DATED and self._counted(lines[row]):
                found[row] |= DATED
        return found

    def _counted(self, line: str) -> bool:
        """Whether a number stands behind what it counts. An expression with all these words in it is slow."""
        for found in _NUMBER.finditer(line):
            before = line[max(0, found.start() - 60) : found.start()].rstrip(_BEFORE)
            low = before[-LONGEST:].casefold()
            if low and low.endswith(self._last.get(low[-1], ())) and _ends_with(before, self._counts):
                return True
        return False

    def may_introduce(self, line: str) -> bool:
        """Whether the first word of a line could introduce who: sound."""
        first = _FIRST.match(line)
        return bool(first and (not first[1].isascii() or first[1].lower() in self._first))

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


def phrases(tables: Mapping[str, Mapping[str, Sequence[str]]], *names: str) -> list[str]:
    """Entries of the word tables, case folded, the longest first."""
    found = {one.casefold() for table in tables.values() for name in names for one in table.get(name, ())}
    return sorted(found, key=lambda one: (-len(one), one))


def _openings(found: Iterable[str]) -> list[str]:
    """Phrases that begin with none of the others."""
    least: list[str] = []
    for phrase in sorted(found):
        if not (least and phrase.startswith(least[-1])):
            least.append(phrase)
    return least


def _any(found: Iterable[str]) -> str:
    """An expression for case folded phrases, whatever the spaces between their words."""
    parts = [_DOTTED.sub("[iıİ]", re.escape(phrase)).replace(r"\ ", f"[{_SPACE}]+") for phrase in found]
    return "|".join(parts) or r"[^\s\S]"
