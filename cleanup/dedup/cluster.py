"""Clusters: who stays and who goes, so that every one that goes was compared with the one that stays.

A candidate pair is not yet a cluster, and a chain of confirmed pairs is not one either. Group by group the policy names one
document; all others are compared with it on their texts; those it covers go, and the rest of the group starts over. So no
chain drags a stranger in, and whoever fails against one document gets a chance with the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup import candidates as sketched
from cleanup.dedup.bands import components
from cleanup.dedup.keep import Order
from cleanup.dedup.relation import STRANGERS, Verdict, judge
from cleanup.dedup.shingle import I64

if TYPE_CHECKING:
    from cleanup.config import DedupConfig
    from cleanup.dedup.candidates import Candidates
    from cleanup.dedup.canonical import Classes
    from cleanup.dedup.sketch import Sketches

Fetch = Callable[[Sequence[int]], list[str]]

BATCH_CHARS = 1 << 17  # of the texts that are compared at a time
BATCH_PAIRS = 64


class Judge:
    """Verdicts on pairs of documents by number, each made once; texts are fetched a batch at a time."""

    def __init__(self, fetch: Fetch, lengths: I64, cfg: DedupConfig, classes: Classes) -> None:
        self.fetch, self.lengths, self.cfg, self.classes = fetch, lengths, cfg, classes
        self.verdicts: dict[tuple[int, int], Verdict] = {}

    def verify(self, a: I64, b: I64) -> None:
        """Compare all pairs that were not compared before."""
        pairs = sorted({(min(pair), max(pair)) for pair in zip(a.tolist(), b.tolist(), strict=True)} - self.verdicts.keys())
        for batch in self._batches(pairs):
            numbers = sorted({number for pair in batch for number in pair})
            at = {number: index for index, number in enumerate(numbers)}
            one = np.array([at[pair[0]] for pair in batch])
            two = np.array([at[pair[1]] for pair in batch])
            found = judge(self.fetch(numbers), one, two, self.cfg, self.classes)
            self.verdicts.update(zip(batch, [STRANGERS if verdict.far else verdict for verdict in found], strict=True))

    def _batches(self, pairs: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        batch: list[tuple[int, int]] = []
        known: set[int] = set()
        size = 0
        for pair in pairs:
            more = sum(int(self.lengths[number]) for number in pair if number not in known)
            if batch and (size + more > BATCH_CHARS or len(batch) >= BATCH_PAIRS):
                yield batch
                batch, known, size = [], set(), 0
                more = int(self.lengths[list(pair)].sum())
            batch.append(pair)
            known.update(pair)
            size += more
        if batch:
            yield batch

    def get(self, a: int, b: int) -> Verdict | None:
        """The verdict on (a, b), if they were compared."""
        verdict = self.verdicts.get((min(a, b), max(a, b)))
        return verdict if verdict is None or a < b else verdict.swapped()


def confirm(found: Candidates, judge: Judge) -> tuple[I64, I64]:
    """The candidate pairs of which one document covers the other."""
    judge.verify(found.a, found.b)
    pairs = zip(found.a.tolist(), found.b.tolist(), strict=True)
    good = np.fromiter((judge.verdicts[pair].relation is not None for pair in pairs), bool, len(found.a))
    return found.a[good], found.b[good]


def elect(a: I64, b: I64, sketches: Sketches, order: Order, judge: Judge) -> dict[int, list[int]]:
    """From confirmed pairs the documents that stay, each with those that go because of it."""
    numbers = order.numbers
    label = components(len(numbers), np.searchsorted(numbers, a), np.searchsorted(numbers, b))
    edges = set(zip(a.tolist(), b.tolist(), strict=True))
    clusters: dict[int, list[int]] = {}
    parts: set[int] = set()  # documents that another one of their group holds: named last
    left = np.flatnonzero(np.bincount(label, minlength=len(label))[label] > 1)
    while len(left):
        back = np.fromiter((int(order.numbers[place]) in parts for place in left), bool, len(left))
        left = left[np.lexsort((order.rank[left], back, label[left]))]
        first = np.append(True, label[left[1:]] != label[left[:-1]])
        named = order.numbers[left[np.maximum.accumulate(np.where(first, np.arange(len(left)), 0))]]
        other = order.numbers[left]
        pairs = np.flatnonzero(~first)
        pairs = pairs[_worthwhile(named[pairs], other[pairs], edges, sketches, judge.cfg)]
        judge.verify(named[pairs], other[pairs])
        settled = _settle(named, other, pairs, parts, judge, clusters)
        left = left[~settled]
        # Whoever is alone now stays, without a cluster.
        left = left[np.bincount(label[left], minlength=len(label))[label[left]] > 1]
    return {kept: sorted(members) for kept, members in clusters.items() if members}


def _worthwhile(named: I64, other: I64, edges: set[tuple[int, int]], sketches: Sketches, cfg: DedupConfig) -> NDArray[np.bool_]:
    """Which pairs are to be compared: candidates, and others of the group whose sketches agree."""
    pairs = zip(np.minimum(named, other).tolist(), np.maximum(named, other).tolist(), strict=True)
    known = np.fromiter((pair in edges for pair in pairs), bool, len(named))
    rest = np.flatnonzero(~known)
    if len(rest):
        known[rest] = sketched.worthwhile(sketches, sketches, named[rest], other[rest], cfg)
    return known


def _settle(
    named: I64, other: I64, pairs: I64, parts: set[int], judge: Judge, clusters: dict[int, list[int]]
) -> NDArray[np.bool_]:
    """Record what one round decided; which documents have their place now."""
    settled = np.zeros(len(named), bool)
    held: set[int] = set()
    for at in pairs.tolist():
        keeper, member = int(named[at]), int(other[at])
        verdict = judge.get(keeper, member)
        assert verdict is not None
        if keeper not in parts and verdict.covers == (False, True) and verdict.relation is not None:
            held.add(keeper)  # the member says all that the named one says, and more
    parts |= held
    for at in pairs.tolist():
        keeper, member = int(named[at]), int(other[at])
        verdict = judge.get(keeper, member)
        if keeper not in held and verdict is not None and verdict.relation is not None and verdict.covers[0]:
            clusters.setdefault(keeper, []).append(member)
            settled[at] = True
    settled |= (named == other) & ~np.isin(named, np.fromiter(held, np.int64, len(held)))
    return settled
