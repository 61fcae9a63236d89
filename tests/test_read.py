"""Readers: formats, compression, ids, parts and what bad input becomes."""

from __future__ import annotations

import bz2
import datetime
import gzip
import json
import lzma
import os
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cleanup.config import Config, LimitsConfig, ReadConfig, WriteConfig, override
from cleanup.document import Document
from cleanup.errors import InputError
from cleanup.read.block import documents as listed
from cleanup.read.inputs import expand
from cleanup.read.parts import Segment, plan, read_part, read_segment
from cleanup.read.sniff import sniff
from cleanup.write.record import encode, fields

PACK = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstandard.compress}
RECORDS = [{"id": "a", "text": "one"}, {"url": "https://x.example/2", "text": "two", "n": 1}, {"text": "three"}]
JSONL = "".join(json.dumps(record) + "\n" for record in RECORDS).encode()


def documents(path: Path | str, config: Config | None = None) -> list[Document]:
    return [doc for source in expand([str(path)]) for doc in read_segment(Segment(source), config or Config())]


@pytest.mark.parametrize("suffix", PACK)
def test_jsonl_through_every_compression(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"news.jsonl{suffix}"
    path.write_bytes(PACK[suffix](JSONL))
    docs = documents(path)
    assert [doc.text for doc in docs] == ["one", "two", "three"]
    assert [doc.id for doc in docs] == ["a", "https://x.example/2", f"news.jsonl{suffix}#{JSONL.index(b'{', 60)}"]


@pytest.mark.parametrize("suffix", PACK)
def test_text_through_every_compression(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(PACK[suffix]("Grüße\r\n".encode()))
    (doc,) = documents(path)
    assert (doc.data, doc.kind, doc.id) == ("Grüße\r\n".encode(), "text", f"a.txt{suffix}")


SCALARS = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
def test_every_field_passes_through_untouched(record: dict[str, object]) -> None:
    line = json.dumps({**record, "text": "the text", "z": 1}, ensure_ascii=True)
    from cleanup.read.jsonl import _document

    doc = _document(line.encode(), 0, "s", "s", ReadConfig())
    assert isinstance(doc, Document)
    out = json.loads(encode(fields(doc, "text", located=False)))
    expected = {key: value for key, value in json.loads(line).items() if key not in ("cleanup", "drop")}
    summary = out.pop("cleanup")
    assert summary["edits"] == 0
    assert list(out) == list(expected)
    assert out == expected


def test_numbers_keep_their_spelling() -> None:
    from cleanup.read.jsonl import _document

    doc = _document(b'{"a": 1.50, "b": 12345678901234567890123, "text": "t", "c": "\\u00e9"}', 0, "s", "s", ReadConfig())
    assert isinstance(doc, Document)
    assert b'"a":1.50,"b":12345678901234567890123' in encode(fields(doc, "text"))


def test_bad_lines_are_reported_with_their_number_and_the_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"text": "a"}\n{"text": \n[1]\n\n{"title": "no text"}\n{"text": "b"}')
    docs = documents(path)
    assert [doc.status for doc in docs] == ["kept", "failed", "failed", "failed", "kept"]
    errors = [doc.error or "" for doc in docs if doc.status == "failed"]
    assert [error.split(":")[0] for error in errors] == ["line 2", "line 3", "line 5"]
    assert "--text-field" in errors[2]


@pytest.mark.parametrize(("value", "said"), [("5", "a number"), ("null", "null"), ("[1]", "an array"), ("true", "a boolean")])
def test_a_text_that_is_none_is_told_by_its_kind(tmp_path: Path, value: str, said: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(f'{{"text": {value}}}\n')
    (doc,) = documents(path)
    assert doc.error == f"line 1: the field 'text' holds {said}, not text; name another with --text-field"


def test_bytes_of_a_table_are_no_text(tmp_path: Path) -> None:
    import polars

    polars.DataFrame({"text": [b"bytes"]}).write_parquet(tmp_path / "x.parquet")
    (doc,) = documents(tmp_path / "x.parquet")
    assert doc.error == "row 0: the field 'text' holds bytes, not text; name another with --text-field"


def test_files_with_a_byte_order_mark_put_behind_one_another(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "a"}\n\xef\xbb\xbf{"text": "b"}\n{"text": "c"}\n')
    assert [doc.text for doc in documents(path)] == ["a", "b", "c"]


def test_truncated_gzip_gives_what_was_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    whole = b"".join(encode({"id": str(n), "text": os.urandom(200).hex()}) for n in range(500))
    path.write_bytes(gzip.compress(whole)[:-2000])
    docs = documents(path)
    assert docs[-1].status == "failed"
    assert len(docs) > 100
    assert all(doc.status == "kept" for doc in docs[:-2])


def test_a_bomb_is_stopped_by_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.txt.gz"
    path.write_bytes(gzip.compress(b"\0" * (40 << 20)))
    (doc,) = documents(path)
    assert doc.status == "failed"
    assert "limits.max_ratio" in (doc.error or "")


def test_a_document_above_the_limit_fails_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * 100)
    (doc,) = documents(tmp_path / "a.txt", Config(limits=LimitsConfig(max_document_bytes=50)))
    assert "limits.max_document_bytes" in (doc.error or "")
    (tmp_path / "a.jsonl").write_bytes(JSONL + b'{"text": "' + b"y" * 300 + b'"}\n' + JSONL)
    docs = documents(tmp_path / "a.jsonl", Config(limits=LimitsConfig(max_line_bytes=200)))
    assert [doc.status for doc in docs] == ["kept"] * 3 + ["failed"] + ["kept"] * 3


def test_directories_are_walked_in_order_and_loops_reported(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.txt").write_text("two")
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    sources = expand([str(tmp_path)])
    assert [(source.label, bool(source.error)) for source in sources] == [
        ("a.txt", False),
        ("gone.txt", True),
        ("b/2.txt", False),
        ("b/loop", True),
    ]
    assert len(expand([str(tmp_path / "*.txt"), str(tmp_path / "a.txt")])) == 2


def test_the_directory_of_a_run_below_another_is_reported_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "out" / "ledger").mkdir(parents=True)
    (tmp_path / "out" / "run.json").write_text("{}")
    (tmp_path / "out" / "b.txt").write_text("two")
    (text, other) = expand([str(tmp_path)])
    assert (text.label, other.label) == ("a.txt", "out")
    assert "directory of a run" in other.error
    with pytest.raises(InputError, match="directory of a run"):
        expand([str(tmp_path / "out")])


def test_no_such_input() -> None:
    with pytest.raises(InputError, match="no such input"):
        expand(["/nowhere/at/all"])


def test_a_run_directory_is_no_input_but_its_corpus_is(tmp_path: Path) -> None:
    (tmp_path / "out" / "corpus").mkdir(parents=True)
    (tmp_path / "out" / "ledger").mkdir()
    for name in ("run.json", "corpus/part-00000.jsonl", "ledger/part-00000.jsonl"):
        (tmp_path / "out" / name).write_text("{}\n")
    with pytest.raises(InputError, match="corpus"):
        expand([str(tmp_path / "out")])
    assert len(expand([str(tmp_path / "out" / "corpus")])) == 1


@given(st.lists(st.text(alphabet="ab\n\u2028é", max_size=30), min_size=1, max_size=30), st.integers(1, 200))
def test_cutting_a_file_into_parts_loses_and_doubles_nothing(texts: list[str], size: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "x.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode({"text": text}) + b"\n" for text in texts))
        whole = documents(path, Config(read=ReadConfig(format="jsonl")))
        config = Config(read=ReadConfig(part_bytes=size, format="jsonl"))
        cut = [doc for part in plan(expand([str(path)]), config) for doc in listed(read_part(part, config))]
        assert [(doc.id, doc.text) for doc in cut] == [(doc.id, doc.text) for doc in whole]
        assert [doc.text for doc in whole] == texts


def test_csv_and_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'id;text;n\n1;"one\ntwo";5\n2;"a ""b""";6\n3;x\n')
    docs = documents(tmp_path / "a.csv")
    assert [(doc.id, doc.text, doc.status) for doc in docs[:2]] == [("1", "one\ntwo", "kept"), ("2", 'a "b"', "kept")]
    assert docs[2].status == "failed"
    import polars

    polars.DataFrame({"id": [7, 8], "text": ["x", None], "tags": [["a"], []]}).write_parquet(tmp_path / "a.parquet")
    docs = documents(tmp_path / "a.parquet")
    assert (docs[0].id, docs[0].text, docs[0].status) == ("7", "x", "kept")
    assert docs[1].status == "failed"


def test_a_table_whose_first_cell_is_too_large_costs_no_other_input(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,text," + b"x" * 200 + b"\n1,one,two\n")
    (doc,) = documents(tmp_path / "a.csv", Config(limits=LimitsConfig(max_document_bytes=100)))
    assert (doc.status, doc.error) == ("failed", "row 0: field larger than field limit (100)")


@pytest.mark.parametrize(
    ("table", "documents_"),
    [
        ('id,text\n1,one\n2,"two\n3,three\n', [("1", "one", "kept"), ("a.csv#2", "", "failed")]),
        ('id,"text\n1,one\n', [("a.csv#0", "", "failed")]),
        ('id,"text","a\nnote"\n1,one,x\n', [("1", "one", "kept")]),
        ("id,text,html\n1,,<p>The page.</p>\n2,own,<p>no</p>\n", [("1", "<p>The page.</p>", "kept"), ("2", "own", "kept")]),
        ("id,text\n", []),
    ],
)
def test_what_stands_between_quotation_marks_of_a_table(
    tmp_path: Path, table: str, documents_: list[tuple[str, str, str]]
) -> None:
    (tmp_path / "a.csv").write_text(table)
    config = Config(read=ReadConfig(format="csv"))
    assert [(doc.id, doc.text, doc.status) for doc in documents(tmp_path / "a.csv", config)] == documents_


@pytest.mark.parametrize("text", ["", None, 5])
def test_a_page_stands_in_for_a_text_that_is_none(tmp_path: Path, text: object) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": text, "html": "<p>a page</p>"}) + '\n{"text": "", "html": 5}\n')
    page, empty = documents(tmp_path / "a.jsonl")
    assert (page.text, page.kind, empty.text, empty.kind) == ("<p>a page</p>", "html", "", "text")


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("2026-03-09T07:00:00+01:00", "2026-03-09T07:00:00+01:00"),
        ("1931-03-09", "1931-03-09"),
        ("Mon, 09 Mar 2026 07:00:00 GMT", "2026-03-09T07:00:00Z"),
        ("9 mars 2026", "2026-03-09"),
        ("March 9, 2026", "2026-03-09"),
        ("2026/3/9", "2026-03-09"),
        ("19.03.2026", "2026-03-19"),
        ("09/03/2026", None),
        (1773039600, "2026-03-09T07:00:00Z"),
        (1773039600000, "2026-03-09T07:00:00Z"),
        ("a Monday", None),
        (5, None),
        (None, None),
        (True, None),
        ({"day": 9}, None),
    ],
)
def test_a_record_s_date_is_read_however_it_is_written(tmp_path: Path, written: object, means: str | None) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "one", "date": written}) + "\n")
    (doc,) = documents(tmp_path / "a.jsonl")
    assert doc.meta.get("date") == means
    assert json.loads(encode(fields(doc, "text")))["date"] == written


