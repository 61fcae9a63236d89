"""Names to sources: files, directories, globs, standard input and URLs, in an order that depends on nothing but the names."""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from cleanup.errors import InputError, MissingExtra


class Source(msgspec.Struct, frozen=True):
    """One stored input. `label` names it in document ids, wherever it lies; `error` says why it cannot be read."""

    path: str
    label: str
    size: int = 0
    mtime_ns: int = 0
    error: str = ""


def expand(names: Sequence[str]) -> list[Source]:
    """All sources behind the INPUT arguments, each once, in the order of the arguments and sorted inside a directory.

    Raises InputError for a name that matches nothing.
    """
    found: dict[str, Source] = {}
    for name in names:
        for source in _one(name):
            found.setdefault(source.path, source)
    return list(found.values())


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
    """Files below a directory, sorted by relative path. A link to a directory that is its own ancestor is reported."""
    pending: list[tuple[str, frozenset[tuple[int, int]]]] = [("", frozenset())]
    while pending:
        relative, above = pending.pop()
        here = os.path.join(root, relative)
        try:
            status = os.stat(here)
            identity = (status.st_dev, status.st_ino)
            if identity in above:
                yield Source(here, relative, error="symbolic link loop")
                continue
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            yield Source(here, relative, error=error.strerror or str(error))
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = str(PurePosixPath(relative, entry.name))
            if _is_directory(entry):
                pending.append((path, above | {identity}))
            else:
                yield describe(os.path.join(root, path), path)


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def describe(path: str, label: str) -> Source:
    """A source with its size and time, or with the reason why it cannot be one."""
    try:
        status = os.stat(path)
    except OSError as error:
        return Source(path, label, error=error.strerror or str(error))
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode) and not stat.S_ISCHR(status.st_mode):
        return Source(path, label, error="not a regular file")
    if not os.access(path, os.R_OK):
        return Source(path, label, error="permission denied")
    return Source(path, label, status.st_size, status.st_mtime_ns)


def _remote(url: str) -> Iterator[Source]:
    try:
        import fsspec
    except ImportError:
        raise MissingExtra(f"reading {url}", "remote") from None
    try:
        filesystem, path = fsspec.core.url_to_fs(url)
        paths = sorted(filesystem.glob(path)) if glob.has_magic(path) else [path]
        paths = [one for path in paths for one in (sorted(filesystem.find(path)) if filesystem.isdir(path) else [path])]
        for one in paths:
            yield Source(filesystem.unstrip_protocol(one), PurePosixPath(one).name, int(filesystem.size(one) or 0))
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"cannot open {url}: {error}", "check the URL, or install the filesystem's own package") from None


def stdin_is_terminal() -> bool:
    """Whether nobody piped anything in."""
    return sys.stdin is not None and sys.stdin.isatty()
