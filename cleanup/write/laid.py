"""A batch laid out: its lines side by side, and what the corpus step has to know of each without reading it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from cleanup.dedup.keep import SPUN
from cleanup.dedup.texts import located
from cleanup.document import Document
from cleanup.read.block import Block, Of
from cleanup.write.record import placed

UNKNOWN_DATE = int(np.iinfo(np.int64).max)
PLAIN_URL = re.compile(r"https?://([a-z0-9.-]+)(?:/|$)")
I64 = NDArray[np.int64]


class Laid(NamedTuple):
    """Columns, an entry a line."""

    data: bytes | memoryview  # the lines
    ends: I64
    first: I64  # where in `data` the text begins, between quotes, and its bytes
    size: I64
    live: Sequence[bool] | NDArray[np.bool_]  # whether it is kept so far
    spin: Sequence[float] | NDArray[np.float32]
    date: Sequence[int] | I64
    length: Sequence[int] | I64  # of the text, in characters
    host: list[str]
    ids: bytes  # side by side
    id_ends: I64


def of_documents(docs: Sequence[Document], field: str) -> Laid:
    """Documents that did not fail, as lines whose text is in the field of that name."""
    made = [placed(doc, field) for doc in docs]
    data = b"".join([line for line, _, _ in made])
    ends = np.cumsum([len(line) for line, _, _ in made], dtype=np.int64)
    first, size = np.array([one[1:] for one in made], np.int64).reshape(-1, 2).T.copy()
    first, size = located(data, ends, field) if (first < 0).any() else (first + np.append(0, ends)[: len(ends)], size)
    ids = [doc.id.encode("utf-8", "surrogatepass") for doc in docs]
    return Laid(
        data,
        ends,
        first,
        size,
        [doc.status == "kept" for doc in docs],
        [spin_rank(doc.meta.get("spin")) for doc in docs],
        [date_rank(doc.meta.get("date")) for doc in docs],
        [len(doc.text) for doc in docs],
        [host(doc.meta) for doc in docs],
        b"".join(ids),
        np.cumsum(list(map(len, ids)), dtype=np.int64),
    )


def of_block(block: Block) -> Laid:
    """Records of a block, of which nothing was changed."""
    rows, count = block.rows, len(block)
    begin, names = int(rows[0, Of.LINE]), int(rows[0, Of.ID])
    end, names_end = int(rows[-1, Of.LINE_END]), int(rows[-1, Of.ID_END])
    date = np.full(count, UNKNOWN_DATE, np.int64)
    dated = np.flatnonzero(rows[:, Of.DATE_END])
    if len(dated):
        date[dated] = [_seconds(one) for one in block.said(Of.DATE, Of.DATE_END, dated)]
    return Laid(
        block.data[begin:end],
        rows[:, Of.LINE_END] - begin,
        rows[:, Of.TEXT] - begin,
        rows[:, Of.TEXT_END] - rows[:, Of.TEXT],
        np.ones(count, np.bool_),
        np.zeros(count, np.float32),
        date,
        rows[:, Of.LENGTH],
        _hosts(block),
        bytes(block.ids[names:names_end]),
        rows[:, Of.ID_END] - names,
    )


def _hosts(block: Block) -> list[str]:
    if not block.rows[:, Of.HOST_END].any():
        return [""] * len(block)
    found = list(block.said(Of.HOST, Of.HOST_END))
    odd = np.flatnonzero(block.rows[:, Of.HOST] < 0)
    if len(odd):
        for number, url in zip(odd.tolist(), block.said(Of.URL, Of.URL_END, odd), strict=True):
            found[number] = host({"url": url})
    return found


def spin_rank(spin: Any) -> float:
    """How spun a document is, for the keep policy: its verdict first, its score only within "spun"."""
    if not isinstance(spin, dict):
        return 0.0
    score = spin.get("score", 0.0)
    rank: float = {"spun": SPUN + score, "suspect": 1.0}.get(spin.get("verdict", ""), 0.0)
    return rank


def date_rank(date: Any) -> int:
    """Seconds since 1970 of an ISO 8601 date, the far future when there is none, so that dated documents come first."""
    return _seconds(date) if isinstance(date, str) else UNKNOWN_DATE


@lru_cache(maxsize=4096)
def _seconds(date: str) -> int:
    try:
        moment = datetime.fromisoformat(date)
    except ValueError:
        return UNKNOWN_DATE
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def host(meta: Mapping[str, Any]) -> str:
    """The host a document came from, without "www."; the site's name when there is no URL; "" when nothing is known."""
    url = str(meta.get("url") or "")
    found = PLAIN_URL.match(url)  # nearly all are; the parser is ten times slower
    try:
        name = found[1] if found else url and (urlsplit(url).hostname or "")
    except ValueError:
        name = ""
    return name.removeprefix("www.") or str(meta.get("site") or "")
