"""Text that is not UTF-8 throughout: one legacy encoding, or an encoding for every line, or UTF-8 with damage."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec

from cleanup.parse.guess import Guess, alternatives, confidence, guess, typical
from cleanup.parse.letters import WORD, disorder, letters, symbols

SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = bytes(range(128, 256))
_BETTER = 20.0  # bits that another encoding has to save before a line is believed to be in it
_FINE = 0.93  # of the bits a letter that a known language has at most: a line that needs no second look
_REMEMBERED = 4000  # pieces of other encodings, and lost bytes, that can be given back
_VOTERS = 40  # lines that are asked when all together are in nothing
_LINES = 3000  # lines that are looked at one by one


class Piece(msgspec.Struct, frozen=True):
    """Some text and the encoding that its bytes were in; "hex:..." for bytes that U+FFFD stands for."""

    text: str
    codec: str


class Reading(msgspec.Struct, frozen=True):
    """What data that is not UTF-8 reads: `pieces` in order, the encoding of most of it, and how sure that is."""

    pieces: list[Piece]
    codec: str
    confidence: float
    alternatives: tuple[str, ...]
    note: str

    @property
    def lossy(self) -> bool:
        """Whether bytes are lost."""
        return any(piece.codec.startswith("hex:") for piece in self.pieces)


def legacy(data: bytes, declared: Sequence[str]) -> Reading:
    """The likeliest reading of data that is not valid UTF-8."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    utf8 = {number for number, line in enumerate(lines) if not line.isascii() and _is_mostly_utf8(line)}
    rest = b"".join(line for number, line in enumerate(lines) if not line.isascii() and number not in utf8)
    found = guess(rest or data, declared)
    if utf8 and found and not _rather_utf8(b"".join(lines[number] for number in sorted(utf8)), found[0]):
        utf8 = set()
        found = guess(data, declared) if rest else found
    if rest and not (found and found[0].good):
        found = _most_common([line for number, line in enumerate(lines) if number not in utf8], declared) or found
    if utf8 and not rest:
        return _reading(list(_pieces(data, "utf-8")), [])
    if not found:
        return _reading(list(_pieces(data, _last_resort(data))), [])
    best = found[0]
    codecs = ["utf-8" if number in utf8 else _line_codec(line, best, number) for number, line in enumerate(lines)]
    pieces = [piece for line, codec in zip(lines, codecs, strict=True) for piece in _pieces(line, codec or best.codec)]
    return _reading(pieces, found)


def _most_common(lines: Sequence[bytes], declared: Sequence[str]) -> list[Guess]:
    """What most of the lines are in, each taken by itself: where lines differ, all of them together are in nothing."""
    votes: Counter[str] = Counter()
    guesses: dict[str, list[Guess]] = {}
    for line in [line for line in lines if not line.isascii()][:_VOTERS]:
        found = guess(line, declared)
        if found and found[0].good:
            votes[found[0].codec] += found[0].fit.letters
            guesses.setdefault(found[0].codec, found)
    return guesses[votes.most_common(1)[0][0]] if votes else []


def _last_resort(data: bytes) -> str:
    """For bytes that look like nothing: what browsers take them for, when that is possible."""
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "utf-8"
    return "cp1252"


def replaced(data: bytes, codec: str, note: str) -> Reading:
    """The text of data in an encoding that was asked for, U+FFFD where a byte has no meaning in it."""
    made = _reading(list(_pieces(data, codec, strays=False)), [])
    return msgspec.structs.replace(made, codec=codec, confidence=0.5, note=f"{note}; {made.note}")


def _is_mostly_utf8(line: bytes) -> bool:
    """Whether nearly all bytes above 127 of a line belong to UTF-8's sequences: a stray byte or two is damage."""
    inside = sum(map(len, SEQUENCE.findall(line)))
    high = len(line) - len(line.translate(None, _HIGH))
    return inside == high or (inside >= 4 and 5 * (high - inside) <= inside)


def _rather_utf8(data: bytes, other: Guess) -> bool:
    """Whether lines that can be UTF-8 read better so than in the encoding of the other lines."""
    head = data[:3000]
    model = letters()
    return model.fit(head.decode("utf-8", "replace")).bits + _BETTER < model.fit(head.decode(other.codec, "replace")).bits


