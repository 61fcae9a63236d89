"""Which document of a group stays: an ordered, explicit policy, and the words for why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    values: tuple[list[float], ...]
    rank: I64
    ids: list[str]
    at: dict[int, int]  # where in all these a document stands

    def place(self, number: int) -> int:
        """The rank of one document."""
        return int(self.rank[self.at[number]])

    def standing_in(self, best: Mapping[int, int]) -> Order:
        """The same policy, but a document has the rank of the one it stands in for."""
        rank = self.rank.copy()
        for number, other in best.items():
            rank[self.at[number]] = self.place(other)
        return self._replace(rank=rank)

    def id(self, number: int) -> str:
        """The id of a document."""
        return self.ids[self.at[number]]

    def reason(self, kept: int, other: int) -> str:
        """Why `kept` stays and `other` goes."""
        one, two = self.at[kept], self.at[other]
        for name, value in zip(self.criteria, self.values, strict=True):
            if value[one] != value[two]:
                return REASONS[name] if value[one] < value[two] else HOLDS
        return "first"


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
        "length": 10 - np.ceil(10 * columns.length[numbers] / np.maximum(longest[group], 1)).astype(np.int64),
        "id": _places(ids),
    }
    columns_used = [found[name] for name in criteria]
    rank = np.empty(len(numbers), np.int64)
    rank[np.lexsort((numbers, *reversed(columns_used)))] = np.arange(len(numbers))
    values = tuple(value.tolist() for value in columns_used)
    return Order(numbers, tuple(criteria), values, rank, list(ids), {number: at for at, number in enumerate(numbers.tolist())})


def _places(ids: Sequence[str]) -> I64:
    """The place of every id among the sorted distinct ids, in the order of code points."""
    place = {name: index for index, name in enumerate(sorted(set(ids)))}
    return np.fromiter((place[name] for name in ids), np.int64, len(ids))
