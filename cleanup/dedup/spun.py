"""Candidates for spun copies: documents that share some of their smallest canonical hashes.

A hash that only a few documents have says much, one that many have says little. So two of the first kind make a candidate, or
four of any; where there are no more than two, the surfaces must have something in common, too. Pairs with one in common are
many times as many as the documents: they are not kept, but marked in a small table, and a pair that finds its mark there is
looked at. The table may err; in the end the hashes themselves are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cleanup import kernels
from cleanup.arrays import distinct
from cleanup.dedup.bands import FLOODED, Buckets, stars
from cleanup.dedup.pairs import Places, merge, pack, unique, unpack
from cleanup.dedup.shingle import I64, U64, odd, u64
from cleanup.dedup.sketch import Sketches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleanup.config import DedupConfig

    F64 = NDArray[np.float64]

SMALL = 8  # buckets up to this size give all their pairs, larger ones those of their first document
RARE, ANY = 2, 4  # hashes in common that pairs are noticed by: of those that few documents have, of any
TOGETHER = 3  # the same in an index, where it is not known how many have a hash
WORDS = 20  # a document with fewer has too few pairs of content words
BLOCK = 1 << 16  # pairs made at a time
SORTED = 1 << 21  # pairs sorted at a time
SCAN = 1 << 12  # pairs of sketches compared at a time
TAKEN = 1 << 19  # pairs that are told apart at a time
NEAR = 1 << 11  # words among which a pair has its own, in the table of pairs from small buckets
COUNTS = 4  # bytes a document in the table of pairs from large ones
(_HASH,) = odd(0x5B1, 1)


class Kin(NamedTuple):
    """Sorted pairs, how many met at all, and the sizes of large buckets."""

    pairs: U64
    met: int
    flooded: list[int]


def find(sketches: Sketches, places: Places, cfg: DedupConfig) -> Kin:
    """Pairs of living documents that share enough of their smallest canonical hashes."""
    marks, counts = Marks(len(places)), np.zeros(COUNTS * len(places) + 1, np.uint8)
    wanted = np.asarray(sketches.tokens >= max(cfg.min_words, WORDS))
    met, flooded = 0, []
    found = np.zeros(0, np.uint64)
    for buckets in places.meeting(sketches.canon, wanted):
        flooded += buckets.sizes[buckets.sizes >= FLOODED].tolist()
        again: list[U64] = []
        for pairs in _collected(_within(buckets)):
            met += len(pairs)
            again.append(marks.again(pairs))
        for pairs in _stars(buckets):
            met += len(pairs)
            again.append(pairs[_tally(counts, _slots(pairs, _HASH, len(counts))) >= ANY])
        del buckets  # before the next ones are made
        found = merge(found, *again)
    del marks, counts
    sketches.rest()
    found = np.concatenate([np.zeros(0, np.uint64), *_akin(sketches, places, found)])
    return Kin(unique(found), met, flooded)


def _akin(sketches: Sketches, places: Places, pairs: U64) -> Iterator[U64]:
    """Pairs of places that have enough in common, as pairs of documents, some at a time: candidates are many times as many."""
    for begin in range(0, len(pairs), TAKEN):
        a, b = (places.order[side].astype(np.int64) for side in unpack(pairs[begin : begin + TAKEN]))
        common = _common(sketches, sketches, a, b)[0]
        sketches.rest()  # one field after the other: what is mapped counts as memory
        scarce = np.flatnonzero(common == RARE)
        for first in range(0, len(scarce), SCAN):
            part = scarce[first : first + SCAN]
            common[part] += (sketches.surface[a[part]] == sketches.surface[b[part]]).any(axis=1)
        sketches.rest()
        yield pack(a, b)[common > RARE]


def _slots(pairs: U64, factor: np.uint64, size: int) -> I64:
    """Where in a table of this size a pair has its place."""
    hashed = pairs * factor
    hashed >>= u64(32)
    hashed *= u64(size)
    hashed >>= u64(32)
    return hashed.view(np.int64)


def _tally(counts: NDArray[np.uint8], slots: I64) -> NDArray[np.uint8]:
    """Count slots, up to `ANY`; what the slots have come to."""
    slot, more = np.unique(slots[counts[slots] < ANY], return_counts=True)
    counts[slot] = np.minimum(counts[slot] + more, ANY)
    return counts[slots]


class Marks:
    """Remembers pairs by two bits each, in one word (Bloom 1970; Putze, Sanders and Singler 2007): forgets none, and takes some
    for known that are not."""

    def __init__(self, size: int) -> None:
        self.bits = np.zeros(max(size, 1 << 4), np.uint64)

    def again(self, pairs: U64) -> U64:
        """Which of these sorted pairs came before; from now on all of them did."""
        found = np.empty(len(pairs), np.uint64)
        again = kernels.function("pairs_again", "u64* i64 u64 i64 u64* i64 u64*", "i64")
        return found[: again(pairs, len(pairs), int(_HASH), NEAR, self.bits, len(self.bits), found)].copy()


def _within(buckets: Buckets) -> Iterator[U64]:
    """All pairs within small buckets, some at a time."""
    for size in distinct(buckets.sizes[buckets.sizes <= SMALL]).tolist():
        starts = buckets.starts[buckets.sizes == size]
        left, right = np.triu_indices(size, 1)
        for begin in range(0, len(starts), BLOCK // len(left)):
            some = starts[begin : begin + BLOCK // len(left), None]
            yield pack(buckets.members[some + left].reshape(-1), buckets.members[some + right].reshape(-1))


def _collected(blocks: Iterator[U64]) -> Iterator[U64]:
    """The same in larger blocks, sorted."""
    found: list[U64] = []
    for block in blocks:
        found.append(block)
        if len(found) * BLOCK >= SORTED:
            pairs, found = np.concatenate(found), []
            pairs.sort()
            yield pairs
    if found:
        yield np.sort(np.concatenate(found))


def _stars(buckets: Buckets) -> Iterator[U64]:
    """The pairs of the first document of every large bucket with each of the others, some at a time."""
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
    function = kernels.function("rows_common", "u32* u32* i64 i64* i64* i64 i64* i64*")
    tables, sides = (map(np.ascontiguousarray, some) for some in ((one.canon, two.canon), (a, b)))
    function(*tables, one.canon.shape[1], *sides, len(a), common, union)
    return common, union
