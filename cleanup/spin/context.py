"""The context model: how much more, or less, often words stand together than chance would have it.

`rules/spin/context.zst` holds n-gram counts (1 to 3 words) distilled into a hash table: an n-gram's 64-bit key gives a bucket
(21 bits) and an 11-bit fingerprint, next to which a 5-bit logarithmic count lies. About one absent n-gram in a thousand
seems present. Words are lower case; `.` is a sentence boundary, years are `#y`, longer numbers `#` (see rules/spin/README.md).
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import zstandard
from numpy.typing import NDArray

from cleanup.errors import RuleError
from cleanup.spin import tokens

Counts = NDArray[np.float64]

MAGIC = b"SPINCTX1"
BUCKET_BITS = 21
LEVELS = 32
STEP = 0.5  # natural logarithm of the count between two levels
_SALT = [0, 0xA24BAED4963EE407, 0x9FB21C651E98DF25, 0xD6E8FEB86659FD93]
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,]\d+)*")


@lru_cache(1 << 18)
def word_key(word: str) -> int:
    """64-bit key of one context word."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


def fold(word: str) -> str:
    """The form in which the model knows a token: lower case, straight apostrophe, long numbers folded."""
    if word[0].isdigit():
        digits = word.replace(",", "").replace(".", "")
        if len(digits) <= 2:
            return word
        return "#y" if len(word) == 4 and word.isdigit() and "1900" <= word <= "2099" else "#"
    return word.lower().replace("’", "'")


def words(text: str) -> list[str]:
    """Context words of a short text, without boundaries."""
    return [fold(found[0]) for found in _TOKEN.finditer(text)]


def ngram_keys(columns: Sequence[tokens.Keys]) -> tokens.Keys:
    """Keys of n-grams from the keys of their words, column by column; the order of the n-gram is part of the key."""
    mixed = columns[0]
    for column in columns[1:]:
        mixed = tokens.pair(mixed, column)
    return tokens.pair(mixed, np.full_like(mixed, _SALT[len(columns)]))


def unpacked(path: Path, magic: bytes) -> bytes:
    """The content of a packed table, its magic included. Raises RuleError when it is missing or not of this form."""
    try:
        data = zstandard.ZstdDecompressor().decompress(path.read_bytes(), max_output_size=1 << 28)
    except (OSError, zstandard.ZstdError) as error:
        raise RuleError(f"{path}: {error}", "reinstall corpus-cleanup, or make it with cleanup.spin.build") from None
    if not data.startswith(magic):
        raise RuleError(f"{path}: not a table of this version", "reinstall corpus-cleanup")
    return data


class Context:
    """Counts by n-gram and the association measure over them. Read-only, safe to share between threads."""

    def __init__(self, total: float, sizes: NDArray[np.uint8], cells: NDArray[np.uint16]) -> None:
        self.total = total
        self._first = np.zeros(len(sizes) + 1, dtype=np.int32)
        np.cumsum(sizes, out=self._first[1:])
        self._cells = cells
        self._value = np.exp(STEP * np.arange(LEVELS))

    @classmethod
    def load(cls, path: Path) -> Context:
        """Read `context.zst`. Raises RuleError when the file is missing or not of this form. About 30 ms."""
        data = unpacked(path, MAGIC)
        (total,) = struct.unpack("<d", data[8:16])
        sizes = np.frombuffer(data, np.uint8, 1 << BUCKET_BITS, 16)
        return cls(total, sizes, np.frombuffer(data, np.uint16, -1, 16 + len(sizes)))

    @classmethod
    def empty(cls) -> Context:
        """A model that knows nothing: every association is 0."""
        return cls(1.0, np.zeros(1 << BUCKET_BITS, np.uint8), np.zeros(0, np.uint16))

    def counts(self, keys: tokens.Keys) -> Counts:
        """Approximate counts of n-grams, 0.0 where unknown; any shape."""
        flat = keys.ravel()
        bucket = (flat >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)
        mark = ((flat >> np.uint64(64 - BUCKET_BITS - 11)).astype(np.uint16) & np.uint16(0x7FF)) << np.uint16(5)
        at = self._first.take(bucket)
        size = self._first.take(bucket + 1) - at
        found = np.zeros(len(flat), dtype=np.float64)
        live = np.flatnonzero(size > 0)
        at, size, mark = at.take(live), size.take(live), mark.take(live)
        for step in range(int(size.max(initial=0))):  # cells of a bucket, of which most have one or two
            if step:
                more = np.flatnonzero(size > step)
                live, at, size, mark = live.take(more), at.take(more), size.take(more), mark.take(more)
            cells = self._cells.take(at + step)
            hit = np.flatnonzero((cells & np.uint16(0xFFE0)) == mark)
            if len(hit):
                found[live.take(hit)] = self._value.take(cells.take(hit) & np.uint16(31))
        return found.reshape(keys.shape)

    def count(self, *words: str) -> float:
        """Approximate count of one n-gram of one to three words."""
        columns = [np.array([word_key(word)], dtype=np.uint64) for word in words]
        return float(self.counts(ngram_keys(columns))[0])

    def assoc2(self, left: tokens.Keys, right: tokens.Keys) -> Counts:
        """log((count + 1) / (expected + 1)) of word pairs; expected = what the single words predict."""
        single = self.counts(ngram_keys([np.concatenate([left.ravel(), right.ravel()])]))
        expected = single[: left.size] * single[left.size :] / self.total
        return _gain(self.counts(ngram_keys([left, right])), expected.reshape(left.shape))

    def assoc3(self, one: tokens.Keys, two: tokens.Keys, three: tokens.Keys) -> Counts:
        """log((count + 1) / (expected + 1)) of word triples; expected = what both pairs predict given the middle word."""
        pairs = self.counts(ngram_keys([np.stack([one, two]), np.stack([two, three])]))
        middle = self.counts(ngram_keys([two]))
        expected = pairs[0] * pairs[1] / np.maximum(middle, 1)
        return _gain(self.counts(ngram_keys([one, two, three])), expected)


def _gain(count: Counts, expected: Counts) -> Counts:
    gain: Counts = np.log((count + 1) / (expected + 1))
    return gain


def pack(keys: tokens.Keys, counts: NDArray[np.int64], total: float) -> bytes:
    """The table file for n-gram keys and their counts (the same key twice: the first one in bucket order wins)."""
    level = np.clip(np.rint(np.log(np.maximum(counts, 1)) / STEP), 0, LEVELS - 1).astype(np.uint16)
    order = np.argsort(keys)
    keys, level = keys[order], level[order]
    bucket = (keys >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)
    sizes = np.bincount(bucket, minlength=1 << BUCKET_BITS)
    if sizes.max() > 255:
        raise ValueError("too many n-grams for the table")
    mark = ((keys >> np.uint64(64 - BUCKET_BITS - 11)).astype(np.uint16) & np.uint16(0x7FF)) << np.uint16(5)
    raw = MAGIC + struct.pack("<d", total) + sizes.astype(np.uint8).tobytes() + (mark | level).tobytes()
    return zstandard.ZstdCompressor(level=19).compress(raw)
