"""The run directory: who may write into it, what belongs to it, and files that appear only when they are complete."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import msgspec

from cleanup.disk import put_on_disk
from cleanup.errors import RunError, remedy

BUFFER = 1 << 18  # bytes that are read or written at once
MANIFEST = "manifest.json"
_locks: set[IO[str]] = set()  # that this process holds


def _let_go() -> None:
    """A worker that is forked while its parent holds a lock must not hold it beyond its parent's end."""
    for file in _locks:
        file.close()


os.register_at_fork(after_in_child=_let_go)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the directory's lock. Raises RunError when another run holds it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        file = open(path / ".lock", "a")  # noqa: SIM115 (held for the length of the run)
    except OSError as error:
        raise RunError(f"cannot write to {path}: {error.strerror}", "choose another directory with -o") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(f"another run is writing to {path}", "wait for it, or choose another directory with -o") from None
        _locks.add(file)
        try:
            yield
        finally:
            _locks.discard(file)


@contextmanager
def appearing(path: Path, *, lasting: bool = False) -> Iterator[IO[bytes]]:
    """A file that appears under its name, complete, when the block ends; after an error nothing appears.

    `lasting`: it is on disk then, and outlives the machine's power. What belongs to a run is put on disk in its own time.
    """
    # The name is this process's own: an older one that has not quite died yet cannot write into the same file.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb", BUFFER) as file:
            yield file
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        os.replace(temporary, path)
        if lasting:
            put_on_disk(path.parent)
    except BaseException as error:
        with suppress(OSError):  # of a place that cannot be written nothing can be removed
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise RunError(f"cannot write {path}: {error.strerror or error}", remedy(error)) from error
        raise


def write_json(path: Path, data: Any, *, lasting: bool = False) -> None:
    """One JSON document, indented, appearing by rename."""
    with appearing(path, lasting=lasting) as file:
        file.write(msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n")


def read_json(path: Path) -> Any:
    """A JSON document. Raises RunError when it is missing or broken."""
    try:
        return msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        raise RunError(f"{path.parent} is not a run directory: no {path.name}", "name the directory given to -o") from None
    except (OSError, msgspec.DecodeError) as error:
        raise RunError(f"cannot read {path}: {error}", "run again into a new directory") from None


def claim(path: Path, manifest: dict[str, Any]) -> bool:
    """Make `path` the directory of the run that `manifest` describes, or find that it already is: True.

    Raises RunError when the directory holds something else: nothing of it is touched.
    """
    work = path / ".work"
    known = path / "run.json" if (path / "run.json").exists() else work / MANIFEST
    if known.exists():
        found = read_json(known)
        digests = found.get("digests", {})
        for what, value in manifest["digests"].items():
            if digests.get(what) != value:
                difference = _difference(found, manifest)
                if what == "configuration" and not difference:
                    what = "answers to held decisions"  # the only part of it that is not listed
                raise RunError(
                    f"{path} belongs to a run with other {what}{difference}",
                    "choose another directory with -o, or repeat the command that made this one",
                )
        return True
    strangers = [entry.name for entry in path.iterdir() if entry.name not in (".lock", ".work")]
    if strangers:
        raise RunError(f"{path} is not empty and is not a run directory: {', '.join(sorted(strangers)[:3])}", "choose another -o")
    work.mkdir(exist_ok=True)
    write_json(work / MANIFEST, manifest, lasting=True)
    put_on_disk(path)  # where `.work` is
    return False


def _difference(found: dict[str, Any], manifest: dict[str, Any]) -> str:
    """The first setting or library that differs, if it is that."""
    for where in ("config", "versions"):
        old, new = _leaves(found.get(where, {})), _leaves(manifest.get(where, {}))
        for name in new:
            if old.get(name) != new[name]:
                return f": {name} was {old.get(name)!r} and is {new[name]!r}"
    return ""


def _leaves(tree: dict[str, Any], path: str = "") -> dict[str, Any]:
    """Every value of a tree of tables, by its dotted path, as JSON has it."""
    found: dict[str, Any] = {}
    for name, value in tree.items():
        found |= _leaves(value, f"{path}{name}.") if isinstance(value, dict) else {f"{path}{name}": value}
    return msgspec.json.decode(msgspec.json.encode(found), type=dict[str, Any])


def complete(path: Path) -> None:
    """Raises RunError when a file of a finished run is not there any more."""
    kinds = ("corpus", "dropped", "ledger")
    numbers = {kind: {file.name.split(".")[0] for file in (path / kind).glob("part-*")} for kind in kinds}
    every = set().union(*numbers.values())
    for kind in kinds:
        for name in sorted(every - numbers[kind]):
            raise RunError(f"{path / kind / name}.* is missing from a finished run", "run again into a new directory")


def sweep(path: Path) -> None:
    """Remove what a run that was killed has left half written."""
    for place in (path, path / "corpus", path / "dropped", path / "ledger", path / ".work"):
        for left in place.glob(".*.tmp"):
            left.unlink(missing_ok=True)
    for left in (path / ".work" / "map").glob("*.tmp"):
        shutil.rmtree(left, ignore_errors=True)


def discard(path: Path) -> None:
    """Remove the working files of a finished run."""
    shutil.rmtree(path / ".work", ignore_errors=True)
