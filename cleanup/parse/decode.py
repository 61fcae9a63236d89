"""Bytes to exact text: what was decoded, how sure that is, and how to get the very same bytes back."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

import msgspec

from cleanup.document import Mark
from cleanup.errors import ConfigError, InputError

# WHATWG's reading of the labels that do not mean what they say (encoding.spec.whatwg.org, "names and labels").
# fmt: off
_LABELS = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "l1": "cp1252",
    "iso8859-1": "cp1252", "x-cp1252": "cp1252", "iso-8859-9": "cp1254", "latin5": "cp1254", "iso-8859-11": "cp874",
    "tis-620": "cp874", "x-sjis": "cp932", "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "ms_kanji": "cp932",
    "windows-31j": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "korean": "cp949", "ksc5601": "cp949", 
    "windows-949": "cp949",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "chinese": "gb18030", "cp936": "gb18030",
    "gb_2312-80": "gb18030",    "big5": "cp950", "x-x-big5": "cp950", "cn-big5": "cp950", "x-euc-jp": "euc_jp", "macintosh": "mac_roman",
    "x-mac-roman": "mac_roman",    "x-mac-cyrillic": "mac_cyrillic", "koi": "koi8_r", "koi8": "koi8_r", "unicode-1-1-utf-8": "utf-8", "utf8": "utf-8", "dos-874": "cp874",
}
# fmt: on
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32", "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16-be"),
)
_MAGIC = (
    (b"%PDF-", "a PDF file"), (b"\x89PNG\r\n", "a PNG image"), (b"\xff\xd8\xff", "a JPEG image"), 
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"), (b"PK\x03\x04", "a ZIP archive"), (b"PK\x05\x06", "a ZIP archive"), (b"\x1f\x8b\x08", "gzip data"),
    (b"BZh9", "bzip2 data"), (b"\xfd7zXZ\x00", "xz data"), (b"\x28\xb5\x2f\xfd", "zstd data"), 
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"), (b"\x7fELF", "an ELF program"), (b"\xd0\xcf\x11\xe0\xa1\xb1", "an OLE document"),
    (b"SQLite format 3\x00", "an SQLite database"), (b"PAR1", "a Parquet file"), (b"wOFF", "a font"), (b"wOF2", "a font"),
    (b"ID3\x03", "MP3 audio"), (b"ID3\x04", "MP3 audio"), (b"OggS\x00", "Ogg audio"), (b"\x1aE\xdf\xa3", "Matroska video"),
)  # fmt: skip
_LEAVE_OUT = "only text and HTML can be cleaned; leave this input out"
_CONTROLS = bytes([*range(9), 11, *range(14, 27), *range(28, 32), 127])


class Decoded(msgspec.Struct, frozen=True):
    """What bytes turned out to be.

    `encoding` is a name that Python knows: `text.encode(encoding)` gives the input back unless `lossy`, or `runs` says that
    pieces of it were encoded otherwise; `encode` honours both. `confidence` is in [0, 1].
    """

    text: str
    encoding: str
    confidence: float = 1.0
    alternatives: tuple[str, ...] = ()
    lossy: bool = False
    note: str = ""
    runs: tuple[tuple[int, str], ...] = ()  # (code points, encoding) in order, for text whose lines differ; "hex:..." lost bytes


def decode(data: bytes, declared: Sequence[str] = (), force: str = "") -> Decoded:
    """Exact text of `data`. Declared labels are believed only when they really decode.

    Raises InputError for binary data, with the reason and the byte offset, and ConfigError for a forced encoding that
    Python does not know; never anything else.
    """
    if force:
        return _forced(data, force)
    for mark, name, plain in _BOMS:
        if data.startswith(mark):
            found = _strictly(data, name)
            if found is not None:
                big = plain.endswith("be")
                runs = ((0, f"hex:{mark.hex()}"),) if big else ()
                return Decoded(found, plain if big else name, note="byte order mark", runs=runs)
    _refuse_binary(data)
    if b"\x1b" in data:
        for name in ("iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr"):
            found = _strictly(data, name)
            if found is not None and found.encode(name, "replace") == data:
                return Decoded(found, name, 0.99)
    text = _strictly(data, "utf-8")
    if text is not None and not _has_controls(data):
        return Decoded(text, "ascii" if text.isascii() else "utf-8")
    found_wide = _wide(data) if b"\0" in data or text is not None else None
    if found_wide is None and text is not None:
        return Decoded(text, "utf-8", 0.9)
    return found_wide or _labelled(data, declared) or _guessed(data)


def encode(text: str, encoding: str, runs: Sequence[tuple[int, str]] = ()) -> bytes:
    """The bytes that `decode` got: the inverse of it, `runs` being those of the result."""
    parts: list[bytes] = []
    at = 0
    for length, name in runs:
        parts.append(bytes.fromhex(name[4:]) if name.startswith("hex:") else text[at : at + length].encode(name))
        at += length
    return b"".join([*parts, text[at:].encode(encoding, "surrogatepass" if encoding == "utf-8" else "strict")])


def marks(decoded: Decoded) -> list[Mark]:
    """The encoding and whether anything was lost, as proposals for the document."""
    why: dict[str, object] = {"confidence": round(decoded.confidence, 3)}
    if decoded.alternatives:
        why["alternatives"] = list(decoded.alternatives)
    if decoded.note:
        why["note"] = decoded.note
    if decoded.runs:
        why["runs"] = [list(run) for run in decoded.runs]
    out = [Mark("encoding", decoded.encoding, "decode/encoding", max(0.5, decoded.confidence), why)]
    if decoded.lossy:
        out.append(Mark("lossy", True, "decode/lossy", 1.0, {"note": decoded.note}))
    return out


_META = re.compile(rb"""<meta\s[^>]*?charset\s*=\s*["']?\s*([a-zA-Z0-9_:.\-]+)""", re.I)
_XML = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([a-zA-Z0-9_:.\-]+)""", re.I)


def html_labels(head: bytes) -> list[str]:
    """Encoding labels that an HTML or XML text claims for itself, in order: XML declaration, then meta elements.

    >>> html_labels(b'<meta charset="koi8-r">')
    ['koi8-r']
    """
    head = head[:16384]
    found = [*_XML.findall(head), *_META.findall(head)]
    return list(dict.fromkeys(label.decode("ascii").lower() for label in found))


def codec(label: str) -> str | None:
    """Python's codec for a label as web pages use it; None for one that nobody knows or that is not a text encoding."""
    name = label.strip().strip("\"'").lower()
    try:
        info = codecs.lookup(_LABELS.get(name, name))
    except (LookupError, ValueError):
        return None
    return info.name if getattr(info, "_is_text_encoding", True) else None


