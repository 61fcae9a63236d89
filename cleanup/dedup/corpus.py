"""The corpus step: from the sketches of all documents to proposals, clusters and a report.

It sees sketches and small columns; texts are fetched only where two documents have to be compared. A document's number is its
place in the global order, and everything here depends on nothing but that order and the texts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cleanup.dedup import candidates, canonical, keep
from cleanup.dedup.bands import components
from cleanup.dedup.cluster import Fetch, Judge, confirm, elect
from cleanup.dedup.keep import SPUN, Columns, Order
from cleanup.dedup.relation import EXACT, Verdict, exact
from cleanup.dedup.shingle import I64
from cleanup.document import Drop, Edit, Mark
from cleanup.errors import RunError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cleanup.config import DedupConfig
    from cleanup.dedup.candidates import Candidates
    from cleanup.dedup.index import Index, Match
    from cleanup.dedup.sketch import Sketches

Ids = Callable[[Sequence[int]], list[str]]
ASKED = 1 << 14  # documents that an index is asked about at a time
FETCH = 256  # texts fetched at a time
ALARM = 3  # documents of a host that have to go before its share is looked at
SUSPECT = 5  # members that rest on one stretch at the edge of the text: so many share boilerplate, not news
HELD = 0.6  # score of such a member: a person decides
NEAR = 0.9  # rejected pairs are recorded from this share of a threshold on


class Proposals(Mapping[int, "list[Drop | Edit | Mark]"]):
    """Proposals by number of the document, in ascending order. Those about members are made when they are asked for: with
    their reasons they are many times larger than what they are made of."""

    def __init__(self, numbers: Iterable[int] = (), make: Callable[[int], Drop | Edit | Mark] | None = None) -> None:
        self._numbers = frozenset(numbers)
        self._make = make
        self._more: dict[int, list[Drop | Edit | Mark]] = {}

    def add(self, number: int, found: Iterable[Drop | Edit | Mark]) -> None:
        """More about a document."""
        self._more.setdefault(number, []).extend(found)

    def __getitem__(self, number: int) -> list[Drop | Edit | Mark]:
        if number in self._numbers and self._make:
            return [self._make(number), *self._more.get(number, ())]
        return list(self._more[number])

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._numbers | self._more.keys()))

    def __len__(self) -> int:
        return len(self._numbers | self._more.keys())


class Result(NamedTuple):
    """What the corpus step found."""

    proposals: Proposals
    clusters: list[dict[str, Any]]  # as in clusters.jsonl
    report: dict[str, Any]
    over: dict[int, str]  # documents that go: number -> id of the document that stays
    pairs: I64  # [n, 2]: number of the document that stays, number of a member of its cluster


class Known(NamedTuple):
    """A document that an index remembers already."""

    number: int
    match: Match


class Member(NamedTuple):
    """A document that goes, and why."""

    number: int
    kept: int
    verdict: Verdict  # about (kept, number)
    score: float


def deduplicate(
    sketches: Sketches, columns: Columns, fetch: Fetch, ids: Ids, cfg: DedupConfig, index: Index | None = None
) -> Result:
    """Find near-duplicate coverage among all documents, and of what an index remembers (default: that of the configuration).

    Raises RunError when more than `max_removal` of a host would go.
    """
    known = _known(sketches, cfg, index)
    new = np.ones(len(sketches), bool)
    new[[one.number for one in known if one.match.verdict.score >= NEAR]] = False
    same = _twins(sketches, fetch, new)
    alive = new & np.asarray(sketches.tokens >= max(cfg.min_words, 1))
    alive[[number for group in same for number in group[1:]]] = False
    found = candidates.find(sketches, alive, cfg)
    judge = Judge(fetch, columns.length, cfg, canonical.built_in())
    a, b = confirm(found, judge)
    order = _order(a, b, same, columns, ids, cfg)
    twins = {group[0]: group[1:] for group in same}
    best = {first: min((first, *rest), key=order.place) for first, rest in twins.items()}
    members = _members(elect(a, b, sketches, order.standing_in(best), judge), twins, best, judge)
    members = [_as_spun(member, columns) for member in members]
    going = [member.number for member in members if member.score >= NEAR]
    going += [one.number for one in known if one.match.verdict.score >= NEAR]
    guard(going, columns, cfg)
    clusters, names = _clusters(members, order)
    remembered, old_names = _remembered(known, ids)
    pairs = np.array([(member.kept, member.number) for member in members], dtype=np.int64).reshape(-1, 2)
    bands = candidates.met(sketches, pairs[:, 0], pairs[:, 1], cfg)
    proposals = _proposals(members, bands.tolist(), names, order, cfg)
    for number, proposal in _known_proposals(known, old_names, cfg):
        proposals.add(number, [proposal])
    if cfg.mode != "cluster":
        for number, drop in _rejected(judge, set(going), ids, cfg):
            proposals.add(number, [drop])
    over = {member.number: order.id(member.kept) for member in members if member.score >= NEAR}
    over |= {one.number: one.match.kept for one in known if one.match.verdict.score >= NEAR}
    return Result(proposals, clusters + remembered, _report(members, going, found, judge, columns), over, pairs)


def _known(sketches: Sketches, cfg: DedupConfig, index: Index | None) -> list[Known]:
    """Documents that the index covers, with the remembered document that covers each most surely."""
    if index is None:
        if not cfg.index:
            return []
        from cleanup.dedup.index import Index

        index = Index.open(cfg.index, cfg, create=True)
    found = []
    for begin in range(0, len(sketches), ASKED):
        matches = index.query(sketches.take(slice(begin, begin + ASKED)))
        found += [Known(begin + row, match) for row, match in enumerate(matches) if match is not None]
    return found


def _order(a: I64, b: I64, same: list[list[int]], columns: Columns, ids: Ids, cfg: DedupConfig) -> Order:
    """The policy over all documents that have a twin or are in a confirmed pair (a, b)."""
    left = np.concatenate((a, np.array([group[0] for group in same for _ in group[1:]], np.int64)))
    right = np.concatenate((b, np.array([number for group in same for number in group[1:]], np.int64)))
    numbers = np.union1d(left, right)
    group = components(len(numbers), np.searchsorted(numbers, left), np.searchsorted(numbers, right))
    return keep.order(numbers, ids(numbers.tolist()), columns, cfg.keep, group)


# ------------------------------------------------------------------------------------------------- exact duplicates
def _twins(sketches: Sketches, fetch: Fetch, new: NDArray[np.bool_]) -> list[list[int]]:
    """Groups of documents with the same text. Equal keys only propose; the texts decide."""
    numbers = np.flatnonzero(new)
    key = np.asarray(sketches.exact)[numbers]
    place = np.argsort(key, kind="stable")
    ordered = key[place]
    equal = ordered[1:] == ordered[:-1]
    shared = np.append(equal, False) | np.append(False, equal) if len(key) else np.zeros(0, bool)
    numbers, keys = numbers[place[shared]], ordered[shared]
    groups: dict[tuple[int, bytes], list[int]] = {}
    for begin in range(0, len(numbers), FETCH):
        part = numbers[begin : begin + FETCH].tolist()
        for number, name, value in zip(part, exact(fetch(part)), keys[begin : begin + FETCH].tolist(), strict=True):
            groups.setdefault((value, name), []).append(number)
    return [group for group in groups.values() if len(group) > 1]


def _members(clusters: dict[int, list[int]], twins: dict[int, list[int]], best: dict[int, int], judge: Judge) -> list[Member]:
    """Everybody that goes: the members of clusters, and all but one of the documents with one text."""
    gone: list[Member] = []
    kept_by: dict[int, Member] = {}
    for kept, numbers in clusters.items():
        verdicts = [judge.get(kept, number) for number in numbers]
        weak = sum(verdict is not None and verdict.weak for verdict in verdicts)
        for number, verdict in zip(numbers, verdicts, strict=True):
            assert verdict is not None
            held = verdict.weak and weak >= SUSPECT
            kept_by[number] = Member(number, kept, verdict, HELD if held else verdict.score)
    for number, over in kept_by.items():
        over = over._replace(kept=best.get(over.kept, over.kept))
        gone += [over._replace(number=twin) for twin in (number, *twins.get(number, ()))]
    for first, rest in twins.items():
        if first not in kept_by:
            gone += [Member(twin, best[first], EXACT, EXACT.score) for twin in (first, *rest) if twin != best[first]]
    return sorted(gone)


def _as_spun(member: Member, columns: Columns) -> Member:
    """A member that was found spun covers an unspun document as a spun copy, however close its repair brought it."""
    if columns.spin[member.number] >= SPUN > columns.spin[member.kept] and member.verdict.relation in ("exact", "near"):
        return member._replace(verdict=member.verdict._replace(relation="spun"))
    return member


# ------------------------------------------------------------------------------------------------- what to say about it
def _clusters(members: Sequence[Member], order: Order) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """The rows of clusters.jsonl in the order of the kept documents, and the name of every kept document's cluster."""
    groups: dict[int, list[Member]] = {}
    for member in members:
        if member.score >= NEAR:
            groups.setdefault(member.kept, []).append(member)
    rows, names = [], {}
    taken: Counter[str] = Counter()
    for kept, group in sorted(groups.items()):
        id_ = order.id(kept)
        name = _name(id_)
        taken[name] += 1
        names[kept] = name if taken[name] == 1 else f"{name}-{taken[name]}"
        runner_up = min((member.number for member in group), key=order.place)
        rows.append(
            {
                "cluster": names[kept],
                "kept": id_,
                "keep_reason": order.reason(kept, runner_up),
                "members": [{"id": order.id(member.number), **figures(member.verdict)} for member in group],
            }
        )
    return rows, names


