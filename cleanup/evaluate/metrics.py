"""The metrics: sums over documents, what is made of them, and how sure they are (bootstrap over documents)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
REPLICATES = 400
Better = Literal["high", "low"]


class Metric(msgspec.Struct, frozen=True):
    """One figure. `group` is a language, "all" or another slice; `n` documents and `units` (lines, edits ...) stand behind it."""

    stage: str
    group: str
    name: str
    value: float
    low: float  # 95 % interval
    high: float
    n: int
    units: float
    better: Better

    @property
    def key(self) -> str:
        """stage/name/group, as in the floors file."""
        return f"{self.stage}/{self.name}/{self.group}"


def ratio(sums: Array) -> Array:
    """c0 / c1; nan where c1 is 0. `sums` is (replicates, counts)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sums[:, 1] > 0, sums[:, 0] / sums[:, 1], np.nan)


def per_10k(sums: Array) -> Array:
    """c0 in 10,000 of c1."""
    return 10_000 * ratio(sums)


def f_half(sums: Array) -> Array:
    """F0.5 of (right, wrong, missed): precision counts twice as much as recall."""
    right, wrong, missed = sums[:, 0], sums[:, 1], sums[:, 2]
    return ratio(np.stack([1.25 * right, 1.25 * right + wrong + 0.25 * missed], axis=1))


def f1(sums: Array) -> Array:
    """F1 of (right, found, true)."""
    return ratio(np.stack([2 * sums[:, 0], sums[:, 1] + sums[:, 2]], axis=1))


def f1_of_means(sums: Array) -> Array:
    """F1 of mean precision and mean recall, from (precision, pages with a prediction, recall, pages with gold)."""
    precision, recall = ratio(sums[:, :2]), ratio(sums[:, 2:4])
    return np.where(precision + recall > 0, 2 * precision * recall / (precision + recall), 0.0)


def rand_index(sums: Array) -> Array:
    """Adjusted Rand index from (2 x common pairs, 2 x found pairs, 2 x true pairs, documents)."""
    common, found, true = sums[:, 0] / 2, sums[:, 1] / 2, sums[:, 2] / 2
    pairs = sums[:, 3] * (sums[:, 3] - 1) / 2
    expected = np.where(pairs > 0, found * true / np.maximum(pairs, 1), 0)
    most = (found + true) / 2
    return np.where(most - expected > 0, (common - expected) / np.maximum(most - expected, 1e-12), 1.0)


def bcubed_f1(sums: Array) -> Array:
    """B-cubed F1 from (sum of precisions, sum of recalls, documents)."""
    precision, recall = ratio(sums[:, [0, 2]]), ratio(sums[:, [1, 2]])
    return np.where(precision + recall > 0, 2 * precision * recall / (precision + recall), 0.0)


Formula = Callable[[Array], Array]
# name -> (formula over the summed counts, which of the counts is the number of units, which way is better)
FORMULAS: dict[str, tuple[Formula, int, Better]] = {
    "exact": (ratio, 1, "high"),
    "false changes": (ratio, 1, "low"),
    "edits per 10k words": (per_10k, 1, "low"),
    "precision": (ratio, 1, "high"),
    "recall": (ratio, 1, "high"),
    "F0.5": (f_half, 0, "high"),
    "F1": (f1, 2, "high"),
    "accuracy": (ratio, 1, "high"),
    "content lines lost": (ratio, 1, "low"),
    "content characters lost": (ratio, 1, "low"),
    "titles lost": (ratio, 1, "low"),
    "bylines removed": (ratio, 1, "high"),
    "body F1": (ratio, 1, "high"),
    "token F1": (ratio, 1, "high"),
    "body F1 before": (ratio, 1, "high"),
    "shingle F1": (f1_of_means, 3, "high"),
    "found": (ratio, 1, "high"),
    "false merges": (ratio, 1, "low"),
    "B-cubed F1": (bcubed_f1, 2, "high"),
    "ARI": (rand_index, 3, "high"),
    "failed": (ratio, 1, "low"),
    "articles dropped": (ratio, 1, "low"),
    "false spun": (ratio, 1, "low"),
    "tokens restored": (ratio, 1, "high"),
}


def kind(name: str) -> str:
    """The entry of FORMULAS that defines a metric: its own, or that of the word in it which is one ("date found": "found")."""
    return name if name in FORMULAS else next((word for word in reversed(name.split(" ")) if word in FORMULAS), "recall")


def formula(name: str) -> tuple[Formula, int, Better]:
    """How a metric is made of summed counts, which of them counts its units, and which way is better."""
    return FORMULAS[kind(name)]


@lru_cache(maxsize=8)
def _weights(n: int, replicates: int) -> Array:
    """How often every document is drawn, (replicates, n), the first row once each."""
    rng = np.random.default_rng(20_261)
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=replicates - 1).astype(np.float64)
    return np.concatenate([np.ones((1, n)), drawn])


