"""Which lines of a batch of texts can need a repair: decided in a few passes over the whole batch.

Questions that are answered for all texts at once, from the characters that are not ASCII and their neighbours. Could ftfy
change the line (`ftfy_prefilter`)? Does it hold a character that a repair of characters looks for? Is it odd, so that
another misreading is worth looking for: sequences that no language has, two alphabets in a word, symbols inside words? And
has a hyphen split a word at its end?
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cleanup.stages import ftfy_prefilter
from cleanup.stages import mojibake_tables as tables
from cleanup.stages.mojibake_characters import ENTITY

ODD, BAD, CHARACTERS, SPLIT = 1, 2, 4, 8  # why a line is looked at
SHARE = 12  # one odd letter among so many that are not ASCII makes a line odd, if it is not the only one
FEW = 3  # a single odd letter is enough in a line that has no more than so many
_SPARSE, _DENSE = 1_000_000, 100_000  # characters of texts that are looked at together: what fits the processor's cache
_ASTRAL = 0xD83D  # stands for everything beyond the basic plane, of which nothing is known here
_ALPHABETIC = tables.LOWER | tables.UPPER | tables.ASCII8 | tables.LETTERLIKE | tables.EASTERN
_BESIDE = np.array([kind in (tables.LETTER, tables.SYMBOL, tables.EAST) for kind in range(8)])
_C1 = re.compile("[\x80-\x9f]")
_Codes = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]
_Flags = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
_Numbers = tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]


def lines(texts: Sequence[str]) -> list[dict[int, int]]:
    """For every text the numbers (from 0) of the lines that any repair of a line could change, never too few, and why."""
    out: list[dict[int, int]] = [{} for _ in texts]
    for chunk, dense in _chunks(texts):
        for at, number, reason in Scan([texts[index] for index in chunk], dense).lines():
            out[chunk[at]][number] = out[chunk[at]].get(number, 0) | reason
    for found, text in zip(out, texts, strict=True):
        if "&" in text:
            number = at = 0
            for match in ENTITY.finditer(text):
                number += text.count("\n", at, match.start())
                at = match.start()
                found[number] = found.get(number, 0) | CHARACTERS
    return out


def _chunks(texts: Sequence[str]) -> Iterator[tuple[list[int], bool]]:
    """Numbers of texts that are looked at together, and whether they have little ASCII: by script, for speed alone."""
    chunks: tuple[list[int], ...] = ([], [], [])
    sizes = [0, 0, 0]
    for index, text in enumerate(texts):
        width = 0 if text.isascii() else _width(text[100:164])
        chunks[width].append(index)
        sizes[width] += len(text)
        if sizes[width] > (_DENSE if width else _SPARSE):
            yield chunks[width].copy(), width > 0
            chunks[width].clear()
            sizes[width] = 0
    for width, chunk in enumerate(chunks):
        if chunk:
            yield chunk, width > 0


def _width(some: str) -> int:
    """0 for text that is mostly ASCII, 1 for other alphabets, 2 for East Asian scripts: a guess, the answers are the same."""
    size = len(some.encode("utf-8", "replace"))
    return 0 if 2 * size <= 3 * len(some) else 1 if 4 * size <= 9 * len(some) else 2


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


def bad(lines: Sequence[str]) -> list[int]:
    """Numbers of the lines, given with their ends, at which ftfy would look."""
    scan = Scan(lines)
    found = sorted({at for at, _ in scan.numbered(scan.suspicious())}) if lines else []
    return [at for at in found if ftfy_prefilter.is_bad(lines[at])]


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

    `where` they are in the joined text (None: all one after the other, from 1), their UTF-16 code units and those of their
    neighbours (`units`: here, left, right), and what the tables say of all three (`flags`). With little ASCII every
    character is looked at, which is quicker than to pick some.
    """

    where: NDArray[np.int64] | None
    units: _Codes
    flags: _Flags
    number: _Numbers

    def __init__(self, texts: Sequence[str], dense: bool = False) -> None:
        self.texts = texts
        self.dense = dense or not self._sparse()
        if self.dense:
            self._dense()

    def _dense(self) -> None:
        pieces = [text.encode("utf-16-le", "surrogatepass") for text in self.texts]
        codes = np.frombuffer(b"\n\0".join([b"", *pieces, b""]), np.uint16)
        self._breaks(np.flatnonzero((codes < 32) | (codes == 127)), codes, [len(piece) >> 1 for piece in pieces])
        self.where = None
        # NumPy looks up by numbers of its own size only, and would make them anew for every table.
        wide = codes.astype(np.intp)
        self.units = wide[1:-1], wide[:-2], wide[2:]
        flags = np.take(tables.tables().flags, wide, mode="wrap")
        number = np.take(tables.tables().number, wide, mode="wrap")
        self.flags = flags[1:-1], flags[:-2], flags[2:]
        self.number = number[1:-1], number[:-2], number[2:]

    def _sparse(self) -> bool:
        """Pick what is not ASCII out of UTF-8, which Python keeps and NumPy reads a byte a character; False: not possible."""
        try:
            pieces = [text.encode() for text in self.texts]
        except UnicodeEncodeError:
            return False
        joined = b"\n".join([b"", *pieces, b""])
        data = np.frombuffer(joined, np.uint8)
        # One comparison finds everything that is not printable ASCII, but for DEL: with signs, bytes above 127 are below zero.
        strange = data.view(np.int8) < 32
        if b"\x7f" in joined:
            strange |= data == 127
        found = np.flatnonzero(strange)
        values = data[found]
        self._breaks(found[values < 128], data, list(map(len, pieces)))
        self.where = where = found[values >= 0xC0]
        if not len(where):
            return self._none()
        first = data[where].astype(np.intp)
        second, third = (data[where + step].astype(np.intp) & 0x3F for step in (1, 2))
        codes = np.where(first < 0xE0, (first & 0x1F) << 6 | second, (first & 0x0F) << 12 | second << 6 | third)
        codes[first >= 0xF0] = _ASTRAL
        ends = where + 2 + (first >= 0xE0) + (first >= 0xF0)
        left, right = data[where - 1].astype(np.intp), data[ends].astype(np.intp)
        # A neighbour outside ASCII is the one that was found before or after.
        left = np.where(left < 128, left, np.concatenate([codes[:1], codes[:-1]]))
        right = np.where(right < 128, right, np.concatenate([codes[1:], codes[-1:]]))
        self.units = codes, left, right
        flags, number = tables.tables().flags, tables.tables().number
        self.flags = flags[codes], flags[left], flags[right]
        self.number = number[codes], number[left], number[right]
        return True

    def _none(self) -> bool:
        """All is ASCII: the tables, which take their time to load, are not needed."""
        codes, flags, number = np.zeros(0, np.intp), np.zeros(0, np.uint8), np.zeros(0, np.uint32)
        self.units, self.flags, self.number = (codes, codes, codes), (flags, flags, flags), (number, number, number)
        return True

    def _breaks(self, low: NDArray[np.int64], data: NDArray[np.uint8] | NDArray[np.uint16], sizes: Sequence[int]) -> None:
        """Where lines end, with a hyphen or without, and controls that text does not have, among controls; first lines."""
        values = data[low]
        self.ends = low[values == 10]
        self.controls = low[(values != 10) & (values != 9) & (values != 13) & (values != 12)]
        self.first = np.searchsorted(self.ends, np.cumsum([0, *(size + 1 for size in sizes)]))
        last = self.ends[1:] - 1
        last = last - (data[last] == 13)
        here, left, before = (data[last - step] for step in range(3))
        hyphen = here == 0x2D
        if data.dtype == np.uint8:
            hyphen |= ((here == 0xAD) & (left == 0xC2)) | ((here == 0x90) & (left == 0x80) & (before == 0xE2))
        else:
            hyphen |= (here == 0xAD) | (here == 0x2010)
        self.hyphens = np.flatnonzero(hyphen)  # numbers of lines, as `line` gives them

    def lines(self) -> Iterator[tuple[int, int, int]]:
        """(text, line, reason) of everything that has to be looked at."""
        for found, reason in ((self.odd(strict=False), ODD), (self.special(), CHARACTERS), (self.hyphens, SPLIT)):
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

    def line(self, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers, through all texts, of the lines of characters (by their places in `units`)."""
        return np.searchsorted(self.ends, at + 1 if self.where is None else self.where[at]) - 1

    def special(self) -> NDArray[np.int64]:
        """Lines with characters that a repair of characters looks for."""
        at = np.flatnonzero(self.flags[0] & tables.LOOK != 0)
        if len(at):
            at = at[(tables.tables().packed[self.units[0][at]] & tables.SPECIAL_BIT) != 0]
            # Halves of a proper surrogate pair are an ordinary character, and the stand-in for one has no other half.
            codes, left, right = (units[at] for units in self.units)
            pair = ((codes & 0xFC00) == 0xD800) & (((right & 0xFC00) == 0xDC00) | (not self.dense))
            pair |= ((codes & 0xFC00) == 0xDC00) & ((left & 0xFC00) == 0xD800)
            # Single joiners beside letters of a script that needs them stay as they are.
            joiner = (codes == 0x200C) | (codes == 0x200D)
            joiner &= (tables.tables().packed[left] | tables.tables().packed[right]) & tables.JOINS != 0
            for beside in (left, right):
                joiner &= ~((beside >= 0x200B) & (beside <= 0x200D) | (beside == 0x2060))
            at = at[~(pair | joiner)]
        if len(self.controls):
            return np.concatenate([self.line(at), np.searchsorted(self.ends, self.controls) - 1])
        return self.line(at)

    def suspicious(self) -> NDArray[np.int64]:
        """Lines with characters beside each other as ftfy's pattern asks for."""
        here, left, right = self.flags
        found = np.flatnonzero(left & tables.LEFT | here & (tables.LEFT | tables.RIGHT) | right & tables.RIGHT != 0)
        if not len(found):
            return found
        table = ftfy_prefilter.neighbours()
        codes, before, after = (table.classes[units[found]] for units in self.units)
        return np.unique(self.line(found[table.suspicious(before, codes) | table.suspicious(codes, after)]))

    def odd(self, strict: bool) -> NDArray[np.int64]:
        """Odd lines."""
        if not len(self.flags[0]):
            return np.zeros(0, np.int64)
        at, weight, strange, unusual = self._weights()
        some = (weight > 0) | strange | unusual
        at, weight, strange, unusual = at[some], weight[some], strange[some], unusual[some]
        if not len(at):
            return np.zeros(0, np.int64)
        # Shares are counted in the lines that have anything odd, and only there; `groups`: where in `at` each begins.
        line = self.line(at)
        groups = np.flatnonzero(np.concatenate([[True], line[1:] != line[:-1]]))
        line = line[groups]
        total, odd, unknown = (np.add.reduceat(values, groups, dtype=np.int64) for values in (weight, strange, unusual))
        # Where those lines begin and end; nothing is behind the last character, and counts as such.
        spans = np.stack([self.ends[line], self.ends[line + 1]], axis=1).ravel()
        spans = spans.clip(1) - 1 if self.where is None else np.searchsorted(self.where, spans)

        def count(values: NDArray[np.bool_]) -> NDArray[np.int64]:
            found: NDArray[np.int64] = np.add.reduceat(np.append(values.view(np.uint8), 0), spans, dtype=np.int64)[::2]
            return found

        here, _, after = self.flags
        letters = count(here & (tables.EASTERN | tables.LETTERLIKE) == tables.LETTERLIKE)
        flagged = (total > 0) & (strict | (letters <= FEW) | ((total > 1) & (total * SHARE >= letters)))
        if odd.any() or unknown.any():
            pairs = count(here & after & tables.IDEOGRAPH == tables.IDEOGRAPH)
            flagged |= (odd > 0) & (strict | (4 * odd >= count(here & tables.EASTERN != 0)))
            flagged |= (pairs > 4) & (unknown >= 0.9 * pairs)
        return line[flagged]

    def _weights(self) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.bool_], NDArray[np.bool_]]:
        """Where anything is odd, and there: how odd a letter or sign is; whether an ideograph, and it with the next, is."""
        here, left, right = self.flags
        # Quotes and dashes are odd behind letters only, symbols beside them.
        beside = (left | (here >> np.uint8(2) & np.uint8(1)) * right) & _ALPHABETIC
        look = (here & tables.LOOK != 0) & (beside != 0)
        letter = here & (tables.EASTERN | tables.LETTERLIKE | tables.LOOK) == tables.LETTERLIKE
        if letter.any():
            mixed = (left & here >> 1 | here & right >> 1) & tables.LOWER | left & right & tables.LOOK
            look |= letter & ((mixed != 0) | ~tables.known(self.number[1], self.number[0], self.number[2]))
        some = (here & tables.EASTERN != 0).any()
        if some:
            pairs = here & right & tables.IDEOGRAPH == tables.IDEOGRAPH
            codes, following = (self.units[place].astype(np.uint32) for place in (0, 2))
            unusual = pairs & ~tables.known(codes, following, tables.PAIR)
            strange = (here & tables.EASTERN != 0) & ((left | right) & tables.ASCII8 | here & tables.LOOK != 0)
            look |= unusual | strange
        at = np.flatnonzero(look)
        weight = np.zeros(len(at), np.uint8)
        plain = np.flatnonzero(here[at] & tables.EASTERN == 0)
        if len(plain):
            weight[plain] = self._weigh(at[plain])
        none = np.zeros(len(at), np.bool_)
        return at, weight, strange[at] if some else none, unusual[at] if some else none

    def _weigh(self, at: NDArray[np.int64]) -> NDArray[np.uint8]:
        """How odd letters and signs are among their neighbours."""
        here, left, right = (tables.tables().packed[units[at]] for units in self.units)
        kind, before, after = (one >> tables.KIND & np.uint32(7) for one in (here, left, right))
        letter = (kind == tables.LETTER) & ((here & tables.ASCII) == 0)
        mixed = ((left & tables.SMALL) != 0) & ((here & tables.CAPITAL) != 0)
        mixed |= ((here & tables.SMALL) != 0) & ((right & tables.CAPITAL) != 0)
        usual = tables.known(self.number[1][at], self.number[0][at], self.number[2][at])
        weight: NDArray[np.uint8] = (letter & (before != tables.STRANGER) & (after != tables.STRANGER) & (mixed | ~usual)).astype(
            np.uint8
        )
        weight += letter & ((left & right & tables.DASH) != 0)
        symbol, quote = kind == tables.SYMBOL, kind == tables.QUOTE
        weight += 2 * (symbol & (_BESIDE[before] | _BESIDE[after])).astype(np.uint8)
        code = self.units[0][at]
        small = (left & tables.SMALL) != 0
        odd = quote & small & ((right & tables.SMALL) != 0)
        weight += odd
        odd = ((code == 0xBC) | (code == 0xBE)) & ((left & (tables.SMALL | tables.CAPITAL)) != 0)
        weight += odd & (symbol | quote)
        weight += ((code == 0x201E) | (code == 0x201A)) & small & quote  # an opening quote at the end of a word
        return weight