def _strictly(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeError, ValueError):
        return None


def _forced(data: bytes, force: str) -> Decoded:
    name = codec(force)
    if name is None:
        raise ConfigError(f"unknown encoding {force!r}", "parse.encoding takes the name of an encoding, such as windows-1251")
    found = _strictly(data, name)
    if found is not None:
        return Decoded(found, name, note="forced")
    return Decoded(data.decode(name, "replace"), name, 0.5, (), True, "forced; some bytes have no meaning in it")


def _refuse_binary(data: bytes) -> None:
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise InputError(f"binary data: {what} at byte 0", _LEAVE_OUT)


def _has_controls(data: bytes) -> bool:
    """Whether more than one byte in twenty is a control character, as in UTF-16 or binary data."""
    return len(data) - len(data.translate(None, _CONTROLS)) > len(data) / 20


def _wide(data: bytes) -> Decoded | None:
    """UTF-16 or UTF-32 without a byte order mark, told by where its zero bytes are."""
    head = data[:4096]
    for name, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        if len(data) % width or not data:
            continue
        text = _strictly(data, name)
        if text is not None and "\0" not in text and _plausible(text[: len(head) // width]):
            return Decoded(text, name, 0.95)
    if b"\0" in head and head.count(b"\0") > len(head) / 10:
        raise InputError(f"binary data: byte 0 at offset {head.index(0)}", _LEAVE_OUT)
    return None


def _plausible(text: str) -> bool:
    good = sum(char.isalnum() or char.isspace() or ord(char) < 127 for char in text)
    spread = len({ord(char) >> 8 for char in text if char.isalnum() and not "\u4e00" <= char <= "\ud7ff"})
    return good > 0.9 * len(text) and spread <= 3


def _labelled(data: bytes, declared: Sequence[str]) -> Decoded | None:
    for label in declared:
        name = codec(label)
        text = _strictly(data, name) if name else None
        if name and text is not None and text.encode(name, "replace") == data:
            return Decoded(text, name, 0.9, note="declared")
    return None


def _guessed(data: bytes) -> Decoded:
    import chardet

    found = chardet.detect_all(data[:200_000], ignore_threshold=True, prefer_superset=True, compat_names=False)
    names = [str(one["encoding"]) for one in found if one["encoding"]]
    for index, name in enumerate(names):
        text = _strictly(data, name)
        if text is not None and text.encode(name, "replace") == data:
            return Decoded(text, name, float(found[index]["confidence"]), tuple(other for other in names[:4] if other != name))
    text = data.decode("utf-8", "replace")
    return Decoded(text, "utf-8", 0.5, tuple(names[:3]), True, f"invalid UTF-8 at byte {_first_error(data)}")


def _first_error(data: bytes) -> int:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(data)
