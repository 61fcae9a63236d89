"""WARC: the HTML and plain-text response records of a crawl."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Literal

from cleanup.config import LimitsConfig
from cleanup.document import Document, failure
from cleanup.errors import MissingExtra
from cleanup.read.sniff import HEAD, sniff
from cleanup.read.stream import READ_ERRORS, Buffered

TEXTUAL = ("text/html", "application/xhtml+xml", "text/plain")


def read_warc(stream: Buffered, source: str, label: str, limits: LimitsConfig, start: int = 0) -> Iterator[Document]:
    """One document a successful (2xx) textual response or conversion record, or a page that its server gives no type; the rest of
    a crawl is not news.

    The id is the target URI, the crawl date and URL are metadata, the HTTP charset a claim about the encoding. `start`: where in
    the archive, decompressed, the stream begins.
    """
    try:
        from fastwarc.warc import ArchiveIterator, WarcRecordType
    except ImportError:
        raise MissingExtra("reading WARC", "warc") from None
    wanted = (WarcRecordType.response, WarcRecordType.conversion)
    told: Any = _Told(stream)
    end = 0  # of the last record as it says itself, or a little before it: its header is not counted
    for record in ArchiveIterator(told, record_types=WarcRecordType.any_type, parse_http=False):
        end = record.stream_pos + record.content_length
        if record.headers.get("Content-Length") is None:
            end = told.position + 1  # cut off before it says how long it is
            continue
        if record.record_type not in wanted:
            continue
        record.parse_http(auto_decode="transfer")
        kind = _kind(record)
        if kind is None:
            continue
        offset = start + record.stream_pos
        url = (record.headers.get("WARC-Target-URI") or "").strip("<>")
        id_ = url or record.headers.get("WARC-Record-ID") or f"{label}#{offset}"
        try:
            data = _body(record, limits.max_document_bytes)
        except (OSError, ValueError) as error:
            end = 0 if isinstance(error, CutOffError) else end
            yield failure(source, offset, f"record at {offset}: {error}", id_)
            continue
        if not kind and sniff(data[:HEAD]) != "html":
            continue
        if len(data) > limits.max_document_bytes:
            yield failure(source, offset, f"larger than limits.max_document_bytes = {limits.max_document_bytes}", id_)
            continue
        form: Literal["text", "html"] = "text" if kind == "text/plain" else "html"
        declared = (record.http_charset,) if record.http_charset else ()
        yield Document(id_, source=source, offset=offset, kind=form, data=data, declared=declared, meta=_said(record, url))
    if told.error is not None:
        raise told.error
    if told.position < end:
        last = start + told.position
        yield failure(source, last, "the archive is cut off in its last record", f"{label}#{last}")


class CutOffError(ValueError):
    """An archive that ends within a record."""


def _kind(record: Any) -> str | None:
    """What a record holds, "" where its server does not say it; None where it is no text that was sent with success."""
    headers = record.http_headers
    if headers is not None and headers.status_code is not None and not 200 <= headers.status_code < 300:
        return None
    named = record.http_content_type if headers is not None else record.headers.get("Content-Type")
    kind: str = (named or "").partition(";")[0].strip().lower()
    return kind if not kind or kind in TEXTUAL else None


def _said(record: Any, url: str) -> dict[str, Any]:
    """What the archive says about a document."""
    date = record.headers.get("WARC-Date")
    return ({"url": url} if url else {}) | ({"crawled": date} if date else {})


def _body(record: Any, most: int) -> bytes:
    """What was sent, without its content codings, a byte more than `most` at most. Raises CutOffError, ValueError or OSError."""
    headers = record.http_headers
    data = raw = record.reader.read(most + 1)
    for coding in reversed((headers.get("Content-Encoding") or "").lower().split(",") if headers is not None else []):
        data = _decoded(data, coding.strip(), most + 1)
    if len(raw) < min(record.content_length, most) and not _chunked(headers):
        raise CutOffError(f"cut off: {len(raw)} of {record.content_length} bytes")
    return bytes(data)


def _chunked(headers: Any) -> bool:
    """Whether a body was taken out of its chunks: then it is shorter than what the archive counts."""
    return headers is not None and bool(headers.get("Transfer-Encoding"))


def _decoded(data: bytes, coding: str, size: int) -> bytes:
    """A body without its content coding, its first `size` bytes. Many a crawler undoes the coding and keeps the header: bytes
    that do not look coded come back as they are. Raises ValueError."""
    if coding in ("gzip", "x-gzip") and data.startswith(b"\x1f\x8b"):
        return _inflated(data, 31, size)
    if coding == "deflate":
        try:
            return _inflated(data, 15 if data[:1] == b"\x78" else -15, size)
        except ValueError:
            return data
    if coding == "zstd" and data.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard

        try:
            return zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read(size)
        except zstandard.ZstdError as error:
            raise ValueError(f"content coding zstd: {error}") from None
    if coding == "br":
        return _unbrotlied(data, size)
    return data


def _inflated(data: bytes, window: int, size: int) -> bytes:
    found = b""
    while data and len(found) < size:
        inflater = zlib.decompressobj(window)
        try:
            found += inflater.decompress(data, size - len(found))
        except zlib.error as error:
            if found:
                break  # rubbish behind the last member
            raise ValueError(f"content coding: {error}") from None
        if not inflater.eof and not found:
            raise ValueError("content coding: cut off")
        data = inflater.unused_data
    return found


def _unbrotlied(data: bytes, size: int) -> bytes:
    try:
        import brotli  # type: ignore[import-untyped]
    except ImportError:
        raise ValueError("content coding br: pip install brotli") from None
    unpacker, found = brotli.Decompressor(), b""
    try:
        found = unpacker.process(data, output_buffer_limit=size)
        while len(found) < size and not unpacker.is_finished():
            more = unpacker.process(b"", output_buffer_limit=size - len(found))
            if not more:
                break
            found += more
    except brotli.error:
        if not found:
            return data  # as plain as it came
    return bytes(found)


class _Told:
    """What the archive reader wants of a stream: reads and a position.

    An error ends the stream and is kept for afterwards, because none may cross the reader's native code.
    """

    def __init__(self, stream: Buffered) -> None:
        self.stream = stream
        self.position = 0
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        """The next bytes, none after an error."""
        try:
            data = b"" if self.error else self.stream.read1(size)
        except READ_ERRORS as error:
            self.error = error
            data = b""
        self.position += len(data)
        return data

    def tell(self) -> int:
        """Bytes read."""
        return self.position
