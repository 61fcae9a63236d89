"""Who stays of a group: the two ways to find out agree, and the work grows as the group does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanup.config import DedupConfig
from cleanup.dedup import candidates, cluster
from cleanup.dedup.cluster import Judge
from cleanup.dedup.keep import Columns, order
from cleanup.dedup.pairs import known_among, pack, unpack
from cleanup.dedup.relation import VERDICT, Table
from cleanup.dedup.shingle import I64, U64
from cleanup.dedup.sketch import Sketcher

CFG = DedupConfig()
SIZE = 9
MOST = 32  # comparisons a page of one pattern may take, however many there are

Graph = Mapping[tuple[int, int], tuple[bool, bool]]  # pair a < b -> whether a covers b, and b a


def elected(graph: Graph, ranks: Sequence[int], chances: int) -> list[tuple[int, int]]:
    """Who goes and who stays where only the pairs of the graph are known."""

    def compare(pairs: U64) -> Table:
        table = np.zeros(len(pairs), VERDICT)
        for row, pair in zip(table, zip(*unpack(pairs), strict=True), strict=True):
            row["relation"], row["covers"] = 1, graph[pair]
        return table

    def known(one: I64, two: I64, edges: U64, *_: Any) -> Any:
        return known_among(edges, pack(one, two))

    numbers = np.arange(SIZE)
    columns = Columns(
        np.zeros(SIZE, np.float32), np.array(ranks), np.ones(SIZE, int), np.zeros(SIZE, np.int32), np.array([""], object)
    )
    policy = order(numbers, list(map(str, numbers)), columns, ("date",), np.zeros(SIZE, np.int64))
    judge = Judge(compare, CFG)
    a, b = (np.array(side, np.int64) for side in zip(*sorted(graph), strict=True))
    judge.verify(a, b)
    with patch.object(cluster, "CHANCES", chances), patch.object(cluster, "_worthwhile", known):
        gone, kept = cluster.elect(a, b, None, policy, judge)  # type: ignore[arg-type]
    return list(zip(gone.tolist(), kept.tolist(), strict=True))


pair = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)).filter(lambda pair: pair[0] < pair[1])
covers = st.sampled_from([(True, True), (True, False), (False, True)])


@given(st.dictionaries(pair, covers, min_size=1), st.permutations(range(SIZE)), st.integers(0, 4))
def test_what_is_judged_already_decides_as_the_rounds_do(graph: Graph, ranks: list[int], chances: int) -> None:
    assert elected(graph, ranks, chances) == elected(graph, ranks, 10 * SIZE)


def pages(count: int) -> list[str]:
    """Pages of one pattern, each of which says something else in half of its words."""
    random = Random(7)
    fixed = [f"word{number}" for number in range(60)]
    return [
        " ".join(word if at % 12 < 8 else f"{word}x{random.randrange(9)}" for at, word in enumerate(fixed)) for _ in range(count)
    ]


@pytest.mark.parametrize("count", [150, 600])
def test_pages_of_one_pattern_take_work_that_grows_as_they_do(count: int) -> None:
    sketches = Sketcher(CFG).batch(pages(count))
    compared: list[int] = []

    def compare(pairs: U64) -> Table:
        compared.append(len(pairs))
        table = np.zeros(len(pairs), VERDICT)
        a, b = unpack(pairs)
        table["relation"] = b == a + 1  # one long chain, of which nobody covers anybody
        return table

    columns = Columns(
        np.zeros(count, np.float32), np.arange(count), np.ones(count, int), np.zeros(count, np.int32), np.array([""], object)
    )
    policy = order(np.arange(count), list(map(str, range(count))), columns, ("date",), np.zeros(count, np.int64))
    chain = np.arange(count - 1)
    everybody = candidates.worthwhile(sketches, sketches, chain, chain + 1, CFG)
    assert everybody.all()
    cluster.elect(chain, chain + 1, sketches, policy, Judge(compare, CFG))
    assert sum(compared) <= MOST * count
