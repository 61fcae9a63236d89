"""Records to documents. Every field but the text stays raw JSON where it came so, and passes through untouched."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Literal

import msgspec

from cleanup.config import ReadConfig
from cleanup.document import Document

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_value = msgspec.json.Decoder()
ESCAPED = re.compile("[\udc80-\udcff]")  # bytes that are not UTF-8
HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # of pairs, alone
PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ][\d:.+Z-]*)?", re.ASCII)  # as the kernel of JSONL knows it
WITH_ID, WITH_SOURCE = 4, 8  # bits of the form of a line


def _whole(digits: str) -> int | str:
    """A whole number; one of more digits than Python reads stays as it is written: time grows with their square."""
    try:
        return int(digits)
    except ValueError:
        return digits


lenient = json.JSONDecoder(parse_int=_whole).decode  # what others reject but crawlers write: lone surrogates, NaN, huge numbers


class Line(Mapping[str, Any]):
    """The record on a line, as raw JSON: fields, parsed when somebody asks for one, none of them called `cleanup` or `drop`.

    `body` has them side by side, without the braces. `body[begin:end]` is that of the name `field`: `text`, as it is written.
    `form` says whether there is an id and a source.
    """

    __slots__ = ("_read", "begin", "body", "end", "field", "form", "text")

    def __init__(self, body: bytes, form: int, field: str, begin: int, end: int, text: str) -> None:
        self.body = body
        self.form = form
        self.field = field
        self.begin = begin
        self.end = end
        self.text = text
        self._read: dict[str, Any] | None = None

    def _all(self) -> dict[str, Any]:
        if self._read is None:
            self._read = _fields.decode(b"{%b}" % self.body)
        return self._read

    def __getitem__(self, name: str) -> Any:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def document(record: dict[str, Any], offset: int, source: str, label: str, cfg: ReadConfig) -> Document | str:
    """A document from a record, or why it is none: its text comes from the text field or, where that has none, the HTML field."""
    kind: Literal["text", "html"] = "text"
    text = plain(record.get(cfg.text_field))
    if not text or not isinstance(text, str):
        html = plain(record.get(cfg.html_field))
        if isinstance(html, str) and (html or not isinstance(text, str)):
            kind, text = "html", html
        elif not isinstance(text, str):
            if cfg.text_field in record:
                return f"the field {cfg.text_field!r} holds {_kind(text)}, not text; name another with --text-field"
            had = ", ".join(record)[:200] or "none"
            return f"no text in field {cfg.text_field!r} (its fields: {had}); name it with --text-field"
    url, when = plain(record.get(cfg.url_field)), dated(plain(record.get(cfg.date_field)))
    known = identity(record, cfg)
    doc = Document(known or f"{label}#{offset}", text, source, offset, kind)
    doc.record, doc.meta = record, found(url, when)
    if not known and usable(plain(record.get("id"))):
        doc.meta["id"] = doc.id  # its own is not the one that was asked for
    return doc


def found(url: Any, when: str) -> dict[str, Any]:
    """What a record says about its document; `when` as `dated` has it."""
    meta: dict[str, Any] = {}
    if isinstance(url, str) and url:
        meta["url"] = url
    if when:
        meta["date"] = when
    return meta


def dated(value: Any) -> str:
    """A record's date in ISO 8601; "" for what is none, or could be read as two days.

    >>> dated("2026-03-09T07:00"), dated("Mon, 09 Mar 2026 07:00:00 GMT"), dated(1773039600), dated("09/03/2026"), dated("March")
    ('2026-03-09T07:00', '2026-03-09T07:00:00Z', '2026-03-09T07:00:00Z', '', '')
    """
    if isinstance(value, date):  # of a table
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    wording = str(value) if isinstance(value, str | int) else ""
    return wording if PLAIN_DATE.fullmatch(wording) else _normal_date(wording)


@lru_cache(maxsize=4096)
def _normal_date(wording: str) -> str:
    from cleanup.parse.dates import iso, written

    return iso(wording) or written(wording, sure=True)


def identity(record: Mapping[str, Any], cfg: ReadConfig) -> str:
    """The id that a record brings: `read.id_field`, else "id", else the URL; "" for none."""
    for field in (cfg.id_field,) if cfg.id_field else ("id", cfg.url_field):
        if known := name(plain(record.get(field))):
            return known
    return ""


def stored_identity(record: Mapping[str, Any], cfg: ReadConfig) -> str:
    """The id under which a record of `corpus` or `dropped` stands in the ledger."""
    if known := identity(record, cfg):
        return known
    meta = (plain(record.get("cleanup")) or {}).get("meta") or {}
    return str(meta.get("id") or plain(record.get("id", "")))


def name(value: Any) -> str:
    """A value as an id; "" where it can't be one."""
    return str(value) if usable(value) else ""


def usable(value: Any) -> bool:
    """Whether a value can be an id."""
    return (isinstance(value, str) and value != "") or (isinstance(value, int) and not isinstance(value, bool))


def is_utf8(data: bytes) -> bool:
    """Whether some bytes are UTF-8, without halves of surrogate pairs."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def undecoded(doc: Document, escaped: Callable[[], bool]) -> None:
    """Give a text that was read with escaped bytes back its bytes, so that parsing decodes them."""
    try:
        doc.text.encode()  # many times quicker than to look for a surrogate
    except UnicodeEncodeError:
        if ESCAPED.search(doc.text) and escaped():
            doc.data, doc.text = HALVES.sub("\ufffd", doc.text).encode("utf-8", "surrogateescape"), ""


def plain(value: Any) -> Any:
    """A field's value, decoded when it is raw JSON."""
    if isinstance(value, msgspec.Raw):
        try:
            return _value.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return lenient(bytes(value).decode("utf-8", "surrogatepass"))
    return value


def _kind(value: Any) -> str:
    """What JSON calls a value."""
    kinds = {bool: "a boolean", int: "a number", float: "a number", list: "an array", dict: "an object"}
    kinds |= {type(None): "null", bytes: "bytes"}
    return kinds.get(type(value), f"a {type(value).__name__}")
