"""The mojibake stage: ftfy, the misreadings that ftfy does not attempt, and repairs of single characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cleanup.config import MojibakeConfig
from cleanup.document import Document, Proposal
from cleanup.rules import Rule
from cleanup.stages import Propose, stage
from cleanup.stages import mojibake_characters as characters
from cleanup.stages.mojibake_draft import Draft
from cleanup.stages.mojibake_rules import load

ROUNDS = 6  # repairs that uncover one another, such as an entity inside of mojibake


def rules(paths: Sequence[Path]) -> list[Rule]:
    """Every rule of the stage with its examples."""
    return [rule.public() for rule in load(paths).values()]


@stage("mojibake", version=1, rules=rules)
def mojibake(cfg: MojibakeConfig, paths: Sequence[Path]) -> Propose:
    """Build the stage: repairs of bytes and characters, as small edits."""
    cfg = cfg or MojibakeConfig()
    active = [rule.id for rule in load(paths).values() if rule.enabled and not rule.id.startswith(cfg.off or ("\0",))]

    def propose(docs: Sequence[Document]) -> Iterable[Iterable[Proposal]]:
        return [list(_repair(doc.text, active)) if _suspicious(doc.text) else [] for doc in docs]

    return propose


_SUSPICIOUS = re.compile(r"[^\x00-\x7f]|&#?[0-9A-Za-z]{1,24};|[\x00-\x08\x0b\x0e-\x1f\x7f]")


def _suspicious(text: str) -> bool:
    return _SUSPICIOUS.search(text) is not None


def _repair(text: str, active: Sequence[str]) -> Iterator[Proposal]:
    at = 0
    for line in text.split("\n"):
        if line:
            draft = Draft(line, at)
            _settle(draft, active)
            yield from draft.edits()
        at += len(line) + 1


def _settle(draft: Draft, active: Sequence[str]) -> None:
    from ftfy import fix_encoding

    for _ in range(ROUNDS):
        before = draft.text
        for rule in active:
            if rule == "mojibake/ftfy":
                draft.rewrite(fix_encoding(draft.text), rule)
            elif rule in characters.FIXES:
                characters.fix(draft, rule)
        if draft.text == before:
            return
