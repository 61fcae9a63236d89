"""From a text to its verdict and its edits: gate, then repair inside what is spun, until nothing changes any more."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from cleanup.document import Edit
from cleanup.spin import gate, passage
from cleanup.spin.gate import Region, Thresholds
from cleanup.spin.glance import Glance
from cleanup.spin.markers import Markers
from cleanup.spin.passage import Token
from cleanup.spin.patch import Patch
from cleanup.spin.prior import Priors
from cleanup.spin.proposals import chances, proposals, spun_quotations

LONGEST = 60_000  # words of one text that are looked at; what follows is left as it is
SECTION = 3000  # words that are solved together; a longer text is cut
ROUNDS = 5
REMEMBERED = 1 << 18  # words that a glance remembers, of a whole collection
WINDOWS = 12  # of one text that are looked at
FIRST = 0.96  # score from which edits are made before the rest is read: what they restore is context, and stays as it is


class Finding(NamedTuple):
    """Verdict and edits for one text. `score` rises with the evidence; a clean text has 0 to about 10."""

    verdict: gate.Verdict
    score: float
    why: dict[str, Any]
    edits: tuple[Edit, ...]


class Restorer:
    """Everything that texts are judged and repaired with. `markers` decides alone for most; the rest is loaded when needed."""

    def __init__(
        self,
        paths: Sequence[Path],
        window: int = 150,
        repair: bool = True,
        apply: float = 0.9,
        review: float = 0.5,
        quotations: bool = True,
    ) -> None:
        self.paths = paths
        self.limits = Thresholds.load(paths)
        self.markers = Markers.load(paths)
        self.window = max(window, 30)
        self.repair = repair
        self.apply = apply
        self.review = review
        self.quotations = quotations
        self._priors: Priors | None = None
        self._glance: Glance | None = None

    @property
    def priors(self) -> Priors:
        """Lexicon and context model, loaded on first use."""
        if self._priors is None:
            self._priors = Priors.load(self.paths)
        return self._priors

    def findings(self, texts: Sequence[str]) -> list[Finding]:
        """One Finding a text, in order. Texts whose marker mass is low everywhere cost no more than the common pass."""
        masses = self.markers.masses(texts, self.window)
        columns = (column.tolist() for column in masses)
        return [
            self._finding(text, mass, peak) if self._is_marked(mass, peak, words) else Finding("clean", max(mass, 0.0), {}, ())
            for text, mass, peak, words in zip(texts, *columns, strict=True)
        ]

    def _is_marked(self, mass: float, peak: float, words: int) -> bool:
        """Whether the context is looked at, too: below this a text cannot become suspect or spun."""
        return words >= self.limits.least_hard and (mass > self.limits.mass or peak >= self.limits.peak)

    def _is_worth_reading(self, text: str, mass: float, peak: float) -> bool:
        """Whether marker mass and a glance at the context are enough, together, for a closer look."""
        if self._glance is None or len(self._glance) > REMEMBERED:
            self._glance = Glance(self.priors)
        seen = self._glance.look(text, self.window)
        whole, window = mass + 2 * seen.whole, peak + 2 * seen.peak
        return whole >= self.limits.glance or (peak >= self.limits.peak and window >= self.limits.glance_window)

    def _finding(self, text: str, mass: float, peak: float) -> Finding:
        if not self._is_worth_reading(text, mass, peak):
            return Finding("clean", max(mass, 0.0), {}, ())
        tokens = passage.read(text, LONGEST)
        regions = self._regions(text, tokens, mass, peak)
        worst = max(regions, key=lambda region: (gate.VERDICTS.index(region.verdict), region.total))
        why: dict[str, Any] = {"mass": worst.mass, "evidence": worst.evidence, "cohesion": worst.cohesion}
        why |= {"types": len(worst.types), "words": worst.last - worst.first}
        if worst.types:
            why["contradictions"] = list(worst.types[:6])
        edits: list[Edit] = []
        if worst.verdict == "spun" and self.repair:
            edits = self._settled(text, tokens, [region for region in regions if region.verdict == "spun"])
        return Finding(worst.verdict, round(max(worst.total / 2, mass, 0.0), 2), why, tuple(edits))

    def _regions(self, text: str, tokens: list[Token], mass: float, peak: float) -> list[Region]:
        """The text in sections when it is marked as a whole, else its most marked windows."""
        priors, limits = self.priors, self.limits
        size = len(tokens)
        whole: list[Region] = []
        if mass > limits.mass or size <= 2 * self.window:
            cuts = max(1, round(size / SECTION))
            bounds = [size * cut // cuts for cut in range(cuts + 1)]
            whole = [gate.judge(tokens, a, b, mass, priors, limits) for a, b in pairwise(bounds)]
            if peak < limits.peak or any(region.verdict == "spun" for region in whole):
                return whole
        return [*whole, *self._windows(text, tokens)] or [gate.judge(tokens, 0, 0, mass, priors, limits)]

    def _windows(self, text: str, tokens: list[Token]) -> list[Region]:
        """Spun or suspect stretches of a text, found from its most marked windows."""
        found: list[Region] = []
        tried: list[tuple[int, int]] = []
        for first, last, mass in gate.windows(text, tokens, self.markers, self.limits, self.window):
            if any(first < b and a < last for a, b in tried):
                continue
            if len(tried) >= WINDOWS:
                break
            region = gate.judge(tokens, first, last, mass, self.priors, self.limits, window=True)
            if region.verdict == "spun":
                region = self._grown(text, tokens, region)
            found.append(region)
            tried += [(first, last), (region.first, region.last)]
        return found

    def _grown(self, text: str, tokens: list[Token], region: Region) -> Region:
        """A spun window with the sentences around it that are spun, too, and without those of its own that are not."""
        first, last = gate.outline(tokens, region.first, region.last, 2 * self.window, self.priors)
        mass = self.markers.masses([text[tokens[first].start : tokens[last - 1].end]]).score[0].item()
        grown = gate.judge(tokens, first, last, mass, self.priors, self.limits, window=True)
        return grown if grown.verdict == "spun" else region

    def _proposals(
        self,
        text: str,
        tokens: Sequence[Token],
        regions: Sequence[Region],
        known: frozenset[int] = frozenset(),
        made: Sequence[float] = (),
    ) -> list[Edit]:
        """The edits of all spun regions, not overlapping, in order.

        `known`: quotations that have been found to be spun; `made`: probabilities of edits that have been made.
        """
        found: list[Edit] = []
        for region in sorted(regions, key=lambda region: region.first):
            if region.verdict == "spun":
                last = found[-1].end if found else 0
                quotations = known | self._spun_quotations(tokens, [region])
                edits = proposals(text, tokens, region, self.review, quotations, made)
                found += [edit for edit in edits if edit.start >= last]
        return found

    def _spun_quotations(self, tokens: Sequence[Token], regions: Sequence[Region]) -> frozenset[int]:
        """The numbers of the quotations that are repaired, too."""
        return frozenset().union(*(spun_quotations(tokens, region) for region in regions)) if self.quotations else frozenset()

    def _round(self, text: str) -> list[Edit]:
        """The proposals for a text, judged afresh."""
        mass, peak, words = (column[0].item() for column in self.markers.masses([text], self.window))
        if not self._is_marked(mass, peak, words):
            return []
        tokens = passage.read(text, LONGEST)
        return self._proposals(text, tokens, self._regions(text, tokens, mass, peak))

    def _settled(self, text: str, tokens: Sequence[Token], regions: Sequence[Region]) -> list[Edit]:
        """Edits that lead to a text on which there is nothing more to apply; all held for review when there is no such text."""
        patch = Patch(text)
        edits = now = self._proposals(text, tokens, regions)
        first = [edit for edit in edits if edit.score >= max(self.apply, FIRST)]
        if first:
            patch.add(first)
            spun = self._spun_quotations(tokens, regions)
            quoted = [token.start for token in tokens if token.quoted in spun]
            spans = [(tokens[r.first].start, tokens[r.last - 1].end, r) for r in regions]
            now = self._reread(patch, spans, quoted, chances(first))
        held = patch.back(edit for edit in now if edit.score < self.apply)
        for turn in range(ROUNDS):
            sure = [edit for edit in now if edit.score >= self.apply]
            if not sure and (turn or not first):
                return sorted([*patch.edits(), *patch.apart(held)], key=lambda edit: edit.start)
            patch.add(sure)
            now = self._round(patch.now)
        return [Edit(e.start, e.end, e.before, e.after, e.rule, min(e.score, self.review), e.why) for e in edits]

    def _reread(
        self, patch: Patch, spans: Sequence[tuple[int, int, Region]], quoted: Sequence[int], made: Sequence[float]
    ) -> list[Edit]:
        """The proposals for the spun spans of the first text, with what has been restored so far as it is now.

        `quoted`: where words of spun quotations stood; their evidence is gone when they are restored. `made`: how sure that was.
        """
        changed = [*patch.changed(), (len(patch.now) + 1, len(patch.now) + 1)]
        tokens, span = passage.read(patch.now, LONGEST), 0
        for at, token in enumerate(tokens):
            while changed[span][1] <= token.start:
                span += 1
            if changed[span][0] < token.end:
                tokens[at] = token._replace(locked=True)
        starts = [token.start for token in tokens]
        places = patch.forth([*(place for start, end, _ in spans for place in (start, end)), *quoted])
        number = {place: bisect_left(starts, there) for place, there in places.items()}
        found = []
        for start, end, region in spans:
            found.append(gate.reread(tokens, region._replace(first=number[start], last=number[end]), self.priors))
        known = frozenset(tokens[number[start]].quoted for start in quoted if number[start] < len(tokens)) - {0}
        return self._proposals(patch.now, tokens, found, known, made)
