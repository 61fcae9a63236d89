"""The directory of an index: segments that never change, and a manifest that says which of them count.

    header.json     how sketches are made; an index made otherwise is refused
    manifest.json   the segments that count, with their sizes; replaced by rename, so that it is always whole
    segments/NAME/  sketches (mapped), rows.jsonl (a line a document), rows.idx (where each line begins)

Whatever a writer leaves behind when it dies is not in the manifest, and is cleared by the next one. One writer at a time holds
`lock`; readers need none: what they have mapped stays readable after a writer has replaced it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.sketch import Sketcher, Sketches, load, save
from cleanup.disk import put_on_disk
from cleanup.errors import CleanupError, remedy
from cleanup.versions import version

if TYPE_CHECKING:
    from cleanup.config import DedupConfig

FORMAT = 1


class Row(msgspec.Struct, array_like=True):
    """What is remembered of a document beside its sketch. `of`: the id of the document that was kept instead of it."""

    id: str
    url: str = ""
    of: str = ""
    spin: float = 0.0
    date: int = (1 << 63) - 1
    length: int = 0


class Segment(msgspec.Struct):
    """A segment as the manifest knows it. `tags` name what was added, so that adding it again does nothing."""

    name: str
    documents: int
    tags: list[str]
    files: dict[str, int]  # name -> size in bytes


def create(root: Path, cfg: DedupConfig) -> None:
    """Make an empty index. Raises CleanupError when something else is there."""
    if root.exists() and any(path.name != "lock" for path in root.iterdir()):
        raise CleanupError(f"{root} is not empty and not an index", "name a new directory")
    header = {
        "format": FORMAT,
        "sketch": Sketcher(cfg).header,
        "made_with": {
            "corpus-cleanup": version("corpus-cleanup"),
            "numpy": np.__version__,
            "unicode": unicodedata.unidata_version,
        },
    }
    try:
        (root / "segments").mkdir(parents=True, exist_ok=True)
        _replace(root / "manifest.json", json.dumps({"segments": []}))
        _replace(root / "header.json", json.dumps(header, indent=1))
    except OSError as error:
        raise _unwritable(root, error) from error


def opened(root: Path, cfg: DedupConfig | None) -> dict[str, tuple[Segment, Mapped]]:
    """The segments of an index by name. Raises CleanupError when there is none, when it was made by other settings, or is
    damaged; without `cfg` by whichever it was made."""
    if not (root / "header.json").exists():
        raise CleanupError(f"{root} is not an index", f"`cleanup index add {root} INPUT` makes one")
    check_header(root, cfg)
    while True:
        present = read_manifest(root)
        try:
            return {segment.name: (segment, mapped(root, segment)) for segment in present}
        except (CleanupError, OSError):
            if read_manifest(root) == present:  # else a writer has replaced segments in the meantime
                raise


def check_header(root: Path, cfg: DedupConfig | None) -> None:
    """Raises CleanupError when the index was made by other settings than these."""
    header = read_json(root / "header.json")
    if header.get("format") != FORMAT:
        raise CleanupError(f"{root} has index format {header.get('format')}, this version reads {FORMAT}", "make it anew")
    mine, theirs = Sketcher(cfg).header if cfg else {}, header.get("sketch", {})
    for name, value in mine.items():
        if theirs.get(name) != value:
            setting = name if name in ("scheme", "seed", "k", "shingle", "min_words") else ""
            remedy = f"set dedup.{setting} to {theirs.get(name)!r}, or " if setting else ""
            raise CleanupError(
                f"{root} was made with {name} {theirs.get(name)!r}, this run has {value!r}",
                f"{remedy}make the index anew: `cleanup index add NEW INPUT`",
            )


def read_manifest(root: Path) -> list[Segment]:
    """The segments that count. Raises CleanupError."""
    try:
        return msgspec.convert(read_json(root / "manifest.json")["segments"], list[Segment])
    except (KeyError, msgspec.ValidationError):
        raise CleanupError(f"{root}/manifest.json is damaged", "restore the index from a copy, or make it anew") from None


def read_json(path: Path) -> dict[str, Any]:
    """An object from a file. Raises CleanupError."""
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise CleanupError(f"{path} is missing or damaged", "restore the index from a copy, or make it anew") from None
    return found


def _replace(path: Path, text: str) -> None:
    """Write a file so that it is there either as before or whole."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    put_on_disk(path.parent)


