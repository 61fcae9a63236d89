"""What the corpus step has to know of the documents of a part: small columns, and their sketches."""

from __future__ import annotations

import mmap
import os
import struct
from array import array
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.dedup.sketch import Sketcher, empty, save
from cleanup.dedup.texts import Literals
from cleanup.document import Document
from cleanup.errors import CleanupError
from cleanup.write.laid import Laid, date_rank, spin_rank

SKETCHES = 1 << 16  # documents whose sketches lie in one file
COUNT, BEGIN_END = struct.Struct("=q"), struct.Struct("=2q")
# `first` and `size`: where in the file of lines the text begins, between quotes, and its bytes.
COLUMNS = {"ends": "q", "live": "b", "spin": "f", "date": "q", "length": "q", "host": "i", "id": "Q", "first": "q", "size": "q"}
_SIZES = [array(code).itemsize for code in COLUMNS.values()]  # of an entry, in bytes,
_BEFORE = dict(zip(COLUMNS, accumulate(_SIZES, initial=0), strict=False))  # and of those in the columns before


class Sketches:
    """Sketches of a part, written a file at a time, so that a part may have any number of documents."""

    def __init__(self, work: Path, sketcher: Sketcher | None) -> None:
        self.work = work
        self.sketcher = sketcher
        self.parts: list[Any] = []
        self.files = 0

    def add(self, lines: Laid) -> None:
        """Sketch the texts of those of some more lines that live."""
        live = np.flatnonzero(lines.live)
        if self.sketcher is not None and len(live):
            texts = Literals.placed(lines.data, lines.first, lines.size)
            self.parts.append(self.sketcher.of(texts if len(live) == len(lines.ends) else texts.some(live)))
            if sum(map(len, self.parts)) >= SKETCHES:
                self.flush()

    def flush(self) -> None:
        """Write what there is."""
        if self.sketcher is not None and (self.parts or not self.files):
            save(self.parts or [empty(self.sketcher.cfg)], self.work / f"sketch-{self.files:06}", lasting=False)
            self.files += 1
            self.parts = []


class Columns:
    """What the corpus step has to know of a document without reading it; one row a line of `docs.jsonl`."""

    def __init__(self) -> None:
        self.columns: dict[str, array[Any]] = {name: array(code) for name, code in COLUMNS.items()}
        self.names: dict[str, int] = {}
        self._end = 0
        self._ids: list[bytes] = []
        self._id_ends = array("q", [0])

    def __len__(self) -> int:
        return len(self.columns["live"])

    def add(self, lines: Laid) -> None:
        """Some more lines."""
        found = {name: getattr(lines, name) for name in ("live", "spin", "date", "length", "size")}
        found["ends"] = lines.ends + self._end
        found["first"] = lines.first + self._end
        found["host"] = self._numbered(lines.host)
        for name, values in found.items():
            self.columns[name].frombytes(np.asarray(values, COLUMNS[name]).tobytes())
        self._end += len(lines.data)
        self._ids.append(lines.ids)
        self._id_ends.frombytes((lines.id_ends + self._id_ends[-1]).tobytes())

    def _numbered(self, hosts: list[str]) -> list[int]:
        if hosts and hosts.count(hosts[0]) == len(hosts):  # as in the pages of one site
            return [self.names.setdefault(hosts[0], len(self.names))] * len(hosts)
        return [self.names.setdefault(name, len(self.names)) for name in hosts]

    def save(self, work: Path) -> None:
        """Write how many rows there are, all columns, where the ids end, and the ids, one after the other."""
        ids, ends = b"".join(self._ids), np.array(self._id_ends, np.int64)
        hashes = np.empty(len(self), np.uint64)
        _hash()(np.frombuffer(ids, np.uint8), ends[1:].copy(), len(self), hashes)
        self.columns["id"].frombytes(hashes.tobytes())
        with open(work / "columns", "wb") as file:
            file.write(COUNT.pack(len(self)))
            for column in self.columns.values():
                file.write(column)
            file.write(ends.tobytes())
            file.write(ids)


@cache
def _hash() -> kernels.Function:
    return kernels.function("name_hashes", "u8* i64* i64 u64*")


def load(work: Path, *names: str) -> list[NDArray[Any]]:
    """Columns of a part as `Columns.save` wrote them. Raises CleanupError for a file that is not whole."""
    with open(work / "columns", "rb") as file:
        count = _count(file)
        found = []
        for name in names:
            file.seek(COUNT.size + count * _BEFORE[name])
            column = np.fromfile(file, COLUMNS[name], count)
            found.append(column.view(bool) if name == "live" else column)
    return found


def _count(file: IO[bytes]) -> int:
    """How many rows a file of columns has. Raises CleanupError where it is not whole."""
    size = os.fstat(file.fileno()).st_size
    count = COUNT.unpack(file.read(COUNT.size))[0] if size >= COUNT.size else -1
    ids = COUNT.size + count * sum(_SIZES) + 8 * (count + 1)  # where they begin; before that, where the last one ends
    if count >= 0 and ids <= size:
        file.seek(ids - 8)
        if ids + COUNT.unpack(file.read(8))[0] == size:
            return count
    raise CleanupError(f"{file.name} is not whole", "delete `.work` beside it and run the same command again")


class Ids:
    """The ids of the documents of a part, by row, as `Columns.save` wrote them: they stay in their file."""

    def __init__(self, work: Path) -> None:
        with open(work / "columns", "rb") as file:
            self._bounds = COUNT.size + _count(file) * sum(_SIZES)  # where it is said where they end
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._first = self._bounds + 8 * (COUNT.unpack_from(self._data)[0] + 1)

    def packed(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """All of them side by side, and where each ends."""
        ends = np.frombuffer(self._data[self._bounds + 8 : self._first], np.int64)
        return np.frombuffer(self._data, np.uint8)[self._first :], ends

    def some(self, rows: NDArray[np.int64]) -> list[str]:
        """Those of some rows."""
        data, ends = self.packed()
        whole, begins = data.data, np.append(0, ends)[rows]
        spans = zip(begins.tolist(), ends[rows].tolist(), strict=True)
        return [str(whole[begin:end], "utf-8", "surrogatepass") for begin, end in spans]

    def __getitem__(self, row: int) -> str:
        begin, end = BEGIN_END.unpack_from(self._data, self._bounds + 8 * row)
        return self._data[self._first + begin : self._first + end].decode("utf-8", "surrogatepass")


def remembered(doc: Document, over: str = "") -> Any:
    """What an index remembers of a document beside its sketch. `over`: the id of the document that was kept instead of it."""
    from cleanup.dedup.segments import Row  # which few runs need

    ranks = spin_rank(doc.meta.get("spin")), date_rank(doc.meta.get("date"))
    return Row(doc.id, str(doc.meta.get("url", "")), over, *ranks, len(doc.text))
