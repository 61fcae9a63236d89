"""Input that means harm: bombs, tricks with names, endless lines, depth, terminal escapes, formulas."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

from cleanup.config import Config, override
from cleanup.document import Document, revert
from cleanup.pipeline import Pipeline
from cleanup.read.block import documents as listed
from cleanup.read.inputs import Source, expand
from cleanup.read.parts import Segment, plan, read_part, read_segment
from tests.trials import conserved

CLEANUP = [sys.executable, "-m", "cleanup"]
PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard.compress}
FAST = "stages = ['mojibake']\n"


def call(*args: str | Path, data: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([*CLEANUP, *map(str, args)], input=data, capture_output=True, cwd=cwd, check=False)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def run(inputs: Path, out: Path, settings: str = FAST) -> list[dict[str, object]]:
    """The failed documents of a run."""
    out.parent.joinpath("c.toml").write_text(settings)
    done = call("run", inputs, "-o", out, "-c", out.parent / "c.toml", "-j", "1", "-q")
    assert done.returncode in (0, 3), done.stderr.decode()
    assert conserved(out)
    return [json.loads(line) for line in (out / "failed.jsonl").open()]


READ = """
import resource, sys
from cleanup.config import Config, override
from cleanup.read.block import documents
from cleanup.read.inputs import expand
from cleanup.read.block import documents as listed
from cleanup.read.parts import Segment, read_segment

