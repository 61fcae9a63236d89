"""Site frequency: short lines that stand at the head or tail of several pages of one host are that site's furniture.

What repeats is learned over a run, from documents that are no duplicates of each other, never over hosts, and can be remembered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from cleanup import kernels
from cleanup.arrays import distinct
from cleanup.document import Edit
from cleanup.errors import ConfigError
from cleanup.stages.boilerplate_characters import classes, folded
from cleanup.stages.boilerplate_lines import Ints, Lines, Page, cuts, words

PAGES = 3  # pages of a host on which a line has to stand
WORDS = 25  # longer lines are prose, which follow-up articles repeat honestly
EDGE = 0.93  # score of a line before the first or behind the last paragraph
MIDDLE = 0.7  # score between paragraphs, where a repeated line may be a subhead: held for a person
MOST_CHARS = 400
LINES = 32  # short lines of a text, for which there is room at first

Keys = NDArray[np.uint64]
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Found(NamedTuple):
    """Short lines of some documents: the document of each, and a key of host and normalised line."""

    doc: NDArray[np.int64]
    key: Keys


class SiteLines:
    """Short lines collected over the documents of a part, kept as numbers."""

    def __init__(self) -> None:
        self.rows: list[NDArray[np.int64]] = []
        self.keys: list[Keys] = []

    def add(self, docs: Sequence[tuple[int, str, str]]) -> None:
        """(row, text, host) of some documents."""
        found = line_keys([text for _, text, _ in docs], [host for _, _, host in docs])
        self.rows.append(np.array([row for row, _, _ in docs], np.int64)[found.doc])
        self.keys.append(found.key)

    def save(self, path: Path, count: int) -> None:
        """Write the lines of a part with `count` documents."""
        none = np.zeros(0, np.int64)
        np.savez(
            path, row=np.concatenate([none, *self.rows]), key=np.concatenate([none.astype(np.uint64), *self.keys]), count=count
        )


class Table(NamedTuple):
    """Lines that repeat, by key in ascending order, and on how many pages each stood."""

    keys: Keys
    pages: NDArray[np.int64]

    def pages_of(self, keys: Keys) -> NDArray[np.int64]:
        """The number of pages of each key, 0 for one that does not repeat."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, self.pages[at], 0)


def normal(line: str) -> str:
    """A line in the form in which it is remembered: letters folded one by one, single spaces, every digit a 0."""
    folded = ("0" if char.isdecimal() else char.casefold() if len(char.casefold()) == 1 else char for char in line)
    return " ".join("".join(folded).split())


@cache
def host_key(host: str) -> int:
    """A 64-bit number for a host."""
    return int.from_bytes(hashlib.blake2b(host.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _keys(data: bytes, begin: Ints, end: Ints, hosts: Keys) -> Keys:
    """Of the lines data[begin:end], each of a host: lines with the same form have the same key."""
    found: Keys = np.empty(len(begin), np.uint64)
    kernels.function("sites_keys", "bytes i64* i64* i64 u16* u32* u64*")(data, begin, end, len(begin), classes(), folded(), found)
    return _of_hosts(found, hosts)


def _of_hosts(found: Keys, hosts: Keys) -> Keys:
    return (found ^ hosts) * _MIX


def line_keys(texts: Sequence[str], hosts: Sequence[str]) -> Found:
    """The short lines of texts, their first ones (titles) left out, keyed by host."""
    given = kernels.Texts(texts)
    find = kernels.function("sites_lines", "u64* i64* i64 i64 i64 u16* u32* i64 i64* u64*", "i64")
    room = LINES * len(texts)
    while True:
        doc, found = np.empty(room, np.int64), np.empty(room, np.uint64)
        at = given.where, given.size, len(texts), MOST_CHARS, WORDS, classes(), folded()
        count = find(*at, room, doc, found)
        if count <= room:
            break
        room = count
    owner = np.fromiter(map(host_key, hosts), np.uint64, len(hosts))
    return Found(doc[:count].copy(), _of_hosts(found[:count], owner[doc[:count]]))


def repeated(doc: NDArray[np.int64], key: Keys, least: int = PAGES) -> Table:
    """The keys that stand in at least `least` documents. Does not depend on the order of its input."""
    order = np.lexsort((doc, key))
    key, doc = key[order], doc[order]
    fresh = np.ones(len(key), bool)
    fresh[1:] = (key[1:] != key[:-1]) | (doc[1:] != doc[:-1])
    keys, pages = np.unique(key[fresh], return_counts=True)
    often = pages >= least
    return Table(keys[often], pages[often].astype(np.int64))


def propose_sites(text: str, host: str, table: Table) -> tuple[list[Edit], list[str]]:
    """Edits that remove the lines of a document that repeat on its host, and these lines in their normal form.

    Rule `boilerplate/sites/<host>`. A document without a paragraph of running text has no head or tail: all is held.
    """
    lines = Lines([text])
    page = Page(text, lines)
    pages = table.pages_of(_keys(lines.data, lines.begin, lines.end, np.full(len(lines), host_key(host), np.uint64)))
    paragraphs = [number for number, flag in enumerate(page.long) if flag]
    hits = [
        number
        for number in range(1, len(page))
        if pages[number] and len(page.text[number]) <= MOST_CHARS and words(page.text[number]) <= WORDS and not page.long[number]
    ]
    edits = []
    for number, (start, end) in zip(hits, cuts(page, hits), strict=True):
        edge = bool(paragraphs) and not paragraphs[0] < number < paragraphs[-1]
        why = {"host": host, "pages": int(pages[number])}
        edits.append(Edit(start, end, text[start:end], "", f"boilerplate/sites/{host}", EDGE if edge else MIDDLE, why))
    return edits, [normal(page.text[number]) for number in hits]


def load_remembered(path: Path) -> dict[str, dict[str, int]]:
    """Host -> normalised line -> pages, as an earlier run wrote it; empty when there is no file. Raises ConfigError."""
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, int]])
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path} holds no remembered lines: {error}", "name a file that --sites made, or a new one") from None


def remembered_table(remembered: Mapping[str, Mapping[str, int]]) -> Table:
    """The remembered lines by key."""
    if not remembered:
        return Table(np.zeros(0, np.uint64), np.zeros(0, np.int64))
    rows = [(host, line, pages) for host, found in remembered.items() for line, pages in found.items()]
    hosts = np.array([host_key(host) for host, _, _ in rows], np.uint64)
    coded = [line.encode("utf-8", "surrogatepass") for _, line, _ in rows]
    size = np.fromiter(map(len, coded), np.int64, len(coded))
    end = np.cumsum(size)
    keys = _keys(b"".join(coded), end - size, end, hosts)
    order = np.argsort(keys, kind="stable")
    return Table(keys[order], np.array([pages for _, _, pages in rows], np.int64)[order])


def merged(tables: Sequence[Table]) -> Table:
    """Several tables as one, with the larger number of pages."""
    keys = np.concatenate([table.keys for table in tables])
    pages = np.concatenate([table.pages for table in tables])
    found = distinct(keys)
    most = np.zeros(len(found), np.int64)
    np.maximum.at(most, np.searchsorted(found, keys), pages)
    return Table(found, most)
