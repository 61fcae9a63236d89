"""Regular expressions of line rules, in one of two engines.

The built-in ones are compiled by Python, each once, when a line first needs it: lines are short, their authors mean well, and
tests run them on hostile lines. Users' own run in Rust's engine (through polars), which is linear in the line whatever they say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import NamedTuple

from cleanup.stages.boilerplate_lines import series

_TOKENS = re.compile(r"\\p\{?(?P<class>L[ulmot]?|N[dlo]?)\}?|\\b\?|\\.|[\[\]]|\(\?P<\w+>")

CASED = ("Lu", "Ll", "Lt")
MINDS_CASE = "(?-i:"
# Latin of nearly all languages of Europe, punctuation, prices, arrows and other signs.
_NEAR = (*range(0x180), *range(0x2000, 0x2070), *range(0x20A0, 0x20D0), *range(0x2190, 0x2C00))
_TWINS = (0x39C, 0x3BC, 0x1E9E, 0x212A, 0x212B)  # other characters that are the same as some of these but for their case
_FAR = re.compile("[^\0-\u017f\u2000-\u206f\u20a0-\u20cf\u2190-\u2bff\U0001f000-\U0001faff]")  # nor signs of feelings


_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)  # of a pattern: a sign, or a class of characters
_SIGNS = re.compile(r"\[((?:\\[^\w\s]|[^\w\s\\\]^-])+)\]")
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
        self._compiled: dict[tuple[str, bool], Search] = {}

    @cached_property
    def _told(self) -> list[tuple[str, bool, frozenset[str]]]:
        """The patterns, with whether each minds the case somewhere: then it is for the line as it is, else for the line in lower
        case; and signs of which a line has to end with one."""
        return [(pattern, MINDS_CASE in pattern, last_signs(pattern)) for pattern in self._patterns]

    def _search(self, pattern: str, cased: bool, far: bool) -> Search:
        """How to search for a pattern. One for the beginning of a line need not be tried elsewhere. `far`: in lines with other
        characters than those near ones that hardly a line goes beyond, for which classes of letters are short, and quick to
        compile."""
        known = self._compiled.get((pattern, far))
        if known is None:
            compiled = re.compile(_translated(pattern, str if cased else str.lower, far), re.IGNORECASE if cased else 0)
            known = self._compiled[pattern, far] = compiled.match if _is_anchored(pattern) else compiled.search
        return known

    def search(self, line: str) -> Match | None:
        """The leftmost match, of the earliest pattern that has one there.

        Patterns are quicker apart than as one, and quicker in lower case than told to disregard it.
        """
        low = line.lower()
        if len(low) != len(line):  # the dotted capital I becomes two
            low = "".join(char.lower()[0] for char in line)
        far = _FAR.search(line) is not None
        best: re.Match[str] | None = None
        for pattern, cased, last in self._told:
            if last and line[-1:] not in last:
                continue
            match = self._search(pattern, cased, far)(line if cased else low)
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


def last_signs(pattern: str) -> frozenset[str]:
    """Signs of which a line has to end with one, whatever the alternatives of a pattern, if it says so at its end; else none."""
    parts = _PART.findall(pattern)
    end = len(parts) - 1
    while end > 0 and parts[end - 1] == ")":
        end -= 1
    signs = _SIGNS.fullmatch(parts[end - 1]) if end > 0 and parts[-1] == "$" else None
    choices = [False]  # whether each group that is open has alternatives
    for part in parts[: end - 1] if signs else ():
        if part == "(":
            choices.append(False)
        elif part == ")":
            choices.pop()
        elif part == "|":
            choices[-1] = True
    if signs is None or any(choices):
        return frozenset()
    return frozenset(re.sub(r"\\(.)", r"\1", signs[1])) | {"\n"}  # before which a line ends, too


def _translated(pattern: str, case: Callable[[str], str], far: bool) -> str:
    """A pattern for Python, in a case: its classes of letters spelled out, and no `\\b?`, which says nothing."""
    parts: list[str] = []
    inside, at = False, 0
    for found in _TOKENS.finditer(pattern):
        parts.append(case(pattern[at : found.start()]))
        at = found.end()
        inside = found[0] == "[" or (inside and found[0] != "]")
        if category := found["class"]:
            every = category in CASED and case is not str  # case is disregarded: fewer ranges for all of them
            letters = letters_of(CASED if every else (category,), far)
            parts.append(letters if inside else f"[{letters}]")
        elif found[0] != r"\b?":
            parts.append(found[0])
    return "".join([*parts, case(pattern[at:])])


@cache
def letters_of(categories: tuple[str, ...], far: bool) -> str:
    """The characters of Unicode categories (or of all that begin alike), as ranges of a character class; without `far`, where
    there are any, those that tell near characters from each other, with or without their case."""
    near = [] if far else _of(categories, (*_NEAR, *_TWINS))
    points = near or _of(categories, range(0x10000))
    starts = [point for point, before in zip(points, [-1, *points], strict=False) if point != before + 1]
    stops = [point for point, behind in zip(points, [*points[1:], -1], strict=True) if point != behind - 1]
    return "".join(f"{chr(start)}-{chr(stop)}" for start, stop in zip(starts, stops, strict=True))  # escapes are slow to read


def _of(categories: tuple[str, ...], points: Iterable[int]) -> list[int]:
    return [point for point in points if unicodedata.category(chr(point)).startswith(categories)]
