"""Which lines of a batch of texts can need a repair of their encoding: decided in a few passes over the whole batch.

Three questions, all answered for all texts at once from the characters that are not ASCII and their neighbours. Could
ftfy change the line (`ftfy_prefilter`)? Does it hold a character that a repair of characters looks for? Is it odd, so that
another misreading is worth looking for: sequences that no language has, two alphabets in a word, symbols inside words?
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, cached_property, lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import rules
from cleanup.parse import letters as language
from cleanup.stages import codepages, ftfy_prefilter
from cleanup.stages.mojibake_characters import ENTITY, SPECIAL

_BITS = 22
_PAIR = np.array([1 << 20], np.uint32)  # in the place of the third letter
_NUMBER = np.uint32((1 << 17) - 1)
_KIND = np.uint32(17)
_SMALL, _CAPITAL, _SPECIAL, _RARE, _DASH, _ASCII = (np.uint32(1 << bit) for bit in range(20, 26))
_NEUTRAL, _LETTER, _SYMBOL, _EAST, _QUOTE, _STRANGER = range(6)
# Between two letters these are odd; apostrophes, hyphens, dashes and the Catalan dot are not. A letter beside one of the
# second group is odd too, though it would be well at the edge of a word.
_QUOTES = "“”„‚‹›«»•¿¡"
_SIGNS = "£€§©®½¼¾²³¹°ªº±µ¶¢¥÷×ﬁﬂ"


class _Tables(msgspec.Struct, frozen=True):
    """What there is to know of a character, packed, by UTF-16 code unit; and a flag for every trigram and pair that is known.

    Bits of `packed`: 0-16 number of the letter, 17-19 kind, 20 small, 21 capital, 22 special, 23 an unusual
    ideograph, 24 a dash, 25 an ASCII letter.
    """

    packed: NDArray[np.uint32]
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
    known = np.zeros(1 << _BITS, np.bool_)
    start = np.flatnonzero(gap[:-4] & gap[4:] & ~gap[1:-3] & ~gap[2:-2] & ~gap[3:-1]) + 1
    number[ord("_")] = 0
    known[_hash(number[codes[start] & 0xFFFF], number[codes[start + 1] & 0xFFFF], number[codes[start + 2] & 0xFFFF])] = True
    # ß ends many German words, and German puts words together: after a vowel, anything can follow it.
    vowels, others = (np.array([number[ord(char)] for char in chars], np.uint32) for chars in ("aeiouyäöü", "_abcdefghijklmnopqrstuvwxyzäöü"))
    known[_hash(vowels[:, None], number[[0xDF]][None, :], others[None, :])] = True
    pair = np.flatnonzero(gap[:-3] & gap[3:] & ~gap[1:-2] & ~gap[2:-1]) + 1
    pair = pair[(codes[pair] > 0x3040) & (codes[pair + 1] > 0x3040)]
    known[_hash(codes[pair], codes[pair + 1], _PAIR)] = True
    special = np.zeros(1 << 16, np.bool_)
    special[[code for code in range(1 << 16) if SPECIAL.match(chr(code))]] = True
    packed = number | kind.astype(np.uint32) << _KIND | case.astype(np.uint32) << 20 | special * _SPECIAL | rare * _RARE
    packed[[0x2013, 0x2014]] |= _DASH
    packed[[code for code in range(128) if chr(code).isalpha()]] |= _ASCII
    return _Tables(packed.astype(np.uint32), known)


def _letters(singles: NDArray[np.uint32], kind: NDArray[np.uint8], number: NDArray[np.uint32], case: NDArray[np.uint8]) -> None:
    """Number the letters that `letters.tsv` knows, capitals like their small letters."""
    for index, code in enumerate(singles.tolist(), 1):
        char = chr(code)
        if unicodedata.category(char)[0] in "LM" and language.script(char) not in ("CJK", "HANGUL"):
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
        if not char.isalpha() and unicodedata.category(char) not in ("Zs", "Pd", "Mn", "Mc", "Nd") and char not in "’‘…™№․،؛؟":
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


ODD, BAD, CHARACTERS = 1, 2, 4  # why a line is looked at


def lines(texts: Sequence[str]) -> list[dict[int, int]]:
    """For every text the numbers (from 0) of the lines that any repair of a line could change, never too few, and why."""
    out: list[dict[int, int]] = [{} for _ in texts]
    for chunk in _chunks(texts):
        for at, number, reason in _Scan([texts[index] for index in chunk]).lines():
            out[chunk[at]][number] = out[chunk[at]].get(number, 0) | reason
    plain = [index for index, text in enumerate(texts) if text.isascii()]
    if "\n".join([texts[index] for index in plain]).encode("ascii").translate(None, _CLEAN_ASCII):
        for index in plain:
            _note(out[index], texts[index], SPECIAL)
    for index, text in enumerate(texts):
        if "&" in text:
            _note(out[index], text, ENTITY)
    return out


def _note(found: dict[int, int], text: str, pattern: re.Pattern[str]) -> None:
    for match in pattern.finditer(text):
        number = text.count("\n", 0, match.start())
        found[number] = found.get(number, 0) | CHARACTERS


def _chunks(texts: Sequence[str]) -> Iterator[list[int]]:
    """Numbers of the texts that are not ASCII, in groups that are alike and not too large for the processor's cache."""
    chunks: tuple[list[int], list[int]] = [], []
    sizes = [0, 0]
    for index, text in enumerate(texts):
        if not text.isascii():
            some = text[100:164]
            dense = 2 * len(some.encode("utf-8", "replace")) > 3 * len(some)  # a guess: both ways give the same answer
            chunks[dense].append(index)
            sizes[dense] += len(text)
            if sizes[dense] > _CHUNK:
                yield chunks[dense].copy()
                chunks[dense].clear()
                sizes[dense] = 0
    yield from filter(None, chunks)


