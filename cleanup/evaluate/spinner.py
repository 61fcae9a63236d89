"""The recipe that spins a text: words replaced from a table, one choice a word form, as spinners do."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from random import Random

from cleanup.errors import CleanupError
from cleanup.evaluate.copies import WORD
from cleanup.evaluate.script import Change, Script, joined

TABLE = Path(__file__).parent / "data" / "spin.tsv"
Table = dict[tuple[str, ...], list[str]]  # lower-case words of an original -> what may stand for it


def load(path: str | Path = TABLE) -> Table:
    """A table of lines `spun<TAB>original`; further columns, `#` comments and a header line of those names are ignored.

    Raises CleanupError that names file and line.
    """
    found: Table = {}
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CleanupError(f"{path}: {reason}", "--spin-table wants a TSV file in UTF-8: spun<TAB>original") from None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        spun, _, rest = line.partition("\t")
        original = rest.split("\t")[0]
        if not spun.strip() or not original.strip():
            raise CleanupError(f"{path}:{number}: not `spun<TAB>original`", "separate the two by one tab, a pair a line")
        if number == 1 and (spun, original) == ("spun", "original"):
            continue
        words = tuple(WORD.findall(original.lower()))
        if words and spun.strip().lower() != original.strip().lower():
            variants = found.setdefault(words, [])
            if spun.strip() not in variants:
                variants.append(spun.strip())
    return found


def spin(text: str, rate: float, rng: Random, table: Table) -> Script:
    """Replace words until about `rate` of them are changed, or the table has no more; a form gets the same variant everywhere."""
    words = [found.span() for found in WORD.finditer(text)]
    forms: dict[str, list[tuple[int, int, int]]] = {}
    for start, end, length in _matches(text, words, table):
        forms.setdefault(text[start:end], []).append((start, end, length))
    wanted = rate * len(words)
    found: list[Change] = []
    changed = 0
    for form in rng.sample(sorted(forms), len(forms)):
        if changed >= wanted:
            break
        after = _cased(rng.choice(table[tuple(WORD.findall(form.lower()))]), form)
        if after == form:
            continue
        for start, end, length in forms[form]:
            found.append(Change(start, end, form, after))
            changed += length
    return joined(found)


def _matches(text: str, words: list[tuple[int, int]], table: Table) -> list[tuple[int, int, int]]:
    """(start, end, number of words) of the longest entries at every place, left to right, without overlaps."""
    longest = max(map(len, table), default=0)
    lower = [text[start:end].lower() for start, end in words]
    found: list[tuple[int, int, int]] = []
    at = 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            if tuple(lower[at : at + length]) in table and _spaced(text, words[at : at + length]):
                found.append((words[at][0], words[at + length - 1][1], length))
                at += length
                break
        else:
            at += 1
    return found


def _spaced(text: str, words: list[tuple[int, int]]) -> bool:
    """Whether one space, and nothing else, stands between the words."""
    return all(text[left[1] : right[0]] == " " for left, right in pairwise(words))


def _cased(spun: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return spun.upper()
    if like[:1].isupper():
        first, _, rest = spun.partition(" ")
        title = " " in like and all(word[:1].isupper() for word in like.split())
        return spun.title() if title else first[:1].upper() + first[1:] + (f" {rest}" if rest else "")
    return spun
