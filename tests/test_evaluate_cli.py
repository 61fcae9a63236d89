"""`cleanup eval` and `cleanup corrupt` as a user calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cleanup.cli.corrupt import RECIPES, corrupt_command
from cleanup.cli.eval import STAGES, eval_command
from cleanup.document import Edit, apply
from cleanup.errors import CleanupError
from cleanup.evaluate import corrupt as recipes
from cleanup.evaluate import evaluate
from cleanup.evaluate.score import PARSING

ROWS = [
    {
        "id": "1",
        "text": "cafÃ© noir, s’il vous plaît",
        "clean": "café noir, s’il vous plaît",
        "stages": ["mojibake"],
        "language": "fr",
    },
    {"id": "2", "text": "plain text", "clean": "plain text", "language": "en"},
]
ARTICLE = (
    "Harbour café reopens\n\nThe café at the old harbour opens again after a long winter, the owner said on Monday.\n\n"
    "Many people helped with the work because the company had little money, and the city gave the rest of it in spring.\n\n"
    "“We want to show what a small town is able to do,” she told visitors. New jobs are expected before the summer comes.\n\n"
    "The council will decide on the second part of the plan next month, when the report of the engineers is ready to be read."
)


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def run(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(eval_command, args, catch_exceptions=True)
    if isinstance(result.exception, CleanupError):
        return result.exception.exit_code, "", str(result.exception)
    return result.exit_code, result.stdout, result.stderr


def test_eval_prints_a_table_and_json(gold: Path) -> None:
    code, out, _ = run(str(gold), "--stage", "mojibake")
    assert code == 0
    assert out.startswith("gold ")
    assert "exact" in out
    code, out, _ = run(str(gold), "--stage", "mojibake", "--json")
    data = json.loads(out)
    assert (code, data["documents"], data["stages"]) == (0, 2, ["mojibake"])


def test_gate_makes_updates_and_breaks(gold: Path, tmp_path: Path) -> None:
    floors = str(tmp_path / "floors.toml")
    options = (str(gold), "--stage", "mojibake", "--gate", floors)
    result = CliRunner().invoke(eval_command, options)
    assert isinstance(result.exception, CleanupError)
    assert "--update" in str(result.exception)
    assert result.stdout == ""  # told before all is measured
    assert run(*options, "--update")[0] == 0
    code, _, err = run(*options)
    assert (code, "hold" in err) == (0, True)
    text = Path(floors).read_text().replace("ceiling = 0.0,", "ceiling = -1.0,")
    Path(floors).write_text(text)
    code, _, err = run(*options)
    assert code == 1
    assert "gate: mojibake/" in err
    assert run(*options, "--update")[0] == 2
    assert run(*options, "--update", "--allow-regression")[0] == 0
    assert run(*options)[0] == 0


def test_wrong_usage(gold: Path) -> None:
    assert run(str(gold), "--update")[0] == 2
    assert run(str(gold), "--stage", "nothing")[0] == 2
    assert run("absent.jsonl")[0] == 2


def test_listed_names_are_the_known_ones() -> None:
    assert RECIPES.split(" ") == list(recipes.RECIPES)
    assert STAGES.split(" ") == [*PARSING, "mojibake", "boilerplate", "language", "spin", "dedup", "all"]


def corrupted(tmp_path: Path, *options: str) -> list[dict]:
    source = tmp_path / "clean.jsonl"
    source.write_text("".join(json.dumps({"id": f"d{n}", "text": f"{ARTICLE} It was the {n}. time."}) + "\n" for n in range(3)))
    result = CliRunner().invoke(corrupt_command, [str(source), *options], catch_exceptions=False)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout_bytes.splitlines()]


def test_corrupt_writes_gold_that_restores(tmp_path: Path) -> None:
    records = corrupted(tmp_path, "--recipe", "spin,mojibake,boilerplate", "--rate", "0.5", "--seed", "4")
    assert [record["id"] for record in records] == ["d0", "d1", "d2"]
    for record in records:
        assert record["recipe"] == "spin,mojibake,boilerplate"
        assert apply(record["text"], [Edit(**edit, rule="gold") for edit in record["edits"]]) == record["clean"]
    assert records == corrupted(tmp_path, "--recipe", "spin,mojibake,boilerplate", "--rate", "0.5", "--seed", "4")
    assert records != corrupted(tmp_path, "--recipe", "spin,mojibake,boilerplate", "--rate", "0.5", "--seed", "5")


def test_corrupt_reads_what_the_filter_reads(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(ARTICLE.encode("cp1252"))
    result = CliRunner().invoke(corrupt_command, [str(path), "--recipe", "near"], catch_exceptions=False)
    assert json.loads(result.stdout_bytes)["clean"] == ARTICLE
    (tmp_path / "broken.jsonl").write_text('{"id": 1, "text": "fine"}\n{"id": \n')
    result = CliRunner().invoke(corrupt_command, [str(tmp_path / "broken.jsonl"), "--recipe", "near"])
    assert result.exit_code == 3
    assert len(result.stdout.splitlines()) == 1
    assert "line 2" in result.stderr


def test_what_corrupt_writes_is_gold_for_eval(tmp_path: Path) -> None:
    made = ("mojibake:windows-1252", "near", "excerpt")
    records = [{**corrupted(tmp_path, "--recipe", recipe)[0], "id": recipe} for recipe in made]
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    scores = evaluate(path, stages=["mojibake", "dedup"])
    exact = scores.get("mojibake", "exact")
    assert exact is not None
    assert (exact.value, exact.n) == (1.0, 1)
    assert scores.get("dedup", "copy recall", "near").value == 1  # type: ignore[union-attr]
    assert scores.get("dedup", "copy recall", "contained") is not None


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; import cleanup.cli.eval, cleanup.cli.corrupt;"
        "print([m for m in ('numpy', 'polars', 'ftfy', 'py3langid') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
