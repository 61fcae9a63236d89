"""Words of a whole batch as 64-bit keys in a few NumPy passes, and the tokens of one text for the slow path.

A word is a run of Latin-1 letters, folded to lower case; everything else separates. Texts are encoded to Latin-1 with one
byte a code point (what does not fit becomes a separator), so an offset in the bytes is an offset in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Offsets = NDArray[np.int64]


class Words(NamedTuple):
    """Words of a batch: word i is at `starts[i]` of the joined text; document d owns words `first[d]:first[d + 1]`."""

    keys: Keys
    starts: Offsets
    lengths: Offsets
    first: Offsets
    base: Offsets  # where each document begins in the joined text


def _fold() -> bytes:
    table = bytearray(256)
    for code in range(256):
        char = chr(code)
        if char.isalpha() and char not in "ªºµ":
            low = char.lower()
            table[code] = ord(low) if len(low) == 1 and ord(low) < 256 else code
    return bytes(table)


FOLD = _fold()
_MASK = np.array([(1 << (8 * n)) - 1 for n in range(8)] + [(1 << 64) - 1], dtype=np.uint64)
_MIX1, _MIX2, _MIX3 = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_SHIFT = np.uint64(29)


def split(texts: Sequence[str]) -> Words:
    """All words of all texts. Memory: about 6 bytes for each input byte."""
    # Two newlines: words of different texts are never one character apart.
    raw = "\n\n".join(texts).encode("latin-1", "replace")
    folded = np.frombuffer(b"\0" + raw.translate(FOLD) + bytes(17), dtype=np.uint8)
    letter = folded != 0
    edges = np.flatnonzero(letter[1:] != letter[:-1])
    starts = np.ascontiguousarray(edges[0::2])
    lengths = edges[1::2] - starts
    words = np.ndarray((len(folded) - 8,), dtype="<u8", buffer=folded, strides=(1,), offset=1)
    keys = words[starts]
    keys &= _MASK.take(lengths, mode="clip")
    keys *= _MIX1
    long = np.flatnonzero(lengths > 8)
    if len(long):
        size = lengths.take(long)
        # The last eight letters. Between them and the first eight the length stands for the rest.
        tail = words[starts.take(long) + (size - 8)]
        tail += size.view(np.uint64)
        tail *= _MIX2
        keys[long] ^= tail
    keys ^= keys >> _SHIFT
    base = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(text) + 2 for text in texts], out=base[1:])
    return Words(keys, starts, lengths, np.searchsorted(starts, base), base[:-1])


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
