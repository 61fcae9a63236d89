"""The spin-canonical family: content words, each replaced by the class of its synonyms, as pairs of neighbours."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from cleanup import kernels
from cleanup.dedup.shingle import I64, U32, fold, tokenise, u32

_VALUE = u32(0x7FFFFFFF)
FIRM = u32(0x80000000)  # set in words that no spinner is known to change: names, figures, terms


class Classes:
    """From the hash of a word to that of its class, 0 for a stop word; a word without a class stands for itself."""

    def __init__(self, groups: Mapping[str, str]) -> None:
        """`groups`: class name -> its words with blanks between them, no word in two; the stop words under ""."""
        # A contraction is several tokens; what a stop word is made of drops out as it does, unless it is a word of a class.
        stop = groups.get("", "")
        pieces = " ".join([*(string.ascii_lowercase if groups else ""), *re.findall(r"\w+", stop)])
        owner, keys = _single([*groups.values(), pieces])
        _, names = _single([f"class{name.encode().hex()}" for name in groups])
        names *= np.fromiter(map(bool, groups), bool, len(groups))
        self.keys, first = np.unique(keys, return_index=True)
        self.values: U32 = np.append(names, u32(0))[owner[first]] & _VALUE
        self.digest = hashlib.blake2b(self.keys.tobytes() + self.values.tobytes(), digest_size=8).hexdigest()
        self.bits = len(self.keys).bit_length() + 1
        self.table = np.full(((1 << self.bits) + 1, 2), (0, FIRM), np.uint32)
        first = np.argsort(self.values != 0, kind="stable")  # stop words, which are looked up most, get the best places
        fill = kernels.function("classes_fill", "u32* u32* i64 u32* i32")
        fill(self.keys[first], self.values[first], len(first), self.table, self.bits)

    def lookup(self, hashes: U32) -> U32:
        """The value of every token: 0 for a stop word, below `FIRM` for a word with a class, else the word's own."""
        found = np.empty(len(hashes), np.uint32)
        kernels.function("classes_lookup", "u32* i64 u32* i32 u32*")(hashes, len(hashes), self.table, self.bits, found)
        return found


def content(hashes: U32, bounds: I64, classes: Classes) -> tuple[U32, I64, I64]:
    """The content words among the tokens of some texts, by class, the token that each is, and the first one of every text."""
    words = classes.lookup(hashes)
    kept = np.flatnonzero(words != 0)
    return words.take(kept), kept, np.searchsorted(kept, bounds)


def _single(texts: Sequence[str]) -> tuple[I64, U32]:
    """The words between blanks that are one token: the text and the hash of each, text after text."""
    owner, found = [np.zeros(0, np.int64)], [np.zeros(0, np.uint32)]
    for folded in fold(texts):
        tokens = tokenise(folded)
        whole = (folded.units[tokens.starts - 1] | folded.units[tokens.ends] | 0x20) == 0x20  # a blank, or the text's end
        owner.append(np.repeat(np.arange(len(tokens.bounds) - 1) + folded.first, np.diff(tokens.bounds))[whole])
        found.append(tokens.hashes[whole])
    return np.concatenate(owner), np.concatenate(found)


@cache
def built_in() -> Classes:
    """The classes of `cleanup.spin.canonical`."""
    from cleanup.spin.canonical import groups

    return Classes(groups())