def test_a_table_s_days_and_moments_are_dates(tmp_path: Path) -> None:
    import polars

    days = {"text": ["one"], "date": [datetime.date(2026, 3, 9)]}
    moments = {"text": ["one"], "date": [datetime.datetime(2026, 3, 9, 7, tzinfo=datetime.UTC)]}
    for table, means in ((days, "2026-03-09"), (moments, "2026-03-09T07:00:00+00:00")):
        polars.DataFrame(table).write_parquet(tmp_path / "a.parquet")
        (doc,) = documents(tmp_path / "a.parquet")
        assert doc.meta["date"] == means


def test_columns_of_one_name_are_all_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,text,note,note,note_2,,\n1,the text,one,two,three,four,five\n")
    (doc,) = documents(tmp_path / "a.csv")
    assert doc.text == "the text"
    notes = {"note": "one", "note_3": "two", "note_2": "three", "": "four", "_2": "five"}
    assert doc.record == {"id": "1", "text": "the text", **notes}


@pytest.mark.parametrize("own", [3.5, True, ["a"], {"$oid": "5f"}])
def test_what_cannot_be_an_id_is_kept_beside_the_one_that_is_given(tmp_path: Path, own: object) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": own, "text": "one"}) + "\n")
    (doc,) = documents(tmp_path / "a.jsonl")
    record = json.loads(encode(fields(doc, "text")))
    assert (record["id"], record["cleanup"]["id"]) == ("a.jsonl#0", own)
    (tmp_path / "b.jsonl").write_text(json.dumps(record) + "\n")
    (again,) = documents(tmp_path / "b.jsonl")
    assert json.loads(encode(fields(again, "text")))["cleanup"]["id"] == own


