"""Candidate pairs from sketches: which documents are worth comparing on their texts.

Three ways to meet: all values of a band of the signature (near-duplicates), one of the smallest surface hashes (excerpts and
reprints), several of the smallest canonical hashes (spun copies). What met is weighed by what the sketches say about the
pair; buckets are never cut short, and a bucket with many documents is reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.aside import Aside
from cleanup.dedup import bands, spun
from cleanup.dedup.bands import FLOODED, Buckets, group, stars
from cleanup.dedup.pairs import Mask, Places, known_among, merge, pack, unique, unpack
from cleanup.dedup.shingle import I64, U32, U64
from cleanup.dedup.sketch import Sketches

if TYPE_CHECKING:
    from cleanup.config import DedupConfig

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

DOUBT = 2.0  # standard errors by which an estimate may lie below the mark and still be a candidate
KIN = 0.05  # estimated canonical similarity from which two documents that met are worth a comparison
TURNS = 3  # how often the members of a bucket that do not fit its first one choose another


class Candidates(NamedTuple):
    """Pairs a < b in ascending order, and what was found on the way."""

    a: I64
    b: I64
    met: int  # pairs that met in some bucket, each counted once a band
    flooded: list[tuple[str, int]]  # (where, documents) of large buckets, largest first


def find(sketches: Sketches, alive: Mask, cfg: DedupConfig, *, spare: bool = False) -> Candidates:
    """All pairs of living documents whose sketches say that one may cover the other. `spare`: there is a processor to spare."""
    flooded: list[tuple[str, int]] = []
    found = np.zeros(0, np.uint64)
    meetings = 0
    places = Places(sketches, alive)
    akin = Aside(lambda: spun.find(sketches, places, cfg), now=spare)
    partner = np.full(len(sketches), -1, np.int32)
    for where, buckets in _buckets(sketches, places, cfg):
        flooded += [(where, int(size)) for size in buckets.sizes[buckets.sizes >= FLOODED]]
        good, count = _fitting(sketches, buckets, found, partner, cfg)
        meetings += count
        del buckets  # before the next ones are made
        found = merge(found, good)
    del partner
    sketches.rest()
    kin = akin.result()
    sketches.rest()
    found = merge(found, kin.pairs)
    flooded += [("canonical", size) for size in kin.flooded]
    a, b = unpack(found)
    return Candidates(a, b, meetings + kin.met, sorted(flooded, key=lambda item: -item[1]))


def _buckets(sketches: Sketches, places: Places, cfg: DedupConfig) -> Iterator[tuple[str, Buckets]]:
    """Buckets of the bands, one band at a time, then of the smallest hashes."""
    plan = bands.plan(cfg.jaccard, cfg.k)
    documents = places.living(places.of)
    for band in range(plan.bands):
        # No name for the keys: they are gone while the buckets are looked at.
        found = group(places.living(bands.keys(sketches.surface, band, plan.rows)), documents, len(places))
        yield f"band {band}", places.named(found)
    sketches.rest()
    for buckets in places.meeting(sketches.anchors):
        yield "anchor", places.named(buckets)


def met(sketches: Sketches, a: I64, b: I64, cfg: DedupConfig) -> I64:
    """In how many bands documents a[i] and b[i] met."""
    return _equal(sketches, sketches, a, b, bands.plan(cfg.jaccard, cfg.k).rows)


def _fitting(sketches: Sketches, buckets: Buckets, found: U64, partner: I32, cfg: DedupConfig) -> tuple[U64, int]:
    """The pairs of every bucket's first member with those that fit it; the others choose a first one among themselves.

    `partner` remembers the first one that every document fitted last: most pairs meet in many bands.
    """
    kept, met = [], 0
    for _ in range(TURNS):
        first, other, bucket = stars(buckets)
        if not len(first):
            break
        met += len(first)
        fits = partner[other] == first
        new = np.flatnonzero(~fits)
        pairs = pack(first[new], other[new])
        known = known_among(found, pairs)
        fits[new[known]] = True
        new, pairs = new[~known], pairs[~known]
        good = likely(sketches, sketches, first[new], other[new], cfg)
        kept.append(pairs[good])
        new = new[good]
        partner[other[new]] = first[new]
        fits[new] = True
        buckets = _regroup(other[~fits], bucket[~fits])
    return (unique(np.concatenate(kept)) if kept else np.zeros(0, np.uint64)), met


def _regroup(members: I64, bucket: I64) -> Buckets:
    """Buckets of those that are left, in their order; what is left alone drops out."""
    starts = np.flatnonzero(np.append(True, bucket[1:] != bucket[:-1])) if len(bucket) else np.zeros(0, np.int64)
    sizes = np.diff(np.append(starts, len(bucket)))
    return Buckets(members, starts[sizes > 1], sizes[sizes > 1])


def resemblance(one: Sketches, two: Sketches, a: I64, b: I64) -> F64:
    """Estimated Jaccard similarity of the surfaces of document a[i] of one table and b[i] of the other."""
    share: F64 = _equal(one, two, a, b, 1) / one.surface.shape[1]
    return share


def _equal(one: Sketches, two: Sketches, a: I64, b: I64, rows: int) -> I64:
    """In how many bands of so many rows the signatures are equal."""
    found, (_, columns) = np.empty(len(a), np.int64), one.surface.shape
    tables = (np.ascontiguousarray(table.surface).view(np.uint8) for table in (one, two))
    sides = map(np.ascontiguousarray, (a, b))
    function = kernels.function("rows_equal", "u8* u8* i64 i64 i64 i64* i64* i64 i64*")
    function(*tables, columns, one.surface.itemsize, rows, *sides, len(a), found)
    return found


def containment(jaccard: F64, one: U32, two: U32) -> F64:
    """The share of the smaller set that the larger one has, from their Jaccard similarity and their sizes."""
    small: F64 = np.maximum(np.minimum(one, two), 1).astype(np.float64)
    large: F64 = np.maximum(np.maximum(one, two), 1).astype(np.float64)
    share: F64 = jaccard * (small + large) / (1 + jaccard) / small
    np.minimum(share, 1.0, out=share)
    return share


def worthwhile(one: Sketches, two: Sketches, a: I64, b: I64, cfg: DedupConfig) -> Mask:
    """Which pairs are worth comparing on their texts, on the surface or in their canonical words."""
    return likely(one, two, a, b, cfg) | np.asarray(spun.kinship(one, two, a, b) >= KIN)


def likely(one: Sketches, two: Sketches, a: I64, b: I64, cfg: DedupConfig) -> Mask:
    """Which pairs (document a[i] of one table, b[i] of the other) may, within the error of the estimate, share half of the
    shorter text or more."""
    jaccard = resemblance(one, two, a, b)
    error = np.sqrt(np.maximum(jaccard * (1 - jaccard), 1 / cfg.k) / cfg.k)
    sizes = one.tokens[a], two.tokens[b]
    high = containment(np.minimum(jaccard + DOUBT * error, 1.0), *sizes)
    return np.asarray((high >= min(cfg.excerpt, cfg.containment) * 0.8) & (jaccard > 0))
