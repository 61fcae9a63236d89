"""The mojibake stage: ftfy, the misreadings that ftfy does not attempt, and repairs of single characters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path

from cleanup.config import MojibakeConfig
from cleanup.document import Document, Edit, Proposal
from cleanup.rules import Rule
from cleanup.stages import Propose, ftfy_prefilter, misreading, readings, stage
from cleanup.stages import mojibake_characters as characters
from cleanup.stages import mojibake_prefilter as prefilter
from cleanup.stages.mojibake_draft import Draft, differences
from cleanup.stages.mojibake_rules import load

ROUNDS = 6  # repairs that uncover one another, such as an entity inside of mojibake
_BEFORE = ("mojibake/surrogates", "mojibake/entities")  # what has to be done before bytes are looked at
_AFTER = ("mojibake/control", "mojibake/soft-hyphen", "mojibake/zero-width", "mojibake/bidi")


def rules(paths: Sequence[Path]) -> list[Rule]:
    """Every rule of the stage with its examples."""
    return [rule.public() for rule in load(paths).values()]


@stage("mojibake", version=1, rules=rules)
def mojibake(cfg: MojibakeConfig, paths: Sequence[Path]) -> Propose:
    """Build the stage: repairs of bytes and characters, as small edits."""
    cfg = cfg or MojibakeConfig()
    active = {rule.id for rule in load(paths).values() if rule.enabled and not rule.id.startswith(cfg.off or ("\0",))}
    if not cfg.beyond_ftfy:
        active -= misreading.RULES

    def propose(docs: Sequence[Document]) -> Iterable[Iterable[Proposal]]:
        texts = [doc.text for doc in docs]
        return [
            list(_repair(text, lines, active)) if lines else [] for text, lines in zip(texts, prefilter.lines(texts), strict=True)
        ]

    return propose


def _repair(text: str, wanted: dict[int, int], active: Set[str]) -> Iterator[Edit]:
    at = 0
    for number, line in enumerate(text.split("\n")):
        if number in wanted:
            draft = Draft(line, at)
            held = _settle(draft, active, wanted[number])
            made = list(draft.edits())
            yield from made
            yield from (edit for edit in held if not any(edit.start < done.end and done.start < edit.end for done in made))
        at += len(line) + 1


def _settle(draft: Draft, active: Set[str], reasons: int) -> list[Edit]:
    """Repair the line until nothing changes; the edits that are returned are not sure enough to be built upon."""
    known = draft.text
    for _ in range(ROUNDS):
        before = draft.text
        if reasons & prefilter.CHARACTERS:
            characters.fix(draft, _BEFORE, active)
        if draft.text != known or reasons & (prefilter.ODD | prefilter.BAD):
            held = _encoding(draft, active, bad=draft.text == known and bool(reasons & prefilter.BAD))
            if held:
                # Soft hyphens and controls may be bytes of a text that only a person can read.
                return held if before == draft.original else []
        if draft.text != known or reasons & prefilter.CHARACTERS:
            characters.fix(draft, _AFTER, active)
        if draft.text == before:
            break
        # From here on nothing is known but by looking.
        known, reasons = "", prefilter.CHARACTERS
    return []


def _encoding(draft: Draft, active: Set[str], bad: bool) -> list[Edit]:
    """ftfy's repair, or another reading of the bytes where that is likelier; edits, when it has to be held for a person."""
    line = draft.text
    if line.isascii() or line == draft.settled:
        return []
    # ftfy sees a line with its end, which is a neighbour like any other.
    fixed = ftfy_prefilter.fix_encoding(line + "\n", bad)[:-1] if "mojibake/ftfy" in active else line
    beyond = not active.isdisjoint(misreading.RULES)
    if fixed != line:
        if not beyond or _convincing(line, fixed):
            draft.rewrite(fixed, "mojibake/ftfy")
            draft.settled = fixed
            return []
    elif not beyond or not (bad or prefilter.is_odd(line) or ftfy_prefilter.is_bad(line + "\n")):
        return []
    reading = misreading.repair(line)
    if reading is not None and reading.rule in active:
        if reading.score >= 0.9 and (fixed == line or misreading.likelier(reading.text, fixed)):
            draft.rewrite(reading.text, reading.rule, reading.score, reading.why)
            return []
        if reading.score >= 0.5 and fixed == line:
            return [
                Edit(draft.offset + start, draft.offset + end, line[start:end], after, reading.rule, reading.score, reading.why)
                for start, end, after in differences(line, reading.text)
            ]
    draft.rewrite(fixed, "mojibake/ftfy")
    return []


def _convincing(line: str, fixed: str) -> bool:
    """Whether ftfy's repair leaves no doubt: it is the only way to read the line as UTF-8, and what it gives is fine."""
    if readings.SPACED.search(line):
        return False
    words, after = line.split(" "), fixed.split(" ")
    if len(words) != len(after):
        return False
    wide = [index for index, word in enumerate(words) if not word.isascii()]
    mine = " ".join([after[index] for index in wide])
    others = readings.whole(" ".join([words[index] for index in wide]))
    if mine not in others:
        return not prefilter.has_c1(line) and prefilter.is_fine(fixed)
    return all(misreading.likelier(mine, other) for other in others if other != mine)
