"""The filter: bytes in, cleaned text or records out."""

from __future__ import annotations

import csv
import io
import json
import select
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any

import click

from cleanup.cli.options import configuration
from cleanup.cli.show import label, safe
from cleanup.config import Config
from cleanup.document import Document
from cleanup.part import cleaned
from cleanup.pipeline import BATCH, Pipeline, settle
from cleanup.read.inputs import Source
from cleanup.read.parts import read_segment_stream
from cleanup.read.stream import standard_input
from cleanup.write.record import encode, fields, render, value

STDIN = Source("-", "stdin")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # full-width signs count, too
FIRST_BATCHES = (1, 8, 64)  # small at first, so that `| head -1` is served at once; results do not depend on it


def run_filter(options: dict[str, Any]) -> int:
    """Clean standard input to standard output; gives the exit code."""
    to = options.pop("to", None)
    config = configuration(options)
    pipeline = Pipeline(config=config)
    counts: Counter[str] = Counter()
    write = _writer(to, config)
    for doc in chain.from_iterable(_deduplicated(_cleaned(pipeline), config)):
        counts[doc.status] += 1
        if doc.status == "kept":
            write(doc)
            _say_trouble(doc)
        elif doc.status == "failed":
            click.echo(f"cleanup: {label(doc.source)}: {safe(doc.error or '')}", err=True)
        elif options["verbose"] or (_whole(doc) and not options["quiet"]):
            row = next(row for row in doc.ledger if row.action == "drop" and row.decision == "apply")
            of = f" of {label(str(row.why['duplicate_of']))}" if "duplicate_of" in row.why else ""
            click.echo(f"cleanup: dropped {label(doc.id)}: {row.rule}{of}", err=True)
    sys.stdout.buffer.flush()
    if options["verbose"]:
        click.echo(f"cleanup: {counts['kept']} kept, {counts['dropped']} dropped, {counts['failed']} failed", err=True)
    return 3 if counts["failed"] else 0


def _say_trouble(doc: Document) -> None:
    """Why a text is as it was, where a stage failed: whoever asked for text sees no metadata."""
    for name, what in doc.meta.items():
        if name.startswith("error_"):
            click.echo(f"cleanup: {label(doc.id)}: {name.removeprefix('error_')} failed: {safe(str(what))}", err=True)


def _cleaned(pipeline: Pipeline) -> Iterator[Sequence[Document]]:
    docs = read_segment_stream(standard_input(), STDIN, pipeline.config)
    sizes = chain(FIRST_BATCHES, repeat(BATCH))
    for first in docs:
        yield from cleaned(chain([first], _take(docs, next(sizes) - 1)), pipeline)


def _take(docs: Iterator[Document], size: int) -> Iterator[Document]:
    """The next ones, so many, or those that one need not wait for."""
    for _ in range(size):
        doc = next(docs, None) if _ready() else None
        if doc is None:
            return
        yield doc


def _ready() -> bool:
    """Whether standard input can be read without waiting for whoever writes it; its end can."""
    try:
        return bool(select.select([sys.stdin], [], [], 0)[0])
    except (OSError, ValueError):  # not a descriptor
        return True


def _deduplicated(batches: Iterable[Sequence[Document]], config: Config) -> Iterator[Sequence[Document]]:
    """The stream against itself (and an index): the first one seen wins. A single text is never a duplicate."""
    if not config.dedup.enabled:
        yield from batches
        return
    seen: Any = None
    rows: list[Any] = []
    from cleanup.dedup.keep import SPUN
    from cleanup.part import dedup_policy
    from cleanup.write.columns import remembered
    from cleanup.write.laid import spin_rank

    policy = dedup_policy(config)
    for batch in batches:
        docs = [doc for doc in batch if doc.status == "kept" and (config.dedup.index or not _whole(doc))]
        if docs and seen is None:
            from cleanup.dedup.stream import StreamDeduplicator

            seen = StreamDeduplicator(config.dedup, config.rules)
        spun = [spin_rank(doc.meta.get("spin")) >= SPUN for doc in docs]
        drops = seen.add([(doc.id, doc.text) for doc in docs], spun) if docs else ()
        for doc, drop in zip(docs, drops, strict=True):
            if drop is not None:
                settle(doc, len(doc.ledger), "dedup", [drop], policy, {})
            if config.dedup.index and not _whole(doc):  # a text without a name is only looked up
                gone = drop is not None and doc.status == "dropped"
                rows.append(remembered(doc, drop.why.get("kept", drop.why["duplicate_of"]) if gone else ""))
        yield batch
    if rows:
        seen.remember(rows)


def _whole(doc: Document) -> bool:
    """Whether a document is all of the input, not a record of it."""
    return doc.record is None and doc.id == STDIN.label


def _writer(to: str | None, config: Config) -> Callable[[Document], None]:
    out = sys.stdout.buffer
    table: list[Any] = []
    told: set[str] = set()  # fields that have no column
    texts = 0

    def write(doc: Document) -> None:
        nonlocal texts
        form = to or ("text" if _whole(doc) else "jsonl")
        if form == "jsonl":
            out.write(render(doc, config.read.text_field, located=doc.record is None))
        elif form == "csv":
            _write_csv(doc, config.read.text_field, table, told)
        else:
            if texts:
                out.write(b"\n")
            texts += 1
            out.write(doc.text.encode("utf-8", "replace"))
        out.flush()

    return write


def _write_csv(doc: Document, text_field: str, table: list[Any], told: set[str]) -> None:
    row = {key: value(item) for key, item in fields(doc, text_field, located=doc.record is None).items()}
    buffer = io.StringIO()
    if not table:
        table.extend(row)
        csv.writer(buffer).writerow([cell(name) for name in table])
    elif more := [name for name in row if name not in table and name not in told]:
        told.update(more)
        click.echo(f"cleanup: no column for {label(', '.join(more))}: the first record names the columns", err=True)
    csv.writer(buffer).writerow([cell(row.get(name)) for name in table])
    sys.stdout.buffer.write(buffer.getvalue().encode("utf-8", "replace"))


def cell(item: Any) -> str:
    """A CSV cell that a spreadsheet does not take for a formula."""
    if item is None:
        return ""
    if not isinstance(item, str):
        written = encode(item).decode().strip()
        if not written.startswith('"'):
            return "" if written == "null" else written  # NaN, which JSON has no word for
        item = json.loads(written)  # what a string stands for in JSON: a moment, bytes
    return f"'{item}" if item.startswith(FORMULA) else item
