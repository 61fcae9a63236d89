"""Candidates for spun copies: documents that share several of their smallest canonical hashes.

A pair of neighbouring content words is shared by many texts that have nothing else in common. So one common hash says little,
and what counts is how many of them two documents share. These pairs are many times as many as the documents: they are counted
in a table of bytes first, by a hash of the pair, and only those whose count says so are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cleanup.dedup.bands import FLOODED, Buckets, group, stars
from cleanup.dedup.pairs import Mask, Places, pack
from cleanup.dedup.shingle import I64, U64, odd, u32, u64
from cleanup.dedup.signature import EMPTY
from cleanup.dedup.sketch import Sketches

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleanup.config import DedupConfig

    F64 = NDArray[np.float64]

SMALL = 8  # buckets up to this size give all their pairs, larger ones those of their first document
TOGETHER = 3  # hashes that two documents have to share
WORDS = 20  # a document with fewer has too few pairs of content words
PART = 1 << 18  # hashes sorted at a time
PARTS = 32  # at most: from then on the parts grow
SCAN = 1 << 14  # documents scanned at a time
COUNTED = 16  # bytes of the table of counts, a document
_HASH = odd(0x5B1, 1)[0]


class Kin(NamedTuple):
    """Sorted pairs, how many met at all, and the sizes of large buckets."""

    pairs: U64
    met: int
    flooded: list[int]


def find(sketches: Sketches, places: Places, cfg: DedupConfig) -> Kin:
    """Pairs of living documents that share at least `TOGETHER` of their smallest canonical hashes."""
    size = sketches.canon.shape[1]
    parts = min(PARTS, max(1, len(places) * size // PART))
    bits = max(10, (COUNTED * len(places)).bit_length())
    counts = np.zeros(1 << bits, np.uint8)
    met, flooded = 0, []
    for part in range(parts):
        buckets = _buckets(sketches, places, cfg, part, parts)
        flooded += buckets.sizes[buckets.sizes >= FLOODED].tolist()
        for pairs in _pairs(buckets):
            met += len(pairs)
            np.add.at(counts, _slots(pairs, bits), 1)
    often = [np.zeros(0, np.uint64)]
    for part in range(parts) if (counts >= TOGETHER).any() else ():
        pairs_again = _pairs(_buckets(sketches, places, cfg, part, parts))
        often += [pairs[counts[_slots(pairs, bits)] >= TOGETHER] for pairs in pairs_again]
    every = np.sort(np.concatenate(often))
    begins = np.flatnonzero(np.append(True, every[1:] != every[:-1])) if len(every) else np.zeros(0, np.int64)
    times = np.diff(np.append(begins, len(every)))
    return Kin(every[begins[times >= TOGETHER]], met, flooded)


def _slots(pairs: U64, bits: int) -> I64:
    return ((pairs * _HASH) >> u64(64 - bits)).view(np.int64)


def _buckets(sketches: Sketches, places: Places, cfg: DedupConfig, part: int, parts: int) -> Buckets:
    """Documents with a common hash, of the hashes of one part."""
    keys, documents = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint32)]
    size = sketches.canon.shape[1]
    for begin in range(0, len(places), SCAN):
        numbers = places.numbers[begin : begin + SCAN]
        rows = sketches.canon[begin : begin + SCAN] if places.whole else sketches.canon[numbers]
        words = sketches.tokens[begin : begin + SCAN] if places.whole else sketches.tokens[numbers]
        flat = rows.reshape(-1)
        chosen: Mask = flat % u32(parts) == part if parts > 1 else np.ones(len(flat), bool)
        chosen &= flat != EMPTY
        chosen &= np.repeat(words >= max(cfg.min_words, WORDS), size)
        at = np.flatnonzero(chosen)
        keys.append(flat[at].astype(np.uint64) << u64(32))
        documents.append(places.of[begin : begin + SCAN][at // size])
    return places.named(group(np.concatenate(keys), np.concatenate(documents), len(places)))


def _pairs(buckets: Buckets) -> Iterator[U64]:
    """All pairs within small buckets, and those of the first document of large ones."""
    for size in np.unique(buckets.sizes[buckets.sizes <= SMALL]).tolist():
        starts = buckets.starts[buckets.sizes == size]
        left, right = np.triu_indices(size, 1)
        one, other = (buckets.members[(starts[:, None] + side).reshape(-1)] for side in (left, right))
        yield pack(one, other)
    large = buckets.sizes > SMALL
    first, other, _ = stars(Buckets(buckets.members, buckets.starts[large], buckets.sizes[large]))
    yield pack(first, other)


def kinship(one: Sketches, two: Sketches, a: I64, b: I64) -> F64:
    """Estimated Jaccard similarity of the canonical families of document a[i] of one table and b[i] of the other: what is
    common among the smallest hashes of both together."""
    share = np.empty(len(a))
    size = one.canon.shape[1]
    for begin in range(0, len(a), SCAN):
        part = slice(begin, begin + SCAN)
        both = np.concatenate((one.canon[a[part]], two.canon[b[part]]), axis=1)
        both.sort(axis=1)
        full = both != EMPTY
        fresh = np.concatenate((full[:, :1], full[:, 1:] & (both[:, 1:] != both[:, :-1])), axis=1)
        rank = np.cumsum(fresh, axis=1)
        twice = full & ~fresh & (rank <= size)
        share[part] = twice.sum(axis=1) / np.maximum(np.minimum(rank[:, -1], size), 1)
    return share
