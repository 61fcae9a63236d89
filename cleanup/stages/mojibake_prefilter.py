"""Which lines of a batch of texts can need a repair: decided in a few passes over the whole batch.

Three questions, all answered for all texts at once from the characters that are not ASCII and their neighbours. Could
ftfy change the line (`ftfy_prefilter`)? Does it hold a character that a repair of characters looks for? Is it odd, so that
another misreading is worth looking for: sequences that no language has, two alphabets in a word, symbols inside words?
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from cleanup.stages import ftfy_prefilter
from cleanup.stages import mojibake_tables as tables
from cleanup.stages.mojibake_characters import ENTITY, SPECIAL

ODD, BAD, CHARACTERS = 1, 2, 4  # why a line is looked at
SHARE = 12  # one odd letter among so many that are not ASCII makes a line odd, if it is not the only one
FEW = 3  # a single odd letter is enough in a line that has no more than so many
_CHUNK = 500_000  # characters of texts that are looked at together
_ASTRAL = 0xD83D  # stands for everything beyond the basic plane, of which nothing is known here
_BESIDE = np.array([kind in (tables.LETTER, tables.SYMBOL, tables.EAST) for kind in range(8)])
_CLEAN = bytes(code for code in range(128) if not SPECIAL.match(chr(code)))
_C1 = re.compile("[\x80-\x9f]")


def lines(texts: Sequence[str]) -> list[dict[int, int]]:
    """For every text the numbers (from 0) of the lines that any repair of a line could change, never too few, and why."""
    out: list[dict[int, int]] = [{} for _ in texts]
    for chunk, dense in _chunks(texts):
        for at, number, reason in Scan([texts[index] for index in chunk], dense).lines():
            out[chunk[at]][number] = out[chunk[at]].get(number, 0) | reason
    plain = [index for index, text in enumerate(texts) if text.isascii()]
    if "\n".join([texts[index] for index in plain]).encode("ascii").translate(None, _CLEAN):
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


def _chunks(texts: Sequence[str]) -> Iterator[tuple[list[int], bool]]:
    """Numbers of the texts that are not ASCII, in groups that fit the processor's cache; whether they have little ASCII."""
    chunks: tuple[list[int], list[int]] = [], []
    sizes = [0, 0]
    for index, text in enumerate(texts):
        if not text.isascii():
            some = text[100:164]
            dense = 2 * len(some.encode("utf-8", "replace")) > 3 * len(some)  # a guess: both ways give the same answer
            chunks[dense].append(index)
            sizes[dense] += len(text)
            if sizes[dense] > _CHUNK:
                yield chunks[dense].copy(), dense
                chunks[dense].clear()
                sizes[dense] = 0
    for dense in (False, True):
        if chunks[dense]:
            yield chunks[dense], dense


def odd_lines(texts: Sequence[str], strict: bool = False, dense: bool = False) -> list[list[int]]:
    """For every text the numbers (from 0) of its odd lines; strictly: of all lines with anything odd.

    >>> odd_lines(["clean café", "naïf\\nнаивный", "Le caf├й est fermé"])
    [[], [], [0]]
    """
    out: list[list[int]] = [[] for _ in texts]
    scan = Scan(texts, dense)
    for at, number in scan.numbered(scan.odd(strict)):
        out[at].append(number)
    return out


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


