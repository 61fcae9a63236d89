"""Misreadings that ftfy does not attempt: which other reading of a line's bytes is likelier to be what somebody wrote.

A reading is proposed when it saves so many bits (see `cleanup.parse.letters`) that chance is out of the question, and when
what it makes of the changed words looks like words of a language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from cleanup.parse import letters as language
from cleanup.stages import codepages
from cleanup.stages.mojibake_draft import differences

UTF8_IN_SINGLE = (
    "cp1252", "cp1251", "koi8-r", "cp866", "cp850", "mac-roman", "cp437", "cp1250", "cp1253", "cp1254", "cp1257", "iso8859-2",
    "cp852", "cp1255", "cp1256", "mac-cyrillic", "iso8859-5", "iso8859-7", "iso8859-15", "koi8-u", "cp874", "cp1258", "latin-1",
)  # fmt: skip
UTF8_IN_MULTI = ("gb18030", "cp932", "cp949", "big5", "euc_jp")
WRONG_SINGLE = (
    "cp1252", "latin-1", "cp1250", "cp1251", "koi8-r", "cp866", "cp437", "cp850", "mac-roman", "cp1253", "cp1254", "cp1257",
    "iso8859-2", "cp852", "iso8859-5", "mac-cyrillic",
)  # fmt: skip
TRUE_SINGLE = (
    "cp1252", "cp1250", "cp1251", "koi8-r", "koi8-u", "cp866", "cp437", "cp850", "cp852", "mac-roman", "cp1253", "cp1254",
    "cp1255", "cp1256", "cp1257", "iso8859-2", "iso8859-5", "iso8859-7", "mac-cyrillic", "mac-latin2", "cp874",
)  # fmt: skip
TRUE_MULTI = ("gb18030", "cp932", "cp949", "big5", "euc_jp")
LAYERS = 3
_RARE = frozenset(("cp874", "mac-latin2", "cp1258", "iso8859-5", "iso8859-7", "mac-cyrillic", "koi8-u", "iso8859-15", "cp852", "euc_jp"))
_GROUPS = {
    "cyrillic": ("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic"), "greek": ("cp1253", "iso8859-7"),
    "central": ("cp1250", "iso8859-2", "cp852", "mac-latin2"), "western": ("cp1252", "cp437", "cp850", "mac-roman"),
    "turkish": ("cp1254",), "baltic": ("cp1257",), "hebrew": ("cp1255",), "arabic": ("cp1256",), "thai": ("cp874",),
    "east-asian": TRUE_MULTI,
}  # fmt: skip
_GROUP = {name: group for group, names in _GROUPS.items() for name in names}
UTF8_RULES = {
    "cp1252": "cp1252", "cp1251": "cp1251", "koi8-r": "koi8-r", "koi8-u": "koi8-r", "cp866": "cp866", "cp850": "cp850", "mac-roman": "macroman",
    "cp437": "cp437", "cp1250": "cp1250", "cp1253": "cp1253", "iso8859-7": "cp1253", "cp1254": "cp1254", "cp1257": "cp1257",
    "iso8859-2": "iso-8859-2", "cp852": "cp852", "cp1255": "cp1255", "cp1256": "cp1256", "mac-cyrillic": "mac-cyrillic",
    "iso8859-5": "iso-8859-5", "iso8859-15": "cp1252", "cp874": "cp874", "cp1258": "cp1258", "latin-1": "cp1252", "gb18030": "gbk",
    "cp932": "shift-jis", "cp949": "cp949", "big5": "big5", "euc_jp": "euc-jp",
}  # fmt: skip


class Reading(msgspec.Struct, frozen=True):
    """Another reading of a line: its text, the encodings (written in `true`, read as `wrong`), and what speaks for it."""

    text: str
    wrong: str
    true: str
    gain: float  # bits saved, less what the hypothesis itself costs
    score: float
    language: str

    @property
    def rule(self) -> str:
        """The rule's id."""
        return "mojibake/" + (UTF8_RULES[self.wrong] if self.true == "utf-8" else f"legacy-{_GROUP[self.true]}")

    @property
    def why(self) -> dict[str, object]:
        """The evidence."""
        return {"written": self.true, "read": self.wrong, "bits": round(self.gain, 1), "language": self.language}


