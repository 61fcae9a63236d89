"""From texts to hashed tokens, whole batches at a time, by compiled loops.

A token is a maximal run of letters, marks and digits, lower-cased; in scripts that are written without blanks (Chinese,
Japanese, Thai and their like) every character is a token of its own, so that a shingle of five tokens is a word 5-gram in
one script and a character 5-gram in the other, and a mixed text needs no language. A decimal digit of any script is the
ASCII one. Everything else separates tokens.

Texts are folded to one byte a UTF-16 code unit: ASCII letters and digits as themselves, other letters as 0x80 plus seven
bits that tell the letters of one script apart. So one table look-up does case, punctuation and character classes at once,
and eight letters of any script fit 64 bits.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup import kernels

NORMALISER = 2  # version of tokens and their hashes: rises whenever the same text gives other ones
CHUNK = 1 << 18  # characters a pass: enough to forget the cost of a call, few enough for a processor's cache

Bytes = NDArray[np.uint8]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
u32, u64 = np.uint32, np.uint64


def odd(seed: int, count: int) -> list[np.uint64]:
    """Odd 64-bit multipliers from the SplitMix64 sequence (Steele, Lea and Flood, OOPSLA 2014)."""
    found, state, mask = [], seed, (1 << 64) - 1
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
        found.append(u64((mixed ^ (mixed >> 31)) | 1))
    return found


def odd32(seed: int, count: int) -> list[np.uint32]:
    """Odd 32-bit multipliers."""
    return [u32((int(value) >> 32) | 1) for value in odd(seed, count)]


_PAD = "\0" * 8
_UTF_16 = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"
SINGLE = 0x7F  # folded byte of a character that is a token of its own; its code goes into the hash
NOTHING = 0x7E  # folded byte of a character that is invisible inside a word
AHEAD = 12  # elements that arrays of tokens need behind the last one; the kernel says the same


class Folded(NamedTuple):
    """Texts from `first` on: a folded byte a code unit, the code units, and where every text begins, [n + 1].

    A separator precedes the first text, and at least one follows every text, so that no token reaches over its end.
    `single`: some characters are tokens of their own.
    """

    first: int
    low: Bytes
    units: NDArray[np.uint16]
    offsets: I64
    single: bool


class Tokens(NamedTuple):
    """A 32-bit hash of every token, the first token of every text (one more at the end), and where tokens begin and end."""

    hashes: U32
    bounds: I64
    starts: I64
    ends: I64


def fold(texts: Sequence[str], size: int = CHUNK) -> Iterator[Folded]:
    """Fold texts in chunks of about `size` characters; a longer text gets a chunk of its own."""
    total = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)))
    first = 0
    while first < len(texts):
        after = max(first + 1, int(np.searchsorted(total, total[first] + size, "right")) - 1)
        yield _fold(first, texts[first:after])
        first = after


def _fold(first: int, texts: Sequence[str]) -> Folded:
    joined = "\0".join(("", *texts, _PAD))
    units = np.frombuffer(joined.encode(_UTF_16, "surrogatepass"), np.uint16)
    wide = len(units) != len(joined)  # characters beyond the basic plane take two units
    sizes = [len(text.encode(_UTF_16, "surrogatepass")) // 2 for text in texts] if wide else map(len, texts)
    offsets = np.cumsum(np.fromiter((1, *sizes), np.int64, len(texts) + 1)) + np.arange(len(texts) + 1)
    low = np.empty(len(units), np.uint8)
    special = kernels.function("fold_units", "u16* i64 u8* u8*", "i64")(units, len(units), table(), low)
    if special & 2:
        keep = low != NOTHING
        offsets = np.append(0, np.cumsum(keep))[offsets]
        low, units = low[keep], units[keep]
    return Folded(first, low, units, offsets, bool(special & 1))


def tokenise(folded: Folded) -> Tokens:
    """The tokens of a chunk; they do not depend on how texts are packed into chunks.

    A hash is made of the first eight bytes of a token, and of its last eight and its size where it is longer. What lies
    between, in words of more than 16 letters, is not looked at.
    """
    room = int(folded.offsets[-1]) + AHEAD
    bounds, hashes = np.empty(len(folded.offsets), np.int64), np.empty(room, np.uint32)
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    kernels.function("tokens", "u8* u16* i64* i64 i32 i64* u32* i64* i64*")(
        *(folded.low, folded.units, folded.offsets, len(bounds) - 1, folded.single, bounds, hashes, starts, ends)
    )
    found = int(bounds[-1])
    return Tokens(hashes[:found], bounds, starts[:found], ends[:found])


# ------------------------------------------------------------------------------------------ characters beyond ASCII
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3040, 0x312F),
    (0x31A0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F),
)  # fmt: skip
INVISIBLE = frozenset((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


ALIKE = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xD800, 0xDFFF), (0xE000, 0xF8FF))  # a category each, no case

CASED = tuple(zip((0, *(last + 1 for _, last in ALIKE)), (*(first for first, _ in ALIKE), 0x10000), strict=True))  # the others


@cache
def table() -> Bytes:
    """The folded byte of every UTF-16 code unit; made on first use (5 ms).

    Beyond the basic plane the first of two units decides: pictures separate, ideographs stand alone, others are letters.
    """
    small, letters, digits = np.arange(0x10000), np.zeros(0x10000, bool), {}
    for first, after in CASED:
        for code in range(first, after):
            char = chr(code)
            if unicodedata.category(char)[0] in "LMN":
                letters[code] = True
                lowered = char.lower()
                if len(lowered) == 1:
                    small[code] = ord(lowered)
                if char.isdecimal():
                    digits[code] = 0x30 + unicodedata.decimal(char)
    for first, last in ALIKE:
        letters[first : last + 1] = unicodedata.category(chr(first))[0] == "L"
    # 0x80 and seven bits: letters of one block of 128 keep apart, blocks are shifted against each other.
    table = np.where(small < 0x80, small, 0x80 | ((small ^ (small >> 7) * 37) & 0x7F)).astype(np.uint8)
    table[~letters] = 0
    for first, last in _UNSPACED:
        part = table[first : last + 1]
        part[part != 0] = SINGLE
    table[list(digits)] = list(digits.values())
    table[list(INVISIBLE)] = NOTHING
    table[0xD800:0xDC00] = SINGLE
    table[0xD83C:0xD83F] = 0
    return table
