"""Laws of reading: any bytes give documents, each record exactly once; pipes, parts and compression change nothing."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import tempfile
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cleanup.cli import cli
from cleanup.config import Config, override
from cleanup.document import Document
from cleanup.read.block import documents
from cleanup.read.inputs import Source, Sources, expand
from cleanup.read.jsonl import _too_deep
from cleanup.read.parts import Segment, plan, read_part, read_segment, read_segment_stream
from cleanup.read.sniff import sniff
from cleanup.read.stream import compression
from cleanup.write.record import parse_line, render, value
from tests.strategies import texts

PACKERS = {"": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard.compress}
FORMATS = ("auto", "text", "jsonl", "html", "warc", "csv", "parquet")
STDIN = Source("-", "stdin")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
names = st.sampled_from(["id", "url", "text", "html", "date", "source", "cleanup", "drop", "x"]) | st.text(max_size=4)
records = st.dictionaries(names, values, max_size=6)
record_lines = st.builds(
    lambda record, ascii_: json.dumps(record, ensure_ascii=ascii_).encode("utf-8", "surrogatepass"), records, st.booleans()
)
ODD = [
    *(b"", b" ", b"\r", b"{", b"[]", b"null", b"\xef\xbb\xbf{}"),
    *(b'{"text": "caf\xe9"}', b'{"text": "x", "t": "\xff"}', b'{"text": "\\ud83d"}', b'{"text": "\x00"}'),
    *(b'{"text": 1, "text": "two"}', b'{"te\\u0078t": "x"}', b'{"text": "x"} trailing', b'{"id": null, "text": "x"}'),
]
odd_lines = st.sampled_from(ODD)
lines = st.lists(record_lines | odd_lines | st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")), max_size=12)


class Pipe(io.RawIOBase):
    """A raw stream that gives its bytes in pieces of the sizes it is told, like a pipe with a slow writer."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self.data = data
        self.sizes = sizes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        size = min(len(buffer), self.sizes.pop() if self.sizes else len(buffer))
        piece, self.data = self.data[:size], self.data[size:]
        buffer[: len(piece)] = piece
        return len(piece)


def from_pipe(data: bytes, config: Config, sizes: list[int] | None = None) -> list[Document]:
    raw = io.BufferedReader(Pipe(data, list(sizes or [])))
    return list(read_segment_stream(raw, STDIN, config))


def jsonl(**more: object) -> Config:
    return override(Config(), {"read.format": "jsonl", **{name.replace("__", "."): item for name, item in more.items()}})


def seen(docs: list[Document]) -> list[tuple[object, ...]]:
    return [(doc.id, doc.status, doc.text, doc.data, doc.offset, bool(doc.error)) for doc in docs]


@given(st.binary(max_size=300), st.sampled_from(FORMATS), st.sampled_from(list(PACKERS)))
@settings(max_examples=150)
def test_any_bytes_in_any_format_give_documents(data: bytes, format_: str, pack: str) -> None:
    docs = from_pipe(PACKERS[pack](data), override(Config(), {"read.format": format_}))
    for doc in docs:
        assert doc.id
        assert doc.status in ("kept", "failed")
        assert (doc.error is not None) == (doc.status == "failed")


@given(lines, st.sampled_from([b"\n", b"\r\n"]), st.booleans())
@settings(max_examples=150)
def test_each_line_that_is_not_blank_is_one_document(given_lines: list[bytes], newline: bytes, last: bool) -> None:
    data = newline.join(given_lines) + (newline if last else b"")
    assume(not compression(data))
    docs = from_pipe(data, jsonl())
    assert len(docs) == sum(1 for line in data.split(b"\n") if line and not line.isspace())


@given(lines, st.integers(1, 120))
@example([b"PAR1"], 1)  # what Parquet begins with is no Parquet where JSONL is said
@settings(max_examples=100)
def test_parts_of_any_size_give_the_same(given_lines: list[bytes], size: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "x.jsonl").write_bytes(b"\n".join(given_lines))
        sources = expand([place])
        config = jsonl(read__part_bytes=size)
        whole = [doc for source in sources for doc in read_segment(Segment(source), config)]
        cut = [doc for part in plan(sources, config) for doc in documents(read_part(part, config))]
        assert seen(cut) == seen(whole)


@given(lines, st.lists(st.integers(1, 9), max_size=60), st.sampled_from(list(PACKERS)), st.sampled_from(FORMATS))
@settings(max_examples=100)
def test_a_slow_pipe_gives_the_same(given_lines: list[bytes], sizes: list[int], pack: str, format_: str) -> None:
    data = PACKERS[pack](b"\n".join(given_lines))
    config = override(Config(), {"read.format": "jsonl" if format_ == "auto" else format_})
    assert seen(from_pipe(data, config, sizes)) == seen(from_pipe(data, config))


