"""Comparison of candidate pairs on their texts: what two documents really share, in what order and where.

Sketches only propose. Here the full shingle sets of both texts are compared, batches of pairs at a time: Jaccard similarity,
containment both ways, the share of either text that lies in shared passages, and the dense core of these passages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.shingle import I64, INVISIBLE, U32, Folded, Tokens, fold, odd, tokenise, u64
from cleanup.dedup.signature import ranges, shingled

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

GAP = 2  # what a token outside shared passages costs a core, against one for a token inside
ALIGNED = 4000  # content words of a text that are aligned at most
(_PAIR,) = odd(0xA116, 1)
ENDINGS = frozenset('\0\n\r\t.!?:;"“”„«»‘•·|')  # behind one of these, and a blank, a capital says nothing
_INVISIBLE = re.compile(f"[{''.join(map(chr, sorted(INVISIBLE)))}]")


class Batch(NamedTuple):
    """Texts prepared for comparison."""

    texts: Sequence[str]
    offsets: I64  # of every text among the code units
    plain: Mask  # whether these are the characters of a text
    tokens: Tokens
    names: I64  # of the shingle that begins at every token: equal shingles of the batch have one name; 0 where none begins
    sets: Mask  # [texts, names] which shingles a text has
    words: Mask  # [texts, distinct tokens] which tokens a text has
    facts: Mask  # the same for those that are figures, or names: of people, places, firms
    digit: Mask  # of every token whether it begins with a digit
    small: Mask  # and whether with a small letter
    width: int

    def units(self, text: int) -> str:
        """A text, a character for each of its code units."""
        if self.plain[text]:
            return self.texts[text]
        seen = _INVISIBLE.sub("", self.texts[text])
        if int(self.offsets[text + 1] - self.offsets[text]) == len(seen) + 1:
            return seen
        data = np.frombuffer(seen.encode("utf-16-le", "surrogatepass"), "<u2")
        return data.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def prepare(texts: Sequence[str], width: int) -> Batch:
    """Tokens and shingles of some texts, all in one chunk."""
    (folded,) = fold(texts, sum(map(len, texts)) + len(texts) + 1)
    tokens = tokenise(folded)
    found = shingled(tokens, width)
    count = len(texts)
    names, sets = _named(found.values, found.owner, count)
    owner = np.repeat(np.arange(count), np.diff(tokens.bounds))
    numbers, words = _named(tokens.hashes, owner, count)
    digit, capital, small = _kinds(folded, tokens)
    facts = np.zeros_like(words)
    at = np.flatnonzero(digit | capital)
    facts[owner[at], numbers[at]] = True
    plain = np.diff(folded.offsets) == np.fromiter(map(len, texts), np.int64, count) + 1
    plain &= not folded.wide
    return Batch(texts, folded.offsets, plain, tokens, names, sets, words, facts, digit, small, width)


def _named(values: U32, owner: I64, count: int) -> tuple[I64, Mask]:
    """Number the distinct values of a batch, and tell which text has which; what has no owner below `count` is 0.

    Value and position are sorted as one word, so that equal values come together.
    """
    keys = values.astype(np.uint64) << u64(32) | np.arange(len(values)).view(np.uint64)
    keys.sort()
    at = (keys & u64(0xFFFFFFFF)).view(np.int64)
    keys >>= u64(32)
    names = np.empty(len(values), np.int64)
    if len(values):
        names[at] = np.append(1, 1 + np.cumsum(keys[1:] != keys[:-1]))
    names[owner == count] = 0
    sets = np.zeros((count + 1, int(names.max(initial=0)) + 1), bool)
    sets[owner, names] = True
    sets[:, 0] = False
    return names, sets[:-1]


def _kinds(folded: Folded, tokens: Tokens) -> tuple[Mask, Mask, Mask]:
    """Which tokens are figures, which are names (with a capital, and not at the beginning of a sentence), and which begin with
    a small letter."""
    units, starts = folded.units, tokens.starts
    first = units.take(starts)
    capital = np.flatnonzero(_marks(str.isupper).take(first, mode="clip"))
    ending = _marks(ENDINGS.__contains__)
    before = units.take(starts[capital] - 1)
    opens = ending.take(before) | ((before == 0x20) & ending.take(units[np.maximum(starts[capital] - 2, 0)]))
    names = np.zeros(len(starts), bool)
    names[capital[~opens]] = True
    return folded.low.take(starts) - np.uint8(0x30) < 10, names, _marks(str.islower).take(first, mode="clip")


@cache
def _marks(holds: Callable[[str], bool]) -> Mask:
    """For every UTF-16 code unit whether it is a character for which something holds."""
    return np.fromiter((holds(chr(code)) for code in range(0x10000)), bool, 0x10000)


class Surface(NamedTuple):
    """What pairs (a, b) share on the surface, an entry a pair. Row 0 of a table is about a, row 1 about b."""

    jaccard: F64  # of the sets of shingles
    contained: F64  # [2, n] share of the shingles of one that the other has
    covered: F64  # [2, n] share of the tokens of one that lie in shared passages
    core: F64  # [2, n] length of the densest stretch of shared passages, as a share of the text
    dense: F64  # [2, n] share of its tokens that lie in shared passages
    head: F64  # [2, n] share of the text before the core
    tail: F64  # [2, n] share of the text after it
    own: I64  # [2, n] different words of one that the other has not
    facts: I64  # [2, n] how many of these are facts
    passage: I64  # [2, n] first token and number of tokens of the longest shared passage, in b


def surface(batch: Batch, a: I64, b: I64) -> Surface:
    """Compare texts a[i] and b[i] (positions in the batch). Texts without tokens share nothing."""
    both = np.stack((a, b), axis=1).reshape(-1)  # sides alternate: a0 b0 a1 b1 ...
    other = np.stack((b, a), axis=1).reshape(-1)
    lengths = np.diff(batch.tokens.bounds)
    size, common = _overlap(batch.sets, a, b)
    own, facts = _own(batch.words, batch.words, a, b), _own(batch.facts, batch.words, a, b)
    spans = lengths[both]
    names = batch.names[ranges(batch.tokens.bounds[both], spans)]
    met = batch.sets.reshape(-1)[np.repeat(other * batch.sets.shape[1], spans) + names]
    inside = _cover(met, spans, batch.width)
    starts = np.cumsum(spans) - spans
    first, after, dense = _cores(inside, starts, spans)
    whole = np.maximum(spans, 1)
    at, run = _longest(met, starts, spans)
    return Surface(
        jaccard=common / np.maximum(size[a] + size[b] - common, 1),
        contained=np.stack((common / np.maximum(size[a], 1), common / np.maximum(size[b], 1))),
        covered=_sides(_sums(inside, starts, spans) / whole),
        core=_sides((after - first) / whole),
        dense=_sides(dense),
        head=_sides(first / whole),
        tail=_sides((spans - after) / whole),
        own=own,
        facts=facts,
        passage=np.stack((at[1::2], np.minimum(np.where(run > 0, run + batch.width - 1, 0), spans)[1::2])),
    )


def _overlap(sets: Mask, a: I64, b: I64) -> tuple[I64, I64]:
    """The size of every set, and how much sets a[i] and b[i] have in common."""
    packed = np.packbits(sets, axis=1)
    size = np.bitwise_count(packed).sum(axis=1, dtype=np.int64)
    return size, np.bitwise_count(packed[a] & packed[b]).sum(axis=1, dtype=np.int64)


def _own(sets: Mask, words: Mask, a: I64, b: I64) -> I64:
    """What the set of one text has of words that the other text has not, both ways: [2, n]."""
    some, other = np.packbits(sets, axis=1), ~np.packbits(words, axis=1)
    return np.stack([np.bitwise_count(some[x] & other[y]).sum(axis=1, dtype=np.int64) for x, y in ((a, b), (b, a))])


def _sides(table: F64) -> F64:
    return np.ascontiguousarray(table.reshape(-1, 2).T)


def _cover(met: Mask, lengths: I64, width: int) -> Mask:
    """Which tokens lie in a common shingle, from those at which one begins, text after text."""
    ends = np.cumsum(lengths)
    short = np.flatnonzero((lengths > 0) & (lengths < width))  # such a text is one shingle, which ends with it
    whole = met[(ends - lengths)[short]]
    begins = met.copy()
    begins[(ends - lengths)[short]] = False
    inside = begins.copy()
    for step in range(1, width):
        inside[step:] |= begins[:-step]
    for text, value in zip(short.tolist(), whole.tolist(), strict=True):
        inside[ends[text] - lengths[text] : ends[text]] = value
    return inside


def _sums(flags: Mask, starts: I64, lengths: I64) -> I64:
    total = np.append(0, np.cumsum(flags))
    return np.asarray(total[starts + lengths] - total[starts])


def _cores(inside: Mask, starts: I64, lengths: I64) -> tuple[I64, I64, F64]:
    """The stretch of every text with the largest sum, a token inside shared passages counting one and one outside `-GAP`:
    first token, end, and the share of its tokens that lie inside."""
    filled = np.flatnonzero(lengths)
    first, after, dense = np.zeros(len(lengths), np.int64), np.zeros(len(lengths), np.int64), np.zeros(len(lengths))
    if not len(filled):
        return first, after, dense
    # Every text is put below all before it, so that one running minimum over all texts starts anew at each of them.
    step = np.where(inside, 1, -GAP)
    drop = step.copy()
    drop[starts[filled]] -= (GAP + 1) * (np.append(0, lengths[filled][:-1]) + 1)
    level = np.cumsum(drop)
    before = level - step
    low = np.minimum.accumulate(before)
    gain = level - low
    best = np.maximum.reduceat(gain, starts[filled])
    where = np.flatnonzero(gain == np.repeat(best, lengths[filled]))
    segment = np.searchsorted(starts[filled], where, "right") - 1
    one = np.flatnonzero(np.append(True, segment[1:] != segment[:-1]))
    end, segment = where[one], segment[one]
    good = best[segment] > 0
    since = np.maximum.accumulate(np.where(before == low, np.arange(len(before)), 0))
    chosen = filled[segment[good]]
    first[chosen] = since[end[good]] - starts[chosen]
    after[chosen] = end[good] + 1 - starts[chosen]
    dense = _sums(inside, starts + first, after - first) / np.maximum(after - first, 1)
    return first, after, dense


def _longest(met: Mask, starts: I64, lengths: I64) -> tuple[I64, I64]:
    """The longest run of common shingles of every text: first token in the text, length."""
    at, length = np.zeros(len(lengths), np.int64), np.zeros(len(lengths), np.int64)
    filled = np.flatnonzero(lengths)
    if len(filled):
        # A run never goes on into the next text: a text of several shingles ends with tokens at which none begins, and the
        # first token of a text is made a barrier.
        index = np.arange(len(met))
        barrier = np.where(met, -1, index)
        barrier[starts[filled]] = np.where(met[starts[filled]], starts[filled] - 1, starts[filled])
        run = index - np.maximum.accumulate(barrier)
        length[filled] = np.maximum.reduceat(run, starts[filled])
        hit = np.flatnonzero((run == np.repeat(length, lengths)) & met)
        owner = np.searchsorted(starts[filled], hit, "right") - 1
        one = np.flatnonzero(np.append(True, owner[1:] != owner[:-1])) if len(hit) else hit
        text = filled[owner[one]]
        at[text] = hit[one] - length[text] + 1 - starts[text]
    return at, length


# ------------------------------------------------------------------------------------------------- canonical family
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