def test_csv_cells_that_are_not_utf8_keep_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("id,text\n1,Grüße\n".encode("cp1252"))
    (doc,) = documents(tmp_path / "a.csv")
    assert doc.data == "Grüße".encode("cp1252")


def test_warc(samples: Path) -> None:
    pytest.importorskip("fastwarc")
    docs = documents(samples / "crawl.warc.gz")
    assert [doc.id for doc in docs] == ["https://valleypost.example/night-train", "https://valleypost.example/night-bakery"]
    assert docs[1].declared == ("windows-1252",)
    assert docs[0].kind == "html"


def test_a_truncated_warc_gives_what_was_whole(tmp_path: Path, samples: Path) -> None:
    pytest.importorskip("fastwarc")
    (tmp_path / "x.warc.gz").write_bytes((samples / "crawl.warc.gz").read_bytes()[:-700])
    docs = documents(tmp_path / "x.warc.gz")
    assert docs[0].status == "kept"
    assert docs[-1].status == "failed"


@pytest.mark.parametrize(("lost", "kept"), [(0, 2), (300, 2), (700, 1), (2150, 1), (2230, 0), (4450, 0)])
def test_a_warc_that_ends_inside_a_record_says_so(tmp_path: Path, samples: Path, lost: int, kept: int) -> None:
    pytest.importorskip("fastwarc")
    data = gzip.decompress((samples / "crawl.warc.gz").read_bytes())
    (tmp_path / "x.warc").write_bytes(data[: len(data) - lost])
    docs = documents(tmp_path / "x.warc")
    assert [doc.status for doc in docs] == ["kept"] * kept + ["failed"] * (lost > 0)
    assert all("cut off" in (doc.error or "") for doc in docs[kept:])


