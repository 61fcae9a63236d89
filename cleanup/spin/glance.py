"""A cheap look at one text before it is read closely: do single words have originals that fit their neighbours better?

It costs about a fiftieth of a judgement. Every form is compared with its two most probable originals by its direct neighbours as
they stand, so what it finds is a part of what `cleanup/spin/gate.py` would; a text in which it finds next to nothing is clean.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.spin.context import fold, word_key
from cleanup.spin.gate import FORMAL, MILD
from cleanup.spin.prior import Priors

LIKELY = 0.5  # probability from which a form counts
MOST = 3.0  # what one form counts at most, as in the gate
PAIR = 0.5  # weight of the association with a neighbour
RANKS = 2
CHUNK = 1 << 14  # occurrences that are compared at once: a look at a long text takes no more memory than its words
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,]\d+)*|[.!?\n]")
_STOPS = frozenset(".!?\n")

Floats = NDArray[np.float64]


class Glimpse(NamedTuple):
    """Evidence per 100 words: of the whole text, and of its strongest stretch of `window` words."""

    whole: float
    peak: float


class Glance:
    """Forms with their two most probable originals, filled as they are met."""

    def __init__(self, priors: Priors) -> None:
        self._priors = priors
        self._known: dict[str, tuple[int, int, int]] = {}  # raw token -> context key, row of its form (-1: none), is a word
        self._prior: list[list[float]] = []
        self._ends: list[list[tuple[int, int]]] = []  # first and last word key of each original
        self._worth: list[float] = []

    def __len__(self) -> int:
        return len(self._known)

    def look(self, text: str, window: int) -> Glimpse:
        """What a text shows; both figures 0.0 for one without known forms."""
        known = self._known
        found = [known.get(raw) or self._learn(raw) for raw in _WORD.findall(text)]
        if not found:
            return Glimpse(0.0, 0.0)
        table = np.array(found, dtype=np.uint64)
        keys, rows = table[:, 0], table[:, 1].view(np.int64)
        words = np.cumsum(table[:, 2].view(np.int64))
        at = np.flatnonzero(rows[1:-1] >= 0) + 1
        if not len(at):
            return Glimpse(0.0, 0.0)
        value = self._values(keys, rows, at)
        total = int(words[-1])
        sums = np.concatenate([[0.0], np.cumsum(value)])
        last = np.searchsorted(words[at], words[at] + window)
        peak = float((sums[last] - sums[:-1]).max()) / min(window, max(total, 1))
        return Glimpse(100 * float(sums[-1]) / max(total, 1), 100 * peak)

    def _values(self, keys: NDArray[np.uint64], rows: NDArray[np.int64], at: NDArray[np.int64]) -> Floats:
        """What each occurrence counts: its form's evidence, shared between its occurrences with the square root."""
        forms, form = np.unique(rows[at], return_inverse=True)
        known = forms.tolist()
        ends = np.array([self._ends[row] for row in known], dtype=np.uint64)
        prior = np.array([self._prior[row] for row in known])
        worth = np.array([self._worth[row] for row in known])
        slices = [slice(start, start + CHUNK) for start in range(0, len(at), CHUNK)]
        pairs = np.concatenate([self._pairs(keys, at[part], ends[form[part]]) for part in slices])
        count = np.bincount(form, minlength=len(forms))
        best = np.full(len(forms), -np.inf)
        gain = np.zeros(len(forms))
        for rank in range(RANKS):
            mean = PAIR * np.bincount(form, pairs[:, rank + 1] - pairs[:, 0], len(forms)) / np.sqrt(count)
            odds = prior[:, rank] + mean
            gain = np.where(odds > best, mean, gain)
            best = np.maximum(best, odds)
        likely = 1 / (1 + np.exp(-best))
        value = np.where((likely > LIKELY) & (gain > 0), worth * (np.minimum(gain, MOST) + (likely > 0.9)), 0.0)
        return (value / count)[form]

    def _pairs(self, keys: NDArray[np.uint64], at: NDArray[np.int64], ends: NDArray[np.uint64]) -> Floats:
        """Association with both neighbours: a column for the word as it stands, then one for each original."""
        here = keys[at][:, None]
        shape = (len(at), RANKS + 1)
        before = np.stack([np.broadcast_to(keys[at - 1][:, None], shape), np.hstack([here, ends[:, :, 1]])])
        behind = np.stack([np.hstack([here, ends[:, :, 0]]), np.broadcast_to(keys[at + 1][:, None], shape)])
        return np.asarray(self._priors.context.assoc2(before, behind).sum(axis=0))

    def _learn(self, raw: str) -> tuple[int, int, int]:
        if raw in _STOPS:
            return self._known.setdefault(raw, (word_key("."), _NONE, 0))
        word = fold(raw)
        row = self._row(word) if word.isalpha() and word in self._priors else _NONE
        return self._known.setdefault(raw, (word_key(word), row, 1))

    def _row(self, form: str) -> int:
        candidates, odds = self._priors.readings(form)
        if not candidates:
            return _NONE
        ranks = [min(rank, len(candidates) - 1) for rank in range(RANKS)]
        originals = [candidates[rank].after.replace("-", " ").split(" ") for rank in ranks]
        self._ends.append([(word_key(words[0]), word_key(words[-1])) for words in originals])
        self._prior.append([odds[1 + rank] for rank in ranks])
        lexicon = self._priors.lexicon
        self._worth.append(FORMAL if form in lexicon.formal or candidates[0].tier in MILD else 1.0)
        return len(self._ends) - 1


_NONE = (1 << 64) - 1  # -1 as an unsigned number
