"""Laws of decoding and of the mojibake stage, whatever the input."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from ftfy import chardata, fix_encoding
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleanup.cli.explain import _original
from cleanup.config import MojibakeConfig
from cleanup.document import Document, Edit, apply, revert
from cleanup.errors import InputError
from cleanup.parse.decode import decode, encode
from cleanup.pipeline import Pipeline
from cleanup.rules import directories
from cleanup.stages import codepages, ftfy_prefilter, get, mojibake, readings
from cleanup.stages import mojibake_prefilter as prefilter
from cleanup.stages.mojibake_draft import Draft, differences
from cleanup.stored import find
from tests.laws.mojibake_by_hand import reasons

CASES = Path(__file__).resolve().parents[1] / "cases"
SENTENCES = [
    text for texts in tomllib.loads((CASES / "mojibake_sentences.toml").read_text(encoding="utf-8")).values() for text in texts
]
CODECS = ["latin-1", "cp1252", "cp1251", "koi8-r", "cp866", "cp850", "cp437", "mac-roman", "cp1250", "gb18030", "cp932"]
PROPOSE = get("mojibake").factory(MojibakeConfig(), directories())
ACTIVE = {rule.id for rule in get("mojibake").rules(directories())}
PIPELINE = Pipeline(stages=["mojibake"])


@st.composite
def misread(draw: st.DrawFn) -> str:
    """A sentence, or a part of one, misread up to twice, with something inserted."""
    text = draw(st.sampled_from(SENTENCES))
    for codec in draw(st.lists(st.sampled_from(CODECS), max_size=2)):
        text = text.encode("utf-8", "replace").decode(codec, draw(st.sampled_from(["replace", "ignore"])))
    start = draw(st.integers(0, len(text)))
    extra = draw(st.sampled_from(["", "\n", "&amp;", "\u200b", "\xad", "Ã©", "\ud83d", "\x85", "-\n", " uif ", "(zhǎng)"]))
    return text[:start] + extra + text[start : start + draw(st.integers(0, 200))]


texts = st.one_of(misread(), st.text(max_size=80), st.text("aeÃ©â€™ĂŁ├йп╨ÐžРС\xa0\xad\n &;-", max_size=60))


@given(texts)
def test_revert_and_settle(text: str) -> None:
    doc = Document(id="doc", text=text)
    PIPELINE.map([doc])
    assert revert(doc) == text
    again = Document(id="doc", text=doc.text)
    PIPELINE.map([again])
    assert again.text == doc.text
    assert "unstable" not in doc.meta


@given(texts)
def test_edits_fit_and_do_not_overlap(text: str) -> None:
    edits = sorted(
        (edit for edit in next(iter(PROPOSE([Document(id="doc", text=text)]))) if isinstance(edit, Edit)), key=lambda e: e.start
    )
    for edit in edits:
        assert text[edit.start : edit.end] == edit.before != edit.after
    for one, other in pairwise(edits):
        assert one.end <= other.start


@given(st.lists(texts, max_size=6))
def test_batches_do_not_matter(many: list[str]) -> None:
    docs = [Document(id=str(number), text=text) for number, text in enumerate(many)]
    assert [list(found) for found in PROPOSE(docs)] == [list(next(iter(PROPOSE([doc])))) for doc in docs]


@given(texts)
def test_prefilter_is_sound(text: str) -> None:
    """What the prefilter passes over would not have been changed: fast is slow."""
    found = prefilter.find([text])
    wanted = found.lines[0]
    for reason, repair in mojibake._FINDERS.values():
        assert found.texts[reason] or not list(repair(text))
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if number not in wanted:
            draft = Draft(line, 0, "\n" if number + 1 < len(lines) else "", prefilter.CHARACTERS)
            assert fix_encoding(draft.text) == draft.text
            mojibake._settle([draft], ACTIVE)
            assert list(draft.edits()) == draft.held == []


@given(texts)
@example("œ\n")
@example("aÂ ")
def test_neighbours_miss_nothing(text: str) -> None:
    from ftfy.badness import is_bad

    assert ftfy_prefilter.is_bad(text) == is_bad(text)


def test_our_copy_of_the_neighbours_is_what_ftfy_s_pattern_says() -> None:
    stored, made = ftfy_prefilter.neighbours(), ftfy_prefilter.build()
    assert stored.count == made.count, "run tests/bench/compile_letters.py"
    for name in ("classes", "pairs"):
        assert (getattr(stored, name) == getattr(made, name)).all()


SEQUENCE = st.sampled_from(
    [b"\x1a", b"?", b" ", b"\xc3", b"\xd0", b"\xe2", b"\x80", b"\x99", b"\xed", b"\xa0", b"\xb0", b"\xf0", b"\x9f", b"a"]
)


@settings(max_examples=400)
@given(st.lists(SEQUENCE, max_size=12).map(b"".join) | st.binary(max_size=12))
def test_a_finder_finds_what_the_pattern_finds(data: bytes) -> None:
    for pattern in (chardata.ALTERED_UTF8_RE, chardata.LOSSY_UTF8_RE):
        assert ftfy_prefilter.Finder(pattern).search(data) == bool(pattern.search(data))


@given(
    st.lists(st.sampled_from(["isnâ€™t", "â€œThe", "end.â€\x9d", "café", "Ð³Ð¾Ñ€Ð¾Ð´", "Ã ", "½", "a"]), min_size=1, max_size=6)
)
def test_a_line_is_read_word_by_word(words: list[str]) -> None:
    line = " ".join(words)
    expected = set()
    for wrong in readings.UTF8_IN_SINGLE:
        data = codepages.single_bytes(line, wrong)
        try:
            expected |= {data.decode()} if data is not None else set()
        except UnicodeDecodeError:
            continue
    assert {" ".join(found) for found in readings.whole(words)} == expected


ANYTHING = st.text(
    "aeÃ©â€™ĂйпНžÐžР\xa0\xad\n &;-(zhgǎü)\u200b\u200d\x00\x7f\r\t😀市场か中国नо\u0e01가\u064b‐„¼—#1A\x85\ud83d\ude00", max_size=60
)


@settings(max_examples=300)
@given(st.lists(texts | ANYTHING | st.text(st.characters(max_codepoint=0x4FF)), max_size=4), st.booleans())
@example([" uif ojdiu " * 3, "( zhg (zhgǎ", "x-\r\n\xad\n‐", "&amp; &#" + "x" * 25 + ";"], False)
@example(["x\u200b" * 300 + "\n" * 400 + "&amp;\n" * 400], True)
def test_the_scan_is_what_it_is_by_hand(many: list[str], strict: bool) -> None:
    lines = [(at, number, line) for at, text in enumerate(many) for number, line in enumerate(text.split("\n"))]
    expected = [[at, number, found] for at, number, line in lines if (found := reasons(line, strict))]
    assert prefilter._scan(many, strict).tolist() == expected


@given(st.text(max_size=60), st.text(max_size=60))
def test_differences_rebuild(old: str, new: str) -> None:
    edits = [Edit(start, end, old[start:end], after, "r") for start, end, after in differences(old, new)]
    assert apply(old, edits) == new


@given(
    st.text("ab &", max_size=30),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6), st.text("xyz", max_size=4)), max_size=6),
)
def test_drafts_add_up(original: str, steps: list[tuple[int, int, str]]) -> None:
    draft = Draft(original)
    text = original
    for start, length, after in steps:
        start = min(start, len(text))
        end = min(len(text), start + length)
        draft.replace(start, end, after, "r")
        text = text[:start] + after + text[end:]
    assert draft.text == text
    assert apply(original, draft.edits()) == text


@settings(max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.tuples(st.sampled_from(SENTENCES), st.sampled_from([*CODECS, "utf-8", "utf-16-le"]), st.binary(max_size=3)).map(
            lambda parts: parts[0].encode(parts[1], "replace") + parts[2]
        ),
    )
)
def test_bytes_come_back(data: bytes) -> None:
    try:
        found = decode(data)
    except InputError:
        return
    assert found.lossy or encode(found.text, found.encoding, found.runs) == data
    assert 0 <= found.confidence <= 1


@st.composite
def stored(draw: st.DrawFn) -> bytes:
    """A file: a few lines, each in an encoding of its own or all in one, with a mark in front or a stray byte."""
    chosen = draw(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4))
    some = st.sampled_from([*CODECS, "utf-8", "utf-8"])
    one = draw(some | st.sampled_from(["utf-16", "utf-16-be", "utf-32-le", "utf-8-sig"]))
    names = [draw(some) for _ in chosen] if draw(st.booleans()) else [one] * len(chosen)
    if names[0].startswith(("utf-16", "utf-32")):
        return draw(st.sampled_from([b"", b"\xfe\xff"])) + "\n".join(chosen).encode("utf-16-be")
    data = b"\n".join(text.encode(name, "ignore") for text, name in zip(chosen, names, strict=True))
    at = draw(st.integers(0, len(data)))
    return data[:at] + draw(st.sampled_from([b"", b"", b"\xff", b"\x93", b"\xe2\x80"])) + data[at:]


@settings(max_examples=12, deadline=None)
@given(st.lists(stored() | st.binary(max_size=60), min_size=1, max_size=8))
def test_a_run_gives_the_bytes_back(files: list[bytes]) -> None:
    """Bytes, through a run and back, are the same bytes, or an error says that they are lost."""
    with TemporaryDirectory() as folder:
        for number, data in enumerate(files):
            Path(folder, f"{number}.txt").write_bytes(data)
        run = Pipeline(stages=["mojibake"]).run(folder, Path(folder, "out"))
        failed = (Path(folder) / "out" / "failed.jsonl").read_text() if (Path(folder) / "out" / "failed.jsonl").exists() else ""
        for number, data in enumerate(files):
            if f"{number}.txt" in failed or not data:
                continue
            (doc,) = find(run, f"{number}.txt")
            try:
                assert _original(doc, revert(doc)) == data
            except InputError:
                assert not decode(data).exact


@given(st.text(max_size=100))
def test_utf8_is_itself(text: str) -> None:
    data = text.encode("utf-8", "ignore")
    if not any(byte < 32 or byte == 127 for byte in data) and not data.startswith(
        (b"%PDF-", b"BZh9", b"PAR1", b"GIF8", b"\xef\xbb\xbf")
    ):
        assert decode(data).text == data.decode()
