"""What waits for a person: the held decisions of a run, the most uncertain first, each with the text around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cleanup.document import Document, Row, revert
from cleanup.errors import CleanupError
from cleanup.report.diff import segments
from cleanup.run import Run
from cleanup.stored import identity, records, restore

AROUND = 160  # characters of context on each side
SHOWN = 5000  # decisions that are given their context, which takes a pass over the run's texts


class Held(msgspec.Struct):
    """One held decision. `left` and `right` are the text around it, empty when that could not be found."""

    key: str
    doc: str
    rule: str
    action: str
    score: float
    before: str = ""
    after: str = ""
    left: str = ""
    right: str = ""
    why: dict[str, Any] = {}
    same: int = 1  # held decisions of this rule that make the same change, this one included


def held(run: Run) -> list[Held]:
    """All held decisions of a run, each key once, without context; those nearest to an even chance come first."""
    found: dict[str, Held] = {}
    groups: dict[tuple[str, str, str], int] = {}
    for row in run.ledger():
        if row.decision == "review" and row.key not in found:
            item = Held(row.key, row.doc, row.rule, row.action, row.score, row.before or "", row.after or "", why=row.why)
            found[row.key] = item
            groups[kind(item)] = groups.get(kind(item), 0) + 1
    for item in found.values():
        item.same = groups[kind(item)]
    return sorted(found.values(), key=lambda item: (abs(item.score - 0.5), item.doc, item.key))


def kind(item: Held) -> tuple[str, str, str]:
    """Decisions of one kind may be answered together: the same rule makes the same change."""
    return item.rule, item.before, item.after


def with_context(run: Run, items: Sequence[Held]) -> None:
    """Give held decisions the text around them; where a run's texts cannot be read back they stay as they are."""
    wanted: dict[str, list[Held]] = {}
    for item in items:
        wanted.setdefault(item.doc, []).append(item)
    rows: dict[str, list[Row]] = {}
    for row in run.ledger() if wanted else ():
        if row.doc in wanted and row.action != "mark":
            rows.setdefault(row.doc, []).append(row)
    try:
        for document in _documents(run, wanted):
            document.ledger = rows.get(document.id, [])
            _place(wanted[document.id], document)
    except CleanupError:
        return


def _documents(run: Run, wanted: dict[str, list[Held]]) -> Iterable[Document]:
    field = run.info["config"]["read"]["text_field"]
    for name in ("corpus", "dropped") if wanted else ():
        for record in records(run, name):
            id_ = identity(record, run)
            if id_ in wanted:
                yield restore(record, name, field, id_)


def _place(items: Sequence[Held], document: Document) -> None:
    """Find held decisions in the text as it is now, other repairs made."""
    try:
        line = segments(revert(document), document.ledger)
    except ValueError:
        return  # two documents of one id: their rows cannot be told apart
    text = "".join(segment.after for segment in line)
    if text != document.text:
        return
    at: dict[str, tuple[int, int]] = {}
    begin = 0
    for segment in line:
        end = begin + len(segment.after)
        at.update({row.key: (begin, end) for row in segment.rows if segment.after == row.before})
        begin = end
    for item in items:
        if item.action != "edit":
            item.right = text[: 4 * AROUND]
        elif item.key in at:
            begin, end = at[item.key]
            item.left, item.right = text[max(0, begin - AROUND) : begin], text[end : end + AROUND]
