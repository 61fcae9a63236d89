"""Comparison of candidate pairs on their texts: what two documents really share, in what order and where.

Sketches only propose. Here the full shingle sets of both texts are compared, batches of pairs at a time: Jaccard similarity,
containment both ways, the share of either text that lies in shared passages, and the dense core of these passages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.shingle import I64, INVISIBLE, U32, Tokens, fold, tokenise, u64
from cleanup.dedup.signature import Shingled, ranges, shingled

F64 = NDArray[np.float64]

GAP = 2.0  # what a token outside shared passages costs a core, against one for a token inside
ALIGNED = 4000  # content words of a text that are aligned at most


class Batch(NamedTuple):
    """Texts prepared for comparison."""

    texts: Sequence[str]
    offsets: I64  # of every text among the code units
    plain: bool  # a code unit is a character
    tokens: Tokens
    surface: Shingled
    width: int

    def slice(self, text: int, begin: int, end: int) -> str:
        """Code units `begin` to `end` of a text, as they stand in it."""
        found = self.texts[text]
        if self.plain:
            return found[begin:end]
        units = "".join(char for char in found if ord(char) not in INVISIBLE).encode("utf-16-le", "surrogatepass")
        return units[2 * begin : 2 * end].decode("utf-16-le", "replace")


def prepare(texts: Sequence[str], width: int) -> Batch:
    """Tokens and shingles of some texts, all in one chunk."""
    size = sum(map(len, texts)) + len(texts)
    (folded,) = fold(texts, size + 1)
    tokens = tokenise(folded)
    return Batch(texts, folded.offsets, int(folded.offsets[-1]) == size + 1, tokens, shingled(tokens, width), width)


class Surface(NamedTuple):
    """What pairs (a, b) share on the surface, an entry a pair. Row 0 of a table is about a, row 1 about b."""

    jaccard: F64  # of the sets of shingles
    contained: F64  # [2, n] share of the shingles of one that the other has
    covered: F64  # [2, n] share of the tokens of one that lie in shared passages
    core: F64  # [2, n] length of the densest stretch of shared passages, as a share of the text
    dense: F64  # [2, n] share of its tokens that lie in shared passages
    head: F64  # [2, n] share of the text before the core
    tail: F64  # [2, n] share of the text after it
    passage: I64  # [2, n] first token and number of tokens of the longest shared passage, in b


def surface(batch: Batch, a: I64, b: I64) -> Surface:
    """Compare texts a[i] and b[i] (positions in the batch). Texts without tokens share nothing."""
    both = np.stack((a, b), axis=1).reshape(-1)  # sides alternate: a0 b0 a1 b1 ...
    sizes = batch.surface.counts[both]
    values = batch.surface.values[ranges(batch.surface.bounds[both], sizes)]
    distinct, common, met = _meet(values, sizes)
    union = distinct[0] + distinct[1] - common
    lengths = np.diff(batch.tokens.bounds)[both]
    inside, starts = _cover(met, sizes, lengths, batch.width)
    covered = _sums(inside, starts, lengths) / np.maximum(lengths, 1)
    first, after, dense = _cores(inside, starts, lengths)
    whole = np.maximum(lengths, 1)
    at, run = _longest(met, sizes)
    return Surface(
        jaccard=common / np.maximum(union, 1),
        contained=common / np.maximum(distinct, 1),
        covered=_sides(covered),
        core=_sides((after - first) / whole),
        dense=_sides(dense),
        head=_sides(first / whole),
        tail=_sides((lengths - after) / whole),
        passage=np.stack((at[1::2], np.minimum(np.where(run > 0, run + batch.width - 1, 0), lengths)[1::2])),
    )


def _sides(table: NDArray[np.float64]) -> F64:
    return np.ascontiguousarray(table.reshape(-1, 2).T)


def _meet(values: U32, sizes: I64) -> tuple[I64, I64, NDArray[np.bool_]]:
    """Distinct shingles of either side [2, n], how many are common, and which positions hold a common one.

    Pair, hash and position are packed into one word and sorted, so that equal shingles of a pair come together.
    """
    count = len(sizes) // 2
    segment = np.repeat(np.arange(len(sizes)), sizes)
    place = max(1, (len(values) - 1).bit_length())
    key = values.astype(np.uint64) << u64(place)
    key |= (segment >> 1).view(np.uint64) << u64(place + 32)
    key |= np.arange(len(values)).view(np.uint64)
    key.sort()
    group = key >> u64(place)
    begins = np.flatnonzero(np.append(True, group[1:] != group[:-1])) if len(key) else np.zeros(0, np.int64)
    at = (key & u64((1 << place) - 1)).view(np.int64)
    rights = np.add.reduceat(segment[at] & 1, begins) if len(key) else begins
    spans = np.diff(np.append(begins, len(key)))
    pair = (group[begins] >> u64(32)).view(np.int64)
    on_left, on_right = rights < spans, rights > 0
    shared = on_left & on_right
    distinct = np.stack([np.bincount(pair[side], minlength=count) for side in (on_left, on_right)])
    met = np.zeros(len(values), bool)
    met[at[np.repeat(shared, spans)]] = True
    return distinct, np.bincount(pair[shared], minlength=count), met


def _cover(met: NDArray[np.bool_], sizes: I64, lengths: I64, width: int) -> tuple[NDArray[np.bool_], I64]:
    """Which tokens lie in a shared shingle, text after text, and where each text begins."""
    starts = np.cumsum(lengths) - lengths
    at = np.flatnonzero(met)
    segment = np.repeat(np.arange(len(sizes)), sizes)[at]
    long = lengths[segment] >= width
    at, segment = at[long], segment[long]
    token = at - (np.cumsum(sizes) - sizes)[segment] + starts[segment]
    inside = np.zeros(int(lengths.sum()) + width, bool)
    for step in range(width):
        inside[token + step] = True
    inside = inside[: len(inside) - width]
    one = np.cumsum(sizes) - sizes
    for text in np.flatnonzero((lengths > 0) & (lengths < width)):  # a short text is one shingle
        inside[starts[text] : starts[text] + lengths[text]] = met[one[text]]
    return inside, starts


def _sums(flags: NDArray[np.bool_], starts: I64, lengths: I64) -> I64:
    total = np.append(0, np.cumsum(flags))
    return np.asarray(total[starts + lengths] - total[starts])


def _cores(inside: NDArray[np.bool_], starts: I64, lengths: I64) -> tuple[I64, I64, F64]:
    """The stretch of every text with the largest sum, a token inside shared passages counting one and one outside `-GAP`:
    first token, end, and the share of its tokens that lie inside."""
    filled = np.flatnonzero(lengths)
    first, after, dense = np.zeros(len(lengths), np.int64), np.zeros(len(lengths), np.int64), np.zeros(len(lengths))
    if not len(filled):
        return first, after, dense
    # Every text is put below all before it, so that one running minimum over all texts starts anew at each of them.
    drop = np.zeros(len(inside))
    drop[starts[filled]] = -(GAP + 1) * (np.append(0, lengths[filled][:-1]) + 1)
    step = np.where(inside, 1.0, -GAP)
    level = np.cumsum(step + drop)
    before = level - step
    low = np.minimum.accumulate(before)
    since = np.maximum.accumulate(np.where(before == low, np.arange(len(before)), 0))
    gain = level - low
    best = np.maximum.reduceat(gain, starts[filled])
    where = np.flatnonzero(gain == np.repeat(best, lengths[filled]))
    segment = np.searchsorted(starts[filled], where, "right") - 1
    one = np.flatnonzero(np.append(True, segment[1:] != segment[:-1]))
    end, segment = where[one], segment[one]
    good = best[segment] > 0
    chosen = filled[segment[good]]
    first[chosen] = since[end[good]] - starts[chosen]
    after[chosen] = end[good] + 1 - starts[chosen]
    spans = np.maximum(after - first, 1)
    dense = _sums(inside, starts + first, after - first) / spans
    return first, after, dense


def _longest(met: NDArray[np.bool_], sizes: I64) -> tuple[I64, I64]:
    """The longest run of common shingles of every text: first position in the text, length."""
    ends = np.cumsum(sizes)
    segment = np.repeat(np.arange(len(sizes)), sizes)
    index = np.arange(len(met))
    barrier = np.where(met, ends[segment] - sizes[segment] - 1 if len(met) else 0, index)
    run = index - np.maximum.accumulate(barrier) if len(met) else index
    run[~met] = 0
    at, length = np.zeros(len(sizes), np.int64), np.zeros(len(sizes), np.int64)
    filled = np.flatnonzero(sizes)
    if len(filled):
        length[filled] = np.maximum.reduceat(run, (ends - sizes)[filled])
        hit = np.flatnonzero((run == length[segment]) & met)
        owner = segment[hit]
        one = np.flatnonzero(np.append(True, owner[1:] != owner[:-1])) if len(hit) else hit
        last = hit[one]
        at[owner[one]] = last - length[owner[one]] + 1 - (ends - sizes)[owner[one]]
    return at, length


# ------------------------------------------------------------------------------------------------- canonical family
class Alignment(NamedTuple):
    """What two texts share once synonyms are put together."""

    jaccard: float  # of the sets of pairs of neighbouring content words
    aligned: float  # content words that both have in the same order, as a share of the shorter text's
    spread: float  # share of the stretches of both texts in which at least a fifth of the content words is aligned
    ratio: float  # content words of the shorter text by those of the longer one
    words: int  # content words of the shorter text


STRETCHES = 10
THIN = 0.2


def align(first: U32, second: U32, least: float = 0.0) -> Alignment:
    """Align two sequences of content words by their longest common subsequence.

    Where the words in common cannot make up the share `least`, `aligned` is their share, without looking at the order.

    A spun copy keeps order and pace: its common words come all along both texts. Two reports that share a quotation or a
    list have theirs in a few places, and two unrelated texts have few.
    """
    jaccard = _jaccard(first, second)
    first, second = first[:ALIGNED], second[:ALIGNED]
    shorter, longer = sorted((len(first), len(second)))
    if not shorter:
        return Alignment(jaccard, 0.0, 0.0, 0.0, 0)
    if (len(second), second.tobytes()) < (len(first), first.tobytes()):
        first, second = second, first  # of several longest ones the same, whichever text comes first
    common = min(np.isin(first, second).sum(), np.isin(second, first).sum()) / shorter
    if common < least:
        return Alignment(jaccard, float(common), 0.0, shorter / longer, shorter)
    left, right = _subsequence(first.tolist(), second.tolist())
    thin = 0
    total = 0
    for at, size in ((left, len(first)), (right, len(second))):
        stretches = min(STRETCHES, max(1, size // 8))
        have = np.bincount(np.asarray(at, np.int64) * stretches // size, minlength=stretches)
        room = np.bincount(np.arange(size) * stretches // size, minlength=stretches)
        thin += int((have < THIN * room).sum())
        total += stretches
    return Alignment(jaccard, len(left) / shorter, 1 - thin / total, shorter / longer, shorter)


def _jaccard(first: U32, second: U32) -> float:
    sets = [set(zip(words[:-1].tolist(), words[1:].tolist(), strict=True)) for words in (first, second)]
    union = len(sets[0] | sets[1])
    return len(sets[0] & sets[1]) / union if union else 0.0


def _subsequence(first: list[int], second: list[int]) -> tuple[list[int], list[int]]:
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
