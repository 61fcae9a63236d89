"""py3langid's own model over a whole batch: the same answers as asking it text by text, without its loop over bytes.

Three observations make it a few array operations:

* Its automaton starts anew behind the byte 0xFF, which no UTF-8 text contains: texts joined by 0xFF are walked in one go, by a
  compiled loop.
* Which feature a text has how often is one sort over all texts.
* Only the order of additions differs from py3langid's. Where the two best languages are closer together than that can matter,
  py3langid itself is asked.
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

TEXTS = 256  # at once; many enough for long arrays, few enough to stay in the cache
LINE = 16  # float32 numbers of a cache line
FIRST = 1 << 13  # features for which there is room at first
SMALL = 56  # rows of a product: with 144 labels 8064 numbers; from 9216 on OpenBLAS uses threads
BLOCKS = 12  # products at once; what they need fits the cache
OWNER = 20  # bits of a feature's number, below those of its text's
NOTHING = (1 << OWNER) - 1
EPSILON = float(np.finfo(np.float32).eps)
LOWEST = float(np.finfo(np.float32).min)


class Scores(msgspec.Struct):
    """What the model says about n texts. `labels` are its own codes, one a column, each once.

    `raw` are log scores, float64[n, labels]; `size` the bytes of each text as the model reads it; `features` how many kinds of
    its features each text has: none means that it says nothing.
    """

    labels: list[str]
    raw: NDArray[np.float64]
    size: NDArray[np.int64]
    features: NDArray[np.int64]

    def best(self) -> list[str]:
        """The language of each text, as `py3langid.classify` names it."""
        return [self.labels[number] for number in self.raw.argmax(axis=1).tolist()] if len(self.raw) else []

    def probabilities(self) -> NDArray[np.float64]:
        """float64[n, labels]: the scores as probabilities, tempered by the root of the length as by py3langid's `norm_probs`;
        all equal where there is no feature."""
        tempered = self.raw / np.sqrt(np.maximum(self.size, 1))[:, None]
        tempered[self.features == 0] = 0.0
        powers = np.exp(tempered - tempered.max(axis=1, keepdims=True, initial=LOWEST))
        shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return shares


class _Worth:
    """What features are worth to each label, turned for use only where texts have them: of 57 MB a language touches few."""

    def __init__(self, turned: NDArray[np.float16]) -> None:
        """`turned`: float16[labels, features]."""
        self._turned = turned
        labels, features = turned.shape
        self._width = -(-labels // LINE) * LINE
        self._row = np.full(features, -1, np.intp)
        self._table = _aligned(FIRST, self._width)
        self._used = 0
        self.largest = 0.0  # magnitude of what is in the table
        self._lock = threading.Lock()

    def rows(self, features: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """(row of each feature, table of rows), a row being a whole number of cache lines with zeros at its end."""
        found: NDArray[np.intp] = self._row.take(features)
        if found.min(initial=0) < 0:
            with self._lock:
                self._learn(np.unique(features[self._row.take(features) < 0]))
            found = self._row.take(features)
        return found, self._table  # in this order: the table has every row of which a number is known

    def _learn(self, features: NDArray[np.int32]) -> None:
        end = self._used + len(features)
        if end > len(self._table):
            larger = _aligned(max(end, 2 * len(self._table)), self._width)
            larger[: self._used] = self._table[: self._used]
            self._table = larger
        new = self._turned[:, features].T.astype(np.float32)
        self._table[self._used : end, : len(self._turned)] = new
        self.largest = max(self.largest, float(np.abs(new).max(initial=0.0)))
        self._row[features] = np.arange(self._used, end)
        self._used = end


def _aligned(rows: int, width: int) -> NDArray[np.float32]:
    """float32[rows, width] of zeros, from the begin of a cache line."""
    room = np.zeros(rows * width + LINE, np.float32)
    begin = -room.ctypes.data % (4 * LINE) // 4
    return room[begin : begin + rows * width].reshape(rows, width)


class Model:
    """py3langid's tables as arrays. About 70 MB, shared by every stage of a process; see `model()`."""

    def __init__(self) -> None:
        tables = language_model.tables()
        self.next: NDArray[np.uint32] = tables["nextmove"]
        self.row = tables["nextmove_row"].astype(np.int64)
        self._walk = kernels.function("language_features", "bytes i64 u32* i64* i32* i32*")
        self.feature = tables["out_feat"].astype(np.int32)
        self.prior: NDArray[np.float32] = tables["pc"].astype(np.float32)
        self.worth = _Worth(tables["ptc"].T)
        labels: list[str] = tables["classes"].tolist()
        self.pairs = [(labels.index(label), at) for at, label in enumerate(labels) if labels.index(label) < at]
        self.columns = [at for at, label in enumerate(labels) if labels.index(label) == at]
        self.labels = [labels[column] for column in self.columns]

    def score(self, texts: Sequence[str], *, exact: bool = False) -> Scores:
        """The scores of all texts; the best label of each is the answer that py3langid gives for that text alone.

        `exact`: added up with twice the digits, so that what is rounded to a few is the same on every processor.
        """
        kind = np.float64 if exact else np.float32
        pieces = [self._piece(texts[at : at + TEXTS], kind) for at in range(0, len(texts), TEXTS)]
        if not pieces:
            nothing = np.zeros(0, np.int64)
            return Scores(self.labels, np.zeros((0, len(self.labels))), nothing, nothing)
        raw, size, features = (np.concatenate(part) for part in zip(*pieces, strict=True))
        return Scores(self.labels, raw, size, features)

    def _piece(self, texts: Sequence[str], kind: type[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        coded = [encode(text) for text in texts]
        size = np.fromiter(map(len, coded), np.int64, len(coded))
        owner = np.repeat(np.arange(len(coded), dtype=np.int32), size + 1)[:-1]  # a text and the 0xFF after it
        feature, times, ends = self._count(self._features(b"\xff".join(coded)), owner, len(coded))
        weight = np.log1p(times.astype(kind))
        raw = (self._sum(feature, weight, ends)[:, : len(self.prior)] + self.prior).astype(np.float64)
        for first, twin in self.pairs:
            raw[:, first] = np.maximum(raw[:, first], raw[:, twin])
        raw = raw[:, self.columns]
        features = np.diff(ends, prepend=0)
        raw[features == 0] = LOWEST
        self._ask(texts, raw, features, np.add.reduceat(np.append(weight, 0), np.append(0, ends[:-1])))
        return raw, size, features

    def _sum(self, feature: NDArray[np.int32], weight: NDArray[Any], ends: NDArray[np.int64]) -> NDArray[Any]:
        """What the features of each text come to, for every label.

        Products of vectors and matrices so small that no library shares them out among threads: were they larger, or of several
        texts, then their rounding, and so a score, would depend on threads and on the other texts.
        """
        row, table = self.worth.rows(feature)
        width, counts = table.shape[1], np.diff(ends, prepend=0)
        blocks = np.maximum(1, -(-counts // SMALL))  # of each text: its features, and then some that count nothing
        first = np.cumsum(blocks) - blocks
        place = np.arange(len(row)) + np.repeat(first * SMALL - (ends - counts), counts)
        total = int(blocks.sum())
        rows, factors = np.zeros(total * SMALL, np.intp), np.zeros((total, 1, SMALL), weight.dtype)
        rows[place] = row
        factors.reshape(-1)[place] = weight
        room = _aligned(min(total, BLOCKS) * SMALL, width)
        sums = np.empty((total, 1, width), weight.dtype)
        for begin in range(0, total, BLOCKS):
            part = slice(begin, min(begin + BLOCKS, total))
            some = table.take(rows[begin * SMALL : part.stop * SMALL], 0, room[: (part.stop - begin) * SMALL], "clip")
            wide = some.astype(weight.dtype, copy=False).reshape(-1, SMALL, width)
            np.matmul(factors[part], wide, out=sums[part])
        return np.add.reduceat(sums[:, 0], first, axis=0)

    def _features(self, data: bytes) -> NDArray[np.int32]:
        """The feature that ends at each byte of `data`: what the automaton's state after it says; -1 for none."""
        found = np.empty(len(data), np.int32)
        self._walk(data, len(data), self.next, self.row, self.feature, found)
        return found

    def _count(
        self, found: NDArray[np.int32], owner: NDArray[np.int32], texts: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
        """(feature, how often it is there, where the text's entries end): one entry for each feature of each text."""
        keys = (owner << OWNER) + found  # without a feature: the last key of the text before
        keys.sort()
        first = np.flatnonzero(np.diff(keys, prepend=-2))
        times = np.diff(first, append=len(keys))
        keys = keys[first]
        there = (keys & NOTHING) != NOTHING
        keys, times = keys[there], times[there]
        ends = np.searchsorted(keys, np.arange(1, texts + 1, dtype=np.int32) << OWNER)
        return keys & NOTHING, times, ends

    def _ask(self, texts: Sequence[str], raw: NDArray[np.float64], features: NDArray[np.int64], weight: NDArray[Any]) -> None:
        """Replace the scores of texts whose two best languages are so close that rounding could have swapped them."""
        rest, everybody = raw.copy(), np.arange(len(raw))
        rest[everybody, best := raw.argmax(axis=1)] = LOWEST
        margin = raw[everybody, best] - rest.max(axis=1)
        bound = 2 * EPSILON * (features + 4) * (weight * self.worth.largest + 16)
        for number in np.flatnonzero((margin <= bound) & (features > 0)).tolist():
            ranked = dict(_identifier().rank(texts[number]))
            raw[number] = [ranked[label] for label in self.labels]


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
