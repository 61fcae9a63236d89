"""Which remembered documents share hashes with a new one: sorted runs that are merged as they grow.

Every document gives its smallest surface and canonical hashes and its exact key, 49 words of 64 bits that hold a hash and the
number of the document. A few sorted runs, each at least twice as long as the next, are searched by bisection: a query costs a
few dozen bisections however many documents there are, and a document costs 392 bytes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cleanup.dedup.shingle import I64, U64, u64
from cleanup.dedup.signature import EMPTY
from cleanup.dedup.sketch import Sketches
from cleanup.dedup.spun import TOGETHER

SLICE = 1 << 16  # remembered documents scanned at a time
TAIL = 1 << 13  # keys in the run that takes new documents
CROWD = 24  # documents looked at for one hash: of a hash that more of them share, the first and the last ones
_FAMILY = (0x00000000, 0x9E3779B9, 0x7F4A7C15)  # keep surface, canonical and exact keys apart


class Hits(NamedTuple):
    """Pairs of a query (its row) and a remembered document that are worth judging."""

    query: I64
    number: I64


def keys(sketches: Sketches) -> tuple[U64, I64]:
    """The hashes of all documents in the upper halves of 64-bit words, and the row of each."""
    found, rows = [], []
    every = np.arange(len(sketches))
    exact = (sketches.exact ^ (sketches.exact >> u64(32))).astype(np.uint32)
    for table, family in ((sketches.anchors, 0), (sketches.canon, 1), (exact[:, None], 2)):
        value = np.asarray(table).reshape(-1)
        row = np.repeat(every, table.shape[1])
        used = value != EMPTY if family < 2 else np.ones(len(value), bool)
        found.append((value[used] ^ np.uint32(_FAMILY[family])).astype(np.uint64) << u64(32))
        rows.append(row[used])
    return np.concatenate(found), np.concatenate(rows)


def canonical(sketches: Sketches) -> U64:
    """The keys of the canonical family alone, as `keys` makes them."""
    value = np.asarray(sketches.canon).reshape(-1)
    return np.asarray((value[value != EMPTY] ^ np.uint32(_FAMILY[1])).astype(np.uint64) << u64(32))


def common(new: Sketches, old: Sketches) -> tuple[I64, I64]:
    """Pairs (new, old) that share a surface hash, an exact key, or several canonical hashes; the old ones are scanned once."""
    hashes, owner = keys(new)
    place = np.argsort(hashes, kind="stable")
    hashes, owner = hashes[place], owner[place]
    spun = np.isin(hashes, canonical(new))
    found = [np.zeros(0, np.uint64)]
    for begin in range(0, len(old) if len(hashes) else 0, SLICE):
        theirs, numbers = keys(old.take(slice(begin, begin + SLICE)))
        first = np.searchsorted(hashes, theirs)
        hit = np.flatnonzero(hashes[np.minimum(first, len(hashes) - 1)] == theirs)
        size = np.searchsorted(hashes, theirs[hit], "right") - first[hit]
        ends = np.cumsum(size)
        at = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(first[hit] - (ends - size), size)
        pair = owner[at].astype(np.uint64) << u64(32) | np.repeat(numbers[hit] + begin, size).astype(np.uint64)
        pair, back = np.unique(pair, return_inverse=True)
        weight = np.bincount(back, weights=np.where(spun[at], 1, TOGETHER), minlength=len(pair))
        found.append(pair[weight >= TOGETHER])
    pairs = np.concatenate(found)
    pairs.sort()
    return (pairs >> u64(32)).astype(np.int64), (pairs & u64(0xFFFFFFFF)).astype(np.int64)


class Lookup:
    """Remembers the keys of documents numbered 0, 1, 2, ..."""

    def __init__(self) -> None:
        self.runs: list[U64] = []
        self.tail: U64 = np.zeros(0, np.uint64)
        self.count = 0

    def add(self, sketches: Sketches) -> None:
        """Remember more documents, under the next numbers."""
        hashes, rows = keys(sketches)
        hashes |= (rows + self.count).astype(np.uint64)
        self.tail = np.sort(np.concatenate((self.tail, hashes)))
        self.count += len(sketches)
        if len(self.tail) >= TAIL:
            self.runs.append(self.tail)
            self.tail = np.zeros(0, np.uint64)
            while len(self.runs) > 1 and len(self.runs[-2]) < 2 * len(self.runs[-1]):
                last = self.runs.pop()
                self.runs[-1] = np.sort(np.concatenate((self.runs[-1], last)), kind="stable")

    def find(self, sketches: Sketches) -> Hits:
        """Remembered documents that share a surface hash, an exact key, or several canonical hashes with a new one."""
        hashes, rows = keys(sketches)
        spun = np.isin(hashes, canonical(sketches))
        queries, numbers, light = [], [], []
        for run in (*self.runs, self.tail):
            begin = np.searchsorted(run, hashes)
            size = np.searchsorted(run, hashes + u64(1 << 32)) - begin
            hit = np.flatnonzero(size)
            for at, first, count in zip(hit.tolist(), begin[hit].tolist(), size[hit].tolist(), strict=True):
                part = run[first : first + count]
                if count > CROWD:
                    part = np.concatenate((part[: CROWD // 2], part[-CROWD // 2 :]))
                numbers.append((part & u64(0xFFFFFFFF)).astype(np.int64))
                queries.append(np.full(len(part), rows[at]))
                light.append(np.full(len(part), bool(spun[at])))
        if not numbers:
            return Hits(np.zeros(0, np.int64), np.zeros(0, np.int64))
        pair = (np.concatenate(queries) << 32) | np.concatenate(numbers)
        weight = np.where(np.concatenate(light), 1, TOGETHER)
        pair, place = np.unique(pair, return_inverse=True)
        good = pair[np.bincount(place, weights=weight) >= TOGETHER]
        return Hits(good >> 32, good & 0xFFFFFFFF)
