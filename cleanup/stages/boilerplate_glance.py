"""A first look at all lines of a batch: their bytes, one line after the other, which a few NumPy passes go over.

What the passes say is never too little: a line that they pass over needs no closer look.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from cleanup.stages.boilerplate_lines import (
    CLOSERS,
    LONG_CHARS,
    LONG_WORD,
    LONG_WORDS,
    SHORT,
    Bools,
    Ints,
    is_sentence,
    line_words,
)
from cleanup.stages.boilerplate_rules import normal

STUB = 32  # characters of either end of a line that is too long for any rule
GRAM = 4  # bytes by which most pieces of words are found,
TRIPLE = 3  # .. by which others are,
WINDOW = 8  # and by which they are told apart
OPENING = 6  # bytes of a line by which most are told to match no rule,
HEAD = 10  # symbols of a normal form by which others are,
HEAD_CHARS = 24  # which so many characters of a line most often give
GRAM_BITS, LIMIT_BITS = 18, 20  # of the hashes by which tables are looked up in
BLOCK = 1 << 16  # bytes that are looked at together: what memory hands out at once, and the processor's cache holds
UNLIMITED, NEVER = 254, 255  # more words than a line has that is read, and those of one that is too long
ONE, MORE = 1, 2  # whether a byte is a sign, or may begin one
ODD, SPACE, NUMBER = 0, ord(" "), ord("#")
LETTERS = 26
WIDE = np.uint64(0x8080808080808080)  # of bytes beyond ASCII
_LOWER = bytes(code + 32 if 65 <= code <= 90 else code for code in range(256))
_COMMON = b"0123456789qzjxkvbywgpfmucdlhrsnioate'\"-,. "  # bytes of which lines have many, the most common last
_RANKS = [_COMMON.find(code) for code in range(256)]
_Number = TypeVar("_Number", np.uint32, np.uint64)
_MIX = np.uint32(0x9E3779B1)
_MIX_WIDE = np.uint64(0x9E3779B97F4A7C15)

Grams = npt.NDArray[np.uint32]
Words = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.unsignedinteger[Any]]


class Glance:
    """Lines (stripped, without breaks in them) as bytes, ASCII letters in lower case; of long ones only both ends.

    All arrays have one entry a line.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.chars: Ints = np.fromiter(map(len, lines), np.int64, len(lines))
        parts = [line if len(line) <= SHORT else f"{line[:STUB]} {line[-STUB:]}" for line in lines]
        text = "\n".join(["", *parts, ""]).encode("utf-8", "surrogatepass")
        self.bytes = text.translate(_LOWER) + bytes(WINDOW)
        self.data = np.frombuffer(self.bytes, np.uint8)
        breaks = np.flatnonzero(self.data == 10)
        self.start: Ints = breaks[:-1] + 1  # of its bytes
        self.end: Ints = breaks[1:]
        # Words as spaces tell them: never more than a rule counts, and too many for any rule where the line is too long.
        spaces = np.flatnonzero(self.data == SPACE)
        self.words: Words = (np.diff(np.searchsorted(spaces, breaks)) + 1).astype(np.uint8)
        self.words[self.chars > SHORT] = NEVER

    @cached_property
    def shape(self) -> tuple[Ints, Bools, Bools]:
        """Of each line its words, whether it ends as a sentence does, and whether it is a paragraph: as a `Page` says."""
        count = np.where(self.words == NEVER, self.chars // LONG_WORD, self.words)
        for row in np.flatnonzero((self.end - self.start >= 2 * self.chars) & (self.words < NEVER)).tolist():
            count[row] = line_words(self.lines[row])  # in a script of wide characters
        ends = _endings()[self.data[self.end - 1]]
        sentence = ends == ONE
        for row in np.flatnonzero(ends == MORE).tolist():
            sentence[row] = is_sentence(self.lines[row])
        return count, sentence, (self.chars >= LONG_CHARS) & (count >= LONG_WORDS) & sentence

    def rows(self, places: Ints) -> Ints:
        """The line of each place in the bytes."""
        return np.searchsorted(self.end, places)

    @cached_property
    def grams(self) -> Grams:
        """The four bytes from each byte on."""
        return np.ndarray((len(self.bytes) - WINDOW,), "<u4", self.bytes, 0, (1,))

    @property
    def windows(self) -> npt.NDArray[np.uint64]:
        """The eight bytes from each byte on."""
        return np.ndarray((len(self.bytes) - WINDOW + 1,), "<u8", self.bytes, 0, (1,))


class Piece(NamedTuple):
    """One way to write a piece of a word, and where in it the bytes are by which it is found."""

    form: bytes
    offset: int
    need: str


class Pieces:
    """Pieces of words, of which a rule needs one somewhere in a line, all looked for at once. Immutable once made.

    One in ASCII is found by its least common four bytes, or by a single byte when it is shorter; any other by its first byte
    beyond ASCII. What stands there then has to go on as the piece does.
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        """`limits`: for each piece the most words of a line in which it says anything."""
        self._by: dict[bytes, list[Piece]] = {}
        most: dict[bytes, int] = {}
        grams: set[bytes] = set()
        others: set[bytes] = set()
        begins = bytearray(256)
        for need, limit in sorted(limits.items()):
            for form in _ways(need):
                at, narrow = _anchor(form)
                tail = form[at : at + WINDOW]
                self._by.setdefault(tail, []).append(Piece(form, at, need))
                most[tail] = max(most.get(tail, 0), limit)
                grams.update(narrow)
                if not narrow:
                    begins[tail[0]] = max(begins[tail[0]], ONE if len(tail) == 1 else MORE)
                    others.update(tail[:TRIPLE] + bytes([code]) * (TRIPLE - len(tail)) for code in range(256))
        self._begins = bytes(begins)
        self._narrow = _among(grams)
        self._others = _among(others)
        self._most = _Limits(_numbers(most, np.uint64), most.values())
        self._sizes = sorted(set(map(len, most)))
        self._masks = np.array([(1 << 8 * size) - 1 for size in self._sizes], np.uint64)

    def find(self, glance: Glance) -> dict[int, list[str]]:
        """The pieces that each line holds, in the order in which they end; lines without any are left out."""
        places = np.concatenate([*self._of_grams(glance.grams), self._of_others(glance)])
        rows = glance.rows(places)
        limit = self._most.of(glance.windows[places][:, None] & self._masks)
        fits, sizes = np.nonzero(glance.words[rows][:, None] <= limit)
        found: dict[int, set[tuple[int, int, str]]] = {}
        text = glance.bytes
        for place, row, size in zip(places[fits].tolist(), rows[fits].tolist(), sizes.tolist(), strict=True):
            for form, offset, need in self._by.get(text[place : place + self._sizes[size]], ()):
                begin = place - offset
                if text.startswith(form, begin):
                    found.setdefault(row, set()).add((begin + len(form), begin, need))
        return {row: list(dict.fromkeys(need for _, _, need in sorted(found[row]))) for row in sorted(found)}

    def _of_grams(self, grams: Grams) -> Iterator[Ints]:
        """Where a piece in ASCII may be."""
        for begin in range(0, len(grams), BLOCK):
            yield begin + np.flatnonzero(self._narrow.take(_slots(grams[begin : begin + BLOCK], GRAM_BITS), mode="wrap"))

    def _of_others(self, glance: Glance) -> Ints:
        """Where any other piece may be."""
        flags = np.frombuffer(glance.bytes.translate(self._begins), np.uint8)
        places: Ints = np.flatnonzero(flags != 0)
        known: Bools = self._others.take(_slots(glance.grams[places] & np.uint32(0xFFFFFF), GRAM_BITS), mode="wrap")
        found: Ints = places[known | (flags[places] == ONE)]
        return found


class Heads:
    """Beginnings of normal forms, by which most lines are told to match no rule. Immutable once made."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        """`limits`: for each beginning of a normal form with a space behind it, the most words of a line that it says anything
        about."""
        most: dict[str, int] = {}
        for form, limit in limits.items():
            most[form[:HEAD]] = max(most.get(form[:HEAD], 0), limit)
        keys = np.zeros((len(most), HEAD), np.uint64)
        for at, form in enumerate(most):
            keys[at, : len(form)] = [ord(char) for char in form]
        sizes = np.fromiter(map(len, most), np.int64, len(most))
        numbers = np.stack(list(_running(keys.T)))[sizes - 1, np.arange(len(most))]
        self._most = _Limits(numbers, most.values())
        openings: dict[bytes, int] = {}
        for form, limit in limits.items():
            opening = form.encode()[:OPENING]
            openings[opening] = max(openings.get(opening, 0), limit)
        self._openings = _Limits(_numbers(openings, np.uint64), openings.values())
        self._masks = [np.uint64((1 << 8 * size) - 1) for size in sorted(set(map(len, openings)))]

    def find(self, glance: Glance) -> Ints:
        """The lines that may start so: those that are known to, and all of which the normal form is not told at a glance."""
        rows: Ints = np.flatnonzero((glance.words < NEVER) & self._open(glance))
        unclear, starts = _starts([glance.lines[row] for row in rows.tolist()])
        limit = np.zeros(len(rows), np.uint8)
        for hashes in starts:
            np.maximum(limit, self._most.of(hashes), out=limit)
        found: Ints = rows[unclear | (glance.words[rows] <= limit)]
        return found

    def _open(self, glance: Glance) -> Bools:
        """Which lines start with bytes that a beginning has, or with any but letters and single spaces."""
        begins = glance.windows[glance.start]
        limit = np.zeros(len(begins), np.uint8)
        for mask in self._masks:
            np.maximum(limit, self._openings.of(begins & mask), out=limit)
        codes = glance.data[glance.start + np.arange(OPENING)[:, None]]
        space = codes == SPACE
        plain: Bools = (space | (codes - np.uint8(ord("a")) < LETTERS)).all(axis=0) & ~(space[1:] & space[:-1]).any(axis=0)
        found: Bools = ~plain | (begins & WIDE != 0) | (glance.words <= limit)
        return found


def _starts(lines: Sequence[str]) -> tuple[Bools, Sequence[Hashes]]:
    """Of the normal form's start: whether it is not told at a glance; hashes of its first symbol, first two, and so on."""
    codes = np.array(lines, f"U{HEAD_CHARS}").view(np.uint32).reshape(-1, HEAD_CHARS)
    symbols = _symbols().take(codes.T, mode="clip")  # a row for each character
    odd, space, number = symbols == ODD, symbols == SPACE, symbols == NUMBER
    told = ~odd
    told[0] &= ~space[0]
    told[1:] &= ~((space[1:] & space[:-1]) | (number[1:] & number[:-1]))
    count = np.cumsum(told, axis=0, dtype=np.uint8)
    # Numbers have signs in them, and stand apart from letters: not told here.
    unclear = (odd & (count <= HEAD)).any(axis=0) | ((count[-1] <= HEAD) & (np.fromiter(map(len, lines), np.int64) > HEAD_CHARS))
    unclear |= ((number[1:] != number[:-1]) & ~space[1:] & ~space[:-1]).any(axis=0)
    unclear |= (number[2:] & space[1:-1] & number[:-2]).any(axis=0)
    char, line = np.nonzero(told & (count <= HEAD))
    head = np.zeros((HEAD, len(codes)), np.uint64)
    head[count[char, line] - 1, line] = symbols[char, line]
    return unclear, list(_running(head))


@cache
def _endings() -> npt.NDArray[np.uint8]:
    """Of the last byte of a line: whether a sentence ends with it (ONE), or may (MORE)."""
    table = np.zeros(256, np.uint8)
    for code in range(256):
        table[code] = MORE if code >= 128 or chr(code) in CLOSERS else is_sentence(chr(code))
    return table


@cache
def _symbols() -> npt.NDArray[np.uint16]:
    """For each character of the basic plane, and whatever is beyond, what becomes of it in a normal form: a letter, SPACE,
    NUMBER, or ODD where that depends on its neighbours or is not looked up."""
    table = np.full(1 << 16, ODD, np.uint16)
    for first, last in ((0, 0x2E7F), (0x3000, 0x30FF), (0xFE30, 0xFE6F), (0xFF00, 0xFF65)):
        for code in range(first, last + 1):
            form = normal(chr(code))
            if len(form) <= 1 and code != NUMBER and unicodedata.category(chr(code))[0] != "M":
                table[code] = ord(form or " ")
    for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3)):
        table[first : last + 1] = np.arange(first, last + 1)
    table[0x1100:0x1200] = ODD  # Korean letters, which become syllables
    return table


