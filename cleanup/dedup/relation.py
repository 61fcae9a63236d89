"""From a comparison to a verdict: whether one document covers another, in which relation, and how sure that is."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from cleanup.dedup import alignment, canonical, verify
from cleanup.dedup.alignment import Alignment
from cleanup.dedup.shingle import I64, U32
from cleanup.dedup.verify import Batch, Mask, Surface

if TYPE_CHECKING:
    from cleanup.config import DedupConfig
    from cleanup.dedup.canonical import Classes

Relation = Literal["exact", "near", "contained", "spun", "reprint"]

SOLID = 0.9  # share of a core that has to lie in shared passages for an excerpt or a reprint
WHOLE = 0.97  # the same for a body that was not edited at all
EVENLY = 0.85  # share of both texts over which passages are spread, where they are broken by edits all along
EDITED = 0.8  # of the share that passages have to cover, in such a text
FRESH = 6  # words of a new head or tail at least
EDGE = 0.03  # share of a text that has to be new before or after such a body to speak of a reprint
SPREAD = 0.8  # share of the stretches of a spun copy that have to follow the original
CONTENT = 20  # content words that a spun copy has at least
PACE = 0.5  # content words of the shorter of two spun copies by those of the longer one, at least
CLEAR = 0.5  # aligned share from which on names and figures alone cannot make it up
PROSE = 0.22  # below it, share of the words in small letters that have to be aligned
FIGURES = 4  # figures in both texts from which on those of a spun copy have to be aligned, too: a spinner leaves them alone
AGREE = 0.5
PASSAGE = 120  # characters of a shared passage that a receipt shows


Content = tuple[U32, I64, I64]  # content words of a batch, the token that each is, and the first one of every text

NEAR_MISS = 0.441  # score from which a pair without a relation is recorded


class Verdict(NamedTuple):
    """What was found about the pair (a, b). Fields in pairs are about a, then b."""

    relation: Relation | None  # None: neither covers the other
    covers: tuple[bool, bool]  # a holds what b says; b holds what a says
    jaccard: float
    contained: tuple[float, float]  # share of the shingles of one that the other has
    covered: tuple[float, float]  # share of the words of one that lie in passages of the other
    canonical: Alignment | None
    weak: bool  # rests on one stretch at the edge of the texts, which boilerplate could be
    score: float  # confidence for a relation; for None how near it came to one, below 0.5
    passage: str  # the beginning of the longest shared passage
    differ: bool = False  # in figures and names, and in little else: two fillings of one form

    @property
    def far(self) -> bool:
        """Whether the pair came near no threshold: nothing more is ever said about it."""
        return self.relation is None and self.score < NEAR_MISS

    def swapped(self) -> Verdict:
        """The same about (b, a)."""
        return self._replace(covers=self.covers[::-1], contained=self.contained[::-1], covered=self.covered[::-1])


STRANGERS = Verdict(None, (False, False), 0.0, (0.0, 0.0), (0.0, 0.0), None, False, 0.0, "")
EXACT = Verdict("exact", (True, True), 1.0, (1.0, 1.0), (1.0, 1.0), None, False, 1.0, "")


def judge(texts: list[str], a: I64, b: I64, cfg: DedupConfig, classes: Classes) -> list[Verdict]:
    """Verdicts on pairs of different texts, given by their positions."""
    batch = verify.prepare(texts, cfg.shingle)
    found = verify.surface(batch, a, b)
    content: Content | None = None
    verdicts = []
    for index, (one, two) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        verdict = _surface(found, index, batch, one, two, cfg)
        if verdict.relation is None:
            content = content or canonical.content(batch.tokens, classes)
            if not verdict.differ:
                verdict = _spun(verdict, batch, content, one, two, cfg)
        verdicts.append(verdict)
    return verdicts


def _surface(found: Surface, index: int, batch: Batch, a: int, b: int, cfg: DedupConfig) -> Verdict:
    jaccard = float(found.jaccard[index])
    covered = found.covered[0, index].item(), found.covered[1, index].item()
    core = found.core[0, index].item(), found.core[1, index].item()
    dense = found.dense[0, index].item(), found.dense[1, index].item()
    relation: Relation | None = None
    covers = (True, True)
    weak = False
    score = 0.0
    low, high = min(covered), max(covered)
    evenly = min(core) >= EVENLY and low >= cfg.containment * EDITED
    differ = bool(found.differ[index])
    if not differ and (low >= cfg.containment or evenly or (jaccard >= cfg.jaccard and high < WHOLE)):
        fresh = max((1 - core[side]) * int(np.diff(batch.tokens.bounds)[text]) for side, text in ((0, a), (1, b)))
        relation = "reprint" if min(dense) >= WHOLE and min(core) <= 1 - EDGE and fresh >= FRESH else "near"
        score = 0.9 + 0.1 * max(low, jaccard)
    elif not differ and high >= cfg.containment:
        relation, score = "contained", 0.9 + 0.1 * high
        covers = (covered[1] >= cfg.containment, covered[0] >= cfg.containment)
    else:
        held = [core[side] * dense[side] if dense[side] >= SOLID else 0.0 for side in (0, 1)]
        if not differ and max(held) >= cfg.excerpt:
            relation = "reprint" if min(held) >= cfg.excerpt else "contained"
            covers = (held[1] >= cfg.excerpt, held[0] >= cfg.excerpt)
            score, weak = 0.9 + 0.1 * max(held), not _framed(found, index)
        else:
            near = (jaccard / cfg.jaccard, high / cfg.containment, max(held) / cfg.excerpt)
            score = 0.49 * min(max(near), 1.0)
    passage = _passage(batch, b, *found.passage[:, index].tolist()) if relation or score > 0.4 else ""
    contained = found.contained[0, index].item(), found.contained[1, index].item()
    return Verdict(relation, covers, jaccard, contained, covered, None, weak, score, passage, differ)


def _framed(found: Surface, index: int) -> bool:
    """The shared body stands between a head and a tail: that is no boilerplate."""
    return bool(found.head[:, index].max() >= EDGE and found.tail[:, index].max() >= EDGE)


def _spun(verdict: Verdict, batch: Batch, content: Content, a: int, b: int, cfg: DedupConfig) -> Verdict:
    words, at, bounds = content
    sides = [slice(int(bounds[text]), int(bounds[text + 1])) for text in (a, b)]
    aligned, left, right = alignment.align(words[sides[0]], words[sides[1]], cfg.spun)
    fits = aligned.aligned >= cfg.spun and aligned.spread >= SPREAD and aligned.words >= CONTENT and aligned.ratio >= PACE
    if fits:
        tokens = [at[side][: alignment.ALIGNED] for side in sides]
        figures, kept = _kept([batch.digits(some) for some in tokens], left, right)
        fits = figures < FIGURES or kept >= AGREE * figures
        # Two reports of one tour share its names, dates and places, not their prose.
        prose, kept = _kept([batch.small(some) for some in tokens], left, right)
        fits = fits and (aligned.aligned >= CLEAR or kept >= PROSE * prose > 0)
    if fits:
        score = 0.9 + 0.1 * aligned.aligned
        return verdict._replace(relation="spun", covers=(True, True), canonical=aligned, score=score, weak=False)
    near = 0.49 * min(aligned.aligned / cfg.spun, 1.0) if aligned.words >= CONTENT and aligned.spread else 0.0
    return verdict._replace(canonical=aligned, score=max(verdict.score, near))


def _kept(flags: list[Mask], left: I64, right: I64) -> tuple[int, int]:
    """How many words with a flag the text with fewer has, and how many are aligned with one."""
    one, two = flags
    return int(min(one.sum(), two.sum())), int((one[left] & two[right]).sum())


def _passage(batch: Batch, text: int, first: int, count: int) -> str:
    """The longest shared passage as it stands in the text, cut short."""
    if not count:
        return ""
    start = int(batch.tokens.bounds[text]) + first
    origin = int(batch.folded.offsets[text])
    begin, end = int(batch.tokens.starts[start]) - origin, int(batch.tokens.ends[start + count - 1]) - origin
    found = batch.units(text)[begin:end].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return found if len(found) <= PASSAGE else found[: PASSAGE - 1].rstrip() + "…"


def exact(texts: list[str]) -> list[bytes]:
    """A name for every text that only equal texts share."""
    return [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
