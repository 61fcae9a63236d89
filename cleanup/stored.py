"""Documents read back from a run directory, with their ledger."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cleanup.document import Document, Row, revert
from cleanup.errors import CleanupError, RunError
from cleanup.read.stream import READ_ERRORS
from cleanup.run import Run
from cleanup.write.record import INSIDE, encode, may_name, parse_line, value

ROWS = 1000  # of a Parquet file that are in memory at once
SAME = 64  # documents of one id in one part whose ledgers are told apart


def records(run: Run, kind: str, part: str = "*", likely: Callable[[bytes], bool] = lambda _: True) -> Iterator[dict[str, Any]]:
    """The records of `corpus` or `dropped`, values still raw. `likely` looks at a line before it is parsed.

    Raises CleanupError for a run of plain texts, from which documents cannot be read back, and for a damaged file.
    """
    field = run.info["config"]["read"]["text_field"]
    for path in sorted((run.path / kind).glob(f"part-{part}.*")):
        if path.name.endswith((".txt", ".txt.zst", ".txt.gz")):
            raise CleanupError(f"documents of {path.name} cannot be shown", "a run --to jsonl or parquet can be explained")
        try:
            for line in _rows(path, field) if path.suffix == ".parquet" else _lines(path):
                if likely(line):
                    yield parse_line(line)
        except (*READ_ERRORS, ValueError) as error:
            raise RunError(f"{path} is damaged: {error}", "run again into a new directory") from None


def _lines(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        stream: Any = file
        if path.suffix == ".gz":
            stream = gzip.GzipFile(fileobj=file)
        elif path.suffix == ".zst":
            import zstandard

            stream = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file))
        yield from stream


def _rows(path: Path, field: str) -> Iterator[bytes]:
    """The rows of a Parquet file as the lines that they were."""
    import polars

    frame = polars.scan_parquet(path, glob=False)
    try:
        for first in range(0, frame.select(polars.len()).collect().item(), ROWS):
            for row in frame.slice(first, ROWS).collect().iter_rows(named=True):
                summary = {"edits": row["edits"], "meta": json.loads(row["meta"])}
                if row["language"]:
                    summary["language"] = row["language"]
                if row["spin"]:
                    summary["spin"] = {"verdict": row["spin"]}
                own = json.loads(row["record"])
                summary |= {name: own.pop(name) for name in INSIDE if name in own}
                line = {"id": row["id"], "source": row["source"], **own, field: row["text"], "cleanup": summary}
                if row["drop"]:
                    line["drop"] = json.loads(row["drop"])
                yield encode(line)
    except polars.exceptions.PolarsError as error:
        raise ValueError(str(error).splitlines()[0]) from None


def find(run: Run, id_: str) -> list[Document]:
    """The documents of that id with their ledgers, kept ones first: equal ids stay documents of their own.

    Raises CleanupError when there is none, and when there are so many that their ledgers cannot be told apart.
    """
    found: list[Document] = []
    for part in run.parts():
        here = list(_stored(run, may_name(id_), {id_}, part))
        if here:
            _deal(here, list(run.ledger(id_, part)), run)
            found += [item.doc for item in here]
    if not found:
        if failed := next((row for row in run.failures() if row["id"] == id_), None):
            raise CleanupError(f"{id_!r} could not be read: {failed['error']}", f"it is in {failed['source']}")
        near = next((row.doc for row in run.ledger(id_, exact=False) if id_ in row.doc), None)
        if near == id_:
            message = f"{id_!r} is in the ledger of {run.path}, but not in its corpus: a file is cut short"
            raise RunError(message, "run again into a new directory")
        hint = f"did you mean {near}?" if near else f"`cleanup explain {run.path}` lists the changed and dropped ones"
        raise CleanupError(f"no document {id_!r} in {run.path}", hint)
    return sorted(found, key=lambda doc: doc.status == "dropped")


class _Stored(msgspec.Struct):
    """A document as it lies in the run, and what its line says about its ledger."""

    doc: Document
    edits: int
    drop: dict[str, Any] | None


def _deal(stored: list[_Stored], rows: list[Row], run: Run) -> None:
    """Give documents of one id and one part their own rows.

    A ledger names documents by id alone. The rows of one document lie together, and those of the corpus step after all others;
    a document's own are the ones that undo to another text and end with its own reason for a drop.
    """
    if len(stored) == 1:
        if not _agrees(stored[0], rows):
            message = f"the ledger of {run.path} does not tell all of {stored[0].doc.id!r}: it was cut short or changed"
            raise RunError(message, "run again into a new directory")
        stored[0].doc.ledger = rows
        return
    config = run.info["config"]
    last = config["max_passes"] * len(config["stages"])
    early = _bunches([row for row in rows if row.step <= last])
    late = _bunches([row for row in rows if row.step > last])
    if len(stored) > SAME:
        early = late = []
    for item in stored:
        choices = ((one, two) for two in [*late, []] for one in [*early, []])
        chosen = next((pair for pair in choices if _fits(item, [*pair[0], *pair[1]])), None)
        if chosen is None:
            message = f"{len(stored)} documents have the id {item.doc.id!r}, and their ledgers cannot be told apart"
            raise CleanupError(message, "give them ids of their own with --id-field")
        item.doc.ledger = [*chosen[0], *chosen[1]]
        early = [bunch for bunch in early if bunch is not chosen[0]]
        late = [bunch for bunch in late if bunch is not chosen[1]]


def _bunches(rows: Sequence[Row]) -> list[list[Row]]:
    bunches: list[list[Row]] = []
    for row in rows:
        before = bunches[-1][-1] if bunches else None
        if before is None or row.step < before.step or (before.action == "drop" and before.decision == "apply"):
            bunches.append([])
        bunches[-1].append(row)
    return bunches


def _agrees(item: _Stored, rows: list[Row]) -> bool:
    """Whether rows are as many edits as a document's line says, and its drop."""
    drop = next((row.why for row in rows if row.action == "drop" and row.decision == "apply"), None)
    return drop == item.drop and sum(row.action == "edit" and row.decision == "apply" for row in rows) == item.edits


