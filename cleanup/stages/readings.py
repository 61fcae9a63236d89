"""Everything that the bytes of a line may have been: hypotheses, and what a line reads under each of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import msgspec

from cleanup.parse import letters as language
from cleanup.stages import codepages

UTF8_IN_SINGLE = (
    "cp1252", "cp1251", "koi8-r", "cp866", "cp850", "mac-roman", "cp437", "cp1250", "cp1253", "cp1254", "cp1257", "iso8859-2",
    "cp852", "cp1255", "cp1256", "mac-cyrillic", "iso8859-5", "iso8859-7", "iso8859-15", "koi8-u", "cp874", "cp1258", "latin-1",
)  # fmt: skip
UTF8_IN_MULTI = ("gb18030", "cp932", "cp949", "big5", "euc_jp")
WRONG_SINGLE = (
    "cp1252", "latin-1", "cp1250", "cp1251", "koi8-r", "cp866", "cp437", "cp850", "mac-roman", "cp1253", "cp1254", "cp1257",
    "iso8859-2", "iso8859-15", "cp852", "iso8859-5", "mac-cyrillic",
)  # fmt: skip
TRUE_SINGLE = (
    "cp1252", "cp1250", "cp1251", "koi8-r", "koi8-u", "cp866", "cp437", "cp850", "cp852", "mac-roman", "cp1253", "cp1254",
    "cp1255", "cp1256", "cp1257", "iso8859-2", "iso8859-5", "iso8859-7", "mac-cyrillic", "mac-latin2", "cp874",
)  # fmt: skip
TRUE_MULTI = ("gb18030", "cp932", "cp949", "big5", "euc_jp")
_FIFTEEN = frozenset("€ŠšŽžŒœŸ")  # what ISO 8859-15 has in place of signs of Latin-1
_SPACES = 20  # at most so many places of a line where a plain space is taken for a no-break space


class Hypothesis(msgspec.Struct, frozen=True):
    """Written in `true`, read as `wrong`; `spaces`: no-break spaces have become plain ones since; `choice`: see `to_bytes`."""

    wrong: str
    true: str
    spaces: bool = False
    choice: int = 0


def readings(line: str, cut: bool = False) -> Iterator[tuple[str, Hypothesis]]:
    """What `line` may have been, and under which hypothesis. `cut`: the line is the beginning of a longer one."""
    high = {char for char in line if char > "\x7f"}
    gap = spaced().search(line) is not None
    for wrong in UTF8_IN_SINGLE:
        if high & codepages.leads(wrong) and (gap or high & codepages.follows(wrong)):
            yield from _applied(line, Hypothesis(wrong, "utf-8"), cut)
            if gap and codepages.has_space(wrong):
                yield from _applied(line, Hypothesis(wrong, "utf-8", spaces=True), cut)
    if any(char >= "\u2e80" for char in high):
        for wrong in UTF8_IN_MULTI:
            if high <= codepages.multi_map(wrong).keys():
                for true in ("utf-8", *(name for name in TRUE_MULTI if name != wrong)):
                    for choice in range(3):
                        yield from _applied(line, Hypothesis(wrong, true, choice=choice), cut)
    many = 3 * sum(char > "\x7f" for char in line) > len(line)
    for wrong in WRONG_SINGLE:
        if high <= codepages.encoding_map(wrong).keys() and (wrong != "iso8859-15" or not high.isdisjoint(_FIFTEEN)):
            for true in _possible(wrong, high, latin=not many):
                yield from _applied(line, Hypothesis(wrong, true), cut)
            if many:
                for true in TRUE_MULTI:
                    yield from _applied(line, Hypothesis(wrong, true), cut)


def _applied(line: str, hypothesis: Hypothesis, cut: bool) -> Iterator[tuple[str, Hypothesis]]:
    text = reread(line, hypothesis, cut)
    if text is not None and text != line:
        yield text, hypothesis


_ASCII = frozenset(map(chr, range(128)))


def reread(line: str, hypothesis: Hypothesis, cut: bool = False) -> str | None:
    """What `line` was if the hypothesis is right; None when it cannot be."""
    wrong, true = hypothesis.wrong, hypothesis.true
    if wrong in codepages.MULTI:
        found = codepages.to_bytes(line, wrong)
        return _decoded(found[hypothesis.choice], true, cut) if hypothesis.choice < len(found) else None
    if true == "utf-8":
        return sequences(_spaces(line, wrong) if hypothesis.spaces else line, wrong)
    if true in codepages.MULTI:
        data = codepages.single_bytes(line, wrong)
        return None if data is None else _decoded(data, true, cut)
    return line.translate(codepages.translation(wrong, true))


def _decoded(data: bytes, true: str, cut: bool) -> str | None:
    for end in range(len(data), max(0, len(data) - (4 if cut else 1)), -1):
        try:
            return data[:end].decode(true)
        except UnicodeDecodeError:
            continue
    return None


def sequences(line: str, wrong: str) -> str:
    """The line with everything decoded that looks like UTF-8 read in a single-byte encoding."""
    table = codepages.encoding_map(wrong)

    def decode(match: re.Match[str]) -> str:
        try:
            return bytes(table[char] for char in match[0]).decode()
        except UnicodeDecodeError:
            return match[0]

    return codepages.utf8_pattern(wrong).sub(decode, line)


def whole(words: Sequence[str]) -> set[tuple[str, ...]]:
    """What words were if all of them were UTF-8 read in one single-byte encoding: several answers where that is ambiguous."""
    # Word by word, as the same words come again and again, and no sequence of UTF-8 goes over a space.
    found = [_word(word) for word in words]
    common = set(found[0]).intersection(*found[1:]) if found else ()
    return {tuple([readings[wrong] for readings in found]) for wrong in common}


@lru_cache(1 << 14)
def _word(word: str) -> dict[str, str]:
    """What a word was if it was UTF-8: single-byte encoding as which it was read -> the word, where that is possible."""
    high = set(word) - _ASCII
    found: dict[str, str] = {}
    for wrong in UTF8_IN_SINGLE:
        if high <= codepages.encoding_map(wrong).keys() and (data := codepages.single_bytes(word, wrong)) is not None:
            text = _decoded(data, "utf-8", cut=False) if data else ""
            if text is not None:
                found[wrong] = text
    return found


@cache
def _acceptable(wrong: str, latin: bool) -> dict[str, int]:
    """For every character of `wrong`, as bits over TRUE_SINGLE: where it would be a letter, a mark or a typographic sign.

    `latin`: other letters than Latin ones do not count; nobody writes them into words that are mostly ASCII.
    """
    out: dict[str, int] = {}
    for char in codepages.encoding_map(wrong):
        bits = 0
        for index, true in enumerate(TRUE_SINGLE):
            new = codepages.translation(wrong, true)[ord(char)]
            if unicodedata.category(new)[0] in "LM":
                fits = new == char or not latin or language.script(new) in ("LATIN", "MODIFIER")
            else:
                fits = new == char or language.symbols(new) < 13
            bits |= fits << index
        out[char] = bits
    return out


def _possible(wrong: str, high: set[str], latin: bool) -> Iterator[str]:
    """The legacy encodings in which all of these characters would be what texts are made of, different ones only once."""
    table = _acceptable(wrong, latin)
    bits = -1
    for char in high:
        bits &= table[char]
    seen = {tuple(high)}
    for index, true in enumerate(TRUE_SINGLE):
        if bits >> index & 1 and true != wrong:
            mapping = codepages.translation(wrong, true)
            made = tuple([mapping[ord(char)] for char in high])
            if made not in seen:
                seen.add(made)
                yield true


@cache
def spaced() -> re.Pattern[str]:
    """What the first byte of a letter looks like whose second byte, A0, has become a plain space."""
    names = [name for name in codepages.SINGLE if codepages.has_space(name)]
    return re.compile(
        "[" + "".join(sorted({codepages.decoding(name)[byte] for name in names for byte in (0xC3, 0xD0, 0xD9)})) + "] "
    )


def _spaces(line: str, wrong: str) -> str:
    """The line with no-break spaces where they were: within a word, or, for "à", with a space after it that they swallowed."""
    model = language.letters()
    table = codepages.decoding(wrong)
    grave = table[0xC3] + " "
    out = line
    places = list(re.finditer(f"[{re.escape(table[0xC3] + table[0xD0] + table[0xD9])}] ", line))[:_SPACES]
    for match in reversed(places):
        joined = out[: match.end() - 1] + "\xa0" + out[match.end() :]
        if match[0] == grave:
            kept = out[: match.end() - 1] + "\xa0 " + out[match.end() :]
            if model.fit(sequences(kept, wrong)).bits < model.fit(sequences(joined, wrong)).bits:
                joined = kept
        out = joined
    return out
