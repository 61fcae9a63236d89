"""Which remembered documents share hashes with a new one: sorted runs that are merged as they grow.

Every document gives its smallest surface and canonical hashes and its exact key, 49 words of 64 bits that hold a hash and the
number of the document. A few sorted runs, each at least twice as long as the next, are searched by bisection: a query costs a
few dozen bisections however many documents there are, and a document costs 392 bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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


class Shared(NamedTuple):
    """A hash of a new document that others have, too."""

    weight: int  # of `TOGETHER` that make a candidate
    earlier: list[int]  # numbers of remembered documents: all, or the first and the last ones of a crowd
    many: int  # how many remembered ones there are
    fellows: list[int]  # numbers of documents of the same batch, which who adds them appends as they are remembered

    def numbers(self) -> list[int]:
        """All documents with the hash, or the first and the last ones of a crowd."""
        found = self.earlier + self.fellows
        few = self.many + len(self.fellows) <= CROWD
        return found if few else found[: CROWD // 2] + found[-CROWD // 2 :]


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

    def find(self, sketches: Sketches) -> list[list[Shared]]:
        """For every new document the hashes that it shares with remembered ones or with others of the batch."""
        hashes, rows = keys(sketches)
        light = np.isin(hashes, canonical(sketches))
        runs = (*self.runs, self.tail)
        begin = np.array([np.searchsorted(run, hashes) for run in runs])
        size = np.array([np.searchsorted(run, hashes + u64(1 << 32)) for run in runs]) - begin
        count = size.sum(axis=0)
        _, group, members = np.unique(hashes, return_inverse=True, return_counts=True)
        fellows: dict[int, list[int]] = {}
        found: list[list[Shared]] = [[] for _ in range(len(sketches))]
        for at in np.flatnonzero((count > 0) | (members[group] > 1)).tolist():
            earlier: list[int] = []
            for run, first, some in zip(runs, begin[:, at].tolist(), size[:, at].tolist(), strict=True):
                part = run[first : first + some]
                if some > CROWD:
                    part = np.concatenate((part[: CROWD // 2], part[-CROWD // 2 :]))
                earlier += (part & u64(0xFFFFFFFF)).tolist()
            if count[at] > CROWD:
                earlier = earlier[: CROWD // 2] + earlier[-CROWD // 2 :]
            weight = 1 if light[at] else TOGETHER
            found[rows[at]].append(Shared(weight, earlier, int(count[at]), fellows.setdefault(int(group[at]), [])))
        return found


def candidates(shared: Sequence[Shared]) -> list[int]:
    """Numbers of documents that have a surface hash, an exact key, or several canonical hashes in common with one."""
    weight: Counter[int] = Counter()
    for one in shared:
        for number in one.numbers():
            weight[number] += one.weight
    return sorted(number for number, heavy in weight.items() if heavy >= TOGETHER)
