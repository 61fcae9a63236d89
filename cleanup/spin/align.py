"""Two tellings of one text side by side, word for word: where a spun copy differs from its sibling, and by what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
MOST = 6000  # words of a text; longer ones are not aligned, which costs the product of both lengths
SLOT = 5  # words on either side of a difference that is still one substitution
ANCHOR = 1  # equal words that must stand on both sides of it


class Slot(NamedTuple):
    """A difference: spans of characters in the spun text and in its sibling."""

    start: int
    end: int
    other_start: int
    other_end: int


def slots(spun: str, sibling: str, least: float = 0.4) -> Iterator[Slot]:
    """Where words of `spun` were put in the place of words of `sibling`, in order.

    Nothing when fewer than `least` of the words agree: then the texts are not two tellings of one text. A slot has at most
    `SLOT` words on either side and equal words around it, so that moved or inserted passages are none.
    """
    left, right = list(WORD.finditer(spun)), list(WORD.finditer(sibling))
    if not left or not right or max(len(left), len(right)) > MOST:
        return
    a, b = [found[0].casefold() for found in left], [found[0].casefold() for found in right]
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    if sum(block.size for block in blocks) < least * len(a):
        return
    for before, after in pairwise(blocks):
        first, last = before.a + before.size, after.a
        other_first, other_last = before.b + before.size, after.b
        if not 0 < last - first <= SLOT or not 0 < other_last - other_first <= SLOT:
            continue
        if min(before.size, after.size) < ANCHOR:
            continue
        yield Slot(left[first].start(), left[last - 1].end(), right[other_first].start(), right[other_last - 1].end())
