"""Synonym-spun English: a verdict for every document, and repairs with their evidence inside what is spun."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cleanup.config import SpinConfig
from cleanup.document import Document, Mark, Proposal
from cleanup.rules import Rule
from cleanup.spin.listing import expand, listing
from cleanup.spin.restore import Restorer
from cleanup.stages import Propose, stage


def rules(paths: Sequence[Path]) -> list[Rule]:
    """The rules of the program itself and the pairs of the lexicon."""
    return listing(paths)


@stage("spin", version=2, rules=rules)
def spin(cfg: SpinConfig | None, paths: Sequence[Path]) -> Propose:
    """Judge and repair English documents; others get neither mark nor edit."""
    cfg = cfg or SpinConfig()
    restorer = Restorer(paths, cfg.window_words, cfg.repair, cfg.apply, cfg.review, cfg.quotations)

    def propose(docs: Sequence[Document]) -> Iterable[Iterable[Proposal]]:
        english = [doc.language in (None, "en") for doc in docs]
        found = iter(restorer.findings([doc.text for doc, ours in zip(docs, english, strict=True) if ours]))
        for ours in english:
            if not ours:
                yield ()
                continue
            finding = next(found)
            mark = Mark("spin", {"verdict": finding.verdict, "score": finding.score}, "spin/gate", 1.0, finding.why)
            yield (mark, *finding.edits)

    return propose


__all__ = ["expand", "rules", "spin"]