@given(st.lists(record_lines, min_size=1, max_size=40), st.sampled_from([name for name in PACKERS if name]), st.floats(0, 1))
@settings(max_examples=100)
def test_what_came_before_the_break_of_an_archive_stays(given_lines: list[bytes], pack: str, share: float) -> None:
    whole = from_pipe(b"\n".join(given_lines), jsonl())
    packed = PACKERS[pack](b"\n".join(given_lines))
    cut = packed[: int(len(packed) * share)]
    docs = from_pipe(cut, jsonl())
    if cut == packed:
        assert seen(docs) == seen(whole)
    elif len(cut) >= 6:
        assert docs[-1].status == "failed"
    sound = [doc for doc in docs if doc.status == "kept"]
    assert len(docs) <= len(whole) + 2
    assert all(one in seen(whole) for one in seen(sound))


@pytest.mark.parametrize("pack", [name for name in PACKERS if name])
@pytest.mark.parametrize("before", [False, True])
def test_an_archive_that_ends_early_is_told(pack: str, before: bool) -> None:
    packed = PACKERS[pack](b'{"text": "Some words."}\n' * 50)
    whole = packed if before else b""
    for size in range(6, 40):
        assert from_pipe(whole + packed[:size], jsonl())[-1].status == "failed", size


@given(lines)
@settings(max_examples=150)
def test_what_is_written_is_json_that_says_the_same(given_lines: list[bytes]) -> None:
    for doc in from_pipe(b"\n".join(given_lines), jsonl()):
        if doc.status == "failed":
            continue
        line = render(doc, "text")
        assert line.count(b"\n") == 1
        again = json.loads(line)
        assert again["text"] == doc.text
        assert again["id"] == doc.id or str(again["id"]) == doc.id or again.get("url") == doc.id
        before = {name: value(item) for name, item in (doc.record or {}).items()}
        for name in set(before) - {"id", "text", "cleanup", "drop"}:
            assert repr(again[name]) == repr(before[name]) or "nan" in repr(before[name])
        assert {name: value(item) for name, item in parse_line(line).items()}.keys() == again.keys()


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=2, max_size=2), max_size=8),
    st.sampled_from(",;\t|"),
)
def test_a_table_that_was_written_is_read_back(cells: list[list[str]], delimiter: str) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerows([["text", "note"], *cells])
    docs = from_pipe(buffer.getvalue().encode(), override(Config(), {"read.format": "csv"}))
    assert [(doc.text, (doc.record or {})["note"]) for doc in docs] == [tuple(row) for row in cells]


@given(
    st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=2) | st.fixed_dictionaries({'k"[{': inner})),
    st.integers(0, 6),
)
@example([[["]]]}}}"]]], 4)
def test_depth_is_measured_outside_of_strings(tree: object, limit: int) -> None:
    def depth(node: object) -> int:
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else None
        return 0 if children is None else 1 + max(map(depth, children), default=0)

    line = json.dumps({"x": tree, "s": '\\"[[[[[[[[["'}).encode()
    assert bool(_too_deep(line, limit)) == (1 + depth(tree) > limit)


@given(st.binary(max_size=100), st.text(max_size=20))
def test_sniffing_always_answers(head: bytes, name: str) -> None:
    assert sniff(head, name) in FORMATS


@given(
    st.lists(
        st.builds(Source, st.text(max_size=9), st.text(max_size=9), st.integers(0, 2**60), st.integers(0, 2**62)), max_size=30
    )
)
def test_packed_sources_are_the_same(sources: list[Source]) -> None:
    packed = Sources(sources)
    assert list(packed) == sources
    assert list(packed) == sources
    assert len(packed) == len(sources)
    assert packed.digest() == Sources(packed).digest()
    assert Sources([*sources, Source("more", "more")]).digest() != packed.digest()


@given(
    st.sampled_from(["", "--from=jsonl", "--from=csv", "--from=html", "--from=text"]),
    st.one_of(st.binary(max_size=200), lines.map(b"\n".join), texts.map(lambda text: text.encode("utf-8", "surrogatepass"))),
    st.sampled_from(list(PACKERS)),
)
@settings(max_examples=25, deadline=None)
def test_the_filter_takes_any_bytes(format_: str, data: bytes, pack: str) -> None:
    """An exit code of the contract, and nothing lost: what is not written has been reported or dropped for a reason."""
    done = CliRunner().invoke(cli, ["-v", *filter(None, [format_])], input=PACKERS[pack](data))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (0, 3)
    kept, dropped, failed = map(int, re.findall(r"(\d+) (?:kept|dropped|failed)", done.stderr.splitlines()[-1]))
    assert (done.exit_code == 3) == (failed > 0)
    assert done.stderr.count("cleanup: dropped ") == dropped
    if format_ == "--from=jsonl" and not compression(data):
        assert kept + dropped + failed == sum(1 for line in data.split(b"\n") if line and not line.isspace())
        assert done.stdout_bytes.count(b"\n") == kept


@given(st.integers(0, 2**31), st.binary(min_size=1, max_size=8), st.sampled_from(["crawl.warc.gz", "news.jsonl", "page.html"]))
@settings(max_examples=150)
def test_a_damaged_sample_never_stops_the_reader(samples: Path, at: int, noise: bytes, name: str) -> None:
    if name.endswith("warc.gz"):
        pytest.importorskip("fastwarc")
    data = bytearray(gzip.decompress((samples / name).read_bytes()) if name.endswith(".gz") else (samples / name).read_bytes())
    at %= len(data)
    data[at : at + len(noise)] = noise
    for doc in from_pipe(bytes(data), Config()):
        assert doc.id
