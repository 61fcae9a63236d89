"""Which lines of a batch of texts can need a repair of their encoding: decided in a few passes over the whole batch.

Two questions, both answered for all texts at once. Could ftfy change the text? ftfy's own pattern says so, run in Rust.
Is a line odd, so that another misreading is worth looking for? NumPy says so from the letters beside every character
that is not ASCII: sequences that no language has, letters of two alphabets in a word, symbols inside words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import rules
from cleanup.parse import letters as language
from cleanup.stages import codepages

_BITS = 22
_PAIR = np.array([1 << 20], np.uint32)  # in the place of the third letter
_NEUTRAL, _LETTER, _SYMBOL, _EAST, _QUOTE, _STRANGER = range(6)
# Between two letters these are odd; apostrophes, hyphens, dashes and the Catalan dot are not. A letter beside one of the
# second group is odd too, though it would be well at the edge of a word.
_QUOTES = "“„‚‹›«»•¿¡"
_SIGNS = "£€§©®½¼¾²³¹°ªº±µ¶¢¥÷×ﬁﬂ"


class _Tables(msgspec.Struct, frozen=True):
    """Per code unit: what kind of character it is, its number as a letter, its case; and which trigrams and pairs are known."""

    kind: NDArray[np.uint8]
    number: NDArray[np.uint32]
    case: NDArray[np.uint8]  # 1 small, 2 capital
    rare: NDArray[np.bool_]  # ideographs that are not among the usual ones
    known: NDArray[np.bool_]


@cache
def _tables() -> _Tables:
    path = rules.built_in() / "mojibake" / "letters.tsv"
    text = path.read_text(encoding="utf-8")
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    gap = (codes == 32) | (codes == 9) | (codes == 10)
    singles = codes[1:-1][gap[:-2] & gap[2:] & ~gap[1:-1]]
    kind = np.zeros(1 << 16, np.uint8)
    number = np.zeros(1 << 16, np.uint32)
    case = np.zeros(1 << 16, np.uint8)
    rare = np.zeros(1 << 16, np.bool_)
    _letters(np.unique(singles[singles < 1 << 16]), kind, number, case)
    _images(kind)
    _ideographs(kind, rare)
    number[(kind == _SYMBOL) | np.isin(np.arange(1 << 16), [ord(char) for char in _SIGNS])] = (1 << 16) + 1
    number[[0x2013, 0x2014]] = 0
    known = np.zeros(1 << _BITS, np.bool_)
    start = np.flatnonzero(gap[:-4] & gap[4:] & ~gap[1:-3] & ~gap[2:-2] & ~gap[3:-1]) + 1
    number[ord("_")] = 0
    known[_hash(number[codes[start] & 0xFFFF], number[codes[start + 1] & 0xFFFF], number[codes[start + 2] & 0xFFFF])] = True
    pair = np.flatnonzero(gap[:-3] & gap[3:] & ~gap[1:-2] & ~gap[2:-1]) + 1
    pair = pair[(codes[pair] > 0x3040) & (codes[pair + 1] > 0x3040)]
    known[_hash(codes[pair], codes[pair + 1], _PAIR)] = True
    return _Tables(kind, number, case, rare, known)


def _letters(singles: NDArray[np.uint32], kind: NDArray[np.uint8], number: NDArray[np.uint32], case: NDArray[np.uint8]) -> None:
    """Number the letters that `letters.tsv` knows, capitals like their small letters."""
    for index, code in enumerate(singles.tolist(), 1):
        char = chr(code)
        if code != ord("_") and language.script(char) not in ("CJK", "HANGUL"):
            number[code] = index
            kind[code] = _LETTER
    for code in range(1 << 16):
        char = chr(code)
        if char.isalpha():
            small = char.lower()[0]
            case[code] = 1 if char.islower() else 2 if char.isupper() else 0
            if number[code] == 0:
                number[code] = number[ord(small)]
            if kind[code] == 0:
                kind[code] = _LETTER if number[code] else _STRANGER


def _images(kind: NDArray[np.uint8]) -> None:
    """What misread bytes can look like: letters that no single-byte encoding has are no evidence; symbols of theirs are."""
    images = {char for name in codepages.SINGLE for char in codepages.decoding(name) if char > "\x7f"}
    for code in np.flatnonzero(kind == _LETTER).tolist():
        if code > 127 and chr(code) not in images:
            kind[code] = _STRANGER
    for char in images:
        if not char.isalpha() and unicodedata.category(char) not in ("Zs", "Pd", "Mn", "Mc", "Nd") and char not in "’‘”…™№․،؛؟":
            kind[ord(char)] = _SYMBOL
    for char in _QUOTES + _SIGNS:
        kind[ord(char)] = _QUOTE
    kind[0x80:0xA0] = _SYMBOL
    kind[0xFFFD] = _SYMBOL
    kind[0xAD] = _STRANGER  # a soft hyphen tells nothing about the letters beside it
    kind[0xB7] = _NEUTRAL


def _ideographs(kind: NDArray[np.uint8], rare: NDArray[np.bool_]) -> None:
    """Ideographs, kana and Hangul; usual is what the national standards put on their first level."""
    for first, last in ((0x3041, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFF61, 0xFF9F)):
        kind[first : last + 1] = _EAST
        rare[first : last + 1] = True
    rare[0x3041:0x3100] = False
    for name, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6), ("euc_jp", 0xB0, 0xCF), ("euc_kr", 0xB0, 0xC8)):
        data = bytes(byte for lead in range(first, last + 1) for trail in range(0xA1, 0xFF) for byte in (lead, trail))
        if name == "big5":
            data += bytes(byte for lead in range(first, last + 1) for trail in range(0x40, 0x7F) for byte in (lead, trail))
        rare[np.frombuffer(data.decode(name, "ignore").encode("utf-16-le"), np.uint16)] = False


def _hash(a: NDArray[np.uint32], b: NDArray[np.uint32], c: NDArray[np.uint32]) -> NDArray[np.uint32]:
    mixed = a * np.uint32(0x9E3779B1) ^ b * np.uint32(0x85EBCA77) ^ c * np.uint32(0xC2B2AE3D)
    return (mixed ^ (mixed >> np.uint32(15))) * np.uint32(0x2C1B3C6D) >> np.uint32(32 - _BITS)


def odd_lines(texts: Sequence[str], strict: bool = False) -> list[list[int]]:
    """For every text the numbers (from 0) of its odd lines; strictly: of all lines with anything odd.

    >>> odd_lines(["clean café", "naïf\\nнаивный", "Le caf├й est fermé"])
    [[], [], [0]]
    """
    out: list[list[int]] = [[] for _ in texts]
    wide = [index for index, text in enumerate(texts) if not text.isascii()]
    if not wide:
        return out
    joined = "\n".join(["", *(texts[index] for index in wide), ""])
    lines = _odd(np.frombuffer(joined.encode("utf-16-le", "surrogatepass"), np.uint16), strict)
    first = 0
    at = 0
    for index in wide:
        last = first + texts[index].count("\n")
        while at < len(lines) and lines[at] <= last:
            out[index].append(int(lines[at]) - first)
            at += 1
        first = last + 1
    return out


def _odd(codes: NDArray[np.uint16], strict: bool) -> NDArray[np.int64]:
    """Numbers of the odd lines of a text that begins and ends with a line end."""
    tables = _tables()
    where = np.flatnonzero(codes > 127)
    here, left, right = codes[where], codes[where - 1], codes[where + 1]
    kind = tables.kind[here]
    kinds = (tables.kind[left], tables.kind[right])
    letter = kind == _LETTER
    known = tables.known[_hash(tables.number[left], tables.number[here], tables.number[right])]
    left_case, case, right_case = tables.case[left], tables.case[here], tables.case[right]
    mixed = ((left_case == 1) & (case == 2)) | ((case == 1) & (right_case == 2))
    plain = (kinds[0] != _STRANGER) & (kinds[1] != _STRANGER)
    beside = [(one == _LETTER) | (one == _SYMBOL) | (one == _EAST) for one in kinds]
    weight = (letter & plain & (~known | mixed)).astype(np.int64)
    weight += 2 * ((kind == _SYMBOL) & (beside[0] | beside[1]))
    weight += (kind == _QUOTE) & (left_case == 1) & (right_case == 1)
    weight += (here == 0x201D) & (left_case == 1) & (right_case == 1)
    weight += ((here == 0xBC) | (here == 0xBE)) & (left_case > 0)
    weight += ((here == 0x201E) | (here == 0x201A)) & (left_case == 1)  # an opening quote at the end of a word
    weight += letter & ((left == 0x2013) | (left == 0x2014)) & ((right == 0x2013) | (right == 0x2014))
    east = kind == _EAST
    ascii_letter = [(one < 128) & (number == _LETTER) for one, number in zip((left, right), kinds, strict=True)]
    strange = east & (tables.rare[here] | ascii_letter[0] | ascii_letter[1])
    follows = east & (kinds[1] == _EAST) & (here > 0x3400) & (right > 0x3400)  # kana are the same in many encodings
    unusual = follows & ~tables.known[_hash(here.astype(np.uint32), right.astype(np.uint32), _PAIR)]
    ends = np.flatnonzero(codes == 10)
    line = np.searchsorted(ends, where)
    if not (weight.any() or strange.any() or unusual.any()):
        return np.zeros(0, np.int64)
    size = len(ends) + 1
    total, letters = np.bincount(line, weight, size), np.bincount(line, letter | (kind == _SYMBOL), size)
    odd, ideographs = np.bincount(line, strange, size), np.bincount(line, east, size)
    pairs, unknown = np.bincount(line, follows, size), np.bincount(line, unusual, size)
    flagged = ((total > 0) & (strict | (12 * total >= letters))) | ((odd > 0) & (strict | (4 * odd >= ideographs)))
    flagged |= (pairs > 4) & (unknown >= 0.9 * pairs)
    return np.flatnonzero(flagged) - 1


def is_odd(line: str, strict: bool = False) -> bool:
    """`odd_lines` of one line; strictly: whether anything in it is odd."""
    return not line.isascii() and bool(odd_lines([line], strict)[0])


def has_c1(line: str) -> bool:
    """Whether there are C1 controls, which nobody writes."""
    return _C1.search(line) is not None


_C1 = re.compile("[\x80-\x9f]")


def is_bad(line: str) -> bool:
    """Whether ftfy could change the encoding of `line`."""
    from ftfy.badness import is_bad as bad

    return not line.isascii() and bad(line)


def ftfy_fixed(line: str) -> str:
    """What ftfy makes of the encoding of one line."""
    from ftfy import fix_encoding

    return fix_encoding(line)


_OTHER = re.compile(
    "&#?[0-9A-Za-z]{1,24};|[\x00-\x08\x0b\x0e-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u206f\ufeff\ufff9-\ufffc\ud800-\udfff]"
)


def lines(texts: Sequence[str]) -> list[set[int]]:
    """For every text the numbers of the lines that any repair could change."""
    out = [set(numbers) for numbers in odd_lines(texts)]
    for index, text in enumerate(texts):
        if not text.isascii() or _OTHER.search(text):
            for number, line in enumerate(text.split("\n")):
                if _OTHER.search(line) or is_bad(line):
                    out[index].add(number)
    return out
