"""Lines of a part to where they belong, with the reasons of those that go: what needs no look at a document, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from itertools import pairwise, repeat
from typing import IO

import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.arrays import packed
from cleanup.dedup.receipts import RULES, Drops
from cleanup.dedup.relation import PASSAGE, clipped, visible
from cleanup.dedup.shingle import I64
from cleanup.document import Drop
from cleanup.part import Tally
from cleanup.read.block import said
from cleanup.read.records import is_utf8
from cleanup.write.columns import Ids
from cleanup.write.corpus import Writer
from cleanup.write.record import text_reader

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

KEEP, PASS, DROP = range(3)  # what becomes of a line, as the kernel has it: into the corpus, away as it is, away with a reason
SUMMARY = b'"cleanup":{'  # stands in a line once, unless `json` had to write it
HEAD = 2 * PASSAGE  # characters of a shared passage in which there are enough to show, as a rule
MORE = 400  # bytes of JSON about a document that goes, beside its reason, its id and its passage


class Lines:
    """The lines of a part: where they are, and the texts in them."""

    def __init__(self, data: memoryview, ends: I64, first: I64, size: I64, field: str) -> None:
        self.data, self.begins, self.ends, self.first, self.size = data, np.append(0, ends[:-1]), ends, first, size
        self.field = field

    def __getitem__(self, row: int) -> memoryview:
        return self.data[self.begins[row] : self.ends[row]]

    def passages(self, rows: I64, spans: I64) -> list[str]:
        """Passages of the texts of some rows, as receipts show them: from a character on, and so many."""
        heads: Iterable[str | None] = repeat(None, len(rows))
        with suppress(ValueError):  # half of a surrogate pair, which is rare
            first = self.first[rows]
            heads = said(self.data, first, first + self.size[rows], spans[:, 0], np.minimum(spans[:, 1], HEAD))
        found = []
        for row, (begin, length), head in zip(rows.tolist(), spans.tolist(), heads, strict=True):
            if head is not None and head.isascii():  # nothing in it is invisible
                found.append(clipped(head))
                continue
            seen = "" if head is None else visible(head)
            if head is None or (length > HEAD and len(seen) <= PASSAGE):
                text = text_reader(self.field)(bytes(self[row]))
                seen = visible(text[begin : begin + length])
            found.append(clipped(seen))
        return found


class Router:
    """Writes the lines of a part of which it knows no more than whether they live, or in which way they go."""

    def __init__(self, lines: Lines, live: Mask, ids: Ids, rows: I64, drops: Drops, step: int) -> None:
        self.lines, self.rows, self.drops, self.step = lines, rows, drops, step
        self._lines = np.frombuffer(lines.data, np.uint8)
        self._what = np.where(live, KEEP, PASS).astype(np.uint8)
        self._what[rows] = DROP
        self._number = np.zeros(len(live), np.int64)
        self._number[rows] = np.arange(len(rows))
        self._ids, self._id_ends = ids.packed()
        self._reasons = np.frombuffer(drops.reasons, np.uint8)
        self._odd = unsound(self._reasons, drops.ends)
        if rows.size:
            self._odd |= unsound(self._ids, self._id_ends)[rows]
        self._kept = np.cumsum(np.append(0, self._what == KEEP))
        self._room: tuple[Bytes, Bytes, Bytes] = (np.empty(0, np.uint8),) * 3
        self._shown = packed([])
        self.counts = np.zeros(len(RULES), np.int64)  # of documents that went, by rule
        self.kept = self.passed = 0

    def prepare(self, here: slice) -> dict[int, Drop]:
        """Get ready for some rows; gives those that somebody else has to settle, with the drops that are proposed for them."""
        first, after = np.searchsorted(self.rows, (here.start, here.stop)).tolist()
        rows, drops = self.rows[first:after], self.drops
        plain, name = np.empty(len(rows), np.uint8), np.frombuffer(SUMMARY, np.uint8)
        _saying()(self._lines, self.lines.ends, rows, len(rows), name, len(name), plain)
        some = np.flatnonzero(drops.passage[first:after, 1])
        shown = [""] * len(rows)
        for at, one in zip(some.tolist(), self.lines.passages(rows[some], drops.passage[first:after][some]), strict=True):
            shown[at] = one
        data, ends = packed(shown)
        odd = np.flatnonzero(self._odd[first:after] | (plain == 0) | unsound(data, ends))
        # The kernel counts drops from the first one of the part.
        self._shown = data, np.append(np.zeros(first, np.int64), ends)
        found = {}
        for at in odd.tolist():
            drop = next(drops.some(first + at, first + at + 1).each())
            if "shared" in drop.why:
                drop.why["shared"] = shown[at]
            found[int(rows[at])] = drop
        return found

    def write(self, first: int, after: int, corpus: Writer, dropped: Writer, ledger: IO[bytes]) -> None:
        """Write some of the rows that `prepare` was told of, and that nobody else settles."""
        kept = int(self._kept[after] - self._kept[first])
        self.kept += kept
        begin, end = int(self.lines.begins[first]), int(self.lines.ends[after - 1])
        if kept == after - first:
            corpus.copy(self.lines.data[begin:end])
            return
        one, two = np.searchsorted(self.rows, (first, after)).tolist()
        self.passed += after - first - kept - (two - one)
        self.counts += np.bincount(self.drops.relation[one:two], minlength=len(RULES))
        out, sizes, drops = self._made(first, after, one, two, end - begin), np.empty(3, np.int64), self.drops
        _route()(
            *(self._lines, self.lines.ends, first, after, self._what, self._number, self._ids, self._id_ends, *packed(RULES)),
            *(drops.relation, drops.score, self._reasons, drops.ends, *self._shown, drops.passage[:, 1].copy(), self.step),
            *(*out, sizes),
        )
        made = [data.data[:size] for data, size in zip(out, sizes.tolist(), strict=True)]
        corpus.copy(made[0])
        dropped.copy(made[1])
        ledger.write(made[2])

    def _made(self, first: int, after: int, one: int, two: int, size: int) -> tuple[Bytes, Bytes, Bytes]:
        """Room for what is written about rows of so many bytes, of which the drops from `one` to `two` go."""
        more = (two - one) * (MORE + 2 * max(map(len, RULES)))
        for ends, begin, end, by in (
            (self._id_ends, first, after, 6),
            (self._shown[1], one, two, 6),
            (self.drops.ends, one, two, 1),
        ):
            more += by * int(ends[end - 1] - (ends[begin - 1] if begin else 0)) if end > begin else 0
        if len(self._room[0]) < size or len(self._room[2]) < more:
            size, more = max(size, len(self._room[0])), max(more, len(self._room[2]))
            self._room = np.empty(size, np.uint8), np.empty(size + more, np.uint8), np.empty(more, np.uint8)
        return self._room

    def count(self, tally: Tally) -> None:
        """Count what was written."""
        tally.counts["kept"] += self.kept
        tally.counts["dropped"] += self.passed
        for rule, count in zip(RULES, self.counts.tolist(), strict=True):
            if count:
                tally.drops(rule, count)


def unsound(data: Bytes, ends: I64) -> Mask:
    """Which of some strings that stand side by side hold halves of surrogate pairs."""
    whole, found = data.tobytes(), np.zeros(len(ends), bool)
    if not is_utf8(whole):
        found[:] = [not is_utf8(whole[begin:end]) for begin, end in pairwise((0, *ends.tolist()))]
    return found


def runs(group: I64, alone: Mask | None = None) -> Iterator[slice]:
    """Runs of rows of one group, of which some stand alone."""
    cut = group[1:] != group[:-1]
    if alone is not None:
        cut |= alone[1:] | alone[:-1]
    cuts: Sequence[int] = (np.flatnonzero(cut) + 1).tolist()
    return (slice(begin, end) for begin, end in pairwise((0, *cuts, len(group))))


@cache
def _saying() -> kernels.Function:
    return kernels.function("lines_saying", "u8* i64* i64* i64 u8* i64 u8*")


@cache
def _route() -> kernels.Function:
    lines, drops = "u8* i64* i64 i64 u8* i64* u8* i64*", "u8* i64* i64* i64* u8* i64* u8* i64* i64*"
    return kernels.function("route_lines", f"{lines} {drops} i64 u8* u8* u8* i64*")