def figures(verdict: Verdict) -> dict[str, Any]:
    """Relation and similarities of a member to the kept document; containment: how much of the member the kept one has."""
    found: dict[str, Any] = {
        "relation": verdict.relation,
        "jaccard": round(verdict.jaccard, 4),
        "containment": round(verdict.contained[1], 4),
        "contains": round(verdict.contained[0], 4),
        "covered": round(verdict.covered[1], 4),
    }
    if verdict.canonical is not None:
        found["canonical_jaccard"] = round(verdict.canonical.jaccard, 4)
        found["aligned"] = round(verdict.canonical.aligned, 4)
    if verdict.differ and verdict.relation is None:
        found["differ"] = "figures and names"
    return found


def _proposals(
    members: Sequence[Member], bands: Sequence[int], names: dict[int, str], order: Order, cfg: DedupConfig
) -> Proposals:
    if cfg.mode == "cluster":
        return Proposals()
    marks = cfg.mode == "mark"
    place = {member.number: at for at, member in enumerate(members) if not marks or member.score >= NEAR}

    def make(number: int) -> Drop | Mark:
        at = place.get(number)
        if at is None:
            name = names[number]
            return Mark("duplicate", {"cluster": name, "relation": "kept"}, "dedup/kept", 1.0, {"cluster": name})
        member = members[at]
        why: dict[str, Any] = {"duplicate_of": order.id(member.kept), **figures(member.verdict)}
        if member.kept in names:
            why["cluster"] = names[member.kept]
        why["keep_reason"] = order.reason(member.kept, member.number)
        why["bands"] = bands[at]
        if member.verdict.passage:
            why["shared"] = member.verdict.passage
        rule, score = f"dedup/{member.verdict.relation}", round(member.score, 4)
        if not marks:
            return Drop(rule, score, why)
        value = {"cluster": names[member.kept], "of": why["duplicate_of"], "relation": member.verdict.relation}
        return Mark("duplicate", value, rule, score, why)

    return Proposals({*place, *(names if marks else ())}, make)


