"""Bytes to exact text: what was decoded, how sure that is, and how to get the very same bytes back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from cleanup.document import Mark
from cleanup.errors import ConfigError, InputError
from cleanup.parse import encodings

if TYPE_CHECKING:
    from cleanup.parse.mixed import Reading

_LEAVE_OUT = "only text and HTML can be cleaned; leave this input out"
LOST = 100  # places of a wide text with a byte order mark, at most, whose bytes mean nothing
_CONTROLS = bytes([*range(9), 11, *range(14, 27), *range(28, 32), 127])
_ESCAPES = re.compile(rb"\x1b[$(]")


class Decoded(msgspec.Struct, frozen=True):
    """What bytes turned out to be.

    `encoding` is a name that Python knows. `text.encode(encoding)` gives the input back, unless `runs` says that pieces of it
    were encoded otherwise: then `encode` does. `lossy`: some bytes have no meaning, and U+FFFD stands for them; `exact`: they
    are known all the same, so that `encode` gives the input back. `confidence` is in [0, 1].
    """

    text: str
    encoding: str
    confidence: float = 1.0
    alternatives: tuple[str, ...] = ()
    lossy: bool = False
    note: str = ""
    runs: tuple[tuple[int, str], ...] = ()  # (code points, encoding) from the start; "hex:..." for bytes that are lost
    exact: bool = True


def decode(data: bytes, declared: Sequence[str] = (), force: str = "") -> Decoded:
    """Exact text of `data`. Declared labels are believed only when they really decode.

    Raises InputError for binary data, with the reason and the byte offset, and ConfigError for a forced encoding that
    Python does not know; never anything else.
    """
    if force:
        return _forced(data, force)
    if data[:1] in (b"\xef", b"\xff", b"\xfe", b"\0"):
        marked = _marked(data)
        if marked is not None:
            return marked
    archive = data[257:262] == b"ustar"
    if archive or data.startswith(encodings.MAGICS):
        what = next((name for magic, name in encodings.MAGIC.items() if data.startswith(magic)), "a tar archive")
        raise InputError(f"binary data: {what} at byte 0", _LEAVE_OUT)
    if b"\x1b" in data or b"~{" in data:
        shifted = _shifted(data)
        if shifted is not None:
            return shifted
    text = _strictly(data, "utf-8")
    if text is not None and not _has_controls(data):
        return Decoded(text, "ascii" if text.isascii() else "utf-8")
    from cleanup.parse import wide

    found = wide.wide(data)
    if found is not None:
        name, text, sure = found
        return Decoded(text, name, sure)
    _refuse_binary(data, 10 if text is not None else 20)  # of random bytes one in nine is a control character
    if text is not None:
        return Decoded(text, "utf-8", 0.9)
    from cleanup.parse import mixed

    return _decoded(mixed.legacy(data, [name for name in map(encodings.codec, declared) if name]), data)


def encode(text: str, encoding: str, runs: Sequence[tuple[int, str]] = ()) -> bytes:
    """The bytes that `decode` got: the inverse of it, `runs` being those of the result.

    >>> encode("né", "utf-8", [(0, "hex:efbbbf"), (1, "ascii")])
    b'\\xef\\xbb\\xbfn\\xc3\\xa9'
    """
    parts: list[bytes] = []
    at = 0
    for length, name in runs:
        parts.append(bytes.fromhex(name[4:]) if name.startswith("hex:") else text[at : at + length].encode(name))
        at += length
    return b"".join([*parts, text[at:].encode(encoding)])


def marks(decoded: Decoded, page: bool = False) -> list[Mark]:
    """The encoding and whether anything was lost, as proposals for the document. `page`: only a part of it will be the text."""
    why: dict[str, object] = {"confidence": round(decoded.confidence, 3)}
    if decoded.alternatives:
        why["alternatives"] = list(decoded.alternatives)
    if decoded.note:
        why["note"] = decoded.note
    if page:
        why["page"] = True
    elif not decoded.exact:
        why["exact"] = False
    elif decoded.runs:
        why["runs"] = [list(run) for run in decoded.runs]
    out = [Mark("encoding", decoded.encoding, "decode/encoding", max(0.5, decoded.confidence), why)]
    if decoded.lossy:
        out.append(Mark("lossy", True, "decode/lossy", 1.0, {"note": decoded.note}))
    return out


def original(text: str, encoding: str, why: Mapping[str, Any]) -> bytes:
    """The bytes of a text before any edit, from the encoding and the evidence of its mark; a page's text is given in UTF-8.

    Raises InputError when the bytes are not known any more.
    """
    if why.get("exact", True):
        try:
            return encode(
                text, "utf-8" if why.get("page") else encoding, [(length, name) for length, name in why.get("runs", ())]
            )
        except UnicodeEncodeError:
            pass
    raise InputError(f"these bytes cannot be given back: {why.get('note') or encoding}", "the file that was read has them")


_META = re.compile(rb"""<meta\s[^>]*?charset\s*=\s*["']?\s*([a-zA-Z0-9_:.\-]+)""", re.I)
_XML = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([a-zA-Z0-9_:.\-]+)""", re.I)


def html_labels(head: bytes) -> list[str]:
    """Encoding labels that an HTML or XML text claims for itself, in order: XML declaration, then meta elements.

    >>> html_labels(b'<meta charset="koi8-r">')
    ['koi8-r']
    """
    found = [*_XML.findall(head[:1024]), *_META.findall(head[:16384])]
    return list(dict.fromkeys(label.decode("ascii").lower() for label in found))


def _strictly(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeError, ValueError):
        return None


def _forced(data: bytes, force: str) -> Decoded:
    name = encodings.codec(force)
    if name is None:
        raise ConfigError(f"unknown encoding {force!r}", "parse.encoding takes the name of an encoding, such as windows-1251")
    text = _strictly(data, name)
    if text is not None:
        label = encodings.public(name, text, data)
        return Decoded(text, label, note="forced", exact=_encodes(text, label, data))
    from cleanup.parse import mixed

    return _decoded(mixed.replaced(data, name, "forced"), data)


def _decoded(reading: Reading, data: bytes) -> Decoded:
    """A reading under the usual names, checked: what cannot be encoded again to the same bytes is lossy."""
    from cleanup.parse import mixed

    text = "".join(piece.text for piece in reading.pieces)
    runs = mixed.runs(reading)
    name = reading.codec if runs or reading.lossy else encodings.public(reading.codec, text, data)
    lossy, note = reading.lossy, reading.note
    exact = _encodes(text, name, data, runs)
    if not lossy and not exact:
        lossy, note = True, "; ".join(filter(None, [note, f"{name} has other bytes for some of these characters"]))
    return Decoded(text, name, reading.confidence, reading.alternatives, lossy, note, runs, exact)


def _marked(data: bytes) -> Decoded | None:
    for mark, taken_off, plain in encodings.BOMS:
        if data.startswith(mark):
            text = _strictly(data[len(mark) :], plain)
            if text is not None:
                runs = () if taken_off else ((0, f"hex:{mark.hex()}"),)
                return Decoded(text, taken_off or plain, note="byte order mark", runs=runs)
            if plain != "utf-8":  # its bytes would look like binary data
                return _damaged(data, mark, plain)
    return None


def _damaged(data: bytes, mark: bytes, codec: str) -> Decoded | None:
    """A wide text of which some bytes are lost, most often the last one; None for what was none."""
    from cleanup.parse import mixed

    if data.decode(codec, "replace").count("\ufffd") > min(LOST, 1 + len(data) // 1000):
        return None
    reading = mixed.replaced(data[len(mark) :], codec, "byte order mark")
    return _decoded(msgspec.structs.replace(reading, pieces=[mixed.Piece("", f"hex:{mark.hex()}"), *reading.pieces]), data)


def _shifted(data: bytes) -> Decoded | None:
    """Seven-bit encodings that switch between character sets."""
    names = ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr") if _ESCAPES.search(data) else ()
    for name in (*names, *(("hz",) if b"~{" in data and data.isascii() else ())):
        text = _strictly(data, name)
        if text is not None and not text.isascii() and _encodes(text, name, data):
            return Decoded(text, name.replace("_", "-") if name == "iso2022_jp" else name, 0.99)
    return None


def _encodes(text: str, name: str, data: bytes, runs: Sequence[tuple[int, str]] = ()) -> bool:
    try:
        return encode(text, name, runs) == data
    except UnicodeEncodeError:
        return False


def _has_controls(data: bytes) -> bool:
    """Whether more than one byte in twenty is a control character, as in UTF-16 or binary data."""
    return 20 * (len(data) - len(data.translate(None, _CONTROLS))) > len(data)


def _refuse_binary(data: bytes, text: int) -> None:
    """Raises InputError for more than one control character in so many bytes."""
    head = data[:65536]
    if 100 * head.count(b"\0") > len(head):
        raise InputError(f"binary data: byte 0 at offset {data.index(0)}", _LEAVE_OUT)
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if text * controls > len(head):
        where = next(at for at, byte in enumerate(head) if byte in _CONTROLS)
        raise InputError(
            f"binary data: {controls} control characters in the first {len(head)} bytes, first at {where}", _LEAVE_OUT
        )