def _sums(rows: Array) -> Array:
    if len(rows) > 20_000:  # blocks of documents instead of documents: the interval hardly changes, the memory does
        cut = np.array_split(rows, 2_000)
        rows = np.stack([piece.sum(axis=0) for piece in cut])
    return np.asarray(_weights(len(rows), REPLICATES) @ rows)


def _interval(values: Array) -> tuple[float, float, float]:
    sure = values[~np.isnan(values)]
    if not len(sure):
        return float("nan"), float("nan"), float("nan")
    low, high = np.percentile(sure, (2.5, 97.5))
    return float(values[0]), float(low), float(high)


class Samples:
    """Counts of every document under stage, group and metric; `metrics` makes the figures."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], list[Sequence[float]]] = {}
        self._ranked: dict[tuple[str, str, str, float], list[tuple[list[float], list[bool]]]] = {}

    def add(self, stage: str, groups: Sequence[str], name: str, *counts: float) -> None:
        """The counts of one document, in the groups and in "all"."""
        for group in dict.fromkeys(("all", *groups)):
            self._rows.setdefault((stage, name, group), []).append(counts)

    def rank(self, stage: str, groups: Sequence[str], name: str, loss: float, scores: list[float], good: list[bool]) -> None:
        """Scored things of one document for recall at a fixed loss: `good` ones may not go, at most a share `loss` of them."""
        for group in dict.fromkeys(("all", *groups)):
            self._ranked.setdefault((stage, name, group, loss), []).append((scores, good))

    def metrics(self) -> list[Metric]:
        """All figures, in the order in which stages and metrics came; nothing where the denominator is 0."""
        found: dict[Hashable, Metric] = {}
        for (stage, name, group), rows in self._rows.items():
            make, unit, better = formula(name)
            table = np.asarray(rows, dtype=np.float64)
            value, low, high = _interval(make(_sums(table)))
            if not np.isnan(value):
                found[stage, name, group] = Metric(
                    stage, group, name, value, low, high, len(rows), float(table[:, unit].sum()), better
                )
        for (stage, name, group, loss), lists in self._ranked.items():
            values, units = recall_at_loss(lists, loss)
            if units and len(lists):
                value, low, high = _interval(values)
                found[stage, name, group] = Metric(stage, group, name, value, low, high, len(lists), units, "high")
        return list(found.values())


def recall_at_loss(lists: Sequence[tuple[list[float], list[bool]]], loss: float) -> tuple[Array, float]:
    """(recall of every replicate, number of bad things): the most of what should go that goes while at most a share `loss` of
    the good is lost, over all thresholds. A score of 0 never goes.
    """
    scores = np.concatenate([np.asarray(scores, dtype=np.float64) for scores, _ in lists])
    good = np.concatenate([np.asarray(flags, dtype=bool) for _, flags in lists])
    owner = np.repeat(np.arange(len(lists)), [len(scores) for scores, _ in lists])
    bad_total, good_total = np.bincount(owner[~good], minlength=len(lists)), np.bincount(owner[good], minlength=len(lists))
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] > 0]
    ranked = scores[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else np.empty(0, dtype=np.int64)
    replicates = REPLICATES if len(lists) <= 2_000 else 2
    found = np.zeros(replicates)
    for number, weights in enumerate(_weights(len(lists), replicates)):
        weight = weights[owner[order]]
        gone_good = np.cumsum(weight * good[order])[last]
        gone_bad = np.cumsum(weight * ~good[order])[last]
        allowed = gone_good <= loss * (weights @ good_total) + 1e-9
        everything = weights @ bad_total
        found[number] = np.max(gone_bad[allowed], initial=0.0) / everything if everything else np.nan
    return found, float(bad_total.sum())


class Bin(msgspec.Struct, frozen=True):
    """Proposals of a stage with scores in [low, high): how many, their mean score, and the share that was right."""

    stage: str
    low: float
    high: float
    n: int
    score: float
    right: float


EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0001)


def calibration(stage: str, scores: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """Whether a score of 0.9 means 90 %: bins of scores with what became of them."""
    table, flags = np.asarray(scores, dtype=np.float64), np.asarray(right, dtype=bool)
    found = []
    for low, high in pairwise(EDGES):
        inside = (table >= low) & (table < high)
        if inside.any():
            mean, share = float(table[inside].mean()), float(flags[inside].mean())
            found.append(Bin(stage, low, min(high, 1.0), int(inside.sum()), mean, share))
    return found


def clustering(found: Sequence[Hashable], true: Sequence[Hashable]) -> list[tuple[float, float, float, float, float]]:
    """For every document: common, found and true partners (others in its cluster), B-cubed precision and recall."""
    groups: dict[Hashable, set[int]] = {}
    golden: dict[Hashable, set[int]] = {}
    for number, (a, b) in enumerate(zip(found, true, strict=True)):
        groups.setdefault(a, set()).add(number)
        golden.setdefault(b, set()).add(number)
    rows = []
    for a, b in zip(found, true, strict=True):
        mine, theirs = groups[a], golden[b]
        common = len(mine & theirs)
        rows.append((common - 1.0, len(mine) - 1.0, len(theirs) - 1.0, common / len(mine), common / len(theirs)))
    return rows
