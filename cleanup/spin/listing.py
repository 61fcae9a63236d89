"""The rules of the spin stage as `cleanup rules` shows them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from cleanup.errors import RuleError
from cleanup.rules import Example, Rule
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


_MARKED = re.compile(r"\[([^\[\]>]+)>([^\[\]>]+)\]")


def listing(paths: Sequence[Path]) -> list[Rule]:
    """The program's own rules, then one Rule for each lemma pair of the lexicon, with its examples."""
    found = {rule.id: rule for rule in OWN}
    lexicon = Lexicon.load(paths)
    hits, misses = examples(paths, lexicon)
    for row in lexicon.rows:
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
            summary = f"{variant.text} may stand for {row.original}"
            rule = Rule(name, "spin", summary, row.source, tuple(hits[name]), tuple(misses[name]), detail)
            found.setdefault(name, rule)
    return list(found.values())


def examples(paths: Sequence[Path], lexicon: Lexicon) -> tuple[defaultdict[str, list[Example]], defaultdict[str, list[str]]]:
    """Texts that a rule has to hit and texts that it must miss, by rule, from the `examples.tsv` of each directory.

    Raises RuleError for a line of another form, and for a pair that the lexicon does not have.
    """
    hits: defaultdict[str, list[Example]] = defaultdict(list)
    misses: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        file, frame = path / "spin" / "examples.tsv", ""
        if not file.is_file():
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            kind, _, sentence = line.partition("\t")
            if not line or line.startswith("#"):
                continue
            if kind == "frame":
                frame = sentence
                continue
            text = f"{frame}\n\n{_MARKED.sub(lambda found: found[1], sentence)}"
            for spun, original in _MARKED.findall(sentence):
                known = lexicon.by_form.get(spun) or lexicon.by_form.get(spun.lower()) or ()
                rule = next((one.rule for one in known if one.after.lower() == original.lower()), None)
                if rule is None or kind not in ("yes", "no"):
                    hint = "`yes` or `no`, then a sentence with [spun>original] of a pair that the lexicon has"
                    raise RuleError(f"{file.name}:{number}: {kind} [{spun}>{original}]", hint)
                if kind == "yes":
                    hits[rule].append(Example(text))
                else:
                    misses[rule].append(text)
    return hits, misses


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
