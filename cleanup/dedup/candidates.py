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

from cleanup.dedup import bands
from cleanup.dedup.bands import FLOODED, Buckets, group, stars
from cleanup.dedup.shingle import I64, U32, U64, u64
from cleanup.dedup.signature import EMPTY, ranges
from cleanup.dedup.sketch import Sketches

if TYPE_CHECKING:
    from cleanup.config import DedupConfig

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

DOUBT = 2.0  # standard errors by which an estimate may lie below the mark and still be a candidate
TURNS = 3  # how often the members of a bucket that do not fit its first one choose another
SMALL = 16  # buckets of canonical hashes up to this size give all their pairs, larger ones a star and a chain
TOGETHER = 3  # canonical hashes that two documents have to share
BLOCK = 1 << 22  # pairs in memory at a time


class Candidates(NamedTuple):
    """Pairs a < b in ascending order, and what was found on the way."""

    a: I64
    b: I64
    met: int  # pairs that met in some bucket, each counted once a band
    flooded: list[tuple[str, int]]  # (where, documents) of large buckets, largest first


def find(sketches: Sketches, alive: Mask, cfg: DedupConfig) -> Candidates:
    """All pairs of living documents whose sketches say that one may cover the other."""
    flooded: list[tuple[str, int]] = []
    found = np.zeros(0, np.uint64)
    meetings = 0
    # Whoever comes first in a bucket is compared with the others: a matter of the texts, not of the order they came in.
    order = np.argsort(sketches.exact, kind="stable")
    order = order[alive[order]]
    for where, buckets in _surface_buckets(sketches, order, cfg):
        flooded += [(where, int(size)) for size in buckets.sizes[buckets.sizes >= FLOODED]]
        good, count = _fitting(sketches, buckets, found, cfg)
        meetings += count
        found = _merge(found, good)
    good, count, large = _canonical(sketches, order, cfg)
    flooded += [("canonical", size) for size in large]
    found = _merge(found, good)
    a, b = _unpack(found)
    return Candidates(a, b, meetings + count, sorted(flooded, key=lambda item: -item[1]))


def _surface_buckets(sketches: Sketches, order: I64, cfg: DedupConfig) -> Iterator[tuple[str, Buckets]]:
    """Buckets of the bands, one band at a time, then of the smallest hashes, some hashes at a time."""
    plan = bands.plan(cfg.jaccard, cfg.k)
    for band in range(plan.bands):
        yield f"band {band}", _named(group(bands.keys(sketches.surface, band, plan.rows)[order]), order)
    # All smallest hashes in one sort would take 128 bytes a document: they are done by their last bits, in turns.
    turns = 1 << max(0, min(4, (len(order) >> 14).bit_length()))
    for turn in range(turns):
        keys, places = [], []
        for column in range(sketches.anchors.shape[1]):
            value = sketches.anchors[:, column][order]
            chosen = np.flatnonzero((value % turns == turn) & (value != EMPTY))
            keys.append(value[chosen].astype(np.uint64) << u64(32))
            places.append(chosen)
        yield "anchor", _named(group(np.concatenate(keys), np.concatenate(places), len(order)), order)


def _named(buckets: Buckets, order: I64) -> Buckets:
    """Buckets of places in an order as buckets of the documents there."""
    return buckets._replace(members=order[buckets.members])


def met(sketches: Sketches, a: I64, b: I64, cfg: DedupConfig) -> I64:
    """In how many bands documents a[i] and b[i] met."""
    plan = bands.plan(cfg.jaccard, cfg.k)
    used = plan.bands * plan.rows
    equal = sketches.surface[a][:, :used] == sketches.surface[b][:, :used]
    return np.asarray(equal.reshape(len(a), plan.bands, plan.rows).all(axis=2).sum(axis=1))


def _pack(a: I64, b: I64) -> U64:
    low, high = np.minimum(a, b), np.maximum(a, b)
    packed: U64 = low.astype(np.uint64) << u64(32)
    packed |= high.astype(np.uint64)
    return packed


def _unpack(pairs: U64) -> tuple[I64, I64]:
    return (pairs >> u64(32)).astype(np.int64), (pairs & u64(0xFFFFFFFF)).astype(np.int64)


def _unique(pairs: U64) -> U64:
    pairs = np.sort(pairs)
    return pairs[np.append(True, pairs[1:] != pairs[:-1])] if len(pairs) else pairs


def _merge(found: U64, new: U64) -> U64:
    return _unique(np.concatenate((found, new))) if len(new) else found


def _known(found: U64, pairs: U64) -> Mask:
    """Which pairs are among the sorted ones of `found`."""
    if not len(found):
        return np.zeros(len(pairs), bool)
    return np.asarray(found[np.minimum(np.searchsorted(found, pairs), len(found) - 1)] == pairs)


def _fitting(sketches: Sketches, buckets: Buckets, found: U64, cfg: DedupConfig) -> tuple[U64, int]:
    """The pairs of every bucket's first member with those that fit it; the others choose a first one among themselves."""
    kept, met = [], 0
    for _ in range(TURNS):
        first, other, bucket = stars(buckets)
        if not len(first):
            break
        met += len(first)
        pairs = _pack(first, other)
        fits = _known(found, pairs)
        new = np.flatnonzero(~fits)
        good = likely(sketches, first[new], other[new], cfg)
        kept.append(pairs[new[good]])
        fits[new[good]] = True
        buckets = _regroup(other[~fits], bucket[~fits])
    return (_unique(np.concatenate(kept)) if kept else np.zeros(0, np.uint64)), met


