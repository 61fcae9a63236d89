"""The persistent index: it remembers the sketches of documents across runs, and which of them stayed.

New documents are compared with the old ones by their sketches (`estimate`): an index holds no texts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from cleanup.arrays import among, distinct
from cleanup.dedup import estimate, segments
from cleanup.dedup.keep import Columns, order
from cleanup.dedup.lookup import common
from cleanup.dedup.relation import Verdict
from cleanup.dedup.segments import Row, Segment
from cleanup.dedup.shingle import I64
from cleanup.dedup.sketch import Sketches
from cleanup.errors import CleanupError

if TYPE_CHECKING:
    from cleanup.config import DedupConfig

JUDGED = 1 << 12  # pairs judged at a time


class Match(NamedTuple):
    """A remembered document that covers a new one, and the verdict on (remembered, new)."""

    id: str
    verdict: Verdict
    kept: str  # the document that stayed of the remembered one's cluster


class Index:
    """A view of an index as it was when it was opened."""

    def __init__(self, path: Path, cfg: DedupConfig, skip: str = "", comparing: bool = True) -> None:
        self.path, self.cfg, self.comparing = path, cfg, comparing
        self.skip = skip  # segments with this tag are not looked at
        self._refresh()

    def _refresh(self) -> None:
        self._segments = segments.opened(self.path, self.cfg if self.comparing else None)

    @classmethod
    def open(cls, path: str | Path, cfg: DedupConfig, *, create: bool = False, skip: str = "", comparing: bool = True) -> Index:
        """Open an index. Raises CleanupError when there is none, when it was made by other settings, or is damaged.

        Not `comparing`: to look at it or to forget, which an index of any settings bears.
        """
        root = Path(path)
        if create and not (root / "header.json").exists():
            segments.create(root, cfg)
        return cls(root, cfg, skip, comparing)

    @property
    def segments(self) -> list[Segment]:
        """The segments that count."""
        return [segment for segment, _ in self._segments.values()]

    def __len__(self) -> int:
        return sum(segment.documents for segment in self.segments)

    def info(self) -> dict[str, Any]:
        """What the index is, and how much it holds."""
        size = sum(sum(segment.files.values()) for segment in self.segments)
        return {
            **segments.read_json(self.path / "header.json"),
            "documents": len(self),
            "segments": [{"name": one.name, "documents": one.documents, "tags": one.tags} for one in self.segments],
            "bytes": size,
            "bytes_per_document": round(size / max(len(self), 1), 1),
        }

    # ------------------------------------------------------------------------------------------------ asking
    def query(self, sketches: Sketches) -> list[Match | None]:
        """For every new document the remembered one that covers it most surely, or None."""
        return [found[0] if found else None for found in self.matches(sketches)]

    def matches(self, sketches: Sketches) -> list[list[Match]]:
        """For every new document all remembered ones that cover it, the surest first, then the one remembered first."""
        found: list[list[Match]] = [[] for _ in range(len(sketches))]
        for segment, mapped in self._segments.values():
            if self.skip and self.skip in segment.tags:
                continue
            table = mapped.sketches
            new, old = common(sketches, table)
            for begin in range(0, len(new), JUDGED):
                part = slice(begin, begin + JUDGED)
                verdicts = estimate.judge(table, sketches, old[part], new[part], self.cfg)
                good = [place for place, one in enumerate(verdicts) if one.relation is not None and one.covers[0]]
                rows = mapped.rows(old[part][good].tolist())
                for place, row in zip(good, rows, strict=True):
                    found[int(new[part][place])].append(Match(row.id, verdicts[place], row.of or row.id))
        return [sorted(some, key=lambda match: -match.verdict.score) for some in found]

    # ------------------------------------------------------------------------------------------------ changing
    def add(self, sketches: Sketches, rows: Sequence[Row], tag: str = "") -> int:
        """Remember documents; how many. One that is remembered already, with the same id and the same words, is not remembered
        twice, and `tag` adds nothing when it was added before. Raises CleanupError; the index stays whole."""
        with segments.writing(self.path) as present:
            if not len(sketches) or (tag and any(tag in segment.tags for segment in present)):
                return 0
            self._refresh()
            fresh = self._fresh(sketches, rows)
            if len(fresh):
                some = sketches if len(fresh) == len(sketches) else sketches.take(fresh)
                found = [rows[number] for number in fresh.tolist()]
                segments.commit(self.path, [*present, segments.write(self.path, [some], found, [tag] if tag else [])])
                self._refresh()
        return len(fresh)

    def _fresh(self, sketches: Sketches, rows: Sequence[Row]) -> I64:
        """The numbers of the documents that are not remembered, each once."""
        keys = sketches.exact
        ordered = distinct(keys)
        known: set[tuple[str, int]] = set()
        for _, mapped in self._segments.values():
            theirs = mapped.sketches.exact
            same = np.flatnonzero(among(theirs, ordered))
            known.update(zip((row.id for row in mapped.rows(same.tolist())), theirs[same].tolist(), strict=True))
        fresh = []
        for number, one in enumerate(zip((row.id for row in rows), keys.tolist(), strict=True)):
            if one not in known:
                known.add(one)
                fresh.append(number)
        return np.array(fresh, np.int64)

    def forget(self, ids: Sequence[str] = (), urls: Sequence[str] = (), match: str = "") -> dict[str, Any]:
        """Remove documents by id, by URL, or by a pattern that is searched in either, and prove that nothing is left of them.

        Where a document that stayed goes, the best of those that it stood for takes its place.
        """
        gone = _chosen(set(ids), set(urls), match)
        with segments.writing(self.path):
            self._refresh()
            before = len(self)
            kept = {name: list(mapped.rows()) for name, (_, mapped) in self._segments.items()}
            lost = {row.id for rows in kept.values() for row in rows if gone(row)}
            heirs = self._heirs([row for rows in kept.values() for row in rows if row.of in lost and not gone(row)])
            fresh: list[Segment] = []
            for name, (segment, mapped) in self._segments.items():
                rows = kept[name]
                stay = [place for place, row in enumerate(rows) if not gone(row)]
                new = [_inherit(rows[place], heirs) for place in stay]
                if new == rows:
                    fresh.append(segment)
                elif stay:
                    fresh.append(segments.write(self.path, [mapped.sketches.take(np.array(stay))], new, segment.tags))
            rewritten = sum(segment not in fresh for segment in self.segments)
            segments.commit(self.path, fresh)
            self._refresh()
            # The proof reads everything back from the disk.
            everybody = (row for _, mapped in self._segments.values() for row in mapped.rows())
            left = sum(gone(row) or row.of in lost for row in everybody)
        return {
            "forgotten": before - len(self),
            "documents": [_name(id_) for id_ in sorted(lost)],
            "elected": sorted(set(heirs.values())),
            "segments_rewritten": rewritten,
            "remaining": len(self),
            "left": left,
        }

    def _heirs(self, orphans: Sequence[Row]) -> dict[str, str]:
        """For every document that goes the id of the best of those it stood for, by the keep policy."""
        groups: dict[str, list[Row]] = {}
        for row in orphans:
            groups.setdefault(row.of, []).append(row)
        found = {}
        for id_, rows in groups.items():
            zeros = np.zeros(len(rows), np.int64)
            columns = Columns(
                np.array([row.spin for row in rows], np.float32),
                np.array([row.date for row in rows], np.int64),
                np.array([row.length for row in rows], np.int64),
                zeros.astype(np.int32),
                np.array([""], object),
            )
            policy = order(np.arange(len(rows)), [row.id for row in rows], columns, self.cfg.keep, zeros)
            found[id_] = rows[int(policy.rank.argmin())].id
        return found

    def compact(self) -> dict[str, Any]:
        """Write all segments as one."""
        with segments.writing(self.path):
            self._refresh()
            if len(self.segments) > 1:
                every = [mapped for _, mapped in self._segments.values()]
                tags = sorted({tag for segment in self.segments for tag in segment.tags})
                rows = [row for mapped in every for row in mapped.rows()]
                segments.commit(self.path, [segments.write(self.path, [mapped.sketches for mapped in every], rows, tags)])
                self._refresh()
        return {"documents": len(self), "segments": len(self.segments)}


def _chosen(ids: set[str], urls: set[str], match: str) -> Callable[[Row], bool]:
    try:
        pattern = re.compile(match) if match else None
    except re.error as error:
        raise CleanupError(f"{match!r} is no regular expression: {error}", "mend --match") from None

    def gone(row: Row) -> bool:
        if row.id in ids or (row.url and row.url in urls):
            return True
        return pattern is not None and bool(pattern.search(row.id) or pattern.search(row.url))

    return gone


def _inherit(row: Row, heirs: Mapping[str, str]) -> Row:
    heir = heirs.get(row.of)
    return row if heir is None else msgspec.structs.replace(row, of="" if row.id == heir else heir)


def _name(id_: str) -> str:
    """A proof must not remember what was to be forgotten: a digest that only who knows the id can check."""
    return hashlib.blake2b(id_.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
