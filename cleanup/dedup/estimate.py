"""Verdicts from sketches alone, for documents whose text is not at hand any more: those that an index remembers.

Every figure is an estimate; what is not clear is held for a person instead of applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cleanup.dedup.candidates import F64, containment, resemblance
from cleanup.dedup.relation import Canonical, Relation, Verdict
from cleanup.dedup.shingle import I64
from cleanup.dedup.spun import kinship

if TYPE_CHECKING:
    from cleanup.config import DedupConfig
    from cleanup.dedup.sketch import Sketches

MARGIN = 0.1  # by which an estimate has to be over a threshold to count as sure
WHOLE = 0.93  # share of the shingles of one text in the other from which on all of it is there
PART = 0.85  # and the share of the other below which that has more to say
KIN = 0.4  # canonical similarity from which a spun copy is sure: reports of one event share names, so it has to be high
KIN_HELD = 0.25  # and from which a person decides
FORM = 0.6  # canonical similarity of two copies by that of their surfaces, at least: names and figures lead the canonical hashes,
# so that two fillings of one form have few of them in common


def covered(shared: F64, width: int) -> F64:
    """The share of words in shared passages, from the share of shared shingles, when single words differ here and there.

    With a share q of words unchanged, q^w of the shingles of w words and q^w (w - (w - 1) q) of the words are.
    """
    same = shared ** (1 / width)
    return np.asarray(shared * (width - (width - 1) * same))


def judge(one: Sketches, two: Sketches, a: I64, b: I64, cfg: DedupConfig) -> list[Verdict]:
    """Verdicts on document a[i] of one table and b[i] of the other."""
    jaccard = resemblance(one, two, a, b)
    words = one.tokens[a].astype(np.float64), two.tokens[b].astype(np.float64)
    small = containment(jaccard, one.tokens[a], two.tokens[b])
    common = small * np.minimum(*words)
    share = [np.minimum(common / np.maximum(side, 1), 1.0) for side in words]
    cover = [covered(side, cfg.shingle) for side in share]
    kin = kinship(one, two, a, b)
    same = (one.exact[a] == two.exact[b]) & (one.tokens[a] == two.tokens[b])
    found = []
    for index in range(len(a)):
        contained = float(share[0][index]), float(share[1][index])
        sides = float(cover[0][index]), float(cover[1][index])
        canonical = Canonical(float(kin[index]), float(kin[index]))
        empty = Verdict(None, (False, False), float(jaccard[index]), contained, sides, canonical, False, 0.0)
        if same[index]:
            found.append(empty._replace(relation="exact", covers=(True, True), score=1.0, jaccard=1.0, contained=(1.0, 1.0)))
        elif int(min(words[0][index], words[1][index])) >= cfg.min_words:
            found.append(_judge(empty, cfg))
        else:
            found.append(empty)
    return found


def _judge(verdict: Verdict, cfg: DedupConfig) -> Verdict:
    low, high = min(verdict.covered), max(verdict.covered)
    kin = verdict.canonical.jaccard if verdict.canonical else 0.0
    same = kin >= FORM * verdict.jaccard
    relation: Relation | None = None
    covers, score = (True, True), 0.0
    if max(verdict.contained) >= WHOLE and min(verdict.contained) < PART:
        covers = (verdict.contained[1] >= WHOLE, verdict.contained[0] >= WHOLE)
        relation, score = "contained", 0.9 + 0.1 * high
    elif same and (verdict.jaccard >= cfg.jaccard or low >= cfg.containment):
        sure = verdict.jaccard >= cfg.jaccard or low >= cfg.containment + MARGIN / 2
        relation, score = "near", 0.9 + 0.1 * max(low, verdict.jaccard) if sure else 0.8
    elif same and high >= cfg.containment:
        covers = (verdict.covered[1] >= cfg.containment, verdict.covered[0] >= cfg.containment)
        relation, score = "contained", 0.9 + 0.1 * high if max(verdict.contained) >= cfg.excerpt + MARGIN else 0.8
    elif kin >= KIN_HELD:
        relation, score = "spun", 0.9 + 0.1 * kin if kin >= KIN else 0.6
    return verdict._replace(relation=relation, covers=covers if relation else (False, False), score=score)
