"""Signatures of shingle sets: Fast Similarity Sketching, the `affine32` MinHash of datasketch 2.0, and smallest hashes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from cleanup.arrays import ranges
from cleanup.dedup.shingle import I64, U32, Tokens, odd32, shingles, u32, u64

EMPTY = np.uint32(0xFFFFFFFF)
LATE = np.uint32(0x80000000)  # set in what later rounds of a sketch fill in
ROUNDS = 6  # of Fast Similarity Sketching at most, before the slots still empty are filled one by one
FEW = 16  # in a text with fewer empty slots than one in so many these borrow at once

_SHORT, _SLOT, _VALUE, _MIX, _LENDER = odd32(0x5EED, 5)
_XOR, _MUL = odd32(0xF55, 8), odd32(0xF56, 8)


class Shingled(NamedTuple):
    """Hashed shingles of a chunk of texts: a value a token position, its text, and how many there are in every text.

    Positions without a shingle have the value EMPTY and the owner `len(counts)`.
    """

    values: U32
    owner: I64
    bounds: I64
    counts: I64


def shingled(tokens: Tokens, width: int) -> Shingled:
    """Shingles of `width` tokens. A text with fewer has one, over what it has; a text without tokens has none."""
    bounds = tokens.bounds
    sizes = np.diff(bounds)
    values = shingles(tokens.hashes, width)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    last = bounds[1:]
    short = sizes < width
    if short.any():
        for size in range(1, width):
            at = bounds[:-1][sizes == size]
            value = np.zeros(len(at), np.uint32)
            for step in range(size):
                value = (value + tokens.hashes[at + step]) * _SHORT
                value ^= value >> u32(15)
                if step:
                    owner[at + step] = len(sizes)
                    values[at + step] = EMPTY
            values[at] = value * _MIX
        last = last[~short]
    for step in range(1, width):
        owner[last - step] = len(sizes)
        values[last - step] = EMPTY
    return Shingled(values, owner, bounds, np.where(short, np.minimum(sizes, 1), sizes - width + 1))


# ----------------------------------------------------------------------------------------------- signatures
class Rest(NamedTuple):
    """Texts of which many slots are empty yet: which ones, and their shingles one text after the other."""

    rows: I64
    values: U32
    sizes: I64


def fss(chunks: Iterable[Shingled], k: int) -> U32:
    """Fast Similarity Sketching (Dahlgaard, Knudsen and Thorup, FOCS 2017) of the texts of all chunks: uint32[n, k].

    Every shingle falls into one of k slots, which keeps its smallest value. A few empty slots borrow the values of others
    (optimal densification: Shrivastava, ICML 2017). Only texts with many empty slots go on: each round throws their shingles
    anew and fills what is still empty. Values of round 0 are below 2^31, all others above.
    """
    tables, rests, first = [np.zeros((0, k), np.uint32)], [], 0
    for chunk in chunks:
        table, rest = _first_round(chunk, k)
        tables.append(table)
        rests.append(rest._replace(rows=rest.rows + first))
        first += len(table)
    table = np.concatenate(tables)
    if sum(len(rest.rows) for rest in rests):  # for the texts of all chunks at once: they are few
        rows = np.concatenate([rest.rows for rest in rests])
        values, sizes = np.concatenate([rest.values for rest in rests]), np.concatenate([rest.sizes for rest in rests])
        table[rows] = _fill(table[rows], values, sizes, k)
    return table


def _first_round(shingles: Shingled, k: int) -> tuple[U32, Rest]:
    """The sketches of a chunk but for texts with many empty slots."""
    count = len(shingles.counts)
    flat = np.full((count + 1) * k, EMPTY, np.uint32)
    base = shingles.owner * k
    _throw(flat, base, shingles.values, k)
    table = flat[: count * k].reshape(count, k)
    empty = np.count_nonzero(table == EMPTY, axis=1)
    few = np.flatnonzero((empty > 0) & (empty * FEW <= k))
    if len(few):
        table[few] = _borrow(table[few])
    many = np.flatnonzero((empty * FEW > k) & (shingles.counts > 0))
    sizes = shingles.counts[many]
    values = shingles.values[ranges(shingles.bounds[many], sizes)]
    if sizes.max(initial=0) > k * FEW:  # so long and yet with empty slots: few distinct shingles, repeated
        values, sizes = _distinct(values, sizes)
    return table, Rest(many, values, sizes)


def _distinct(values: U32, sizes: I64) -> tuple[U32, I64]:
    """The distinct shingles of every text, and how many they are."""
    keys = np.unique(np.repeat(np.arange(len(sizes), dtype=np.uint64) << u64(32), sizes) | values)
    return keys.astype(np.uint32), np.bincount((keys >> u64(32)).view(np.int64), minlength=len(sizes))


def _slot(values: U32, k: int) -> I64:
    """The slot of a value: its top bits for a power of two, else by multiplication."""
    if k == 1:
        return np.zeros(len(values), np.int64)
    if k & (k - 1) == 0:
        return (values >> u32(33 - k.bit_length())).astype(np.int64)
    return ((values.astype(np.uint64) * u64(k)) >> u64(32)).view(np.int64)


def _value(values: U32) -> U32:
    """31 bits that go their own way among the values of a slot."""
    value = values * _VALUE
    value >>= u32(1)
    return value


def _throw(flat: U32, base: I64, values: U32, k: int) -> None:
    key = _slot(values, k)
    key += base
    np.minimum.at(flat, key, _value(values))


def _fill(table: U32, values: U32, sizes: I64, k: int) -> U32:
    """Fill the empty slots of texts: their table, and their shingles one text after the other.

    Where many are empty in rounds, in which every shingle is thrown anew; where few are left slot by slot.
    """
    flat = table.reshape(-1)
    row = np.repeat(np.arange(len(sizes)), sizes)
    for turn in range(1, ROUNDS):
        many = np.count_nonzero(table == EMPTY, axis=1) * FEW > k
        if not many.any():
            break
        chosen = np.flatnonzero(np.repeat(many, sizes))
        mixed = values[chosen] ^ _XOR[turn]
        mixed *= _MUL[turn]
        mixed ^= mixed >> u32(15)
        mixed *= _MIX
        key = _slot(mixed, k)
        key += row[chosen] * k
        # Values of this round may only meet slots that the rounds before left empty; they carry the top bit, and within
        # a round the smallest wins, so that filling does not depend on the order of shingles.
        empty = np.flatnonzero(flat[key] == EMPTY)
        np.minimum.at(flat, key[empty], _value(mixed[empty]) | LATE)
    rows, slots = np.nonzero(table == EMPTY)
    if len(rows):
        spans = sizes[rows]
        mixed = values[ranges((np.cumsum(sizes) - sizes)[rows], spans)]
        mixed *= np.repeat((slots + 1).astype(np.uint32) * _SLOT | u32(1), spans)
        least = np.minimum.reduceat(mixed, np.cumsum(spans) - spans) >> u32(1)
        table[rows, slots] = np.minimum(least, u32(0x7FFFFFFE)) | LATE
    return table


def _borrow(table: U32) -> U32:
    """Every empty slot gets the value of the first filled one from a place of its own on. No text may be empty all over."""
    k = table.shape[1]
    rows, slots = np.nonzero(table == EMPTY)
    lender = _slot((slots + 1).astype(np.uint32) * _LENDER, k)
    filled = table.copy()
    while len(rows):
        value = table[rows, lender]
        good = value != EMPTY
        filled[rows[good], slots[good]] = value[good] | LATE
        rows, slots, lender = rows[~good], slots[~good], (lender[~good] + 1) % k
    return filled


def affine32(shingles: Shingled, k: int, seed: int = 1) -> U32:
    """The `affine32` scheme of datasketch 2.0, bit-equal to `datasketch.MinHash(k, seed)` fed the same 32-bit hashes."""
    from datasketch import MinHash

    a, b = MinHash(num_perm=k, seed=seed, scheme="affine32").permutations
    hashed = hashes32(shingles)
    hashed ^= hashed >> np.uint32(16)  # the finaliser of MurmurHash3, as datasketch mixes its input
    hashed *= np.uint32(0x85EBCA6B)
    hashed ^= hashed >> np.uint32(13)
    hashed *= np.uint32(0xC2B2AE35)
    hashed ^= hashed >> np.uint32(16)
    table = np.full((len(shingles.counts), k), EMPTY, np.uint32)
    filled = np.flatnonzero(shingles.counts)
    if len(filled):
        starts = (np.cumsum(shingles.counts) - shingles.counts)[filled]
        mixed = np.empty_like(hashed)
        for slot in range(k):
            np.multiply(hashed, a[slot], out=mixed)
            mixed += b[slot]
            table[filled, slot] = np.minimum.reduceat(mixed, starts)
    return table


def hashes32(shingles: Shingled) -> U32:
    """The 32-bit hash of every shingle, text after text: what to feed to `datasketch.MinHash(hashfunc=int)`."""
    return shingles.values[shingles.owner < len(shingles.counts)]


def bottom(values: U32, owner: I64, sizes: I64, size: int, bound: U32 | None = None) -> U32:
    """The `size` smallest distinct values of every text, ascending, filled up with EMPTY: uint32[n, size].

    `owner` ascends and `sizes` says how often each text is in it; positions without a value have EMPTY. Below `bound` a text
    has its smallest ones all but surely (default: for evenly spread values); the few where it has not are done in full.
    """
    count = len(sizes)
    if bound is None:
        share = np.minimum((size + 4 * size**0.5 + 8) / np.maximum(sizes, 1), 1.0)
        bound = (share * 0xFFFFFFFE).astype(np.uint32)
    found = _smallest(values, owner, np.flatnonzero(values <= np.repeat(bound, sizes)), count, size)
    lacking = (found[:, -1] == EMPTY) & (bound < 0xFFFFFFF0)
    if lacking.any():
        chosen = np.repeat(lacking, sizes) & (values != EMPTY)
        found[lacking] = _smallest(values, owner, np.flatnonzero(chosen), count, size)[lacking]
    return found


def _smallest(values: U32, owner: I64, at: I64, count: int, size: int) -> U32:
    keys = owner[at].view(np.uint64) << u64(32)
    keys |= values[at]
    keys.sort()
    row = (keys >> u64(32)).view(np.int64)
    fresh = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    place = np.cumsum(fresh)
    first = np.searchsorted(row, np.arange(count))
    rank = place - place[np.minimum(first, len(keys) - 1)][row] if len(keys) else place
    keep = np.flatnonzero(fresh & (rank < size))
    found = np.full((count, size), EMPTY, np.uint32)
    found[row[keep], rank[keep]] = keys[keep].astype(np.uint32)
    return found
