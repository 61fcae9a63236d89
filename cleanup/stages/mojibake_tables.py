"""What the prefilter knows of every character, in tables: its kind, its number as a letter, the usual neighbours."""

from __future__ import annotations

import unicodedata
from functools import cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import rules
from cleanup.arrays import distinct
from cleanup.errors import RuleError
from cleanup.parse import letters as language
from cleanup.stages import codepages
from cleanup.stages.mojibake_characters import JOINING, SPECIAL
from cleanup.stages.mojibake_words import CIPHERED, TONES

_BITS = 22
PAIR = np.array([1 << 20], np.uint32)  # in the place of the third letter
KIND = np.uint32(17)
SMALL, CAPITAL, SPECIAL_BIT, RARE, DASH, ASCII, JOINS, LETTERLIKE, LOOK, EASTERN, TONE = (
    np.uint32(1 << bit) for bit in range(20, 31)
)
NEUTRAL, LETTER, SYMBOL, EAST, QUOTE, STRANGER = range(6)
# Between two letters these are odd; apostrophes, hyphens, dashes and the Catalan dot are not. A letter beside one of the
# second group is odd too, though it would be well at the edge of a word.
_QUOTES = "“”„‚‹›«»•¿¡"
_SIGNS = "£€§©®½¼¾²³¹°ªº±µ¶¢¥÷×ﬁﬂ"

_FIRST = 12  # number of the first letter; which it is decides what little passes for usual by chance
_CASED = 0x2E00  # alphabets with capitals, as far as `letters.tsv` has them, end before


class Tables(msgspec.Struct, frozen=True):
    """What there is to know of a character, packed, by UTF-16 code unit; and a bit for every trigram and pair that is known.

    Bits of `packed`: 0-16 number of the letter, 17-19 kind, 20 small, 21 capital, 22 special, 23 an unusual ideograph, 24 a dash,
    25 an ASCII letter, 26 of a script that needs joiners, 27 a letter that is not ASCII, an ideograph, Hangul or a symbol, which
    letters may have become, 28 worth a closer look, 29 ideograph, Hangul or kana, 30 a vowel with a tone.
    """

    packed: NDArray[np.uint32]
    known: NDArray[np.uint8]


@cache
def tables() -> Tables:
    """The tables, loaded once in a process. Raises RuleError when `tables.bin` is not what it should be."""
    import zstandard

    path = rules.built_in() / "mojibake" / "tables.bin"
    try:
        _, _, data = zstandard.ZstdDecompressor().decompress(path.read_bytes()).partition(b"\n")
        packed = np.frombuffer(data, "<u4", 1 << 16).astype(np.uint32)
        known = np.frombuffer(data, np.uint8, offset=4 << 16)
        if len(known) != 1 << (_BITS - 3):
            raise ValueError("cut off")
    except (OSError, ValueError, zstandard.ZstdError) as error:
        raise RuleError(f"{path}: {error}", "reinstall corpus-cleanup") from None
    return Tables(packed, known)


def cipher() -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """(which four bytes, multiplied, begin a word in the cipher; those words with the spaces around them, eight bytes each)."""
    words = np.frombuffer(b"".join(f" {word} ".encode().ljust(8, b"\0") for word in CIPHERED), np.uint64)
    hints = np.zeros(1 << 14, np.uint8)
    hints[words.view(np.uint32)[::2] * np.uint32(0x9E3779B1) >> np.uint32(18)] = 1
    return hints, words


def build() -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """`packed` and `known`, as `tests/bench/compile_letters.py` puts them into `tables.bin`."""
    codes = np.frombuffer(language.letters().grams().encode("utf-32-le"), np.uint32)
    gap = codes == 32
    singles = codes[1:-1][gap[:-2] & gap[2:] & ~gap[1:-1]]
    kind = np.zeros(1 << 16, np.uint8)
    number = np.zeros(1 << 16, np.uint32)
    case = np.zeros(1 << 16, np.uint8)
    rare = np.zeros(1 << 16, np.bool_)
    _fill_letters(distinct(singles[singles < 1 << 16]), kind, number, case)
    _images(kind)
    _ideographs(kind, rare)
    number[(kind == SYMBOL) | np.isin(np.arange(1 << 16), [ord(char) for char in _SIGNS])] = (1 << 16) + 1
    known = np.zeros(1 << _BITS, np.bool_)
    start = np.flatnonzero(gap[:-4] & gap[4:] & ~gap[1:-3] & ~gap[2:-2] & ~gap[3:-1]) + 1
    number[ord("_")] = 0
    number[0xE01:0xE2F] = number[0xE01]  # Thai consonants: which follow which, across words that nothing parts, nobody knows
    known[spread(number[codes[start] & 0xFFFF], number[codes[start + 1] & 0xFFFF], number[codes[start + 2] & 0xFFFF])] = True
    # ß ends many German words, and German puts words together: after a vowel, anything can follow it.
    vowels, others = (
        np.array([number[ord(char)] for char in chars], np.uint32) for chars in ("aeiouyäöü", "_abcdefghijklmnopqrstuvwxyzäöü")
    )
    known[spread(vowels[:, None], number[[0xDF]][None, :], others[None, :])] = True
    pair = np.flatnonzero(gap[:-3] & gap[3:] & ~gap[1:-2] & ~gap[2:-1]) + 1
    _learn_thai(codes[pair], codes[pair + 1], number, known)
    pair = pair[(codes[pair] > 0x3040) & (codes[pair + 1] > 0x3040)]
    known[spread(codes[pair], codes[pair + 1], PAIR)] = True
    special, joins = (np.zeros(1 << 16, np.bool_) for _ in range(2))
    every = "".join(map(chr, range(1 << 16)))
    for flag, pattern in ((special, SPECIAL), (joins, JOINING)):
        flag[[match.start() for match in pattern.finditer(every)]] = True
    packed = number | kind.astype(np.uint32) << KIND | case.astype(np.uint32) << 20 | special * SPECIAL_BIT | rare * RARE
    packed = packed | joins * JOINS
    packed[[0x2013, 0x2014]] |= DASH
    packed[[code for code in range(128) if chr(code).isalpha()]] |= ASCII
    packed[[ord(char) for char in TONES]] |= TONE
    packed |= _flags(packed, kind)
    return packed.astype(np.uint32), known


