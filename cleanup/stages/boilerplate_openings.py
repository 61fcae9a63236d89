"""Patterns for the phrases by which pages introduce their metadata, fenced where they are written with spaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from cleanup.stages.boilerplate_suspects import phrases

LETTERS = re.compile(r"[^\W\d_]+")


class Openings:
    """How phrases begin, by which it is cheap to see that a text has none of them. Sound."""

    def __init__(self, found: Iterable[str]) -> None:
        """`found`: case folded."""
        opening = {one: LETTERS.match(one) if _is_fenced(one) else None for one in map(_dotted, found)}
        self._words = {first[0] for first in opening.values() if first}
        self._texts = {one.split()[0] for one, first in opening.items() if not first}
        self._ascii_texts = {one for one in self._texts if one.isascii()}

    def may_open(self, text: str) -> bool:
        """Whether one of the phrases may begin in a text."""
        low = _dotted(text.casefold())
        texts = self._ascii_texts if low.isascii() else self._texts
        if not self._words.isdisjoint(LETTERS.findall(low)) or any(map(low.__contains__, texts)):
            return True
        return "\u0307" in low  # behind an i, where the case is disregarded


def _dotted(text: str) -> str:
    """The same with one i: an expression that disregards the case takes all of them for one."""
    return text.replace("ı", "i")


def any_of(found: Sequence[str]) -> str:
    """A pattern for any of the phrases, fenced where they are written with spaces."""
    fenced = [(rf"\b{re.escape(one)}\b" if _is_fenced(one) else re.escape(one)) for one in found]
    return "(?:" + "|".join(fenced).replace(r"\ ", r"\s+") + ")" if fenced else "(?!)"


def _is_fenced(phrase: str) -> bool:
    return phrase[-1].isalpha() and ord(phrase[0]) < 0x2E80


def prefix(tables: Mapping[str, Mapping[str, Sequence[str]]], *names: str) -> re.Pattern[str]:
    return re.compile(rf"\s*{any_of(phrases(tables, *names))}[\s:：｜]*", re.IGNORECASE)


def suffix(tables: Mapping[str, Mapping[str, Sequence[str]]], name: str) -> re.Pattern[str]:
    return re.compile(rf"\s*{any_of(phrases(tables, name))}\s*$", re.IGNORECASE)


def counted(tables: Mapping[str, Mapping[str, Sequence[str]]], name: str) -> re.Pattern[str]:
    """A number with one of the words before or behind it: "Views: 5", "5 min read", "読了 3 分"."""
    phrase = any_of(phrases(tables, name))
    number = r"\d[\d.,]*\s?[km]?"
    return re.compile(rf"(?:{phrase}[\s:：]*\(?{number}\)?|\(?{number}\)?[\s-]*{phrase})(?:\s*{phrase})?", re.IGNORECASE)
