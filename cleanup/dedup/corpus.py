"""The corpus step: from the sketches of all documents to proposals, clusters and a report.

It sees sketches and small columns; texts are fetched only where two documents have to be compared. A document's number is its
place in the global order, and everything here depends on nothing but that order and the texts. What is found stays in columns:
of a million documents a third may be members.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cleanup.arrays import among, distinct
from cleanup.dedup import candidates, canonical, keep
from cleanup.dedup.bands import components
from cleanup.dedup.cluster import Compare, Judge, compare, confirm, elect
from cleanup.dedup.keep import SPUN, Columns, Order
from cleanup.dedup.receipts import SURE, Clusters, Known, Members, Names, Proposals, about_known, figures, proposals, remembered
from cleanup.dedup.relation import NEAR, RELATIONS, Table, listed, swapped
from cleanup.dedup.shingle import I64
from cleanup.dedup.texts import Fetch, portions, repeated
from cleanup.document import Drop
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


class Result(NamedTuple):
    """What the corpus step found."""

    proposals: Proposals
    clusters: Clusters  # as in clusters.jsonl
    report: dict[str, Any]
    members: Members
    known: list[Known]
    order: Order

    @property
    def over(self) -> dict[int, str]:
        """Documents that go: number -> id of the document that stays."""
        sure = self.members.take(self.members.sure)
        kept = (self.order.ids[at] for at in self.order.at(sure.kept).tolist())
        remembered = {one.number: one.match.kept for one in self.known if one.sure}
        return dict(zip(sure.number.tolist(), kept, strict=True)) | remembered


class Twins(NamedTuple):
    """Documents with the same text as an earlier one: their numbers, ascending, and the first one with that text."""

    number: I64
    first: I64


def deduplicate(
    sketches: Sketches,
    columns: Columns,
    fetch: Fetch,
    ids: Ids,
    cfg: DedupConfig,
    index: Index | None = None,
    judged: Compare | None = None,
    takes: Callable[[str], bool] = lambda _: True,
    *,
    spare: bool = False,
) -> Result:
    """Find near-duplicate coverage among all documents, and of what an index remembers (default: that of the configuration).

    `judged` compares pairs on their texts (default: here, with the texts that `fetch` gives). `takes`: whether a rule takes part;
    what others say is proposed, but nobody goes for it. `spare`: there is a processor to spare.
    Raises RunError when more than `max_removal` of a host would go.
    """
    known = _known(sketches, cfg, index, takes)
    old = np.array([one.number for one in known if one.sure], np.int64)
    new = np.ones(len(sketches), bool)
    new[old] = False
    twins = _twins(sketches, fetch, new, columns.length)
    alive = new & np.asarray(sketches.tokens >= max(cfg.min_words, 1))
    alive[twins.number] = False
    found = candidates.find(sketches, alive, cfg, spare=spare)
    judged = judged or partial(compare, fetch=fetch, sizes=columns.length, cfg=cfg, classes=canonical.built_in())
    judge = Judge(judged, cfg)
    a, b = confirm(found, judge)
    order = _order(a, b, twins, columns, ids, cfg)
    firsts, best = _best(twins, order)
    members = _members(*elect(a, b, sketches, order.standing_in(firsts, best), judge), twins, firsts, best, judge)
    sketches.rest()
    members = members._replace(
        spun=_as_spun(members, judge.table, columns), bands=candidates.met(sketches, members.kept, members.number, cfg)
    )
    sketches.rest()
    allowed = np.array([takes(f"dedup/{relation}") for relation in RELATIONS])
    members = members._replace(sure=(members.score >= SURE) & allowed[members.relations(judge.table)])
    sure = members.take(members.sure)
    going = np.concatenate((sure.number, old))
    guard(going, columns, cfg)
    names = Names(sure.kept, order)
    more, old_names = remembered(known, ids)
    made = proposals(members, names, order, judge.table, cfg)
    for number, proposal in about_known(known, old_names, cfg):
        made.add(number, [proposal])
    if cfg.mode != "cluster":
        for number, drop in _rejected(judge, going, ids, cfg):
            made.add(number, [drop])
    clusters = Clusters(sure, names, order, judge.table, more)
    return Result(made, clusters, _report(sure, going, found, judge, columns), members, known, order)


def _known(sketches: Sketches, cfg: DedupConfig, index: Index | None, takes: Callable[[str], bool]) -> list[Known]:
    """Documents that the index covers, with the remembered document that covers each most surely."""
    if index is None:
        if not cfg.index:
            return []
        from cleanup.dedup.index import Index

        index = Index.open(cfg.index, cfg, create=True)
    found = []
    for begin in range(0, len(sketches), ASKED):
        matches = index.query(sketches.take(slice(begin, begin + ASKED)))
        found += [Known(begin + row, match, _goes(match, takes)) for row, match in enumerate(matches) if match is not None]
    return found


def _goes(match: Match, takes: Callable[[str], bool]) -> bool:
    return match.verdict.score >= SURE and takes(f"dedup/{match.verdict.relation}")


def _order(a: I64, b: I64, twins: Twins, columns: Columns, ids: Ids, cfg: DedupConfig) -> Order:
    """The policy over all documents that have a twin or are in a confirmed pair (a, b)."""
    left, right = np.concatenate((a, twins.first)), np.concatenate((b, twins.number))
    numbers = distinct(np.concatenate((left, right)))
    group = components(len(numbers), np.searchsorted(numbers, left), np.searchsorted(numbers, right))
    return keep.order(numbers, ids(numbers.tolist()), columns, cfg.keep, group)


# ------------------------------------------------------------------------------------------------- exact duplicates
def _twins(sketches: Sketches, fetch: Fetch, new: NDArray[np.bool_], sizes: I64) -> Twins:
    """Documents with the same text, of about so many bytes. Equal keys only propose; the texts decide."""
    numbers = np.flatnonzero(new)
    key = np.asarray(sketches.exact)[numbers]
    place = np.argsort(key, kind="stable")
    ordered = key[place]
    equal = ordered[1:] == ordered[:-1]
    shared = np.append(equal, False) | np.append(False, equal) if len(key) else np.zeros(0, bool)
    groups: dict[bytes, int] = {}  # of documents with one key the first one of every text
    numbers, keys = numbers[place[shared]], ordered[shared]
    fresh = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
    unlike = fresh.copy()  # texts that may be others than those before them
    for some in portions(sizes[numbers], FETCH):
        before = min(some.start, 1)
        unlike[some] |= ~repeated(fetch(numbers[some.start - before : some.stop].tolist()))[before:]
    group = np.cumsum(fresh) - 1
    first = numbers[fresh][group]
    # Few have their words in common alone, or say the same in other escapes.
    mixed = np.flatnonzero(among(group, distinct(group[unlike & ~fresh])))
    for some in portions(sizes[numbers[mixed]], FETCH):
        part = numbers[mixed[some]].tolist()
        for at, number, name in zip(mixed[some].tolist(), part, fetch(part).names(), strict=True):
            if fresh[at]:
                groups.clear()
            first[at] = groups.setdefault(name, number)
    others = np.flatnonzero(first != numbers)
    others = others[np.argsort(numbers[others])]
    return Twins(numbers[others], first[others])


def _best(twins: Twins, order: Order) -> tuple[I64, I64]:
    """The first documents of all texts that several have, ascending, and which of them the policy names."""
    firsts, group = np.unique(twins.first, return_inverse=True)
    every, of = np.concatenate((firsts, twins.number)), np.concatenate((np.arange(len(firsts)), group))
    ranked = np.lexsort((order.rank[order.at(every)], of))
    return firsts, every[ranked[np.searchsorted(of[ranked], np.arange(len(firsts)))]]


def _members(numbers: I64, kept: I64, twins: Twins, firsts: I64, best: I64, judge: Judge) -> Members:
    """Everybody that goes: the members of clusters, and all but one of the documents with one text."""
    rows = judge.row(kept, numbers)
    weak = judge.table["weak"][rows]
    _, cluster = np.unique(kept, return_inverse=True)
    suspect = weak & (np.bincount(cluster, weak, minlength=1) >= SUSPECT)[cluster]
    score = np.where(suspect, HELD, judge.table["score"][rows])
    stands = kept.copy()  # the named one of several with that text
    has = among(kept, firsts)
    stands[has] = best[np.searchsorted(firsts, kept[has])]
    # A twin goes as the first one of its text does, or because another one is named.
    follows = np.flatnonzero(among(twins.first, numbers))
    leader = np.searchsorted(numbers, twins.first[follows])
    every, group = np.concatenate((firsts, twins.number)), np.concatenate((firsts, twins.first))
    exact = ~among(group, numbers)
    every, group = every[exact], group[exact]
    named = best[np.searchsorted(firsts, group)]
    every, named = every[every != named], named[every != named]
    ours = np.concatenate((np.arange(len(numbers)), leader))
    nothing = np.zeros(len(every), np.int64)
    found = Members(
        number=np.concatenate((numbers, twins.number[follows], every)),
        kept=np.concatenate((stands[ours], named)),
        row=np.concatenate((rows[ours], nothing - 1)),
        turned=np.concatenate(((kept > numbers)[ours], nothing > 0)),
        score=np.concatenate((score[ours], nothing + 1.0)),
        spun=np.zeros(len(ours) + len(every), bool),
        bands=np.zeros(len(ours) + len(every), np.int64),
        sure=np.zeros(len(ours) + len(every), bool),
    )
    return found.take(np.argsort(found.number, kind="stable"))


def _as_spun(members: Members, table: Table, columns: Columns) -> NDArray[np.bool_]:
    """Members that were found spun cover an unspun document as a spun copy, however close their repair brought them."""
    relation = members.relations(table)
    close = (relation == RELATIONS.index("exact")) | (relation == RELATIONS.index("near"))
    return np.asarray(close & (columns.spin[members.number] >= SPUN) & (columns.spin[members.kept] < SPUN))


def _rejected(judge: Judge, going: I64, ids: Ids, cfg: DedupConfig) -> list[tuple[int, Drop]]:
    """The nearest miss of every document that stays although another one almost covers it; never applied, only recorded."""
    a, b, table = judge.nearest()
    going = distinct(going)
    stays = ~(among(a, going) | among(b, going))
    a, b, table = a[stays], b[stays], table[stays]
    shorter = table["covered"][:, 0] > table["covered"][:, 1]
    kept, other = np.where(shorter, b, a), np.where(shorter, a, b)
    table[shorter] = swapped(table[shorter])
    # The best of every document, the first pair of several.
    ordered = np.lexsort((np.arange(len(a)), -table["score"], other))
    ordered = ordered[np.append(True, other[ordered][1:] != other[ordered][:-1])[: len(a)]]
    found = []
    for at, name, verdict in zip(ordered.tolist(), ids(kept[ordered].tolist()), listed(table[ordered]), strict=True):
        why = {"duplicate_of": name, **figures(verdict), "rejected": True}
        rule = "dedup/spun" if verdict.canonical and verdict.canonical.aligned / cfg.spun >= NEAR else "dedup/near"
        found.append((int(other[at]), Drop(rule, round(verdict.score, 4), why)))
    return found


def guard(going: I64, columns: Columns, cfg: DedupConfig) -> None:
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


def _by_host(going: I64, columns: Columns) -> tuple[I64, I64]:
    hosts = len(columns.host_names)
    return np.bincount(columns.host, minlength=hosts), np.bincount(columns.host[going], minlength=hosts)


def _report(sure: Members, going: I64, found: Candidates, judge: Judge, columns: Columns) -> dict[str, Any]:
    size, gone = _by_host(going, columns)
    worst = sorted(np.flatnonzero(gone).tolist(), key=lambda host: (-gone[host] / size[host], columns.host_names[host]))
    relations = np.bincount(sure.relations(judge.table), minlength=len(RELATIONS)).tolist()
    related = judge.table["relation"][judge.rows] != 0
    return {
        "candidates": len(found.a),
        "verified": len(judge.pairs),
        "confirmed": int(related.sum()),
        "near_misses": int((~related & (judge.rows > 0)).sum()),
        "relations": {name: count for name, count in sorted(zip(map(str, RELATIONS), relations, strict=True)) if count},
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

    over = result.over
    rows = [
        Row(id_, urls[number], over.get(number, ""), *(float(columns.spin[number]), int(columns.date[number])),
            int(columns.length[number]))
        for number, id_ in enumerate(ids)
    ]  # fmt: skip
    return Index.open(cfg.index, cfg, create=True).add(sketches, rows, tag)


__all__ = ["Columns", "Result", "deduplicate", "guard", "remember"]
