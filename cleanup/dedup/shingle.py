"""From texts to hashed tokens and shingles, whole batches at a time, without a Python object per token.

A token is a maximal run of letters, marks and digits, lower-cased; in scripts that are written without blanks (Chinese,
Japanese, Thai and their like) every character is a token of its own, so that a shingle of five tokens is a word 5-gram in
one script and a character 5-gram in the other, and a mixed text needs no language. A decimal digit of any script is the
ASCII one. Everything else separates tokens.

Texts are folded to one byte a UTF-16 code unit: ASCII letters and digits as themselves, other letters as 0x80 plus seven
bits that tell the letters of one script apart. So one table look-up does case, punctuation and character classes at once,
and eight letters of any script fit the 64 bits that are gathered at a time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NORMALISER = 2  # version of tokens and their hashes: rises whenever the same text gives other ones
DENSE = 8  # characters beyond ASCII are looked up one by one where they are fewer than one in so many
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


_FIRST, _LONG, _SIZE = odd(0xC1EA, 3)
_STEP, _MIX, _LAST = odd32(0x57E9, 3)
_MASK = np.array([(1 << (8 * width)) - 1 for width in range(9)], dtype=np.uint64)
_PAD = "\0" * 16
SINGLE = 0x7F  # folded byte of a character that is a token of its own; its code goes into the hash
NOTHING = 0x7E  # folded byte of a character that is invisible inside a word


class Folded(NamedTuple):
    """Texts from `first` on: a folded byte a code unit, the code units, and where every text begins, [n + 1].

    A separator precedes the first text, and at least one follows every text, so that no token reaches over its end.
    `single`: some characters are tokens of their own. `wide`: some take two code units.
    """

    first: int
    low: Bytes
    units: Bytes | NDArray[np.uint16]
    offsets: I64
    single: bool
    wide: bool


class Tokens(NamedTuple):
    """A 32-bit hash of every token, the first token of every text (one more at the end), and where tokens begin and end."""

    hashes: U32
    bounds: I64
    starts: I64
    ends: I64


def fold(texts: Sequence[str], size: int = CHUNK) -> Iterator[Folded]:
    """Fold texts in chunks of about `size` characters; a longer text gets a chunk of its own."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    total = np.concatenate((np.ones(1, np.int64), np.cumsum(lengths + 1) + 1))
    first = 0
    while first < len(texts):
        after = max(first + 1, int(np.searchsorted(total, total[first] + size, "right")) - 1)
        yield _fold(first, texts[first:after], total[first : after + 1] - (total[first] - 1))
        first = after


