"""Make the derived files of `rules/spin` again: `python -m cleanup.spin.build [RULES] [--counts DIR] [--vectors DIR]`.

`lexicon.zst`, `markers.zst` and `classes.tsv` follow from the lexicon and are to be made again when it changes (a test says so);
`context.zst` is distilled from n-gram counts and `vectors.zst` from word vectors, which are only needed for that.
"""

from __future__ import annotations

import argparse
import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import zstandard

from cleanup import rules
from cleanup.spin import canonical, context, topic
from cleanup.spin.lexicon import Lexicon
from cleanup.spin.markers import Markers
from cleanup.spin.prior import Priors

OWN_COUNT = 40  # what a collocation of our own writing counts
FREQUENT = 20_000  # words that have a vector in any case
SIZES = {"uni": 1, "bi": 2, "tri": 3}


def build(directory: Path) -> None:
    """Write `lexicon.zst`, `markers.zst` and `classes.tsv` for the lexicon in `directory`/spin."""
    (directory / "spin" / "lexicon.zst").write_bytes(Lexicon.load([directory]).pack())
    priors = Priors.load([directory])
    (directory / "spin" / "markers.zst").write_bytes(Markers.weigh(priors).pack([directory]))
    canonical.write(priors.lexicon, directory / "spin")


def distill(counts: Path, collocations: Path) -> bytes:
    """`context.zst` from `uni|bi|tri.tsv.zst` (n-gram, tab, count) and from collocations of our own writing."""
    own = _own(collocations)
    keys, values = [], []
    total = 0
    for name in ("uni", "bi", "tri"):
        grams: list[list[int]] = []
        found: list[int] = []
        for words, count in _read(counts / f"{name}.tsv.zst"):
            if sum(word in ("#", "#y") or word.isdigit() for word in words) <= 1:
                grams.append([context.word_key(word) for word in words])
                found.append(max(count, own.pop(words, 0)))
        for words in [words for words in own if len(words) == SIZES[name]]:
            grams.append([context.word_key(word) for word in words])
            found.append(own[words])
        columns = np.array(grams, dtype=np.uint64).T
        keys.append(context.ngram_keys(list(columns)))
        values.append(np.array(found))
        if name == "uni":
            total = sum(found)
    return context.pack(np.concatenate(keys), np.concatenate(values), float(total))


def narrow(directory: Path, lexicon: Lexicon, model: context.Context) -> bytes:
    """`vectors.zst` from `glove_6B_index.parquet` and `glove_6B_50d_emb.npy`: the lexicon's words and the most frequent ones.

    The mean and the two strongest common directions are taken out: what all words share says nothing about a topic.
    """
    import polars

    names: list[str] = polars.read_parquet(directory / "glove_6B_index.parquet")["index"].to_list()
    table = np.load(directory / "glove_6B_50d_emb.npy").astype(np.float32)
    table -= table[:FREQUENT].mean(axis=0)
    for axis in np.linalg.svd(table[:FREQUENT], full_matrices=False)[2][:2]:
        table -= np.outer(table @ axis, axis)
    wanted = {name for name in names[:FREQUENT] if name.isalpha()}
    for form, candidates in lexicon.by_form.items():
        for phrase in (form, *(candidate.after for candidate in candidates)):
            wanted.update(phrase.lower().replace("-", " ").split(" "))
    weights = {word: -math.log(max(model.count(word), 1.0) / model.total) for word in wanted}
    return topic.pack(dict(zip(names, table, strict=True)), weights, wanted)


def _own(path: Path) -> dict[tuple[str, ...], int]:
    """Pairs and triples of neighbours in the collocations, with the count that they are given."""
    found: dict[tuple[str, ...], int] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        words = () if line.startswith("#") else tuple(context.words(line))
        for size in (2, 3):
            found.update(dict.fromkeys((words[at : at + size] for at in range(len(words) - size + 1)), OWN_COUNT))
    return found


def _read(path: Path) -> Iterator[tuple[tuple[str, ...], int]]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as raw:
        for line in io.TextIOWrapper(raw, encoding="utf-8"):
            gram, _, count = line.rstrip("\n").rpartition("\t")
            if gram:
                yield tuple(gram.split(" ")), int(count)


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rules", nargs="?", type=Path, default=rules.built_in())
    parser.add_argument("--counts", type=Path, help="directory of n-gram counts: make context.zst, too")
    parser.add_argument("--vectors", type=Path, help="directory of word vectors: make vectors.zst, too")
    options = parser.parse_args()
    if options.counts:
        (options.rules / "spin" / "context.zst").write_bytes(distill(options.counts, options.rules / "spin" / "collocations.txt"))
    if options.vectors:
        priors = Priors.load([options.rules])
        (options.rules / "spin" / "vectors.zst").write_bytes(narrow(options.vectors, priors.lexicon, priors.context))
    build(options.rules)


if __name__ == "__main__":
    main()
