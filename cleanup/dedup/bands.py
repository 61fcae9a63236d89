"""Locality-sensitive hashing: bands planned from a threshold, and buckets of equal keys found by one packed sort."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.shingle import I64, U64, odd, u64

if TYPE_CHECKING:
    from cleanup.config import DedupConfig

RECALL = 0.999  # of pairs at the threshold that a plan has to bring together
BLOCK = 1 << 16  # keys compared at a time
FLOODED = 1000  # documents in one bucket from which on it is reported
_ROWS = odd(0xBA2D, 64)


class Plan(NamedTuple):
    """`bands` bands of `rows` values each; a pair is a candidate when all rows of one band are equal."""

    bands: int
    rows: int

    def chance(self, jaccard: float) -> float:
        """The probability that a pair of this Jaccard similarity becomes a candidate."""
        return float(1 - (1 - jaccard**self.rows) ** self.bands)


def plan(threshold: float, k: int = 128) -> Plan:
    """The most selective bands, of at most 8 rows, that still bring 99.9 % of the pairs at the threshold together.

    >>> plan(0.7)
    Plan(bands=32, rows=4)
    """
    for rows in range(8, 1, -1):
        found = Plan(k // rows, rows)
        if found.bands and found.chance(threshold) >= RECALL:
            return found
    return Plan(k, 1)


def explain(cfg: DedupConfig) -> str:
    """The S-curve of the plan as text, a line for every 0.05 of Jaccard similarity."""
    threshold = cfg.jaccard
    chosen = plan(threshold, cfg.k)
    lines = [f"{chosen.bands} bands of {chosen.rows} rows, from {cfg.k} values, for a threshold of {threshold:g}"]
    lines.append("jaccard  becomes a candidate")
    for step in range(1, 21):
        jaccard = step / 20
        chance = chosen.chance(jaccard)
        mark = "  <- threshold" if abs(jaccard - threshold) < 0.025 else ""
        lines.append(f"   {jaccard:.2f}  {chance:7.4f} {'#' * round(chance * 40)}{mark}")
    lines.append("every candidate is then compared on its text; bands only propose")
    return "\n".join(lines)


def keys(signatures: NDArray[np.unsignedinteger], band: int, rows: int) -> U64:
    """One 64-bit key a document for a band of its signature."""
    if signatures.itemsize * rows == 8 and signatures.strides[0] % 8 == 0:
        found: U64 = signatures.view(np.uint64)[:, band] * _ROWS[0]
        return found
    part = np.array(signatures[:, band * rows : (band + 1) * rows], order="C")
    if part.itemsize * rows == 8:
        found = part.view(np.uint64)[:, 0]
        found *= _ROWS[0]
        return found
    key: U64 = part[:, 0].astype(np.uint64) * _ROWS[0]
    for row in range(1, rows):
        key ^= key >> u64(29)
        key += part[:, row]
        key *= _ROWS[row]
    key ^= key >> u64(32)
    return key * _ROWS[0]


class Buckets(NamedTuple):
    """Documents with equal keys, bucket after bucket: `members[starts[i] : starts[i] + sizes[i]]`, two and more in each."""

    members: I64
    starts: I64
    sizes: I64


def group(key: U64, documents: NDArray[np.unsignedinteger], total: int) -> Buckets:
    """Buckets of two and more documents with equal keys, their members ascending. Overwrites `key`.

    The top bits of the key and the number of the document are sorted as one 64-bit word, which is several times faster
    than sorting an index. The key loses as many bits as the number needs: verification forgives the odd false bucket.
    `documents` names the document of every key, `total` is more than the largest.
    """
    bits = max(1, (total - 1).bit_length())
    key >>= u64(bits)
    key <<= u64(bits)
    key |= documents
    return grouped(key, bits)


def grouped(packed: U64, bits: int) -> Buckets:
    """The same for words whose last `bits` bits are the number of the document. Overwrites `packed`."""
    packed.sort()
    equal = np.zeros(len(packed) + 1, bool)
    for begin in range(1, len(packed), BLOCK):  # by blocks, so that nothing but the words takes eight bytes a document
        part = packed[begin - 1 : begin + BLOCK]
        np.less(part[1:] ^ part[:-1], u64(1 << bits), out=equal[begin : begin + len(part) - 1])
    first = equal[1:] & ~equal[:-1]
    equal[:-1] |= equal[1:]
    inside = np.flatnonzero(equal[:-1])
    del equal
    starts = np.flatnonzero(first[inside])
    members = packed[inside]
    members &= u64((1 << bits) - 1)
    return Buckets(members.view(np.int64), starts, np.diff(starts, append=len(members)))


def stars(buckets: Buckets) -> tuple[I64, I64, I64]:
    """Pairs of the first member of every bucket with each of the others: (first, other, bucket)."""
    others = buckets.sizes - 1
    bucket = np.repeat(np.arange(len(others)), others)
    ends = np.cumsum(others)
    at = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(buckets.starts + 1 - (ends - others), others)
    return buckets.members[buckets.starts[bucket]], buckets.members[at], bucket


def components(count: int, a: I64, b: I64) -> I64:
    """The smallest member of everybody's connected component: int64[count], by hooking and pointer jumping."""
    parent = np.arange(count)
    while len(a):
        left, right = parent[a], parent[b]
        apart = left != right
        a, b, left, right = a[apart], b[apart], left[apart], right[apart]
        np.minimum.at(parent, np.maximum(left, right), np.minimum(left, right))
        while True:
            jumped = parent[parent]
            if np.array_equal(jumped, parent):
                break
            parent = jumped
    return parent
