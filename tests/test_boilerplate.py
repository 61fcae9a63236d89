"""The boilerplate stage: whole texts, rule files and their mistakes, metadata, hostile input, the seeds."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path

import pytest

from cleanup.config import Config, override
from cleanup.document import Document, Edit, revert
from cleanup.errors import RuleError
from cleanup.pipeline import Pipeline
from cleanup.rules import directories
from cleanup.stages.boilerplate import rules
from cleanup.stages.boilerplate_dates import Calendar
from cleanup.stages.boilerplate_lines import Lines
from cleanup.stages.boilerplate_match import Matcher
from cleanup.stages.boilerplate_metadata import Vocabulary
from cleanup.stages.boilerplate_regex import Expression, search_column
from cleanup.stages.boilerplate_rules import Book, _broken, load, normal
from tests.bench.data import data_dir

CASES = tomllib.loads((Path(__file__).parent / "cases" / "boilerplate.toml").read_text(encoding="utf-8"))["case"]
SEEDS = Path(__file__).resolve().parents[1] / ".." / "shared" / "seeds"
MOST_LOST = 0.004  # of the lines of gold bodies, which hold some residue themselves
PIPELINE = Pipeline(stages=["boilerplate"])
LONG = (
    "The council voted on Tuesday night to build a bridge over the river, after two years of talks with the towns on both banks."
)


@pytest.fixture(scope="module")
def book() -> Book:
    return load(directories())


def clean(text: str, **fields: object) -> Document:
    doc = Document(id="one", text=text, **fields)  # type: ignore[arg-type]
    PIPELINE.map([doc])
    return doc


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict) -> None:
    doc = clean(case["text"].strip())
    assert doc.text == case["clean"].strip()
    assert {key: doc.meta.get(key) for key in case["meta"]} == case["meta"]
    assert revert(doc) == case["text"].strip()


def test_every_rule_hits_and_misses_its_own_examples() -> None:
    propose = PIPELINE.steps[0][1]
    for rule in rules(directories()):
        assert rule.yes, rule.id
        assert rule.no, rule.id
        texts = [*(example.text for example in rule.yes), *rule.no]
        found = [{one.rule for one in proposals} for proposals in propose([Document(id="", text=text) for text in texts])]
        hit = [rule.id in ids for ids in found]
        assert hit == [True] * len(rule.yes) + [False] * len(rule.no), (rule.id, texts, found)


def test_our_own_patterns_run_in_linear_time(book: Book) -> None:
    """They are not checked again whenever they are loaded."""
    patterns = [pattern for named in book.rules if named.rule.match == "regex" for pattern in named.rule.patterns]
    assert len(patterns) > 50
    assert not [pattern for pattern in patterns if _broken(pattern)]


def test_every_language_has_rules(book: Book) -> None:
    languages = {named.id.split("/")[1] for named in book.rules}
    assert set("en de fr es pt it nl pl sv no da tr ru ja zh ko common".split()) <= languages  # noqa: SIM905
    assert set("ar bg ca cs el fa fi he hi hr hu id is lt ro sk uk vi".split()) <= languages  # noqa: SIM905


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[[rule]]\nid = "a"\npattern = "b"\ncolour = "red"', "colour"),
        ('[[rule]]\nid = "a"\npattern = "b"\n[[rule]]\nid = "a"\npattern = "c"', "twice"),
        ('[[rule]]\nid = "a"\nmatch = "regex"\npattern = "(b"', "'a'"),
        ('[[rule]]\nid = "a"\nmatch = "regex"\npattern = "b(?=c)"', "'a'"),
        ('[[rule]]\nid = "a"\npattern = "b"\naction = "explode"', "explode"),
        ('[[rule]]\nid = "a"\npattern = "!!"', "no word"),
        ('[[rule]]\nid = "A B"\npattern = "b"', "an id is"),
        ("rule = 3", "list of tables"),
        ("[other]\nx = 1", "other"),
        ("[[rule", "rules.toml"),
    ],
)
def test_a_broken_rule_file_is_one_clear_error(tmp_path: Path, toml: str, said: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(toml)
    with pytest.raises(RuleError) as caught:
        load([tmp_path])
    assert said in str(caught.value)
    assert "rules.toml" in caught.value.message


def test_user_rules_lie_on_top(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[[rule]]\nid = "brought"\nmatch = "prefix"\npattern = "brought to you by"\n'
        'yes = ["Brought to you by Acme"]\nno = ["Brought by Acme"]\n'
        '[[rule]]\nid = "reply"\npattern = "leave a reply"\n'
    )
    pipeline = Pipeline(config=_with_rules(tmp_path))
    doc = Document(id="x", text=f"A title\n\n{LONG}\n\nBrought to you by Acme\n\nLeave a reply")
    pipeline.map([doc])
    assert doc.text == f"A title\n\n{LONG}"
    assert {row.rule for row in doc.ledger if row.action == "edit"} == {"boilerplate/mine/brought", "boilerplate/mine/reply"}


def _with_rules(path: Path):
    from cleanup.config import Config, override

    return override(Config(), {"stages": ("boilerplate",), "rules": (str(path),)})


def test_a_backtracking_rule_is_linear(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[[rule]]\nid = "bad"\nmatch = "regex"\npattern = "^(a+)+$"\nmax_words = 400\n')
    pipeline = Pipeline(config=_with_rules(tmp_path))
    start = time.perf_counter()
    pipeline.map([Document(id="x", text="a" * 400 + "!")])
    assert time.perf_counter() - start < 20  # exponential time would not end at all


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "[1]" * 100_000,
        "a[1] " * 50_000,
        "\n" * 500_000,
        "Leave a Reply\n" * 5_000,
        "| " * 100_000,
        "By " * 50_000,
        "Foto: " * 30_000,
        "1. " * 60_000,
        "\r\n".join(["Share this article:"] * 2000),
        "The wind fell at night.\nShare\n" * 30_000,
        "\ud83d\n\x00\n\ufeff",
        "A  \u200b" * 20_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_text(text: str) -> None:
    start = time.perf_counter()
    doc = clean(text)
    assert revert(doc) == text
    assert time.perf_counter() - start < 30  # seconds; quadratic time would take hours


def test_html_text_gets_no_structure_and_no_scorer() -> None:
    text = (
        f"A title\n\n{LONG}\n\nSome lone scrap\n\n{LONG} Again.\n\nRelated\n\nA headline without an end\n\nhttps://example.org/x"
    )
    doc = clean(text, kind="html")
    assert {row.rule.split("/")[1] for row in doc.ledger if row.action == "edit"} == {"en"}


def test_captions_can_stay() -> None:
    from cleanup.config import Config, override

    text = f"A title\n\n{LONG}\n\nThe bridge at night\nPhoto: Ann Example/AP\n\n{LONG} Again.\n\nLeave a Reply"
    config = override(Config(), {"stages": ("boilerplate",), "boilerplate.captions": "keep"})
    doc = Document(id="x", text=text)
    Pipeline(config=config).map([doc])
    assert "Photo: Ann Example/AP" in doc.text
    assert "Leave a Reply" not in doc.text


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Published Aug 28, 2024", "2024-08-28"),
        ("30. Januar 2024", "2024-01-30"),
        ("Publié le 18 juil. 2024 à 08:01", "2024-07-18"),
        ("5 de marzo de 2021", "2021-03-05"),
        ("2024年04月24日23:52", "2024-04-24"),
        ("2024. 5. 3. 오전 10:20", "2024-05-03"),
        ("3 марта 2022 г.", "2022-03-03"),
        ("25/12/2023", "2023-12-25"),
        ("05/06/2023", None),
        ("2024-05-03T10:00:00Z", "2024-05-03"),
    ],
)
def test_dates(book: Book, text: str, iso: str | None) -> None:
    found = Calendar.of(book.words).find(text)
    assert found is not None
    assert found.iso == iso


def test_relative_dates_need_the_day_of_the_crawl(book: Book) -> None:
    calendar = Calendar.of(book.words)
    assert calendar.relative("3 days ago") == (True, None)
    assert calendar.relative("3 days ago", "2024-03-05") == (True, "2024-03-02")
    assert calendar.relative("vor 2 Tagen", "2024-03-01T10:00") == (True, "2024-02-28")
    assert calendar.relative("three days at sea") == (False, None)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (
            "Posted by Ann Example | 4 hours ago | AI, Uncategorized | Views: 5",
            {"authors": ["Ann Example"], "section": "AI", "views": 5},
        ),
        ("Von Anna Muster, 3. Mai 2024", {"authors": ["Anna Muster"], "date": "2024-05-03"}),
        ("Ann Example 2 minutes read", {"authors": ["Ann Example"]}),
        ("Ann Example3 hours ago", {"authors": ["Ann Example"]}),
        ("Von Anna MusterKorrespondentin", {"authors": ["Anna Muster"]}),
        ("By Ann Example Associated Press", {"authors": ["Ann Example"]}),
        ("By Ann Example in Paris", {"authors": ["Ann Example"]}),
        ("By Fiona MacDonald", {"authors": ["Fiona MacDonald"]}),
        ("Par Anne Exemple (Vierzon, envoyée spéciale)", {"authors": ["Anne Exemple"]}),
        ("By Ann Example, Local Democracy Reporter", {"authors": ["Ann Example"]}),
        ("By Ann Example, Bo Sample and Cy Model", {"authors": ["Ann Example", "Bo Sample", "Cy Model"]}),
        ("Madrid - 21 OCT 2025 - 05:30 CEST", {"date": "2025-10-21"}),
        ("Uppdaterad 09.42 | Publicerad 07.15", {}),
        ("Boeing 737", None),
        ("By the numbers", None),
        ("The war began on 24 February 2022", None),
        ("2024年04月24日23:52 | 来源：新华网", {"date": "2024-04-24", "source": "新华网"}),
        ("2024-04-24 23:52:00 来源：新华网", {"date": "2024-04-24", "source": "新华网"}),
        ("Stand: 24.04.24, 23:52 Uhr", {"date": "2024-04-24"}),
        ("Version 24.04.24", None),
    ],
)
def test_metadata_lines(book: Book, line: str, values: dict | None) -> None:
    reading = Vocabulary(book.words).read(line)
    assert (reading and {value.field: value.value for value in reading.values}) == values


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        (["A title of some words", "Ann Example", "3 May 2024"], ["Ann Example"]),
        (["A title of some words", "The Associated Press", "3 May 2024"], ["The Associated Press"]),
        (["A title of some words", "A comment by", "Ann Example"], ["Ann Example"]),
        (["A title of some words", "Key Points", "3 May 2024"], None),
        (["A title of some words", "İZMİR BORNOVA'DA YANGIN", "3 May 2024"], None),
    ],
)
def test_a_name_beside_the_date_is_the_author(lines: list[str], authors: list[str] | None) -> None:
    assert clean("\n\n".join([*lines, LONG, LONG + " Again."])).meta.get("authors") == authors


def test_a_biography_names_the_author_and_a_list_of_products_does_not() -> None:
    biography = "Ann Example\n\nAnn Example has written about bridges and rivers since 1999."
    assert clean(f"A title\n\n{LONG}\n\n{LONG} Again.\n\n{biography}").meta.get("authors") == ["Ann Example"]
    more = "".join(f"\n\nThe {number} bridges are long. {LONG}" for number in range(12))
    assert "authors" not in clean(f"A title{more}\n\n{biography}{more.replace('long', 'wide')}").meta


def test_a_headline_with_a_topic_is_no_breadcrumb() -> None:
    text = (
        f"Office for bridges: What does the new office really do?\n\nIt builds.\n\nWhat does the new office really do?\n\n{LONG}"
    )
    assert clean(text).text == text


def test_a_date_beside_other_words_is_noted_and_stays() -> None:
    doc = clean(f"A title\n\nBridges | Rivers | 24 May 2024\n\n{LONG}\n\n{LONG} Again.")
    assert doc.meta["date"] == "2024-05-24"
    assert clean(f"A title\n\nThe bridge of 24 May 2024 falls\n\n{LONG}").text.count("\n") == 4


def test_the_summary_above_a_picture_stays() -> None:
    text = f"A title\n\n{LONG}\n\nPhoto: Ann Example/AP\n\n{LONG} Again."
    assert clean(text).text == f"A title\n\n{LONG}\n\n{LONG} Again."


def test_normal_form() -> None:
    assert normal("  ** 3,141 Comments: SHOW all!") == "# comments show all"
    assert normal("İLGİLİ Haberler") == normal("ilgili haberler")


def test_matcher_finds_what_the_rules_say_whatever_stands_around(book: Book) -> None:
    matcher = Matcher(book)
    lines = [
        "- Advertisment -",
        "LEAVE A REPLY",
        "«Leave a reply»",
        "12,345 comments",
        "Nothing of the kind",
        "関連記事",
        "댓글 쓰기",
    ]
    found = matcher.match(Lines(lines))
    assert sorted(found) == [0, 1, 2, 3, 5, 6]


@pytest.mark.skipif(not SEEDS.is_dir(), reason="development data absent")
def test_the_seeds() -> None:
    docs = {path.name[:3]: clean(path.read_text(encoding="utf-8")) for path in sorted(SEEDS.glob("*.txt"))}
    gone = [
        *("Posted by", "LEAVE A REPLY", "Leave a Reply", "Please enter your", "RELATED ARTICLES", "Advertisment"),
        *("Google search engine", "Most Popular", "Recent Comments", "Your email address", "Share this article", "Excerpt:"),
        *("Tags:", "Category:", "HomeRobotics", "What are your predictions", "Learn more about", "\nTime\n", "[1]", "[2]", "[4]"),
    ]
    for doc in docs.values():
        assert not [piece for piece in gone if piece in doc.text + "\n"]
        assert doc.text.split("\n")[0] == doc.meta["title"]
    assert docs["001"].meta["category"] == "artificial-intelligence"
    assert docs["001"].meta["tags"][:2] == ["artificial-intelligence", "machine-learning"]
    assert docs["001"].meta["excerpt"].startswith("Meta invests $15 billion")
    assert docs["002"].meta["section"] == "Robotics"
    assert docs["003"].meta["authors"] == ["Billy Perrigo"]
    edits = {name: doc.edits for name, doc in docs.items()}
    assert edits["000"] == 2
    assert edits["002"] == 9
    assert edits["003"] == 4


def test_edits_take_whole_lines_with_their_line_break() -> None:
    text = f"A title\r\n\r\n{LONG}\r\n\r\nShare this article:\r\n\r\n{LONG} Again.\r\n\r\nLeave a Reply\r\n"
    propose = PIPELINE.steps[0][1]
    edits = [one for one in next(iter(propose([Document(id="", text=text)]))) if isinstance(one, Edit)]
    assert all(text[edit.start : edit.end] == edit.before for edit in edits)
    assert clean(text).text == f"A title\r\n\r\n{LONG}\r\n\r\n{LONG} Again.\r\n"


def test_the_day_of_the_crawl_can_be_given_for_all() -> None:
    text = f"Bridge opens to traffic\nBy Ann Lee\n2 days ago\n{LONG}\n{LONG}\n{LONG}\n"
    config = override(Config(), {"parse.crawl_date": "2026-03-09", "stages": ("boilerplate",)})
    (doc,) = Pipeline(config=config).map([Document("x", text=text)])
    assert doc.meta["date"] == "2026-03-07"
    assert "date" not in clean(text).meta


def test_bodies_of_real_pages_keep_their_lines() -> None:
    """Of bodies without a page around them only the residue goes that their own site left in them."""
    folder = data_dir()
    if folder is None:
        pytest.skip("the pages are not here")
    bodies = [json.loads(line)["body"] for line in (folder / "html" / "news" / "gold.jsonl").read_text().splitlines()]
    texts = ["\n".join(body) for body in bodies if body]
    lost = total = 0
    for before, doc in zip(texts, PIPELINE.map([Document(str(n), text=text) for n, text in enumerate(texts)]), strict=True):
        total += before.count("\n") + 1
        lost += before.count("\n") - doc.text.count("\n")
    assert total > 1000
    assert lost / total < MOST_LOST


def test_the_engines_of_built_in_and_of_users_expressions_agree(book: Book) -> None:
    for named in book.rules:
        rule = named.rule
        if rule.match != "regex":
            continue
        lines = [line for text in (*rule.yes, *rule.no) for line in text.split("\n")]
        ours = [Expression(rule.patterns).search(line) for line in lines]
        theirs = list(search_column("|".join(f"(?:{one})" for one in rule.patterns), lines))
        assert [match is None for match in ours] == [match is None for match in theirs], named.id
        assert [match and match.value for match in ours] == [match and match.value for match in theirs], named.id


def prose() -> list[str]:
    lines = (Path(__file__).parent / "cases" / "boilerplate_prose.tsv").read_text(encoding="utf-8").splitlines()
    return [line.partition("\t")[2] for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("sentence", prose())
def test_a_sentence_that_begins_like_residue_stays(sentence: str) -> None:
    around = (
        "The town has voted for a new wall along the harbour, and the work on it is to begin in the spring of next year, it says."
    )
    text = f"{around}\n{around[4:]}\n{sentence}\n{around[9:]}\n{around[14:]}"
    assert clean(text).text == text


def test_an_article_said_twice_in_one_line_each_stays_once() -> None:
    line = "The town has voted for a new wall along the harbour, and the work is to begin in the spring. " * 9
    line = line.strip()
    text = f"A wall for the harbour\n\nBy Ann Example\n\nThe wall will be built at last.\n\n{line}\n{line}\n\nShare this article"
    assert clean(text).text.count(line) == 1


def test_no_phrase_is_written_twice(book: Book) -> None:
    known: dict[tuple[str, ...], str] = {}
    for named in book.rules:
        rule = named.rule
        for pattern in rule.patterns if rule.match in ("exact", "prefix") else ():
            where = (named.source.rpartition(":")[0], rule.match, rule.zone, rule.confidence, pattern)
            assert where not in known, f"{pattern!r} stands in {known.get(where)} and in {named.id}"
            known[where] = named.id
