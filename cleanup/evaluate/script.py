"""Edit scripts: a list of changes from one text to another, and how two of them in a row become one.

A script is sorted, its spans neither overlap nor touch, and its offsets are code points of the text that it changes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import msgspec

from cleanup.document import Document


class Change(msgspec.Struct, frozen=True):
    """Replace `text[start:end]`, which reads `before`, by `after`."""

    start: int
    end: int
    before: str
    after: str


Script = tuple[Change, ...]


def apply(text: str, script: Iterable[Change]) -> str:
    """The text that a script makes of `text`.

    >>> apply("a b c", (Change(1, 3, " b", ""),))
    'a c'
    """
    parts: list[str] = []
    at = 0
    for change in script:
        parts += (text[at : change.start], change.after)
        at = change.end
    return "".join([*parts, text[at:]])


def invert(script: Iterable[Change]) -> Script:
    """The script that goes back: from the changed text to the one before."""
    found: list[Change] = []
    shift = 0
    for change in script:
        start = change.start + shift
        found.append(Change(start, start + len(change.after), change.after, change.before))
        shift += len(change.after) - len(change.before)
    return tuple(found)


def compose(first: Script, second: Script, source: str, target: str) -> Script:
    """One script for `second` after `first`. `source` is the text before both, `target` the text after both.

    Both are seen in the text between them: what `first` wrote there and what `second` replaces there. Where the two touch or
    overlap they become one change, so that every other border means the same place in all three texts.
    """
    if not first or not second:
        return first or second
    wrote = [(change.start, change.end) for change in invert(first)]
    regions = _merge(sorted([*wrote, *((change.start, change.end) for change in second)]))
    back = _Shift([(span, len(change.before)) for span, change in zip(wrote, first, strict=True)])
    forth = _Shift([((change.start, change.end), len(change.after)) for change in second])
    found: list[Change] = []
    for low, high in regions:
        start, end = back.left(low), back.right(high)
        before, after = source[start:end], target[forth.left(low) : forth.right(high)]
        if before != after:
            found.append(Change(start, end, before, after))
    return tuple(found)


def _merge(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for low, high in spans:
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


class _Shift:
    """Where a position of one text lies in another, given sorted spans of the first and their lengths in the second."""

    def __init__(self, spans: Sequence[tuple[tuple[int, int], int]]) -> None:
        self.starts = [low for (low, _), _ in spans]
        self.ends = [high for (_, high), _ in spans]
        self.total = [0]
        for (low, high), length in spans:
            self.total.append(self.total[-1] + length - (high - low))

    def left(self, at: int) -> int:
        """`at` as the begin of a range: an empty span right there belongs to the range, so it does not shift it."""
        number = bisect_right(self.ends, at)
        while number and self.ends[number - 1] == at and self.starts[number - 1] >= at:
            number -= 1
        return at + self.total[number]

    def right(self, at: int) -> int:
        """`at` as the end of a range: everything that ends up to there counts."""
        return at + self.total[bisect_right(self.ends, at)]


def back(script: Script, start: int, end: int) -> tuple[int, int]:
    """The range of the text before `script` that the range [start, end) after it came from, widened to whole changes."""
    shift = 0
    low, high = start, end
    for change in script:
        at = change.start + shift
        stop = at + len(change.after)
        if stop < start or (stop == start and at < stop):
            low = start - (shift + len(change.after) - len(change.before))
        elif at < start:
            low = change.start
        if at < end and stop > end:
            high = change.end
        elif stop <= end:
            high = end - (shift + len(change.after) - len(change.before))
        shift += len(change.after) - len(change.before)
    return low, max(low, high)


def of_ledger(doc: Document) -> list[tuple[int, Script]]:
    """(step, script) of every step of a document's ledger that changed its text, in their order."""
    steps: dict[int, list[Change]] = {}
    for row in doc.ledger:
        if row.action == "edit" and row.decision == "apply":
            steps.setdefault(row.step, []).append(Change(row.start or 0, row.end or 0, row.before or "", row.after or ""))
    return [(step, joined(steps[step])) for step in sorted(steps)]


def joined(changes: Iterable[Change]) -> Script:
    """Changes that do not overlap as a script: sorted, those that touch made one, without such as change nothing together."""
    found: list[Change] = []
    for change in sorted(changes, key=lambda change: (change.start, change.end)):
        if found and found[-1].end == change.start:
            last = found.pop()
            change = Change(last.start, change.end, last.before + change.before, last.after + change.after)
        found.append(change)
    return tuple(change for change in found if change.before != change.after)


def whole(doc: Document, source: str) -> Script:
    """The one script from `source`, the text before any stage, to the text that the document has now."""
    text, total = source, Script()
    for _, step in of_ledger(doc):
        text = apply(text, step)
        total = compose(total, step, source, text)
    return total