def _line_codec(line: bytes, best: Guess, number: int) -> str:
    """The encoding of one line: that of all, unless the line reads badly in it and well in another."""
    if line.isascii() or number > _LINES:
        return ""
    text = line.decode(best.codec, "replace")
    fit = letters().fit(text[:600])
    if "\ufffd" not in text and (
        len(text) < 8 or (fit.rate <= _FINE * typical(text) and not any(disorder(word) for word in WORD.findall(text[:600])))
    ):
        return ""
    found = guess(line[:3000])
    if found and found[0].good and found[0].codec != best.codec:
        theirs = letters().fit(line.decode(found[0].codec, "replace")[:600])
        if theirs.bits + _BETTER < fit.bits:
            return found[0].codec
    return ""


def _pieces(line: bytes, codec: str, strays: bool = True) -> Iterator[Piece]:
    """A line in one encoding; stray bytes of Windows in UTF-8, and bytes that mean nothing, are pieces of their own."""
    start = 0
    while start < len(line):
        try:
            yield Piece(line[start:].decode(codec), codec)
            return
        except UnicodeDecodeError as error:
            bad = start + error.start
            end = start + error.end
            if bad > start:
                yield Piece(line[start:bad].decode(codec), codec)
            lost = line[bad:end]
            stray = _stray(line, bad, lost) if codec == "utf-8" and strays else ""
            yield Piece(stray, "cp1252") if stray else Piece("\ufffd", f"hex:{lost.hex()}")
            start = end


def _stray(line: bytes, at: int, lost: bytes) -> str:
    """What a single byte of windows-1252 among UTF-8 means: a quote or dash, or a letter between letters."""
    if len(lost) > 1 or lost in (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"):
        return ""
    char = lost.decode("cp1252")
    if not char.isalpha():
        return char if symbols(char) <= 8 else ""
    around = line[max(0, at - 1) : at] + line[at + 1 : at + 2]
    return char if len(around) == 2 and around.isalpha() else ""


def _reading(pieces: list[Piece], found: list[Guess]) -> Reading:
    merged = [
        Piece("".join(piece.text for piece in group), codec)
        for codec, run in groupby(pieces, key=lambda piece: piece.codec)
        for group in ([list(run)] if not codec.startswith("hex:") else [[piece] for piece in run])
    ]
    weight: Counter[str] = Counter()
    for piece in merged:
        if not piece.codec.startswith("hex:"):
            weight[piece.codec] += 1 if piece.text.isascii() else 1 + 1000 * len(piece.text)
    codec = weight.most_common(1)[0][0] if weight else "utf-8"
    return Reading(merged, codec, confidence(found) if found else 0.6, tuple(alternatives(found)), _note(merged, codec))


def _note(pieces: Sequence[Piece], main: str) -> str:
    """What is not in the main encoding, by line and by byte."""
    out: list[str] = []
    line, at = 1, 0
    where: dict[str, list[int]] = {}
    lost: list[int] = []
    for piece in pieces:
        if piece.codec.startswith("hex:"):
            lost.append(at)
            at += len(piece.codec) // 2 - 2
            continue
        if piece.codec != main and not piece.text.isascii():
            where.setdefault(piece.codec, []).extend(range(line, line + max(1, piece.text.rstrip("\n").count("\n") + 1)))
        line += piece.text.count("\n")
        at += len(piece.text.encode(piece.codec))
    out += [
        f"mixed: line{'s' * (len(numbers) > 1)} {_spans(numbers)} {codec}, the rest {main}" for codec, numbers in where.items()
    ]
    if lost:
        out.append(f"{len(lost)} invalid byte sequence{'s' * (len(lost) > 1)}, first at byte {lost[0]}")
    return "; ".join(out)


def _spans(numbers: Sequence[int]) -> str:
    """Line numbers for people: 3-5, 9."""
    spans: list[list[int]] = []
    for number in dict.fromkeys(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = [f"{first}-{last}" if last > first else str(first) for first, last in spans[:10]]
    return ", ".join([*shown, *(["..."] if len(spans) > 10 else [])])


def runs(reading: Reading) -> tuple[tuple[int, str], ...]:
    """The pieces as `encode` wants them; none where one encoding did it all, or too much is lost to be given back."""
    pieces = reading.pieces
    if all(piece.codec == reading.codec or piece.text.isascii() for piece in pieces) or len(pieces) > _REMEMBERED:
        return ()
    return tuple((len(piece.text), piece.codec) for piece in pieces)
