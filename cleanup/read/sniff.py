"""Which format a stream is in: by its content first, by its name second."""

from __future__ import annotations

import json
import re
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


def sniff(head: bytes, name: str = "") -> str:
    """The format of a stream that starts with `head` (decompressed) and is called `name`. A "list" of records is
    read by nobody, but is no text either.

    >>> sniff(b'{"text": "a"}', "x"), sniff(b"<!DOCTYPE html><p>a", "x.txt"), sniff(b"plain", "")
    ('jsonl', 'html', 'text')
    """
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"WARC/"):
        return "warc"
    suffix = _suffix(name)
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body.startswith(b"{") and _is_record(body, len(head) >= HEAD):
        return "jsonl"
    if LIST.match(body):
        return "list"
    if HTML_START.match(body[:2048]) or len(HTML_TAGS.findall(body[:8192])) >= 8:
        return "html"
    if suffix in ("jsonl", "csv", "html"):
        return suffix
    return "text"


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
