"""Site frequency: furniture of a host goes, what only looks like it stays."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleanup.config import Config, override
from cleanup.document import apply
from cleanup.pipeline import Pipeline
from cleanup.stages.boilerplate_lines import Lines
from cleanup.stages.boilerplate_sites import MOST_CHARS, Table, _keys, host_key, line_keys, propose_sites, repeated
from cleanup.stages.boilerplate_sites import WORDS as MOST_WORDS

FURNITURE = "Brackwater Weekly since 1911"
NOUNS = """
river stone window garden letter market winter train island bridge coffee music paper silver forest engine
captain summer road house doctor harvest ladder mirror needle orchard palace quarry rabbit saddle tunnel
valley wagon yellow anchor barrel candle
"""
WORDS = NOUNS.split()


def page(number: int, extra: str = "") -> str:
    random = Random(number)

    def paragraph() -> str:
        return " ".join(random.choices(WORDS, k=60)).capitalize() + "."

    title = " ".join(random.choices(WORDS, k=6)).capitalize()
    return f"{title}\n\n{FURNITURE}\n\n{paragraph()}\n\n{extra}{paragraph()}\n\nWagon candle on 555-0{number}"


def run(tmp_path: Path, texts: list[tuple[str, str]], **settings: object) -> list[dict[str, object]]:
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"id": str(n), "url": url, "text": text}) + "\n" for n, (url, text) in enumerate(texts)))
    out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
    Pipeline(config=override(Config(), dict(settings))).run(source, out)
    return [json.loads(line) for line in (out / "corpus" / "part-00000.jsonl").read_text().splitlines()]


def test_what_repeats_on_a_host_goes(tmp_path: Path) -> None:
    docs = run(tmp_path, [(f"https://www.weekly.example/{n}", page(n)) for n in range(5)])
    assert len(docs) == 5
    for number, doc in enumerate(docs):
        assert doc["text"] == page(number).replace(f"{FURNITURE}\n\n", "").replace(f"\n\nWagon candle on 555-0{number}", "")


def test_never_over_hosts_and_never_from_two_pages(tmp_path: Path) -> None:
    texts = [(f"https://host{n}.example/{n}", page(n)) for n in range(5)]
    assert [doc["text"] for doc in run(tmp_path, texts)] == [text for _, text in texts]
    texts = [("https://one.example/a", page(1)), ("https://one.example/b", page(2))]
    assert [doc["text"] for doc in run(tmp_path, texts)] == [text for _, text in texts]


def test_copies_of_one_article_do_not_make_its_lines_repeat(tmp_path: Path) -> None:
    texts = [(f"https://one.example/{n}", page(1)) for n in range(5)] + [("https://one.example/x", page(2))]
    assert [doc["text"] for doc in run(tmp_path, texts)] == [page(1), page(2)]


def test_a_repeated_line_between_paragraphs_is_held(tmp_path: Path) -> None:
    docs = run(tmp_path, [(f"https://www.weekly.example/{n}", page(n, "What happens next\n\n")) for n in range(4)])
    assert all("What happens next" in str(doc["text"]) for doc in docs)


def test_lines_are_remembered_for_the_next_run(tmp_path: Path) -> None:
    memory = tmp_path / "sites.json"
    run(tmp_path, [(f"https://www.weekly.example/{n}", page(n)) for n in range(4)], **{"boilerplate.sites_file": str(memory)})
    assert "brackwater weekly since 0000" in json.loads(memory.read_text())["weekly.example"]
    (doc,) = run(tmp_path, [("https://weekly.example/9", page(9))], **{"boilerplate.sites_file": str(memory)})
    assert FURNITURE not in str(doc["text"])


@given(st.lists(st.lists(st.sampled_from(["a b", "c d", "e 1", "e 2", ""]), max_size=6).map("\n".join), max_size=6), st.randoms())
def test_counting_does_not_depend_on_the_order(texts: list[str], random: object) -> None:
    lines = line_keys(texts, ["h"] * len(texts))
    order = list(range(len(lines.doc)))
    random.shuffle(order)  # type: ignore[attr-defined]
    a, b = repeated(lines.doc, lines.key, 2), repeated(lines.doc[order], lines.key[order], 2)
    assert a.keys.tolist() == b.keys.tolist()
    assert a.pages.tolist() == b.pages.tolist()


lines = st.text(st.sampled_from("ab 1é分\u3000\t\r\x1f\u2028\ud800\U0001f600"), max_size=8) | st.sampled_from(
    ["x" * MOST_CHARS, " x " * MOST_CHARS, "é" * MOST_CHARS, "分" * (MOST_CHARS + 1), "x " * MOST_WORDS, "x " * (MOST_WORDS + 1)]
)


@given(st.lists(st.lists(lines, max_size=6).map("\n".join), max_size=6), st.integers(1, 99))
def test_lines_are_those_that_the_boilerplate_stage_knows(texts: list[str], many: int) -> None:
    texts = [*texts, "\n".join(map(str, range(many)))]
    hosts = [str(number % 2) for number in range(len(texts))]
    every = Lines(texts)
    short = (every.chars <= MOST_CHARS) & (every.words <= MOST_WORDS) & (np.arange(len(every)) > every.first[every.doc])
    owner = np.array([host_key(hosts[doc]) for doc in every.doc[short].tolist()], np.uint64)
    found = line_keys(texts, hosts)
    assert found.doc.tolist() == every.doc[short].tolist()
    assert found.key.tolist() == _keys(every.data, every.begin[short], every.end[short], owner).tolist()


PARAGRAPH = "A paragraph of text that goes on for quite a while and ends as one does, with a stop."


@given(st.lists(st.sampled_from(["A title", "Menu", "x", "", PARAGRAPH]), max_size=12))
def test_edits_fit_and_the_title_stays(parts: list[str]) -> None:
    text = "\n".join(parts)
    lines = line_keys([text] * 3, ["h"] * 3)
    edits, _ = propose_sites(text, "h", repeated(lines.doc, lines.key))
    assert all(text[edit.start : edit.end] == edit.before for edit in edits)
    first = next((part for part in parts if part.strip()), "")
    assert apply(text, edits).strip().startswith(first.strip())
    assert propose_sites(text, "h", Table(lines.key[:0], lines.doc[:0])) == ([], [])
