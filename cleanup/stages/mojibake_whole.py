"""What the lines of a document say together: it was misread as a whole, and mostly in one way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import fsum

import msgspec

from cleanup.document import Edit, Spans
from cleanup.stages import misreading, readings
from cleanup.stages.mojibake_draft import Draft, differences

AGREED = 60.0  # bits that two lines of a document or more have to save before others are read in the same way
SURE = 40.0  # bits of misread lines that need nobody's consent
LONGEST = 1_000_000  # characters of a line that is read as others were
WITNESSES = 60  # lines that are asked which hypothesis fits the document


class Witness(msgspec.Struct):
    """A line that may have been misread, where it begins, and its repair by itself, if there was one."""

    at: int
    line: str
    draft: Draft | None


def agreed(lines: Sequence[str], drafts: Sequence[Draft], taken: Sequence[Edit]) -> list[Edit]:
    """The edits of the drafts, and of lines that say too little by themselves, read as other lines of the document had to be."""
    hypotheses = dict.fromkeys(draft.hypothesis for draft in drafts if draft.hypothesis is not None)
    if hypotheses and len(lines) > 1:
        witnesses = list(_witnesses(lines, drafts, taken))
        legacy = [hypothesis for hypothesis in hypotheses if hypothesis.true != "utf-8"]
        best = _best(legacy, witnesses)
        if best is not None:
            _read_alike(best, witnesses)
    made = [edit for draft in drafts for edit in draft.edits()]
    if hypotheses and len(lines) > 1:
        made += _followed(witnesses, drafts, [*made, *taken])
    return made


def _witnesses(lines: Sequence[str], drafts: Sequence[Draft], taken: Sequence[Edit]) -> Iterator[Witness]:
    by_place = {draft.offset: draft for draft in drafts}
    others, at = Spans(taken), 0
    for line in lines:
        if not line.isascii() and len(line) <= LONGEST and not others.meet(at, at + len(line)):
            yield Witness(at, line, by_place.get(at))
        at += len(line) + 1


def _best(found: Sequence[readings.Hypothesis], witnesses: Sequence[Witness]) -> readings.Hypothesis | None:
    """Which hypothesis, of those found and their likes, fits the lines best as a whole; None when it spoils more than it mends.

    A draft that stands against the others, and has little to say for itself, is left to a person.
    """
    asked = [witness.line for witness in witnesses[:WITNESSES]]
    totals: list[tuple[float, readings.Hypothesis]] = []
    for hypothesis in dict.fromkeys(like for one in found for like in misreading.alike(one)):
        gains = [misreading.gain(line, hypothesis) for line in asked]
        if -fsum(gain for gain in gains if gain < 0) <= fsum(gains) / 10:
            totals.append((fsum(gains), hypothesis))
    if totals:
        return max(totals, key=lambda one: one[0])[1]
    for hypothesis in found:
        own = [witness.draft for witness in witnesses if witness.draft is not None and witness.draft.hypothesis == hypothesis]
        if fsum(draft.gain for draft in own) < SURE:
            for draft in own:
                draft.held = [msgspec.structs.replace(edit, score=0.6) for edit in draft.edits()]
                draft.patches, draft.hypothesis = [], None
    return None


def _read_alike(best: readings.Hypothesis, witnesses: Sequence[Witness]) -> None:
    """Read those lines in the one way that were read in another, or by what ftfy takes for granted."""
    for witness in witnesses:
        draft = witness.draft
        if draft is None or draft.hypothesis == best or not (rules := {rule for patch in draft.patches for rule in patch.rules}):
            continue
        text = readings.reread(witness.line, best)
        if text is not None and rules <= misreading.LEGACY | {"mojibake/ftfy"} and misreading.gain(witness.line, best) > 0:
            reading = misreading.Reading(text, best, misreading.gain(witness.line, best), 0.94, misreading.tongue(text))
            draft.text, draft.patches = draft.original, []
            draft.rewrite(text + draft.ending, reading.rule, reading.score, reading.why)
            draft.hypothesis, draft.gain = best, reading.gain


def _followed(witnesses: Sequence[Witness], drafts: Iterable[Draft], made: Sequence[Edit]) -> list[Edit]:
    """Lines without a repair, read as others had to be."""
    evidence: dict[readings.Hypothesis, list[float]] = {}
    for draft in drafts:
        if draft.hypothesis is not None:
            evidence.setdefault(draft.hypothesis, []).append(draft.gain)
    out: list[Edit] = []
    others = Spans(made)
    open_lines = [one for one in witnesses if not others.meet(one.at, one.at + len(one.line))]
    least = dict.fromkeys(evidence, misreading.FOLLOWED)
    for hypothesis, gains in evidence.items():
        weak = [misreading.gain(one.line, hypothesis) for one in open_lines] if hypothesis.true != "utf-8" else [-1.0]
        if all(gain >= 0 for gain in weak):  # none speaks against it
            gains += [gain for gain in weak if gain >= misreading.FOLLOWED]
            if len(gains) > 2 and fsum(gains) >= 2 * AGREED:
                least[hypothesis] = 0.5
    sure = [hypothesis for hypothesis, gains in evidence.items() if len(gains) > 1 and fsum(gains) >= AGREED]
    for one in open_lines if sure else ():
        found = [reading for name in sure if (reading := misreading.follow(one.line, name, least[name])) is not None]
        for reading in sorted(found, key=lambda one: -one.gain)[:1]:
            why = {**reading.why, "lines": len(evidence[reading.hypothesis])}
            for start, end, after in differences(one.line, reading.text):
                out.append(Edit(one.at + start, one.at + end, one.line[start:end], after, reading.rule, reading.score, why))
    return out
