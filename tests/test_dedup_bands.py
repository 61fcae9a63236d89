"""Bands and buckets."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from cleanup.config import DedupConfig
from cleanup.dedup import bands
from cleanup.dedup.candidates import resemblance
from cleanup.dedup.pairs import pack
from cleanup.dedup.sketch import Sketcher
from cleanup.dedup.spun import Marks, kinship


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.8, 0.95])
def test_a_plan_finds_what_is_at_the_threshold(threshold: float) -> None:
    found = bands.plan(threshold)
    assert found.chance(threshold) >= bands.RECALL
    assert found.bands * found.rows <= 128
    assert found.rows == 8 or bands.Plan(128 // (found.rows + 1), found.rows + 1).chance(threshold) < bands.RECALL


def test_a_plan_for_few_values() -> None:
    assert bands.plan(0.9, 1) == (1, 1)
    assert bands.plan(0.01, 16) == (16, 1)


def test_explain_shows_the_curve() -> None:
    text = bands.explain(DedupConfig())
    assert "32 bands of 4 rows" in text
    assert "threshold" in text
    assert "0.9998" in text


def test_groups_are_equal_keys() -> None:
    rng = np.random.default_rng(1)
    key = rng.integers(0, 400, 1000).astype(np.uint64) << np.uint64(40)
    found = bands.group(key.copy(), np.arange(1000, dtype=np.uint32), 1000)
    seen = set()
    for start, size in zip(found.starts.tolist(), found.sizes.tolist(), strict=True):
        members = found.members[start : start + size]
        assert len(set(key[members].tolist())) == 1
        assert members.tolist() == sorted(members.tolist())
        seen.update(members.tolist())
    values, counts = np.unique(key, return_counts=True)
    assert len(found.starts) == int((counts > 1).sum())
    assert seen == set(np.flatnonzero(np.isin(key, values[counts > 1])).tolist())


def test_no_keys_no_groups() -> None:
    for count in (0, 1):
        assert len(bands.group(np.zeros(count, np.uint64), np.zeros(count, np.uint32), count).sizes) == 0


def test_stars_and_components() -> None:
    found = bands.group(np.array([5, 9, 5, 5, 9, 7], np.uint64) << np.uint64(50), np.arange(6, dtype=np.uint32), 6)
    first, other, bucket = bands.stars(found)
    pairs = set(zip(first.tolist(), other.tolist(), strict=True))
    assert pairs == {(0, 2), (0, 3), (1, 4)}
    assert len(set(bucket.tolist())) == 2
    label = bands.components(6, np.array([3, 4, 2]), np.array([1, 1, 5]))
    assert label.tolist() == [0, 1, 2, 1, 1, 2]


def test_a_long_chain_is_one_component() -> None:
    rng = np.random.default_rng(3)
    order = rng.permutation(5000)
    assert (bands.components(5000, order[:-1], order[1:]) == 0).all()


def test_equal_bands_have_equal_keys() -> None:
    table = np.random.default_rng(4).integers(0, 1 << 16, (50, 128)).astype(np.uint16)
    table[7, 8:12] = table[3, 8:12]
    for wide in (table, table.astype(np.uint32)):
        key = bands.keys(wide, 2, 4)
        assert key[7] == key[3]
        assert len(set(key.tolist())) == 49


def test_estimates_of_equal_and_unrelated_texts() -> None:
    words = [f"word{number}" for number in range(900)]
    texts = [" ".join(words[:300]), " ".join(words[:300]), " ".join(words[300:600]), " ".join(words[:150] + words[600:750]), ""]
    sketches = Sketcher(DedupConfig()).batch(texts)
    a, b = np.array([0, 0, 0, 4]), np.array([1, 2, 3, 0])
    near = resemblance(sketches, sketches, a, b)
    kin = kinship(sketches, sketches, a, b)
    assert near[0] == kin[0] == 1
    assert near[1] < 0.02
    assert kin[1] == 0
    assert 0.2 < near[2] < 0.46  # a third
    assert 0.1 < kin[2] < 0.6
    assert kin[3] == 0


def test_pairs_that_come_again_are_never_forgotten() -> None:
    rng = np.random.default_rng(5)
    for size in (1, 50, 5000):
        marks, seen, taken = Marks(size), Counter[int](), 0
        for _ in range(12):
            pairs = np.sort(pack(rng.integers(0, size, 400), rng.integers(0, size, 400)))
            again = Counter(marks.again(pairs).tolist())
            for pair, count in Counter(pairs.tolist()).items():
                known = count - (pair not in seen)  # as often as it came again
                assert known <= again[pair] <= count
                taken += again[pair] - known
            seen.update(pairs.tolist())
        assert size < 5000 or taken <= len(seen) // 20  # where there is room few are taken for others
