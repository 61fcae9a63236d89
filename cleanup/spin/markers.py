"""How much each word and phrase speaks for spun text, and the sums of that over every document of a batch.

The weight of a form is the logarithm of how often it stands in spun text over how often it stands in native text, as the
lexicon and the counts have it. So words that a spinner leaves behind ("whereas", "in the present day") weigh up, and words
that it would have changed ("while", "but", "more") weigh down. Repeats within a document count with the square root.
"""

from __future__ import annotations

import math
import struct
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.spin import lexicon, tokens
from cleanup.spin.prior import Priors

MAGIC = b"SPINMRK1"
FLOOR, CEILING = -2.0, 3.5
LEAST = 0.5  # weaker words are left out
PHRASE_LEAST = 0.7
PHRASE_WORDS = 4
UNIT = 64  # weights are stored as integers of 1 / UNIT
SLOT_BITS = 16
_SLOT = np.uint64(64 - SLOT_BITS)
LABEL_BITS = 20
NEAR = -11.0  # mass per 100 words of the single words, from which a text is looked at more closely ...
NEAR_PEAK = 8.0  # ... or that of a window
BLOCK = 50  # words; windows are whole blocks
SMOOTH = 2.0  # counts
FORMAL = 0.4  # what is left of the weight of a word that formal prose uses honestly

_SET = "u64* i32* u64* i32"
_FIND = f"u64* i64 {_SET} i64*"
_WEIGH = f"u64* i64* i64 u8* {_SET} i16* i64 i64 u8* i64* u64* i64* i64* i64* i64*"

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Masses(NamedTuple):
    """Marker mass per 100 words of every document, and of its most marked window; words per document."""

    score: Floats
    peak: Floats
    words: Ints


