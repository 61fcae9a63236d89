"""A machine whose power fails: what was not put on disk may be gone, cut off, or as it was; and the machine starts anew."""

from __future__ import annotations

import os
import random
import shutil
import stat
from pathlib import Path

from cleanup import lasting


class Power:
    """The power of the machine on which runs write below `out`. What they put on disk is noted in `place`, for later ones too."""

    def __init__(self, place: Path, out: Path) -> None:
        self.out = out
        self.notes = place / "on-disk"
        self.start = place / "start"
        lasting.START = self.start

    def on(self) -> None:
        """The machine starts, for the first time."""
        self.notes.write_text("")
        self.start.write_text("0")

    def watch(self, every: float) -> None:
        """From now on note what this process puts on disk; it lists its work every so many seconds."""
        lasting.EVERY = every
        fsync = os.fsync

        def noting(handle: int) -> None:
            fsync(handle)
            name = os.readlink(f"/proc/self/fd/{handle}")
            found = [_name(name, one) for one in os.scandir(handle)] if os.path.isdir(name) else [_content(os.fstat(handle))]
            with open(self.notes, "a") as file:
                file.writelines(f"{line}\n" for line in found)

        os.fsync = noting

    def fail(self, rng: random.Random) -> None:
        """Power fails, and comes again."""
        known = set(self.notes.read_text().split("\n"))
        for folder, names, files in os.walk(self.out):
            for one in list(os.scandir(folder)):
                if _name(folder, one) not in known and rng.random() < 0.3:
                    shutil.rmtree(one) if one.is_dir() else os.unlink(one)
                    (names if one.name in names else files).remove(one.name)
            for path in (Path(folder, name) for name in files):
                if _content(path.stat()) not in known and rng.random() < 0.7:
                    os.truncate(path, rng.choice((0, path.stat().st_size // 2)))
        self.start.write_text(str(rng.random()))


def _content(found: os.stat_result) -> str:
    return f"{found.st_ino} {found.st_mtime_ns} {found.st_size}"


def _name(folder: str, one: os.DirEntry[str]) -> str:
    found = os.lstat(os.path.join(folder, one.name))  # an entry of a handle has no path
    return f"{folder} {one.name} {found.st_ino if stat.S_ISDIR(found.st_mode) else _content(found)}"
