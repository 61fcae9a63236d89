"""Signatures of shingle sets: Fast Similarity Sketching, the `affine32` MinHash of datasketch 2.0, and smallest hashes."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from cleanup import kernels
from cleanup.arrays import ranges
from cleanup.dedup.shingle import I64, U32, Tokens

EMPTY = np.uint32(0xFFFFFFFF)
FEW = 16  # in a text with fewer empty slots than one in so many these borrow at once; the kernel says the same


class Shingled(NamedTuple):
    """Hashed shingles of a chunk of texts: text i has the `counts[i]` values from `bounds[i]` on, and then, up to where the next
    text begins, EMPTY for every token with which no shingle begins."""

    values: U32
    bounds: I64
    counts: I64


def shingled(tokens: Tokens, width: int) -> Shingled:
    """Shingles of `width` tokens. A text with fewer has one, over what it has; a text without tokens has none."""
    texts = len(tokens.bounds) - 1
    values, counts = np.empty(len(tokens.hashes), np.uint32), np.empty(texts, np.int64)
    _kernel("shingles", "u32* i64* i64 i64 u32* i64*")(tokens.hashes, tokens.bounds, texts, width, values, counts)
    return Shingled(values, tokens.bounds, counts)


def fss(shingles: Shingled, k: int) -> U32:
    """Fast Similarity Sketching (Dahlgaard, Knudsen and Thorup, FOCS 2017): uint32[n, k].

    Every shingle falls into one of k slots, which keeps its smallest value. A few empty slots borrow the values of others
    (optimal densification: Shrivastava, ICML 2017). Only texts with many empty slots go on: each round throws their shingles
    anew and fills what is still empty. Values of round 0 are below 2^31, all others above.
    """
    texts = len(shingles.counts)
    table = np.empty((texts, k), np.uint32)
    size = 1 << (k * FEW).bit_length()
    room = np.empty(k * (FEW + 1) + size, np.uint32)
    _kernel("fss", "u32* i64* i64* i64 i64 u32* u32* i64")(*shingles, texts, k, table, room, size)
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
    return shingles.values[ranges(shingles.bounds[:-1], shingles.counts)]


def smallest(values: U32, bounds: I64, counts: I64, size: int, *, once: bool = True) -> U32:
    """The `size` smallest values of every text, ascending, filled up with EMPTY: uint32[n, size]. `once`: none of them twice."""
    found = np.empty((len(counts), size), np.uint32)
    _kernel("smallest", "u32* i64* i64* i64 i64 i32 u32*")(values, bounds, counts, len(counts), size, once, found)
    return found


@cache
def _kernel(name: str, arguments: str) -> kernels.Function:
    return kernels.function(name, arguments)
