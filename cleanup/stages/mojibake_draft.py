"""A line under repair that remembers where every changed piece came from, so that repair upon repair becomes small edits."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from cleanup.document import Edit

_LONG = 2000  # words of a line beyond which a diff is not worth its time


class Patch(msgspec.Struct):
    """`original[start:end]` now reads `after`; `rules` changed it, in that order."""

    start: int
    end: int
    after: str
    rules: tuple[str, ...]
    score: float
    why: dict[str, Any]


class Draft:
    """One line and its repairs so far. Positions given to `replace` are those of the present `text`."""

    def __init__(self, original: str, offset: int = 0, ending: str = "") -> None:
        self.original = original
        self.offset = offset  # of the line in its document, code points
        self.ending = ending  # the line feed behind it, if there is one
        self.text = original
        self.patches: list[Patch] = []
        self.settled: str | None = None  # a text whose encoding needs no second look

    def replace(self, start: int, end: int, after: str, rule: str, score: float = 1.0, why: dict[str, Any] | None = None) -> None:
        """Replace `text[start:end]`; earlier repairs of the same place become one patch with this one."""
        before: list[Patch] = []
        behind: list[Patch] = []
        shift = 0  # present minus original position, left of `start`
        right = 0  # the same, left of `end`
        head = tail = ""
        made = Patch(-1, -1, after, (rule,), score, dict(why or {}))
        for patch in self.patches:
            left_at = patch.start + right
            right_at = left_at + len(patch.after)
            if right_at <= start:
                before.append(patch)
                shift = right = right + len(patch.after) - (patch.end - patch.start)
            elif left_at >= end:
                behind.append(patch)
            else:
                if left_at < start:
                    head, made.start = patch.after[: start - left_at], patch.start
                if right_at > end:
                    tail, made.end = patch.after[end - left_at :], patch.end
                made.rules = (*patch.rules, *(name for name in made.rules if name not in patch.rules))
                made.score = min(made.score, patch.score)
                made.why = {**patch.why, **made.why}
                right += len(patch.after) - (patch.end - patch.start)
        made.start = start - shift if made.start < 0 else made.start
        made.end = end - right if made.end < 0 else made.end
        made.after = head + after + tail
        self.patches = [*before, made, *behind]
        self.text = self.text[:start] + after + self.text[end:]

    def rewrite(self, text: str, rule: str, score: float = 1.0, why: dict[str, Any] | None = None) -> None:
        """Make the whole line read `text`, by replacing only the words that differ."""
        shift = 0
        for start, end, after in list(differences(self.text, text)):
            self.replace(start + shift, end + shift, after, rule, score, why)
            shift += len(after) - (end - start)

    def edits(self) -> Iterator[Edit]:
        """The patches that change something, in the coordinates of the document; the first rule gives its name."""
        for patch in self.patches:
            old = self.original[patch.start : patch.end]
            if old != patch.after:
                why = {**patch.why, "also": list(patch.rules[1:])} if len(patch.rules) > 1 else patch.why
                at = self.offset + patch.start
                yield Edit(at, at + len(old), old, patch.after, patch.rules[0], patch.score, why)


def differences(old: str, new: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, replacement) of the runs of words in which `new` differs from `old`, left to right.

    >>> list(differences("eins zwei drei", "eins zwo drei"))
    [(5, 9, 'zwo')]
    """
    if old == new:
        return
    left, right = old.split(" "), new.split(" ")
    if len(left) == len(right):
        at = 0
        start = first = -1
        for index, (a, b) in enumerate(zip(left, right, strict=True)):
            if a != b and start < 0:
                start, first = at, index
            elif a == b and start >= 0:
                yield start, at - 1, " ".join(right[first:index])
                start = -1
            at += len(a) + 1
        if start >= 0:
            yield start, at - 1, " ".join(right[first:])
        return
    left, right = re.split("( )", old), re.split("( )", new)
    if len(left) > _LONG:
        yield _trimmed(old, new)
        return
    offsets = [0]
    for part in left:
        offsets.append(offsets[-1] + len(part))
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag != "equal":
            yield offsets[i1], offsets[i2], "".join(right[j1:j2])


def _trimmed(old: str, new: str) -> tuple[int, int, str]:
    """The one span between what both texts begin and end with."""
    start = 0
    limit = min(len(old), len(new))
    while start < limit and old[start] == new[start]:
        start += 1
    end = 0
    while end < limit - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, len(old) - end, new[start : len(new) - end]
