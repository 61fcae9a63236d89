"""A first look at all lines of a batch: their bytes, one line after the other, which a few NumPy passes go over.

What the passes say is never too little: a line that they pass over needs no closer look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cleanup.stages.boilerplate_lines import SHORT, Bools, Ints

STUB = 32  # characters of either end of a line that is too long for any rule
WINDOW = 8  # bytes that are read at once
GRAM = 4  # bytes by which most pieces are found
NEVER = np.iinfo(np.int64).max  # words of a line that is too long
_LOWER = bytes(code + 32 if 65 <= code <= 90 else code for code in range(256))
_COMMON = b"0123456789qzjxkvbywgpfmucdlhrsnioate'\"-,. "  # bytes of which lines have many, the most common last
_MIX = np.uint32(0x9E3779B1)
_MIX_WIDE = np.uint64(0x9E3779B97F4A7C15)
_BITS = 16  # of the number by which a table is looked up in
_MASKS = np.array([(1 << (8 * size)) - 1 for size in range(1, WINDOW)] + [(1 << 64) - 1], np.uint64)  # the first bytes
_QUOTES = (b'"', "“".encode(), "‘".encode(), "„".encode(), "«".encode())

Grams = npt.NDArray[np.uint32]
Windows = npt.NDArray[np.uint64]
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
        self.words: Ints = np.diff(np.searchsorted(np.flatnonzero(self.data == 32), breaks)) + 1
        self.words[self.chars > SHORT] = NEVER

    def rows(self, places: Ints) -> Ints:
        """The line of each place in the bytes."""
        return np.searchsorted(self.end, places)

    @property
    def grams(self) -> Grams:
        """The four bytes from each byte on."""
        return np.ndarray((len(self.bytes) - WINDOW,), "<u4", self.bytes, 0, (1,))

    @property
    def windows(self) -> Windows:
        """The eight bytes from each byte on."""
        return np.ndarray((len(self.bytes) - WINDOW + 1,), "<u8", self.bytes, 0, (1,))


class Piece(NamedTuple):
    """One way to write a piece of a word, and where in it the bytes are by which it is found."""

    form: bytes
    offset: int
    need: str


class Pieces:
    """Pieces of words, of which a rule needs one somewhere in a line, all looked for at once. Immutable once made.

    One in ASCII is found by its least common four bytes, or by a single byte when it is shorter; any other by what stands
    from its first other letter on.
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        """`limits`: for each piece the most words of a line in which it says anything."""
        self._by: dict[bytes, list[Piece]] = {}
        most: dict[bytes, int] = {}
        for need, limit in sorted(limits.items()):
            for form in _ways(need):
                at, keys = _anchor(form)
                for key in keys:
                    self._by.setdefault(key, []).append(Piece(form, at, need))
                    most[key] = max(most.get(key, 0), limit)
        self._single = bytes(code < 128 and bytes([code]) in most for code in range(256))
        self._narrow = _Limits({key: limit for key, limit in most.items() if len(key) == GRAM and key[0] < 128}, np.uint32)
        self._wide = _Limits({key: limit for key, limit in most.items() if key[0] >= 128}, np.uint32)

    def find(self, glance: Glance) -> dict[int, list[str]]:
        """The pieces that each line holds, in the order in which they end; lines without any are left out."""
        found: dict[int, set[tuple[int, int, str]]] = {}
        text, by = glance.bytes, self._by
        for places, sizes in self._places(glance):
            for place, row in zip(places.tolist(), glance.rows(places).tolist(), strict=True):
                for size in sizes:
                    for form, offset, need in by.get(text[place : place + size], ()):
                        begin = place - offset
                        if text.startswith(form, begin):
                            found.setdefault(row, set()).add((begin + len(form), begin, need))
        return {row: list(dict.fromkeys(need for _, _, need in sorted(found[row]))) for row in sorted(found)}

    def _places(self, glance: Glance) -> Iterator[tuple[Ints, tuple[int, ...]]]:
        """Where a piece may be, and how many bytes there say which."""
        grams = glance.grams
        places = np.flatnonzero(self._narrow.holds(grams))
        yield places[glance.words[glance.rows(places)] <= self._narrow.of(grams[places])], (GRAM,)
        single = np.flatnonzero(np.frombuffer(glance.bytes.translate(self._single), np.bool_))
        yield single[glance.words[glance.rows(single)] < NEVER], (1,)
        places = np.flatnonzero(glance.data >= 0xC0)
        starts = grams[places]
        limit = np.maximum.reduce([self._wide.of(starts & np.uint32(mask)) for mask in (0xFFFFFFFF, 0xFFFFFF, 0xFFFF)])
        yield places[glance.words[glance.rows(places)] <= limit], (4, 3, 2)


