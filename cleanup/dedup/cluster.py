"""Clusters: who stays and who goes, so that every one that goes was compared with the one that stays.

A candidate pair is not yet a cluster, and a chain of confirmed pairs is not one either. Group by group the policy names one
document; all others are compared with it on their texts; those it covers go, and the rest of the group starts over. So no
chain drags a stranger in, and whoever fails against one document gets a chance with the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from cleanup.arrays import among, distinct
from cleanup.dedup import candidates as sketched
from cleanup.dedup.bands import components
from cleanup.dedup.keep import Order
from cleanup.dedup.pairs import Mask, known_among, pack, unique, unpack
from cleanup.dedup.relation import VERDICT, Table, far, judge, swapped
from cleanup.dedup.shingle import I64, U64
from cleanup.dedup.texts import Fetch, portions

if TYPE_CHECKING:
    from cleanup.config import DedupConfig
    from cleanup.dedup.candidates import Candidates
    from cleanup.dedup.canonical import Classes
    from cleanup.dedup.sketch import Sketches

Compare = Callable[[U64], Table]  # verdicts on packed pairs of documents

BATCH_PAIRS = 512
SHARE = 1024  # pairs that make a worker's share
CHANCES = 32  # documents of a large group with which all others of it are compared; then only candidate pairs count


def compare(pairs: U64, fetch: Fetch, sizes: I64, cfg: DedupConfig, classes: Classes) -> Table:
    """Verdicts on pairs of documents, whose texts, of about so many bytes each, are fetched a batch at a time."""
    found = [np.zeros(0, VERDICT)]
    for batch in batches(pairs, sizes):
        numbers, a, b = _texts(batch)
        found.append(judge(fetch(numbers), a, b, cfg, classes))
    return np.concatenate(found)


def _texts(pairs: U64) -> tuple[list[int], I64, I64]:
    """The documents of some pairs, ascending, and the places among them of the two of every pair."""
    a, b = unpack(pairs)
    numbers, place = np.unique(np.concatenate((a, b)), return_inverse=True)
    return numbers.tolist(), place[: len(a)], place[len(a) :]


def batches(pairs: U64, sizes: I64) -> Iterator[U64]:
    """Sorted pairs in runs whose texts take together about as many bytes as they may."""
    a, b = unpack(pairs)
    size = sizes[b].astype(np.int64)
    first = np.append(True, a[1:] != a[:-1])[: len(a)]
    size[first] += sizes[a[first]]
    return (pairs[some] for some in portions(size, BATCH_PAIRS))


class Judge:
    """Verdicts on pairs of documents by number, each made once. Of pairs that came near nothing only that is remembered."""

    def __init__(self, compare: Compare, cfg: DedupConfig) -> None:
        self.compare, self.cfg = compare, cfg
        self.pairs: U64 = np.zeros(0, np.uint64)  # that were compared, ascending
        self.rows: I64 = np.zeros(0, np.int64)  # of each of them its row in the table
        self.table: Table = np.zeros(1, VERDICT)  # the first row stands for all that came near nothing

    def verify(self, a: I64, b: I64) -> None:
        """Compare all pairs that were not compared before."""
        pairs = unique(pack(a, b))
        pairs = pairs[~known_among(self.pairs, pairs)]
        if not len(pairs):
            return
        found = self.compare(pairs)
        good = ~far(found)
        rows = np.where(good, np.cumsum(good) + (len(self.table) - 1), 0)
        self.table = _joined(self.table, found[good])
        pairs, rows = np.concatenate((self.pairs, pairs)), np.concatenate((self.rows, rows))
        order = np.argsort(pairs, kind="stable")
        self.pairs, self.rows = pairs[order], rows[order]

    def row(self, a: I64, b: I64) -> I64:
        """The rows of the table about pairs that were compared."""
        return np.asarray(self.rows[np.searchsorted(self.pairs, pack(a, b))])

    def about(self, a: I64, b: I64, rows: I64 | None = None) -> Table:
        """Verdicts on (a, b), which were compared."""
        found = self.table[self.row(a, b) if rows is None else rows]
        turned = np.flatnonzero(a > b)
        found[turned] = swapped(found[turned])
        return found

    def related(self, numbers: I64) -> tuple[I64, I64, Table]:
        """Pairs a < b of these documents, which are ascending, that have a relation, and what was found about them."""
        some = np.flatnonzero(self.table["relation"][self.rows] != 0)
        a, b = unpack(self.pairs[some])
        both = among(a, numbers) & among(b, numbers)
        return a[both], b[both], self.table[self.rows[some[both]]]

    def nearest(self) -> tuple[I64, I64, Table]:
        """Pairs a < b in ascending order that came near a relation, and have none; what was found about them."""
        some = np.flatnonzero((self.rows > 0) & (self.table["relation"][self.rows] == 0))
        a, b = unpack(self.pairs[some])
        return a, b, self.table[self.rows[some]]


def _joined(one: Table, two: Table) -> Table:
    """One table behind the other, as bytes: field by field NumPy takes twenty times as long."""
    joined: Table = np.concatenate((one.view(np.uint8), two.view(np.uint8))).view(VERDICT)
    return joined


def confirm(found: Candidates, judge: Judge) -> tuple[I64, I64]:
    """The candidate pairs of which one document covers the other."""
    judge.verify(found.a, found.b)
    good = judge.table["relation"][judge.row(found.a, found.b)] != 0
    return found.a[good], found.b[good]


def elect(a: I64, b: I64, sketches: Sketches, order: Order, judge: Judge) -> tuple[I64, I64]:
    """From confirmed pairs the documents that go, ascending, and for each the one that stays and covers it.

    Pages that are made by one pattern, of which each differs from most others, can make a group of any size: beyond CHANCES
    documents that stay nobody else of the group is compared, so that the work grows as the group does.
    """
    numbers = order.numbers
    label = components(len(numbers), np.searchsorted(numbers, a), np.searchsorted(numbers, b))
    edges = unique(pack(a, b))
    gone, kept = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    parts = np.zeros(len(numbers), bool)  # documents that another one of their group holds: named last
    left = np.flatnonzero(np.bincount(label, minlength=len(label))[label] > 1)
    for _ in range(CHANCES):
        if not len(left):
            break
        left = left[np.lexsort((order.rank[left], parts[left], label[left]))]
        first = np.append(True, label[left[1:]] != label[left[:-1]])
        named = left[np.maximum.accumulate(np.where(first, np.arange(len(left)), 0))]
        pairs = np.flatnonzero(~first)
        one, two = numbers[named[pairs]], numbers[left[pairs]]
        fits = _worthwhile(one, two, edges, sketches, judge.cfg)
        pairs, one, two = pairs[fits], one[fits], two[fits]
        judge.verify(one, two)
        found = judge.about(one, two)
        related, keeper = found["relation"] != 0, named[pairs]
        # The member says all that the named one says, and more.
        held = distinct(keeper[related & ~found["covers"][:, 0] & found["covers"][:, 1] & ~parts[keeper]])
        parts[held] = True
        settled = related & found["covers"][:, 0] & ~among(keeper, held)
        gone.append(two[settled])
        kept.append(one[settled])
        done = (named == left) & ~among(named, held)
        done[pairs[settled]] = True
        left = left[~done]
        # Whoever is alone now stays, without a cluster.
        left = left[np.bincount(label[left], minlength=len(label))[label[left]] > 1]
    rest = np.array([*_judged_already(left, parts, order, judge)], np.int64).reshape(-1, 2)
    gone.append(numbers[rest[:, 0]])
    kept.append(numbers[rest[:, 1]])
    members, keepers = np.concatenate(gone), np.concatenate(kept)
    ascending = np.argsort(members, kind="stable")
    return members[ascending], keepers[ascending]


def _judged_already(left: I64, parts: Mask, order: Order, judge: Judge) -> Iterator[tuple[int, int]]:
    """The same for the places that are left, by the verdicts that there are: (who goes, who stays)."""
    a, b, found = judge.related(np.sort(order.numbers[left]))
    others: defaultdict[int, list[tuple[int, bool, bool]]] = defaultdict(list)
    for one, two, (covers, covered) in zip(order.at(a).tolist(), order.at(b).tolist(), found["covers"].tolist(), strict=True):
        others[one].append((two, covers, covered))
        others[two].append((one, covered, covers))
    turns = sorted((bool(parts[place]), int(order.rank[place]), place) for place in others)
    done: set[int] = set()
    while turns:
        part, rank, place = heappop(turns)
        mine = [] if place in done else [other for other in others[place] if other[0] not in done]
        if not part and any(covered and not covers for _, covers, covered in mine):
            heappush(turns, (True, rank, place))
            continue
        done.add(place)
        for other, covers, _ in mine:
            if covers:
                done.add(other)
                yield other, place


def _worthwhile(one: I64, two: I64, edges: U64, sketches: Sketches, cfg: DedupConfig) -> Mask:
    """Which pairs are to be compared: candidates, and others of the group whose sketches agree."""
    known = known_among(edges, pack(one, two))
    rest = np.flatnonzero(~known)
    if len(rest):
        known[rest] = sketched.worthwhile(sketches, sketches, one[rest], two[rest], cfg)
    return known
