"""Rules of the boilerplate stage against lines of articles that sound like residue, and in company of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cleanup.config import Config, override
from cleanup.document import Document
from cleanup.pipeline import Pipeline
from cleanup.rules import directories
from cleanup.stages.boilerplate_rules import load, problem_of

WITHOUT_SCORER = Pipeline(config=override(Config(), {"stages": ("boilerplate",), "boilerplate.scorer": False}))
PROSE = "The town has voted for a new wall along the harbour, and the work on it is to begin in the spring of next year, it says."
BEFORE, BEHIND = (PROSE, PROSE[4:]), (PROSE[9:], PROSE[14:])


def content() -> Iterator[str]:
    lines = (Path(__file__).parent / "cases" / "boilerplate_content.tsv").read_text(encoding="utf-8").splitlines()
    return (line.partition("\t")[2] for line in lines if not line.startswith("#"))


def test_rules_that_come_with_the_package_are_sound() -> None:
    rules = [named.rule for named in load(directories()).rules]
    assert len(rules) > 600
    assert [(rule.id, problem) for rule in rules if (problem := problem_of(rule))] == []


@pytest.mark.parametrize(
    ("between", "last"), [("\n", False), ("\n\n", False), ("\n\n", True)], ids=["among lines", "among paragraphs", "last"]
)
def test_lines_of_articles_that_sound_like_residue_stay(between: str, last: bool) -> None:
    texts = [between.join((*BEFORE, *BEHIND, line) if last else (*BEFORE, line, *BEHIND)) for line in content()]
    docs = [Document(id=text, text=text) for text in texts]
    WITHOUT_SCORER.map(docs)
    assert len(docs) > 1000
    assert [(doc.id, [row.rule for row in doc.ledger]) for doc in docs if doc.text != doc.id] == []


@pytest.mark.parametrize(
    "line",
    [
        "Download the app and read on",
        "Wil je alles als eerste zien?",
        "Receba tudo antes de todos",
        "Следите за нами везде",
        "Sie möchten alles wissen?",
    ],
)
def test_what_articles_say_too_goes_beside_residue(line: str) -> None:
    for beside in ("Advertisement\n{}", "{}\nAdvertisement"):
        text = "\n".join((*BEFORE, beside.format(line), *BEHIND))
        doc = Document(id="x", text=text)
        WITHOUT_SCORER.map([doc])
        assert doc.text == "\n".join((*BEFORE, *BEHIND)), beside


def test_names_have_capitals_in_rules_that_mind_the_case() -> None:
    for line, stays in (("The driver was a journalist.", True), ("Ann Example is a journalist.", False)):
        text = "\n".join((*BEFORE, *BEHIND, line))
        doc = Document(id="x", text=text)
        WITHOUT_SCORER.map([doc])
        assert (doc.text == text) == stays


def test_a_rule_that_has_to_see_every_line_takes_no_long_line_from_the_others(tmp_path: Path) -> None:
    (tmp_path / "boilerplate").mkdir()
    rule = 'id = "own"\nmatch = "regex"\npattern = ["^\\\\W{3}$"]\nyes = ["***"]\nno = ["three"]'
    (tmp_path / "boilerplate" / "own.toml").write_text(f"[[rule]]\n{rule}\n", encoding="utf-8")
    options = {"stages": ("boilerplate",), "boilerplate.scorer": False, "rules": (str(tmp_path),)}
    more = " ".join(f"Some of them count to {number}." for number in range(30))
    consent = f"This website uses cookies to improve your experience while you navigate. {more}"
    doc = Document(id="x", text="\n".join((*BEFORE, consent, "***", *BEHIND)))
    Pipeline(config=override(Config(), options)).map([doc])
    assert doc.text == "\n".join((*BEFORE, *BEHIND))
