"""Pairs of documents, a 64-bit word each, and the order in which documents choose partners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.bands import Buckets
from cleanup.dedup.shingle import I64, U64, u64

if TYPE_CHECKING:
    from cleanup.dedup.sketch import Sketches

Mask = NDArray[np.bool_]


class Places:
    """The living documents in an order that is a matter of their texts, not of their numbers: whoever comes first in a bucket
    is compared with the others."""

    def __init__(self, sketches: Sketches, alive: Mask) -> None:
        order = np.argsort(sketches.exact, kind="stable").astype(np.uint32)
        self.order = order[alive[order]]
        self.numbers = np.flatnonzero(alive).astype(np.uint32)
        place = np.zeros(len(alive), np.uint32)
        place[self.order] = np.arange(len(self.order), dtype=np.uint32)
        self.of = place[self.numbers]
        self.whole = len(self.numbers) == len(alive)

    def __len__(self) -> int:
        return len(self.order)

    def living(self, column: NDArray[Any]) -> NDArray[Any]:
        """The values of the living documents, in the order of their numbers."""
        return column if self.whole else column[self.numbers]

    def named(self, buckets: Buckets) -> Buckets:
        """Buckets of places as buckets of the documents there."""
        return buckets._replace(members=self.order[buckets.members].astype(np.int64))


def pack(a: I64, b: I64) -> U64:
    """Pairs as words that sort by the smaller number, then by the larger one."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    packed: U64 = low.astype(np.uint64) << u64(32)
    packed |= high.astype(np.uint64)
    return packed


def unpack(pairs: U64) -> tuple[I64, I64]:
    """The smaller and the larger number of every pair."""
    return (pairs >> u64(32)).astype(np.int64), (pairs & u64(0xFFFFFFFF)).astype(np.int64)


def unique(pairs: U64) -> U64:
    """Every pair once, sorted."""
    pairs = np.sort(pairs)
    return pairs[np.append(True, pairs[1:] != pairs[:-1])] if len(pairs) else pairs


def merge(found: U64, new: U64) -> U64:
    """Both, every pair once, sorted."""
    return unique(np.concatenate((found, new))) if len(new) else found


def known_among(found: U64, pairs: U64) -> Mask:
    """Which pairs are among the sorted ones of `found`."""
    if not len(found):
        return np.zeros(len(pairs), bool)
    return np.asarray(found[np.minimum(np.searchsorted(found, pairs), len(found) - 1)] == pairs)