class Heads:
    """Beginnings of normal forms, by which most lines are told to match no rule. Immutable once made."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        """`limits`: for each form, behind which a word has to end, the most words of a line in which it says anything."""
        most: dict[bytes, int] = {}
        for form, limit in limits.items():
            head = f"{form} "[:WINDOW]  # what is not plain in it no plain line starts with
            if head.replace(" ", "").isalpha() and head.isascii():
                most[head.encode()] = max(most.get(head.encode(), 0), limit)
        self._most = _Limits(most, np.uint64)
        self._masks = _MASKS[sorted({len(head) - 1 for head in most})]

    def find(self, glance: Glance) -> Ints:
        """The lines that may start so: those that are known to, and all that are not plain.

        A plain line starts, but for a quotation mark, with ASCII letters and single spaces, as its normal form does.
        """
        start = glance.start.copy()
        opening = glance.grams[start]
        for quote in _QUOTES:
            start[opening & np.uint32(_MASKS[len(quote) - 1]) == np.uint32(int.from_bytes(quote, "little"))] += len(quote)
        head = glance.data[start[:, None] + np.arange(WINDOW + 1)]
        letter = (head >= 97) & (head <= 122)
        space = head == 32
        plain = letter[:, 0] & (letter | space)[:, :WINDOW].all(axis=1) & (head[:, WINDOW] < 128)
        plain &= ~(space[:, 1:] & space[:, :-1]).any(axis=1)
        short = glance.words < NEVER
        rows = np.flatnonzero(plain & short)
        limit = self._most.of(glance.windows[start[rows]][:, None] & self._masks).max(axis=1, initial=0)
        return np.concatenate([rows[glance.words[rows] <= limit], np.flatnonzero(~plain & short)])


class _Limits:
    """The largest limit of all beginnings with the same hash; 0 where there is none."""

    def __init__(self, limits: Mapping[bytes, int], number: type[np.unsignedinteger[Any]]) -> None:
        keys = np.array([int.from_bytes(key, "little") for key in limits], number)
        self._limit = np.zeros(1 << _BITS, np.int64)
        np.maximum.at(self._limit, _slots(keys), np.fromiter(limits.values(), np.int64, len(limits)))
        self._any = self._limit > 0

    def holds(self, numbers: Numbers) -> Bools:
        """Whether there is a limit."""
        return self._any.take(_slots(numbers), mode="wrap")

    def of(self, numbers: Numbers) -> Ints:
        """The limits."""
        return self._limit.take(_slots(numbers), mode="wrap")


def _slots(numbers: Numbers) -> Numbers:
    wide = numbers.dtype == np.uint64
    slots = numbers * (_MIX_WIDE if wide else _MIX)
    slots >>= numbers.dtype.type(8 * numbers.itemsize - _BITS)
    return slots


def _ways(need: str) -> set[bytes]:
    """How a piece may be written: in any case where it is ASCII, else as it is, in capitals, or with them at its starts."""
    forms = {need} if need.isascii() else {need, need.upper(), need.capitalize(), need.title()}
    return {form.encode("utf-8", "surrogatepass").translate(_LOWER) for form in forms if form and "\n" not in form}


def _anchor(form: bytes) -> tuple[int, list[bytes]]:
    """Where in a form the bytes are by which it is found, and what they are: one way or, with any byte behind, several."""
    wide = next((at for at, code in enumerate(form) if code >= 128), None)
    if wide is not None:
        return wide, [form[wide : wide + GRAM]]
    if len(form) >= GRAM:
        at = min(range(len(form) - GRAM + 1), key=lambda at: sum(map(_COMMON.find, form[at : at + GRAM])))
        return at, [form[at : at + GRAM]]
    at = min(range(len(form)), key=lambda at: _COMMON.find(form[at]))
    if len(form) == GRAM - 1 and form[at] in _COMMON:
        return 0, [form + bytes([code]) for code in range(256)]
    return at, [form[at : at + 1]]
