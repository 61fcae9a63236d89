"""The mojibake stage: ftfy, the misreadings that ftfy does not attempt, and repairs of single characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path

import msgspec

from cleanup.config import MojibakeConfig
from cleanup.document import Document, Edit, Proposal, apply
from cleanup.rules import Rule
from cleanup.stages import Propose, ftfy_prefilter, misreading, readings, stage
from cleanup.stages import mojibake_characters as characters
from cleanup.stages import mojibake_prefilter as prefilter
from cleanup.stages import mojibake_words as words
from cleanup.stages.mojibake_draft import Draft, differences
from cleanup.stages.mojibake_rules import load

ROUNDS = 6  # repairs that uncover one another, such as an entity inside of mojibake
SEGMENT = 1_000_000  # characters of a line that are repaired in one piece, as ftfy does it
AGREED = 60.0  # bits that two lines of a document or more have to save before others are read in the same way
_BEFORE = ("mojibake/surrogates", "mojibake/entities")  # what has to be done before bytes are looked at
_AFTER = ("mojibake/control", "mojibake/soft-hyphen", "mojibake/zero-width", "mojibake/bidi")


def rules(paths: Sequence[Path]) -> list[Rule]:
    """Every rule of the stage with its examples."""
    return [rule.public() for rule in load(paths).values()]


@stage("mojibake", version=1, rules=rules)
def mojibake(cfg: MojibakeConfig, paths: Sequence[Path]) -> Propose:
    """Build the stage: repairs of bytes and characters, as small edits."""
    cfg = cfg or MojibakeConfig()
    known = load(paths)
    active = {rule.id for rule in known.values() if rule.enabled and not rule.id.startswith(cfg.off or ("\0",))}
    if not cfg.beyond_ftfy:
        active -= misreading.RULES

    straight = bool(known["mojibake/ftfy"].detail.get("ascii-apostrophes"))

    def propose(docs: Sequence[Document]) -> Iterable[Iterable[Proposal]]:
        texts = [doc.text for doc in docs]
        out: list[list[Edit]] = [[] for _ in docs]
        for index in words.suspects(texts):
            out[index] = [edit for rule, find in words.FINDERS.items() if rule in active for edit in find(texts[index])]
        for index, wanted in enumerate(prefilter.lines(texts)):
            if wanted:
                made = list(_repair(texts[index], wanted, active, out[index]))
                out[index] += _straight(texts[index], made) if straight else made
        return out

    return propose


_CONTRACTION = re.compile("(?<=[A-Za-z])’(?=(?:s|t|re|ve|ll|d|m)(?![A-Za-z]))")


def _straight(text: str, edits: list[Edit]) -> list[Edit]:
    """Apostrophes of English contractions as ASCII has them, where nothing else in the repaired text would be outside ASCII."""
    made = [edit for edit in edits if edit.rule == "mojibake/ftfy"]
    rest = apply(text, (msgspec.structs.replace(edit, after="") for edit in made))
    if not rest.isascii() or not all(_CONTRACTION.sub("'", edit.after).isascii() for edit in made):
        return edits
    return [
        msgspec.structs.replace(edit, after=_CONTRACTION.sub("'", edit.after)) if edit.rule == "mojibake/ftfy" else edit
        for edit in edits
    ]


def _repair(text: str, wanted: dict[int, int], active: Set[str], taken: Sequence[Edit]) -> Iterator[Edit]:
    """Repairs of the wanted lines, one by one, except where something else has been proposed."""
    drafts: dict[int, Draft] = {}
    held: list[Edit] = []
    at = 0
    for number, line in enumerate(parts := text.split("\n")):
        if number in wanted and not any(edit.start < at + len(line) and at < edit.end for edit in taken):
            ending = "\n" if number + 1 < len(parts) else ""
            for start in range(0, max(1, len(line)), SEGMENT):
                piece = line[start : start + SEGMENT]
                draft = drafts[at + start] = Draft(piece, at + start, ending if start + SEGMENT >= len(line) else "")
                held += _settle(draft, active, wanted[number])
        at += len(line) + 1
    made = [edit for draft in drafts.values() for edit in draft.edits()]
    made += _followed(parts, drafts, [*made, *taken])
    yield from made
    yield from (edit for edit in held if not _touches(edit, made))


def _touches(edit: Edit, others: Sequence[Edit]) -> bool:
    return any(edit.start < other.end and other.start < edit.end for other in others)


def _followed(lines: Sequence[str], drafts: dict[int, Draft], made: Sequence[Edit]) -> list[Edit]:
    """Lines that say too little by themselves, read as other lines of the document had to be."""
    evidence: dict[readings.Hypothesis, list[float]] = {}
    for draft in drafts.values():
        if draft.hypothesis is not None:
            evidence.setdefault(draft.hypothesis, []).append(draft.gain)
    sure = [hypothesis for hypothesis, gains in evidence.items() if len(gains) > 1 and sum(gains) >= AGREED]
    out: list[Edit] = []
    at = 0
    for line in lines if sure else ():
        span = Edit(at, at + len(line), line, "", "")
        if not line.isascii() and len(line) <= SEGMENT and not _touches(span, made):
            found = [reading for hypothesis in sure if (reading := misreading.follow(line, hypothesis)) is not None]
            for reading in sorted(found, key=lambda one: -one.gain)[:1]:
                why = {**reading.why, "lines": len(evidence[reading.hypothesis])}
                for start, end, after in differences(line, reading.text):
                    out.append(Edit(at + start, at + end, line[start:end], after, reading.rule, reading.score, why))
        at += len(line) + 1
    return out


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
        if draft.text == before:
            # Only what is left when all bytes are read is residue: a soft hyphen may be half of a letter.
            characters.fix(draft, _AFTER, active)
        if draft.text == before:
            break
        # From here on nothing is known but by looking.
        known, reasons = "", prefilter.CHARACTERS
    return []


def _encoding(draft: Draft, active: Set[str], bad: bool) -> list[Edit]:
    """ftfy's repair, or another reading of the bytes where that is likelier; edits, when it has to be held for a person."""
    whole = draft.text
    if whole.isascii() or whole == draft.settled:
        return []
    fixed = ftfy_prefilter.fix_encoding(whole, bad) if "mojibake/ftfy" in active else whole
    beyond = not active.isdisjoint(misreading.RULES)
    ending = draft.ending if whole.endswith(draft.ending) and fixed.endswith(draft.ending) else ""
    line, theirs = whole.removesuffix(ending), fixed.removesuffix(ending)
    if fixed != whole:
        if not beyond or _convincing(line, theirs):
            draft.rewrite(fixed, "mojibake/ftfy")
            draft.settled = fixed
            return []
    elif not beyond or not (bad or prefilter.is_odd(line) or ftfy_prefilter.is_bad(whole)):
        return []
    reading = misreading.repair(line)
    if reading is not None and reading.rule in active:
        if reading.score >= 0.9 and (fixed == whole or misreading.likelier(reading.text, theirs)):
            draft.rewrite(reading.text + ending, reading.rule, reading.score, reading.why)
            draft.hypothesis, draft.gain = reading.hypothesis, reading.gain
            return []
        if reading.score >= 0.5 and fixed == whole:
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
