"""Evaluation: labelled documents, metrics, gates; and dirty data made from clean text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleanup.config import Config
    from cleanup.evaluate.score import Scores


def evaluate(
    gold: str | Path | Sequence[str | Path], config: Config | None = None, stages: Sequence[str] | None = None
) -> Scores:
    """Measure stages on labelled documents; see `cleanup.evaluate.score.evaluate`."""
    from cleanup.evaluate import score

    return score.evaluate(gold, config, stages)
