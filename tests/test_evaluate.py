"""Gold, alignment and metrics: each figure against one worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from cleanup.document import Document, Edit
from cleanup.errors import CleanupError
from cleanup.evaluate import align, evaluate, measure
from cleanup.evaluate.gold import digest, load
from cleanup.evaluate.metrics import FORMULAS, Samples, calibration, clustering, formula, recall_at_loss
from cleanup.evaluate.script import Change
from cleanup.evaluate.table import grid, number
from cleanup.pipeline import Policy, settle


def gold_file(path: Path, *rows: dict) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


# ---------------------------------------------------------------------------------------------------- gold
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            {"id": "a", "text": "b c", "edits": [{"start": 0, "end": 1, "before": "x", "after": "y"}]},
            "'x' at 0, where the text has 'b'",
        ),
        ({"id": "a", "text": "b c", "edits": [{"start": 2, "end": 9, "before": "c", "after": ""}]}, "outside the text of 3"),
        (
            {
                "id": "a",
                "text": "b c",
                "edits": [
                    {"start": 0, "end": 2, "before": "b ", "after": ""},
                    {"start": 1, "end": 2, "before": " ", "after": ""},
                ],
            },
            "overlaps",
        ),
        (
            {"id": "a", "text": "b", "clean": "c", "edits": [{"start": 0, "end": 1, "before": "b", "after": "d"}]},
            "differ at character 0",
        ),
        ({"id": "a", "text": "b\nc\nd", "lines": ["content", "title"]}, "2 labels for 3 lines"),
        ({"id": "a", "text": "b", "lines": ["noise"]}, "Invalid enum value 'noise'"),
        ({"id": "a", "text": "b", "langauge": "en"}, "langauge"),
        ({"id": "a"}, "exactly one of"),
        ({"id": "a", "text": "b", "path": "c"}, "exactly one of"),
        ({"id": "a", "path": "absent.html"}, "No such file"),
        ({"id": "a", "data": "YQ==", "lines": ["content"]}, "need a `text`"),
        ({"id": "a", "text": "b", "stages": ["boilerplat"]}, "unknown stage"),
        ({"text": "b"}, "missing required field `id`"),
    ],
)
def test_gold_that_does_not_fit_is_refused_with_file_line_and_reason(tmp_path: Path, row: dict, reason: str) -> None:
    path = gold_file(tmp_path / "g.jsonl", {"id": "first", "text": "fine"}, row)
    with pytest.raises(CleanupError) as caught:
        load(path)
    assert caught.value.message.startswith(f"{path}:2: ")
    assert reason in caught.value.message
    assert caught.value.exit_code == 2


def test_gold_that_is_no_json_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "g.jsonl"
    path.write_text('{"id": "a", "text": "b"}\n{"id": \n')
    with pytest.raises(CleanupError, match=r"g\.jsonl:2"):
        load(path)
    with pytest.raises(CleanupError, match="no such file"):
        load(tmp_path / "absent.jsonl")
    with pytest.raises(CleanupError, match="also that of line 1"):
        load(gold_file(path, {"id": "a", "text": "b"}, {"id": "a", "text": "c"}))
    (tmp_path / "empty").mkdir()
    with pytest.raises(CleanupError, match="no labelled documents"):
        load(tmp_path / "empty")


def test_labels_may_leave_out_blank_lines(tmp_path: Path) -> None:
    row = {"text": "a\n\nb", "lines": ["title", "content"]}
    every = {"text": "a\n\nb", "lines": ["title", "blank", "content"]}
    first, second = load(gold_file(tmp_path / "g.jsonl", {"id": "1", **row}, {"id": "2", **every}))
    assert first.lines == second.lines == ["title", "blank", "content"]


def test_edits_make_the_clean_text_and_pages_are_read_beside_the_gold(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_bytes(b"<p>x</p>")
    rows = [
        {"id": "1", "text": "a b", "edits": [{"start": 1, "end": 3, "before": " b", "after": ""}]},
        {"id": "2", "path": "p.html"},
        {"id": "3", "text": "<p>", "kind": "html"},
        {"id": "4", "text": "x", "clean": "y", "recipe": "near"},
        {"id": "5", "text": "x", "clean": "y", "recipe": "spin"},
    ]
    golds = load(gold_file(tmp_path / "g.jsonl", *rows))
    assert golds[0].clean == "a"
    assert (golds[1].data, golds[1].kind) == (b"<p>x</p>", "html")
    assert golds[2].data == b"<p>"
    assert (golds[3].relation, golds[3].stages) == ("near", ("dedup",))
    assert (golds[4].relation, golds[4].spin, golds[4].about("spin")) == ("spun", "spun", True)


def test_digest_depends_on_labels_not_on_files(tmp_path: Path) -> None:
    rows = [{"id": "1", "text": "a"}, {"id": "2", "text": "b", "language": "en"}]
    one = digest(load(gold_file(tmp_path / "one.jsonl", *rows)))
    assert one == digest(load(gold_file(tmp_path / "two.jsonl", *rows[::-1])))
    assert one != digest(load(gold_file(tmp_path / "one.jsonl", rows[0], {**rows[1], "language": "de"})))


# ---------------------------------------------------------------------------------------------------- alignment
def test_units_by_hand() -> None:
    assert align.units("one two three\nfour five\nsix", "one 2 three\nsix") == {(4, 7, "2"): 1, (14, 18, ""): 1, (19, 23, ""): 1}
    assert align.units("one\ntwo three", "one\ntwo") == {(8, 13, ""): 1}
    assert align.units("one", "one two") == {(3, 3, "two"): 1}
    assert align.units("a b c d", "a x d") == {(2, 5, "x"): 2}
    assert align.units("same  text", "same text") == {}


def test_texts_too_long_to_align_are_compared_at_their_ends() -> None:
    source = " ".join(f"a{number}" for number in range(4000))
    target = source.replace("a1 ", "x ").replace(" a3998", " y")
    assert align.units(source, target) == {(3, 5, "x"): 1, (len(source) - 11, len(source) - 6, "y"): 1}
    shorter = target.replace("a7 ", "")
    ((start, end, after),) = align.units(source, shorter)
    assert source[:start] + after + source[end:] == shorter


def test_units_of_a_script_keep_neighbouring_edits_apart() -> None:
    source = "the big old house"
    script = (Change(4, 7, "big", "very large"), Change(8, 11, "old", "aged"))
    assert align.units(source, "the very large aged house", script) == {(4, 7, "very large"): 1, (8, 11, "aged"): 1}
    assert align.units(source, "the very large aged house") == {(4, 11, "very large aged"): 2}
    inside = (Change(1, 2, "Ã", "é"), Change(3, 4, "Ã", "é"))
    assert align.units("xÃyÃ z", "xéyé z", inside) == {(0, 4, "xéyé"): 1}


def test_compare_weighs_by_tokens() -> None:
    made = {(0, 1, "a"): 1, (2, 5, "b"): 2, (9, 10, "x"): 1}
    wanted = {(0, 1, "a"): 1, (2, 5, "b"): 2, (6, 7, ""): 1}
    assert align.compare(made, wanted) == (3, 1, 1)


def test_token_f1() -> None:
    f1, precision, recall = align.token_f1("a b c d", "A b x")
    assert (precision, recall) == (0.5, 2 / 3)
    assert f1 == pytest.approx(2 * 0.5 * (2 / 3) / (0.5 + 2 / 3))
    assert align.token_f1("", "") == (1, 1, 1)
    assert align.token_f1("", "a") == (0, 0, 0)
    assert align.token_f1("港の古い", "港の新い")[1] == 0.75


def test_lost_characters_by_line() -> None:
    text = "ab cd\nefgh\nij"
    assert align.lost_characters((Change(3, 11, "cd\nefgh\n", ""),), text) == [2, 4, 0]
    assert align.lost_characters((Change(0, 2, "ab", "xyz"),), text) == [0, 0, 0]
    assert align.lost_characters((Change(6, 10, "efgh", "e"),), text) == [0, 3, 0]
    assert align.lost_characters((), "") == [0]


def test_line_scores_follow_edits_over_several_steps() -> None:
    source = "title\nADVERT\ntext here\nshare this"
    doc = Document("d", source)
    settle(doc, 1, "boilerplate", [Edit(6, 13, "ADVERT\n", "", "r", 0.95)], Policy(), {})
    held = Edit(15, 26, "\nshare this", "", "r", 0.6)
    settle(doc, 2, "boilerplate", [held], Policy(), {})
    lost, scores = align.line_scores(doc, source)
    assert lost == [0, 6, 0, 0]
    assert scores == [0, 0.95, 0, 0.6]


# ---------------------------------------------------------------------------------------------------- metrics
def value(name: str, *rows: tuple[float, ...]) -> float:
    return float(formula(name)[0](np.asarray(rows, dtype=float).sum(axis=0, keepdims=True))[0])


def test_formulas_by_hand() -> None:
    assert value("exact", (1, 1), (0, 1)) == 0.5
    assert value("edits per 10k words", (2, 1000), (0, 3000)) == 5
    assert value("F0.5", (8, 2, 4)) == pytest.approx(1.25 * 0.8 * (8 / 12) / (0.25 * 0.8 + 8 / 12))
    assert value("pair F1", (4, 8, 4)) == pytest.approx(2 / 3)
    assert value("shingle F1", (1.5, 2, 1.0, 2)) == pytest.approx(2 * 0.75 * 0.5 / 1.25)
    assert math.isnan(value("recall", (0, 0)))


def test_clustering_metrics_by_hand() -> None:
    found, true = [1, 1, 1, 2, 3], ["a", "a", "b", "b", "c"]
    rows = clustering(found, true)
    assert rows[0] == (1, 2, 1, 2 / 3, 1)
    common, mine, theirs = (sum(row[k] for row in rows) for k in range(3))
    assert (common, mine, theirs) == (2, 6, 4)  # one common pair of three found and two true, counted from both ends
    precision, recall = (2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5, (1 + 1 + 0.5 + 0.5 + 1) / 5
    counts = [(row[3], row[4], 1.0) for row in rows]
    assert value("B-cubed F1", *counts) == pytest.approx(2 * precision * recall / (precision + recall))
    expected = 3 * 2 / 10
    ari = (1 - expected) / ((3 + 2) / 2 - expected)
    assert value("ARI", *[(*row[:3], 1.0) for row in rows]) == pytest.approx(ari)
    same = clustering([1, 1, 2], ["x", "x", "y"])
    assert value("ARI", *[(*row[:3], 1.0) for row in same]) == pytest.approx(1)


def test_recall_at_a_fixed_loss_by_hand() -> None:
    scores = [0.99, 0.9, 0.9, 0.8, 0.7, 0.0]
    good = [False, False, True, False, False, False]
    assert recall_at_loss([(scores, good)], 0.0)[0][0] == pytest.approx(1 / 5)  # the good one ties with a bad one at 0.9
    assert recall_at_loss([(scores, good)], 1.0)[0][0] == pytest.approx(4 / 5)  # a score of 0 never goes
    many = [([0.95], [False])] * 3 + [([0.5] * 200, [True] * 200)] + [([0.4], [True]), ([0.3], [False])]
    assert recall_at_loss(many, 0.005)[0][0] == pytest.approx(3 / 4)
    assert recall_at_loss(many, 1.0)[0][0] == pytest.approx(1)


def test_intervals_contain_the_value_and_shrink_with_documents() -> None:
    few, many = Samples(), Samples()
    for number_ in range(1000):
        hit = float(number_ % 4 == 0)
        many.add("s", ["en"], "exact", hit, 1)
        if number_ < 40:
            few.add("s", [], "exact", hit, 1)
    wide, narrow = few.metrics()[0], many.metrics()[0]
    assert wide.low <= wide.value == 0.25 <= wide.high
    assert narrow.low <= narrow.value == 0.25 <= narrow.high
    assert narrow.high - narrow.low < (wide.high - wide.low) / 3
    assert narrow.high - narrow.low == pytest.approx(2 * 1.96 * math.sqrt(0.25 * 0.75 / 1000), rel=0.2)
    assert {metric.group for metric in many.metrics()} == {"all", "en"}


def test_a_metric_without_a_denominator_is_no_figure() -> None:
    samples = Samples()
    samples.add("s", [], "recall", 0, 0)
    assert samples.metrics() == []


def test_calibration_bins() -> None:
    (low, high) = calibration("s", [0.55, 0.58, 0.92, 0.93, 0.94, 0.94], [False, True, True, True, True, False])
    assert (low.low, low.n, low.right) == (0.5, 2, 0.5)
    assert (high.low, high.n, high.right) == (0.9, 4, 0.75)


def test_every_formula_knows_its_units_and_direction() -> None:
    for name, (kind, unit, better) in FORMULAS.items():
        assert kind(np.ones((2, 5))).shape == (2,), name
        assert unit < 5
        assert better in ("high", "low")


# ---------------------------------------------------------------------------------------------------- metadata, language
@pytest.mark.parametrize(
    ("field", "found", "true", "same"),
    [
        ("title", "A “fine” day – today", 'A "fine" day - today', True),
        ("title", None, "A", False),
        ("date", "2024-05-03T23:30:00-05:00", "2024-05-04T04:30:00+00:00", True),
        ("date", "2024-05-03", "2024-05-03T10:00:00", True),
        ("date", "2024-05-04", "2024-05-03", False),
        ("date", "May 3", "2024-05-03", False),
        ("authors", ["By Ann Lee", "B"], ["Ann Lee"], True),
        ("authors", [], ["Ann Lee"], False),
        ("tags", ["Sport", "Local"], ["sport"], True),
    ],
)
def test_metadata_is_compared_as_a_reader_would(field: str, found: object, true: object, same: bool) -> None:
    assert measure.SAME.get(field, measure._same_text)(found, true) is same


def test_languages_are_compared_without_region() -> None:
    assert measure.same_language("nb", "no")
    assert measure.same_language("zh", "zh-Hant")
    assert not measure.same_language("", "en")


# ---------------------------------------------------------------------------------------------------- the whole
def test_evaluating_a_stage_gives_figures_by_language(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "text": "cafÃ© noir", "clean": "café noir", "stages": ["mojibake"], "language": "fr"},
        {"id": "2", "text": "plain text", "clean": "plain text", "language": "en"},
    ]
    scores = evaluate(gold_file(tmp_path / "g.jsonl", *rows), stages=["mojibake"])
    exact = scores.get("mojibake", "exact")
    assert exact is not None
    assert (exact.value, exact.n) == (1.0, 1)
    assert scores.get("mojibake", "exact", "fr") is not None
    assert scores.get("mojibake", "false changes", "en").value == 0  # type: ignore[union-attr]
    assert scores.stages == ["mojibake"]
    assert "mojibake" in scores.table()
    data = json.loads(scores.json())
    assert {"stage", "group", "name", "value", "low", "high", "n", "units", "better"} == set(data["metrics"][0])


def test_an_unknown_stage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CleanupError, match="unknown stage 'mojo'"):
        evaluate(gold_file(tmp_path / "g.jsonl", {"id": "1", "text": "a"}), stages=["mojo"])


def test_grid_aligns_columns() -> None:
    assert grid([["a", "long header"], ["b", "1"], ["ccc", ".25"]]) == "       long\na    header\nb         1\nccc     .25"
    assert [number(v) for v in (0, 1, 0.25, 0.0004, 12.34, 3.25)] == ["0", "1", ".250", ".000", "12.3", "3.25"]
