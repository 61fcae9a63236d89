"""Parts: how inputs are cut into pieces of work. The cut depends on inputs and configuration alone, never on the workers."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain, pairwise
from typing import IO, Any

import msgspec

from cleanup.config import Config, LimitsConfig
from cleanup.document import Document, failure
from cleanup.errors import CleanupError, MissingExtra
from cleanup.read import stream as streams
from cleanup.read.block import Block, Lot, documents
from cleanup.read.inputs import Source, Sources, describe
from cleanup.read.jsonl import read_jsonl
from cleanup.read.sniff import HEAD, never_empty, sniff, wide
from cleanup.read.stream import Buffered
from cleanup.read.table import read_csv, read_parquet
from cleanup.read.warc import read_warc
from cleanup.read.whole import read_whole

SHARES = 32  # parts into which input is cut at least ...
LEAST = 4 << 20  # ... unless they were smaller than this many bytes
LARGE = 8  # a WARC in gzip is cut only if it is more than this share of the input: it has to be decompressed for that

STDIN = "stdin"  # the label of standard input
LIST = "a list of records in JSON; to make a line of each: jq -c '.[]'"
OBJECT = "a record in JSON over many lines; to make one line of it: jq -c ."


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """A source, or the records of it that begin in [start, end): bytes of JSONL or WARC, rows of Parquet. `end` None: to its end.

    `plain`: what `start` of a WARC is when it is decompressed.
    """

    source: Source
    start: int = 0
    end: int | None = None
    plain: int = 0


class Part(msgspec.Struct, frozen=True, array_like=True):
    """What one worker takes at a time and what becomes one part of the corpus."""

    number: int
    segments: tuple[Segment, ...]

    @property
    def stored(self) -> int:
        """Input bytes as they are stored."""
        return sum(one.source.size if one.end is None else max(0, one.end - one.start) for one in self.segments)


def plan(sources: Sources, config: Config) -> Iterator[Part]:
    """Cut sources into parts of at most about `read.part_bytes` stored bytes and `read.part_files` sources.

    Parts of little input are smaller, so that there is work for many workers until the end.
    """
    if len(sources) and find_spec("fastwarc") is None and all(_is_archive(source, config) for source in sources):
        raise MissingExtra("reading WARC", "warc")  # among other inputs an archive is one that could not be read
    limit = min(config.read.part_bytes, max(LEAST, sources.size // SHARES))
    number = size = 0
    pending: list[Segment] = []
    for source in sources:
        pieces = _pieces(source, config, limit, sources.size)
        weight = source.size if len(pieces) == 1 else limit
        if pending and (size + weight > limit or len(pending) >= config.read.part_files):
            yield Part(number, tuple(pending))
            number, size, pending = number + 1, 0, []
        if len(pieces) > 1:
            for piece in pieces:
                yield Part(number, (piece,))
                number += 1
        else:
            pending.append(pieces[0])
            size += weight
    if pending or not number:
        yield Part(number, tuple(pending))


def _is_archive(source: Source, config: Config) -> bool:
    """Whether a source is a WARC by its name, or said to be one."""
    name = source.label.lower().removesuffix(".gz").removesuffix(".zst").removesuffix(".bz2").removesuffix(".xz")
    return config.read.format == "warc" or (config.read.format == "auto" and name.endswith(".warc"))


def _pieces(source: Source, config: Config, limit: int, total: int) -> list[Segment]:
    if source.size <= limit or source.error or "://" in source.path:
        return [Segment(source)]
    try:
        with streams.open_raw(source.path) as raw:
            head = raw.read(HEAD)
        packed = streams.compression(head)
        format_ = config.read.format if config.read.format != "auto" else sniff(head, source.label, _names(config))
        if (format_ == "warc" and not packed) or (packed == "gzip" and source.size > total / LARGE):
            return _archive(source, config, limit)
        if format_ == "parquet":
            import polars

            rows = polars.scan_parquet(source.path).select(polars.len()).collect().item()
            step = max(1, rows * limit // source.size)
            return [Segment(source, start, min(start + step, rows)) for start in range(0, rows, step)] or [Segment(source)]
    except _errors():
        return [Segment(source)]
    if format_ != "jsonl" or packed or wide(head):
        return [Segment(source)]
    return [Segment(source, start, min(start + limit, source.size)) for start in range(0, source.size, limit)]


def _archive(source: Source, config: Config, limit: int) -> list[Segment]:
    """A WARC in pieces. What else is in gzip gives no cuts: it can only be read from its begin."""
    if config.read.format not in ("auto", "warc"):
        return [Segment(source)]
    from cleanup.read.cuts import cuts

    with streams.open_raw(source.path) as raw:
        found = [(0, 0), *cuts(raw, limit, config.limits), (source.size, 0)]
    if len(found) == 2:
        return [Segment(source)]
    return [Segment(source, start, end, plain) for (start, plain), (end, _) in pairwise(found)]


def read_part(part: Part, config: Config) -> Iterator[Lot]:
    """All documents of a part in their order; what cannot be read comes as a failed document."""
    return chain.from_iterable(_lots(segment, config) for segment in part.segments)


def _named(source: Source) -> str:
    """Where documents come from: not from where a run keeps its copy of standard input, which depends on the run's name."""
    return STDIN if source.label == STDIN and "/.work/stdin-" in source.path else source.path


def read_segment(segment: Segment, config: Config) -> Iterator[Document]:
    """The documents of one segment. An error of the source ends it with one failed document; what came before stays."""
    return documents(_lots(segment, config))


def read_segment_stream(raw: IO[bytes], source: Source, config: Config) -> Iterator[Document]:
    """The documents of an open raw stream (standard input), decompressed, with errors as failed documents."""
    return documents(_guarded(read_stream(streams.unpack(raw, config.limits), source, config), source))


