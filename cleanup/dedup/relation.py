"""From a comparison to a verdict: whether one document covers another, in which relation, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup import verify
from cleanup.dedup.alignment import align
from cleanup.dedup.shingle import I64, INVISIBLE
from cleanup.dedup.texts import Strings, Texts
from cleanup.dedup.verify import F64, Mask

if TYPE_CHECKING:
    from cleanup.config import DedupConfig
    from cleanup.dedup.canonical import Classes

Relation = Literal["exact", "near", "contained", "spun", "reprint"]
RELATIONS: tuple[Relation | None, ...] = (None, "exact", "near", "contained", "spun", "reprint")

SOLID = 0.9  # share of a core that has to lie in shared passages for an excerpt or a reprint
WHOLE = 0.97  # the same for a body that was not edited at all
EVENLY = 0.85  # share of both texts over which passages are spread, where they are broken by edits all along
EDITED = 0.8  # of the share that passages have to cover, in such a text
FRESH = 6  # words of a new head or tail at least
LEAST = 25  # words of a passage that says of itself that one text is taken from the other: a form, or a headline, has fewer
EDGE = 0.03  # share of a text that has to be new before or after such a body to speak of a reprint
SPREAD = 0.8  # share of the stretches of a spun copy that have to follow the original
CONTENT = 25  # content words that a spun copy has at least
PACE = 0.5  # content words of the shorter of two spun copies by those of the longer one, at least
CLEAR = 0.7  # aligned share from which on names, figures and a quotation cannot make it up
PROSE = 0.28  # below it, share of the words in small letters, outside shared passages, that have to be aligned
HALF = 0.5  # aligned share that is wanted where no word begins with a small letter
FIGURES = 4  # figures in both texts from which on those of a spun copy have to be aligned, too: a spinner leaves them alone
AGREE = 0.5
SURE, DOUBT = 0.9, 0.49  # scores: of a relation at least, of a pair without one at most
NEAR = 0.9  # a pair without a relation is recorded from this share of a threshold on
PASSAGE = 120  # characters of a shared passage that a receipt shows
SHOWN = 0.4  # score from which a passage that makes no relation is shown
INVISIBLES = re.compile(f"[{''.join(map(chr, sorted(INVISIBLE)))}]")

# Verdicts in a table, a row a pair. `canonical` and `aligned` are not numbers where the canonical family was not looked at;
# `passage`: for either text where the longest shared passage begins, and how long it is, in characters.
VERDICT = np.dtype(
    [
        ("relation", "i1"),  # its place in RELATIONS
        ("covers", "?", 2),
        ("jaccard", "f8"),
        ("contained", "f8", 2),
        ("covered", "f8", 2),
        ("canonical", "f8"),
        ("aligned", "f8"),
        ("weak", "?"),
        ("score", "f8"),
        ("differ", "?"),
        ("passage", "i4", (2, 2)),
    ]
)
Table = NDArray[Any]


class Canonical(NamedTuple):
    """What the canonical families of two texts share."""

    jaccard: float  # of the sets of pairs of neighbouring content words
    aligned: float  # content words that both have in the same order, as a share of the shorter text's


class Verdict(NamedTuple):
    """What was found about the pair (a, b). Fields in pairs are about a, then b."""

    relation: Relation | None  # None: neither covers the other
    covers: tuple[bool, bool]  # a holds what b says; b holds what a says
    jaccard: float
    contained: tuple[float, float]  # share of the shingles of one that the other has
    covered: tuple[float, float]  # share of the words of one that lie in passages of the other
    canonical: Canonical | None
    weak: bool  # rests on one stretch at the edge of the texts, which boilerplate could be
    score: float  # confidence for a relation; for None how near it came to one, below 0.5
    passages: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))  # the longest shared passage: begin, size
    differ: bool = False  # in figures and names, and in little else: two fillings of one form


EXACT = Verdict("exact", (True, True), 1.0, (1.0, 1.0), (1.0, 1.0), None, False, 1.0)


def swapped(table: Table) -> Table:
    """The same about (b, a)."""
    found = table.copy()
    for name in ("covers", "contained", "covered", "passage"):
        found[name] = table[name][:, ::-1]
    return found


def listed(table: Table) -> list[Verdict]:
    """The rows of a table, one by one."""
    (held, inside, covers), passage = (_pairs(table[name]) for name in ("contained", "covered", "covers")), table["passage"]
    columns = zip(
        *(map(RELATIONS.__getitem__, table["relation"].tolist()), covers, table["jaccard"].tolist(), held, inside),
        *(map(_canonical, table["canonical"].tolist(), table["aligned"].tolist()), table["weak"].tolist()),
        *(table["score"].tolist(), zip(_pairs(passage[:, 0]), _pairs(passage[:, 1]), strict=True), table["differ"].tolist()),
        strict=True,
    )
    return list(map(Verdict._make, columns))


def _pairs(column: NDArray[Any]) -> Iterator[tuple[Any, Any]]:
    return zip(column[:, 0].tolist(), column[:, 1].tolist(), strict=True)


def _canonical(jaccard: float, aligned: float) -> Canonical | None:
    return None if aligned != aligned else Canonical(jaccard, aligned)


def verdicts(texts: list[str], a: I64, b: I64, cfg: DedupConfig, classes: Classes) -> list[Verdict]:
    """Verdicts on pairs of different texts, one by one."""
    return listed(judge(Strings(texts), a, b, cfg, classes))


def far(table: Table) -> Mask:
    """Which pairs came near no threshold: nothing more is ever said about them."""
    return np.asarray((table["relation"] == 0) & (table["score"] < DOUBT * NEAR))


def judge(texts: Texts, a: I64, b: I64, cfg: DedupConfig, classes: Classes) -> Table:
    """Verdicts on pairs of different texts, given by their positions."""
    table = surfaces(texts, a, b, cfg)
    rest = np.flatnonzero((table["relation"] == 0) & ~table["differ"])  # of which the surfaces say nothing
    if len(rest):
        table[rest] = spun(table[rest], texts, a[rest], b[rest], cfg, classes)
    return table


def _sure(share: F64) -> F64:
    """The score of a relation."""
    return SURE + 0.1 * share


def surfaces(texts: Texts, a: I64, b: I64, cfg: DedupConfig) -> Table:
    """What the surfaces of pairs of texts, given by their positions, say."""
    found = verify.surface(texts, a, b, cfg.shingle)
    table = np.zeros(found.jaccard.shape, VERDICT)
    low, high = found.covered.min(axis=0), found.covered.max(axis=0)
    core, dense = found.core.min(axis=0), found.dense.min(axis=0)
    evenly = (core >= EVENLY) & (low >= cfg.containment * EDITED)
    brief = found.tokens.min(axis=0) < LEAST
    alike = found.jaccard >= cfg.jaccard
    near = ~found.differ & ((~brief & ((low >= cfg.containment) | evenly)) | (alike & ((high < WHOLE) | brief)))
    fresh = ((1 - found.core) * found.tokens).max(axis=0)
    reprint = (dense >= WHOLE) & (core <= 1 - EDGE) & (fresh >= FRESH)
    contained = ~near & ~found.differ & (high >= np.where(brief, WHOLE, cfg.containment))
    held = np.where((found.dense >= SOLID) & (found.core * found.tokens >= LEAST), found.core * found.dense, 0.0)
    most = held.max(axis=0)
    excerpt = ~near & ~contained & ~found.differ & (most >= cfg.excerpt)
    both = held.min(axis=0) >= cfg.excerpt
    closest = np.maximum(np.maximum(found.jaccard / cfg.jaccard, high / cfg.containment), most / cfg.excerpt)
    score = DOUBT * np.minimum(closest, 1.0)
    for chosen, share in ((near, np.maximum(low, found.jaccard)), (contained, high), (excerpt, most)):
        score[chosen] = _sure(share)[chosen]
    covers = np.ones((2, len(table)), bool)
    covers[:, contained] = (found.covered[::-1] >= cfg.containment)[:, contained]
    covers[:, excerpt] = (held[::-1] >= cfg.excerpt)[:, excerpt]
    framed = (found.head.max(axis=0) >= EDGE) & (found.tail.max(axis=0) >= EDGE)  # that is no boilerplate
    table["relation"] = np.select(
        [near & reprint, near, contained, excerpt & both, excerpt],
        [RELATIONS.index(name) for name in ("reprint", "near", "contained", "reprint", "contained")],
    )
    table["covers"], table["contained"], table["covered"] = covers.T, found.contained.T, found.covered.T
    table["jaccard"], table["score"], table["differ"] = found.jaccard, score, found.differ
    table["weak"] = excerpt & ~framed
    table["canonical"] = table["aligned"] = np.nan
    shown = np.flatnonzero((table["relation"] != 0) | (table["score"] > SHOWN))
    table["passage"][shown] = found.points.transpose(2, 1, 0)[shown]
    return table


def spun(table: Table, texts: Texts, a: I64, b: I64, cfg: DedupConfig, classes: Classes) -> Table:
    """What the canonical families say about pairs of which the surfaces say nothing."""
    found = align(texts, a, b, classes, cfg.spun)
    fits = (found.aligned >= cfg.spun) & (found.spread >= SPREAD) & (found.words >= CONTENT) & (found.ratio >= PACE)
    figures, agree = found.figures
    fits &= (figures < FIGURES) | (agree >= AGREE * figures)
    # Two reports of one tour share its names, dates and places, and its quotations, not their prose.
    prose, agree = found.prose
    same = table["covered"].max(axis=1)
    told = agree >= (same + PROSE * (1 - same)) * prose
    fits &= (found.aligned >= CLEAR) | np.where(prose > 0, told, found.aligned >= HALF)
    near = DOUBT * np.minimum(found.aligned / cfg.spun, 1.0) * ((found.words >= CONTENT) & (found.spread > 0))
    table["relation"] = np.where(fits, RELATIONS.index("spun"), 0)
    table["covers"] |= fits[:, None]
    table["canonical"], table["aligned"] = found.jaccard, found.aligned
    table["score"] = np.where(fits, _sure(found.aligned), np.maximum(table["score"], near))
    return table


def passage(text: str) -> str:
    """A shared passage as a receipt shows it: without invisible characters, and cut short."""
    return clipped(visible(text))


def visible(text: str) -> str:
    """A text without invisible characters, as a receipt shows a passage of it."""
    return text if text.isascii() else INVISIBLES.sub("", text)


def clipped(text: str) -> str:
    """A passage cut short for a receipt."""
    return text if len(text) <= PASSAGE else text[: PASSAGE - 1].rstrip() + "…"
