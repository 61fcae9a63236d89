"""The lexicon: files, forms, mistakes in them, and what is derived from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cleanup.errors import RuleError
from cleanup.rules import built_in, directories
from cleanup.ruletest import examples
from cleanup.spin import canonical, inflect
from cleanup.spin.lexicon import Lexicon, rule_id
from cleanup.spin.listing import expand, listing
from cleanup.spin.markers import Markers
from cleanup.spin.prior import Priors

HEAD = "# original\tpos\tvariants\tprior\tguard\n"


@pytest.fixture(scope="module")
def priors() -> Priors:
    return Priors.load(directories())


def layer(tmp_path: Path, rows: str) -> Path:
    (tmp_path / "spin").mkdir(exist_ok=True)
    (tmp_path / "spin" / "own.tsv").write_text(HEAD + rows, encoding="utf-8")
    return tmp_path


FORMS = [
    ("model", "n", "s", "models"),
    ("company", "n", "s", "companies"),
    ("child", "n", "s", "children"),
    ("analysis", "n", "s", "analyses"),
    ("social gathering", "n", "s", "social gatherings"),
    ("make use of", "v", "ing", "making use of"),
    ("go", "v", "ed", "went"),
    ("go", "v", "en", "gone"),
    ("stop", "v", "ed", "stopped"),
    ("admit", "v", "ing", "admitting"),
    ("offer", "v", "ing", "offering"),
    ("die", "v", "ing", "dying"),
    ("try", "v", "ed", "tried"),
    ("big", "a", "est", "biggest"),
    ("easy", "a", "er", "easier"),
    ("good", "a", "est", "best"),
    ("simple", "a", "er", "simpler"),
]


@pytest.mark.parametrize(("lemma", "pos", "slot", "form"), FORMS)
def test_forms(lemma: str, pos: str, slot: str, form: str, priors: Priors) -> None:
    assert inflect.forms(lemma, pos, slot, priors.lexicon.exceptions)[0] == form


def test_both_sides_are_inflected_alike(priors: Priors) -> None:
    def pairs(original: str, variant: str, pos: str) -> set[tuple[str, str]]:
        one, other = (inflect.paradigm(lemma, pos, priors.lexicon.exceptions) for lemma in (original, variant))
        return set(inflect.pairs(one, other))

    assert {("confirms", "shows"), ("confirmed", "showed"), ("confirmed", "shown"), ("confirming", "showing")} <= pairs(
        "show", "confirm", "v"
    )
    assert pairs("beautiful", "lovely", "a") == {("lovely", "beautiful")}


def test_the_lexicon_is_broad_and_its_rules_have_names(priors: Priors) -> None:
    assert len(priors.lexicon.rows) >= 3000
    pairs = list(expand(directories()))
    assert len({(pair["before"], pair["after"]) for pair in pairs}) == len(pairs) > 40_000
    known = {rule.id for rule in listing(directories())}
    assert {pair["id"] for pair in pairs} <= known
    assert {"spin/gate", "spin/mend/article", rule_id("n", "mannequin", "model")} <= known
    assert all(pair["before"] != pair["after"] for pair in pairs)


def test_articles_and_possessives_are_listed() -> None:
    pairs = {(pair["before"], pair["after"]) for pair in expand(directories())}
    assert {("mannequins", "models"), ("sport's", "game's"), ("an extended", "a long")} <= pairs


def test_the_examples_of_the_lexicon_behave() -> None:
    tested, failures = examples("spin")
    assert tested > 20_000
    assert failures == []
    rules = listing(directories())
    assert sum(len(rule.yes) for rule in rules) >= 80
    assert sum(len(rule.no) for rule in rules) >= 12


EXAMPLES = [
    ("yes\tThe [qqq>model] ran.\n", "[qqq>model]"),
    ("maybe\tThe [fashions>models] ran.\n", "maybe"),
]


@pytest.mark.parametrize(("line", "says"), EXAMPLES)
def test_an_example_of_no_rule_is_named(line: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "spin").mkdir()
    (tmp_path / "spin" / "examples.tsv").write_text(line)
    with pytest.raises(RuleError, match=r"examples\.tsv:1") as caught:
        listing([built_in(), tmp_path])
    assert says in str(caught.value)


SETS = [
    ("n\talpha\n", "two members"),
    ("n\talpha|\n", "two members"),
    ("q\talpha|beta\n", "pos is one of"),
    ("alpha\n", "two members"),
]


@pytest.mark.parametrize(("row", "says"), SETS)
def test_a_bad_set_is_named(row: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "spin").mkdir()
    (tmp_path / "spin" / "sets.tsv").write_text(row)
    with pytest.raises(RuleError) as caught:
        Lexicon.load([tmp_path])
    assert says in f"{caught.value} {caught.value.hint}"
    assert "sets.tsv:1" in str(caught.value)


def test_a_set_gives_every_direction_and_yields_to_a_row(tmp_path: Path) -> None:
    folder = layer(tmp_path, "gizmo\tn\tthingummy!:.9*4\n")
    (folder / "spin" / "sets.tsv").write_text("# tier: set\nn\tgizmo|thingummy|doodad\t.3\n")
    lexicon = Lexicon.load([folder])
    pairs = {(candidate.before, candidate.after) for candidate in lexicon.candidates()}
    assert {("gizmos", "doodads"), ("doodads", "gizmos"), ("thingummies", "doodads")} <= pairs
    assert [(candidate.tier, candidate.seen) for candidate in lexicon.by_form["thingummies"] if candidate.after == "gizmos"] == [
        ("common", 4)
    ]


BAD = [
    ("model\tn\n", "own.tsv:2"),
    ("model\tq\tmannequin\n", "pos is one of"),
    ("model\tn\tmannequin\tmuch\n", "not a number"),
    ("model\tn\tmannequin:high\n", "mannequin:high"),
    ("# tier: strange\n", "unknown tier"),
    ("a\tn\tb\t.5\t\t\textra\n", "own.tsv:2"),
]


@pytest.mark.parametrize(("rows", "says"), BAD)
def test_a_bad_row_is_named(tmp_path: Path, rows: str, says: str) -> None:
    with pytest.raises(RuleError) as caught:
        Lexicon.load([layer(tmp_path, rows)])
    assert says in str(caught.value)
    assert "own.tsv" in str(caught.value)


def test_bad_thresholds_are_named(tmp_path: Path) -> None:
    from cleanup.spin.gate import Thresholds

    (tmp_path / "spin").mkdir()
    (tmp_path / "spin" / "thresholds.toml").write_text("[gate]\nmas = 3\n")
    with pytest.raises(RuleError, match=r"thresholds\.toml"):
        Thresholds.load([built_in(), tmp_path])
    (tmp_path / "spin" / "thresholds.toml").write_text("[gate]\nmass = 4.5\n")
    assert Thresholds.load([built_in(), tmp_path]).mass == 4.5


def test_cycles_and_words_that_map_to_themselves_do_no_harm(tmp_path: Path) -> None:
    rows = "alpha\tn\tbeta\nbeta\tn\tgamma\ngamma\tn\talpha\ndelta\tn\tdelta\nepsilon\tv\tdelta|epsilon\n"
    lexicon = Lexicon.load([layer(tmp_path, rows)])
    assert all(candidate.before != candidate.after for candidate in lexicon.candidates())
    assert {form for form in lexicon.by_form if form in ("alpha", "beta", "gamma")} == {"alpha", "beta", "gamma"}
    assert all(len(group) <= canonical.CAP for group in canonical.grouped(lexicon, frozenset()))


def test_a_user_layer_adds_rules(tmp_path: Path) -> None:
    found = Lexicon.load([built_in(), layer(tmp_path, "gizmo\tn\tthingummy!:.9*4\n")]).by_form["thingummies"]
    assert [(candidate.after, candidate.seen, candidate.core) for candidate in found] == [("gizmos", 4, True)]


def test_derived_files_are_up_to_date(priors: Priors, tmp_path: Path) -> None:
    """When this fails: python -m cleanup.spin.build."""
    packed, fresh = Markers.load(directories()), Markers.weigh(priors)
    assert np.array_equal(packed.keys, fresh.keys)
    assert np.array_equal(packed.weights, fresh.weights)
    for path in (built_in() / "spin").iterdir():
        if path.name != "lexicon.zst":
            (tmp_path / "spin").mkdir(exist_ok=True)
            (tmp_path / "spin" / path.name).symlink_to(path)
    lexicon, rows = Lexicon.load(directories()), Lexicon.load([tmp_path])
    assert "rows" not in vars(lexicon)  # they were packed, and nobody asked for them
    assert list(lexicon.by_form.items()) == list(rows.by_form.items())
    assert (lexicon.longest, lexicon.spun_away, lexicon.formal) == (rows.longest, rows.spun_away, rows.formal)
    (tmp_path / "stopwords.txt").write_bytes((built_in() / "spin" / "stopwords.txt").read_bytes())
    canonical.write(priors.lexicon, tmp_path)
    assert (tmp_path / "classes.tsv").read_text() == (built_in() / "spin" / "classes.tsv").read_text()


def test_classes_are_small_and_name_known_synonyms() -> None:
    classes = canonical.classes()
    assert classes["within"] == classes["whereas"] == ""
    for one, two in (("mannequins", "models"), ("corporation", "companies"), ("purchased", "bought"), ("youngsters", "children")):
        assert classes[one] == classes[two] != ""
    assert classes["models"] != classes["companies"]
    sizes: dict[str, int] = {}
    for name in classes.values():
        sizes[name] = sizes.get(name, 0) + 1
    assert max(size for name, size in sizes.items() if name) <= canonical.CAP * 9


def test_the_context_model_is_small_and_knows_common_neighbours(priors: Priors) -> None:
    context = priors.context
    assert context.count("machine", "learning") > 1000
    assert context.count("machine", "studying") < 10
    assert context.count("natural", "language", "processing") > 20
    assert context.count("qqqq") == 0
    assert sum(file.stat().st_size for file in (built_in() / "spin").iterdir()) < 12_000_000
