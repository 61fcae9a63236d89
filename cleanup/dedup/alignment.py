"""Alignment of content words: what two texts share in the same order once synonyms are put together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.shingle import I64, U32, odd, u64

Mask = NDArray[np.bool_]

ALIGNED = 4000  # content words of a text that are aligned at most
(_PAIR,) = odd(0xA116, 1)


class Alignment(NamedTuple):
    """What two texts share once synonyms are put together."""

    jaccard: float  # of the sets of pairs of neighbouring content words
    aligned: float  # content words that both have in the same order, as a share of the shorter text's
    spread: float  # share of the stretches of both texts in which at least a fifth of the content words is aligned
    ratio: float  # content words of the shorter text by those of the longer one
    words: int  # content words of the shorter text


NONE: I64 = np.zeros(0, np.int64)
STRETCHES = 10
THIN = 0.2


def align(first: U32, second: U32, least: float = 0.0) -> tuple[Alignment, I64, I64]:
    """Align two sequences of content words by their longest common subsequence, and tell the positions of its words in either.

    Where the words in common cannot make up the share `least`, `aligned` is their share, without looking at anything else.

    A spun copy keeps order and pace: its common words come all along both texts. Two reports that share a quotation or a
    list have theirs in a few places, and two unrelated texts have few.
    """
    words = first[:ALIGNED], second[:ALIGNED]
    shorter, longer = sorted(map(len, words))
    if not shorter:
        return Alignment(0.0, 0.0, 0.0, 0.0, 0), NONE, NONE
    places = [np.flatnonzero(_among(words[side], words[1 - side])) for side in (0, 1)]
    share = min(map(len, places)) / shorter
    if share < least:
        return Alignment(0.0, share, 0.0, shorter / longer, shorter), NONE, NONE
    some = [side[at].tolist() for side, at in zip(words, places, strict=True)]
    if (len(some[1]), some[1]) < (len(some[0]), some[0]):  # of several longest ones the same, whichever text comes first
        right, left = subsequence(some[1], some[0])
    else:
        left, right = subsequence(some[0], some[1])
    matched = places[0][left], places[1][right]
    thin = total = 0
    for at, side in zip(matched, words, strict=True):
        size = len(side)
        stretches = min(STRETCHES, max(1, size // 8))
        have = np.bincount(at * stretches // size, minlength=stretches)
        room = np.bincount(np.arange(size) * stretches // size, minlength=stretches)
        thin += int((have < THIN * room).sum())
        total += stretches
    aligned = Alignment(_jaccard(*words), len(left) / shorter, 1 - thin / total, shorter / longer, shorter)
    return aligned, *matched


def _among(one: U32, other: U32) -> Mask:
    """Which words of one sequence the other has."""
    known = np.sort(other)
    return np.asarray(known[np.minimum(np.searchsorted(known, one), len(known) - 1)] == one)


def _jaccard(first: U32, second: U32) -> float:
    sides = [(words[:-1].astype(np.uint64) << u64(32) | words[1:]) * _PAIR & ~u64(1) for words in (first, second)]
    sides[1] |= u64(1)  # the last bit tells the sides apart, and sorts them together
    both = np.concatenate(sides)
    if not len(both):
        return 0.0
    both.sort()
    step = both[1:] ^ both[:-1]
    return float(np.count_nonzero(step == 1) / (1 + np.count_nonzero(step > 1)))


def subsequence(first: list[int], second: list[int]) -> tuple[list[int], list[int]]:
    """Positions of a longest common subsequence, by bit-parallel dynamic programming (Hyyrö 2004)."""
    where: dict[int, int] = {}
    for index, word in enumerate(first):
        where[word] = where.get(word, 0) | 1 << index
    full = (1 << len(first)) - 1
    state, rows = full, []
    for word in second:
        hit = where.get(word)
        if hit is not None:
            meet = state & hit
            state = ((state + meet) | (state - meet)) & full
        rows.append(state)
    left, right = [], []
    row, column = len(second), len(first)
    while row and column:
        if rows[row - 1] >> (column - 1) & 1:
            column -= 1
        else:
            row -= 1
            if not (row and not rows[row - 1] >> (column - 1) & 1):
                column -= 1
                left.append(column)
                right.append(row)
    return left[::-1], right[::-1]
