"""Recipes on the level of characters: mojibake, a wrong declared encoding, HTML entities."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeVar

from cleanup.errors import CleanupError
from cleanup.evaluate.script import Change, Script, joined

T = TypeVar("T")

# Names as the standards have them -> Python codec. Browsers read windows-125x with holes filled, and so does ftfy.
SINGLE = {
    "iso-8859-1": "latin-1",
    "windows-1252": "sloppy-windows-1252",
    "windows-1250": "sloppy-windows-1250",
    "windows-1251": "sloppy-windows-1251",
    "windows-1253": "sloppy-windows-1253",
    "windows-1254": "sloppy-windows-1254",
    "windows-1257": "sloppy-windows-1257",
    "iso-8859-2": "iso8859-2",
    "cp437": "cp437",
    "cp850": "cp850",
    "cp866": "cp866",
    "macintosh": "mac-roman",
    "koi8-r": "koi8-r",
}
MULTI = {"gbk": "gbk", "gb18030": "gb18030", "shift_jis": "cp932", "euc-kr": "cp949", "big5": "big5", "euc-jp": "euc-jp"}
CODECS = {**SINGLE, **MULTI, "utf-8": "utf-8"}

# What old pages in a language were written in.
LEGACY = {
    "ru": ("windows-1251", "koi8-r", "cp866"),
    "uk": ("windows-1251",),
    "bg": ("windows-1251",),
    "el": ("windows-1253",),
    "tr": ("windows-1254",),
    "ja": ("shift_jis", "euc-jp"),
    "zh": ("gbk", "gb18030", "big5"),
    "ko": ("euc-kr",),
    "pl": ("windows-1250", "iso-8859-2"),
    "cs": ("windows-1250", "iso-8859-2"),
    "sk": ("windows-1250", "iso-8859-2"),
    "hu": ("windows-1250", "iso-8859-2"),
    "ro": ("windows-1250", "iso-8859-2"),
    "hr": ("windows-1250", "iso-8859-2"),
    "sl": ("windows-1250", "iso-8859-2"),
    "lt": ("windows-1257",),
    "lv": ("windows-1257",),
    "et": ("windows-1257",),
}
WESTERN = ("windows-1252", "iso-8859-1", "macintosh", "cp850")

_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]+")


def misread(text: str, true: str, wrong: str, times: int = 1) -> str | None:
    """`text` written in `true` and read as `wrong`, `times` times over; None where that is not possible without loss.

    >>> misread("né", "utf-8", "windows-1252")
    'nÃ©'
    """
    import ftfy.bad_codecs  # noqa: F401 (registers the sloppy codecs)

    dirty = text
    try:
        for _ in range(times):
            dirty = dirty.encode(CODECS[true]).decode(CODECS[wrong])
        back = dirty
        for _ in range(times):
            back = back.encode(CODECS[wrong]).decode(CODECS[true])
    except UnicodeError:
        return None
    return dirty if back == text and dirty.count("\n") == text.count("\n") else None


def lines(text: str) -> Iterator[tuple[int, str]]:
    """(offset, line) for the lines of a text, cut at line feeds alone, without them."""
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def chosen(offers: Sequence[T], rate: float, rng: Random) -> list[T]:
    """A share of the offers, at least one of them, in their order; none at rate 0."""
    count = min(len(offers), max(1, round(rate * len(offers)))) if rate > 0 else 0
    return [offers[number] for number in sorted(rng.sample(range(len(offers)), count))]


def _changes(offset: int, line: str, reading: Callable[[str], str | None], *, runs: bool) -> list[Change] | None:
    """The changes of one line: run by run outside ASCII where the wrong encoding keeps ASCII as it is, else in one piece."""
    spans = [found.span() for found in _OUTSIDE_ASCII.finditer(line)] if runs else [(0, len(line))]
    found: list[Change] = []
    for start, end in spans:
        before = line[start:end]
        after = reading(before)
        if after is None:
            return None
        if not runs:
            start, end, after = _trimmed(before, after)
        if line[start:end] != after:
            found.append(Change(offset + start, offset + end, line[start:end], after))
    return found


def _trimmed(before: str, after: str) -> tuple[int, int, str]:
    """The piece of `before` that differs from `after`, and what stands there instead."""
    low, most = 0, min(len(before), len(after))
    while low < most and before[low] == after[low]:
        low += 1
    tail = 0
    while tail < most - low and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return low, len(before) - tail, after[low : len(after) - tail]


Reading = tuple[str, str, int]  # true encoding, wrong encoding, how often


def _first(text: str, readings: Sequence[Reading], rate: float, rng: Random) -> tuple[Script, Reading | None]:
    """The script of the first reading, in random order, that every line allows; else of the one that most lines allow."""
    best: list[list[Change]] = []
    reading = None
    wanted = sum(not line.isascii() for _, line in lines(text))
    for candidate in rng.sample(readings, len(readings)) if wanted else ():
        found = _lines_read(text, *candidate)
        if len(found) > len(best):
            best, reading = found, candidate
        if len(found) == wanted:
            break
    picked = chosen(range(len(best)), rate, rng)
    return joined(change for number in picked for change in best[number]), reading


def _lines_read(text: str, true: str, wrong: str, times: int) -> list[list[Change]]:
    """The changes of every line that the reading changes without loss."""
    runs = wrong in SINGLE and (true in SINGLE or true == "utf-8")
    found = []
    for offset, line in lines(text):
        changes = None if line.isascii() else _changes(offset, line, lambda piece: misread(piece, true, wrong, times), runs=runs)
        if changes:
            found.append(changes)
    return found


def mojibake(text: str, rate: float, rng: Random, variant: str = "") -> Script:
    """UTF-8 read as something else, once or twice. `variant` names the wrong encoding, with "x2" for twice ("windows-1252x2")."""
    readings = [(name, times) for name in (*SINGLE, *MULTI) for times in ((1, 2) if name in SINGLE else (1,))]
    if variant:
        name = variant.removesuffix("x2")
        _known(name, (*SINGLE, *MULTI))
        readings = [(name, 1 if name == variant else 2)]
    return _first(text, [("utf-8", name, times) for name, times in readings], rate, rng)[0]


def encoding(text: str, rate: float, rng: Random, language: str, variant: str = "") -> tuple[Script, dict[str, str]]:
    """A legacy encoding read as another one, because somebody declared that. Returns also {"encoding", "declared"}.

    `variant` is "true>declared", as in "windows-1251>iso-8859-1".
    """
    if variant:
        true, _, wrong = variant.partition(">")
        _known(true, CODECS)
        _known(wrong, CODECS)
        pairs = [(true, wrong, 1)]
    else:
        own = LEGACY.get(language, WESTERN)
        pairs = [(true, wrong, 1) for true in own for wrong in CODECS if wrong != true]
    script, reading = _first(text, pairs, rate, rng)
    return script, {"encoding": reading[0], "declared": reading[1]} if reading and script else {}


def _known(name: str, names: Sequence[str] | dict[str, str]) -> None:
    if name not in names:
        raise CleanupError(f"unknown encoding {name!r} in a recipe", f"known: {', '.join(names)}")


_NAMES = {chr(point): name for point, name in html.entities.codepoint2name.items()}
STYLES = ("named", "decimal", "hex", "double")


def entities(text: str, rate: float, rng: Random, variant: str = "") -> Script:
    """Characters written as HTML entities. `variant`: named, decimal, hex or double (escaped twice)."""
    if variant and variant not in STYLES:
        raise CleanupError(f"unknown style {variant!r} of recipe entities", f"known: {', '.join(STYLES)}")
    style = variant or rng.choice(STYLES)
    places = [at for at, char in enumerate(text) if char in "&<>\"'" or (ord(char) > 0x9F and not 0xD800 <= ord(char) <= 0xDFFF)]
    return joined(Change(at, at + 1, text[at], _entity(text[at], style)) for at in chosen(places, rate, rng))


def _entity(char: str, style: str) -> str:
    name = "apos" if char == "'" else _NAMES.get(char)
    if style == "hex":
        return f"&#x{ord(char):X};"
    if style == "decimal" or name is None:
        name = f"#{ord(char)}"
    return f"&amp;{name};" if style == "double" else f"&{name};"
