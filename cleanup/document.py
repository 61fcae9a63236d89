"""The nouns that everything else speaks of: a document, what may be proposed for it, and the ledger of what was decided."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Literal

import msgspec

Decision = Literal["apply", "review", "skip"]
Status = Literal["kept", "dropped", "failed"]


class Edit(msgspec.Struct, frozen=True, tag="edit"):
    """Replace `text[start:end]`, which reads `before`, by `after`. Offsets are code points in the text as this step got it."""

    start: int
    end: int
    before: str
    after: str
    rule: str
    score: float = 1.0
    why: dict[str, Any] = {}


class Drop(msgspec.Struct, frozen=True, tag="drop"):
    """Remove the whole document from the corpus."""

    rule: str
    score: float = 1.0
    why: dict[str, Any] = {}


class Mark(msgspec.Struct, frozen=True, tag="mark"):
    """Set one metadata field. The first Mark for a field wins; lists are set whole."""

    field: str
    value: Any
    rule: str
    score: float = 1.0
    why: dict[str, Any] = {}


Proposal = Edit | Drop | Mark


class Row(msgspec.Struct):
    """One flat ledger row: what was proposed, what was decided, by whom and why."""

    doc: str
    step: int
    stage: str
    rule: str
    action: Literal["edit", "drop", "mark"]
    start: int | None
    end: int | None
    before: str | None
    after: str | None
    score: float
    decision: Decision
    by: str
    key: str
    why: dict[str, Any]


class Document(msgspec.Struct):
    """One text on its way through the pipeline.

    `data` holds bytes that are not decoded yet and `declared` the encodings somebody claims
    for them; `record` the fields of the record it came in, values as raw JSON where
    the reader has them so; `pending` what reading and parsing propose before the first stage.
    A document that could not be read has status "failed" and says so in `error`.
    """

    id: str
    text: str = ""
    source: str = ""
    offset: int = 0
    kind: Literal["text", "html"] = "text"
    data: bytes | None = None
    declared: tuple[str, ...] = ()
    record: Mapping[str, Any] | None = None
    meta: dict[str, Any] = {}
    status: Status = "kept"
    ledger: list[Row] = []
    pending: list[Proposal] = []
    error: str | None = None

    @property
    def language(self) -> str | None:
        """ISO 639-1 code, "und" when nothing can be said, None before the language stage."""
        return self.meta.get("language")

    @property
    def edits(self) -> int:
        """How many edits were applied."""
        return sum(row.action == "edit" and row.decision == "apply" for row in self.ledger)


def each(function: Callable[[Document], Iterable[Proposal]]) -> Callable[[Sequence[Document]], Iterable[Iterable[Proposal]]]:
    """Lift a function of one document to the batch protocol of a stage."""
    return lambda docs: (function(doc) for doc in docs)


class Spans:
    """Where some edits are, for asking whether others overlap them: as many times as wanted, without looking at each."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        ordered = sorted((edit.start, edit.end) for edit in edits)
        self._starts = [start for start, _ in ordered]
        self._ends = list(accumulate((end for _, end in ordered), max))  # of this edit or of one before it

    def meet(self, start: int, end: int) -> bool:
        """Whether one of the edits has a part of this span."""
        before = bisect_left(self._starts, end)
        return before > 0 and self._ends[before - 1] > start


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Apply non-overlapping edits, given in the coordinates of `text`, in one pass.

    >>> apply("a b c", [Edit(4, 5, "c", "d", "r"), Edit(0, 2, "a ", "", "r")])
    'b d'
    """
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        parts += (text[at : edit.start], edit.after)
        at = edit.end
    return "".join([*parts, text[at:]])


def revert(doc: Document) -> str:
    """The text before any edit: undoes every applied edit of the ledger, last step first.

    Raises ValueError when the ledger does not belong to the text.
    """
    text = doc.text
    steps: dict[int, list[Row]] = {}
    for row in doc.ledger:
        if row.action == "edit" and row.decision == "apply":
            steps.setdefault(row.step, []).append(row)
    for step in sorted(steps, reverse=True):
        parts: list[str] = []
        at = shift = 0
        for row in sorted(steps[step], key=lambda row: (row.start, row.end)):
            assert row.start is not None
            assert row.before is not None
            assert row.after is not None
            start = row.start + shift
            end = start + len(row.after)
            if text[start:end] != row.after:
                raise ValueError(f"ledger row {row.key} of document {doc.id!r} does not fit its text")
            parts += (text[at:start], row.before)
            at = end
            shift += len(row.after) - len(row.before)
        text = "".join([*parts, text[at:]])
    return text


def proposal_key(doc: Document, proposal: Proposal) -> str:
    """A name of a proposal that survives edits elsewhere in the text, so that a reviewer's answer outlives a re-run."""
    if isinstance(proposal, Edit):
        left = doc.text[max(0, proposal.start - 20) : proposal.start]
        right = doc.text[proposal.end : proposal.end + 20]
        parts: tuple[str, ...] = (doc.id, proposal.rule, left, proposal.before, proposal.after, right)
    elif isinstance(proposal, Drop):
        parts = (doc.id, proposal.rule)
    else:
        parts = (doc.id, proposal.rule, proposal.field)
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def failure(source: str, offset: int, error: str, id: str = "") -> Document:  # noqa: A002 (the field's name)
    """An input that could not be read, as a document: it is counted and reported like any other."""
    return Document(id or f"{source}#{offset}", source=source, offset=offset, status="failed", error=error)
