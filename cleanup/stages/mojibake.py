"""The mojibake stage: ftfy, the misreadings that ftfy does not attempt, and repairs of single characters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence, Set
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


def _repair(text: str, wanted: Collection[int], active: Set[str]) -> Iterator[Edit]:
    at = 0
    for number, line in enumerate(text.split("\n")):
        if number in wanted:
            draft = Draft(line, at)
            held = list(_settle(draft, active))
            made = list(draft.edits())
            yield from made
            yield from (edit for edit in held if not any(edit.start < done.end and done.start < edit.end for done in made))
        at += len(line) + 1


def _settle(draft: Draft, active: Set[str]) -> Iterator[Edit]:
    """Repair the line until nothing changes; yields what is not sure enough to be built upon."""
    for _ in range(ROUNDS):
        before = draft.text
        for rule in _BEFORE:
            if rule in active:
                characters.fix(draft, rule)
        if not draft.text.isascii():
            held = _encoding(draft, active)
            if held:
                # Soft hyphens and controls may be bytes of a text that only a person can read.
                yield from held if before == draft.original else ()
                return
        for rule in _AFTER:
            if rule in active:
                characters.fix(draft, rule)
        if draft.text == before:
            return


def _encoding(draft: Draft, active: Set[str]) -> list[Edit]:
    """ftfy's repair, or another reading of the bytes where that is likelier; edits, when it has to be held for a person."""
    line = draft.text
    # ftfy sees a line with its end, which is a neighbour like any other.
    fixed = ftfy_prefilter.fix_encoding(line + "\n")[:-1] if "mojibake/ftfy" in active else line
    beyond = bool(active & misreading.RULES)
    if fixed == line and not (prefilter.is_odd(line) or ftfy_prefilter.is_bad(line + "\n")):
        return []
    if fixed != line:
        others = readings.whole(line) if beyond else set()
        settled = fixed in others or not (prefilter.has_c1(line) or readings.SPACED.search(line))
        if not beyond or (settled and others <= {fixed} and not prefilter.is_odd(fixed, strict=True)):
            draft.rewrite(fixed, "mojibake/ftfy")
            return []
    reading = misreading.repair(line) if beyond else None
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
