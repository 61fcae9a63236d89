"""The rules that stand in no rule file: all are listed, and a rule that there is not cannot be selected."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import cleanup
from cleanup import own
from cleanup.config import Config, override
from cleanup.errors import ConfigError, RuleError
from cleanup.pipeline import Pipeline
from cleanup.rules import directories
from cleanup.ruletest import cost, examples
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


def write(root: Path, **files: str) -> str:
    for name, text in files.items():
        path = root / f"{name.replace('__', '/')}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(root)


def test_a_user_s_rule_files_are_read_wherever_they_lie_in_the_directory(tmp_path: Path) -> None:
    rule = '[[rule]]\nid = "a"\npattern = "foo {0}"\nyes = ["Foo {0}"]\n'
    off = '[[rule]]\nid = "entities"\nenabled = false\n'
    files = {
        name: rule.format(word)
        for name, word in (("mine", "one"), ("boilerplate__en", "two"), ("boilerplate__sites__x", "three"))
    }
    extra = write(tmp_path, mojibake=off, **files)
    ids = {rule.id for rule in own.rules("boilerplate", [extra])}
    assert {"boilerplate/mine/a", "boilerplate/en/a", "boilerplate/sites/x/a"} <= ids
    for stage in ("boilerplate", "mojibake"):
        assert examples(stage, [extra])[1] == []
    assert cleanup.clean("Fish &amp; chips", config=override(Config(), {"rules": [extra]})) == "Fish &amp; chips"


def test_a_directory_without_a_rule_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("a: b")
    with pytest.raises(RuleError, match="no rule file in"):
        directories([tmp_path])


@pytest.mark.parametrize(("pattern", "why"), [(r"(a+)\1", "backreferences are not supported"), ("(a", "unclosed group")])
def test_a_pattern_that_does_not_run_says_why(tmp_path: Path, pattern: str, why: str) -> None:
    extra = write(tmp_path, mine=f"[[rule]]\nid = 'a'\npattern = '{pattern}'\nmatch = 'regex'\n")
    with pytest.raises(RuleError, match=why):
        examples("boilerplate", [extra])


def test_only_what_a_rule_applies_costs_content(tmp_path: Path) -> None:
    prose = "The council met on Monday to vote about the budget of the town."
    text = f"{prose}\nDrop me now\n{prose}\nHold me now\n{prose}"
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({"id": "a", "text": text, "lines": ["content"] * 5}) + "\n")
    rule = "[[rule]]\nid = '{0}'\npattern = '{0} me now'\nconfidence = '{1}'\n"
    extra = write(tmp_path / "rules", mine=rule.format("drop", "high") + rule.format("hold", "low"))
    lines, wrong = cost(str(gold), [extra])
    assert [line for line in lines if "mine" in line] == ["error: boilerplate/mine/drop: removes 1 of 5 content lines"]
    assert wrong == 1


def test_of_own_rules_only_these_are_said_to_never_fire(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({"id": "a", "text": "A line.\nAnother line.", "lines": ["content"] * 2}) + "\n")
    extra = write(tmp_path / "rules", mine="[[rule]]\nid = 'idle'\npattern = 'zxqv blorp'\n")
    assert cost(str(gold), [extra]) == (["boilerplate/mine/idle: never fires"], 0)
    assert len(cost(str(gold))[0]) > 100


def test_an_example_that_another_rule_takes_names_it(tmp_path: Path) -> None:
    wide = "[[rule]]\nid = 'wide'\nmatch = 'prefix'\npattern = ['leave a']\n"
    failures = examples("boilerplate", [write(tmp_path, mine=wide)])[1]
    assert {line.rpartition(", which ")[2] for line in failures} == {"boilerplate/mine/wide took"}
