"""Boilerplate in text that somebody already extracted: rules for lines, the structure of the page, a learned line scorer.

What is taken out and means something (author, date, tags ...) becomes a Mark. See `boilerplate_lines` (columns of lines and
the spans to cut), `boilerplate_rules` (rule files), `boilerplate_structure`, `boilerplate_metadata`, `boilerplate_scorer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cleanup.config import BoilerplateConfig
from cleanup.document import Document, Edit, Mark, Proposal, Spans
from cleanup.rules import Rule
from cleanup.stages import Propose, stage
from cleanup.stages import boilerplate_bios as bios
from cleanup.stages import boilerplate_bylines as bylines
from cleanup.stages import boilerplate_credits as credited
from cleanup.stages import boilerplate_ends as ends
from cleanup.stages import boilerplate_listings as listed
from cleanup.stages import boilerplate_repeats as repeated
from cleanup.stages import boilerplate_replies as replied
from cleanup.stages import boilerplate_scraps as scraps
from cleanup.stages import boilerplate_structure as structure
from cleanup.stages import boilerplate_stubs as stubs
from cleanup.stages import boilerplate_titles as titles
from cleanup.stages.boilerplate_features import SIGNALS, Signals
from cleanup.stages.boilerplate_lines import Lines, Page, Pages, cuts, line_words
from cleanup.stages.boilerplate_match import Hit, Matcher, zones
from cleanup.stages.boilerplate_metadata import Vocabulary
from cleanup.stages.boilerplate_rules import Book, describe_rules, fold, load, normal
from cleanup.stages.boilerplate_scorer import Scorer, are_crowded
from cleanup.stages.boilerplate_structure import State, Verdict

LISTS = ("authors", "tags")
SIGNED_CHARS = 60  # most of a byline without a headline over it,
SIGNED_WORDS = 3  # .. and of a name without any introduction
DATING = frozenset(("date", "ago", "reading"))  # kinds of what a line says that is no headline
_DIGIT = re.compile(r"\d")
_CITATION = re.compile(r"\[\d{1,3}\](?:\[\d{1,3}\])*")  # begins with a literal, which is looked for ten times as fast
_CUT = np.frombuffer("…".encode()[-1:] + b")]", np.uint8)  # last bytes of an ellipsis, maybe in brackets
_CITED = re.compile(r"[\w.,;:!?)\]”’\"'%]")
_NUMBERED = re.compile(r"\n[^\S\n]*[\[\d]")
# An element of an array: "a[1]", "list[0]", "x[2].size", "row[3] = 4".
_CODE = re.compile(r"\[0+\]|(?<![^\W_])[a-z_]\[\d|\w\[\d{1,3}\](?:\.[a-z_]|\s?=|\(|\[[a-z])")
_REFERENCE = re.compile(
    r"(?m)^[^\S\n]*(?:(?:\[\d{1,3}\]|\d{1,3}[.)])\s+\S.*(?:https?://|\bdoi\b|\b(?:19|20)\d\d\b)|\[\d{1,3}\][\s:])"
)


def rules(paths: Sequence[Path]) -> list[Rule]:
    """Every line rule of the layers, with its examples."""
    return describe_rules(load(paths))


@stage("boilerplate", version=2, rules=rules)
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
        self.agencies = frozenset(map(fold, _joined(book, "picture-agencies")))
        self.replies = frozenset(normal(word) for word in _joined(book, "replies"))
        self.says = frozenset(_joined(book, "readers-say"))
        self.signals = Signals({name: _joined(book, f"signal-{name}") for name in SIGNALS})

    def propose(self, docs: Sequence[Document]) -> Iterator[Iterable[Proposal]]:
        """Proposals for each document of the batch."""
        pages, states = self.judge(docs)
        plain = _are_plain(pages.lines)
        for number, (doc, state, says_nothing) in enumerate(zip(docs, states, plain, strict=True)):
            if state and self.cfg.drop_title and doc.meta.get("title") in state.page.text[:1]:
                state.add(0, Verdict("boilerplate/structure/drop-title", 0.95, {"title": state.page.text[0][:200]}))
            if not state or not (state.verdicts or state.hits):
                found: list[Proposal] = [] if says_nothing else self._whole(doc, pages[number], {}, {})
                yield [*_citations(doc.text), *found]
                continue
            edits = self._edits(state)
            within = self._inline(doc.text, state, [edit for edit in edits if edit.score >= self.cfg.apply])
            # a line that is only held for review waits for the next pass where something is cut out of it
            cut = Spans(within)
            edits = [edit for edit in edits if edit.score >= self.cfg.apply or not cut.meet(edit.start, edit.end)]
            yield [*edits, *within, *self._marks(doc, state)]

    def judge(self, docs: Sequence[Document]) -> tuple[Pages, list[State | None]]:
        """The pages of the batch, and the verdicts on their lines; None where there is nothing to judge."""
        pages = Pages([doc.text for doc in docs])
        lines = pages.lines
        hits: dict[int, dict[int, list[Hit]]] = {}
        matched = self.matcher.match(lines, zones(lines))
        for at, line, found in zip(*lines.places(np.array(list(matched), np.int64)), matched.values(), strict=True):
            hits.setdefault(at, {})[line] = found
        tells = bylines.tell(lines, len(pages), self.vocabulary)
        states: list[State | None] = [
            self._state(docs[at], pages[at], hits.get(at, {}), tell, twice)
            if at in hits or tell.says or twice or self.cfg.drop_title
            else None
            for at, (tell, twice) in enumerate(zip(tells, repeated.repeating(lines, pages), strict=True))
        ]
        if self.scorer and self.cfg.structure:
            crowded = are_crowded(lines)
            for at in np.flatnonzero(crowded).tolist():
                states[at] = states[at] or State(pages[at], {})
            every = zip(docs, states, crowded.tolist(), strict=True)
            scored = [state for doc, state, many in every if state and doc.kind != "html" and (many or self._is_found(state))]
            self.scorer.judge(scored, self.signals, self.cfg.apply, "caption" if self.cfg.captions == "keep" else "")
            for state in scored:
                listed.listings(state, self.cfg.apply)
        return pages, states

    def _is_found(self, state: State) -> bool:
        """Whether any line of a page goes."""
        return any(verdict.score >= self.cfg.apply for verdict in state.verdicts.values())

    def _state(
        self, doc: Document, page: Page, hits: dict[int, list[Hit]], tells: bylines.Tells, twice: repeated.Twice | None
    ) -> State:
        """Rules and structure of one document. `tells`: what its lines may say; `twice`: which repeat others."""
        suspects = bylines.suspects(page, self.vocabulary, str(doc.meta.get("crawled") or ""), tells)
        state = State(page, hits)
        html = doc.kind == "html"
        keep = self.cfg.captions == "keep"
        structure.by_rules(state, html, self.signals.sounds, "caption" if keep else "")
        bylines.metadata(state, self.vocabulary, suspects)
        if self.cfg.structure and not html:
            if twice and twice.crumb:
                repeated.breadcrumb(state)
            if twice and not keep:
                repeated.repeats(state, twice.lines)
            if not keep:
                repeated.recurring(state)
            if state.verdicts:
                credited.prefixed(state)
                if not keep:
                    credited.credits(state, self.agencies)
            if hits and not keep:
                credited.dispatches(state, self.vocabulary.agencies)
                credited.captions(state)
            replied.replies(state, self.replies, self.says)
            if state.verdicts:
                structure.kickers(state)
                scraps.masthead(state)
                scraps.orphans(state)
                ends.tail(state)
                bios.biographies(state)
        if state.verdicts:
            listed.listings(state, self.cfg.apply)
        return state

    def _edits(self, state: State) -> list[Edit]:
        """One edit for every line that goes, so that no blank lines heap up where several go."""
        page = state.page
        gone = sorted(line for line, verdict in state.verdicts.items() if verdict.score >= self.cfg.apply)
        edits: list[Edit] = []
        for line, (start, end) in zip(gone, cuts(page, gone), strict=True):
            edits.append(_edit(page.source, start, end, state.verdicts[line]))
        for line, verdict in state.verdicts.items():
            if self.cfg.review <= verdict.score < self.cfg.apply:
                edits.append(_edit(page.source, page.start[line], page.end[line], verdict))
        return edits

    def _inline(self, text: str, state: State, taken: Sequence[Edit]) -> list[Edit]:
        """Cuts within lines: rules with the action `strip`, and citation marks without a list of references."""
        spans: list[tuple[int, int, str, float]] = []
        for line, hits in state.hits.items():
            for hit in hits:
                if hit.named.rule.action == "strip" and hit.span and state.in_zone(line, hit.named.rule.zone):
                    base = text.find(state.page.text[line], state.page.start[line])
                    spans.append((base + hit.span[0], base + hit.span[1], hit.named.id, hit.named.score))
        spans += citations(text)
        found = [Edit(start, end, text[start:end], "", rule, score, {}) for start, end, rule, score in spans]
        others = Spans(taken)
        return [edit for edit in found if not others.meet(edit.start, edit.end)]

    def _marks(self, doc: Document, state: State) -> list[Proposal]:
        marks: dict[str, Mark] = {}
        for line in sorted(state.verdicts):
            for said in state.verdicts[line].fields:
                known = marks.get(said.field)
                value = _value(said.field, said.value)
                if value and (known is None or known.score < said.score):
                    marks[said.field] = Mark(said.field, value, said.rule, said.score, {"wording": state.page.text[line][:200]})
        whole = self._whole(doc, state.page, state.verdicts, marks)
        return [*marks.values(), *whole]

    def _whole(self, doc: Document, page: Page, verdicts: Mapping[int, Verdict], marks: dict[str, Mark]) -> list[Proposal]:
        """What only the text as a whole says: its title, and whether it is cut off."""
        found: list[Proposal] = []
        said = marks.pop("truncated", None)
        if cut := stubs.truncated(page, verdicts, self.cfg.apply, said):
            found.append(cut)
        if "title" not in doc.meta and "title" not in marks and (title := titles.title(page, verdicts, self.cfg.apply)):
            found += [] if self._is_signature(title) else [Mark("title", title, "boilerplate/structure/title", 0.8, {"line": 1})]
        return found

    def _is_signature(self, title: str) -> bool:
        """Whether what stands first is a byline, as where somebody has taken the headline out."""
        if len(title) > SIGNED_CHARS:
            return False
        names = line_words(title) <= SIGNED_WORDS and (
            self.vocabulary.is_agency(title) or bool(self.vocabulary.persons(title)[0])
        )
        return names or bool(self.vocabulary.byline(title)) or (_DIGIT.search(title) is not None and self._is_dateline(title))

    def _is_dateline(self, title: str) -> bool:
        """Whether a line says nothing but when or by whom."""
        reading = self.vocabulary.read(title)
        return reading is not None and not DATING.isdisjoint(reading.kinds)


def _are_plain(lines: Lines) -> list[bool]:
    """Which texts have no headline and no end in the middle, by their first line and their last bytes; not all that have none."""
    data, rows = np.frombuffer(lines.data, np.uint8), np.flatnonzero(np.diff(lines.first))
    end = lines.end[lines.first[rows + 1] - 1]
    last, before = data[end - 1], data[end - 2]
    cut = ((last == ord(".")) & (before == ord("."))) | np.isin(last, _CUT)
    plain = np.ones(len(lines.first) - 1, bool)
    plain[rows] = lines.long[lines.first[rows]] & ~cut
    return list(plain.tolist())


def _citations(text: str) -> list[Edit]:
    return [Edit(start, end, text[start:end], "", rule, score, {}) for start, end, rule, score in citations(text)]


def citations(text: str) -> list[tuple[int, int, str, float]]:
    """Citation marks such as `[1][2]`, when two numbers or more are set behind words, none of them as code has elements of an
    array, and no list of references follows."""
    if "[" not in text:
        return []
    found = [match for match in _CITATION.finditer(text) if match.start() and _CITED.match(text[match.start() - 1])]
    numbers = {number for match in found for number in re.findall(r"\d+", match[0])}
    if len(numbers) < 2 or _CODE.search(text) or (_NUMBERED.search(f"\n{text}") and _REFERENCE.search(text)):
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
