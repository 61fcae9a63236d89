"""Learning: substitutions mined from spun texts and their originals, as proposals that a person accepts or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from cleanup.spin.align import WORD, slots
from cleanup.spin.lexicon import Lexicon

CONTEXTS = 3  # kept for each pair


class Substitution(msgspec.Struct):
    """A pair that was seen, how often and in how many documents, and what the lexicon says of it.

    `status`: "known" (the lexicon has the pair), "other" (it has the spun form, with other originals), "new".
    """

    spun: str
    original: str
    count: int = 0
    documents: int = 0
    status: str = "new"
    contexts: list[str] = []


def learn(pairs: Iterable[tuple[str, str]], paths: Sequence[Path]) -> list[Substitution]:
    """Substitutions in (spun, original) pairs of texts, the most frequent first, compared with the lexicon of `paths`."""
    found: dict[tuple[str, str], Substitution] = {}
    for spun, original in pairs:
        seen: Counter[tuple[str, str]] = Counter()
        for slot in slots(spun, original):
            key = spun[slot.start : slot.end].casefold(), original[slot.other_start : slot.other_end].casefold()
            if "\n" in key[0] + key[1] or key[0] == key[1]:
                continue
            seen[key] += 1
            entry = found.setdefault(key, Substitution(*key))
            if len(entry.contexts) < CONTEXTS:
                entry.contexts = [*entry.contexts, _context(spun, slot.start, slot.end)]
        for key, count in seen.items():
            found[key].count += count
            found[key].documents += 1
    known = Lexicon.load(paths).by_form if found else {}
    for entry in found.values():
        originals = {candidate.after.casefold() for candidate in known.get(entry.spun, ())}
        entry.status = "known" if entry.original in originals else "other" if originals else "new"
    return sorted(found.values(), key=lambda entry: (-entry.documents, -entry.count, entry.spun, entry.original))


def _context(text: str, start: int, end: int) -> str:
    left = WORD.findall(text[max(0, start - 40) : start])[-1:]
    right = WORD.findall(text[end : end + 40])[:1]
    return " ".join([*left, "_", *right]).casefold()
