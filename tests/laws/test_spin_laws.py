"""Laws of the spin stage: any text, any batch, bounded time, nothing lost."""

from __future__ import annotations

import re
import time
import tomllib
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanup.document import Edit, apply
from cleanup.rules import directories
from cleanup.spin import passage, tokens
from cleanup.spin.context import Context
from cleanup.spin.lexicon import Lexicon
from cleanup.spin.markers import BLOCK, Markers
from cleanup.spin.patch import Patch
from cleanup.spin.prior import Priors
from cleanup.spin.restore import Restorer

CASES = Path(__file__).parents[1] / "cases"
SPUN = [pair["spun"] for pair in tomllib.loads((CASES / "spin_pairs.toml").read_text(encoding="utf-8"))["pair"]]
WORDS = sorted({word for text in SPUN for word in text.split()})
# Texts of spinner's words in any order, and any text at all.
SALAD = st.lists(st.sampled_from([*WORDS, "\n\n", "“", "”", "{x}", "—", "12", "é", "漢字"]), max_size=160).map(" ".join)
TEXTS = st.one_of(SALAD, st.text(max_size=200))
RESTORER = Restorer(directories())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, max_size=6))
def test_a_finding_does_not_depend_on_the_batch(texts: list[str]) -> None:
    together = RESTORER.findings(texts)
    assert together == [RESTORER.findings([text])[0] for text in texts]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_edits_fit_their_text_lie_apart_and_settle(text: str) -> None:
    (finding,) = RESTORER.findings([text])
    assert finding.score >= 0
    assert finding.verdict == "spun" or not finding.edits
    edits = sorted(finding.edits, key=lambda edit: (edit.start, edit.end))
    assert all(text[edit.start : edit.end] == edit.before != edit.after for edit in edits)
    assert all(one.end <= two.start for one, two in pairwise(edits))
    after = apply(text, [edit for edit in edits if edit.score >= RESTORER.apply])
    again = RESTORER.findings([after])[0]
    assert not [edit for edit in again.edits if edit.score >= RESTORER.apply]


@given(st.lists(st.text(max_size=80), max_size=5))
def test_words_of_a_batch_are_the_words_of_its_texts(texts: list[str]) -> None:
    found = tokens.split(texts)
    assert len(found.first) == len(texts) + 1
    for number, text in enumerate(texts):
        alone = tokens.split([text])
        part = slice(found.first[number], found.first[number + 1])
        assert np.array_equal(found.keys[part], alone.keys)
        assert np.array_equal(found.starts[part] - found.base[number], alone.starts)


def letters(char: str) -> str:
    """A letter of Latin-1 in lower case, as far as that is one of Latin-1, too; a blank for anything else."""
    low = char.lower()
    return (
        (low if len(low) == 1 and ord(low) < 256 else char) if ord(char) < 256 and char.isalpha() and char not in "ªºµ" else " "
    )


def key(word: str) -> int:
    """The key of a word, by the definition."""
    data, mask = word.encode("latin-1"), (1 << 64) - 1
    mixed = int.from_bytes(data[:8], "little") * 0x9E3779B97F4A7C15
    if len(data) > 8:
        mixed ^= (int.from_bytes(data[-8:], "little") + len(data)) * 0xC2B2AE3D27D4EB4F
    return (mixed & mask) ^ (mixed & mask) >> 29


SOME = st.sampled_from(
    ["é", "ß", "Ÿ", "µ", "’", ".", "W", "\n", "\0", "\ud800", "\U0001f600", "incomprehensibilities", "whereas", "amidst"]
)
SOME |= st.sampled_from(["while ", "but ", "more ", "the ", "a "])


