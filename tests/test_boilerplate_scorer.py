"""The line scorer: what it leaves alone, and what it is told apart by."""

from __future__ import annotations

import numpy as np
import pytest

from cleanup.errors import RuleError
from cleanup.rules import directories
from cleanup.stages.boilerplate_features import SIGNALS, Signals, features
from cleanup.stages.boilerplate_lines import Lines, Page
from cleanup.stages.boilerplate_lists import ALIKE, NEAR, UNITS, level, level_alike, shape_of, smooth
from cleanup.stages.boilerplate_scorer import (
    ALONE_EDGES,
    ALONE_LINES,
    ALONE_PARAGRAPHS,
    DUMP_AROUND,
    HOLES,
    STANDFIRST_LINES,
    TITLES,
    Forest,
    Scorer,
    Trees,
    _article,
    _beside,
    _holes,
    _is_dump,
    _leaving,
    _titles,
    are_crowded,
)
from cleanup.stages.boilerplate_spared import _is_quoted, is_said
from cleanup.stages.boilerplate_structure import State, Verdict

LONG = (
    "The council voted on Tuesday night to build a bridge over the river, after two years of talks with the towns on both banks."
)


def columns(*texts: str) -> dict[str, list[float]]:
    lines = Lines(texts)
    signals = Signals({name: ["photo"] for name in SIGNALS})
    return {name: column.tolist() for name, column in features(lines, signals, {}).items()}


def test_words_are_compared_with_other_paragraphs_of_the_same_page_only() -> None:
    other = "Earnings at the carmaker fell sharply, which analysts blamed on weak demand abroad and on costs of its plants."
    text = f"Council bridge earnings\n{LONG}"
    found = columns(text, other)
    assert found["said"][0] == 2
    assert found["new"][0] == 1
    assert found["said"][1] == 0  # nobody else says it
    alone = columns(text)
    assert all(found[name][:2] == column for name, column in alone.items())


def test_weights_that_ask_for_an_unknown_feature_are_named() -> None:
    forest = Forest(Trees(["colour"], 0, [[0]], [[0.5]], [[1, 2]]))
    with pytest.raises(RuleError, match="colour"):
        forest.odds({"words": np.zeros(1, np.float32)}, np.zeros(1, np.int64))


def test_what_the_opening_says_is_told_from_what_later_paragraphs_say() -> None:
    other = "Earnings at the carmaker fell, and it is a weak demand all over and the high costs of old plants that we blame."
    found = columns(f"Council bridge carmaker\n{LONG}\n{LONG}\n{LONG}\n{LONG}\n{other}\nCarmaker earnings council")
    assert found["early share"][0] == pytest.approx(2 / 3)
    assert found["early share"][6] == pytest.approx(1 / 3)
    assert found["later share"][0] == 1
    assert found["later share"][6] == 0


def test_a_paragraph_said_twiceis_said() -> None:
    found = columns(f"{LONG}\n{LONG}")
    assert found["said share"] == [1, 1]


def test_words_of_scripts_without_spaces_are_compared_by_pairs() -> None:
    prose = "市議会は火曜日の夜、川に新しい橋を架けることを決めた。" * 3
    assert columns(f"火曜日の橋\n{prose}\n{prose}")["said"][0] > 0


def test_words_count_where_they_stand_as_words_of_their_own_or_at_the_start() -> None:
    lines = Lines(["You may say so\n“A man” of your age\nThe young say yoursaid nothing\nSo the man said"])
    signals = Signals({"reader": ["you", "your"], "saying": ["say"], "somebody": ["a man"], "going-on": ["so"]})
    found = {name: column.tolist() for name, column in features(lines, signals, {}).items()}
    assert found["signal reader"] == [1, 1, 0, 0]
    assert found["signal saying"] == [1, 0, 1, 0]
    assert found["signal somebody"] == [0, 1, 0, 0]
    assert found["signal going-on"] == [0, 0, 0, 1]


def test_a_forest_adds_its_leaves() -> None:
    forest = Forest(Trees(["a", "b"], UNITS, [[0, 1]], [[0.5, 1e30]], [[-UNITS, UNITS, 7, 7]]))
    table = {"a": np.array([0, 1], np.float32), "b": np.array([5, 5], np.float32)}
    assert forest.odds(table, np.array([0, 1])).tolist() == [0, 2]


