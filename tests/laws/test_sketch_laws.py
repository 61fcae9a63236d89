"""Compiled tokens, shingles and sketches against the plain definition, whatever the text: indexes hold these values."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from cleanup.config import DedupConfig
from cleanup.dedup.canonical import FIRM, built_in
from cleanup.dedup.shingle import _UNSPACED, INVISIBLE, SINGLE, fold, odd, odd32, table, tokenise
from cleanup.dedup.signature import EMPTY, hashes32, permutations, shingled
from cleanup.dedup.sketch import ANCHORS, CANON, Sketcher, sketch
from tests.strategies import texts

M32, M64, NONE = (1 << 32) - 1, (1 << 64) - 1, int(EMPTY)
STEP, MIX, LAST = (int(one) for one in odd32(0x57E9, 3))
SHORT, SLOT, VALUE, THROW, LENDER = (int(one) for one in odd32(0x5EED, 5))
XOR, TIMES = ([int(one) for one in odd32(seed, 8)] for seed in (0xF55, 0xF56))
LATE = 1 << 31

few = st.lists(st.sampled_from(["a", "bb", "the", "government", "antidisestablishmentarianism", "東"]), max_size=200).map(
    " ".join
)
odd_ones = "aB9 .\n\0ſİé\u00ad\u200bЖ\u0e20\u3000東ｱ\ud800\udfff\udc00\ud83d😀𠀀𐐷٣Ⅷⓐ"
mixed = st.lists(st.sampled_from(["word", " ", "A" * 31, "e " * 17, "é", "東", "😀", "\u200b", "\udc80"]), max_size=40).map(
    "".join
)
anything = (
    texts | few | mixed | st.text(max_size=90) | st.text(st.sampled_from(odd_ones), max_size=90) | st.text("ab -", max_size=400)
)


# ------------------------------------------------------------------------------------------------- the plain definition
def byte(code: int) -> int | None:
    """The folded byte of a code unit; None: it is as if it were not there."""
    char = chr(code)
    if code in INVISIBLE:
        return None
    if 0xD800 <= code < 0xDC00:
        return 0 if 0xD83C <= code <= 0xD83E else SINGLE
    if char.isdecimal():
        return 0x30 + unicodedata.decimal(char)
    if code < 0x80 or unicodedata.category(char)[0] not in "LMN":
        return ord(char.lower()) if code < 0x80 and char.isalnum() else 0
    if any(first <= code <= last for first, last in _UNSPACED):
        return SINGLE
    low = ord(char.lower()) if len(char.lower()) == 1 else code
    return low if low < 0x80 else 0x80 | ((low ^ (low >> 7) * 37) & 0x7F)


def hash_of(token: list[int]) -> int:
    first, long, size = (int(one) for one in odd(0xC1EA, 3))
    mixed = int.from_bytes(bytes(token[:8]), "little")
    if len(token) > 8:
        last = int.from_bytes(bytes(token[-8:]), "little") * long & M64
        mixed ^= ((last ^ last >> 32) + len(token) * size) & M64
    return (mixed * first & M64) >> 32


def spread(value: int) -> int:
    value = value * MIX & M32
    return (value ^ value >> 15) * LAST & M32


def words(text: str) -> list[int]:
    found, token = [], list[int]()
    data = text.encode("utf-16-le", "surrogatepass")
    for code in [*np.frombuffer(data, "<u2").tolist(), 0]:
        low = byte(code)
        if low is None:
            continue
        if low in (0, SINGLE):
            found += [hash_of(token)] * bool(token) + [spread(code)] * (low == SINGLE)
            token = []
        else:
            token.append(low)
    return found


def windows(tokens: list[int], width: int) -> list[int]:
    if 0 < len(tokens) < width:
        value = 0
        for token in tokens:
            value = (value + token) * SHORT & M32
            value ^= value >> 15
        return [value * THROW & M32]
    found = []
    for begin in range(len(tokens) - width + 1):
        value = 0
        for token in tokens[begin : begin + width]:
            value = (value * STEP + token) & M32
        found.append(spread(value ^ value >> 16))
    return found


def thrown(values: Iterable[int], k: int, late: int) -> list[int]:
    row = [NONE] * k
    for value in values:
        row[value * k >> 32] = min(row[value * k >> 32], (value * VALUE & M32) >> 1 | late)
    return row


def signature(values: list[int], k: int) -> list[int]:
    row = thrown(values, k, 0)
    if not values or NONE not in row:
        return row
    if row.count(NONE) * 16 <= k:
        lenders = [(at + 1) * LENDER % (1 << 32) * k >> 32 for at in range(k)]
        borrowed = [next(row[(first + i) % k] for i in range(k) if row[(first + i) % k] != NONE) for first in lenders]
        return [lent | LATE if own == NONE else own for own, lent in zip(row, borrowed, strict=True)]
    for turn in range(1, 6):
        if row.count(NONE) * 16 > k:
            mixed = [(value ^ XOR[turn]) * TIMES[turn] & M32 for value in values]
            fresh = thrown([(value ^ value >> 15) * THROW & M32 for value in mixed], k, LATE)
            row = [new if own == NONE else own for own, new in zip(row, fresh, strict=True)]
    for at in range(k):
        if row[at] == NONE:
            least = min(value * ((at + 1) * SLOT & M32 | 1) & M32 for value in values) >> 1
            row[at] = min(least, 0x7FFFFFFE) | LATE
    return row


def canonical(tokens: list[int], size: int) -> list[int]:
    (left,) = (int(one) for one in odd32(0x9A12, 1))
    classes = dict(built_in().table.tolist())  # empty places are no word
    content = [value for token in tokens if (value := classes.get(token, token | int(FIRM)))]
    found = set()
    for one, two in pairwise(content):
        value = (one * left + two) & M32
        found.add(spread(value ^ value >> 16) >> 1 | ~(one | two) & int(FIRM))
    return [*sorted(found - {NONE}), *[NONE] * size][:size]


# --------------------------------------------------------------------------------------------------------------- the laws
def test_every_code_unit_folds_as_unicode_says() -> None:
    assert table().tolist() == [0x7E if (low := byte(code)) is None else low for code in range(0x10000)]


@given(st.lists(anything, max_size=4))
@example(["one two", "", "東\ud800", "x" * 63 + " y", "x" * 64, "x" * 65 + "é", "éa" * 33, "a\u200bb" * 40])
def test_tokens(batch: list[str]) -> None:
    found = [tokens.hashes[begin:end].tolist() for chunk in fold(batch) for tokens in [tokenise(chunk)]
             for begin, end in zip(tokens.bounds[:-1], tokens.bounds[1:], strict=True)]  # fmt: skip
    assert found == [words(text) for text in batch]


@given(anything)
def test_places_are_those_of_the_hashes(text: str) -> None:
    (chunk,) = fold([text])
    tokens, low = tokenise(chunk), chunk.low.tolist()
    for value, begin, end in zip(tokens.hashes.tolist(), tokens.starts.tolist(), tokens.ends.tolist(), strict=True):
        assert value == (spread(int(chunk.units[begin])) if low[begin] == SINGLE else hash_of(low[begin:end]))


@given(anything, st.integers(1, 9))
def test_shingles(text: str, width: int) -> None:
    (chunk,) = fold([text])
    found = shingled(tokenise(chunk), width)
    assert hashes32(found).tolist() == windows(words(text), width)
    assert (found.values[int(found.counts[0]) :] == EMPTY).all()


@given(st.lists(anything, max_size=3), st.sampled_from([1, 2, 7, 16, 33, 128]), st.integers(1, 6))
@example([f"{'a b c ' * 300}", "", "x"], 16, 5)
@example([f"{'a' * size} é{'b ' * 20}" for size in range(40)], 16, 1)
def test_signatures(batch: list[str], k: int, width: int) -> None:
    assert sketch(batch, k, width).tolist() == [signature(windows(words(text), width), k) for text in batch]


@given(st.lists(anything, max_size=3), st.sampled_from(["fss", "affine32"]))
def test_sketches(batch: list[str], scheme: str) -> None:
    found = Sketcher(DedupConfig(k=64, scheme=scheme, min_words=0)).batch(batch)
    word, text_ = (int(one) for one in odd(0xA2C402, 2))
    for number, text in enumerate(batch):
        tokens = words(text)
        values = windows(tokens, 5)
        every = values + [NONE] * (len(tokens) - len(values))
        assert found.tokens[number] == len(tokens)
        assert found.exact[number] == (sum(tokens) * word + sum(every) * text_) & M64
        assert found.canon[number].tolist() == canonical(tokens, CANON)
        full = signature(values, 64) if scheme == "fss" else sorted({*values} - {NONE})
        assert found.anchors[number].tolist() == [*sorted(full), *[NONE] * ANCHORS][:ANCHORS]
        if scheme == "fss":
            assert found.surface[number].tolist() == [value & 0xFFFF for value in full]


def minhash(values: list[int], k: int, seed: int) -> list[int]:
    a, b = (one.tolist() for one in permutations(k, seed))
    mixed = []
    for value in values:
        one = (value ^ value >> 16) * 0x85EBCA6B & M32
        one = (one ^ one >> 13) * 0xC2B2AE35 & M32
        mixed.append(one ^ one >> 16)
    return [min((one * times + more) & M32 for one in mixed) if mixed else NONE for times, more in zip(a, b, strict=True)]


@given(st.lists(anything, max_size=3), st.sampled_from([1, 3, 32]), st.integers(0, 9))
def test_affine32(batch: list[str], k: int, seed: int) -> None:
    found = sketch(batch, k, scheme="affine32", seed=seed).tolist()
    assert found == [minhash(windows(words(text), 5), k, seed) for text in batch]


@given(st.integers(1, 400), st.integers(1, 60), st.sampled_from([16, 128]), st.sampled_from(["fss", "affine32"]))
@example(17, 6000, 16, "fss")
@example(300, 30, 128, "affine32")
def test_the_same_over_and_over(different: int, times: int, k: int, scheme: str) -> None:
    text = " ".join(f"w{number}" for number in range(different))
    found = Sketcher(DedupConfig(k=k, scheme=scheme)).batch([f"{text} " * times])
    values = [*dict.fromkeys(windows(words(f"{text} " * min(times, 7)), 5))]
    full = signature(values, k) if scheme == "fss" else minhash(values, k, 1)
    assert found.surface[0].tolist() == [value & 0xFFFF if scheme == "fss" else value for value in full]