def _fold(first: int, texts: Sequence[str], offsets: I64) -> Folded:
    joined = "\0".join(("", *texts, _PAD))
    if joined.isascii():
        codes = np.frombuffer(joined.encode("ascii"), np.uint8)
        return Folded(first, _letters(codes), codes, offsets, single=False, wide=False)
    units = np.frombuffer(joined.encode("utf-16-le", "surrogatepass"), "<u2")
    wide = len(units) != len(joined)
    if wide:  # characters beyond the basic plane take two units
        sizes = [len(text.encode("utf-16-le", "surrogatepass")) // 2 + 1 for text in texts]
        offsets = np.cumsum([1, *sizes])
    table = _table()
    beyond = np.flatnonzero(units > 0x7F)
    if len(beyond) * DENSE < len(units):
        folded = table.take(units[beyond])
        low = _letters(units.astype(np.uint8))
        low[beyond] = folded
    else:
        low = folded = table.take(units)
    single = bool((folded == SINGLE).any())
    if (folded == NOTHING).any():
        keep = low != NOTHING
        offsets = np.append(0, np.cumsum(keep))[offsets]
        low, units = low[keep], units[keep]
    return Folded(first, low, units, offsets, single, wide)


def _letters(codes: Bytes) -> Bytes:
    """ASCII letters in lower case and digits as they stand, 0 for everything else; codes above ASCII give anything."""
    low = codes | np.uint8(0x20)
    inside = (low - np.uint8(0x61)) < 26
    inside |= (codes - np.uint8(0x30)) < 10
    low *= inside.view(np.uint8)
    return low


def tokenise(folded: Folded) -> Tokens:
    """The tokens of a chunk; they do not depend on how texts are packed into chunks."""
    low = folded.low
    inside = low != 0
    if folded.single:
        alone = low == SINGLE
        left = np.append(False, inside[:-1])
        breaks = alone | np.append(False, alone[:-1])
        starts = np.flatnonzero(inside & (~left | breaks))
        ends = np.flatnonzero(left & (~inside | breaks))
    else:
        edges = np.flatnonzero(inside[1:] != inside[:-1])
        edges += 1
        starts, ends = edges[0::2], edges[1::2]
    hashes = _hash(low, starts, ends - starts)
    if folded.single:
        at = np.flatnonzero(low[starts] == SINGLE)
        code = folded.units[starts[at]].astype(np.uint32)
        code *= _MIX
        code ^= code >> u32(15)
        hashes[at] = code * _LAST
    return Tokens(hashes, np.searchsorted(starts, folded.offsets), starts, ends)


def _hash(low: Bytes, starts: I64, sizes: I64) -> U32:
    """A hash of every token: of its first eight bytes, and of its last eight and its size where it is longer.

    What lies between, in words of more than 16 letters, is not looked at.
    """
    words: U64 = np.ndarray(len(low) - 7, "<u8", low, strides=(1,))  # the eight bytes from every place on
    mixed = words[starts]
    mixed &= _MASK.take(sizes, mode="clip")
    longer = np.flatnonzero(sizes > 8)
    if len(longer):
        size = sizes.take(longer)
        at = starts[longer]
        at += size
        at -= 8
        last = words[at]
        last *= _LONG
        last ^= last >> u64(32)
        last += size.view(np.uint64) * _SIZE
        mixed[longer] ^= last
    mixed *= _FIRST
    mixed >>= u64(32)
    return mixed.astype(np.uint32)


def shingles(hashes: U32, width: int) -> U32:
    """The hash of the `width` tokens from every position on; the last `width - 1` positions of a text mean nothing.

    A polynomial over the window, by doubling: the value for a + b tokens comes from those for a and for b tokens.
    """
    count = len(hashes)
    if count < width:
        return np.zeros(count, np.uint32)
    spans = {1: hashes}
    bits = [1 << bit for bit in range(width.bit_length())]
    for span in bits[:-1]:
        spans[2 * span] = _window(spans[span], span, spans[span], span)
    window, size = spans[bits[-1]], bits[-1]
    for span in reversed(bits[:-1]):
        if width & span:
            window, size = _window(window, size, spans[span], span), size + span
    found = np.zeros(count, np.uint32)
    finish(window, found[: len(window)])
    return found


def _window(left: U32, size: int, right: U32, span: int) -> U32:
    """Values of windows of `size + span` tokens from those of `size` and of `span` tokens."""
    tail = right[size:]
    value = left[: len(tail)] * u32(pow(int(_STEP), span, 1 << 32))
    value += tail
    return value


def finish(value: U32, out: U32) -> None:
    """Mix a polynomial value, so that every bit of it decides about every bit of the hash."""
    np.right_shift(value, u32(16), out=out)
    out ^= value
    out *= _MIX
    out ^= out >> u32(15)
    out *= _LAST


# ------------------------------------------------------------------------------------------ characters beyond ASCII
_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3040, 0x312F),
    (0x31A0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F),
)  # fmt: skip
INVISIBLE = frozenset((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


@cache
def _table() -> Bytes:
    """The folded byte of every UTF-16 code unit; made on first use (20 ms).

    Beyond the basic plane the first of two units decides: pictures separate, ideographs stand alone, others are letters.
    """
    table = np.zeros(0x10000, np.uint8)
    table[:0x80] = _letters(np.arange(0x80, dtype=np.uint8))
    for code in range(0x80, 0x10000):
        char = chr(code)
        if unicodedata.category(char)[0] in "LMN":
            small = char.lower()
            table[code] = _byte(ord(small) if len(small) == 1 else code)
    for first, last in _UNSPACED:
        part = table[first : last + 1]
        part[part != 0] = SINGLE
    for code in range(0x80, 0x10000):
        if chr(code).isdecimal():
            table[code] = 0x30 + unicodedata.decimal(chr(code))
    table[list(INVISIBLE)] = NOTHING
    table[0xD800:0xDC00] = SINGLE
    table[0xD83C:0xD83F] = 0
    return table


def _byte(code: int) -> int:
    """0x80 and seven bits: letters of one block of 128 keep apart, blocks are shifted against each other."""
    return code if code < 0x80 else 0x80 | ((code ^ (code >> 7) * 37) & 0x7F)