def test_a_forest_says_what_each_of_its_trees_says() -> None:
    random = np.random.default_rng(1)
    feature, border = random.integers(0, 3, (9, 4)), random.integers(0, 5, (9, 4)) / 4
    leaves = random.integers(-UNITS, UNITS, (9, 16))
    forest = Forest(Trees(["a", "b", "c"], 7, feature.tolist(), border.tolist(), leaves.tolist()))
    for size in (0, 1, 63, 64, 65, 130):
        table = random.integers(0, 5, (3, size)) / 4
        columns = {name: column.astype(np.float32) for name, column in zip("abc", table, strict=True)}
        sums = [
            7
            + sum(
                int(
                    leaves[tree][
                        sum((row[f] > b) << at for at, (f, b) in enumerate(zip(feature[tree], border[tree], strict=True)))
                    ]
                )
                for tree in range(9)
            )
            for row in table.T
        ]
        assert forest.odds(columns, np.arange(size)).tolist() == [one / UNITS for one in sums]


def test_trees_of_several_depths_are_refused() -> None:
    with pytest.raises(RuleError, match="depth"):
        Forest(Trees(["a"], 0, [[0] * 9], [[0.5] * 9], [[0] * 512]))


def test_the_weights_that_ship_fit_the_features() -> None:
    scorer = Scorer.load(directories())
    assert scorer
    names = columns("A line")
    assert set(scorer.weights.residue.features) <= set(names)
    assert set(scorer.weights.title.features) <= set(names)


def test_many_holes_mean_a_list() -> None:
    every_other = set(range(1, 2 * HOLES + 3, 2))
    assert _holes(2 * HOLES + 4, every_other, set()) == every_other
    assert not _holes(2 * HOLES, set(range(1, 2 * HOLES - 1, 2)), set())
    assert not _holes(40, set(range(20, 40)), set())  # all behind the article
    assert not _holes(2 * HOLES + 4, set(), every_other)  # rules are not doubted


def test_a_dump_has_much_residue_around_its_article() -> None:
    size = 2 * DUMP_AROUND
    taken = np.arange(size) < 10
    score = np.where(np.arange(size) < DUMP_AROUND, 0.9, 0.0) * ~taken
    assert _is_dump(taken, score, [DUMP_AROUND])
    assert not _is_dump(taken, score, [DUMP_AROUND - 1])  # one of them within the article
    assert not _is_dump(np.zeros(size, bool), np.full(size, 0.9), [size - 1])  # no rule agrees: a list
    assert not _is_dump(taken, np.zeros(size), [size - 1])


def test_what_is_next_to_a_line_counts() -> None:
    doc = np.array([0, 0, 0, 1])
    found = smooth(np.array([4.0, 0.0, 4.0, 0.0]), doc)
    assert found[1] == pytest.approx(8 * NEAR)
    assert found[3] == 0  # another page
    assert found[0] == pytest.approx(4 * (1 - NEAR))


def test_a_line_within_the_article_is_of_another_kind_than_one_behind_it() -> None:
    page = Page(f"A title\n{LONG}\n• One of them\n{LONG}\nOne of all of them")
    article = _article(State(page, {}), np.zeros(5), np.zeros(5, bool))
    assert article == [1, 3]
    scorer = Scorer.load(directories())
    assert scorer
    (asked,) = scorer._asked(Lines.of([page]), np.ones(5), np.zeros(5, bool), [article], [False])
    assert [(place, size) for _, place, size, *_ in asked] == [(0, 1), (1, 3), (1, 0), (1, 3), (2, 2)]
    assert all(likely and doubted < 0.9 <= confidence for _, _, _, likely, _, confidence, doubted in asked)


def test_of_a_sentence_one_must_be_surer_in_a_dump() -> None:
    told = "The council voted for a new bridge over the river."
    page = Page(f"{told}\n{LONG}\n{told}\nA bridge over the river for all of us\n{LONG}")
    scorer = Scorer.load(directories())
    assert scorer
    plain, around, within = scorer.weights.apply_dump
    assert plain < around < within

    def sure(score: float) -> list[bool]:
        (asked,) = scorer._asked(Lines.of([page]), np.full(5, score), np.zeros(5, bool), [[1, 4]], [True])
        return [one[3] for one in asked]

    assert sure(plain) == [False, False, False, True, False]
    assert sure(around) == [True, False, False, True, False]
    assert sure(within) == [True] * 5


