"""What holds of sketches and clusters whatever the texts are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanup.config import DedupConfig
from cleanup.dedup import pairs, sketch, verify
from cleanup.dedup.corpus import Columns, Result, deduplicate
from cleanup.dedup.shingle import fold, tokenise
from cleanup.dedup.stream import StreamDeduplicator
from cleanup.dedup.texts import Strings
from cleanup.document import Drop
from tests.strategies import texts

CFG = DedupConfig(min_words=3)
NONE = 0xFFFFFFFF
SKETCHER = sketch.Sketcher(CFG)
words = st.lists(st.sampled_from([f"w{number}" for number in range(30)]), max_size=40).map(" ".join)
anything = texts | words | st.text(max_size=60)
batches = st.lists(anything, max_size=8)


def corpus(batch: Sequence[str], names: Sequence[str]) -> Result:
    size = len(batch)
    columns = Columns(
        np.zeros(size, np.float32),
        np.zeros(size, np.int64),
        np.array([len(text) for text in batch], np.int64),
        np.zeros(size, np.int32),
        np.array([""], object),
    )
    return deduplicate(
        SKETCHER.batch(batch),
        columns,
        lambda numbers: Strings([batch[number] for number in numbers]),
        lambda numbers: [names[number] for number in numbers],
        CFG,
    )


@given(batches, st.integers(1, 200))
def test_tokens_do_not_depend_on_the_packing(batch: list[str], size: int) -> None:
    alone = [tokenise(chunk).hashes.tolist() for text in batch for chunk in fold([text])]
    packed = []
    for chunk in fold(batch, size):
        found = tokenise(chunk)
        packed += [found.hashes[begin:end].tolist() for begin, end in zip(found.bounds[:-1], found.bounds[1:], strict=True)]
    assert packed == alone


@given(anything)
def test_case_does_not_matter_where_it_maps_one_to_one(text: str) -> None:
    plain = "".join(char for char in text if char.upper().lower() == char.lower() and len(char.upper()) == 1)
    (one,), (other,) = list(fold([plain])), list(fold([plain.upper()]))
    assert tokenise(one).hashes.tolist() == tokenise(other).hashes.tolist()


@given(batches)
def test_sketches_do_not_depend_on_the_batch(batch: list[str]) -> None:
    whole = SKETCHER.batch(batch)
    for number, text in enumerate(batch):
        for mine, its in zip(whole, SKETCHER.batch([text]), strict=True):
            assert np.array_equal(mine[number], its[0])


@given(anything)
def test_a_text_resembles_itself(text: str) -> None:
    one, other = sketch.sketch([text, f"  {text}\n"])
    assert np.array_equal(one, other)
    found = verify.surface(Strings([text, text]), np.array([0]), np.array([1]), 5)
    has_words = bool(SKETCHER.batch([text]).tokens[0])
    assert found.jaccard[0] == float(has_words)
    assert found.covered.tolist() == [[float(has_words)]] * 2


def paired(seed: int) -> tuple[str, str]:
    """Two texts that share some of their words, and elsewhere have figures, names or other words instead of each other's."""
    random = Random(seed)
    same, facts, size = random.choice((0.2, 0.5, 0.8)), random.choice((0.1, 0.5, 0.9)), random.randrange(50)
    found = ["", ""]
    for _ in range(size):
        name = random.random() < facts
        one, two = (
            (f"{random.choice(('X', 'É', '', '4'))}{random.choice('abcdeé' * 3 + '12')}" for _ in range(2))
            if name
            else random.sample("abcdefghé", 2)
        )
        gap = random.choice([" "] * 8 + [". ", "\n", ", ", "“"])
        found[0] += one + gap
        found[1] += (one if random.random() < same else two) + gap
    return found[0], found[1]


def parts(text: str) -> list[tuple[str, bool]]:
    """The words of a text, and whether each is a figure or a name."""
    found = []
    for match in re.finditer(r"[^\W_]+", text):
        before = "\0" + text[: match.start()]
        opens = before[-1] in verify.ENDINGS or (before[-1] == " " and before[-2:-1] in verify.ENDINGS)
        found.append((match.group().lower(), match.group()[0].isdigit() or (match.group()[0].isupper() and not opens)))
    return found


def differ(one: list[tuple[str, bool]], two: list[tuple[str, bool]]) -> bool:
    """Whether at least four figures and names stand in either only, and what they are of all that does."""
    both = [{word for word, _ in side} for side in (one, two)]
    facts = {word for word, fact in one + two if fact}
    own = both[0] - both[1], both[1] - both[0]
    return all(len(some & facts) >= 4 for some in own) and all(len(some & facts) >= 0.6 * len(some) for some in own)


