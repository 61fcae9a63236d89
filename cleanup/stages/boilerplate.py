"""Boilerplate in text that somebody already extracted: rules for lines, the structure of the page, a learned line scorer.

What is taken out and means something (author, date, tags ...) becomes a Mark. See `boilerplate_lines` (columns of lines and
the spans to cut), `boilerplate_rules` (rule files), `boilerplate_structure`, `boilerplate_metadata`, `boilerplate_scorer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cleanup.config import BoilerplateConfig
from cleanup.document import Document, Edit, Mark, Proposal
from cleanup.rules import Rule
from cleanup.stages import Propose, stage
from cleanup.stages import boilerplate_structure as structure
from cleanup.stages.boilerplate_features import SIGNALS
from cleanup.stages.boilerplate_lines import Ints, Lines, Page, cuts, scan
from cleanup.stages.boilerplate_match import Hit, Matcher
from cleanup.stages.boilerplate_metadata import Vocabulary
from cleanup.stages.boilerplate_rules import Book, describe_rules, load
from cleanup.stages.boilerplate_scorer import Scorer
from cleanup.stages.boilerplate_structure import State, Verdict

LISTS = ("authors", "tags")
METADATA_CHARS = 200
METADATA_WORDS = 14
TOP_LINES = 10
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
        lines, states = self.judge(docs)
        for index, doc in enumerate(docs):
            state = states.get(index)
            if state is None:
                yield self._title_mark(doc, _title(lines, index))
                continue
            if self.cfg.drop_title and doc.meta.get("title") in state.page.text[:1]:
                state.add(0, Verdict("boilerplate/structure/drop-title", 0.95, {"title": state.page.text[0][:200]}))
            proposals = self._edits(state)
            proposals += self._inline(doc.text, state, proposals)
            yield proposals + self._marks(doc, state)

    def judge(self, docs: Sequence[Document]) -> tuple[Lines, dict[int, State]]:
        """The lines of the batch, and the verdicts on them for the documents in which there is anything to judge."""
        lines = scan([doc.text for doc in docs])
        hits = self._hits(lines)
        suspects = self._suspects(lines)
        busy = {*lines.doc[list(hits)].tolist(), *lines.doc[suspects].tolist(), *lines.doc[_repeating(lines)].tolist()}
        busy |= {index for index, doc in enumerate(docs) if "[" in doc.text or (self.cfg.drop_title and doc.text.strip())}
        states = {index: self._state(docs[index], lines, index, hits, suspects) for index in sorted(busy)}
        if self.scorer and self.cfg.structure:
            text = {index: state for index, state in states.items() if docs[index].kind != "html"}
            self.scorer.judge(lines, text, self.signals, self.cfg.apply, "caption" if self.cfg.captions == "keep" else "")
        return lines, states

    def _hits(self, lines: Lines) -> dict[int, list[Hit]]:
        """Matching rules by line of the batch."""
        short = lines.short.nonzero()[0]
        return {int(short[row]): hits for row, hits in self.matcher.match(lines.text.gather(short)).items()}

    def _suspects(self, lines: Lines) -> Ints:
        """Lines that may be metadata, in order."""
        word, sentence, long = lines.shape
        rows = ((lines.chars <= METADATA_CHARS) & ~long & (~sentence | (word <= METADATA_WORDS))).nonzero()[0]
        place = rows - lines.first[lines.doc[rows]]
        edge = (place < structure.HEAD_LINES) | (place >= lines.sizes[rows] - structure.TAIL_LINES)
        top = ((place == 0) & (lines.sizes[rows] > 1)).nonzero()[0]  # the title; only one glued to metadata is looked at
        keep = np.ones(len(rows), bool)
        keep[top] = lines.text.gather(rows[top]).str.contains_any(["|", "•"]).to_numpy()
        found: Ints = rows[keep & self.vocabulary.suspects(lines.text.gather(rows), edge)]
        return found

    def _state(self, doc: Document, lines: Lines, index: int, hits: dict[int, list[Hit]], suspects: Ints) -> State:
        """Rules and structure of one document."""
        first, stop = int(lines.first[index]), int(lines.first[index + 1])
        page = Page.of(lines, index, doc.text)
        state = State(page, {line - first: hits[line] for line in range(first, stop) if line in hits})
        html = doc.kind == "html"
        keep = self.cfg.captions == "keep"
        structure.by_rules(state, html, "caption" if keep else "")
        mine = suspects[np.searchsorted(suspects, first) : np.searchsorted(suspects, stop)] - first
        structure.metadata(state, self.vocabulary, mine.tolist(), str(doc.meta.get("crawl_date", "")))
        if self.cfg.structure and not html:
            structure.breadcrumb(state)
            if not keep:
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
            for said in state.verdicts[line].fields:
                known = marks.get(said.field)
                value = _value(said.field, said.value)
                if value and (known is None or known.score < said.score):
                    marks[said.field] = Mark(said.field, value, said.rule, said.score, {"wording": state.page.text[line][:200]})
        return [*marks.values(), *([] if "title" in marks else self._title_mark(doc, self._title(state)))]

    def _title(self, state: State) -> str | None:
        """The first line that stays, when it looks like a headline; a kicker of a few words before it is passed over."""
        page = state.page
        stays = [line for line in range(len(page)) if line not in state.verdicts or state.verdicts[line].score < self.cfg.apply]
        heads = [line for line in stays[:2] if _is_headline(page.words[line], len(page.text[line]), page.long[line])]
        if not heads or heads[0] != stays[0] or not any(page.long):
            return None
        kicker = len(heads) > 1 and page.words[heads[0]] <= 3 < page.words[heads[1]] and not page.sentence[heads[1]]
        return page.text[heads[1] if kicker else heads[0]]

    def _title_mark(self, doc: Document, title: str | None) -> list[Proposal]:
        return (
            [Mark("title", title, "boilerplate/structure/title", 0.8, {"line": 1})] if title and "title" not in doc.meta else []
        )


def _is_headline(word: int, chars: int, long: bool) -> bool:
    return not long and word <= 30 and chars <= 250


def _title(lines: Lines, index: int) -> str | None:
    """The first line of a document without residue, when it looks like a headline."""
    first, stop = int(lines.first[index]), int(lines.first[index + 1])
    word, _, long = lines.shape
    if (
        stop - first < 2
        or not _is_headline(int(word[first]), int(lines.chars[first]), bool(long[first]))
        or not long[first:stop].any()
    ):
        return None
    return str(lines.text[first])


def _repeating(lines: Lines) -> Ints:
    """Lines that start as the line before them does, or that near the top end as one of the next lines does."""
    if len(lines.doc) < 2:
        return np.zeros(0, np.int64)
    start = lines.text.str.slice(0, 8).str.to_lowercase()
    found = (lines.doc[1:] == lines.doc[:-1]) & (start[1:] == start[:-1]).to_numpy()
    top = (np.arange(len(lines.doc)) - lines.first[lines.doc] < TOP_LINES).nonzero()[0]
    end = lines.text.gather(top).str.slice(-6).str.to_lowercase().to_numpy()
    doc = lines.doc[top]
    for step in (1, 2, 3):
        same = (doc[step:] == doc[:-step]) & (end[step:] == end[:-step])
        found[np.minimum(top[:-step][same], len(found) - 1)] = True
    rows: Ints = found.nonzero()[0]
    return rows


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
        return [part for part in (one.strip(" #.") for one in re.split(r"[,;|、，]", value)) if part]
    return value
