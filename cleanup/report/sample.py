"""A bounded look into a run directory: so many bytes of every kind of file, however large the run is."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from cleanup.config import ReadConfig
from cleanup.document import Row
from cleanup.read.records import identity
from cleanup.write.record import parse_line, parse_row, value

LEDGER_BYTES = 12 << 20
DOCUMENT_BYTES = 12 << 20  # of corpus and of dropped each
CLUSTER_BYTES = 2 << 20
PARTS = 8  # files of a kind that are opened
MAX_LINE = 1 << 20  # a longer document is left out
READABLE = (".jsonl", ".jsonl.zst", ".jsonl.gz")


class Stored(msgspec.Struct):
    """A document as it lies in the run directory, with the ledger rows of the sample that are its own."""

    id: str
    source: str
    text: str
    kept: bool
    meta: dict[str, Any] = {}
    language: str = ""
    spin: dict[str, Any] = {}
    edits: int = 0
    drop: dict[str, Any] | None = None
    rows: list[Row] = []


class Sample(msgspec.Struct):
    """What was read. `whole` says of each kind of file whether that is all there is."""

    rows: list[Row] = []
    documents: list[Stored] = []
    clusters: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    whole: dict[str, bool] = {}


def take(out: Path, read: ReadConfig) -> Sample:
    """The sample of a run directory; a file that is missing or is not JSON lines counts as empty."""
    found = Sample()
    lines, found.whole["ledger"] = _parts(out / "ledger", LEDGER_BYTES, tails=True)
    found.rows = [parse_row(line) for line in lines]
    for kind in ("corpus", "dropped"):
        lines, found.whole[kind] = _parts(out / kind, DOCUMENT_BYTES)
        found.documents += [stored(line, kind, read) for line in lines if len(line) <= MAX_LINE]
    lines, found.whole["clusters"] = _head(out / "clusters.jsonl", CLUSTER_BYTES)
    found.clusters = [value(msgspec.Raw(line)) for line in lines]
    lines, found.whole["failed"] = _head(out / "failed.jsonl", 64 << 10)
    found.failures = [value(msgspec.Raw(line)) for line in lines]
    mine: dict[str, list[Row]] = {}
    for row in found.rows:
        mine.setdefault(row.doc, []).append(row)
    ids = [doc.id for doc in found.documents]
    twice = {name for name, count in _counts(ids).items() if count > 1}
    for doc in found.documents:
        # Of documents that share an id the rows lie one after the other and cannot be told apart.
        doc.rows = mine.get(doc.id, []) if doc.id not in twice else []
    return found


def stored(line: bytes, kind: str, read: ReadConfig) -> Stored:
    """A line of `corpus` or `dropped`."""
    record = parse_line(line)
    summary = value(record.get("cleanup")) or {}
    return Stored(
        identity(record, read) or str(value(record.get("id", ""))),
        str(value(record.get("source", ""))),
        str(value(record.get(read.text_field, ""))),
        kind == "corpus",
        summary.get("meta") or {},
        summary.get("language") or "",
        summary.get("spin") or {},
        summary.get("edits") or 0,
        value(record.get("drop")),
    )


def _counts(names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found


def _parts(directory: Path, limit: int, *, tails: bool = False) -> tuple[list[bytes], bool]:
    """Whole lines from the beginning of some parts, spread over all of them; `tails`: from the end of each as well, where the
    corpus step wrote its rows. Says whether these are all lines."""
    paths = sorted(path for path in directory.glob("part-*") if path.name.endswith(READABLE))
    chosen = paths if len(paths) <= PARTS else [paths[index * len(paths) // PARTS] for index in range(PARTS)]
    lines: list[bytes] = []
    whole = len(chosen) == len(paths) and len(paths) == len(list(directory.glob("part-*")))
    for path in chosen:
        found, complete = _head(path, limit // len(chosen))
        if tails and not complete:
            found += _tail(path, limit // len(chosen) // 4)
        lines += found
        whole = whole and complete
    return lines, whole


def _head(path: Path, limit: int) -> tuple[list[bytes], bool]:
    if not path.is_file():
        return [], True
    with open(path, "rb") as file:
        data = _unpacked(file, path.suffix).read(limit + 1)
    if len(data) <= limit:
        return data.split(b"\n")[:-1] if data.endswith(b"\n") else [line for line in data.split(b"\n") if line], True
    return data[:limit].split(b"\n")[:-1], False


def _tail(path: Path, limit: int) -> list[bytes]:
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - limit))
        return list(_complete(file.read()))


def _complete(data: bytes) -> Iterator[bytes]:
    yield from data.split(b"\n")[1:-1]


def _unpacked(file: IO[bytes], suffix: str) -> Any:
    if suffix == ".gz":
        return gzip.GzipFile(fileobj=file)
    if suffix == ".zst":
        import zstandard

        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file))
    return file
