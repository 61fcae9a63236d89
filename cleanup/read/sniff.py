"""Which format a stream is in: by its content first, by its name second."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Collection
from pathlib import PurePosixPath

import msgspec

SUFFIXES = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".html": "html", ".htm": "html", ".xhtml": "html", ".warc": "warc",
    ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".txt": "text", ".md": "text", ".text": "text",
}  # fmt: skip
PACKED = {".gz", ".bz2", ".xz", ".zst", ".zstd", ".gzip"}
HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>|<!--.*?-->|\s)*<(?:!doctype\s+html|html|head|body|meta|title|script)[\s>/]", re.I | re.S
)
HTML_TAGS = re.compile(
    rb"<(?:p|div|a|span|h[1-6]|li|ul|br|img|article|section|table)(?:\s[^<>]*)?/?>|</(?:p|div|a|span|li|ul|article|section)>",
    re.I,
)
LIST = re.compile(rb'\[\s*\{\s*"(?:[^"\\\n]|\\.)*+"\s*:')
HEAD = 1 << 16  # bytes that sniffing looks at
LINES = 4  # of which one has to be a record
OBJECT = re.compile(rb'\{\s*\n\s*"(?:[^"\\\n]|\\.)*+"\s*:')
WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
NAME = re.compile(r"[\w.-]{1,64}")  # of a table's column
FIELDS = ("text", "html", "id", "url")


def wide(head: bytes) -> str:
    """The encoding of a stream whose every character has two bytes, as its mark says; "" for any other."""
    return WIDE.get(head[:2], "") if head[2:4] != b"\0\0" else ""


def sniff(head: bytes, name: str = "", fields: Collection[str] = FIELDS) -> str:
    """The format of a stream that starts with `head` (decompressed) and is called `name`; `fields` are the columns by which a
    table is told from a text. A "list" of records, or one record over many lines, is read by nobody, but is no text either.

    >>> sniff(b'{"text": "a"}', "x"), sniff(b"<!DOCTYPE html><p>a", "x.txt"), sniff(b"plain", "")
    ('jsonl', 'html', 'text')
    """
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"WARC/"):
        return "warc"
    if encoding := wide(head):
        return sniff(head.decode(encoding, "replace").encode(), name, fields)
    suffix = _suffix(name)
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body.startswith(b"{") and _is_record(body, len(head) >= HEAD):
        return "jsonl"
    if LIST.match(body) or OBJECT.match(body):
        return "list"
    if HTML_START.match(body[:2048]) or len(HTML_TAGS.findall(body[:8192])) >= 8:
        return "html"
    if suffix in ("jsonl", "csv", "html"):
        return suffix
    return "csv" if suffix != "text" and _is_table(head, fields) else "text"


def delimiter(line: str) -> str:
    """What stands between the cells of a table, by its first line."""
    return max(",;\t|", key=line.count)


def _is_table(head: bytes, fields: Collection[str]) -> bool:
    """Whether a first line of nothing but names has one that is known, and the row behind it as many cells."""
    first = head[: head.find(b"\n") + 1]
    if not first or not any(field.encode("utf-8", "surrogatepass") in first for field in fields):
        return False
    lines = io.StringIO(head.decode("utf-8-sig", "replace"), newline="")
    rows = csv.reader(lines, delimiter=delimiter(first.decode("utf-8", "replace")))
    try:
        names, row = next(rows), next((row for row in rows if row), [])
    except csv.Error:
        return False
    known = all(map(NAME.fullmatch, names)) and len(set(names)) == len(names) and not set(fields).isdisjoint(names)
    return known and len(names) == len(row) > 1


def never_empty(name: str) -> str:
    """What a file without a byte claims by its name to be, if it cannot be that: a download that was cut off at once."""
    end = PurePosixPath(name).suffix.lower()
    return end[1:] if end in PACKED or end == ".parquet" else ""


def _suffix(name: str) -> str:
    path = PurePosixPath(name)
    if path.suffix.lower() in PACKED:
        path = path.with_suffix("")
    return SUFFIXES.get(path.suffix.lower(), "")


def _is_record(body: bytes, cut: bool) -> bool:
    """Whether one of the first lines is a record: the very first may be the broken one."""
    first, *others = body.split(b"\n", LINES)
    if any(line.startswith(b"{") and _is_object(line) for line in (first, *others[: LINES - 1])):
        return True
    return cut and not others and re.match(rb'\{\s*"', first) is not None


def _is_object(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:  # as lenient as the reader of records, who takes lone surrogates and bytes that are not UTF-8
            return isinstance(json.loads(line.decode("utf-8", "surrogateescape")), dict)
        except (ValueError, RecursionError):
            return False
    return True
