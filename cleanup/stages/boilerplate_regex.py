"""Regular expressions of line rules, in one of two engines.

The built-in ones are compiled by Python, each once, when a line first needs it: lines are short, their authors mean well, and
tests run them on hostile lines. Users' own run in Rust's engine (through polars), which is linear in the line whatever they say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from typing import NamedTuple

from cleanup.stages.boilerplate_lines import series

_TOKENS = re.compile(r"\\p\{?(?P<class>L[ulmot]?|N[dlo]?)\}?|\\b\?|\\.|[\[\]]|\(\?P<\w+>")

CASED = ("Lu", "Ll", "Lt")
MINDS_CASE = "(?-i:"


Search = Callable[[str], re.Match[str] | None]


class Match(NamedTuple):
    """Where an expression matches a line, and the span of its group `value`, if it has one."""

    start: int
    stop: int
    value: tuple[int, int] | None


class Expression:
    """The patterns of one built-in rule."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns

    @cached_property
    def _compiled(self) -> list[tuple[bool, Search]]:
        """How to search for each, with whether it is for the line in lower case; one that minds the case somewhere is for the
        line as it is. One for the beginning of a line need not be tried elsewhere."""
        found: list[tuple[bool, Search]] = []
        for pattern in self._patterns:
            cased = MINDS_CASE in pattern
            compiled = re.compile(_translated(pattern, str if cased else str.lower), re.IGNORECASE if cased else 0)
            found.append((not cased, compiled.match if _is_anchored(pattern) else compiled.search))
        return found

    def search(self, line: str) -> Match | None:
        """The leftmost match, of the earliest pattern that has one there.

        Patterns are quicker apart than as one, and quicker in lower case than told to disregard it.
        """
        low = line.lower()
        if len(low) != len(line):  # the dotted capital I becomes two
            low = "".join(char.lower()[0] for char in line)
        best: re.Match[str] | None = None
        for lowered, search in self._compiled:
            match = search(low if lowered else line)
            if match and (best is None or match.start() < best.start()):
                best = match
        if best is None:
            return None
        value = best.span("value") if "value" in best.re.groupindex and best["value"] is not None else None
        return Match(*best.span(), value)


def search_column(pattern: str, lines: Sequence[str]) -> Iterator[Match | None]:
    """The match of a pattern in each line, by Rust's engine."""
    column = series(lines)
    groups = column.str.extract_groups(f"(?i)^(?P<_before>.*?)(?P<_match>{pattern})(?P<_behind>.*)$").to_list()
    for line, parts in zip(lines, groups, strict=True):
        if parts["_match"] is None:
            yield None
            continue
        start = len(parts["_before"])
        value = parts.get("value")
        at = max(line.find(value, start), 0) if value is not None else 0
        yield Match(start, start + len(parts["_match"]), None if value is None else (at, at + len(value)))


def _is_anchored(pattern: str) -> bool:
    """Whether a pattern, whatever its alternatives, matches at the beginning of a line only."""
    if not pattern.startswith("^"):
        return False
    depth = 0
    for sign in re.sub(r"\\.|\[\]?(?:\\.|[^\]\\])*\]", "", pattern):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            return False
    return True


def _translated(pattern: str, case: Callable[[str], str]) -> str:
    """A pattern for Python, in a case: its classes of letters spelled out, and no `\\b?`, which says nothing."""
    parts: list[str] = []
    inside, at = False, 0
    for found in _TOKENS.finditer(pattern):
        parts.append(case(pattern[at : found.start()]))
        at = found.end()
        inside = found[0] == "[" or (inside and found[0] != "]")
        if category := found["class"]:
            every = category in CASED and case is not str  # case is disregarded: fewer ranges for all of them
            letters = _letters(CASED if every else (category,))
            parts.append(letters if inside else f"[{letters}]")
        elif found[0] != r"\b?":
            parts.append(found[0])
    return "".join([*parts, case(pattern[at:])])


@cache
def _letters(categories: tuple[str, ...]) -> str:
    """The characters of Unicode categories (or of all that begin alike), as ranges of a character class."""
    points = [point for point in range(0x10000) if unicodedata.category(chr(point)).startswith(categories)]
    starts = [point for point, before in zip(points, [-1, *points], strict=False) if point != before + 1]
    stops = [point for point, behind in zip(points, [*points[1:], -1], strict=True) if point != behind - 1]
    return "".join(f"{chr(start)}-{chr(stop)}" for start, stop in zip(starts, stops, strict=True))  # escapes are slow to read
