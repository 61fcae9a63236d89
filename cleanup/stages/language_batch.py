"""py3langid's own model over a whole batch: the same answers as asking it text by text, without its loop over bytes.

A compiled loop walks the automaton over all texts and adds up what their features are worth. It adds whole numbers, so that a
score is the same on every processor and in every batch; py3langid rounds at every step, so where the two best languages are
closer together than that can matter, py3langid itself is asked.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.stages import language_model

EPSILON = float(np.finfo(np.float32).eps)
LOWEST = float(np.finfo(np.float32).min)
EVERYTHING = 1 << 62  # characters


class Scores(msgspec.Struct):
    """What the model says about n texts. `labels` are its own codes, one a column, each once.

    `raw` are log scores, float64[n, labels]; `size` the bytes of each text as the model reads it; `features` how many kinds of
    its features each text has: none means that it says nothing.
    """

    labels: list[str]
    raw: NDArray[np.float64]
    size: NDArray[np.int64]
    features: NDArray[np.int64]

    def some(self, numbers: list[int]) -> Scores:
        """What it says about those texts."""
        return Scores(self.labels, self.raw[numbers], self.size[numbers], self.features[numbers])

    def replace(self, numbers: list[int], other: Scores) -> None:
        """Let the other's texts stand for those of these numbers."""
        self.raw[numbers], self.size[numbers], self.features[numbers] = other.raw, other.size, other.features

    def probabilities(self) -> NDArray[np.float64]:
        """float64[n, labels]: the scores as probabilities, tempered by the root of the length as by py3langid's `norm_probs`;
        all equal where there is no feature."""
        tempered = self.raw / np.sqrt(np.maximum(self.size, 1))[:, None]
        tempered[self.features == 0] = 0.0
        tempered -= tempered.max(axis=1, keepdims=True, initial=LOWEST)
        shares: NDArray[np.float64] = np.exp(tempered, out=tempered)
        shares /= shares.sum(axis=1, keepdims=True)
        return shares


class Model:
    """py3langid's tables in the form of `language_model`: 16 MB, shared by every stage of a process; see `model()`."""

    def __init__(self) -> None:
        self._tables = language_model.tables()
        array = self._tables.arrays
        self._automaton = tuple(array[name] for name in ("pieces", "next"))
        self._worth = tuple(array[name] for name in ("dense", "begin", "label", "value"))
        kinds = "u16* u64* i64 u16* u32* u8* u16* i64 i32* i64 f64* i32* f64 f64* i64 i32* i32* i32* i32* f64*"
        self._scores = kernels.function("language_scores", f"u64* i64* i64 {kinds} f64* i64* f64* f64*")
        self._heads = kernels.function("language_heads", "u64* i64* i64 i64 i64* u8*")
        self.labels = list(dict.fromkeys(self._tables.labels))
        self._column = np.array([self.labels.index(label) for label in self._tables.labels], np.int32)

    def score(self, given: Sequence[str] | kernels.Texts, most: int = EVERYTHING) -> Scores:
        """The scores of all texts; the best label of each is the answer that py3langid gives for that text alone.

        `most`: characters of each that are read.
        """
        texts = given if isinstance(given, kernels.Texts) else kernels.Texts(given)
        where, size, plain = texts.where.copy(), np.empty_like(texts.size), np.empty(len(texts.size), np.uint8)
        self._heads(where, texts.size, len(where), most, size, plain)
        held = []
        for number in np.flatnonzero(plain == 0).tolist():
            held.append(encode(texts.texts[number][:most]))
            where[number], size[number] = kernels.address(held[-1]), len(held[-1])
        raw, features, weight, margin = self.add_up(where, size)
        raw[features == 0] = LOWEST
        # Where the two best are so close that py3langid's rounding can have swapped them, it is asked.
        bound = EPSILON * (features + 4) * (weight * self._tables.largest + 16)
        for number in np.flatnonzero((margin <= bound) & (features > 0)).tolist():
            ranked = dict(_identifier().rank(texts.texts[number][:most]))
            raw[number] = [ranked[label] for label in self.labels]
        return Scores(self.labels, raw, size, features)

    def add_up(
        self, where: NDArray[np.uint64], size: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(scores for all labels, kinds of features, sum of their weights, by how much the best label is better than the next) of
        texts of so many bytes at these addresses."""
        tables, labels, columns, longest = self._tables, len(self._column), len(self.labels), int(size.max(initial=0))
        weight = np.log1p(np.arange(longest + 1, dtype=np.float64))
        given = (
            labels,
            self._column,
            columns,
            tables.arrays["prior"],
            tables.arrays["least"],
            tables.unit,
            weight,
            tables.features,
        )
        room = [np.zeros(count, np.int32) for count in (tables.features + 1, size.sum(), 3 * longest + 2, labels)]
        out = np.empty((len(size), columns)), np.empty(len(size), np.int64), np.empty(len(size)), np.empty(len(size))
        rows, scores = len(self._worth[0]) - 1, np.empty(labels)
        self._scores(where, size, len(size), *self._automaton, rows, *self._worth, *given, *room, scores, *out)
        return out


def _identifier() -> Any:
    from py3langid.langid import _get_identifier

    return _get_identifier()


def encode(text: str) -> bytes:
    """The bytes that py3langid sees of a text."""
    if text.isascii():
        return (text.lower() if text.isupper() else text).encode()
    return unicodedata.normalize("NFC", text.lower() if text.isupper() else text).encode("utf-8", "surrogatepass")


_lock = threading.Lock()
# A fork in the middle of loading would leave the child with a lock that nobody opens: it waits until loading is done.
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def model() -> Model:
    """The model, loaded once a process."""
    with _lock:
        return _load()


@cache
def _load() -> Model:
    return Model()


def preload() -> None:
    """Begin to load the model, which hardly needs the interpreter, while other things are made ready."""
    threading.Thread(target=model, daemon=True).start()