def _running(head: Hashes) -> Iterator[Hashes]:
    """Hashes of the first symbol of each column, of the first two, and so on."""
    found = np.zeros(head.shape[1], np.uint64)
    for symbols in head:
        found += symbols
        found *= _MIX_WIDE
        yield found.copy()


class _Limits:
    """The largest limit of all numbers with the same hash; 0 where there is none."""

    def __init__(self, numbers: npt.NDArray[np.uint64], limits: Iterable[int]) -> None:
        self._limit = np.zeros(1 << LIMIT_BITS, np.uint8)
        capped = np.array([min(limit, UNLIMITED) for limit in limits], np.uint8)
        np.maximum.at(self._limit, _slots(numbers, LIMIT_BITS), capped)

    def of(self, numbers: npt.NDArray[np.uint64]) -> Words:
        """The limits."""
        return self._limit.take(_slots(numbers, LIMIT_BITS), mode="wrap")


def _slots(numbers: Numbers, bits: int) -> Numbers:
    """Hashes of so many bits."""
    slots = numbers * (_MIX_WIDE if numbers.dtype == np.uint64 else _MIX)
    slots >>= numbers.dtype.type(8 * numbers.itemsize - bits)
    return slots


def _among(keys: Iterable[bytes]) -> Bools:
    """Of all hashes those of some bytes."""
    found = np.zeros(1 << GRAM_BITS, bool)
    found[_slots(_numbers(keys, np.uint32), GRAM_BITS)] = True
    return found


