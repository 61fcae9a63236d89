"""JSONL: a record a line. Every field but the text stays raw JSON, so that it passes through untouched."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np

from cleanup.config import LimitsConfig, ReadConfig
from cleanup.document import Document, failure
from cleanup.read.stream import Buffered

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_value = msgspec.json.Decoder()
BLOCK = 1 << 20
STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.S)
ESCAPED = re.compile("[\udc80-\udcff]")
NESTING = np.zeros(256, np.int8)
NESTING[list(b"[{")] = 1
NESTING[list(b"]}")] = -1


def read_jsonl(
    stream: Buffered,
    source: str,
    label: str,
    cfg: ReadConfig,
    limits: LimitsConfig,
    end: int | None = None,
    start: int = 0,
    line_number: Callable[[int], int] | None = None,
) -> Iterator[Document]:
    """One document a line for the lines that begin in [start, end). `stream` stands at `start`, on the begin of a line.

    `line_number` tells the number of the line at a byte offset, for messages when `start` is not 0.
    """
    number = 0
    for offset, line in lines(stream, start, end, limits.max_line_bytes):
        number += 1
        if isinstance(line, int):
            error = f"a line of {line} bytes is longer than limits.max_line_bytes = {limits.max_line_bytes}"
        elif not line or line.isspace():
            continue
        else:
            data = line.removeprefix(b"\xef\xbb\xbf") if offset == 0 else line
            doc = _too_deep(data, limits.max_depth) or _document(data, offset, source, label, cfg)
            if isinstance(doc, Document) and len(line) > limits.max_document_bytes:
                doc = _too_large(doc, limits.max_document_bytes) or doc
            if isinstance(doc, Document):
                yield doc
                continue
            error = doc
        at = line_number(offset) if line_number else number
        yield failure(source, offset, f"line {at}: {error}", f"{label}#{offset}")


def lines(stream: Buffered, start: int, end: int | None, limit: int) -> Iterator[tuple[int, bytes | int]]:
    """(offset, line) without its line break, in bounded memory; of a line above `limit` bytes only its length is given."""
    offset = start
    while end is None or offset < end:
        line = stream.readline(limit + 1)
        if not line:
            return
        size = len(line)
        if size > limit and not line.endswith(b"\n"):
            while piece := stream.readline(BLOCK):
                size += len(piece)
                if piece.endswith(b"\n"):
                    break
            yield offset, size
        else:
            yield offset, line
        offset += size


def _too_deep(line: bytes, limit: int) -> str:
    """What is wrong with a line that nests deeper than `limit`, which the parser's own, vaguer limit must not decide."""
    # To search is many times quicker than to count, and most records have neither lists nor objects in them.
    if (b"[" not in line and line.find(b"{", 1) < 0) or line.count(b"[") + line.count(b"{") <= limit:
        return ""
    structure = STRING.sub(b"", line)
    depth = 0
    for start in range(0, len(structure), BLOCK):
        steps = NESTING[np.frombuffer(structure, np.uint8, min(BLOCK, len(structure) - start), start)]
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
        undecoded(doc, lambda: not _is_utf8(line))
    return doc


def _check_utf8(record: dict[str, Any], text_field: str) -> None:
    """Raise UnicodeDecodeError for a raw field that is not UTF-8; the text, much the longest, is decoded anyway."""
    for name, raw in record.items():
        if name != text_field:
            bytes(raw).decode()


def _lenient(line: bytes) -> dict[str, Any]:
    """The fields of a line by Python's own parser, which accepts what others reject but crawlers write: lone surrogates, NaN,
    bytes that are not UTF-8. Raises ValueError."""
    data = json.loads(line.decode("utf-8", "surrogateescape"))
    if not isinstance(data, dict):
        raise ValueError(f"expected an object, got {type(data).__name__}")
    return data


def undecoded(doc: Document, escaped: Callable[[], bool]) -> None:
    """Give a text that was read with escaped bytes back its bytes, so that parsing decodes them."""
    try:
        doc.text.encode()  # many times quicker than to look for a surrogate
    except UnicodeEncodeError:
        if ESCAPED.search(doc.text) and escaped():
            doc.data, doc.text = doc.text.encode("utf-8", "surrogateescape"), ""


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def plain(value: Any) -> Any:
    """A field's value, decoded when it is raw JSON."""
    if isinstance(value, msgspec.Raw):
        try:
            return _value.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return json.loads(bytes(value).decode("utf-8", "surrogatepass"))
    return value


def _kind(value: Any) -> str:
    """What JSON calls a value."""
    kinds = {bool: "a boolean", int: "a number", float: "a number", list: "an array", dict: "an object", type(None): "null"}
    return kinds.get(type(value), f"a {type(value).__name__}")


def document(record: dict[str, Any], offset: int, source: str, label: str, cfg: ReadConfig) -> Document | str:
    """A document from a record, or why it is none: its text comes from the text field, else from the HTML field."""
    text, html = plain(record.get(cfg.text_field)), None
    if not isinstance(text, str):
        html = plain(record.get(cfg.html_field))
        if not isinstance(html, str):
            if cfg.text_field in record:
                return f"the field {cfg.text_field!r} holds {_kind(text)}, not text; name another with --text-field"
            had = ", ".join(record)[:200] or "none"
            return f"no text in field {cfg.text_field!r} (its fields: {had}); name it with --text-field"
    meta: dict[str, Any] = {}
    url = plain(record.get(cfg.url_field))
    if isinstance(url, str) and url:
        meta["url"] = url
    date = plain(record.get(cfg.date_field))
    if isinstance(date, str) and date:
        meta["date"] = date
    return Document(
        identity(record, cfg) or f"{label}#{offset}",
        text=text if html is None else html,
        source=source,
        offset=offset,
        kind="text" if html is None else "html",
        record=record,
        meta=meta,
    )


def identity(record: dict[str, Any], cfg: ReadConfig) -> str:
    """The id that a record brings: `read.id_field`, else "id", else the URL; "" for none."""
    for name in (cfg.id_field,) if cfg.id_field else ("id", cfg.url_field):
        value = plain(record.get(name))
        if usable(value):
            return str(value)
    return ""


def usable(value: Any) -> bool:
    """Whether a value can be an id."""
    return (isinstance(value, str) and value != "") or (isinstance(value, int) and not isinstance(value, bool))
