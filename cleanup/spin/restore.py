"""From a text to its verdict and its edits: gate, then repair inside what is spun, until nothing changes any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cleanup.document import Edit, apply
from cleanup.spin import gate, mend, passage, repair
from cleanup.spin.gate import Region, Thresholds
from cleanup.spin.markers import Markers
from cleanup.spin.passage import Token
from cleanup.spin.prior import Priors

SECTION = 3000  # words that are solved together; a longer text is cut
ROUNDS = 5
QUOTED = 0.85  # the most that an edit inside a quotation can score: held for review, never applied by itself


class Finding(NamedTuple):
    """Verdict and edits for one text. `score`: marker mass per 100 words, 0 at least."""

    verdict: gate.Verdict
    score: float
    why: dict[str, Any]
    edits: tuple[Edit, ...]


class Restorer:
    """Everything loaded that a text is judged and repaired with. `markers` alone decides for clean texts; the rest is lazy."""

    def __init__(self, paths: Sequence[Path], window: int = 150, repair: bool = True, apply: float = 0.9, review: float = 0.5) -> None:
        self.paths = paths
        self.limits = Thresholds.load(paths)
        self.markers = Markers.load(paths)
        self.window = window
        self.repair = repair
        self.apply = apply
        self.review = review
        self._priors: Priors | None = None

    @property
    def priors(self) -> Priors:
        """Lexicon and context model, loaded on first use."""
        if self._priors is None:
            self._priors = Priors.load(self.paths)
        return self._priors

    def findings(self, texts: Sequence[str]) -> list[Finding]:
        """One Finding a text, in order. Texts whose marker mass is low everywhere cost no more than the common pass."""
        masses = self.markers.masses(texts, self.window)
        found = []
        for text, mass, peak, words in zip(texts, masses.score.tolist(), masses.peak.tolist(), masses.words.tolist(), strict=True):
            if self.is_marked(mass, peak, words):
                found.append(self._finding(text, mass, peak))
            else:
                found.append(Finding("clean", max(mass, 0.0), {}, ()))
        return found

    def is_marked(self, mass: float, peak: float, words: int) -> bool:
        """Whether the context is looked at, too: below this a text cannot become suspect or spun."""
        return words >= 20 and (mass >= self.limits.mass or peak >= self.limits.peak)

    def _finding(self, text: str, mass: float, peak: float) -> Finding:
        regions = self._regions(text, passage.read(text), mass, peak)
        worst = max(regions, key=lambda region: (_RANK[region.verdict], region.mass + 2 * region.evidence))
        why = {"mass": worst.mass, "evidence": worst.evidence, "types": len(worst.types), "words": worst.last - worst.first}
        if worst.types:
            why["contradictions"] = list(worst.types[:6])
        edits = tuple(self._trajectory(text)) if worst.verdict == "spun" and self.repair else ()
        return Finding(worst.verdict, round(max(mass, 0.0), 2), why, edits)

    def _regions(self, text: str, tokens: list[Token], mass: float, peak: float) -> list[Region]:
        """The text in sections when it is marked as a whole, else its most marked windows."""
        priors, limits = self.priors, self.limits
        size = len(tokens)
        if mass >= limits.mass or size <= 2 * self.window:
            cuts = max(1, round(size / SECTION))
            bounds = [size * cut // cuts for cut in range(cuts + 1)]
            whole = [gate.judge(tokens, a, b, mass, priors, limits) for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
            if peak < limits.peak or any(region.verdict == "spun" for region in whole):
                return whole
        else:
            whole = []
        spans = gate.windows(text, tokens, self.markers, limits, self.window)
        local = [gate.judge(tokens, a, b, m, priors, limits, window=True) for a, b, m in spans if m >= limits.peak / 2]
        return [*whole, *local] or [Region(0, size, "clean", mass, 0.0, (), ())]

    def _edits(self, text: str) -> list[Edit]:
        """The proposals of one round on a text."""
        mass, peak, words = (column[0].item() for column in self.markers.masses([text], self.window))
        if not self.is_marked(mass, peak, words):
            return []
        tokens = passage.read(text)
        found: list[Edit] = []
        for region in self._regions(text, tokens, mass, peak):
            if region.verdict == "spun":
                found += proposals(text, tokens, region, self.priors, self.review)
        return found

    def _trajectory(self, text: str) -> list[Edit]:
        """Edits that lead to a text on which there is nothing more to apply; all held for review when there is no such text."""
        now, done = text, _Patch(text)
        held: list[Edit] = []
        for turn in range(ROUNDS):
            edits = self._edits(now)
            if not turn:
                held = [edit for edit in edits if edit.score < self.apply]
            sure = [edit for edit in edits if edit.score >= self.apply]
            if not sure:
                return done.edits() + [edit for edit in held if not done.touches(edit)]
            done.add(sure)
            now = apply(now, sure)
        return [_capped(edit, self.review) for edit in self._edits(text)]


_RANK = {"clean": 0, "suspect": 1, "spun": 2}


def _capped(edit: Edit, score: float) -> Edit:
    return Edit(edit.start, edit.end, edit.before, edit.after, edit.rule, min(edit.score, score), edit.why)


def proposals(text: str, tokens: Sequence[Token], region: Region, priors: Priors, least: float) -> Iterable[Edit]:
    """Edits of one region, not overlapping, scores >= `least`."""
    part = tokens[region.first : region.last]
    readings = {reading.form: reading for reading in region.readings}
    last_end = -1
    for unit in repair.units(part, priors):
        reading = readings.get(unit.form) if unit.form else None
        if reading is None or reading.candidate is None:
            continue
        score = calibrated(reading.probability)
        head, tail = part[unit.first], part[unit.last - 1]
        if any(token.quoted for token in part[unit.first : unit.last]):
            score = min(score, QUOTED)
        if score < least:
            continue
        before = text[head.start : tail.end]
        after = mend.match_case(before, reading.candidate.after, head.heading)
        why = {"p": round(reading.probability, 3), "context": round(reading.evidence, 2), "occurrences": reading.occurrences}
        if reading.runner_up != reading.form:
            why["next"] = reading.runner_up
        previous = part[unit.first - 1] if unit.first else None
        if previous is not None and previous.start >= last_end and not previous.locked and head.joint == " ":
            small = _mend_before(text, previous, after, score)
            if small is not None:
                yield small
        yield Edit(head.start, tail.end, before, after, reading.candidate.rule, round(score, 3), why)
        last_end = tail.end


def _mend_before(text: str, previous: Token, after: str, score: float) -> Edit | None:
    """a/an before the new word, or a preposition that would now stand twice."""
    word = text[previous.start : previous.end]
    first = after.split(" ")[0]
    if previous.word in ("a", "an"):
        wanted = mend.article(first)
        if wanted and wanted != previous.word:
            return Edit(previous.start, previous.end, word, mend.match_case(word, wanted, False), "spin/mend/article", round(score, 3))
    return None


def calibrated(probability: float) -> float:
    """The share of edits of this model probability that are right, as measured (see rules/spin/README.md)."""
    return probability


class _Patch:
    """Rounds of edits, each in the coordinates of the text that the round before made, as edits of the first text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: list[Edit] = []

    def add(self, edits: Iterable[Edit]) -> None:
        """Compose one more round."""
        for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
            self._one(edit)

    def _one(self, edit: Edit) -> None:
        shift = 0
        keep: list[Edit] = []
        merged: list[tuple[int, int, Edit]] = []
        start, end = edit.start, edit.end
        first: int | None = None
        stop = 0
        left = right = ""
        for old in sorted(self._found, key=lambda old: old.start):
            a = old.start + shift
            b = a + len(old.after)
            if b <= start and not (a == b == start):
                shift += len(old.after) - len(old.before)
                keep.append(old)
            elif a >= end:
                keep.append(old)
            else:
                if first is None:
                    first = min(old.start, start - shift)
                    left = old.after[: max(0, start - a)]
                shift += len(old.after) - len(old.before)
                stop = max(old.end, end - shift)
                right = old.after[max(0, end - a) :] if end < b else ""
                merged.append((a, b, old))
        if first is None:
            first, stop = start - shift, end - shift
        stop = max(stop, first)
        rule = edit.rule
        after = left + edit.after + right
        before = self._text[first:stop]
        if after != before:
            keep.append(Edit(first, stop, before, after, rule, edit.score, edit.why))
        self._found = keep

    def touches(self, edit: Edit) -> bool:
        """Whether an edit of the first text overlaps one that is already there."""
        return any(edit.start < old.end and old.start < edit.end for old in self._found)

    def edits(self) -> list[Edit]:
        """All edits, in order."""
        return sorted(self._found, key=lambda edit: edit.start)
