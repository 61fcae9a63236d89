"""The end of the work on one part of a run: corpus, dropped and ledger, by what the corpus step decided. In a worker process."""

from __future__ import annotations

import mmap
import os
import shutil
from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import msgspec
import numpy as np

from cleanup import decided
from cleanup.decided import Decided
from cleanup.document import Document, Drop, Edit, Proposal, Row
from cleanup.errors import RunError
from cleanup.part import LEDGER, LINES, Job, Outcome, Tally, dedup_policy, going
from cleanup.pipeline import BATCH, settle
from cleanup.router import SUMMARY, Lines, Router, runs
from cleanup.write.columns import Ids
from cleanup.write.columns import load as load_columns
from cleanup.write.corpus import Writer, corpus_writer, file_name
from cleanup.write.directory import BUFFER, appearing
from cleanup.write.record import INTERNAL, drop_reason, encode, parse_line, render_rows, text_reader, value

SECTION = 1 << 24  # bytes of lines that are in memory at once
PIECE = 1 << 20  # and that are written at once
TAIL = 400  # bytes of a line in which its summary is looked for first


def finish_part(job: Job, attempt: int) -> None:  # noqa: ARG001 (the engine's protocol)
    """Write a part's corpus, dropped and ledger files: the mapped part with the corpus step's proposals. Idempotent."""
    root, mapped = Path(job.directory), job.work / "map" / job.name
    done = job.work / "done" / f"{job.name}.json"
    if done.exists():
        return
    found = decided.load_part(job.work / "dedup" / decided.EVERY, job.number)
    for row, edits in decided.load(job.work / "sites" / job.name).proposals.items():
        found.proposals[row] = [*edits, *found.proposals.get(row, [])]
    tally = Tally()
    try:
        files = going(mapped)
        lines = open(mapped / LINES, "rb", BUFFER)  # noqa: SIM115 (closed below)
        rows = open(mapped / LEDGER if LEDGER in files else os.devnull, "rb", BUFFER)  # noqa: SIM115 (closed below)
    except FileNotFoundError:
        if done.exists():
            return  # another process was first
        raise
    with (
        corpus_writer(root / "corpus", job.name, job.config) as corpus,
        corpus_writer(root / "dropped", job.name, job.config) as dropped,
        appearing(root / "ledger" / f"part-{job.name}.jsonl") as ledger,
        lines,
        rows,
    ):
        shutil.copyfileobj(rows, ledger, 1 << 20)
        _route(lines, mapped, found, corpus, dropped, ledger, tally, job)
    with appearing(done) as file:
        file.write(msgspec.json.encode(tally.outcome(job.number)))
    for name in files:
        (mapped / name).unlink(missing_ok=True)


def written(job: Job) -> list[Path]:
    """The files that finishing a part leaves."""
    root, name = Path(job.directory), file_name(job.name, job.config)
    return [root / "corpus" / name, root / "dropped" / name, root / "ledger" / f"part-{job.name}.jsonl"]


def finished(job: Job) -> Outcome:
    """What finishing a part came to."""
    return msgspec.json.decode((job.work / "done" / f"{job.name}.json").read_bytes(), type=Outcome)


def _route(
    file: IO[bytes], mapped: Path, found: Decided, corpus: Writer, dropped: Writer, ledger: IO[bytes], tally: Tally, job: Job
) -> None:
    """Every line to where it belongs, in order: most by a kernel, the others settled one by one."""
    ends, live, first, size = load_columns(mapped, "ends", "live", "first", "size")
    if not len(ends):
        return
    begins = np.append(0, ends[:-1])
    if ends[-1] > os.fstat(file.fileno()).st_size or ((first < begins) | (size < 0) | (first + size > ends)).any():
        raise RunError(f"{file.name} is cut short or damaged", "remove the directory and run again")
    whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    lines, ids, settler = Lines(memoryview(whole), ends, first, size, job.config.read.text_field), Ids(mapped), _Settler(job)
    router = Router(lines, live, ids, found.rows, found.drops, settler.step)
    proposals, ordered, alone = found.proposals, sorted(found.proposals), np.zeros(len(ends), bool)
    rows: list[Row] = []
    for here in runs(begins // SECTION):
        whole.madvise(mmap.MADV_DONTNEED)  # what was read so far
        mine = ordered[bisect_left(ordered, here.start) : bisect_left(ordered, here.stop)]
        some = {row: proposals[row] for row in mine}
        settler.show(lines, some)
        some |= {row: [drop] for row, drop in router.prepare(here).items()}
        alone[list(some)] = True
        for run in runs(begins[here] // PIECE, alone[here]):
            number = here.start + run.start
            if number in some:
                doc, made = settler.settle(lines[number], ids[number], some[number])
                (corpus if doc.status == "kept" else dropped).line(made)
                rows += doc.ledger
                tally.counts[doc.status] += 1
                if len(rows) >= BATCH:
                    _record(rows, ledger, tally)
            else:
                _record(rows, ledger, tally)
                router.write(number, here.start + run.stop, corpus, dropped, ledger)
    _record(rows, ledger, tally)
    router.count(tally)


def _record(rows: list[Row], ledger: IO[bytes], tally: Tally) -> None:
    if rows:
        ledger.write(render_rows(rows))
        tally.rows(rows)
        rows.clear()


class _Settler:
    """Settles what the corpus step proposes for written lines."""

    def __init__(self, job: Job) -> None:
        self.field, self.answers = job.config.read.text_field, job.answers
        self.policy = dedup_policy(job.config)
        self.step = 1 + job.config.max_passes * len(job.config.stages)

    def show(self, lines: Lines, proposals: Mapping[int, list[Proposal]]) -> None:
        """Replace, in reasons, where a shared passage lies in a text by the passage itself."""
        reasons = [(row, one.why) for row, found in proposals.items() for one in found if "shared" in one.why]
        rows = np.array([row for row, _ in reasons], np.int64)
        spans = np.array([why["shared"] for _, why in reasons], np.int64).reshape(-1, 2)
        for (_, why), one in zip(reasons, lines.passages(rows, spans), strict=True):
            why["shared"] = one

    def settle(self, line: memoryview, id_: str, proposals: list[Proposal]) -> tuple[Document, bytes]:
        """A written line as a document, with its proposals settled, and its new line."""
        tail = bytes(line[-TAIL:])
        # Most are dropped without a look at anything: the rest stays as it lies there.
        if all(isinstance(one, Drop) for one in proposals) and (SUMMARY in tail or SUMMARY in bytes(line)):
            doc = Document(id_)
            settle(doc, self.step, "", proposals, self.policy, self.answers)
            reason = drop_reason(doc)
            end = b"" if reason is None else b',"drop":%b}\n' % encode(reason)[:-1]
            return doc, b"".join((line[:-2], end)) if end else bytes(line)
        record = parse_line(bytes(line))
        record.pop("drop", None)
        summary = value(record.pop("cleanup"))
        text = text_reader(self.field)(bytes(line)) if any(isinstance(one, Edit) for one in proposals) else ""
        doc = Document(id_, text=text, meta={**summary["meta"], **{key: summary[key] for key in INTERNAL if key in summary}})
        settle(doc, self.step, "", proposals, self.policy, self.answers)
        edits, reason = doc.edits, drop_reason(doc)
        if edits:
            record[self.field] = doc.text
        meta = {key: item for key, item in doc.meta.items() if key not in INTERNAL}
        record["cleanup"] = {**summary, "edits": summary["edits"] + edits, "meta": meta}
        if reason is not None:
            record["drop"] = reason
        return doc, encode(record)
