"""What one cleaned document says about each metric: counts that `metrics` sums up."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from cleanup.document import Document, Row
from cleanup.evaluate import align, copies
from cleanup.evaluate.gold import Gold
from cleanup.evaluate.metrics import Samples
from cleanup.evaluate.script import Change, whole

SHORT = 100  # characters; shorter texts are "short" for the language metrics
LOSSES = (0.005, 0.01)  # shares of content lines at which boilerplate recall is read off
FALSE_SPUN = 0.001  # share of clean documents that may be called spun


class Outcome(msgspec.Struct):
    """A gold document beside what became of it. `source` is the text before any stage."""

    gold: Gold
    doc: Document
    source: str

    @property
    def groups(self) -> list[str]:
        """The slices it counts in, beside "all"."""
        return [self.gold.language] if self.gold.language else []


class Calibrated(msgspec.Struct):
    """Scores of proposals and whether gold agrees, by stage."""

    scores: dict[str, list[float]] = {}
    right: dict[str, list[bool]] = {}

    def add(self, stage: str, score: float, right: bool) -> None:
        """One proposal."""
        self.scores.setdefault(stage, []).append(score)
        self.right.setdefault(stage, []).append(right)


def edits(out: Outcome, stage: str, samples: Samples, seen: Calibrated) -> None:
    """Exactness, edit precision, recall and F0.5, and changes in clean text, for a document with `clean`."""
    gold, doc = out.gold, out.doc
    assert gold.clean is not None
    groups = out.groups
    if gold.untouched:
        samples.add(stage, groups, "false changes", float(doc.text != out.source or doc.status != "kept"), 1)
        samples.add(stage, groups, "edits per 10k words", doc.edits, len(copies.WORD.findall(out.source)))
    else:
        samples.add(stage, groups, "exact", float(doc.text == gold.clean), 1)
    made, wanted = _units(out)
    right, wrong, missed = align.compare(made, wanted)
    if right + missed:
        samples.add(stage, groups, "recall", right, right + missed)
    if right + wrong:
        samples.add(stage, groups, "precision", right, right + wrong)
    samples.add(stage, groups, "F0.5", right, wrong, missed)
    for row in _first_rows(doc, stage):
        change = Change(row.start or 0, row.end or 0, row.before or "", row.after or "")
        if row.decision == "apply":  # what it did together with its neighbours: two edits may mend one word
            near = {unit for unit in made if unit[0] <= change.end and change.start <= unit[1]}
        else:
            near = set(align.units(out.source, _one(out.source, change), (change,)))
        seen.add(stage, row.score, near <= wanted.keys())


def _first_rows(doc: Document, stage: str) -> list[Row]:
    """The edits of a stage whose offsets are those of the text as it came: proposed before anything had changed it."""
    mine = [row for row in doc.ledger if row.action == "edit" and row.decision != "skip"]
    first = min((row.step for row in mine if row.decision == "apply"), default=None)
    return [row for row in mine if row.stage == stage and (first is None or row.step <= first)]


def _units(out: Outcome) -> tuple[dict[align.Unit, int], dict[align.Unit, int]]:
    """The changes that were made and those that gold wants; the same ones where the texts agree, however they were cut."""
    gold = out.gold
    assert gold.clean is not None
    wanted = align.units(out.source, gold.clean, None if gold.edits is None else tuple(gold.edits))
    exact = out.doc.text == gold.clean
    return (wanted if exact else align.units(out.source, out.doc.text, whole(out.doc, out.source))), wanted


def _one(text: str, change: Change) -> str:
    return text[: change.start] + change.after + text[change.end :]


def lines(out: Outcome, samples: Samples, seen: Calibrated) -> None:
    """Boilerplate line by line: recall, what it cost, recall at a fixed loss, bylines."""
    labels = out.gold.lines
    assert labels is not None
    texts = out.source.split("\n")
    lost, scores = align.line_scores(out.doc, out.source)
    size = [len("".join(line.split())) for line in texts]
    gone = [bool(count) and 2 * count >= total for count, total in zip(lost, size, strict=True)]
    line_counts(out.groups, samples, "boilerplate", labels, gone, lost, size)
    ranked = [
        (score, label == "content") for score, label in zip(scores, labels, strict=True) if label in ("content", "boilerplate")
    ]
    for loss in LOSSES:
        samples.rank(
            "boilerplate", out.groups, f"recall at {loss:.1%} loss", loss, [s for s, _ in ranked], [g for _, g in ranked]
        )
    for score, label in zip(scores, labels, strict=True):
        if score and label != "blank":
            seen.add("boilerplate", score, label in ("boilerplate", "byline"))


def line_counts(
    groups: Sequence[str],
    samples: Samples,
    stage: str,
    labels: Sequence[str],
    gone: Sequence[bool],
    lost: Sequence[int],
    size: Sequence[int],
) -> None:
    """The line metrics of a document from its labels, the lines that went, the characters lost and the characters in each."""

    def count(label: str) -> tuple[int, int]:
        mine = [flag for flag, name in zip(gone, labels, strict=True) if name == label]
        return sum(mine), len(mine)

    boilerplate, content, title, byline = map(count, ("boilerplate", "content", "title", "byline"))
    samples.add(stage, groups, "line recall", *boilerplate)
    samples.add(stage, groups, "line precision", boilerplate[0], boilerplate[0] + content[0])
    samples.add(stage, groups, "content lines lost", *content)
    mine = [number for number, label in enumerate(labels) if label == "content"]
    samples.add(
        stage, groups, "content characters lost", sum(lost[number] for number in mine), sum(size[number] for number in mine)
    )
    samples.add(stage, groups, "titles lost", float(0 < title[1] == title[0]), float(title[1] > 0))  # a repeated one may go
    samples.add(stage, groups, "bylines removed", *byline)


def language(out: Outcome, samples: Samples) -> None:
    """Whether the language is right, for short and for long texts."""
    right = float(same_language(str(out.doc.meta.get("language") or ""), out.gold.language or ""))
    samples.add("language", [*out.groups, "short" if len(out.source) < SHORT else "long"], "accuracy", right, 1)


def same_language(found: str, true: str) -> bool:
    """Compared without region or script; Bokmål and Nynorsk are Norwegian."""

    def plain(code: str) -> str:
        code = re.split(r"[-_]", code.lower())[0]
        return "no" if code in ("nb", "nn") else code

    return plain(found) == plain(true)


def spin(out: Outcome, samples: Samples, true: str) -> None:
    """Detection, by length of the text, and restoration of a document of which the verdict is known."""
    found = out.doc.meta.get("spin") or {}
    verdict, score = found.get("verdict", "clean"), float(found.get("score", 0.0))
    words = len(copies.WORD.findall(out.source))
    length = "<150 words" if words < 150 else "150-300 words" if words < 300 else ">300 words"
    if true == "spun":
        samples.add("spin", [length], "detection recall", float(verdict == "spun"), 1)
    else:
        samples.add("spin", [length], "false spun", float(verdict == "spun"), 1)
    samples.rank("spin", [length], "detection recall at 0.1% false", FALSE_SPUN, [score], [true != "spun"])
    if true == "spun" and out.gold.clean is not None and out.gold.about("spin"):
        right, _, missed = align.compare(*_units(out))
        samples.add("spin", [length], "tokens restored", right, right + missed)


def body(out: Outcome, stage: str, samples: Samples, before: str | None = None) -> None:
    """Token F1 of a text against the article's body, and of the text before it was cleaned."""
    true = out.gold.body or ""
    samples.add(stage, out.groups, "body F1", align.token_f1(out.doc.text, true)[0], 1)
    if before is not None:
        samples.add(stage, out.groups, "body F1 before", align.token_f1(before, true)[0], 1)