@given(st.lists(st.lists(SOME, max_size=200).map("".join), max_size=4), st.integers(1, 4))
def test_words_and_their_weights_are_those_of_a_plain_loop(texts: list[str], width: int) -> None:
    markers = RESTORER.markers
    weights = dict(zip(markers.keys[markers.sizes == 1].tolist(), markers.weights[markers.sizes == 1].tolist(), strict=True))
    found, sums = tokens.split(texts), markers.words.weigh(texts, width)
    for number, text in enumerate(texts):
        runs = list(re.finditer(r"[^ ]+", "".join(map(letters, text))))
        keys = [key(run.group()) for run in runs]
        part = slice(found.first[number], found.first[number + 1])
        assert found.keys[part].tolist() == keys
        assert (found.starts[part] - found.base[number]).tolist() == [run.start() for run in runs]
        assert found.lengths[part].tolist() == [run.end() - run.start() for run in runs]
        weight = [weights.get(one, 0) for one in keys]
        blocks = range(0, len(keys) - (width - 1) * BLOCK, BLOCK)
        strongest = max([0, *(sum(weight[at : at + width * BLOCK]) for at in blocks)])
        assert tuple(column[number] for column in sums) == (len(keys), sum(weight), strongest)


@given(st.lists(st.from_regex(r"[a-z]{1,16}", fullmatch=True), min_size=1, max_size=40, unique=True))
def test_different_words_have_different_keys(words: list[str]) -> None:
    assert len(set(tokens.keys(words).tolist())) == len(words)
    assert np.array_equal(tokens.keys(words), tokens.keys([word.upper() for word in words]))


@given(st.text(max_size=300))
def test_tokens_are_in_order_and_match_the_text(text: str) -> None:
    found = passage.read(text)
    assert all(one.end <= two.start for one, two in pairwise(found))
    assert all(token.start < token.end and text[token.end : token.end + len(token.suffix)] == token.suffix for token in found)


@given(st.text(alphabet="abc ", max_size=40), st.integers(0, 2**32), st.integers(1, 4))
def test_composed_rounds_are_the_rounds_one_after_another(text: str, seed: int, rounds: int) -> None:
    random = Random(seed)
    patch = Patch(text)
    now = text
    for _ in range(rounds):
        cuts = sorted(random.sample(range(len(now) + 1), min(len(now) + 1, 2 * random.randint(0, 3))))
        spans = [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if a < b]
        edits = [Edit(a, b, now[a:b], "".join(random.choices("xyz", k=random.randint(0, 3))), "spin/test") for a, b in spans]
        patch.add(edits)
        now = apply(now, edits)
        assert patch.now == now
        assert apply(text, patch.edits()) == now
        assert all(text[edit.start : edit.end] == edit.before for edit in patch.edits())


HOSTILE = {
    "one word a million times": "fashions " * 1_000_000,
    "one spun sentence many times": (SPUN[0].replace("\n", " ") + " ") * 60,
    "capitals": SPUN[0].upper(),
    "no spaces": SPUN[0].replace(" ", ""),
    "mixed languages": SPUN[0] + "Это не английский текст. 这不是英文。" * 50 + SPUN[1],
    "one long line without a stop": " ".join(WORDS * 20),
    "quotes": '"“' * 20_000,
    "braces": "{" * 50_000 + "x" + "}" * 50_000,
    "nothing": "",
    "lone surrogate": "\ud800 " + SPUN[0],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_bounded_time(name: str) -> None:
    text = HOSTILE[name]
    began = time.process_time()
    (finding,) = RESTORER.findings([text])
    assert time.process_time() - began < 20  # seconds; most take hundredths of one
    assert all(text[edit.start : edit.end] == edit.before for edit in finding.edits)
    if name in ("one word a million times", "no spaces", "nothing", "quotes", "braces"):
        assert not finding.edits


def test_an_empty_lexicon_finds_nothing(tmp_path: Path) -> None:
    empty = Restorer([tmp_path])
    assert all(finding.verdict == "clean" and not finding.edits for finding in empty.findings(SPUN))
    priors = Priors(Lexicon([]), Context.empty())
    assert Markers.weigh(priors).masses(SPUN).score.tolist() == [0.0] * len(SPUN)