def _fits(item: _Stored, rows: list[Row]) -> bool:
    if not _agrees(item, rows):
        return False
    marks = [row.after for row in rows if row.action == "mark" and row.decision == "apply" and row.why.get("field") == "language"]
    if marks[-1:] != ([item.doc.language] if item.doc.language else []):
        return False
    try:
        revert(msgspec.structs.replace(item.doc, ledger=rows))
    except ValueError:
        return False
    return True


def find_all(run: Run, ids: Collection[str]) -> dict[str, Document]:
    """Documents by id with their ledgers, read in one go; an id that several documents share is left out."""
    wanted = set(ids)
    found: dict[str, list[Document]] = {}
    for item in _stored(run, lambda _: True, wanted):
        found.setdefault(item.doc.id, []).append(item.doc)
    single = {id_: docs[0] for id_, docs in found.items() if len(docs) == 1}
    for row in run.ledger() if single else ():
        if row.doc in single:
            single[row.doc].ledger.append(row)
    return single


def _stored(run: Run, likely: Callable[[bytes], bool], ids: Collection[str], part: str = "*") -> Iterator[_Stored]:
    """Stored documents with one of these ids, without their ledgers. `likely` looks at a line before it is parsed."""
    field = run.info["config"]["read"]["text_field"]
    for kind in ("corpus", "dropped"):
        for record in records(run, kind, part, likely):
            id_ = identity(record, run)
            if id_ in ids:
                drop = value(record["drop"])["why"] if kind == "dropped" else None
                yield _Stored(restore(record, kind, field, id_), value(record["cleanup"])["edits"], drop)


def identity(record: dict[str, Any], run: Run) -> str:
    """The id under which a stored record stands in the ledger."""
    from cleanup.config import ReadConfig
    from cleanup.read.records import stored_identity

    cfg = msgspec.convert(run.info["config"]["read"], ReadConfig)
    return stored_identity(record, cfg)


def restore(record: dict[str, Any], kind: str, field: str, id_: str) -> Document:
    """A stored record as a Document without its ledger."""
    summary = value(record["cleanup"])
    meta = {**summary["meta"], **{key: summary[key] for key in ("language", "spin") if key in summary}}
    own = {key: item for key, item in record.items() if key not in ("id", "source", field, "cleanup", "drop")}
    own |= {name: summary[name] for name in INSIDE if name in summary}
    return Document(
        id_,
        text=value(record[field]),
        source=str(value(record.get("source", ""))),
        record=own or None,
        meta=meta,
        status="kept" if kind == "corpus" else "dropped",
    )
