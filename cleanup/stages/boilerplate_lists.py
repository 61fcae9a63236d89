"""Lines that stand in a row and are one thing: what goes of them goes as a whole, or stays."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from cleanup.stages.boilerplate_characters import BULLETS
from cleanup.stages.boilerplate_lines import Bools, Ints, Lines

Odds = npt.NDArray[np.float64]

NEAR = 0.15  # weight of what the line before and the line behind are likely to be
UNITS = 10_000  # of one unit of log-odds: whole numbers, so that a sum does not depend on its order
ALIKE = 3  # lines in a row that begin alike are a list without bullets
ASKED = -0.5  # log-odds; a row of which no line is likelier residue than this stays anyway
_SHAPE = 4  # words, numbers and signs by which lines begin alike,
_SHAPED = 3  # of which there are so many
_BEGINNING = 80  # characters in which they are looked for
_PARTS = re.compile(r"([^\W\d_]+)|(\d+)|[^\w\s]|_")
_ENTRY = re.compile(rf"(?:[{BULLETS}]|\d{{1,2}}[.)])\s")


def smooth(odds: Odds, doc: Ints) -> Odds:
    """Log-odds of lines with a share of those next to them in their page: residue comes in runs, and so do lists."""
    same = doc[1:] == doc[:-1]
    before, behind = odds.copy(), odds.copy()
    before[1:][same] = odds[:-1][same]
    behind[:-1][same] = odds[1:][same]
    return (1 - 2 * NEAR) * odds + NEAR * before + NEAR * behind


def level(odds: Odds, entries: Bools, doc: Ints) -> Odds:
    """Log-odds, those of the entries of a list the mean of all in a row."""
    rows = entries.nonzero()[0]
    if not len(rows):
        return odds
    starts = np.append(True, (rows[1:] != rows[:-1] + 1) | (doc[rows[1:]] != doc[rows[:-1]])).nonzero()[0]
    sizes = np.diff(np.append(starts, len(rows)))
    found = odds.copy()
    found[rows] = np.repeat(np.add.reduceat(np.rint(odds[rows] * UNITS), starts) / sizes / UNITS, sizes)
    return found


def level_alike(odds: Odds, free: Bools, lines: Lines) -> Odds:
    """Log-odds, those of lines in a row that begin alike ("May 3 - Oslo", "May 9 - Bergen") the mean of all of them.

    `free`: the lines of which one may be asked, and that are no entries.
    """
    found = odds
    for row in _alike(odds, free, lines):
        found = found.copy() if found is odds else found
        found[row] = np.rint(odds[row] * UNITS).sum() / (row.stop - row.start) / UNITS
    return found


def _alike(odds: Odds, free: Bools, lines: Lines) -> Iterator[slice]:
    """Rows of lines that begin alike."""
    shapes: dict[int, str] = {}

    def shape(line: int) -> str:
        if line not in shapes:
            shapes[line] = shape_of(lines.text(line)) if free[line] else ""
        return shapes[line]

    end = 0
    for line in np.flatnonzero(free & (odds >= ASKED)).tolist():
        known = shape(line) if line >= end else ""
        if not known:
            continue
        first, stop = lines.first[lines.doc[line]], lines.first[lines.doc[line] + 1]
        begin, end = line, line + 1
        while begin > first and shape(begin - 1) == known:
            begin -= 1
        while end < stop and shape(end) == known:
            end += 1
        if end - begin >= ALIKE:
            yield slice(begin, end)


def shape_of(text: str) -> str:
    """How a line begins: "a" for a word, "0" for a number, and signs; nothing where it is of words alone, as any sentence."""
    found: list[str] = []
    for part in _PARTS.finditer(text, 0, _BEGINNING):
        found.append("a" if part[1] else "0" if part[2] else part[0])
        if len(found) == _SHAPE:
            break
    return "".join(found) if len(found) >= _SHAPED and found.count("a") < len(found) else ""


def is_entry(text: str) -> bool:
    """Whether a line begins as an entry of a list does."""
    return _ENTRY.match(text) is not None


def are_entries(lines: Lines, rows: Ints) -> Bools:
    """Which lines are entries of a list: those are looked at whose first byte is that of a bullet or of a digit."""
    first = np.frombuffer(lines.data, np.uint8)[lines.begin[rows]]
    found: Bools = (first > 0xD8) | (first == 0xC2) | ((first >= ord("0")) & (first <= ord("9")))
    found |= (first == ord("*")) | (first == ord("-"))
    for at in np.flatnonzero(found).tolist():
        found[at] = is_entry(lines.text(rows[at]))
    return found
