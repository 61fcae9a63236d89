"""Is a text spun? Two independent kinds of evidence have to agree: marker mass and contradictions in context."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import fsum
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
import tomli

from cleanup.errors import RuleError
from cleanup.spin import repair
from cleanup.spin.context import Context
from cleanup.spin.markers import Markers
from cleanup.spin.passage import Token
from cleanup.spin.prior import Priors

Verdict = Literal["clean", "suspect", "spun"]
MASS, DENSITY, COHESION = 0.3, 10.0, 29.0  # weights in the total, that of evidence being 5
NATIVE = 0.8  # cohesion of native text
LOOSE = 0.5  # and the least that counts: what hangs together less is a list, notes or verse more often than spun text
GLANCED = 2.0  # what a closer look finds is at most so many times the evidence after one glance
BELONGS = 0.5  # a sentence belongs to a spun stretch when it has this share of the usual number of changed words
FORMAL = 0.3  # what the evidence of a word counts that formal prose uses honestly ...
MILD = ("spelling", "set")  # ... and that of pairs of these tiers
# What every prose has: a third of its words, also where it is spun. Lists of words and of synonyms have next to none.
FUNCTION = frozenset((
    "the", "of", "and", "a", "to", "in", "is", "was", "for", "on", "that", "with", "it", "as", "at", "by", "be", "are",
    "from", "were", "an", "or", "not", "has", "had", "have", "this", "he", "she", "they", "his", "her", "its", "but",
    "which", "who", "will", "would", "we", "you", "i", "their", "been", "if", "when", "than", "there",
))  # fmt: skip
VERDICTS: tuple[Verdict, ...] = ("clean", "suspect", "spun")


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rules/spin/thresholds.toml`. Masses and evidence are per 100 words."""

    least_words: int = 60  # a shorter text is clean unless it has hard markers ...
    least_hard: int = 15  # ... and in any case when it is shorter than this
    mass: float = -3.0  # marker mass above which a text is looked at
    peak: float = 15.0  # marker mass of a window from which a longer text is looked at
    glance: float = 10.0  # marker mass and what one glance at the context finds together, from which a text is read closely
    glance_window: float = 34.0  # the same of a window of a longer text
    evidence: float = 4.5  # evidence in context that is needed in any case ...
    types: float = 1.5  # ... and contradictions, where those of formal words count little
    sum_short: float = 84.0  # total that makes a text of 100 words spun ...
    sum_middle: float = 64.0  # ... one of 150 words ...
    sum_long: float = 62.0  # ... and one of 300 words or more
    sum_window: float = 66.0  # and a window of a text that is not spun as a whole
    suspect: float = 0.93  # share of that total from which a text is suspect
    function: float = 0.1  # share of function words from which a text is prose
    hard: int = 2  # distinct hard markers that are enough by themselves in a short text

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Thresholds:
        """The built-in thresholds, overlaid by the files of later rule directories. Raises RuleError."""
        data: dict[str, Any] = {}
        for path in paths:
            file = path / "spin" / "thresholds.toml"
            if file.is_file():
                try:
                    data |= tomli.loads(file.read_text(encoding="utf-8-sig")).get("gate", {})
                    msgspec.convert(data, cls)
                except (tomli.TOMLDecodeError, msgspec.ValidationError) as error:
                    raise RuleError(f"{file}: {error}", "keys and types as in the built-in thresholds.toml") from None
        return msgspec.convert(data, cls)

    def needed(self, words: int) -> float:
        """The total that makes a text of that many words spun."""
        points = ((100, self.sum_short), (150, self.sum_middle), (300, self.sum_long))
        return float(np.interp(words, [words for words, _ in points], [total for _, total in points]))


class Region(NamedTuple):
    """Tokens `first:last` that were judged together."""

    first: int
    last: int
    verdict: Verdict
    mass: float
    evidence: float
    cohesion: float  # mean association of neighbouring words as they stand: about 0.9 in native text, 0.6 in spun text
    types: tuple[str, ...]  # the contradictions, strongest first: "fashions>models"
    weight: float  # of the contradictions: a formal word counts less than one
    hard: int  # distinct hard markers
    units: tuple[repair.Unit, ...] = ()  # only of what is spun
    readings: tuple[repair.Reading | None, ...] = ()  # one a unit

    @property
    def total(self) -> float:
        """All kinds of evidence in one figure; the weights were fitted on windows of honest and of spun pages."""
        density = 100 * self.weight / max(self.last - self.first, 1)
        return MASS * self.mass + 5 * self.evidence + DENSITY * density - COHESION * (max(self.cohesion, LOOSE) - NATIVE)


def judge(
    passage: Sequence[Token], first: int, last: int, mass: float, priors: Priors, limits: Thresholds, window: bool = False
) -> Region:
    """Judge tokens `first:last`, whose marker mass per 100 words is `mass`."""
    part = passage[first:last]
    cohesion = _cohesion(part, priors.context)
    if sum(token.word in FUNCTION for token in part) < limits.function * len(part):
        return Region(first, last, "clean", round(mass, 1), 0.0, round(cohesion, 2), (), 0.0, 0)
    lattice = repair.Lattice(part, repair.units(part, priors), priors)
    found = repair.solve(lattice, priors.context, repair.GLANCE).by_form()
    region = _region(first, last, mass, cohesion, found, priors)
    # What is far from enough after one glance is not looked at closer.
    most = region._replace(evidence=GLANCED * region.evidence, weight=GLANCED * region.weight)
    if most.evidence < limits.evidence or most.total < limits.suspect * limits.needed(len(part)):
        return region
    solved = repair.solve(lattice, priors.context)
    region = _region(first, last, mass, cohesion, solved.by_form(), priors)
    region = region._replace(verdict=_verdict(region, limits, window))
    return _with_readings(region, solved, priors) if region.verdict == "spun" else region


