"""Restoration from a witness: where the corpus holds an unspun sibling of a spun text, or several copies spun differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cleanup.document import Edit
from cleanup.spin.align import slots

SURE = 0.97  # an unspun sibling says what stood there
AGREED = 0.85  # spun copies that agree only make it likely: held for a person


def witness(text: str, siblings: Sequence[str], *, spun: bool = False) -> list[Edit]:
    """Edits, not overlapping, that give a spun `text` the words of its siblings back; rule `spin/witness`.

    One unspun sibling (the first that aligns) is believed. `spun` siblings are asked all together: a word is put back where at
    least two of them, and most of those that differ from the text there, agree on it.
    """
    return _agreement(text, siblings) if spun else _restore(text, siblings)


def _restore(text: str, siblings: Sequence[str]) -> list[Edit]:
    for number, sibling in enumerate(siblings):
        found = [
            _edit(text, slot.start, slot.end, sibling[slot.other_start : slot.other_end], SURE, {"sibling": number})
            for slot in slots(text, sibling)
        ]
        edits = [edit for edit in found if edit is not None]
        if edits:
            return edits
    return []


def _agreement(text: str, siblings: Sequence[str]) -> list[Edit]:
    votes: dict[tuple[int, int], Counter[str]] = {}
    for sibling in siblings:
        for slot in slots(text, sibling):
            votes.setdefault((slot.start, slot.end), Counter())[sibling[slot.other_start : slot.other_end]] += 1
    edits: list[Edit] = []
    for (start, end), counts in sorted(votes.items()):
        (after, count), total = max(counts.items(), key=lambda item: (item[1], item[0])), counts.total()
        if count >= 2 and 2 * count > total and (not edits or edits[-1].end <= start):
            edit = _edit(text, start, end, after, AGREED, {"copies": total, "agree": count})
            edits += [edit] if edit is not None else []
    return edits


def _edit(text: str, start: int, end: int, after: str, score: float, why: dict[str, int]) -> Edit | None:
    before = text[start:end]
    if "\n" in before or "\n" in after or before == after:
        return None
    return Edit(start, end, before, after, "spin/witness", score, dict(why))
