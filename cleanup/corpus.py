"""The corpus step of a run: what only the collection as a whole can tell about a document.

It sees sketches and small columns; texts are read back from the mapped parts where a candidate pair has to be verified.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import decided, kernels
from cleanup.arrays import distinct
from cleanup.config import Config
from cleanup.decided import Proposals
from cleanup.dedup.corpus import Result
from cleanup.dedup.keep import SPUN
from cleanup.dedup.receipts import BLOCK
from cleanup.dedup.shingle import I64
from cleanup.dedup.texts import Literals, Texts
from cleanup.errors import RunError
from cleanup.part import LINES, Job, Outcome
from cleanup.read.records import is_utf8, plain
from cleanup.rules import selected
from cleanup.write.columns import Ids
from cleanup.write.columns import load as load_columns
from cleanup.write.directory import appearing
from cleanup.write.record import encode, parse_line, value

if TYPE_CHECKING:
    from cleanup.dedup.cluster import Compare
    from cleanup.engines.local import Engine

OPEN = 64  # files that are open at a time
BEHIND = 3  # bytes of a line behind its text, at least
COPIES = 12  # spun copies that are asked what stood in a text


class Mapped(NamedTuple):
    """All mapped parts side by side. A document's number is its position among the documents that live, over all parts."""

    directories: tuple[Path, ...]
    first: NDArray[np.int64]  # [parts + 1] number of the first live document of each part
    rows: tuple[NDArray[np.int64], ...]  # per part: line number of each live document
    begins: NDArray[np.int64]  # where in the lines of its part the text of each live document begins, and its size, in bytes
    sizes: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]


def load(directories: tuple[Path, ...], mapped: Sequence[Outcome] | None) -> Mapped:
    """Read the columns of all parts: with their outcomes all of them, else only lengths and where the texts are. Hosts, numbered
    part by part, get numbers of their own over the run."""
    names = ("first", "size", "length", *(("spin", "date", "id") if mapped is not None else ()))
    rows: list[NDArray[np.int64]] = []
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in (*names, "host")}
    hosts: dict[str, int] = {}
    for number, directory in enumerate(directories):
        live, host, *found = load_columns(directory, "live", "host", *names)
        rows.append(np.flatnonzero(live))
        for name, column in zip(names, found, strict=True):
            columns[name].append(column[live])
        if mapped is not None:
            table = np.array([hosts.setdefault(host, len(hosts)) for host in mapped[number].hosts] or [0], dtype=np.int32)
            columns["host"].append(table[host[live]])
    first = np.cumsum([0, *(len(numbers) for numbers in rows)])
    together = {name: np.concatenate(values) for name, values in columns.items() if values}
    together["host_names"] = np.array(list(hosts) or [""], dtype=object)
    begins, sizes = together.pop("first"), together.pop("size")
    return Mapped(directories, first, tuple(rows), begins, sizes, together)


class Files:
    """The lines of some parts, in files that are opened when they are asked for."""

    def __init__(self, directories: tuple[Path, ...]) -> None:
        self.directories = directories
        self._open: dict[int, IO[bytes]] = {}

    def __getitem__(self, part: int) -> IO[bytes]:
        found = self._open.get(part)
        if found is None:
            if len(self._open) >= OPEN:
                self._open.pop(next(iter(self._open))).close()
            found = self._open[part] = open(self.directories[part] / LINES, "rb", 0)  # noqa: SIM115 (closed when it is let go)
        return found

    def close(self) -> None:
        """Let go of all of them: a file that is open takes its place on the disk also when it was removed."""
        while self._open:
            self._open.popitem()[1].close()

    def read(self, parts: I64, begins: I64, sizes: I64, places: I64, out: NDArray[np.uint8]) -> None:
        """Read pieces of parts to their places in `out`. Raises RunError where they lie in no file."""
        order = np.argsort(parts, kind="stable")
        every = distinct(parts)
        for first in range(0, len(every), OPEN):  # as many as are open at a time
            some = every[first : first + OPEN]
            rows = order[slice(*np.searchsorted(parts[order], (some[0], some[-1] + 1)).tolist())]
            files = np.array([self[part].fileno() for part in some.tolist()], np.int64)[np.searchsorted(some, parts[rows])]
            if _read()(files, begins[rows], sizes[rows], places[rows], len(rows), out) < len(rows):
                raise RunError("a part of the run's working directory is cut short", "remove the directory and run again")


@cache
def _read() -> kernels.Function:
    return kernels.function("texts_read", "i64* i64* i64* i64* i64 u8*", "i64")