def _numbers(keys: Iterable[bytes], kind: type[_Number]) -> npt.NDArray[_Number]:
    return np.array([int.from_bytes(key, "little") for key in keys], kind)


def _ways(need: str) -> set[bytes]:
    """How a piece may be written: in any case where it is ASCII, else as it is, in capitals, or with them at its starts."""
    forms = {need} if need.isascii() else {need, need.upper(), need.capitalize(), need.title()}
    return {form.encode("utf-8", "surrogatepass").translate(_LOWER) for form in forms if form and "\n" not in form}


def _anchor(form: bytes) -> tuple[int, list[bytes]]:
    """Where in a form the bytes are by which it is found, and what those four are; none where the first of them says enough."""
    wide = next((at for at, code in enumerate(form) if code >= 128), None)
    if wide is not None:
        return wide, []
    if len(form) >= GRAM:
        ranks = [_RANKS[code] for code in form]
        at = min(range(len(form) - GRAM + 1), key=lambda at: sum(ranks[at : at + GRAM]))
        return at, [form[at : at + GRAM]]
    at = min(range(len(form)), key=lambda at: _RANKS[form[at]])
    if len(form) == GRAM - 1 and form[at] in _COMMON:
        return 0, [form + bytes([code]) for code in range(256)]  # whatever stands behind
    return at, []
