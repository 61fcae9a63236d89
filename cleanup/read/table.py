"""Tables: CSV (and TSV) and Parquet, a record a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from cleanup.config import LimitsConfig, ReadConfig
from cleanup.document import Document, failure
from cleanup.read.records import document, undecoded
from cleanup.read.stream import Buffered

ROWS = 1000  # Parquet rows that are in memory at once


def read_csv(stream: Buffered, source: str, label: str, cfg: ReadConfig, limits: LimitsConfig) -> Iterator[Document]:
    """One document a row; the first row names the fields; comma, semicolon, tab or bar by what the first line has most of.

    Cells that are not UTF-8 stay bytes until the document is decoded.
    """
    csv.field_size_limit(limits.max_document_bytes)
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    first = text.readline(1 << 20)
    delimiter = max(",;\t|", key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    rows = csv.reader(text, delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield failure(source, number, f"row {number}: {error}", f"{label}#{number}")
            continue
        if not row:
            continue
        if len(row) != len(names):
            error_text = f"row {number}: {len(row)} cells where the header names {len(names)}"
            yield failure(source, number, error_text, f"{label}#{number}")
            continue
        yield _row(dict(zip(names, row, strict=True)), number, source, label, cfg)


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
