"""Texts as the comparison reads them: strings, or strings of JSON where they lie."""

from __future__ import annotations

import ctypes
import json
import mmap
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.dedup.shingle import I64, U64
from cleanup.errors import RunError


class Texts(Protocol):
    """Some texts, side by side."""

    where: U64  # address of the UTF-8 of each
    size: I64  # its bytes
    escaped: bool  # whether they stand as in a string of JSON

    def strings(self) -> list[str]:
        """The texts themselves."""
        ...

    def names(self) -> list[bytes]:
        """For every text what only equal texts share."""
        ...

    def some(self, numbers: I64) -> Texts:
        """Those of these numbers."""
        ...


Fetch = Callable[[Sequence[int]], Texts]
READ = 1 << 22  # bytes of texts that are in memory at a time
Buffer = bytes | memoryview | mmap.mmap


class Strings(kernels.Texts):
    """Texts that are at hand."""

    escaped = False

    def strings(self) -> list[str]:
        """The texts themselves."""
        return list(self.texts)

    def names(self) -> list[bytes]:
        """For every text what only equal texts share."""
        return [text.encode("utf-8", "surrogatepass") for text in self.texts]

    def some(self, numbers: I64) -> Texts:
        """Those of these numbers."""
        return Strings([self.texts[number] for number in numbers.tolist()])


class Literals:
    """Strings of JSON, wherever they lie, at least three bytes before the end of it."""

    escaped = True

    def __init__(self, where: U64, size: I64, held: object) -> None:
        """Their addresses, quotes left out, their bytes, and what has to be held so that they stay there."""
        self.where, self.size, self.held = where, size, held

    @classmethod
    def placed(cls, data: Buffer, begin: I64, size: I64) -> Literals:
        """The same from where they are in `data`."""
        array = np.frombuffer(data, np.uint8)
        return cls((begin + array.ctypes.data).astype(np.uint64), size, array)

    @classmethod
    def of(cls, lines: Sequence[bytes], field: str) -> Literals:
        """What lines have in the field of a name. Raises RunError where a line has no string there."""
        data = b"".join(lines)
        return cls.placed(data, *located(data, np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines))), field))

    def strings(self) -> list[str]:
        """The texts themselves."""
        return list(map(unescaped, self._literals()))

    def names(self) -> list[bytes]:
        """For every text what only equal texts share."""
        return [respelled(literal) if MANY_WAYS.search(literal) else literal for literal in self._literals()]

    def some(self, numbers: I64) -> Texts:
        """Those of these numbers."""
        return Literals(self.where[numbers], self.size[numbers], self.held)

    def _literals(self) -> Iterator[bytes]:
        return map(ctypes.string_at, self.where.tolist(), self.size.tolist())


def portions(sizes: NDArray[np.integer[Any]], count: int) -> Iterator[slice]:
    """Runs of texts of these sizes that are fetched together: at most so many, and not more than about `READ` bytes."""
    total, begin = np.append(0, np.cumsum(sizes, dtype=np.int64)), 0
    while begin < len(sizes):
        end = int(np.searchsorted(total, total[begin] + READ, "right")) - 1
        end = min(max(end, begin + 1), begin + count)
        yield slice(begin, end)
        begin = end


def repeated(texts: Texts) -> NDArray[np.bool_]:
    """Which texts are those before them, to the letter; others may say the same, too, in other escapes."""
    found = np.empty(len(texts.size), np.uint8)
    kernels.function("strings_repeated", "u64* i64* i64 u8*")(texts.where, texts.size, len(found), found)
    return found.view(bool)


def located(data: bytes, ends: I64, field: str) -> tuple[I64, I64]:
    """Where in lines that stand side by side the string begins that each has in the field of a name, and its bytes; quotes left
    out. Raises RunError where one has none."""
    begin, size = np.empty(len(ends), np.int64), np.empty(len(ends), np.int64)
    name = field.encode("utf-8", "surrogatepass")
    _find()(np.frombuffer(data, np.uint8), ends, len(ends), name, len(name), begin, size)
    if (size < 0).any():
        raise RunError(f"a line of the run's working directory has no {field!r}", "remove the directory and run again")
    return begin + np.append(0, ends)[: len(ends)], size


@cache
def _find() -> kernels.Function:
    return kernels.function("line_strings", "u8* i64* i64 bytes i64 i64* i64*")


MANY_WAYS = re.compile(rb"\\[u/]")  # what need not be written like that, or not with these letters


def respelled(literal: bytes) -> bytes:
    """A string of JSON in the one way in which all that say the same can be written; none but these has halves of pairs."""
    text = unescaped(literal)
    try:
        return msgspec.json.encode(text)[1:-1]
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


_decoder = msgspec.json.Decoder(str)


def unescaped(literal: bytes) -> str:
    """What stands between the quotes of a string of JSON, as a string."""
    quoted = b'"%b"' % literal
    try:
        return _decoder.decode(quoted)
    except (msgspec.DecodeError, UnicodeDecodeError):  # halves of surrogate pairs
        found: str = json.loads(quoted.decode("utf-8", "surrogatepass"))
        return found
