"""A block of JSONL: records on lines that lie side by side, told apart and laid out as they will be written.

Documents are made of them only where somebody looks at documents: most of what is written is written as it lies here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum, auto
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.document import Document
from cleanup.read.records import WITH_ID, Line, found

NAMELESS = 2  # bit of the form of a line: its record has no name for it
I64 = NDArray[np.int64]


class Of(IntEnum):
    """Columns of a row, as the kernel has them."""

    BEGIN = 0
    END = auto()
    FORM = auto()
    LINE = auto()
    LINE_END = auto()
    BODY = auto()
    BODY_END = auto()
    TEXT = auto()
    TEXT_END = auto()
    LENGTH = auto()
    ID = auto()
    ID_END = auto()
    URL = auto()
    URL_END = auto()
    DATE = auto()
    DATE_END = auto()
    HOST = auto()
    HOST_END = auto()


class Block:
    """Some records, in the order of their lines. It holds until the reader is asked for more.

    `data` has the lines, `ids` the ids; `rows`, a line each, say where in these everything is (columns `Of`). Line breaks are of
    the lines. `source`: where they came from; `offset`: where in it `rows` count from; `field`: the name of the text's field.
    """

    def __init__(self, data: memoryview, ids: memoryview, rows: I64, source: str, offset: int, field: str) -> None:
        self.data, self.ids, self.rows = data, ids, rows
        self.source, self.offset, self.field = source, offset, field

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def last(self) -> int:
        """Where in the source the last line begins."""
        return self.offset + int(self.rows[-1, Of.BEGIN])

    def said(self, begin: Of, end: Of, some: Any = slice(None)) -> Iterator[str]:
        """What strings say that lie between these columns of `data`, in all rows or in some."""
        return said(self.data, self.rows[some, begin], self.rows[some, end])

    def named(self) -> Iterator[str]:
        """The ids."""
        first, last = int(self.rows[0, Of.ID]), int(self.rows[-1, Of.ID_END])
        return _cut(self.ids[first:last], (self.rows[:, Of.ID : Of.ID_END + 1] - first).tolist())

    def documents(self) -> list[Document]:
        """The records as documents, which hold for ever."""
        rows = self.rows.tolist()
        texts, urls = self.said(Of.TEXT, Of.TEXT_END), self.said(Of.URL, Of.URL_END)
        return list(map(self._document, rows, texts, self.named(), urls, self.said(Of.DATE, Of.DATE_END)))

    def _document(self, row: list[int], text: str, id_: str, url: str, date: str) -> Document:
        begin, _, form, _, _, body, body_end, first, last = row[: Of.LENGTH]
        line = Line(bytes(self.data[body:body_end]), form, self.field, first - 1 - body, last + 1 - body, text)
        meta = found(url, date)
        if form & NAMELESS and form & WITH_ID:
            meta["id"] = id_
        return Document(id_, text, self.source, self.offset + begin, "text", None, (), line, meta)


Lot = Block | list[Document]  # what a reader gives at a time


def documents(lots: Iterable[Lot]) -> Iterator[Document]:
    """One by one."""
    for lot in lots:
        yield from lot.documents() if isinstance(lot, Block) else lot


def said(data: memoryview, begins: I64, ends: I64, skips: I64 | None = None, takes: I64 | None = None) -> Iterator[str]:
    """What strings say that stand between these places of `data`; from a character on, and so many at most.

    Raises ValueError where one has half of a surrogate pair.
    """
    made, places = np.empty(int((ends - begins).sum()), np.uint8), np.empty(len(begins), np.int64)
    skips = np.zeros(len(begins), np.int64) if skips is None else skips
    takes = np.full(len(begins), np.iinfo(np.int64).max) if takes is None else takes
    columns = map(np.ascontiguousarray, (begins, ends, skips, takes))
    if not _said()(np.frombuffer(data, np.uint8), *columns, len(begins), made, places):
        raise ValueError("half of a surrogate pair, or an escape that is none")
    return _cut(made.data[: places[-1] if len(places) else 0], pairwise((0, *places.tolist())))


def _cut(data: memoryview, spans: Iterable[Sequence[int]]) -> Iterator[str]:
    """Strings from UTF-8 side by side."""
    whole = bytes(data)
    if whole.isascii():  # a string is cut more quickly
        text = whole.decode()
        return (text[begin:end] for begin, end in spans)
    return (whole[begin:end].decode() for begin, end in spans)


@cache
def _said() -> kernels.Function:
    return kernels.function("strings_said", "u8* i64* i64* i64* i64* i64 u8* i64*", "i64")
