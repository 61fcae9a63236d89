"""Alignment of content words: what two texts share in the same order once synonyms are put together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.shingle import I64, U32, finish, odd32
from cleanup.dedup.verify import meet

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

ALIGNED = 4000  # content words of a text that are aligned at most
STRETCHES = 10
THIN = 0.2  # share of the content words of a stretch below which it is not aligned
(_LEFT,) = odd32(0xA116, 1)


class Alignments(NamedTuple):
    """What pairs of texts share once synonyms are put together, an entry a pair."""

    jaccard: F64  # of the sets of pairs of neighbouring content words
    aligned: F64  # content words that both have in the same order, as a share of the shorter text's
    spread: F64  # share of the stretches of both texts in which at least a fifth of the content words is aligned
    ratio: F64  # content words of the shorter text by those of the longer one
    words: I64  # content words of the shorter text
    pair: I64  # of every aligned word the pair, and where it stands among all content words: in either text
    left: I64
    right: I64


def align(words: U32, starts: I64, sizes: I64, least: float = 0.0) -> Alignments:
    """Align the content words of pairs by their longest common subsequence. `starts` and `sizes` tell where the words of every
    side are, side 2i and 2i + 1 being the two texts of pair i.

    Where the words in common cannot make up the share `least`, `aligned` is their share, without looking at anything else.

    A spun copy keeps order and pace: its common words come all along both texts. Two reports that share a quotation or a
    list have theirs in a few places, and two unrelated texts have few.
    """
    sizes = np.minimum(sizes, ALIGNED)
    both = sizes.reshape(-1, 2)
    shorter, longer = both.min(axis=1), both.max(axis=1)
    met = np.flatnonzero(meet(words, starts, sizes)[0])
    firsts = np.cumsum(sizes) - sizes
    side = np.searchsorted(firsts + sizes, met, "right")
    met += (starts - firsts)[side]
    bounds = np.searchsorted(side, np.arange(len(sizes) + 1))
    share = np.diff(bounds).reshape(-1, 2).min(axis=1) / np.maximum(shorter, 1)
    found = words[met].tolist()
    pairs, left, right = [], [], []
    for pair in np.flatnonzero((share >= least) & (shorter > 0)).tolist():
        begin, middle, end = bounds[2 * pair : 2 * pair + 3].tolist()
        one, two = found[begin:middle], found[middle:end]
        # Of several longest ones the same, whichever text comes first.
        if len(two) < len(one) or (len(two) == len(one) and two < one):
            second, first = subsequence(two, one)
        else:
            first, second = subsequence(one, two)
        pairs.append(np.full(len(first), pair))
        left.append(met[begin:middle][first])
        right.append(met[middle:end][second])
    nothing: I64 = np.zeros(0, np.int64)
    pair_, left_, right_ = (np.concatenate((nothing, *some)) for some in (pairs, left, right))
    done = (share >= least) & (shorter > 0)
    sides = np.concatenate((2 * pair_, 2 * pair_ + 1))
    thin, total = _thin(sides, np.concatenate((left_, right_)) - starts[sides], sizes)
    aligned = np.where(done, np.bincount(pair_, minlength=len(done)) / np.maximum(shorter, 1), share)
    spread = np.where(done, 1 - thin / np.maximum(total, 1), 0.0)
    jaccard = np.zeros(len(done))
    jaccard[done] = _jaccard(words, starts[np.repeat(done, 2)], sizes[np.repeat(done, 2)])
    return Alignments(jaccard, aligned, spread, shorter / np.maximum(longer, 1), shorter, pair_, left_, right_)


def _thin(side: I64, at: I64, sizes: I64) -> tuple[I64, I64]:
    """In how many of their stretches the two texts of every pair have few aligned words, and how many stretches they have."""
    count = np.minimum(STRETCHES, np.maximum(1, sizes // 8))
    have = np.bincount(side * STRETCHES + at * count[side] // np.maximum(sizes, 1)[side], minlength=len(sizes) * STRETCHES)
    number = np.arange(STRETCHES)
    edge = -(-number * sizes[:, None] // count[:, None])  # the first word of a stretch
    after = -(-(number + 1) * sizes[:, None] // count[:, None])
    thin = (have.reshape(-1, STRETCHES) < THIN * (after - edge)) & (number < count[:, None])
    return thin.sum(axis=1).reshape(-1, 2).sum(axis=1), count.reshape(-1, 2).sum(axis=1)


def _jaccard(words: U32, starts: I64, sizes: I64) -> F64:
    if len(words) < 2:
        return np.zeros(len(sizes) // 2)
    joined = words[:-1] * _LEFT
    joined += words[1:]
    values = np.empty_like(joined)
    finish(joined, values)
    _, size, common = meet(values, starts, np.maximum(sizes - 1, 0))
    share: F64 = common / np.maximum(size[0] + size[1] - common, 1)
    return share


def subsequence(first: list[int], second: list[int]) -> tuple[list[int], list[int]]:
    """Positions of a longest common subsequence, by bit-parallel dynamic programming (Hyyrö 2004)."""
    where: dict[int, int] = {}
    bit = 1
    for word in first:
        where[word] = where.get(word, 0) | bit
        bit <<= 1
    state, rows = bit - 1, []
    for word in second:
        meet = state & where.get(word, 0)
        state = (state + meet) | (state ^ meet)  # carries beyond the last bit decide nothing
        rows.append(state)
    left, right = [], []
    row, before = len(second), bit - 1  # `before`: the words of the first sequence that are left
    while row:
        longer = ~rows[row - 1] & before  # a 0 stands where the common subsequence gets longer
        if not longer:
            break
        column = longer.bit_length() - 1
        last = 1 << column
        row -= 1
        while row and not rows[row - 1] & last:  # above its first one it has not got there
            row -= 1
        before = last - 1
        left.append(column)
        right.append(row)
    return left[::-1], right[::-1]
