"""Texts read from lines of JSON are those of a parser, however the lines spell them, and are compared as strings are."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanup.config import DedupConfig
from cleanup.dedup import verify
from cleanup.dedup.shingle import INVISIBLE, fold, tokenise
from cleanup.dedup.sketch import Sketcher
from cleanup.dedup.texts import Literals, Strings
from cleanup.errors import RunError

characters = st.characters() | st.sampled_from('ab 1“”"\\/\n\t\b\u2028é京😀𠀀\u200b\u00ad\ud83d\ude00\ud800\udc00')
strings = st.text(characters, max_size=60)
fields = st.dictionaries(strings, st.recursive(st.none() | st.integers() | strings, lambda some: st.lists(some, max_size=2) |
                         st.dictionaries(strings | st.just("text"), some, max_size=2), max_leaves=4), max_size=3)  # fmt: skip
names = st.sampled_from(["text", 'te"xt', "te\\nxt", "größe", "本文😀"])
WIDTH = 2


def spelled(record: dict[str, Any], ascii_only: bool, blanks: bool) -> bytes:
    """A line that a writer of JSON may have made."""
    separators = (" , ", " : ") if blanks else (",", ":")
    return json.dumps(record, ensure_ascii=ascii_only, separators=separators).encode("utf-8", "surrogatepass") + b"\n"


def line(text: str, before: dict[str, Any], after: dict[str, Any], field: str, ascii_only: bool, blanks: bool) -> bytes:
    record = {key: value for key, value in before.items() if key != field}
    record[field] = text
    record |= {key: value for key, value in after.items() if key != field}
    return spelled({**record, "cleanup": {"edits": 0}}, ascii_only, blanks)


@given(st.lists(st.tuples(strings, fields, fields, st.booleans(), st.booleans()), max_size=5), names)
def test_a_text_is_what_a_parser_finds(rows: list[tuple[str, Any, Any, bool, bool]], field: str) -> None:
    lines = [line(*row[:3], field, *row[3:]) for row in rows]
    parsed = [json.loads(one.decode("utf-8", "surrogatepass"))[field] for one in lines]
    assert Literals.of(lines, field).strings() == parsed


@given(st.lists(st.tuples(strings, strings, st.booleans(), st.booleans()), min_size=1, max_size=4))
def test_lines_are_compared_as_their_strings_are(rows: list[tuple[str, str, bool, bool]]) -> None:
    # The two halves that stand beside each other in a string of Python are one character in what a parser makes of it.
    lines = [line(text, {}, {}, "text", *how) for one, other, *how in rows for text in (f"{one} {other}", f"x {one}\n{other}")]
    even = np.arange(0, len(lines), 2)
    read = Literals.of(lines, "text")
    for mine, its in zip(
        verify.surface(read, even, even + 1, WIDTH), verify.surface(Strings(read.strings()), even, even + 1, WIDTH), strict=True
    ):
        assert np.array_equal(mine, its)
    for scheme in ("fss", "affine32"):
        sketcher = Sketcher(DedupConfig(k=16, scheme=scheme))
        for mine, its in zip(sketcher.of(read.some(even)), sketcher.batch(read.some(even).strings()), strict=True):
            assert np.array_equal(mine, its)


def tokens(text: str) -> list[int]:
    (folded,) = fold([text], len(text) + 2)
    return tokenise(folded).hashes.tolist()


@given(strings, strings, strings)
def test_a_passage_holds_the_tokens_that_both_have(shared: str, one: str, other: str) -> None:
    texts = [f"{one} {shared} a b c", f"{other}. {shared} a b c"]
    found = verify.surface(Strings(texts), np.array([0]), np.array([1]), WIDTH)
    for side, text in enumerate(texts):
        (first,), (count,) = found.passage[:, side]
        (begin,), (size,) = found.points[:, side]
        passage = text[begin : begin + size]
        assert tokens(passage) == tokens(text)[first : first + count]
        assert count >= WIDTH
        plain = re.sub(f"[{''.join(map(chr, INVISIBLE))}]", "", passage)
        assert plain == plain.strip()


@pytest.mark.parametrize(
    "bad", [b"", b"{", b"[]\n", b'{"text":1}\n', b'{"text":"x\n', b'{"more":{"text":"x"}}\n', b'{"text" "x"}\n', b"\\\n"]
)
def test_a_line_without_a_text_is_refused(bad: bytes) -> None:
    with pytest.raises(RunError, match="no 'text'"):
        Literals.of([b'{"text":"x","cleanup":{}}\n', bad], "text")
