"""The spin-canonical family: content words, each replaced by the class of its synonyms, as pairs of neighbours."""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Mapping, Sequence
from functools import cache, cached_property

import numpy as np

from cleanup import kernels
from cleanup.dedup.shingle import AHEAD, I64, U32, table, u32
from cleanup.dedup.texts import Strings

_VALUE = u32(0x7FFFFFFF)
FIRM = u32(0x80000000)  # set in words that no spinner is known to change: names, figures, terms


class Classes:
    """From the hash of a word to that of its class, 0 for a stop word; a word without a class stands for itself."""

    def __init__(self, groups: Mapping[str, str]) -> None:
        """`groups`: class name -> its words with blanks between them, no word in two; the stop words under ""."""
        # A contraction is several tokens; what a stop word is made of drops out as it does, unless it is a word of a class.
        stop = groups.get("", "")
        pieces = " ".join([*(string.ascii_lowercase if groups else ""), *re.findall(r"\w+", stop)])
        words, bounds = _single([*groups.values(), pieces])
        names, _ = _single([f"class{name.encode().hex()}" for name in groups])
        names *= np.fromiter(map(bool, groups), bool, len(groups))
        values = np.repeat(np.append(names, u32(0)) & _VALUE, np.diff(bounds))
        self.bits, order = max(3, len(words).bit_length()), np.empty(len(words), np.int64)
        fill = kernels.function("classes_fill", "u32* u32* i64 u32* i32 i64* i64*", "i64")
        while True:
            places = 1 << self.bits
            self.table = np.zeros((places + max(1, places >> 4), 2), np.uint32)
            self.table[:places, 1] = FIRM
            if fill(words, values, len(words), self.table, self.bits, np.empty((places >> 2) + 1, np.int64), order):
                break
            self.bits += 1

    @cached_property
    def digest(self) -> str:
        """What only the same words in the same classes share."""
        pairs = self.table[: 1 << self.bits]
        known = pairs[pairs[:, 0] != 0]
        known = np.ascontiguousarray(known[np.argsort(known[:, 0])].T)
        return hashlib.blake2b(known.tobytes(), digest_size=8).hexdigest()

    def lookup(self, hashes: U32) -> U32:
        """The value of every token: 0 for a stop word, below `FIRM` for a word with a class, else the word's own."""
        found = np.empty(len(hashes), np.uint32)
        kernels.function("classes_lookup", "u32* i64 u32* i32 u32*")(hashes, len(hashes), self.table, self.bits, found)
        return found


def _single(texts: Sequence[str]) -> tuple[U32, I64]:
    """The words between blanks that are one token: their hashes, text after text, and where those of each begin, [n + 1]."""
    given, bounds = Strings(texts), np.empty(len(texts) + 1, np.int64)
    longest = int(given.size.max(initial=0))
    hashes = np.empty(int(given.size.sum()) // 2 + 2 * len(texts) + AHEAD, np.uint32)
    room = np.empty(19 * (longest + AHEAD + 3) // 8 + 1, np.uint64)
    function = kernels.function("single_words", "u64* i64* i64 i64 u8* u32* i64* u64*")
    function(given.where, given.size, len(texts), longest, table(), hashes, bounds, room)
    return hashes[: bounds[-1]], bounds


@cache
def built_in() -> Classes:
    """The classes of `cleanup.spin.canonical`."""
    from cleanup.spin.canonical import groups

    return Classes(groups())