def test_a_warc_record_that_claims_to_be_longer_than_the_file_does_not_swallow_it(tmp_path: Path, samples: Path) -> None:
    pytest.importorskip("fastwarc")
    data = gzip.decompress((samples / "crawl.warc.gz").read_bytes())
    (tmp_path / "x.warc").write_bytes(data.replace(b"Content-Length: 21", b"Content-Length: 99999999", 1))
    assert [doc.status for doc in documents(tmp_path / "x.warc")] == ["failed"]


@pytest.mark.parametrize(
    ("head", "name", "format_"),
    [
        (b"PAR1", "", "parquet"),
        (b"WARC/1.1\r\n", "", "warc"),
        (b'{"text": "x"}\n', "a.txt", "jsonl"),
        (b"\xef\xbb\xbf{}", "", "jsonl"),
        (b'[\n  {"text": "x"},\n  {"text": "y"}\n]\n', "a.json", "list"),
        (b'[{ "a \\" b" : "x"}]', "", "list"),
        (b'[1] "So", he said: ', "", "text"),
        (b"{not json}", "", "text"),
        (b'{"id": "a", "text": "lone \\ud800"}\n', "", "jsonl"),
        (b'{"id": "a", "text": "caf\xe9"}\n', "", "jsonl"),
        (b'{"id": "a", "te\n{"id": "b", "text": "whole"}\n', "", "jsonl"),
        (b'{\n  "text": "a"\n}\n', "", "list"),
        (b"<html><p>", "", "html"),
        (b"\n <!-- x --><!doctype HTML>", "", "html"),
        (b"1 < 2 and <b>bold</b>", "", "text"),
        (b"a,b\n1,2\n", "x.csv.gz", "csv"),
        (b"a,b\n1,2\n", "", "text"),
        (b'id;text\r\n1;"a\nb"\r\n', "stdin", "csv"),
        (b"\xef\xbb\xbftext\tn\nx\ty\n", "", "csv"),
        (b"id,text\n1,x\n", "a.txt", "text"),
        (b"id,text\n", "", "text"),
        (b"id,text\n1,x,y\n", "", "text"),
        (b"The text, at last\nand no more, it said\n", "", "text"),
        (b"text, id\nThis, that\n", "", "text"),
        ("\ufeff<!doctype html>".encode("utf-16-le"), "", "html"),
        ("\ufeffGr\u00fc\u00dfe".encode("utf-16-be"), "", "text"),
        (b"", "x.html", "html"),
    ],
)
def test_sniff(head: bytes, name: str, format_: str) -> None:
    assert sniff(head, name) == format_


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("size", [1 << 20, 100])
def test_records_of_two_bytes_a_character(tmp_path: Path, encoding: str, size: int) -> None:
    texts = [f"Grüße {number}, 東京 😀" for number in range(2500)]
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\r\n" for text in texts)
    (tmp_path / "a.jsonl").write_bytes(("\ufeff" + lines).encode(encoding))
    (tmp_path / "b.csv").write_bytes(("\ufefftext\tn\r\n" + "".join(f'"{text}"\t1\r\n' for text in texts)).encode(encoding))
    config = override(Config(), {"read.part_bytes": size})
    for name in ("a.jsonl", "b.csv"):
        docs = [doc for part in plan(expand([str(tmp_path / name)]), config) for doc in listed(read_part(part, config))]
        assert [doc.text for doc in docs] == texts


