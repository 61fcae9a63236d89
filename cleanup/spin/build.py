"""Make the derived files of `rules/spin` again: `python -m cleanup.spin.build [RULES] [--counts DIR]`.

`markers.zst` and `classes.tsv` follow from the lexicon and are to be made again whenever it changes (a test says so);
`context.zst` is distilled from n-gram counts, which are only needed for that.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import zstandard

from cleanup import rules
from cleanup.spin import canonical, context
from cleanup.spin.markers import Markers
from cleanup.spin.prior import Priors

OWN_COUNT = 40  # what a collocation of our own writing counts
SIZES = {"uni": 1, "bi": 2, "tri": 3}


def build(directory: Path) -> None:
    """Write `markers.zst` and `classes.tsv` for the lexicon in `directory`/spin."""
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
    options = parser.parse_args()
    if options.counts:
        (options.rules / "spin" / "context.zst").write_bytes(distill(options.counts, options.rules / "spin" / "collocations.txt"))
    build(options.rules)


if __name__ == "__main__":
    main()