def _regroup(members: I64, bucket: I64) -> Buckets:
    """Buckets of those that are left, in their order; what is left alone drops out."""
    starts = np.flatnonzero(np.append(True, bucket[1:] != bucket[:-1])) if len(bucket) else np.zeros(0, np.int64)
    sizes = np.diff(np.append(starts, len(bucket)))
    return Buckets(members, starts[sizes > 1], sizes[sizes > 1])


def resemblance(one: Sketches, two: Sketches, a: I64, b: I64) -> F64:
    """Estimated Jaccard similarity of the surfaces of document a[i] of one table and b[i] of the other."""
    equal = np.empty(len(a), np.int64)
    for begin in range(0, len(a), 1 << 14):
        part = slice(begin, begin + (1 << 14))
        equal[part] = np.count_nonzero(one.surface[a[part]] == two.surface[b[part]], axis=1)
    share: F64 = equal / one.surface.shape[1]
    return share


def containment(jaccard: F64, one: U32, two: U32) -> F64:
    """The share of the smaller set that the larger one has, from their Jaccard similarity and their sizes."""
    small: F64 = np.maximum(np.minimum(one, two), 1).astype(np.float64)
    large: F64 = np.maximum(np.maximum(one, two), 1).astype(np.float64)
    share: F64 = jaccard * (small + large) / (1 + jaccard) / small
    np.minimum(share, 1.0, out=share)
    return share


def likely(sketches: Sketches, a: I64, b: I64, cfg: DedupConfig) -> Mask:
    """Which pairs may, within the error of the estimate, share half of the shorter text or more."""
    jaccard = resemblance(sketches, sketches, a, b)
    error = np.sqrt(np.maximum(jaccard * (1 - jaccard), 1 / cfg.k) / cfg.k)
    sizes = sketches.tokens[a], sketches.tokens[b]
    high = containment(np.minimum(jaccard + DOUBT * error, 1.0), *sizes)
    return np.asarray((high >= min(cfg.excerpt, cfg.containment) * 0.8) & (jaccard > 0))


# ------------------------------------------------------------------------------------------------- canonical family
def kinship(one: Sketches, two: Sketches, a: I64, b: I64) -> F64:
    """Estimated Jaccard similarity of the canonical families: what is common among the smallest hashes of the union."""
    share = np.empty(len(a))
    size = one.canon.shape[1]
    for begin in range(0, len(a), 1 << 14):
        part = slice(begin, begin + (1 << 14))
        both = np.concatenate((one.canon[a[part]], two.canon[b[part]]), axis=1)
        both.sort(axis=1)
        full = both != EMPTY
        fresh = np.concatenate((full[:, :1], full[:, 1:] & (both[:, 1:] != both[:, :-1])), axis=1)
        rank = np.cumsum(fresh, axis=1)
        twice = full & ~fresh & (rank <= size)
        share[part] = twice.sum(axis=1) / np.maximum(np.minimum(rank[:, -1], size), 1)
    return share


def _canonical(sketches: Sketches, order: I64, cfg: DedupConfig) -> tuple[U64, int, list[int]]:
    """Pairs that share several of their smallest canonical hashes."""
    order = order[sketches.tokens[order] >= max(cfg.min_words, 20)]
    rows = sketches.canon[order]
    at = np.flatnonzero(rows.reshape(-1) != EMPTY)
    values = rows.reshape(-1)[at].astype(np.uint64) << u64(32)
    buckets = _named(group(values, at // rows.shape[1], len(order)), order)
    small = buckets.sizes <= SMALL
    pairs = [_all_pairs(Buckets(buckets.members, buckets.starts[small], buckets.sizes[small]))]
    large = Buckets(buckets.members, buckets.starts[~small], buckets.sizes[~small])
    if len(large.sizes):
        first, other, _ = stars(large)
        at = ranges(large.starts + 1, large.sizes - 1)
        pairs += [_pack(first, other), _pack(large.members[at - 1], large.members[at])]
    every = np.sort(np.concatenate(pairs))
    if not len(every):
        return every, 0, []
    begins = np.flatnonzero(np.append(True, every[1:] != every[:-1]))
    often = np.diff(np.append(begins, len(every)))
    good = every[begins[often >= TOGETHER]]
    return good, len(begins), [int(size) for size in large.sizes[large.sizes >= FLOODED]]


def _all_pairs(buckets: Buckets) -> U64:
    """Every pair within every bucket."""
    found = [np.zeros(0, np.uint64)]
    for size in np.unique(buckets.sizes).tolist():
        starts = buckets.starts[buckets.sizes == size]
        left, right = np.triu_indices(size, 1)
        found.append(
            _pack(buckets.members[(starts[:, None] + left).reshape(-1)], buckets.members[(starts[:, None] + right).reshape(-1)])
        )
    return np.concatenate(found)
