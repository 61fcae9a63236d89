"""A table of the scoreboard: rows are systems, columns are figures."""

from __future__ import annotations

from collections.abc import Sequence

from cleanup.evaluate.metrics import Metric, Samples
from cleanup.evaluate.table import grid

OURS = "cleanup"


class Board:
    """A table under way: rows are systems, columns are figures."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.samples: dict[str, Samples] = {}
        self.more: dict[tuple[str, str], str] = {}

    def of(self, system: str) -> Samples:
        """Where a system's counts go."""
        return self.samples.setdefault(system, Samples())

    def note(self, system: str, column: str, text: str) -> None:
        """A cell that is no metric."""
        self.of(system)
        self.more[system, column] = text

    def show(self, groups: Sequence[str] = ("all",), width: bool = True) -> None:
        """Print it: one row a system and group."""
        found = {system: {(m.group, m.name): m for m in samples.metrics()} for system, samples in self.samples.items()}
        names = list(dict.fromkeys(name for metrics in found.values() for _, name in metrics))
        notes = list(dict.fromkeys(column for _, column in self.more))
        rows = [["", *names, *notes]]
        for group in groups:
            for system, metrics in found.items():
                cells = [_cell(metrics.get((group, name)), width) for name in names]
                if any(cells) or len(groups) == 1:
                    label = system if len(groups) == 1 else f"{group}: {system}"
                    rows.append([label, *cells, *(self.more.get((system, column), "") for column in notes)])
        print(f"\n{self.title}\n{grid(rows)}", flush=True)


def _cell(metric: Metric | None, width: bool) -> str:
    if metric is None:
        return ""
    return f"{metric.value:.3f}" + (f"±{(metric.high - metric.low) / 2:.3f}" if width else "")