def reread(passage: Sequence[Token], region: Region, priors: Priors) -> Region:
    """A spun region with its units and their readings."""
    part = passage[region.first : region.last]
    lattice = repair.Lattice(part, repair.units(part, priors), priors)
    return _with_readings(region, repair.solve(lattice, priors.context), priors)


def _with_readings(region: Region, solved: repair.Solution, priors: Priors) -> Region:
    cut, readings = repair.read(solved, priors)
    return region._replace(units=tuple(cut), readings=tuple(readings))


def _region(first: int, last: int, mass: float, cohesion: float, readings: Sequence[repair.Reading], priors: Priors) -> Region:
    """What the readings of the forms of a stretch amount to, not yet judged."""
    chosen = [reading for reading in readings if reading.candidate and not reading.form.isdigit()]
    formal = priors.lexicon.formal
    mild = {reading.form for reading in chosen if reading.candidate and reading.candidate.tier in MILD}
    worth = {reading.form: FORMAL if reading.form in formal or reading.form in mild else 1.0 for reading in chosen}
    gained = fsum(worth[r.form] * min(r.evidence, 3.0) for r in chosen if r.probability > 0.8 and r.evidence > 0)
    gained += fsum(worth[r.form] for r in chosen if r.probability > 0.9)
    against = [r for r in chosen if r.probability > 0.8 and r.evidence > 1]
    against.sort(key=lambda r: (-worth[r.form] * r.evidence, r.form))
    return Region(
        first,
        last,
        "clean",
        round(mass, 1),
        round(100 * gained / max(last - first, 1), 1),
        round(cohesion, 2),
        tuple(f"{reading.form}>{reading.candidate.after}" for reading in against if reading.candidate),
        round(fsum(worth[reading.form] for reading in against), 1),
        sum(reading.candidate is not None and reading.candidate.tier == "hard" for reading in chosen),
    )


def _cohesion(part: Sequence[Token], context: Context) -> float:
    found: list[int] = []
    for token in part:
        if token.fresh:
            found.append(repair.BOUNDARY)
        found.append(token.key)
    keys = np.array(found, dtype=np.uint64)
    return float(context.assoc2(keys[:-1], keys[1:]).mean()) if len(keys) > 1 else 0.0


def _verdict(region: Region, limits: Thresholds, window: bool) -> Verdict:
    """Both kinds of evidence, each and together; for a short text two hard markers count as much."""
    words = region.last - region.first
    if region.hard >= limits.hard and words < 300 and region.mass >= limits.mass:
        return "spun"
    if region.mass < limits.mass or region.evidence < limits.evidence or region.weight < limits.types:
        return "clean"
    needed = max(limits.needed(words), limits.sum_window if window else 0.0)
    if words >= limits.least_words and region.total >= needed:
        return "spun"
    return "suspect" if words >= limits.least_words and region.total >= limits.suspect * needed else "clean"


def outline(tokens: Sequence[Token], first: int, last: int, reach: int, priors: Priors) -> tuple[int, int]:
    """Where the spun stretch around `first:last` begins and ends, sentence by sentence, at most `reach` words farther.

    A sentence belongs to it when it has a good share of the changed words that `first:last` usually has.
    """
    low, high = max(0, first - reach), min(len(tokens), last + reach)
    part = tokens[low:high]
    marked = [0] * len(tokens)
    solved = repair.solve(repair.Lattice(part, repair.units(part, priors), priors), priors.context)
    for unit, reading in zip(*repair.read(solved, priors), strict=True):
        if reading is not None and reading.candidate is not None and reading.probability > 0.7:
            for at in range(low + unit.first, low + unit.last):
                marked[at] = 1
    starts = [at for at in range(low, high) if tokens[at].fresh or at == low]
    enough = BELONGS * sum(marked[first:last]) / (last - first)
    inside = [(a, b, sum(marked[a:b]) >= enough * (b - a)) for a, b in pairwise([*starts, high])]
    middle = (first + last) // 2
    core = next((number for number, (a, b, _) in enumerate(inside) if a <= middle < b), 0)
    begin = end = core
    while begin > 0 and (inside[begin - 1][2] or (inside[begin - 1][0] >= first and begin > 1 and inside[begin - 2][2])):
        begin -= 1
    while end + 1 < len(inside) and (
        inside[end + 1][2] or (inside[end + 1][1] <= last and end + 2 < len(inside) and inside[end + 2][2])
    ):
        end += 1
    return inside[begin][0], inside[end][1]


def windows(text: str, passage: Sequence[Token], markers: Markers, limits: Thresholds, size: int) -> list[tuple[int, int, float]]:
    """Stretches of `size` words that are worth a look, the most marked first: (first token, last, mass). They overlap."""
    step = max(size // 3, 1)
    spans = [(at, min(at + size, len(passage))) for at in range(0, max(len(passage) - size, 0) + step, step)]
    mass = markers.masses([text[passage[a].start : passage[b - 1].end] for a, b in spans if a < b]).score
    order = sorted(range(len(mass)), key=lambda index: -mass[index])
    return [(*spans[index], float(mass[index])) for index in order if mass[index] >= limits.peak * 0.7]