def test_of_a_standfirst_one_must_be_surer_in_a_dump() -> None:
    said = "A bridge for the river"
    page = Page("\n".join([said, *["Sport"] * STANDFIRST_LINES, said, LONG, said, LONG]))
    scorer = Scorer.load(directories())
    assert scorer
    flags = np.array([line == said for line in page.text])
    article = [len(flags) - 3, len(flags) - 1]

    def sure(score: float, dump: bool) -> list[int]:
        (asked,) = scorer._asked(Lines.of([page]), np.full(len(flags), score), flags, [article], [dump])
        return [one[0] for one in asked if flags[one[0]] and one[3]]

    plain, around, _ = scorer.weights.apply_dump
    near = article[0] - 1
    assert sure(plain, True) == [0, near + 2]  # nobody takes those for a standfirst: too far away, within the article
    assert sure(around, True) == [0, near, near + 2]
    assert sure(plain, False) == []


def test_what_introduces_the_next_line_stays() -> None:
    state = State(Page(f"A title\n{LONG}\nBy the numbers today:\nFour of five agreed with it\n{LONG}"), {})
    assert is_said(state, 2, set(), False)
    assert not is_said(state, 2, {3}, False)
    assert not is_said(state, 2, set(), True)


def test_what_introduces_a_line_that_goes_goes_with_it() -> None:
    state = State(Page(f"A title\n{LONG}\nThe image:\nReuters, taken yesterday\n{LONG}\nNo.\nLoading...\n{LONG}"), {})
    assert _leaving(state, [2, 3], set(), False) == {2, 3}
    assert _leaving(state, [2], set(), False) == set()
    assert _leaving(state, [2], {3}, False) == {2}
    assert _leaving(state, [5, 6], {4, 7}, True) == {6}  # an answer stays; nobody answers with an ellipsis


def test_what_stands_next_to_a_likely_title_of_a_dump_stays() -> None:
    state = State(Page("Home\nCouncil says yes\nCouncil votes for a bridge\nBy Jane Doe\nMore"), {})
    state.add(3, Verdict("boilerplate/en/byline", 0.98))
    assert _beside(state, {2}, np.ones(5, bool)) == {1}  # a rule knows line 3
    assert _beside(state, {2, 1}, np.ones(5, bool)) == {0}
    assert not _beside(state, {2}, np.array([True, False, True, True, True]))
    assert not _beside(state, {2}, np.ones(1, bool))  # the article begins before it


def test_a_few_words_that_the_article_says_stay() -> None:
    state = State(Page(f"Home\n{LONG}\nThe river\nAn island\n津波注意報\n{LONG}"), {})
    assert is_said(state, 2, {1}, True)
    assert not is_said(state, 3, {2}, True)
    page = State(Page("津波注意報\n" + "気象庁は宮崎県に津波注意報を出し、沿岸の人に海から離れるよう呼びかけた。" * 2), {})
    assert is_said(page, 0, set(), True)


def test_a_line_is_said_by_whole_words_only() -> None:
    state = State(Page(f"Home\n{LONG}\nriver\nRIVER.\nriv\n{LONG}"), {})
    assert _is_quoted(state, 2)
    assert _is_quoted(state, 3)
    assert not _is_quoted(state, 4)
    assert not _is_quoted(State(Page("...\n" + LONG), {}), 0)


def test_the_structure_of_a_page_does_not_take_out_its_likeliest_title() -> None:
    state = State(Page("Up next\nCouncil votes for a bridge\nCouncil votes for a bridge\nHome"), {})
    state.add(1, Verdict("boilerplate/structure/under-marker", 0.93))
    state.add(2, Verdict("boilerplate/structure/repeat", 0.93))
    state.add(3, Verdict("boilerplate/en/navigation", 0.98))
    going = np.ones(4, bool)
    assert _titles(state, np.array([0.1, 3.0, 3.0, 1.0]), True, going) == {1, 0}
    assert sorted(state.verdicts) == [2, 3]
    assert _titles(state, np.array([0.1, 3.0, 3.0, 1.0]), False, going) == {1}  # the others fall short of it
    assert not _titles(state, np.full(4, -np.inf), True, going)  # none may be a title


def test_the_likeliest_title_is_no_insert() -> None:
    for category, first, stays in (("insert", 3.0, True), ("insert", -1.0, False), ("navigation", 3.0, False)):
        state = State(Page("Column: Council votes for a bridge\nRead more: A tunnel"), {})
        for line in range(2):
            state.add(line, Verdict("boilerplate/en/teaser", 0.98, {"category": category}))
        assert _titles(state, np.array([first, first - 0.5]), False, np.ones(2, bool)) == ({0} if stays else set())
        assert sorted(state.verdicts) == ([1] if stays else [0, 1])


