"""Which lines of a text are looked at, and why: the rules of `kernels/mojibake.c`, a character at a time."""

from __future__ import annotations

import re

import numpy as np

from cleanup.stages import ftfy_prefilter
from cleanup.stages import mojibake_tables as tables
from cleanup.stages.mojibake_characters import ENTITY, SPECIAL, SURROGATE
from cleanup.stages.mojibake_prefilter import BAD, CHARACTERS, CIPHER, ODD, PINYIN, SPLIT
from cleanup.stages.mojibake_words import CIPHERED, TONES

HINTS = {
    SPLIT: re.compile("[-\u2010\xad]\r?$(?!\n)"),
    CIPHER: re.compile("(?s)\\A(?!.*a).*?[ ](?:" + "|".join(CIPHERED) + ")[ ]"),
    PINYIN: re.compile(f"\\([a-zü]{{0,5}}[{TONES}]"),
    CHARACTERS: re.compile(f"{ENTITY.pattern}|{SURROGATE.pattern}|[\x00-\x08\x0b\x0e-\x1f\x7f]"),
}
SMALL, CAPITAL, DASH, ASCII, JOINS, LETTERLIKE, LOOK, EASTERN = (
    int(bit)
    for bit in (
        tables.SMALL,
        tables.CAPITAL,
        tables.DASH,
        tables.ASCII,
        tables.JOINS,
        tables.LETTERLIKE,
        tables.LOOK,
        tables.EASTERN,
    )
)
NUMBER = (1 << 17) - 1  # the number of a letter among the entries of the tables
LETTERS = SMALL | CAPITAL | ASCII | LETTERLIKE | EASTERN
BESIDE = (tables.LETTER, tables.SYMBOL, tables.EAST)


def reasons(line: str, strict: bool) -> int:
    """Why a line is looked at; BAD: its characters are neighbours as in a match of ftfy's pattern."""
    out = sum(
        reason
        for reason, hint in HINTS.items()
        if hint.search(line) and (reason != CIPHER or len(line.encode("utf-8", "surrogatepass")) >= 20)
    )
    codes = [10, *(min(ord(char), 0xD83D) if char > "\uffff" else ord(char) for char in line), 10]
    lines = Counts()
    for place, char in enumerate(line, 1):
        if char > "\x7f":
            around = codes[place - 1], codes[place], codes[place + 1]
            lines.add(*around)
            out |= BAD * suspicious(*around) | CHARACTERS * (special(*around) and char < "\U00010000")
    return out | ODD * lines.odd(strict)


def suspicious(left: int, here: int, right: int) -> bool:
    """Whether ftfy's pattern can match here."""
    table = ftfy_prefilter.neighbours()
    a, b, c = (int(table.classes[code]) for code in (left, here, right))
    return bool(table.pairs[a * table.count + b] or table.pairs[b * table.count + c])


def special(left: int, here: int, right: int) -> bool:
    """Whether a repair of characters begins with this one."""
    if here in (0x200C, 0x200D) and (packed(left) | packed(right)) & JOINS:
        return any(code in (0x200B, 0x200C, 0x200D, 0x2060) for code in (left, right))
    return SPECIAL.match(chr(here)) is not None


def packed(code: int) -> int:
    """The table's entry of a character."""
    return int(tables.tables().packed[code])


def known(*numbers: int) -> bool:
    """Whether letters or ideographs have been seen beside each other."""
    place = int(tables.spread(*(np.array([number], np.uint32) for number in numbers))[0])
    return bool(tables.tables().known[place >> 3] >> (7 - (place & 7)) & 1)


class Counts:
    """What is odd about a line."""

    def __init__(self) -> None:
        self.letters = self.eastern = self.pairs = self.weight = self.strange = self.unusual = 0

    def odd(self, strict: bool) -> bool:
        """The verdict."""
        if self.weight and (strict or self.letters <= 3 or (self.weight > 1 and 12 * self.weight >= self.letters)):
            return True
        if self.strange and (strict or 4 * self.strange >= self.eastern):
            return True
        return self.pairs > 4 and self.unusual >= 0.9 * self.pairs

    def add(self, before: int, code: int, after: int) -> None:
        """Count a character."""
        left, here, right = packed(before), packed(code), packed(after)
        if here & EASTERN:
            self.eastern += 1
            self.strange += bool((left | right) & ASCII or here & LOOK)
            if here & right & EASTERN and here & right & LETTERLIKE:
                self.pairs += 1
                self.unusual += not known(code, after, int(tables.PAIR[0]))
            return
        self.letters += bool(here & LETTERLIKE)
        self.weight += weight(left, here, right, code)


def weight(left: int, here: int, right: int, code: int) -> int:
    """How odd a letter or sign is."""
    kinds = [entry >> 17 & 7 for entry in (left, here, right)]
    letter = kinds[1] == tables.LETTER and not here & ASCII
    out = 0
    if here & LOOK and not (left | (right if here & LETTERLIKE else 0)) & LETTERS:
        return 0
    if letter and tables.STRANGER not in (kinds[0], kinds[2]):
        mixed = (left & SMALL and here & CAPITAL) or (here & SMALL and right & CAPITAL)
        out += bool(mixed) or not known(*(entry & NUMBER for entry in (left, here, right)))
    out += bool(letter and left & right & DASH)
    if kinds[1] == tables.SYMBOL:
        out += 2 * (kinds[0] in BESIDE or kinds[2] in BESIDE)
    if kinds[1] == tables.QUOTE:
        out += bool(left & SMALL and right & SMALL) + (code in (0x201E, 0x201A) and bool(left & SMALL))
    if kinds[1] in (tables.SYMBOL, tables.QUOTE):
        out += code in (0xBC, 0xBE) and bool(left & (SMALL | CAPITAL))
    return out