def _learn_thai(
    first: NDArray[np.uint32], second: NDArray[np.uint32], number: NDArray[np.uint32], known: NDArray[np.bool_]
) -> None:
    """Thai does not part its words, and little is known of what follows what across them: two usual pairs are usual."""
    thai = (first >= 0xE00) & (first < 0xE80) & (second >= 0xE00) & (second < 0xE80)
    left, right = number[first[thai]], number[second[thai]]
    one, two = np.nonzero(right[:, None] == left[None, :])
    known[spread(left[one], right[one], right[two])] = True


def _flags(packed: NDArray[np.uint32], kind: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """What follows from the rest, and is asked of every character."""
    ideograph = (kind == EAST) & (np.arange(1 << 16) > 0x3400)
    letter = (kind == LETTER) & (packed & ASCII == 0)
    look = (kind == SYMBOL) | (kind == QUOTE) | (packed & (SPECIAL_BIT | DASH | RARE) != 0)
    flags: NDArray[np.uint32] = (letter | (kind == SYMBOL) | ideograph) * LETTERLIKE | look * LOOK | (kind == EAST) * EASTERN
    return flags


def _fill_letters(
    singles: NDArray[np.uint32], kind: NDArray[np.uint8], number: NDArray[np.uint32], case: NDArray[np.uint8]
) -> None:
    """Number the letters that `letters.tsv` knows, capitals like their small letters."""
    eastern = (singles >= 0x2E80) & (singles < 0xA000) | (singles >= 0xAC00) & (singles < 0xD7B0)  # most, and no letters here
    for index in np.flatnonzero(~eastern).tolist():
        code = int(singles[index])
        char = chr(code)
        if unicodedata.category(char)[0] in "LM" and language.script(char) not in ("CJK", "HANGUL"):
            number[code] = index + _FIRST
            kind[code] = LETTER
    alphabetic = np.fromiter(map(str.isalpha, map(chr, range(1 << 16))), np.bool_, 1 << 16)
    kind[alphabetic & (kind == 0)] = STRANGER
    for code in np.flatnonzero(alphabetic[:_CASED]).tolist():
        char = chr(code)
        case[code] = 1 if char.islower() else 2 if char.isupper() else 0
        if number[code] == 0:
            number[code] = number[ord(char.lower()[0])]
        if number[code]:
            kind[code] = LETTER


def _images(kind: NDArray[np.uint8]) -> None:
    """What misread bytes can look like: letters that no single-byte encoding has are no evidence; symbols of theirs are."""
    images = {char for name in codepages.SINGLE for char in codepages.decoding(name) if char > "\x7f"}
    for code in np.flatnonzero(kind == LETTER).tolist():
        if code > 127 and chr(code) not in images:
            kind[code] = STRANGER
    for char in images:
        if not char.isalpha() and unicodedata.category(char) not in ("Zs", "Pd", "Mn", "Mc", "Nd") and char not in "’‘…™№․،؛؟":
            kind[ord(char)] = SYMBOL
    for char in _QUOTES + _SIGNS:
        kind[ord(char)] = QUOTE
    kind[0x80:0xA0] = SYMBOL
    kind[0xFFFD] = SYMBOL
    kind[0xE000:0xF900] = SYMBOL  # private use
    kind[0xAD] = STRANGER  # a soft hyphen tells nothing about the letters beside it
    kind[0xB7] = NEUTRAL


def _ideographs(kind: NDArray[np.uint8], rare: NDArray[np.bool_]) -> None:
    """Ideographs, kana and Hangul; usual is what the national standards put on their first level."""
    for first, last in ((0x3041, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFF61, 0xFF9F)):
        kind[first : last + 1] = EAST
        rare[first : last + 1] = True
    rare[0x3041:0x3100] = False
    for name, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6), ("euc_jp", 0xB0, 0xCF), ("euc_kr", 0xB0, 0xC8)):
        data = bytes(byte for lead in range(first, last + 1) for trail in range(0xA1, 0xFF) for byte in (lead, trail))
        if name == "big5":
            data += bytes(byte for lead in range(first, last + 1) for trail in range(0x40, 0x7F) for byte in (lead, trail))
        rare[np.frombuffer(data.decode(name, "ignore").encode("utf-16-le"), np.uint16)] = False


def spread(a: NDArray[np.uint32], b: NDArray[np.uint32], c: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Places in `known`, spread evenly; with four million places, few trigrams pass for usual by chance."""
    mixed: NDArray[np.uint32] = a * np.uint32(0x9E3779B1) ^ b * np.uint32(0x85EBCA77) ^ c * np.uint32(0xC2B2AE3D)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x2C1B3C6D)
    mixed >>= np.uint32(32 - _BITS)
    return mixed
