"""What a text is about: word vectors, by which a reading may fit the text and the words around it beyond its direct neighbours.

`rules/spin/vectors.zst` holds a direction of 50 dimensions for each word of the lexicon and for the most frequent other words
(GloVe, see rules/spin/README.md), in steps of 1/127, and how telling each word is: the negative logarithm of its frequency.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import zstandard
from numpy.typing import NDArray

from cleanup.spin.context import unpacked, word_key

MAGIC = b"SPINVEC1"
SIZE = 50
SCALE = 127.0
WEIGHT_UNIT = 16.0  # a stored weight is a sixteenth
REACH = 6  # words on either side that count as near
TELLING = 7.0  # from this weight a word says what the text is about (rarer than one in 1,100) ...
TELLING_NEAR = 6.0  # ... or what stands near
LOCAL = 0.1  # scale of the words near by, whose weights are not averaged: more of them say more

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Topic:
    """Directions by word. Read-only, safe to share between threads."""

    def __init__(self, keys: NDArray[np.uint32], vectors: NDArray[np.int8], weights: NDArray[np.uint8]) -> None:
        """`keys`: sorted and unique, the upper half of each word's key."""
        self._keys = keys
        self._vectors = vectors
        self._weights = weights

    @classmethod
    def load(cls, path: Path) -> Topic:
        """Read `vectors.zst`. Raises RuleError when it is missing or not of this form. About 5 ms."""
        data = unpacked(path, MAGIC)
        (count,) = struct.unpack("<q", data[8:16])
        keys = np.frombuffer(data, np.uint32, count, 16)
        vectors = np.frombuffer(data, np.int8, count * SIZE, 16 + 4 * count).reshape(count, SIZE)
        return cls(keys, vectors, np.frombuffer(data, np.uint8, count, 16 + (4 + SIZE) * count))

    @classmethod
    def empty(cls) -> Topic:
        """A table without words: nothing fits better than anything else."""
        return cls(np.zeros(0, np.uint32), np.zeros((0, SIZE), np.int8), np.zeros(0, np.uint8))

    def look_up(self, words: Sequence[str]) -> tuple[Vectors, Floats]:
        """(a unit vector for each word, zero where unknown; its weight, 0 where unknown)."""
        keys = np.array([word_key(word) >> 32 for word in words], dtype=np.uint32)
        vectors, weights = np.zeros((len(words), SIZE), np.float32), np.zeros(len(words))
        if len(self._keys):
            at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
            known = np.flatnonzero(self._keys[at] == keys)
            vectors[known] = self._vectors[at[known]] / np.float32(SCALE)
            weights[known] = self._weights[at[known]] / WEIGHT_UNIT
        return vectors, weights

    def phrases(self, phrases: Sequence[str]) -> Vectors:
        """A unit vector for each phrase, the direction of the sum over its words; zero where none is known."""
        parts = [phrase.lower().replace("-", " ").split(" ") for phrase in phrases]
        vectors, _ = self.look_up([word for words in parts for word in words])
        starts = np.cumsum([0, *map(len, parts[:-1])])
        sums: Vectors = np.add.reduceat(vectors, starts, axis=0) if parts else vectors
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
        return sums


class Surroundings:
    """The words of one text, to compare readings with."""

    def __init__(self, topic: Topic, words: Sequence[str]) -> None:
        vectors, weights = topic.look_up(words)
        self._about = (weights > TELLING)[:, None] * weights[:, None] * vectors
        near = (weights > TELLING_NEAR)[:, None] * weights[:, None] * vectors
        self._sums = np.concatenate([np.zeros((1, SIZE)), np.cumsum(near, axis=0)])

    def to_text(self, gain: Floats, group: Ints, spans: Ints, form: Ints) -> Floats:
        """How much better each phrase fits the text than the first of its group, whose own words say nothing about the text.

        `spans` [n, 2]: first word and last of every occurrence, `form`: the group it belongs to.
        """
        sums = np.concatenate([np.zeros((1, SIZE)), np.cumsum(self._about, axis=0)])
        whole = np.repeat(self._about.sum(axis=0)[None], int(group[-1]) + 1 if len(group) else 0, axis=0)
        np.subtract.at(whole, form, sums[spans[:, 1]] - sums[spans[:, 0]])
        whole /= np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-6)
        return np.asarray(np.einsum("ij,ij->i", gain, whole[group]))

    def nearby(self, gain: Floats, phrase: Ints, spans: Ints, sizes: Ints) -> Floats:
        """How much better phrases fit the words near by: those of the first occurrence, of the next ...

        `sizes`: how many phrases of every occurrence, `phrase`: their rows in `gain`.
        """
        first, last = spans.T
        low, high = np.maximum(first - REACH, 0), np.minimum(last + REACH, len(self._sums) - 1)
        near = self._sums[high] - self._sums[low] - self._sums[last] + self._sums[first]
        return np.asarray(LOCAL * np.einsum("ij,ij->i", gain[phrase], np.repeat(near, sizes, axis=0)))


def pack(vectors: Mapping[str, Vectors], weights: Mapping[str, float], words: Iterable[str]) -> bytes:
    """The table file for those of `words` that have a vector; of two with the same key the first in the alphabet is kept."""
    kept: dict[int, str] = {}
    for word in sorted(set(words)):
        if word in vectors:
            kept.setdefault(word_key(word) >> 32, word)
    keys = sorted(kept)
    table = np.array([vectors[kept[key]] for key in keys]).reshape(len(keys), SIZE)
    table = np.rint(SCALE * table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9))
    scaled = np.clip(np.rint(np.array([weights.get(kept[key], 0.0) for key in keys]) * WEIGHT_UNIT), 0, 255)
    raw = MAGIC + struct.pack("<q", len(keys)) + np.array(keys, dtype=np.uint32).tobytes()
    return zstandard.ZstdCompressor(level=19).compress(raw + table.astype(np.int8).tobytes() + scaled.astype(np.uint8).tobytes())
