"""Pairs of documents, a 64-bit word each, and the order in which documents choose partners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.dedup.bands import Buckets, grouped
from cleanup.dedup.shingle import I64, U32, U64, u64

if TYPE_CHECKING:
    from cleanup.dedup.sketch import Sketches

Mask = NDArray[np.bool_]

PART = 1 << 19  # entries sorted at a time, in a small corpus
SPARE = 1 << 17  # entries more than there should be, for which there is room


class Places:
    """The living documents in an order that is a matter of their texts, not of their numbers: whoever comes first in a bucket
    is compared with the others."""

    def __init__(self, sketches: Sketches, alive: Mask) -> None:
        order = np.argsort(sketches.exact, kind="stable").astype(np.uint32)
        self.order: U32 = order if alive.all() else order[alive[order]]
        self.of: U32 = np.zeros(len(alive), np.uint32)  # the place of every living document
        self.of[self.order] = np.arange(len(self.order), dtype=np.uint32)
        self.alive = alive
        self.numbers = None if alive.all() else np.flatnonzero(alive)

    def __len__(self) -> int:
        return len(self.order)

    def living(self, column: NDArray[Any]) -> NDArray[Any]:
        """The values of the living documents, in the order of their numbers."""
        return column if self.numbers is None else column[self.numbers]

    def named(self, buckets: Buckets) -> Buckets:
        """Buckets of places as buckets of the documents there."""
        return buckets._replace(members=self.order[buckets.members].astype(np.int64))

    def meeting(self, table: U32, wanted: Mask | None = None) -> Iterator[Buckets]:
        """Buckets of places with a common value in any column of a table, some values at a time.

        All values in one sort would take eight bytes each. So they are done by their last bits, in as many turns as keep
        one a document in memory. `wanted` leaves out documents by number.
        """
        columns = table.shape[1]
        chosen = (self.alive if wanted is None else self.alive & wanted).view(np.uint8)
        turns = 1
        most = max(PART, len(self))
        while turns < columns and len(self) * columns // turns > most:
            turns *= 2
        for turn in range(turns):
            yield grouped(self._values(table, chosen, turn, turns), 32)

    def _values(self, table: U32, chosen: NDArray[np.uint8], turn: int, turns: int) -> U64:
        """Value and place of all entries of one turn, as words."""
        collect = kernels.function("band_values", "u32* i64 i64 u8* u32* u32 u32 u64* i64", "i64")
        room = table.size // turns + SPARE
        while True:
            words = np.empty(room, np.uint64)
            size = collect(table, *table.shape, chosen, self.of, turn, turns, words, room)
            if size <= room:
                return words[:size]
            room = size  # values that are not evenly spread: many documents have them in common


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
    return _once(np.sort(pairs))


def _once(pairs: U64) -> U64:
    return pairs[np.append(True, pairs[1:] != pairs[:-1])] if len(pairs) else pairs


def merge(found: U64, *new: U64) -> U64:
    """All of these: every pair once, sorted. `found` is that already."""
    if not any(map(len, new)):
        return found
    pairs = np.concatenate((found, *new))
    pairs.sort(kind="stable")  # which merges what is sorted
    return _once(pairs)


def known_among(found: U64, pairs: U64) -> Mask:
    """Which pairs are among the sorted ones of `found`."""
    if not len(found):
        return np.zeros(len(pairs), bool)
    order = np.argsort(pairs)  # to look for them in order is faster than to jump about
    pairs = pairs[order]
    known = np.empty(len(pairs), bool)
    known[order] = found[np.minimum(np.searchsorted(found, pairs), len(found) - 1)] == pairs
    return known
