"""One text as tokens for the slow path: words with their case, sentence starts, and what must not be touched."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from cleanup.spin import context

QUOTATION_WORDS = 5  # shorter quoted spans are terms and titles, not what somebody said


class Token(NamedTuple):
    """One word. `word` is as the context model has it: lower case, straight apostrophes; a possessive is apart in `suffix`."""

    start: int
    end: int  # without the possessive
    word: str
    suffix: str  # "'s", "’s" or ""
    key: int  # of the word with its suffix, for the context model
    title: bool  # Starts with a capital
    fresh: bool  # first word of a sentence or line
    heading: bool  # in a line set like a heading: most words capitalised
    locked: bool  # code, URL, acronym, camel case, legal text: never touched
    quoted: int  # the number of the quotation that it stands in, from 1; 0 outside of quotations
    joint: str  # what stands between it and the word before in its line; " " at a line start


_WORD = re.compile(r"\bp\.c\b|[^\W_]+(?:['’][^\W\d_]+)*")
_LOCK = re.compile(
    r"""```.*?```|`[^`\n]+`                                # code
    |<[A-Za-z/!][^<>\n]*>                                  # tags
    |\b(?:https?://|www\.)\S+|\b[\w.+-]+@[\w-]+\.[\w.]+    # addresses
    |\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|ai|gov|edu|co|uk|de|tv|info)\b(?:/\S*)?
    |[@#][A-Za-z_]\w+|\$[A-Za-z_]\w*\b|\b\w+_\w+\b|\b\w+\(\)|--[a-z][\w-]*""",
    re.X | re.S,
)
_QUOTE = re.compile(r'“[^“”\n]{1,1500}”|"[^"\n]{1,1500}"|(?<![\w])‘[^‘’\n]{1,1500}’(?!\w)|«[^«»\n]{1,1500}»')
_LEGAL = re.compile(
    r"all rights reserved|terms (?:of|and) (?:use|service|conditions)|privacy policy|hereby|herein|hereinafter|pursuant to"
    r"|notwithstanding|without prior written|disclaimer|shall not be liable|under (?:section|article) \d|u\.s\.c\.|copyright ©",
    re.I,
)
_BEFORE = re.compile(r"[$£€¥₹#№°+]$|\d[.,:/×–-]$")
_BEHIND = re.compile(r"[.,:/×–-]\d|\s?[%‰°€£]")
_END = re.compile(r"[.!?…][\"'”’)\]]*\s|[\n\r]")
_POSSESSIVE = ("'s", "’s")
# After these 's is mostly "is" or "has".
_CONTRACTED = frozenset(
    ("it", "that", "he", "she", "what", "who", "here", "there", "where", "let", "how", "when", "one", "everyone", "someone")
)

Spans = list[tuple[int, int]]


def read(text: str, most: int = 1 << 30) -> list[Token]:
    """The first `most` tokens of a text, in order."""
    if len(text) > 20 * most:
        text = text[: 20 * most]
    locked = _spans(_LOCK, text)
    quoted = [span for span in _spans(_QUOTE, text) if len(_WORD.findall(text, *span)) >= QUOTATION_WORDS]
    tokens: list[Token] = []
    at = 0
    for line in text.splitlines(keepends=True):
        found = list(_WORD.finditer(text, at, at + len(line)))
        if found:
            legal = line.lstrip().startswith(("©", "Copyright ")) or len(set(map(str.lower, _LEGAL.findall(line)))) >= 2
            tokens += _line(text, found, legal, _is_heading(line, found), locked, quoted)
        at += len(line)
        if len(tokens) >= most:
            break
    return tokens[:most]


def _line(text: str, found: list[re.Match[str]], legal: bool, heading: bool, locked: Spans, quoted: Spans) -> Iterator[Token]:
    last: int | None = None
    for match in found:
        raw = match[0]
        start, end = match.span()
        joint = " " if last is None else text[last:start]
        suffix = raw[-2:] if raw.endswith(_POSSESSIVE) and len(raw) > 2 and raw[:-2].lower() not in _CONTRACTED else ""
        base = raw[: len(raw) - len(suffix)]
        word = context.fold(base)
        yield Token(
            start,
            end - len(suffix),
            word,
            suffix,
            context.word_key(word + suffix.replace("’", "'")),
            title=base[0].isupper() and not base[1:].isupper(),
            fresh=last is None or _END.search(joint) is not None,
            heading=heading,
            locked=legal or not _plain(base, heading) or _which(start, locked) > 0 or _is_part(text, start, end),
            quoted=_which(start, quoted),
            joint=joint,
        )
        last = end


def _is_part(text: str, start: int, end: int) -> bool:
    """Whether digits are only a part of a figure: 5,000 and 2.5, 5-3 and 9:30, $5 and 5 %."""
    if not text[start].isdigit():
        return False
    return _BEHIND.match(text, end) is not None or _BEFORE.search(text, max(0, start - 2), start) is not None


def _plain(word: str, heading: bool) -> bool:
    """An ordinary word or number: one case apart from a first capital. An acronym is not, unless the whole line shouts."""
    letters = word.replace("'", "").replace("’", "").replace(".", "")
    if not letters.isalpha():
        return word.isdigit()
    return word[1:].islower() or len(word) == 1 or (heading and word.isupper() and len(word) > 3)


def _is_heading(line: str, found: list[re.Match[str]]) -> bool:
    long = [match[0] for match in found if len(match[0]) > 3]
    if not long or len(found) > 20 or line.rstrip().endswith("."):
        return False
    return sum(word[0].isupper() for word in long) >= 0.7 * len(long)


def _spans(pattern: re.Pattern[str], text: str) -> Spans:
    return [match.span() for match in pattern.finditer(text)]


def _which(at: int, spans: Spans) -> int:
    """The number, from 1, of the span that `at` is in, 0 when there is none; spans are in order and apart."""
    index = bisect_right(spans, (at, len(spans) and spans[-1][1]))
    return index if index > 0 and at < spans[index - 1][1] else 0
