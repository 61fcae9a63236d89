"""Scores as a text table: one a stage, a row a language or slice, a column a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleanup.evaluate.metrics import FORMULAS, Metric, kind

if TYPE_CHECKING:
    from cleanup.evaluate.score import Scores


def render(scores: Scores) -> str:
    """All tables, with the 95 % interval below the row "all", and the calibration of scores where proposals had some."""
    stages = dict.fromkeys(metric.stage for metric in scores.metrics)
    tables = [_stage(stage, [metric for metric in scores.metrics if metric.stage == stage]) for stage in stages]
    blocks = [f"gold {scores.gold[:12]}: {scores.documents} documents", *tables]
    if scores.calibration:
        rows = [["stage", "score", "proposals", "mean score", "right"]]
        rows += [
            [b.stage, f"{b.low:.2f} to {b.high:.2f}", str(b.n), f"{b.score:.3f}", f"{b.right:.3f}"] for b in scores.calibration
        ]
        blocks.append("calibration\n" + grid(rows))
    return "\n\n".join(blocks)


def _stage(stage: str, metrics: list[Metric]) -> str:
    order = list(FORMULAS)
    names = sorted(dict.fromkeys(metric.name for metric in metrics), key=lambda name: order.index(kind(name)))
    groups = sorted({metric.group for metric in metrics}, key=lambda group: (group != "all", group))
    by_key = {(metric.group, metric.name): metric for metric in metrics}
    rows = [[stage, "n", *names]]
    for group in groups:
        mine = [by_key.get((group, name)) for name in names]
        rows.append([group, str(max((metric.n for metric in mine if metric), default=0)), *(_figure(metric) for metric in mine)])
        if group == "all":
            rows.append(["", "", *(_interval(metric) for metric in mine)])
    return grid(rows)


def _figure(metric: Metric | None) -> str:
    return "" if metric is None else number(metric.value)


def _interval(metric: Metric | None) -> str:
    return "" if metric is None else f"{number(metric.low)}-{number(metric.high)}"


def number(value: float) -> str:
    """A figure with three places, so that a share of a thousandth shows; without them above ten."""
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}".removeprefix("0") if 0 < value < 1 else f"{value:.3g}"


def grid(rows: list[list[str]]) -> str:
    """Rows as columns of equal width, the first to the left, the others to the right; a long header is broken at its spaces."""
    head = [cell.split(" ") if number else [cell] for number, cell in enumerate(rows[0])]
    depth = max(map(len, head))
    lines = [[cell[level - depth] if len(cell) >= depth - level else "" for cell in head] for level in range(depth)]
    lines += rows[1:]
    widths = [max(len(line[column]) for line in lines) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        ).rstrip()
        for line in lines
    )
