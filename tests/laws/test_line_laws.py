"""Laws of the compiled reader of lines: what it takes, slower parsers read alike, and it is written alike."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleanup.config import LimitsConfig, ReadConfig
from cleanup.dedup.texts import Literals
from cleanup.document import Document, Row
from cleanup.read import jsonl
from cleanup.read.block import Block, Lot, documents, said
from cleanup.read.records import Line
from cleanup.write import columns
from cleanup.write.laid import date_rank, host, of_block, of_documents
from cleanup.write.record import encode, fields, placed, render

NAMES = ["id", "url", "text", "html", "date", "source", "cleanup", "drop", "tags", 'a"b', "ä", "te\\u0078t"]
URLS = [
    *(
        "https://www.a-b.example/x?y=1",
        "http://a.example",
        "https://A.example/",
        "https:///x",
        "ftp://x.example/",
        "https://",
        "http:/",
    ),
    *(
        "https://www.",
        "https://www./a",
        "https://a.example\n",
        "https://[::1]:80/",
        "https://[",
        "https://a.example:80/",
        "htt",
        "",
    ),
]
DATES = ("2026-03-09", "2026-03-09T", "2026-03-09 07:00:00.5+01:00", "2026-03-09x", "2026-3-9", "9 March 2026", "20260309")
words = (
    st.text(max_size=12)
    | st.text(st.characters(max_codepoint=0x2FF), max_size=30)
    | st.sampled_from(["", 'a\n\nb\t"c"/\\', "\x7f\x00\x0b", *DATES])
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
)
records = st.builds(
    lambda text, others, last: {**others, "text": text} if last else {"text": text, **others},
    words, st.dictionaries(st.sampled_from(NAMES) | words, values, max_size=4), st.booleans(),
)  # fmt: skip
spacing = st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " :\r ")])
plain_lines = st.builds(
    lambda record, ascii_, spaces: json.dumps(record, ensure_ascii=ascii_, separators=spaces).encode("utf-8", "surrogatepass"),
    records, st.booleans(), spacing,
)  # fmt: skip
damage = st.tuples(st.integers(0, 1 << 16), st.sampled_from(list(b'"\\{}[]:,0e-.u/ \n\0\x1f\x80\xc3\xed\xf4')))
MORE = [
    *(b'{"text":"x","a":[1,{"b":[]},[]],"n":-0.5E+3}', b'{"text":"x","a":[1,]}', b'{"text":"x","a":{"b":1,}}', b'{"text":"x",}'),
    *(b'{"text":"x","n":01}', b'{"text":"x","n":1.}', b'{"text":"x","n":-}', b'{"text":"x","n":1e}', b'{"text":"x","n":tru}'),
    *(b'{"text":"\\ud83d\\ude00\\/\\u00e9"}', b'{"text":"\\ud83d"}', b'{"text":"\\ude00x"}', b'{"text":"x","text":"y"}', b"{}"),
    *(b'{"text":"x","n":[{}}', b'{"text":"x","n":1e999,"date":1e999}', b'{"text":"x"}}', b'{"text":"x" "a":1}', b'{"text":"'),
    *(
        b'{"text":"x","date":%b}' % (date if date[0] == 49 else b'"%b"' % date)
        for date in (b"1773039600", b"2026-03-09\\u0054", *map(str.encode, DATES))
    ),
    *(b'{"text":"\xed\xa0\x80"}', b'{"text":"\xc0\xaf"}', b'{"text":"\xf4\x90\x80\x80"}', b'{"a":"\xff","text":"x"}', b'{"text"'),
]


def _damaged(line: bytes, changes: Sequence[tuple[int, int]]) -> bytes:
    made = bytearray(line)
    for at, byte in changes:
        if made:
            made[at % len(made)] = byte
    return bytes(made)


lines = st.builds(_damaged, plain_lines, st.lists(damage, max_size=2)) | st.sampled_from(MORE)
configurations = st.sampled_from(
    [ReadConfig(), ReadConfig(id_field="url"), ReadConfig(text_field="ä", date_field="text", url_field="id")]
)
limited = st.sampled_from([LimitsConfig(), LimitsConfig(max_depth=2), LimitsConfig(max_line_bytes=60, max_document_bytes=30)])


def read(data: bytes, cfg: ReadConfig, limits: LimitsConfig) -> list[Document]:
    return list(documents(lots(data, cfg, limits)))


def lots(data: bytes, cfg: ReadConfig, limits: LimitsConfig) -> Iterator[Lot]:
    return jsonl.read_jsonl(io.BufferedReader(io.BytesIO(data)), "s", 'l"', cfg, limits)  # type: ignore[type-var]


def slowly(data: bytes, cfg: ReadConfig, limits: LimitsConfig) -> list[Document | str]:
    """The same without the compiled reader."""
    found: list[Document | str] = []
    offset = 0
    for line in io.BytesIO(data):
        if len(line.removesuffix(b"\n")) > limits.max_line_bytes:
            found.append("limits.max_line_bytes")
        elif not line.isspace():
            found.append(jsonl._doubtful(line, offset, "s", 'l"', cfg, limits))
        offset += len(line)
    return found


@given(st.lists(lines, min_size=1, max_size=5).map(b"\n".join), configurations, limited)
@example(b"\n".join(MORE), ReadConfig(), LimitsConfig())
@settings(max_examples=400)
def test_it_reads_as_the_slower_parsers(data: bytes, cfg: ReadConfig, limits: LimitsConfig) -> None:
    quick, slow = read(data, cfg, limits), slowly(data, cfg, limits)
    assert len(quick) == len(slow)
    for one, other in zip(quick, slow, strict=True):
        if isinstance(other, str):
            assert other in (one.error or "")
            continue
        line, begin, size = placed(one, cfg.text_field)
        assert line == encode(fields(other, cfg.text_field))
        assert begin < 0 or json.loads(line[begin - 1 : begin + size + 1]) == one.text
        usual = {cfg.text_field: msgspec.Raw(msgspec.json.encode(other.text))} if isinstance(one.record, Line) else {}
        assert dict(one.record or {}) == {**(other.record or {}), **usual}
        assert msgspec.structs.replace(one, record=None) == msgspec.structs.replace(other, record=None)


@given(st.lists(lines, min_size=1, max_size=9).map(b"\n".join), configurations, limited)
@example(b"\n".join(MORE), ReadConfig(), LimitsConfig())
@settings(max_examples=300)
def test_a_block_is_written_as_its_documents_are(data: bytes, cfg: ReadConfig, limits: LimitsConfig) -> None:
    for lot in lots(data, cfg, limits):
        if isinstance(lot, Block):
            quick, slow = of_block(lot), of_documents(lot.documents(), cfg.text_field)
            assert (quick.data, quick.ids, quick.host) == (slow.data, slow.ids, slow.host)
            for name in ("ends", "first", "size", "live", "spin", "date", "length", "id_ends"):
                assert np.asarray(getattr(quick, name)).tolist() == np.asarray(getattr(slow, name)).tolist(), name


@given(st.lists(st.sampled_from(URLS) | words, min_size=1, max_size=4), st.booleans())
def test_a_block_knows_hosts_and_dates(urls: list[str], ascii_: bool) -> None:
    rows = [{"url": url, "date": "2026-13-02" if len(url) < 7 else "2026-01-02T03:04:05Z", "text": f"of {url}"} for url in urls]
    data = "".join(json.dumps(row, ensure_ascii=ascii_) + "\n" for row in rows).encode()
    (lot,) = lots(data, ReadConfig(), LimitsConfig())
    assert isinstance(lot, Block)
    laid = of_block(lot)
    assert laid.host == [host({"url": url}) for url in urls]
    assert np.asarray(laid.date).tolist() == [date_rank(row["date"]) for row in rows]
    assert np.asarray(laid.length).tolist() == [3 + len(url) for url in urls]


@given(st.lists(st.binary(max_size=20)))
def test_hashes_of_names_depend_on_nothing_else(names: list[bytes]) -> None:
    found, ends = np.empty(len(names), np.uint64), np.cumsum([len(name) for name in names], dtype=np.int64)
    columns._hash()(np.frombuffer(b"".join(names), np.uint8), ends, len(names), found)
    for name, hash_ in zip(names, found.tolist(), strict=True):
        value = 0xCBF29CE484222325
        for byte in name:
            value = (value ^ byte) * 0x100000001B3 % 2**64
        value = (value ^ value >> 32) * 0x9E3779B97F4A7C15 % 2**64
        assert hash_ == value ^ value >> 29


def test_half_of_a_pair_in_the_name_of_a_file_is_escaped() -> None:
    found = jsonl.read_jsonl(io.BufferedReader(io.BytesIO(b'{"text":"x"}')), "\udc80", "\udc80", ReadConfig(), LimitsConfig())  # type: ignore[type-var]
    (doc,) = documents(found)
    assert json.loads(render(doc, "text"))["id"] == doc.id == "\udc80#0"


@given(
    records.filter(lambda record: "cleanup" not in record and "drop" not in record), words, words, st.booleans(), st.booleans()
)
def test_a_changed_document_is_written_alike(
    record: dict[str, object], text: str, language: str, dropped: bool, ascii_: bool
) -> None:
    data = json.dumps(record, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
    (doc,) = read(data, ReadConfig(), LimitsConfig())
    doc.meta = {**doc.meta, "language": language, "edits": 3}
    if dropped:
        row = Row(
            doc.id, 1, "language", "language/other", "drop", None, None, None, None, 1.0, "apply", "policy", "k", {"of": text}
        )
        doc.status, doc.ledger = "dropped", [row]
    for located in (True, False):
        assert render(doc, "text", located=located) == encode(fields(doc, "text", located=located))
        doc.text = text
        assert render(doc, "text", located=located) == encode(fields(doc, "text", located=located))
    laid = of_documents([doc] * 2, "text")
    assert laid.data == render(doc, "text") * 2
    assert Literals.placed(laid.data, laid.first, laid.size).strings() == [text] * 2


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.booleans(), spacing, st.sampled_from(["n1", 17, -1]))
def test_what_programs_write_needs_no_slower_parser(text: str, ascii_: bool, spaces: tuple[str, str], id_: object) -> None:
    record = {"id": id_, "text": text, "tags": ["ä", {"n": [1.5e-7, None, True]}]}
    (doc,) = read(json.dumps(record, ensure_ascii=ascii_, separators=spaces).encode(), ReadConfig(), LimitsConfig())
    assert isinstance(doc.record, Line)
    assert (doc.id, doc.text) == (str(id_), text)


@given(st.lists(st.integers(0, 3 * jsonl.BLOCK), min_size=1, max_size=4), st.booleans())
@settings(max_examples=20)
def test_lines_of_any_length_come_whole(sizes: list[int], last: bool) -> None:
    data = b"\n".join(msgspec.json.encode({"text": "x" * size}) for size in sizes) + b"\n" * last
    for limit in (256 << 20, jsonl.BLOCK // 2, jsonl.BLOCK + 20):
        docs = read(data, ReadConfig(), LimitsConfig(max_line_bytes=limit))
        assert [len(doc.text) for doc in docs] == [size if size + 11 <= limit else 0 for size in sizes]
        assert [doc.status for doc in docs] == ["kept" if size + 11 <= limit else "failed" for size in sizes]


@given(st.lists(st.tuples(words, st.integers(0, 40), st.integers(0, 40)), max_size=4), st.booleans())
@example([("aéb\n\U0001f600c" * 9, 8, 17), ("ä" * 40, 7, 9), ("x" * 40, 9, 8)], True)
def test_pieces_of_strings_are_cut_by_characters(cuts: list[tuple[str, int, int]], ascii_: bool) -> None:
    data = [json.dumps(text, ensure_ascii=ascii_).encode() for text, _, _ in cuts]
    ends = np.cumsum([len(one) for one in data], dtype=np.int64)
    begins = ends - np.array([len(one) for one in data], np.int64)
    skips, takes = np.array([one[1:] for one in cuts], np.int64).reshape(-1, 2).T
    found = list(said(memoryview(b"".join(data)), begins + 1, ends - 1, skips, takes))
    assert found == [text[skip : skip + take] for text, skip, take in cuts]
    assert list(said(memoryview(b"".join(data)), begins + 1, ends - 1)) == [text for text, _, _ in cuts]