class Markers:
    """The weights, by word key, in a form that a batch is looked up in at once. Read-only, safe to share."""

    def __init__(self, keys: tokens.Keys, weights: NDArray[np.int16], sizes: NDArray[np.uint8]) -> None:
        """Keys unique and sorted. `sizes[i]`: 1 for a word, n for a phrase of n words, 0 for a beginning of a longer phrase."""
        self.keys, self.weights, self.sizes = keys, weights, sizes
        self.words = Table(keys[sizes == 1], weights[sizes == 1])
        self._phrases = Table(keys[sizes != 1], weights[sizes != 1])
        self._value = np.concatenate([weights[sizes == 1], weights[sizes != 1]]) / UNIT  # by label: words, then phrases
        self._singles = int((sizes == 1).sum())

    @classmethod
    def load(cls, paths: Sequence[Path], priors: Priors | None = None) -> Markers:
        """The packed weights when they belong to these lexicon files, else computed from them (about a second)."""
        packed = paths[0] / "spin" / "markers.zst"
        if packed.is_file():
            data = zstandard.ZstdDecompressor().decompress(packed.read_bytes(), max_output_size=1 << 26)
            if data[:8] == MAGIC and data[8:24] == lexicon.fingerprint(paths):
                (count,) = struct.unpack("<q", data[24:32])
                keys = np.frombuffer(data, np.uint64, count, 32)
                weights = np.frombuffer(data, np.int16, count, 32 + 8 * count)
                return cls(keys, weights, np.frombuffer(data, np.uint8, count, 32 + 10 * count))
        return cls.weigh(priors or Priors.load(paths))

    @classmethod
    def weigh(cls, priors: Priors) -> Markers:
        """Weights of all forms of a lexicon."""
        weights = form_weights(priors)
        phrases: dict[str, float] = {}
        for form, weight in weights.items():
            words = form.replace("'", " ").split(" ")
            if len(words) > 1 and len(words) <= PHRASE_WORDS and all(word.isalpha() for word in words):
                extra = weight - math.fsum(max(weights.get(word, 0.0), 0.0) for word in words)
                if extra >= PHRASE_LEAST:
                    phrases[" ".join(words)] = extra
        single = {form: weight for form, weight in weights.items() if form.isalpha() and abs(weight) >= LEAST}
        heads = {" ".join(words[:size]) for words in map(str.split, phrases) for size in range(2, len(words))}
        names, runs, open_ended = sorted(single), sorted(phrases), sorted(heads - phrases.keys())
        keys = np.concatenate([tokens.keys(names), np.array([_phrase_key(run) for run in [*runs, *open_ended]], dtype=np.uint64)])
        values = [single[name] for name in names] + [phrases[run] for run in runs] + [0.0] * len(open_ended)
        scaled = np.rint(np.clip(values, FLOOR, CEILING) * UNIT).astype(np.int16)
        sizes = np.array([1] * len(names) + [run.count(" ") + 1 for run in runs] + [0] * len(open_ended), dtype=np.uint8)
        keys, first = np.unique(keys, return_index=True)
        return cls(keys, scaled[first], sizes[first])

    def pack(self, paths: Sequence[Path]) -> bytes:
        """The bytes of `markers.zst` for these lexicon files."""
        raw = MAGIC + lexicon.fingerprint(paths) + struct.pack("<q", len(self.keys))
        raw += self.keys.tobytes() + self.weights.tobytes() + self.sizes.tobytes()
        return zstandard.ZstdCompressor(level=19).compress(raw)

    def masses(self, texts: Sequence[str], window: int = 150) -> Masses:
        """Marker mass of every text; one pass over the whole batch, and a finer one over the few that come near to being marked.

        Of a text that stays below `NEAR` only the sum over its single words is known: its score is that, its peak 0.
        """
        score, near, count = self._rough(texts, window)
        peak = np.zeros(len(texts))
        some = np.flatnonzero(near)
        if len(some):
            score[some], peak[some] = self._finer([texts[doc] for doc in some.tolist()], window)
        return Masses(np.round(score, 2), np.round(peak, 2), count)

    def _rough(self, texts: Sequence[str], window: int) -> tuple[Floats, NDArray[np.bool_], Ints]:
        """(mass of the single words, whether that is near to being marked, words) of every text.

        Weights are whole numbers of 1 / `UNIT`: their sums are exact, whatever stands before a text.
        """
        count, total, strongest = self.words.weigh(texts, max(1, window // BLOCK))
        score = 100 * (total / UNIT) / np.maximum(count, 1)
        peak = strongest / UNIT * 100 / (max(1, window // BLOCK) * BLOCK)
        return score, (score > NEAR) | ((count > 2 * window) & (peak >= NEAR_PEAK)), count

    def _finer(self, texts: Sequence[str], window: int) -> tuple[Floats, Floats]:
        """(mass, mass of the most marked window) of every text, with phrases, repeats damped."""
        found = tokens.split(texts)
        entry = self.words.find(found.keys)
        single = np.flatnonzero(entry >= 0)
        where, phrase = self._find_phrases(found)
        place = np.concatenate([single, where])
        label = np.concatenate([entry.take(single), phrase])
        count = np.diff(found.first)
        owner = np.repeat(np.arange(len(texts), dtype=np.int64), count).take(place)
        score = 100 * self._damped(owner, label, len(texts)) / np.maximum(count, 1)
        # Repeats within a block are damped, too.
        blocks = (count + BLOCK - 1) // BLOCK
        first_block = np.concatenate([[0], np.cumsum(blocks)])
        block = (place - found.first.take(owner)) // BLOCK + first_block.take(owner)
        sums = np.concatenate([[0.0], np.cumsum(self._damped(block, label, int(first_block[-1])))])
        peak = np.zeros(len(texts))
        long = np.flatnonzero(count > 2 * window)
        first, last = BLOCK * first_block.take(long), BLOCK * first_block.take(long + 1)
        peak[long] = _strongest(sums, BLOCK * np.arange(first_block[-1]), first, last, window)
        return score, peak

    def _find_phrases(self, found: tokens.Words) -> tuple[Ints, Ints]:
        """(position of the first word, label) of every phrase whose words stand one character apart; they may overlap."""
        keys = found.keys
        mixed = tokens.pair(keys[:-1], keys[1:])
        entry = self._phrases.find(mixed)
        at = np.flatnonzero(entry >= 0)
        mixed, entry = mixed[at], entry[at]
        where, label = [at[:0]], [at[:0]]
        for size in range(2, PHRASE_WORDS + 1):
            last = at + size - 1
            joined = found.starts[last] - found.starts[last - 1] - found.lengths[last - 1] == 1
            at, mixed, entry = at[joined], mixed[joined], entry[joined]
            where.append(at)
            label.append(entry + self._singles)
            inside = at + size < len(keys)
            at, mixed = at[inside], mixed[inside]
            mixed = tokens.pair(mixed, keys[at + size])
            entry = self._phrases.find(mixed)
            at, mixed, entry = at[entry >= 0], mixed[entry >= 0], entry[entry >= 0]
        return np.concatenate(where), np.concatenate(label)

    def _damped(self, group: Ints, label: Ints, groups: int) -> Floats:
        """Sum over each group of weight * sqrt(repeats)."""
        if not len(group):
            return np.zeros(groups)
        packed = np.sort(group << LABEL_BITS | label)
        start = np.concatenate([[0], np.flatnonzero(packed[1:] != packed[:-1]) + 1])
        repeats = np.diff(start, append=len(packed))
        first = packed.take(start)
        weight = self._value.take(first & ((1 << LABEL_BITS) - 1)) * np.sqrt(repeats)
        total: Floats = np.bincount(first >> LABEL_BITS, weight, groups).astype(np.float64)
        return total


class Table:
    """Words or phrases by the slot that the top bits of their keys name, as the kernels of `spin.c` look them up."""

    def __init__(self, keys: tokens.Keys, weights: NDArray[np.int16]) -> None:
        """`keys` sorted and unique."""
        size = np.bincount((keys >> _SLOT).view(np.int64), minlength=1 << SLOT_BITS)
        first = np.append(0, np.cumsum(size)).astype(np.int32)
        bits = np.packbits(size > 0, bitorder="little").view("<u8").astype(np.uint64)
        self._set = (np.ascontiguousarray(keys), first, bits, 64 - SLOT_BITS)
        self._weights = np.ascontiguousarray(weights)

    def find(self, keys: tokens.Keys) -> Ints:
        """The index of each key, -1 for one that is not there."""
        found = np.empty(len(keys), np.int64)
        kernels.function("spin_find", _FIND)(keys, len(keys), *self._set, found)
        return found

    def weigh(self, texts: Sequence[str], width: int) -> tuple[Ints, Ints, Ints]:
        """Of every text the number of words, the sum of their weights, and that of its most marked `width` blocks."""
        given = kernels.Texts(texts)
        low, edge = tokens.room(given)
        some, sums = np.empty(len(edge) // 2, np.uint64), np.empty(len(edge) // (2 * BLOCK) + 3, np.int64)
        found = np.empty((3, len(texts)), np.int64)
        scratch = (BLOCK, width, low, edge, some, sums)
        loop = kernels.function("spin_weigh", _WEIGH)
        loop(given.where, given.size, len(texts), tokens.FOLD, *self._set, self._weights, *scratch, *found)
        count, total, strongest = found
        return count, total, strongest


def _strongest(sums: Floats, place: Ints, first: Ints, last: Ints, window: int) -> Floats:
    """Highest mass per 100 words of any `window` words, in whole blocks, of each document, which has words `first:last`.

    `sums[i]` is the mass of all words before number `place[i]`. Every document has at least `window` words.
    """
    if not len(first):
        return np.zeros(0)
    width = max(1, window // BLOCK)
    count = (last - first + BLOCK - 1) // BLOCK - width + 1
    begin = np.cumsum(count) - count
    number = np.arange(int(count.sum())) - np.repeat(begin, count)
    low = np.repeat(first, count) + BLOCK * number
    high = np.minimum(low + BLOCK * width, np.repeat(last, count))
    mass = sums.take(np.searchsorted(place, high)) - sums.take(np.searchsorted(place, low))
    peak: Floats = np.maximum(np.maximum.reduceat(mass, begin), 0.0) * 100 / (width * BLOCK)
    return peak


def form_weights(priors: Priors) -> dict[str, float]:
    """log(frequency in spun text / frequency in native text) of every form that the lexicon knows on either side."""
    inflow: defaultdict[str, float] = defaultdict(float)
    forms = priors.lexicon.by_form
    for name, candidates in forms.items():
        form = name.lower()
        for candidate in candidates:
            if candidate.tier not in ("tortured", "set"):
                inflow[form] += priors.frequency(candidate.after) * priors.changed(candidate) * candidate.share
    weights = {}
    for form in {*inflow, *priors.lexicon.spun_away}:
        native = priors.frequency(form)
        weight = math.log((native * priors.kept(form) + inflow[form] + SMOOTH) / (native + SMOOTH))
        weights[form] = weight * FORMAL if weight > 0 and form in priors.lexicon.formal else weight
    return weights


def _phrase_key(phrase: str) -> int:
    words = tokens.keys(phrase.split(" "))
    mixed = words[:1]
    for at in range(1, len(words)):
        mixed = tokens.pair(mixed, words[at : at + 1])
    return int(mixed[0])
