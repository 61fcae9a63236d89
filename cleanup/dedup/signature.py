"""Signatures of shingle sets: Fast Similarity Sketching, the `affine32` MinHash of datasketch 2.0, and smallest hashes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.shingle import I64, U64, Tokens, odd, shingles, u64

U32 = NDArray[np.uint32]

EMPTY = np.uint32(0xFFFFFFFF)
ROUNDS = 6  # of Fast Similarity Sketching, before the slots still empty are filled one by one

_SHORT, _SLOT, _SLOT_LAST = odd(0x5EED, 3)
_XOR, _MUL, _FIN = odd(0xF55, 8), odd(0xF56, 8), odd(0xF57, 1)[0]


class Shingled(NamedTuple):
    """Hashed shingles of a chunk of texts: a value a token position, its text (`len(counts)` where there is none), and
    how many there are in every text."""

    values: U64
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
            docs = np.flatnonzero(sizes == size)
            at = bounds[docs]
            value = np.zeros(len(docs), np.uint64)
            for step in range(size):
                value = (value + tokens.hashes[at + step]) * _SHORT
                value ^= value >> u64(29)
                if step:
                    owner[at + step] = len(sizes)
                    values[at + step] = 0
            values[at] = value * _SHORT
        last = last[~short]
    for step in range(1, width):
        owner[last - step] = len(sizes)
        values[last - step] = 0
    return Shingled(values, owner, bounds, np.where(short, np.minimum(sizes, 1), sizes - width + 1))


# ----------------------------------------------------------------------------------------------- signatures
def fss(shingles: Shingled, k: int) -> U32:
    """Fast Similarity Sketching (Dahlgaard, Knudsen and Thorup, FOCS 2017): uint32[n, k].

    Every shingle falls into one of k slots, which keeps its smallest value. Only texts with empty slots go on: each round
    throws their shingles anew and fills what is still empty. Values of round 0 are below 2^31, those of later rounds above.
    """
    count = len(shingles.counts)
    flat = np.full((count + 1) * k, EMPTY, np.uint32)
    _throw(flat, shingles.owner * k, shingles.values, k)
    table = flat[: count * k].reshape(count, k)
    needy = np.flatnonzero((table == EMPTY).any(axis=1) & (shingles.counts > 0))
    if len(needy):
        sizes = shingles.counts[needy]
        values = shingles.values[ranges(shingles.bounds[needy], sizes)]
        table[needy] = _fill(table[needy], values, sizes, k)
    return table


def _slot(values: U64, k: int) -> I64:
    """The slot of a value: its top bits for a power of two, else by multiplication."""
    if k & (k - 1) == 0:
        return (values >> u64(64 - k.bit_length() + 1)).view(np.int64) if k > 1 else np.zeros(len(values), np.int64)
    return (((values >> u64(32)) * u64(k)) >> u64(32)).view(np.int64)


def _value(values: U64, k: int) -> U32:
    """31 bits that are independent of the slot."""
    if k & (k - 1) == 0:
        return (values >> u64(34 - k.bit_length())).astype(np.uint32) & np.uint32(0x7FFFFFFF)
    return (values & u64(0x7FFFFFFF)).astype(np.uint32)


def _throw(flat: U32, base: I64, values: U64, k: int) -> None:
    key = _slot(values, k)
    key += base
    np.minimum.at(flat, key, _value(values, k))


def _fill(table: U32, values: U64, sizes: I64, k: int) -> U32:
    """Rounds 1 on for texts with empty slots: their table, and their shingles one text after the other."""
    flat = table.reshape(-1)
    row = np.repeat(np.arange(len(sizes)), sizes)
    for turn in range(1, ROUNDS):
        mixed = (values ^ _XOR[turn]) * _MUL[turn]
        mixed ^= mixed >> u64(32)
        mixed *= _FIN
        key = row * k + _slot(mixed, k)
        # Values of this round may only meet slots that the rounds before left empty; they carry the top bit, and within
        # a round the smallest wins, so that filling does not depend on the order of shingles.
        empty = np.flatnonzero(flat[key] == EMPTY)
        np.minimum.at(flat, key[empty], _value(mixed[empty], k) | np.uint32(0x80000000))
        open_rows = (table == EMPTY).any(axis=1)
        if not open_rows.any():
            return table
        if not open_rows.all():
            keep = open_rows[row]
            values, row = values[keep], row[keep]
    rows, slots = np.nonzero(table == EMPTY)
    starts = np.searchsorted(row, rows)
    spans = sizes[rows]
    salt = np.repeat(slots.astype(np.uint64) * _SLOT | u64(1), spans)
    mixed = (values[ranges(starts, spans)] ^ (salt >> u64(7))) * salt
    mixed ^= mixed >> u64(32)
    mixed *= _SLOT_LAST
    least = np.minimum.reduceat(_value(mixed, k), np.cumsum(spans) - spans)
    table[rows, slots] = np.minimum(least, np.uint32(0x7FFFFFFE)) | np.uint32(0x80000000)
    return table


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
    return (shingles.values[shingles.owner < len(shingles.counts)] >> u64(32)).astype(np.uint32)


def bottom(values: U64, owner: I64, counts: I64, size: int) -> U32:
    """The `size` smallest distinct top halves of the values of every text, ascending, filled up with EMPTY: uint32[n, size].

    `owner` ascends; positions whose owner is `len(counts)` are left out.
    """
    count = len(counts)
    top = (values >> u64(32)).astype(np.uint32)
    # A text with n values has its `size` smallest ones below this bound all but surely; the few others are done in full.
    share = np.minimum((1.5 * size + 20) / np.maximum(counts, 1), 1.0)
    bound = np.append((share * 0xFFFFFFFE).astype(np.uint32), np.uint32(0))
    found = _smallest(top, owner, np.flatnonzero(top <= bound[owner]), count, size)
    lacking = (found[:, -1] == EMPTY) & (share < 1.0)
    if lacking.any():
        chosen = np.append(lacking, False)[owner]
        found[lacking] = _smallest(top, owner, np.flatnonzero(chosen), count, size)[lacking]
    return found


def _smallest(top: U32, owner: I64, at: I64, count: int, size: int) -> U32:
    at = at[owner[at] < count]
    keys = (owner[at].astype(np.uint64) << u64(32)) | np.minimum(top[at], EMPTY - np.uint32(1))
    keys.sort()
    if len(keys):
        keys = keys[np.append(True, keys[1:] != keys[:-1])]
    row = (keys >> u64(32)).view(np.int64)
    rank = np.arange(len(keys)) - np.searchsorted(row, row)
    keep = rank < size
    found = np.full((count, size), EMPTY, np.uint32)
    found[row[keep], rank[keep]] = keys[keep].astype(np.uint32)
    return found


def ranges(starts: I64, sizes: I64) -> I64:
    """The positions start, start + 1, ... of every range, one range after the other."""
    ends = np.cumsum(sizes)
    return np.asarray(np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - (ends - sizes), sizes))
