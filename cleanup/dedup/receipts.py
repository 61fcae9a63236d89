"""What the corpus step says: proposals with their reasons, and clusters. Made when they are asked for, for with their reasons
they are many times larger than the columns that they are made of."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.arrays import among, distinct, packed, scaled
from cleanup.dedup.keep import Order
from cleanup.dedup.relation import RELATIONS, VERDICT, Relation, Table, Verdict, swapped
from cleanup.dedup.shingle import I64
from cleanup.document import Drop, Edit, Mark
from cleanup.read.records import plain

if TYPE_CHECKING:
    from cleanup.config import DedupConfig
    from cleanup.dedup.index import Match

SURE = 0.9  # score from which a document goes
PLACES = 4  # of figures, behind the point; the kernel says the same
NAME = 6  # bytes of a digest that a cluster is called by
NAMED = tuple(relation or "" for relation in RELATIONS)
RULES = tuple(f"dedup/{name}" for name in NAMED)
UNKNOWN = float("nan")
EXACT = np.zeros(1, VERDICT)  # the verdict on equal texts
EXACT["relation"], EXACT["score"], EXACT["canonical"], EXACT["aligned"] = RELATIONS.index("exact"), 1, UNKNOWN, UNKNOWN
for _share in ("covers", "jaccard", "contained", "covered"):
    EXACT[_share] = 1
BLOCK = 1 << 10  # reasons made at a time


class Members(NamedTuple):
    """Documents that go, ascending, and why: columns with an entry a document."""

    number: I64
    kept: I64  # the document that stays
    row: NDArray[np.int64]  # of the verdict in the judge's table; -1: the texts are equal
    turned: NDArray[np.bool_]  # whether that verdict is about (number, kept) instead of (kept, number)
    score: NDArray[np.float64]
    spun: NDArray[np.bool_]  # was found spun, and covers a document that was not
    bands: I64  # of the signature in which the two met
    sure: NDArray[np.bool_]  # goes without a person's word: the score is high enough, and the rule takes part

    def take(self, places: Any) -> Members:
        """Some of them."""
        return Members(*(column[places] for column in self))

    def relations(self, table: Table) -> NDArray[np.int8]:
        """The relation of every member, as its place in RELATIONS."""
        found = np.where(self.row < 0, RELATIONS.index("exact"), table["relation"][self.row])
        return np.where(self.spun, RELATIONS.index("spun"), found).astype(np.int8)

    def verdicts(self, table: Table) -> Table:
        """The verdicts on (kept, number)."""
        found = table[self.row]
        turned = np.flatnonzero(self.turned)
        found[turned] = swapped(found[turned])
        found[self.row < 0] = EXACT
        found["relation"][self.spun] = RELATIONS.index("spun")
        return found


class Drops(NamedTuple):
    """Documents that go, in columns, as they are written down."""

    relation: I64  # its place in RELATIONS
    score: I64  # in units of the last place
    passage: I64  # [n, 2] where the longest shared passage begins in the text of the document itself, and its characters
    ends: I64
    reasons: bytes  # objects of JSON side by side, each without its last brace

    def some(self, first: int, after: int) -> Drops:
        """Those at some places."""
        begin = int(self.ends[first - 1]) if first else 0
        reasons = self.reasons[begin : int(self.ends[after - 1])]
        relation, score, passage = self.relation[first:after], self.score[first:after], self.passage[first:after]
        return Drops(relation, score, passage, self.ends[first:after] - begin, reasons)

    def each(self) -> Iterator[Drop]:
        """One by one."""
        columns = (self.relation.tolist(), self.score.tolist(), self.passage.tolist(), pairwise((0, *self.ends.tolist())))
        for relation, score, passage, (begin, end) in zip(*columns, strict=True):
            why = plain(msgspec.Raw(self.reasons[begin:end] + b"}"))
            if passage[1]:
                why["shared"] = passage
            yield Drop(RULES[relation], score / 10**PLACES, why)


class Known(NamedTuple):
    """A document that an index remembers already."""

    number: int
    match: Match
    sure: bool  # goes without a person's word


class Names:
    """The names of the clusters around documents that stay: made of their ids, with a number where ids are equal."""

    def __init__(self, kept: I64, order: Order) -> None:
        self.kept = distinct(kept)
        data, ends = packed([order.ids[at] for at in order.at(self.kept).tolist()])
        self.names = np.empty(len(ends), f"S{2 * NAME}")
        _digests()(data, ends, len(ends), NAME, self.names.view(np.uint8))
        same = among(self.names, _repeated(self.names))
        if same.any():
            names, taken = self.names.tolist(), Counter[bytes]()
            for place in np.flatnonzero(same).tolist():
                name = names[place]
                taken[name] += 1
                if taken[name] > 1:
                    names[place] = b"%b-%d" % (name, taken[name])
            self.names = np.array(names, dtype=bytes)

    def at(self, kept: I64) -> I64:
        """The places of the clusters around some documents, -1 where there is none."""
        found = np.searchsorted(self.kept, kept)
        good = np.append(self.kept, -1)[found] == kept
        return np.where(good, found, -1)

    def __getitem__(self, place: int) -> str:
        """The name of the cluster at a place."""
        name: bytes = self.names[place]
        return name.decode()


def _repeated(names: NDArray[np.bytes_]) -> NDArray[np.bytes_]:
    ordered = np.sort(names)
    return np.asarray(ordered[1:][ordered[1:] == ordered[:-1]])


def _name(id_: str) -> str:
    return hashlib.blake2b(id_.encode("utf-8", "surrogatepass"), digest_size=NAME).hexdigest()


class Reasons:
    """Why members go, as JSON."""

    def __init__(self, members: Members, names: Names, order: Order, table: Table) -> None:
        self.members, self.names, self.order, self.table = members, names, order, table
        self.stays, self.goes, self.home = order.at(members.kept), order.at(members.number), names.at(members.kept)

    def of(self, at: I64) -> Drops:
        """The drops of the members at some places."""
        members = self.members.take(at)
        found = members.verdicts(self.table)
        ids, id_ends = self._ids(self.stays[at])
        names = self.names.names
        whys = self.order.reasons(self.stays[at], self.goes[at])
        room = 6 * len(ids) + (400 + names.itemsize) * len(at)
        out, ends = np.empty(room, np.uint8), np.empty(len(at), np.int64)
        relation = found["relation"].astype(np.int64)
        _reasons()(
            *(len(at), ids, id_ends, *packed(NAMED), relation, *packed(self.order.words), whys, _shares(found)),
            *(names.view(np.uint8), names.itemsize, self.home[at], members.bands, out, ends),
        )
        passage = found["passage"][:, 1].astype(np.int64)
        return Drops(relation, scaled(members.score, PLACES), passage, ends, out[: ends[-1] if len(at) else 0].tobytes())

    def _ids(self, places: I64) -> tuple[NDArray[np.uint8], I64]:
        return packed([self.order.ids[place] for place in places.tolist()])

    def lines(self, first: int, bounds: I64) -> bytes:
        """Lines about the clusters from `first` on: those of members bounds[n] to bounds[n + 1], who stand side by side."""
        order, count, names = self.order, len(bounds) - 1, self.names.names
        at = np.arange(bounds[0], bounds[-1])
        found = self.members.take(at).verdicts(self.table)
        places = self.goes[at]
        ranked = np.lexsort((order.rank[places], self.members.kept[at]))
        home = order.at(self.names.kept[first : first + count])
        whys = order.reasons(home, places[ranked[bounds[:-1] - bounds[0]]])
        (ids, id_ends), (kept, kept_ends) = self._ids(places), self._ids(home)
        room = 6 * (len(ids) + len(kept)) + (200 + names.itemsize) * count + 400 * len(at)
        out, ends = np.empty(room, np.uint8), np.empty(count, np.int64)
        _lines()(
            *(count, bounds - bounds[0], ids, id_ends, *packed(NAMED), found["relation"].astype(np.int64)),
            *(*packed(order.words), whys, _shares(found), kept, kept_ends),
            *(names[first:].view(np.uint8), names.itemsize, out, ends),
        )
        return out[: ends[-1] if count else 0].tobytes()


def _shares(found: Table) -> I64:
    """Similarities of members as `figures` names them, in units of the last place."""
    columns = (found["jaccard"], *found["contained"].T[::-1], found["covered"][:, 1], found["canonical"], found["aligned"])
    return np.stack([scaled(column, PLACES) for column in columns], axis=1)


@cache
def _reasons() -> kernels.Function:
    names = "u8* i64* u8* i64* i64* u8* i64* i64* i64*"
    return kernels.function("reasons", f"i64 {names} u8* i64 i64* i64* u8* i64*")


@cache
def _lines() -> kernels.Function:
    names = "u8* i64* u8* i64* i64* u8* i64* i64* i64*"
    return kernels.function("cluster_lines", f"i64 i64* {names} u8* i64* u8* i64 u8* i64*")


@cache
def _digests() -> kernels.Function:
    return kernels.function("name_digests", "u8* i64* i64 i64 u8*")


class Clusters(Sequence[dict[str, Any]]):
    """The rows of clusters.jsonl: in the order of the kept documents, then those around remembered ones."""

    def __init__(self, members: Members, names: Names, order: Order, table: Table, more: Sequence[dict[str, Any]]) -> None:
        by_kept = np.argsort(members.kept, kind="stable")
        self.reasons, self.more = Reasons(members.take(by_kept), names, order, table), more
        self.bounds = np.append(np.searchsorted(self.reasons.members.kept, names.kept), len(by_kept))

    def __len__(self) -> int:
        return len(self.bounds) - 1 + len(self.more)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        number %= len(self)
        if number >= len(self) - len(self.more):
            return self.more[number - len(self)]
        return plain(msgspec.Raw(self.reasons.lines(number, self.bounds[number : number + 2])))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield from (plain(msgspec.Raw(line)) for block in self.blocks() for line in block.splitlines())
        yield from self.more

    def blocks(self) -> Iterator[bytes]:
        """Those around documents of the run, as lines, many at a time."""
        for first in range(0, len(self.bounds) - 1, BLOCK):
            yield self.reasons.lines(first, self.bounds[first : first + BLOCK + 1])


def figures(verdict: Verdict) -> dict[str, Any]:
    """Relation and similarities of a member to the kept document; containment: how much of the member the kept one has."""
    shares = (verdict.jaccard, *verdict.contained[::-1], verdict.covered[1], *(verdict.canonical or (UNKNOWN, UNKNOWN)))
    return _figures(verdict.relation, verdict.differ, *(round(share, PLACES) for share in shares))


def _figures(
    relation: Relation | None,
    differ: bool,
    jaccard: float,
    containment: float,
    contains: float,
    covered: float,
    canonical: float,
    aligned: float,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "relation": relation,
        "jaccard": jaccard,
        "containment": containment,
        "contains": contains,
        "covered": covered,
    }
    if aligned == aligned:  # it was looked at
        found["canonical_jaccard"] = canonical
        found["aligned"] = aligned
    if differ and relation is None:
        found["differ"] = "figures and names"
    return found


class Proposals(Mapping[int, "list[Drop | Edit | Mark]"]):
    """Proposals by number of the document, in ascending order."""

    def __init__(
        self, numbers: I64, make: Callable[[I64], Iterator[Drop | Edit | Mark]] | None = None, reasons: Reasons | None = None
    ) -> None:
        self._numbers = distinct(numbers)
        self._make = make  # one for each of some of these numbers
        self._reasons = reasons  # of those that go
        self._more: dict[int, list[Drop | Edit | Mark]] = {}

    def add(self, number: int, found: Iterable[Drop | Edit | Mark]) -> None:
        """More about a document."""
        self._more.setdefault(number, []).extend(found)

    def numbers(self) -> I64:
        """The documents that something is proposed for, ascending."""
        return distinct(np.concatenate((self._numbers, np.array(list(self._more), np.int64))))

    def sure(self, numbers: I64) -> NDArray[np.bool_]:
        """For which documents a sure drop is proposed, and nothing else."""
        if self._reasons is None:
            return np.zeros(len(numbers), bool)
        members = self._reasons.members
        return among(numbers, members.number[members.sure]) & ~among(numbers, np.sort(np.array(list(self._more), np.int64)))

    def drops(self, numbers: I64) -> Iterator[tuple[I64, Drops]]:
        """The drops of these, some at a time, with their numbers."""
        for begin in range(0, len(numbers) if self._reasons else 0, BLOCK):
            assert self._reasons is not None
            part = numbers[begin : begin + BLOCK]
            yield part, self._reasons.of(np.searchsorted(self._reasons.members.number, part))

    def of(self, numbers: Sequence[int]) -> Iterator[list[Drop | Edit | Mark]]:
        """What is proposed for some documents, one after the other."""
        for begin in range(0, len(numbers), BLOCK):
            part = np.asarray(numbers[begin : begin + BLOCK], np.int64)
            has = among(part, self._numbers)
            made = self._make(part[has]) if self._make else iter(())
            for number, one in zip(part.tolist(), has.tolist(), strict=True):
                yield [*([next(made)] if one else ()), *self._more.get(number, ())]

    def __getitem__(self, number: int) -> list[Drop | Edit | Mark]:
        found = next(self.of([number]))
        if not found:
            raise KeyError(number)
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers().tolist())

    def __len__(self) -> int:
        return len(self.numbers())


def proposals(members: Members, names: Names, order: Order, table: Table, cfg: DedupConfig) -> Proposals:
    """What is proposed about members, and in mode "mark" about the documents that they stand beside.

    `shared` in a reason is where the longest shared passage lies in the text of the document itself.
    """
    if cfg.mode == "cluster":
        return Proposals(np.zeros(0, np.int64))
    marks = cfg.mode == "mark"
    if marks:
        members = members.take(members.sure)
    reasons = Reasons(members, names, order, table)

    def make(numbers: I64) -> Iterator[Drop | Mark]:
        at = np.searchsorted(members.number, numbers)
        member = np.append(members.number, -1)[at] == numbers
        found = reasons.of(at[member]).each()
        if not marks:
            return found
        homes = names.at(numbers).tolist()
        return (_marked(next(found)) if one else _kept(names[home]) for one, home in zip(member.tolist(), homes, strict=True))

    every = np.concatenate((members.number, names.kept)) if marks else members.number
    return Proposals(every, make, None if marks else reasons)


def _marked(one: Drop) -> Mark:
    value = {"cluster": one.why["cluster"], "of": one.why["duplicate_of"], "relation": one.why["relation"]}
    return Mark("duplicate", value, one.rule, one.score, one.why)


def _kept(name: str) -> Mark:
    return Mark("duplicate", {"cluster": name, "relation": "kept"}, "dedup/kept", 1.0, {"cluster": name})


# ------------------------------------------------------------------------------------------------- what an index remembers
def remembered(known: Sequence[Known], ids: Callable[[Sequence[int]], list[str]]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Clusters around remembered documents, and the names of these clusters by the id of the remembered one that stayed."""
    groups: dict[str, list[Known]] = {}
    for one in known:
        if one.sure:
            groups.setdefault(one.match.kept, []).append(one)
    names = {kept: _name(kept) for kept in groups}
    rows = []
    for kept, group in sorted(groups.items()):
        members = [
            {"id": id_, **figures(one.match.verdict), "matched": one.match.id}
            for one, id_ in zip(group, ids([one.number for one in group]), strict=True)
        ]
        rows.append({"cluster": names[kept], "kept": kept, "keep_reason": "in the index", "index": True, "members": members})
    return rows, names


def about_known(known: Sequence[Known], names: dict[str, str], cfg: DedupConfig) -> Iterator[tuple[int, Drop | Mark]]:
    """What is proposed about documents that are remembered already."""
    for number, match, sure in known:
        verdict = match.verdict
        why = {"duplicate_of": match.id, **figures(verdict), "keep_reason": "in the index", "index": True, "estimated": True}
        if match.kept != match.id:
            why["kept"] = match.kept
        if sure:
            why["cluster"] = names[match.kept]
        rule = f"dedup/{verdict.relation}"
        if cfg.mode == "drop":
            yield number, Drop(rule, round(verdict.score, 4), why)
        elif cfg.mode == "mark" and sure:
            value = {"cluster": names[match.kept], "of": match.id, "relation": verdict.relation}
            yield number, Mark("duplicate", value, rule, round(verdict.score, 4), why)
