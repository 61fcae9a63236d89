"""Our evaluators against published figures of peers on the same data; skipped where the development data is absent."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

BENCH = Path(__file__).parent / "bench"
sys.path.insert(0, str(BENCH))
import data  # noqa: E402

sys.path.remove(str(BENCH))

from cleanup.evaluate import align  # noqa: E402
from cleanup.evaluate.metrics import f1_of_means  # noqa: E402

pytestmark = pytest.mark.skipif(data.data_dir() is None, reason="the development data is not here")


def test_shingle_f1_agrees_with_the_benchmark_on_trafilatura() -> None:
    """article-extraction-benchmark with trafilatura 2.3: precision .942, recall .978, F1 .960 (sd .005)."""
    import trafilatura

    rows = []
    for page in list(data.aeb())[::2]:
        found = trafilatura.extract(page.html, include_comments=False) or ""
        rows.append(align.shingle_scores(found, page.text))
    sums = np.asarray(rows).sum(axis=0, keepdims=True)
    assert f1_of_means(sums)[0] == pytest.approx(0.960, abs=0.015)
    assert sums[0, 0] / sums[0, 1] == pytest.approx(0.942, abs=0.02)
    assert sums[0, 2] / sums[0, 3] == pytest.approx(0.978, abs=0.02)


def test_the_suite_counts_as_ftfy_counts_it() -> None:
    """ftfy 6.3 mends 152 of the 161 cases of its own suite, all 31 negatives among them."""
    import ftfy

    cases = list(data.mojibake())
    assert len(cases) == 161
    right = [(file, ftfy.fix_text(case["original"]) == case["fixed"]) for file, case in cases]
    assert sum(ok for _, ok in right) == 152
    assert [ok for file, ok in right if file == "negative"] == [True] * 31
