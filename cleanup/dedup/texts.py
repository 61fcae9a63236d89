"""Texts as the comparison reads them: strings, or lines of JSON from which nothing is taken that is not looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import cache
from typing import Protocol

import msgspec
import numpy as np

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
    """What lines of JSON have in the field of a name."""

    escaped = True

    def __init__(self, lines: Sequence[bytes], field: str) -> None:
        """Raises RunError where a line has no string there."""
        self.data: bytes | memoryview = b"".join(lines)
        ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)))
        first, self.size = np.empty(len(lines), np.int64), np.empty(len(lines), np.int64)
        name = field.encode("utf-8", "surrogatepass")
        _find()(np.frombuffer(self.data, np.uint8), ends, len(lines), name, len(name), first, self.size)
        if (self.size < 0).any():
            raise RunError(f"a line of the run's working directory has no {field!r}", "remove the directory and run again")
        self.first = first
        self.begin = first + np.append(0, ends[:-1])[: len(first)]
        self._place()

    @classmethod
    def placed(cls, data: bytes | memoryview, ends: I64, first: I64, size: I64, field: str) -> Literals:
        """The same of lines side by side in `data`, and where in it their strings begin and how long they are, or -1."""
        made = cls.__new__(cls)
        made.data, made.begin, made.size = data, first, size
        unknown = np.flatnonzero(first < 0)
        if len(unknown):
            before = np.append(0, ends[:-1])[unknown]
            found = cls(
                [bytes(data[begin:end]) for begin, end in zip(before.tolist(), ends[unknown].tolist(), strict=True)], field
            )
            made.begin, made.size = first.copy(), size.copy()
            made.begin[unknown], made.size[unknown] = before + found.first, found.size
        made._place()
        return made

    def _place(self) -> None:
        self.where = (self.begin + np.frombuffer(self.data, np.uint8).ctypes.data).astype(np.uint64)

    def strings(self) -> list[str]:
        """The texts themselves."""
        return list(map(unescaped, self._literals()))

    def names(self) -> list[bytes]:
        """For every text what only equal texts share."""
        return [respelled(literal) if MANY_WAYS.search(literal) else literal for literal in self._literals()]

    def some(self, numbers: I64) -> Texts:
        """Those of these numbers."""
        found = copy(self)
        found.begin, found.size, found.where = self.begin[numbers], self.size[numbers], self.where[numbers]
        return found

    def _literals(self) -> Iterator[bytes]:
        ends = (self.begin + self.size).tolist()
        return map(bytes, map(self.data.__getitem__, map(slice, self.begin.tolist(), ends)))


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
