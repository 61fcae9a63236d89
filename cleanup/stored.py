"""Documents read back from a run directory, with their ledger."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from cleanup.document import Document
from cleanup.errors import CleanupError
from cleanup.run import Run
from cleanup.write.record import parse_line, value


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
    field = run.info["config"]["read"]["text_field"]
    needle = msgspec.json.encode(id_)
    found = []
    for kind in ("corpus", "dropped"):
        for line in lines(run, kind):
            if needle in line or needle.strip(b'"') in line:
                record = parse_line(line)
                if identity(record, run) == id_:
                    found.append(restore(record, kind, field, id_))
    if not found:
        raise CleanupError(
            f"no document {id_!r} in {run.path}", f"`cleanup explain {run.path}` lists the changed and dropped ones"
        )
    doc = found[0]
    doc.ledger = list(run.ledger(id_))
    if len(found) > 1:
        # Equal ids stay two documents; their ledgers lie one after the other and cannot be told apart by id alone.
        raise CleanupError(f"{len(found)} documents have the id {id_!r}", "give them ids of their own with --id-field")
    return doc


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
