"""Which lines of a batch of texts can need a repair: decided by one compiled pass over their characters.

Could ftfy change the line (`ftfy_prefilter`)? Does it hold a character that a repair of characters looks for? Is it odd, so that
another misreading is worth looking for: sequences that no language has, two alphabets in a word, symbols inside words? Has a
hyphen split a word at its end? May a paragraph be ciphered, or have pinyin put into it? See `kernels/mojibake.c`.

A line is odd if one in twelve of its letters that are not ASCII is odd, or one where there are three of them at most; if a fourth
of its ideographs stand beside ASCII letters; if nine tenths of their pairs are none that anybody writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.stages import ftfy_prefilter, mojibake_tables

ODD, BAD, CHARACTERS, SPLIT, CIPHER, PINYIN = (1 << bit for bit in range(6))  # why a line is looked at
_LINE = ODD | BAD | CHARACTERS  # what repairs of a line are for; the others are for whole paragraphs
_ROOM = 256  # lines that are found, as a rule; where there are more, the texts are read twice
_C1 = re.compile("[\x80-\x9f]")
_Rows = NDArray[np.int64]


class Found(msgspec.Struct):
    """For every text the lines, by number from 0, that any repair of a line could change, never too few, and why; and, by reason,
    the texts in which a repair of words or paragraphs could find something."""

    lines: list[dict[int, int]]
    texts: dict[int, set[int]]


def find(texts: Sequence[str]) -> Found:
    """What has to be looked at."""
    out = Found([{} for _ in texts], {reason: set() for reason in (SPLIT, CIPHER, PINYIN)})
    split: dict[int, list[str]] = {}
    for at, number, reasons in _scan(texts).tolist():
        for reason, found in out.texts.items():
            if reasons & reason:
                found.add(at)
        reasons &= _LINE
        if reasons & BAD:
            if at not in split:
                split[at] = texts[at].split("\n")
            # The neighbours alone are not a match yet. ftfy sees a line with its end.
            if not ftfy_prefilter.is_bad(split[at][number] + "\n" * (number + 1 < len(split[at]))):
                reasons &= ~BAD
        if reasons:
            out.lines[at][number] = reasons
    return out


def odd_lines(texts: Sequence[str], strict: bool = False) -> list[list[int]]:
    """For every text the numbers (from 0) of its odd lines; strictly: of all lines with anything odd.

    >>> odd_lines(["clean café", "naïf\\nнаивный", "Le caf├й est fermé"])
    [[], [], [0]]
    """
    out: list[list[int]] = [[] for _ in texts]
    for at, number, reasons in _scan(texts, strict).tolist():
        if reasons & ODD:
            out[at].append(number)
    return out


def bad(lines: Sequence[str]) -> list[int]:
    """Numbers of the lines, given with their ends, at which ftfy would look."""
    suspicious = {at for at, _, reasons in _scan(lines).tolist() if reasons & BAD}
    return [at for at in sorted(suspicious) if ftfy_prefilter.is_bad(lines[at])]


def is_fine(line: str) -> bool:
    """Whether nothing at all is odd in the words of a line: much more than that the line is not odd."""
    return line.isascii() or not any(_is_odd_word(word) for word in line.split(" ") if not word.isascii())


@lru_cache(1 << 16)
def _is_odd_word(word: str) -> bool:
    return bool(odd_lines([word], strict=True)[0])


def has_c1(line: str) -> bool:
    """Whether there are C1 controls, which nobody writes."""
    return _C1.search(line) is not None


def _scan(texts: Sequence[str], strict: bool = False) -> _Rows:
    """int64[n, 3]: text, line and reasons of what has to be looked at, in order."""
    scan = _kernel()
    given = kernels.Texts(texts)
    found = np.empty((_ROOM, 3), np.int64)
    count = scan(given, strict, found)
    if count > len(found):
        found = np.empty((count, 3), np.int64)
        scan(given, strict, found)
    return found[:count]


@cache
def _kernel() -> Callable[[kernels.Texts, bool, _Rows], int]:
    """The compiled scan with its tables."""
    scan = kernels.function("mojibake_scan", "u64* i64* i64 u32* u8* u8* i64 u8* u8* u64* i64 i32 i64* i64", "i64")
    tables, beside, cipher = mojibake_tables.tables(), ftfy_prefilter.neighbours(), mojibake_tables.cipher()
    given = (tables.packed, beside.classes, beside.pairs, beside.count, tables.known, *cipher, len(cipher[1]))

    def run(texts: kernels.Texts, strict: bool, found: _Rows) -> int:
        return int(scan(texts.where, texts.size, len(texts.size), *given, strict, found, len(found)))

    return run
