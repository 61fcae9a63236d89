"""What the corpus step has to know of the documents of a part: small columns, and their sketches."""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.keep import SPUN
from cleanup.dedup.sketch import Sketcher, empty, save
from cleanup.dedup.texts import Literals
from cleanup.document import Document
from cleanup.errors import CleanupError
from cleanup.write.record import Placed

UNKNOWN_DATE = int(np.iinfo(np.int64).max)
SKETCHES = 1 << 16  # documents whose sketches lie in one file
PLAIN_URL = re.compile(r"https?://([a-z0-9.-]+)(?:/|$)")
BEGIN_END = struct.Struct("=2q")
COLUMNS = {"ends": "q", "live": "b", "spin": "f", "date": "q", "length": "q", "host": "i", "id": "Q"}
_SIZES = [array(code).itemsize for code in COLUMNS.values()]  # of an entry, in bytes,
_BEFORE = dict(zip(COLUMNS, accumulate(_SIZES, initial=0), strict=False))  # and of those in the columns before


class Sketches:
    """Sketches of a part, written a file at a time, so that a part may have any number of documents."""

    def __init__(self, work: Path, sketcher: Sketcher | None) -> None:
        self.work = work
        self.sketcher = sketcher
        self.parts: list[Any] = []
        self.files = 0

    def add(self, lines: Sequence[Placed], joined: bytes, field: str, live: Sequence[int]) -> None:
        """Sketch what some more lines, which stand side by side in `joined`, have in a field: those of the numbers `live`."""
        if self.sketcher is not None and live:
            self.parts.append(self.sketcher.of(Literals.placed(lines, joined, field).some(np.array(live))))
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

    def __len__(self) -> int:
        return len(self.columns["live"])

    def add(self, docs: Sequence[Document], sizes: Sequence[int]) -> list[str]:
        """Some more documents whose lines take so many bytes; gives their hosts."""
        names = [host(doc.meta) for doc in docs]
        ids = [doc.id.encode("utf-8", "surrogatepass") for doc in docs]
        self._ids += ids
        ends = list(accumulate(sizes, initial=self._end))
        self._end = ends[-1]
        found: dict[str, Iterable[Any]] = {
            "ends": ends[1:],
            "live": [doc.status == "kept" for doc in docs],
            "spin": [spin_rank(doc.meta.get("spin")) for doc in docs],
            "date": [date_rank(doc.meta.get("date")) for doc in docs],
            "length": [len(doc.text) for doc in docs],
            "host": [self.names.setdefault(name, len(self.names)) for name in names],
            "id": [hash64(id_) for id_ in ids],
        }
        for name, column in self.columns.items():
            column.extend(found[name])
        return names

    def save(self, work: Path) -> None:
        """Write all columns into one file, one after the other, and the ids into a file of their own."""
        with open(work / "columns", "wb") as file:
            for column in self.columns.values():
                column.tofile(file)
        begins = array("q", accumulate(map(len, self._ids), initial=8 * (len(self._ids) + 1)))
        (work / "ids").write_bytes(b"".join([begins.tobytes(), *self._ids]))


def load(work: Path, *names: str) -> list[NDArray[Any]]:
    """Columns of a part as `Columns.save` wrote them. Raises CleanupError for a file that is not whole."""
    path = work / "columns"
    with open(path, "rb") as file:
        count, rest = divmod(os.fstat(file.fileno()).st_size, sum(_SIZES))
        if rest:
            raise CleanupError(f"{path} is not whole", "delete `.work` beside it and run the same command again")
        found = []
        for name in names:
            file.seek(count * _BEFORE[name])
            column = np.fromfile(file, COLUMNS[name], count)
            found.append(column.view(bool) if name == "live" else column)
    return found


class Ids:
    """The ids of the documents of a part, by row, as `Columns.save` wrote them: they stay in their file."""

    def __init__(self, work: Path) -> None:
        with open(work / "ids", "rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __getitem__(self, row: int) -> str:
        begin, end = BEGIN_END.unpack_from(self._data, 8 * row)
        return self._data[begin:end].decode("utf-8", "surrogatepass")


def hash64(id_: bytes) -> int:
    """A 64-bit hash, stable over processes and versions."""
    return int.from_bytes(hashlib.blake2b(id_, digest_size=8).digest(), "little")


def spin_rank(spin: Any) -> float:
    """How spun a document is, for the keep policy: its verdict first, its score only within "spun"."""
    if not isinstance(spin, dict):
        return 0.0
    score = spin.get("score", 0.0)
    rank: float = {"spun": SPUN + score, "suspect": 1.0}.get(spin.get("verdict", ""), 0.0)
    return rank


def date_rank(date: Any) -> int:
    """Seconds since 1970 of an ISO 8601 date, the far future when there is none, so that dated documents come first."""
    return _seconds(date) if isinstance(date, str) else UNKNOWN_DATE


def remembered(doc: Document, over: str = "") -> Any:
    """What an index remembers of a document beside its sketch. `over`: the id of the document that was kept instead of it."""
    from cleanup.dedup.segments import Row  # which few runs need

    ranks = spin_rank(doc.meta.get("spin")), date_rank(doc.meta.get("date"))
    return Row(doc.id, str(doc.meta.get("url", "")), over, *ranks, len(doc.text))


@lru_cache(maxsize=4096)
def _seconds(date: str) -> int:
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        return UNKNOWN_DATE
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def host(meta: Mapping[str, Any]) -> str:
    """The host a document came from, without "www."; the site's name when there is no URL; "" when nothing is known."""
    url = str(meta.get("url") or "")
    found = PLAIN_URL.match(url)  # nearly all are; the parser is ten times slower
    try:
        name = found[1] if found else url and (urlsplit(url).hostname or "")
    except ValueError:
        name = ""
    return name.removeprefix("www.") or str(meta.get("site") or "")
