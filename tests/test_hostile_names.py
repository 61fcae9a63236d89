"""Names that lead elsewhere, links and devices, terminal escapes and formulas: what hostile input may write and show."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
import math
import os
import re
import subprocess
from pathlib import Path

import pytest

from cleanup.cli.filter import cell
from cleanup.config import Config
from cleanup.read.inputs import Source, Sources, expand
from cleanup.read.parts import plan
from tests.test_hostile import CLEANUP, call, run

DRIVES_TERMINALS = re.compile(
    rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]"
)


# ------------------------------------------------------------------------------------------------ names
TRICKS = [
    "../../evil",
    "/evil",
    "..",
    ".",
    "a/../../b",
    "con",
    "nul\x00byte",
    "new\nline",
    "x" * 5000,
    "\x1b[2J",
    "",
    "‮gpj.exe",
]


def test_ids_and_names_write_nothing_outside_the_directory(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    records = [
        {"id": trick, "url": f"https://x.example/{trick}", "text": f"A text of its own, number {n}."}
        for n, trick in enumerate(TRICKS)
    ]
    (tmp_path / "in" / "x.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    for name in (b"new\nline.txt", b"\xff\xfe.txt", b"\x1b[2J.txt", b"a b;rm -rf.txt", b"%s%n.txt"):
        (tmp_path / "in" / os.fsdecode(name)).write_text(f"File {name!r} has a text.")
    before = sorted(path for path in tmp_path.rglob("*"))
    assert run(tmp_path / "in", tmp_path / "out") == []
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path not in before)
    parts = {f"{kind}/part-00000.jsonl" for kind in ("corpus", "dropped", "ledger")}
    files = {*parts, "corpus", "dropped", "ledger", "clusters.jsonl", "failed.jsonl", "run.json", "report.html", ".lock"}
    assert {str(path) for path in made} == {"out", "c.toml", *(f"out/{name}" for name in files)}
    kept = [json.loads(line) for line in (tmp_path / "out" / "corpus" / "part-00000.jsonl").open()]
    assert {record["id"] for record in kept} >= {trick for trick in TRICKS if trick}
    assert len(kept) == len(TRICKS) + 5
    for trick in ("../../evil", "\x1b[2J"):
        assert call("explain", tmp_path / "out", trick, "--revert").stdout.startswith(b"A text of its own")


def test_links_neither_loop_nor_multiply(tmp_path: Path) -> None:
    root = tmp_path / "in"
    for level in range(30):
        (root / f"d{level}").mkdir(parents=True)
        (root / f"d{level}" / "x.txt").write_text(f"Level {level}.")
        for name in ("l", "m") if level else ():
            (root / f"d{level - 1}" / name).symlink_to(root / f"d{level}")
    (root / "d29" / "back").symlink_to(root)
    (root / "self").symlink_to(root / "self")
    sources = expand([str(root)])
    assert len([source for source in sources if not source.error]) == 30
    assert sorted(source.error for source in sources if source.error) == [
        "Too many levels of symbolic links",
        "symbolic link loop",
    ]


def test_pipes_and_devices_in_a_directory_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "in" / "pipe.txt")
    (tmp_path / "in" / "zero.txt").symlink_to("/dev/zero")
    (tmp_path / "in" / "good.txt").write_text("A good text.")
    failed = run(tmp_path / "in", tmp_path / "out")
    assert [item["error"] for item in failed] == ["not a regular file"] * 2


def test_many_tiny_files(tmp_path: Path) -> None:
    for number in range(10_000):
        if number % 500 == 0:
            (tmp_path / "in" / f"{number // 500:02}").mkdir(parents=True)
        (tmp_path / "in" / f"{number // 500:02}" / f"{number}.txt").write_text(f"{number}")
    (tmp_path / "c").mkdir()
    assert run(tmp_path / "in", tmp_path / "c" / "out", "stages = []\n[dedup]\nenabled = false\n") == []
    info = json.loads((tmp_path / "c" / "out" / "run.json").read_text())
    assert info["counts"]["kept"] == 10_000
    assert len(list((tmp_path / "c" / "out" / "corpus").iterdir())) == 5


def test_sources_and_parts_take_little_memory() -> None:
    """A few dozen bytes a file: ten million files in some hundred megabytes."""
    number = 100_000
    names = (f"crawl/2024/{n // 1000:05}/article-{n * 7919 % 1_000_003}.html" for n in range(number))
    sources = Sources(
        Source(f"/data/{name}", name, 4000 + n % 977, 1_700_000_000_000_000_000 + n * 7919) for n, name in enumerate(names)
    )
    assert len(sources) == number
    assert sum(map(len, sources._blocks)) < 40 * number
    parts = plan(sources, Config())
    assert sum(len(part.segments) for part in parts) == number
    again = Sources(sources)
    assert again.digest() == sources.digest()
    assert list(again) == list(sources)


# ------------------------------------------------------------------------------------------------ what is shown
EVIL = "\x1b]0;owned\x07\x9b31m\u202e\x7f\u061c\u2028"
EVIL_TEXT = f"It wasnâ€™t good.\nSecond {EVIL} line."


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over documents whose ids, names, texts and metadata drive terminals."""
    root = tmp_path_factory.mktemp("evil")
    (root / "in").mkdir()
    records = [
        {
            "id": f"{EVIL}1",
            "url": f"https://x.example/{EVIL}",
            "title": EVIL,
            "text": EVIL_TEXT,
        },
        {"id": f"{EVIL}2", "text": EVIL_TEXT},
        {"id": "\ud83d", "text": "A lone \ud83d surrogate wasnâ€™t good."},
        {"id": f"{EVIL}3", "title": "no text"},
    ]
    (root / "in" / f"{EVIL}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (root / "in" / f"{EVIL}.txt.gz").write_bytes(gzip.compress(os.urandom(500))[:100])
    run(root / "in", root / "out")
    return root


@pytest.mark.parametrize(
    "args",
    [
        ["check", "{in}", "--diff"],
        ["check", "{in}", "--json"],
        ["explain", "{out}"],
        ["explain", "{out}", "--json"],
        ["explain", "{out}", EVIL + "1"],
        ["explain", "{out}", EVIL + "2"],
        ["explain", "{out}", EVIL + "1", "--json"],
        ["explain", "{out}", EVIL],
        ["run", "{in}", "-o", "{new}", "-v"],
        ["run", "{in}", "-o", "{out}", "--json"],
        ["run", "{in}" + EVIL, "-o", "{new}"],
    ],
    ids=lambda args: ascii(" ".join(args)),
)
def test_nothing_that_is_shown_drives_the_terminal(args: list[str], evil: Path, tmp_path: Path) -> None:
    places = {"in": evil / "in", "out": evil / "out", "new": tmp_path / "new"}
    config = ["-c", str(evil / "c.toml")] if args[0] in ("run", "check") else []
    done = call(*(arg.format(**places) for arg in args), *config)
    shown = done.stdout + done.stderr
    assert shown
    assert DRIVES_TERMINALS.search(shown) is None, DRIVES_TERMINALS.search(shown)
    if "--json" in args and args[0] != "run":
        assert [json.loads(line) for line in done.stdout.splitlines()]


def test_colours_are_for_terminals_and_the_text_between_them_is_safe(evil: Path) -> None:
    import pty

    main, side = pty.openpty()
    process = subprocess.Popen([*CLEANUP, "explain", str(evil / "out"), f"{EVIL}1"], stdout=side, stderr=side)
    os.close(side)
    shown = b""
    while True:
        try:
            shown += os.read(main, 65536)
        except OSError:
            break
    process.wait()
    os.close(main)
    plain = re.sub(rb"\x1b\[[0-9;]*m", b"", shown).replace(b"\r\n", b"\n")
    assert plain != shown
    assert DRIVES_TERMINALS.search(plain) is None


def test_csv_holds_no_formulas() -> None:
    signs = ["=", "+", "-", "@", "\t", "\r", "\n", "＝"]
    evil = [f'{sign}HYPERLINK("http://x.example")' for sign in signs]
    records = [{"id": text, "text": text, evil[0]: "x", evil[2]: [text], "number": -5} for text in evil]
    done = call(
        "--to", "csv", "--no-dedup", "--stages", "mojibake", data="".join(json.dumps(one) + "\n" for one in records).encode()
    )
    rows = list(csv.reader(io.StringIO(done.stdout.decode(), newline="")))
    assert len(rows) == 1 + len(signs)
    cells = [one for row in rows for one in row]
    assert {f"'{text}" for text in evil} <= set(cells)
    assert not [one for one in cells if one.startswith(tuple(signs)) and one != "-5"]


def test_csv_has_moments_and_bytes_without_quotation_marks() -> None:
    made = [cell(item) for item in (datetime.date(2026, 3, 9), b"\x00\xff", {"a": "b"}, ["a"], 1.5, None, "=1", b"", math.nan)]
    assert made == ["2026-03-09", "AP8=", '{"a":"b"}', '["a"]', "1.5", "", "'=1", "", ""]


def test_csv_says_which_fields_have_no_column() -> None:
    records = [{"text": "One."}, {"text": "Two.", "more": 1}, {"text": "Three.", "more": 2}]
    done = call("--to", "csv", "--no-dedup", data="".join(json.dumps(one) + "\n" for one in records).encode())
    assert done.stderr == b"cleanup: no column for more: the first record names the columns\n"