def repair(line: str) -> Reading | None:
    """What `line` was before it was misread, once or several times; None when no other reading saves enough bits."""
    first: Reading | None = None
    text, gain = line, 0.0
    for _ in range(LAYERS):
        found = _best(text)
        if found is None or (first and found.gain < 25):
            break
        first = first or found
        gain += found.gain
        text = found.text
        if found.score >= 0.9:
            break
    if first is None or text == first.text:
        return first
    fit = language.letters().fit(text)
    return Reading(text, first.wrong, first.true, gain, _score(line, text, first.true, gain), fit.language)


def _best(line: str) -> Reading | None:
    """The likeliest other reading of `line`, one misreading away."""
    model = language.letters()
    base = model.fit(line)
    found: tuple[float, str, str, str, language.Fit] | None = None
    seen = {line}
    for text, wrong, true in readings(line):
        if text in seen:
            continue
        seen.add(text)
        fit = model.fit(text)
        gain = base.bits - fit.bits - _price(line, wrong, true)
        if gain > 8 and (found is None or gain > found[0]):
            found = (gain, text, wrong, true, fit)
    if found is None:
        return None
    gain, text, wrong, true, fit = found
    return Reading(text, wrong, true, gain, _score(line, text, true, gain), fit.language)


def _price(line: str, wrong: str, true: str) -> float:
    """Bits that a hypothesis costs: how unusual the pair is, and whether it leaves some of its own characters behind."""
    price = 6.0 + 8.0 * (wrong in _RARE) + 8.0 * (true in _RARE) + (0.0 if true == "utf-8" else 6.0)
    if true == "utf-8" and wrong in codepages.SINGLE:
        table = codepages.encoding_map(wrong)
        if any(char in table for char in codepages.utf8_pattern(wrong).sub("", line)):
            price += 15.0
    return price


def _score(line: str, text: str, true: str, gain: float) -> float:
    """From bits to a score: 0.9 and more is safe to apply, less is held for a person."""
    changed = list(differences(line, text))
    before = " ".join(line[start:end] for start, end, _ in changed)
    after = " ".join(new for _, _, new in changed)
    if _inversions(after) > _inversions(before):
        return 0.3
    fit = language.letters().fit(after)
    foreign = sum(char > "\x7f" and char.isalpha() for char in after)
    east = 2 * sum(char > "\u2e80" for char in after) > fit.letters
    if foreign and fit.rate > (10.5 if east else 5.2):
        return 0.6 if fit.rate < (12 if east else 6.5) and gain >= 10 else 0.3
    if not foreign and not (_well_placed(after) and (true == "utf-8" or (gain >= 20 and _count(after) > 1))):
        return 0.6 if gain >= 10 else 0.3
    if true != "utf-8" and not _trustworthy(text, after, foreign, gain):
        return 0.6 if gain >= 10 else 0.3
    if gain >= 20:
        return 0.97 if gain >= 40 else 0.94
    if gain >= 13 and true == "utf-8" and _IMPOSSIBLE.search(before) and not _IMPOSSIBLE.search(text):
        return 0.92
    return 0.6 if gain >= 10 else 0.3


def _trustworthy(text: str, after: str, foreign: int, gain: float) -> bool:
    """What one legacy encoding read as another has to show beyond good words: a whole line that is a language."""
    whole = language.letters().fit(text)
    ideographs = 2 * sum(char > "\u2e80" for char in text) > whole.letters
    if whole.rate > (10.0 if ideographs else 4.7):
        return False
    scripts = [language.script(char) for char in after if char.isalpha()]
    main = max(set(scripts), key=scripts.count, default="LATIN")
    if main != "LATIN" and 2 * sum(language.script(char) == main for char in text if char.isalpha()) < whole.letters:
        return False
    return gain >= (28 if foreign == 1 else 24 if foreign else 20)


