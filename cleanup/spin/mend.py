"""Small repairs around an edit: capitals, a/an, doubled prepositions, braces."""

from __future__ import annotations

import re

BRACES = re.compile(r"\{([A-Za-z][A-Za-z'’-]*(?: [A-Za-z'’-]+){0,2})\}")
DOUBLED = frozenset("in of to at on for by from with the a an and is are was as that".split())

_SILENT_H = re.compile(r"hour|honest|honou?r|heir", re.I)
_YOU = re.compile(r"eu|ewe|one\b|once|u(?:ni(?!m|nt|nf|ns|nv|ni|nh|ntel|d)|s[aeu]|ti|bi|r[aio]|to|kr)", re.I)
_SMALL = frozenset("a an and as at but by for from in into nor of on or over per than the to via with".split())


def article(word: str) -> str | None:
    """The indefinite article before a word; None when it cannot be told (acronyms, numbers)."""
    if len(word) < 2 or not word[0].isalpha() or (word.isupper() and len(word) > 1):
        return None
    if _YOU.match(word):
        return "a"
    return "an" if word[0].lower() in "aeiou" or _SILENT_H.match(word) else "a"


def match_case(before: str, after: str, heading: bool) -> str:
    """`after` with the capitals of `before`: lower, Title (each word of a heading) or UPPER."""
    letters = [char for char in before if char.isalpha()]
    if not letters or not letters[0].isupper() or after[:1].isupper():
        return after
    if len(letters) > 1 and all(char.isupper() for char in letters):
        return after.upper()
    words = before.split()
    if heading and " " in after and all(word[0].isupper() or word in _SMALL for word in words):
        return " ".join(word if at and word in _SMALL else word[:1].upper() + word[1:] for at, word in enumerate(after.split(" ")))
    return after[:1].upper() + after[1:]
