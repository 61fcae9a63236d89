"""The end of the work on one part of a run: corpus, dropped and ledger, by what the corpus step decided. In a worker process."""

from __future__ import annotations

import mmap
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import IO

import msgspec
import numpy as np

from cleanup.dedup.relation import PASSAGE, clipped, visible
from cleanup.document import Document, Drop, Edit, Proposal, Row
from cleanup.errors import RunError
from cleanup.part import FINISHED, Job, Outcome, Tally, dedup_policy, load_proposals
from cleanup.pipeline import BATCH, settle
from cleanup.read.block import I64, said
from cleanup.write.columns import Ids
from cleanup.write.columns import load as load_columns
from cleanup.write.corpus import Writer, corpus_writer, file_name
from cleanup.write.directory import BUFFER, appearing
from cleanup.write.record import INTERNAL, drop_reason, encode, parse_line, render_rows, text_reader, value

SECTION = 1 << 24  # bytes of lines that are in memory at once
SUMMARY = b'"cleanup":{'  # stands in a line once, unless `json` had to write it
TAIL = 400  # bytes of a line in which it is looked for first
HEAD = 2 * PASSAGE  # characters of a shared passage in which there are enough to show, as a rule


def finish_part(job: Job, attempt: int) -> None:  # noqa: ARG001 (the engine's protocol)
    """Write a part's corpus, dropped and ledger files: the mapped part with the corpus step's proposals. Idempotent."""
    root, mapped = Path(job.directory), job.work / "map" / job.name
    done = job.work / "done" / f"{job.name}.json"
    if done.exists():
        return
    proposals = load_proposals(job.work / "dedup" / job.name)
    for row, edits in load_proposals(job.work / "sites" / job.name).items():
        proposals[row] = [*edits, *proposals.get(row, [])]
    tally = Tally()
    try:
        lines, rows = (open(mapped / name, "rb", BUFFER) for name in FINISHED)  # noqa: SIM115 (closed below)
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
        _route(lines, mapped, proposals, corpus, dropped, ledger, tally, job)
    with appearing(done) as file:
        file.write(msgspec.json.encode(tally.outcome(job.number)))
    for name in FINISHED:
        (mapped / name).unlink(missing_ok=True)


def written(job: Job) -> list[Path]:
    """The files that finishing a part leaves."""
    root, name = Path(job.directory), file_name(job.name, job.config)
    return [root / "corpus" / name, root / "dropped" / name, root / "ledger" / f"part-{job.name}.jsonl"]


def finished(job: Job) -> Outcome:
    """What finishing a part came to."""
    return msgspec.json.decode((job.work / "done" / f"{job.name}.json").read_bytes(), type=Outcome)


def _route(
    file: IO[bytes],
    mapped: Path,
    proposals: Mapping[int, list[Proposal]],
    corpus: Writer,
    dropped: Writer,
    ledger: IO[bytes],
    tally: Tally,
    job: Job,
) -> None:
    """Every line to where it belongs, in order: runs of untouched lines as bytes, the others settled one by one."""
    ends, live, first, size = load_columns(mapped, "ends", "live", "first", "size")
    if not len(ends):
        return
    begins = np.append(0, ends[:-1])
    if ends[-1] > os.fstat(file.fileno()).st_size or ((first < begins) | (size < 0) | (first + size > ends)).any():
        raise RunError(f"{file.name} is cut short or damaged", "remove the directory and run again")
    whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    lines, ids, settler = memoryview(whole), Ids(mapped), _Settler(job)
    touched = np.zeros(len(ends), dtype=bool)
    touched[list(proposals)] = True
    section = begins // SECTION
    alone = touched[1:] | touched[:-1] | (live[1:] != live[:-1]) | (section[1:] != section[:-1])
    cuts = np.flatnonzero(np.append(True, alone))
    spans = zip(begins[cuts].tolist(), np.append(ends[cuts[1:] - 1], ends[-1]).tolist(), strict=True)
    rows: list[Row] = []
    now = -1
    for number, count, (begin, end) in zip(cuts.tolist(), np.diff(cuts, append=len(ends)).tolist(), spans, strict=True):
        if begin // SECTION != now:
            now = begin // SECTION
            whole.madvise(mmap.MADV_DONTNEED)  # what was read so far
            here = slice(*np.searchsorted(section, (now, now + 1)).tolist())
            some = (np.flatnonzero(touched[here]) + here.start).tolist()
            settler.show(lines, begins, ends, first, size, {row: proposals[row] for row in some})
        if number in proposals:
            doc, made = settler.settle(lines[begin:end], ids[number], proposals[number])
            (corpus if doc.status == "kept" else dropped).line(made)
            rows += doc.ledger
            tally.counts[doc.status] += 1
            if len(rows) >= BATCH:
                _record(rows, ledger, tally)
        else:
            (corpus if live[number] else dropped).copy(lines[begin:end])
            tally.counts["kept" if live[number] else "dropped"] += count
    _record(rows, ledger, tally)


def _record(rows: list[Row], ledger: IO[bytes], tally: Tally) -> None:
    ledger.write(render_rows(rows))
    tally.rows(rows)
    rows.clear()


class _Settler:
    """Settles what the corpus step proposes for written lines."""

    def __init__(self, job: Job) -> None:
        self.field, self.answers = job.config.read.text_field, job.answers
        self.policy = dedup_policy(job.config)
        self.step = 1 + job.config.max_passes * len(job.config.stages)

    def show(
        self, lines: memoryview, begins: I64, ends: I64, first: I64, size: I64, proposals: Mapping[int, list[Proposal]]
    ) -> None:
        """Replace, in reasons, where a shared passage lies in a text by the passage itself."""
        reasons = [(row, one.why) for row, found in proposals.items() for one in found if "shared" in one.why]
        rows = np.array([row for row, _ in reasons], np.int64)
        spans = np.array([why["shared"] for _, why in reasons], np.int64).reshape(-1, 2)
        heads: Iterable[str | None] = repeat(None, len(rows))
        with suppress(ValueError):  # half of a surrogate pair, which is rare
            heads = said(lines, first[rows], first[rows] + size[rows], spans[:, 0], np.minimum(spans[:, 1], HEAD))
        for (row, why), (begin, length), head in zip(reasons, spans.tolist(), heads, strict=True):
            seen = "" if head is None else visible(head)
            if head is None or (length > HEAD and len(seen) <= PASSAGE):
                text = text_reader(self.field)(bytes(lines[begins[row] : ends[row]]))
                seen = visible(text[begin : begin + length])
            why["shared"] = clipped(seen)

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
