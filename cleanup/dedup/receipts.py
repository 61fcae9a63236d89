"""What the corpus step says: proposals with their reasons, and clusters. Made when they are asked for, for with their reasons
they are many times larger than the columns that they are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cleanup.arrays import among, distinct, rounded
from cleanup.dedup.keep import Order
from cleanup.dedup.relation import RELATIONS, VERDICT, Relation, Table, Verdict, swapped
from cleanup.dedup.shingle import I64
from cleanup.document import Drop, Edit, Mark

if TYPE_CHECKING:
    from cleanup.config import DedupConfig
    from cleanup.dedup.index import Match

SURE = 0.9  # score from which a document goes
PLACES = 4  # of figures, behind the point
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


class Known(NamedTuple):
    """A document that an index remembers already."""

    number: int
    match: Match
    sure: bool  # goes without a person's word


class Names:
    """The names of the clusters around documents that stay: made of their ids, with a number where ids are equal."""

    def __init__(self, kept: I64, order: Order) -> None:
        self.kept = distinct(kept)
        names = [_name(order.ids[at]) for at in order.at(self.kept).tolist()]
        taken: dict[str, int] = {}
        for place, name in enumerate(names):
            taken[name] = taken.get(name, 0) + 1
            if taken[name] > 1:
                names[place] = f"{name}-{taken[name]}"
        self._names = np.array(names, dtype=bytes)

    def at(self, kept: I64) -> I64:
        """The places of the clusters around some documents, -1 where there is none."""
        found = np.searchsorted(self.kept, kept)
        good = np.append(self.kept, -1)[found] == kept
        return np.where(good, found, -1)

    def __getitem__(self, place: int) -> str:
        """The name of the cluster at a place."""
        name: bytes = self._names[place]
        return name.decode()


def _name(id_: str) -> str:
    return hashlib.blake2b(id_.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


class Clusters(Sequence[dict[str, Any]]):
    """The rows of clusters.jsonl: in the order of the kept documents, then those around remembered ones."""

    def __init__(self, members: Members, names: Names, order: Order, table: Table, more: Sequence[dict[str, Any]]) -> None:
        by_kept = np.argsort(members.kept, kind="stable")
        self.members, self.names, self.order, self.table, self.more = members.take(by_kept), names, order, table, more
        self.bounds = np.append(np.searchsorted(self.members.kept, names.kept), len(by_kept))

    def __len__(self) -> int:
        return len(self.names.kept) + len(self.more)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        number %= len(self)
        if number >= len(self.names.kept):
            return self.more[number - len(self.names.kept)]
        return next(self._made(number, number + 1))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for begin in range(0, len(self.names.kept), BLOCK):
            yield from self._made(begin, min(begin + BLOCK, len(self.names.kept)))
        yield from self.more

    def _made(self, first: int, after: int) -> Iterator[dict[str, Any]]:
        order, bounds = self.order, self.bounds[first : after + 1] - self.bounds[first]
        group = self.members.take(slice(*self.bounds[[first, after]].tolist()))
        places = order.at(group.number)
        ranked = np.lexsort((order.rank[places], group.kept))
        members = [
            {"id": order.ids[place], **found}
            for place, found in zip(places.tolist(), all_figures(group.verdicts(self.table)), strict=True)
        ]
        at = order.at(self.names.kept[first:after])
        reasons = order.reasons(at, places[ranked[bounds[:-1]]])
        rows = zip(at.tolist(), reasons, bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
        for number, (place, reason, begin, end) in enumerate(rows, first):
            yield {
                "cluster": self.names[number],
                "kept": order.ids[place],
                "keep_reason": reason,
                "members": members[begin:end],
            }


def figures(verdict: Verdict) -> dict[str, Any]:
    """Relation and similarities of a member to the kept document; containment: how much of the member the kept one has."""
    shares = (verdict.jaccard, *verdict.contained[::-1], verdict.covered[1], *(verdict.canonical or (UNKNOWN, UNKNOWN)))
    return _figures(verdict.relation, verdict.differ, *(round(share, PLACES) for share in shares))


def all_figures(table: Table) -> Iterator[dict[str, Any]]:
    """The same for the rows of a table."""
    shares = (table["jaccard"], *table["contained"].T[::-1], table["covered"][:, 1], table["canonical"], table["aligned"])
    relations = map(RELATIONS.__getitem__, table["relation"].tolist())
    return map(_figures, relations, table["differ"].tolist(), *(rounded(share, PLACES) for share in shares))


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

    def __init__(self, numbers: I64, make: Callable[[I64], Iterator[Drop | Edit | Mark]] | None = None) -> None:
        self._numbers = distinct(numbers)
        self._make = make  # one for each of some of these numbers
        self._more: dict[int, list[Drop | Edit | Mark]] = {}

    def add(self, number: int, found: Iterable[Drop | Edit | Mark]) -> None:
        """More about a document."""
        self._more.setdefault(number, []).extend(found)

    def numbers(self) -> I64:
        """The documents that something is proposed for, ascending."""
        return distinct(np.concatenate((self._numbers, np.array(list(self._more), np.int64))))

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
    stays, goes, cluster = order.at(members.kept), order.at(members.number), names.at(members.kept)

    def make(numbers: I64) -> Iterator[Drop | Mark]:
        at = np.searchsorted(members.number, numbers)
        member = np.append(members.number, -1)[at] == numbers
        at = at[member]
        found = _about(members.take(at), stays[at], goes[at], cluster[at], names, order, table)
        if not marks:
            return found
        homes = names.at(numbers).tolist()
        return (_marked(next(found)) if one else _kept(names[home]) for one, home in zip(member.tolist(), homes, strict=True))

    return Proposals(np.concatenate((members.number, names.kept)) if marks else members.number, make)


def _about(members: Members, stays: I64, goes: I64, cluster: I64, names: Names, order: Order, table: Table) -> Iterator[Drop]:
    """Why members go."""
    found = members.verdicts(table)
    passages = found["passage"][:, 1].tolist()
    columns = (
        stays.tolist(),
        order.reasons(stays, goes),
        cluster.tolist(),
        members.bands.tolist(),
        rounded(members.score, PLACES),
    )
    for place, reason, home, bands, score, shares, passage in zip(*columns, all_figures(found), passages, strict=True):
        why = {"duplicate_of": order.ids[place], **shares}
        if home >= 0:
            why["cluster"] = names[home]
        why["keep_reason"] = reason
        why["bands"] = bands
        if passage[1]:
            why["shared"] = passage
        yield Drop(f"dedup/{shares['relation']}", score, why)


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
