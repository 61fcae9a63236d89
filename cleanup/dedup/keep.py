"""Which document of a group stays: an ordered, explicit policy, and the words for why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.shingle import I64

REASONS = {"spin": "least spun", "date": "earliest", "length": "longest", "id": "smallest id"}
HOLDS = "holds the others"  # stays although another would come first: that one is only a part of it


SPUN = 1000.0  # spin rank from which a document is spun


class Columns(NamedTuple):
    """What the keep policy and the report know of every document, in the global order."""

    spin: NDArray[np.float32]  # 0 for clean text, more for suspect, most for spun
    date: I64  # seconds; the largest integer when unknown
    length: I64  # characters
    host: NDArray[np.int32]  # number of the host
    host_names: NDArray[np.object_]  # name of every host


class Order(NamedTuple):
    """The policy over some documents: `numbers` ascending, their values by criterion, smaller ones first, and their rank."""

    numbers: I64
    criteria: tuple[str, ...]
    values: tuple[NDArray[Any], ...]
    rank: I64
    ids: Sequence[str]

    def at(self, numbers: I64) -> I64:
        """The places of documents in all these columns."""
        return np.searchsorted(self.numbers, numbers)

    def standing_in(self, numbers: I64, others: I64) -> Order:
        """The same policy, but documents have the rank of those that they stand in for."""
        rank = self.rank.copy()
        rank[self.at(numbers)] = self.rank[self.at(others)]
        return self._replace(rank=rank)

    @property
    def words(self) -> list[str]:
        """What reasons say, by their numbers."""
        return ["first", HOLDS, *map(REASONS.__getitem__, self.criteria)]

    def reasons(self, kept: I64, other: I64) -> I64:
        """Why the documents at some places stay and those at others go, pair by pair: numbers of words."""
        found = np.zeros(len(kept), np.int64)
        for kind, value in reversed(list(enumerate(self.values, 2))):
            one, two = value[kept], value[other]
            found = np.where(one == two, found, np.where(one < two, kind, 1))
        return found


def order(numbers: I64, ids: Sequence[str], columns: Columns, criteria: Sequence[str], group: I64) -> Order:
    """Rank documents by the criteria of the policy; what is equal in all of them goes by its number.

    Documents are named and judged group by group, and lengths matter in steps of a tenth of the longest one of the group:
    a few letters more make no better copy.
    """
    longest = np.zeros(int(group.max(initial=0)) + 1, np.int64)
    np.maximum.at(longest, group, columns.length[numbers])
    found: dict[str, NDArray[Any]] = {
        "spin": columns.spin[numbers],
        "date": columns.date[numbers],
        "length": 10 - np.ceil(10 * columns.length[numbers] / np.maximum(longest[group], 1)).astype(np.int8),
        "id": _places(ids),
    }
    used = tuple(found[name] for name in criteria)
    rank = np.empty(len(numbers), np.int64)
    rank[np.lexsort((numbers, *reversed(used)))] = np.arange(len(numbers))
    return Order(numbers, tuple(criteria), used, rank, ids)


def _places(ids: Sequence[str]) -> NDArray[np.int32]:
    """The place of every id among the sorted distinct ids, in the order of code points."""
    ordered = sorted(range(len(ids)), key=ids.__getitem__)
    fresh = [before is None or ids[one] != ids[before] for before, one in zip([None, *ordered], ordered, strict=False)]
    place = np.empty(len(ids), np.int32)
    place[ordered] = np.cumsum(fresh, dtype=np.int32)
    return place
