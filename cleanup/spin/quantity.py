"""Amounts that words say: a synonym may not change a figure."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

_WORDS = """
zero one two three four five six seven eight nine ten
eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_VALUES: dict[str, Fraction] = {
    **{word: Fraction(value) for value, word in enumerate(_WORDS.split())},
    **{word: Fraction(10 * (place + 2)) for place, word in enumerate(_TENS.split())},
    **{form: Fraction(value) for word, value in _LARGE.items() for form in (word, f"{word}s")},
    **dict.fromkeys(("dozen", "dozens"), Fraction(12)),
    **dict.fromkeys(("decade", "decades"), Fraction(10)),
    **dict.fromkeys(("century", "centuries"), Fraction(100)),
    **dict.fromkeys(("half", "halves", "1/2"), Fraction(1, 2)),
    **dict.fromkeys(("%", "percent"), Fraction(1, 100)),
}
_ALIKE = (
    ("per cent", "percent"),
    ("p.c", "percent"),
    ("p c", "percent"),
    ("12 months", "1"),
    ("twelve months", "1"),
    ("24 hours", "1"),
    ("60 minutes", "1"),
    ("seven days", "1"),
    ("7 days", "1"),
)
_PIECE = re.compile(r"1/2|(?<![\w-])\d[\d,.]*(?![\w-])|%|[a-z]+(?!-)")


@lru_cache(maxsize=1 << 14)
def amount(text: str) -> Fraction:
    """The product of the numbers and number words in a phrase, 1 where there are none.

    >>> amount("one hundred") == amount("100"), amount("fifty percent") == amount("half"), amount("hundreds of"), amount("many")
    (True, True, Fraction(100, 1), Fraction(1, 1))
    """
    text = text.lower()
    for phrase, plain in _ALIKE:
        text = text.replace(phrase, plain)
    total = Fraction(1)
    for piece in _PIECE.findall(text):
        if piece in _VALUES:
            total *= _VALUES[piece]
        elif piece[0].isdigit():
            total *= Fraction(re.sub(r"\D", "", piece))
    return total
