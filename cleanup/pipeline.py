"""The only place where a document changes: stages propose, a policy decides, `settle` applies and writes the ledger row."""

from __future__ import annotations

import json
import math
import os
import time
from bisect import bisect_left, insort
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cleanup import config as configuration
from cleanup import rules
from cleanup import stages as registry
from cleanup.document import Decision, Document, Drop, Edit, Mark, Proposal, Row, apply, proposal_key
from cleanup.errors import ENDINGS, CleanupError
from cleanup.stages.deadline import deadline

if TYPE_CHECKING:
    from cleanup.run import Run

PARSE_STEP = 0
BATCH = 1024  # documents; the result does not depend on it
BATCH_CHARS = 6 << 20
WAIT = 0.2  # seconds after which a stream goes on with the documents that have come
PATIENCE = 256  # documents of a batch that share one time limit

Answers = dict[str, Decision]
Found = list[Proposal] | BaseException  # what a stage has to say about a document, or what went wrong


class Policy(msgspec.Struct, frozen=True):
    """From a score to a decision. A person's answer, by proposal key, overrides it."""

    apply: float = 0.9
    review: float = 0.5
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def decide(self, proposal: Proposal) -> tuple[Decision, str]:
        """The decision and who made it."""
        if (self.select or self.ignore) and not rules.selected(proposal.rule, self.select, self.ignore):
            return "skip", "selection"
        if proposal.score >= self.apply or (isinstance(proposal, Mark) and proposal.score >= self.review):
            return "apply", "policy"
        return ("review" if proposal.score >= self.review else "skip"), "policy"


def settle(
    doc: Document,
    step: int,
    stage: str,
    proposals: Iterable[Proposal],
    policy: Policy,
    answers: Answers,
    known: Container[str] = (),
) -> bool:
    """Decide on every proposal, apply what is to be applied and record it; True when the text changed.

    A step of several stages (the corpus step) has no `stage`: each rule says its own. `known` has the metadata fields and the
    keys of held or rejected proposals that an earlier pass recorded: they get no second row.

    Where two edits overlap, the one with the higher score is applied, then the one that starts first, then the longer one.
    Raises ValueError, before anything is changed, when an edit's `before` is not what the text has there.
    """
    ordered = list(proposals)
    if len(ordered) > 1:
        ordered.sort(key=_precedence)
    taken: list[Edit] = []
    spans: list[tuple[int, int]] = []  # of the edits taken, in order
    rows: list[Row] = []
    marks: dict[str, Any] = {}
    dropped = False
    for proposal in ordered:
        key = proposal_key(doc, proposal)
        decision, by = (answers[key], "review") if key in answers else policy.decide(proposal)
        if isinstance(proposal, Edit):
            if doc.text[proposal.start : proposal.end] != proposal.before or proposal.start > proposal.end:
                raise ValueError(f"{proposal.rule} replaces {proposal.before!r}, which is not at {proposal.start}")
            if decision != "skip" and _overlaps(proposal, spans):
                decision, by = "skip", "overlap"
            if decision == "apply":
                taken.append(proposal)
                insort(spans, (proposal.start, proposal.end))
        elif decision == "apply" and isinstance(proposal, Mark):
            if proposal.field in doc.meta or proposal.field in marks:
                continue
            marks[proposal.field] = proposal.value
            if proposal.field in known:
                continue
        elif decision == "apply":
            dropped = True
        if (decision == "review" or by == "review") and decision != "apply" and key in known:
            continue
        if decision != "skip" or by in ("overlap", "review") or isinstance(proposal, Drop):
            rows.append(_row(doc.id, step, stage or proposal.rule.partition("/")[0], proposal, decision, by, key))
    if len(rows) > 1:
        rows.sort(key=_place)
    # Structs carry their lists by reference: a new list keeps copies of a document independent.
    if rows:
        doc.ledger = [*doc.ledger, *rows]
    if marks:
        doc.meta = {**doc.meta, **marks}
    if taken:
        doc.text = apply(doc.text, taken)
    if dropped:
        doc.status = "dropped"
    return bool(taken)


def _is_open(row: Row) -> bool:
    """Whether a row is of what the text still has: held for a person, or turned down by one."""
    return row.decision == "review" or (row.decision == "skip" and row.by == "review")


def _place(row: Row) -> tuple[int, int, str]:
    return (-1 if row.start is None else row.start, row.end or 0, row.rule)


def _precedence(proposal: Proposal) -> tuple[float, int, int, str, str]:
    if isinstance(proposal, Edit):
        return (-proposal.score, proposal.start, -proposal.end, proposal.rule, proposal.after)
    return (-proposal.score, -1, 0, proposal.rule, "")


