"""Candidates for spun copies: documents that share several of their smallest canonical hashes.

A pair of neighbouring content words is shared by many texts that have nothing else in common. So one common hash says little,
and what counts is how many of them two documents share. These pairs are many times as many as the documents: they are counted
in a table of bytes first, by a hash of the pair, and only those whose count says so are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cleanup.dedup.bands import FLOODED, Buckets, stars
from cleanup.dedup.pairs import Places, merge, pack, unique, unpack
from cleanup.dedup.shingle import I64, U64, odd, u64
from cleanup.dedup.signature import EMPTY
from cleanup.dedup.sketch import Sketches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleanup.config import DedupConfig

    F64 = NDArray[np.float64]

SMALL = 8  # buckets up to this size give all their pairs, larger ones those of their first document
TOGETHER = 3  # hashes that two documents have to share
WORDS = 20  # a document with fewer has too few pairs of content words
BLOCK = 1 << 16  # pairs made at a time
SCAN = 1 << 12  # pairs of sketches compared at a time
COUNTED = 12  # bytes of the table of counts, a document
_HASH = odd(0x5B1, 1)[0]


class Kin(NamedTuple):
    """Sorted pairs, how many met at all, and the sizes of large buckets."""

    pairs: U64
    met: int
    flooded: list[int]


def find(sketches: Sketches, places: Places, cfg: DedupConfig) -> Kin:
    """Pairs of living documents that share at least `TOGETHER` of their smallest canonical hashes."""
    counts = np.zeros(COUNTED * len(places) + 1, np.uint8)
    wanted = np.asarray(sketches.tokens >= max(cfg.min_words, WORDS))
    met, flooded = 0, []
    for buckets in places.meeting(sketches.canon, wanted):
        flooded += buckets.sizes[buckets.sizes >= FLOODED].tolist()
        for pairs in _pairs(buckets):
            met += len(pairs)
            np.add.at(counts, _slots(pairs, len(counts)), 1)
    found = np.zeros(0, np.uint64)
    for buckets in places.meeting(sketches.canon, wanted) if (counts >= TOGETHER).any() else ():
        often = [pairs[counts[_slots(pairs, len(counts))] >= TOGETHER] for pairs in _pairs(buckets)]
        found = merge(found, unique(np.concatenate(often)))
    # Different pairs may share a byte of the table: now the hashes themselves are counted.
    common = _common(sketches, sketches, *unpack(found))[0]
    return Kin(found[common >= TOGETHER], met, flooded)


def _slots(pairs: U64, size: int) -> I64:
    """Where in a table of this size a pair is counted."""
    hashed = pairs * _HASH
    hashed >>= u64(32)
    hashed *= u64(size)
    hashed >>= u64(32)
    return hashed.view(np.int64)


def _pairs(buckets: Buckets) -> Iterator[U64]:
    """All pairs within small buckets, and those of the first document of large ones, some at a time."""
    for size in np.unique(buckets.sizes[buckets.sizes <= SMALL]).tolist():
        starts = buckets.starts[buckets.sizes == size]
        left, right = np.triu_indices(size, 1)
        for begin in range(0, len(starts), BLOCK // len(left)):
            some = starts[begin : begin + BLOCK // len(left), None]
            yield pack(buckets.members[some + left].reshape(-1), buckets.members[some + right].reshape(-1))
    large = np.flatnonzero(buckets.sizes > SMALL)
    for begin in range(0, len(large), BLOCK // SMALL):
        some = large[begin : begin + BLOCK // SMALL]
        first, other, _ = stars(Buckets(buckets.members, buckets.starts[some], buckets.sizes[some]))
        yield pack(first, other)


def kinship(one: Sketches, two: Sketches, a: I64, b: I64) -> F64:
    """Estimated Jaccard similarity of the canonical families of document a[i] of one table and b[i] of the other: what is
    common among the smallest hashes of both together."""
    common, union = _common(one, two, a, b)
    return np.asarray(common / np.maximum(union, 1))


def _common(one: Sketches, two: Sketches, a: I64, b: I64) -> tuple[I64, I64]:
    """Among the smallest hashes of two documents together: how many both have, and how many there are."""
    common, union = np.empty(len(a), np.int64), np.empty(len(a), np.int64)
    size = one.canon.shape[1]
    for begin in range(0, len(a), SCAN):
        part = slice(begin, begin + SCAN)
        both = np.concatenate((one.canon[a[part]], two.canon[b[part]]), axis=1)
        both.sort(axis=1)
        fresh = both != EMPTY
        twice = fresh.copy()
        twice[:, 1:] &= both[:, 1:] == both[:, :-1]
        twice[:, 0] = False
        fresh &= ~twice
        rank = np.cumsum(fresh, axis=1, dtype=np.int8)
        common[part] = np.count_nonzero(twice & (rank <= size), axis=1)
        union[part] = np.minimum(rank[:, -1], size)
    return common, union
