"""Small repairs around an edit: capitals, a or an, words that would stand twice, braces."""

from __future__ import annotations

import re

BRACES = re.compile(r"\{([A-Za-z][A-Za-z'’-]*(?: [A-Za-z'’-]+){0,2})\}")
# Words that do not stand twice in a row in good text; "that that" and "had had" do.
DOUBLED = frozenset(("in", "of", "to", "at", "on", "for", "by", "from", "with", "the", "a", "an", "and", "as", "or", "than"))

_SILENT_H = re.compile(r"hour|honest|honou?r|heir", re.I)
_YOU = re.compile(r"eu|ewe|one\b|once|u(?:ni(?!m|nt|nf|ns|nv|ni|nh|ntel|d)|s[aeu]|ti|bi|r[aio]|to|kr)", re.I)
_SMALL = DOUBLED | {"but", "into", "over", "per", "via"}


def article(word: str) -> str | None:
    """The indefinite article before a word; None when it cannot be told (acronyms, numbers).

    >>> article("hour"), article("university"), article("long"), article("AI")
    ('an', 'a', 'a', None)
    """
    if len(word) < 2 or not word[0].isalpha() or word.isupper():
        return None
    if _YOU.match(word):
        return "a"
    return "an" if word[0].lower() in "aeiou" or _SILENT_H.match(word) else "a"


def match_case(before: str, after: str, heading: bool) -> str:
    """`after` with the capitals of `before`: lower, Title (each word of a heading) or UPPER; a name keeps its own.

    >>> match_case("Knowledge", "data", False), match_case("Many Of The", "most of the", True)
    ('Data', 'Most of the')
    """
    letters = [char for char in before if char.isalpha()]
    if not letters or not letters[0].isupper() or after[:1].isupper():
        return after
    if len(letters) > 1 and all(char.isupper() for char in letters):
        return after.upper()
    words = before.split()
    named = any(word[0].isupper() for word in words[1:])  # a name, of which the spinner may leave a word small: "Get together"
    if " " in after and (named or (heading and all(word[0].isupper() or word in _SMALL for word in words))):
        parts = enumerate(after.split(" "))
        return " ".join(word if at and word in _SMALL else word[:1].upper() + word[1:] for at, word in parts)
    return after[:1].upper() + after[1:]
