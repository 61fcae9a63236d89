"""Alignment of content words: what two texts share in the same order once synonyms are put together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
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
    done = (share >= least) & (shorter > 0)
    pair_, left_, right_ = _aligned(words[met], bounds, np.flatnonzero(done))
    left_, right_ = met[left_], met[right_]
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


def _aligned(words: U32, bounds: I64, pairs: I64) -> tuple[I64, I64, I64]:
    """The aligned words of some pairs: the pair of each, and where it stands among all words, in either text. Of several longest
    common subsequences it is the same one whichever text comes first."""
    sizes = np.diff(bounds).reshape(-1, 2)[pairs]
    most, room = int(sizes.max(initial=0)), int(sizes.min(axis=1, initial=ALIGNED).sum())
    blocks = (most + 63) // 64
    places = 1 << max(1, (2 * most - 1).bit_length())
    table, numbers = np.empty(places, np.uint32), np.empty(places, np.int32)
    stands, rows = np.empty(most * blocks, np.uint64), np.empty((most + 1) * blocks, np.uint64)
    left, right, aligned = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(len(pairs), np.int64)
    function = kernels.function("rows_align", "u32* i64* i64* i64 u32* i32* u64* u64* i64* i64* i64*")
    function(words, bounds, pairs, len(pairs), table, numbers, stands, rows, left, right, aligned)
    count = int(aligned.sum())
    return np.repeat(pairs, aligned), left[:count], right[:count]
