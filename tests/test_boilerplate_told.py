"""Articles that say what residue says, as verse, subheads, quotations and sentences about it: of them nothing goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleanup.config import Config, override
from cleanup.document import Document
from cleanup.pipeline import Pipeline

PIPELINE = Pipeline(stages=["boilerplate"])


def pages() -> dict[str, list[str]]:
    """The lines of each page of the cases, those that go behind "- "."""
    found: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "cases" / "boilerplate_told.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            found[line[2:]] = lines = []
        elif line and not line.startswith("#"):
            lines.append(line)
    return found


@pytest.mark.parametrize("between", ["\n", "\n\n"], ids=["lines", "paragraphs"])
@pytest.mark.parametrize("name", pages())
def test_only_residue_goes(name: str, between: str) -> None:
    lines = pages()[name]
    doc = Document(id=name, text=between.join(line.removeprefix("- ") for line in lines))
    PIPELINE.map([doc])
    assert doc.text == between.join(line for line in lines if not line.startswith("- "))


def test_a_users_rule_goes_before_what_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "boilerplate").mkdir()
    rule = '[[rule]]\nid = "fine-print"\nmatch = "prefix"\npattern = "alle rechten voorbehouden"\n'
    (tmp_path / "boilerplate" / "nl.toml").write_text(rule, encoding="utf-8")
    lines = pages()["an article about the words of web pages"]
    text = "\n".join(line.removeprefix("- ") for line in lines)
    doc = Document(id="x", text=text)
    Pipeline(config=override(Config(), {"stages": ("boilerplate",), "rules": (str(tmp_path),)})).map([doc])
    assert "Alle rechten voorbehouden" in text
    assert "Alle rechten voorbehouden" not in doc.text
