"""Phrases that rules know, looked for in all lines of a batch at once by a compiled loop: those that a line's normal form begins
with, and pieces of words that stand anywhere in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from cleanup import kernels
from cleanup.arrays import distinct
from cleanup.stages.boilerplate_characters import symbols
from cleanup.stages.boilerplate_lines import SHORT, Ints, Lines
from cleanup.stages.boilerplate_rules import fold, normal

GRAM, PAIR = 4, 2  # bytes by which most pieces of words are found, and short ones
SLOTS = 2 << 16  # of both
PREFIXES = 1 << 18  # as in `kernels/tree.h`
_LOWER = bytes(code + 32 if 65 <= code <= 90 else code for code in range(256))
_COMMON = b"0123456789qzjxkvbywgpfmucdlhrsnioate'\"-,. "  # bytes of which lines have many, the most common last
_RANKS = [_COMMON.find(code) for code in range(256)]
_BEGUN = "bytes i64* i64* i64 u32* i64 i64 i32* i64 u8* i64 i32*"
_HELD = "bytes i64* i64* i64* i64 i64 bytes i64* i32* i32* i32* u8* i64* i64 i32*"

Found = npt.NDArray[np.int32]  # [found, 3]


class Beginnings:
    """Phrases that normal forms begin with. Immutable once made."""

    def __init__(self, phrases: Sequence[str]) -> None:
        """`phrases`: in their normal form, each once; with a space behind one that has to end a word. An empty one stands for
        lines without any word."""
        self._empty = phrases.index("") if "" in phrases else -1
        self._tree = tree(phrases)

    def find(self, lines: Lines) -> Found:
        """Line, phrase, and whether the line's normal form ends with it, of all that lines of any length begin with; the lines
        in ascending order."""
        found = self._find(lines.data, lines.begin, lines.end, plain=False)
        unclear = distinct(found[found[:, 1] < 0, 0])
        if not len(unclear):
            return found
        forms = [normal(lines.text(row)).encode("utf-8", "surrogatepass") for row in unclear.tolist()]
        end = np.cumsum(list(map(len, forms)))
        begin = end - np.fromiter(map(len, forms), np.int64)
        more = self._find(b"".join(forms), begin, end, plain=True)
        more[:, 0] = unclear[more[:, 0]]
        found = np.concatenate([found[~np.isin(found[:, 0], unclear)], more])
        return found[found[:, 0].argsort(kind="stable")]

    def _find(self, data: bytes, begin: Ints, end: Ints, *, plain: bool) -> Found:
        begun = kernels.function("phrases_begun", _BEGUN, "i64")
        tree = symbols(fold), plain, self._empty, *self._tree
        return _all(partial(begun, data, begin, end, len(begin), *tree), len(begin))


class Pieces:
    """Pieces of words, of which a rule needs one somewhere in a line. Immutable once made."""

    def __init__(self, needs: Sequence[str]) -> None:
        ways = [(form, number) for number, need in enumerate(needs) for form in sorted(_ways(need))]
        self._bytes = b"".join(form for form, _ in ways)
        self._first = np.cumsum([0, *(len(form) for form, _ in ways)])
        self._offset = np.array([_anchor(form) for form, _ in ways], np.int32)
        self._need = np.array([number for _, number in ways], np.int32)
        self._head = np.empty(SLOTS + 256, np.int32)
        self._next = np.empty(len(ways), np.int32)
        self._flags = np.zeros(SLOTS // 8, np.uint8)
        lay = kernels.function("phrases_lay", "bytes i64* i32* i64 i32* i32* u8*")
        lay(self._bytes, self._first, self._offset, len(ways), self._head, self._next, self._flags)

    def find(self, lines: Lines) -> Found:
        """Line, piece, and the byte of the line behind it, of all that lines of at most SHORT characters hold; in ascending
        order of lines, then of bytes."""
        held = kernels.function("phrases_held", _HELD, "i64")
        forms = self._bytes, self._first, self._offset, self._head, self._next, self._flags, np.zeros(len(self._need), np.int64)
        at = lines.data, lines.begin, lines.end, lines.chars
        found = _all(partial(held, *at, len(lines), SHORT, *forms), len(lines))
        found[:, 1] = self._need[found[:, 1]]
        return found[np.lexsort((found[:, 1], found[:, 2], found[:, 0]))]


def tree(phrases: Sequence[str]) -> tuple[Found, int, npt.NDArray[np.uint8]]:
    """Phrases, each once, as a tree that compiled loops walk down (`kernels/tree.h`): its 1 << bits steps, bits, and flags of
    what phrases begin with."""
    points = np.frombuffer("".join(phrases).encode("utf-32-le", "surrogatepass"), np.uint32)
    first = np.cumsum([0, *map(len, phrases)])
    bits = (len(points) * 3 // 2 + 2).bit_length()  # many begin alike: a third of it is in use, seldom two thirds
    steps = np.zeros((1 << bits, 4), np.int32)
    flags = np.zeros(PREFIXES // 4 + 1, np.uint8)
    kernels.function("phrases_grow", "u32* i64* i64 i32* i64 u8*")(points, first, len(phrases), steps, bits, flags)
    return steps, bits, flags


def _all(find: Callable[[int, Found], int], lines: int) -> Found:
    """All that a loop finds in so many lines, whatever room it needs."""
    room = 2 * lines + 64
    while True:
        found = np.empty((room, 3), np.int32)
        count = find(room, found)
        if count <= room:
            return found[:count]
        room = count


def _ways(need: str) -> set[bytes]:
    """How a piece may be written: in any case where it is ASCII, else as it is, in capitals, or with them at its starts; the
    capital of i is I, and in Turkish İ."""
    forms = {need} if need.isascii() else {need, need.upper(), need.capitalize(), need.title()}
    forms |= {form.replace("I", "İ") for form in forms if "i" in need}
    return {form.encode("utf-8", "surrogatepass").translate(_LOWER) for form in forms if form and "\n" not in form}


def _anchor(form: bytes) -> int:
    """Where in a form the bytes are by which it is found: those of which lines have fewest."""
    ranks = [_RANKS[code] for code in form]
    size = GRAM if len(form) >= GRAM else min(PAIR, len(form))
    return min(range(len(form) - size + 1), key=lambda at: sum(ranks[at : at + size]))