_CHUNK = 500_000  # characters
_CLEAN_ASCII = bytes(code for code in range(128) if not SPECIAL.match(chr(code)))


def odd_lines(texts: Sequence[str], strict: bool = False) -> list[list[int]]:
    """For every text the numbers (from 0) of its odd lines; strictly: of all lines with anything odd.

    >>> odd_lines(["clean café", "naïf\\nнаивный", "Le caf├й est fermé"])
    [[], [], [0]]
    """
    out: list[list[int]] = [[] for _ in texts]
    scan = _Scan(texts)
    for at, number in scan.numbered(scan.odd(strict)):
        out[at].append(number)
    return out


class _Scan:
    """Texts, one after the other, as UTF-16 code units, and what is known of those that are not plain ASCII."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        joined = "\n".join(["", *texts, ""])
        self.codes = np.frombuffer(joined.encode("utf-16-le", "surrogatepass"), np.uint16)
        # One comparison finds everything that is not printable ASCII: what is below 32 wraps around.
        found = np.flatnonzero(self.codes - np.uint16(32) > 94)
        values = self.codes[found]
        self.ends = found[values == 10]
        self.controls = found[(values < 32) & (values != 10) & (values != 9) & (values != 13) & (values != 12)]
        self.where = found[values > 126]
        packed = _tables().packed
        self.dense = 3 * len(self.where) > len(self.codes)
        if self.dense:
            # Looking at everything in one go costs less than picking; ASCII has a kind of its own and does not count.
            every = np.take(packed, self.codes, mode="clip")
            self.where = np.arange(1, len(self.codes) - 1)
            self.here, self.left, self.right = every[1:-1], every[:-2], every[2:]
        else:
            self.here, self.left, self.right = (np.take(packed, self.codes[self.where + step]) for step in (0, -1, 1))

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """The number of the first line of every text."""
        return np.cumsum([0, *(text.count("\n") + 1 for text in self.texts)])

    def lines(self) -> Iterator[tuple[int, int, int]]:
        """(text, line, reason) of everything that has to be looked at."""
        for found, reason in ((self.odd(strict=False), ODD), (self.special(), CHARACTERS)):
            for at, number in self.numbered(found):
                yield at, number, reason
        split: dict[int, list[str]] = {}
        for at, number in self.numbered(self.suspicious()):
            if at not in split:
                split[at] = self.texts[at].split("\n")
            if ftfy_prefilter.is_bad(split[at][number] + "\n"):  # the neighbours alone are not a match yet
                yield at, number, BAD

    def numbered(self, numbers: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """(text, line in the text) of lines that are numbered through."""
        if not len(numbers):
            return
        which = np.searchsorted(self.first, numbers, "right") - 1
        yield from zip(which.tolist(), (numbers - self.first[which]).tolist(), strict=True)

    def line(self, where: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers, through all texts, of the lines in which positions lie."""
        return np.searchsorted(self.ends, where) - 1

    def special(self) -> NDArray[np.int64]:
        """Lines with characters that a repair of characters looks for."""
        found = self.where[(self.here & _SPECIAL) != 0]
        if len(found):
            # Halves of a proper surrogate pair are an ordinary character.
            codes = self.codes[found]
            pair = ((codes & 0xFC00) == 0xD800) & ((self.codes[found + 1] & 0xFC00) == 0xDC00)
            pair |= ((codes & 0xFC00) == 0xDC00) & ((self.codes[found - 1] & 0xFC00) == 0xD800)
            found = found[~pair]
        return np.unique(self.line(np.concatenate([found, self.controls])))

    def suspicious(self) -> NDArray[np.int64]:
        """Lines with characters beside each other as ftfy's pattern asks for."""
        table = ftfy_prefilter.neighbours()
        if self.dense:
            classes = np.take(table.classes, self.codes, mode="clip")
            return np.unique(self.line(np.flatnonzero(table.suspicious(classes[:-1], classes[1:]))))
        here, left, right = (np.take(table.classes, self.codes[self.where + step]) for step in (0, -1, 1))
        return np.unique(self.line(self.where[table.suspicious(left, here) | table.suspicious(here, right)]))

    def odd(self, strict: bool) -> NDArray[np.int64]:
        """Odd lines."""
        weight, strange, unusual, follows = self._weights()
        at = np.flatnonzero((weight > 0) | strange | unusual)
        if not len(at):
            return np.zeros(0, np.int64)
        # Shares are counted in the lines that have anything odd, and only there; `groups`: where in `at` each begins.
        line = self.line(self.where[at])
        groups = np.flatnonzero(np.concatenate([[True], line[1:] != line[:-1]]))
        line = line[groups]
        total, odd, unknown = (np.add.reduceat(values[at].astype(np.int64), groups) for values in (weight, strange, unusual))
        spans = np.searchsorted(self.where, np.stack([self.ends[line], self.ends[line + 1]], axis=1).ravel())
        spans[-1] = min(spans[-1], len(self.where) - 1)
        kind = self.here >> _KIND & np.uint32(7)

        def count(values: NDArray[np.bool_]) -> NDArray[np.int64]:
            return np.add.reduceat(values.view(np.uint8), spans, dtype=np.int64)[::2]

        letters = count((kind == _LETTER) & ((self.here & _ASCII) == 0) | (kind == _SYMBOL))
        flagged = (total > 0) & (strict | (letters <= _FEW) | ((total > 1) & (total * _SHARE >= letters)))
        if follows.any():
            pairs = count(follows)
            flagged |= (odd > 0) & (strict | (4 * odd >= count(kind == _EAST)))
            flagged |= (pairs > 4) & (unknown >= 0.9 * pairs)
        else:
            flagged |= odd > 0
        return line[flagged]

    def _weights(self) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """For every character that is not ASCII how odd it is among letters; of ideographs whether they, and pairs, are odd."""
        here, left, right = self.here, self.left, self.right
        kind, before, after = (one >> _KIND & np.uint32(7) for one in (here, left, right))
        small = (left & _SMALL) != 0
        letter = (kind == _LETTER) & ((here & _ASCII) == 0)
        mixed = (small & ((here & _CAPITAL) != 0)) | (((here & _SMALL) != 0) & ((right & _CAPITAL) != 0))
        plain = (before != _STRANGER) & (after != _STRANGER)
        weight = (letter & plain & (mixed | ~_known(left & _NUMBER, here & _NUMBER, right & _NUMBER))).astype(np.uint8)
        rest = np.flatnonzero((kind == _SYMBOL) | (kind == _QUOTE))
        if len(rest):
            weight[rest] += self._signs(rest)
        weight += letter & ((left & right & _DASH) != 0)
        east = kind == _EAST
        if not east.any():
            return weight, east, east, east
        strange = east & (((here & _RARE) != 0) | (((left | right) & _ASCII) != 0))
        codes, following = self.codes[self.where].astype(np.uint32), self.codes[self.where + 1].astype(np.uint32)
        follows = east & (after == _EAST) & (codes > 0x3400) & (following > 0x3400)  # kana are the same in many encodings
        return weight, strange, follows & ~_known(codes, following, _PAIR), follows

    def _signs(self, at: NDArray[np.int64]) -> NDArray[np.uint8]:
        """How odd symbols and quotes are where they stand."""
        here, left, right = self.here[at], self.left[at], self.right[at]
        symbol = here >> _KIND & np.uint32(7) == _SYMBOL
        beside = _BESIDE[left >> _KIND & np.uint32(7)] | _BESIDE[right >> _KIND & np.uint32(7)]
        weight = 2 * (symbol & beside).astype(np.uint8)
        code = self.codes[self.where[at]]
        small = (left & _SMALL) != 0
        weight += ~symbol & small & ((right & _SMALL) != 0)
        weight += ((code == 0xBC) | (code == 0xBE)) & ((left & (_SMALL | _CAPITAL)) != 0)
        weight += ((code == 0x201E) | (code == 0x201A)) & small  # an opening quote at the end of a word
        return weight


_SHARE = 12  # one odd letter among so many that are not ASCII makes a line odd, if it is not the only one
_FEW = 3  # a single odd letter is enough in a line that has no more than so many
_BESIDE = np.array([kind in (_LETTER, _SYMBOL, _EAST) for kind in range(8)])
_C1 = re.compile("[\x80-\x9f]")


def _known(a: NDArray[np.uint32], b: NDArray[np.uint32], c: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return np.take(_tables().known, _hash(a, b, c), mode="clip")  # "clip" spares a check that cannot fail


def is_odd(line: str) -> bool:
    """`odd_lines` of one line."""
    return not line.isascii() and bool(odd_lines([line])[0])


def is_fine(line: str) -> bool:
    """Whether nothing at all is odd in the words of a line: much more than that the line is not odd."""
    return line.isascii() or not any(_is_odd_word(word) for word in line.split(" ") if not word.isascii())


@lru_cache(1 << 16)
def _is_odd_word(word: str) -> bool:
    return bool(odd_lines([word], strict=True)[0])


def has_c1(line: str) -> bool:
    """Whether there are C1 controls, which nobody writes."""
    return _C1.search(line) is not None
