"""One big WARC is read in pieces, and gives what it gives in one."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path

import pytest

from cleanup.config import Config, override
from cleanup.document import Document
from cleanup.read.block import documents as listed
from cleanup.read.inputs import expand
from cleanup.read.parts import Segment, plan, read_part, read_segment

WHOLE = override(Config(), {})
FINE = override(Config(), {"read.part_bytes": 3000})


def record(number: int, body: bytes, kind: bytes = b"text/html", more: bytes = b"") -> bytes:
    """A response; every fifth one has no address, so that its place is its id."""
    url = b"" if number % 5 == 0 else b"WARC-Target-URI: http://a.example/%d\r\n" % number
    http = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n\r\n" % kind + body
    head = b"WARC/1.0\r\nWARC-Type: response\r\n%b%bContent-Type: application/http\r\n" % (url, more)
    return head + b"Content-Length: %d\r\n\r\n" % len(http) + http + b"\r\n\r\n"


def records() -> list[bytes]:
    """Pages, some of which look like archives and like records of ones."""
    rng = random.Random(5)
    inner = record(1, b"inner") * 20
    found = [record(n, b"<p>%d %b" % (n, rng.randbytes(rng.randrange(900)).hex().encode())) for n in range(60)]
    found[7] = record(7, inner, b"text/plain")
    found[8] = record(8, b"".join(gzip.compress(record(n, b"x"), 0) for n in range(60)), b"text/plain")
    found[9] = record(9, b"long header", more=b"X-More: " + b"y" * 9000 + b"\r\n")
    return found


def in_pieces(path: Path) -> tuple[list[Document], int]:
    parts = list(plan(expand([str(path)]), FINE))
    return [doc for part in parts for doc in listed(read_part(part, FINE))], len(parts)


def in_one(path: Path) -> list[Document]:
    return [doc for source in expand([str(path)]) for doc in read_segment(Segment(source), WHOLE)]


def stored(data: bytes) -> bytes:
    """A gzip member in which the bytes lie as they are: what looks like a member inside of them is none."""
    return gzip.compress(data, 0)


@pytest.mark.parametrize(
    ("pack", "least"),
    [
        (b"".join, 12),
        (lambda all_: b"".join(map(gzip.compress, all_)), 8),
        (lambda all_: b"".join(map(stored, all_)), 12),
        (lambda all_: b"".join(gzip.compress(b"".join(all_[n : n + 7])) for n in range(0, 60, 7)), 4),
        (lambda all_: gzip.compress(b"".join(all_)), 1),  # one member is one piece
        (lambda all_: b"".join(gzip.compress(b"".join(all_)[n : n + 999]) for n in range(0, 60000, 999)), 1),
        (lambda all_: b"".join(all_)[:-300], 12),
        (lambda all_: b"".join(map(gzip.compress, all_))[:-30], 8),
        (lambda all_: b"".join([*all_[:40], b"rubbish\r\n", *all_[40:]]), 8),
        (lambda all_: b"".join([*map(gzip.compress, all_[:40]), bytes(50)]), 5),
    ],
)
def test_pieces_give_what_the_whole_gives(tmp_path: Path, pack: object, least: int) -> None:
    path = tmp_path / "x.warc"
    path.write_bytes(pack(records()))  # type: ignore[operator]
    pieces, count = in_pieces(path)
    whole = in_one(path)
    known = [(doc.id, doc.offset, doc.data, doc.status, (doc.error or "").partition(" (after")[0]) for doc in whole]
    assert [(doc.id, doc.offset, doc.data, doc.status, (doc.error or "").partition(" (after")[0]) for doc in pieces] == known
    assert count >= least
    assert len({doc.id for doc in whole}) > 30


def test_other_gzip_is_not_taken_for_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(b"".join(gzip.compress(b'{"text": "%d WARC/1.0"}\n' % n) for n in range(500)))
    pieces, count = in_pieces(path)
    assert (len(pieces), count) == (500, 1)


def test_a_bomb_is_not_unpacked_to_be_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cleanup.read import cuts

    given = 0

    class Counting:
        def __init__(self, window: int) -> None:
            self.real = real(window)

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

        def decompress(self, data: bytes, size: int) -> bytes:
            nonlocal given
            out: bytes = self.real.decompress(data, size)
            given += len(out)
            return out

    real = zlib.decompressobj
    path = tmp_path / "x.warc.gz"
    path.write_bytes(
        gzip.compress(record(1, b"first")) + gzip.compress(record(2, bytes(100 << 20))) + gzip.compress(record(3, b"x"))
    )
    monkeypatch.setattr(cuts.zlib, "decompressobj", Counting)
    assert len(list(plan(expand([str(path)]), FINE))) <= 2
    assert given < 20 << 20


@pytest.mark.parametrize(("body", "pages"), [(b"<html><body><p>A page.</p></body></html>", 1), (b"GIF89a" + bytes(99), 0)])
def test_what_has_no_type_is_a_page_if_it_looks_like_one(tmp_path: Path, body: bytes, pages: int) -> None:
    path = tmp_path / "x.warc"
    path.write_bytes(record(1, body, b""))
    assert [(doc.kind, doc.data) for doc in in_one(path)] == [("html", body)] * pages


def test_a_damaged_piece_says_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.warc"
    path.write_bytes(b"".join(map(gzip.compress, records())))
    (segment,) = list(plan(expand([str(path)]), FINE))[2].segments
    data = bytearray(path.read_bytes())
    data[segment.start + 12 : segment.start + 40] = bytes(28)
    path.write_bytes(data)
    (doc,) = read_segment(segment, FINE)
    assert (doc.status, doc.offset) == ("failed", segment.plain)
    assert doc.offset > 0
