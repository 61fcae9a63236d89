"""One text as tokens for the slow path: words with their case, sentence starts, and what must not be touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cleanup.spin import context

QUOTATION_WORDS = 5  # shorter quoted spans are terms and titles, not what somebody said


class Token(NamedTuple):
    """One word. `word` is lower case with straight apostrophes and without a possessive, which is in `suffix`."""

    start: int
    end: int  # without the possessive
    word: str
    suffix: str  # "'s" or ""
    title: bool  # Starts with one capital
    fresh: bool  # first word of a sentence, line or heading
    heading: bool  # in a line set like a heading: most words capitalised
    locked: bool  # code, URL, hyphenated compound, acronym, legal text: never touched
    quoted: bool  # inside a quotation: never changed, at most held for review
    joint: str  # what stands before it: " ", "-" or something else


_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)*")
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
_END = re.compile(r"[.!?…][\"'”’)\]]*\s|[\n\r]")
POSSESSIVE = ("'s", "’s")


def read(text: str) -> list[Token]:
    """The tokens of a text in order."""
    locked = _spans(_LOCK, text)
    quoted = [span for span in _spans(_QUOTE, text) if len(_WORD.findall(text, *span)) >= QUOTATION_WORDS]
    tokens: list[Token] = []
    at = 0
    for line in text.splitlines(keepends=True):
        found = list(_WORD.finditer(text, at, at + len(line)))
        legal = len(set(match.lower() for match in _LEGAL.findall(line))) >= 2 or line.lstrip().startswith(("©", "Copyright "))
        heading = _is_heading(line, found)
        tokens += _line(text, found, legal, heading, locked, quoted)
        at += len(line)
    return tokens


def _line(
    text: str, found: list[re.Match[str]], legal: bool, heading: bool, locked: list[tuple[int, int]], quoted: list[tuple[int, int]]
) -> Iterator[Token]:
    last = None
    for number, match in enumerate(found):
        raw = match[0]
        start, end = match.span()
        before = text[last:start] if last is not None else ""
        suffix = raw[-2:] if raw.endswith(POSSESSIVE) and len(raw) > 2 and raw[:-2].lower() not in _CONTRACTED else ""
        base = raw[: len(raw) - len(suffix)]
        lock = legal or _inside(start, locked) or not _plain(base, heading)
        fresh = last is None or _END.search(before) is not None
        title = base[0].isupper() and not base[1:].isupper()
        joint = before if before in ("-", " ") else ("" if before else "-")
        yield Token(start, end - len(suffix), context.fold(base), suffix, title, fresh, heading, lock, _inside(start, quoted), " " if last is None else joint)
        last = end


_CONTRACTED = frozenset(("it", "that", "he", "she", "what", "who", "here", "there", "where", "let", "how", "when", "one", "everyone", "someone"))


def _plain(word: str, heading: bool) -> bool:
    """An ordinary word: letters only, lower or title case (an acronym is not, unless the whole line shouts)."""
    if not word.replace("'", "").replace("’", "").isalpha():
        return word.isdigit()
    return word[1:].islower() or len(word) == 1 or (heading and word.isupper() and len(word) > 3)


def _is_heading(line: str, found: list[re.Match[str]]) -> bool:
    long = [match[0] for match in found if len(match[0]) > 3]
    return 0 < len(found) <= 20 and len(long) > 0 and sum(word[0].isupper() for word in long) >= 0.7 * len(long) and not line.rstrip().endswith(".")


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [match.span() for match in pattern.finditer(text)]


def _inside(at: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)
