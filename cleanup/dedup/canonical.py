"""The spin-canonical family: content words, each replaced by the class of its synonyms, as pairs of neighbours."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from cleanup.dedup.shingle import I64, U32, Tokens, finish, fold, odd32, tokenise, u32
from cleanup.dedup.signature import EMPTY, bottom

# An entry in the table of words: which of the words that spread to its slot it is, whether others would have the slot, too,
# and the place of its class. With the slot this tells the word, for hashes are spread by a bijection.
_BITS = 18  # of a slot
_WORD = u32((1 << (32 - _BITS)) - 1)
_SHIFT = u32(_BITS)
_CROWDED = u32(1 << (_BITS - 1))
_CLASS = u32((1 << (_BITS - 1)) - 1)  # 0: there is no word
_SPREAD = odd32(0xC1A55, 32)
_VALUE = u32(0x7FFFFFFF)
FIRM = u32(0x80000000)  # set in words that no spinner is known to change: names, figures, terms
(_LEFT,) = odd32(0x9A12, 1)


class Classes:
    """From the hash of a word to that of its class, 0 for a stop word; a word without a class stands for itself."""

    def __init__(self, words: Mapping[str, str]) -> None:
        # A contraction is several tokens; what a stop word is made of drops out as it does.
        stop = " ".join(word for word, name in words.items() if not name)
        pieces = dict.fromkeys([*(string.ascii_lowercase if words else ""), *re.findall(r"\w+", stop)], "")
        chosen = {**pieces, **words}
        keys = _one_token(list(chosen))
        every = list(dict.fromkeys(filter(None, chosen.values())))
        values = dict(zip(every, _one_token([f"class{name.encode().hex()}" for name in every]).tolist(), strict=True))
        values[""] = 0
        names = np.array(list(map(values.__getitem__, chosen.values())), np.uint32)
        known = keys != 0
        self.keys, first = np.unique(keys[known], return_index=True)
        self.values: U32 = names[known][first] & _VALUE
        self.digest = hashlib.blake2b(self.keys.tobytes() + self.values.tobytes(), digest_size=8).hexdigest()
        self._names, place = np.unique(self.values, return_inverse=True)
        self._names = np.append(EMPTY, self._names)  # its place means that there is no word
        self._table, self._spread, self._rest = self._index(place + 1)

    def _index(self, place: I64) -> tuple[U32, np.uint32, tuple[U32, U32]]:
        """A table by the top bits of the spread hash, and the words that found their slot taken. Of several spreads the one
        that keeps most stop words apart, which are looked up most."""
        stop = self.keys[self.values == 0]
        spread = max(_SPREAD, key=lambda one: len(np.unique(stop * one >> u32(32 - _BITS))))
        order = np.argsort(self.values != 0, kind="stable")  # stop words choose first
        spreaded = self.keys[order] * spread
        slot = (spreaded >> u32(32 - _BITS)).astype(np.int64)
        late = np.ones(len(slot), bool)
        late[np.unique(slot, return_index=True)[1]] = False
        table = np.zeros(1 << _BITS, np.uint32)
        table[slot[~late]] = (spreaded[~late] & _WORD) << _SHIFT | place[order[~late]].astype(np.uint32)
        table[slot[late]] |= _CROWDED
        rest = np.sort(order[late])
        return table, spread, (self.keys[rest], self.values[rest])

    def lookup(self, hashes: U32) -> U32:
        """The value of every token: 0 for a stop word, below `FIRM` for a word with a class, else the word's own."""
        spread = hashes * self._spread
        entry = self._table.take((spread >> u32(32 - _BITS)).astype(np.int64), mode="clip")
        spread &= _WORD
        found = self._names.take((entry & _CLASS).astype(np.int64), mode="clip")
        unknown = (entry >> _SHIFT) != spread
        unknown |= found == EMPTY
        own = hashes | FIRM  # for these, by arithmetic: to choose by a mask costs NumPy a branch for every element
        own -= found
        own *= unknown
        found += own
        keys, values = self._rest
        if len(keys):
            unknown &= (entry & _CROWDED) != 0
            at = np.flatnonzero(unknown)
            near = np.minimum(np.searchsorted(keys, hashes[at]), len(keys) - 1)
            hit = keys[near] == hashes[at]
            found[at[hit]] = values[near[hit]]
        return found


class Pairs(NamedTuple):
    """Pairs of neighbouring content words: a value each (EMPTY where there is none), the text it is in, how many positions
    every text has, and how many of its values are those of firm pairs."""

    values: U32
    owner: I64
    sizes: I64
    firm: I64


def pairs(tokens: Tokens, classes: Classes) -> Pairs:
    """The canonical family of a chunk of texts: stop words dropped, content words by class, neighbours joined.

    Pairs with a word that no spinner is known to change have the smaller values, so that a sketch of the smallest ones is
    made of what a spun copy keeps, and of what few other texts have.
    """
    words, _, bounds = content(tokens.hashes, tokens.bounds, classes)
    sizes = np.diff(bounds)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    values = np.full(len(words), EMPTY)
    if len(words) > 1:
        joined = words[:-1] * _LEFT
        joined += words[1:]
        finish(joined, values[:-1])
        values >>= u32(1)
        soft = words[:-1] | words[1:]
        soft &= FIRM
        soft ^= FIRM
        values[:-1] |= soft
        values[bounds[1:][sizes > 0] - 1] = EMPTY
    firm, filled = np.zeros(len(sizes), np.int64), np.flatnonzero(sizes)
    if len(filled):
        firm[filled] = np.add.reduceat(values >> u32(31) ^ u32(1), bounds[filled], dtype=np.uint32)
    return Pairs(values, owner, sizes, firm)


def smallest(found: Pairs, size: int) -> U32:
    """The smallest values of every text: uint32[n, size]."""
    want = size + 4 * size**0.5 + 8
    soft = np.minimum(np.maximum(want - found.firm, 0) / np.maximum(found.sizes - found.firm, 1), 1.0)
    firm = np.minimum(want / np.maximum(found.firm, 1), 1.0)
    bound = (np.where(found.firm >= want, firm, 1 + soft) * 0x7FFFFFFF).astype(np.uint32)
    return bottom(found.values, found.owner, found.sizes, size, bound)


def content(hashes: U32, bounds: I64, classes: Classes) -> tuple[U32, I64, I64]:
    """The content words among the tokens of some texts, by class, the token that each is, and the first one of every text."""
    words = classes.lookup(hashes)
    kept = np.flatnonzero(words != 0)
    return words.take(kept), kept, np.searchsorted(kept, bounds)


def _one_token(words: list[str]) -> U32:
    """The hash of every word that is one token, else 0."""
    found = np.zeros(len(words), np.uint32)
    for folded in fold(words):
        tokens = tokenise(folded)
        one = np.flatnonzero(np.diff(tokens.bounds) == 1)
        found[folded.first + one] = tokens.hashes[tokens.bounds[one]]
    return found


@cache
def built_in() -> Classes:
    """The classes of `cleanup.spin.canonical`."""
    from cleanup.spin.canonical import classes

    return Classes(classes())
