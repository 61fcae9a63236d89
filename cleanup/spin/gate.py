"""Is a text spun? Two independent kinds of evidence have to agree: marker mass and contradictions in context."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from cleanup.errors import RuleError
from cleanup.spin import repair
from cleanup.spin.markers import Markers
from cleanup.spin.passage import Token
from cleanup.spin.prior import Priors

Verdict = Literal["clean", "suspect", "spun"]
VERDICTS: tuple[Verdict, ...] = ("clean", "suspect", "spun")


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rules/spin/thresholds.toml`. Masses and evidence are per 100 words."""

    least_words: int = 60  # a shorter text is clean unless it has hard markers ...
    least_hard: int = 15  # ... and in any case when it is shorter than this
    mass: float = 3.0  # marker mass from which a text is looked at
    peak: float = 12.0  # marker mass of a window from which a longer text is looked at
    evidence: float = 4.0  # association gained by the originals
    types: int = 3  # distinct contradictions
    sum_short: float = 34.0  # mass + 2 * evidence at 100 words or fewer ...
    sum_long: float = 20.0  # ... and at 300 words or more
    sum_window: float = 30.0  # and in a window of a text that is not spun as a whole
    suspect: float = 0.6  # share of the sum from which a text is suspect
    hard: int = 2  # distinct hard markers that are enough by themselves

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Thresholds:
        """The built-in thresholds, overlaid by the files of later rule directories. Raises RuleError."""
        data: dict[str, Any] = {}
        for path in paths:
            file = path / "spin" / "thresholds.toml"
            if file.is_file():
                try:
                    data |= tomllib.loads(file.read_text(encoding="utf-8")).get("gate", {})
                    msgspec.convert(data, cls)
                except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
                    raise RuleError(f"{file}: {error}", "keys and types as in the built-in thresholds.toml") from None
        return msgspec.convert(data, cls)

    def needed(self, words: int) -> float:
        """The sum of evidence that makes a text of that many words spun: falling from 100 to 300 words."""
        share = min(max((words - 100) / 200, 0.0), 1.0)
        return self.sum_short + share * (self.sum_long - self.sum_short)


class Region(NamedTuple):
    """Tokens `first:last` that were judged together."""

    first: int
    last: int
    verdict: Verdict
    mass: float
    evidence: float
    types: tuple[str, ...]  # the strongest contradictions, "fashions>models"
    units: tuple[repair.Unit, ...]
    readings: tuple[repair.Reading | None, ...]  # one a unit

    @property
    def total(self) -> float:
        """Mass and evidence in one figure."""
        return self.mass + 2 * self.evidence


def judge(
    passage: Sequence[Token], first: int, last: int, mass: float, priors: Priors, limits: Thresholds, window: bool = False
) -> Region:
    """Judge tokens `first:last`, whose marker mass per 100 words is `mass`."""
    part = passage[first:last]
    cut = repair.units(part, priors)
    readings = repair.solve(part, cut, priors, priors.context)
    words = max(len(part), 1)
    chosen = {r.form: r for r in readings if r and r.candidate and not r.form.isdigit()}.values()
    gains = [reading for reading in chosen if reading.probability > 0.5 and reading.evidence > 0]
    evidence = 100 * sum(min(reading.evidence, 3.0) for reading in gains) / words
    sure = sorted((reading for reading in gains if reading.probability > 0.8 and reading.evidence > 1), key=lambda r: -r.evidence)
    hard = {reading.form for reading in chosen if reading.candidate and reading.candidate.tier == "hard"}
    types = tuple(f"{reading.form}>{reading.candidate.after}" for reading in sure if reading.candidate)
    total = mass + 2 * evidence
    needed = max(limits.needed(words), limits.sum_window if window else 0.0)
    verdict: Verdict = "clean"
    if words >= limits.least_words and mass >= limits.mass and evidence >= limits.evidence and len(types) >= limits.types:
        verdict = "spun" if total >= needed else "suspect" if total >= limits.suspect * needed else "clean"
    if len(hard) >= limits.hard and evidence > 0:
        verdict = "spun" if verdict == "spun" or words < 300 else "suspect"
    return Region(first, last, verdict, round(mass, 1), round(evidence, 1), types, tuple(cut), tuple(readings))


def windows(
    text: str, passage: Sequence[Token], markers: Markers, limits: Thresholds, size: int
) -> list[tuple[int, int, float]]:
    """Disjoint stretches of `size` words, the most marked first: (first token, last, mass)."""
    step = max(size // 3, 1)
    spans = [(at, min(at + size, len(passage))) for at in range(0, max(len(passage) - size, 0) + step, step)]
    mass = markers.masses([text[passage[a].start : passage[b - 1].end] for a, b in spans if a < b]).score
    chosen: list[tuple[int, int, float]] = []
    for index in sorted(range(len(mass)), key=lambda i: -mass[i]):
        a, b = spans[index]
        if mass[index] < limits.mass or len(chosen) >= 12:
            break
        if all(b <= c or d <= a for c, d, _ in chosen):
            chosen.append((a, b, float(mass[index])))
    return chosen
