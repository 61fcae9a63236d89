"""Comparison of candidate pairs on their texts: what two documents really share, in what order and where.

Sketches only propose. Here the full shingle sets of both texts are compared, batches of pairs at a time: Jaccard similarity,
containment both ways, the share of either text that lies in shared passages, and the dense core of these passages.

A batch is laid out as sides: a0 b0 a1 b1 ..., side 2i and 2i + 1 being the two texts of pair i. Shingles in common are found by
one sort over all sides; everything after that works on their runs, which are few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.arrays import ranges
from cleanup.dedup.shingle import I64, U32, Folded, Tokens, fold, tokenise, u64
from cleanup.dedup.signature import shingled

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

GAP = 2  # what a token outside shared passages costs a core, against one for a token inside
FACTS = 4  # different figures or names that only one text has, from which on two texts may be two fillings of one form
FILLED = 0.6  # share of the words that only one text has, that are such facts: elsewhere it is prose that differs
ENDINGS = frozenset('\0\n\r\t.!?:;"“”„«»‘•·|')  # behind one of these, and a blank, a capital says nothing


class Batch(NamedTuple):
    """Texts prepared for comparison."""

    folded: Folded
    tokens: Tokens
    values: U32  # of the shingle that begins at every token
    counts: I64  # shingles of every text
    width: int

    def digits(self, tokens: I64) -> Mask:
        """Which of some tokens begin with a digit."""
        return np.asarray(self.folded.low.take(self.tokens.starts[tokens]) - np.uint8(0x30) < 10)

    def small(self, tokens: I64) -> Mask:
        """And which with a small letter."""
        first = self.folded.units.take(self.tokens.starts[tokens])
        return np.asarray(_marks(str.islower).take(first, mode="clip"))

    def facts(self, tokens: I64) -> Mask:
        """Which are figures, or names of people, places, firms: with a capital, and not at the beginning of a sentence."""
        units, starts, found = self.folded.units, self.tokens.starts[tokens], self.digits(tokens)
        capital = np.flatnonzero(_marks(str.isupper).take(units.take(starts), mode="clip"))
        ending = _marks(ENDINGS.__contains__)
        starts = starts[capital]
        before = units.take(starts - 1)
        opens = ending.take(before)
        opens |= (before == 0x20) & ending.take(units[np.maximum(starts - 2, 0)])
        found[capital[~opens]] = True
        return np.asarray(found)


def prepare(texts: Sequence[str], width: int) -> Batch:
    """Tokens and shingles of some texts, all in one chunk."""
    (folded,) = fold(texts, sum(map(len, texts)) + len(texts) + 1)
    tokens = tokenise(folded)
    found = shingled(tokens, width)
    return Batch(folded, tokens, found.values, found.counts, width)


@cache
def _marks(holds: Callable[[str], bool]) -> Mask:
    """For every UTF-16 code unit whether it is a character for which something holds."""
    return np.fromiter(map(holds, map(chr, range(0x10000))), bool, 0x10000)


class Surface(NamedTuple):
    """What pairs (a, b) share on the surface, an entry a pair. Row 0 of a table is about a, row 1 about b."""

    jaccard: F64  # of the sets of shingles
    contained: F64  # [2, n] share of the shingles of one that the other has
    covered: F64  # [2, n] share of the tokens of one that lie in shared passages
    core: F64  # [2, n] length of the densest stretch of shared passages, as a share of the text
    dense: F64  # [2, n] share of its tokens that lie in shared passages
    head: F64  # [2, n] share of the text before the core
    tail: F64  # [2, n] share of the text after it
    differ: Mask  # whether what either text has for itself is figures and names
    passage: I64  # [2, 2, n] first token and number of tokens of the longest shared passage, in a, in b


class Runs(NamedTuple):
    """Stretches of the sides of a batch, in order: the side, the first position there, and the one behind the last."""

    side: I64
    first: I64
    after: I64


def surface(batch: Batch, a: I64, b: I64) -> Surface:
    """Compare texts a[i] and b[i] (positions in the batch). Texts without tokens share nothing."""
    sides = np.stack((a, b), axis=1).reshape(-1)
    spans, counts = np.diff(batch.tokens.bounds)[sides], batch.counts[sides]
    met, size, common = meet(batch.values, batch.tokens.bounds[sides], counts)
    shared = _runs(met, counts)
    inside = _covered(shared, spans, batch.width)
    first, after, dense = _cores(inside, len(sides))
    whole = np.maximum(spans, 1)
    at, run = _longest(shared, len(sides))
    longest = np.minimum(np.where(run > 0, run + batch.width - 1, 0), spans)
    return Surface(
        jaccard=common / np.maximum(size[0] + size[1] - common, 1),
        contained=common / np.maximum(size, 1),
        covered=_sides(np.bincount(inside.side, inside.after - inside.first, len(sides)) / whole),
        core=_sides((after - first) / whole),
        dense=_sides(dense),
        head=_sides(first / whole),
        tail=_sides((spans - after) / whole),
        differ=_differ(batch, batch.tokens.bounds[sides], spans, inside),
        passage=np.stack((at, longest)).reshape(2, -1, 2).transpose(0, 2, 1),
    )


def _sides(table: F64) -> F64:
    return np.ascontiguousarray(table.reshape(-1, 2).T)


def meet(values: U32, starts: I64, counts: I64) -> tuple[Mask, I64, I64]:
    """Values of the sides that the other side of the pair has, too, a flag each; the number of different ones a pair: on
    either side, [2, n], and in common.

    Pair, value, side and place are sorted as one word: equal values of a pair come together, those of its first text in front.
    """
    total = int(counts.sum())
    bits = total.bit_length()
    keys, end = np.arange(total).view(np.uint64), 0
    wide = values.astype(np.uint64)
    wide <<= u64(bits + 1)
    for side, (begin, count) in enumerate(zip(starts.tolist(), counts.tolist(), strict=True)):
        part, end = keys[end : end + count], end + count
        part |= wide[begin : begin + count]
        part |= u64((side >> 1) << (bits + 33) | (side & 1) << bits)
    ends = np.cumsum(counts[0::2] + counts[1::2]).tolist()
    pairs = list(zip([0, *ends], ends, strict=False))
    for begin, end in pairs:  # one after the other: they fit the cache
        keys[begin:end].sort()
    place = (keys & u64((1 << bits) - 1)).view(np.int64)
    keys >>= u64(bits)
    step = keys[1:] ^ keys[:-1]  # 0: as before; 1: the same value on the other side; else: another value, or pair
    cross = step == 1
    hit = np.zeros(total, bool)
    hit[1:] = cross
    hit[:-1] |= cross
    size = counts.copy()
    again = np.flatnonzero(step == 0)
    if len(again):  # values that a side has more than once: what holds for the first or the last holds for all
        rest = np.flatnonzero(np.diff(again) != 1) + 1
        first, last = again[np.append(0, rest)], again[np.append(rest - 1, -1)] + 1
        hit[ranges(first, last - first + 1)] = np.repeat(hit[first] | hit[last], last - first + 1)
        word = keys[first]
        np.subtract.at(size, ((word >> u64(33) << u64(1)) | (word & u64(1))).view(np.int64), last - first)
    met = np.empty(total, bool)
    met[place] = hit
    common = [np.count_nonzero(cross[begin:end]) for begin, end in pairs]
    return met, size.reshape(-1, 2).T, np.array(common, np.int64)


def _runs(met: Mask, counts: I64) -> Runs:
    """Runs of shingles in common."""
    starts = np.cumsum(counts) - counts
    begins = starts[counts > 0]
    opens, closes = met.copy(), met.copy()
    opens[1:] &= ~met[:-1]
    opens[begins] = met[begins]
    closes[:-1] &= ~met[1:]
    closes[begins[1:] - 1] = met[begins[1:] - 1]
    first, after = np.flatnonzero(opens), np.flatnonzero(closes) + 1
    side = np.searchsorted(starts, first, "right") - 1
    return Runs(side, first - starts[side], after - starts[side])


def _covered(shared: Runs, spans: I64, width: int) -> Runs:
    """The tokens that lie in shingles in common: runs of shingles that touch make one passage."""
    after = np.minimum(shared.after + (width - 1), spans[shared.side])  # a short text is one shingle, which ends with it
    new = np.ones(len(after), bool)
    new[1:] = (shared.first[1:] > after[:-1]) | (shared.side[1:] != shared.side[:-1])
    begins = np.flatnonzero(new)
    return Runs(shared.side[begins], shared.first[begins], after[np.append(begins[1:], len(after)) - 1] if len(after) else after)


def _cores(inside: Runs, sides: int) -> tuple[I64, I64, F64]:
    """The stretch of every side with the largest sum, a token inside shared passages counting one and one outside `-GAP`:
    first token, end, and the share of its tokens that lie inside. It begins with a passage and ends with one."""
    first, after, dense = np.zeros(sides, np.int64), np.zeros(sides, np.int64), np.zeros(sides)
    if not len(inside.side):
        return first, after, dense
    side = inside.side
    size = inside.after - inside.first
    begins = np.flatnonzero(np.append(True, side[1:] != side[:-1]))
    of = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(side))))
    total = np.cumsum(size)
    had = total - size
    had -= had[begins][of]  # tokens inside before the passage
    before = had - GAP * (inside.first - had)
    # Every side is put below all before it, so that one running minimum over all starts anew at each of them.
    level = before - of * ((GAP + 1) * (int(inside.after.max()) + 1))
    low = np.minimum.accumulate(level)
    gain = level + size - low
    best = np.maximum.reduceat(gain, begins)
    where = np.flatnonzero(gain == best[of])
    end = where[np.flatnonzero(np.append(True, of[where[1:]] != of[where[:-1]]))]
    start = np.maximum.accumulate(np.where(level == low, np.arange(len(side)), 0))[end]
    which = side[begins]
    first[which], after[which] = inside.first[start], inside.after[end]
    dense[which] = (had[end] + size[end] - had[start]) / (after[which] - first[which])
    return first, after, dense


def _longest(shared: Runs, sides: int) -> tuple[I64, I64]:
    """The longest run of shingles in common of every side, the first one of several: where it begins, and its length."""
    at, length = np.zeros(sides, np.int64), np.zeros(sides, np.int64)
    if len(shared.side):
        size, side = shared.after - shared.first, shared.side
        begins = np.flatnonzero(np.append(True, side[1:] != side[:-1]))
        length[side[begins]] = np.maximum.reduceat(size, begins)
        longest = np.flatnonzero(size == length[side])[::-1]
        at[side[longest]] = shared.first[longest]  # the first one is written last
    return at, length


# ------------------------------------------------------------------------------------------------- two fillings of one form
def _differ(batch: Batch, starts: I64, spans: I64, inside: Runs) -> Mask:
    """In which pairs what either text has for itself is figures and names. The weather, results and prices of another day have
    other figures, what is said about another place or firm has other names; the words around them come from the same form.

    What a text has for itself lies outside shared passages, and most of what lies there the other text has outside them, too.
    """
    outside = _complement(inside, spans)
    tokens = ranges(starts[outside.side] + outside.first, outside.after - outside.first)
    side = np.repeat(outside.side, outside.after - outside.first)
    facts = batch.facts(tokens)
    pairs = len(starts) // 2
    many: Mask = np.bincount(side[facts], minlength=2 * pairs).reshape(-1, 2).min(axis=1) >= FACTS
    some = many[side >> 1]
    many = _own(batch, tokens[some], side[some], facts[some], pairs)[1].min(axis=0) >= FACTS
    chosen = np.flatnonzero(np.repeat(many, 2))
    if len(chosen):
        tokens = ranges(starts[chosen], spans[chosen])
        side = np.repeat(chosen, spans[chosen])
        own, named = _own(batch, tokens, side, batch.facts(tokens), pairs)
        many = (named.min(axis=0) >= FACTS) & (named >= FILLED * own).all(axis=0)
    return many


def _complement(inside: Runs, spans: I64) -> Runs:
    """Everything that lies in no run."""
    every = np.arange(len(spans))
    begins = np.searchsorted(inside.side, every)
    ends = np.searchsorted(inside.side, every, "right")
    side, first = np.insert(inside.side, begins, every), np.insert(inside.after, begins, 0)
    after = np.insert(inside.first, ends, spans)
    some = np.flatnonzero(after > first)
    return Runs(side[some], first[some], after[some])


def _own(batch: Batch, tokens: I64, side: I64, facts: Mask, pairs: int) -> tuple[I64, I64]:
    """Of some tokens how many different words either side of every pair has that the other has not, and how many of these are
    facts somewhere: [2, n] each."""
    keys = (side >> 1).view(np.uint64) << u64(34)
    keys |= batch.tokens.hashes[tokens].astype(np.uint64) << u64(2)
    keys |= (side & 1).view(np.uint64) << u64(1)
    keys |= facts
    keys.sort()
    words = keys >> u64(2)
    first = np.flatnonzero(np.append(True, words[1:] != words[:-1])) if len(words) else np.zeros(0, np.int64)
    last = np.append(first[1:], len(words)) - 1 if len(words) else first
    of = (keys[first] >> u64(1)) & u64(1)
    own = np.flatnonzero(of == (keys[last] >> u64(1)) & u64(1))
    place = (words[first[own]] >> u64(32) << u64(1) | of[own]).view(np.int64)
    fact = (keys[last[own]] & u64(1)).astype(bool)
    counts = (np.bincount(some, minlength=2 * pairs).reshape(-1, 2).T for some in (place, place[fact]))
    return next(counts), next(counts)
