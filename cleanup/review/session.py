"""A walk through the held decisions: answer, go back, answer all alike. The same for terminal and browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cleanup.document import Decision
from cleanup.review.answers import FILE, of_run, save
from cleanup.review.queue import Held, kind


class Session:
    """Answers to a list of held decisions; every change is on disk, by rename, before the next question."""

    def __init__(self, run: Path, items: Sequence[Held]) -> None:
        self.run = run
        self.answers = of_run(run)
        self.items = list(items)
        self.keys = {item.key for item in items}
        self.like: dict[tuple[str, str, str], list[str]] = {}
        for item in items:
            self.like.setdefault(kind(item), []).append(item.key)
        self.open = [item for item in items if item.key not in self.answers]
        self.at = 0
        self._done: list[tuple[int, dict[str, Decision | None]]] = []  # where we stood, and what the answers were before

    @property
    def item(self) -> Held | None:
        """The decision in question, None at the end."""
        while self.at < len(self.open) and self.open[self.at].key in self.answers:
            self.at += 1
        return self.open[self.at] if self.at < len(self.open) else None

    @property
    def answered(self) -> int:
        """How many of the held decisions have an answer."""
        return sum(key in self.answers for key in self.keys)

    def answer(self, decision: Decision | None, *, alike: bool = False) -> int:
        """Answer the decision in question (None: unsure, it stays open) and go on; `alike`: and all that are still open of its
        kind. Gives the number of decisions that were answered."""
        item = self.item
        if item is None:
            return 0
        keys = self.like[kind(item)] if alike else [item.key]
        change = {key: decision for key in keys if key == item.key or key not in self.answers} if decision else {}
        self._done.append((self.at, {key: self.answers.get(key) for key in change}))
        self._set(change)
        self.at += 1
        return len(change)

    def set(self, key: str, decision: Decision | None) -> bool:
        """Answer any held decision by its key, or take its answer back with None; False when it is not one of this run's."""
        if key not in self.keys:
            return False
        self._set({key: decision})
        return True

    def back(self) -> bool:
        """Undo: return to the previous question, its answer, and those given with it, taken back. False at the beginning."""
        if not self._done:
            return False
        self.at, before = self._done.pop()
        self._set(before)
        return True

    def _set(self, change: dict[str, Decision] | dict[str, Decision | None]) -> None:
        if not change:
            return
        for key, decision in change.items():
            if decision is None:
                self.answers.pop(key, None)
            else:
                self.answers[key] = decision
        save(self.run / FILE, self.answers)
