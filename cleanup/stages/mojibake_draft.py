"""A line under repair that remembers where every changed piece came from, so that repair upon repair becomes small edits."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import msgspec

from cleanup.document import Edit
from cleanup.stages.readings import Hypothesis

Change = tuple[int, int, str]  # start, end, replacement

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

    def __init__(self, original: str, offset: int = 0, ending: str = "", reasons: int = 0) -> None:
        self.original = original + ending
        self.offset = offset  # of the line in its document, code points
        self.ending = ending  # the line feed, where there is one: part of the text, for it is a neighbour like any other
        self.text = self.original
        self.reasons = reasons  # why the present text is looked at, as the prefilter says it
        self.held: list[Edit] = []  # what a person has to decide, in place of a repair
        self.open = True  # False: nothing more is to be done before that
        self.patches: list[Patch] = []
        self.settled: str | None = None  # a text whose encoding needs no second look
        self.hypothesis: Hypothesis | None = None  # how the line has been read other than by ftfy, and the bits that saved
        self.gain = 0.0

    def replace(self, start: int, end: int, after: str, rule: str, score: float = 1.0, why: dict[str, Any] | None = None) -> None:
        """Replace `text[start:end]`; earlier repairs of the same place become one patch with this one."""
        self.replace_all([(start, end, after)], rule, score, why)

    def replace_all(self, changes: Sequence[Change], rule: str, score: float = 1.0, why: dict[str, Any] | None = None) -> None:
        """Replace many places at once, given left to right: the work grows with the line, not with their number times it."""
        out: list[Patch] = []
        parts: list[str] = []
        if not self.patches:  # nothing to merge with
            at = 0
            for start, end, after in changes:
                out.append(Patch(start, end, after, (rule,), score, dict(why or {})))
                parts += (self.text[at:start], after)
                at = end
            self.text = "".join([*parts, self.text[at:]])
            self.patches = out
            return
        at = shift = 0  # how far the present text is copied; present minus original position
        for start, end, patches, own in self._clusters(changes):
            if not own:
                out += patches
                shift += sum(len(patch.after) - (patch.end - patch.start) for patch in patches)
                continue
            pieces: list[str] = []
            here = start
            for left, right, after in own:
                pieces += (self.text[here:left], after)
                here = right
            made = Patch(start - shift, 0, "".join([*pieces, self.text[here:end]]), (rule,), score, dict(why or {}))
            for patch in patches:
                made.rules = (*patch.rules, *(name for name in made.rules if name not in patch.rules))
                made.score, made.why = min(made.score, patch.score), {**patch.why, **made.why}
                shift += len(patch.after) - (patch.end - patch.start)
            made.end = end - shift
            out.append(made)
            parts += (self.text[at:start], made.after)
            at = end
        self.text = "".join([*parts, self.text[at:]])
        self.patches = out

    def _clusters(self, changes: Sequence[Change]) -> Iterator[tuple[int, int, list[Patch], list[Change]]]:
        """Earlier patches and new changes of the same place, by where they are in the present text."""
        spans: list[tuple[int, int, int, Patch | Change]] = [
            (start, end, 1, (start, end, after)) for start, end, after in changes
        ]
        shift = 0
        for patch in self.patches:
            spans.append((patch.start + shift, patch.start + shift + len(patch.after), 0, patch))
            shift += len(patch.after) - (patch.end - patch.start)
        first = last = -1
        patches: list[Patch] = []
        own: list[Change] = []
        for start, end, _, item in sorted(spans, key=lambda span: span[:3]):
            if start >= last and (patches or own):
                yield first, last, patches, own
                patches, own = [], []
            if not (patches or own):
                first, last = start, end
            last = max(last, end)
            if isinstance(item, Patch):
                patches.append(item)
            else:
                own.append(item)
        if patches or own:
            yield first, last, patches, own

    def rewrite(self, text: str, rule: str, score: float = 1.0, why: dict[str, Any] | None = None) -> None:
        """Make the whole line read `text`, by replacing only the words that differ."""
        cut = len(self.ending) if text.endswith(self.ending) and self.text.endswith(self.ending) else 0
        self.replace_all(list(differences(self.text[: len(self.text) - cut], text[: len(text) - cut])), rule, score, why)

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
        yield from changed_words(left, right)
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


def changed_words(left: Sequence[str], right: Sequence[str]) -> Iterator[Change]:
    """`differences` of as many words, which were separated by single spaces."""
    changed = [index for index, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
    ends = list(accumulate(map(len, left))) if changed else []
    first = 0
    for place, index in enumerate(changed):
        if place + 1 == len(changed) or changed[place + 1] > index + 1:
            begin = changed[first]
            yield ends[begin] - len(left[begin]) + begin, ends[index] + index, " ".join(right[begin : index + 1])
            first = place + 1


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
