"""The command line as a user meets it: what goes in and comes out, exit codes, one clear line for what is wrong."""

from __future__ import annotations

import gzip
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

CLEANUP = [sys.executable, "-m", "cleanup"]


def call(*args: str | Path, data: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([*CLEANUP, *map(str, args)], input=data, capture_output=True, cwd=cwd, check=False)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for file in sorted(path.glob("part-*.jsonl")) for line in file.read_text().splitlines()]


@pytest.fixture(scope="module")
def run(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    done = call("run", samples / "news.jsonl", samples / "mojibake.txt", samples / "page.html", "-o", out)
    assert done.returncode == 0, done.stderr.decode()
    return out


def test_text_in_text_out() -> None:
    done = call(data="The cafÃ© wasnâ€™t open.\n".encode())
    assert (done.returncode, done.stdout.decode()) == (0, "The café wasn’t open.\n")


def test_clean_text_stays_byte_identical() -> None:
    text = "Über den Dächern — “quoted”, ﬁne.\r\n\r\nSecond paragraph  with two spaces. \n".encode()
    assert call(data=text).stdout == text


def test_no_stages_leave_the_text() -> None:
    assert call("--stages", "", data="The cafÃ© wasnâ€™t open.\n".encode()).stdout == "The cafÃ© wasnâ€™t open.\n".encode()


def test_empty_in_empty_out() -> None:
    done = call(data=b"")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_records_keep_their_fields(samples: Path) -> None:
    done = call("--no-dedup", data=(samples / "news.jsonl").read_bytes())
    before = [json.loads(line) for line in (samples / "news.jsonl").read_text().splitlines()]
    after = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [list(record) for record in after] == [[*record, "cleanup"] for record in before]
    for old, new in zip(before, after, strict=True):
        assert {key: value for key, value in new.items() if key not in ("text", "cleanup")} == {
            key: value for key, value in old.items() if key != "text"
        }
    assert after[-1]["text"].startswith("Stadtwerke verlegen Fernwärmeleitung unter dem Kanal\n\nDie Stadtwerke")
    assert after[-1]["cleanup"]["language"] == "de"


def test_a_stream_is_deduplicated_against_itself(samples: Path) -> None:
    done = call(data=gzip.compress((samples / "news.jsonl").read_bytes()))
    ids = [json.loads(line)["id"] for line in done.stdout.decode().splitlines()]
    assert ids[0] == "eastmere-1"
    assert "eastmere-2" not in ids
    assert "brackwater-2" not in ids
    assert "lindenau-1" in ids


def test_a_page_gives_its_article(samples: Path) -> None:
    done = call(data=(samples / "page.html").read_bytes())
    text = done.stdout.decode()
    assert text.startswith("Night train returns to the mountain line\n")
    assert "Karin Aune" in text
    assert "newsletter" not in text
    assert "Sign in" not in text
    cut = call(data=(samples / "page.html").read_bytes()[:1500])
    assert cut.returncode == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["news.txt"], "cleanup run news.txt"),
        (["runn"], "did you mean `cleanup run`?"),
        (["--nonsense"], "--nonsense"),
        (["explain", "out", "-dash.txt"], "stands behind --"),
        (["run", "x"], "--out"),
        (["--stages", "mojibake,spinn"], "spinn"),
        (["-c", "nowhere.toml"], "nowhere.toml"),
        (["--rules", "nowhere"], "nowhere"),
        (["explain", "nowhere"], "not a run directory"),
        (["--stages", "language", "run", "x", "-o", "y"], "behind the command"),
        (["--encoding", "klingon", "-f", "jsonl"], "klingon"),
        (["explain", "out", "some", "--revert", "--json"], "choose one"),
    ],
)
def test_wrong_usage_is_one_clear_line(args: list[str], says: str, tmp_path: Path) -> None:
    done = call(*args, data=b"x", cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr.decode()
    assert done.stderr.decode().count("\n") <= 3
    assert done.stdout == b""


def test_a_group_by_itself_shows_its_usage_and_no_error() -> None:
    done = call("rules")
    assert done.returncode == 2
    assert done.stderr.startswith(b"Usage: cleanup rules")
    assert b"error" not in done.stderr


def test_a_record_without_the_id_that_was_asked_for_is_found_under_the_one_it_got(tmp_path: Path) -> None:
    lines = [{"id": "mine", "text": "The cafÃ© was closed."}, {"id": "mine", "key": "k", "text": "It wasnâ€™t open."}]
    data = [json.dumps(line, ensure_ascii=False) for line in lines] + [
        '{"id": "mine", "drop": 1, "text": "The Ã©clair was gone."}'
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(data) + "\n")
    out = tmp_path / "out"
    assert call("run", tmp_path / "in.jsonl", "-o", out, "--id-field", "key", "-j", "1").returncode == 0
    ids = sorted({json.loads(line)["doc"] for path in (out / "ledger").iterdir() for line in path.open()})
    assert len(ids) == 3
    assert "k" in ids
    said = [call("explain", out, id_).stdout.decode() for id_ in ids]
    assert [[word in text for text in said] for word in ("café", "éclair", "wasn")] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    found = [*records(out / "corpus"), *records(out / "dropped")]
    assert {record["id"] for record in found} == {"mine"}
    assert [record["cleanup"]["drop"] for record in found if "drop" in record["cleanup"]] == [1]  # its own, not lost


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("[dedup]\nbandz = 3\n", "unknown key dedup.bandz"),
        ("[dedup]\njaccard = 'x'\n", "dedup.jaccard: expected"),
        ("stages = 3\n", "stages: expected"),
        ("[mojibake]\noff = ['ftfy']\n", "no rule begins with 'ftfy'"),
        ("[dedup\n", "c.toml"),
    ],
)
def test_a_bad_configuration_names_the_path(config: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(config)
    done = call("-c", tmp_path / "c.toml", data=b"x")
    assert done.returncode == 2
    assert says in done.stderr.decode()


def test_a_run_keeps_counts_and_names_reasons(run: Path) -> None:
    info = json.loads((run / "run.json").read_text())
    counts = info["counts"]
    kept, dropped = records(run / "corpus"), records(run / "dropped")
    assert counts["read"] == 10 == counts["kept"] + counts["dropped"] + counts["failed"]
    assert (len(kept), len(dropped)) == (counts["kept"], counts["dropped"])
    reasons = {record["id"]: record["drop"] for record in dropped}
    assert reasons["eastmere-2"]["why"]["duplicate_of"] == "eastmere-1"
    texts = {record["id"]: record["text"] for record in [*kept, *dropped]}
    shared = {name: reason["why"]["shared"] for name, reason in reasons.items() if "shared" in reason["why"]}
    assert shared
    assert all(passage and passage.rstrip("…") in texts[name] for name, passage in shared.items())
    assert reasons["brackwater-2"]["why"]["relation"] == "exact"
    assert reasons["northlight-2"]["why"]["duplicate_of"] == "northlight-1"
    assert not (run / ".work").exists()
    assert (run / "report.html").stat().st_size > 1000


def test_the_same_command_does_nothing_again_and_another_is_refused(run: Path, samples: Path) -> None:
    before = (run / "run.json").stat().st_mtime_ns
    inputs = [samples / "news.jsonl", samples / "mojibake.txt", samples / "page.html"]
    assert call("run", *inputs, "-o", run).returncode == 0
    assert (run / "run.json").stat().st_mtime_ns == before
    other = call("run", *inputs, "-o", run, "--no-dedup")
    assert other.returncode == 2
    assert "configuration" in other.stderr.decode()
    assert call("run", inputs[0], "-o", run).returncode == 2


def test_a_strange_directory_is_left_alone(tmp_path: Path, samples: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    done = call("run", samples / "mojibake.txt", "-o", tmp_path)
    assert done.returncode == 2
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != ".lock") == ["mine.txt"]


def test_explain_and_revert(run: Path, samples: Path) -> None:
    done = call("explain", run, "mojibake.txt")
    assert "mojibake/ftfy" in done.stdout.decode()
    assert call("explain", run, "mojibake.txt", "--revert").stdout == (samples / "mojibake.txt").read_bytes()
    original = json.loads((samples / "news.jsonl").read_text().splitlines()[5])["text"]
    assert call("explain", run, "brackwater-1", "--revert").stdout.decode() == original
    assert "eastmere-1" in call("explain", run, "eastmere-2").stdout.decode()
    assert "northlight-2" in call("explain", run).stdout.decode()
    assert call("explain", run, "nobody").returncode == 2
    assert b"did you mean brackwater-" in call("explain", run, "brackwater").stderr


def test_of_a_run_of_plain_texts_the_ledger_is_shown(samples: Path, tmp_path: Path, run: Path) -> None:
    assert call("run", samples / "news.jsonl", "-o", tmp_path / "out", "--to", "text").returncode == 0
    shown = call("explain", tmp_path / "out", "eastmere-2").stdout.decode().splitlines()
    whole = call("explain", run, "eastmere-2").stdout.decode().splitlines()
    assert (shown[0], shown[1:]) == ("eastmere-2", whole[1 : len(shown)])
    assert call("explain", tmp_path / "out", "eastmere-2", "--json").stdout == call("explain", run, "eastmere-2", "--json").stdout
    assert call("explain", tmp_path / "out", "nobody").returncode == 2


def test_equal_ids_are_explained_one_by_one(tmp_path: Path) -> None:
    quay = "The cafÃ© on the quay is open again after a long winter of repairs, and its owners hope for a warm spring."
    texts = [
        quay,
        quay,
        "A cafÃ© by the station has closed for good, said the owner, who moved to the coast with his family in March.",
        "Council members voted on Tuesday to keep the library open on Sundays, a decision many families had asked for.",
    ]
    (tmp_path / "twice.jsonl").write_text(
        "".join(json.dumps({"url": "https://news.example/a", "text": text}) + "\n" for text in texts)
    )
    assert call("run", tmp_path / "twice.jsonl", "-o", tmp_path / "out").returncode == 0
    asked = ("explain", tmp_path / "out", "https://news.example/a")
    assert call(*asked).stdout.decode().count("twice.jsonl") == 4
    assert b"--nth" in call(*asked, "--revert").stderr
    back = [call(*asked, "--revert", "--nth", str(number)).stdout.decode() for number in range(1, 5)]
    assert sorted(back) == sorted(texts)
    rows = [json.loads(line) for line in call(*asked, "--json", "--nth", "4").stdout.decode().splitlines()]
    assert [row["rule"] for row in rows if row["action"] == "drop"] == ["dedup/exact"]
    assert call(*asked, "--nth", "5").returncode == 2


def test_check(samples: Path, tmp_path: Path) -> None:
    done = call("check", samples / "mojibake.txt")
    assert done.returncode == 1
    assert done.stdout.decode().startswith("mojibake.txt:1:")
    diff = call("check", samples / "mojibake.txt", "--diff").stdout.decode()
    assert "+The lamp that wouldn’t go out" in diff
    (tmp_path / "clean.txt").write_text("A clean line of text.\n")
    done = call("check", tmp_path / "clean.txt")
    assert (done.returncode, done.stdout) == (0, b"")
    assert call("check", tmp_path / "clean.txt", "--diff", "--json").returncode == 2
    (tmp_path / "evil.txt").write_text("It\x1b[31mâ€™s evil \u202e now â€™s")
    assert b"\x1b" not in call("check", tmp_path / "evil.txt").stdout


def test_one_bad_input_never_costs_another(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.txt").write_text("A good text stays as it is.\n")
    (tmp_path / "in" / "cut.txt.gz").write_bytes(gzip.compress(os.urandom(5000))[:1000])
    (tmp_path / "in" / "image.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "lines.jsonl").write_bytes(b'{"text": "one text"}\n{broken\n{"title": 1}\n')
    done = call("run", tmp_path / "in", "-o", tmp_path / "out")
    assert done.returncode == 3
    info = json.loads((tmp_path / "out" / "run.json").read_text())
    assert info["counts"]["read"] == 7
    assert info["counts"]["failed"] == 5
    assert [record["text"] for record in records(tmp_path / "out" / "corpus")] == ["A good text stays as it is.\n", "one text"]
    failed = [json.loads(line) for line in (tmp_path / "out" / "failed.jsonl").read_text().splitlines()]
    assert all(item["error"] and item["source"] for item in failed)
    overview = call("explain", tmp_path / "out").stdout.decode().splitlines()
    assert [line.split("  could not be read: ") for line in overview] == [[item["id"], item["error"]] for item in failed]
    done = call("explain", tmp_path / "out", "lines.jsonl#21")
    assert (done.returncode, b"'lines.jsonl#21' could not be read: line 2: " in done.stderr) == (2, True)


@pytest.mark.parametrize("out", ["out", ""])
def test_where_nothing_is_to_be_done_no_directory_is_left(tmp_path: Path, out: str) -> None:
    done = call("run", tmp_path / "nothing" if out else tmp_path, "-o", out, cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (3 if out else 2, [])


def test_init_writes_a_configuration_that_is_the_default(tmp_path: Path) -> None:
    from cleanup.config import Config, load

    assert call("init", tmp_path / "c.toml").returncode == 0
    assert load(tmp_path / "c.toml") == Config()
    assert call("init", tmp_path / "c.toml").returncode == 2
    full = ["bash", "-c", 'ulimit -f 1; exec "$@"', "-", *CLEANUP, "init", "--force", str(tmp_path / "c.toml")]
    assert subprocess.run(full, capture_output=True, check=False).returncode == 2
    assert load(tmp_path / "c.toml") == Config()  # the old one is still there, whole


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("part_bytes", [2000, 1 << 26])
def test_workers_do_not_change_the_result(tmp_path: Path, samples: Path, run: Path, jobs: str, part_bytes: int) -> None:
    (tmp_path / "c.toml").write_text(f"[read]\npart_bytes = {part_bytes}\n")
    inputs = [samples / "news.jsonl", samples / "mojibake.txt", samples / "page.html"]
    assert call("run", *inputs, "-c", tmp_path / "c.toml", "-o", tmp_path / "out", "-j", jobs).returncode == 0
    for kind in ("corpus", "dropped", "ledger"):
        ours = b"".join(path.read_bytes() for path in sorted((tmp_path / "out" / kind).glob("part-*")))
        theirs = b"".join(path.read_bytes() for path in sorted((run / kind).glob("part-*")))
        assert sorted(ours.splitlines()) == sorted(theirs.splitlines())
    assert (tmp_path / "out" / "clusters.jsonl").read_bytes() == (run / "clusters.jsonl").read_bytes()


def test_a_missing_package_is_told_with_the_command_that_installs_it(capsys: pytest.CaptureFixture[str]) -> None:
    from cleanup.cli import _known

    assert _known(ModuleNotFoundError("No module named 'polars'", name="polars")) == 2
    said = capsys.readouterr().err
    assert said.startswith("cleanup: error: No module named 'polars'\nhint: ")
    assert said.endswith(f"-m pip install {shlex.quote(str(Path(__file__).resolve().parents[1]))}\n")  # the checkout that is run


def test_without_an_id_explain_gives_each_document_one_line(run: Path) -> None:
    found = call("explain", run).stdout.decode().splitlines()
    assert len({line.split()[0] for line in found}) == len(found)
    assert next(line for line in found if line.startswith("northlight-2 ")).endswith("held  dropped by dedup/spun")


def test_workers_cannot_be_fewer_than_none(samples: Path, tmp_path: Path) -> None:
    done = call("run", samples / "news.jsonl", "-o", tmp_path / "out", "-j", "-3")
    assert done.returncode == 2
    assert b"-3 is not in the range" in done.stderr


def test_the_filter_remembers_its_records_in_an_index(samples: Path, tmp_path: Path) -> None:
    data = (samples / "news.jsonl").read_bytes()
    first = call("--index", tmp_path / "index", data=data)
    assert (first.returncode, len(first.stdout.splitlines())) == (0, 4)
    again = call("--index", tmp_path / "index", data=data)
    assert (again.returncode, again.stdout) == (0, b"")
    info = json.loads(call("index", "info", tmp_path / "index").stdout)
    assert info["documents"] == 8
    # The one that stayed goes, and one of those it stood for takes its place.
    proof = json.loads(call("index", "forget", tmp_path / "index", "brackwater-1").stdout)
    assert (proof["forgotten"], proof["elected"], proof["left"]) == (1, ["brackwater-2"], 0)
    # A text without a name is looked up, and not remembered.
    text = json.loads(data.splitlines()[0])["text"].encode()
    assert call("--index", tmp_path / "index", data=text).stdout == b""
    assert call("--index", tmp_path / "index", data=b"A text that nobody has seen, of more than eight words.").stdout
    assert json.loads(call("index", "info", tmp_path / "index").stdout)["documents"] == 7


def test_an_index_of_other_settings_can_be_looked_at_and_forgotten_from(samples: Path, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("[dedup]\nk = 64\n")
    index = tmp_path / "index"
    assert call("index", "add", "-c", tmp_path / "c.toml", index, samples / "news.jsonl").returncode == 0
    assert json.loads(call("index", "info", index).stdout)["sketch"]["k"] == 64
    assert json.loads(call("index", "forget", index, "brackwater-1").stdout)["forgotten"] == 1
    assert json.loads(call("index", "compact", index).stdout)["documents"] == 7
    refused = call("index", "add", index, samples / "news.jsonl")
    assert refused.returncode == 2
    assert b"set dedup.k to 64" in refused.stderr


def test_an_index_says_by_its_exit_code_that_an_input_could_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.txt.gz").write_bytes(gzip.compress(b"One text of a few words.")[:-9])
    assert call("index", "add", tmp_path / "index", tmp_path / "x.txt.gz").returncode == 3
    assert call("index", "query", tmp_path / "index", tmp_path / "x.txt.gz").returncode == 3


def test_a_drop_says_what_it_means_and_of_which_document(run: Path, samples: Path) -> None:
    said = call("explain", run, "brackwater-2").stdout.decode()
    assert "drop the document: a document with the same text as one that stays" in said
    done = call("-v", data=(samples / "news.jsonl").read_bytes())
    assert "cleanup: dropped brackwater-2: dedup/exact of brackwater-1\n" in done.stderr.decode()
