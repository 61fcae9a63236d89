"""The work on one part of a run: map (read, clean, sketch) and finish (write what the corpus step decided).

All of it runs in a worker process.

A mapped part is a directory `.work/map/NNNNN` that appears by rename. Its documents lie there as the lines they will have in
the corpus, so that finishing copies bytes and touches only the documents about which the corpus step had something to say.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

import msgspec

from cleanup.config import Config
from cleanup.dedup.sketch import Sketcher
from cleanup.document import Document, Row, failure
from cleanup.errors import ENDINGS, CleanupError
from cleanup.parse import parse
from cleanup.pipeline import BATCH, Answers, Pipeline, Policy, batches
from cleanup.read.block import Block, Lot, documents
from cleanup.read.inputs import unpack
from cleanup.read.parts import Part, read_part
from cleanup.rules import directories
from cleanup.stages.deadline import deadline
from cleanup.write.columns import Columns, Sketches
from cleanup.write.directory import BUFFER
from cleanup.write.laid import of_block, of_documents
from cleanup.write.record import encode, render_rows
from cleanup.write.trail import FATAL, Trail

PLAN = "parts"  # the file with the descriptions of all parts
LINES, LEDGER = "docs.jsonl", "ledger.jsonl"  # of a mapped part: as large as the corpus, so they go when the part is finished
MANY = 8  # lines of a block that is worth a batch of its own
KIND = attrgetter("stage", "rule", "action", "decision")


def dedup_policy(config: Config) -> Policy:
    """What becomes of the proposals of the corpus step."""
    return Policy(0.9, 0.5, config.select, config.ignore)


class Job(msgspec.Struct, frozen=True):
    """One part to do, as a worker gets it: its description lies in the run directory, in the bytes `described` of a file.

    `size`: its stored bytes.
    """

    config: Config
    number: int
    size: int
    described: tuple[int, int]
    directory: str
    answers: Answers = {}

    @property
    def name(self) -> str:
        """The number as it stands in file names."""
        return f"{self.number:05}"

    @property
    def work(self) -> Path:
        """The working directory of the run."""
        return Path(self.directory) / ".work"

    def part(self) -> Part:
        """What there is to read."""
        begin, end = self.described
        with open(self.work / PLAN, "rb") as file:
            file.seek(begin)
            return unpack(file.read(end - begin), Part)


class Outcome(msgspec.Struct):
    """What a mapped or finished part counts.

    `rules`: rule -> [applied, held, skipped, characters removed, characters added, documents dropped].
    """

    number: int
    counts: dict[str, int] = {}
    stages: dict[str, dict[str, int]] = {}
    rules: dict[str, list[int]] = {}
    seconds: dict[str, float] = {}
    hosts: dict[str, int] = {}


class Tally:
    """Counts documents, and ledger rows as they are written."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._rows: Counter[tuple[str, str, str, str]] = Counter()
        self._characters: dict[str, list[int]] = {}  # of applied edits: removed, added

    def rows(self, rows: Sequence[Row]) -> None:
        """Count decisions by rule and stage."""
        self._rows.update(map(KIND, rows))
        for row in rows:
            if row.action == "edit" and row.decision == "apply":
                numbers = self._characters.setdefault(row.rule, [0, 0])
                numbers[0] += len(row.before or "")
                numbers[1] += len(row.after or "")

    def drops(self, rule: str, count: int) -> None:
        """Count documents that go by a rule, whose rows were written elsewhere."""
        self.counts["dropped"] += count
        self._rows[rule.partition("/")[0], rule, "drop", "apply"] += count

    def outcome(self, number: int, **more: Any) -> Outcome:
        """All counts, as those of the part of that number; `more`: its other fields."""
        out = Outcome(number, dict(self.counts), **more)
        stages: dict[str, Counter[str]] = {}
        for (stage, rule, action, decision), count in self._rows.items():
            numbers = out.rules.setdefault(rule, [0, 0, 0, *self._characters.get(rule, (0, 0)), 0])
            numbers[("apply", "review", "skip").index(decision)] += count
            numbers[5] += count * (decision == "apply" and action == "drop")
            if decision == "review":
                out.counts["held"] = out.counts.get("held", 0) + count
            stages.setdefault(stage, Counter())[f"{action}_{decision}"] += count
        out.stages = {name: dict(counts) for name, counts in stages.items()}
        return out


def map_part(job: Job, attempt: int) -> None:  # noqa: ARG001 (the engine's protocol; the trail knows more)
    """Read and clean a part into `.work/map/NNNNN`; does nothing when that is there already. Idempotent."""
    final = job.work / "map" / job.name
    if final.exists():
        return
    work = final.with_name(f"{job.name}.{os.getpid()}.tmp")
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
        with Trail(final.with_name(f"{job.name}.trail")) as trail:
            outcome = _map(job, work, trail)
            (work / "outcome.json").write_bytes(msgspec.json.encode(outcome))
            _appear(work, final)
    except OSError:
        shutil.rmtree(work, ignore_errors=True)  # on a full disk its space is what is needed
        raise


def _appear(work: Path, final: Path) -> None:
    try:
        os.replace(work, final)
    except OSError:
        if not final.exists():
            raise
        shutil.rmtree(work, ignore_errors=True)  # another process was first, with the same result


def mapped(job: Job) -> Outcome:
    """What mapping a part came to."""
    return _outcome(job.work / "map" / job.name)


def _outcome(directory: Path) -> Outcome:
    return msgspec.json.decode((directory / "outcome.json").read_bytes(), type=Outcome)


