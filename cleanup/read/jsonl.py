"""JSONL: a record a line, a block of lines at a time.

A compiled loop tells the fields apart and gives the text and what names the document. It takes only what is beyond doubt; every
other line goes to parsers that know more of what people write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from cleanup import kernels
from cleanup.config import LimitsConfig, ReadConfig
from cleanup.document import Document, failure
from cleanup.read.block import Block, Lot, Of
from cleanup.read.records import document, is_utf8, lenient, undecoded
from cleanup.read.stream import Buffered

BLOCK = 1 << 20  # bytes that are looked at together
PIECE = 1 << 20  # bytes of an endless line that are in memory
ROWS = 1024  # lines that are told apart at once
MORE = 128  # bytes that a line gets, beside what is named for all lines
STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.S)
NESTING = np.zeros(256, np.int8)
NESTING[list(b"[{")] = 1
NESTING[list(b"]}")] = -1
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_jsonl(
    stream: Buffered,
    source: str,
    label: str,
    cfg: ReadConfig,
    limits: LimitsConfig,
    end: int | None = None,
    start: int = 0,
    line_number: Callable[[int], int] | None = None,
) -> Iterator[Lot]:
    """The documents of the lines that begin in [start, end), one a line. `stream` stands at `start`, on the begin of a line.

    `line_number` tells the number of the line at a byte offset, for messages when `start` is not 0.
    """
    number = 0
    for one in _Lines(source, label, cfg, limits).read(stream, start, end):
        if isinstance(one, Block):
            number += len(one)
            yield one
            continue
        number += 1
        offset, line = one
        doc: Document | str
        if isinstance(line, int):
            doc = f"a line of {line} bytes is longer than limits.max_line_bytes = {limits.max_line_bytes}"
        elif line.isspace():
            continue
        else:
            doc = _doubtful(line, offset, source, label, cfg, limits)
        if isinstance(doc, str):
            at = line_number(offset) if line_number else number
            doc = failure(source, offset, f"line {at}: {doc}", f"{label}#{offset}")
        yield [doc]


Found = Block | tuple[int, bytes | int]  # or a line that is none yet: where it lies, and its bytes or, of too many, how many


class _Lines:
    """The lines of a stream, told apart by the names that a configuration gives to fields."""

    def __init__(self, source: str, label: str, cfg: ReadConfig, limits: LimitsConfig) -> None:
        self.source, self.limits = source, limits
        self.field = cfg.text_field
        self.own = int(bool(cfg.id_field))
        names = (cfg.text_field, "id", "source", "cleanup", "drop", cfg.url_field, cfg.date_field, cfg.id_field or "id")
        ordered = [name.encode("utf-8", "surrogatepass") for name in names]
        self.longest = min(limits.max_line_bytes, limits.max_document_bytes)
        try:
            ordered += [
                f"{label}#".encode(),
                msgspec.json.encode(f"{label}#")[1:-1],
                b'"source":%b,' % msgspec.json.encode(source),
            ]
        except UnicodeEncodeError:  # half of a surrogate pair: every line is written with escapes only
            ordered += [b"", b"", b""]
            self.longest = -1
        self._given = b"".join(ordered), np.cumsum([len(name) for name in ordered], dtype=np.int64)
        self._block = bytearray(BLOCK)
        more = ROWS * (len(self._given[0]) + MORE)
        self._out, self._ids = np.empty(4 * BLOCK + more, np.uint8), np.empty(BLOCK + more, np.uint8)
        self._rows = np.empty((ROWS, len(Of)), np.int64)

    def read(self, stream: Buffered, start: int, end: int | None) -> Iterator[Found]:
        """Those that begin in [start, end), in bounded memory. `stream` stands at `start`."""
        offset = start
        for piece in self._pieces(stream):
            if end is not None and offset >= end:
                return
            if isinstance(piece, tuple):
                yield offset, piece[1]
                offset += piece[0]
            else:
                yield from self._told_apart(offset, piece, piece if end is None else end - offset)
                offset += piece

    def _pieces(self, stream: Buffered) -> Iterator[int | tuple[int, bytes | int]]:
        """How many bytes of whole lines are in the block now; or the size of a line that is too long for it, and what it is."""
        block, view, limit = self._block, memoryview(self._block), self.limits.max_line_bytes
        held = 0
        while got := stream.readinto1(view[held:]):
            there = held + got
            whole = block.rfind(b"\n", held, there) + 1
            if whole:
                yield whole
                view[: there - whole] = view[whole:there]
            held = there - whole
            if held == BLOCK:
                line = bytes(block) + stream.readline(max(0, limit + 1 - BLOCK))
                size = len(line)
                if size > limit and not line.endswith(b"\n"):
                    while piece := stream.readline(PIECE):
                        size += len(piece)
                        if piece.endswith(b"\n"):
                            break
                    yield size, size
                else:
                    yield size, line
                held = 0
        if held:
            yield held

    def _told_apart(self, offset: int, size: int, last: int) -> Iterator[Found]:
        """The lines of the first `size` bytes of the block, at `offset` in the stream, that begin before `last`."""
        limit, at = self.limits.max_line_bytes, np.zeros(1, np.int64)
        block = np.frombuffer(self._block, np.uint8)
        given = (*self._given, self.longest, self.limits.max_depth)
        while at[0] < min(size, last):
            count = _kernel()(block, size, *given, offset, self.own, ROWS, at, self._rows, self._out, self._ids)
            count = int(np.searchsorted(self._rows[:count, Of.BEGIN], last))
            known = self._rows[:count, Of.FORM] != 0
            cuts = np.flatnonzero(known[1:] != known[:-1]) + 1
            for first, after in pairwise((0, *cuts.tolist(), count)):
                rows = self._rows[first:after]
                if known[first]:
                    yield Block(self._out.data, self._ids.data, rows, self.source, offset, self.field)
                    continue
                for begin, stop in rows[:, : Of.FORM].tolist():
                    whole = stop + (stop < size)
                    yield offset + begin, bytes(self._block[begin:whole]) if stop - begin <= limit else whole - begin


@cache
def _kernel() -> kernels.Function:
    return kernels.function("json_lines", "u8* i64 bytes i64* i64 i64 i64 i64 i64 i64* i64* u8* u8*", "i64")


def _doubtful(line: bytes, offset: int, source: str, label: str, cfg: ReadConfig, limits: LimitsConfig) -> Document | str:
    """A document from a line that needs a closer look, or why it is none."""
    data = line.removeprefix(b"\xef\xbb\xbf")  # also where files that begin so were put behind one another
    doc = _too_deep(data, limits.max_depth) or _document(data, offset, source, label, cfg)
    if isinstance(doc, Document) and len(line) > limits.max_document_bytes:
        return _too_large(doc, limits.max_document_bytes) or doc
    return doc


def _too_deep(line: bytes, limit: int) -> str:
    """What is wrong with a line that nests deeper than `limit`, which the parser's own, vaguer limit must not decide."""
    # To search is many times quicker than to count, and most records have neither lists nor objects in them.
    if (b"[" not in line and line.find(b"{", 1) < 0) or line.count(b"[") + line.count(b"{") <= limit:
        return ""
    structure = STRING.sub(b"", line)
    depth = 0
    for start in range(0, len(structure), PIECE):
        steps = NESTING[np.frombuffer(structure, np.uint8, min(PIECE, len(structure) - start), start)]
        depths = np.cumsum(steps, dtype=np.int64) + depth
        if depths.max() > limit:
            return f"nested deeper than limits.max_depth = {limit}"
        depth = int(depths[-1])
    return ""