class Scan:
    """Texts, one after the other, and their characters outside ASCII.

    `where` they are in the joined text, their UTF-16 code units `here` and those of their neighbours, and what the tables
    know of all three. With little ASCII every character is looked at, which is quicker than to pick some.
    """

    def __init__(self, texts: Sequence[str], dense: bool = False) -> None:
        self.texts = texts
        self.dense = dense or not self._sparse()
        packed = tables.tables().packed
        if self.dense:
            self._dense()
            every = np.take(packed, self.codes, mode="clip")
            self.here, self.left, self.right = every[1:-1], every[:-2], every[2:]
        else:
            self.here, self.left, self.right = (np.take(packed, units, mode="clip") for units in self.units)

    def _dense(self) -> None:
        joined = "\n".join(["", *self.texts, ""])
        self.codes = np.frombuffer(joined.encode("utf-16-le", "surrogatepass"), np.uint16)
        self._breaks(np.flatnonzero((self.codes < 32) | (self.codes == 127)), self.codes)
        self.where = np.arange(1, len(self.codes) - 1)
        self.units = self.codes[1:-1], self.codes[:-2], self.codes[2:]

    def _sparse(self) -> bool:
        """Pick what is not ASCII out of UTF-8, which Python keeps and NumPy reads a byte a character; False: not possible."""
        try:
            joined = b"\n".join([b"", *(text.encode() for text in self.texts), b""])
        except UnicodeEncodeError:
            return False
        data = np.frombuffer(joined, np.uint8)
        # One comparison finds everything that is not printable ASCII: what is below 32 wraps around.
        found = np.flatnonzero(data - np.uint8(32) > 94)
        values = data[found]
        self._breaks(found[values < 128], data)
        self.where = found[values >= 0xC0]
        first = data[self.where].astype(np.uint16)
        second, third = (data[self.where + step].astype(np.uint16) & 0x3F for step in (1, 2))
        codes = np.where(first < 0xE0, (first & 0x1F) << 6 | second, (first & 0x0F) << 12 | second << 6 | third)
        codes[first >= 0xF0] = _ASTRAL
        ends = self.where + 2 + (first >= 0xE0) + (first >= 0xF0)
        left, right = data[self.where - 1].astype(np.uint16), data[ends].astype(np.uint16)
        # A neighbour outside ASCII is the one that was found before or after.
        left = np.where(left < 128, left, np.concatenate([codes[:1], codes[:-1]]))
        right = np.where(right < 128, right, np.concatenate([codes[1:], codes[-1:]]))
        self.codes = codes
        self.units = codes, left, right
        return True

    def _breaks(self, low: NDArray[np.int64], data: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
        """Where lines end, and where controls are that text does not have, among characters below 32 and DEL."""
        values = data[low]
        self.ends = low[values == 10]
        self.controls = low[(values != 10) & (values != 9) & (values != 13) & (values != 12)]

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
            # The neighbours alone are not a match yet. ftfy sees a line with its end.
            if ftfy_prefilter.is_bad(split[at][number] + "\n" * (number + 1 < len(split[at]))):
                yield at, number, BAD

    def numbered(self, numbers: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """(text, line in the text) of lines that are numbered through."""
        if len(numbers):
            which = np.searchsorted(self.first, numbers, "right") - 1
            yield from zip(which.tolist(), (numbers - self.first[which]).tolist(), strict=True)

    def line(self, where: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers, through all texts, of the lines in which positions lie."""
        return np.searchsorted(self.ends, where) - 1

    def special(self) -> NDArray[np.int64]:
        """Lines with characters that a repair of characters looks for."""
        at = np.flatnonzero(self.here & tables.SPECIAL_BIT)
        if len(at):
            # Halves of a proper surrogate pair are an ordinary character, and the stand-in for one has no other half.
            codes, left, right = (units[at] for units in self.units)
            pair = ((codes & 0xFC00) == 0xD800) & (((right & 0xFC00) == 0xDC00) | (not self.dense))
            at = at[~(pair | (((codes & 0xFC00) == 0xDC00) & ((left & 0xFC00) == 0xD800)))]
        return np.unique(self.line(np.concatenate([self.where[at], self.controls])))

    def suspicious(self) -> NDArray[np.int64]:
        """Lines with characters beside each other as ftfy's pattern asks for."""
        table = ftfy_prefilter.neighbours()
        if self.dense:
            classes = np.take(table.classes, self.codes, mode="clip")
            return np.unique(self.line(np.flatnonzero(table.suspicious(classes[:-1], classes[1:]))))
        here, left, right = (np.take(table.classes, units, mode="clip") for units in self.units)
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
        spans = np.minimum(spans, len(self.where) - 1)
        last = spans[1::2] == len(self.where) - 1  # where the end is that of the array, the last one has to be added
        kind = self.here >> tables.KIND & np.uint32(7)

        def count(values: NDArray[np.bool_]) -> NDArray[np.int64]:
            found: NDArray[np.int64] = np.add.reduceat(values.view(np.uint8), spans, dtype=np.int64)[::2] + (last & values[-1])
            return found

        letters = count((kind == tables.LETTER) & ((self.here & tables.ASCII) == 0) | (kind == tables.SYMBOL))
        flagged = (total > 0) & (strict | (letters <= FEW) | ((total > 1) & (total * SHARE >= letters)))
        if follows.any():
            pairs = count(follows)
            flagged |= (odd > 0) & (strict | (4 * odd >= count(kind == tables.EAST)))
            flagged |= (pairs > 4) & (unknown >= 0.9 * pairs)
        else:
            flagged |= odd > 0
        return line[flagged]

    def _weights(self) -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """For every character that is not ASCII how odd it is among letters; of ideographs whether they, and pairs, are odd."""
        here, left, right = self.here, self.left, self.right
        kind, before, after = (one >> tables.KIND & np.uint32(7) for one in (here, left, right))
        letter = (kind == tables.LETTER) & ((here & tables.ASCII) == 0)
        mixed = ((left & tables.SMALL) != 0) & ((here & tables.CAPITAL) != 0)
        mixed |= ((here & tables.SMALL) != 0) & ((right & tables.CAPITAL) != 0)
        usual = tables.known(left & tables.NUMBER, here & tables.NUMBER, right & tables.NUMBER)
        weight = (letter & (before != tables.STRANGER) & (after != tables.STRANGER) & (mixed | ~usual)).astype(np.uint8)
        signs = np.flatnonzero((kind == tables.SYMBOL) | (kind == tables.QUOTE))
        if len(signs):
            weight[signs] += self._signs(signs)
        weight += letter & ((left & right & tables.DASH) != 0)
        east = kind == tables.EAST
        if not east.any():
            return weight, east, east, east
        strange = east & (((here & tables.RARE) != 0) | (((left | right) & tables.ASCII) != 0))
        codes, following = (units.astype(np.uint32) for units in (self.units[0], self.units[2]))
        follows = east & (after == tables.EAST) & (codes > 0x3400) & (following > 0x3400)  # kana look alike in many encodings
        return weight, strange, follows & ~tables.known(codes, following, tables.PAIR), follows

    def _signs(self, at: NDArray[np.int64]) -> NDArray[np.uint8]:
        """How odd symbols and quotes are where they stand."""
        here, left, right = self.here[at], self.left[at], self.right[at]
        symbol = here >> tables.KIND & np.uint32(7) == tables.SYMBOL
        beside = _BESIDE[left >> tables.KIND & np.uint32(7)] | _BESIDE[right >> tables.KIND & np.uint32(7)]
        weight: NDArray[np.uint8] = 2 * (symbol & beside).astype(np.uint8)
        code = self.units[0][at]
        small = (left & tables.SMALL) != 0
        weight += ~symbol & small & ((right & tables.SMALL) != 0)
        weight += ((code == 0xBC) | (code == 0xBE)) & ((left & (tables.SMALL | tables.CAPITAL)) != 0)
        weight += ((code == 0x201E) | (code == 0x201A)) & small  # an opening quote at the end of a word
        return weight