def test_a_line_that_stays_anyway_is_no_choice_of_a_title() -> None:
    state = State(Page("\n".join(f"Line {word}" for word in "abcdefgh")), {})
    title = 2.0 - np.arange(8) / 8
    assert _titles(state, title, True, np.ones(8, bool)) == set(range(TITLES))
    assert _titles(state, title, True, np.arange(8) > 1) == set(range(TITLES + 2))
    assert _titles(state, title, False, np.arange(8) > 1) == set(range(TITLES))


def test_the_entries_of_a_list_go_together() -> None:
    doc = np.array([0, 0, 0, 0, 0, 1])
    entries = np.array([0, 1, 1, 0, 1, 1], bool)
    assert level(np.array([3.0, 2, -4, 1, 5, -1]), entries, doc).tolist() == [3, -1, -1, 1, 5, -1]
    assert level(np.ones(2), np.zeros(2, bool), np.zeros(2, np.int64)).tolist() == [1, 1]


def test_lines_in_a_row_that_begin_alike_go_together() -> None:
    tour = [
        f"{month} {day} – {place}, Norway" for month, day, place in (("May", 3, "Oslo"), ("May", 9, "Hamar"), ("June", 1, "Moss"))
    ]
    lines = Lines(["\n".join(["More: all tours", *tour, "A bridge is built", *tour[: ALIKE - 1]]), tour[0]])
    odds = np.array([3.0, 3.0, -2.0, 2.0, 4.0, 3.0, -2.0, 3.0])
    free = np.ones(len(odds), bool)
    assert level_alike(odds, free, lines).tolist() == [3, 1, 1, 1, 4, 3, -2, 3]
    assert level_alike(odds, free & (np.arange(8) != 2), lines).tolist() == odds.tolist()
    assert level_alike(odds - 5, free, lines).tolist() == (odds - 5).tolist()


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("May 3 – Oslo", "a0–a"),
        ("S : 40", "a:0"),
        ("(Picture: a bridge)", "(a:a"),
        ("A bridge is built", ""),
        ("Oslo 3", ""),
        ("7_", ""),
        ("", ""),
    ],
)
def test_how_a_line_begins(text: str, shape: str) -> None:
    assert shape_of(text) == shape


def test_in_how_many_ways_a_site_speaks_is_counted() -> None:
    lines = Lines(["Your account\nMore\nA bridge"])
    signals = Signals({"service": ["account"], "teaser": ["accoun", "more"], "caption": ["bridge"]})
    found = {name: column.tolist() for name, column in features(lines, signals, {}).items()}
    assert found["sounds"] == [2, 1, 0]
    assert found["sounds +1"] == [1, 0, -1]


def test_a_page_is_crowded_where_much_stands_around_its_paragraphs() -> None:
    few, many = "\n".join("abcdefgh"[: ALONE_EDGES - 1]), "\n".join("abcdefgh"[:ALONE_EDGES])
    body = "\n".join([LONG] * ALONE_PARAGRAPHS)
    yes = [f"{many}\n{body}", f"{few}\n{body}\nMore", f"{body}\n{many}"]
    no = [f"{few}\n{body}", f"{body}\n{many}\n{body}", f"{many}\n{LONG}", many, ""]
    assert are_crowded(Lines([*yes, *no, *yes])).tolist() == [True] * 3 + [False] * 5 + [True] * 3
    assert are_crowded(Lines([])).tolist() == []


def test_where_no_rule_found_anything_several_lines_go_or_none() -> None:
    scorer = Scorer.load(directories())
    assert scorer

    def going(chances: list[float], verdicts: int) -> list[int]:
        state = State(Page("\n".join([LONG, *(f"Some words of line {number}" for number in range(8))])), {})
        for number in range(verdicts):
            state.add(8 - number, Verdict("boilerplate/en/navigation", 0.98))
        asked = [(line, 2, 3, chance > 0.6, chance, 0.95 if chance > 0.6 else 0.7, 0.7) for line, chance in enumerate(chances, 1)]
        scorer._page(state, asked, [0], 0.9, False)
        return sorted(line for line in state.verdicts if line <= len(chances))

    enough = [0.95] * ALONE_LINES
    assert going(enough, 0) == list(range(1, ALONE_LINES + 1))
    assert going(enough[1:], 0) == []
    assert going([*enough, 0.7, 0.5], 0) == list(range(1, ALONE_LINES + 1))  # nobody is asked about the others
    assert going([*enough[1:], 0.7], 1) == list(range(1, ALONE_LINES + 1))