def _remembered(known: Sequence[Known], ids: Ids) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Clusters around remembered documents, and the names of these clusters by the id of the remembered one that stayed."""
    groups: dict[str, list[Known]] = {}
    for one in known:
        if one.match.verdict.score >= NEAR:
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


def _known_proposals(known: Sequence[Known], names: dict[str, str], cfg: DedupConfig) -> Iterator[tuple[int, Drop | Mark]]:
    for number, match in known:
        verdict = match.verdict
        why = {"duplicate_of": match.id, **figures(verdict), "keep_reason": "in the index", "index": True, "estimated": True}
        if match.kept != match.id:
            why["kept"] = match.kept
        if match.kept in names and verdict.score >= NEAR:
            why["cluster"] = names[match.kept]
        rule = f"dedup/{verdict.relation}"
        if cfg.mode == "drop":
            yield number, Drop(rule, round(verdict.score, 4), why)
        elif cfg.mode == "mark" and verdict.score >= NEAR:
            value = {"cluster": names[match.kept], "of": match.id, "relation": verdict.relation}
            yield number, Mark("duplicate", value, rule, round(verdict.score, 4), why)


def _name(id_: str) -> str:
    return hashlib.blake2b(id_.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _rejected(judge: Judge, gone: set[int], ids: Ids, cfg: DedupConfig) -> list[tuple[int, Drop]]:
    """The nearest miss of every document that stays although another one almost covers it; never applied, only recorded."""
    best: dict[int, tuple[float, int, Verdict]] = {}
    for (a, b), verdict in sorted(judge.verdicts.items()):
        if verdict.relation is None and not verdict.far and a not in gone and b not in gone:
            shorter = verdict.covered[0] > verdict.covered[1]
            kept, other, about = (b, a, verdict.swapped()) if shorter else (a, b, verdict)
            if verdict.score > best.get(other, (0.0,))[0]:
                best[other] = (verdict.score, kept, about)
    names = ids([kept for _, kept, _ in best.values()])
    found = []
    for (number, (score, _, verdict)), name in zip(best.items(), names, strict=True):
        why = {"duplicate_of": name, **figures(verdict), "rejected": True}
        rule = "dedup/spun" if verdict.canonical and verdict.canonical.aligned / cfg.spun >= NEAR else "dedup/near"
        found.append((number, Drop(rule, round(score, 4), why)))
    return sorted(found, key=lambda one: one[0])


def guard(going: Sequence[int], columns: Columns, cfg: DedupConfig) -> None:
    """Raises RunError, with the figures, when more than `max_removal` of the documents of a host would be dropped."""
    if cfg.mode != "drop" or cfg.max_removal >= 1:
        return
    size, gone = _by_host(going, columns)
    over = [
        (gone[host] / size[host], name, gone[host], size[host])
        for host, name in enumerate(columns.host_names.tolist())
        if gone[host] >= ALARM and gone[host] > cfg.max_removal * size[host]
    ]
    if over:
        share, name, dropped, documents = max(over)
        rest = f" and {len(over) - 1} more hosts" if len(over) > 1 else ""
        raise RunError(
            f"dedup would drop {dropped} of {documents} documents ({share:.0%}) of {name or 'documents without a host'}{rest}, "
            f"more than --max-removal {cfg.max_removal:g}",
            "look at them with --mode cluster, strip what they share, or raise --max-removal",
        )


def _by_host(going: Sequence[int], columns: Columns) -> tuple[I64, I64]:
    hosts = len(columns.host_names)
    numbers = np.array(going, dtype=np.int64)
    return np.bincount(columns.host, minlength=hosts), np.bincount(columns.host[numbers], minlength=hosts)


def _report(members: Sequence[Member], going: Sequence[int], found: Candidates, judge: Judge, columns: Columns) -> dict[str, Any]:
    size, gone = _by_host(going, columns)
    worst = sorted(np.flatnonzero(gone).tolist(), key=lambda host: (-gone[host] / size[host], columns.host_names[host]))
    relations = Counter(str(member.verdict.relation) for member in members if member.score >= NEAR)
    return {
        "candidates": len(found.a),
        "verified": len(judge.verdicts),
        "confirmed": sum(verdict.relation is not None for verdict in judge.verdicts.values()),
        "near_misses": sum(verdict.relation is None and not verdict.far for verdict in judge.verdicts.values()),
        "relations": dict(sorted(relations.items())),
        "flooded": [{"where": where, "documents": documents} for where, documents in found.flooded[:20]],
        "hosts": [
            {"host": columns.host_names[host], "documents": int(size[host]), "dropped": int(gone[host])} for host in worst[:50]
        ],
    }


def remember(
    sketches: Sketches, columns: Columns, result: Result, ids: Sequence[str], urls: Sequence[str], cfg: DedupConfig, tag: str
) -> int:
    """Add the documents of a run to the index of the configuration, those that went too, under the ones that stayed; how many.

    `tag` names the run: the same one twice adds nothing.
    """
    from cleanup.dedup.index import Index
    from cleanup.dedup.segments import Row

    rows = [
        Row(id_, urls[number], result.over.get(number, ""), *(float(columns.spin[number]), int(columns.date[number])),
            int(columns.length[number]))
        for number, id_ in enumerate(ids)
    ]  # fmt: skip
    return Index.open(cfg.index, cfg, create=True).add(sketches, rows, tag)


__all__ = ["Columns", "Result", "deduplicate", "guard", "remember"]
