"""Encodings as browsers read them, and the way back from characters to bytes, where one character may have several."""

from __future__ import annotations

import codecs
import re
from functools import cache
from typing import Any

SINGLE = (
    "latin-1", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "iso8859-2", "iso8859-5",
    "iso8859-7", "iso8859-9", "iso8859-15", "koi8-r", "koi8-u", "cp437", "cp850", "cp852", "cp866", "cp874", "mac-roman",
    "mac-cyrillic", "mac-latin2",
)  # fmt: skip
# What a browser or program that says it reads the first may follow in detail.
MULTI = {
    "gb18030": ("gbk", "gb18030"),
    "big5": ("big5", "cp950", "big5hkscs"),
    "cp932": ("cp932", "shift_jis"),
    "cp949": ("cp949",),
    "euc_jp": ("euc_jp",),
}


@cache
def decoding(encoding: str) -> str:
    """The 256 characters of a single-byte encoding; bytes without meaning are C1 controls, as in browsers.

    >>> decoding("cp1252")[0x81], decoding("cp1252")[0x80]
    ('\\x81', '€')
    """
    return "".join(bytes([byte]).decode(encoding, "replace").replace("\ufffd", chr(byte)) for byte in range(256))


@cache
def encoding_map(encoding: str) -> dict[str, int]:
    """Character to byte of a single-byte encoding, bytes above 127 only. C1 controls always mean themselves."""
    table = {chr(byte): byte for byte in range(0x80, 0xA0)}
    table.update({char: byte for byte, char in enumerate(decoding(encoding)) if byte > 127})
    return table


@cache
def translation(wrong: str, true: str) -> dict[int, str]:
    """Every character that `wrong` makes of a byte above 127, to the one that `true` makes of it."""
    table = decoding(true)
    return {ord(char): table[byte] for char, byte in encoding_map(wrong).items()}


@cache
def leads(encoding: str) -> frozenset[str]:
    """What the first bytes of UTF-8's sequences look like."""
    return frozenset(char for char, byte in encoding_map(encoding).items() if 0xC2 <= byte <= 0xF4)


@cache
def follows(encoding: str) -> frozenset[str]:
    """What the further bytes of UTF-8's sequences look like."""
    return frozenset(char for char, byte in encoding_map(encoding).items() if byte < 0xC0)


def has_space(encoding: str) -> bool:
    """Whether byte A0 is the no-break space, which programs replace by a plain one."""
    return decoding(encoding)[0xA0] == "\xa0"


def single_bytes(text: str, encoding: str) -> bytes | None:
    """The bytes of `text` in a single-byte encoding; None when it has characters that the encoding lacks."""
    for table in _charmaps(encoding):
        try:
            return codecs.charmap_encode(text, "strict", table)[0]
        except UnicodeEncodeError:
            continue
    return None


@cache
def _charmaps(encoding: str) -> tuple[Any, dict[int, int]]:
    """Python's fast table, which knows one character for a byte, and the full one, which takes C1 controls too."""
    full = {ord(char): byte for char, byte in encoding_map(encoding).items()} | {byte: byte for byte in range(128)}
    return codecs.charmap_build(decoding(encoding)), full


@cache
def utf8_pattern(encoding: str) -> re.Pattern[str]:
    """What UTF-8's two- to four-byte sequences look like in a single-byte encoding."""
    table = decoding(encoding)

    def some(first: int, last: int) -> str:
        chars = {table[byte] for byte in range(first, last + 1)} | {
            chr(byte) for byte in range(max(first, 0x80), min(last, 0x9F) + 1)
        }
        return "[" + "".join(re.escape(char) for char in sorted(chars)) + "]"

    follow = some(0x80, 0xBF)
    return re.compile(f"{some(0xC2, 0xDF)}{follow}|{some(0xE0, 0xEF)}{follow}{{2}}|{some(0xF0, 0xF4)}{follow}{{3}}")


@cache
def multi_map(family: str) -> dict[str, tuple[bytes, ...]]:
    """Character to its byte sequences in a double-byte encoding and its variants, the usual one first."""
    table: dict[str, tuple[bytes, ...]] = {}
    for name in MULTI[family]:
        # All sequences at once, a line each: a line feed is never the second byte of anything.
        found = _sequences() + (_three() if name == "euc_jp" else [])
        for data, char in zip(found, b"\n".join(found).decode(name, "replace").split("\n"), strict=True):
            if len(char) == 1 and char != "\ufffd" and data not in (known := table.get(char, ())):
                table[char] = (*known, data)
    return table


@cache
def _sequences() -> list[bytes]:
    """Every byte above 127, alone and with every second byte there may be."""
    return [bytes(parts) for lead in range(0x80, 0x100) for parts in ((lead,), *((lead, trail) for trail in range(0x40, 0xFF)))]


@cache
def _three() -> list[bytes]:
    """The sequences of three bytes that EUC-JP has."""
    return [bytes([0x8F, first, second]) for first in range(0xA1, 0xFF) for second in range(0xA1, 0xFF)]


def to_bytes(text: str, family: str) -> list[bytes]:
    """What the bytes of `text` can have been in a double-byte encoding: UTF-8 first, if that is possible; none: it cannot be."""
    table = multi_map(family)
    options: list[tuple[bytes, ...]] = []
    for char in text:
        found = (char.encode(),) if char < "\x80" else table.get(char)
        if found is None:
            return []
        options.append(found)
    doubtful = any(len(found) > 1 for found in options)
    first, last = (b"".join(found[at] for found in options) for at in (0, -1))
    utf8 = _as_utf8(options) if doubtful else None
    return list(dict.fromkeys([*([utf8] if utf8 else ()), first, last]))


def _as_utf8(options: list[tuple[bytes, ...]]) -> bytes | None:
    """The first choice of bytes that is valid UTF-8 from left to right."""
    live = [b""]
    for choices in options:
        grown = [head + choice for head in live for choice in choices]
        live = [data for data in grown if _may_go_on(data)][:4]
        if not live:
            return None
    return live[0]


def _may_go_on(data: bytes) -> bool:
    """Whether the last characters of `data` can be the beginning of valid UTF-8."""
    tail = data[-8:].lstrip(bytes(range(0x80, 0xC0))) if len(data) > 8 else data
    try:
        tail.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True
