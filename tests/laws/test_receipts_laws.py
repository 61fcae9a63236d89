"""Reasons and clusters that a kernel writes are those that Python would write, for any ids and figures."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleanup.arrays import packed, scaled
from cleanup.config import DedupConfig
from cleanup.dedup.keep import HOLDS, REASONS, Order
from cleanup.dedup.receipts import Clusters, Members, Names, Reasons, proposals
from cleanup.dedup.relation import RELATIONS, VERDICT
from cleanup.document import Drop

ids = st.text(st.characters() | st.sampled_from('"\\/\n\0é京😀\ud800\udc00'), max_size=200)
shares = st.sampled_from([0.0, 1.0, 0.5, 0.00005, 0.00015, 0.12345, 0.99995]) | st.floats(0, 1)
UNKNOWN = math.nan


@st.composite
def made(draw: st.DrawFn) -> tuple[Members, Order, Any]:
    """Members of some clusters, and what was found about each."""
    count = draw(st.integers(1, 6))
    stays = draw(st.integers(1, 3))
    every = np.arange(count + stays)
    order = Order(every, ("date",), (np.array(draw(st.lists(st.integers(0, 2), min_size=len(every), max_size=len(every)))),),
                  every.copy(), draw(st.lists(ids, min_size=len(every), max_size=len(every))))  # fmt: skip
    table = np.zeros(count + 1, VERDICT)
    for row in table:
        row["relation"] = draw(st.integers(1, len(RELATIONS) - 1))
        for name in ("jaccard", "canonical", "aligned"):
            row[name] = draw(shares)
        if draw(st.booleans()):
            row["canonical"] = row["aligned"] = UNKNOWN
        for name in ("contained", "covered"):
            row[name] = (draw(shares), draw(shares))
        row["passage"] = ((0, 0), (draw(st.integers(0, 9)), draw(st.integers(0, 9))))
    members = Members(
        number=every[stays:],
        kept=np.array(draw(st.lists(st.integers(0, stays - 1), min_size=count, max_size=count))),
        row=np.array(draw(st.lists(st.integers(-1, count), min_size=count, max_size=count))),
        turned=np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count))),
        score=np.array(draw(st.lists(shares, min_size=count, max_size=count))),
        spun=np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count))),
        bands=np.array(draw(st.lists(st.integers(0, 32), min_size=count, max_size=count))),
        sure=np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count))),
    )
    return members, order, table


def figures(verdict: Any) -> dict[str, Any]:
    found = {"relation": RELATIONS[verdict["relation"]], "jaccard": verdict["jaccard"]}
    found |= {"containment": verdict["contained"][1], "contains": verdict["contained"][0], "covered": verdict["covered"][1]}
    if not math.isnan(verdict["aligned"]):
        found |= {"canonical_jaccard": verdict["canonical"], "aligned": verdict["aligned"]}
    return {name: round(float(share), 4) if name != "relation" else share for name, share in found.items()}


def why(order: Order, kept: int, other: int) -> str:
    one, two = order.values[0][[kept, other]].tolist()
    return "first" if one == two else REASONS["date"] if one < two else HOLDS


@given(made())
def test_reasons_are_as_they_are_said(some: tuple[Members, Order, Any]) -> None:
    members, order, table = some
    names = Names(members.take(members.sure).kept, order)
    found = members.verdicts(table)
    made = Reasons(members, names, order, table).of(np.arange(len(members.number)))
    for at, drop in enumerate(made.each()):
        kept = int(members.kept[at])
        home = names.at(members.kept[[at]])[0]
        passage = found["passage"][at, 1].tolist()
        reason = {
            "duplicate_of": order.ids[kept],
            **figures(found[at]),
            **({"cluster": names[home]} if home >= 0 else {}),
            "keep_reason": why(order, kept, int(members.number[at])),
            "bands": int(members.bands[at]),
            **({"shared": passage} if passage[1] else {}),
        }
        rule = f"dedup/{RELATIONS[found['relation'][at]]}"
        assert drop == Drop(rule, round(float(members.score[at]), 4), reason)
        assert list(drop.why) == list(reason)
        try:
            assert (
                made.some(at, at + 1).reasons
                == msgspec.json.encode({name: reason[name] for name in reason if name != "shared"})[:-1]
            )
        except UnicodeEncodeError:
            assert any("\ud800" <= sign <= "\udfff" for sign in order.ids[kept])
    sure = proposals(members, names, order, table, DedupConfig()).sure(members.number)
    assert sure.tolist() == members.sure.tolist()


@given(made())
def test_clusters_are_as_they_are_said(some: tuple[Members, Order, Any]) -> None:
    members, order, table = some
    names = Names(members.kept, order)
    found = members.verdicts(table)
    rows = []
    for place, kept in enumerate(names.kept.tolist()):
        mine = np.flatnonzero(members.kept == kept).tolist()
        reason = why(order, kept, int(members.number[mine[0]]))
        inside = [{"id": order.ids[int(members.number[at])], **figures(found[at])} for at in mine]
        rows.append({"cluster": names[place], "kept": order.ids[kept], "keep_reason": reason, "members": inside})
    assert list(Clusters(members, names, order, table, [])) == rows


@given(st.lists(ids, min_size=1, max_size=6))
def test_clusters_are_called_by_digests(some: list[str]) -> None:
    every = np.arange(len(some))
    names = Names(every, Order(every, (), (), every, some))
    seen: dict[str, int] = {}
    for place, id_ in enumerate(some):
        name = hashlib.blake2b(id_.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        seen[name] = seen.get(name, 0) + 1
        assert names[place] == (name if seen[name] == 1 else f"{name}-{seen[name]}")


@given(st.lists(shares | st.just(UNKNOWN), max_size=20), st.lists(ids, max_size=5))
def test_numbers_and_strings_side_by_side(numbers: list[float], strings: list[str]) -> None:
    assert scaled(np.array(numbers, np.float64), 4).tolist() == [
        -1 if math.isnan(one) else round(round(one, 4) * 10000) for one in numbers
    ]
    data, ends = packed(strings)
    begins = [0, *ends.tolist()]
    cut = [data[begin:end].tobytes().decode("utf-8", "surrogatepass") for begin, end in zip(begins, ends.tolist(), strict=False)]
    assert cut == strings