config = override(Config(), eval(sys.argv[2]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for source in expand([sys.argv[1]]):
    for doc in read_segment(Segment(source), config):
        print(doc.status, len(doc.text) + len(doc.data or b""), doc.error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def read_apart(path: Path, **settings: object) -> tuple[list[str], int]:
    """Documents of a path as "status size error", and the megabytes that reading them took, in a process of its own."""
    dotted = {name.replace("__", "."): value for name, value in settings.items()}
    done = subprocess.run([sys.executable, "-c", READ, str(path), repr(dotted)], capture_output=True, check=True, text=True)
    *docs, size = done.stdout.splitlines()
    return docs, int(size)


# ------------------------------------------------------------------------------------------------ bombs and bounds
@pytest.mark.parametrize("suffix", PACKERS)
def test_a_bomb_is_stopped_by_its_limit_in_little_memory(tmp_path: Path, suffix: str) -> None:
    # A compressed stream may be repeated: a gigabyte and a half in a few kilobytes.
    (tmp_path / f"bomb.txt.{suffix}").write_bytes(PACKERS[suffix](bytes(16 << 20)) * 96)
    docs, megabytes = read_apart(tmp_path / f"bomb.txt.{suffix}")
    assert len(docs) == 1  # which limit bites first depends on how much a format packs into one buffer
    assert "limits.max_ratio" in docs[0] or "limits.max_document_bytes" in docs[0]
    assert megabytes < 250


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_bomb_of_records_gives_what_came_before_it(tmp_path: Path, suffix: str) -> None:
    pack = PACKERS[suffix]
    data = pack(b'{"id": "good", "text": "A good text."}\n') + pack(b"[" * (16 << 20)) * 96
    (tmp_path / f"bomb.jsonl.{suffix}").write_bytes(data)
    docs, megabytes = read_apart(tmp_path / f"bomb.jsonl.{suffix}", limits__max_line_bytes=4 << 20)
    assert docs[0] == "kept 12 None"
    assert "limits.max_ratio" in docs[-1] or "limits.max_line_bytes" in docs[-1]
    assert megabytes < 250


def test_a_bomb_inside_a_warc_record(tmp_path: Path) -> None:
    pytest.importorskip("fastwarc")
    body = gzip.compress(bytes(16 << 20)) * 32
    http = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    record = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Target-URI: https://x.example/\r\n"
        b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n" % len(http) + http + b"\r\n\r\n"
    )
    (tmp_path / "x.warc").write_bytes(record * 2)
    docs, megabytes = read_apart(tmp_path / "x.warc", limits__max_document_bytes=8 << 20)
    assert docs == ["failed 0 larger than limits.max_document_bytes = 8388608"] * 2
    assert megabytes < 250


def test_a_line_without_end(tmp_path: Path) -> None:
    for name in ("x.jsonl", "x.txt", "x.csv"):
        with open(tmp_path / name, "wb") as file:
            if name == "x.csv":
                file.write(b"id,text\n1,good\n")
            file.truncate(300 << 20)  # a hole: it takes no room on the disk
            file.seek(0, os.SEEK_END)
            file.write(b'\n{"id": 2, "text": "good"}\n' if name == "x.jsonl" else b'\n2,"good"\n')
    limits = {"limits__max_line_bytes": 4 << 20, "limits__max_document_bytes": 4 << 20}
    docs, megabytes = read_apart(tmp_path / "x.jsonl", **limits)
    assert "limits.max_line_bytes = 4194304" in docs[0]
    assert docs[1] == "kept 4 None"
    assert megabytes < 100
    docs, megabytes = read_apart(tmp_path / "x.txt", **limits)
    assert docs == ["failed 0 larger than limits.max_document_bytes = 4194304"]
    assert megabytes < 100
    docs, megabytes = read_apart(tmp_path / "x.csv", **limits)
    assert [doc.split()[0] for doc in docs] == ["kept", "failed", "kept"]
    assert "limits.max_line_bytes = 4194304" in docs[1]
    assert megabytes < 150


def test_a_records_text_has_a_limit_of_its_own(tmp_path: Path) -> None:
    record = json.dumps({"id": "a", "text": "y" * 300, "other": "z" * 3000})
    (tmp_path / "x.jsonl").write_text(f"{record}\n{record.replace('y', '')}\n")
    (tmp_path / "x.csv").write_text(f"id,text\n1,{'y' * 300}\n2,good\n")
    config = override(Config(), {"limits.max_document_bytes": 200})
    for name in ("x.jsonl", "x.csv"):
        docs = list(read_segment(Segment(Source(str(tmp_path / name), name, 1)), config))
        assert [doc.status for doc in docs] == ["failed", "kept"]
        assert "limits.max_document_bytes = 200" in (docs[0].error or "")


@pytest.mark.parametrize("depth", [490, 501, 5000, 1_000_000])
def test_deep_json(tmp_path: Path, depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    quoted = b'"' + b"[{" * depth + b'\\""'
    lines = [
        b'{"id": "a", "text": "one", "x": ' + deep + b"}",
        b'{"id": "b", "text": "two", "x": ' + quoted + b"}",
        b'{"id": "c", "text": ' + deep + b"}",
    ]
    (tmp_path / "x.jsonl").write_bytes(b"\n".join(lines))
    (tmp_path / "one").mkdir()
    docs = [doc for source in expand([str(tmp_path / "x.jsonl")]) for doc in read_segment(Segment(source), Config())]
    assert [doc.status for doc in docs] == ["kept" if depth < 500 else "failed", "kept", "failed"]
    if depth > 500:
        assert all("limits.max_depth = 500" in (doc.error or "") for doc in docs[::2])


def test_a_number_longer_than_python_reads_costs_nothing(tmp_path: Path) -> None:
    huge = "1" * 5000
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.jsonl").write_text(
        f'{{"id":"a","text":"The first one.","n":{huge}}}\n'
        f'{{"id":"b","text":"It wasnâ€™t the second.","cleanup":{huge},"date":{huge}}}\n'
        f'{{"id":"c","text":"A third \\ud800 one.","n":{huge}}}\n'
        f'{{"id":{huge},"text":"Fourth."}}\n'
    )
    # Of a file of such a name every line is encoded anew.
    (tmp_path / "in" / os.fsdecode(b"\xff.jsonl")).write_text(f'{{"id":"e","text":"Only here.","n":{huge}}}\n')
    assert run(tmp_path / "in", tmp_path / "out") == []
    lines = (tmp_path / "out" / "corpus" / "part-00000.jsonl").read_text().splitlines()
    assert len(lines) == 5
    assert all(huge in line for line in lines)
    done = call("--to", "csv", "--no-dedup", data=(tmp_path / "in" / "x.jsonl").read_bytes())
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 5)


def test_deep_html(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    tags = ["div", "b", "blockquote", "table><tr><td", "ul><li", "span", "a", "font", "svg", "math"]
    story = "<p>" + "The bridge over the river was closed for repairs on Monday. " * 8 + "</p>"
    for number, tag in enumerate(tags):
        page = f"<!doctype html><html><head><title>T</title></head><body>{f'<{tag}>' * 50_000}{story}"
        (tmp_path / "in" / f"{number}.html").write_text(page)
    (tmp_path / "in" / "good.txt").write_text("A good text.")
    failed = run(tmp_path / "in", tmp_path / "out", FAST + "[limits]\nstage_seconds = 10\n")
    assert all("limits." in str(item["error"]) for item in failed)
    assert "A good text." in "".join(path.read_text() for path in (tmp_path / "out" / "corpus").iterdir())


PATHOLOGICAL = [
    *(
        "Ã",
        "â€™",
        "&amp;",
        "&#x41;",
        "\x00",
        "\x85",
        "\ufeff",
        "\u0301",
        "\ud83d",
        " ",
        "\n",
        "\t \n",
        "<",
        "<p>",
        "<!--",
        "(",
        "[1]",
    ),
    *(
        "{a|b} ",
        "http://x.example/",
        "By A B\n",
        "Tags: a, b\n",
        "Posted by Ann | 4 hours ago\n",
        "a@b.example ",
        "1,000 ",
        "-",
        "…",
    ),
]


@pytest.mark.parametrize("pattern", PATHOLOGICAL, ids=ascii)
def test_endless_repetition_settles_or_meets_the_limit(pattern: str) -> None:
    text = pattern * (30_000 // len(pattern))
    doc = Document("x", text=text)
    Pipeline().map([Document("w", text="Wörter, which load the models before the clock runs.")])
    Pipeline(config=override(Config(), {"limits.stage_seconds": 2.0})).map([doc])
    errors = {name: value for name, value in doc.meta.items() if name.startswith("error_")}
    assert all("limits.stage_seconds = 2" in value for value in errors.values()), errors
    assert revert(doc) == text


def test_many_edits_in_one_document() -> None:
    from cleanup.document import Edit
    from cleanup.pipeline import Policy, settle

    text = "ab" * 100_000
    doc = Document("x", text=text)
    settle(doc, 1, "s", [Edit(at, at + 1, "b", "c", "s/r") for at in range(1, len(text), 2)], Policy(), {})
    assert doc.text == "ac" * 100_000
    assert revert(doc) == text


def test_parts_of_a_hostile_file_are_cut_without_loss(tmp_path: Path) -> None:
    """Lines without end, empty lines, lines of blanks and broken ones, cut into parts of any size."""
    lines = [
        b'{"id": "1", "text": "a"}',
        b"",
        b" " * 300,
        b"\xff" * 200,
        b"{" * 200,
        b'{"id": "2", "text": "' + b"x" * 500 + b'"}',
        b"\r",
        b"[]",
    ]
    (tmp_path / "x.jsonl").write_bytes(b"\n".join(lines * 3))
    whole = [(doc.id, doc.status) for source in expand([str(tmp_path)]) for doc in read_segment(Segment(source), Config())]
    for size in (1, 7, 64, 501):
        config = override(Config(), {"read.part_bytes": size})
        cut = [(doc.id, doc.status) for part in plan(expand([str(tmp_path)]), config) for doc in listed(read_part(part, config))]
        assert cut == whole


def test_a_damaged_parquet_file_costs_only_itself(tmp_path: Path) -> None:
    import random

    import polars

    frame = polars.DataFrame({"id": [str(n) for n in range(200)], "text": [f"text {n * n}" for n in range(200)]})
    frame.write_parquet(tmp_path / "whole.parquet", row_group_size=50)
    data, rng = (tmp_path / "whole.parquet").read_bytes(), random.Random(3)
    for _ in range(150):
        harmed = bytearray(data)
        for _ in range(rng.choice((1, 3, 20))):
            harmed[rng.randrange(4, len(data))] = rng.randrange(256)
        (tmp_path / "x.parquet").write_bytes(harmed[: rng.randrange(len(data))] if rng.random() < 0.2 else harmed)
        docs = list(read_segment(Segment(Source(str(tmp_path / "x.parquet"), "x", 1)), Config()))
        assert all(doc.error for doc in docs if doc.status == "failed")


def test_a_library_that_panics_costs_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    from cleanup import stages
    from cleanup.document import each

    class PanicException(BaseException):
        """As libraries written in Rust raise it."""

    def panic(doc: Document) -> list[object]:
        if doc.id == "b":
            raise PanicException("index out of bounds")
        return []

    broken = stages.Stage("mojibake", 1, lambda cfg, paths: each(panic), lambda paths: [])  # type: ignore[arg-type]  # noqa: ARG005
    monkeypatch.setitem(stages._REGISTRY, "mojibake", broken)
    docs = Pipeline(stages=["mojibake"]).map([Document(name, text=name) for name in "abc"])
    assert [doc.meta.get("error_mojibake") for doc in docs] == [None, "PanicException: index out of bounds", None]


def test_a_parquet_part_of_any_size_is_written_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import polars

    from cleanup.write import corpus

    monkeypatch.setattr(corpus._Parquet, "ROWS", 3)
    config = override(Config(), {"write.format": "parquet"})
    with corpus.corpus_writer(tmp_path, "00000", config) as writer:
        for number in range(10):
            record = {"id": str(number), "source": "s", "text": f"text {number}", "cleanup": {"edits": number, "meta": {}}}
            writer.line(json.dumps(record).encode())
            assert len(writer.rows) < 3  # type: ignore[attr-defined]
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000.parquet"]
    frame = polars.read_parquet(tmp_path / "part-00000.parquet")
    assert frame["id"].to_list() == [str(number) for number in range(10)]
    assert frame["edits"].to_list() == list(range(10))
    with pytest.raises(KeyError), corpus.corpus_writer(tmp_path, "00001", config) as writer:
        writer.line(b'{"id": "1"}')
    assert len(list(tmp_path.iterdir())) == 1
