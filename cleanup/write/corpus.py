"""Writers of corpus and dropped parts: JSONL as it is, or turned into Parquet or plain text; compressed or not."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from cleanup.config import Config
from cleanup.write.directory import appearing
from cleanup.write.record import INSIDE, encode, parse_line, value

BLOCK = 1 << 20
TEXT_SEPARATOR = b"\n\f\n"  # a form feed between two documents: no line of a text is mistaken for it
SUFFIX = {"none": "", "zst": ".zst", "gz": ".gz"}


class Writer(Protocol):
    """Takes JSON lines."""

    def copy(self, lines: memoryview) -> None:
        """Take whole lines."""

    def line(self, line: bytes) -> None:
        """Take one line."""


class _Lines:
    def __init__(self, file: Any) -> None:
        self.file = file

    def copy(self, lines: memoryview) -> None:
        self.file.write(lines)

    def line(self, line: bytes) -> None:
        self.file.write(line)


class _Text:
    def __init__(self, file: Any, field: str) -> None:
        self.file = file
        self.field = field
        self.first = True

    def copy(self, lines: memoryview) -> None:
        for line in _each(lines):
            self.line(line)

    def line(self, line: bytes) -> None:
        text: str = value(parse_line(line)[self.field])
        self.file.write((b"" if self.first else TEXT_SEPARATOR) + text.encode("utf-8", "replace"))
        self.first = False


class _Parquet:
    """Columns id, source, text, language, spin, edits, meta and record; the last two, and `drop`, as JSON.

    Pieces of `ROWS` rows wait in files of their own, as one file cannot be written row group by row group: so a part of any size
    is written in the memory of a few pieces.
    """

    ROWS = 5000

    def __init__(self, directory: Path, name: str, field: str) -> None:
        self.stem = f".part-{name}.parquet.{os.getpid()}"
        self.directory = directory
        self.field = field
        self.rows: list[dict[str, Any]] = []
        self.pieces: list[Path] = []

    def copy(self, lines: memoryview) -> None:
        for line in _each(lines):
            self.line(line)

    def line(self, line: bytes) -> None:
        record = parse_line(line)
        summary = value(record["cleanup"])
        own = {key: item for key, item in record.items() if key not in ("id", "source", self.field, *INSIDE)}
        own |= {name: summary[name] for name in INSIDE if name in summary}
        self.rows.append(
            {
                "id": _utf8(str(value(record["id"]))),
                "source": _utf8(str(value(record["source"]))),
                "text": _utf8(value(record[self.field])),
                "language": summary.get("language"),
                "spin": (summary.get("spin") or {}).get("verdict"),
                "edits": summary["edits"],
                "meta": _json(summary["meta"]),
                "record": _json(own),
                "drop": _json(record["drop"]) if "drop" in record else None,
            }
        )
        if len(self.rows) >= self.ROWS:
            self.flush()

    def flush(self) -> None:
        import polars

        schema = dict.fromkeys(("id", "source", "text", "language", "spin", "edits", "meta", "record", "drop"), polars.String)
        piece = self.directory / f"{self.stem}.{len(self.pieces):06}.tmp"
        self.pieces.append(piece)
        frame = polars.DataFrame(self.rows, schema={**schema, "edits": polars.Int64})
        self.rows = []
        with _as_os_error():
            frame.write_parquet(piece, compression="lz4")

    def close(self, file: IO[bytes]) -> None:
        import polars

        self.flush()
        with _as_os_error():
            pieces = polars.scan_parquet(self.pieces, glob=False)
            pieces.sink_parquet(file, compression="zstd", row_group_size=self.ROWS, maintain_order=True)

    def discard(self) -> None:
        for piece in self.pieces:
            piece.unlink(missing_ok=True)


def _each(lines: memoryview) -> Iterator[bytes]:
    rest = b""
    for begin in range(0, len(lines), BLOCK):
        *whole, rest = (rest + lines[begin : begin + BLOCK]).split(b"\n")
        yield from whole


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _json(data: Any) -> str:
    return encode(data)[:-1].decode()


@contextmanager
def _as_os_error() -> Iterator[None]:
    """A full disk has many names."""
    import polars

    try:
        yield
    except polars.exceptions.PolarsError as error:
        raise OSError(errno.EIO, str(error)) from error


def file_name(name: str, config: Config) -> str:
    """What the file of a part is called."""
    if config.write.format == "parquet":
        return f"part-{name}.parquet"  # compressed in its own way
    return f"part-{name}.{'txt' if config.write.format == 'text' else 'jsonl'}{SUFFIX[config.write.compress]}"


@contextmanager
def corpus_writer(directory: Path, name: str, config: Config) -> Iterator[Writer]:
    """A writer of one part, which appears, complete, when the block ends."""
    path = directory / file_name(name, config)
    field = config.read.text_field
    if config.write.format == "parquet":
        writer = _Parquet(directory, name, field)
        try:
            with appearing(path) as file:
                yield writer
                writer.close(file)
        finally:
            writer.discard()
        return
    with appearing(path) as file, _packed(file, config) as packed:
        yield _Lines(packed) if config.write.format == "jsonl" else _Text(packed, field)


@contextmanager
def _packed(file: IO[bytes], config: Config) -> Iterator[Any]:
    if config.write.compress == "zst":
        import zstandard

        with zstandard.ZstdCompressor(level=6).stream_writer(file, closefd=False) as packed:
            yield packed
    elif config.write.compress == "gz":
        with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            yield packed
    else:
        yield file
