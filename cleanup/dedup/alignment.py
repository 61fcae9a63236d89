"""Alignment of content words: what two texts share in the same order once synonyms are put together."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from cleanup import kernels
from cleanup.dedup.canonical import Classes
from cleanup.dedup.shingle import I64, table
from cleanup.dedup.texts import Texts
from cleanup.dedup.verify import F64, SPARE, room_for, signs

ALIGNED = 4000  # content words of a text that are aligned at most; the kernel says the same


class Alignments(NamedTuple):
    """What pairs of texts share once synonyms are put together, an entry a pair."""

    jaccard: F64  # of the sets of pairs of neighbouring content words
    aligned: F64  # content words that both have in the same order, as a share of the shorter text's
    spread: F64  # share of the stretches of both texts in which at least a fifth of the content words is aligned
    ratio: F64  # content words of the shorter text by those of the longer one
    words: I64  # content words of the shorter text
    figures: I64  # [2, n] words that begin with a digit: in the text that has fewer, and aligned with one
    prose: I64  # [2, n] the same of words that begin with a small letter


def align(texts: Texts, a: I64, b: I64, classes: Classes, least: float = 0.0) -> Alignments:
    """Align the content words of texts a[i] and b[i] (positions) by their longest common subsequence.

    Where the words in common cannot make up the share `least`, `aligned` is their share, without looking at anything else.

    A spun copy keeps order and pace: its common words come all along both texts. Two reports that share a quotation or a
    list have theirs in a few places, and two unrelated texts have few.
    """
    sides = np.stack((a, b), axis=1).reshape(-1)
    longest = int(texts.size[sides].max(initial=0))
    most = min(longest // 2 + 1, ALIGNED)
    slots, _ = room_for(2 * most)
    bits = (most + 1) * ((most + 63) // 64)
    room = (np.empty((54 * (longest + SPARE) + 57 * ALIGNED) // 8 + 1, np.uint64), slots)
    found = np.empty((len(a), 13), np.int64)
    given = (texts.where, texts.size, longest, texts.escaped, sides, len(a), table(), signs(), classes.table, classes.bits)
    _align()(*given, least, *room, np.empty(bits, np.uint64), np.empty(bits, np.uint64), found)
    ours, theirs, met, aligned, thin, stretches, one, two, common, figures, same_figures, prose, same_prose = found.T
    shorter, longer = np.minimum(ours, theirs), np.maximum(ours, theirs)
    done = aligned >= 0
    return Alignments(
        jaccard=common / np.maximum(one + two - common, 1),
        aligned=np.where(done, aligned, met) / np.maximum(shorter, 1),
        spread=np.where(done, 1 - thin / np.maximum(stretches, 1), 0.0),
        ratio=shorter / np.maximum(longer, 1),
        words=shorter,
        figures=np.stack((figures, same_figures)),
        prose=np.stack((prose, same_prose)),
    )


@cache
def _align() -> kernels.Function:
    given, room = "u64* i64* i64 i32 i64* i64 u8* u8* u32* i32 f64", "u64* u64* u64* u64*"
    return kernels.function("pairs_align", f"{given} {room} i64*")