@given(st.lists(st.integers(0, 1 << 32).map(paired), min_size=1, max_size=3), st.integers(1, 3))
@settings(max_examples=200)
def test_what_pairs_share_is_what_a_plain_loop_finds(pairs: list[tuple[str, str]], width: int) -> None:
    even = np.arange(0, 2 * len(pairs), 2)
    found = verify.surface(Strings([text for pair in pairs for text in pair]), even, even + 1, width)
    for number, pair in enumerate(pairs):
        sides = [parts(text) for text in pair]
        runs = [
            [tuple(word for word, _ in side[at : at + width]) for at in range(max(1, len(side) - width + 1))] for side in sides
        ]
        runs = [some if side else [] for some, side in zip(runs, sides, strict=True)]
        common = set(runs[0]) & set(runs[1])
        rest = []
        for which, (some, side) in enumerate(zip(runs, sides, strict=True)):
            met = "".join("x" if run in common else " " for run in some)
            longest = max(met.split(" "), key=len) if "x" in met else ""
            size = min(len(longest) + width - 1, len(side)) if longest else 0
            assert found.passage[:, which, number].tolist() == [met.find(longest) if longest else 0, size]
            inside = {at + step for at, flag in enumerate(met) if flag == "x" for step in range(width)}
            inside &= set(range(len(side)))
            assert found.covered[which, number] == len(inside) / max(len(side), 1)
            assert found.contained[which, number] == len(common) / max(len(set(some)), 1)
            rest.append([part for at, part in enumerate(side) if at not in inside])
        assert found.jaccard[number] == len(common) / max(len(set(runs[0]) | set(runs[1])), 1)
        facts = {word for word, fact in rest[0] + rest[1] if fact}
        named = [({w for w, _ in mine} - {w for w, _ in its}) & facts for mine, its in (rest, rest[::-1])]
        assert found.differ[number] == (min(map(len, named)) >= 4 and differ(*sides))


@given(anything, anything)
def test_comparison_is_symmetric(one: str, other: str) -> None:
    batch = Strings([one, other])
    there = verify.surface(batch, np.array([0]), np.array([1]), 3)
    back = verify.surface(batch, np.array([1]), np.array([0]), 3)
    assert there.jaccard == back.jaccard
    for name in ("contained", "covered", "core", "dense", "head", "tail"):
        assert np.array_equal(getattr(there, name), getattr(back, name)[::-1])
    assert ((there.contained >= 0) & (there.contained <= 1)).all()
    assert (there.jaccard <= there.contained.min(axis=0) + 1e-12).all()


@given(st.lists(words | st.sampled_from(["", "a b c d", "A b, c d!", "…"]), max_size=12), st.randoms())
@settings(max_examples=60)
def test_a_corpus_is_conserved(batch: list[str], random) -> None:  # type: ignore[no-untyped-def]
    names = [f"n{number}" for number in range(len(batch))]
    result = corpus(batch, names)
    gone = {
        number: one.why["duplicate_of"]
        for number, found in result.proposals.items()
        for one in found
        if isinstance(one, Drop) and one.score >= 0.9
    }
    kept = set(names) - {names[number] for number in gone}
    assert set(gone.values()) <= kept  # what is named as the reason stays
    listed = [member["id"] for cluster in result.clusters for member in cluster["members"]]
    assert sorted(listed) == sorted(names[number] for number in gone)
    texts_kept = [batch[int(name[1:])] for name in kept]
    assert len(set(texts_kept)) == len(texts_kept)
    # The same ones stay in any order.
    place = list(range(len(batch)))
    random.shuffle(place)
    again = corpus([batch[number] for number in place], [names[number] for number in place])
    assert {cluster["kept"] for cluster in again.clusters} == {cluster["kept"] for cluster in result.clusters}


@given(st.lists(words | anything, max_size=10), st.integers(1, 10))
@settings(max_examples=60)
def test_a_stream_may_be_cut_anywhere(batch: list[str], size: int) -> None:
    docs = [(f"n{number}", text) for number, text in enumerate(batch)]
    whole = StreamDeduplicator(CFG).add(docs)
    seen = StreamDeduplicator(CFG)
    assert [drop for begin in range(0, len(docs), size) for drop in seen.add(docs[begin : begin + size])] == whole
    for number, drop in enumerate(whole):
        if batch[number] in batch[:number]:
            assert drop is not None


@given(
    st.integers(1, 40).flatmap(
        lambda columns: st.lists(
            st.lists(st.sampled_from([0, 1, 7, 8, 1 << 31, NONE]), min_size=columns, max_size=columns), max_size=12
        )
    ),
    st.sampled_from([1, 4, 1 << 19]),
    st.randoms(use_true_random=False),
)
def test_documents_that_share_a_value_meet(rows: list[list[int]], part: int, rng: Random) -> None:
    count = len(rows)
    table = np.array(rows, np.uint32).reshape(count, -1) if rows else np.zeros((0, 3), np.uint32)
    alive, wanted = (np.array([rng.random() < 0.8 for _ in rows], bool) for _ in range(2))
    sketches = SKETCHER.batch([str(number) for number in range(count)])
    places = pairs.Places(sketches, alive)
    with mock.patch.object(pairs, "PART", part):
        found = [sorted(places.named(buckets).members[begin : begin + size].tolist())
                 for buckets in places.meeting(table, wanted)
                 for begin, size in zip(buckets.starts.tolist(), buckets.sizes.tolist(), strict=True)]  # fmt: skip
    entries = [(value, number) for number, row in enumerate(rows) for value in row if alive[number] and wanted[number]]
    together = [sorted(number for value, number in entries if value == one) for one in {value for value, _ in entries} - {NONE}]
    assert sorted(found) == sorted(members for members in together if len(members) > 1)
