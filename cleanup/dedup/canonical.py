"""The spin-canonical family: content words, each replaced by the class of its synonyms, as pairs of neighbours."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Mapping
from functools import cache

import numpy as np

from cleanup import kernels
from cleanup.dedup.shingle import I64, U32, fold, tokenise, u32

_VALUE = u32(0x7FFFFFFF)
FIRM = u32(0x80000000)  # set in words that no spinner is known to change: names, figures, terms


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
        self.bits = len(self.keys).bit_length() + 1
        self.table = np.full(((1 << self.bits) + 1, 2), (0, FIRM), np.uint32)
        first = np.argsort(self.values != 0, kind="stable")  # stop words, which are looked up most, get the best places
        fill = _kernel("classes_fill", "u32* u32* i64 u32* i32")
        fill(self.keys[first], self.values[first], len(first), self.table, self.bits)

    def lookup(self, hashes: U32) -> U32:
        """The value of every token: 0 for a stop word, below `FIRM` for a word with a class, else the word's own."""
        found = np.empty(len(hashes), np.uint32)
        _kernel("classes_lookup", "u32* i64 u32* i32 u32*")(hashes, len(hashes), self.table, self.bits, found)
        return found


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


@cache
def _kernel(name: str, arguments: str) -> kernels.Function:
    return kernels.function(name, arguments)