def meta(out: Outcome, stage: str, samples: Samples) -> None:
    """Which of the metadata in gold were found."""
    for field, true in out.gold.meta.items():
        same = SAME.get(field, _same_text)
        samples.add(stage, out.groups, f"{field} found", float(same(out.doc.meta.get(field), true)), 1)


def fold(text: Any) -> str:
    """Text for comparing names and titles: compatibility forms, case, quotes, dashes and spaces do not count."""
    plain = unicodedata.normalize("NFKC", str(text)).casefold()
    return " ".join(re.sub(r"[\"'“”„‟‘’‚«»‹›\-‐-―.,:;!?|]+", " ", plain).split())


def _same_text(found: Any, true: Any) -> bool:
    return found is not None and fold(found) == fold(true)


def _any_author(found: Any, true: Any) -> bool:
    """One of the true authors is among the found ones."""
    names, wanted = ([fold(name) for name in ([value] if isinstance(value, str) else value or [])] for value in (found, true))
    return any(name and want and (name in want or want in name) for name in names for want in wanted) or not wanted


def _same_day(found: Any, true: Any) -> bool:
    """The same calendar day, as either of the two writes it or in UTC."""
    days = []
    for value in (found, true):
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            return False
        days.append({moment.date(), moment.astimezone(UTC).date() if moment.tzinfo else moment.date()})
    return bool(days[0] & days[1])


def _all_tags(found: Any, true: Any) -> bool:
    names = {fold(name) for name in found or []}
    return all(fold(want) in names for want in true or [])


SAME: dict[str, Callable[[Any, Any], bool]] = {"authors": _any_author, "date": _same_day, "tags": _all_tags}
