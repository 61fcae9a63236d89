"""Pairs of documents, a 64-bit word each, and the order in which documents choose partners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.bands import Buckets, grouped
from cleanup.dedup.shingle import I64, U32, U64, u32, u64
from cleanup.dedup.signature import EMPTY

if TYPE_CHECKING:
    from cleanup.dedup.sketch import Sketches

Mask = NDArray[np.bool_]

PART = 1 << 19  # entries sorted at a time, in a small corpus
SCAN = 1 << 17  # values scanned at a time


class Places:
    """The living documents in an order that is a matter of their texts, not of their numbers: whoever comes first in a bucket
    is compared with the others."""

    def __init__(self, sketches: Sketches, alive: Mask) -> None:
        order = np.argsort(sketches.exact, kind="stable").astype(np.uint32)
        self.order: U32 = order if alive.all() else order[alive[order]]
        self.of: U32 = np.zeros(len(alive), np.uint32)  # the place of every living document
        self.of[self.order] = np.arange(len(self.order), dtype=np.uint32)
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
        table = np.asarray(table)  # slices of a map cost more than what is done with them
        columns = table.shape[1]
        turns = 1
        while turns < columns and len(self) * columns // turns > PART:
            turns *= 2
        for turn in range(turns):
            yield grouped(self._values(table, wanted, turn, turns), 32)

    def _values(self, table: U32, wanted: Mask | None, turn: int, turns: int) -> U64:
        """Value and place of all entries of one turn, as words."""
        columns = table.shape[1]
        rows = max(1, SCAN // columns)
        words = np.empty(len(self) * columns // turns + SCAN, np.uint64)
        bits, chosen = np.empty(SCAN + columns, np.uint32), np.empty(SCAN + columns, bool)
        size = 0
        for begin in range(0, len(self), rows):
            numbers: Any = slice(begin, begin + rows) if self.numbers is None else self.numbers[begin : begin + rows]
            values = table[numbers].reshape(-1)
            count = len(values)
            np.bitwise_and(values, u32(turns - 1), out=bits[:count])
            at = np.flatnonzero(np.equal(bits[:count], u32(turn), out=chosen[:count]))
            found = values.take(at)
            at //= columns
            good = found != EMPTY if turn == turns - 1 else None
            if wanted is not None:
                fits = wanted[numbers].take(at)
                good = fits if good is None else good & fits
            if good is not None and not good.all():
                found, at = found[good], at[good]
            if size + len(at) > len(words):  # values that are not evenly spread: many documents have them in common
                words = np.concatenate((words[:size], np.empty(size + len(at), np.uint64)))
            part = words[size : size + len(at)]
            part[:] = found
            part <<= u64(32)
            part |= self.of[numbers].take(at)
            size += len(at)
        return words[:size]


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
