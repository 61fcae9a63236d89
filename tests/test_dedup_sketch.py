"""Tokens, shingles and signatures: against plain Python, against datasketch, and whatever the text."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import datasketch
import numpy as np
import pytest

from cleanup.config import DedupConfig
from cleanup.dedup import exchange, sketch
from cleanup.dedup.canonical import FIRM, Classes
from cleanup.dedup.shingle import CHUNK, fold, tokenise
from cleanup.dedup.signature import EMPTY, hashes32, shingled
from cleanup.errors import CleanupError
from tests.bench.corpus import Writer

WORDS = re.compile(r"[^\W_]+")


def shingle_set(text: str, width: int = 5) -> set[tuple[str, ...]]:
    words = WORDS.findall(text.lower())
    return {tuple(words[i : i + width]) for i in range(max(1, len(words) - width + 1))} if words else set()


def hashes(text: str) -> list[int]:
    return [int(value) for chunk in fold([text]) for value in tokenise(chunk).hashes]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello, World!", "hello world"),
        ("ÉCOLE Straße", "école straße"),
        ("ПРИВЕТ, мир", "привет мир"),
        ("ΑΒΓ δ", "αβγ δ"),
        ("don’t stop", "don't stop"),
        ("a\u00a0b\u2014c", "a b c"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("東京タワー。高い!", "東京タワー高い"),
        ("one 😀 two", "one two"),
        ("a\0b", "a b"),
    ],
)
def test_case_and_punctuation_fold(one: str, other: str) -> None:
    assert hashes(one) == hashes(other) != []


def test_different_words_have_different_hashes() -> None:
    words = ["a", "b", "ab", "ba", "é", "e", "è", "и", "й", "abcdefgh", "abcdefghi", "abcdefghj", "x" * 16, "x" * 17, "東", "京"]
    assert len({tuple(hashes(word)) for word in words}) == len(words)


def test_unspaced_scripts_give_a_token_a_character() -> None:
    assert len(hashes("北京大学的学生")) == 7
    assert len(hashes("ภาษาไทย")) == 7
    assert len(hashes("GPT 是一个模型 model")) == 2 + 5
    assert len(hashes("한국어 문장")) == 2  # Korean is written with blanks


def test_tokens_are_those_of_the_regex_engine() -> None:
    text = "Meta’s $14.3 billion (49%) deal — “strange”, said Ana Müller; наш ответ: 42.\n\nNext"
    (chunk,) = fold([text])
    found = tokenise(chunk)
    origin = int(chunk.offsets[0])
    words = [text[start - origin : end - origin].lower() for start, end in zip(found.starts, found.ends, strict=True)]
    assert words == WORDS.findall(text.lower())


def test_what_else_is_in_the_batch_does_not_matter() -> None:
    writer = Writer(3, words=2000)
    texts = ["", "one", "two words", *(writer.article(60) for _ in range(60)), "x " * CHUNK, "ünï " * 50, "東京都" * 40]
    whole = sketch.Sketcher(DedupConfig()).batch(texts)
    for number in range(0, len(texts), 7):
        one = sketch.Sketcher(DedupConfig()).batch([texts[number]])
        assert all(np.array_equal(mine[number], its[0]) for mine, its in zip(whole, one, strict=True))


@pytest.mark.parametrize("k", [1, 2, 16, 100, 128, 256])
def test_any_number_of_values(k: int) -> None:
    texts = ["", "one two", "the quick brown fox jumps over the lazy dog again and again"]
    table = sketch.sketch(texts, k)
    assert table.shape == (3, k)
    assert table.dtype == np.uint32
    assert (table[0] == EMPTY).all()
    assert (table[1:] != EMPTY).all()
    assert np.array_equal(table, sketch.sketch(texts, k))


def test_a_repeated_shingle_counts_once() -> None:
    once, often = sketch.sketch(["a b c d e f g h", "a b c d e f g h a b c d e f g h a b c d e f g h"], 64)
    assert 0.4 < (once == often).mean() < 0.9  # 4 shingles of 8: those over the seams are new


def test_a_long_text_of_few_words_is_sketched_as_a_short_one() -> None:
    short, long = sketch.sketch([f"{'a b c d e f g h ' * times}" for times in (20, 400)], 64)
    assert np.array_equal(short, long)


@pytest.mark.parametrize("length", [8, 20, 60, 250, 800])
def test_the_estimate_is_no_worse_than_classic_minhash(length: int) -> None:
    writer = Writer(length, words=4000)
    ones = [writer.article(length + 4) for _ in range(240)]
    twos = [writer.near(text, (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)[i % 6]) for i, text in enumerate(ones)]
    true = np.array([len(a & b) / len(a | b) for a, b in zip(map(shingle_set, ones), map(shingle_set, twos), strict=True)])
    errors = {}
    for scheme in ("fss", "affine32"):
        same = sketch.sketch(ones, scheme=scheme) == sketch.sketch(twos, scheme=scheme)
        errors[scheme] = float(np.sqrt(np.mean((same.mean(axis=1) - true) ** 2)))
    assert errors["fss"] < 1.12 * errors["affine32"]  # of the samples; the bench measures the ratio itself


def test_affine32_is_datasketch() -> None:
    texts = [Writer(5, words=500).article(80), "two words", "", "北京大学的学生在北京"]
    for chunk in fold(texts):
        found = shingled(tokenise(chunk), 5)
        ours = sketch.sketch(texts, scheme="affine32", seed=7)
        values, ends = hashes32(found), np.cumsum(found.counts)
        for row, (begin, end) in enumerate(pairwise([0, *ends.tolist()])):
            theirs = datasketch.MinHash(128, seed=7, scheme="affine32", hashfunc=int)
            theirs.update_batch(values[begin:end].tolist())
            assert np.array_equal(theirs.hashvalues, ours[row])


def test_datasketch_exchange() -> None:
    writer = Writer(6, words=500)
    texts = [writer.article(120) for _ in range(12)]
    table = sketch.sketch([*texts, writer.near(texts[3], 0.01)], scheme="affine32")
    assert np.array_equal(exchange.from_bytes(exchange.to_bytes(table)), table)
    assert np.array_equal(exchange.from_minhashes(exchange.to_lean(table)), table)
    lsh = exchange.to_lsh(table[:12], list(range(12)), params=(32, 4))
    assert lsh.query(exchange.to_lean(table[12:])[0]) == [3]
    keys, back = exchange.from_lsh(lsh)
    assert keys == list(range(12))
    assert np.array_equal(back, table[:12])


def test_exchange_refuses_what_it_cannot_read() -> None:
    legacy = datasketch.MinHash(16, scheme="legacy")
    with pytest.raises(CleanupError, match="legacy"):
        exchange.from_minhashes([legacy])


@pytest.mark.parametrize("little", [0, 2, 3])
def test_sketches_are_stored_and_mapped(tmp_path: Path, little: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketch, "LITTLE", little)
    sketcher = sketch.Sketcher(DedupConfig())
    parts = [sketcher.batch(["one two three four five six seven eight nine", ""]), sketcher.batch(["x"])]
    for number, part in enumerate(parts):
        sketch.save([part], tmp_path / str(number))
    sketch.save([sketch.empty(DedupConfig())], tmp_path / "none")
    whole = sketch.load([tmp_path / "0", tmp_path / "none", tmp_path / "1"])
    assert isinstance(whole.exact, np.memmap) == (little < 3)
    for mine, its in zip(whole, sketch.concatenate(parts), strict=True):
        whole.rest()
        assert np.array_equal(mine, its)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "none"]


def test_a_document_takes_few_bytes(tmp_path: Path) -> None:
    sketch.save([sketch.Sketcher(DedupConfig()).batch(["some words"] * 1000)], tmp_path / "s")
    assert (tmp_path / "s").stat().st_size / 1000 <= 500


@pytest.mark.parametrize("damage", ["half", "empty", "more before", "more behind"])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "s"
    sketch.save([sketch.Sketcher(DedupConfig()).batch(["some words here"] * 9)], path)
    data = path.read_bytes()
    path.write_bytes(
        {"half": data[: len(data) // 2], "empty": b"", "more before": b"x" + data, "more behind": data + b"x"}[damage]
    )
    with pytest.raises(CleanupError, match="sketches"):
        sketch.load([path])


def test_classes_join_synonyms_and_drop_stop_words() -> None:
    many = {f"c{number}": " ".join(f"word{3 * number + step}" for step in range(3)) for number in range(2000)}
    classes = Classes({"": "the don't", "get": "buy purchase two-words", "left": "t go", **many})

    def value(text: str) -> list[int]:
        return [int(one) for chunk in fold([text]) for one in classes.lookup(tokenise(chunk).hashes)]

    assert value("The don") == [0, 0]
    assert value("t") == value("go") != [0]  # a word, though a stop word has it as a part
    assert value("two words") == [one | int(FIRM) for one in hashes("two words")]
    assert value("buy") == value("Purchase") != value("sell")
    assert value("sell") == hashes("sell")
    for number in range(0, 6000, 3):
        assert value(f"word{number} word{number + 1} word{number + 2}") == value(f"word{number}") * 3


def test_fss_fills_every_slot_whatever_the_size() -> None:
    texts = [" ".join(f"w{i}" for i in range(size)) for size in (1, 2, 4, 5, 6, 9, 40, 300, 3000)]
    assert (sketch.sketch(texts) != EMPTY).all()
