"""Documents read back from a run directory, with their ledger."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Collection, Iterator
from typing import Any

import msgspec

from cleanup.document import Document
from cleanup.errors import CleanupError
from cleanup.run import Run
from cleanup.write.record import may_name, parse_line, value


def lines(run: Run, kind: str) -> Iterator[bytes]:
    """The JSON lines of `corpus` or `dropped`. Raises CleanupError for the formats from which documents cannot be read back."""
    for path in sorted((run.path / kind).glob("part-*")):
        if path.name.endswith((".parquet", ".txt", ".txt.zst", ".txt.gz")):
            raise CleanupError(f"documents of {path.name} cannot be shown", "a run --to jsonl can be explained")
        with open(path, "rb") as file:
            stream: Any = file
            if path.suffix == ".gz":
                stream = gzip.GzipFile(fileobj=file)
            elif path.suffix == ".zst":
                import zstandard

                stream = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file))
            yield from stream


def find(run: Run, id_: str) -> Document:
    """The document of that id, kept or dropped, with its ledger. Raises CleanupError when there is none or several."""
    found = list(documents(run, may_name(id_), {id_}))
    if not found:
        hint = f"`cleanup explain {run.path}` lists the changed and dropped ones"
        raise CleanupError(f"no document {id_!r} in {run.path}", hint)
    if len(found) > 1:
        # Equal ids stay two documents; their ledgers lie one after the other and cannot be told apart by id alone.
        raise CleanupError(f"{len(found)} documents have the id {id_!r}", "give them ids of their own with --id-field")
    found[0].ledger = list(run.ledger(id_))
    return found[0]


def find_all(run: Run, ids: Collection[str]) -> dict[str, Document]:
    """Documents by id with their ledgers, read in one go; an id that several documents share is left out."""
    wanted = set(ids)
    found: dict[str, list[Document]] = {}
    for doc in documents(run, lambda _: True, wanted):
        found.setdefault(doc.id, []).append(doc)
    single = {id_: docs[0] for id_, docs in found.items() if len(docs) == 1}
    for row in run.ledger() if single else ():
        if row.doc in single:
            single[row.doc].ledger.append(row)
    return single


def documents(run: Run, likely: Callable[[bytes], bool], ids: Collection[str]) -> Iterator[Document]:
    """Stored documents with one of these ids, without their ledgers. `likely` looks at a line before it is parsed."""
    field = run.info["config"]["read"]["text_field"]
    for kind in ("corpus", "dropped"):
        for line in lines(run, kind):
            if likely(line):
                record = parse_line(line)
                id_ = identity(record, run)
                if id_ in ids:
                    yield restore(record, kind, field, id_)


def identity(record: dict[str, Any], run: Run) -> str:
    """The id under which a stored record stands in the ledger."""
    from cleanup.config import ReadConfig
    from cleanup.read.records import identity as of_record

    cfg = msgspec.convert(run.info["config"]["read"], ReadConfig)
    return of_record(record, cfg) or str(value(record["id"]))


def restore(record: dict[str, Any], kind: str, field: str, id_: str) -> Document:
    """A stored record as a Document without its ledger."""
    summary = value(record["cleanup"])
    meta = {**summary["meta"], **{key: summary[key] for key in ("language", "spin") if key in summary}}
    own = {key: item for key, item in record.items() if key not in ("id", "source", field, "cleanup", "drop")}
    return Document(
        id_,
        text=value(record[field]),
        source=str(value(record.get("source", ""))),
        record=own or None,
        meta=meta,
        status="kept" if kind == "corpus" else "dropped",
    )
