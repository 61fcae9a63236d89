"""The rules that stand in no rule file: all are listed, and a rule that there is not cannot be selected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cleanup
from cleanup import own
from cleanup.config import Config, override
from cleanup.errors import ConfigError
from cleanup.pipeline import Pipeline
from cleanup.run import Run, execute

SOURCES = Path(cleanup.__file__).parent
NAMED = re.compile(r"[\"'](?:boilerplate/(?:structure|scorer)|dedup|decode|extract|pipeline)[a-z0-9/-]*[\"']")


def test_every_rule_that_the_program_names_is_listed() -> None:
    texts = [path.read_text() for path in sorted(SOURCES.rglob("*.py")) if path.name != "own.py"]
    named = {found.strip("\"'") for text in texts for found in NAMED.findall(text) if "/" in found.strip("/\"'")}
    assert len(named) > 20
    assert named - set(own.OWN) == set()
    assert all(own.rules(stage) for stage in own.STAGES)


def test_every_rule_in_a_ledger_can_be_shown_and_selected(samples: Path, tmp_path: Path) -> None:
    execute(Config(), [str(samples / "news.jsonl"), str(samples / "page.html")], tmp_path / "out")
    rules = {row.rule for row in Run(tmp_path / "out").ledger()}
    own.check([rule for rule in rules if not rule.startswith("spin/")])
    known = {
        rule.id for stage in ("decode", "extract", "mojibake", "boilerplate", "language", "dedup") for rule in own.rules(stage)
    }
    assert {rule for rule in rules if not rule.startswith("spin/")} <= known


@pytest.mark.parametrize(
    "prefix", ["boil", "boilerplate/", "boilerplate/en/com", "boilerplate/sites/a.example", "dedup/spun", "spin/"]
)
def test_the_beginning_of_a_rule_may_be_named(prefix: str) -> None:
    own.check([prefix])


def test_what_no_rule_begins_with_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no rule begins with 'boilerplate/en/coment'") as caught:
        own.check(["boilerplate/en/coment"])
    assert "boilerplate/en/comment" in caught.value.hint
    with pytest.raises(ConfigError, match="no rule begins with 'nosuch'"):
        own.check(["nosuch"])


def test_relations_of_duplicates_are_ignored_as_any_rule_is(samples: Path, tmp_path: Path) -> None:
    config = override(Config(), {"ignore": ("dedup/spun", "dedup/near"), "stages": ()})
    run = Pipeline(config=config).run(samples / "news.jsonl", tmp_path / "out")
    drops = {row.rule: (row.decision, row.by) for row in run.ledger() if row.action == "drop" and row.score > 0.9}
    assert drops["dedup/near"] == ("skip", "selection")
    assert drops["dedup/exact"] == ("apply", "policy")
    assert run.counts["dropped"] == sum(decision == "apply" for decision, _ in drops.values())
