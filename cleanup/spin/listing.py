"""The rules of the spin stage as `cleanup rules` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cleanup.rules import Rule
from cleanup.spin import mend
from cleanup.spin.lexicon import Lexicon, rule_id

OWN = (
    Rule("spin/gate", "spin", "Verdict: clean, suspect or spun, by marker mass and contradictions", "cleanup/spin/gate.py"),
    Rule(
        "spin/mend/article",
        "spin",
        "a or an before a repaired word",
        "cleanup/spin/mend.py",
        no=("an hour",),
    ),
    Rule("spin/mend/doubled", "spin", "A preposition or article that stands twice in a spun text", "cleanup/spin/mend.py"),
    Rule("spin/mend/braces", "spin", "Braces that the spinner left around a word", "cleanup/spin/mend.py"),
    Rule("spin/witness", "spin", "Exact restoration from an unspun sibling in the corpus", "cleanup/spin/witness.py"),
)


def listing(paths: Sequence[Path]) -> list[Rule]:
    """The program's own rules, then one Rule for each lemma pair of the lexicon."""
    found = {rule.id: rule for rule in OWN}
    for row in Lexicon.load(paths).rows:
        for variant in row.variants:
            name = rule_id(row.pos, variant.text, row.original)
            detail = {
                "before": variant.text,
                "after": row.original,
                "pos": row.pos,
                "tier": row.tier,
                "prior": variant.prior,
                "share": round(variant.share, 3),
                "observed": variant.seen,
                "typical": variant.core,
                "guard": sorted(row.guard),
            }
            found.setdefault(name, Rule(name, "spin", f"{variant.text} may stand for {row.original}", row.source, detail=detail))
    return list(found.values())


def expand(paths: Sequence[Path]) -> Iterator[dict[str, str]]:
    """Every concrete pair: {"id", "before", "after"}; each pair of words once.

    Inflected forms come from the lexicon; pairs that stand with another article ("an important": "a crucial") or in the
    possessive ("the sport's": "the game's") are listed as they are replaced, too.
    """
    seen: set[tuple[str, str]] = set()
    for candidate in Lexicon.load(paths).candidates():
        pos = candidate.rule.split("/")[1]
        for before, after in _variations(candidate.before, candidate.after, pos):
            if (before, after) not in seen:
                seen.add((before, after))
                yield {"id": candidate.rule, "before": before, "after": after}


def _variations(before: str, after: str, pos: str) -> Iterator[tuple[str, str]]:
    yield before, after
    if pos in ("n", "a", "r"):
        articles = mend.article(before.split(" ")[0]), mend.article(after.split(" ")[0])
        if None not in articles and articles[0] != articles[1]:
            yield f"{articles[0]} {before}", f"{articles[1]} {after}"
    if pos == "n":
        yield f"{before}'s", f"{after}'s"
