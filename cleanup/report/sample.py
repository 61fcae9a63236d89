"""A bounded look into a run directory: so many bytes of every kind of file, however large the run is."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from cleanup.config import ReadConfig
from cleanup.document import Row
from cleanup.read.records import stored_identity
from cleanup.write.laid import host
from cleanup.write.record import parse_line, parse_row, value

LEDGER_BYTES = 1 << 20
DOCUMENT_BYTES = 1 << 20  # of corpus and of dropped each
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
    host: str = ""  # of its URL, else the site's name, else the folder
    meta: dict[str, Any] = {}
    language: str = ""
    spin: dict[str, Any] = {}
    edits: int = 0
    drop: dict[str, Any] | None = None
    rows: list[Row] = []


class _Member(msgspec.Struct):
    relation: Any = None


class Cluster(msgspec.Struct):
    """What tells which clusters are to be shown: a run has many, and a page few."""

    cluster: Any = None
    members: list[_Member] = []
    line: bytes = b""

    @property
    def kinds(self) -> str:
        """The relations in it."""
        if len(self.members) == 1:
            return str(self.members[0].relation)
        return ",".join(sorted({str(member.relation) for member in self.members}))


_cluster = msgspec.json.Decoder(Cluster)


class Sample(msgspec.Struct):
    """What was read. `whole` says of each kind of file whether that is all there is."""

    rows: list[Row] = []
    documents: list[Stored] = []
    clusters: list[Cluster] = []
    failures: list[dict[str, Any]] = []
    whole: dict[str, bool] = {}


def take(out: Path, read: ReadConfig) -> Sample:
    """The sample of a run directory; a file that is missing or is not JSON lines counts as empty."""
    found = Sample()
    found.rows, found.whole["ledger"] = _rows(out / "ledger")
    for kind in ("corpus", "dropped"):
        lines, found.whole[kind] = _parts(out / kind, DOCUMENT_BYTES)
        found.documents += [stored(line, kind, read) for line in lines if len(line) <= MAX_LINE]
    lines, found.whole["clusters"] = _head(out / "clusters.jsonl", CLUSTER_BYTES)
    found.clusters = list(map(_brief, lines))
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
    meta = summary.get("meta") or {}
    source = str(value(record.get("source", "")))
    return Stored(
        stored_identity(record, read),
        source,
        str(value(record.get(read.text_field, ""))),
        kind == "corpus",
        host(meta) or source.rpartition("/")[0] or source,
        meta,
        summary.get("language") or "",
        summary.get("spin") or {},
        summary.get("edits") or 0,
        value(record.get("drop")),
    )


def _brief(line: bytes) -> Cluster:
    try:
        found = _cluster.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):  # halves of surrogate pairs
        found = msgspec.convert(value(msgspec.Raw(line)), Cluster)
    found.line = line
    return found


def _counts(names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found


def _rows(directory: Path) -> tuple[list[Row], bool]:
    """Ledger rows of whole documents from the beginning of some parts, and from their end those of the corpus step."""
    chosen, whole = _chosen(directory)
    rows: list[Row] = []
    for path in chosen:
        lines, complete = _head(path, LEDGER_BYTES // len(chosen))
        found = [parse_row(line) for line in lines]
        if not complete:
            last = found[-1].doc if found else ""
            found = [row for row in found if row.doc != last]
            found += [row for row in map(parse_row, _tail(path, LEDGER_BYTES // len(chosen) // 4)) if row.stage == "dedup"]
        rows += found
        whole = whole and complete
    return rows, whole


def _parts(directory: Path, limit: int) -> tuple[list[bytes], bool]:
    """Whole lines from the beginning of some parts, and whether these are all lines."""
    chosen, whole = _chosen(directory)
    lines: list[bytes] = []
    for path in chosen:
        found, complete = _head(path, limit // len(chosen))
        lines += found
        whole = whole and complete
    return lines, whole


def _chosen(directory: Path) -> tuple[list[Path], bool]:
    """Parts spread over all of them, and whether these are all."""
    every = list(directory.glob("part-*"))
    paths = sorted(path for path in every if path.name.endswith(READABLE))
    chosen = paths if len(paths) <= PARTS else [paths[index * len(paths) // PARTS] for index in range(PARTS)]
    return chosen, len(chosen) == len(every)


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
        return file.read().split(b"\n")[1:-1]


def _unpacked(file: IO[bytes], suffix: str) -> Any:
    if suffix == ".gz":
        return gzip.GzipFile(fileobj=file)
    if suffix == ".zst":
        import zstandard

        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(file))
    return file