def _lots(segment: Segment, config: Config) -> Iterator[Lot]:
    source = segment.source
    if source.error:
        return iter([[failure(source.path, 0, source.error, source.label)]])
    return _guarded(_open(segment, config), source, segment.plain or segment.start)


def _guarded(lots: Iterator[Lot], source: Source, offset: int = 0) -> Iterator[Lot]:
    """The same, where an error becomes a failed document behind the last one, or at `offset`, where they begin."""
    count = 0
    named = _named(source)
    try:
        for lot in lots:
            count, offset = count + len(lot), lot.last if isinstance(lot, Block) else lot[-1].offset
            yield lot
        if source.mtime_ns:
            now = describe(source.path, source.label)
            if (now.size, now.mtime_ns) != (source.size, source.mtime_ns):
                changed = "the file changed while it was read; run again in a new directory"
                yield [failure(named, offset, changed, source.label)]
    except MissingExtra as error:
        if source.label == STDIN:
            raise
        yield [failure(named, offset, f"{error.message}; {error.hint}, and run again in a new directory", source.label)]
    except CleanupError as error:
        if error.exit_code == 2:
            raise
        yield [failure(named, offset, f"{error.message}{_after(count)}", source.label)]
    except _errors() as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        yield [failure(named, offset, f"{reason}{_after(count)}", source.label)]


def _after(count: int) -> str:
    return f" (after {count} documents)" if count else ""


def _errors() -> tuple[type[BaseException], ...]:
    polars = sys.modules.get("polars")  # only imported where a table is read
    known = (polars.exceptions.PolarsError, polars.exceptions.PanicException) if polars else ()
    return (*streams.READ_ERRORS, UnicodeError, *known)


def _open(segment: Segment, config: Config) -> Iterator[Lot]:
    source = segment.source
    if segment.start or segment.end is not None:
        yield from _slice(segment, config)
        return
    with streams.open_stream(source.path, config.limits) as stream:
        yield from read_stream(stream, source, config)


def read_stream(stream: Buffered, source: Source, config: Config) -> Iterator[Lot]:
    """The documents of an open, decompressed stream in the format of the configuration, else the sniffed one."""
    limits, cfg = config.limits, config.read
    head, stream = streams.peek(stream, HEAD)
    format_ = cfg.format if cfg.format != "auto" else sniff(head, source.label, _names(config))
    if format_ in ("jsonl", "csv", "list") and (encoding := wide(head)):
        head, stream = streams.peek(streams.recoded(stream, encoding), HEAD)
    named = _named(source), source.label
    if not head:
        stream.read(1)  # nothing, or the error on account of which there is nothing
        if empty := never_empty(source.label):
            yield [failure(named[0], 0, f"an empty file, which no {empty} is", source.label)]
        return
    if format_ == "jsonl":
        yield from read_jsonl(stream, *named, cfg, limits)
        return
    if format_ == "list":
        docs = iter([failure(named[0], 0, LIST if b"[" in head.lstrip()[:4] else OBJECT, source.label)])
    elif format_ == "warc":
        docs = read_warc(stream, *named, limits)
    elif format_ == "csv":
        docs = read_csv(stream, *named, cfg, limits)
    elif format_ == "parquet":
        docs = read_parquet(_seekable(stream, source, limits), *named, cfg)
    else:
        docs = read_whole(stream, *named, "html" if format_ == "html" else "text", limits)
    yield from ([doc] for doc in docs)


def _names(config: Config) -> tuple[str, ...]:
    """The columns that make a table of records."""
    cfg = config.read
    return cfg.text_field, cfg.html_field, cfg.id_field or "id", cfg.url_field


def _seekable(stream: Buffered, source: Source, limits: LimitsConfig) -> str | io.BytesIO:
    """Parquet keeps its directory at the end: a plain file is read in place, anything else is held in memory."""
    if source.size and "://" not in source.path:
        with streams.open_raw(source.path) as raw:
            if raw.read(4) == b"PAR1":
                return source.path
    data = stream.read(limits.max_document_bytes * 16 + 1)
    return io.BytesIO(data)


def _slice(segment: Segment, config: Config) -> Iterator[Lot]:
    source, cfg = segment.source, config.read
    named = _named(source), source.label
    with streams.open_raw(source.path) as raw:
        if cfg.format != "jsonl" and raw.read(4) == b"PAR1":
            yield from ([doc] for doc in read_parquet(source.path, *named, cfg, segment.start, segment.end))
            return
        start = segment.start
        raw.seek(0)
        if cfg.format != "jsonl" and raw.read(4).startswith((b"WARC", b"\x1f\x8b")):
            span: Any = streams.Span(raw, start, segment.end or source.size)
            docs = read_warc(streams.unpack(span, config.limits), *named, config.limits, segment.plain)
            yield from ([doc] for doc in docs)
            return
        raw.seek(max(0, start - 1))
        stream = io.BufferedReader(streams.Counted(raw), 1 << 16)
        if start:
            # A line belongs to the part in which it begins: skip the one that began before, unless it ended just here.
            while piece := stream.readline(1 << 20):
                start += len(piece)
                if piece.endswith(b"\n"):
                    break
            start -= 1
        numbers = _LineNumbers(source.path)
        yield from read_jsonl(stream, *named, cfg, config.limits, segment.end, start, numbers)


class _LineNumbers:
    """Number of the line at a byte offset, counted only when an error message needs it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.offset = 0
        self.number = 1

    def __call__(self, offset: int) -> int:
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            while self.offset < offset and (block := file.read(min(1 << 20, offset - self.offset))):
                self.number += block.count(b"\n")
                self.offset += len(block)
        return self.number