class Lines:
    """Random access to the lines of the mapped parts by document number."""

    def __init__(self, mapped: Mapped, config: Config) -> None:
        self.mapped = mapped
        self.field = config.read.text_field
        self.files = Files(mapped.directories)
        self._of_part: dict[int, Ids] = {}

    def lines(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """The lines of documents, one at a time: each holds a text."""
        ends: dict[int, NDArray[np.int64]] = {}
        for part, row in self._rows(numbers):
            if part not in ends:
                ends = {part: load_columns(self.mapped.directories[part], "ends")[0]}
            begin = int(ends[part][row - 1]) if row else 0
            self.files[part].seek(begin)
            yield self.files[part].read(int(ends[part][row]) - begin)

    def texts(self, numbers: Sequence[int]) -> Texts:
        """The cleaned texts of documents. Raises RunError where they lie in no file."""
        wanted = np.asarray(numbers, np.int64)
        begins, sizes = self.mapped.begins[wanted], self.mapped.sizes[wanted]
        ends = np.cumsum(sizes + BEHIND)
        places, out = ends - sizes - BEHIND, np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
        parts = np.searchsorted(self.mapped.first, wanted, "right") - 1
        self.files.read(parts, begins, sizes + BEHIND, places, out)
        return Literals.placed(out.data, places, sizes)

    def ids(self, numbers: Sequence[int]) -> list[str]:
        """The ids of documents."""
        wanted = np.asarray(numbers, np.int64)
        found = [""] * len(wanted)
        parts = np.searchsorted(self.mapped.first, wanted, "right") - 1
        for part in distinct(parts).tolist():
            at = np.flatnonzero(parts == part)
            for place, id_ in zip(
                at.tolist(), self._ids(part).some(self.mapped.rows[part][wanted[at] - self.mapped.first[part]]), strict=True
            ):
                found[place] = id_
        return found

    def _rows(self, numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
        """The part of every document, and its row there."""
        parts = (np.searchsorted(self.mapped.first, numbers, "right") - 1).tolist()
        for part, number in zip(parts, numbers, strict=True):
            yield part, int(self.mapped.rows[part][number - self.mapped.first[part]])

    def _ids(self, part: int) -> Ids:
        if part not in self._of_part:
            self._of_part[part] = Ids(self.mapped.directories[part])
        return self._of_part[part]

    def urls(self, numbers: Sequence[int]) -> list[str]:
        """The URLs of documents, "" where there is none."""
        return [str(value(parse_line(line)["cleanup"])["meta"].get("url", "")) for line in self.lines(numbers)]


class Share(NamedTuple):
    """Pairs of documents for a worker to compare, and where it finds their texts."""

    number: int
    config: Config
    directories: tuple[Path, ...]
    pairs: NDArray[np.uint64]


def compare(share: Share, attempt: int) -> NDArray[Any]:  # noqa: ARG001 (the engine's protocol)
    """Verdicts on a share of the pairs."""
    from cleanup.dedup import canonical, cluster

    mapped = _mapped(share.directories)
    lines = Lines(mapped, share.config)
    try:
        return cluster.compare(share.pairs, lines.texts, mapped.sizes, share.config.dedup, canonical.built_in())
    finally:
        lines.files.close()


def comparison(config: Config, directories: tuple[Path, ...], engine: Engine) -> Compare:
    """What gives verdicts on pairs of documents, share by share."""
    from cleanup.dedup.cluster import SHARE

    def judged(pairs: NDArray[np.uint64]) -> NDArray[Any]:
        parts = [pairs[begin : begin + SHARE] for begin in range(0, len(pairs), SHARE)]
        shares = [Share(at, config, directories, part) for at, part in enumerate(parts)]
        tables = {share.number: found for share, found in engine.each(compare, shares)}
        return np.concatenate([tables[share.number] for share in shares])

    return judged


def _mapped(directories: tuple[Path, ...]) -> Mapped:
    """The parts, as the last one who asked left them; a process of its own loads what it needs."""
    if directories not in _loaded:
        _loaded.clear()
        _loaded[directories] = load(directories, None)
    return _loaded[directories]


_loaded: dict[tuple[Path, ...], Mapped] = {}


def deduplicate(
    config: Config, out: Path, work: Sequence[Job], outcomes: Sequence[Outcome], tag: str, engine: Engine
) -> dict[str, Any]:
    """Find near-duplicate coverage; writes the proposals of every part and `clusters.jsonl`. Gives the report for `run.json`.

    `tag` names the run, so that an index to which it has added already is asked only for what others added.
    """
    if not config.dedup.enabled:
        with appearing(out / "clusters.jsonl"):
            return {}
    from cleanup.dedup import corpus
    from cleanup.dedup.sketch import load as load_sketches

    directories = tuple(job.work / "map" / job.name for job in work)
    _loaded.clear()
    mapped = _loaded[directories] = load(directories, outcomes)
    lines = Lines(mapped, config)

    try:
        columns = corpus.Columns(**{name: mapped.columns[name] for name in ("spin", "date", "length", "host", "host_names")})
        sketches = load_sketches([file for directory in mapped.directories for file in sorted(directory.glob("sketch-*"))])
        index = None
        if config.dedup.index:
            from cleanup.dedup.index import Index

            index = Index.open(config.dedup.index, config.dedup, create=True, skip=tag)
        result = corpus.deduplicate(
            *(sketches, columns, lines.texts, lines.ids, config.dedup, index, comparison(config, directories, engine)),
            takes=partial(selected, select=config.select, ignore=config.ignore),
            spare=engine.workers > 1,
        )
        witnesses = restore(result, columns.spin, lines, config)
        if index is not None:
            everybody = range(len(sketches))
            corpus.remember(sketches, columns, result, lines.ids(everybody), lines.urls(everybody), config.dedup, tag)
        del sketches  # they are mapped
    finally:
        lines.files.close()
        _loaded.clear()  # another run may be made in the same place
    _save(out, work, mapped, result)
    with appearing(out / "clusters.jsonl") as file:
        for block in result.clusters.blocks():
            if witnesses or not is_utf8(block):
                block = b"".join(_witnessed(line, witnesses) for line in block.splitlines(keepends=True))
            file.write(block)
        for cluster in result.clusters.more:
            file.write(encode(cluster))
    return {**result.report, "duplicate_ids": duplicate_ids(mapped.columns["id"])}


def _save(out: Path, work: Sequence[Job], mapped: Mapped, result: Result) -> None:
    """What is proposed, part by part, in one file: to make many takes longer than to write them."""
    ordered, ends = result.proposals.numbers(), []
    with appearing(out / ".work" / "dedup" / decided.EVERY) as file:
        for number, job in enumerate(work):
            begin, end = mapped.first[number : number + 2].tolist()
            mine = ordered[slice(*np.searchsorted(ordered, (begin, end)).tolist())]
            sure = result.proposals.sure(mine) & (not job.answers)  # somebody may have answered otherwise
            rows, rest = mapped.rows[number], mine[~sure]
            found = map(Proposals, rows[rest - begin].tolist(), result.proposals.of(rest.tolist()))
            going = ((rows[some - begin], drops) for some, drops in result.proposals.drops(mine[sure]))
            decided.write(file, found, len(rest), going, -(-int(sure.sum()) // BLOCK))
            ends.append(file.tell())
        decided.finish(file, ends)


def _witnessed(line: bytes, witnesses: Mapping[str, str]) -> bytes:
    """The line of a cluster, with the witnesses of its members, and without halves of surrogate pairs."""
    if not witnesses and is_utf8(line):
        return line
    cluster = plain(msgspec.Raw(line))
    for member in cluster["members"]:
        if member["id"] in witnesses:
            member["witness"] = witnesses[member["id"]]
    return encode(cluster)


def restore(result: Result, spin: NDArray[np.float32], lines: Lines, config: Config) -> dict[str, str]:
    """Propose to restore spun documents that stay from their siblings; gives id of the restored -> id of its witness.

    A spun document that is kept beside its unspun sibling (modes "mark" and "cluster") is restored from it. A spun document that
    stands for several spun copies is restored where these agree, which is held for a person.
    """
    witnesses: dict[str, str] = {}
    if "spin" not in config.stages or not config.spin.repair:
        return witnesses
    clusters: dict[int, list[int]] = {}
    spun = result.members.take(spin[result.members.number] >= SPUN)
    for kept, member in zip(spun.kept.tolist(), spun.number.tolist(), strict=True):
        clusters.setdefault(kept, []).append(member)
    if not clusters:
        return witnesses
    from cleanup.spin.witness import witness  # which takes its time to load

    for kept, members in clusters.items():
        if spin[kept] >= SPUN:
            if len(members) > 1:
                own, *others = lines.texts([kept, *members[:COPIES]]).strings()
                result.proposals.add(kept, witness(own, others, spun=True))
        elif config.dedup.mode != "drop":
            (original,) = lines.texts([kept]).strings()
            for member, id_ in zip(members, lines.ids(members), strict=True):
                edits = witness(lines.texts([member]).strings()[0], [original])
                result.proposals.add(member, edits)
                if edits:
                    witnesses[id_] = lines.ids([kept])[0]
    return witnesses


def duplicate_ids(hashes: NDArray[np.uint64]) -> int:
    """How many documents share their id with another one."""
    ordered = np.sort(hashes)
    return int((ordered[1:] == ordered[:-1]).sum())
