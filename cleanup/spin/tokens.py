"""Words of a whole batch as 64-bit keys.

A word is a run of Latin-1 letters, folded to lower case; everything else separates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup import kernels

Keys = NDArray[np.uint64]
Offsets = NDArray[np.int64]


class Words(NamedTuple):
    """Words of a batch: document d owns words `first[d]:first[d + 1]`; word i is at character `starts[i]`, as if documents
    lay one behind the other with two characters between them."""

    keys: Keys
    starts: Offsets
    lengths: Offsets
    first: Offsets
    base: Offsets  # the character at which each document begins


def _fold() -> NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    for code in range(256):
        char = chr(code)
        if char.isalpha() and char not in "ªºµ":
            low = char.lower()
            table[code] = ord(low) if len(low) == 1 and ord(low) < 256 else code
    return table


FOLD = _fold()  # of every Latin-1 character
_MIX1, _MIX3 = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0x165667B19E3779F9))
_SHIFT = np.uint64(29)
_FRONT = 8  # as in spin.c
_WORDS = "u64* i64* i64 u8* u8* i64* i64* u64* i64* i64* i64*"


def split(texts: Sequence[str]) -> Words:
    """All words of all texts. Memory: about 12 bytes for each input byte."""
    given = kernels.Texts(texts)
    base, first = np.zeros(len(texts) + 1, np.int64), np.empty(len(texts) + 1, np.int64)
    np.cumsum([len(text) + 2 for text in texts], out=base[1:])  # words of different texts are never one character apart
    most = int(given.size.sum()) // 2 + len(texts)
    keys, starts, lengths = np.empty(most, np.uint64), np.empty(most, np.int64), np.empty(most, np.int64)
    loop = kernels.function("spin_words", _WORDS)
    loop(given.where, given.size, len(texts), FOLD, *room(given), base, keys, starts, lengths, first)
    count = int(first[-1])
    return Words(keys[:count], starts[:count], lengths[:count], first, base[:-1])


def room(texts: kernels.Texts) -> tuple[NDArray[np.uint8], Offsets]:
    """What the kernels need for the letters, and for the words, of the longest text."""
    size = int(texts.size.max(initial=0))
    return np.empty(size + 2 * _FRONT, np.uint8), np.empty(size + 2, np.int64)


def keys(words: Iterable[str]) -> Keys:
    """The key of each word, which must be one run of letters."""
    words = list(words)
    found = split(["\n".join(words)]).keys
    if len(found) != len(words):
        raise ValueError("every word has to be one run of letters")
    return found


def pair(left: Keys, right: Keys) -> Keys:
    """The key of two neighbours; chain it for longer sequences."""
    mixed = left * _MIX3
    mixed ^= right
    mixed *= _MIX1
    mixed ^= mixed >> _SHIFT
    return mixed
