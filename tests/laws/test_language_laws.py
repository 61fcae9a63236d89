"""Laws of the language stage: the batch answers what py3langid answers one by one, and neighbours do not matter."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from py3langid.langid import _get_identifier

from cleanup import kernels
from cleanup.config import LanguageConfig
from cleanup.document import Document
from cleanup.stages.language import ENGLISH, OFTEN, _windows, by_language, english, language, likeliest
from cleanup.stages.language_batch import encode, model

TEXT = """
the council of Budget le la et für und straße debatte não está è città år ikke och není ještě на город принял бюджет
το νέο تقرير جديد 市议会 予算を 시의회 ข่าว नई खबर http://x.y/z 12,5 % — “quoted” Ok. NASA İstanbul ﬁne
e\u0301 \ud800 \x00 \xff 😀 CAFÉ
"""
WORDS = TEXT.split()
texts = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join),
    st.text(max_size=200),
    st.text(st.characters(min_codepoint=65, max_codepoint=0x250), max_size=700),
)


@given(st.lists(texts, max_size=9))
@settings(max_examples=150, deadline=None)
def test_the_batch_answers_as_one_by_one(batch: list[str]) -> None:
    identifier = _get_identifier()
    scores = model().score(batch)
    assert [scores.labels[number] for number in scores.raw.argmax(axis=1)] == [identifier.classify(text)[0] for text in batch]
    for row, text in zip(scores.raw, batch, strict=True):
        expected = dict(identifier.rank(text))
        np.testing.assert_allclose(row, [np.float32(expected[label]) for label in scores.labels], rtol=1e-4, atol=1e-2)
    for text, row in zip(batch, scores.raw, strict=True):
        assert (model().score([text]).raw == row).all()


@given(st.lists(texts, min_size=1, max_size=9), st.data())
@settings(max_examples=60, deadline=None)
def test_neighbours_do_not_matter(batch: list[str], data: st.DataObject) -> None:
    propose = language(LanguageConfig(), [])
    docs = [Document(str(number), text=text) for number, text in enumerate(batch)]
    together = [list(found) for found in propose(docs)]
    cut = data.draw(st.integers(0, len(docs)))
    assert together == [list(found) for part in (docs[:cut], docs[cut:]) for found in propose(part)]
    fields = [[item.field for item in found].count("language") for found in together]  # type: ignore[union-attr]
    assert fields == [1] * len(docs)


def by_the_book(text: bytes) -> tuple[NDArray[np.float64], int]:
    """(score for every label, features): py3langid's rule, a byte at a time."""
    tables = _get_identifier()
    state, times = 0, Counter[int]()
    for byte in text:
        state = tables.tk_nextmove[(int(tables.tk_row[state]) << 8) + byte]
        times[int(tables.tk_output[state])] += 1
    del times[-1]
    raw = tables.nb_pc.astype(np.float64)
    for count in sorted(set(times.values())):
        those = [feature for feature in times if times[feature] == count]
        raw += np.log1p(count) * tables.nb_ptc[those].astype(np.float64).sum(axis=0)
    twins = [[at for at, name in enumerate(tables.nb_classes) if name == label] for label in tables.labels]
    return np.array([raw[columns].max() for columns in twins]), len(times)


@given(st.lists(st.binary(max_size=60) | texts.map(encode), max_size=20))
@settings(max_examples=100, deadline=None)
def test_the_kernel_adds_up_what_the_model_says(batch: list[bytes]) -> None:
    raw, features, weight, margin = model().add_up(
        np.array([kernels.address(text) for text in batch], np.uint64), np.array([len(text) for text in batch], np.int64)
    )
    expected = [by_the_book(text) for text in batch]
    assert features.tolist() == [number for _, number in expected]
    for row, less, (by_hand, _) in zip(raw, margin, expected, strict=True):
        np.testing.assert_allclose(row, by_hand, rtol=1e-12)
        second, best = np.sort(row)[-2:]
        assert less == best - second
    assert ((weight > 0) == (features > 0)).all()


@given(st.lists(texts, max_size=9))
@settings(max_examples=60, deadline=None)
def test_the_likeliest_is_what_the_probabilities_say(batch: list[str]) -> None:
    scores = model().score(batch)
    shares, names = by_language(scores)
    for (name, share), of_text in zip(likeliest(scores), shares, strict=True):
        assert of_text[names.index(name)] == pytest.approx(of_text.max(), rel=1e-9)
        assert share == pytest.approx(of_text.max(), rel=1e-9)


def clearly_english(window: str) -> bool:
    """What `english` says of one window, in words of Python."""
    words = set(re.split("[\\x00-\x20]+", window))
    sure = len(words.intersection(ENGLISH))
    return (
        sum(f" {word} " in window for word in ("the", "and", "of")) > 1
        or sure > 2
        or (sure == 2 and len(words.intersection(OFTEN)) > 1)
    )


@given(
    st.lists(
        st.lists(st.sampled_from([*ENGLISH, *OFTEN, *WORDS, "\ud83d", "\n", "", "\t", "thetheirthe", "é"]), max_size=200).map(
            " ".join
        ),
        max_size=4,
    )
)
@settings(max_examples=100, deadline=None)
def test_english_windows_are_those_with_such_words(batch: list[str]) -> None:
    for text, found in zip(batch, english(kernels.Texts(batch)), strict=True):
        assert found == ([clearly_english(window) for window in _windows(text)] or [False, False])


@given(
    st.lists(
        texts | st.text(max_size=40).map(str.upper) | st.text("aÀ’…\u2000\u2011\u0301\u0340\u0958z", max_size=9), max_size=9
    ),
    st.integers(0, 30),
)
@settings(max_examples=200, deadline=None)
def test_a_beginning_is_read_as_if_there_were_no_more(batch: list[str], most: int) -> None:
    scores, alone = model().score(batch, most), model().score([text[:most] for text in batch])
    assert scores.size.tolist() == [len(encode(text[:most])) for text in batch]
    assert (scores.raw == alone.raw).all()


def test_characters_that_are_taken_as_they_are_compose_with_nothing() -> None:
    for code in (*range(0x300), *range(0x2010, 0x2040)):
        assert unicodedata.is_normalized("NFC", f"e{chr(code)}e")
        assert not unicodedata.combining(chr(code))
