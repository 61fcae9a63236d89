"""Rounds of edits, each made on the text that the round before it left, as edits of the first text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from msgspec import structs

from cleanup.document import Edit, apply


class Patch:
    """Starts empty on `text`. `edits()` turn that text into `now`, the one after the last round."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.now = text
        self._found: list[Edit] = []

    def add(self, edits: Iterable[Edit]) -> None:
        """Compose one more round, in the coordinates of `now`; its edits do not overlap each other.

        Old and new edits that overlap in `now` become one edit, under the rule and the score of the new one.
        """
        new = sorted(edits, key=lambda edit: edit.start)
        spans: list[tuple[int, int, Edit, bool]] = [(edit.start, edit.end, edit, True) for edit in new]
        shift = 0
        for old in self._found:
            at = old.start + shift
            spans.append((at, at + len(old.after), old, False))
            shift += len(old.after) - len(old.before)
        spans.sort(key=lambda span: (span[0], span[1], span[3]))
        found: list[Edit] = []
        shift = index = 0
        while index < len(spans):
            low, high = spans[index][:2]
            cluster = [spans[index]]
            index += 1
            while index < len(spans) and spans[index][0] < high:
                high = max(high, spans[index][1])
                cluster.append(spans[index])
                index += 1
            first = low - shift
            shift += sum(len(edit.after) - len(edit.before) for _, _, edit, is_new in cluster if not is_new)
            found += self._merged(first, high - shift, low, high, [span[2:] for span in cluster])
        self._found = found
        self.now = apply(self.now, new)

    def _merged(self, first: int, last: int, low: int, high: int, cluster: list[tuple[Edit, bool]]) -> list[Edit]:
        """The edit of `text[first:last]` that stands for a cluster, which covers `now[low:high]`; none when nothing is left."""
        fresh = [edit for edit, is_new in cluster if is_new]
        lead = fresh[-1] if fresh else cluster[0][0]
        moved = [Edit(edit.start - low, edit.end - low, edit.before, edit.after, edit.rule) for edit in fresh]
        before, after = self.text[first:last], apply(self.now[low:high], moved)
        score = min(edit.score for edit, _ in cluster)
        return [Edit(first, last, before, after, lead.rule, score, lead.why)] if before != after else []

    def apart(self, edits: Iterable[Edit]) -> Iterator[Edit]:
        """Those of some edits of the first text that overlap none that is already there."""
        ends = [old.end for old in self._found]  # in order, as the edits are
        for edit in edits:
            at = bisect_right(ends, edit.start)
            if at == len(ends) or self._found[at].start >= edit.end:
                yield edit

    def changed(self) -> list[tuple[int, int]]:
        """What the edits have put into `now`, as spans in order."""
        shift = 0
        spans = []
        for old in self._found:
            spans.append((old.start + shift, old.start + shift + len(old.after)))
            shift += len(old.after) - len(old.before)
        return spans

    def forth(self, places: Iterable[int]) -> dict[int, int]:
        """Where places of the first text are now; the end of what an edit has put there for one inside of it."""
        found: dict[int, int] = {}
        number = shift = 0
        for place in sorted(set(places)):
            while number < len(self._found) and self._found[number].start < place and self._found[number].end <= place:
                shift += len(self._found[number].after) - len(self._found[number].before)
                number += 1
            old = self._found[number] if number < len(self._found) else None
            inside = old is not None and old.start < place
            found[place] = old.end + shift + len(old.after) - len(old.before) if old and inside else place + shift
        return found

    def back(self, edits: Iterable[Edit]) -> list[Edit]:
        """Edits of `now`, in order, as edits of the first text, without those that overlap what has been changed."""
        found: list[Edit] = []
        number = shift = 0
        for edit in edits:
            while number < len(self._found):
                old = self._found[number]
                if old.start + shift + len(old.after) > edit.start:
                    break
                shift += len(old.after) - len(old.before)
                number += 1
            if number == len(self._found) or self._found[number].start + shift >= edit.end:
                found.append(structs.replace(edit, start=edit.start - shift, end=edit.end - shift))
        return found

    def edits(self) -> list[Edit]:
        """All edits of the first text, in order."""
        return list(self._found)
