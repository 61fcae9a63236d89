"""The spin stage: verdicts with their evidence, repairs, and what is left alone."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from msgspec import structs

import cleanup
from cleanup.config import SpinConfig
from cleanup.document import Document, Edit, Mark, apply
from cleanup.rules import directories
from cleanup.spin import glance, mend, passage
from cleanup.spin.proposals import _bounded, chances, score
from cleanup.spin.quantity import amount
from cleanup.spin.restore import Restorer
from cleanup.stages.spin import spin
from tests.bench.data import seeds_dir

CASES = Path(__file__).parent / "cases"
TRAPS = sorted((CASES / "spin_traps").glob("*.txt"))
QUOTES = tomllib.loads((CASES / "spin_quotes.toml").read_text(encoding="utf-8"))
PAIRS = tomllib.loads((CASES / "spin_pairs.toml").read_text(encoding="utf-8"))["pair"]


@pytest.fixture(scope="module")
def restorer() -> Restorer:
    return Restorer(directories())


@pytest.fixture(scope="module")
def careful() -> Restorer:
    return Restorer(directories(), quotations=False)


def edited(restorer: Restorer, text: str) -> str:
    return apply(text, [edit for edit in restorer.findings([text])[0].edits if edit.score >= restorer.apply])


def test_there_are_enough_traps() -> None:
    assert len(TRAPS) >= 100
    assert all(150 <= len(path.read_text(encoding="utf-8").split()) <= 600 for path in TRAPS)


@pytest.mark.parametrize("path", TRAPS, ids=lambda path: path.stem)
def test_honest_prose_full_of_spinners_words_is_clean(path: Path, restorer: Restorer) -> None:
    (finding,) = restorer.findings([path.read_text(encoding="utf-8")])
    assert finding.verdict == "clean"
    assert not finding.edits


REGISTERS = [line.partition("] ") for line in (CASES / "spin_registers.txt").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("together", [1, 5])
def test_short_clean_texts_of_many_registers_stay(together: int, restorer: Restorer) -> None:
    names = [name for name, _, _ in REGISTERS]
    texts = [text.replace(" / ", "\n") for _, _, text in REGISTERS]
    joined = ["\n\n".join([*texts[at:], *texts][:together]) for at in range(len(texts))]
    found = restorer.findings(joined)
    assert [name for name, one in zip(names, found, strict=True) if one.verdict != "clean" or one.edits] == []


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_spun_articles_are_found_and_mostly_repaired(pair: dict[str, str], restorer: Restorer) -> None:
    spun, original = restorer.findings([pair["spun"], pair["original"]])
    assert (spun.verdict, original.verdict) == ("spun", "clean")
    assert spun.why["contradictions"]
    assert spun.score > 10 + original.score
    words = set(pair["original"].lower().split())
    sure = [edit for edit in spun.edits if edit.score >= 0.9 and edit.after]
    right = [edit for edit in sure if set(edit.after.lower().split()) <= {word.strip(".,") for word in words}]
    assert len(sure) >= 30
    assert len(right) >= 0.88 * len(sure)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_a_glance_goes_in_slices(pair: dict[str, str], restorer: Restorer, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = glance.Glance(restorer.priors).look(pair["spun"], restorer.window)
    monkeypatch.setattr(glance, "CHUNK", 7)
    assert whole.whole > 0
    assert glance.Glance(restorer.priors).look(pair["spun"], restorer.window) == whole


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_repair_settles_in_one_go(pair: dict[str, str], restorer: Restorer) -> None:
    once = edited(restorer, pair["spun"])
    assert once != pair["spun"]
    assert edited(restorer, once) == once


def test_a_spun_paragraph_in_a_clean_page_is_found_and_only_it_is_edited(restorer: Restorer) -> None:
    clean = "\n\n".join(path.read_text(encoding="utf-8").strip() for path in TRAPS if path.stem.startswith(("food", "sport")))
    spun = PAIRS[1]["spun"].strip()
    text = f"{clean}\n\n{spun}\n\n{clean}"
    (finding,) = restorer.findings([text])
    assert finding.verdict == "spun"
    start = len(clean) + 2
    sure = [edit for edit in finding.edits if edit.score >= 0.9]
    assert len(sure) >= 15
    inside = [edit for edit in sure if start <= edit.start < start + len(spun)]
    assert len(inside) >= 0.9 * len(sure)


def test_short_texts_are_clean_unless_they_have_hard_markers(restorer: Restorer) -> None:
    assert restorer.findings(["The fashions confirmed promise."])[0].verdict == "clean"
    marked = (
        "The corporate makes use of machine studying and pure language processing to prepare its massive language fashions, "
        "and it has in the present day's greatest knowledge scientists, slightly than folks."
    )
    assert restorer.findings([marked])[0].verdict == "spun"


def test_code_and_addresses_are_left_alone(restorer: Restorer) -> None:
    text = PAIRS[0]["spun"] + "\nWrite to extra@fashions.com, run `extra --knowledge`, see https://fashions.com/extra."
    after = edited(restorer, text)
    for kept in ("extra@fashions.com", "`extra --knowledge`", "https://fashions.com/extra"):
        assert kept in after


@pytest.mark.parametrize("quotation", QUOTES["honest"])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_an_honest_quotation_in_a_spun_page_is_left_alone(pair: dict[str, str], quotation: str, restorer: Restorer) -> None:
    assert quotation in edited(restorer, f"{pair['spun']}\n\n{quotation}\n")


def test_quotations_with_little_evidence_are_repaired_when_all_of_them_together_have_enough(restorer: Restorer) -> None:
    weak = '"They have figured at the identical faculty for years."'
    others = '"The brand new mannequin is extra superior," he mentioned. "We want folks with a wholesome weight loss program."'
    with_others = f"{PAIRS[0]['spun']}\n\n{weak} she mentioned.\n\n{others}\n"
    assert weak not in edited(restorer, with_others)
    assert weak in edited(restorer, f"{PAIRS[0]['spun']}\n\n{weak} she mentioned.\n")


def test_percent_is_the_same_figure_however_it_is_written() -> None:
    assert amount("p.c") == amount("percent") == amount("per cent") == amount("%")


@pytest.mark.parametrize("quotation", QUOTES["spun"])
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_a_quotation_that_contradicts_itself_is_repaired_unless_that_is_off(
    pair: dict[str, str], quotation: str, restorer: Restorer, careful: Restorer
) -> None:
    text = f"{pair['spun']}\n\n{quotation}\n"
    assert quotation not in edited(restorer, text)
    assert quotation in edited(careful, text)
    start = text.index(quotation)
    held = [edit for edit in careful.findings([text])[0].edits if edit.start >= start]
    assert held
    assert all(edit.score < 0.9 for edit in held)


def test_tortured_phrases_are_held_not_applied(restorer: Restorer) -> None:
    text = PAIRS[0]["spun"] + "\nIts counterfeit consciousness relies on an irregular woodland."
    edits = [edit for edit in restorer.findings([text])[0].edits if edit.start > len(PAIRS[0]["spun"])]
    assert any(edit.before == "counterfeit consciousness" for edit in edits)
    assert all(edit.score < 0.9 for edit in edits if edit.before in ("counterfeit consciousness", "irregular woodland"))


def test_the_stage_marks_english_documents_only() -> None:
    propose = spin(SpinConfig(), directories())
    docs = [
        Document("a", PAIRS[0]["spun"], meta={"language": "en"}),
        Document("b", PAIRS[0]["spun"], meta={"language": "de"}),
        Document("c", PAIRS[0]["original"]),
        Document("d", ""),
    ]
    found = [list(proposals) for proposals in propose(docs)]
    assert [len(proposals) > 0 for proposals in found] == [True, False, True, True]
    marks = [next(item for item in proposals if isinstance(item, Mark)) for proposals in (found[0], found[2], found[3])]
    assert [mark.value["verdict"] for mark in marks] == ["spun", "clean", "clean"]
    assert marks[0].why["types"] >= 5
    assert all(mark.value["score"] >= 0 for mark in marks)
    assert not any(isinstance(item, Edit) for item in found[2])


def test_repair_can_be_turned_off() -> None:
    (proposals,) = spin(SpinConfig(repair=False), directories())([Document("a", PAIRS[0]["spun"])])
    assert [type(item) for item in proposals] == [Mark]


ARTICLES = [
    *(("hour", "an"), ("university", "a"), ("European", "a"), ("honest", "an")),
    *(("unusual", "an"), ("one-off", "a"), ("large", "a")),
]


@pytest.mark.parametrize(("word", "article"), ARTICLES)
def test_articles(word: str, article: str) -> None:
    assert mend.article(word) == article


CAPITALS = [
    ("knowledge", "data", False, "data"),
    ("Knowledge", "data", False, "Data"),
    ("KNOWLEDGE", "data", False, "DATA"),
    ("Wanting Ahead", "looking ahead", True, "Looking Ahead"),
    ("Wanting ahead", "looking ahead", False, "Looking ahead"),
    ("Monetary Occasions", "Financial Times", False, "Financial Times"),
]


@pytest.mark.parametrize(("before", "after", "heading", "want"), CAPITALS)
def test_capitals(before: str, after: str, heading: bool, want: str) -> None:
    assert mend.match_case(before, after, heading) == want


def test_tokens_know_their_place() -> None:
    tokens = passage.read(
        "Meta’s Greatest Guess\nIt wasn't the U.S. way. “As one has said before, no.” See a_b, self-made www.x.com {dollars}"
    )
    by_word = {token.word: token for token in tokens}
    assert by_word["meta"].suffix == "’s"
    assert by_word["guess"].heading
    assert by_word["it"].fresh
    assert not by_word["way"].quoted
    assert by_word["said"].quoted
    assert by_word["made"].joint == "-"
    assert by_word["www"].locked
    assert not by_word["dollars"].locked


@pytest.mark.skipif(seeds_dir() is None, reason="the development data is absent")
def test_the_seeds(restorer: Restorer) -> None:
    folder = seeds_dir()
    assert folder is not None
    for path in sorted(folder.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        (finding,) = restorer.findings([text])
        assert finding.verdict == ("spun" if path.name.startswith("002") else "clean"), path.name
        if not path.name.startswith("002"):
            assert not finding.edits
            continue
        after = edited(restorer, text)
        for word in ("Knowledge", "Monetary Occasions", "Massive Tech", "Protection Llama", "extra refined", "slightly than"):
            assert word not in after
        assert "in in the present day’s" not in after
        assert after.count("ashions") <= 1
        assert "Financial Times" in after


def test_a_figure_is_never_changed_only_held() -> None:
    doc = cleanup.explain((CASES / "spin_amounts.txt").read_text(encoding="utf-8"))
    assert doc.meta["spin"]["verdict"] == "spun"
    edits = [row for row in doc.ledger if row.rule.startswith("spin/") and row.action == "edit"]
    changed = [row for row in edits if amount(row.before or "") != amount(row.after or "")]
    assert {row.before for row in changed} >= {"hundreds"}
    assert all(row.decision == "review" for row in changed)


def test_an_edit_scores_no_higher_than_the_mean_of_what_is_surer() -> None:
    def draft(chance: float) -> Edit:
        return Edit(0, 1, "a", "b", "spin/x/a/b", round(score(chance), 3), {"p": chance})

    alone, after_sure_ones = draft(0.6), [draft(0.98) for _ in range(9)]
    assert _bounded([alone], []) == [structs.replace(alone, score=0.61)]
    assert _bounded([*after_sure_ones, alone], []) == [*after_sure_ones, alone]
    assert _bounded([alone], chances(after_sure_ones)) == [alone]
    assert _bounded([alone, draft(0.62)], []) == _bounded([draft(0.62), alone], [])[::-1]


SYNONYMS = (
    "Big: large, huge, great, massive, giant, enormous, vast, considerable, substantial. Small: little, tiny, minor, modest. "
    "Buy: purchase, acquire, obtain, procure. Help: assist, aid, support, facilitate. Important: vital, essential, crucial. "
    "Money: cash, funds, currency, capital. Begin: start, commence, initiate, launch. End: finish, conclude, terminate, cease. "
    "Show: display, exhibit, present, reveal. People: folks, individuals, persons. Doctor: physician, medic. "
    "Fast: quick, rapid, swift. City: town, metropolis, municipality. Company: firm, corporation, enterprise. "
    "House: residence, dwelling, abode."
)


def test_a_list_of_synonyms_is_not_spun(restorer: Restorer) -> None:
    finding = restorer.findings([SYNONYMS])[0]
    assert (finding.verdict, finding.edits) == ("clean", ())


@pytest.mark.parametrize(
    ("text", "locked"),
    [
        ("almost 5,000 people", ["5", "000"]),
        ("they won 5-3 at 9:30", ["5", "3", "9", "30"]),
        ("$5 or 5 % of 2.5", ["5", "5", "2", "5"]),
        ("5 years of a 5-year plan", []),
    ],
)
def test_digits_within_a_figure_are_no_words(text: str, locked: list[str]) -> None:
    assert [text[token.start : token.end] for token in passage.read(text) if token.locked] == locked


def test_half_of_cannot_stays(restorer: Restorer) -> None:
    spun = PAIRS[0]["spun"] + " Consultants warned nonetheless that the examine can not show trigger and impact."
    assert "can not" in edited(restorer, spun) or "cannot" in edited(restorer, spun)
    assert "will not" not in edited(restorer, spun)
