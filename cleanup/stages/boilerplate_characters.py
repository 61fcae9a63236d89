"""What characters are to the boilerplate stage, as tables for its compiled loops: Python's Unicode is the one truth.

Characters beyond the first two planes (rare signs of Chinese) have no entry.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import numpy.typing as npt

SOME = 1024  # characters that are folded at once, line breaks included
KNOWN = 0x20000  # code points with an entry, as in `kernels/text.h`
SPACES = (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
TERMINAL = ".!?…。！？؟।"  # what a sentence ends with,
CLOSERS = "\"'”’»«“)]）」』】›*"  # and what may stand behind that
BULLETS = "•·▪■–—*-"  # that an entry of a list begins with
CJK = r"\u2e80-\u2fdf\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # two of which count as a word
_WIDE = ((0x2E80, 0x2FDF), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
_HAN = (
    *((0x2E80, 0x2E99), (0x2E9B, 0x2EF3), (0x2F00, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029)),
    *((0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFA6D), (0xFA70, 0xFAD9), (0x16FE2, 0x16FE3)),
    (0x16FF0, 0x16FF1),
)
_KATAKANA = (
    *((0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0x32D0, 0x32FE), (0x3300, 0x3357), (0xFF66, 0xFF6F)),
    *((0xFF71, 0xFF9D), (0x1AFF0, 0x1AFF3), (0x1AFF5, 0x1AFFB), (0x1AFFD, 0x1AFFE), (0x1B000, 0x1B000)),
    *((0x1B120, 0x1B122), (0x1B155, 0x1B155), (0x1B164, 0x1B167)),
)
_HANGUL = (
    *((0x1100, 0x11FF), (0x302E, 0x302F), (0x3131, 0x318E), (0x3200, 0x321E), (0x3260, 0x327E), (0xA960, 0xA97C)),
    *((0xAC00, 0xD7A3), (0xD7B0, 0xD7C6), (0xD7CB, 0xD7FB), (0xFFA0, 0xFFBE), (0xFFC2, 0xFFC7), (0xFFCA, 0xFFCF)),
    *((0xFFD2, 0xFFD7), (0xFFDA, 0xFFDC)),
)
_CIRCLED = ((0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189), (0x200C, 0x200D))  # in words, too
_SETS = {
    1: SPACES,
    2: map(ord, TERMINAL),
    4: map(ord, CLOSERS),
    2048: map(ord, ",;、，"),
    4096: map(ord, "|•·»›→/©®™:()[]_+"),
    8192: map(ord, "\"“„«'‘([「（【"),
    16384: (*filter(lambda code: not 28 <= code <= 31, SPACES), *map(ord, "(\"'“„«/-")),
    32768: map(ord, "•·▪■–—*>+-"),
}
_RANGES = {8: _WIDE, 128: _CIRCLED, 256: _HAN, 512: _KATAKANA, 1024: _HANGUL}
_JAMO = ((0x1100, 0x11FF), (0xA960, 0xA97F), (0xD7B0, 0xD7FF))  # Korean letters, which become syllables
_LETTERS, _CAPITALS, _WORDS = frozenset("Lu Ll Lt Lm Lo".split()), "Lu", frozenset("Mn Mc Me Nd Nl Pc".split())  # noqa: SIM905
_SAME = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xF8FF))  # ranges of one category
DIGIT, LETTER, UPPER, WORD = 16, 32, 64, 128
BREAK, NUMERAL, SIGN, ODD, TWICE = 0, 1, 2, 3, 0x80000000

Classes = npt.NDArray[np.uint16]
Codes = npt.NDArray[np.uint32]


@cache
def classes() -> Classes:
    """uint16[KNOWN]: what each character is, the sum of what `kernels/text.h` names."""
    meaning = dict.fromkeys(_LETTERS, LETTER + WORD) | dict.fromkeys(_WORDS, WORD)
    meaning |= {_CAPITALS: LETTER + UPPER + WORD, "Nd": DIGIT + WORD}
    table = np.zeros(KNOWN, np.uint16)
    for code in _singly():
        table[code] = meaning.get(unicodedata.category(chr(code)), 0)
    for first, last in _SAME:
        table[first : last + 1] = meaning.get(unicodedata.category(chr(first)), 0)
    for flag, codes in _SETS.items():
        table[np.fromiter(codes, np.int64)] |= flag
    for flag, ranges in _RANGES.items():
        for first, last in ranges:
            table[first : last + 1] |= flag
    return table


def _singly() -> Iterable[int]:
    begin = 0
    for first, last in (*_SAME, (KNOWN, 0)):
        yield from range(begin, first)
        begin = last + 1


@cache
def folded() -> Codes:
    """uint32[KNOWN]: the character that each one becomes by `str.casefold`; 0 where it becomes several."""
    return _become(str.casefold)


@cache
def symbols(fold: Callable[[str], str]) -> Codes:
    """uint32[KNOWN]: what each character is in a normal form, `fold` having folded it: the code point of a letter (plus TWICE
    where it becomes two), or BREAK, NUMERAL, SIGN (that of a number), or ODD where that depends on what is beside it."""
    table = _become(fold)
    one = (table > 0) & (table < KNOWN)
    kinds = classes()
    for code in np.flatnonzero(~one).tolist():
        form = fold(chr(code))
        table[code] = ord(form[0]) + TWICE if len(form) == 2 and form[0] == form[1] else ODD
    table[one & ~alphanumeric()[table % KNOWN]] = BREAK
    table[ord("#")] = SIGN
    table[(kinds & DIGIT) > 0] = NUMERAL
    table[(kinds & (WORD | LETTER | DIGIT)) == WORD] = ODD  # marks, which letters before them may take up
    table[~one & (table < TWICE)] = ODD
    for first, last in _JAMO:
        table[first : last + 1] = ODD
    table[ord("_")] = BREAK
    return table


@cache
def alphanumeric() -> npt.NDArray[np.bool_]:
    """bool[KNOWN]: what expressions know as \\w, but for "_"."""
    return np.fromiter(map(str.isalnum, characters()), np.bool_, KNOWN)


def characters() -> str:
    """Every character that has an entry."""
    return _every()[::2]


@cache
def _every() -> str:
    """Every character, and a line break behind each: in this way ten milliseconds quicker than joined."""
    codes = np.full((KNOWN, 2), ord("\n"), "<u4")
    codes[:, 0] = np.arange(KNOWN)
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def _become(fold: Callable[[str], str]) -> Codes:
    """uint32[KNOWN]: the one character that each becomes; 0 where it becomes several, or none."""
    every = _every()
    text = "".join([fold(every[at : at + SOME]) for at in range(0, len(every), SOME)])  # most are soon seen to be normal
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    ends = np.delete(np.flatnonzero(codes == ord("\n")), ord("\n"))  # without the line break among the characters
    return np.where(np.diff(ends, prepend=-1) == 2, codes[ends - 1], np.uint32(0))
