"""Any bytes into every reader, and through the filter: Atheris looks for what the laws of tests/laws have not thought of.

python tests/bench/fuzz_readers.py [readers|filter] [-max_total_time=300] [other options of libFuzzer]

What it finds is a file `crash-...` in the working directory; the same command with its name in the end runs it again.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from cleanup.pipeline import Pipeline

ROOT = Path(__file__).resolve().parents[2]
FORMATS = ("auto", "text", "jsonl", "html", "warc", "csv", "parquet")
PACKERS: tuple[Callable[[bytes], bytes], ...] = (bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress)
SMALL = {"limits.max_document_bytes": 1 << 18, "limits.max_line_bytes": 1 << 16, "limits.max_depth": 50}


def check_reader(data: bytes) -> None:
    """Two bytes choose format and compression, the rest is read: documents come out, each of which can be parsed and written."""
    from cleanup.config import Config, override
    from cleanup.errors import MissingExtra
    from cleanup.parse import parse
    from cleanup.read.inputs import Source
    from cleanup.read.parts import read_segment_stream
    from cleanup.read.stream import compression
    from cleanup.write.record import render

    format_, pack, body = FORMATS[data[0] % len(FORMATS)], PACKERS[data[1] % len(PACKERS)], data[2:]
    config = override(Config(), {"read.format": format_, **SMALL})
    try:
        docs = list(read_segment_stream(io.BufferedReader(io.BytesIO(pack(body))), Source("-", "stdin"), config))
    except MissingExtra:
        return
    for doc in docs:
        assert doc.id
        assert doc.status in ("kept", "failed")
        assert (doc.error is not None) == (doc.status == "failed")
        if doc.status == "kept":
            parse(doc, config)
            doc.pending = []
            line = render(doc, "text")
            assert line.count(b"\n") == 1
            assert doc.status == "failed" or json.loads(line)["text"] == doc.text
    if format_ == "jsonl" and not compression(body):
        assert len(docs) == sum(1 for line in body.split(b"\n") if line and not line.isspace())


def check_filter(data: bytes) -> None:
    """All stages behind the readers, as the filter has them: every document is kept, dropped or failed, and can be undone."""
    from cleanup.document import revert
    from cleanup.part import cleaned
    from cleanup.read.inputs import Source
    from cleanup.read.parts import read_segment_stream
    from cleanup.write.record import render

    pipeline = whole()
    stream = io.BufferedReader(io.BytesIO(data))
    for batch in cleaned(read_segment_stream(stream, Source("-", "stdin"), pipeline.config), pipeline):
        for doc in batch:
            assert doc.status in ("kept", "dropped", "failed")
            assert not [row for row in doc.ledger if row.rule.endswith("/error")], doc.ledger
            if doc.status == "kept":
                assert json.loads(render(doc, "text"))["text"] == doc.text
                revert(doc)


@cache
def whole() -> Pipeline:
    """The pipeline of the filter, made once."""
    from cleanup.config import Config, override
    from cleanup.pipeline import Pipeline

    return Pipeline(config=override(Config(), SMALL))


def seeds() -> list[bytes]:
    """Small inputs of every format, as the fuzzer's first ones."""
    found = [path.read_bytes()[:3000] for path in sorted((ROOT / "samples").glob("*")) if path.is_file() and path.suffix != ".gz"]
    found += [path.read_bytes()[:2000] for path in sorted((ROOT / "samples" / "gold").glob("*.jsonl"))]
    crawl = ROOT / "samples" / "crawl.warc.gz"
    found += [gzip.decompress(crawl.read_bytes())[:6000]] if crawl.exists() else []
    import polars

    table = io.BytesIO()
    polars.DataFrame({"id": ["a", "b"], "text": ["one café", None]}).write_parquet(table)
    return [*found, table.getvalue(), b'id,text\n1,one\n2,"two\nlines"\n', '{"text": "né", "x": [1, {"y": null}]}\n'.encode()]


def main(arguments: list[str]) -> None:
    """Run until told otherwise."""
    try:
        import atheris
    except ImportError:
        sys.exit("Atheris is not installed: pip install atheris (Linux and macOS), then repeat the command")
    target = arguments.pop(0) if arguments and arguments[0] in ("readers", "filter") else "readers"
    check = check_filter if target == "filter" else check_reader
    with atheris.instrument_imports(include=["cleanup.read", "cleanup.parse", "cleanup.write", "cleanup.stages"]):
        import cleanup.parse.article
        import cleanup.parse.mixed
        import cleanup.read.parts
        import cleanup.stages.mojibake  # noqa: F401 (imported so that it is instrumented)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            for kind in range(len(FORMATS) if target == "readers" else 1):
                Path(folder, f"{number}-{kind}").write_bytes(bytes([kind, 0]) + seed if target == "readers" else seed)
        corpus = [] if any(not argument.startswith("-") for argument in arguments) else [folder]

        def once(data: bytes) -> None:
            if target == "filter" or len(data) >= 2:
                check(data)

        atheris.Setup([sys.argv[0], "-max_len=4096", *arguments, *corpus], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