@pytest.mark.parametrize(("name", "failed"), [("x.jsonl.gz", 1), ("x.zst", 1), ("x.parquet", 1), ("x.txt", 0), ("x.csv", 0)])
def test_a_file_that_can_not_be_empty_is_reported(tmp_path: Path, name: str, failed: int) -> None:
    (tmp_path / name).touch()
    docs = documents(tmp_path / name)
    assert [doc.status for doc in docs] == ["failed"] * failed


def test_a_record_over_many_lines_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"text": "one"}, indent=2))
    (doc,) = documents(tmp_path / "x.json")
    assert "jq -c ." in (doc.error or "")


def test_a_list_of_records_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[{"text": "one"},\n{"text": "two"}]')
    (doc,) = documents(tmp_path / "x.json")
    assert (doc.status, doc.text) == ("failed", "")
    assert "jq" in (doc.error or "")
    (doc,) = documents(tmp_path / "x.json", Config(read=ReadConfig(format="text")))
    assert doc.status == "kept"


def test_parquet_output_of_what_utf8_can_not_hold(tmp_path: Path) -> None:
    from cleanup.pipeline import Pipeline

    (tmp_path / "x.jsonl").write_text('{"id": "\\ud800", "text": "one \\udc00", "note": "\\ud800", "n": 1}\n{"text": "two"}\n')
    config = Config(stages=(), write=WriteConfig(format="parquet"))
    Pipeline(config=config).run(tmp_path / "x.jsonl", tmp_path / "out")
    import polars

    rows = polars.read_parquet(tmp_path / "out" / "corpus" / "*.parquet").rows(named=True)
    assert [(row["id"], row["text"]) for row in rows] == [("?", "one ?"), ("x.jsonl#65", "two")]
    assert json.loads(rows[0]["record"]) == {"note": "\ud800", "n": 1}


def test_half_a_pair_beside_a_byte_that_is_not_utf8_costs_no_other_line(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'{"text": "a\\ud800 caf\xe9"}\n{"text": "b"}\n')
    docs = documents(tmp_path / "x.jsonl")
    assert [(doc.text, doc.data) for doc in docs] == [("", "a\ufffd caf".encode() + b"\xe9"), ("b", None)]
