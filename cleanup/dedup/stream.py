"""Deduplicating a stream against itself and an index: the first one seen wins."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from cleanup.dedup import estimate, relation
from cleanup.dedup.candidates import worthwhile
from cleanup.dedup.lookup import Lookup, candidates
from cleanup.dedup.receipts import figures
from cleanup.dedup.relation import EXACT, Verdict
from cleanup.dedup.shingle import I64
from cleanup.dedup.sketch import Sketcher, Sketches, concatenate, empty
from cleanup.document import Drop

if TYPE_CHECKING:
    from cleanup.config import DedupConfig
    from cleanup.dedup.index import Index
    from cleanup.dedup.segments import Row

SPOOL = 4 << 30  # bytes of text set aside on disk for comparison; later documents are compared by their sketches
SURE = 0.9  # score from which a document goes
ROWS = 1024  # sketches in one table


class StreamDeduplicator:
    """Tells of every document whether an earlier one, or one of the index, covers it.

    Memory is about 900 bytes a document that stays; the texts of those lie in a temporary file that goes with this object.
    """

    def __init__(self, cfg: DedupConfig, rules: Sequence[str | Path] = (), index: Index | None = None) -> None:
        if index is None and cfg.index:
            from cleanup.dedup.index import Index

            index = Index.open(cfg.index, cfg, create=True)
        self.cfg, self.index = cfg, index
        self.sketcher = Sketcher(cfg, rules)
        self.ids: list[str] = []
        self._spun: list[bool] = []
        self._lookup = Lookup()
        self._store = Store(empty(cfg))
        self._texts = Texts()
        self._every: list[Sketches] = []  # for the index

    def add(self, docs: Sequence[tuple[str, str]], spun: Sequence[bool] = ()) -> list[Drop | None]:
        """(id, text) of the next documents of the stream: a Drop for each that is covered, None for each that stays.

        `spun` says which of them were found spun: those that a text covers which was not are spun copies of it, however close
        their repair brought them.

        The answers do not depend on how the stream is cut into calls; calls with many documents cost less.
        """
        sketches = self.sketcher.batch([text for _, text in docs])
        if self.index is not None:
            self._every.append(sketches)
        drops = self._remembered(sketches)
        shared = self._lookup.find(sketches)
        stay: list[int] = []
        for row, (id_, text) in enumerate(docs):
            one = sketches.take(slice(row, row + 1))
            changed = bool(spun) and spun[row]
            drop = drops[row] or self._seen(one, text, np.array(candidates(shared[row]), np.int64), changed)
            drops[row] = drop
            if drop is None or drop.score < SURE:
                for hash_ in shared[row]:
                    hash_.fellows.append(len(self.ids))
                stay.append(row)
                self._store.add(one)
                self._texts.add(text)
                self.ids.append(id_)
                self._spun.append(changed)
        self._lookup.add(sketches.take(stay))
        return drops

    def remember(self, rows: Sequence[Row]) -> int:
        """Add all documents of the stream, which has ended, to the index: a row for each; how many."""
        return self.index.add(concatenate(self._every), rows) if self.index is not None and rows else 0

    def _remembered(self, sketches: Sketches) -> list[Drop | None]:
        if self.index is None:
            return [None] * len(sketches)
        matches = self.index.query(sketches)
        return [_drop(best.verdict, best.id, {"index": True, "kept": best.kept}) if best else None for best in matches]

    def _seen(self, one: Sketches, text: str, hits: I64, spun: bool) -> Drop | None:
        """The earliest document that surely covers this one, else the earliest that may."""
        hits = self._worthwhile(one, hits)
        if not len(hits):
            return None
        best: tuple[bool, int, Verdict] | None = None
        for number, verdict in zip(hits.tolist(), self._verdicts(one, text, hits), strict=True):
            sure = verdict.score >= SURE
            if verdict.relation is not None and verdict.covers[0] and (best is None or (sure and not best[0])):
                best = (sure, number, verdict)
        if best is None:
            return None
        _, number, verdict = best
        if spun and not self._spun[number] and verdict.relation in ("exact", "near"):
            verdict = verdict._replace(relation="spun")
        return _drop(verdict, self.ids[number], {}, text)

    def _worthwhile(self, one: Sketches, hits: I64) -> I64:
        """The documents that are worth a comparison: those whose sketches agree, and any with the same words."""
        if not len(hits):
            return hits
        table, every = self._store.take(hits), np.arange(len(hits))
        fits = worthwhile(table, one, every, np.zeros_like(every), self.cfg)
        return np.asarray(hits[fits | (table.exact == one.exact)])

    def _verdicts(self, one: Sketches, text: str, hits: I64) -> list[Verdict]:
        known = self._texts.get(hits.tolist())
        table = self._store.take(hits)
        nobody = np.zeros(len(hits), np.int64)
        if any(other is None for other in known):
            return estimate.judge(table, one, np.arange(len(hits)), nobody, self.cfg)
        found: list[Verdict] = [EXACT] * len(known)
        others = [place for place, other in enumerate(known) if other != text]
        short = int(one.tokens[0]) < self.cfg.min_words
        compared = [place for place in others if not short and int(table.tokens[place]) >= self.cfg.min_words]
        for place in others:
            found[place] = EXACT._replace(relation=None)
        if compared:
            texts = [text, *(known[place] or "" for place in compared)]
            a = np.arange(1, len(texts))
            verdicts = relation.verdicts(texts, a, np.zeros(len(a), np.int64), self.cfg, self.sketcher.classes)
            for place, verdict in zip(compared, verdicts, strict=True):
                found[place] = verdict
        return found


def _drop(verdict: Verdict, id_: str, more: dict[str, Any], text: str = "") -> Drop:
    why: dict[str, Any] = {"duplicate_of": id_, **figures(verdict), "keep_reason": "seen first", **more}
    if verdict.passages[1][1]:
        begin, size = verdict.passages[1]
        why["shared"] = relation.passage(text[begin : begin + size])
    return Drop(f"dedup/{verdict.relation}", round(verdict.score, 4), why)


class Store:
    """Sketches in tables of `ROWS` rows, so that growing copies none of them twice."""

    def __init__(self, kind: Sketches) -> None:
        self.tables: list[Sketches] = []
        self.rest: list[Sketches] = []
        self.kind = kind

    def add(self, sketches: Sketches) -> None:
        """Append the sketch of one document."""
        self.rest.append(Sketches(*(np.array(field) for field in sketches)))
        if len(self.rest) == ROWS:
            self.tables.append(concatenate(self.rest))
            self.rest = []

    def take(self, numbers: I64) -> Sketches:
        """The sketches of some documents, in that order."""
        rows = []
        for number in numbers.tolist():
            table, row = divmod(number, ROWS)
            rows.append(self.rest[row] if table == len(self.tables) else self.tables[table].take(slice(row, row + 1)))
        return concatenate(rows) if rows else self.kind


class Texts:
    """The texts of earlier documents, in a temporary file, up to a size."""

    def __init__(self) -> None:
        self.file: IO[bytes] | None = None
        self.ends = [0]

    def add(self, text: str) -> None:
        """Set one text aside."""
        if self.ends[-1] >= SPOOL:
            return
        if self.file is None:
            self.file = tempfile.TemporaryFile(prefix="cleanup-")  # noqa: SIM115 (lives as long as this object)
        data = text.encode("utf-8", "surrogatepass")
        self.file.seek(self.ends[-1])
        self.file.write(data)
        self.ends.append(self.ends[-1] + len(data))

    def get(self, numbers: Sequence[int]) -> list[str | None]:
        """Texts by number, None for those that are not set aside."""
        found: list[str | None] = []
        for number in numbers:
            if number + 1 >= len(self.ends) or self.file is None:
                found.append(None)
                continue
            self.file.seek(self.ends[number])
            found.append(self.file.read(self.ends[number + 1] - self.ends[number]).decode("utf-8", "surrogatepass"))
        return found
