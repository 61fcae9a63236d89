"""What a short line may be told to say, by a compiled loop over the lines: when or how many, who, nothing but a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from cleanup import kernels
from cleanup.stages.boilerplate_characters import (
    DIGIT,
    KNOWN,
    SPACES,
    UPPER,
    Classes,
    Codes,
    alphanumeric,
    characters,
    classes,
    folded,
)

DATED, WHO, NAMED = 1, 2, 4  # a line says when or how many; uses a word that introduces who; begins as nothing but a name does
PARTICLES = frozenset("von van de der den del della di da dos das do la le du bin al el ibn ter ten zu af y e".split())  # noqa: SIM905
EDGES = " \t,;:.|•·-–—―()[]【】（）／/*\u00a0\u200b"  # what stands around a part of a line
_SPACERS = (*SPACES, *map(ord, ":：("))  # what may stand between a number and what it counts
_SEAMS = "|•·/―—–\t\u3000-"  # what stands between the parts of a line
# Capitals that are no letters.
_CAPITALS = ((0x2160, 0x216F), (0x24B6, 0x24CF), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189))
_KANJI, _KANA = (*range(0x4E00, 0xA000), ord("々")), range(0x3041, 0x3100)
_FIRST = re.compile(r"\W*([^\W\d_]+)")
_TRAIL = re.compile(r"\W+\Z")

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]


class Suspicion:
    """The look, made of the words of all languages. Immutable once made."""

    def __init__(self, tables: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        counts = phrases(tables, "reading", "views", "comments")
        units = {form.casefold() for table in tables.values() for one in table.get("units", ()) for form in one.split()[1:]}
        introducing = phrases(tables, "author", "source")
        behind = phrases(tables, "author-behind")
        forward = introducing, {*counts, *units}, phrases(tables, "agencies")
        self._trees = _trees(*forward, _reversed(behind), _reversed(counts))
        self._first = {first[1] for first in map(_FIRST.match, introducing) if first}
        self._behind = _by_end(behind)

    def tells(self, data: bytes, begin: Ints, end: Ints) -> Flags:
        """For each line data[begin:end], in UTF-8, the sum of what it may say: DATED, WHO and NAMED."""
        found = np.empty(len(begin), np.uint8)
        loop = kernels.function("suspects_tell", "bytes i64* i64* i64 u16* u32* i64* u32* u8* u8*")
        loop(data, begin, end, len(begin), kinds(), plain(), *self._trees, found)
        return found

    def tell(self, line: str) -> int:
        """What one line may say."""
        data = line.encode("utf-8", "surrogatepass")
        return int(self.tells(data, np.zeros(1, np.int64), np.array([len(data)]))[0])

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


def _reversed(found: Iterable[str]) -> list[str]:
    return [phrase[::-1] for phrase in found]


def _trees(*found: Iterable[str]) -> tuple[Ints, Codes, Flags]:
    """Trees of phrases as `kernels/suspects.c` reads them: a node's first edge, the sign of each edge, where phrases end."""
    level = [sorted({*map(signs, tree)} - {""}) for tree in found]
    first: list[int] = [0]
    edges: list[int] = []
    whole: list[bool] = []
    while level:
        below: list[list[str]] = []
        for node in level:  # what its phrases go on with, sorted
            nexts: dict[str, list[str]] = {}
            for rest in node:
                if rest:
                    nexts.setdefault(rest[0], []).append(rest[1:])
            whole.append("" in node)
            edges += map(ord, nexts)
            below += nexts.values()
            first.append(len(edges))
        level = below
    return np.array(first, np.int64), np.array(edges, np.uint32), np.array(whole, np.uint8)


def signs(phrase: str) -> str:
    """A phrase as compiled loops read lines: each character folded, single spaces."""
    return " ".join(phrase.split()).translate(_folding())


@cache
def _folding() -> dict[int, int]:
    known = plain()
    return {code: int(known[code]) for code in np.flatnonzero(known != np.arange(KNOWN)).tolist()}


@cache
def kinds() -> Classes:
    """uint16[KNOWN]: what each character is, the sum of what `kernels/suspects.c` names."""
    known, word = classes(), alphanumeric().copy()
    script = word & ((known & DIGIT) == 0)
    word[ord("_")] = True
    capital = (known & UPPER) > 0
    low = np.fromiter(map(str.islower, characters()), np.bool_, KNOWN)
    for begin, end in _CAPITALS:
        capital[begin : end + 1] = True
    table: Classes = (script * 2 + word * 4 + capital * 8 + ((known & DIGIT) > 0) * 16).astype(np.uint16)
    table += ((folded() == 0) * 1024 + low * 4096).astype(np.uint16)
    table[[ord("ß"), ord("ẞ")]] &= ~np.uint16(1024)
    sets = {1: SPACES, 32: map(ord, _SEAMS), 64: map(ord, EDGES), 128: _SPACERS, 256: _KANJI, 512: _KANA}
    sets |= {2048: (*range(0x1100, 0x1200), *range(0x2E80, 0x10000)), 8192: map(ord, "ı")}
    for flag, codes in sets.items():
        table[np.fromiter(codes, np.int64)] |= flag
    return table


@cache
def plain() -> Codes:
    """uint32[KNOWN]: the one character that each is folded to; i with or without its dot is one."""
    table = folded().copy()
    for code in np.flatnonzero(table == 0).tolist():
        low = chr(code).lower()
        table[code] = ord(low) if len(low) == 1 else code
    table[[0x130, 0x131]] = ord("i")
    return table
