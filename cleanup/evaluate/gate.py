"""Gates: floors that metrics may not fall below, and that only go up.

The floors file is TOML: the digest of the gold they were measured on, and a table a stage with a bound a metric and group.
For a metric where less is better the bound is a ceiling. `noise` is less than one unit (a document, a line, an edit) makes,
so that a difference in the last digit breaks nothing and one lost line does.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import msgspec

from cleanup.config import read_toml
from cleanup.errors import CleanupError
from cleanup.evaluate.metrics import Metric
from cleanup.evaluate.score import Scores

HEADER = """\
# Floors of a gold set: `cleanup eval GOLD --gate` this file.
# `--update` raises them; it lowers one only with `--allow-regression`. Do not edit by hand.
"""


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bound of one metric: a least value (`floor`) or a greatest one (`ceiling`)."""

    noise: float
    floor: float | None = None
    ceiling: float | None = None

    def broken(self, value: float) -> bool:
        """Whether a value is worse than the bound by more than the noise."""
        if math.isnan(value):
            return True
        if self.floor is not None:
            return value < self.floor - self.noise
        return self.ceiling is not None and value > self.ceiling + self.noise

    @property
    def bound(self) -> float:
        """The value that may not be missed."""
        return self.floor if self.floor is not None else self.ceiling or 0.0


class Floors(msgspec.Struct):
    """A floors file: the gold's digest and metric key (stage/name/group) -> bound."""

    digest: str
    floors: dict[str, Floor]


def load(path: str | Path) -> Floors:
    """Read a floors file. Raises CleanupError when it is missing or does not fit."""
    try:
        data = read_toml(path)
    except CleanupError as error:
        raise CleanupError(error.message, "`--gate FILE --update` writes a new floors file") from None
    digest = data.pop("digest", "")
    try:
        tables = msgspec.convert(data, dict[str, dict[str, Floor]])
    except msgspec.ValidationError as error:
        raise CleanupError(f"{path}: {error}", "`--gate FILE --update` writes a new floors file") from None
    floors = {f"{stage}/{key}": floor for stage, table in tables.items() for key, floor in table.items()}
    return Floors(str(digest), floors)


def check(scores: Scores, path: str | Path) -> list[str]:
    """What is broken, a line each; empty when all metrics hold. Floors of stages that were not measured are passed over.

    Raises CleanupError when the file is missing or does not fit.
    """
    floors = load(path)
    found = []
    if floors.digest != scores.gold:
        found.append(
            f"the floors belong to other gold ({floors.digest[:12]}, this is {scores.gold[:12]}): "
            "look at the figures, then run again with --update"
        )
    metrics = {metric.key: metric for metric in scores.metrics}
    for key, floor in floors.floors.items():
        if key.split("/")[0] not in scores.stages:
            continue
        if key not in metrics:
            found.append(f"{key}: no figure, the bound is {floor.bound:.4g}")
        elif floor.broken(metrics[key].value):
            found.append(_line(metrics[key], floor))
    return found


def _line(metric: Metric, floor: Floor) -> str:
    side = "below the floor" if floor.floor is not None else "above the ceiling"
    return f"{metric.key}: {metric.value:.4f} is {side} {floor.bound:.4f} (noise {floor.noise:.4f}, {metric.units:g} units)"


def update(scores: Scores, path: str | Path, *, allow_regression: bool = False) -> list[str]:
    """Write the floors anew: better figures raise them, new metrics are added. Returns what changed, a line each.

    Raises CleanupError, and changes nothing, when a floor would fall (or its metric is gone) without `allow_regression`.
    """
    old = load(path) if Path(path).exists() else Floors("", {})
    measured = {metric.key: metric for metric in scores.metrics if _gated(metric)}
    made: dict[str, Floor] = {}
    changed, worse = [], []
    for key in sorted(old.floors.keys() | measured.keys()):
        before, metric = old.floors.get(key), measured.get(key)
        if before is not None and key.split("/")[0] not in scores.stages:
            made[key] = before
            continue
        if metric is None:
            worse.append(f"{key}: gone, the bound was {before.bound if before else 0:.4g}")
            continue
        after = _floor(metric)
        if before is not None and before.broken(metric.value):
            worse.append(_line(metric, before))
        elif before is not None and not _better(before, after):
            after = msgspec.structs.replace(before, noise=after.noise)
        if before is None or before.bound != after.bound:
            changed.append(f"{key}: {'new' if before is None else f'{before.bound:.4f} ->'} {after.bound:.4f}")
        made[key] = after
    if worse and not allow_regression:
        raise CleanupError(
            "\n  ".join(["these floors would fall:", *worse]), "mend it, or accept it with --update --allow-regression"
        )
    _write(Path(path), Floors(scores.gold, made))
    return [*worse, *changed]


def _gated(metric: Metric) -> bool:
    """Floors are for whole stages and for slices with some substance; "before" describes the gold, not us."""
    return (metric.group == "all" or metric.n >= 5) and not metric.name.endswith("before")


MEANS = ("F1", "ARI")  # of real numbers, where no unit is one too few
MEAN_NOISE = 0.001


def _floor(metric: Metric) -> Floor:
    noise = 0.5 / max(metric.units, 1.0) * (10_000 if metric.name.endswith("per 10k words") else 1)
    noise = round(MEAN_NOISE if any(word in metric.name for word in MEANS) else noise, 6)
    value = round(metric.value, 6)
    return Floor(noise, floor=value) if metric.better == "high" else Floor(noise, ceiling=value)


def _better(before: Floor, after: Floor) -> bool:
    return after.bound > before.bound if after.floor is not None else after.bound < before.bound


def _write(path: Path, floors: Floors) -> None:
    """Write by rename, so that a gate never sees half a file."""
    lines = [HEADER, f'digest = "{floors.digest}"']
    stage = ""
    for key, floor in sorted(floors.floors.items()):
        name, _, rest = key.partition("/")
        if name != stage:
            stage = name
            lines += ["", f"[{_quoted(stage)}]"]
        side = "floor" if floor.floor is not None else "ceiling"
        lines.append(f"{_quoted(rest)} = {{ {side} = {floor.bound!r}, noise = {floor.noise!r} }}")
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def _quoted(key: str) -> str:
    return key if key.isascii() and key.replace("-", "").replace("_", "").isalnum() else msgspec.json.encode(key).decode()
