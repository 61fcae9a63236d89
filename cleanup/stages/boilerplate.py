"""Boilerplate in text that somebody already extracted: rules for lines, the structure of the page, a learned line scorer.

What is taken out and means something (author, date, tags ...) becomes a Mark. See `boilerplate_lines` (columns of lines and
the spans to cut), `boilerplate_rules` (rule files), `boilerplate_structure`, `boilerplate_metadata`, `boilerplate_scorer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cleanup.config import BoilerplateConfig
from cleanup.document import Document, Edit, Mark, Proposal
from cleanup.rules import Rule
from cleanup.stages import Propose, stage
from cleanup.stages import boilerplate_structure as structure
from cleanup.stages.boilerplate_features import SIGNALS
from cleanup.stages.boilerplate_lines import Lines, Page, cuts, scan, words
from cleanup.stages.boilerplate_metadata import Vocabulary
from cleanup.stages.boilerplate_rules import Book, Hit, Matcher, describe_rules, load
from cleanup.stages.boilerplate_scorer import Scorer
from cleanup.stages.boilerplate_structure import State, Verdict

LISTS = ("authors", "tags")
_CITATION = re.compile(r"(?<=[\w.,;:!?)\]”’\"'%])(?:\[\d{1,3}\])+")
_REFERENCE = re.compile(r"(?m)^\s*(?:\[\d{1,3}\]|\d{1,3}[.)])\s+\S.*(?:https?://|\bdoi\b|\b(?:19|20)\d\d\b)|^\s*\[\d{1,3}\][\s:]")


def rules(paths: Sequence[Path]) -> list[Rule]:
    """Every line rule of the layers, with its examples."""
    return describe_rules(load(paths))


@stage("boilerplate", version=1, rules=rules)
def boilerplate(cfg: BoilerplateConfig, paths: Sequence[Path]) -> Propose:
    """Loads the rule files; proposes edits that take out whole residue lines, and Marks."""
    return Cleaner(cfg, load(paths), Scorer.load(paths) if cfg.scorer else None).propose


class Cleaner:
    """Everything that is loaded once. Immutable once made."""

    def __init__(self, cfg: BoilerplateConfig, book: Book, scorer: Scorer | None) -> None:
        self.cfg = cfg
        self.matcher = Matcher(book)
        self.vocabulary = Vocabulary(book.words)
        self.scorer = scorer
        self.signals = {name: _joined(book, f"signal-{name}") for name in SIGNALS}

    def propose(self, docs: Sequence[Document]) -> Iterator[Iterable[Proposal]]:
        """Proposals for each document of the batch."""
        _, states = self.judge(docs)
        for doc, state in zip(docs, states, strict=True):
            proposals = self._edits(state)
            proposals += self._inline(doc.text, state, proposals)
            yield proposals + self._marks(doc, state)

    def judge(self, docs: Sequence[Document]) -> tuple[Lines, list[State]]:
        """The lines of the batch, and for each document the verdicts on its lines."""
        lines = scan([doc.text for doc in docs])
        hits = self._hits(lines)
        states = [self._state(doc, lines, index, hits) for index, doc in enumerate(docs)]
        if self.scorer and self.cfg.structure:
            chosen = [at for at, doc in enumerate(docs) if doc.kind != "html"]
            self.scorer.judge(lines, states, chosen, self.signals, self.cfg.apply)
        return lines, states

    def _hits(self, lines: Lines) -> dict[int, list[Hit]]:
        """Matching rules by line of the batch."""
        short = lines.short.nonzero()[0]
        texts = lines.text.gather(short)
        flagged = self.matcher.flagged(texts).nonzero()[0]
        found = self.matcher.hits(texts.gather(flagged).to_list())
        return {int(short[at]): hits for at, hits in zip(flagged, found, strict=True) if hits}

    def _state(self, doc: Document, lines: Lines, index: int, hits: dict[int, list[Hit]]) -> State:
        """Rules and structure of one document."""
        first, stop = int(lines.first[index]), int(lines.first[index + 1])
        page = Page.of(lines, index, doc.text)
        state = State(page, {line - first: hits[line] for line in range(first, stop) if line in hits})
        html = doc.kind == "html"
        structure.by_rules(state, html)
        structure.metadata(state, self.vocabulary, str(doc.meta.get("crawl_date", "")))
        if self.cfg.structure and not html:
            structure.breadcrumb(state)
            structure.repeats(state)
            structure.captions(state)
            structure.orphans(state)
            structure.tail(state)
        return state

    def _edits(self, state: State) -> list[Proposal]:
        """One edit for every line that goes, so that no blank lines heap up where several go."""
        page = state.page
        gone = sorted(line for line, verdict in state.verdicts.items() if verdict.score >= self.cfg.apply)
        edits: list[Proposal] = []
        for line, (start, end) in zip(gone, cuts(page, gone), strict=True):
            edits.append(_edit(page.source, start, end, state.verdicts[line]))
        for line, verdict in state.verdicts.items():
            if self.cfg.review <= verdict.score < self.cfg.apply:
                edits.append(_edit(page.source, page.start[line], page.end[line], verdict))
        return edits

    def _inline(self, text: str, state: State, taken: Sequence[Proposal]) -> list[Proposal]:
        """Cuts within lines: rules with the action `strip`, and citation marks without a list of references."""
        spans: list[tuple[int, int, str, float]] = []
        for line, hits in state.hits.items():
            for hit in hits:
                if hit.named.rule.action == "strip" and hit.span and state.in_zone(line, hit.named.rule.zone):
                    base = text.find(state.page.text[line], state.page.start[line])
                    spans.append((base + hit.span[0], base + hit.span[1], hit.named.id, hit.named.score))
        spans += citations(text)
        busy = [(edit.start, edit.end) for edit in taken if isinstance(edit, Edit)]
        return [
            Edit(start, end, text[start:end], "", rule, score, {})
            for start, end, rule, score in spans
            if not any(start < stop and begin < end for begin, stop in busy)
        ]

    def _marks(self, doc: Document, state: State) -> list[Proposal]:
        marks: dict[str, Mark] = {}
        for line in sorted(state.verdicts):
            verdict = state.verdicts[line]
            for field, value, wording in verdict.fields:
                known = marks.get(field)
                value = _value(field, value)
                if value and (known is None or known.score < verdict.score):
                    marks[field] = Mark(field, value, verdict.rule, verdict.score, {"wording": wording[:200]})
        title = self._title(state)
        if title and "title" not in doc.meta:
            marks.setdefault("title", Mark("title", title, "boilerplate/structure/title", 0.8, {"line": 1}))
        return list(marks.values())

    def _title(self, state: State) -> str | None:
        """The first line that stays, when it looks like a headline."""
        for line, text in enumerate(state.page.text):
            if line in state.verdicts and state.verdicts[line].score >= self.cfg.apply:
                continue
            headline = not state.long[line] and words(text) <= 30 and len(text) <= 250 and any(state.long[line:])
            return text if headline else None
        return None


def citations(text: str) -> list[tuple[int, int, str, float]]:
    """Citation marks such as `[1][2]`, when two numbers or more are set behind words and no list of references follows."""
    if "[" not in text:
        return []
    found = list(_CITATION.finditer(text))
    numbers = {number for match in found for number in re.findall(r"\d+", match[0])}
    if len(numbers) < 2 or _REFERENCE.search(text):
        return []
    return [(match.start(), match.end(), "boilerplate/common/citation-mark", 0.95) for match in found]


def _joined(book: Book, name: str) -> list[str]:
    return sorted({word for table in book.words.values() for word in table.get(name, ())})


def _edit(text: str, start: int, end: int, verdict: Verdict) -> Edit:
    return Edit(start, end, text[start:end], "", verdict.rule, verdict.score, verdict.why)


def _value(field: str, value: Any) -> Any:
    if field in LISTS and isinstance(value, str):
        return [part for part in (one.strip(" #.") for one in re.split(r"[,;|]", value)) if part]
    return value
