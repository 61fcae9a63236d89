"""Every word to its synonym class, so that a spun text and its original look alike to dedup. Never shown to a reader.

Classes are small and without chains: two words share one only when most members of either side are variants of each other in
the lexicon. Stop words, which a spinner changes most, map to "" and drop out. `rules/spin/classes.tsv` holds the result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cleanup import rules
from cleanup.errors import RuleError

if TYPE_CHECKING:
    from cleanup.spin.inflect import Exceptions
    from cleanup.spin.lexicon import Lexicon

CAP = 10  # lemmas in a class
LINKED = 0.25  # share of the pairs between two classes that the lexicon has, for them to become one


def groups() -> dict[str, str]:
    """Class name -> its folded word forms with blanks between them; the stop words under ""."""
    path = rules.built_in() / "spin" / "classes.tsv"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RuleError(f"{path}: {error.strerror}", "reinstall corpus-cleanup") from None
    named = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {"" if name == "-" else name: members for name, members in named}


@cache
def classes() -> dict[str, str]:
    """Folded word form -> class name, "" for a stop word; a word that is not there is its own class. About 20 ms."""
    return {word: name for name, members in groups().items() for word in members.split(" ")}


def stop_words(directory: Path) -> frozenset[str]:
    """The words of `stopwords.txt`."""
    lines = (directory / "stopwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def write(lexicon: Lexicon, directory: Path) -> None:
    """Compute the classes of a lexicon and write `classes.tsv` into `directory`, where `stopwords.txt` is."""
    stop = stop_words(directory)
    lines = ["# class (- for stop words)\tfolded forms; made by cleanup.spin.canonical.write from the lexicon, do not edit"]
    lines.append("-\t" + " ".join(sorted(stop)))
    taken = set(stop)
    for group in sorted(grouped(lexicon, stop), key=min):
        forms = sorted({form for word in group for form in _all_forms(word, lexicon.exceptions)} - taken)
        taken.update(forms)
        if len(forms) > 1:
            lines.append(f"{min(group)}\t{' '.join(forms)}")
    (directory / "classes.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def grouped(lexicon: Lexicon, stop: frozenset[str]) -> list[set[str]]:
    """Lemmas in classes of at most CAP, by agglomeration along the strongest links; a word alone is a class."""
    links = _links(lexicon, stop)
    home = {word: {word} for pair in links for word in pair}
    for (one, two), _ in sorted(links.items(), key=lambda item: (-item[1], item[0])):
        a, b = home[one], home[two]
        if a is b or len(a) + len(b) > CAP:
            continue
        crossing = sum((x, y) in links or (y, x) in links for x in a for y in b)
        if crossing >= LINKED * len(a) * len(b):
            a |= b
            for word in b:
                home[word] = a
    return list({id(group): group for group in home.values()}.values())


def _links(lexicon: Lexicon, stop: frozenset[str]) -> Mapping[tuple[str, str], float]:
    """Pairs of single words that are original and variant, with the strength of the tie; function words have none."""
    links: dict[tuple[str, str], float] = defaultdict(float)
    for row in lexicon.rows:
        # Rows of pos x hold single forms ("bought"), whose lemma has rows of its own.
        if row.pos in "px" or not row.original.isalpha() or row.original in stop:
            continue
        for variant in row.variants:
            if variant.text.isalpha() and variant.text not in stop:
                pair = (min(row.original, variant.text), max(row.original, variant.text))
                links[pair] += variant.share * (2.0 if variant.core or variant.seen else 1.0) + 0.2 * min(variant.seen, 10)
    return links


def _all_forms(word: str, exceptions: Exceptions) -> Iterable[str]:
    from cleanup.spin import inflect  # whoever only reads classes does without

    for pos in ("n", "v", "a"):
        for slot in inflect.SLOTS[pos]:
            for form in inflect.forms(word, pos, slot, exceptions):
                if form.isalpha():
                    yield form