def _unwritable(root: Path, error: OSError) -> CleanupError:
    return CleanupError(f"cannot write to {root}: {error.strerror or error}; it is as it was", remedy(error))


@contextmanager
def writing(root: Path) -> Iterator[list[Segment]]:
    """Hold the writer's lock; gives the segments that count. Before and after, what does not count is cleared away."""
    try:
        handle = os.open(root / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _unwritable(root, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CleanupError(f"{root} is being written by another process", "wait until that one is done") from None
        _clear(root)
        try:
            yield read_manifest(root)
        finally:
            _clear(root)
    finally:
        os.close(handle)


def _clear(root: Path) -> None:
    """Remove what the manifest does not name."""
    names = {segment.name for segment in read_manifest(root)}
    (root / "manifest.json.tmp").unlink(missing_ok=True)
    for path in (root / "segments").iterdir():
        if path.name not in names:
            shutil.rmtree(path, ignore_errors=True)


def write(root: Path, tables: Sequence[Sketches], rows: Sequence[Row], tags: Sequence[str]) -> Segment:
    """Write a segment; it counts only once it is committed. Raises CleanupError when the disk is full."""
    encode = msgspec.json.Encoder().encode
    try:
        lines = [encode(row) + b"\n" for row in rows]
    except UnicodeEncodeError:  # half a surrogate pair in an id, which JSON can hold: a file name that is not UTF-8
        lines = [json.dumps(msgspec.structs.astuple(row)).encode() + b"\n" for row in rows]
    begins = np.cumsum([0, *map(len, lines)], dtype=np.int64)[:-1]
    name = _name_of(tables, lines)
    final = root / "segments" / name
    number = 1
    while final.exists():  # the same documents once more
        number += 1
        final = root / "segments" / f"{name}-{number}"
    work = final.with_name(final.name + ".tmp")
    try:
        work.mkdir(parents=True)
        save(tables, work / "sketches")
        for file_name, data in (("rows.jsonl", b"".join(lines)), ("rows.idx", begins.tobytes())):
            with (work / file_name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        put_on_disk(work)
        work.rename(final)
        put_on_disk(final.parent)
        files = {path.name: path.stat().st_size for path in sorted(final.iterdir())}
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        raise _unwritable(root, error) from error
    return Segment(final.name, len(lines), sorted(tags), files)


def _name_of(tables: Sequence[Sketches], lines: Sequence[bytes]) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for line in lines:
        digest.update(line)
    for table in tables:
        for begin in range(0, len(table), 4096):
            for field in table.take(slice(begin, begin + 4096)):
                digest.update(np.ascontiguousarray(field).tobytes())
    return digest.hexdigest()


class Mapped(NamedTuple):
    """A segment, mapped: it stays readable when a writer has replaced it."""

    sketches: Sketches
    lines: NDArray[np.uint8]
    begins: NDArray[np.int64]

    def rows(self, numbers: Iterable[int] | None = None) -> Iterator[Row]:
        """What is remembered beside the sketches: of all documents of the segment, or of some."""
        decoder = msgspec.json.Decoder(Row)
        ends = np.append(self.begins[1:], len(self.lines))
        for number in range(len(self.begins)) if numbers is None else numbers:
            line = self.lines[int(self.begins[number]) : int(ends[number])].tobytes()
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError:
                yield msgspec.convert(json.loads(line), Row)


def mapped(root: Path, segment: Segment) -> Mapped:
    """Map a segment. Raises CleanupError when a file of it is missing or does not have its size."""
    home = root / "segments" / segment.name
    for name, size in segment.files.items():
        if not (home / name).exists() or (home / name).stat().st_size != size:
            raise CleanupError(f"{home / name} is missing or cut short", "restore the index from a copy, or make it anew")
    lines = np.memmap(home / "rows.jsonl", np.uint8, "r")
    return Mapped(load([home / "sketches"]), lines, np.memmap(home / "rows.idx", np.int64, "r"))


def commit(root: Path, segments: Sequence[Segment]) -> None:
    """Make these the segments that count. Raises CleanupError when the disk is full."""
    try:
        _replace(root / "manifest.json", json.dumps({"segments": [msgspec.to_builtins(segment) for segment in segments]}))
    except OSError as error:
        raise _unwritable(root, error) from error
