"""The spin-canonical family: content words, each replaced by the class of its synonyms, as pairs of neighbours."""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.shingle import I64, U64, Tokens, fold, odd, tokenise, u64
from cleanup.errors import CleanupError

_SLOT_BITS = 17
_SPREAD = odd(0xC1A55, 64)
_LEFT, _PAIR = odd(0x9A12, 2)


class Classes:
    """From the hash of a word to that of its class, 0 for a stop word; a word without a class stands for itself."""

    def __init__(self, words: Mapping[str, str]) -> None:
        # A contraction is several tokens; what a stop word is made of drops out as it does.
        pieces = {piece: "" for word, name in words.items() if not name for piece in re.split(r"[^\w]+", word) if piece}
        chosen = sorted({**pieces, **words}.items())
        keys = _one_token([word for word, _ in chosen])
        names = _one_token([f"class{name.encode().hex()}" for _, name in chosen])
        names[[name == "" for _, name in chosen]] = 0
        known = keys != 0
        keys, first = np.unique(keys[known], return_index=True)
        self.keys: U64 = np.append(u64(0), keys)
        self.values: U64 = np.append(u64(0), names[known][first])
        self.digest = hashlib.blake2b(self.keys.tobytes() + self.values.tobytes(), digest_size=8).hexdigest()
        self._spread, self._table, self._crowded = self._index()

    def _index(self) -> tuple[np.uint64, NDArray[np.uint32], NDArray[np.bool_]]:
        """A table from the top bits of a spread hash to the place of the word; of spreads, the one with fewest clashes of
        stop words, which are the words most often looked up."""
        best = None
        for spread in _SPREAD if len(self.keys) > 1 else _SPREAD[:1]:
            slot = ((self.keys[1:] * spread) >> u64(64 - _SLOT_BITS)).view(np.int64)
            crowd = np.bincount(slot, minlength=1 << _SLOT_BITS) > 1
            clashes = int(crowd[slot[self.values[1:] == 0]].sum())
            if best is None or clashes < best[0]:
                best = (clashes, spread, slot, crowd)
        assert best is not None
        _, spread, slot, crowd = best
        table = np.zeros(1 << _SLOT_BITS, np.uint32)
        table[slot] = np.arange(1, len(self.keys), dtype=np.uint32)
        return spread, table, crowd

    def lookup(self, hashes: U64) -> U64:
        """The value of every token."""
        found = hashes.copy()
        if len(self.keys) == 1:
            return found
        slot = ((hashes * self._spread) >> u64(64 - _SLOT_BITS)).view(np.int64)
        place = self._table.take(slot, mode="clip")
        at = np.flatnonzero(place)
        place = place[at]
        word = hashes[at]
        same = self.keys.take(place, mode="clip") == word
        other = np.flatnonzero(~same)
        other = other[self._crowded[slot[at[other]]]]
        found[at[same]] = self.values[place[same]]
        if len(other):  # words that share their slot with another one
            near = np.minimum(np.searchsorted(self.keys, word[other]), len(self.keys) - 1)
            hit = self.keys[near] == word[other]
            found[at[other[hit]]] = self.values[near[hit]]
        return found


class Pairs(NamedTuple):
    """Pairs of neighbouring content words: a value each, the text it is in, how many every text has, and the token that it
    begins with."""

    values: U64
    owner: I64
    counts: I64
    at: I64


def pairs(tokens: Tokens, classes: Classes) -> Pairs:
    """The canonical family of a chunk of texts: stop words dropped, content words by class, neighbours joined."""
    words = classes.lookup(tokens.hashes)
    kept = np.flatnonzero(words)
    words = words[kept]
    bounds = np.searchsorted(kept, tokens.bounds)
    sizes = np.diff(bounds)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    values = words[:-1] * _LEFT
    values += words[1:]
    values ^= values >> u64(32)
    values *= _PAIR
    same = np.flatnonzero(owner[1:] == owner[:-1])
    return Pairs(values[same], owner[same], np.maximum(sizes - 1, 0), kept[same])


def _one_token(words: list[str]) -> U64:
    """The hash of every word that is one token, else 0."""
    found = np.zeros(len(words), np.uint64)
    for folded in fold(words):
        tokens = tokenise(folded)
        one = np.flatnonzero(np.diff(tokens.bounds) == 1)
        found[folded.first + one] = tokens.hashes[tokens.bounds[one]]
    return found


@cache
def built_in() -> Classes:
    """The classes of `cleanup.spin.canonical`; none, so that every word stands for itself, where it does not offer any."""
    try:
        spin = importlib.import_module("cleanup.spin.canonical")
    except ModuleNotFoundError:
        return Classes({})
    try:
        found: Mapping[str, str] = getattr(spin, "classes", dict)()
    except CleanupError:
        found = {}
    return Classes(found)
