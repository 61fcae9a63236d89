"""Tables: CSV (and TSV) and Parquet, a record a row."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from cleanup.config import LimitsConfig, ReadConfig
from cleanup.document import Document, failure
from cleanup.read.jsonl import PIECE
from cleanup.read.records import document, undecoded
from cleanup.read.sniff import delimiter
from cleanup.read.stream import Buffered

UNCLOSED = "a quotation mark opens a cell and none closes it: what follows is one cell with it"
ROWS = 1000  # Parquet rows that are in memory at once


def read_csv(stream: Buffered, source: str, label: str, cfg: ReadConfig, limits: LimitsConfig) -> Iterator[Document]:
    """One document a row; the first row names the fields; comma, semicolon, tab or bar by what the first line has most of.

    Cells that are not UTF-8 stay bytes until the document is decoded.
    """
    csv.field_size_limit(limits.max_document_bytes)
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    lines = _Lines(text, limits.max_line_bytes)
    try:
        first = next(lines, "")
        between = delimiter(first)
        names = _apart(next(csv.reader(chain([first], lines), delimiter=between), []))
        if first and lines.ended:
            raise csv.Error(UNCLOSED)
    except csv.Error as error:
        yield failure(source, 0, f"row 0: {error}", f"{label}#0")
        return
    rows = csv.reader(lines, delimiter=between)
    number = 0
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            reason = str(error)
            if "field limit" in reason:
                reason = f"a cell is larger than limits.max_document_bytes = {limits.max_document_bytes}"
            yield failure(source, number, f"row {number}: {reason}", f"{label}#{number}")
            continue
        if not row:
            continue
        if lines.ended:
            yield failure(source, number, f"row {number}: {UNCLOSED}", f"{label}#{number}")
            return
        if len(row) != len(names):
            error_text = f"row {number}: {len(row)} cells where the header names {len(names)}"
            yield failure(source, number, error_text, f"{label}#{number}")
            continue
        yield _row(dict(zip(names, row, strict=True)), number, source, label, cfg)


def _apart(names: list[str]) -> list[str]:
    """The names of columns; of those that are called alike the later ones get a number, so that no cell is lost.

    >>> _apart(["text", "note", "note", "", ""])
    ['text', 'note', 'note_2', '', '_2']
    """
    known, counts = set(names), Counter[str]()
    if len(known) == len(names):
        return names
    for place, name in enumerate(names):
        counts[name] += 1
        if counts[name] > 1:
            while (new := f"{name}_{counts[name]}") in known:
                counts[name] += 1
            known.add(new)
            names[place] = new
    return names


class _Lines:
    """Lines for the CSV parser, each in bounded memory; one above the limit is an error, and the next one comes after it."""

    def __init__(self, text: io.TextIOWrapper, limit: int) -> None:
        self.text = text
        self.limit = limit
        self.ended = False  # a row that the parser gives after this is one that it waited for the end of

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.text.readline(self.limit + 1)
        if not line:
            self.ended = True
            raise StopIteration
        if len(line) > self.limit and not line.endswith("\n"):
            while (piece := self.text.readline(PIECE)) and not piece.endswith("\n"):
                pass
            raise csv.Error(f"a line is longer than limits.max_line_bytes = {self.limit}")
        return line


def _row(record: dict[str, Any], number: int, source: str, label: str, cfg: ReadConfig) -> Document:
    doc = document(record, number, source, label, cfg)
    if isinstance(doc, str):
        return failure(source, number, f"row {number}: {doc}", f"{label}#{number}")
    undecoded(doc, lambda: True)
    return doc


def read_parquet(
    file: str | BinaryIO, source: str, label: str, cfg: ReadConfig, start: int = 0, end: int | None = None
) -> Iterator[Document]:
    """One document a row of [start, end), a slice of rows in memory at a time."""
    import polars

    frame = polars.scan_parquet(file)
    total = end if end is not None else frame.select(polars.len()).collect().item()
    for first in range(start, total, ROWS):
        rows = frame.slice(first, min(ROWS, total - first)).collect()
        for number, record in enumerate(rows.iter_rows(named=True), first):
            yield _row(record, number, source, label, cfg)