# Controls and box drawing: nobody writes them inside words.
_IMPOSSIBLE = re.compile("[\x80-\x9f\u2500-\u259f\ufffd]")
_TYPOGRAPHIC = re.compile("[\u2010-\u2026\u20ac\u2122\u00ab\u00bb\u00a0\u00a3\u00bf\u00a1]")
_MISPLACED = re.compile(
    r"[^\W\d_][“„«‹¿¡€][^\W\d_]|[”»][^\W\d_]|[^\W\d_]…[^\W\d_]|‘(?!\w)|’(?!(?:s|t|re|ve|ll|d|m|n)\b)(?<!\b\w’)(?<!\w\wl’)(?<!qu’)[^\W\d_]"
)


def _count(text: str) -> int:
    return len(_TYPOGRAPHIC.findall(text))


def _well_placed(text: str) -> bool:
    """Whether quotes, dashes and apostrophes stand where they belong."""
    return _MISPLACED.search(text) is None


def _inversions(text: str) -> int:
    """Capitals after small letters."""
    return sum(a.islower() and b.isupper() for a, b in pairwise(text))


def readings(line: str) -> Iterator[tuple[str, str, str]]:
    """(text, wrong, true) of everything that the bytes of `line` may have been."""
    high = {char for char in line if char > "\x7f"}
    for wrong in UTF8_IN_SINGLE:
        text = _sequences(line, wrong, high)
        if text != line:
            yield text, wrong, "utf-8"
    east = any(char >= "\u2e80" for char in high)
    for wrong in UTF8_IN_MULTI:
        if east and all(char in codepages.multi_map(wrong) for char in high):
            for data in codepages.to_bytes(line, wrong):
                yield from _decoded(data, wrong, ("utf-8", *(true for true in TRUE_MULTI if true != wrong)))
    for wrong in WRONG_SINGLE:
        table = codepages.encoding_map(wrong)
        if not all(char in table for char in high):
            continue
        for true in TRUE_SINGLE:
            table_to = codepages.translation(wrong, true)
            if true != wrong and _possible([(char, table_to[ord(char)]) for char in high]):
                yield line.translate(table_to), wrong, true
        if len(high) > 3:
            data = b"".join(bytes([table[char]]) if char > "\x7f" else char.encode() for char in line)
            yield from _decoded(data, wrong, TRUE_MULTI)


def _possible(chars: list[tuple[str, str]]) -> bool:
    """Whether what characters would become is what texts are made of: letters, marks and typographic signs."""
    changed = [new for old, new in chars if old != new]
    return bool(changed) and all(new.isalpha() or language.symbols(new) < 13 or unicodedata.category(new)[0] == "M" for new in changed)


def _decoded(data: bytes, wrong: str, names: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for true in names:
        try:
            yield data.decode(true), wrong, true
        except UnicodeDecodeError:
            continue


def _sequences(line: str, wrong: str, high: set[str]) -> str:
    table = codepages.encoding_map(wrong)
    if sum(char in table for char in high) < 2 and not any(char in table for char in high):
        return line

    def decode(match: re.Match[str]) -> str:
        try:
            return bytes(table[char] for char in match[0]).decode()
        except UnicodeDecodeError:
            return match[0]

    return codepages.utf8_pattern(wrong).sub(decode, line)


def utf8_readings(line: str) -> set[str]:
    """What `line` was if all of it was UTF-8 read in a single-byte encoding: more than one text where that is ambiguous."""
    high = {char for char in line if char > "\x7f"}
    found: set[str] = set()
    for wrong in UTF8_IN_SINGLE:
        table = codepages.encoding_map(wrong)
        if all(char in table for char in high):
            data = b"".join(bytes([table[char]]) if char > "\x7f" else char.encode() for char in line)
            found.update(text for text, _, _ in _decoded(data, wrong, ("utf-8",)))
    return found


def likelier(one: str, other: str) -> bool:
    """Whether `one` is clearly likelier to be what somebody wrote."""
    model = language.letters()
    return model.fit(one).bits + 10 < model.fit(other).bits


RULES = frozenset(f"mojibake/{name}" for name in UTF8_RULES.values()) | frozenset(f"mojibake/legacy-{name}" for name in _GROUPS)
