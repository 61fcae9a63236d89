"""The mojibake stage: cases, its rules' own examples, ftfy's suite, traps, small edits, bad input."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

import cleanup
from cleanup.config import MojibakeConfig
from cleanup.document import Document, Edit, apply, revert
from cleanup.errors import RuleError
from cleanup.pipeline import Pipeline
from cleanup.rules import Example, Rule, directories
from cleanup.stages import get
from cleanup.stages.mojibake_draft import Draft, differences

HERE = Path(__file__).resolve().parent
CASES: list[dict[str, Any]] = tomllib.loads((HERE / "cases/mojibake.toml").read_text(encoding="utf-8"))["case"]
TRAPS: dict[str, list[str]] = tomllib.loads((HERE / "cases/mojibake_traps.toml").read_text(encoding="utf-8"))["traps"]
SENTENCES: dict[str, list[str]] = tomllib.loads((HERE / "cases/mojibake_sentences.toml").read_text(encoding="utf-8"))
SUITE = HERE.parent.parent / "shared" / "data" / "mojibake"


def cleaned(text: str) -> Document:
    doc = Document(id="doc", text=text)
    Pipeline(stages=["mojibake"]).map([doc])
    return doc


def marked(case: dict[str, Any]) -> Any:
    marks = [pytest.mark.xfail(reason=case["known_failure"], strict=True)] if "known_failure" in case else []
    return pytest.param(case, id=case["label"], marks=marks)


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    doc = cleaned(case["dirty"])
    assert doc.text == case["clean"]
    assert case["rule"] in {row.rule for row in doc.ledger}
    assert revert(doc) == case["dirty"]


RULES = get("mojibake").rules(directories())
YES = [pytest.param(rule, example, id=f"{rule.id}-{n}") for rule in RULES for n, example in enumerate(rule.yes)]
NO = [pytest.param(rule, text, id=f"{rule.id}-{n}") for rule in RULES for n, text in enumerate(rule.no)]


@pytest.mark.parametrize(("rule", "example"), YES)
def test_rule_hits(rule: Rule, example: Example) -> None:
    doc = cleaned(example.text)
    assert doc.text == example.after
    assert rule.id in {row.rule for row in doc.ledger}


@pytest.mark.parametrize(("rule", "text"), NO)
def test_rule_misses(rule: Rule, text: str) -> None:
    doc = cleaned(text)
    assert doc.text == text
    assert rule.id not in {row.rule for row in doc.ledger}


def test_every_rule_has_examples() -> None:
    # TOML cannot hold a surrogate, and for Thai read as something else every example is ftfy's prey first: see below.
    bare = {rule.id for rule in RULES if not rule.yes or not rule.no}
    assert bare <= {"mojibake/surrogates", "mojibake/legacy-thai"}
    assert cleaned("a \ud83d\ude00 pair and a lone \ud83d one").text == "a 😀 pair and a lone \ufffd one"


@pytest.mark.parametrize("text", [text for texts in TRAPS.values() for text in texts])
def test_clean_text_stays(text: str) -> None:
    doc = cleaned(text)
    assert doc.text == text
    assert doc.ledger == []


@pytest.mark.parametrize("lang", SENTENCES)
def test_sentences_stay_and_come_back(lang: str) -> None:
    text = "\n".join(SENTENCES[lang])
    assert cleaned(text).text == text
    if not text.isascii():
        for wrong in ("latin-1", "koi8-r", "cp866", "cp850"):
            assert cleaned(text.encode().decode(wrong, "strict")).text == text, wrong


@pytest.mark.skipif(not SUITE.is_dir(), reason="no development data")
def test_suite_of_ftfy() -> None:
    right = total = 0
    for path in sorted(SUITE.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            text = cleaned(case["original"]).text
            fine = text in (case["fixed"], case.get("fixed-encoding", case["fixed"]))
            assert fine or path.stem == "known-failures", case["original"]
            total += 1
            right += fine
    assert (total, right) >= (161, 157)


def test_contract() -> None:
    assert cleanup.clean("itâ€™s broken") == "it's broken"
    assert cleanup.clean("â€œitâ€™sâ€\x9d broken") == "“it’s” broken"


def test_edits_are_small() -> None:
    doc = cleaned("Der BundesprÃ¤sident besucht heute Nachmittag die Stadt KÃ¶ln am Rhein\nund bleibt")
    assert [(row.before, row.after) for row in doc.ledger] == [("BundesprÃ¤sident", "Bundespräsident"), ("KÃ¶ln", "Köln")]


def test_line_ends_and_composition_stay() -> None:
    doc = cleaned("one\r\nsÃ³ two\r\ncafe\u0301\r\n")
    assert doc.text == "one\r\nsó two\r\ncafe\u0301\r\n"


def test_doubt_is_held() -> None:
    doc = cleaned("Bremer/Mccoy – DrÃ¥ber")
    assert doc.text == "Bremer/Mccoy – DrÃ¥ber"
    assert [(row.decision, row.after) for row in doc.ledger] == [("review", "Dråber")]
    assert doc.ledger[0].why["read"] == "cp1252"


def test_lines_of_a_document_speak_for_one_another() -> None:
    clean = ["Kraków", *SENTENCES["pl"], "Śródmieście", "Wiosnę i Bełchatów"]
    dirty = [line.replace("–", "-").encode("cp1250", "replace").decode("latin-1") for line in clean]
    assert cleaned(dirty[-1]).text == dirty[-1]  # too little for itself
    found = cleaned("\n".join(dirty)).text
    assert found.split("\n")[-1] == clean[-1]


def test_a_word_of_two_million_signs_is_read_within_the_limit() -> None:
    doc = cleanup.explain("\u200d" * 2_000_000, stages=["mojibake"])  # a square of it would take minutes
    assert "error_mojibake" not in doc.meta


def test_long_lines_take_their_time_but_no_more() -> None:
    text = "kÃ¶ln ist schÃ¶n, \xadsagt man " * 4_000
    doc = cleaned(text)
    assert doc.text == "köln ist schön, sagt man " * 4_000
    assert revert(doc) == text


def propose(text: str, **settings: Any) -> list[Edit]:
    stage = get("mojibake").factory(MojibakeConfig(**settings), directories())
    return [edit for edit in next(iter(stage([Document(id="doc", text=text)]))) if isinstance(edit, Edit)]


def test_off() -> None:
    text = "Caf├й &amp; bar, sÃ³\u200b"
    assert apply(text, propose(text)) == "Café & bar, só"
    assert apply(text, propose(text, off=("mojibake/cp866",))) == "Caf├й & bar, só"
    assert apply(text, propose(text, off=("mojibake/e", "mojibake/zero"))) == "Café &amp; bar, só\u200b"
    assert apply(text, propose(text, beyond_ftfy=False)) == "Caf├й & bar, só"


def test_rule_layers(tmp_path: Path) -> None:
    (tmp_path / "mojibake.toml").write_text('[[rule]]\nid = "entities"\nenabled = false\n')
    stage = get("mojibake").factory(MojibakeConfig(), directories([tmp_path]))
    assert list(stage([Document(id="doc", text="a &amp; b")])) == [[]]
    (tmp_path / "mojibake.toml").write_text('[[rule]]\nid = "entity"\n')
    with pytest.raises(RuleError, match="unknown rule 'entity'"):
        get("mojibake").factory(MojibakeConfig(), directories([tmp_path]))


def test_neighbours_are_not_touched() -> None:
    texts = ["clean café", "sÃ³", "\ud800 lone", "a" * 300_000 + "Ã©", "\0\0\0", "", "plain"]
    docs = [Document(id=str(n), text=text) for n, text in enumerate(texts)]
    Pipeline(stages=["mojibake"]).map(docs)
    assert [doc.text for doc in docs] == ["clean café", "só", "\ufffd lone", "a" * 300_000 + "é", "", "", "plain"]


def test_draft_merges() -> None:
    draft = Draft("ab &amp;amp; cd", offset=10)
    draft.replace(3, 8, "&", "first")
    assert draft.text == "ab &amp; cd"
    draft.replace(3, 8, "&", "second", 0.9)
    draft.replace(0, 2, "AB", "third")
    edits = list(draft.edits())
    assert [(edit.start, edit.end, edit.before, edit.after) for edit in edits] == [
        (10, 12, "ab", "AB"),
        (13, 22, "&amp;amp;", "&"),
    ]
    assert edits[1].rule == "first"
    assert edits[1].why == {"also": ["second"]}


def test_differences_keep_to_words() -> None:
    assert list(differences("a b c d", "a B C d")) == [(2, 5, "B C")]
    assert list(differences("a b c", "a b c")) == []
    old, new = "x y z w", "x y q z w"
    assert apply(old, [Edit(s, e, old[s:e], after, "r") for s, e, after in differences(old, new)]) == new


def test_a_paragraph_in_a_cipher_has_no_a() -> None:
    line = "Efs Hfnfjoefsbu ibu bn Ejfotubh obdi mbohfs Efcbuuf efo ofvfo Ibvtibmu gýs ejf Tubeu cftdimpttfo voe hfmpcu"
    assert [edit.rule for edit in propose(line)] == ["mojibake/rot1"]
    assert propose(line + " Das war klar.") == []


def test_fuzz_against_ftfy() -> None:
    """A short run of tests/bench/fuzz_ftfy.py."""
    spec = importlib.util.spec_from_file_location("fuzz_ftfy", HERE / "bench/fuzz_ftfy.py")
    assert spec
    assert spec.loader
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE / "bench"))
        fuzz = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(fuzz)
    texts = list(fuzz.strings(4000, 7))
    assert list(fuzz.differences(texts, fuzz.stage_of_ftfy())) == []
