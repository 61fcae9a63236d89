"""Hashed shingles of texts, and what of them makes a signature: see the kernel `sketches`."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from cleanup import kernels
from cleanup.arrays import ranges
from cleanup.dedup.shingle import I64, U32, Tokens

EMPTY = np.uint32(0xFFFFFFFF)


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
    kernels.function("shingles", "u32* i64* i64 i64 u32* i64*")(tokens.hashes, tokens.bounds, texts, width, values, counts)
    return Shingled(values, tokens.bounds, counts)


def hashes32(shingles: Shingled) -> U32:
    """The 32-bit hash of every shingle, text after text: what to feed to `datasketch.MinHash(hashfunc=int)`."""
    return shingles.values[ranges(shingles.bounds[:-1], shingles.counts)]


@cache
def permutations(k: int, seed: int) -> tuple[U32, U32]:
    """The permutations of datasketch's `affine32` scheme: uint32[k] each."""
    from datasketch import MinHash

    a, b = MinHash(num_perm=k, seed=seed, scheme="affine32").permutations
    return np.array(a, np.uint32), np.array(b, np.uint32)
