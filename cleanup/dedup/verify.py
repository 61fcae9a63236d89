"""Comparison of candidate pairs on their texts: what two documents really share, in what order and where.

Sketches only propose. Here the full shingle sets of both texts are compared, batches of pairs at a time: Jaccard similarity,
containment both ways, the share of either text that lies in shared passages, and the dense core of these passages.

A batch is laid out as sides: a0 b0 a1 b1 ..., side 2i and 2i + 1 being the two texts of pair i. What they share is counted by the
kernel of `pairs.c`.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.dedup.shingle import AHEAD, CASED, I64, U32, U64, table
from cleanup.dedup.texts import Texts

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

SPARE = AHEAD + 3
ROOMY = 1 << 15  # values of a pair that have four places each, of more each has two; the kernel says the same
ENDINGS = frozenset('\0\n\r\t.!?:;"“”„«»‘•·|')  # behind one of these, and a blank, a capital says nothing


class Surface(NamedTuple):
    """What pairs (a, b) share on the surface, an entry a pair. Row 0 of a table is about a, row 1 about b."""

    jaccard: F64  # of the sets of shingles
    contained: F64  # [2, n] share of the shingles of one that the other has
    covered: F64  # [2, n] share of the tokens of one that lie in shared passages
    core: F64  # [2, n] length of the densest stretch of shared passages, as a share of the text
    dense: F64  # [2, n] share of its tokens that lie in shared passages
    head: F64  # [2, n] share of the text before the core
    tail: F64  # [2, n] share of the text after it
    differ: Mask  # whether what either text has for itself is figures and names
    tokens: I64  # [2, n]
    passage: I64  # [2, 2, n] first token and number of tokens of the longest shared passage, in a, in b
    points: I64  # [2, 2, n] the same in characters


def surface(texts: Texts, a: I64, b: I64, width: int) -> Surface:
    """Compare texts a[i] and b[i] (positions). Texts without tokens share nothing."""
    sides = np.stack((a, b), axis=1).reshape(-1)
    most = int(texts.size[sides].max(initial=0)) + SPARE
    room = (np.empty(7 * most + 3, np.uint64), *room_for(most), np.empty(most, np.uint8), np.empty(2 * most + 8, np.int64))
    found, common, differ = np.empty((len(sides), 10), np.int64), np.empty(len(a), np.int64), np.empty(len(a), np.uint8)
    given = (texts.where, texts.size, most - SPARE, texts.escaped, sides, len(a))
    _surface()(*given, table(), width, signs(), *room, found, common, differ)
    size, covered, first, after, inside, at, longest, spans, begin, points = np.ascontiguousarray(found.T)
    longest = np.minimum(np.where(longest > 0, longest + width - 1, 0), spans)
    whole, of = np.maximum(spans, 1), size.reshape(-1, 2).T
    return Surface(
        jaccard=common / np.maximum(of[0] + of[1] - common, 1),
        contained=common / np.maximum(of, 1),
        covered=_sides(covered / whole),
        core=_sides((after - first) / whole),
        dense=_sides(inside / np.maximum(after - first, 1)),
        head=_sides(first / whole),
        tail=_sides((spans - after) / whole),
        differ=differ.view(bool),
        tokens=spans.reshape(-1, 2).T,
        passage=_passages(at, longest),
        points=_passages(begin, points),
    )


def _passages(first: I64, count: I64) -> I64:
    return np.stack((first, count)).reshape(2, -1, 2).transpose(0, 2, 1)


def _sides(table: F64) -> F64:
    return np.ascontiguousarray(table.reshape(-1, 2).T)


def room_for(most: int) -> tuple[U64, U32]:
    """What the kernels need to compare the values of a pair that has so many."""
    places = max(2 * most, 4 * min(most, ROOMY))
    return np.empty(1 << max(1, (places - 1).bit_length()), np.uint64), np.empty(most, np.uint32)


@cache
def signs() -> NDArray[np.uint8]:
    """For every UTF-16 code unit marks, as in `pairs.h`: 1 a capital, 2 an end behind which a capital says nothing, 4 a small
    letter."""
    found = np.zeros(0x10000, np.uint8)
    for first, after in CASED:
        chars = list(map(chr, range(first, after)))
        found[first:after] = np.fromiter(map(str.isupper, chars), bool, len(chars)) * 1
        found[first:after] |= np.fromiter(map(str.islower, chars), bool, len(chars)) * np.uint8(4)
    found[list(map(ord, ENDINGS))] |= 2
    return found


@cache
def _surface() -> kernels.Function:
    given, room = "u64* i64* i64 i32 i64* i64 u8* i64 u8*", "u64* u64* u32* u8* i64*"
    return kernels.function("pairs_surface", f"{given} {room} i64* i64* u8*")
