"""Gates: floors hold, only go up, and belong to their gold. The project's own gold set has to keep its floors."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from cleanup.errors import CleanupError
from cleanup.evaluate import evaluate, gate
from cleanup.evaluate.gold import load
from cleanup.evaluate.metrics import Metric
from cleanup.evaluate.score import Scores

ROOT = Path(__file__).resolve().parents[2]
GOLD, FLOORS = ROOT / "samples" / "gold", ROOT / "tests" / "floors.toml"


def scores(recall: float = 0.8, lost: float = 0.01, *, gold: str = "abc", stages: tuple[str, ...] = ("boilerplate",)) -> Scores:
    metrics = [
        Metric("boilerplate", "all", "line recall", recall, 0.7, 0.9, 30, 100, "high"),
        Metric("boilerplate", "all", "content lines lost", lost, 0.0, 0.02, 30, 200, "low"),
        Metric("boilerplate", "xx", "line recall", 0.1, 0.0, 0.2, 2, 5, "high"),
    ]
    return Scores(gold, 30, metrics, [], list(stages))


@pytest.fixture
def floors(tmp_path: Path) -> Path:
    path = tmp_path / "floors.toml"
    gate.update(scores(), path)
    return path


def test_floors_hold_against_the_figures_they_were_made_from(floors: Path) -> None:
    assert gate.check(scores(), floors) == []
    found = gate.load(floors)
    assert found.digest == "abc"
    assert set(found.floors) == {"boilerplate/line recall/all", "boilerplate/content lines lost/all"}


def test_less_than_one_unit_is_noise_and_one_unit_is_not(floors: Path) -> None:
    assert gate.check(scores(recall=0.8 - 0.004, lost=0.01 + 0.002), floors) == []
    (line,) = gate.check(scores(recall=0.79), floors)
    assert "boilerplate/line recall/all: 0.7900 is below the floor 0.8000" in line
    (line,) = gate.check(scores(lost=0.015), floors)
    assert "above the ceiling" in line


def test_missing_figures_and_other_gold_break_the_gate(floors: Path) -> None:
    less = scores()
    less.metrics = less.metrics[1:]
    assert "no figure" in gate.check(less, floors)[0]
    assert "other gold" in gate.check(scores(gold="def"), floors)[0]
    assert gate.check(scores(recall=0.1, stages=("mojibake",)), floors) == []  # that stage was not measured


def test_update_raises_and_refuses_to_lower(floors: Path) -> None:
    changed = gate.update(scores(recall=0.9), floors)
    assert changed == ["boilerplate/line recall/all: 0.8000 -> 0.9000"]
    before = floors.read_text()
    with pytest.raises(CleanupError, match=r"would fall(.|\n)*line recall"):
        gate.update(scores(recall=0.85), floors)
    assert floors.read_text() == before
    gate.update(scores(recall=0.85), floors, allow_regression=True)
    assert gate.load(floors).floors["boilerplate/line recall/all"].floor == 0.85


def test_update_within_the_noise_keeps_the_higher_floor(floors: Path) -> None:
    assert gate.update(scores(recall=0.797), floors) == []
    assert gate.load(floors).floors["boilerplate/line recall/all"].floor == 0.8


def test_update_of_one_stage_keeps_the_floors_of_others(floors: Path) -> None:
    other = scores(stages=("spin",))
    other.metrics = [Metric("spin", "all", "detection recall", 1.0, 1.0, 1.0, 9, 9, "high")]
    gate.update(other, floors)
    assert set(gate.load(floors).floors) == {
        "boilerplate/line recall/all",
        "boilerplate/content lines lost/all",
        "spin/detection recall/all",
    }


def test_a_metric_that_vanished_counts_as_a_regression(floors: Path) -> None:
    less = scores()
    less.metrics = less.metrics[1:]
    with pytest.raises(CleanupError, match="gone"):
        gate.update(less, floors)


@pytest.mark.parametrize("text", ["digest = 1\n[a]\nb = { flor = 1, noise = 0 }", "[a]\nb = 3", "not toml ["])
def test_a_broken_floors_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "floors.toml"
    path.write_text(text)
    with pytest.raises(CleanupError, match=r"floors\.toml"):
        gate.check(scores(), path)
    with pytest.raises(CleanupError):
        gate.check(scores(), tmp_path / "absent.toml")


def test_the_gold_set_has_breadth_and_traps() -> None:
    golds = load(GOLD)
    assert len(golds) >= 40
    assert len({gold.language for gold in golds}) >= 12
    traps = [gold for gold in golds if gold.untouched and gold.note]
    assert len(traps) >= 20
    known = Counter(stage for gold in golds for stage in gold.stages or ())
    assert {"mojibake", "boilerplate", "spin"} <= known.keys()
    assert sum(gold.cluster is not None for gold in golds) >= 15
    assert sum(gold.decoded is not None for gold in golds) >= 8
    assert sum(gold.kind == "html" for gold in golds) >= 6
    assert sum(gold.spin == "spun" for gold in golds) >= 3


def test_the_project_keeps_its_floors() -> None:
    found = evaluate(GOLD)
    assert gate.check(found, FLOORS) == []
    assert msgspec.json.decode(found.json())["documents"] == found.documents
