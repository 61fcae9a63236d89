"""From a lemma to its forms, slot by slot, so that both sides of a rule are inflected alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from cleanup.errors import RuleError

# Slots of each part of speech; x (phrase, function word) and p (proper name) do not inflect.
SLOTS = {
    "n": ("base", "s"),
    "v": ("base", "s", "ed", "en", "ing"),
    "a": ("base", "er", "est"),
    "r": ("base",),
    "x": ("base",),
    "p": ("base",),
}

Exceptions = Mapping[tuple[str, str, str], tuple[str, ...]]

_VOWEL = "aeiou"
_SHORT = re.compile(r"[^aeiouy]*(?:qu)?[aeiouy]+[^aeiouy]*e?")


def load_exceptions(path: Path) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """`inflect_exceptions.tsv`: lemma, part of speech, slot, forms (`|` between them, the usual one first, `-` for none)."""
    table: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != 4 or cells[1] not in SLOTS or cells[2] not in SLOTS[cells[1]]:
            hint = "four columns between tabs; pos n, v or a; slots as in cleanup.spin.inflect"
            raise RuleError(f"{path}:{number}: not `lemma, pos, slot, forms`", hint)
        table[cells[0], cells[1], cells[2]] = () if cells[3] == "-" else tuple(cells[3].split("|"))
    return table


def forms(lemma: str, pos: str, slot: str, exceptions: Exceptions) -> tuple[str, ...]:
    """The forms of a lemma in a slot, the usual one first; () when there is none.

    A phrase is inflected on its first word as a verb ("make use of") and on its last as a noun ("social gathering").
    """
    if slot == "base":
        return (lemma,)
    head, tail = "", ""
    word = lemma
    if " " in lemma:
        if pos == "v":
            word, _, tail = lemma.partition(" ")
            tail = " " + tail
        elif pos == "n":
            head, _, word = lemma.rpartition(" ")
            head += " "
        else:
            return ()
    found = exceptions.get((word, pos, slot))
    if found is None and slot == "en":
        found = forms(word, pos, "ed", exceptions)
    if found is None:
        found = _regular(word, pos, slot)
    return tuple(head + form + tail for form in found)


Paradigm = tuple[tuple[str, ...], ...]  # the forms of a lemma, slot by slot


def paradigm(lemma: str, pos: str, exceptions: Exceptions) -> Paradigm:
    """All forms of a lemma."""
    return tuple(forms(lemma, pos, slot, exceptions) for slot in SLOTS[pos])


def pairs(original: Paradigm, variant: Paradigm) -> list[tuple[str, str]]:
    """(form of the variant, form of the original) for every slot that both have, without repetition."""
    found: dict[tuple[str, str], None] = {}
    for after, before in zip(original, variant, strict=True):
        if after:
            found.update(((form, after[0]), None) for form in before if form != after[0])
    return list(found)


def _regular(word: str, pos: str, slot: str) -> tuple[str, ...]:
    if not word.isascii() or not word[-1:].isalpha():
        return ()
    if slot == "s":
        return (_plural(word),)
    if slot == "ed":
        return (_ed(word),)
    if slot == "ing":
        return (_ing(word),)
    return _compare(word, slot) if pos == "a" else ()


def _plural(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in _VOWEL:
        return word[:-1] + "ies"
    return word + "s"


def _ed(word: str) -> str:
    if word.endswith("e"):
        return word + "d"
    if word.endswith("y") and word[-2:-1] not in _VOWEL:
        return word[:-1] + "ied"
    if word.endswith("c"):
        return word + "ked"
    return (word + word[-1] if _doubles(word) else word) + "ed"


def _ing(word: str) -> str:
    if word.endswith("ie"):
        return word[:-2] + "ying"
    if word.endswith("e") and not word.endswith(("ee", "oe", "ye")) and len(word) > 2:
        return word[:-1] + "ing"
    if word.endswith("c"):
        return word + "king"
    return (word + word[-1] if _doubles(word) else word) + "ing"


def _doubles(word: str) -> bool:
    """One syllable ending in one vowel and one consonant: stop, stopped. Longer words are in the exceptions file."""
    return re.fullmatch(r"(?:[^aeiouy]*(?:qu)?)[aeiouy][bdfgklmnprtvz]", word) is not None and not word.endswith("w")


def _compare(word: str, slot: str) -> tuple[str, ...]:
    """-er and -est for one syllable and for two that end in -y, -le or -ow; longer adjectives take "more"."""
    if word.endswith("y") and word[-2:-1] not in _VOWEL and len(word) <= 7:
        return (word[:-1] + "i" + slot,)
    if _SHORT.fullmatch(word) or (word.endswith(("ple", "ble", "tle", "row", "low")) and len(word) <= 6):
        if word.endswith("e"):
            return (word + slot[1:],)
        return ((word + word[-1] if _doubles(word) else word) + slot,)
    return ()