def _overlaps(edit: Edit, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether an edit shares characters with one of the spans, which are disjoint and in order, or has the very same place."""
    behind = bisect_left(spans, (edit.end,)) - 1  # the last span that begins before the end: none ends later
    if behind >= 0 and edit.start < spans[behind][1]:
        return True
    place = (edit.start, edit.end)
    same = bisect_left(spans, place)
    return same < len(spans) and spans[same] == place


def _row(doc: str, step: int, stage: str, proposal: Proposal, decision: Decision, by: str, key: str) -> Row:
    row = Row(doc, step, stage, proposal.rule, "drop", None, None, None, None, proposal.score, decision, by, key, proposal.why)
    if isinstance(proposal, Edit):
        row.action = "edit"
        row.start, row.end, row.before, row.after = proposal.start, proposal.end, proposal.before, proposal.after
    elif isinstance(proposal, Mark):
        row.action = "mark"
        row.after = proposal.value if isinstance(proposal.value, str) else _spelled(proposal.value)
        row.why = {"field": proposal.field, **proposal.why}
    return row


def _spelled(value: Any) -> str:
    """A value as JSON."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(value, separators=(",", ":"))


class Pipeline:
    """Stages in order, with their policies. Immutable once made; safe to share between threads.

    `stages` are names in the order in which they run; everything else comes from `config`.
    """

    def __init__(
        self,
        stages: Sequence[str] | None = None,
        config: configuration.Config | None = None,
        answers: Answers | None = None,
    ) -> None:
        config = configuration.Config() if config is None else config
        if not isinstance(config, configuration.Config):
            raise TypeError(f"a Config is wanted, not {type(config).__name__}: Pipeline.load(path) reads one from a file")
        if stages is not None:
            named = stages if isinstance(stages, str) else tuple(stages)
            config = configuration.override(config, {"stages": named}, "Pipeline")
        self.config = config
        self.answers = answers or {}
        self.seconds: dict[str, float] = {}  # processor time spent in each stage
        self.retried = False  # whether somebody tries again elsewhere when memory runs out
        self._steps: list[tuple[str, registry.Propose, Policy]] | None = None

    def __repr__(self) -> str:
        return f"Pipeline(stages={list(self.config.stages)})"

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: it loads rules and models for itself."""
        return {**self.__dict__, "_steps": None}

    @classmethod
    def load(cls, path: str | Path) -> Pipeline:
        """A pipeline from a `cleanup.toml`. Raises ConfigError."""
        return cls(config=configuration.load(path))

    def policy(self, stage: str) -> Policy:
        """The thresholds of a stage and the selected rules."""
        section = getattr(self.config, stage, None)
        if not isinstance(section, configuration.StageConfig):
            section = configuration.StageConfig()
        return Policy(section.apply, section.review, self.config.select, self.config.ignore)

    @property
    def steps(self) -> list[tuple[str, registry.Propose, Policy]]:
        """(name, propose, policy) of every stage; rules and models are loaded on first use."""
        if self._steps is None:
            paths = rules.directories(self.config.rules)
            self._steps = [
                (name, registry.get(name).factory(getattr(self.config, name, None), paths), self.policy(name))
                for name in self.config.stages
            ]
        return self._steps

    def map(self, docs: Sequence[Document]) -> Sequence[Document]:
        """Run all stages over a batch, in place, to a fixed point; the documents come back in their order.

        A document whose text changed goes through the stages again until nothing changes, so that a cleaned text is never
        changed by cleaning it once more. One that does not settle in `max_passes` is given back whole and marked.
        """
        fetched = self.config.parse.crawl_date
        for doc in docs:
            if fetched and not doc.meta.get("crawled"):
                doc.meta = {**doc.meta, "crawled": fetched}
            if doc.pending and doc.status == "kept":
                settle(doc, PARSE_STEP, "parse", doc.pending, self.policy("parse"), self.answers)
                doc.pending = []
        live = [doc for doc in docs if doc.status == "kept"] if self.steps else []
        start = {id(doc): (doc.text, doc.meta, doc.ledger) for doc in live}
        last: dict[int, int] = {}
        for number in range(self.config.max_passes if live else 0):
            last = self._again(live, number, start, last) if number else self._pass(live, 0, {}, {})
            live = [doc for doc in live if id(doc) in last and doc.status == "kept"]
            if not live:
                return docs
        for doc in live:
            doc.text, doc.meta, doc.ledger = start[id(doc)]
            error = Mark("unstable", True, "pipeline/unstable", 1.0, {"passes": self.config.max_passes})
            settle(doc, PARSE_STEP + 1, "pipeline", [error], Policy(), {})
        return docs

    def _again(self, live: Sequence[Document], number: int, start: Mapping[int, Any], last: Mapping[int, int]) -> dict[int, int]:
        """One more pass, with the metadata that the documents came with, so that it decides just as a fresh call would.

        What the passes before found stays, but for a title that the text has no longer: it was repaired, and is read again.
        """
        found = {
            id(doc): {key: item for key, item in doc.meta.items() if key != "title" or str(item) in doc.text} for doc in live
        }
        old = {id(doc): doc.meta for doc in live}
        known = {id(doc): {*found[id(doc)], *(row.key for row in doc.ledger if _is_open(row))} for doc in live}
        for doc in live:
            doc.meta = start[id(doc)][1]
        now = self._pass(live, number, last, known)
        for doc in live:
            doc.meta = {**old[id(doc)], **doc.meta, **found[id(doc)]}
        return now

    def _pass(
        self, live: Sequence[Document], number: int, last: Mapping[int, int], known: Mapping[int, Container[str]]
    ) -> dict[int, int]:
        """One pass over all stages: for every document (by object id) whose text changed, the last stage that changed it.

        Behind the stage that changed a document `last`, the stages have seen this very text already: as long as nothing
        changes it again, they need not see it twice.
        """
        changed: dict[int, int] = {}
        for index, (name, propose, policy) in enumerate(self.steps):
            step = PARSE_STEP + 1 + number * len(self.steps) + index
            batch = [doc for doc in live if doc.status == "kept"]
            if last:
                batch = [doc for doc in batch if id(doc) in changed or index <= last.get(id(doc), index)]
            if not batch:
                continue
            began = time.thread_time()
            for doc, proposals in zip(batch, _propose(propose, batch, self.config.limits.stage_seconds), strict=True):
                if proposals and self._settle(doc, step, name, proposals, policy, known.get(id(doc), ())):
                    changed[id(doc)] = index
            self.seconds[name] = self.seconds.get(name, 0.0) + time.thread_time() - began
        return changed

    def _settle(
        self,
        doc: Document,
        step: int,
        name: str,
        proposals: Found,
        policy: Policy,
        known: Container[str],
    ) -> bool:
        try:
            if isinstance(proposals, BaseException):
                raise proposals
            return settle(doc, step, name, proposals, policy, self.answers, known)
        except (CleanupError, *ENDINGS):
            raise
        except BaseException as error:
            if self.retried and isinstance(error, MemoryError):
                raise
            why = {"error": f"{type(error).__name__}: {error}"[:500]}
            settle(doc, step, name, [Mark(f"error_{name}", why["error"], f"{name}/error", 1.0, why)], Policy(), {})
            return False

    def stream(self, docs: Iterable[Document]) -> Iterator[Document]:
        """Clean documents lazily, a batch at a time, in their order; dropped and failed ones come too, by their status.

        None waits for a batch to be full where they come slowly. Raises TypeError for what is no Document, or one whose id, text
        or meta is none; that, and whatever else ends `docs` early, when those that came before have been given.
        """
        ended: list[Exception] = []

        def given() -> Iterator[Document]:
            try:
                yield from map(_checked, docs)
            except Exception as error:
                ended.append(error)

        for batch in batches(given(), seconds=WAIT):
            yield from self.map(batch)
        if ended:
            raise ended[0]

    def run(self, inputs: str | Path | Sequence[str | Path], out: str | Path, jobs: int = 1) -> Run:
        """Clean and deduplicate a collection into the run directory `out`; resumes. See `cleanup.run`."""
        from cleanup.run import execute

        names = [inputs] if isinstance(inputs, str | bytes | os.PathLike) else list(inputs)
        return execute(self.config, [os.fsdecode(name) for name in names], out, jobs=jobs, answers=self.answers)


def _checked(doc: Document) -> Document:
    """A document that somebody made, if it is one."""
    if not isinstance(doc, Document):
        raise TypeError(f"a Document is wanted, not {type(doc).__name__}: cleanup.Document(id=..., text=...)")
    for field, given, wanted in (("id", doc.id, str), ("text", doc.text, str), ("meta", doc.meta, dict)):
        if not isinstance(given, wanted):
            raise TypeError(f"the {field} of a document is a {wanted.__name__}, not {type(given).__name__}: {doc.id!r}")
    return doc


def _propose(propose: registry.Propose, docs: Sequence[Document], seconds: float) -> Iterator[Found]:
    """All proposals of a batch; when the batch raises, each document alone, so that only the one at fault gets the error."""
    try:
        with deadline(seconds * max(1.0, len(docs) / PATIENCE)):
            found: list[Found] = [list(proposals) for proposals in propose(docs)]
    except (CleanupError, *ENDINGS):
        raise
    except BaseException as error:
        if len(docs) == 1:
            yield error
            return
    else:
        yield from found
        return
    for doc in docs:
        yield from _propose(propose, [doc], seconds)


def batches(
    docs: Iterable[Document], size: int = BATCH, chars: int = BATCH_CHARS, seconds: float = math.inf
) -> Iterator[list[Document]]:
    """Lists of at most `size` documents and about `chars` characters, which took about `seconds` to come."""
    batch: list[Document] = []
    total, began = 0, time.monotonic()
    for doc in docs:
        batch.append(doc)
        total += len(doc.text) + len(doc.data or b"")
        if len(batch) >= size or total >= chars or time.monotonic() - began >= seconds:
            yield batch
            batch, total, began = [], 0, time.monotonic()
    if batch:
        yield batch