def _too_large(doc: Document, limit: int) -> str:
    size = len(doc.data) if doc.data is not None else len(doc.text.encode("utf-8", "surrogatepass"))
    return f"larger than limits.max_document_bytes = {limit}" if size > limit else ""


def _document(line: bytes, offset: int, source: str, label: str, cfg: ReadConfig) -> Document | str:
    try:
        try:
            record = _fields.decode(line)
            if not line.isascii():
                _check_utf8(record, cfg.text_field)
            return document(record, offset, source, label, cfg)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeError):
            doc = document(_lenient(line), offset, source, label, cfg)
    except (ValueError, RecursionError) as error:
        return f"not a JSON record: {str(error) or type(error).__name__}"
    if isinstance(doc, Document):
        undecoded(doc, lambda: not is_utf8(line))
    return doc


def _check_utf8(record: dict[str, Any], text_field: str) -> None:
    """Raise UnicodeDecodeError for a raw field that is not UTF-8; the text, much the longest, is decoded anyway."""
    for field, raw in record.items():
        if field != text_field:
            bytes(raw).decode()


def _lenient(line: bytes) -> dict[str, Any]:
    """The fields of a line by Python's own parser, also of bytes that are not UTF-8. Raises ValueError."""
    data = lenient(line.decode("utf-8", "surrogateescape"))
    if not isinstance(data, dict):
        raise ValueError(f"expected an object, got {type(data).__name__}")
    return data
