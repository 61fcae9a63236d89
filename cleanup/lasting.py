"""What of an unfinished run outlives the machine's power, and what has to be made anew.

The death of a process loses nothing that it wrote. Power that fails loses what the system had not put on disk yet; to wait for
the disk at every working file takes longer than most runs. So working files are put there once in a while, and are listed then:
after another start of the machine this list alone is believed. The parts of the corpus are on their way to the disk while others
are made, and are waited for at the end.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from cleanup.disk import put_on_disk, send_to_disk
from cleanup.part import going
from cleanup.write.directory import appearing

EVERY = 300.0  # seconds between two lists: the system has put most of it on disk by then, and nobody waits long
START = Path("/proc/sys/kernel/random/boot_id")  # other at every start of the machine
LIST, STARTED = "lasting", "started"  # files in the working directory


SESSION = b"kern.bootsessionuuid"  # what macOS calls the same


def started() -> str:
    """Which start of the machine this is; where nobody says, every process takes it for another one."""
    try:
        return START.read_text().strip()
    except OSError:
        return _session(ctypes.CDLL(None)) or os.urandom(16).hex()


def _session(library: Any) -> str:
    """The same, where the system's library is asked; "" where it does not know."""
    found, size = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
    ask = getattr(library, "sysctlbyname", None)
    if ask is None or ask(SESSION, found, ctypes.byref(size), None, ctypes.c_size_t(0)):
        return ""
    return found.value.decode("ascii", "replace")


class Lasting:
    """Names of working files and directories, in the order in which one is made from the others, and which are on disk."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self._names: list[str] = []
        self._listed = 0
        self._when = time.monotonic()
        self._files: list[Path] = []  # of the corpus, on their way to the disk

    def recover(self) -> None:
        """After another start of the machine, remove whatever may have lost something."""
        now, mark = started(), self.work / STARTED
        if mark.exists() and mark.read_text(errors="replace") == now:
            return
        list_ = self.work / LIST
        listed = set(list_.read_text().split("\n")) if list_.exists() else set()
        # A mapped part has lost its lines when it was finished, which may not have come to the disk.
        kept = {name for name in listed if not name.startswith("map/") or f"done/{name[4:]}.json" in listed or self._whole(name)}
        if kept != listed:
            self._write(sorted(kept))
        every = [path for folder in ("map", "done") for path in (self.work / folder).glob("*") if path.suffix != ".trail"]
        for path in [*every, *(self.work / name for name in ("dedup", "sites.npz", "sites"))]:
            if path.relative_to(self.work).as_posix() not in kept:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        mark.write_text(now)

    def _whole(self, name: str) -> bool:
        try:
            return all((self.work / name / file).exists() for file in going(self.work / name))
        except FileNotFoundError:
            return False

    def add(self, name: str, *files: Path) -> None:
        """Something is complete: a file or directory of the working directory; `files` of the corpus set out for the disk."""
        for file in files:
            send_to_disk(file)
        self._files += files
        self._names.append(name)
        if time.monotonic() - self._when > EVERY:
            self.save()

    def save(self) -> None:
        """Put everything on disk and list it."""
        new = [self.work / name for name in self._names[self._listed :]]
        for path in new:
            for one in [*path.iterdir(), path] if path.is_dir() else [path]:
                with suppress(FileNotFoundError):  # a worker is finishing that part
                    put_on_disk(one)
        for folder in {self.work, *(path.parent for path in new)}:
            put_on_disk(folder)
        self.settle()
        self._write(self._names)
        self._listed, self._when = len(self._names), time.monotonic()

    def settle(self) -> None:
        """Put the files of the corpus on disk, and their names."""
        if self._files:
            for path in (*self._files, *{file.parent for file in self._files}, self.work.parent):
                put_on_disk(path)
        self._files.clear()

    def _write(self, names: list[str]) -> None:
        with appearing(self.work / LIST, lasting=True) as file:
            file.write("\n".join(names).encode())