def going(directory: Path) -> list[str]:
    """The files of a mapped part that go when it is finished: without a decision there is no ledger."""
    return [LINES, LEDGER] if _outcome(directory).stages else [LINES]


def _map(job: Job, work: Path, trail: Trail) -> Outcome:
    config = job.config
    pipeline, sketcher = _tools(msgspec.json.encode(config), msgspec.json.encode(job.answers))
    pipeline.seconds.clear()
    pipeline.retried = True
    tally, columns, field = Tally(), Columns(), config.read.text_field
    tally.counts["read"] = 0
    sketches = Sketches(work, sketcher)
    furniture = None
    if config.boilerplate.sites and "boilerplate" in config.stages:
        from cleanup.stages.boilerplate_sites import SiteLines  # which takes its time to load

        furniture = SiteLines()
    with (
        open(work / LINES, "wb") as lines,
        Seldom(work / LEDGER) as ledger,
        Seldom(work / "failed.jsonl") as failed,
    ):
        for batch in _batches(_survivors(job, trail), pipeline, 1 if trail.careful else BATCH):
            tally.counts["read"] += len(batch)
            if isinstance(batch, Block):
                tally.counts["kept"] += len(batch)
                laid = of_block(batch)
            else:
                whole = _recorded(batch, tally, ledger, failed)
                laid = of_documents(whole, field)
                if furniture is not None:
                    furniture.add(_furniture(whole, laid.host, len(columns)))
            lines.write(laid.data)
            columns.add(laid)
            sketches.add(laid)
    sketches.flush()
    columns.save(work)
    if furniture is not None:
        furniture.save(work / "lines.npz", len(columns))
    return tally.outcome(job.number, seconds=dict(pipeline.seconds), hosts=dict(columns.names))


class Seldom:
    """A file that is made when something is written: mostly nothing is, and to make a file takes longer than to write it."""

    def __init__(self, path: Path) -> None:
        self.path, self._held = path, ExitStack()
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Seldom:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def write(self, data: bytes) -> None:
        """Write as into any file."""
        if self._file is None:
            self._file = self._held.enter_context(open(self.path, "wb", BUFFER))  # noqa: SIM115 (closed with the others)
        self._file.write(data)


def _recorded(batch: Sequence[Document], tally: Tally, ledger: Seldom, failed: Seldom) -> list[Document]:
    """Write down what became of a batch; gives the documents of which there is something to write."""
    tally.counts.update(doc.status for doc in batch)
    if rows := [row for doc in batch for row in doc.ledger]:
        tally.rows(rows)
        ledger.write(render_rows(rows))
    for doc in batch:
        if doc.status == "failed":
            failed.write(encode({"id": doc.id, "source": doc.source, "offset": doc.offset, "error": doc.error}))
    return [doc for doc in batch if doc.status != "failed"]


def _furniture(docs: Sequence[Document], hosts: Sequence[str], first: int) -> list[tuple[int, str, str]]:
    """Documents whose host is known, as their number, text and host."""
    rows = zip(docs, hosts, strict=True)
    return [(number, doc.text, host) for number, (doc, host) in enumerate(rows, first) if host and doc.status == "kept"]


def _batches(lots: Iterable[Lot], pipeline: Pipeline, size: int) -> Iterator[Block | Sequence[Document]]:
    """Cleaned documents; blocks in which no stage has anything to look at stay what they are."""
    if pipeline.steps or pipeline.config.parse.crawl_date:
        yield from cleaned(documents(lots), pipeline, size)
        return
    for whole, some in groupby(lots, lambda lot: isinstance(lot, Block) and len(lot) >= MANY):
        if whole:
            yield from some
        else:
            yield from cleaned(documents(some), pipeline, size)


@lru_cache(maxsize=1)
def _tools(config_bytes: bytes, answers: bytes) -> tuple[Pipeline, Sketcher | None]:
    """Rules and models, loaded once per worker and configuration."""
    config = msgspec.json.decode(config_bytes, type=Config)
    pipeline = Pipeline(config=config, answers=msgspec.json.decode(answers, type=Answers))
    return pipeline, Sketcher(config.dedup, directories(config.rules)) if config.dedup.enabled else None


def cleaned(docs: Iterable[Document], pipeline: Pipeline, size: int = BATCH) -> Iterator[Sequence[Document]]:
    """Parse and clean documents, a batch of at most `size` at a time."""
    for batch in batches(docs, size):
        with deadline(pipeline.config.limits.stage_seconds) as again:
            for doc in batch:
                if doc.status == "kept" and (doc.data is not None or doc.kind == "html"):
                    again()
                    _parse(doc, pipeline.config)
        yield pipeline.map(batch)


def _parse(doc: Document, config: Config) -> None:
    """Parse; a document that cannot be parsed, in time or at all, has failed, and its neighbours have not."""
    try:
        parse(doc, config)
    except (CleanupError, MemoryError, *ENDINGS):
        raise
    except BaseException as error:
        doc.status, doc.error = "failed", f"parse: {type(error).__name__}: {error}"[:500]
        doc.data, doc.pending = None, []


def _survivors(job: Job, trail: Trail) -> Iterator[Lot]:
    """The documents of a part; after deaths with care, leaving out, as failed, a document at which the process always died."""
    lots = read_part(job.part(), job.config)
    if not trail.careful:
        yield from lots
        trail.end()
        return
    for doc, sound in trail.follow(documents(lots)):
        died = f"the process died {FATAL} times at this document"
        yield [doc if sound else failure(doc.source, doc.offset, died, doc.id)]
