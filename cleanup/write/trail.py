"""What a piece of work was doing when its process died: a file that only grows, and goes when the work is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import TypeVar

Item = TypeVar("Item")
TRUSTED = 2  # deaths that may have had nothing to do with the work, before it is done with care
FATAL = 3  # deaths at one and the same item that condemn it


class Trail:
    """The trail of one piece of work: a line "begin" for each attempt and, with care, the number of each item before it.

    It outlives its process, and the whole run: a repeated command knows what killed the one before.
    """

    def __init__(self, path: Path) -> None:
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        deaths = Counter(line for line, after in pairwise([*lines, "begin"]) if after == "begin" and line.isdecimal())
        self.careful = lines.count("begin") >= TRUSTED
        self.fatal = {int(line) for line, count in deaths.items() if count >= FATAL}
        self.path = path

    def __enter__(self) -> Trail:
        self.file = open(self.path, "a", buffering=1)
        self.write("begin")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.file.close()
        # An error that the work itself reports is no death; but memory that ran out may be an item's doing.
        if not (kind is not None and issubclass(kind, MemoryError)):
            self.path.unlink(missing_ok=True)

    def write(self, line: str) -> None:
        """One more line, at once."""
        self.file.write(f"{line}\n")

    def follow(self, items: Sequence[Item] | Iterator[Item]) -> Iterator[tuple[Item, bool]]:
        """Every item, and whether it is one that may be tried."""
        for number, item in enumerate(items):
            if number in self.fatal:
                yield item, False
                continue
            if self.careful:
                self.write(str(number))
            yield item, True
        self.end()

    def end(self) -> None:
        """Whoever dies from here on did not die at an item."""
        self.write("end")
