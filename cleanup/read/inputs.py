"""Names to sources: files, directories, globs, standard input and URLs, in an order that depends on nothing but the names."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import msgspec

from cleanup.errors import InputError, MissingExtra

T = TypeVar("T")


class Source(msgspec.Struct, frozen=True, array_like=True):
    """One stored input. `label` names it in document ids, wherever it lies; `error` says why it cannot be read."""

    path: str
    label: str
    size: int = 0
    mtime_ns: int = 0
    error: str = ""


class Sources:
    """Any number of sources in little memory: packed in blocks, some 25 bytes each; iterates in order, as often as asked."""

    BLOCK = 4096

    def __init__(self, sources: Iterable[Source]) -> None:
        self._blocks: list[bytes] = []
        self._count = 0
        self.size = 0  # stored bytes of all
        self._digest = hashlib.blake2b(digest_size=16)
        block: list[Source] = []
        for source in sources:
            block.append(source)
            if len(block) == self.BLOCK:
                self._keep(block)
                block = []
        self._keep(block)

    def _keep(self, block: list[Source]) -> None:
        self._count += len(block)
        self.size += sum(source.size for source in block)
        self._digest.update(plain(block))
        self._blocks.append(pack(block))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Source]:
        for block in self._blocks:
            yield from unpack(block, list[Source])

    def digest(self) -> str:
        """Hex digest of names, sizes and times: other inputs have another one."""
        return self._digest.hexdigest()


def plain(data: Any) -> bytes:
    """Structs as bytes. A name that is not UTF-8 (a surrogate in a path) is written as JSON can hold it."""
    try:
        return b"m" + msgspec.msgpack.encode(data)
    except UnicodeEncodeError:
        return b"j" + json.dumps(msgspec.to_builtins(data)).encode()


def pack(data: Any) -> bytes:
    """Structs as few bytes."""
    import zstandard

    return zstandard.compress(plain(data), 1)


def unpack(data: bytes, kind: type[T]) -> T:
    """What `pack` packed."""
    import zstandard

    raw = zstandard.decompress(data)
    if raw[:1] == b"m":
        return msgspec.msgpack.decode(raw[1:], type=kind)
    return msgspec.convert(json.loads(raw[1:]), kind)


def expand(names: Sequence[str]) -> Sources:
    """All sources behind the INPUT arguments, each once, in the order of the arguments and sorted inside a directory.

    Raises InputError for a name that matches nothing.
    """
    if len(names) == 1 and os.path.isdir(names[0]):
        return Sources(_walk(names[0]))  # a walk meets no file twice, so there is no need to remember them
    return Sources(_once(source for name in names for source in _one(name)))


def _once(sources: Iterable[Source]) -> Iterator[Source]:
    seen: set[str] = set()
    for source in sources:
        if source.path not in seen:
            seen.add(source.path)
            yield source


def _one(name: str) -> Iterator[Source]:
    if name == "-":
        yield Source("-", "stdin")
    elif "://" in name:
        yield from _remote(name)
    elif os.path.isdir(name):
        yield from _walk(name)
    elif os.path.lexists(name):
        yield describe(name, Path(name).name)
    else:
        matches = sorted(glob.glob(name, recursive=True)) if glob.has_magic(name) else []
        if not matches:
            raise InputError(f"no such input: {name}", "name a file, a directory, a glob in quotes, or - for standard input")
        for match in matches:
            yield from _one(match)


def _walk(root: str) -> Iterator[Source]:
    """Files below a directory, sorted by relative path, a directory after the files beside it.

    A link to a directory above it is reported; one to a directory that was walked already leads to nothing new and is passed
    over, so that links cannot multiply the files. Only names are held in memory, of one directory at a time.
    A run directory, most of whose files are no documents, is reported; raises InputError where it is the one that was named.
    """
    if _is_run(root):
        raise InputError(f"{root} is the directory of a run", f"to clean what it kept, name {os.path.join(root, 'corpus')}")
    seen: set[tuple[int, int]] = set()
    pending: list[tuple[str, frozenset[tuple[int, int]]]] = [("", frozenset())]
    while pending:
        relative, above = pending.pop()
        here = os.path.join(root, relative)
        try:
            status = os.stat(here)
            identity = (status.st_dev, status.st_ino)
            if identity in above:
                yield Source(here, relative, error="symbolic link loop")
            if identity in seen:
                continue
            seen.add(identity)
            if relative and _is_run(here):
                yield Source(here, relative, error="the directory of a run; to clean what it kept, name its corpus/")
                continue
            names = sorted(os.listdir(here))
        except OSError as error:
            yield Source(here, relative, error=error.strerror or str(error))
            continue
        for name in names:
            if name.startswith("."):
                continue
            path = f"{relative}/{name}" if relative else name
            full = os.path.join(root, path)
            try:
                status = os.stat(full)
            except OSError as error:
                yield Source(full, path, error=error.strerror or str(error))
                continue
            if stat.S_ISDIR(status.st_mode):
                pending.append((path, above | {identity}))
            else:
                # Nobody named a pipe or device that lies in a directory; to open one may wait for ever.
                yield _source(full, path, status, (stat.S_ISREG,))


def _is_run(path: str) -> bool:
    return os.path.isfile(os.path.join(path, "run.json")) and os.path.isdir(os.path.join(path, "ledger"))


def describe(path: str, label: str) -> Source:
    """A source with its size and time, or with the reason why it cannot be one."""
    try:
        status = os.stat(path)
    except OSError as error:
        return Source(path, label, error=error.strerror or str(error))
    return _source(path, label, status, (stat.S_ISREG, stat.S_ISFIFO, stat.S_ISCHR))


def _source(path: str, label: str, status: os.stat_result, kinds: Sequence[Callable[[int], bool]]) -> Source:
    if not any(kind(status.st_mode) for kind in kinds):
        return Source(path, label, error="not a regular file")
    if not os.access(path, os.R_OK):
        return Source(path, label, error="permission denied")
    # A pipe has no size and its time is that of its last byte.
    regular = stat.S_ISREG(status.st_mode)
    return Source(path, label, status.st_size if regular else 0, status.st_mtime_ns if regular else 0)


def _remote(url: str) -> Iterator[Source]:
    try:
        import fsspec
    except ImportError:
        raise MissingExtra(f"reading {url}", "remote") from None
    try:
        filesystem, path = fsspec.core.url_to_fs(url)
        # On the web any page with links passes for a directory, and a question mark is part of a name.
        web = url.startswith(("http://", "https://"))
        paths = sorted(filesystem.glob(path)) if ("*" in path if web else glob.has_magic(path)) else [path]
        if not paths:
            raise InputError(f"no such input: {url}", "nothing is called so there")
        for root in paths:
            for one in sorted(filesystem.find(root)) if not web and filesystem.isdir(root) else [root]:
                label = one.removeprefix(root).lstrip("/") or PurePosixPath(one).name
                yield Source(filesystem.unstrip_protocol(one), label, int(filesystem.size(one) or 0))
    except (OSError, ValueError, ImportError) as error:
        what = "there is no such file" if isinstance(error, FileNotFoundError) else error
        raise InputError(f"cannot open {url}: {what}", "check the URL, or install the filesystem's own package") from None
