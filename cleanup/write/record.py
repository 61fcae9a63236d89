"""A document as one line of JSON, its own fields untouched, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec

from cleanup.document import Document, Row
from cleanup.read.records import WITH_ID, WITH_SOURCE, Line, lenient, plain, usable

value = plain
PLAIN = re.compile("[A-Za-z0-9]+")
_encoder = msgspec.json.Encoder()
_encode = _encoder.encode
_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_row_decoder = msgspec.json.Decoder(Row)
UNENCODABLE = (UnicodeEncodeError, msgspec.EncodeError, TypeError)
REASON = {"stage", "rule", "score", "why"}  # what `drop` says
INSIDE = ("id", "drop", "cleanup")  # fields of a record that are kept inside of `cleanup`
LASTING = ("title", "authors", "date", "section", "tags", "category", "excerpt", "site", "url", "source", "views", "truncated")
INTERNAL = ("language", "spin")  # meta that has a place of its own in the `cleanup` field


def summary(doc: Document) -> dict[str, Any]:
    """The `cleanup` field of a record: language, spin, number of edits, and all other metadata."""
    meta = doc.meta
    found = {name: meta[name] for name in INTERNAL if name in meta}
    found["edits"] = doc.edits if doc.ledger else 0
    found["meta"] = {name: item for name, item in meta.items() if name not in INTERNAL} if len(found) > 1 else meta
    return found


def drop_reason(doc: Document) -> dict[str, Any] | None:
    """Why a document was dropped: stage, rule, score and evidence of the first Drop that was applied; None when it was not."""
    for row in doc.ledger:
        if row.action == "drop" and row.decision == "apply":
            return {"stage": row.stage, "rule": row.rule, "score": row.score, "why": row.why}
    return None


def fields(doc: Document, text_field: str, *, located: bool = True) -> dict[str, Any]:
    """The output record: the fields the document came with in their order, the text replaced, `cleanup` (and `drop`) added.

    `located` puts `id` and `source` in front where the record has none of its own, as the run directory wants it. What the record
    itself calls `drop` or `cleanup`, or `id` where that can be none (an object, a fraction), is kept inside of `cleanup`, and so
    is what an earlier cleaning found and took from the text.
    """
    record = doc.record or {}
    out: dict[str, Any] = {}
    if located:
        if "id" not in record:
            out["id"] = doc.id
        if "source" not in record:
            out["source"] = doc.source
    out.update(record)
    odd = value(record["id"]) if located and "id" in record else doc.id
    if not usable(odd):
        out["id"] = doc.id
    out[text_field] = doc.text
    earlier, own = value(out.pop("cleanup", None)), value(out.pop("drop", None))
    out["cleanup"] = _over(earlier, summary(doc))
    if not usable(odd) and odd not in (None, ""):  # which name nothing
        out["cleanup"]["id"] = odd
    if own is not None and not (isinstance(own, dict) and own.keys() == REASON):
        out["cleanup"]["drop"] = own
    if doc.status == "dropped":
        out["drop"] = drop_reason(doc)
    return out


def _over(earlier: Any, now: dict[str, Any]) -> dict[str, Any]:
    """The `cleanup` field of a record that came with one."""
    if earlier is None:
        return now
    if not (isinstance(earlier, dict) and isinstance(earlier.get("edits"), int) and isinstance(earlier.get("meta"), dict)):
        return {**now, "cleanup": earlier}  # none of ours
    found = {name: item for name, item in earlier["meta"].items() if name in LASTING}
    return {**now, "meta": {**found, **now["meta"]}, **{name: earlier[name] for name in INSIDE if name in earlier}}


def encode(data: Any) -> bytes:
    """One JSON line with its line break. Lone surrogates, which UTF-8 cannot hold, are escaped as JSON can hold them."""
    try:
        return _encode(data) + b"\n"
    except UNENCODABLE:
        return json.dumps(data, default=_plain, ensure_ascii=True).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return plain(value)
    try:
        return msgspec.to_builtins(value)
    except TypeError:
        return str(value)


Placed = tuple[bytes, int, int]  # a line, where between its quotes the text begins, and how long it is; -1 where nobody looked


def render(doc: Document, text_field: str, *, located: bool = True) -> bytes:
    """`fields` as one JSON line."""
    return placed(doc, text_field, located)[0]


def placed(doc: Document, text_field: str, located: bool = True) -> Placed:
    """The same, and where the text is."""
    record = doc.record
    if isinstance(record, Line) and record.field == text_field:
        try:
            return _spliced(doc, record, located)
        except UNENCODABLE:
            pass
    return encode(fields(doc, text_field, located=located)), -1, -1


def _spliced(doc: Document, record: Line, located: bool) -> Placed:
    """The same, of a record whose fields already lie side by side as they are written."""
    body, before, size = record.body, b"{", record.end - record.begin
    if doc.text is not record.text:
        text = _encode(doc.text)
        body, size = body[: record.begin] + text + body[record.end :], len(text)
    if located and not record.form & WITH_ID:
        before += b'"id":' + _encode(doc.id) + b","
    if located and not record.form & WITH_SOURCE:
        before += b'"source":' + _encode(doc.source) + b","
    behind = b',"cleanup":' + _encode(summary(doc))
    if doc.status == "dropped":
        behind += b',"drop":' + _encode(drop_reason(doc))
    return b"".join((before, body, behind, b"}\n")), len(before) + record.begin + 1, size - 2


def render_rows(rows: Sequence[Row]) -> bytes:
    """Ledger rows, a JSON line each."""
    try:
        return _encoder.encode_lines(rows)
    except (UnicodeEncodeError, msgspec.EncodeError):
        return b"".join([encode(msgspec.structs.asdict(row)) for row in rows])


def parse_row(line: bytes) -> Row:
    """A ledger line as a row."""
    try:
        return _row_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.convert(json.loads(line), Row)


def may_name(id_: str) -> Callable[[bytes], bool]:
    """A quick look at a line: False when it cannot hold this id, however JSON may spell it."""
    plain_pieces = PLAIN.findall(id_)  # nobody escapes letters and digits
    needle = max(plain_pieces, key=len).encode() if plain_pieces else b""
    return lambda line: needle in line


@cache
def text_reader(field: str) -> Callable[[bytes], str]:
    """A function that gives the text of a line, without a look at its other fields."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
        msgspec.defstruct("Text", [("text", str, msgspec.field(name=field))])
    )

    def text(line: bytes) -> str:
        try:
            return str(decoder.decode(line).text)
        except (msgspec.DecodeError, UnicodeDecodeError):  # lone surrogates
            return str(value(parse_line(line)[field]))

    return text


def parse_line(line: bytes) -> dict[str, Any]:
    """A line as its fields, values still raw JSON."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found: dict[str, Any] = lenient(line.decode("utf-8", "surrogatepass"))
        return found
